//! The way from a packet to its tunnel or session: by version, id and source.
//!
//! One socket serves all tunnels, of both versions. A packet belongs to a tunnel or session only if
//! its version, its id and its source address all fit. With the id alone, two peers could collide,
//! and a packet of one version reach a session of the other (the class of CVE-2024-49940 and
//! CVE-2026-23072).

use core::net::IpAddr;
use core::time::Duration;

use crate::header::Recipient;
use crate::random::{Random, Resting};
use crate::{Address, DecodeError, Packet, TunnelIds};

/// By what a tunnel or session is found: the ids that this end chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the RFCs have no other ids")]
pub enum Key {
    /// A tunnel of version 2.
    TunnelV2(u16),
    /// A control connection of version 3.
    TunnelV3(u32),
    /// A session of version 2: the tunnel's id and its own.
    SessionV2(u16, u16),
    /// A session of version 3.
    SessionV3(u32),
}

/// The peer's proof that it receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// Not yet: anybody can write a source address.
    HalfOpen,
    Proven,
}

/// One tunnel or session of a [`Demultiplexer`].
#[derive(Debug, Clone)]
pub struct Entry<T> {
    key: Key,
    source: Address,
    proof: Proof,
    value: T,
}

/// The recipient of a packet.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route<'t, T> {
    /// A control message of this tunnel.
    Tunnel(&'t mut T),
    /// Data of this session.
    Session(&'t mut T),
    /// A request for a tunnel: it has no id yet. Ask the tunnels [`of`](Demultiplexer::tunnels_of)
    /// that source whether it is theirs; if not, and [`admit`](Demultiplexer::admit) allows it,
    /// make one.
    Request,
}

/// The reason for which a packet has no recipient. It gets no answer, as anybody can send one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RouteError {
    /// It is no L2TP packet.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// No tunnel or session of that kind has this id.
    #[error("L2TP packet of unknown {0:?}")]
    Unknown(Key),
    /// The id exists, and its peer has another address.
    #[error("L2TP packet of {0:?} from another source")]
    OtherSource(Key),
}

/// The reason for which a tunnel or session is not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InsertError {
    /// All entries are taken.
    #[error("all {capacity} entries are taken")]
    Full {
        /// The number of places.
        capacity: usize,
    },
    /// There is one with this id.
    #[error("{0:?} exists")]
    Exists(Key),
}

/// The reason for which no tunnel may be made for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdmitError {
    /// Too many tunnels wait for a sign that their peer receives.
    #[error("{limit} tunnels are half-open already")]
    HalfOpen {
        /// The number that is allowed.
        limit: usize,
    },
    /// Too many of this host do.
    #[error("{limit} tunnels of this host are half-open already")]
    HalfOpenOfHost {
        /// The number that is allowed.
        limit: usize,
    },
}

/// RFC 2661 section 3.1, RFC 3931 section 4.1: finds the tunnel or session of a packet.
///
/// It keeps as many entries as it was lent: `[Option<Entry<T>>; N]`, `&mut [Option<Entry<T>>]`, or
/// a `Vec` of them. Each takes the size of `T` and about 60 bytes, everything else together 1.5
/// KiB. A packet costs a binary search, whatever anybody sends; adding or removing moves entries,
/// so `T` should be small: an index or a handle.
///
/// Ids are random, and not given again for 60 s after they ended (the last 64 of them).
///
/// ```
/// use core::time::Duration;
/// use l2tp_wire::Address;
/// use l2tp_wire::demultiplexer::{Demultiplexer, Key, Route};
///
/// let peer = Address::udp("192.0.2.1:1701".parse()?);
/// let mut table = Demultiplexer::new([const { None }; 16], [1; 32]);
/// let ids = table.allocate(Duration::ZERO);
/// table.insert(Key::TunnelV2(ids.v2), peer, "the first tunnel")?;
///
/// let [high, low] = ids.v2.to_be_bytes();
/// let packet = [0xc8, 2, 0, 12, high, low, 0, 0, 0, 1, 0, 1];
/// assert_eq!(table.route(peer, &packet), Ok(Route::Tunnel(&mut "the first tunnel")));
/// let other = Address::udp("192.0.2.2:1701".parse()?);
/// assert!(table.route(other, &packet).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Demultiplexer<T, E> {
    /// The first `len` are taken, in the order of their keys.
    entries: E,
    len: usize,
    limits: Limits,
    random: Random,
    resting: Resting<64>,
    value: core::marker::PhantomData<T>,
}

