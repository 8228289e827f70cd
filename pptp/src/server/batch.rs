//! Packets of many connections at once.

use core::net::IpAddr;
use core::time::Duration;

use pptp_wire::connection::CallId;

use super::table::{ConnectionId, Server};
use crate::session::{Batch, Opening, ReceiveError, Received, Sealing, SendError};

/// How many packets of different calls are worked on side by side.
const LANES: usize = 4;

/// Which call of which connection.
type Place = (ConnectionId, CallId);

/// A packet that waits for others.
struct Waiting<T> {
    index: usize,
    place: Place,
    lent: T,
}

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
        let mut waiting: [Option<Waiting<Opening<'_>>>; LANES] = [const { None }; LANES];
        for (index, (peer, packet)) in packets.iter_mut().enumerate() {
            let place = match self.route(*peer, packet) {
                Ok(place) => place,
                Err(error) => {
                    each(index, Err(error));
                    continue;
                }
            };
            // Each call lends one packet at a time, since the next one's key comes out of it.
            if must_finish(&waiting, place) {
                self.finish(now, batch, &mut waiting, &mut each);
            }
            let Some(lane) = waiting.iter_mut().find(|lane| lane.is_none()) else { continue };
            let mut told = |received: Result<Received<'_>, ReceiveError>| {
                each(index, received.map(|received| (place.0, place.1, received)));
            };
            let lent = self.lend(now, place, batch, packet, &mut told);
            *lane = lent.map(|lent| Waiting { index, place, lent });
        }
        self.finish(now, batch, &mut waiting, &mut each);
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
        let mut waiting: [Option<Waiting<Sealing<'_>>>; LANES] = [const { None }; LANES];
        for (index, (connection, call, buf)) in packets.iter_mut().enumerate() {
            let place = (*connection, *call);
            if must_finish(&waiting, place) {
                self.finish_sending(batch, &mut waiting, &mut each);
            }
            let Some(lane) = waiting.iter_mut().find(|lane| lane.is_none()) else { continue };
            let lent = self.lend_to_send(now, place, buf, &mut |sent: Result<&[u8], SendError>| each(index, sent));
            *lane = lent.map(|lent| Waiting { index, place, lent });
        }
        self.finish_sending(batch, &mut waiting, &mut each);
    }

    /// Encrypts what waits, and gives every call its own back.
    fn finish_sending(
        &mut self,
        batch: &mut Batch,
        waiting: &mut [Option<Waiting<Sealing<'_>>>; LANES],
        each: &mut impl FnMut(usize, Result<&[u8], SendError>),
    ) {
        if let [Some(one), Some(two), Some(three), Some(four)] = waiting {
            batch.seal([&mut one.lent.ppp, &mut two.lent.ppp, &mut three.lent.ppp, &mut four.lent.ppp]);
        } else {
            waiting.iter_mut().flatten().for_each(|waiting| waiting.lent.ppp.seal());
        }
        for lane in waiting {
            let Some(Waiting { index, place, lent }) = lane.take() else { continue };
            each(index, self.take_back_sealed(place, lent).ok_or(SendError::NoCall));
        }
    }

    /// Decrypts what waits, and gives every call its own back.
    fn finish(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        waiting: &mut [Option<Waiting<Opening<'_>>>; LANES],
        each: &mut impl FnMut(usize, Outcome<'_>),
    ) {
        if let [Some(one), Some(two), Some(three), Some(four)] = waiting {
            batch.open([&mut one.lent.ppp, &mut two.lent.ppp, &mut three.lent.ppp, &mut four.lent.ppp]);
        } else {
            waiting.iter_mut().flatten().for_each(|waiting| waiting.lent.ppp.open());
        }
        for lane in waiting {
            let Some(Waiting { index, place, lent }) = lane.take() else { continue };
            let received = self.take_back(now, place, lent);
            each(index, received.map(|received| (place.0, place.1, received)));
        }
    }
}

/// Returns whether the waiting packets have to be worked on before one of this call comes.
fn must_finish<T>(waiting: &[Option<Waiting<T>>; LANES], place: Place) -> bool {
    waiting.iter().flatten().any(|other| other.place == place) || waiting.iter().all(Option::is_some)
}
