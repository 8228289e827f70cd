//! Our recorded sessions, played again with our link in the place of each side.
//!
//! The link is set as the recorded side was and gets the peer's packets when they came. It gets the
//! commands of the recorded side's user: hang up, ask for a reset. Then its decisions are compared
//! with the recorded ones, packet by packet. That is the header of the frame, the code, the
//! identifier that is answered, texts, and the options with their bytes and order. Left out is what
//! is drawn by chance: magic numbers, challenges, proofs, identifiers of one's own. Answers of the
//! peer are fitted to what our link really asked (`peer.rs`).
//!
//! `expected.txt` has the outcome of each session and side, which has to be the same in the
//! recording. It has every difference with its reason: `-` is recorded, `+` is ours.
//! `PPP_REPLAY=new.txt cargo test -p pptp-interop --test ppp_replay` writes it again.

mod difference;
mod outcome;
mod peer;
mod reason;
mod recording;
mod sides;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::time::Duration;

use ppp_fsm::auth::{Answer, Demand, Presented, Secret};
use ppp_fsm::link::{Event, Link, Received};
use ppp_fsm::{Code, Frame, Packet, Protocol};
use pptp_interop::{about, say};

use difference::Difference;
use outcome::{Outcome, Stage};
use recording::Session;
use words::Decision;

/// The password that the servers had stored for the users that they knew.
const STORED: &[u8] = b"wonderland";

/// The decisions of one side, by protocol.
type Decisions = BTreeMap<u16, Vec<Decision>>;

struct Replay<'s> {
    session: &'s Session,
    user: String,
    password: String,
    link: Link,
    peer: peer::Peer,
    decisions: Decisions,
    /// The last Configure-Request of each protocol, and when it was sent.
    requests: BTreeMap<u16, (Duration, Vec<u8>)>,
    outcome: Outcome,
    /// Packets of data that came, and of these refused, with the first error.
    data: usize,
    refused: BTreeMap<String, usize>,
    has_hung_up: bool,
    is_over: bool,
}

impl<'s> Replay<'s> {
    fn new(session: &'s Session, recorded: &Outcome) -> Self {
        let (user, password) = (about(&session.capture, "user"), about(&session.capture, "password"));
        let identifier = recorded.identifiers.and_then(|[own, _]| own).or_else(|| offered_identifier(session));
        let address = recorded.addresses.and_then(|[_, peer]| peer).unwrap_or(Ipv4Addr::new(10, 99, 0, 10));
        let config = sides::config(session, identifier, address);
        let peer = peer::Peer::new(session, &user, &password);
        Self {
            session,
            user,
            password,
            link: Link::new(&config, [7; 32]),
            peer,
            decisions: Decisions::new(),
            requests: BTreeMap::new(),
            outcome: Outcome::default(),
            data: 0,
            refused: BTreeMap::new(),
            has_hung_up: false,
            is_over: false,
        }
    }

    fn run(&mut self) {
        let own = |frame: &&recording::Recorded| frame.from == self.session.place;
        let start = self.session.frames.iter().find(own).unwrap().time;
        self.link.open(start);
        self.link.up(start);
        self.settle(start);
        let mut end = start;
        let session = self.session;
        // Frames that came before the side had started lay ready for it.
        let (early, later): (Vec<_>, Vec<_>) =
            session.frames.iter().partition(|frame| frame.from != session.place && frame.time <= start);
        for recorded in early.into_iter().chain(later) {
            let now = recorded.time.max(start);
            self.pass(now);
            if recorded.from == session.place {
                self.act(now, &Frame::decode(&recorded.frame).unwrap());
            } else if let Some(bytes) = self.peer.give(&recorded.frame) {
                self.deliver(now, &bytes);
            }
            end = now;
        }
        self.pass(end + Duration::from_millis(100));
        self.is_over = true;
        if self.outcome.stage != Stage::Opened {
            // The recording has not what the peer would say to other decisions: our side is left alone.
            self.pass(end + Duration::from_secs(60));
        }
        let end = end + Duration::from_secs(60);
        self.link.down(end);
        self.settle(end);
    }

    /// Lets time pass: timers, and what was made for the peer.
    fn pass(&mut self, until: Duration) {
        loop {
            let timer = self.link.poll_timeout().filter(|at| *at <= until);
            let made = self.peer.made.iter().map(|(at, _)| *at).min().filter(|at| *at <= until);
            match (timer, made) {
                (Some(timer), made) if made.is_none_or(|made| timer <= made) => {
                    self.link.handle_timeout(timer);
                    self.settle(timer);
                }
                (_, Some(at)) => {
                    let index = self.peer.made.iter().position(|(made, _)| *made == at).unwrap();
                    let (_, bytes) = self.peer.made.remove(index);
                    self.deliver(at, &bytes);
                }
                (_, None) => return,
            }
        }
    }

