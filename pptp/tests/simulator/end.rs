//! A client and a server with their users: who answers what is asked.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use pptp::client;
use pptp::mschap::{Account, FailureCode, NtHash};
use pptp::ppp::auth::{Answer, Outcome, Presented, Question, Secret};
use pptp::server::{self, ConnectionId, Limits, Server, Session};
use pptp::session::{Event, ExternalKeys, MAX_RECEIVE, MAX_TRANSMIT, Reason, ReceiveError, SendError};
use pptp::wire::connection::{CallId, CloseReason};

/// What came out of an endpoint.
#[derive(Default)]
pub(crate) struct Output {
    /// How many control messages may be polled.
    pub(crate) room: usize,
    pub(crate) control: Vec<Vec<u8>>,
    pub(crate) tunnel: Vec<Vec<u8>>,
    pub(crate) received: Vec<Vec<u8>>,
}

/// What both have in common.
pub(crate) trait End {
    fn handle_stream(&mut self, now: Duration, octets: &[u8]) -> usize;
    fn handle_disconnect(&mut self, now: Duration);
    /// The IP packet, if there is one.
    fn handle_gre(&mut self, now: Duration, packet: &mut [u8]) -> Result<Option<Vec<u8>>, ReceiveError>;
    fn send_ip(&mut self, now: Duration, buf: &mut [u8]) -> Result<Vec<u8>, SendError>;
    /// Everything that there is to poll. Whether there was anything.
    fn poll(&mut self, now: Duration, output: &mut Output) -> bool;
    /// What could not be polled before may be polled now.
    fn look_again(&mut self) {}
    fn poll_timeout(&self) -> Option<Duration>;
    fn handle_timeout(&mut self, now: Duration);
    /// Whether it has nothing more to say.
    fn is_closed(&self) -> bool;
}

pub(crate) struct Client {
    pub(crate) session: client::Session,
    pub(crate) events: Vec<Event>,
    /// What is said when the password has expired, and how long its user thinks about it.
    pub(crate) new_password: Option<&'static str>,
    /// Names and passwords for further tries, the last first.
    pub(crate) retries: Vec<(&'static str, &'static str)>,
    pub(crate) closed: Option<Reason>,
}

impl Client {
    pub(crate) fn new(config: &client::Config, entropy: [u8; 32]) -> Self {
        let session = client::Session::new(config, entropy);
        Self { session, events: Vec::new(), new_password: None, retries: Vec::new(), closed: None }
    }

    fn handle_event(&mut self, now: Duration, event: Event) {
        assert_eq!(self.closed, None, "{event:?} after the end");
        self.events.push(event);
        match event {
            Event::PasswordExpired => {
                if let Some(new) = self.new_password {
                    self.session.change_password(now, new).unwrap();
                }
            }
            Event::Prove(demand) => {
                if let Some((name, password)) = self.retries.pop() {
                    let secret = Secret::Password(password.as_bytes());
                    self.session.prove(now, demand.ticket(), name, &secret).unwrap();
                }
            }
            Event::Closed(reason) => self.closed = Some(reason),
            _ => {}
        }
    }
}

impl End for Client {
    fn handle_stream(&mut self, now: Duration, octets: &[u8]) -> usize {
        self.session.handle_stream(now, octets)
    }

    fn handle_disconnect(&mut self, now: Duration) {
        self.session.handle_disconnect(now);
    }

    fn handle_gre(&mut self, now: Duration, packet: &mut [u8]) -> Result<Option<Vec<u8>>, ReceiveError> {
        Ok(self.session.handle_gre(now, packet)?.ip().map(<[u8]>::to_vec))
    }

    fn send_ip(&mut self, now: Duration, buf: &mut [u8]) -> Result<Vec<u8>, SendError> {
        self.session.send_ip(now, buf).map(<[u8]>::to_vec)
    }

    fn poll(&mut self, now: Duration, output: &mut Output) -> bool {
        let mut is_any = false;
        let mut buf = [0; MAX_RECEIVE];
        while let Some(event) = self.session.poll_event() {
            self.handle_event(now, event);
            is_any = true;
        }
        while let Some(packet) = self.session.poll_receive(now, &mut buf).unwrap() {
            output.received.push(packet.to_vec());
            is_any = true;
        }
        while let Some(packet) = self.session.poll_tunnel(now, &mut buf[..MAX_TRANSMIT]).unwrap() {
            output.tunnel.push(packet.to_vec());
            is_any = true;
        }
        while output.control.len() < output.room {
            let Some(octets) = self.session.poll_control(now, &mut buf).unwrap() else { break };
            output.control.push(octets.to_vec());
            is_any = true;
        }
        is_any
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.session.poll_timeout()
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.session.handle_timeout(now);
    }

