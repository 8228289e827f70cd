//! Many sessions of a carrier at once: limits, deadlines, owners of packets, and sessions that are
//! ready.
//!
//! A server of any carrier has the same needs besides its sessions. No peer may have more than its
//! share. The earliest of all deadlines is asked for. A packet has to find its session. A session
//! with output or news is asked for them, and no other is. A [`Table`] does that part. `pptp` and
//! `l2tp-session` are built on it.
//!
//! Finding a session, and moving a deadline, cost the logarithm of their number. Packets of data
//! allocate nothing here.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::net::IpAddr;
use core::ops::RangeInclusive;
use core::time::Duration;

/// Which session of a [`Table`]. A number is not used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(u64);

impl core::fmt::Display for Id {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

impl Id {
    /// Takes the number of a session back, from a place that types of Rust cannot go to: another
    /// process, or a program in C.
    ///
    /// ```
    /// use ppp_session::table::Id;
    ///
    /// assert_eq!(Id::new(7).get(), 7);
    /// ```
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number: 1 is the first session of a table.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// A session that a [`Table`] can drive.
pub trait Driven {
    /// The key that packets have: ids that this side chose, with the peer's address where the
    /// carrier needs it.
    type Key: Copy + Ord + core::fmt::Debug;

    /// Returns when [`handle_timeout`](Self::handle_timeout) has to be called.
    fn poll_timeout(&self) -> Option<Duration>;

    /// Processes expired timers.
    fn handle_timeout(&mut self, now: Duration);

    /// Passes all keys of the session to `each`. `peer` is the address that it was added with.
    fn keys(&self, peer: IpAddr, each: &mut dyn FnMut(Self::Key));

    /// Returns how much the session counts against a limit of its user's. Default: 0.
    fn load(&self) -> usize {
        0
    }

    /// Gives up this key, and ends the call that has it if there is one. An earlier session has the
    /// same key and owns its packets.
    fn abandon(&mut self, key: Self::Key);
}

/// Why a session is not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "a table has these two limits")]
pub enum Full {
    /// There are as many as there may be.
    #[error("all {limit} places are taken")]
    All {
        /// The number that is allowed.
        limit: usize,
    },
    /// The address has as many as it may have.
    #[error("all {limit} places of this address are taken")]
    OfAddress {
        /// The number that is allowed.
        limit: usize,
    },
}

/// One session in the table.
#[derive(Debug)]
struct Entry<S: Driven> {
    peer: IpAddr,
    session: S,
    /// Its entry in the deadlines.
    deadline: Option<Duration>,
    /// Its keys as they were when it was looked at last.
    keys: Vec<S::Key>,
    /// Whether it waits in the queue of those that are ready.
    is_ready: bool,
    /// Its load when it was looked at last.
    load: usize,
}

/// Many sessions, found by keys, with limits. A session costs about 200 bytes besides itself.
///
/// ```
/// use core::net::IpAddr;
/// use core::time::Duration;
/// use ppp_session::table::{Driven, Table};
///
/// /// It has one key, and one deadline.
/// struct Session(u16, Option<Duration>);
///
/// impl Driven for Session {
///     type Key = u16;
///
///     fn poll_timeout(&self) -> Option<Duration> {
///         self.1
///     }
///
///     fn handle_timeout(&mut self, now: Duration) {
///         self.1 = self.1.filter(|deadline| *deadline > now);
///     }
///
///     fn keys(&self, _: IpAddr, each: &mut dyn FnMut(u16)) {
///         each(self.0);
///     }
///
///     fn abandon(&mut self, _: u16) {}
/// }
///
/// let peer: IpAddr = "192.0.2.7".parse()?;
/// let mut table = Table::new(10, 1);
/// let id = table.insert(peer, Session(7, Some(Duration::from_secs(3))))?;
/// assert!(table.insert(peer, Session(8, None)).is_err(), "one for each address");
/// assert_eq!((table.find(7), table.find(8)), (Some(id), None));
/// assert_eq!(table.poll_timeout(), Some(Duration::from_secs(3)));
/// table.handle_timeout(Duration::from_secs(3));
/// assert_eq!(table.poll_timeout(), None);
/// // It is new, and so it is ready: once.
/// assert_eq!(table.poll_ready().map(|session| session.id()), Some(id));
/// assert!(table.poll_ready().is_none());
/// // A packet of it makes it ready again.
/// assert_eq!(table.packet_mut(7).map(|(id, session)| (id, session.0)), Some((id, 7)));
/// assert_eq!(table.poll_ready().map(|session| session.id()), Some(id));
///
/// // One that is over is removed where it is polled.
/// table.mark_ready(id);
/// while let Some(session) = table.poll_ready() {
///     session.remove();
/// }
/// assert!(table.is_empty() && table.get(id).is_none() && table.find(7).is_none());
/// assert_eq!(
///     (table.ids().count(), table.of_address(peer), table.poll_timeout()),
///     (0, 0, None)
/// );
/// table.insert(peer, Session(9, None))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Table<S: Driven> {
    limit: usize,
    limit_of_address: usize,
    next: u64,
    step: u64,
    entries: BTreeMap<Id, Box<Entry<S>>>,
    index: Index<S::Key>,
}

/// The index over all sessions.
#[derive(Debug)]
struct Index<K> {
    per_address: BTreeMap<IpAddr, usize>,
    routes: BTreeMap<K, Id>,
    deadlines: BTreeSet<(Duration, Id)>,
    ready: VecDeque<Id>,
    /// Was removed while it was borrowed: its entry goes when the table is used next.
    removed: Option<Id>,
    /// Room for the keys of one session, so that looking at it takes no memory.
    scratch: Vec<K>,
    load: usize,
}

impl<S: Driven> Table<S> {
    /// Makes an empty table for at most so many sessions, and so many of one address.
    #[must_use]
    pub const fn new(limit: usize, limit_of_address: usize) -> Self {
        Self {
            limit,
            limit_of_address,
            next: 1,
            step: 1,
            entries: BTreeMap::new(),
            index: Index {
                per_address: BTreeMap::new(),
                routes: BTreeMap::new(),
                deadlines: BTreeSet::new(),
                ready: VecDeque::new(),
                removed: None,
                scratch: Vec::new(),
                load: 0,
            },
        }
    }

