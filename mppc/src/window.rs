//! The history as plain linear memory.
//!
//! RFC 2118's history is a ring of 8192 bytes in which every packet lies in one piece. Here it is
//! two halves:
//!
//! ```text
//! 0                     8192                   16384
//! | the round before     | this round   . . .  | slack |
//!                        ^ front        ^ cursor
//! ```
//!
//! Byte p of the ring is at 8192 + p when this round has written it, and at p when not. So what
//! lies `offset` bytes behind the cursor in the ring is at `cursor - offset` here, and a copy never
//! wraps. A move to the front copies what this round wrote down into the first half, over the same
//! bytes of the round before.

use crate::HISTORY_LEN;

/// Where this round starts.
pub(crate) const FRONT: usize = HISTORY_LEN;
/// Every position is below this, which a mask says to the compiler.
const MASK: usize = 2 * HISTORY_LEN - 1;
/// Wide stores may spill over the end by this much.
const SLACK: usize = 64;

#[derive(Clone)]
pub(crate) struct Window {
    bytes: [u8; 2 * HISTORY_LEN + SLACK],
}

impl Window {
    #[expect(clippy::large_stack_arrays, reason = "where the state lies is the caller's choice")]
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; 2 * HISTORY_LEN + SLACK] }
    }

    /// Reads N bytes at a position; N is at most the slack.
    #[inline(always)]
    pub(crate) fn read<const N: usize>(&self, at: usize) -> [u8; N] {
        match self.bytes.get(at & MASK..).and_then(|bytes| bytes.first_chunk()) {
            Some(bytes) => *bytes,
            // Not reached: the slack is behind every position. The compiler sees it and drops the branch.
            None => [0; N],
        }
    }

    /// Writes N bytes to a position.
    ///
    /// At the very end of the window they land at its start. Nobody reads them there: when the end is reached there is
    /// no room for more, and [`turn`](Self::turn) then writes all of the first half.
    #[inline(always)]
    pub(crate) fn write<const N: usize>(&mut self, at: usize, bytes: [u8; N]) {
        if let Some(place) = self.bytes.get_mut(at & MASK..).and_then(|bytes| bytes.first_chunk_mut()) {
            *place = bytes;
        }
    }

    /// Copies a packet to a position at which it fits.
    pub(crate) fn place(&mut self, at: usize, packet: &[u8]) {
        if let Some(place) = self.bytes.get_mut(at..).and_then(|bytes| bytes.get_mut(..packet.len())) {
            place.copy_from_slice(packet);
        }
    }

    pub(crate) fn slice(&self, from: usize, to: usize) -> &[u8] {
        debug_assert!(from <= to && to <= self.bytes.len(), "positions lie in the window");
        self.bytes.get(from..to).unwrap_or_default()
    }

    /// Starts the next round: what this one wrote, up to `cursor`, becomes the round before.
    pub(crate) fn turn(&mut self, cursor: usize) {
        debug_assert!((FRONT..=self.bytes.len()).contains(&cursor), "the cursor lies in this round");
        let (before, this) = self.bytes.split_at_mut(FRONT);
        for (to, from) in before.iter_mut().zip(this.get(..cursor.saturating_sub(FRONT)).unwrap_or_default()) {
            *to = *from;
        }
    }

    /// Zeros the round before, from a byte on.
    pub(crate) fn clear_before(&mut self, from: usize) {
        debug_assert!(from <= FRONT, "the round before ends at the front");
        self.bytes.get_mut(from..FRONT).unwrap_or_default().fill(0);
    }
}

/// The history is plaintext of an encrypted link.
#[cfg(feature = "zeroize")]
impl Drop for Window {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.bytes[..]);
    }
}
