//! Two machines, a TCP-like network between them, and two users who do what comes to their minds.
//!
//! Octets arrive in order, in pieces of any size, after any time, until the connection is cut. Whatever happens, each
//! call that began on a side ends on it, and so does the connection. `PPTP_WIRE_SEED=7 cargo test network` runs a single
//! seed and prints what happens.

use alloc::collections::{BTreeMap, VecDeque};
use core::time::Duration;

use pptp_wire::code::{Accm, Bearer, DisconnectResult, GeneralError, StartResult, StopReason};
use pptp_wire::connection::{
    Answer, Call, CallId, CloseReason, CommandError, Config, Connection, Disconnect, EchoPolicy, Event, Identity,
    Refusal, State, WanErrors,
};
use pptp_wire::message::{IncomingCallRequest, OutgoingCallRequest};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn millis(&mut self, limit: u64) -> Duration {
        Duration::from_millis(self.below(limit))
    }

    fn entropy(&mut self) -> [u8; 32] {
        let mut entropy = [0; 32];
        entropy.fill_with(|| self.next().to_le_bytes()[0]);
        entropy
    }
}

/// What a user knows of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Begun,
    Connected { peer: u16 },
    Ended,
}

const CALLS: usize = 3;

struct Side {
    name: &'static str,
    machine: Connection<CALLS>,
    calls: BTreeMap<CallId, Known>,
    closed: Option<CloseReason>,
    /// Octets on their way to this side, with the time of their arrival; none is the end of TCP.
    arriving: VecDeque<(Duration, Option<Vec<u8>>)>,
    /// Octets that the machine has not taken yet.
    waiting: Vec<u8>,
    tcp_ended: bool,
    /// How often this user polls: never, within this many turns.
    lazy: u64,
}

impl Side {
    fn new(name: &'static str, machine: Connection<CALLS>, lazy: u64) -> Self {
        let arriving = VecDeque::new();
        let (calls, waiting) = (BTreeMap::new(), Vec::new());
        Self { name, machine, calls, closed: None, arriving, waiting, tcp_ended: false, lazy }
    }

    fn begun(&mut self, call: CallId) {
        assert_ne!(call.get(), 0);
        assert!(self.calls.insert(call, Known::Begun).is_none(), "{}: {call} again", self.name);
    }

    fn handle_event(&mut self, now: Duration, event: Event, random: &mut Random, trace: bool) {
        if trace {
            println!("{now:?} {}: {event:?}", self.name);
        }
        assert_eq!(self.closed, None, "{}: {event:?} after the end", self.name);
        match event {
            Event::StartRequested => {
                if random.one_in(10) {
                    let _ = self.machine.refuse_start(now, StartResult::NOT_AUTHORIZED, GeneralError::NONE);
                } else {
                    let _ = self.machine.accept_start(now);
                }
            }
            Event::CallRequested { call } => self.begun(call),
            Event::CallConnected { call, peer_call_id, .. } => {
                let known = self.calls.insert(call, Known::Connected { peer: peer_call_id });
                assert_eq!(known, Some(Known::Begun), "{}", self.name);
                if random.one_in(2) {
                    self.machine.handle_data_seen(now, call);
                }
            }
            Event::ControlUpButNoData { call, .. } | Event::LinkInfo { call, .. } | Event::WanErrors { call, .. } => {
                assert!(matches!(self.calls[&call], Known::Connected { .. }), "{}", self.name);
            }
            Event::CallClosed { call, reason } => {
                let known = self.calls.insert(call, Known::Ended);
                assert!(known.is_some_and(|known| known != Known::Ended), "{}: {call} {reason}", self.name);
            }
            Event::Closed { reason } => self.closed = Some(reason),
            _ => {}
        }
    }