    fn deliver(&mut self, now: Duration, bytes: &[u8]) {
        let protocol = Frame::decode(bytes).unwrap().protocol;
        let received = self.link.handle_frame(now, bytes);
        if !words::is_control(protocol) {
            self.data += 1;
            match received {
                Ok(Received::Network { .. } | Received::Compressed(_)) => {}
                Ok(other) => panic!("{other:?}"),
                Err(error) => *self.refused.entry(error.to_string()).or_default() += 1,
            }
        }
        self.settle(now);
    }

    /// Does what made the user of the recorded side send this frame.
    fn act(&mut self, now: Duration, frame: &Frame<'_>) {
        if frame.protocol != Protocol::LCP && frame.protocol != Protocol::CCP {
            return;
        }
        let packet = Packet::decode(frame.information).unwrap();
        if packet.code == Code::RESET_REQUEST && frame.protocol == Protocol::CCP {
            self.link.request_reset(now);
        } else if packet.code == Code::TERMINATE_REQUEST
            && frame.protocol == Protocol::LCP
            && self.link.ip().is_some()
            && !self.has_hung_up
        {
            self.has_hung_up = true;
            self.link.close(now);
        }
        self.settle(now);
    }

    fn settle(&mut self, now: Duration) {
        loop {
            while let Some(event) = self.link.poll_event() {
                self.outcome.take(&self.link, event);
                match event {
                    Event::Authenticate(question) => self.judge(now, question.ticket()),
                    // A user who has typed the password has no other one.
                    Event::Prove(Demand::Proof { is_retry: true, .. }) => self.link.close(now),
                    Event::Prove(demand) => {
                        let secret = Secret::Password(self.password.as_bytes());
                        self.link.prove(now, demand.ticket(), self.user.as_bytes(), &secret).unwrap();
                    }
                    _ => {}
                }
            }
            let mut buf = [0; Link::MAX_TRANSMIT];
            let Some(bytes) = self.link.poll_transmit(now, &mut buf).unwrap() else { return };
            let frame = Frame::decode(bytes).unwrap();
            if self.is_over {
                continue;
            }
            // A request that is repeated because the peer begins is no decision; one that the timer repeats is.
            let is_request = frame.information.first() == Some(&1) && frame.protocol.0 & 0xff00 != 0xc200;
            let before = self.requests.get(&frame.protocol.0);
            let is_copy = |(at, bytes): &(Duration, Vec<u8>)| {
                bytes == frame.information && now.saturating_sub(*at) < Duration::from_secs(1)
            };
            if is_request && before.is_some_and(is_copy) {
                continue;
            }
            if is_request {
                self.requests.insert(frame.protocol.0, (now, frame.information.to_vec()));
            }
            self.decisions.entry(frame.protocol.0).or_default().push(Decision::new(&frame));
            self.peer.take(now, &frame);
        }
    }

    /// Answers as the recorded server's accounts and texts do.
    fn judge(&mut self, now: Duration, ticket: ppp_fsm::auth::Ticket) {
        use md5::{Digest, Md5};

        let presented = self.link.presented().unwrap();
        let is_known = presented.name().unwrap().0 != b"mallory";
        let (is_good, good, bad): (_, &[u8], &[u8]) = match presented {
            Presented::Pap { password, .. } => (password.matches(STORED), b"Login ok", b"Login incorrect"),
            Presented::Md5 { identifier, challenge, response, .. } => {
                let hash =
                    Md5::new().chain_update([identifier]).chain_update(STORED).chain_update(challenge).finalize();
                let is_accel = self.session.name.starts_with("x-accel");
                let good: &[u8] = if is_accel { b"Authentication succeeded" } else { b"Access granted" };
                (hash.as_slice() == response, good, b"Access denied")
            }
            _ if is_known => {
                self.link.answer(now, ticket, &Answer::Password(STORED)).unwrap();
                return;
            }
            // pppd says nothing to a stranger.
            _ => (false, b"", b""),
        };
        let answer = if is_good && is_known { Answer::Accept(good) } else { Answer::Reject(bad) };
        self.link.answer(now, ticket, &answer).unwrap();
    }
}

