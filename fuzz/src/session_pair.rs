//! `session_pair`: a client and a server, and a line between them that does what the input says.

use core::time::Duration;
use std::collections::BTreeSet;

use pptp::session::HEADROOM;
use testing::pptp::{Client, Host, Tunnelled, encode_gre, protocol_of};
use testing::{CLIENT, Datagram, Endpoint, Flight, Output, SERVER};

use crate::session::{Input, Wishes, ip};

/// Steps of an input.
const WORK: u32 = 200;

struct World {
    now: Duration,
    client: Client,
    server: Host<2>,
    required: [bool; 2],
    /// GRE packets on the way.
    flight: Flight,
    /// IP packets that were sent to each, and those that arrived.
    sent: [BTreeSet<Vec<u8>>; 2],
    arrived: [BTreeSet<Vec<u8>>; 2],
    number: u32,
    /// Packets were damaged: then anything may come out, since nothing in MPPE detects it.
    damaged: bool,
    /// Packets came twice.
    repeated: bool,
}

/// Asserts that packets arrive once and encrypted where they must be, and that both ends finish.
///
/// # Panics
///
/// When that does not hold.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data, WORK);
    let (Some(one), Some(other)) = (input.byte(), input.byte()) else { return };
    let mut world = World::new(one, other);
    // The greatest part of a setup is not what is looked for.
    if other & 0x40 == 0 {
        world.exchange();
    }
    while let Some(step) = input.step() {
        world.operate(step, &mut input);
        world.poll();
    }
    world.end();
}

impl World {
    fn new(one: u8, other: u8) -> Self {
        let wishes = Wishes::new(one, other);
        Self {
            now: Duration::ZERO,
            client: Client::new(&wishes.client, [1; 32]),
            server: Host::new(&wishes.server, [2; 32], false),
            required: wishes.required,
            flight: Flight::default(),
            sent: Default::default(),
            arrived: Default::default(),
            number: 0,
            damaged: false,
            repeated: false,
        }
    }

    fn side(&mut self, side: usize) -> &mut dyn Tunnelled {
        if side == CLIENT { &mut self.client } else { &mut self.server }
    }

    fn operate(&mut self, step: u8, input: &mut Input<'_>) {
        let to = usize::from(step >> 4 & 1);
        let place = usize::from(step >> 5);
        match step & 15 {
            0 | 1 => {
                if let Some(packet) = self.flight.take(to, 0) {
                    self.receive(to, packet);
                }
            }
            2 => {
                if let Some(packet) = self.flight.take(to, place) {
                    self.receive(to, packet);
                }
            }
            3 => drop(self.flight.take(to, place)),
            4 => self.repeated |= self.flight.repeat(to, place),
            5 => {
                let (at, bits) = (input.byte().unwrap_or(0), input.byte().unwrap_or(1));
                self.damaged |= self.flight.damage(to, place, at.into(), bits);
            }
            6 => self.pass(Duration::from_millis(u64::from(step >> 5) * 130 + 1)),
            7 => self.pass(Duration::from_millis(u64::from(input.byte().unwrap_or(0)) * 100)),
            8..=10 => {
                let length = usize::from(input.byte().unwrap_or(0)) * 6;
                self.send(to, length);
            }
            11 => self.exchange(),
            12 => {
                let now = self.now;
                if step & 0x60 == 0 {
                    self.client.session.close(now);
                } else if step & 0x60 == 0x20 {
                    self.server.with(|session| session.close(now));
                }
            }
            13 => {
                let now = self.now;
                self.server.with(|session| {
                    let Some(call) = session.calls().next().map(|call| call.id()) else { return };
                    if step & 0x80 == 0 {
                        session.call_mut(call).unwrap().rechallenge(now);
                    } else {
                        session.call_mut(call).unwrap().send_time_remaining(now, 60);
                    }
                });
            }
            14 => {
                if let Some(mut call) = self.client.session.first_call_mut() {
                    call.ping(self.now);
                }
            }
            // LCP or CCP begins again, as a peer may do: a request that nobody made.
            _ => {
                let protocol: [u8; 2] = if step & 0x80 == 0 { [0xc0, 0x21] } else { [0x80, 0xfd] };
                let newest = self.flight.newest(to).and_then(|packet| {
                    let packet = pptp::gre::Packet::decode(packet).ok()?;
                    Some((packet.header.call_id, packet.header.sequence_number?))
                });
                if let Some((call, number)) = newest {
                    self.damaged = true;
                    let frame = [&[0xff, 3][..], &protocol, &[1, step, 0, 4]].concat();
                    self.flight.put(to, encode_gre(call, Some(number.wrapping_add(1)), None, &frame));
                }
            }
        }
    }

