//! Two tunnels over a bad network, in thousands of variations.
//!
//! Each has a seed, which is printed when something does not hold. `PPTP_GRE_SEED=17` runs that one alone;
//! `PPTP_GRE_SEEDS=100000` runs as many, from 0 on.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    clippy::unwrap_used,
    reason = "a test that goes wrong stops"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pptp_gre::{
    AcknowledgmentTimeout, CallIds, Config, Event, HEADROOM, InlineFrame, MAX_TRANSMIT, Packet, ReceiveError, Received,
    SendError, SequenceNumber, Slot, Tunnel, WindowPolicy,
};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap())).unwrap()
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }

    /// True in so many of a thousand cases.
    fn per_mille(&mut self, chance: u64) -> bool {
        self.below(1000) < chance
    }

    fn micros(&mut self, limit: Duration) -> Duration {
        Duration::from_micros(self.below(limit.as_micros().try_into().unwrap()))
    }
}

/// What the network does to packets in one direction.
struct Link {
    delay: Duration,
    jitter: Duration,
    loss: u64,
    duplication: u64,
    corruption: u64,
    /// When the last packet arrives: without jitter none overtakes.
    last: Duration,
}

impl Link {
    fn new(random: &mut Random, corrupts: bool) -> Self {
        let ms = Duration::from_millis;
        Self {
            delay: ms(random.of(&[0, 1, 20, 200])),
            jitter: ms(random.of(&[0, 0, 3, 100, 600])),
            loss: random.of(&[0, 0, 10, 100, 400]),
            duplication: random.of(&[0, 0, 50, 300]),
            corruption: if corrupts { random.of(&[5, 50, 200]) } else { 0 },
            last: Duration::ZERO,
        }
    }

    /// It gets well.
    fn heal(&mut self) {
        self.loss = 0;
        self.duplication = 0;
        self.corruption = 0;
        self.jitter = Duration::ZERO;
    }

    /// When copies of a packet that is sent at `now` arrive, and whether they are damaged.
    fn carry(&mut self, random: &mut Random, now: Duration) -> Vec<(Duration, bool)> {
        let copies = 1 + u64::from(random.per_mille(self.duplication));
        let mut arrivals = Vec::new();
        for _ in 0..copies {
            if random.per_mille(self.loss) {
                continue;
            }
            let mut at = now + self.delay + random.micros(self.jitter);
            if self.jitter.is_zero() {
                at = at.max(self.last);
                self.last = at;
            }
            arrivals.push((at, random.per_mille(self.corruption)));
        }
        arrivals
    }
}

/// The frames of one direction: an index and a sum, since GRE has none.
const FRAME_LEN: usize = 12;

fn frame(index: u32) -> [u8; FRAME_LEN] {
    let mut frame = [0; FRAME_LEN];
    frame[..4].copy_from_slice(&index.to_be_bytes());
    frame[4..].copy_from_slice(&Random(index.into()).next().to_be_bytes());
    frame
}

/// The index, if the frame is whole.
fn index_of(octets: &[u8]) -> Option<u32> {
    let index = u32::from_be_bytes(*octets.first_chunk()?);
    (octets == frame(index)).then_some(index)
}

type Slots<'s> = &'s mut [Slot<InlineFrame<64>>];

struct End<'s> {
    tunnel: Tunnel<Slots<'s>>,
    policy: WindowPolicy,
    /// Frames to be sent, and when the next one is.
    frames: u32,
    sent: u32,
    send_at: Duration,
    pace: Duration,
    /// Waits for `Event::Writable`.
    blocked: bool,
    /// As the Linux kernel: acknowledges only with data.
    never_alone: bool,
    delivered: Vec<u32>,
    late: u64,
    /// Whole frames that arrived at the host, and those that were refused as late.
    arrived: BTreeSet<u32>,
    refused: BTreeSet<u32>,
}

struct World<'s> {
    now: Duration,
    random: Random,
    ends: [End<'s>; 2],
    links: [Link; 2],
    /// By time and order: which end gets which octets.
    flying: BTreeMap<(Duration, u64), (usize, Vec<u8>)>,
    count: u64,
    corrupts: bool,
}

