//! The least bytes that MPPC can do with, found exactly.

const RING: usize = 8192;
/// No byte, or none that a sender may refer to.
const NONE: u16 = u16::MAX;

/// For each packet the cheapest way among all copies that the rules of senders allow. A source may
/// be any byte of the ring that was written since the flush, but not over its end.
///
/// The ring is two halves, the round before and this one, as in the compressor. The cost of a
/// packet does not depend on how the ones before it were cut, so the least of each is the least of
/// all.
#[derive(Debug)]
pub struct Optimum {
    /// [`NONE`] where nothing is written; byte 8191 of the ring never is.
    halves: Vec<u16>,
    cursor: usize,
    /// For each offset how many bytes from here on are the same; the last is offset 1.
    same: Vec<u16>,
    /// Bits from each byte to the end.
    cost: Vec<u32>,
}

impl Optimum {
    /// Creates an empty history.
    #[must_use]
    pub fn new() -> Self {
        Self { halves: vec![NONE; 2 * RING], cursor: 0, same: vec![0; RING - 1], cost: Vec::new() }
    }

    /// Empties the history.
    pub fn flush(&mut self) {
        self.halves.fill(NONE);
        self.cursor = 0;
    }

    /// Returns the bytes of the shortest payload. A packet that does not shrink flushes, or else is
    /// left out of the history.
    pub fn packet(&mut self, packet: &[u8], flush: bool) -> usize {
        let length = packet.len();
        if self.cursor + length > RING - 1 {
            let (before, this) = self.halves.split_at_mut(RING);
            before[..self.cursor].copy_from_slice(&this[..self.cursor]);
            self.cursor = 0;
        }
        let start = RING + self.cursor;
        for (place, byte) in self.halves[start..].iter_mut().zip(packet) {
            *place = u16::from(*byte);
        }
        self.same.fill(0);
        self.cost.clear();
        self.cost.resize(length + 1, 0);
        for index in (0..length).rev() {
            self.cost[index] = self.cheapest(start, index, packet[index]);
        }
        let size = usize::try_from(self.cost[0].div_ceil(8)).expect("a length");
        if size <= length {
            self.cursor += length;
            return size;
        }
        if flush {
            self.flush();
        } else {
            // The older content of the ring is still in the first half.
            self.halves[start..start + length].fill(NONE);
        }
        length
    }

    fn cheapest(&mut self, start: usize, index: usize, byte: u8) -> u32 {
        let here = start + index;
        let history = &self.halves[here - (RING - 1)..here];
        let mut best = self.cost[index + 1] + 8 + u32::from(byte >> 7);
        // Offsets 320 to 8191, 64 to 319, 1 to 63, and the bits of each.
        let classes = [(0, RING - 320, 16), (RING - 320, RING - 64, 12), (RING - 64, RING - 1, 10)];
        for (from, to, bits) in classes {
            let mut longest = 0;
            for (same, there) in self.same[from..to].iter_mut().zip(&history[from..to]) {
                *same = if *there == u16::from(byte) { *same + 1 } else { 0 };
                longest = longest.max(*same);
            }
            for length in 3..=u32::from(longest) {
                let length_bits = if length == 3 { 1 } else { 2 * length.ilog2() };
                best = best.min(self.cost[index + usize::try_from(length).expect("a length")] + bits + length_bits);
            }
        }
        best
    }
}

impl Default for Optimum {
    fn default() -> Self {
        Self::new()
    }
}
