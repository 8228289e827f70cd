//! Events that are polled late are those that are polled at once, up to the rule that is written at `poll_event`.

use alloc::vec::Vec;
use core::mem::discriminant;
use core::time::Duration;

use testing::{Random, assert_late_polls_lose_nothing};

use super::hostile_link::{call, config, frames};
use super::network::End;
use crate::auth::{Answer, Method, Secret};
use crate::ccp::Encryption;
use crate::link::{Event, Link, Phase, Reason};
use crate::negotiate::{self, Negotiation};
use crate::{Packet, lcp};

const METHODS: [Method; 6] =
    [Method::Pap, Method::ChapMd5, Method::Eap, Method::MsChapV1, Method::MsChapV2, Method::EapMsChapV2];

/// Returns the rule of coalescing, in words of its own: a list that one event is added to.
fn add<E: Copy>(list: &mut Vec<E>, event: E, is_up_for: impl Fn(&E) -> bool) {
    let is_same = |found: &E| discriminant(found) == discriminant(&event);
    if let Some(up) = list.iter().position(is_up_for) {
        list.remove(up);
        if !list.iter().any(is_same) {
            return;
        }
    }
    list.retain(|found| !is_same(found));
    list.push(event);
}

fn add_to_link(list: &mut Vec<Event>, event: Event) {
    add(list, event, |found| {
        matches!(
            (event, found),
            (Event::IpDown, Event::IpUp(_))
                | (Event::Ipv6Down, Event::Ipv6Up(_))
                | (Event::CompressionDown, Event::CompressionUp(_))
        )
    });
}

/// An action on a link. The same steps make the same link.
#[derive(Debug, Clone)]
enum Step {
    Frame(Vec<u8>),
    Call(u8),
    Answer(Event),
    Timeout,
    Send,
}

/// Does a step. Returns whether it was taken, and all that can be seen of the link but its events.
fn apply(link: &mut Link, (now, step): &(Duration, Step)) -> (bool, Vec<Vec<u8>>, Phase, Option<Duration>) {
    let (now, mut sent) = (*now, Vec::new());
    let is_taken = match step {
        Step::Frame(frame) => link.handle_frame(now, frame).is_ok(),
        Step::Answer(Event::Authenticate(question)) => {
            link.answer(now, question.ticket(), &Answer::Password(b"wonderland")).is_ok()
        }
        Step::Answer(Event::Prove(demand)) => {
            link.prove(now, demand.ticket(), b"alice", &Secret::Password(b"wonderland")).is_ok()
        }
        Step::Answer(_) => false,
        Step::Call(number) => {
            call(link, now, *number);
            true
        }
        Step::Timeout => {
            link.handle_timeout(now);
            true
        }
        Step::Send => {
            while let Some(frame) = link.poll_transmit(now, &mut [0; Link::MAX_TRANSMIT]).unwrap() {
                sent.push(frame.to_vec());
            }
            true
        }
    };
    (is_taken, sent, link.phase(), link.poll_timeout())
}

/// One link, what was done to it, and what it has asked without an answer.
struct Recorder {
    link: Link,
    steps: Vec<(Duration, Step)>,
    asked: Vec<Event>,
    events: usize,
}

impl Recorder {
    fn step(&mut self, now: Duration, step: Step) -> Vec<Vec<u8>> {
        self.steps.push((now, step));
        let (_, sent, ..) = apply(&mut self.link, &self.steps[self.steps.len() - 1]);
        while let Some(event) = self.link.poll_event() {
            self.events += 1;
            if matches!(event, Event::Authenticate(_) | Event::Prove(_)) {
                self.asked.push(event);
            }
        }
        sent
    }
}

/// Drives a link by a peer, forged frames, loss, every command and time, and then its copies. Returns how many events
/// it had.
fn run(seed: u64) -> usize {
    let mut random = Random::new(seed);
    let mut roll = |sides: usize| random.index(sides);
    let method = METHODS[roll(METHODS.len())];
    let encryption = [Encryption::Required, Encryption::Preferred, Encryption::Refused][roll(3)];
    let forged = frames(encryption, method);
    let is_server = roll(2) == 0;
    let make = || Link::new(&config(encryption, method, is_server), [5; 32]);
    let mut recorder = Recorder { link: make(), steps: Vec::new(), asked: Vec::new(), events: 0 };
    let mut peer = End::new(&config(encryption, method, !is_server), 6);
    let mut now = Duration::ZERO;
    // Open and up.
    for number in [0, 1] {
        recorder.step(now, Step::Call(number));
        call(&mut peer.link, now, number);
    }
    for _ in 0..150 {
        match roll(40) {
            0..=3 => drop(recorder.step(now, Step::Frame(forged[roll(forged.len())].clone()))),
            4 => drop(recorder.step(now, Step::Call(u8::try_from(roll(9)).unwrap()))),
            5 => peer.link.rechallenge(now),
            6..=7 => {
                now += Duration::from_millis(u64::try_from(roll(5000)).unwrap());
                recorder.step(now, Step::Timeout);
                peer.link.handle_timeout(now);
            }
            8 => peer.link.open(now),
            _ => {
                let is_lost = roll(10) == 0;
                for frame in recorder.step(now, Step::Send) {
                    let _ = is_lost || peer.link.handle_frame(now, &frame).is_ok();
                }
                let mut buf = [0; Link::MAX_TRANSMIT];
                peer.settle(now);
                while let Some(frame) = peer.link.poll_transmit(now, &mut buf).unwrap() {
                    recorder.step(now, Step::Frame(frame.to_vec()));
                }
                if roll(3) > 0 {
                    for event in core::mem::take(&mut recorder.asked) {
                        recorder.step(now, Step::Answer(event));
                    }
                }
            }
        }
    }
    let coalesce = |events: Vec<Event>| {
        let mut list = Vec::new();
        for event in events {
            add_to_link(&mut list, event);
        }
        list
    };
    assert_late_polls_lose_nothing(seed, &recorder.steps, make, apply, Link::poll_event, coalesce);
    recorder.events
}

