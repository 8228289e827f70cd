//! Many tunnels: limits, deadlines, and whose packet is whose.

use alloc::collections::VecDeque;
use core::net::IpAddr;
use core::time::Duration;

use l2tp_wire::demultiplexer::Key as Ids;
use l2tp_wire::tunnel::{Handled, PacketError, State};
use l2tp_wire::{Address, TunnelIds, Version};
use ppp_session::ppp::Random;
use ppp_session::table::{Driven, Full, Table};

use super::half_open::HalfOpen;
use super::request::{PeerIds, Request};
use super::{Config, Limits};
use crate::session::{Reason, ReceiveError, Received, Session, SessionId, Target, target};

/// Which tunnel: the first one of a [`Server`] is 1. A number is not used again.
pub use ppp_session::table::Id as TunnelId;

/// A [`Session`] in a [`Server`], borrowed: when it is dropped, the server looks at what has
/// changed. [`Server::remove`] removes it: its ids rest then.
pub type SessionMut<'s, const CALLS: usize> = ppp_session::table::SessionMut<'s, Session<CALLS>>;

/// The longest control message that is copied, so that several tunnels can be asked whether it is
/// theirs. Longer than any that this family sends.
const MAX_REQUEST: usize = 2048;

/// For how long ids of a tunnel that is gone are not given again.
const REST: Duration = Duration::from_secs(60);
/// Of how many tunnels.
const RESTING: usize = 256;

/// By what the packets of tunnels are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Key {
    /// By the ids that this side gave.
    Ids(Ids),
    /// By the peer's address, and the tunnel id that it gave: a message to tunnel 0.
    Peer(Address, u32),
}

/// RFC 2661 section 3.1: the keys of a tunnel and its calls.
impl<const CALLS: usize> Driven for Session<CALLS> {
    type Key = Key;

    fn poll_timeout(&self) -> Option<Duration> {
        self.poll_timeout()
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.handle_timeout(now);
    }

    fn keys(&self, _: IpAddr, each: &mut dyn FnMut(Key)) {
        let (tunnel, ids) = (self.tunnel(), self.tunnel().ids());
        // A tunnel that is over takes no packets any more. xl2tpd is silent about them, too: an
        // answer would be amplification.
        if tunnel.state() == State::Closed {
            return;
        }
        let version = tunnel.version();
        each(Key::Ids(match version {
            Version::V2 => Ids::TunnelV2(ids.v2),
            Version::V3 => Ids::TunnelV3(ids.v3),
        }));
        if let (Some(address), Some(peer)) = (tunnel.address(), tunnel.peer()) {
            // A repeated SCCRQ has no id of ours: it is found by its sender and the id that it
            // chose.
            each(Key::Peer(address, peer.tunnel_id));
        }
        for call in self.calls().filter(|call| call.is_live()) {
            let number = call.id().get();
            match version {
                Version::V2 => each(Key::Ids(Ids::SessionV2(ids.v2, low(number)))),
                Version::V3 => each(Key::Ids(Ids::SessionV3(number))),
            }
        }
    }

    fn load(&self) -> usize {
        self.calls().filter(|call| call.is_live()).count()
    }

    fn abandon(&mut self, key: Key) {
        // Tunnel ids are drawn so that they are unlike all others.
        if let Key::Ids(Ids::SessionV3(id)) = key {
            self.end_call(SessionId::new(id), Reason::IdTaken);
        }
    }
}

/// Returns the number of a session of version 2.
const fn low(number: u32) -> u16 {
    let [.., high, low] = number.to_be_bytes();
    u16::from_be_bytes([high, low])
}

