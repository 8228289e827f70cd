//! Two tunnels over a bad network, in thousands of variations.
//!
//! Each has a seed, which is printed when something does not hold. `PPTP_GRE_SEED=17` runs that one alone;
//! `PPTP_GRE_SEEDS=100000` runs as many.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    clippy::unwrap_used,
    reason = "a test that goes wrong stops"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use pptp_gre::{
    AcknowledgmentTimeout, CallIds, Config, Event, HEADROOM, InlineFrame, MAX_TRANSMIT, Packet, ReceiveError, Received,
    SendError, SequenceNumber, Slot, Tunnel, WindowPolicy,
};
use testing::{Datagram, Endpoint, Output, Profile, Random, World, run_seeds};

fn profile(random: &mut Random, corrupts: bool) -> Profile {
    let ms = Duration::from_millis;
    Profile {
        delay: ms(random.of(&[0, 1, 20, 200])),
        jitter: ms(random.of(&[0, 0, 3, 100, 600])),
        loss: random.of(&[0, 0, 10, 100, 400]),
        duplication: random.of(&[0, 0, 50, 300]),
        corruption: if corrupts { random.of(&[5, 50, 200]) } else { 0 },
        ..Profile::DIRECT
    }
}

/// The frames of one direction: an index and a sum, since GRE has none.
const FRAME_LEN: usize = 12;

fn frame(index: u32) -> [u8; FRAME_LEN] {
    let mut frame = [0; FRAME_LEN];
    frame[..4].copy_from_slice(&index.to_be_bytes());
    frame[4..].copy_from_slice(&Random::new(index.into()).number().to_be_bytes());
    frame
}

/// Returns the index, if the frame is whole.
fn index_of(bytes: &[u8]) -> Option<u32> {
    let index = u32::from_be_bytes(*bytes.first_chunk()?);
    (bytes == frame(index)).then_some(index)
}

type Slots<'s> = &'s mut [Slot<InlineFrame<64>>];

struct End<'s> {
    tunnel: Tunnel<Slots<'s>>,
    policy: WindowPolicy,
    random: Random,
    /// Frames to be sent, and when the next one is.
    frames: u32,
    sent: u32,
    send_at: Duration,
    pace: Duration,
    /// Waits for `Event::Writable`.
    blocked: bool,
    /// As the Linux kernel: acknowledges only with data.
    never_alone: bool,
    corrupts: bool,
    /// Packets that are to go.
    waiting: Vec<Vec<u8>>,
    delivered: Vec<u32>,
    late: u64,
    /// Whole frames that arrived at the host, and those that were refused as late.
    arrived: BTreeSet<u32>,
    refused: BTreeSet<u32>,
}

