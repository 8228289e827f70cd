//! A client and its user.

use std::time::Duration;

use l2tp_session::client::{Config, Session};
use l2tp_session::session::{HEADROOM, MAX_RECEIVE, ReceiveError, SendError, SessionId};

use super::{Outside, User, entropy, tunnel_ids};
use crate::{Datagram, Endpoint, Output, Random, SERVER};

/// A client and its user.
#[derive(Debug)]
pub struct Client {
    /// The session.
    pub session: Session,
    /// Its user.
    pub user: User,
    /// The carrier of its packets.
    pub outside: Outside,
    /// Why packets were refused.
    pub refused: Vec<ReceiveError>,
}

impl Client {
    /// Makes a client that has asked for its tunnel.
    #[must_use]
    pub fn new(config: &Config, outside: Outside, seed: u64) -> Self {
        let mut session = Session::dial(config, outside.address(SERVER), tunnel_ids(seed), entropy(seed, 1));
        session.open(Duration::ZERO).unwrap();
        Self { session, user: User::default(), outside, refused: Vec::new() }
    }

    /// Returns whether IP, or frames, flow.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        !self.user.connected.is_empty()
    }

    /// Returns the id of its call.
    #[must_use]
    pub fn call(&self) -> SessionId {
        self.session.first_call().unwrap().id()
    }

    /// Makes the packet that carries an IP packet, or a frame.
    pub fn send(&mut self, now: Duration, content: &[u8]) -> Result<Vec<u8>, SendError> {
        let mut buf = [&[0; HEADROOM][..], content].concat();
        let mut call = self.session.first_call_mut().ok_or(SendError::NoCall)?;
        match call.send_ip(now, &mut buf) {
            Ok(packet) => Ok(packet.payload.to_vec()),
            Err(SendError::OtherPayload) => Ok(call.send_frame(now, &mut buf)?.payload.to_vec()),
            Err(error) => Err(error),
        }
    }
}

impl Endpoint for Client {
    fn handle_datagram(&mut self, now: Duration, mut datagram: Datagram) {
        let source = self.outside.address(SERVER);
        match self.session.handle_datagram(now, source, &mut datagram.bytes, &mut [0; MAX_RECEIVE]) {
            Ok(received) => self.user.take(received),
            Err(error) => self.refused.push(error),
        }
    }

    fn poll(&mut self, now: Duration, output: &mut Output) -> bool {
        self.user.settle(now, &mut self.session, output)
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.session.poll_timeout()
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.session.handle_timeout(now);
    }

    fn disturb(&mut self, early: Duration, _random: &mut Random) {
        self.session.handle_timeout(early);
        let _ = self.session.poll_transmit(early, &mut []);
        let _ = self.session.poll_receive(early, &mut []);
    }
}