/// Many tunnels, and the calls of all of them.
///
/// It adds to [`Session`] the needs of a server of many. These are the group of each peer, limits
/// that no peer can exceed, the earliest deadline of all, the owner of each packet, and the queue
/// of sessions with output. For a tunnel with a call it needs no more than the session, and about
/// 450 bytes.
///
/// All packets of a UDP socket, and of a raw socket of IP protocol 115, go in by
/// [`handle_datagram`](Self::handle_datagram).
///
/// ```
/// use core::net::Ipv4Addr;
/// use core::time::Duration;
/// use l2tp_session::server::{Config, Group, Limits, Server};
/// use l2tp_session::session::{self, MAX_RECEIVE};
/// use l2tp_session::wire::Address;
///
/// let group = Group::new(session::Config::strict("lns"), Ipv4Addr::new(10, 0, 0, 1));
/// // The last argument: unpredictable bytes.
/// let mut server: Server = Server::new(Config::new(group), Limits::default(), [1; 32]);
/// let now = Duration::ZERO;
///
/// // A datagram came.
/// let peer = Address::udp("192.0.2.7:1701".parse()?);
/// let mut packet = *b"GET / HTTP/1.1\r\n\r\n";
/// assert!(server.handle_datagram(now, peer, &mut packet, &mut []).is_err());
///
/// // After each call: who has something to send or to report?
/// let mut buf = [0; MAX_RECEIVE];
/// loop {
///     let Some(mut session) = server.poll_ready() else { break };
///     let id = session.id();
///     while let Some(event) = session.poll_event() {
///         println!("{id}: {event:?}");
///     }
///     while let Some(packet) = session.poll_transmit(now, &mut buf)? {
///         println!("{} bytes to {}", packet.payload.len(), packet.destination);
///     }
///     while let Some(received) = session.poll_receive(now, &mut buf)? {
///         println!("{received:?}, which had to wait for an earlier one");
///     }
///     let is_drained = session.is_drained();
///     drop(session);
///     if is_drained {
///         server.remove(now, id);
///     }
/// }
/// assert_eq!(server.len(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Server<const CALLS: usize = 4> {
    config: Config,
    limits: Limits,
    random: Random,
    table: Table<Session<CALLS>>,
    half_open: HalfOpen,
    /// Until when ids of tunnels that are gone are not given again.
    resting: VecDeque<(Duration, TunnelIds)>,
}

impl<const CALLS: usize> Server<CALLS> {
    /// Makes a server without tunnels. `entropy` must be unpredictable: ids, cookies and challenges
    /// come from it.
    #[must_use]
    pub fn new(config: impl Into<Config>, limits: Limits, entropy: [u8; 32]) -> Self {
        Self {
            config: config.into(),
            limits,
            random: Random::new(entropy),
            table: Table::new(limits.tunnels.min(Limits::MAX_TUNNELS), limits.tunnels_per_address),
            half_open: HalfOpen::new(),
            resting: VecDeque::new(),
        }
    }

    /// Returns how many tunnels there are, half-open ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Returns whether there is no tunnel.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Replaces the groups for tunnels that are asked for from now on. Those that there are keep what they
    /// began with, so that a password can change while they run.
    pub fn set_config(&mut self, config: impl Into<Config>) {
        self.config = config.into();
    }

