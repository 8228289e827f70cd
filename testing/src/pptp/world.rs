//! The functions of worlds of sessions alone.

use pptp::ppp_session;
use std::time::Duration;

use pptp::session::{HEADROOM, ReceiveError, SendError};

use super::OneCall as _;
use super::{Client, Got, Host, Log, Sent, index_of, ip_packet};
use crate::{CLIENT, Endpoint, World};

/// A side that carries IP packets.
pub trait Tunnelled: Endpoint {
    /// Returns what was sent and got.
    fn log(&self) -> &Log;
    /// Returns what was sent and got.
    fn log_mut(&mut self) -> &mut Log;
    /// Hands over a GRE packet. Returns the IP packet in it.
    fn handle_gre(&mut self, now: Duration, packet: &mut [u8]) -> Result<Option<Vec<u8>>, ReceiveError>;
    /// Makes a GRE packet of the IP packet behind `HEADROOM` bytes.
    fn send_ip(&mut self, now: Duration, buf: &mut [u8]) -> Result<Vec<u8>, SendError>;
}

impl Tunnelled for Client {
    fn log(&self) -> &Log {
        &self.log
    }

    fn log_mut(&mut self) -> &mut Log {
        &mut self.log
    }

    fn handle_gre(&mut self, now: Duration, packet: &mut [u8]) -> Result<Option<Vec<u8>>, ReceiveError> {
        Self::handle_gre(self, now, packet)
    }

    fn send_ip(&mut self, now: Duration, buf: &mut [u8]) -> Result<Vec<u8>, SendError> {
        self.session.send_ip(now, buf).map(<[u8]>::to_vec)
    }
}

impl<const N: usize> Tunnelled for Host<N> {
    fn log(&self) -> &Log {
        &self.log
    }

    fn log_mut(&mut self) -> &mut Log {
        &mut self.log
    }

    fn handle_gre(&mut self, now: Duration, packet: &mut [u8]) -> Result<Option<Vec<u8>>, ReceiveError> {
        Self::handle_gre(self, now, packet)
    }

    fn send_ip(&mut self, now: Duration, buf: &mut [u8]) -> Result<Vec<u8>, SendError> {
        let call = self.session().calls().next().map(|call| call.id()).ok_or(SendError::NoCall)?;
        self.with(|session| session.call_mut(call).unwrap().send_ip(now, buf).map(<[u8]>::to_vec))
    }
}

impl<const N: usize> World<Client, Host<N>> {
    /// Returns one side.
    #[must_use]
    pub fn side(&self, side: usize) -> &dyn Tunnelled {
        if side == CLIENT { &self.client } else { &self.server }
    }

    /// Returns one side.
    pub fn side_mut(&mut self, side: usize) -> &mut dyn Tunnelled {
        if side == CLIENT { &mut self.client } else { &mut self.server }
    }

    /// Returns what this side has sent.
    #[must_use]
    pub fn sent(&self, from: usize) -> &Sent {
        &self.side(from).log().sent
    }

    /// Returns what the other side got of what this side has sent.
    #[must_use]
    pub fn got(&self, from: usize) -> &Got {
        &self.side(1 - from).log().got
    }

    /// Returns the indices of the packets of this side that came out at the other.
    #[must_use]
    pub fn delivered(&self, from: usize) -> Vec<u32> {
        self.got(from).packets.iter().map(|packet| index_of(from, packet)).collect()
    }

    /// Sends an IP packet, whose index becomes the mark of its datagram.
    pub fn send_packet(&mut self, from: usize, packet: &[u8], mark: Option<u32>) -> Result<(), SendError> {
        let mut buf = vec![0; HEADROOM];
        buf.extend_from_slice(packet);
        let now = self.now;
        let packet = self.side_mut(from).send_ip(now, &mut buf)?;
        self.side_mut(from).log_mut().note(&packet);
        self.send_datagram(from, &packet, mark);
        self.settle();
        Ok(())
    }

    /// Sends the packet of this index.
    pub fn send(&mut self, from: usize, index: u32, length: usize, is_ipv6: bool) -> Result<(), SendError> {
        self.send_packet(from, &ip_packet(from, index, length, is_ipv6), Some(index))
    }

    /// Lets a GRE packet from nowhere arrive.
    pub fn inject(&mut self, to: usize, packet: &[u8]) -> Result<(), ReceiveError> {
        let now = self.now;
        let result = self.side_mut(to).handle_gre(now, &mut packet.to_vec()).map(|_| ());
        self.settle();
        result
    }

    /// Returns whether IP flows, as both sides say.
    #[must_use]
    pub fn is_up(&self) -> bool {
        let link = self.server.call().and_then(|call| self.server.session().call(call).map(|call| call.ppp().link()));
        self.client.session.ip().is_some() && link.is_some_and(|link| link.ip().is_some())
    }

    /// Returns whether both sides have said that all is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.client.closed.is_some() && self.server.closed.is_some()
    }

    /// Asserts that after the end nothing is due, and nothing is sent.
    pub fn check_end(&mut self) {
        assert!(self.is_over(), "client {:?}, server {:?}", self.client.closed, self.server.closed);
        assert_eq!(self.client.poll_timeout(), None);
        // An answer of the server's user may still come.
        self.run(self.server.answer_delay);
        assert_eq!(self.server.poll_timeout(), None);
        let story =
            |world: &Self| ([*world.sent(0), *world.sent(1)], world.client.events.len(), world.server.events.len());
        let before = story(self);
        self.run(Duration::from_secs(3600));
        assert_eq!(before, story(self), "something happens after the end");
        assert!(matches!(
            self.send(CLIENT, 0, 40, false),
            Err(SendError::NoCall | SendError::Ppp(ppp_session::SendError::NotConnected { .. }))
        ));
        assert_eq!(self.server.calls.len(), self.server.call_ends.len(), "each call ended once");
        self.server.check_removed();
    }
}
