//! Events of a session that are polled late are those that are polled at once, up to the one rule.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_core,
    clippy::wildcard_enum_match_arm,
    reason = "a test that goes wrong stops"
)]

use std::time::Duration;

use l2tp_session::manual::{self, Payload};
use l2tp_session::ppp_session::Event as PppEvent;
use l2tp_session::ppp_session::ppp::auth::{Answer, Ticket};
use l2tp_session::ppp_session::{Client, Server};
use l2tp_session::session::{CallEvent, Config, Event, HEADROOM, MAX_RECEIVE, MAX_TRANSMIT, Session, SessionId};
use l2tp_session::wire::TunnelIds;
use l2tp_session::wire::data::{self, SessionWire, Wire};
use l2tp_session::wire::header::Cookie;
use l2tp_session::wire::tunnel::Versions;
use testing::l2tp::{ADDRESS, Outside, PASSWORD, SERVER_ADDRESS, client_config, ip_packet};
use testing::{CLIENT, Random, SERVER, assert_late_polls_lose_nothing, keep_latest};

/// A step of one side. The same steps make the same session.
#[derive(Debug, Clone)]
enum Step {
    Open(Duration),
    Packet(Duration, Vec<u8>),
    Timeout(Duration),
    Answer(Duration, SessionId, Ticket),
    Send(Duration),
    Close(Duration),
}

impl Step {
    const fn now(&self) -> Duration {
        match self {
            Self::Open(now)
            | Self::Packet(now, _)
            | Self::Timeout(now)
            | Self::Answer(now, ..)
            | Self::Send(now)
            | Self::Close(now) => *now,
        }
    }
}

/// Does a step, and takes what is to be sent.
fn apply(side: usize, session: &mut Session<1>, step: &Step) -> Vec<Vec<u8>> {
    let now = step.now();
    let mut sent = Vec::new();
    match step {
        Step::Open(_) => drop(session.open(now).is_ok().to_string()),
        Step::Packet(_, packet) => {
            let source = Outside::Udp.address(1 - side);
            let _ = session.handle_datagram(now, source, &mut packet.clone(), &mut [0; MAX_RECEIVE]);
        }
        Step::Timeout(_) => session.handle_timeout(now),
        Step::Answer(_, call, ticket) => {
            if let Some(mut call) = session.call_mut(*call) {
                call.assign_address(ADDRESS);
                let _ = call.answer(now, *ticket, &Answer::Password(PASSWORD.as_bytes()));
            }
        }
        Step::Send(_) => {
            let mut buf = [&[0; HEADROOM][..], &ip_packet(1, 100)].concat();
            if let Some(mut call) = session.first_call_mut() {
                sent.extend(call.send_ip(now, &mut buf).map(|packet| packet.payload.to_vec()));
            }
        }
        Step::Close(_) => session.close(now),
    }
    let mut buf = [0; MAX_RECEIVE];
    while session.poll_receive(now, &mut buf).unwrap().is_some() {}
    let mut buf = [0; MAX_TRANSMIT];
    while let Some(packet) = session.poll_transmit(now, &mut buf).unwrap() {
        sent.push(packet.payload.to_vec());
    }
    sent
}

/// Applies the rule: of each kind the latest; that the tunnel is up first, layer by layer, the end
/// last.
fn coalesce(events: Vec<Event>) -> Vec<Event> {
    let mut kept = keep_latest(events, |earlier, event| match (earlier, event) {
        (Event::Call { event: earlier, .. }, Event::Call { event, .. }) => earlier.is_replaced_by(event),
        _ => false,
    });
    kept.sort_by_key(|event| match event {
        Event::Established => 0,
        Event::Call { event: CallEvent::Connected, .. } => 1,
        Event::Call { event: CallEvent::Ppp(_), .. } => 2,
        Event::Call { event: CallEvent::Closed(_), .. } => 4,
        Event::Call { .. } => 3,
        Event::Closed(_) => 5,
        _ => 6,
    });
    kept
}

fn make(side: usize, config: &Config) -> Session<1> {
    let entropy = [u8::try_from(side).unwrap() + 1; 32];
    let ids = TunnelIds::new(entropy);
    if side == CLIENT {
        Session::dial(&client_config(config), Outside::Udp.address(SERVER), ids, entropy)
    } else {
        let group = l2tp_session::server::Group::new(config.clone(), SERVER_ADDRESS);
        Session::listen(&group, ids, entropy)
    }
}

/// Both sides, the steps that were done to each, and its events.
struct Pair {
    now: Duration,
    sides: [Session<1>; 2],
    steps: [Vec<Step>; 2],
    events: [Vec<Event>; 2],
}

impl Pair {
    fn new(config: &Config) -> Self {
        Self {
            now: Duration::ZERO,
            sides: [make(CLIENT, config), make(SERVER, config)],
            steps: [Vec::new(), Vec::new()],
            events: [Vec::new(), Vec::new()],
        }
    }

    /// Does a step, all that follows from it, and answers questions. One in so many packets is lost.
    fn run(&mut self, side: usize, step: Step, random: &mut Random, loss: u64) {
        let mut todo = vec![(side, step)];
        while let Some((side, step)) = todo.pop() {
            let sent = apply(side, &mut self.sides[side], &step);
            self.steps[side].push(step);
            while let Some(event) = self.sides[side].poll_event() {
                self.events[side].push(event);
                if let Event::Call { call, event: CallEvent::Ppp(PppEvent::Authenticate(question)) } = event {
                    todo.push((side, Step::Answer(self.now, call, question.ticket())));
                }
            }
            for packet in sent.into_iter().rev() {
                if !random.per_mille(loss) {
                    todo.push((1 - side, Step::Packet(self.now, packet)));
                }
            }
        }
    }
}