    /// Takes a packet from `source`, finds out whose it is, and decrypts it where it lies. A
    /// compressed packet is written to `scratch`: see [`Session::handle_datagram`].
    ///
    /// A packet that is nobody's is as it was, so that it can be given to a session without a
    /// tunnel ([`manual`](crate::manual)) that shares the socket.
    ///
    /// # Errors
    ///
    /// [`ReceiveError`]: it gave nothing.
    #[inline]
    pub fn handle_datagram<'p>(
        &mut self,
        now: Duration,
        source: Address,
        packet: &'p mut [u8],
        scratch: &'p mut [u8],
    ) -> Result<(TunnelId, Received<'p>), ReceiveError> {
        match target(source, packet)? {
            Target::Session(key) => {
                // A packet may let the session send or report something.
                let (id, session) = self.table.packet_mut(Key::Ids(key)).ok_or(ReceiveError::UnknownTunnel)?;
                Ok((id, session.handle_data(now, source, key, packet, scratch)?))
            }
            Target::Tunnel(key) => {
                let id = self.table.find(Key::Ids(key)).ok_or(ReceiveError::UnknownTunnel)?;
                match self.handle_control(now, id, source, packet)? {
                    Handled::Taken => Ok((id, Received::Consumed)),
                    Handled::OtherRequest => Err(ReceiveError::UnknownTunnel),
                }
            }
            Target::Request => self.handle_request(now, source, packet).map(|id| (id, Received::Consumed)),
        }
    }

    /// Returns whose data packet it is, by its ids. The tunnel is ready from now on; its deadline is
    /// looked at when it is polled.
    #[inline]
    pub(super) fn route(&mut self, key: Ids) -> Result<TunnelId, ReceiveError> {
        let id = self.table.find(Key::Ids(key)).ok_or(ReceiveError::UnknownTunnel)?;
        // A packet may let the session send or report something.
        self.table.mark_ready(id);
        Ok(id)
    }

    /// Returns a tunnel for a data packet, which changes none of its keys.
    pub(super) fn data_mut(&mut self, id: TunnelId) -> Option<&mut Session<CALLS>> {
        self.table.data_mut(id)
    }

    /// Gives a control message to a tunnel.
    fn handle_control(
        &mut self,
        now: Duration,
        id: TunnelId,
        source: Address,
        packet: &mut [u8],
    ) -> Result<Handled, ReceiveError> {
        // One tunnel must not take the places of calls of all others.
        let allowance = self.limits.calls.saturating_sub(self.table.load());
        let session = self.table.data_mut(id).ok_or(ReceiveError::UnknownTunnel)?;
        session.set_call_allowance(allowance);
        let handled = session.handle_control(now, source, packet)?;
        // The peer has answered what we sent: its address is not forged.
        if session.tunnel().is_proven() {
            self.half_open.remove(id);
        }
        self.table.touch(id);
        Ok(handled)
    }

    /// Takes a message to tunnel 0 (RFC 2661 section 7.2.1).
    fn handle_request(&mut self, now: Duration, source: Address, packet: &mut [u8]) -> Result<TunnelId, ReceiveError> {
        let request = Request::read(source, packet).ok_or(ReceiveError::UnknownTunnel)?;
        if let Some(id) = self.find_requester(now, source, &request, packet)? {
            return Ok(id);
        }
        // A StopCCN for a tunnel that nobody knows gets no answer: no amplification.
        if !request.asks {
            return Err(ReceiveError::UnknownTunnel);
        }
        let ids = self.draw_ids(now);
        let mut session = Session::listen(self.config.group(&request), ids, self.random.entropy());
        // Nothing is kept, and nobody has to go, for a request that is none.
        let _ = session.handle_control(now, source, packet)?;
        self.make_room(now, source.host());
        let is_proven = session.tunnel().is_proven();
        let id = self.table.insert(source.host(), session)?;
        if !is_proven {
            self.half_open.insert(id, source.host());
        }
        Ok(id)
    }

    /// Returns the tunnel whose peer sends its request again, or gives the tunnel up that it has no
    /// id of ours for.
    fn find_requester(
        &mut self,
        now: Duration,
        source: Address,
        request: &Request,
        packet: &[u8],
    ) -> Result<Option<TunnelId>, ReceiveError> {
        match request.ids {
            PeerIds::Visible(ids) => {
                for id in ids.into_iter().flatten() {
                    if let Some(found) = self.table.find(Key::Peer(source, id)) {
                        if self.ask(now, found, source, packet)? {
                            return Ok(Some(found));
                        }
                    }
                }
            }
            PeerIds::Hidden => {
                // Every tunnel of that very address, of which the limits allow a few.
                let mut from = 0;
                while let Some((key, found)) = self.next_of(source, from) {
                    if self.ask(now, found, source, packet)? {
                        return Ok(Some(found));
                    }
                    let Some(next) = key.checked_add(1) else { break };
                    from = next;
                }
            }
        }
        Ok(None)
    }

    /// Returns the next tunnel of a source, by the peer's id.
    fn next_of(&self, source: Address, from: u32) -> Option<(u32, TunnelId)> {
        let found = self.table.find_all(Key::Peer(source, from)..=Key::Peer(source, u32::MAX)).next()?;
        let peer = self.table.get(found)?.tunnel().peer()?;
        Some((peer.tunnel_id, found))
    }

    /// Asks a tunnel whether a message is its own. Hidden values are deciphered in a copy.
    fn ask(&mut self, now: Duration, id: TunnelId, source: Address, packet: &[u8]) -> Result<bool, ReceiveError> {
        let mut copy = [0; MAX_REQUEST];
        let Some(copy) = copy.get_mut(..packet.len()) else { return Err(ReceiveError::UnknownTunnel) };
        copy.copy_from_slice(packet);
        match self.handle_control(now, id, source, copy) {
            Ok(Handled::Taken) => Ok(true),
            // Another id from the same port: the peer has started again, and gets a tunnel of its
            // own.
            // A digest that does not fit: the password may have changed since that tunnel began.
            Ok(Handled::OtherRequest) | Err(ReceiveError::Control(PacketError::OtherTunnel | PacketError::Digest)) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Forgets the oldest half-open tunnels, when there are too many for one more.
    fn make_room(&mut self, now: Duration, address: IpAddr) {
        let Limits { half_open, half_open_per_address, .. } = self.limits;
        while let Some(surplus) = self.half_open.surplus(address, half_open.max(1), half_open_per_address.max(1)) {
            self.remove(now, surplus);
        }
        // A table that is full of half-open tunnels has room for a genuine one.
        loop {
            let surplus = match self.table.check(address) {
                Ok(()) => None,
                Err(Full::All { .. }) => self.half_open.oldest(),
                Err(Full::OfAddress { .. }) => self.half_open.oldest_of(address),
            };
            let Some(surplus) = surplus else { break };
            self.remove(now, surplus);
        }
    }

    /// Draws ids that no tunnel has, and none of the last ones had a short while ago.
    fn draw_ids(&mut self, now: Duration) -> TunnelIds {
        loop {
            let ids = TunnelIds::new(self.random.entropy());
            let is_taken = |key| self.table.find(Key::Ids(key)).is_some();
            let rests = self.resting.iter().any(|(until, resting)| now < *until && resting.v2 == ids.v2);
            if !rests && !is_taken(Ids::TunnelV2(ids.v2)) && !is_taken(Ids::TunnelV3(ids.v3)) {
                return ids;
            }
        }
    }

    /// Returns a tunnel that may have something to send or to report: after each input, each
    /// [`session_mut`](Self::session_mut), and when its deadline has come. Poll it until there is
    /// nothing more: it is not given again before that.
    pub fn poll_ready(&mut self) -> Option<SessionMut<'_, CALLS>> {
        self.table.poll_ready()
    }

    /// Returns a tunnel, for whatever a [`Session`] can do. It is ready afterwards.
    pub fn session_mut(&mut self, id: TunnelId) -> Option<SessionMut<'_, CALLS>> {
        self.table.get_mut(id)
    }

    /// Returns a tunnel that [`poll_ready`](Self::poll_ready) has given, to go on polling it: it is
    /// not ready again for that. For callers that cannot keep the loan from one poll to the next,
    /// such as those in another language.
    pub fn polled_mut(&mut self, id: TunnelId) -> Option<SessionMut<'_, CALLS>> {
        self.table.polled_mut(id)
    }

    /// Returns a tunnel, to look at.
    #[must_use]
    pub fn session(&self, id: TunnelId) -> Option<&Session<CALLS>> {
        self.table.get(id)
    }

    /// Returns all tunnels, the oldest first.
    pub fn tunnels(&self) -> impl Iterator<Item = TunnelId> {
        self.table.ids()
    }

    /// Forgets a tunnel: one that [is drained](Session::is_drained), or whose peer may find out by
    /// itself.
    pub fn remove(&mut self, now: Duration, id: TunnelId) {
        self.half_open.remove(id);
        let Some(session) = self.table.remove(id) else { return };
        // Packets of the past may still be under way.
        if self.resting.len() >= RESTING {
            self.resting.pop_front();
        }
        self.resting.push_back((now.saturating_add(REST), session.tunnel().ids()));
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) has to be called: the earliest deadline
    /// of all, or a moment before it.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.table.poll_timeout()
    }

    /// Processes expired timers. Early, late and repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.table.handle_timeout(now);
    }
}
