//! Enhanced GRE: the header, the order of packets, and whole tunnels, on good and bad links.

use std::hint::black_box;
use std::time::Duration;

use pptp_gre::{
    Arrival, CallIds, Config, HEADROOM, Header, InlineSlots, MAX_TRANSMIT, Packet, Received, Reorder, SequenceNumber,
    Slot, Tunnel, WindowPolicy,
};
use testing::Random;

use crate::ratio::Group;

/// Packets of one call.
const PACKETS: u32 = 64;
/// The time between two of them.
const PACE: Duration = Duration::from_micros(10);
const WAIT: Duration = Duration::from_millis(300);

const HEADER: Header = Header { call_id: 7, sequence_number: Some(1), acknowledgment_number: Some(2) };

/// Returns all groups; a unit is a packet.
#[must_use]
pub fn groups() -> Vec<Group> {
    vec![header(), order(), send(64), send(1400), receive(64), receive(1400), both_ways()]
}

fn header() -> Group {
    let mut bytes = [0; 80];
    HEADER.encode(64, &mut bytes).expect("room");
    let mut buf = [0; 80];
    let mut number = 0;
    Group::new("header", PACKETS)
        .with("decode", move || {
            for _ in 0..PACKETS {
                black_box(Packet::decode(black_box(&bytes)).is_ok());
            }
        })
        .with("encode", move || {
            for _ in 0..PACKETS {
                number += 1;
                let header = Header { sequence_number: Some(number), ..HEADER };
                black_box(header.encode(black_box(64), black_box(&mut buf)).is_ok());
            }
        })
}

/// Returns the order of packets alone: handles of 8 bytes wait.
fn order() -> Group {
    let run = |exchange: u32, lost_of: u32| {
        let mut order = Reorder::new([const { Slot::new(0_u64) }; 64]);
        let mut now = Duration::ZERO;
        let mut next = 0;
        let mut loss = Loss::new(lost_of);
        move || {
            for _ in 0..PACKETS {
                now += PACE;
                let number = SequenceNumber::new(next ^ exchange);
                next += 1;
                if loss.is_lost() {
                    continue;
                }
                let arrival = order.arrive(now, number, |slot| {
                    *slot = 1;
                    true
                });
                black_box(arrival == Arrival::Next);
                while let Some(handle) = order.release(now, WAIT) {
                    black_box(handle);
                }
            }
        }
    };
    Group::new("order", PACKETS)
        .with("as sent", run(0, u32::MAX))
        .with("each pair exchanged", run(1, u32::MAX))
        .with("1 of 100 lost", run(0, 100))
        .with("1 of 10 lost", run(0, 10))
        .with("1 of 2 lost", run(0, 2))
}

/// One packet of so many, by chance.
struct Loss(Random, u32);

impl Loss {
    fn new(one_of: u32) -> Self {
        Self(Random::new(1), one_of)
    }

    fn is_lost(&mut self) -> bool {
        self.0.one_in(self.1.into())
    }
}

type InlineTunnel = Tunnel<InlineSlots<64, 1500>>;

fn tunnel(policy: WindowPolicy) -> InlineTunnel {
    Tunnel::inline(Config::new(CallIds { local: 7, peer: 7 }).with_window_policy(policy))
}

fn send(length: usize) -> Group {
    let run = |in_place: bool| {
        let mut tunnel = tunnel(WindowPolicy::Ignore);
        let mut now = Duration::ZERO;
        let payload = vec![0x55; length];
        let mut buf = vec![0; HEADROOM + length];
        move || {
            for _ in 0..PACKETS {
                now += PACE;
                let sent = if in_place {
                    tunnel.encapsulate_in_place(now, &mut buf)
                } else {
                    tunnel.encapsulate(now, black_box(&payload), &mut buf)
                };
                black_box(sent.is_ok());
            }
        }
    };
    Group::new(format!("send {length}"), PACKETS).with("in place", run(true)).with("copied", run(false))
}

/// Measures receiving: packets were made before, only their number is set, and the loss is that of
/// the network.
fn receive(length: usize) -> Group {
    let run = |exchange: u32, lost_of: u32| {
        let mut tunnel = tunnel(WindowPolicy::Ignore);
        let mut now = Duration::ZERO;
        let mut bytes = vec![0x55; 12 + length];
        let header = Header { acknowledgment_number: None, ..HEADER };
        header.encode(length.try_into().expect("16 bits"), &mut bytes).expect("room");
        let mut next = 0_u32;
        let mut loss = Loss::new(lost_of);
        let mut buf = [0; MAX_TRANSMIT];
        move || {
            for _ in 0..PACKETS {
                now += PACE;
                bytes[8..12].copy_from_slice(&(next ^ exchange).to_be_bytes());
                next += 1;
                if loss.is_lost() {
                    continue;
                }
                black_box(tunnel.decapsulate(now, black_box(&bytes)) == Ok(Received::Held));
                while let Some(frame) = tunnel.poll_receive(now) {
                    black_box(frame);
                }
            }
            black_box(tunnel.poll_transmit(now, &mut buf).is_ok());
        }
    };
    Group::new(format!("receive {length}"), PACKETS)
        .with("as sent", run(0, u32::MAX))
        .with("each pair exchanged", run(1, u32::MAX))
        .with("1 of 100 lost", run(0, 100))
        .with("1 of 10 lost", run(0, 10))
        .with("1 of 2 lost", run(0, 2))
}

/// Measures both ways: each packet is sent, received, and answered with one that acknowledges it.
/// Two packets a unit.
fn both_ways() -> Group {
    let run = |policy: WindowPolicy| {
        let (mut one, mut other) = (tunnel(policy), tunnel(policy));
        let mut now = Duration::ZERO;
        let mut buf = [0x55; HEADROOM + 64];
        move || {
            for _ in 0..PACKETS {
                now += PACE;
                let sent = one.encapsulate_in_place(now, &mut buf).expect("the window is open");
                black_box(other.decapsulate(now, sent).is_ok());
                let sent = other.encapsulate_in_place(now, &mut buf).expect("the window is open");
                black_box(one.decapsulate(now, sent).is_ok());
            }
        }
    };
    Group::new("both ways 64", PACKETS)
        .with("window ignored", run(WindowPolicy::Ignore))
        .with("window honoured", run(WindowPolicy::Honour))
}