    /// Gives new sessions the numbers `first`, `first + step` and so on, so that several tables have
    /// no number in common. A step of 0 is one of 1. Default: 1, 2, 3.
    #[must_use]
    pub fn with_ids(self, first: u64, step: u64) -> Self {
        Self { next: first, step: step.max(1), ..self }
    }

    /// Replaces the limits. Sessions that there are stay, also where they are too many.
    pub const fn set_limits(&mut self, limit: usize, limit_of_address: usize) {
        self.limit = limit;
        self.limit_of_address = limit_of_address;
    }

    /// Returns how many sessions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len().saturating_sub(usize::from(self.index.removed.is_some()))
    }

    /// Returns whether there is no session.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the [load](Driven::load) of all sessions.
    #[must_use]
    pub fn load(&self) -> usize {
        self.index.load
    }

    /// Returns how many sessions this address has.
    #[must_use]
    pub fn of_address(&self, peer: IpAddr) -> usize {
        self.index.per_address.get(&peer.to_canonical()).copied().unwrap_or_default()
    }

    /// Returns an error when a session of this address may not be added.
    ///
    /// # Errors
    ///
    /// [`Full`]: there are too many.
    pub fn check(&self, peer: IpAddr) -> Result<(), Full> {
        if self.len() >= self.limit {
            return Err(Full::All { limit: self.limit });
        }
        // Behind one NAT are many users, but one attacker must not take every place.
        if self.of_address(peer) >= self.limit_of_address {
            return Err(Full::OfAddress { limit: self.limit_of_address });
        }
        Ok(())
    }

    /// Adds a session. It is ready.
    ///
    /// # Errors
    ///
    /// [`Full`]: there are too many. The session is dropped.
    pub fn insert(&mut self, peer: IpAddr, session: S) -> Result<Id, Full> {
        self.check(peer)?;
        // A dual-stack socket reports IPv4 peers in the form of IPv6.
        let peer = peer.to_canonical();
        self.sweep();
        let of_address = self.index.per_address.entry(peer).or_default();
        *of_address = of_address.saturating_add(1);
        let id = Id(self.next);
        self.next = self.next.saturating_add(self.step);
        let mut entry = Box::new(Entry { peer, session, deadline: None, keys: Vec::new(), is_ready: false, load: 0 });
        self.index.touch(id, &mut entry);
        self.entries.insert(id, entry);
        Ok(id)
    }

    /// Returns the session with this key.
    #[must_use]
    pub fn find(&self, key: S::Key) -> Option<Id> {
        self.index.routes.get(&key).copied()
    }

    /// Returns the sessions with keys in this range.
    pub fn find_all(&self, keys: RangeInclusive<S::Key>) -> impl Iterator<Item = Id> {
        self.index.routes.range(keys).map(|(_, id)| *id)
    }

    /// Returns a session, to look at.
    #[must_use]
    pub fn get(&self, id: Id) -> Option<&S> {
        self.entry(id).map(|entry| &entry.session)
    }

    /// Returns an entry, unless its session was removed.
    fn entry(&self, id: Id) -> Option<&Entry<S>> {
        self.entries.get(&id).filter(|_| self.index.removed != Some(id)).map(|entry| &**entry)
    }

