//! One of several servers at one address.

use core::num::NonZero;

use pptp_wire::connection::CallId;

/// RFC 2637 section 4.1: which of several servers at one address this one is, each in a thread of
/// its own.
///
/// A GRE packet has the id that the server gave the call. The shard `index` of `count` gives ids that
/// leave `index` when they are divided by `count`. So a filter of a raw socket, or a thread that
/// reads one socket for all, finds the shard of a packet without asking any of them.
///
/// ```
/// use pptp::server::Shard;
///
/// let shard = Shard::new(1, 4).unwrap();
/// assert!(shard.includes(5) && shard.includes(65533) && !shard.includes(4));
/// assert_eq!(Shard::new(4, 4), None);
/// assert!(Shard::ALL.includes(7));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u16,
    count: NonZero<u16>,
}

impl Shard {
    /// The only one.
    pub const ALL: Self = Self { index: 0, count: NonZero::<u16>::MIN };
    /// How many there may be: each has 255 ids at least, for the calls of one address.
    pub const MAX_COUNT: u16 = 256;

    /// Makes the shard `index` of `count`, from 0 on. `None`: there is no such one, or there are more
    /// than [`MAX_COUNT`](Self::MAX_COUNT).
    #[must_use]
    pub const fn new(index: u16, count: u16) -> Option<Self> {
        match NonZero::new(count) {
            Some(count) if index < count.get() && count.get() <= Self::MAX_COUNT => Some(Self { index, count }),
            _ => None,
        }
    }

    /// Returns which one it is, from 0 on.
    #[must_use]
    pub const fn index(self) -> u16 {
        self.index
    }

    /// Returns how many there are.
    #[must_use]
    pub const fn count(self) -> u16 {
        self.count.get()
    }

    /// Returns whether calls with this id are its own.
    #[must_use]
    pub fn includes(self, call_id: u16) -> bool {
        call_id % self.count == self.index
    }

    /// Returns the id of this shard near a number that was drawn: each is as likely as the next one.
    /// `None`: it would be 0, which stands for no call (RFC 2637 section 2.8), or more than 65535.
    pub(crate) fn nearest(self, drawn: u16) -> Option<CallId> {
        let first = drawn.wrapping_sub(drawn % self.count);
        first.checked_add(self.index).filter(|number| *number != 0).map(CallId::new)
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::vec::Vec;

    use super::*;

    /// RFC 2637 section 4.1: an id belongs to one shard, and each shard has its share of them.
    #[test]
    fn every_call_id_but_zero_is_given_by_exactly_one_shard() {
        for count in [1, 2, 3, 16, 255, Shard::MAX_COUNT] {
            let shards: Vec<_> = (0..count).filter_map(|index| Shard::new(index, count)).collect();
            assert_eq!(shards.len(), usize::from(count));
            let mut given: BTreeMap<u16, u16> = BTreeMap::new();
            // One number of each block of `count` is enough: the others of a block give the same.
            let drawn = (0..=u16::MAX).step_by(usize::from(count));
            for (drawn, shard) in drawn.flat_map(|drawn| shards.iter().map(move |shard| (drawn, shard))) {
                if let Some(id) = shard.nearest(drawn) {
                    assert!(shard.includes(id.get()));
                    assert_eq!(*given.entry(id.get()).or_insert(shard.index()), shard.index());
                    assert_eq!(shard.nearest(drawn.saturating_add(count - 1)), Some(id));
                }
            }
            assert_eq!(given.len(), 65535, "of {count} shards");
            assert!(!given.contains_key(&0));
        }
        for (index, count) in [(0, 0), (1, 1), (0, Shard::MAX_COUNT + 1)] {
            assert_eq!(Shard::new(index, count), None);
        }
    }
}