    fn is_closed(&self) -> bool {
        self.closed.is_some()
    }
}

/// What a server's user says to what a client presents.
#[derive(Clone)]
pub(crate) enum Decision {
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

enum Kind {
    Alone(Box<Session>),
    OfMany(Box<Server>, ConnectionId),
}

/// A server with one connection.
pub(crate) struct Host {
    kind: Kind,
    pub(crate) events: Vec<server::Event>,
    decide: Decide,
    /// How long an answer takes.
    pub(crate) answer_delay: Duration,
    answers: Vec<(Duration, CallId, Question, Decision)>,
    pub(crate) changed: usize,
    pub(crate) calls: Vec<CallId>,
    pub(crate) call_ends: Vec<Reason>,
    pub(crate) closed: Option<CloseReason>,
}

/// Where the client of a [`Host`] seems to be.
pub(crate) const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

impl Host {
    pub(crate) fn new(
        config: &server::Config,
        entropy: [u8; 32],
        is_of_many: bool,
        decide: impl FnMut(&Presented<'_>) -> Decision + 'static,
    ) -> Self {
        let kind = if is_of_many {
            let mut server = Server::new(config.clone(), Limits::default());
            let id = server.accept(Duration::ZERO, PEER, entropy).unwrap();
            Kind::OfMany(Box::new(server), id)
        } else {
            let mut session = Session::new(config, entropy);
            session.open(Duration::ZERO);
            Kind::Alone(Box::new(session))
        };
        Self {
            kind,
            events: Vec::new(),
            decide: Box::new(decide),
            answer_delay: Duration::ZERO,
            answers: Vec::new(),
            changed: 0,
            calls: Vec::new(),
            call_ends: Vec::new(),
            closed: None,
        }
    }

    /// Gives commands.
    pub(crate) fn with<R>(&mut self, command: impl FnOnce(&mut Session) -> R) -> R {
        match &mut self.kind {
            Kind::Alone(session) => command(session),
            Kind::OfMany(server, id) => command(&mut server.session_mut(*id).unwrap()),
        }
    }

    /// Looks.
    pub(crate) fn session(&self) -> &Session {
        match &self.kind {
            Kind::Alone(session) => session,
            Kind::OfMany(server, id) => server.session(*id).unwrap(),
        }
    }

    /// The call that there is.
    pub(crate) fn call(&self) -> Option<CallId> {
        self.calls.last().copied().filter(|_| self.call_ends.len() < self.calls.len())
    }

    /// Nothing is left behind.
    pub(crate) fn check_removed(&mut self) {
        assert_eq!(self.session().calls().count(), 0);
        if let Kind::OfMany(server, id) = &mut self.kind {
            server.remove(*id);
            assert!(server.is_empty() && server.poll_timeout().is_none() && server.poll_ready().is_none());
            // No route, and no count of the address.
            assert!(server.handle_gre(Duration::ZERO, PEER, &mut [0x30; 20]).is_err());
        }
    }

    fn answer(&mut self, now: Duration, call: CallId, question: Question, decision: &Decision) {
        let ticket = question.ticket();
        let outcome = self.with(|session| match decision {
            Decision::Password(password) => session.answer(now, call, ticket, &Answer::Password(password.as_bytes())),
            Decision::Restricted(password, code) => {
                let hash = NtHash::from_password(*password);
                session.answer(now, call, ticket, &Answer::Account(&Account::new(&hash).with_restriction(*code)))
            }
            Decision::Accept(message, keys) => session.accept(now, call, ticket, message, keys.clone()),
            Decision::Reject(message) => session.answer(now, call, ticket, &Answer::Reject(message)),
            Decision::RejectChange(password) => {
                let outcome = session.answer(now, call, ticket, &Answer::Password(password.as_bytes()));
                session.reject_change(now, call);
                outcome
            }
        });
        // What comes too late answers nothing, and does no harm.
        if let Ok(Outcome::PasswordChanged(_)) = outcome {
            self.changed += 1;
        }
    }

    fn handle_event(&mut self, now: Duration, event: server::Event) {
        assert_eq!(self.closed, None, "{event:?} after the end");
        self.events.push(event);
        match event {
            server::Event::Call { call, event } => {
                if !self.calls.contains(&call) {
                    self.calls.push(call);
                    self.with(|session| session.assign_address(call, Ipv4Addr::new(10, 0, 0, 2)));
                }
                match event {
                    Event::Authenticate(question) => {
                        let Self { decide, kind, .. } = self;
                        let session = match kind {
                            Kind::Alone(session) => &**session,
                            Kind::OfMany(server, id) => server.session(*id).unwrap(),
                        };
                        let decision = decide(&session.presented(call).unwrap());
                        if self.answer_delay.is_zero() {
                            self.answer(now, call, question, &decision);
                        } else {
                            self.answers.push((now + self.answer_delay, call, question, decision));
                        }
                    }
                    Event::Closed(reason) => self.call_ends.push(reason),
                    _ => {}
                }
            }
            server::Event::Closed(reason) => self.closed = Some(reason),
            _ => {}
        }
    }
}

/// Everything of one session. The events are handled by somebody else.
fn poll_session(session: &mut Session, now: Duration, output: &mut Output, events: &mut Vec<server::Event>) {
    let mut buf = [0; MAX_RECEIVE];
    while let Some(event) = session.poll_event() {
        events.push(event);
    }
    while let Some((_, packet)) = session.poll_receive(now, &mut buf).unwrap() {
        output.received.push(packet.to_vec());
    }
    while let Some(packet) = session.poll_tunnel(now, &mut buf).unwrap() {
        output.tunnel.push(packet.to_vec());
    }
    while output.control.len() < output.room {
        let Some(octets) = session.poll_control(now, &mut buf).unwrap() else { break };
        output.control.push(octets.to_vec());
    }
}

impl End for Host {
    fn handle_stream(&mut self, now: Duration, octets: &[u8]) -> usize {
        match &mut self.kind {
            Kind::Alone(session) => session.handle_stream(now, octets),
            Kind::OfMany(server, id) => server.handle_stream(now, *id, octets),
        }
    }