impl End<'_> {
    fn next_frame(&self) -> Option<Duration> {
        (self.sent < self.frames && !self.blocked).then_some(self.send_at)
    }

    fn send(&mut self, now: Duration) {
        let frame = frame(self.sent);
        let mut buf = [0; HEADROOM + FRAME_LEN];
        let sent = if self.random.per_mille(500) {
            self.tunnel.encapsulate(now, &frame, &mut buf)
        } else {
            buf[HEADROOM..].copy_from_slice(&frame);
            self.tunnel.encapsulate_in_place(now, &mut buf)
        };
        match sent {
            Ok(packet) => {
                self.waiting.push(packet.to_vec());
                self.sent += 1;
                self.send_at = now + self.pace;
            }
            Err(SendError::WouldBlock) => {
                assert_ne!(self.policy, WindowPolicy::Ignore);
                let statistics = self.tunnel.statistics();
                assert!(statistics.outstanding >= u32::from(statistics.send_window), "{statistics:?}");
                assert!(self.tunnel.poll_timeout().is_some(), "nothing would ever open the window");
                self.blocked = true;
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn poll_receive(&mut self, now: Duration) -> bool {
        let mut is_any = false;
        while let Some(frame) = self.tunnel.poll_receive(now) {
            self.delivered.extend(index_of(frame));
            is_any = true;
        }
        is_any
    }

    fn check(&self) {
        let statistics = self.tunnel.statistics();
        if self.policy == WindowPolicy::Honour {
            assert!(statistics.outstanding <= statistics.send_window.into(), "{statistics:?}");
            assert_eq!(statistics.window_exceeded, 0);
        }
        assert!(statistics.send_window <= statistics.peer_rws && statistics.send_window > 0);
    }
}

impl Endpoint for End<'_> {
    fn handle_datagram(&mut self, now: Duration, mut datagram: Datagram) {
        let packet = &mut datagram.bytes[..];
        let index = Packet::decode(packet).ok().and_then(|packet| index_of(packet.payload));
        self.arrived.extend(index);
        let mut received = self.tunnel.decapsulate(now, packet).map(owned);
        if received == Err(ReceiveError::Busy) {
            self.poll_receive(now);
            received = self.tunnel.decapsulate_in_place(now, packet).map(owned);
            assert_ne!(received, Err(ReceiveError::Busy), "there is room now");
        }
        match received {
            Ok(Received::Frame(frame)) => self.delivered.extend(index_of(&frame)),
            Ok(Received::LateFrame(_)) => self.late += 1,
            Err(ReceiveError::Late { .. } | ReceiveError::FarAhead { .. }) => self.refused.extend(index),
            _ => {}
        }
    }

    fn poll(&mut self, now: Duration, output: &mut Output) -> bool {
        let mut is_any = self.poll_receive(now);
        while let Some(event) = self.tunnel.poll_event() {
            if event == Event::Writable {
                assert!(self.blocked && self.tunnel.is_writable());
                self.blocked = false;
                self.send_at = now;
            }
            assert!(event != Event::NumbersRestarted || self.corrupts);
            is_any = true;
        }
        self.check();
        output.datagrams.append(&mut self.waiting);
        let mut buf = [0; MAX_TRANSMIT];
        if !self.never_alone {
            output.datagrams.extend(self.tunnel.poll_transmit(now, &mut buf).unwrap().map(<[u8]>::to_vec));
        }
        is_any || !output.datagrams.is_empty()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.tunnel.poll_timeout().into_iter().chain(self.next_frame()).min()
    }

    fn handle_timeout(&mut self, now: Duration) {
        while self.next_frame().is_some_and(|at| at <= now) {
            self.send(now);
        }
        // A frame may be late as soon as it is sent, with a timeout of zero.
        self.tunnel.handle_timeout(now);
    }

    fn disturb(&mut self, early: Duration, _random: &mut Random) {
        self.tunnel.handle_timeout(early);
        assert!(self.tunnel.decapsulate(early, &[0x30]).is_err());
    }
}

/// Runs until nothing happens any more.
fn rest(world: &mut World<End<'_>>) {
    assert!(world.run_to_rest(Duration::from_secs(1 << 20)));
    for end in world.ends() {
        assert_eq!(end.sent, end.frames, "stalled: {:?}", end.tunnel.statistics());
        assert_eq!(end.tunnel.statistics().held, 0);
    }
}

fn owned(received: Received<impl AsRef<[u8]>>) -> Received<Vec<u8>> {
    match received {
        Received::Frame(frame) => Received::Frame(frame.as_ref().to_vec()),
        Received::LateFrame(frame) => Received::LateFrame(frame.as_ref().to_vec()),
        Received::Held => Received::Held,
        Received::Acknowledgment | _ => Received::Acknowledgment,
    }
}

fn end<'s>(random: &mut Random, local: u16, slots: Slots<'s>, corrupts: bool) -> End<'s> {
    let ms = Duration::from_millis;
    let policy = random.of(&[WindowPolicy::Honour, WindowPolicy::Hint, WindowPolicy::Ignore]);
    let timeout = random.of(&[
        AcknowledgmentTimeout::default(),
        AcknowledgmentTimeout::CISCO,
        AcknowledgmentTimeout::adaptive(ms(12), ms(3000)),
        AcknowledgmentTimeout::adaptive(ms(0), ms(0)),
    ]);
    let config = Config::new(CallIds { local, peer: 3 - local })
        .with_first_sequence_number(SequenceNumber::new(random.of(&[0, 1, u32::MAX - 40, 0x7fff_fff0])))
        .with_window_policy(policy)
        .with_peer_receive_window(random.of(&[0, 1, 3, 16, 64, 1000]))
        .with_receive_window(random.of(&[0, 1, 3, 16, 64, 1000]))
        .with_peer_packet_processing_delay(random.of(&[0, 1, 20]))
        .with_acknowledgment_timeout(timeout)
        .with_acknowledgment_delay(ms(random.of(&[0, 50, 500])))
        .with_reorder_timeout(ms(random.of(&[0, 20, 300, 300])));
    End {
        tunnel: Tunnel::new(config, slots),
        policy,
        random: Random::new(random.number()),
        frames: u32::try_from(random.below(150)).unwrap(),
        sent: 0,
        send_at: Duration::ZERO,
        pace: Duration::from_micros(random.of(&[0, 100, 5_000, 50_000])),
        blocked: false,
        never_alone: random.per_mille(200),
        corrupts,
        waiting: Vec::new(),
        delivered: Vec::new(),
        late: 0,
        arrived: BTreeSet::new(),
        refused: BTreeSet::new(),
    }
}