/// The numbers of tunnels that may wait for a sign that their peer receives.
#[derive(Debug, Clone, Copy)]
struct Limits {
    half_open: usize,
    half_open_of_host: usize,
}

impl<T, E> Demultiplexer<T, E>
where
    E: AsRef<[Option<Entry<T>>]> + AsMut<[Option<Entry<T>>]>,
{
    /// Makes a table without entries; what `entries` holds is dropped. `entropy` makes the ids: it
    /// must be random and not be used twice.
    ///
    /// Half of the entries may be half-open tunnels, 8 of them of one host.
    #[must_use]
    pub fn new(mut entries: E, entropy: [u8; 32]) -> Self {
        for entry in entries.as_mut() {
            *entry = None;
        }
        // Half of all places stay for tunnels that have proved themselves.
        let limits = Limits { half_open: entries.as_ref().len().div_ceil(2), half_open_of_host: 8 };
        let random = Random::new(entropy);
        Self { entries, len: 0, limits, random, resting: Resting::new(), value: core::marker::PhantomData }
    }

    /// Sets how many tunnels may be half-open: all together, and those of one host.
    #[must_use]
    pub const fn with_half_open_limits(mut self, all: usize, of_host: usize) -> Self {
        self.limits = Limits { half_open: all, half_open_of_host: of_host };
        self
    }

    /// Returns how many entries there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there is no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns how many entries there can be.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.entries.as_ref().len()
    }

    /// Draws the ids of a tunnel: no other has them, and none had them in the last 60 s.
    pub fn allocate(&mut self, now: Duration) -> TunnelIds {
        let v2 = loop {
            let id = self.random.non_zero_u16();
            // With all 65535 taken there is nothing to draw; then inserting it says so.
            if self.len >= usize::from(u16::MAX)
                || self.search(Key::TunnelV2(id)).is_err() && !self.resting.rests(now, id.into())
            {
                break id;
            }
        };
        let v3 = loop {
            let id = self.random.non_zero_u32();
            if self.search(Key::TunnelV3(id)).is_err() && !self.resting.rests(now, id) {
                break id;
            }
        };
        TunnelIds { v2, v3 }
    }

    /// Returns whether a tunnel may be made for a request from this source.
    ///
    /// # Errors
    ///
    /// Returns [`AdmitError`] when too many half-open tunnels exist. The request gets no answer; a
    /// genuine peer asks again.
    pub fn admit(&self, source: Address) -> Result<(), AdmitError> {
        let half_open = || self.taken().iter().flatten().filter(|entry| entry.proof == Proof::HalfOpen);
        // No state for more half-open tunnels: anyone can send an SCCRQ from any address.
        if half_open().count() >= self.limits.half_open {
            return Err(AdmitError::HalfOpen { limit: self.limits.half_open });
        }
        if half_open().filter(|entry| entry.source.host() == source.host()).count() >= self.limits.half_open_of_host {
            return Err(AdmitError::HalfOpenOfHost { limit: self.limits.half_open_of_host });
        }
        Ok(())
    }

    /// Adds a tunnel or session whose peer is known to receive: one that this end set up, or a
    /// session of a tunnel.
    ///
    /// # Errors
    ///
    /// Returns [`InsertError`] when all entries are taken, or the key exists.
    pub fn insert(&mut self, key: Key, source: Address, value: T) -> Result<(), InsertError> {
        self.insert_entry(Entry { key, source, proof: Proof::Proven, value })
    }

    /// Adds a tunnel for a request: it is half-open until [`prove`](Self::prove).
    ///
    /// # Errors
    ///
    /// As [`insert`](Self::insert).
    pub fn insert_half_open(&mut self, key: Key, source: Address, value: T) -> Result<(), InsertError> {
        self.insert_entry(Entry { key, source, proof: Proof::HalfOpen, value })
    }

    fn insert_entry(&mut self, entry: Entry<T>) -> Result<(), InsertError> {
        let Err(index) = self.search(entry.key) else {
            return Err(InsertError::Exists(entry.key));
        };
        let capacity = self.capacity();
        let key = entry.key;
        let end = self.len.saturating_add(1);
        let Some(moved) = self.entries.as_mut().get_mut(index..end) else {
            return Err(InsertError::Full { capacity });
        };
        let Some(last) = moved.last_mut() else {
            return Err(InsertError::Exists(key));
        };
        *last = Some(entry);
        moved.rotate_right(1);
        self.len = end;
        Ok(())
    }

    /// Takes note that the peer of a tunnel receives: the tunnel is up, or at least
    /// [`is_proven`](crate::tunnel::Tunnel::is_proven).
    pub fn prove(&mut self, key: Key) {
        if let Some(entry) = self.entry_mut(key) {
            entry.proof = Proof::Proven;
        }
    }

    /// Takes the address from which a tunnel's peer really answers.
    pub fn set_source(&mut self, key: Key, source: Address) {
        if let Some(entry) = self.entry_mut(key) {
            entry.source = source;
        }
    }

    /// Removes a tunnel or session, and returns what was found by it. A tunnel's id rests for 60 s.
    pub fn remove(&mut self, now: Duration, key: Key) -> Option<T> {
        let index = self.search(key).ok()?;
        let end = self.len;
        let moved = self.entries.as_mut().get_mut(index..end)?;
        let removed = moved.first_mut()?.take()?;
        moved.rotate_left(1);
        self.len = self.len.saturating_sub(1);
        match key {
            Key::TunnelV2(id) => self.resting.rest(now, id.into()),
            Key::TunnelV3(id) => self.resting.rest(now, id),
            Key::SessionV2(..) | Key::SessionV3(_) => {}
        }
        Some(removed.value)
    }

    /// Returns what was added with this key.
    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        self.entry_mut(key).map(|entry| &mut entry.value)
    }

    /// Returns the tunnels whose peer has this address.
    pub fn tunnels_of(&self, source: Address) -> impl Iterator<Item = (Key, &T)> {
        self.taken()
            .iter()
            .flatten()
            .filter(move |entry| entry.source == source && matches!(entry.key, Key::TunnelV2(_) | Key::TunnelV3(_)))
            .map(|entry| (entry.key, &entry.value))
    }

    /// Finds what a packet from `source` is for. The source says by which carrier it came.
    ///
    /// A control message must come from the address of its tunnel, port included. Data may come
    /// from any port of that host: RouterOS takes another one for it.
    ///
    /// # Errors
    ///
    /// Returns [`RouteError`] when it is for nobody.
    pub fn route(&mut self, source: Address, packet: &[u8]) -> Result<Route<'_, T>, RouteError> {
        let decoded = if source.is_ip() { Packet::decode_ip(packet)? } else { Packet::decode_udp(packet)? };
        let (key, is_data) = match decoded {
            // A request names no tunnel yet.
            Packet::Control(control) => match control.header.recipient {
                Recipient::V2 { tunnel_id: 0, .. } | Recipient::V3 { control_connection_id: 0 } => {
                    return Ok(Route::Request);
                }
                Recipient::V2 { tunnel_id, .. } => (Key::TunnelV2(tunnel_id), false),
                Recipient::V3 { control_connection_id } => (Key::TunnelV3(control_connection_id), false),
            },
            Packet::DataV2 { header, .. } => (Key::SessionV2(header.tunnel_id, header.session_id), true),
            Packet::DataV3 { session_id, .. } => (Key::SessionV3(session_id), true),
        };
        let entry = self.entry_mut(key).ok_or(RouteError::Unknown(key))?;
        // RouterOS: "1701 only for link establishment, further traffic any port".
        // Control comes from where it was set up, so that a guessed id alone is not enough.
        let fits = if is_data { source.may_answer_for(entry.source) } else { source == entry.source };
        if !fits {
            return Err(RouteError::OtherSource(key));
        }
        Ok(if is_data { Route::Session(&mut entry.value) } else { Route::Tunnel(&mut entry.value) })
    }

    /// Returns the host of an entry's peer.
    #[must_use]
    pub fn host_of(&self, key: Key) -> Option<IpAddr> {
        let index = self.search(key).ok()?;
        self.taken().get(index)?.as_ref().map(|entry| entry.source.host())
    }

    fn taken(&self) -> &[Option<Entry<T>>] {
        self.entries.as_ref().get(..self.len).unwrap_or_default()
    }

    fn entry_mut(&mut self, key: Key) -> Option<&mut Entry<T>> {
        let index = self.search(key).ok()?;
        self.entries.as_mut().get_mut(index)?.as_mut()
    }

    fn search(&self, key: Key) -> Result<usize, usize> {
        self.taken().binary_search_by(|entry| match entry {
            Some(entry) => entry.key.cmp(&key),
            None => core::cmp::Ordering::Greater,
        })
    }
}

#[cfg(test)]
mod tests;
