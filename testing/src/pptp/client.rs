//! A client with its user.

use pptp::ppp_session;
use std::time::Duration;

use pptp::client;
use pptp::ppp::auth::{Demand, Secret};
use pptp::session::{CallEvent, Event, MAX_RECEIVE, MAX_TRANSMIT, Reason, ReceiveError};

use super::Log;
use crate::{Datagram, Endpoint, Output, Random};

/// A client whose user answers what is asked.
#[derive(Debug)]
pub struct Client {
    /// The session.
    pub session: client::Session,
    /// All events.
    pub events: Vec<CallEvent>,
    /// The packets sent and received.
    pub log: Log,
    /// Whether the user looks at events.
    pub polls: bool,
    /// The answer when the password has expired.
    pub new_password: Option<&'static str>,
    /// Names and passwords for further tries, the last first.
    pub retries: Vec<(&'static str, &'static str)>,
    /// The demand that nothing in `retries` has met.
    pub demand: Option<Demand>,
    /// Why it ended.
    pub closed: Option<Reason>,
}

impl Client {
    /// Creates a client that begins at once.
    #[must_use]
    pub fn new(config: &client::Config, entropy: [u8; 32]) -> Self {
        let mut session = client::Session::new(config, entropy);
        session.open(Duration::ZERO);
        Self {
            session,
            events: Vec::new(),
            log: Log::default(),
            polls: true,
            new_password: None,
            retries: Vec::new(),
            demand: None,
            closed: None,
        }
    }

    /// Hands over a GRE packet. Returns the IP packet in it.
    pub fn handle_gre(&mut self, now: Duration, packet: &mut [u8]) -> Result<Option<Vec<u8>>, ReceiveError> {
        Ok(self.session.handle_gre(now, packet, &mut [0; MAX_RECEIVE])?.1.ip().map(<[u8]>::to_vec))
    }

    /// Takes the events, and the IP packets that waited. Returns whether there were any.
    pub fn poll_received(&mut self, now: Duration) -> bool {
        let story = |client: &Self| (client.events.len(), client.log.got.packets.len());
        let before = story(self);
        let mut buf = [0; MAX_RECEIVE];
        while let Some((_, packet)) = self.session.poll_receive(now, &mut buf).unwrap() {
            self.log.got.packets.push(packet.to_vec());
        }
        while let Some(event) = self.polls.then(|| self.session.poll_event()).flatten() {
            self.handle_event(now, event);
        }
        story(self) != before
    }

    fn handle_event(&mut self, now: Duration, event: Event) {
        assert_eq!(self.closed, None, "{event:?} after the end");
        let event = match event {
            // The end of the session says the same.
            Event::Established | Event::Call { event: CallEvent::Closed(_), .. } => return,
            Event::Call { event, .. } => event,
            Event::Closed(reason) => CallEvent::Closed(reason),
            _ => return,
        };
        self.events.push(event);
        match event {
            CallEvent::Ppp(ppp_session::Event::PasswordExpired) => {
                if let Some(new) = self.new_password {
                    self.session.first_call_mut().unwrap().change_password(now, new).unwrap();
                }
            }
            CallEvent::Ppp(ppp_session::Event::Prove(demand)) => {
                if let Some((name, password)) = self.retries.pop() {
                    let secret = Secret::Password(password.as_bytes());
                    self.session.first_call_mut().unwrap().prove(now, demand.ticket(), name, &secret).unwrap();
                } else {
                    self.demand = Some(demand);
                }
            }
            CallEvent::Closed(reason) => {
                assert!(!reason.to_string().is_empty() && !reason.advice().is_empty());
                self.closed = Some(reason);
            }
            _ => {}
        }
    }
}

impl Endpoint for Client {
    fn handle_datagram(&mut self, now: Duration, mut datagram: Datagram) {
        let result = self.handle_gre(now, &mut datagram.bytes);
        self.log.receive(datagram.mark, &result);
    }

    fn handle_stream(&mut self, now: Duration, bytes: &[u8]) -> usize {
        self.session.handle_stream(now, bytes)
    }

    fn handle_stream_end(&mut self, now: Duration) {
        self.session.handle_disconnect(now);
    }

    fn poll(&mut self, now: Duration, output: &mut Output) -> bool {
        let mut is_any = self.poll_received(now);
        let mut buf = [0; MAX_TRANSMIT];
        while let Some(packet) = self.session.poll_tunnel(now, &mut buf).unwrap() {
            self.log.note(packet);
            output.datagrams.push(packet.to_vec());
            is_any = true;
        }
        while output.stream.len() < output.room {
            let Some(bytes) = self.session.poll_control(now, &mut buf).unwrap() else { break };
            output.stream.push(bytes.to_vec());
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

    fn disturb(&mut self, early: Duration, _random: &mut Random) {
        self.session.handle_timeout(early);
        assert!(self.session.handle_gre(early, &mut [0x30], &mut []).is_err());
    }

    fn has_closed(&self) -> bool {
        self.closed.is_some()
    }
}
