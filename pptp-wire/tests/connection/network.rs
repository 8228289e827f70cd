//! Two machines, a TCP-like network between them, and two users who do what comes to their minds.
//!
//! Bytes arrive in order, in pieces of any size, after any time, until the connection is cut.
//! Whatever happens, each call that began on a side ends on it, and so does the connection.
//! `PPTP_WIRE_SEED=7 cargo test network` runs a single seed, and prints its events when it fails.

use alloc::collections::BTreeMap;
use core::time::Duration;

use pptp_wire::code::{Accm, Bearer, DisconnectResult, GeneralError, StartResult, StopReason};
use pptp_wire::connection::{
    Answer, Call, CallId, CloseReason, CommandError, Config, Connection, Disconnect, EchoPolicy, Event, Identity,
    Refusal, State, WanErrors,
};
use pptp_wire::message::{IncomingCallRequest, OutgoingCallRequest};
use testing::{Datagram, Endpoint, Output, Profile, Random, World, number_from_environment, run_seeds};

/// The user's knowledge of a call.
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
    random: Random,
    calls: BTreeMap<CallId, Known>,
    closed: Option<CloseReason>,
}

impl Side {
    fn new(name: &'static str, mut machine: Connection<CALLS>, seed: u64) -> Self {
        machine.open(Duration::ZERO).unwrap();
        Self { name, machine, random: Random::new(seed), calls: BTreeMap::new(), closed: None }
    }

    fn begun(&mut self, call: CallId) {
        assert_ne!(call.get(), 0);
        assert!(self.calls.insert(call, Known::Begun).is_none(), "{}: {call} again", self.name);
    }

