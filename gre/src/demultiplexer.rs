//! Which call a packet is of.

use core::marker::PhantomData;
use core::net::IpAddr;

use crate::{DecodeError, Header};

/// One call of a [`Demultiplexer`].
#[derive(Debug, Clone)]
pub struct Entry<T> {
    peer: IpAddr,
    call_id: u16,
    value: T,
}

/// Why a packet has no call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RouteError {
    /// It is no packet of enhanced GRE.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// No call of that peer has this id. A raw socket sees the packets of all programs of the host.
    #[error("GRE packet of unknown call {call_id}")]
    UnknownCall {
        /// The call id.
        call_id: u16,
    },
}

/// A call that is not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InsertError {
    /// All entries are taken.
    #[error("all {capacity} calls are taken")]
    Full {
        /// How many there are.
        capacity: usize,
    },
    /// The peer has a call with this id already.
    #[error("call {call_id} of this peer exists")]
    Exists {
        /// The call id.
        call_id: u16,
    },
}

/// RFC 2637 section 4.1: finds the call of a packet, by the peer's address and the call id that we chose.
///
/// The call id alone does not do: anybody can send one, and each peer may have been given the same. An IPv4 address
/// that is mapped into IPv6 is the same as the IPv4 address.
///
/// It keeps as many calls as it was lent entries: `[Option<Entry<T>>; N]`, `&mut [Option<Entry<T>>]`, or a `Vec` of
/// them. A packet costs a binary search, whatever anybody sends; adding or removing a call moves entries, so `T` should
/// be small: an index or a handle.
///
/// ```
/// use core::net::{IpAddr, Ipv4Addr};
///
/// use pptp_gre::{Demultiplexer, RouteError};
///
/// let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
/// let mut calls = Demultiplexer::new([const { None }; 16]);
/// calls.insert(peer, 7, "the first session")?;
///
/// let packet = [0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 7, 0, 0, 0, 41];
/// assert_eq!(calls.route(peer, &packet), Ok(&mut "the first session"));
/// let other = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
/// assert_eq!(calls.route(other, &packet), Err(RouteError::UnknownCall { call_id: 7 }));
/// # Ok::<(), pptp_gre::InsertError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Demultiplexer<T, E> {
    /// The first `len` are taken, in the order of their keys.
    entries: E,
    len: usize,
    value: PhantomData<T>,
}

