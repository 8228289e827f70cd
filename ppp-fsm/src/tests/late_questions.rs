//! Questions of authenticators and demands of peers that are polled late: the same as at once, but for those that are
//! void by then.

use alloc::vec::Vec;
use core::fmt::Debug;
use core::time::Duration;

use testing::{Random, assert_late_polls_lose_nothing};

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

/// An action on a side. The same steps make the same side.
#[derive(Debug, Clone)]
enum Step<A> {
    Start(Method),
    Stop,
    Rechallenge,
    Packet(Vec<u8>),
    Answer(A, &'static [u8]),
    Timeout,
    Send,
}

/// The results of polls: the question, and then the status of the side, once after each step.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Polled<A> {
    Asked(A),
    Status(Status),
}

/// A side, and whether its status was polled after the last step.
struct Driven<S> {
    side: S,
    is_status_due: bool,
}

impl<S: Side> Driven<S> {
    fn new() -> Self {
        Self { side: S::make(&Config::default().with_retries(2), 5), is_status_due: false }
    }

    /// Does a step. Returns whether it was taken, and all that can be seen of the side but its question.
    fn apply(&mut self, (now, step): &(Duration, Step<S::Asked>)) -> (bool, Vec<Vec<u8>>, (Status, Option<Duration>)) {
        let (now, side, mut sent) = (*now, &mut self.side, Vec::new());
        let mut is_taken = true;
        match step {
            Step::Start(method) => side.start(now, *method),
            Step::Stop => side.stop(),
            Step::Rechallenge => side.rechallenge(now),
            Step::Packet(packet) => is_taken = side.handle_packet(now, packet),
            Step::Answer(asked, password) => {
                let is_void = side.seen().0 != Status::Asking;
                let answered = side.answer(now, *asked, password);
                assert!(!is_void || answered == Err(AnswerError::NotAsked), "{asked:?} is void");
                is_taken = answered.is_ok();
            }
            Step::Timeout => side.handle_timeout(now),
            Step::Send => sent.extend(core::iter::from_fn(|| side.packet(now))),
        }
        self.is_status_due = true;
        (is_taken, sent, self.side.seen())
    }

    fn poll(&mut self) -> Option<Polled<S::Asked>> {
        let status = Polled::Status(self.side.seen().0);
        let asked = self.side.poll().map(Polled::Asked);
        asked.or_else(|| core::mem::take(&mut self.is_status_due).then_some(status))
    }
}

/// Returns the rule: the latest question waits, as long as the side asks.
#[expect(clippy::needless_pass_by_value, reason = "the shared oracle gives the events away")]
fn coalesce<A: Copy>(events: Vec<Polled<A>>) -> Vec<Polled<A>> {
    let last = |is_wanted: fn(&&Polled<A>) -> bool| events.iter().rfind(is_wanted).copied();
    let asked = last(|polled| matches!(polled, Polled::Asked(_)));
    let status = last(|polled| matches!(polled, Polled::Status(_)));
    let is_void = !matches!(status, Some(Polled::Status(Status::Asking)));
    asked.filter(|_| !is_void).into_iter().chain(status).collect()
}

/// A side, all that was done to it, its last question without an answer, and how often it has asked, and was answered
/// too late.
struct Recorder<S: Side> {
    driven: Driven<S>,
    steps: Vec<(Duration, Step<S::Asked>)>,
    waiting: Option<S::Asked>,
    counts: [usize; 2],
}

impl<S: Side> Recorder<S> {
    fn step(&mut self, now: Duration, step: Step<S::Asked>) -> Vec<Vec<u8>> {
        let is_void = self.driven.side.seen().0 != Status::Asking;
        self.counts[1] += usize::from(is_void && matches!(step, Step::Answer(..)));
        self.steps.push((now, step));
        let (_, sent, _) = self.driven.apply(&self.steps[self.steps.len() - 1]);
        while let Some(polled) = self.driven.poll() {
            if let Polled::Asked(asked) = polled {
                self.waiting = Some(asked);
                self.counts[0] += 1;
            }
        }
        sent
    }
}

/// Drives a side against another one by packets, loss, forged packets, commands, answers and time, and then its copies.
fn run<S: Side, O: Side>(seed: u64) -> [usize; 2] {
    let mut random = Random::new(seed);
    let method = random.of(&METHODS);
    let mut recorder = Recorder { driven: Driven::<S>::new(), steps: Vec::new(), waiting: None, counts: [0; 2] };
    let mut other = O::make(&Config::default().with_retries(2), 6);
    let (mut now, mut heard) = (Duration::ZERO, Vec::<Vec<u8>>::new());
    for step in 0..150 {
        let choice = if step == 0 { 0 } else { random.index(24) };
        let password: &[u8] = if random.one_in(3) { b"looking-glass" } else { b"wonderland" };
        match choice {
            0 => {
                recorder.step(now, Step::Start(method));
                other.start(now, method);
            }
            1 => drop(recorder.step(now, Step::Stop)),
            2 => drop(recorder.step(now, Step::Rechallenge)),
            3 => other.rechallenge(now),
            4..=7 => {
                if let Some(asked) = recorder.waiting.take() {
                    recorder.step(now, Step::Answer(asked, password));
                }
            }
            8 => {
                now += Duration::from_millis(random.below(5000));
                recorder.step(now, Step::Timeout);
                other.handle_timeout(now);
            }
            9..=10 if !heard.is_empty() => {
                let mut forged = heard[random.index(heard.len())].clone();
                let place = random.index(forged.len());
                forged[place] ^= random.byte();
                recorder.step(now, Step::Packet(forged));
            }
            _ => {
                if let Some(asked) = other.poll() {
                    let _ = other.answer(now, asked, b"wonderland");
                }
                let is_lost = random.one_in(8);
                for packet in recorder.step(now, Step::Send) {
                    let _ = is_lost || other.handle_packet(now, &packet);
                }
                while let Some(packet) = other.packet(now) {
                    heard.push(packet.clone());
                    recorder.step(now, Step::Packet(packet));
                }
            }
        }
    }
    assert_late_polls_lose_nothing(seed, &recorder.steps, Driven::<S>::new, Driven::apply, Driven::poll, coalesce);
    recorder.counts
}

fn total(run: fn(u64) -> [usize; 2]) -> [usize; 2] {
    (0..400).map(run).fold([0; 2], |[asked, void], counts| [asked + counts[0], void + counts[1]])
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
