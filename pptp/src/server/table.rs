//! Many control connections: limits, deadlines, and whose GRE packet is whose.

use core::net::IpAddr;
use core::time::Duration;

use ppp_session::table::{Driven, Full, Table};
use pptp_wire::connection::CallId;

use super::{Config, Limits};
use crate::session::{Batch, Opening, ReceiveError, Received, Sealing, SendError, Session, call_id};
use crate::shard::Shard;

/// Which control connection: the first one of a [`Server`] is 1. A number is not used again.
pub use ppp_session::table::Id as ConnectionId;

/// A [`Session`] in a [`Server`], borrowed: when it is dropped, the server looks at what has
/// changed.
pub type SessionMut<'s, const CALLS: usize> = ppp_session::table::SessionMut<'s, Session<CALLS>>;

/// How often a new connection draws sixteen numbers in the place of those that others have.
const DRAWS: usize = 8;

/// Why a connection is not accepted. Close it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// There are as many as there may be.
    #[error("all {limit} connections are taken")]
    Full {
        /// How many that is.
        limit: usize,
    },
    /// The address has as many as it may have.
    #[error("all {limit} connections of this address are taken")]
    AddressFull {
        /// How many that is.
        limit: usize,
    },
}

impl From<Full> for AcceptError {
    fn from(full: Full) -> Self {
        match full {
            Full::OfAddress { limit } => Self::AddressFull { limit },
            Full::All { limit } => Self::Full { limit },
        }
    }
}

/// RFC 2637 section 4.1: the peer's address and the id that this side gave say which call a packet
/// is of. No two calls of one address may have the same id, so each connection reserves ids before it
/// has calls.
impl<const CALLS: usize> Driven for Session<CALLS> {
    type Key = (IpAddr, u16);

    fn poll_timeout(&self) -> Option<Duration> {
        self.poll_timeout()
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.handle_timeout(now);
    }

    fn keys(&self, peer: IpAddr, each: &mut dyn FnMut(Self::Key)) {
        self.numbers().for_each(|number| each((peer, number.get())));
    }

    fn load(&self) -> usize {
        self.calls().count()
    }

    /// Drops a reserved number that another connection has. The session draws another one when it is
    /// polled.
    fn abandon(&mut self, (_, number): Self::Key) {
        let number = CallId::new(number);
        if self.drop_number(number) {
            return;
        }
        // A caller that polls and hands over bytes in one borrow uses a number that was not looked at.
        if let Some(mut call) = self.call_mut(number) {
            call.close(Duration::ZERO);
        }
    }
}

/// Many control connections, and the calls of all of them.
///
/// It adds to [`Session`] the needs of a server of many. These are limits that no peer can exceed,
/// the earliest deadline of all, the owner of each GRE packet, and the queue of sessions with
/// output. For a connection with a call it needs no more than the session, and about 270 bytes.
///
/// ```
/// use core::net::{IpAddr, Ipv4Addr};
/// use core::time::Duration;
/// use pptp::server::{Config, Limits, Server};
/// use pptp::session::MAX_RECEIVE;
///
/// let limits = Limits::default().with_connections_per_address(1);
/// let mut server: Server = Server::new(Config::new(Ipv4Addr::new(10, 0, 0, 1)), limits);
/// let now = Duration::ZERO;
///
/// // A TCP connection was accepted.
/// let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
/// let id = server.accept(now, peer, [1; 32])?; // unpredictable bytes
/// assert!(server.accept(now, peer, [2; 32]).is_err());
/// // What it sends is read only when it is wanted: at most `Session::READ_LEN` bytes at a time.
/// assert!(server.wants_read(id));
/// server.handle_stream(now, id, b"GET / HTTP/1.1\r\n\r\n");
///
/// // After each call: who has something to send or to report?
/// let mut buf = [0; MAX_RECEIVE];
/// while let Some(mut session) = server.poll_ready() {
///     let (id, peer) = (session.id(), session.peer());
///     while let Some((call, ip)) = session.poll_receive(now, &mut buf)? {
///         println!("{} bytes of {call} that had to wait for an earlier packet", ip.len());
///     }
///     while let Some(event) = session.poll_event() {
///         println!("{id}: {event:?}");
///     }
///     while let Some(packet) = session.poll_tunnel(now, &mut buf)? {
///         println!("{} bytes to {peer} by GRE", packet.len());
///     }
///     while let Some(bytes) = session.poll_control(now, &mut buf)? {
///         println!("{} bytes to the TCP connection of {id}", bytes.len());
///     }
///     if session.is_closed() {
///         session.remove(); // and the TCP connection with it
///     }
/// }
/// assert_eq!(server.len(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Server<const CALLS: usize = 4> {
    config: Config,
    limits: Limits,
    shard: Shard,
    table: Table<Session<CALLS>>,
}

