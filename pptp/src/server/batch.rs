//! Packets of many connections at once.

use core::net::IpAddr;
use core::time::Duration;

use ppp_session::{Lane, Lanes};
use pptp_wire::connection::CallId;

use super::table::{ConnectionId, Server};
use crate::session::{Batch, Opening, ReceiveError, Received, Sealing, SendError};

/// Which call of which connection.
type Place = (ConnectionId, CallId);

/// The result of a packet, with its connection and call.
type Outcome<'r> = Result<(ConnectionId, CallId, Received<'r>), ReceiveError>;

impl<const CALLS: usize> Server<CALLS> {
    /// Takes many packets and their senders as [`handle_gre`](Self::handle_gre) does, in the order
    /// in which they came. Those of different calls are decrypted side by side, which is faster
    /// than one by one. The result of each goes to `each`, with its index; the order is kept within
    /// a call, and not between calls.
    ///
    /// ```
    /// use core::net::{IpAddr, Ipv4Addr};
    /// use core::time::Duration;
    /// use pptp::server::{Config, Limits, Server};
    /// use pptp::session::Batch;
    ///
    /// let mut server: Server =
    ///     Server::new(Config::new(Ipv4Addr::new(10, 0, 0, 1)), Limits::default());
    /// let mut batch = Batch::new();
    /// let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
    /// let (mut first, mut second) = ([0x30; 60], [0x30; 60]);
    /// let mut refused = 0;
    /// server.handle_gre_batch(
    ///     Duration::ZERO,
    ///     &mut batch,
    ///     &mut [(peer, &mut first), (peer, &mut second)],
    ///     |_, received| {
    ///         refused += usize::from(received.is_err());
    ///     },
    /// );
    /// assert_eq!(refused, 2);
    /// ```
    pub fn handle_gre_batch(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        packets: &mut [(IpAddr, &mut [u8])],
        mut each: impl FnMut(usize, Outcome<'_>),
    ) {
        let mut lanes: Lanes<Place, Opening<'_>> = Lanes::new();
        for (index, (peer, packet)) in packets.iter_mut().enumerate() {
            let place = match self.route(*peer, packet) {
                Ok(place) => place,
                Err(error) => {
                    each(index, Err(error));
                    continue;
                }
            };
            if !lanes.has_room_for(&place) {
                self.finish(now, batch, &mut lanes, &mut each);
            }
            let mut told = |received: Result<Received<'_>, ReceiveError>| {
                each(index, received.map(|received| (place.0, place.1, received)));
            };
            if let Some(lent) = self.lend(now, place, batch, packet, &mut told) {
                lanes.push(index, place, lent);
            }
        }
        self.finish(now, batch, &mut lanes, &mut each);
    }

    /// Sends packets of many calls as [`send_ip`](crate::session::CallMut::send_ip) does: those of
    /// different calls are encrypted side by side. The result of each goes to `each`, with its
    /// index; the order is kept within a call, and not between calls.
    ///
    /// ```
    /// use core::net::Ipv4Addr;
    /// use core::time::Duration;
    /// use pptp::server::{Config, Limits, Server};
    /// use pptp::session::Batch;
    ///
    /// let mut server: Server =
    ///     Server::new(Config::new(Ipv4Addr::new(10, 0, 0, 1)), Limits::default());
    /// // Nobody is there to send to.
    /// server.send_ip_batch(Duration::ZERO, &mut Batch::new(), &mut [], |_, _| unreachable!());
    /// ```
    pub fn send_ip_batch(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        packets: &mut [(ConnectionId, CallId, &mut [u8])],
        mut each: impl FnMut(usize, Result<&[u8], SendError>),
    ) {
        let mut lanes: Lanes<Place, Sealing<'_>> = Lanes::new();
        for (index, (connection, call, buf)) in packets.iter_mut().enumerate() {
            let place = (*connection, *call);
            if !lanes.has_room_for(&place) {
                self.finish_sending(batch, &mut lanes, &mut each);
            }
            let mut sent = |sent: Result<&[u8], SendError>| each(index, sent);
            if let Some(lent) = self.lend_to_send(now, place, buf, &mut sent) {
                lanes.push(index, place, lent);
            }
        }
        self.finish_sending(batch, &mut lanes, &mut each);
    }

    /// Encrypts what waits, and gives every call its own back.
    fn finish_sending(
        &mut self,
        batch: &mut Batch,
        lanes: &mut Lanes<Place, Sealing<'_>>,
        each: &mut impl FnMut(usize, Result<&[u8], SendError>),
    ) {
        lanes.seal(batch);
        for Lane { index, key, lent } in lanes.drain() {
            each(index, self.take_back_sealed(key, lent).ok_or(SendError::NoCall));
        }
    }

    /// Decrypts what waits, and gives every call its own back.
    fn finish(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        lanes: &mut Lanes<Place, Opening<'_>>,
        each: &mut impl FnMut(usize, Outcome<'_>),
    ) {
        lanes.open(batch);
        for Lane { index, key, lent } in lanes.drain() {
            let received = self.take_back(now, key, lent);
            each(index, received.map(|received| (key.0, key.1, received)));
        }
    }
}