/// Returns the identifier that the recorded side asked for, where IPV6CP did not open.
fn offered_identifier(session: &Session) -> Option<ppp_fsm::ipv6cp::InterfaceIdentifier> {
    let own = session.frames.iter().filter(|recorded| recorded.from == session.place);
    own.map(|recorded| Frame::decode(&recorded.frame).unwrap())
        .filter(|frame| frame.protocol == Protocol::IPV6CP)
        .map(|frame| Packet::decode(frame.information).unwrap())
        .filter(|packet| packet.code == Code::CONFIGURE_REQUEST)
        .find_map(|packet| {
            let option = packet.options().flatten().find(|option| option.option_type == 1)?;
            Some(ppp_fsm::ipv6cp::InterfaceIdentifier(u64::from_be_bytes(option.data.try_into().unwrap())))
        })
}

fn recorded_decisions(session: &Session) -> Decisions {
    let mut decisions = Decisions::new();
    for recorded in session.frames.iter().filter(|recorded| recorded.from == session.place) {
        let frame = Frame::decode(&recorded.frame).unwrap();
        if words::is_control(frame.protocol) {
            decisions.entry(frame.protocol.0).or_default().push(Decision::new(&frame));
        }
    }
    decisions
}

/// One side of a session: a line with what it came to and how many decisions were the same, then what differs.
#[derive(Default)]
struct Report {
    text: String,
    same: usize,
    recorded: usize,
    data: usize,
    reasons: BTreeMap<&'static str, usize>,
    /// The faults: other outcomes, and differences without a reason.
    wrong: Vec<String>,
}

impl Report {
    fn side(&mut self, session: &Session) {
        let recorded = outcome::recorded(session);
        let mut replay = Replay::new(session, &recorded);
        replay.run();
        let ours = &replay.outcome;
        let title = format!("{} {}", session.name, session.place.name());
        // It is a race which side was first to end it, so it counts as a decision.
        if *ours != (Outcome { end: ours.end, ..recorded.clone() }) {
            self.wrong.push(format!("{title}: {recorded} was recorded, {ours} is ours"));
        }
        let theirs = recorded_decisions(session);
        let (mut differences, mut same) = (Vec::new(), 0);
        for protocol in theirs.keys().chain(replay.decisions.keys()).collect::<BTreeSet<_>>() {
            let of = |decisions: &Decisions| decisions.get(protocol).cloned().unwrap_or_default();
            let (differs, equal) = difference::compare(&of(&theirs), &of(&replay.decisions));
            same += equal;
            differences.extend(differs);
        }
        if ours.end != recorded.end {
            let words = |end| vec![format!("end by {end:?}")];
            differences.push(Difference { recorded: words(recorded.end), ours: words(ours.end) });
        }
        for (error, count) in &replay.refused {
            let ours = vec![format!("{count} of {} data packets refused: {error}", replay.data)];
            differences.push(Difference { recorded: Vec::new(), ours });
        }
        let count = theirs.values().map(Vec::len).sum::<usize>();
        writeln!(self.text, "{title}: {ours}; {same} of {count}").unwrap();
        let mut last = "";
        for difference in &differences {
            let Some(reason) = reason::of(&title, difference) else {
                self.wrong.push(format!("{title}: {difference:?}"));
                continue;
            };
            *self.reasons.entry(reason).or_default() += 1;
            if last != reason {
                writeln!(self.text, "  {reason}").unwrap();
            }
            last = reason;
            difference.recorded.iter().for_each(|line| writeln!(self.text, "    - {line}").unwrap());
            difference.ours.iter().for_each(|line| writeln!(self.text, "    + {line}").unwrap());
        }
        (self.same, self.recorded, self.data) = (self.same + same, self.recorded + count, self.data + replay.data);
    }
}

#[test]
fn each_side_of_every_recorded_session_comes_to_the_same() {
    let sessions = recording::sessions();
    let mut report = Report::default();
    sessions.iter().for_each(|session| report.side(session));
    if let Some(path) = std::env::var_os("PPP_REPLAY") {
        std::fs::write(path, &report.text).unwrap();
    }
    for (reason, count) in &report.reasons {
        say!("{count:4} {reason}");
    }
    say!(
        "{} sides: {} of {} recorded decisions are ours, {} differences; {} packets of data",
        sessions.len(),
        report.same,
        report.recorded,
        report.reasons.values().sum::<usize>(),
        report.data
    );
    assert!(report.wrong.is_empty(), "{:#?}", report.wrong);
    assert!(report.text == include_str!("expected.txt"), "it differs from expected.txt:\n{}", report.text);
    assert_eq!(sessions.len(), 60);
}
