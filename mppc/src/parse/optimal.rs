//! The cheapest way through all copies that a search has found.
//!
//! Costs are exact bits. The cost of a copy depends on the classes of its offset and its length
//! only. So of each length class only the longest copy is tried: a byte more for the same bits
//! hardly ever makes the rest dearer. The rare exception is that the three bytes behind are then no
//! copy any more. And of two copies of one length only the nearer is.

use super::{Packet, is_near, last_start};
use crate::code::{MIN_LENGTH, Writer, length_code, offset_code};
use crate::number::{low16, low32, narrow, wide};

const BITS: u32 = 12;
const CHAIN: usize = 8192;
/// Bytes that are taken at a time: more than a packet on an Ethernet has.
const BLOCK: usize = 2048;
/// Links of a chain that are followed.
const DEPTH: u32 = 96;
/// Within a copy as long as this nothing is searched.
const NICE: usize = 256;

pub(crate) struct Tables {
    /// The number of the last position, by a hash of the three bytes that begin there.
    three: [u32; 1 << BITS],
    /// The same for four bytes,
    four: [u32; 1 << BITS],
    /// and for each position how far back the one before it is, 0 when it is missing.
    back: [u16; CHAIN],
    /// For each byte of the block the cheapest way to it: its cost in bits (32), then the token
    /// that ends there, as offset (16) and length (16). Offset 0 are literals.
    ways: [u64; BLOCK + 1],
}

impl Tables {
    #[expect(clippy::large_stack_arrays, reason = "a constant; where the state lies is the caller's choice")]
    pub(crate) const EMPTY: Self =
        Self { three: [0; 1 << BITS], four: [0; 1 << BITS], back: [0; CHAIN], ways: [0; BLOCK + 1] };

    /// Enters a position by three bytes and gives the distance to the one before.
    #[inline(always)]
    fn enter_three(&mut self, four: u32, number: u32) -> u32 {
        let slot = wide((four << 8).wrapping_mul(0x9e37_79b1) >> (32 - BITS));
        match self.three.get_mut(slot) {
            Some(last) => number.wrapping_sub(core::mem::replace(last, number)),
            None => 0,
        }
    }

    /// Enters a position by four bytes and gives the distance to the one before, 0 when it is
    /// missing.
    #[inline(always)]
    fn enter_four(&mut self, four: u32, number: u32) -> u32 {
        let slot = wide(four.wrapping_mul(0x9e37_79b1) >> (32 - BITS));
        let distance = match self.four.get_mut(slot) {
            Some(last) => number.wrapping_sub(core::mem::replace(last, number)),
            None => 0,
        };
        let distance = if is_near(distance) { distance } else { 0 };
        if let Some(back) = self.back.get_mut(wide(number) & (CHAIN - 1)) {
            *back = low16(distance);
        }
        distance
    }

    /// Enters a position that is not searched.
    fn enter(&mut self, packet: &Packet<'_>, at: usize) {
        let (four, number) = (packet.four(at), packet.number(at));
        self.enter_three(four, number);
        if at.wrapping_add(4) <= packet.end {
            self.enter_four(four, number);
        }
    }

    #[inline(always)]
    fn back(&self, number: u32) -> u32 {
        self.back.get(wide(number) & (CHAIN - 1)).copied().map_or(0, u32::from)
    }

    #[inline(always)]
    fn improve(&mut self, index: usize, way: u64) -> u64 {
        match self.ways.get_mut(index) {
            Some(best) => {
                *best = way.min(*best);
                *best
            }
            None => 0,
        }
    }

    /// Tries copies from `index` on: of each length class above `shorter` the longest, up to `length`.
    #[inline(always)]
    fn improve_copies(&mut self, index: usize, cost: u32, distance: u32, shorter: usize, length: usize) {
        let cost = cost.wrapping_add(offset_code(distance).1);
        let mut first = shorter.wrapping_add(1).max(MIN_LENGTH);
        while first <= length {
            // The last length with the same highest bit.
            let class = u32::BITS.wrapping_sub(narrow(first).leading_zeros());
            let last = wide(1_u32.wrapping_shl(class)).wrapping_sub(1).min(length);
            let cost = cost.wrapping_add(length_code(narrow(last)).1);
            self.improve(index.wrapping_add(last), way(cost, distance, narrow(last)));
            first = last.wrapping_add(1);
        }
    }