    fn handle_event(&mut self, now: Duration, event: Event) {
        if number_from_environment("PPTP_WIRE_SEED").is_some() {
            println!("{now:?} {}: {event:?}", self.name);
        }
        assert_eq!(self.closed, None, "{}: {event:?} after the end", self.name);
        match event {
            Event::StartRequested => {
                if self.random.one_in(10) {
                    let _ = self.machine.refuse_start(now, StartResult::NOT_AUTHORIZED, GeneralError::NONE);
                } else {
                    let _ = self.machine.accept_start(now);
                }
            }
            Event::CallRequested { call } => self.begun(call),
            Event::CallConnected { call, peer_call_id, .. } => {
                let known = self.calls.insert(call, Known::Connected { peer: peer_call_id });
                assert_eq!(known, Some(Known::Begun), "{}", self.name);
                if self.random.one_in(2) {
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

    /// Lets a user do something.
    fn act(&mut self, now: Duration) {
        let calls: Vec<CallId> = self.machine.calls().map(Call::id).collect();
        let call = calls.get(self.random.index(3)).copied();
        let result = match (self.random.below(12), call) {
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

impl Endpoint for Side {
    fn handle_datagram(&mut self, _now: Duration, datagram: Datagram) {
        panic!("{}: there is a stream alone: {datagram:?}", self.name);
    }

    fn handle_stream(&mut self, now: Duration, bytes: &[u8]) -> usize {
        self.machine.handle_stream(now, bytes)
    }

    fn handle_stream_end(&mut self, now: Duration) {
        self.machine.handle_disconnect(now);
    }

    fn poll(&mut self, now: Duration, output: &mut Output) -> bool {
        let mut is_any = false;
        while let Some(event) = self.machine.poll_event() {
            self.handle_event(now, event);
            is_any = true;
        }
        let mut buf = [0; Connection::<CALLS>::MAX_TRANSMIT];
        while output.stream.len() < output.room {
            let Some(bytes) = self.machine.poll_transmit(now, &mut buf).unwrap() else { break };
            output.stream.push(bytes.to_vec());
            is_any = true;
        }
        is_any
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.machine.poll_timeout()
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.machine.handle_timeout(now);
    }

    fn has_closed(&self) -> bool {
        self.closed.is_some()
    }
}

type Network = World<Side>;

fn network(seed: u64) -> Network {
    let mut random = Random::new(seed);
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
    let originator = Side::new("originator", Connection::originator(first, random.entropy()), random.number());
    let receiver = Side::new("receiver", Connection::receiver(second, random.entropy()), random.number());
    let delay = Duration::from_millis(random.of(&[1, 50, 2000]));
    let profile = Profile { jitter: delay, segment: 300, ..Profile::DIRECT };
    let laziness = [(); 2].map(|()| random.of(&[0, 500, 667, 750]));
    let mut network = World::new(random.number(), profile, originator, receiver);
    network.laziness = laziness;
    network
}

/// Lets both users act for a while, and then ends the connection in some way. How many calls were
/// up on both sides.
fn live(network: &mut Network) -> usize {
    let mut agreed = 0;
    for _ in 0..network.random.below(60) {
        let limit = network.now + network.random.micros(Duration::from_secs(3));
        network.step(limit);
        for side in 0..2 {
            if network.random.one_in(3) && network.end(side).closed.is_none() {
                let now = network.now;
                network.end_mut(side).act(now);
                network.settle();
            }
        }
        if network.random.one_in(200) {
            network.cut_stream();
        }
    }
    let now = network.now;
    match network.random.below(5) {
        0 => network.cut_stream(),
        1 => {
            // Nothing arrives any more, and nobody learns of it.
            network.pipes.iter_mut().for_each(testing::Pipe::go_dead);
            if network.random.one_in(3) {
                network.client.machine.close(now, StopReason::NONE);
            }
        }
        2 => network.client.machine.close(now, StopReason::NONE),
        3 => network.server.machine.close(now, StopReason::STOP_LOCAL_SHUTDOWN),
        // Both at once, or nobody for now.
        _ if network.random.one_in(2) => {
            network.client.machine.close(now, StopReason::NONE);
            network.server.machine.close(now, StopReason::NONE);
        }
        _ => {
            quiet(network, Duration::from_secs(30));
            agreed = check_agreement(network);
            network.client.machine.close(network.now, StopReason::NONE);
        }
    }
    quiet(network, Duration::from_secs(600));
    agreed
}

/// Users only listen.
fn quiet(network: &mut Network, time: Duration) {
    network.laziness = [0; 2];
    network.settle();
    network.run(time);
}

/// Asserts that both sides of a live connection know the same calls, with the same ids. How many
/// are up.
fn check_agreement(network: &Network) -> usize {
    let [first, second] = network.ends();
    if [first, second].iter().any(|side| side.machine.state() != State::Established) {
        return 0;
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
    mirrored.len()
}

fn check_end(network: &Network) {
    for side in network.ends() {
        let reason = side.closed.unwrap_or_else(|| panic!("{}: not closed", side.name));
        assert!(!matches!(reason, CloseReason::Stream(_) | CloseReason::CollisionLost), "{}: {reason}", side.name);
        assert!(side.calls.values().all(|known| *known == Known::Ended), "{}: {:?}", side.name, side.calls);
        assert_eq!(side.machine.calls().count(), 0);
        assert_eq!(side.machine.poll_timeout(), None);
    }
}

/// Returns the sides as they are in the end, and how many calls were up on both before.
fn run(seed: u64) -> ([Side; 2], usize) {
    let mut network = network(seed);
    let agreed = live(&mut network);
    check_end(&network);
    ([network.client, network.server], agreed)
}

#[test]
fn every_call_ends_on_both_sides() {
    let results = run_seeds("PPTP_WIRE", 6000, run);
    if results.len() < 6000 {
        return;
    }
    let mut reasons: BTreeMap<String, u32> = BTreeMap::new();
    let (mut calls, mut agreed) = (0, 0);
    for (sides, up) in results {
        for side in sides {
            *reasons.entry(format!("{:?}", side.closed.unwrap()).split(' ').next().unwrap().to_owned()).or_default() +=
                1;
            calls += side.calls.len();
        }
        agreed += up;
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
        let ends = |(sides, _): ([Side; 2], usize)| {
            sides.map(|side| (side.closed, side.calls, side.machine.echo_round_trip()))
        };
        assert_eq!(ends(run(seed)), ends(run(seed)));
    }
}

/// A call that is up for half a year, over a slow line, with nothing but echoes.
#[test]
fn half_a_year_of_silence() {
    let config = Config::new(Identity::PPTP_LINUX).with_outgoing_call_requests(true);
    let originator = Side::new("originator", Connection::originator(config, [3; 32]), 1);
    let receiver = Side::new("receiver", Connection::receiver(config, [4; 32]), 2);
    let profile = Profile { jitter: Duration::from_millis(900), segment: 300, ..Profile::DIRECT };
    let mut network = World::new(1, profile, originator, receiver);
    network.max_steps = 20_000_000;
    quiet(&mut network, Duration::from_secs(10));
    let call = network.client.machine.place_call(network.now, OutgoingCallRequest::new(0, 0)).unwrap();
    network.client.begun(call);
    quiet(&mut network, Duration::from_secs(5));
    let peers = *network.server.calls.keys().next().unwrap();
    network.server.machine.accept_call(network.now, peers, Answer::default()).unwrap();
    quiet(&mut network, Duration::from_secs(26 * 7 * 86_400));
    assert_eq!(network.client.calls[&call], Known::Connected { peer: peers.get() });
    assert_eq!(check_agreement(&network), 1);
    assert!(network.ends().iter().any(|side| side.machine.echo_round_trip().is_some()));
    let lost_carrier = Disconnect::new(DisconnectResult::LOST_CARRIER);
    network.server.machine.clear_call(network.now, peers, lost_carrier).unwrap();
    quiet(&mut network, Duration::from_secs(5));
    assert_eq!(network.client.calls[&call], Known::Ended);
    network.cut_stream();
    quiet(&mut network, Duration::from_secs(1));
    check_end(&network);
}
