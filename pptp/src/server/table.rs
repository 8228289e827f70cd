//! Many control connections: limits, deadlines, and whose GRE packet is whose.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use pptp_wire::connection::CallId;

use super::{Config, Limits};
use crate::session::{Batch, Opening, ReceiveError, Received, Sealing, SendError, Session, call_id};

/// Which control connection. A number is not used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(u64);

impl core::fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

impl ConnectionId {
    /// Returns the number: 1 is the first connection of a [`Server`].
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

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

/// One connection in the table.
#[derive(Debug)]
struct Entry<const CALLS: usize> {
    peer: IpAddr,
    session: Session<CALLS>,
    /// Its entry in the deadlines.
    deadline: Option<Duration>,
    /// Its calls that have a route.
    routes: Vec<CallId>,
    /// Whether it waits in the queue of those that are ready.
    is_ready: bool,
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
/// assert_eq!(server.handle_stream(now, id, b"GET / HTTP/1.1\r\n\r\n"), 18);
///
/// // After each call: who has something to send or to tell?
/// let mut buf = [0; MAX_RECEIVE];
/// loop {
///     let Some(mut session) = server.poll_ready() else { break };
///     let (id, peer) = (session.id(), session.peer());
///     while let Some(event) = session.poll_event() {
///         println!("{id}: {event:?}");
///     }
///     while let Some(bytes) = session.poll_control(now, &mut buf)? {
///         println!("{} bytes to the TCP connection of {id}", bytes.len());
///     }
///     while let Some(packet) = session.poll_tunnel(now, &mut buf)? {
///         println!("{} bytes to {peer} by GRE", packet.len());
///     }
///     while let Some((call, ip)) = session.poll_receive(now, &mut buf)? {
///         println!("{} bytes of {call} that had to wait for an earlier packet", ip.len());
///     }
///     let is_closed = session.is_closed();
///     drop(session);
///     if is_closed {
///         server.remove(id); // and the TCP connection with it
///     }
/// }
/// assert_eq!(server.len(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Server<const CALLS: usize = 4> {
    config: Config,
    limits: Limits,
    next: u64,
    entries: BTreeMap<ConnectionId, Box<Entry<CALLS>>>,
    per_address: BTreeMap<IpAddr, usize>,
    index: Index,
}

/// The index over all connections.
#[derive(Debug, Default)]
struct Index {
    routes: BTreeMap<(IpAddr, u16), ConnectionId>,
    deadlines: BTreeSet<(Duration, ConnectionId)>,
    ready: VecDeque<ConnectionId>,
}

impl<const CALLS: usize> Server<CALLS> {
    /// Creates a server without connections.
    #[must_use]
    pub const fn new(config: Config, limits: Limits) -> Self {
        Self {
            config,
            limits,
            next: 1,
            entries: BTreeMap::new(),
            per_address: BTreeMap::new(),
            index: Index { routes: BTreeMap::new(), deadlines: BTreeSet::new(), ready: VecDeque::new() },
        }
    }

    /// Returns how many control connections there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether it has no method.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Accepts a TCP connection. `entropy` must be unpredictable, as for [`Session::new`].
    ///
    /// # Errors
    ///
    /// [`AcceptError`]: there are too many.
    pub fn accept(&mut self, now: Duration, peer: IpAddr, entropy: [u8; 32]) -> Result<ConnectionId, AcceptError> {
        let peer = peer.to_canonical();
        let Limits { connections, connections_per_address, .. } = self.limits;
        if self.entries.len() >= connections {
            return Err(AcceptError::Full { limit: connections });
        }
        let of_address = self.per_address.get(&peer).copied().unwrap_or_default();
        if of_address >= connections_per_address {
            let limit = connections_per_address;
            return Err(AcceptError::AddressFull { limit });
        }
        self.per_address.insert(peer, of_address.saturating_add(1));
        let id = ConnectionId(self.next);
        self.next = self.next.saturating_add(1);
        let mut session = Session::new(&self.config, entropy);
        session.open(now);
        let mut entry = Box::new(Entry { peer, session, deadline: None, routes: Vec::new(), is_ready: false });
        self.index.touch(id, &mut entry);
        self.entries.insert(id, entry);
        Ok(id)
    }

