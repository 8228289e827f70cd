//! Dividing a packet into literals and copies.

use crate::code::{MAX_LENGTH, MIN_LENGTH, Writer};
use crate::number::{narrow, wide};
use crate::window::{FRONT, Window};

pub(crate) mod greedy;
pub(crate) mod lazy;
pub(crate) mod optimal;

/// The parts of a level.
pub(crate) trait Parse {
    /// Where bytes of the history are found again. All of it are hints: what they say is compared
    /// before it is used.
    type Tables;
    const EMPTY: Self::Tables;

    /// Writes a packet's tokens; and gives their length, or nothing when it is not worth going on.
    fn parse(tables: &mut Self::Tables, packet: &Packet<'_>, writer: Writer<'_>) -> Option<usize>;
}

/// A packet within the window.
pub(crate) struct Packet<'a> {
    pub(crate) window: &'a Window,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The number to add to a position to get its own number, which never comes again. Tables hold
    /// numbers, so that a flush just goes on with higher ones. Numbers are as far apart as bytes in
    /// the ring.
    pub(crate) numbering: u32,
    /// The end of what may be referred to of the round before.
    pub(crate) before_end: usize,
    /// Where to give up when nothing was found before.
    pub(crate) probe: usize,
}

/// How many bytes of a packet are looked at for whether it looks like random data,
const SAMPLE: usize = 128;
/// how many are above 0x7f at least if so: 64 with a standard deviation of 5.7 in truly random data,
const HIGH: u8 = 32;
/// how many different ones there are: 101 with a standard deviation of 4.4 in truly random data, and
const DIFFERENT: u32 = 86;
/// how many positions are searched then.
const PROBE: usize = 48;

impl<'a> Packet<'a> {
    pub(crate) fn new(window: &'a Window, start: usize, end: usize, numbering: u32, before_end: usize) -> Self {
        let sample = window.slice(start, end.min(start.wrapping_add(SAMPLE)));
        let probe = if looks_random(sample) { start.wrapping_add(PROBE) } else { usize::MAX };
        Self { window, start, end, numbering, before_end, probe }
    }

    #[inline(always)]
    pub(crate) fn number(&self, at: usize) -> u32 {
        narrow(at).wrapping_add(self.numbering)
    }

    /// Returns the three bytes at a position.
    #[inline(always)]
    pub(crate) fn three(&self, at: usize) -> u32 {
        self.four(at) & 0x00ff_ffff
    }

    #[inline(always)]
    pub(crate) fn four(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.window.read(at))
    }

    /// Returns the longest copy that may start at `at` with its source at `from`. It reaches to the
    /// end of the packet at most, and its source stays within the round before.
    #[inline(always)]
    pub(crate) fn room(&self, at: usize, from: usize) -> usize {
        let left = self.end.wrapping_sub(at).min(MAX_LENGTH);
        if from >= FRONT { left } else { left.min(self.before_end.saturating_sub(from)) }
    }

    /// Returns how many bytes at two positions are the same, at most `room`.
    #[inline(always)]
    pub(crate) fn common(&self, at: usize, from: usize, room: usize) -> usize {
        let mut length = 0_usize;
        while length < room {
            let here = u64::from_le_bytes(self.window.read(at.wrapping_add(length)));
            let there = u64::from_le_bytes(self.window.read(from.wrapping_add(length)));
            let different = here ^ there;
            if different != 0 {
                return length.wrapping_add(wide(different.trailing_zeros() >> 3)).min(room);
            }
            length = length.wrapping_add(8);
        }
        room
    }

    /// Writes the bytes between two positions as literals.
    #[inline(always)]
    pub(crate) fn put_literals(&self, writer: &mut Writer<'_>, from: usize, to: usize) {
        let mut at = from;
        while at < to {
            let left = narrow(to.wrapping_sub(at)).min(7);
            let word = u64::from_be_bytes(self.window.read(at));
            let width = left.wrapping_mul(8);
            let bytes = word.wrapping_shr(64_u32.wrapping_sub(width));
            if bytes & 0x8080_8080_8080_8080 == 0 {
                // Bytes below 0x80 are their own code.
                writer.put(bytes, width);
                at = at.wrapping_add(wide(left));
                continue;
            }
            // Otherwise up to six, of 8 or 9 bits each, without asking which.
            let left = left.min(6);
            let mut code = 0_u64;
            let mut width = 0_u32;
            for byte in word.to_be_bytes().into_iter().take(wide(left)) {
                let high = u32::from(byte >> 7);
                let byte = u64::from(byte).wrapping_add(u64::from(byte & 0x80));
                code = code.wrapping_shl(high.wrapping_add(8)) | byte;
                width = width.wrapping_add(high).wrapping_add(8);
            }
            writer.put(code, width);
            at = at.wrapping_add(wide(left));
        }
    }
}

/// Returns whether as many different bytes are there as in compressed or encrypted data.
fn looks_random(sample: &[u8]) -> bool {
    // Most packets need no closer look.
    let high: u8 = sample.iter().map(|byte| byte >> 7).fold(0, u8::wrapping_add);
    if high < HIGH {
        return false;
    }
    let mut seen = [0_u64; 4];
    for byte in sample {
        if let Some(seen) = seen.get_mut(usize::from(byte >> 6)) {
            *seen |= 1_u64.wrapping_shl(u32::from(*byte));
        }
    }
    seen.into_iter().map(u64::count_ones).sum::<u32>() >= DIFFERENT
}

/// Returns a distance within the history: 1 to 8191.
#[inline(always)]
pub(crate) const fn is_near(distance: u32) -> bool {
    distance.wrapping_sub(1) < 8191
}

/// Returns the first position at which no copy can start any more.
#[inline(always)]
pub(crate) const fn last_start(end: usize) -> usize {
    end.saturating_sub(MIN_LENGTH - 1)
}
