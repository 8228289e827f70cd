//! Packets of many sessions, side by side: the part of a server's batches that knows no carrier.

use crate::batch::{Batch, Opening, Sealing};

/// How many packets of different sessions are worked on side by side.
const LANES: usize = 4;

/// A packet that a session has lent.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a place in the batch, its session, and the packet are all there is")]
pub struct Lane<K, T> {
    /// Its place in the batch.
    pub index: usize,
    /// Which session has lent it.
    pub key: K,
    /// The packet, with the cipher of its session.
    pub lent: T,
}

/// Up to four packets of different sessions, which wait to be encrypted or decrypted side by side.
///
/// A carrier with many sessions takes the packets of a batch one by one. Each is lent by its
/// session ([`Session::lend_decryptor`](crate::Session::lend_decryptor),
/// [`Session::lend_encryptor`](crate::Session::lend_encryptor)) and waits here. When there is no
/// room for one more, all that wait are worked on, and each session takes its own back. 700 bytes
/// with the types of this family, and nothing on the heap.
///
/// ```
/// use ppp_session::{Batch, Lanes, Opening};
///
/// struct Packet<'p>(Opening<'p>);
///
/// impl<'p> AsMut<Opening<'p>> for Packet<'p> {
///     fn as_mut(&mut self) -> &mut Opening<'p> {
///         &mut self.0
///     }
/// }
///
/// let mut lanes: Lanes<u32, Packet<'_>> = Lanes::new();
/// assert!(lanes.has_room_for(&1));
/// // No session has lent anything.
/// lanes.open(&mut Batch::new());
/// assert_eq!(lanes.drain().count(), 0);
/// ```
#[derive(Debug)]
pub struct Lanes<K, T> {
    lanes: [Option<Lane<K, T>>; LANES],
}

impl<K, T> Default for Lanes<K, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, T> Lanes<K, T> {
    /// Makes lanes in which nothing waits.
    #[must_use]
    pub const fn new() -> Self {
        Self { lanes: [const { None }; LANES] }
    }

    /// Returns whether a packet of this session may wait with the others. If not, those have to be
    /// worked on and taken back first.
    #[must_use]
    pub fn has_room_for(&self, key: &K) -> bool
    where
        K: PartialEq,
    {
        // Each session lends one packet at a time, since the next one's key comes out of it.
        let is_busy = self.lanes.iter().flatten().any(|lane| lane.key == *key);
        !is_busy && self.lanes.iter().any(Option::is_none)
    }

    /// Adds a packet, for which there [is room](Self::has_room_for).
    pub fn push(&mut self, index: usize, key: K, lent: T) {
        let free = self.lanes.iter_mut().find(|lane| lane.is_none());
        debug_assert!(free.is_some(), "there was room, and one packet at a time is added");
        if let Some(free) = free {
            *free = Some(Lane { index, key, lent });
        }
    }

    /// Decrypts what waits.
    pub fn open<'p>(&mut self, batch: &mut Batch)
    where
        T: AsMut<Opening<'p>>,
    {
        if let [Some(one), Some(two), Some(three), Some(four)] = &mut self.lanes {
            batch.open([one.lent.as_mut(), two.lent.as_mut(), three.lent.as_mut(), four.lent.as_mut()]);
        } else {
            self.lanes.iter_mut().flatten().for_each(|lane| lane.lent.as_mut().open());
        }
    }

    /// Encrypts what waits.
    pub fn seal<'p>(&mut self, batch: &mut Batch)
    where
        T: AsMut<Sealing<'p>>,
    {
        if let [Some(one), Some(two), Some(three), Some(four)] = &mut self.lanes {
            batch.seal([one.lent.as_mut(), two.lent.as_mut(), three.lent.as_mut(), four.lent.as_mut()]);
        } else {
            self.lanes.iter_mut().flatten().for_each(|lane| lane.lent.as_mut().seal());
        }
    }

    /// Removes all that wait, in the order in which they were added, for their sessions to take
    /// back.
    pub fn drain(&mut self) -> impl Iterator<Item = Lane<K, T>> {
        self.lanes.iter_mut().filter_map(Option::take)
    }
}