    fn handle_disconnect(&mut self, now: Duration) {
        match &mut self.kind {
            Kind::Alone(session) => session.handle_disconnect(now),
            Kind::OfMany(server, id) => server.handle_disconnect(now, *id),
        }
    }

    fn handle_gre(&mut self, now: Duration, packet: &mut [u8]) -> Result<Option<Vec<u8>>, ReceiveError> {
        let received = match &mut self.kind {
            Kind::Alone(session) => session.handle_gre(now, packet)?.1,
            Kind::OfMany(server, _) => server.handle_gre(now, PEER, packet)?.2,
        };
        Ok(received.ip().map(<[u8]>::to_vec))
    }

    fn send_ip(&mut self, now: Duration, buf: &mut [u8]) -> Result<Vec<u8>, SendError> {
        let call = self.call().ok_or(SendError::NoCall)?;
        self.with(|session| session.send_ip(now, call, buf).map(<[u8]>::to_vec))
    }

    fn poll(&mut self, now: Duration, output: &mut Output) -> bool {
        let before = output.control.len();
        let mut events = Vec::new();
        match &mut self.kind {
            Kind::Alone(session) => poll_session(session, now, output, &mut events),
            Kind::OfMany(server, _) => {
                while let Some(mut session) = server.poll_ready() {
                    poll_session(&mut session, now, output, &mut events);
                }
            }
        }
        let is_any = !events.is_empty()
            || !output.received.is_empty()
            || !output.tunnel.is_empty()
            || output.control.len() > before;
        for event in events {
            self.handle_event(now, event);
        }
        is_any
    }

    fn look_again(&mut self) {
        self.with(|_| ());
    }

    fn poll_timeout(&self) -> Option<Duration> {
        let session = match &self.kind {
            Kind::Alone(session) => session.poll_timeout(),
            Kind::OfMany(server, _) => server.poll_timeout(),
        };
        self.answers.iter().map(|(at, ..)| *at).chain(session).min()
    }

    fn handle_timeout(&mut self, now: Duration) {
        match &mut self.kind {
            Kind::Alone(session) => session.handle_timeout(now),
            Kind::OfMany(server, _) => server.handle_timeout(now),
        }
        let (due, later) = std::mem::take(&mut self.answers).into_iter().partition(|(at, ..)| *at <= now);
        self.answers = later;
        let due: Vec<_> = due;
        for (_, call, question, decision) in due {
            self.answer(now, call, question, &decision);
        }
    }

    fn is_closed(&self) -> bool {
        self.closed.is_some()
    }
}