    /// A user does something.
    fn act(&mut self, now: Duration, random: &mut Random) {
        let calls: Vec<CallId> = self.machine.calls().map(Call::id).collect();
        let call = calls.get(usize::try_from(random.below(3)).unwrap()).copied();
        let result = match (random.below(12), call) {
            (0 | 1, _) => self.machine.place_call(now, OutgoingCallRequest::new(0, 0)).map(|call| self.begun(call)),
            (2, _) => {
                let request = IncomingCallRequest::new(0, 0, Bearer::DIGITAL);
                self.machine.announce_call(now, request, Answer::default()).map(|call| self.begun(call))
            }
            (3..=5, Some(call)) => self.machine.accept_call(now, call, Answer::default()),
            (6, Some(call)) => self.machine.refuse_call(now, call, Refusal::BUSY),
            (7 | 8, Some(call)) => self.machine.clear_call(now, call, Disconnect::ADMIN_SHUTDOWN),
            (9, Some(call)) => self.machine.set_link_info(now, call, Accm::ALL, Accm::NONE),
            (10, Some(call)) => self.machine.notify_wan_errors(now, call, WanErrors::default()),
            _ => Ok(()),
        };
        // Whatever is not possible is said so, and changes nothing.
        assert!(!matches!(result, Err(CommandError::NoSuchCall { .. })), "{}: {result:?}", self.name);
    }
}

struct Network {
    now: Duration,
    sides: [Side; 2],
    random: Random,
    trace: bool,
    /// How slow it may be, in milliseconds.
    delay: u64,
    /// Whether nothing arrives any more, and nobody is told.
    dead: bool,
    /// Calls that were found to be up on both sides.
    agreed: usize,
}

impl Network {
    fn new(seed: u64, trace: bool) -> Self {
        let mut random = Random(seed);
        let config = |random: &mut Random| {
            let echo = match random.below(3) {
                0 => EchoPolicy::default(),
                1 => EchoPolicy::Misses { interval: Duration::from_secs(30), count: 3 },
                _ => EchoPolicy::Deadline { idle: Duration::from_secs(60), reply: Duration::from_secs(60) },
            };
            Config::new(Identity::PPTP_LINUX)
                .with_echo(echo)
                .with_manual_start(random.one_in(3))
                .with_outgoing_call_requests(!random.one_in(4))
                .with_incoming_call_requests(!random.one_in(4))
        };
        let (first, second) = (config(&mut random), config(&mut random));
        let originator = Connection::originator(first, random.entropy());
        let receiver = Connection::receiver(second, random.entropy());
        let mut sides = [Side::new("originator", originator, 1), Side::new("receiver", receiver, 1)];
        for side in &mut sides {
            side.machine.open(Duration::ZERO).unwrap();
            side.lazy = 1 + random.below(4);
        }
        let delay = [1, 50, 2000][usize::try_from(random.below(3)).unwrap()];
        Self { now: Duration::ZERO, sides, random, trace, delay, dead: false, agreed: 0 }
    }

    /// Sends what a side has to send.
    fn transmit(&mut self, from: usize) {
        let mut buf = [0; Connection::<CALLS>::MAX_TRANSMIT];
        while let Some(octets) = self.sides[from].machine.poll_transmit(self.now, &mut buf).unwrap() {
            if self.trace {
                println!(
                    "{:?} {} sends {}",
                    self.now,
                    self.sides[from].name,
                    pptp_wire::Message::decode(octets).unwrap().0
                );
            }
            if self.sides[from].tcp_ended {
                continue;
            }
            let mut rest = octets;
            while !rest.is_empty() {
                let length = 1 + usize::try_from(self.random.below(300)).unwrap();
                let (piece, behind) = rest.split_at(length.min(rest.len()));
                self.deliver(1 - from, Some(piece.to_vec()));
                rest = behind;
            }
        }
    }

    fn deliver(&mut self, to: usize, piece: Option<Vec<u8>>) {
        if self.dead {
            return;
        }
        let delay = self.random.millis(self.delay);
        let arriving = &mut self.sides[to].arriving;
        let earliest = arriving.back().map_or(Duration::ZERO, |(time, _)| *time);
        arriving.push_back(((self.now + delay).max(earliest), piece));
    }