impl World<'_> {
    fn transmit(&mut self, from: usize, octets: &[u8]) {
        for (at, is_damaged) in self.links[from].carry(&mut self.random, self.now) {
            let mut octets = octets.to_vec();
            if is_damaged {
                let at = self.random.index(octets.len());
                octets[at] ^= 1 << self.random.below(8);
            }
            self.count += 1;
            self.flying.insert((at, self.count), (1 - from, octets));
        }
    }

    fn send(&mut self, from: usize) {
        let end = &mut self.ends[from];
        let frame = frame(end.sent);
        let mut buf = [0; HEADROOM + FRAME_LEN];
        let sent = if self.random.per_mille(500) {
            end.tunnel.encapsulate(self.now, &frame, &mut buf)
        } else {
            buf[HEADROOM..].copy_from_slice(&frame);
            end.tunnel.encapsulate_in_place(self.now, &mut buf)
        };
        match sent {
            Ok(octets) => {
                let octets = octets.to_vec();
                end.sent += 1;
                end.send_at = self.now + end.pace;
                self.transmit(from, &octets);
            }
            Err(SendError::WouldBlock) => {
                assert_ne!(end.policy, WindowPolicy::Ignore);
                let statistics = end.tunnel.statistics();
                assert!(statistics.outstanding >= u32::from(statistics.send_window), "{statistics:?}");
                assert!(end.tunnel.poll_timeout().is_some(), "nothing would ever open the window");
                end.blocked = true;
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn receive(&mut self, at: usize, octets: &mut [u8]) {
        let end = &mut self.ends[at];
        let index = Packet::decode(octets).ok().and_then(|packet| index_of(packet.payload));
        end.arrived.extend(index);
        let mut received = end.tunnel.decapsulate(self.now, octets).map(owned);
        if received == Err(ReceiveError::Busy) {
            poll_receive(end, self.now);
            received = end.tunnel.decapsulate_in_place(self.now, octets).map(owned);
            assert_ne!(received, Err(ReceiveError::Busy), "there is room now");
        }
        match received {
            Ok(Received::Frame(frame)) => end.delivered.extend(index_of(&frame)),
            Ok(Received::LateFrame(_)) => end.late += 1,
            Err(ReceiveError::Late { .. } | ReceiveError::FarAhead { .. }) => end.refused.extend(index),
            _ => {}
        }
        self.poll(at);
    }

    fn poll(&mut self, at: usize) {
        let end = &mut self.ends[at];
        // Skipped polls do no harm.
        if self.random.per_mille(900) {
            poll_receive(end, self.now);
        }
        while let Some(event) = end.tunnel.poll_event() {
            if event == Event::Writable {
                assert!(end.blocked && end.tunnel.is_writable());
                end.blocked = false;
                end.send_at = self.now;
            }
            assert!(event != Event::NumbersRestarted || self.corrupts);
        }
        let statistics = end.tunnel.statistics();
        if end.policy == WindowPolicy::Honour {
            assert!(statistics.outstanding <= statistics.send_window.into(), "{statistics:?}");
            assert_eq!(statistics.window_exceeded, 0);
        }
        assert!(statistics.send_window <= statistics.peer_rws && statistics.send_window > 0);
        let mut buf = [0; MAX_TRANSMIT];
        if !end.never_alone {
            if let Some(octets) = end.tunnel.poll_transmit(self.now, &mut buf).unwrap() {
                let octets = octets.to_vec();
                self.transmit(at, &octets);
            }
        }
    }

    /// Goes on to what happens next, and does it; `false` when nothing will.
    fn step(&mut self) -> bool {
        let arrival = self.flying.first_key_value().map(|((at, _), _)| (*at, 0));
        let deadlines = self.ends.iter().filter_map(|end| end.tunnel.poll_timeout()).map(|at| (at, 1));
        let due = self.ends.iter().filter(|end| end.sent < end.frames && !end.blocked).map(|end| (end.send_at, 2));
        let Some((at, what)) = arrival.into_iter().chain(deadlines).chain(due).min() else { return false };
        self.now = self.now.max(at);
        if self.random.per_mille(50) {
            // Early, late and repeated calls do no harm, nor does time that goes back.
            let now = self.now.saturating_sub(self.random.micros(Duration::from_secs(1)));
            self.ends[0].tunnel.handle_timeout(now);
            assert!(self.ends[1].tunnel.decapsulate(now, &[0x30]).is_err());
        }
        match what {
            0 => {
                if let Some((_, (to, mut octets))) = self.flying.pop_first() {
                    self.receive(to, &mut octets);
                }
            }
            1 => {
                for at in 0..2 {
                    self.ends[at].tunnel.handle_timeout(self.now);
                    let next = self.ends[at].tunnel.poll_timeout();
                    assert!(next.is_none_or(|next| next > self.now), "{next:?} after {:?}", self.now);
                    self.poll(at);
                }
            }
            _ => {
                for at in 0..2 {
                    let end = &self.ends[at];
                    if end.sent < end.frames && !end.blocked && end.send_at <= self.now {
                        self.send(at);
                    }
                }
            }
        }
        true
    }

    /// Runs until nothing happens any more.
    fn run(&mut self) {
        let mut steps = 0;
        // What was not polled goes on when it is.
        while self.step() || self.ends.iter_mut().any(|end| poll_receive(end, self.now)) {
            steps += 1;
            assert!(steps < 100_000, "it never ends");
        }
        for end in &self.ends {
            assert_eq!(end.sent, end.frames, "stalled: {:?}", end.tunnel.statistics());
            assert_eq!(end.tunnel.statistics().held, 0);
        }
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

fn poll_receive(end: &mut End<'_>, now: Duration) -> bool {
    let mut some = false;
    while let Some(frame) = end.tunnel.poll_receive(now) {
        end.delivered.extend(index_of(frame));
        some = true;
    }
    some
}

fn end<'s>(random: &mut Random, local: u16, slots: Slots<'s>) -> End<'s> {
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
        frames: 0,
        sent: 0,
        send_at: Duration::ZERO,
        pace: Duration::from_micros(random.of(&[0, 100, 5_000, 50_000])),
        blocked: false,
        never_alone: random.per_mille(200),
        delivered: Vec::new(),
        late: 0,
        arrived: BTreeSet::new(),
        refused: BTreeSet::new(),
    }
}

fn run(seed: u64) {
    let mut random = Random(seed);
    let corrupts = random.per_mille(250);
    let mut memory: [Vec<_>; 2] = std::array::from_fn(|_| vec![Slot::default(); random.of(&[0, 1, 5, 16, 64])]);
    let [first, second] = &mut memory;
    let ends = [end(&mut random, 1, first), end(&mut random, 2, second)];
    let links = [Link::new(&mut random, corrupts), Link::new(&mut random, corrupts)];
    let mut world = World { now: Duration::ZERO, random, ends, links, flying: BTreeMap::new(), count: 0, corrupts };
    for end in &mut world.ends {
        end.frames = u32::try_from(world.random.below(150)).unwrap();
    }
    world.run();
    for at in 0..2 {
        let (end, link) = (&world.ends[at], &world.links[1 - at]);
        let statistics = end.tunnel.statistics();
        let in_order = end.delivered.is_sorted_by(|one, other| one < other);
        if corrupts {
            continue;
        }
        assert!(in_order, "order is kept, and no frame comes twice: {:?}", end.delivered);
        let mut kept: BTreeSet<_> = end.delivered.iter().copied().collect();
        kept.extend(&end.refused);
        assert_eq!(kept, end.arrived, "what arrived is delivered, or late");
        assert_eq!(statistics.packets_received, u64::try_from(end.delivered.len()).unwrap());
        assert_eq!((statistics.restarts, statistics.acknowledgments_impossible), (0, 0));
        if link.jitter.is_zero() {
            assert_eq!((statistics.out_of_order, end.refused.len()), (0, 0), "nothing overtakes");
        }
        if link.loss == 0 && link.jitter.is_zero() {
            assert_eq!(end.delivered.len(), usize::try_from(world.ends[1 - at].sent).unwrap());
            assert_eq!(statistics.lost, 0);
        }
    }
    recover(&mut world);
}

/// The network gets well: after a while, however bad it was, all that is sent arrives, in order.
fn recover(world: &mut World<'_>) {
    for link in &mut world.links {
        link.heal();
    }
    // Longer than the silence after which numbers may start anew, and packets to tell it by.
    world.now += Duration::from_secs(3);
    let settled = world.ends.each_ref().map(|end| end.frames + 10);
    for end in &mut world.ends {
        end.send_at = world.now;
        end.frames += 100;
    }
    world.run();
    for (end, other) in [(0, 1), (1, 0)] {
        let last: Vec<_> = world.ends[end].delivered.iter().copied().filter(|index| *index >= settled[other]).collect();
        let expected: Vec<_> = (settled[other]..world.ends[other].frames).collect();
        assert_eq!(last, expected, "{:?}", world.ends[end].tunnel.statistics());
    }
}

#[test]
fn holds_over_thousands_of_networks() {
    let number = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let seeds = match number("PPTP_GRE_SEED") {
        Some(seed) => seed..=seed,
        None => 0..=number("PPTP_GRE_SEEDS").unwrap_or(4000),
    };
    for seed in seeds {
        let result = std::panic::catch_unwind(|| run(seed));
        if let Err(reason) = result {
            println!("PPTP_GRE_SEED={seed} runs it again");
            std::panic::resume_unwind(reason);
        }
    }
}