    /// Enters a position, tries all copies there, and gives the length of the longest, which ends before `end`.
    #[inline(always)]
    fn search(&mut self, packet: &Packet<'_>, at: usize, end: usize, index: usize, cost: u32) -> usize {
        let (four, number) = (packet.four(at), packet.number(at));
        let left = end.wrapping_sub(at);
        let mut longest = 0;
        let distance = self.enter_three(four, number);
        let from = at.wrapping_sub(wide(distance));
        if (packet.three(from) == packet.three(at)) & is_near(distance) {
            let length = packet.common(at, from, packet.room(at, from).min(left));
            if length >= MIN_LENGTH {
                self.improve_copies(index, cost, distance, 0, length);
                longest = length;
            }
        }
        // The last three bytes have no fourth one to look up.
        if at.wrapping_add(4) > packet.end {
            return longest;
        }
        let mut step = self.enter_four(four, number);
        let mut distance = step;
        let mut depth = DEPTH;
        while step != 0 && is_near(distance) && depth != 0 && longest < NICE {
            let from = at.wrapping_sub(wide(distance));
            // Only what is longer matters: look first at the last four bytes that it would need.
            let last = longest.saturating_sub(3);
            if packet.four(from.wrapping_add(last)) == packet.four(at.wrapping_add(last)) {
                let length = packet.common(at, from, packet.room(at, from).min(left));
                if length > longest {
                    self.improve_copies(index, cost, distance, longest, length);
                    longest = length;
                }
            }
            step = self.back(number.wrapping_sub(distance));
            distance = distance.wrapping_add(step);
            depth = depth.wrapping_sub(1);
        }
        longest
    }
}

#[inline(always)]
fn way(cost: u32, offset: u32, length: u32) -> u64 {
    u64::from(cost) << 32 | u64::from(offset) << 16 | u64::from(length)
}

/// Returns offset and length of the token that ends a way; a length is never 0.
#[inline(always)]
fn token(way: u64) -> (usize, usize) {
    let token = low32(way);
    (wide(token >> 16), wide(token & 0xffff).max(1))
}

pub(crate) fn parse(tables: &mut Tables, packet: &Packet<'_>, mut writer: Writer<'_>) -> Option<usize> {
    let mut start = packet.start;
    while start < packet.end {
        let end = packet.end.min(start.wrapping_add(BLOCK));
        find(tables, packet, start, end)?;
        put(tables, packet, &mut writer, start, end);
        if writer.is_full() {
            return None;
        }
        start = end;
    }
    writer.finish()
}

/// Fills in `ways` for a block; nothing when it is not worth going on.
fn find(tables: &mut Tables, packet: &Packet<'_>, start: usize, end: usize) -> Option<()> {
    tables.ways.get_mut(..=end.wrapping_sub(start))?.fill(u64::MAX);
    let stop = last_start(packet.end);
    let mut literals = 0;
    let mut found = false;
    // Up to here a long copy was found.
    let mut covered = start;
    for at in start..end {
        let index = at.wrapping_sub(start);
        let best = tables.improve(index, literals);
        let cost = low32(best >> 32);
        let [byte] = packet.window.read(at);
        // Literals in a row are one token, so that the way back is short.
        let run = if low32(best) >> 16 == 0 { low32(best).wrapping_add(1) } else { 1 };
        literals = way(cost.wrapping_add(8).wrapping_add(u32::from(byte >> 7)), 0, run);
        if at >= stop {
            continue;
        }
        if at < covered {
            tables.enter(packet, at);
            continue;
        }
        if at == packet.probe && !found {
            return None;
        }
        let longest = tables.search(packet, at, end, index, cost);
        found |= longest != 0;
        if longest >= NICE {
            covered = at.wrapping_add(longest);
        }
    }
    tables.improve(end.wrapping_sub(start), literals);
    Some(())
}

/// Walks back along the cheapest way, then writes it.
fn put(tables: &mut Tables, packet: &Packet<'_>, writer: &mut Writer<'_>, start: usize, end: usize) {
    // Turn the way round: where a token ended, the next one is noted.
    let mut index = end.wrapping_sub(start);
    let mut next = 0;
    while index != 0 {
        let Some(way) = tables.ways.get_mut(index) else {
            return;
        };
        let this = core::mem::replace(way, next);
        next = this;
        index = index.saturating_sub(token(this).1);
    }
    let mut at = start;
    while at < end {
        let (offset, length) = token(next);
        if offset == 0 {
            packet.put_literals(writer, at, at.wrapping_add(length));
        } else {
            writer.put_copy(offset, length);
        }
        at = at.wrapping_add(length);
        next = tables.ways.get(at.wrapping_sub(start)).copied().unwrap_or(0);
    }
}