    /// What has arrived, and what is due.
    fn settle(&mut self, side: usize, lazy: bool) {
        let now = self.now;
        loop {
            let this = &mut self.sides[side];
            this.machine.handle_timeout(now);
            assert!(this.machine.poll_timeout().is_none_or(|deadline| deadline > now), "{}", this.name);
            while this.arriving.front().is_some_and(|(time, _)| *time <= now) {
                match this.arriving.pop_front().unwrap().1 {
                    Some(octets) => this.waiting.extend(octets),
                    None => this.tcp_ended = true,
                }
            }
            let taken = this.machine.handle_stream(now, &this.waiting);
            this.waiting.drain(..taken);
            if this.tcp_ended && this.waiting.is_empty() {
                this.machine.handle_disconnect(now);
            }
            if lazy && this.closed.is_none() {
                return;
            }
            let mut idle = true;
            while let Some(event) = this.machine.poll_event() {
                this.handle_event(now, event, &mut self.random, self.trace);
                idle = false;
            }
            self.transmit(side);
            let this = &self.sides[side];
            if idle && (this.waiting.is_empty() || taken == 0) {
                break;
            }
        }
        // Who is closed closes TCP; whoever still talks to it learns it later.
        if self.sides[side].closed.is_some() && !self.sides[side].tcp_ended {
            self.sides[side].tcp_ended = true;
            self.deliver(1 - side, None);
        }
    }

    fn next_time(&self) -> Option<Duration> {
        let times = self.sides.iter().flat_map(|side| {
            let arrival = side.arriving.front().map(|(time, _)| *time);
            [side.machine.poll_timeout(), arrival]
        });
        times.flatten().min()
    }

    /// Both users do things for a while; then the connection ends in some way.
    fn run(&mut self) {
        let turns = self.random.below(60);
        for _ in 0..turns {
            let step = self.random.millis(3000);
            self.now = self.next_time().unwrap_or(self.now).min(self.now + step).max(self.now);
            for side in 0..2 {
                let lazy = self.random.below(self.sides[side].lazy) != 0;
                self.settle(side, lazy);
                if self.random.one_in(3) && self.sides[side].closed.is_none() {
                    self.sides[side].act(self.now, &mut self.random);
                    self.settle(side, lazy);
                }
            }
            if self.random.one_in(200) {
                self.cut();
            }
        }
        match self.random.below(5) {
            0 => self.cut(),
            1 => {
                self.dead = true;
                if self.random.one_in(3) {
                    self.sides[0].machine.close(self.now, StopReason::NONE);
                }
            }
            2 => self.sides[0].machine.close(self.now, StopReason::NONE),
            3 => self.sides[1].machine.close(self.now, StopReason::STOP_LOCAL_SHUTDOWN),
            // Both at once, or nobody for now.
            _ if self.random.one_in(2) => {
                self.sides[0].machine.close(self.now, StopReason::NONE);
                self.sides[1].machine.close(self.now, StopReason::NONE);
            }
            _ => {
                self.quiet(Duration::from_secs(30));
                self.check_agreement();
                self.sides[0].machine.close(self.now, StopReason::NONE);
            }
        }
        self.quiet(Duration::from_secs(600));
    }

    /// TCP is gone, with all that was on its way.
    fn cut(&mut self) {
        for side in &mut self.sides {
            side.arriving.clear();
            side.arriving.push_back((self.now, None));
        }
    }

    /// Users only listen.
    fn quiet(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            for side in [0, 1, 0] {
                self.settle(side, false);
            }
            match self.next_time() {
                Some(next) if next <= end => self.now = self.now.max(next),
                _ => break,
            }
        }
        self.now = end;
    }

    /// If the connection is still there, both sides know the same calls, with the same ids.
    fn check_agreement(&mut self) {
        let [first, second] = &self.sides;
        if [first, second].iter().any(|side| side.machine.state() != State::Established) {
            return;
        }
        let connected = |side: &Side| {
            let calls = side.calls.iter().filter_map(|(call, known)| match known {
                Known::Connected { peer } => Some((call.get(), *peer)),
                Known::Begun | Known::Ended => None,
            });
            calls.collect::<Vec<_>>()
        };
        let mut mirrored: Vec<_> = connected(second).into_iter().map(|(ours, peers)| (peers, ours)).collect();
        mirrored.sort_unstable();
        assert_eq!(connected(first), mirrored);
        self.agreed = mirrored.len();
    }

    fn check_end(&self) {
        for side in &self.sides {
            let reason = side.closed.unwrap_or_else(|| panic!("{}: not closed", side.name));
            assert!(!matches!(reason, CloseReason::Stream(_) | CloseReason::CollisionLost), "{}: {reason}", side.name);
            assert!(side.calls.values().all(|known| *known == Known::Ended), "{}: {:?}", side.name, side.calls);
            assert_eq!(side.machine.calls().count(), 0);
            assert_eq!(side.machine.poll_timeout(), None);
        }
    }
}