impl<const CALLS: usize> Server<CALLS> {
    /// Creates a server without connections.
    #[must_use]
    pub const fn new(config: Config, limits: Limits) -> Self {
        let table = Table::new(limits.connections, limits.connections_per_address);
        Self { config, limits, shard: Shard::ALL, table }
    }

    /// Makes it one of several servers at one address: its connections and calls have numbers that
    /// no other shard gives. Default: [`Shard::ALL`].
    ///
    /// ```
    /// use core::net::{IpAddr, Ipv4Addr};
    /// use core::time::Duration;
    /// use pptp::server::{Config, Limits, Server, Shard};
    ///
    /// let config = Config::new(Ipv4Addr::new(10, 0, 0, 1));
    /// let shard = Shard::new(1, 4).ok_or("an index below the count")?;
    /// let mut server: Server = Server::new(config, Limits::default()).with_shard(shard);
    /// let (now, peer) = (Duration::ZERO, IpAddr::from([192, 0, 2, 7]));
    /// // The last arguments: unpredictable bytes.
    /// let ids = [server.accept(now, peer, [1; 32])?, server.accept(now, peer, [2; 32])?];
    /// assert_eq!(ids.map(|id| id.get()), [2, 6]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_shard(self, shard: Shard) -> Self {
        let (index, count) = (u64::from(shard.index()), u64::from(shard.count()));
        Self { shard, table: self.table.with_ids(index.saturating_add(1), count), ..self }
    }

    /// Returns how many calls there are, as [`Limits::with_calls`] counts them.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.table.load()
    }

    /// Replaces the limits. Connections and calls that there are stay, also where they are too many.
    ///
    /// ```
    /// use core::net::{IpAddr, Ipv4Addr};
    /// use core::time::Duration;
    /// use pptp::server::{Config, Limits, Server};
    ///
    /// let (now, peer) = (Duration::ZERO, IpAddr::from([192, 0, 2, 7]));
    /// let config = Config::new(Ipv4Addr::new(10, 0, 0, 1));
    /// let mut server: Server = Server::new(config, Limits::default());
    /// // The last argument: unpredictable bytes.
    /// server.accept(now, peer, [1; 32])?;
    /// server.set_limits(Limits::default().with_connections_per_address(1));
    /// assert!(server.accept(now, peer, [2; 32]).is_err());
    /// assert_eq!(server.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_limits(&mut self, limits: Limits) {
        self.table.set_limits(limits.connections, limits.connections_per_address);
        self.limits = limits;
    }

    /// Returns how many control connections there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Returns whether there is no connection.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Replaces the settings of connections that are accepted from now on. Those that there are keep
    /// what they began with.
    ///
    /// ```
    /// use core::net::{IpAddr, Ipv4Addr};
    /// use core::time::Duration;
    /// use pptp::server::{Config, Limits, Server, Session};
    /// use pptp::session;
    ///
    /// let config = |mtu| {
    ///     let session = session::Config::strict().with_ppp(|ppp| ppp.with_mtu(mtu));
    ///     Config::new(Ipv4Addr::new(10, 0, 0, 1)).with_session(session)
    /// };
    /// let (now, peer) = (Duration::ZERO, IpAddr::from([192, 0, 2, 7]));
    /// let mut server: Server = Server::new(config(1300), Limits::default());
    /// // The last arguments: unpredictable bytes.
    /// let old = server.accept(now, peer, [1; 32])?;
    /// server.set_config(config(1200));
    /// let new = server.accept(now, peer, [2; 32])?;
    /// let mtu = [old, new].map(|id| server.session(id).map(Session::mtu));
    /// assert_eq!(mtu, [Some(1300), Some(1200)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_config(&mut self, config: Config) {
        self.config = config;
    }

    /// Accepts a TCP connection. `entropy` must be unpredictable, as for [`Session::new`].
    ///
    /// # Errors
    ///
    /// [`AcceptError`]: there are too many.
    pub fn accept(&mut self, now: Duration, peer: IpAddr, entropy: [u8; 32]) -> Result<ConnectionId, AcceptError> {
        self.table.check(peer)?;
        let mut session = Session::new(&self.config, entropy);
        // Numbers are drawn now, since the key of a GRE packet must name one call of the address.
        session.reserve_numbers(self.shard);
        session.open(now);
        let id = self.table.insert(peer, session)?;
        // Numbers of other connections were dropped: others take their place.
        for _ in 0..DRAWS {
            let has_drawn = self.table.get_mut(id).is_some_and(|mut session| session.fill_numbers());
            if !has_drawn {
                break;
            }
        }
        Ok(id)
    }

    /// Returns how many more calls may be accepted.
    fn allowance(&self) -> usize {
        self.limits.calls.saturating_sub(self.table.load())
    }

    /// Returns whether a TCP connection should be read now: [`Session::wants_read`]. One that does
    /// not exist should not.
    #[must_use]
    pub fn wants_read(&self, id: ConnectionId) -> bool {
        self.session(id).is_some_and(Session::wants_read)
    }

    /// Takes bytes from a TCP connection. Returns how many were taken: less than all when events or
    /// output have to be polled first, and all of a connection that does not exist.
    pub fn handle_stream(&mut self, now: Duration, id: ConnectionId, bytes: &[u8]) -> usize {
        let allowance = self.allowance();
        let Some(session) = self.table.data_mut(id) else { return bytes.len() };
        session.set_call_allowance(allowance);
        let taken = session.handle_stream(now, bytes);
        // One that takes nothing until it is polled need not be polled for that: its peer may never read.
        if taken > 0 || bytes.is_empty() {
            self.table.touch(id);
        }
        taken
    }

    /// Handles the end of a TCP connection.
    pub fn handle_disconnect(&mut self, now: Duration, id: ConnectionId) {
        if let Some(mut session) = self.session_mut(id) {
            session.handle_disconnect(now);
        }
    }

    /// Takes the payload of an IP packet of protocol 47 from `peer`, finds out whose it is, and
    /// decrypts it where it lies. A compressed packet is written to `scratch`: see
    /// [`Session::handle_gre`].
    ///
    /// # Errors
    ///
    /// [`ReceiveError`]: it gave nothing.
    pub fn handle_gre<'p>(
        &mut self,
        now: Duration,
        peer: IpAddr,
        packet: &'p mut [u8],
        scratch: &'p mut [u8],
    ) -> Result<(ConnectionId, CallId, Received<'p>), ReceiveError> {
        let call = call_id(packet)?;
        // The connection is ready from now on; its deadline is looked at when it is polled.
        let found = self.table.packet_mut((peer.to_canonical(), call.get()));
        let (id, session) = found.ok_or(ReceiveError::UnknownCall { call_id: call.get() })?;
        Ok((id, call, session.handle_gre_of(now, call, packet, scratch)?))
    }

    /// Returns whose packet it is. The connection is ready from now on; its deadline is looked at
    /// when it is polled.
    pub(super) fn route(&mut self, peer: IpAddr, packet: &[u8]) -> Result<(ConnectionId, CallId), ReceiveError> {
        let call = call_id(packet)?;
        let unknown = ReceiveError::UnknownCall { call_id: call.get() };
        let id = self.table.find((peer.to_canonical(), call.get())).ok_or(unknown)?;
        self.table.mark_ready(id);
        Ok((id, call))
    }

    /// Begins with a packet that may be decrypted with those of other calls.
    pub(super) fn lend<'p>(
        &mut self,
        now: Duration,
        (id, call): (ConnectionId, CallId),
        batch: &mut Batch,
        packet: &'p mut [u8],
        each: &mut impl FnMut(Result<Received<'_>, ReceiveError>),
    ) -> Option<Opening<'p>> {
        let Some(session) = self.table.data_mut(id) else {
            each(Err(ReceiveError::UnknownCall { call_id: call.get() }));
            return None;
        };
        session.lend(now, call, batch, packet, each)
    }

    /// Gives a call back what it has lent, and returns what was in the packet.
    pub(super) fn take_back<'p>(
        &mut self,
        now: Duration,
        (id, call): (ConnectionId, CallId),
        opening: Opening<'p>,
    ) -> Result<Received<'p>, ReceiveError> {
        let unknown = ReceiveError::UnknownCall { call_id: call.get() };
        self.table.data_mut(id).ok_or(unknown)?.take_back(now, call, opening)
    }

    /// Begins with a packet that may be encrypted with those of other calls.
    pub(super) fn lend_to_send<'p>(
        &mut self,
        now: Duration,
        (id, call): (ConnectionId, CallId),
        buf: &'p mut [u8],
        each: &mut impl FnMut(Result<&[u8], SendError>),
    ) -> Option<Sealing<'p>> {
        let Some(session) = self.table.data_mut(id) else {
            each(Err(SendError::NoCall));
            return None;
        };
        session.lend_to_send(now, call, buf, each)
    }

    /// Gives a call back what it has lent, and returns the packet.
    pub(super) fn take_back_sealed<'p>(
        &mut self,
        (id, call): (ConnectionId, CallId),
        sealing: Sealing<'p>,
    ) -> Option<&'p [u8]> {
        self.table.data_mut(id)?.take_back_sealed(call, sealing)
    }

    /// Returns a connection that may have something to send or to report: after each input, each
    /// [`session_mut`](Self::session_mut), and when its deadline has come. Poll it until there is
    /// nothing more: it is not given again before that.
    pub fn poll_ready(&mut self) -> Option<SessionMut<'_, CALLS>> {
        let allowance = self.allowance();
        let mut session = self.table.poll_ready()?;
        // Polling makes room for requests that were kept.
        session.set_call_allowance(allowance);
        Some(session)
    }

    /// Returns a connection, for whatever a [`Session`] can do. It is ready afterwards.
    pub fn session_mut(&mut self, id: ConnectionId) -> Option<SessionMut<'_, CALLS>> {
        let allowance = self.allowance();
        let mut session = self.table.get_mut(id)?;
        session.set_call_allowance(allowance);
        Some(session)
    }

    /// Returns a connection that [`poll_ready`](Self::poll_ready) has given, to go on polling it: it
    /// is not ready again for that. For callers that cannot keep the loan from one poll to the next,
    /// such as those in another language.
    pub fn polled_mut(&mut self, id: ConnectionId) -> Option<SessionMut<'_, CALLS>> {
        let allowance = self.allowance();
        let mut session = self.table.polled_mut(id)?;
        session.set_call_allowance(allowance);
        Some(session)
    }

    /// Returns a connection, to look at.
    #[must_use]
    pub fn session(&self, id: ConnectionId) -> Option<&Session<CALLS>> {
        self.table.get(id)
    }

    /// Returns the address of a connection's peer.
    #[must_use]
    pub fn peer(&self, id: ConnectionId) -> Option<IpAddr> {
        self.table.peer(id)
    }

    /// Returns all connections, the oldest first.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        self.table.ids()
    }

    /// Removes a closed TCP connection with its calls.
    pub fn remove(&mut self, id: ConnectionId) {
        drop(self.table.remove(id));
    }

    /// Returns when to call [`handle_timeout`](Self::handle_timeout): the earliest deadline of all,
    /// or one before it.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.table.poll_timeout()
    }

    /// Processes expired timers; early, late and repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.table.handle_timeout(now);
    }
}
