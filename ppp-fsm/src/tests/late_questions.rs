//! Questions of authenticators and demands of peers that are polled late: the same as at once, but for those that are
//! void by then.

use alloc::vec::Vec;
use core::fmt::Debug;
use core::time::Duration;

use testing::Random;

use crate::auth::{
    Answer, AnswerError, Authenticator, Config, Demand, MAX_PACKET_LEN, Method, Peer, Question, Secret, Status,
};

const METHODS: [Method; 5] = [Method::Pap, Method::ChapMd5, Method::Eap, Method::MsChapV1, Method::MsChapV2];

/// One side of an authentication, and what its user is asked.
trait Side {
    type Asked: Copy + PartialEq + Debug;

    fn make(config: &Config, entropy: u8) -> Self;
    fn start(&mut self, now: Duration, method: Method);
    fn stop(&mut self);
    fn handle_packet(&mut self, now: Duration, packet: &[u8]) -> bool;
    fn packet(&mut self, now: Duration) -> Option<Vec<u8>>;
    fn poll(&mut self) -> Option<Self::Asked>;
    fn answer(&mut self, now: Duration, asked: Self::Asked, password: &[u8]) -> Result<(), AnswerError>;
    fn handle_timeout(&mut self, now: Duration);
    fn rechallenge(&mut self, now: Duration);
    /// Returns what can be seen of it.
    fn seen(&self) -> (Status, Option<Duration>);
}

macro_rules! common {
    () => {
        fn make(config: &Config, entropy: u8) -> Self {
            Self::new(config, [entropy; 32])
        }

        fn start(&mut self, now: Duration, method: Method) {
            self.start(now, method);
        }

        fn stop(&mut self) {
            self.stop();
        }

        fn handle_packet(&mut self, now: Duration, packet: &[u8]) -> bool {
            self.handle_packet(now, packet).is_ok()
        }

        fn packet(&mut self, now: Duration) -> Option<Vec<u8>> {
            self.poll_transmit(now, &mut [0; MAX_PACKET_LEN]).unwrap().map(<[u8]>::to_vec)
        }

        fn handle_timeout(&mut self, now: Duration) {
            self.handle_timeout(now);
        }

        fn seen(&self) -> (Status, Option<Duration>) {
            (self.status(), self.poll_timeout())
        }
    };
}

impl Side for Authenticator {
    type Asked = Question;

    common!();

    fn poll(&mut self) -> Option<Question> {
        self.poll_question()
    }

    fn answer(&mut self, now: Duration, asked: Question, password: &[u8]) -> Result<(), AnswerError> {
        self.answer(now, asked.ticket(), &Answer::Password(password)).map(drop)
    }

    fn rechallenge(&mut self, now: Duration) {
        self.rechallenge(now);
    }
}

impl Side for Peer {
    type Asked = Demand;

    common!();

    fn poll(&mut self) -> Option<Demand> {
        self.poll_demand()
    }

    fn answer(&mut self, now: Duration, asked: Demand, password: &[u8]) -> Result<(), AnswerError> {
        self.prove(now, asked.ticket(), b"alice", &Secret::Password(password))
    }

    fn rechallenge(&mut self, _now: Duration) {}
}

/// A side whose user is asked at once, and a copy of it whose user is asked now and then.
struct Twins<S: Side> {
    at_once: S,
    late: S,
    /// The latest of what was asked at once, until the copy is polled.
    pending: Option<S::Asked>,
    /// The latest of what was asked, until it is answered.
    asked: Option<S::Asked>,
    /// How often the copy's user was asked the same, late, and how often it was void by then.
    counts: [usize; 2],
}

impl<S: Side> Twins<S> {
    fn act<T: PartialEq + Debug>(&mut self, act: impl Fn(&mut S) -> T) -> T {
        let result = act(&mut self.at_once);
        assert_eq!(act(&mut self.late), result);
        if let Some(asked) = self.at_once.poll() {
            self.pending = Some(asked);
            self.asked = Some(asked);
        }
        assert_eq!(self.at_once.poll(), None, "it is asked once");
        assert_eq!(self.at_once.seen(), self.late.seen());
        result
    }

    fn answer(&mut self, now: Duration, password: &[u8]) {
        if let Some(asked) = self.asked.take() {
            // It may be void. When it is not, there is nothing left to ask for.
            if self.act(|side| side.answer(now, asked, password)).is_ok() && self.pending == Some(asked) {
                assert_eq!(self.late.poll(), None);
                self.pending = None;
            }
        }
    }

    fn poll_late(&mut self, now: Duration) {
        match (self.late.poll(), self.pending.take()) {
            (None, None) => {}
            (None, Some(void)) => {
                self.counts[1] += 1;
                assert_eq!(self.act(|side| side.answer(now, void, b"wonderland")), Err(AnswerError::NotAsked));
            }
            (found, pending) => {
                self.counts[0] += 1;
                assert_eq!(found, pending);
            }
        }
    }
}

/// Drives twins against another side by packets, loss, forged packets, commands, answers and time.
fn run<S: Side, O: Side>(seed: u64) -> [usize; 2] {
    let mut random = Random::new(seed);
    let method = random.of(&METHODS);
    let config = Config::default().with_retries(2);
    let make = || S::make(&config, 5);
    let mut twins = Twins { at_once: make(), late: make(), pending: None, asked: None, counts: [0; 2] };
    let mut other = O::make(&config, 6);
    let (mut now, mut heard) = (Duration::ZERO, Vec::<Vec<u8>>::new());
    for step in 0..150 {
        let choice = if step == 0 { 0 } else { random.index(24) };
        let password: &[u8] = if random.one_in(3) { b"looking-glass" } else { b"wonderland" };
        match choice {
            0 => {
                twins.act(|side| side.start(now, method));
                other.start(now, method);
            }
            1 => twins.act(S::stop),
            2 => twins.act(|side| side.rechallenge(now)),
            3 => other.rechallenge(now),
            4..=6 => twins.poll_late(now),
            7..=9 => twins.answer(now, password),
            10 => {
                now += Duration::from_millis(random.below(5000));
                twins.act(|side| side.handle_timeout(now));
                other.handle_timeout(now);
            }
            11..=12 if !heard.is_empty() => {
                let mut forged = heard[random.index(heard.len())].clone();
                let place = random.index(forged.len());
                forged[place] ^= random.byte();
                twins.act(|side| side.handle_packet(now, &forged));
            }
            _ => {
                if let Some(asked) = other.poll() {
                    let _ = other.answer(now, asked, b"wonderland");
                }
                let is_lost = random.one_in(8);
                while let Some(packet) = twins.act(|side| side.packet(now)) {
                    let _ = is_lost || other.handle_packet(now, &packet);
                }
                while let Some(packet) = other.packet(now) {
                    twins.act(|side| side.handle_packet(now, &packet));
                    heard.push(packet);
                }
            }
        }
    }
    twins.poll_late(now);
    twins.counts
}

fn total(run: fn(u64) -> [usize; 2]) -> [usize; 2] {
    (0..1500).map(run).fold([0; 2], |[asked, void], counts| [asked + counts[0], void + counts[1]])
}

#[test]
fn an_authenticator_that_is_polled_late_asks_what_one_asks_that_is_polled_at_once() {
    let [asked, void] = total(run::<Authenticator, Peer>);
    assert!(asked > 2000 && void > 200, "{asked} asked, {void} void");
}

#[test]
fn a_peer_that_is_polled_late_demands_what_one_demands_that_is_polled_at_once() {
    let [asked, void] = total(run::<Peer, Authenticator>);
    assert!(asked > 2000 && void > 200, "{asked} asked, {void} void");
}