#[test]
fn a_link_that_is_polled_late_reports_what_one_reports_that_is_polled_at_once() {
    let events: usize = (0..250).map(run).sum();
    assert!(events > 4000, "{events}");
}

#[test]
fn up_and_down_twenty_times_leave_the_last_state_of_a_link() {
    let now = Duration::ZERO;
    let mut link = Link::new(&config(Encryption::Refused, Method::Pap, true), [5; 32]);
    link.open(now);
    for _ in 0..20 {
        link.up(now);
        link.down(now);
    }
    let events: Vec<Event> = core::iter::from_fn(|| link.poll_event()).collect();
    assert_eq!(events, [Event::Phase(Phase::Dead), Event::Closed(Reason::LowerLayerDown)]);
}

/// An action on a negotiation.
#[derive(Debug, Clone)]
enum Act {
    Command(usize),
    Timeout,
    Packet(Vec<u8>),
}

type Machine = Negotiation<lcp::Negotiator>;

/// Does an act. Returns whether it was taken, and what was sent.
fn act(machine: &mut Machine, (now, act): &(Duration, Act)) -> (bool, Vec<Vec<u8>>) {
    let commands: [fn(&mut Machine, Duration); 4] = [Machine::open, Machine::close, Machine::up, Machine::down];
    let (now, mut sent) = (*now, Vec::new());
    let is_taken = match act {
        Act::Command(number) => {
            commands[*number](machine, now);
            true
        }
        Act::Timeout => {
            machine.handle_timeout(now);
            true
        }
        Act::Packet(packet) => machine.handle_packet(now, &Packet::decode(packet).unwrap()).is_ok(),
    };
    while let Some(bytes) = machine.poll_transmit(now, &mut [0; 600]).unwrap() {
        sent.push(bytes.to_vec());
    }
    (is_taken, sent)
}

/// Packets, commands and time.
#[test]
fn a_negotiation_that_is_polled_late_reports_what_one_reports_that_is_polled_at_once() {
    let mut events = 0;
    for seed in 0..1500 {
        let mut random = Random::new(seed);
        let make =
            || Negotiation::new(lcp::Negotiator::new(&lcp::Config::default(), [7; 32]), &negotiate::Config::default());
        let mut machine = make();
        let mut request = Vec::from([1, 0x70, 0, 4]);
        let (mut now, mut steps) = (Duration::ZERO, Vec::new());
        for step in 0..60 {
            let mut answer = request.clone();
            answer[0] = 2;
            let packets: [&[u8]; 6] = [
                &answer,
                &[1, step, 0, 4],
                &[5, 9, 0, 4],
                &[6, 9, 0, 4],
                &[7, 9, 0, 8, 1, 1, 0, 4],
                &[1, 3, 0, 7, 13, 3, 6],
            ];
            now += Duration::from_secs(random.below(4));
            steps.push((
                now,
                match random.below(6) {
                    0 => Act::Command(random.index(4)),
                    1 => Act::Timeout,
                    _ => Act::Packet(random.of(&packets).to_vec()),
                },
            ));
            let (_, sent) = act(&mut machine, &steps[steps.len() - 1]);
            request = sent.into_iter().rfind(|bytes| bytes[0] == 1).unwrap_or(request);
            events += core::iter::from_fn(|| machine.poll_event()).count();
        }
        let coalesce = |events: Vec<_>| {
            let mut list = Vec::new();
            for event in events {
                add(&mut list, event, |found| (event, found) == (negotiate::Event::Down, &negotiate::Event::Up));
            }
            list
        };
        assert_late_polls_lose_nothing(seed, &steps, make, act, Machine::poll_event, coalesce);
    }
    assert!(events > 4000, "{events}");
}