#[test]
fn events_that_are_polled_late_are_those_that_are_polled_at_once() {
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let loss = [0, 100, 300][random.index(3)];
        let versions = if random.per_mille(500) { Versions::V2 } else { Versions::V3 };
        let config = Config::strict("lab").with_tunnel(|tunnel| tunnel.with_versions(versions));
        let mut pair = Pair::new(&config);
        pair.run(CLIENT, Step::Open(Duration::ZERO), &mut random, loss);
        for _ in 0..60 {
            pair.now += random.micros(Duration::from_secs(2));
            let (side, now) = (random.index(2), pair.now);
            pair.run(side, Step::Timeout(now), &mut random, loss);
            let step = match random.index(30) {
                0 => Step::Close(now),
                1..=5 => Step::Send(now),
                _ => Step::Timeout(now),
            };
            pair.run(1 - side, step, &mut random, loss);
        }
        for side in [CLIENT, SERVER] {
            assert_late_polls_lose_nothing(
                seed,
                &pair.steps[side],
                || make(side, &config),
                |session, step| apply(side, session, step),
                Session::poll_event,
                coalesce,
            );
        }
        if loss == 0 {
            assert!(pair.events[CLIENT].contains(&Event::Established), "{seed}: {:?}", pair.events);
        }
    }
}

/// Returns one end of a session without a tunnel, by ids that both ends know.
fn manual(side: usize) -> manual::Session {
    let wire = |session_id| SessionWire { session_id, cookie: Cookie::Four([7; 4]), has_sublayer: false };
    let ends = [wire(111), wire(222)];
    let peer = Outside::Udp.address(1 - side);
    let wire = data::Config::new(peer, Wire::V3 { local: ends[side], peer: ends[1 - side] });
    let payload = if side == CLIENT {
        Payload::Client(Client::new("alice", PASSWORD))
    } else {
        Payload::Server(Server::new(SERVER_ADDRESS))
    };
    manual::Session::new(Duration::ZERO, wire, &Config::strict("lab"), payload, [u8::try_from(side).unwrap() + 1; 32])
}

/// Does a step of a session without a tunnel, and takes what is to be sent.
fn apply_manual(side: usize, session: &mut manual::Session, step: &Step) -> Vec<Vec<u8>> {
    let now = step.now();
    match step {
        Step::Packet(_, packet) => {
            let source = Outside::Udp.address(1 - side);
            let _ = session.handle_datagram(now, source, &mut packet.clone(), &mut [0; MAX_RECEIVE]);
        }
        Step::Timeout(_) => session.handle_timeout(now),
        Step::Answer(_, _, ticket) => {
            session.with_ppp(now, |ppp, now| {
                ppp.assign_address(ADDRESS);
                let _ = ppp.answer(now, *ticket, &Answer::Password(PASSWORD.as_bytes()));
            });
        }
        Step::Close(_) => session.close(now),
        Step::Open(_) | Step::Send(_) => {}
    }
    let mut buf = [0; MAX_RECEIVE];
    while session.poll_receive(now, &mut buf).unwrap().is_some() {}
    let mut sent = Vec::new();
    while let Some(packet) = session.poll_transmit(now, &mut buf).unwrap() {
        sent.push(packet.payload.to_vec());
    }
    sent
}

#[test]
fn events_of_a_session_without_a_tunnel_are_late_those_that_are_polled_at_once() {
    let mut ups = 0;
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let (mut sides, mut steps) = ([manual(CLIENT), manual(SERVER)], [Vec::new(), Vec::new()]);
        let mut now = Duration::ZERO;
        for turn in 0..40 {
            let side = random.index(2);
            let last = if turn == 39 || random.one_in(60) { Step::Close(now) } else { Step::Timeout(now) };
            let mut todo = vec![(side, last)];
            while let Some((side, step)) = todo.pop() {
                let sent = apply_manual(side, &mut sides[side], &step);
                steps[side].push(step);
                while let Some(event) = sides[side].poll_event() {
                    ups += usize::from(matches!(event, CallEvent::Ppp(PppEvent::IpUp(_))));
                    if let CallEvent::Ppp(PppEvent::Authenticate(question)) = event {
                        todo.push((side, Step::Answer(now, sides[side].call().id(), question.ticket())));
                    }
                }
                todo.extend(sent.into_iter().rev().map(|packet| (1 - side, Step::Packet(now, packet))));
            }
            now += random.micros(Duration::from_secs(2));
        }
        for side in [CLIENT, SERVER] {
            assert_late_polls_lose_nothing(
                seed,
                &steps[side],
                || manual(side),
                |session, step| apply_manual(side, session, step),
                manual::Session::poll_event,
                |events| {
                    let mut kept = keep_latest(events, CallEvent::is_replaced_by);
                    kept.sort_by_key(|event| match event {
                        CallEvent::Connected => 0,
                        CallEvent::Closed(_) => 2,
                        _ => 1,
                    });
                    kept
                },
            );
        }
    }
    assert!(ups > 60, "{ups}: the runs do not get far");
}
