//! Packets of many calls at once.

use core::time::Duration;

use l2tp_wire::Address;
use l2tp_wire::demultiplexer::Key as Ids;
use l2tp_wire::session::SessionId;
use ppp_session::{Batch, Lane, Lanes};

use super::table::{Server, TunnelId};
use crate::session::{Opening, ReceiveError, Received, Sealing, SendError, Target, Transmit, target};

/// Which call of which tunnel, by the ids of its packets.
type Arriving = (TunnelId, Ids);

/// Which call of which tunnel.
type Leaving = (TunnelId, SessionId);

/// The result of a packet, with its tunnel.
type Outcome<'r> = Result<(TunnelId, Received<'r>), ReceiveError>;

impl<const CALLS: usize> Server<CALLS> {
    /// Takes many packets and their sources as [`handle_datagram`](Self::handle_datagram) does, in
    /// the order in which they came. Data of different calls is decrypted side by side, which is
    /// faster than one by one. The result of each goes to `each`, with its index; the order is kept
    /// within a call, and around control messages, and not between calls.
    ///
    /// Where packets may [wait](crate::session::Reordering) for a missing one, give no more of one
    /// call than 15 before [`poll_receive`](super::Session::poll_receive) is called: more than may
    /// wait is refused.
    ///
    /// ```
    /// use core::net::Ipv4Addr;
    /// use core::time::Duration;
    /// use l2tp_session::server::{Config, Group, Limits, Server};
    /// use l2tp_session::session::{self, Batch};
    /// use l2tp_session::wire::Address;
    ///
    /// let group = Group::new(session::Config::strict("lns"), Ipv4Addr::new(10, 0, 0, 1));
    /// let mut server: Server = Server::new(Config::new(group), Limits::default(), [1; 32]);
    /// let mut batch = Batch::new();
    /// // Two datagrams came.
    /// let peer = Address::udp("192.0.2.7:1701".parse()?);
    /// let (mut first, mut second) = ([0; 60], [0; 60]);
    /// let mut refused = 0;
    /// server.handle_datagrams(
    ///     Duration::ZERO,
    ///     &mut batch,
    ///     &mut [(peer, &mut first), (peer, &mut second)],
    ///     |_, received| {
    ///         refused += usize::from(received.is_err());
    ///     },
    /// );
    /// assert_eq!(refused, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn handle_datagrams(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        packets: &mut [(Address, &mut [u8])],
        mut each: impl FnMut(usize, Outcome<'_>),
    ) {
        let mut lanes: Lanes<Arriving, Opening<'_>> = Lanes::new();
        for (index, (source, packet)) in packets.iter_mut().enumerate() {
            let target = target(*source, packet);
            let Ok(Target::Session(key)) = target else {
                // A control message may end a call, whose packets before it are genuine.
                self.finish(now, batch, &mut lanes, &mut each);
                each(index, self.handle_datagram(now, *source, packet, &mut []));
                continue;
            };
            let id = match self.route(key) {
                Ok(id) => id,
                Err(error) => {
                    each(index, Err(error));
                    continue;
                }
            };
            let place = (id, key);
            if !lanes.has_room_for(&place) {
                self.finish(now, batch, &mut lanes, &mut each);
            }
            let Some(session) = self.data_mut(id) else {
                each(index, Err(ReceiveError::UnknownTunnel));
                continue;
            };
            let mut result = |received: Result<Received<'_>, ReceiveError>| {
                each(index, received.map(|received| (id, received)));
            };
            if let Some(lent) = session.lend(now, (*source, key), batch, packet, &mut result) {
                lanes.push(index, place, lent);
            }
        }
        self.finish(now, batch, &mut lanes, &mut each);
    }

    /// Decrypts what waits, and gives every call its own back.
    fn finish(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        lanes: &mut Lanes<Arriving, Opening<'_>>,
        each: &mut impl FnMut(usize, Outcome<'_>),
    ) {
        lanes.open(batch);
        for Lane { index, key: (id, _), lent } in lanes.drain() {
            let session = self.data_mut(id).ok_or(ReceiveError::UnknownTunnel);
            let received = session.and_then(|session| session.take_back(now, lent));
            each(index, received.map(|received| (id, received)));
        }
    }

    /// Sends packets of many calls as [`send_ip`](crate::session::CallMut::send_ip) does: those of
    /// different calls are encrypted side by side. The result of each goes to `each`, with its
    /// index; the order is kept within a call, and not between calls.
    ///
    /// ```
    /// use core::net::Ipv4Addr;
    /// use core::time::Duration;
    /// use l2tp_session::server::{Config, Group, Limits, Server};
    /// use l2tp_session::session::{self, Batch};
    ///
    /// let group = Group::new(session::Config::strict("lns"), Ipv4Addr::new(10, 0, 0, 1));
    /// let mut server: Server = Server::new(Config::new(group), Limits::default(), [1; 32]);
    /// // Nobody is there to send to.
    /// server.send_ip_batch(Duration::ZERO, &mut Batch::new(), &mut [], |_, _| unreachable!());
    /// ```
    pub fn send_ip_batch(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        packets: &mut [(TunnelId, SessionId, &mut [u8])],
        mut each: impl FnMut(usize, Result<Transmit<'_>, SendError>),
    ) {
        let mut lanes: Lanes<Leaving, Sealing<'_>> = Lanes::new();
        for (index, (id, call, buf)) in packets.iter_mut().enumerate() {
            let place = (*id, *call);
            if !lanes.has_room_for(&place) {
                self.finish_sending(batch, &mut lanes, &mut each);
            }
            let Some(session) = self.data_mut(*id) else {
                each(index, Err(SendError::NoCall));
                continue;
            };
            let mut result = |sent: Result<Transmit<'_>, SendError>| each(index, sent);
            if let Some(lent) = session.lend_to_send(now, *call, buf, &mut result) {
                lanes.push(index, place, lent);
            }
        }
        self.finish_sending(batch, &mut lanes, &mut each);
    }

    /// Encrypts what waits, and gives every call its own back.
    fn finish_sending(
        &mut self,
        batch: &mut Batch,
        lanes: &mut Lanes<Leaving, Sealing<'_>>,
        each: &mut impl FnMut(usize, Result<Transmit<'_>, SendError>),
    ) {
        lanes.seal(batch);
        for Lane { index, key: (id, _), lent } in lanes.drain() {
            let sent = self.data_mut(id).and_then(|session| session.take_back_sealed(lent));
            each(index, sent.ok_or(SendError::NoCall));
        }
    }
}
