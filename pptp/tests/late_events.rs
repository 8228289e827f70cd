//! Events of a session that are polled late are those that are polled at once, up to the one rule.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_core,
    clippy::wildcard_enum_match_arm,
    reason = "a test that goes wrong stops"
)]

use std::net::Ipv4Addr;
use std::time::Duration;

use pptp::ppp::auth::{Answer, Ticket};
use pptp::ppp_session;
use pptp::session::{CallEvent, Config, Event, HEADROOM, MAX_RECEIVE, MAX_TRANSMIT, Session, Setup};
use testing::pptp::{client_config, encode_gre, frame, ip_packet, server_config};
use testing::{CLIENT, Random, SERVER, assert_late_polls_lose_nothing, keep_latest};

/// An action on one side. The same steps make the same session.
#[derive(Debug, Clone)]
enum Step {
    Open(Duration),
    Stream(Duration, Vec<u8>),
    Gre(Duration, Vec<u8>),
    Timeout(Duration),
    Answer(Duration, Ticket),
    Send(Duration),
    Close(Duration),
    Disconnect(Duration),
}

impl Step {
    const fn now(&self) -> Duration {
        match self {
            Self::Open(now)
            | Self::Stream(now, _)
            | Self::Gre(now, _)
            | Self::Timeout(now)
            | Self::Answer(now, _)
            | Self::Send(now)
            | Self::Close(now)
            | Self::Disconnect(now) => *now,
        }
    }
}

/// Does a step, and takes what is to be sent: by GRE, and by TCP.
fn apply(session: &mut Session<1>, step: &Step) -> [Vec<Vec<u8>>; 2] {
    let now = step.now();
    let mut buf = [0; MAX_RECEIVE];
    let mut sent = [Vec::new(), Vec::new()];
    match step {
        Step::Open(_) => session.open(now),
        Step::Stream(_, bytes) => drop(session.handle_stream(now, bytes).to_string()),
        Step::Gre(_, packet) => drop(session.handle_gre(now, &mut packet.clone(), &mut [0; MAX_RECEIVE]).is_ok()),
        Step::Timeout(_) => session.handle_timeout(now),
        Step::Answer(_, ticket) => {
            if let Some(mut call) = session.first_call_mut() {
                call.assign_address(Ipv4Addr::new(10, 0, 0, 2));
                let _ = call.answer(now, *ticket, &Answer::Password(b"wonderland"));
            }
        }
        Step::Send(_) => {
            let mut buf = [&[0; HEADROOM][..], &ip_packet(0, 1, 100, false)].concat();
            if let Some(mut call) = session.first_call_mut() {
                sent[0].extend(call.send_ip(now, &mut buf).map(<[u8]>::to_vec));
            }
        }
        Step::Close(_) => session.close(now),
        Step::Disconnect(_) => session.handle_disconnect(now),
    }
    while session.poll_receive(now, &mut buf).unwrap().is_some() {}
    let mut buf = [0; MAX_TRANSMIT];
    while let Some(packet) = session.poll_tunnel(now, &mut buf).unwrap() {
        sent[0].push(packet.to_vec());
    }
    while let Some(bytes) = session.poll_control(now, &mut buf).unwrap() {
        sent[1].push(bytes.to_vec());
    }
    sent
}

/// Returns the rule: of each kind the latest; layer by layer, and the end last.
fn coalesce(events: Vec<Event>) -> Vec<Event> {
    let mut kept = keep_latest(events, |earlier, event| match (earlier, event) {
        (Event::Call { event: earlier, .. }, Event::Call { event, .. }) => earlier.is_replaced_by(event),
        _ => false,
    });
    kept.sort_by_key(|event| match event {
        Event::Established => 0,
        Event::Call { event: CallEvent::Ppp(_), .. } => 1,
        Event::Call { event: CallEvent::NoData { .. }, .. } => 2,
        Event::Call { event: CallEvent::FlowAlarm { .. }, .. } => 3,
        Event::Call { event: CallEvent::Writable, .. } => 4,
        Event::Call { .. } => 5,
        _ => 6,
    });
    kept
}

struct Pair {
    now: Duration,
    sides: [Session<1>; 2],
    steps: [Vec<Step>; 2],
    events: [Vec<Event>; 2],
}