fn run(seed: u64) {
    let mut random = Random::new(seed);
    let corrupts = random.per_mille(250);
    let mut memory: [Vec<_>; 2] = std::array::from_fn(|_| vec![Slot::default(); random.of(&[0, 1, 5, 16, 64])]);
    let [first, second] = &mut memory;
    let ends = [end(&mut random, 1, first, corrupts), end(&mut random, 2, second, corrupts)];
    let profiles = [profile(&mut random, corrupts), profile(&mut random, corrupts)];
    let [first, second] = ends;
    let mut world = World::new(random.number(), Profile::DIRECT, first, second);
    world.path.profiles = profiles;
    // Skipped polls do no harm.
    world.laziness = [100; 2];
    world.disturbance = 50;
    rest(&mut world);
    for at in 0..2 {
        let (end, path) = (world.end(at), &profiles[1 - at]);
        let statistics = end.tunnel.statistics();
        if corrupts {
            continue;
        }
        let in_order = end.delivered.is_sorted_by(|one, other| one < other);
        assert!(in_order, "order is kept, and no frame comes twice: {:?}", end.delivered);
        let mut kept: BTreeSet<_> = end.delivered.iter().copied().collect();
        kept.extend(&end.refused);
        assert_eq!(kept, end.arrived, "what arrived is delivered, or late");
        assert_eq!(statistics.packets_received, u64::try_from(end.delivered.len()).unwrap());
        assert_eq!((statistics.restarts, statistics.acknowledgments_impossible), (0, 0));
        if path.jitter.is_zero() {
            assert_eq!((statistics.out_of_order, end.refused.len()), (0, 0), "nothing overtakes");
        }
        if path.loss == 0 && path.jitter.is_zero() {
            assert_eq!(end.delivered.len(), usize::try_from(world.end(1 - at).sent).unwrap());
            assert_eq!(statistics.lost, 0);
        }
    }
    recover(&mut world);
}

/// Heals the network, and expects that after a while everything sent arrives in order.
fn recover(world: &mut World<End<'_>>) {
    world.path.heal();
    // Longer than the silence after which numbers may start again, and packets to tell it by.
    world.now += Duration::from_secs(3);
    let settled = world.ends().map(|end| end.frames + 10);
    let now = world.now;
    for end in world.ends_mut() {
        end.send_at = now;
        end.frames += 100;
    }
    rest(world);
    for (end, other) in [(0, 1), (1, 0)] {
        let delivered = &world.end(end).delivered;
        let last: Vec<_> = delivered.iter().copied().filter(|index| *index >= settled[other]).collect();
        let expected: Vec<_> = (settled[other]..world.end(other).frames).collect();
        assert_eq!(last, expected, "{:?}", world.end(end).tunnel.statistics());
    }
}

#[test]
fn holds_over_thousands_of_networks() {
    assert!(!run_seeds("PPTP_GRE", 4001, run).is_empty());
}
