//! Events that are polled late: the same as at once, up to the rule that is written at `poll_event`.

#![expect(clippy::wildcard_enum_match_arm, reason = "other events ask for nothing")]

use alloc::vec::Vec;
use core::mem::discriminant;
use core::time::Duration;

use testing::Random;

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

/// One link whose events are polled at once, and a copy of it whose events are polled now and then.
struct Twins {
    at_once: Link,
    late: Link,
    pending: Vec<Event>,
    /// Tickets and what they are for, not answered yet.
    asked: Vec<Event>,
}

impl Twins {
    /// Does the same to both.
    fn act<T: PartialEq + core::fmt::Debug>(&mut self, act: impl Fn(&mut Link) -> T) {
        assert_eq!(act(&mut self.at_once), act(&mut self.late));
        while let Some(event) = self.at_once.poll_event() {
            add_to_link(&mut self.pending, event);
            if matches!(event, Event::Authenticate(_) | Event::Prove(_)) {
                self.asked.push(event);
            }
        }
        assert_eq!(self.at_once.poll_timeout(), self.late.poll_timeout());
        assert_eq!(self.at_once.phase(), self.late.phase());
    }

    fn answer(&mut self, now: Duration) {
        for event in core::mem::take(&mut self.asked) {
            self.act(|link| match event {
                Event::Authenticate(question) => {
                    link.answer(now, question.ticket(), &Answer::Password(b"wonderland")).is_ok()
                }
                Event::Prove(demand) => {
                    link.prove(now, demand.ticket(), b"alice", &Secret::Password(b"wonderland")).is_ok()
                }
                _ => false,
            });
        }
    }

    fn send(&mut self, now: Duration) -> Vec<Vec<u8>> {
        let mut buf = [0; Link::MAX_TRANSMIT];
        let mut sent = Vec::new();
        loop {
            let frame = self.at_once.poll_transmit(now, &mut buf).unwrap().map(<[u8]>::to_vec);
            assert_eq!(self.late.poll_transmit(now, &mut buf).unwrap().map(<[u8]>::to_vec), frame);
            self.act(|_| ());
            match frame {
                Some(frame) => sent.push(frame),
                None => return sent,
            }
        }
    }

    fn poll_late(&mut self) -> usize {
        let late: Vec<Event> = core::iter::from_fn(|| self.late.poll_event()).collect();
        assert_eq!(late, self.pending);
        self.pending.clear();
        late.len()
    }
}

/// Returns a link with a peer, forged frames, loss, every command and time. Returns how many events
/// came late.
fn run(seed: u64) -> usize {
    let mut random = Random::new(seed);
    let mut roll = |sides: usize| random.index(sides);
    let method = METHODS[roll(METHODS.len())];
    let encryption = [Encryption::Required, Encryption::Preferred, Encryption::Refused][roll(3)];
    let forged = frames(encryption, method);
    let is_server = roll(2) == 0;
    let make = || Link::new(&config(encryption, method, is_server), [5; 32]);
    let mut twins = Twins { at_once: make(), late: make(), pending: Vec::new(), asked: Vec::new() };
    let mut peer = End::new(&config(encryption, method, !is_server), 6);
    let mut now = Duration::ZERO;
    for start in [Link::open, Link::up] {
        twins.act(|link| start(link, now));
        start(&mut peer.link, now);
    }
    let mut polled = 0;
    for _ in 0..150 {
        match roll(40) {
            0..=3 => {
                let frame = &forged[roll(forged.len())];
                twins.act(|link| link.handle_frame(now, frame).is_ok());
            }
            4 => {
                let number = u8::try_from(roll(9)).unwrap();
                twins.act(|link| call(link, now, number));
            }
            5 => peer.link.rechallenge(now),
            6..=7 => {
                now += Duration::from_millis(u64::try_from(roll(5000)).unwrap());
                twins.act(|link| link.handle_timeout(now));
                peer.link.handle_timeout(now);
            }
            8..=9 => polled += twins.poll_late(),
            10 => peer.link.open(now),
            _ => {
                let is_lost = roll(10) == 0;
                for frame in twins.send(now) {
                    let _ = is_lost || peer.link.handle_frame(now, &frame).is_ok();
                }
                let mut buf = [0; Link::MAX_TRANSMIT];
                peer.settle(now);
                while let Some(frame) = peer.link.poll_transmit(now, &mut buf).unwrap().map(<[u8]>::to_vec) {
                    twins.act(|link| link.handle_frame(now, &frame).is_ok());
                }
                if roll(3) > 0 {
                    twins.answer(now);
                }
            }
        }
    }
    polled + twins.poll_late()
}

#[test]
fn a_link_that_is_polled_late_reports_what_one_reports_that_is_polled_at_once() {
    let events: usize = (0..400).map(run).sum();
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

/// A negotiation and its copy, driven alike by packets, commands and time.
#[test]
fn a_negotiation_that_is_polled_late_reports_what_one_reports_that_is_polled_at_once() {
    type Machine = Negotiation<lcp::Negotiator>;
    let commands: [fn(&mut Machine, Duration); 4] = [Machine::open, Machine::close, Machine::up, Machine::down];
    let mut events = 0;
    for seed in 0..2000 {
        let mut random = Random::new(seed);
        let make =
            || Negotiation::new(lcp::Negotiator::new(&lcp::Config::default(), [7; 32]), &negotiate::Config::default());
        let (mut at_once, mut late) = (make(), make());
        let mut request = Vec::from([1, 0x70, 0, 4]);
        let mut pending = Vec::new();
        let mut now = Duration::ZERO;
        for step in 0..60 {
            let command = commands[usize::try_from(random.below(4)).unwrap()];
            let mut answer = request.clone();
            answer[0] = 2;
            let packets: [&[u8]; 6] = [
                &answer,
                &[1, u8::try_from(step).unwrap(), 0, 4],
                &[5, 9, 0, 4],
                &[6, 9, 0, 4],
                &[7, 9, 0, 8, 1, 1, 0, 4],
                &[1, 3, 0, 7, 13, 3, 6],
            ];
            let packet = packets[usize::try_from(random.below(6)).unwrap()];
            let choice = random.below(6);
            now += Duration::from_secs(random.below(4));
            for machine in [&mut at_once, &mut late] {
                match choice {
                    0 => command(machine, now),
                    1 => machine.handle_timeout(now),
                    _ => drop(machine.handle_packet(now, &Packet::decode(packet).unwrap()).is_ok()),
                }
                let mut buf = [0; 600];
                while let Some(bytes) = machine.poll_transmit(now, &mut buf).unwrap() {
                    if bytes[0] == 1 {
                        request = bytes.to_vec();
                    }
                }
            }
            while let Some(event) = at_once.poll_event() {
                add(&mut pending, event, |found| (event, found) == (negotiate::Event::Down, &negotiate::Event::Up));
            }
            if random.below(8) == 0 {
                let found: Vec<_> = core::iter::from_fn(|| late.poll_event()).collect();
                assert_eq!(found, pending, "seed {seed}");
                events += found.len();
                pending.clear();
            }
        }
    }
    assert!(events > 4000, "{events}");
}