    /// Returns bytes from a TCP connection. How many were taken: less than all when events or
    /// output have to be polled first. Of a connection that is not there, all.
    pub fn handle_stream(&mut self, now: Duration, id: ConnectionId, bytes: &[u8]) -> usize {
        let allowance = self.limits.calls.saturating_sub(self.index.routes.len());
        let Some(entry) = self.entries.get_mut(&id) else { return bytes.len() };
        entry.session.set_call_allowance(allowance);
        let taken = entry.session.handle_stream(now, bytes);
        // One that takes nothing until it is polled need not be polled for that: its peer may never read.
        if taken > 0 || bytes.is_empty() {
            self.index.touch(id, entry);
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
        let (id, call) = self.route(peer, packet)?;
        let entry = self.entries.get_mut(&id).ok_or(ReceiveError::UnknownCall { call_id: call.get() })?;
        Ok((id, call, entry.session.handle_gre_of(now, call, packet, scratch)?))
    }

    /// Returns whose packet it is. The connection is ready from now on; its deadline is looked at
    /// when it is polled.
    pub(super) fn route(&mut self, peer: IpAddr, packet: &[u8]) -> Result<(ConnectionId, CallId), ReceiveError> {
        let call = call_id(packet)?;
        let unknown = ReceiveError::UnknownCall { call_id: call.get() };
        let id = *self.index.routes.get(&(peer.to_canonical(), call.get())).ok_or(unknown)?;
        let entry = self.entries.get_mut(&id).ok_or(unknown)?;
        if !core::mem::replace(&mut entry.is_ready, true) {
            self.index.ready.push_back(id);
        }
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
        let Some(entry) = self.entries.get_mut(&id) else {
            each(Err(ReceiveError::UnknownCall { call_id: call.get() }));
            return None;
        };
        entry.session.lend(now, call, batch, packet, each)
    }

    /// Gives a call back what it has lent, and returns what was in the packet.
    pub(super) fn take_back<'p>(
        &mut self,
        now: Duration,
        (id, call): (ConnectionId, CallId),
        opening: Opening<'p>,
    ) -> Result<Received<'p>, ReceiveError> {
        let unknown = ReceiveError::UnknownCall { call_id: call.get() };
        self.entries.get_mut(&id).ok_or(unknown)?.session.take_back(now, call, opening)
    }

    /// Begins with a packet that may be encrypted with those of other calls.
    pub(super) fn lend_to_send<'p>(
        &mut self,
        now: Duration,
        (id, call): (ConnectionId, CallId),
        buf: &'p mut [u8],
        each: &mut impl FnMut(Result<&[u8], SendError>),
    ) -> Option<Sealing<'p>> {
        let Some(entry) = self.entries.get_mut(&id) else {
            each(Err(SendError::NoCall));
            return None;
        };
        entry.session.lend_to_send(now, call, buf, each)
    }

    /// Gives a call back what it has lent, and returns the packet.
    pub(super) fn take_back_sealed<'p>(
        &mut self,
        (id, call): (ConnectionId, CallId),
        sealing: Sealing<'p>,
    ) -> Option<&'p [u8]> {
        self.entries.get_mut(&id)?.session.take_back_sealed(call, sealing)
    }

    /// Returns a connection that may have something to send or to tell: after each input, each
    /// [`session_mut`](Self::session_mut), and when its deadline has come. Poll it until there is
    /// nothing more: it is not given again before that.
    pub fn poll_ready(&mut self) -> Option<SessionMut<'_, CALLS>> {
        let id = loop {
            let id = self.index.ready.pop_front()?;
            if self.entries.contains_key(&id) {
                break id;
            }
        };
        let entry = self.entries.get_mut(&id)?;
        entry.is_ready = false;
        Some(SessionMut { id, entry, index: &mut self.index, is_polled: true })
    }

    /// Returns a connection, for whatever a [`Session`] can do. It is ready afterwards.
    pub fn session_mut(&mut self, id: ConnectionId) -> Option<SessionMut<'_, CALLS>> {
        let entry = self.entries.get_mut(&id)?;
        Some(SessionMut { id, entry, index: &mut self.index, is_polled: false })
    }

    /// Returns a connection, to look at.
    #[must_use]
    pub fn session(&self, id: ConnectionId) -> Option<&Session<CALLS>> {
        self.entries.get(&id).map(|entry| &entry.session)
    }

    /// Returns the address of a connection's peer.
    #[must_use]
    pub fn peer(&self, id: ConnectionId) -> Option<IpAddr> {
        self.entries.get(&id).map(|entry| entry.peer)
    }

    /// Returns all connections, the oldest first.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        self.entries.keys().copied()
    }

    /// Removes a closed TCP connection with its calls.
    pub fn remove(&mut self, id: ConnectionId) {
        let Some(entry) = self.entries.remove(&id) else { return };
        if let Some(deadline) = entry.deadline {
            self.index.deadlines.remove(&(deadline, id));
        }
        for call in &entry.routes {
            forget(&mut self.index.routes, id, entry.peer, *call);
        }
        if let Some(count) = self.per_address.get_mut(&entry.peer) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.per_address.remove(&entry.peer);
            }
        }
    }

    /// Returns when to call [`handle_timeout`](Self::handle_timeout): the earliest deadline of all,
    /// or one before it.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.index.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Processes expired timers; early, late and repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Duration) {
        while let Some((deadline, id)) = self.index.deadlines.first().copied() {
            if deadline > now {
                break;
            }
            self.index.deadlines.pop_first();
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.deadline = None;
                entry.session.handle_timeout(now);
                self.index.touch(id, entry);
            }
        }
    }
}