    /// Returns an entry after those of removed sessions are gone.
    fn entry_mut(&mut self, id: Id) -> Option<(&mut Entry<S>, &mut Index<S::Key>)> {
        self.sweep();
        Some((self.entries.get_mut(&id)?, &mut self.index))
    }

    /// Frees the entry of a session that was removed while it was borrowed.
    fn sweep(&mut self) {
        if let Some(id) = self.index.removed.take() {
            self.entries.remove(&id);
        }
    }

    /// Returns the address that a session was added with.
    #[must_use]
    pub fn peer(&self, id: Id) -> Option<IpAddr> {
        self.entry(id).map(|entry| entry.peer)
    }

    /// Returns all sessions, the oldest first.
    pub fn ids(&self) -> impl Iterator<Item = Id> {
        self.entries.keys().copied().filter(|id| self.index.removed != Some(*id))
    }

    /// Marks a session as ready. Its deadline and keys are looked at when it is polled.
    pub fn mark_ready(&mut self, id: Id) {
        if let Some((entry, index)) = self.entry_mut(id) {
            index.mark(id, entry);
        }
    }

    /// Returns the session with this key for a packet of data, and marks it as ready: what
    /// [`find`](Self::find), [`mark_ready`](Self::mark_ready) and [`data_mut`](Self::data_mut) do,
    /// with one search less.
    pub fn packet_mut(&mut self, key: S::Key) -> Option<(Id, &mut S)> {
        let id = self.find(key)?;
        let (entry, index) = self.entry_mut(id)?;
        index.mark(id, entry);
        Some((id, &mut entry.session))
    }

    /// Takes note that a session has changed, which [`data_mut`](Self::data_mut) lent: it is ready.
    pub fn touch(&mut self, id: Id) {
        if let Some((entry, index)) = self.entry_mut(id) {
            index.touch(id, entry);
        }
    }

    /// Returns a session for a packet of data, which changes no key. A caller that does not poll it
    /// at once [marks](Self::mark_ready) it.
    pub fn data_mut(&mut self, id: Id) -> Option<&mut S> {
        self.entry_mut(id).map(|(entry, _)| &mut entry.session)
    }

    /// Returns a session, for whatever it can do. It is ready afterwards.
    pub fn get_mut(&mut self, id: Id) -> Option<SessionMut<'_, S>> {
        let (entry, index) = self.entry_mut(id)?;
        Some(SessionMut { id, entry, index, is_polled: false })
    }

    /// Returns a session that may have something to send or to report. Poll it until there is
    /// nothing more: it is not given again before it is ready again.
    ///
    /// ```
    /// use ppp_session::table::{Driven, Table};
    ///
    /// /// Polls all that are ready. `poll` returns whether the session is over.
    /// fn poll_all<S: Driven>(table: &mut Table<S>, mut poll: impl FnMut(&mut S) -> bool) {
    ///     while let Some(mut session) = table.poll_ready() {
    ///         if poll(&mut session) {
    ///             session.remove();
    ///         }
    ///     }
    /// }
    /// ```
    pub fn poll_ready(&mut self) -> Option<SessionMut<'_, S>> {
        self.sweep();
        let id = loop {
            let id = self.index.ready.pop_front()?;
            // It may have been removed while it waited.
            if self.entries.contains_key(&id) {
                break id;
            }
        };
        let entry = self.entries.get_mut(&id)?;
        entry.is_ready = false;
        Some(SessionMut { id, entry, index: &mut self.index, is_polled: true })
    }

    /// Returns a session that [`poll_ready`](Self::poll_ready) has given, to go on polling it: it is
    /// not ready again for that. For callers that cannot keep the loan from one poll to the next,
    /// such as those in another language.
    pub fn polled_mut(&mut self, id: Id) -> Option<SessionMut<'_, S>> {
        let (entry, index) = self.entry_mut(id)?;
        Some(SessionMut { id, entry, index, is_polled: true })
    }

    /// Forgets a session, and returns it.
    pub fn remove(&mut self, id: Id) -> Option<S> {
        self.sweep();
        let entry = self.entries.remove(&id)?;
        self.index.remove(id, &entry);
        Some(entry.session)
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) has to be called: the earliest
    /// deadline of all, or a moment before it.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.index.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Lets those do what is due whose deadline has come. Early, late and repeated calls are
    /// harmless.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.sweep();
        while let Some((deadline, id)) = self.index.deadlines.first().copied() {
            if deadline > now {
                break;
            }
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.deadline = None;
                entry.session.handle_timeout(now);
                self.index.touch(id, entry);
                debug_assert_ne!(entry.deadline, Some(deadline), "a deadline is later than now, or it is none");
            }
            // Only now: a set that is never empty takes no memory for its next deadline.
            self.index.deadlines.remove(&(deadline, id));
        }
    }
}

