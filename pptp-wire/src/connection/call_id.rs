//! Call ids that cannot be guessed.

use core::fmt;

use super::random::Random;

/// RFC 2637 section 3.2.2: the call id that *we* chose for a call, and by which all commands and events name it.
///
/// It is also the key of the GRE packets that come in for this call.
///
/// ```
/// use pptp_wire::connection::CallId;
///
/// let id = CallId::new(7);
/// assert_eq!((id.get(), id.to_string()), (7, "7".to_owned()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct CallId(u16);

impl CallId {
    /// Creates the id with this number.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// Returns the number on the wire.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How call ids are chosen. Zero is never given, but is taken from peers: pptpd's first call has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CallIdStyle {
    /// Drawn from the entropy of the connection. An attacker that does not know it cannot guess an
    /// id, and so cannot forge GRE packets blindly.
    #[default]
    Unpredictable,
    /// One after the other, as accel-ppp does (from 1). For traces that are to be compared, not for real use.
    Sequential {
        /// The first id.
        first: u16,
    },
}

/// Chooses call ids that no call has, and that the last calls did not have.
pub(super) struct CallIds {
    source: Source,
    /// The ids that were given last. Late GRE packets of an ended call must not reach a new one.
    recent: [u16; RECENT],
    /// The oldest place of `recent`.
    oldest: usize,
}

enum Source {
    Drawn(Random),
    Counted { next: u16 },
}

/// How many other calls begin before an id comes back.
const RECENT: usize = 32;

impl CallIds {
    pub(super) fn new(style: CallIdStyle, entropy: [u8; 32]) -> Self {
        let source = match style {
            CallIdStyle::Unpredictable => Source::Drawn(Random::new(entropy)),
            CallIdStyle::Sequential { first } => Source::Counted { next: first },
        };
        // Zero is never given, so it is no id that was given last.
        Self { source, recent: [0; RECENT], oldest: 0 }
    }

    /// Chooses an id that is free. An id that is taken is drawn again; after 16 draws the ids behind the last one are
    /// tried, one after the other, so the search ends.
    pub(super) fn allocate(&mut self, is_taken: impl Fn(u16) -> bool) -> Option<CallId> {
        // Zero stands for "no call" in replies that refuse one (RFC 2637 section 2.8).
        let is_free = |number: &u16| *number != 0 && !is_taken(*number);
        // A GRE packet of an ended call may still be under way; with its id in use again, it would
        // reach the wrong call.
        let is_new = |number: &u16| is_free(number) && !self.recent.contains(number);
        let number = match &mut self.source {
            Source::Drawn(random) => {
                let drawn: [u8; 32] = random.bytes();
                let mut numbers =
                    drawn.chunks_exact(2).filter_map(|pair| Some(u16::from_be_bytes(*pair.first_chunk()?)));
                let [.., high, low] = drawn;
                // With few ids left 16 draws may all fail. The walk behind the last draw finds a
                // free id if one exists.
                let behind = || behind(u16::from_be_bytes([high, low]));
                numbers.find(is_new).or_else(|| behind().find(is_new)).or_else(|| behind().find(is_free))?
            }
            Source::Counted { next } => {
                let number = behind(next.wrapping_sub(1)).find(is_free)?;
                *next = number.wrapping_add(1);
                number
            }
        };
        self.remember(number);
        Some(CallId(number))
    }

    fn remember(&mut self, number: u16) {
        if let Some(place) = self.recent.get_mut(self.oldest) {
            *place = number;
        }
        self.oldest = self.oldest.wrapping_add(1) & (RECENT - 1);
    }
}

/// Returns all numbers, from the one behind `number` on.
fn behind(number: u16) -> impl Iterator<Item = u16> {
    (1..=u16::MAX).chain([0]).map(move |steps| number.wrapping_add(steps))
}

/// Does not show the key.
impl fmt::Debug for CallIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallIds").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;

    use alloc::collections::BTreeSet;
    use alloc::format;
    use alloc::vec::Vec;

    use super::*;

    const KEY: [u8; 32] = [0x5a; 32];

    fn ids(style: CallIdStyle, entropy: [u8; 32], count: usize) -> Vec<u16> {
        let mut ids = CallIds::new(style, entropy);
        (0..count).map(|_| ids.allocate(|_| false).unwrap().get()).collect()
    }

    #[test]
    fn unpredictable_ids_come_back_after_32_others_at_the_earliest() {
        let ids = ids(CallIdStyle::Unpredictable, KEY, 20_000);
        assert!(!ids.contains(&0));
        assert!(ids.windows(RECENT + 1).all(|window| BTreeSet::from_iter(window).len() == RECENT + 1));
        // They are spread over all numbers: 20,000 draws of 65,535 find about 17,200 different ones.
        assert!((17_000..17_500).contains(&BTreeSet::from_iter(&ids).len()));
    }

    #[test]
    fn unpredictable_ids_follow_from_the_whole_entropy() {
        let order = |entropy| ids(CallIdStyle::Unpredictable, entropy, 8);
        let mut orders = BTreeSet::from([order(KEY)]);
        for bit in 0..256_usize {
            let mut entropy = KEY;
            entropy[bit >> 3] ^= 1 << (bit & 7);
            orders.insert(order(entropy));
        }
        assert_eq!(orders.len(), 257);
        assert_eq!(order(KEY), order(KEY));
    }

    #[test]
    fn sequential_ids_count_and_leave_out_zero() {
        assert_eq!(ids(CallIdStyle::Sequential { first: 65534 }, KEY, 4), [65534, 65535, 1, 2]);
    }

    #[test]
    fn section_3_2_2_taken_ids_are_drawn_again() {
        for style in [CallIdStyle::Unpredictable, CallIdStyle::Sequential { first: 7 }] {
            // All but a few are taken: by chance, 16 draws would not find one.
            let mut ids = CallIds::new(style, KEY);
            let free = [9u16, 5000, 65535];
            for _ in 0..200 {
                assert!(free.contains(&ids.allocate(|id| !free.contains(&id)).unwrap().get()));
            }
            // One is left, which was given before: better than none.
            assert_eq!(ids.allocate(|id| id != 9), Some(CallId(9)));
            assert_eq!(ids.allocate(|_| true), None);
            assert_eq!(ids.allocate(|id| id != 0), None, "zero is never given");
        }
    }

    #[test]
    fn the_key_is_not_printed() {
        assert!(!format!("{:?}", CallIds::new(CallIdStyle::Unpredictable, KEY)).contains("90"));
    }
}