impl Index {
    /// Updates deadline and calls of a connection that may have changed.
    fn touch<const CALLS: usize>(&mut self, id: ConnectionId, entry: &mut Entry<CALLS>) {
        if !core::mem::replace(&mut entry.is_ready, true) {
            self.ready.push_back(id);
        }
        self.look(id, entry);
    }

    /// Takes the present calls and the deadline, unless that is later than the known one. It is
    /// looked at again when the known one has come, so that deadlines that move with each packet
    /// cost nothing.
    fn look<const CALLS: usize>(&mut self, id: ConnectionId, entry: &mut Entry<CALLS>) {
        self.route(id, entry);
        let deadline = entry.session.poll_timeout();
        if deadline.is_some_and(|deadline| entry.deadline.is_some_and(|known| known <= deadline)) {
            return;
        }
        if let Some(known) = core::mem::replace(&mut entry.deadline, deadline) {
            self.deadlines.remove(&(known, id));
        }
        if let Some(deadline) = deadline {
            self.deadlines.insert((deadline, id));
        }
    }

    /// Calls that are new get a route, those that are over lose it.
    fn route<const CALLS: usize>(&mut self, id: ConnectionId, entry: &mut Entry<CALLS>) {
        let Self { routes, .. } = self;
        let Entry { peer, session, routes: own, .. } = entry;
        own.retain(|call| {
            let is_there = session.call(*call).is_some();
            if !is_there {
                forget(routes, id, *peer, *call);
            }
            is_there
        });
        loop {
            let new = session.calls().map(|call| call.id()).find(|call| !own.contains(call));
            let Some(new) = new else { break };
            // Two connections of one address may draw the same number, once in 65 536 times: then
            // the packets of the later one look like those of the earlier one.
            if *routes.entry((*peer, new.get())).or_insert(id) != id {
                abandon(session, new);
            }
            own.push(new);
        }
    }
}

/// Ends a call at the latest time seen: another call has its number.
fn abandon<const CALLS: usize>(session: &mut Session<CALLS>, call: CallId) {
    if let Some(mut call) = session.call_mut(call) {
        call.close(Duration::ZERO);
    }
}

/// Removes a route, if it is one to this connection.
fn forget(routes: &mut BTreeMap<(IpAddr, u16), ConnectionId>, id: ConnectionId, peer: IpAddr, call: CallId) {
    let key = (peer, call.get());
    if routes.get(&key) == Some(&id) {
        routes.remove(&key);
    }
}

/// A [`Session`] in a [`Server`], borrowed: when it is dropped, the server looks at what has
/// changed.
#[derive(Debug)]
pub struct SessionMut<'s, const CALLS: usize> {
    id: ConnectionId,
    entry: &'s mut Entry<CALLS>,
    index: &'s mut Index,
    /// It is being polled because it was ready.
    is_polled: bool,
}

impl<const CALLS: usize> SessionMut<'_, CALLS> {
    /// Returns which connection it is.
    #[must_use]
    pub const fn id(&self) -> ConnectionId {
        self.id
    }

    /// Returns the peer's address.
    #[must_use]
    pub const fn peer(&self) -> IpAddr {
        self.entry.peer
    }
}

impl<const CALLS: usize> core::ops::Deref for SessionMut<'_, CALLS> {
    type Target = Session<CALLS>;

    fn deref(&self) -> &Session<CALLS> {
        &self.entry.session
    }
}

impl<const CALLS: usize> core::ops::DerefMut for SessionMut<'_, CALLS> {
    fn deref_mut(&mut self) -> &mut Session<CALLS> {
        &mut self.entry.session
    }
}

impl<const CALLS: usize> Drop for SessionMut<'_, CALLS> {
    fn drop(&mut self) {
        if self.is_polled {
            self.index.look(self.id, self.entry);
        } else {
            self.index.touch(self.id, self.entry);
        }
    }
}
