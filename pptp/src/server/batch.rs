//! Packets of many connections at once.

use core::net::IpAddr;
use core::time::Duration;

use pptp_wire::connection::CallId;

use super::table::{ConnectionId, Server};
use crate::session::{Batch, Lent, ReceiveError, Received, Sealing, SendError};

/// How many packets of different calls are decrypted side by side.
const LANES: usize = 4;

/// A packet that waits for others.
struct Waiting<'p> {
    index: usize,
    connection: ConnectionId,
    call: CallId,
    lent: Lent<'p>,
}

/// A packet that waits to be encrypted with others.
struct Unsent<'p> {
    index: usize,
    call: (ConnectionId, CallId),
    sealing: Sealing<'p>,
}

/// What a packet gave: of which connection and call, and what.
type Outcome<'r> = Result<(ConnectionId, CallId, Received<'r>), ReceiveError>;

impl<const CALLS: usize> Server<CALLS> {
    /// As [`handle_gre`](Self::handle_gre) for many packets and their senders, in the order in which they came: those of
    /// different calls are decrypted side by side, which is faster than one by one. What each gave is told to `each`, with
    /// its index; the order is kept within a call, and not between calls.
    ///
    /// ```
    /// use core::net::{IpAddr, Ipv4Addr};
    /// use core::time::Duration;
    /// use pptp::server::{Config, Limits, Server};
    /// use pptp::session::Batch;
    ///
    /// let mut server: Server = Server::new(Config::new(Ipv4Addr::new(10, 0, 0, 1)), Limits::default());
    /// let mut batch = Batch::new();
    /// let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
    /// let (mut first, mut second) = ([0x30; 60], [0x30; 60]);
    /// let mut refused = 0;
    /// server.handle_gre_batch(Duration::ZERO, &mut batch, &mut [(peer, &mut first), (peer, &mut second)], |_, received| {
    ///     refused += usize::from(received.is_err());
    /// });
    /// assert_eq!(refused, 2);
    /// ```
    pub fn handle_gre_batch(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        packets: &mut [(IpAddr, &mut [u8])],
        mut each: impl FnMut(usize, Outcome<'_>),
    ) {
        let mut waiting: [Option<Waiting<'_>>; LANES] = [const { None }; LANES];
        for (index, (peer, packet)) in packets.iter_mut().enumerate() {
            let (connection, call) = match self.route(*peer, packet) {
                Ok(route) => route,
                Err(error) => {
                    each(index, Err(error));
                    continue;
                }
            };
            // Each call lends one packet at a time, since the next one's key comes out of it.
            let is_lent = waiting.iter().flatten().any(|other| (other.connection, other.call) == (connection, call));
            if is_lent || waiting.iter().all(Option::is_some) {
                self.finish(now, batch, &mut waiting, &mut each);
            }
            let Some(place) = waiting.iter_mut().find(|place| place.is_none()) else { continue };
            let mut told = |received: Result<Received<'_>, ReceiveError>| {
                each(index, received.map(|received| (connection, call, received)));
            };
            if let Some(lent) = self.lend(now, connection, call, packet, &mut told) {
                *place = Some(Waiting { index, connection, call, lent });
            }
        }
        self.finish(now, batch, &mut waiting, &mut each);
    }

    /// As [`send_ip`](super::Session::send_ip) for packets of many calls: those of different calls are encrypted side by side.
    /// What became of each is told to `each`, with its index; the order is kept within a call, and not between calls.
    ///
    /// ```
    /// use core::net::Ipv4Addr;
    /// use core::time::Duration;
    /// use pptp::server::{Config, Limits, Server};
    /// use pptp::session::Batch;
    ///
    /// let mut server: Server = Server::new(Config::new(Ipv4Addr::new(10, 0, 0, 1)), Limits::default());
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
        let mut waiting: [Option<Unsent<'_>>; LANES] = [const { None }; LANES];
        for (index, (connection, call, buf)) in packets.iter_mut().enumerate() {
            let call = (*connection, *call);
            let is_lent = waiting.iter().flatten().any(|other| other.call == call);
            if is_lent || waiting.iter().all(Option::is_some) {
                self.finish_sending(batch, &mut waiting, &mut each);
            }
            let Some(place) = waiting.iter_mut().find(|place| place.is_none()) else { continue };
            let sealing = self.lend_to_send(now, call, buf, &mut |sent: Result<&[u8], SendError>| each(index, sent));
            *place = sealing.map(|sealing| Unsent { index, call, sealing });
        }
        self.finish_sending(batch, &mut waiting, &mut each);
    }

    /// Encrypts what waits, and gives every call its own back.
    fn finish_sending(
        &mut self,
        batch: &mut Batch,
        waiting: &mut [Option<Unsent<'_>>; LANES],
        each: &mut impl FnMut(usize, Result<&[u8], SendError>),
    ) {
        if let [Some(one), Some(two), Some(three), Some(four)] = waiting {
            let sealing = [&mut one.sealing, &mut two.sealing, &mut three.sealing, &mut four.sealing];
            Sealing::seal_all(batch, sealing);
        } else {
            waiting.iter_mut().flatten().for_each(|waiting| waiting.sealing.seal());
        }
        for place in waiting {
            let Some(Unsent { index, call, sealing }) = place.take() else { continue };
            self.take_back_sealed(call, sealing, &mut |sent: Result<&[u8], SendError>| each(index, sent));
        }
    }

    /// Decrypts what waits, and gives every call its own back.
    fn finish(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        waiting: &mut [Option<Waiting<'_>>; LANES],
        each: &mut impl FnMut(usize, Outcome<'_>),
    ) {
        if let [Some(one), Some(two), Some(three), Some(four)] = waiting {
            Lent::open_all(batch, [&mut one.lent, &mut two.lent, &mut three.lent, &mut four.lent]);
        } else {
            waiting.iter_mut().flatten().for_each(|waiting| waiting.lent.open());
        }
        for place in waiting {
            let Some(Waiting { index, connection, call, lent }) = place.take() else { continue };
            self.take_back(now, connection, call, lent, &mut |received: Result<Received<'_>, ReceiveError>| {
                each(index, received.map(|received| (connection, call, received)));
            });
        }
    }
}