impl<T, E> Demultiplexer<T, E>
where
    E: AsRef<[Option<Entry<T>>]> + AsMut<[Option<Entry<T>>]>,
{
    /// No call yet; what `entries` holds is dropped.
    #[must_use]
    pub fn new(mut entries: E) -> Self {
        for entry in entries.as_mut() {
            *entry = None;
        }
        Self { entries, len: 0, value: PhantomData }
    }

    /// How many calls there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no call.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many calls there can be.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.entries.as_ref().len()
    }

    /// Adds a call: the peer's address, the call id that we told it, and what to find.
    ///
    /// # Errors
    ///
    /// All entries are taken, or the call exists.
    pub fn insert(&mut self, peer: IpAddr, call_id: u16, value: T) -> Result<(), InsertError> {
        let peer = peer.to_canonical();
        let Err(index) = self.search(peer, call_id) else {
            return Err(InsertError::Exists { call_id });
        };
        let full = InsertError::Full { capacity: self.capacity() };
        let behind = self.entries.as_mut().get_mut(index..=self.len).ok_or(full)?;
        behind.rotate_right(1);
        if let Some(entry) = behind.first_mut() {
            *entry = Some(Entry { peer, call_id, value });
        }
        self.len = self.len.saturating_add(1);
        Ok(())
    }

    /// Removes a call, and gives what was kept of it.
    pub fn remove(&mut self, peer: IpAddr, call_id: u16) -> Option<T> {
        let index = self.search(peer.to_canonical(), call_id).ok()?;
        let behind = self.entries.as_mut().get_mut(index..self.len)?;
        let entry = behind.first_mut()?.take();
        behind.rotate_left(1);
        self.len = self.len.saturating_sub(1);
        entry.map(|entry| entry.value)
    }

    /// The call of that peer with the id that we chose.
    pub fn get_mut(&mut self, peer: IpAddr, call_id: u16) -> Option<&mut T> {
        let index = self.search(peer.to_canonical(), call_id).ok()?;
        self.entries.as_mut().get_mut(index)?.as_mut().map(|entry| &mut entry.value)
    }

    /// The call of a packet that came from that peer: the payload of an IP packet of protocol
    /// [`IP_PROTOCOL`](crate::IP_PROTOCOL).
    ///
    /// # Errors
    ///
    /// It is no packet of enhanced GRE, or of no call. It is to be dropped without an answer.
    pub fn route(&mut self, peer: IpAddr, packet: &[u8]) -> Result<&mut T, RouteError> {
        let (Header { call_id, .. }, ..) = Header::decode(packet)?;
        self.get_mut(peer, call_id).ok_or(RouteError::UnknownCall { call_id })
    }

    /// All calls: the peer's address, the call id, and what is kept.
    pub fn iter_mut<'a>(&'a mut self) -> impl Iterator<Item = (IpAddr, u16, &'a mut T)>
    where
        T: 'a,
    {
        self.entries.as_mut().iter_mut().flatten().map(|entry| (entry.peer, entry.call_id, &mut entry.value))
    }

    fn search(&self, peer: IpAddr, call_id: u16) -> Result<usize, usize> {
        debug_assert!(self.len <= self.entries.as_ref().len(), "an entry that was taken has room");
        let taken = self.entries.as_ref().get(..self.len).unwrap_or_default();
        taken.binary_search_by_key(&Some((call_id, peer)), |entry| {
            entry.as_ref().map(|entry| (entry.call_id, entry.peer))
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::vec;
    use alloc::vec::Vec;
    use core::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn behaves_as_a_map(operations in prop::collection::vec((any::<bool>(), 0u8..4, 0u16..4), 0..64)) {
            let mut calls = Demultiplexer::new(vec![None; 8]);
            let mut model = BTreeMap::new();
            for (step, (insert, host, call_id)) in operations.into_iter().enumerate() {
                let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, host));
                if insert {
                    let expected = if model.contains_key(&(host, call_id)) {
                        Err(InsertError::Exists { call_id })
                    } else if model.len() == 8 {
                        Err(InsertError::Full { capacity: 8 })
                    } else {
                        model.insert((host, call_id), step);
                        Ok(())
                    };
                    prop_assert_eq!(calls.insert(peer, call_id, step), expected);
                } else {
                    prop_assert_eq!(calls.remove(peer, call_id), model.remove(&(host, call_id)));
                }
                prop_assert_eq!(calls.len(), model.len());
                for host in 0..4 {
                    for call_id in 0..4 {
                        let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, host));
                        prop_assert_eq!(calls.get_mut(peer, call_id).copied(), model.get(&(host, call_id)).copied());
                    }
                }
                prop_assert_eq!(calls.iter_mut().count(), model.len());
            }
        }
    }

    #[test]
    fn mapped_addresses_are_the_same() {
        let mut slots: Vec<Option<Entry<()>>> = vec![None; 1];
        let mut calls = Demultiplexer::new(&mut slots[..]);
        let peer = Ipv4Addr::new(192, 0, 2, 1);
        calls.insert(IpAddr::V6(peer.to_ipv6_mapped()), 0, ()).unwrap();
        assert!(calls.get_mut(IpAddr::V4(peer), 0).is_some());
        assert!(calls.get_mut(IpAddr::V6(Ipv6Addr::LOCALHOST), 0).is_none());
        assert_eq!(calls.route(IpAddr::V4(peer), &[0x00, 0x00]), Err(DecodeError::Version { found: 0 }.into()));
        assert_eq!(calls.remove(IpAddr::V4(peer), 0), Some(()));
        assert!(calls.is_empty());
    }
}