    fn arrive(&mut self, to: usize, packet: &[u8]) {
        if self.damaged {
            return;
        }
        assert!(self.sent[to].contains(packet), "what was not sent arrives");
        let is_new = self.arrived[to].insert(packet.to_vec());
        // In the clear, numbers that begin again look like copies that are seconds old.
        let may_repeat = self.repeated && !self.required.contains(&true);
        assert!(is_new || may_repeat, "a packet arrives twice");
    }

    fn receive(&mut self, to: usize, bytes: Vec<u8>) {
        let now = self.now;
        self.side(to).handle_datagram(now, Datagram { to, bytes, mark: None });
        self.take_received();
    }

    fn take_received(&mut self) {
        for to in [CLIENT, SERVER] {
            for packet in std::mem::take(&mut self.side(to).log_mut().got.packets) {
                self.arrive(to, &packet);
            }
        }
    }

    fn send(&mut self, to: usize, length: usize) {
        self.number += 1;
        let packet = ip(self.number, length);
        let mut buf = [&[0; HEADROOM][..], &packet].concat();
        let now = self.now;
        if let Ok(sealed) = self.side(1 - to).send_ip(now, &mut buf) {
            assert!(!self.required[1 - to] || protocol_of(&sealed) == Some(0xfd), "sent in the clear");
            self.sent[to].insert(packet);
            self.flight.put(to, sealed);
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        let now = self.now;
        for side in [CLIENT, SERVER] {
            self.side(side).handle_timeout(now);
            assert!(self.side(side).poll_timeout().is_none_or(|at| at > now), "a deadline of {side} stays");
        }
    }

    /// Takes what both have to send and to tell. Whether there was anything.
    fn poll(&mut self) -> bool {
        let now = self.now;
        let events = self.client.events.len() + self.server.events.len();
        let mut count = 0;
        let mut is_any = false;
        for from in [CLIENT, SERVER] {
            let mut output = Output { room: usize::MAX, ..Output::default() };
            is_any |= self.side(from).poll(now, &mut output);
            count += output.stream.len() + output.datagrams.len();
            // TCP loses nothing.
            for bytes in output.stream {
                assert_eq!(self.side(1 - from).handle_stream(now, &bytes), bytes.len());
            }
            for packet in output.datagrams {
                assert!(protocol_of(&packet).is_none_or(|protocol| protocol >= 0x8000));
                self.flight.put(1 - from, packet);
            }
        }
        self.take_received();
        count += self.client.events.len() + self.server.events.len() - events;
        assert!(count < 200, "one step makes {count} packets and events");
        is_any
    }

    /// Carries packets over a line without faults, until both are at rest.
    fn exchange(&mut self) {
        for _ in 0..2000 {
            let is_any = self.poll();
            match self.flight.take_any() {
                Some((to, packet)) => self.receive(to, packet),
                None if !is_any => return,
                None => {}
            }
        }
        panic!("they do not come to rest");
    }

    /// Closes both ends, and expects their end.
    fn end(&mut self) {
        let now = self.now;
        self.client.session.close(now);
        self.server.with(|session| session.close(now));
        for _ in 0..1000 {
            self.exchange();
            let next = [self.client.poll_timeout(), self.server.poll_timeout()].into_iter().flatten().min();
            let Some(at) = next else { break };
            self.pass(at.saturating_sub(self.now));
        }
        self.exchange();
        assert_eq!((self.client.poll_timeout(), self.server.poll_timeout()), (None, None));
        assert!(self.client.closed.is_some() && self.server.closed.is_some(), "no end");
        assert_eq!(self.server.calls.len(), self.server.call_ends.len(), "a call has no end");
        assert!(self.client.session.reason().is_some() && self.server.session().first_call().is_none());
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::World;

    /// A line without faults carries packets, so that the promises about them are about something.
    #[test]
    fn a_good_line_carries_packets() {
        for one in [0, 0x80, 1, 4 | 16] {
            let mut world = World::new(one, 1);
            world.exchange();
            for to in [0, 1] {
                world.send(to, 100);
            }
            world.exchange();
            world.pass(Duration::from_secs(1));
            assert_eq!(world.arrived.iter().map(std::collections::BTreeSet::len).sum::<usize>(), 2, "{one}");
            world.end();
        }
    }
}