impl<K: Copy + Ord> Index<K> {
    fn mark<S: Driven<Key = K>>(&mut self, id: Id, entry: &mut Entry<S>) {
        if !core::mem::replace(&mut entry.is_ready, true) {
            self.ready.push_back(id);
        }
    }

    /// Looks at a session that may have changed: its deadline, its keys. It is ready.
    fn touch<S: Driven<Key = K>>(&mut self, id: Id, entry: &mut Entry<S>) {
        self.mark(id, entry);
        self.look(id, entry);
    }

    /// Takes the present keys and the deadline, unless that is later than the known one. It is
    /// looked at again when the known one has come, so that deadlines that move with each packet
    /// cost nothing.
    fn look<S: Driven<Key = K>>(&mut self, id: Id, entry: &mut Entry<S>) {
        self.route(id, entry);
        let before = core::mem::replace(&mut entry.load, entry.session.load());
        self.load = self.load.saturating_sub(before).saturating_add(entry.load);
        let deadline = entry.session.poll_timeout();
        // The set keeps the earlier deadline: a look too early costs less than a change of the set
        // with each packet.
        if deadline.is_some_and(|deadline| entry.deadline.is_some_and(|known| known <= deadline)) {
            return;
        }
        if let Some(deadline) = deadline {
            self.deadlines.insert((deadline, id));
        }
        if let Some(known) = core::mem::replace(&mut entry.deadline, deadline) {
            self.deadlines.remove(&(known, id));
        }
    }

    /// Gives new keys a route, and takes it from those that are gone.
    fn route<S: Driven<Key = K>>(&mut self, id: Id, entry: &mut Entry<S>) {
        let mut keys = core::mem::take(&mut self.scratch);
        keys.clear();
        entry.session.keys(entry.peer, &mut |key| keys.push(key));
        if keys != entry.keys {
            for gone in entry.keys.iter().filter(|key| !keys.contains(key)) {
                self.forget(id, *gone);
            }
            for new in keys.iter().filter(|key| !entry.keys.contains(key)) {
                // Two sessions may draw the same number: packets belong to the earlier one.
                if *self.routes.entry(*new).or_insert(id) != id {
                    entry.session.abandon(*new);
                }
            }
            entry.keys.clear();
            entry.keys.extend_from_slice(&keys);
        }
        self.scratch = keys;
    }

    /// Forgets all of a session that is going.
    fn remove<S: Driven<Key = K>>(&mut self, id: Id, entry: &Entry<S>) {
        if let Some(deadline) = entry.deadline {
            self.deadlines.remove(&(deadline, id));
        }
        for key in &entry.keys {
            self.forget(id, *key);
        }
        self.load = self.load.saturating_sub(entry.load);
        if let Some(count) = self.per_address.get_mut(&entry.peer) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.per_address.remove(&entry.peer);
            }
        }
    }

    /// Removes a route, if it is one to this session.
    fn forget(&mut self, id: Id, key: K) {
        if self.routes.get(&key) == Some(&id) {
            self.routes.remove(&key);
        }
    }
}

/// A session in a [`Table`], borrowed: when it is dropped, the table looks at what has changed.
#[derive(Debug)]
pub struct SessionMut<'s, S: Driven> {
    id: Id,
    entry: &'s mut Entry<S>,
    index: &'s mut Index<S::Key>,
    /// It is being polled because it was ready.
    is_polled: bool,
}

impl<S: Driven> SessionMut<'_, S> {
    /// Returns which session it is.
    #[must_use]
    pub const fn id(&self) -> Id {
        self.id
    }

    /// Returns the address that it was added with.
    #[must_use]
    pub const fn peer(&self) -> IpAddr {
        self.entry.peer
    }

    /// Removes the session from the table, in which it is not found any more. Its memory is freed
    /// when the table is used next.
    pub fn remove(self) {
        self.index.remove(self.id, self.entry);
        self.index.removed = Some(self.id);
    }
}

impl<S: Driven> core::ops::Deref for SessionMut<'_, S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.entry.session
    }
}

impl<S: Driven> core::ops::DerefMut for SessionMut<'_, S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.entry.session
    }
}

impl<S: Driven> Drop for SessionMut<'_, S> {
    fn drop(&mut self) {
        if self.index.removed == Some(self.id) {
            return;
        }
        // A caller that polls has seen everything; one that changes the session has made it ready
        // again.
        if self.is_polled {
            self.index.look(self.id, self.entry);
        } else {
            self.index.touch(self.id, self.entry);
        }
    }
}