fn run(seed: u64, trace: bool) -> Network {
    let mut network = Network::new(seed, trace);
    network.run();
    network.check_end();
    network
}

#[test]
fn every_call_ends_on_both_sides() {
    if let Some(seed) = std::env::var_os("PPTP_WIRE_SEED") {
        run(seed.to_str().unwrap().parse().unwrap(), true);
        return;
    }
    let mut reasons: BTreeMap<String, u32> = BTreeMap::new();
    let (mut calls, mut agreed) = (0, 0);
    for seed in 0..6000 {
        let result = std::panic::catch_unwind(|| run(seed, false));
        let network = result.unwrap_or_else(|_| panic!("PPTP_WIRE_SEED={seed}"));
        for side in &network.sides {
            *reasons.entry(format!("{:?}", side.closed.unwrap()).split(' ').next().unwrap().to_owned()).or_default() +=
                1;
            calls += side.calls.len();
        }
        agreed += network.agreed;
    }
    println!("{calls} calls; {agreed} up in the end; ends: {reasons:?}");
    // The seeds do go through everything that can happen here.
    for reason in [
        "Local",
        "PeerStopped",
        "Disconnected",
        "Cut",
        "Refused",
        "NotAccepted",
        "CallTimeout",
        "EchoTimeout",
        "StopTimeout",
        "StartTimeout",
    ] {
        assert!(reasons.contains_key(reason), "{reason}: {reasons:?}");
    }
    assert!(calls > 20_000 && agreed > 100, "{calls} {agreed}");
}

/// The same seed, the same story.
#[test]
fn a_run_can_be_repeated() {
    for seed in 0..100 {
        let ends =
            |network: Network| network.sides.map(|side| (side.closed, side.calls, side.machine.echo_round_trip()));
        assert_eq!(ends(run(seed, false)), ends(run(seed, false)));
    }
}

/// A call that is up for half a year, over a slow line, with nothing but echoes.
#[test]
fn half_a_year_of_silence() {
    let mut network = Network::new(1, false);
    network.delay = 900;
    let entropy = [3; 32];
    let config = Config::new(Identity::PPTP_LINUX).with_outgoing_call_requests(true);
    network.sides[0] = Side::new("originator", Connection::originator(config, entropy), 1);
    network.sides[1] = Side::new("receiver", Connection::receiver(config, [4; 32]), 1);
    for side in &mut network.sides {
        side.machine.open(Duration::ZERO).unwrap();
    }
    network.quiet(Duration::from_secs(10));
    let call = network.sides[0].machine.place_call(network.now, OutgoingCallRequest::new(0, 0)).unwrap();
    network.sides[0].begun(call);
    network.quiet(Duration::from_secs(5));
    let (peers, now) = (*network.sides[1].calls.keys().next().unwrap(), network.now);
    network.sides[1].machine.accept_call(now, peers, Answer::default()).unwrap();
    network.quiet(Duration::from_secs(26 * 7 * 86_400));
    assert_eq!(network.sides[0].calls[&call], Known::Connected { peer: peers.get() });
    network.check_agreement();
    assert!(network.sides.iter().any(|side| side.machine.echo_round_trip().is_some()));
    let now = network.now;
    network.sides[1].machine.clear_call(now, peers, Disconnect::new(DisconnectResult::LOST_CARRIER)).unwrap();
    network.quiet(Duration::from_secs(5));
    assert_eq!(network.sides[0].calls[&call], Known::Ended);
    network.cut();
    network.quiet(Duration::from_secs(1));
    network.check_end();
}