fn make(side: usize, config: &Config) -> Session<1> {
    let setup: Setup = if side == CLIENT { (&client_config(config)).into() } else { (&server_config(config)).into() };
    Session::new(setup, [u8::try_from(side).unwrap() + 1; 32])
}

impl Pair {
    fn new(config: &Config) -> Self {
        let sides = [make(CLIENT, config), make(SERVER, config)];
        let mut pair = Self { now: Duration::ZERO, sides, steps: Default::default(), events: Default::default() };
        for side in [SERVER, CLIENT] {
            pair.step(side, Step::Open(Duration::ZERO));
        }
        pair
    }

    fn step(&mut self, side: usize, step: Step) {
        let mut waiting = vec![(side, step)];
        for count in 0.. {
            if waiting.is_empty() {
                break;
            }
            assert!(count < 2000, "they do not come to rest");
            let (side, step) = waiting.remove(0);
            self.steps[side].push(step.clone());
            let [packets, messages] = apply(&mut self.sides[side], &step);
            let now = self.now;
            waiting.extend(packets.into_iter().map(|packet| (1 - side, Step::Gre(now, packet))));
            waiting.extend(messages.into_iter().map(|bytes| (1 - side, Step::Stream(now, bytes))));
            while let Some(event) = self.sides[side].poll_event() {
                self.events[side].push(event);
                if let Event::Call { event: CallEvent::Ppp(ppp_session::Event::Authenticate(question)), .. } = event {
                    waiting.push((side, Step::Answer(now, question.ticket())));
                }
            }
        }
    }

    fn elapse(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.sides.iter().filter_map(Session::poll_timeout).min().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            for side in [CLIENT, SERVER] {
                self.step(side, Step::Timeout(self.now));
            }
        }
        self.now = end;
    }

    /// Lets a frame arrive that nobody sent.
    fn inject(&mut self, to: usize, information: &[u8], protocol: u16) {
        let Some(call) = self.sides[to].first_call() else { return };
        let number = call.statistics().tunnel.sr.map_or(0, pptp::gre::SequenceNumber::get);
        let packet = encode_gre(call.id().get(), Some(number), None, &frame(protocol, information));
        self.step(to, Step::Gre(self.now, packet));
    }
}

#[test]
fn events_polled_late_are_those_polled_at_once_up_to_the_rule() {
    let (mut ups, mut ends) = (0, 0);
    for seed in 0..40 {
        let config = if seed % 2 == 0 { Config::strict() } else { Config::interop() };
        let mut random = Random::new(seed);
        let mut pair = Pair::new(&config);
        for _ in 0..30 {
            let (side, now) = (random.index(2), pair.now);
            match random.below(8) {
                0 => pair.inject(side, &[1, 77, 0, 4], 0xc021),
                1 => pair.inject(side, &[1, 200, 0, 10, 18, 6, 1, 0, 0, 0x40], 0x80fd),
                2 => pair.inject(side, &[5, 202, 0, 4], 0x8021),
                3 => pair.elapse(Duration::from_millis(random.below(5000))),
                4 if random.per_mille(200) => pair.step(side, Step::Close(now)),
                4 if random.per_mille(100) => pair.step(side, Step::Disconnect(now)),
                // Packets that are lost: acknowledgments do not come.
                5 => {
                    for _ in 0..3 {
                        pair.steps[side].push(Step::Send(now));
                        apply(&mut pair.sides[side], &Step::Send(now));
                    }
                    pair.elapse(Duration::from_secs(3));
                }
                _ => pair.step(side, Step::Send(now)),
            }
        }
        pair.step(CLIENT, Step::Close(pair.now));
        pair.elapse(Duration::from_secs(100));
        for side in [CLIENT, SERVER] {
            let is_up = |event: &&Event| {
                matches!(event, Event::Call { event: CallEvent::Ppp(ppp_session::Event::IpUp(_)), .. })
            };
            ups += pair.events[side].iter().filter(is_up).count();
            ends += usize::from(matches!(pair.events[side].last(), Some(Event::Closed(_))));
            let make = || make(side, &config);
            assert_late_polls_lose_nothing(seed, &pair.steps[side], make, apply, Session::poll_event, coalesce);
        }
    }
    assert!(ups >= 80 && ends == 80, "{ups} {ends}: the runs do not get far");
}
