//! A server and its user.

use std::collections::BTreeMap;
use std::time::Duration;

use l2tp_session::server::{Config, Limits, Server, TunnelId};
use l2tp_session::session::{HEADROOM, MAX_RECEIVE, ReceiveError, SendError, SessionId};
use l2tp_session::wire::Address;

use super::{Outside, User, entropy};
use crate::{CLIENT, Datagram, Endpoint, Output, Random};

/// A server and its user.
#[derive(Debug)]
pub struct Host {
    /// The server.
    pub server: Server,
    /// Its user, for each tunnel that there was.
    pub users: BTreeMap<TunnelId, User>,
    /// The carrier of its packets.
    pub outside: Outside,
    /// Why packets were refused.
    pub refused: Vec<ReceiveError>,
    /// The password of all clients.
    pub password: String,
    /// Whether questions are answered.
    pub answers: bool,
}

impl Host {
    /// Makes a server without tunnels.
    #[must_use]
    pub fn new(config: &Config, outside: Outside, seed: u64) -> Self {
        Self::with_limits(config, outside, seed, Limits::default())
    }

    /// Makes a server without tunnels.
    #[must_use]
    pub fn with_limits(config: &Config, outside: Outside, seed: u64, limits: Limits) -> Self {
        Self {
            server: Server::new(config.clone(), limits, entropy(seed, 2)),
            users: BTreeMap::new(),
            outside,
            refused: Vec::new(),
            password: super::PASSWORD.to_owned(),
            answers: true,
        }
    }

    /// Returns whether IP, or frames, flow in any tunnel.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.users.values().any(|user| !user.connected.is_empty())
    }

    /// Returns all that came in, in the order of tunnels.
    #[must_use]
    pub fn packets(&self) -> Vec<Vec<u8>> {
        self.users.values().flat_map(|user| user.packets.clone()).collect()
    }

    /// Returns the oldest tunnel.
    #[must_use]
    pub fn tunnel(&self) -> TunnelId {
        self.server.tunnels().next().unwrap()
    }

    /// Returns the user of the only tunnel that there was.
    #[must_use]
    pub fn user(&self) -> &User {
        self.users.values().next().unwrap()
    }

    /// Returns the oldest call of the oldest tunnel.
    #[must_use]
    pub fn call(&self) -> SessionId {
        self.server.session(self.tunnel()).unwrap().first_call().unwrap().id()
    }

    /// Makes the packet that carries an IP packet, or a frame, by the oldest call.
    pub fn send(&mut self, now: Duration, content: &[u8]) -> Result<Vec<u8>, SendError> {
        let id = self.server.tunnels().next().ok_or(SendError::NoCall)?;
        let mut session = self.server.session_mut(id).ok_or(SendError::NoCall)?;
        let mut buf = [&[0; HEADROOM][..], content].concat();
        let mut call = session.first_call_mut().ok_or(SendError::NoCall)?;
        match call.send_ip(now, &mut buf) {
            Ok(packet) => Ok(packet.payload.to_vec()),
            Err(SendError::OtherPayload) => Ok(call.send_frame(now, &mut buf)?.payload.to_vec()),
            Err(error) => Err(error),
        }
    }

    /// Takes a packet from anybody.
    pub fn receive(&mut self, now: Duration, source: Address, bytes: &[u8]) -> Result<(), ReceiveError> {
        let (mut packet, mut scratch) = (bytes.to_vec(), [0; MAX_RECEIVE]);
        let (id, received) = self.server.handle_datagram(now, source, &mut packet, &mut scratch)?;
        self.users.entry(id).or_default().take(received);
        Ok(())
    }

    /// Polls everything that is ready; packets go to `send`.
    pub fn settle(&mut self, now: Duration, mut send: impl FnMut(Address, Vec<u8>)) -> bool {
        let mut is_any = false;
        loop {
            let Some(mut session) = self.server.poll_ready() else { break };
            let id = session.id();
            let user = self.users.entry(id).or_default();
            user.password.clone_from(&self.password);
            user.answers = self.answers;
            let mut output = Output::default();
            is_any |= user.settle(now, &mut *session, &mut output);
            let destination = session.tunnel().address().unwrap();
            let is_drained = session.is_drained();
            drop(session);
            output.datagrams.into_iter().for_each(|bytes| send(destination, bytes));
            if is_drained {
                self.server.remove(now, id);
            }
        }
        is_any
    }
}

impl Endpoint for Host {
    fn handle_datagram(&mut self, now: Duration, datagram: Datagram) {
        let source = self.outside.address(CLIENT);
        if let Err(error) = self.receive(now, source, &datagram.bytes) {
            self.refused.push(error);
        }
    }

    fn poll(&mut self, now: Duration, output: &mut Output) -> bool {
        let client = self.outside.address(CLIENT);
        self.settle(now, |destination, bytes| {
            assert_eq!(destination, client, "packets go to the peer");
            output.datagrams.push(bytes);
        })
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.server.poll_timeout()
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.server.handle_timeout(now);
    }

    fn disturb(&mut self, early: Duration, _random: &mut Random) {
        self.server.handle_timeout(early);
        let ids: Vec<_> = self.server.tunnels().collect();
        for id in ids {
            let mut session = self.server.session_mut(id).unwrap();
            session.handle_timeout(early);
            let _ = session.poll_transmit(early, &mut []);
        }
    }
}
