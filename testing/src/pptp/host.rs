//! A server with one connection, and its user.

use pptp::ppp_session;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use pptp::mschap::{Account, FailureCode, NtHash};
use pptp::ppp::auth::{Answer, AnswerError, Outcome, Presented, Question};
use pptp::server::{self, ConnectionId, Limits, Server, Session};
use pptp::session::{CallEvent, Event, ExternalKeys, MAX_RECEIVE, MAX_TRANSMIT, Reason, ReceiveError};
use pptp::wire::connection::CallId;

use super::{CLIENT_ADDRESS, Log, PASSWORD, Peer};
use crate::{Datagram, Endpoint, Output};

/// The answer of a server's user to what a client presents.
#[derive(Debug, Clone)]
pub enum Decision {
    /// This is the password.
    Password(&'static str),
    /// This is the password, and there is something about the account.
    Restricted(&'static str, FailureCode),
    /// As a RADIUS server said.
    Accept(Vec<u8>, Option<ExternalKeys>),
    /// No.
    Reject(&'static [u8]),
    /// The new password is not good enough.
    RejectChange(&'static str),
}

type Decide = Box<dyn FnMut(&Presented<'_>) -> Decision>;
/// Looks at a session right after each event, before the next is polled.
pub type Hook<const N: usize> = Box<dyn FnMut(&mut Session<N>, &Event)>;

enum Kind<const N: usize> {
    Alone(Box<Session<N>>),
    OfMany(Box<Server<N>>, ConnectionId),
}

impl<const N: usize> Peer<N> for Kind<N> {
    fn with<R>(&mut self, command: impl FnOnce(&mut Session<N>) -> R) -> R {
        match self {
            Self::Alone(session) => command(session),
            Self::OfMany(server, id) => command(&mut server.session_mut(*id).unwrap()),
        }
    }

    fn handle_stream(&mut self, now: Duration, bytes: &[u8]) -> usize {
        match self {
            Self::Alone(session) => session.handle_stream(now, bytes),
            Self::OfMany(server, id) => server.handle_stream(now, *id, bytes),
        }
    }

    fn handle_gre<R>(
        &mut self,
        now: Duration,
        packet: &mut [u8],
        take: impl FnOnce(Result<Option<&[u8]>, ReceiveError>) -> R,
    ) -> R {
        let mut scratch = [0; MAX_RECEIVE];
        let received = match self {
            Self::Alone(session) => session.handle_gre(now, packet, &mut scratch).map(|(_, received)| received),
            Self::OfMany(server, _) => {
                server.handle_gre(now, PEER, packet, &mut scratch).map(|(_, _, received)| received)
            }
        };
        match received {
            Ok(received) => take(Ok(received.ip())),
            Err(error) => take(Err(error)),
        }
    }
}

/// A server with one connection: alone, or one of many.
pub struct Host<const N: usize = 4> {
    kind: Kind<N>,
    /// All events.
    pub events: Vec<Event>,
    /// The packets sent and received.
    pub log: Log,
    /// Whether the user looks at events.
    pub polls: bool,
    /// Whether the user answers; otherwise the test does, by [`Host::question`].
    pub answers: bool,
    /// Looks at each event.
    pub hook: Option<Hook<N>>,
    decide: Decide,
    /// How long an answer takes.
    pub answer_delay: Duration,
    later: Vec<(Duration, CallId, Question, Decision)>,
    /// A question that waits for the test.
    pub question: Option<(CallId, Question)>,
    /// How many passwords were changed.
    pub changed: usize,
    /// All calls, in the order of their beginning.
    pub calls: Vec<CallId>,
    open: Vec<CallId>,
    /// Why calls ended.
    pub call_ends: Vec<Reason>,
    /// Why the connection ended.
    pub closed: Option<Reason>,
}

impl<const N: usize> fmt::Debug for Host<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host {{ events: {:?}, closed: {:?} }}", self.events, self.closed)
    }
}

/// Where the client of a [`Host`] seems to be.
pub const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

impl<const N: usize> Host<N> {
    /// Creates a server whose user knows the password.
    #[must_use]
    pub fn new(config: &server::Config, entropy: [u8; 32], is_of_many: bool) -> Self {
        if is_of_many {
            return Self::of_many(config, entropy, Limits::default());
        }
        let mut session = Session::new(config, entropy);
        session.open(Duration::ZERO);
        Self::of_kind(Kind::Alone(Box::new(session)))
    }

    /// Creates the one connection of a server with these limits.
    #[must_use]
    pub fn of_many(config: &server::Config, entropy: [u8; 32], limits: Limits) -> Self {
        let mut server = Server::new(config.clone(), limits);
        let id = server.accept(Duration::ZERO, PEER, entropy).unwrap();
        Self::of_kind(Kind::OfMany(Box::new(server), id))
    }

    fn of_kind(kind: Kind<N>) -> Self {
        Self {
            kind,
            events: Vec::new(),
            log: Log::default(),
            polls: true,
            answers: true,
            hook: None,
            decide: Box::new(|_| Decision::Password(PASSWORD)),
            answer_delay: Duration::ZERO,
            later: Vec::new(),
            question: None,
            changed: 0,
            calls: Vec::new(),
            open: Vec::new(),
            call_ends: Vec::new(),
            closed: None,
        }
    }

    /// Sets what the user decides.
    #[must_use]
    pub fn with_decision(mut self, decide: impl FnMut(&Presented<'_>) -> Decision + 'static) -> Self {
        self.decide = Box::new(decide);
        self
    }

    /// Gives commands.
    pub fn with<R>(&mut self, command: impl FnOnce(&mut Session<N>) -> R) -> R {
        self.kind.with(command)
    }

    /// Returns the session, to look at.
    #[must_use]
    pub fn session(&self) -> &Session<N> {
        match &self.kind {
            Kind::Alone(session) => session,
            Kind::OfMany(server, id) => server.session(*id).unwrap(),
        }
    }

    /// Returns the newest call that has not ended.
    #[must_use]
    pub fn call(&self) -> Option<CallId> {
        self.open.last().copied()
    }

    /// Returns the events of all calls.
    pub fn call_events(&self) -> impl Iterator<Item = &CallEvent> {
        self.events.iter().filter_map(|event| match event {
            Event::Call { event, .. } => Some(event),
            _ => None,
        })
    }

    /// Asserts that nothing is left behind.
    pub fn check_removed(&mut self) {
        assert_eq!(self.session().calls().count(), 0);
        if let Kind::OfMany(server, id) = &mut self.kind {
            server.remove(*id);
            assert!(server.is_empty() && server.poll_timeout().is_none() && server.poll_ready().is_none());
            // No route, and no count of the address.
            assert!(server.handle_gre(Duration::ZERO, PEER, &mut [0x30; 20], &mut []).is_err());
        }
    }

    /// Hands over a GRE packet. Returns the IP packet in it.
    pub fn handle_gre(&mut self, now: Duration, packet: &mut [u8]) -> Result<Option<Vec<u8>>, ReceiveError> {
        self.kind.handle_gre(now, packet, |received| received.map(|packet| packet.map(<[u8]>::to_vec)))
    }

    /// Takes the events, and the IP packets that waited.
    pub fn poll_received(&mut self, now: Duration) {
        let mut events = Vec::new();
        let Self { kind, log, hook, polls, .. } = self;
        kind.with(|session| {
            if *polls {
                take_events(session, hook, &mut events);
            }
            take_received(now, session, log);
        });
        for event in events {
            self.handle_event(now, event);
        }
    }

    fn answer(&mut self, now: Duration, call: CallId, question: Question, decision: &Decision) {
        let ticket = question.ticket();
        let outcome = self.with(|session| {
            let mut call = session.call_mut(call).ok_or(AnswerError::NotAsked)?;
            match decision {
                Decision::Password(password) => call.answer(now, ticket, &Answer::Password(password.as_bytes())),
                Decision::Restricted(password, code) => {
                    let hash = NtHash::from_password(*password);
                    call.answer(now, ticket, &Answer::Account(&Account::new(&hash).with_restriction(*code)))
                }
                Decision::Accept(message, keys) => call.accept(now, ticket, message, keys.clone()),
                Decision::Reject(message) => call.answer(now, ticket, &Answer::Reject(message)),
                Decision::RejectChange(password) => {
                    let outcome = call.answer(now, ticket, &Answer::Password(password.as_bytes()));
                    call.reject_change(now);
                    outcome
                }
            }
        });
        // An answer that comes too late answers nothing, and does no harm.
        if let Ok(Outcome::PasswordChanged(_)) = outcome {
            self.changed += 1;
        }
    }

    fn ask(&mut self, now: Duration, call: CallId, question: Question) {
        if !self.answers {
            self.question = Some((call, question));
            return;
        }
        let Self { decide, kind, .. } = self;
        let session = match kind {
            Kind::Alone(session) => &**session,
            Kind::OfMany(server, id) => server.session(*id).unwrap(),
        };
        // The call may be over when the question is looked at.
        let Some(presented) = session.call(call).and_then(|call| call.ppp().presented()) else { return };
        let decision = decide(&presented);
        if self.answer_delay.is_zero() {
            self.answer(now, call, question, &decision);
        } else {
            self.later.push((now + self.answer_delay, call, question, decision));
        }
    }

    fn handle_event(&mut self, now: Duration, event: Event) {
        assert_eq!(self.closed, None, "{event:?} after the end");
        self.events.push(event);
        match event {
            Event::Call { call, event } => {
                if !self.open.contains(&call) {
                    self.calls.push(call);
                    self.open.push(call);
                    self.with(|session| {
                        // It may be over when its first event is looked at.
                        if let Some(mut call) = session.call_mut(call) {
                            call.assign_address(CLIENT_ADDRESS);
                        }
                    });
                }
                match event {
                    CallEvent::Ppp(ppp_session::Event::Authenticate(question)) => self.ask(now, call, question),
                    CallEvent::Closed(reason) => {
                        assert!(!reason.to_string().is_empty() && !reason.advice().is_empty());
                        self.open.retain(|open| *open != call);
                        self.call_ends.push(reason);
                    }
                    _ => {}
                }
            }
            Event::Closed(reason) => self.closed = Some(reason),
            _ => {}
        }
    }

    /// Polls everything that there is.
    fn poll_all(&mut self, now: Duration, output: &mut Output) -> Vec<Event> {
        let mut events = Vec::new();
        let Self { kind, log, hook, polls, .. } = self;
        let mut poll = |session: &mut Session<N>| {
            if *polls {
                take_events(session, hook, &mut events);
            }
            take_received(now, session, log);
            let mut buf = [0; MAX_TRANSMIT];
            while let Some(packet) = session.poll_tunnel(now, &mut buf).unwrap() {
                log.note(packet);
                output.datagrams.push(packet.to_vec());
            }
            while output.stream.len() < output.room {
                let Some(bytes) = session.poll_control(now, &mut buf).unwrap() else { break };
                output.stream.push(bytes.to_vec());
            }
        };
        match kind {
            Kind::Alone(session) => poll(session),
            Kind::OfMany(server, _) => {
                // A connection that is not ready has nothing.
                let mut rounds = 0;
                while let Some(mut session) = server.poll_ready() {
                    rounds += 1;
                    assert!(rounds < 3, "a connection is ready without an end");
                    poll(&mut session);
                }
            }
        }
        events
    }
}

fn take_events<const N: usize>(session: &mut Session<N>, hook: &mut Option<Hook<N>>, events: &mut Vec<Event>) {
    while let Some(event) = session.poll_event() {
        if let Some(hook) = hook {
            hook(session, &event);
        }
        events.push(event);
    }
}

fn take_received<const N: usize>(now: Duration, session: &mut Session<N>, log: &mut Log) {
    let mut buf = [0; MAX_RECEIVE];
    while let Some((_, packet)) = session.poll_receive(now, &mut buf).unwrap() {
        log.got.packets.push(packet.to_vec());
    }
}

impl<const N: usize> Endpoint for Host<N> {
    fn handle_datagram(&mut self, now: Duration, mut datagram: Datagram) {
        let result = self.handle_gre(now, &mut datagram.bytes);
        self.log.receive(datagram.mark, &result);
    }

    fn handle_stream(&mut self, now: Duration, bytes: &[u8]) -> usize {
        self.kind.handle_stream(now, bytes)
    }

    fn handle_stream_end(&mut self, now: Duration) {
        match &mut self.kind {
            Kind::Alone(session) => session.handle_disconnect(now),
            Kind::OfMany(server, id) => server.handle_disconnect(now, *id),
        }
    }

    fn poll(&mut self, now: Duration, output: &mut Output) -> bool {
        let (packets, stream) = (self.log.got.packets.len(), output.stream.len());
        let events = self.poll_all(now, output);
        let is_any = !events.is_empty()
            || self.log.got.packets.len() > packets
            || !output.datagrams.is_empty()
            || output.stream.len() > stream;
        for event in events {
            self.handle_event(now, event);
        }
        is_any
    }

    fn handle_room(&mut self) {
        // A mutable look makes the connection ready again.
        self.with(|_| ());
    }

    fn poll_timeout(&self) -> Option<Duration> {
        let session = match &self.kind {
            Kind::Alone(session) => session.poll_timeout(),
            Kind::OfMany(server, _) => server.poll_timeout(),
        };
        self.later.iter().map(|(at, ..)| *at).chain(session).min()
    }

    fn handle_timeout(&mut self, now: Duration) {
        match &mut self.kind {
            Kind::Alone(session) => session.handle_timeout(now),
            Kind::OfMany(server, _) => server.handle_timeout(now),
        }
        let (due, later): (Vec<_>, _) = std::mem::take(&mut self.later).into_iter().partition(|(at, ..)| *at <= now);
        self.later = later;
        for (_, call, question, decision) in due {
            self.answer(now, call, question, &decision);
        }
    }

    fn has_closed(&self) -> bool {
        self.closed.is_some()
    }
}
