//! The cheapest way through all copies that a search has found.
//!
//! Costs are exact bits. A copy's cost depends on the classes of its offset and its length only, so of every length class
//! just the longest is tried: to be one octet further never costs more than the one bit class that it may lose.

use super::{Packet, is_near, last_start};
use crate::code::{MIN_LENGTH, Writer, length_code, offset_code};
use crate::number::{low16, low32, narrow, wide};

const BITS: u32 = 12;
/// Octets that are taken at a time: a packet on an Ethernet or less.
const BLOCK: usize = 2048;
const CHAIN: usize = 8192;

pub(crate) struct Tables {
    /// The number of the last position that began with three octets of some hash.
    last3: [u32; 1 << BITS],
    /// The same for four octets,
    last4: [u32; 1 << BITS],
    /// and how far back the one before it is; 0 for none.
    back: [u16; CHAIN],
    /// For every octet of the block: the cost of the cheapest way there in bits (upper half), offset, and length of the
    /// last token on it.
    ways: [u64; BLOCK + 1],
}

impl Tables {
    pub(crate) const EMPTY: Self =
        Self { last3: [0; 1 << BITS], last4: [0; 1 << BITS], back: [0; CHAIN], ways: [0; BLOCK + 1] };

    #[inline(always)]
    fn replace3(&mut self, four: u32, number: u32) -> u32 {
        let slot = wide((four << 8).wrapping_mul(0x9e37_79b1) >> (32 - BITS));
        match self.last3.get_mut(slot) {
            Some(last) => core::mem::replace(last, number),
            None => 0,
        }
    }

    /// Enters a position by four octets and gives the distance to the one before, 0 for none.
    #[inline(always)]
    fn chain(&mut self, four: u32, number: u32) -> u32 {
        let slot = wide(four.wrapping_mul(0x9e37_79b1) >> (32 - BITS));
        let before = match self.last4.get_mut(slot) {
            Some(last) => core::mem::replace(last, number),
            None => 0,
        };
        let distance = number.wrapping_sub(before);
        let distance = if is_near(distance) { distance } else { 0 };
        if let Some(back) = self.back.get_mut(wide(number) & (CHAIN - 1)) {
            *back = low16(distance);
        }
        distance
    }

    #[inline(always)]
    fn before(&self, number: u32) -> u32 {
        self.back.get(wide(number) & (CHAIN - 1)).copied().map_or(0, u32::from)
    }

    #[inline(always)]
    fn relax(&mut self, to: usize, cost: u32, offset: u32, length: u32) {
        if let Some(way) = self.ways.get_mut(to) {
            let new = u64::from(cost) << 32 | u64::from(offset) << 16 | u64::from(length);
            *way = (*way).min(new);
        }
    }

    /// Tries the longest copy of each length class above `shorter`.
    #[inline(always)]
    fn relax_copy(&mut self, index: usize, cost: u32, offset: usize, shorter: usize, length: usize) {
        let offset = narrow(offset);
        let cost = cost.wrapping_add(offset_code(offset).1);
        let mut top = shorter.wrapping_add(1).max(3);
        loop {
            // The end of the class of `top`: 3, 7, 15, ...
            let class = 31_u32.wrapping_sub(narrow(top).leading_zeros());
            let end = wide(2_u32.wrapping_shl(class)).wrapping_sub(1).min(length);
            self.relax(index.wrapping_add(end), cost.wrapping_add(length_code(narrow(end)).1), offset, narrow(end));
            if end >= length {
                return;
            }
            top = end.wrapping_add(1);
        }
    }
}

pub(crate) fn parse<const DEPTH: u32, const NICE: usize>(
    tables: &mut Tables,
    packet: &Packet<'_>,
    mut writer: Writer<'_>,
) -> Option<usize> {
    let mut start = packet.start;
    while start < packet.end {
        let end = packet.end.min(start.wrapping_add(BLOCK));
        if !find::<DEPTH, NICE>(tables, packet, start, end) {
            return None;
        }
        put(tables, packet, &mut writer, start, end);
        if writer.is_full() {
            return None;
        }
        start = end;
    }
    writer.finish()
}

/// Fills `ways` for a block; false when it is not worth going on.
fn find<const DEPTH: u32, const NICE: usize>(
    tables: &mut Tables,
    packet: &Packet<'_>,
    start: usize,
    end: usize,
) -> bool {
    let count = end.wrapping_sub(start);
    if let Some(ways) = tables.ways.get_mut(..=count) {
        ways.fill(u64::MAX);
    }
    if let Some(way) = tables.ways.first_mut() {
        *way = 0;
    }
    let stop = last_start(packet.end);
    let mut covered = start;
    let mut again = start;
    let mut literal = 0;
    let mut found = false;
    for at in start..end {
        let index = at.wrapping_sub(start);
        let way = match tables.ways.get_mut(index) {
            Some(way) => {
                *way = literal.min(*way);
                *way
            }
            None => 0,
        };
        let cost = low32(way >> 32);
        let [octet] = packet.window.read(at);
        // Literals in a row are one token, to walk back over them at once.
        let run = if low32(way) >> 16 == 0 { low32(way).wrapping_add(1) } else { 1 };
        literal = u64::from(cost.wrapping_add(8).wrapping_add(u32::from(octet >> 7))) << 32 | u64::from(run);
        if at >= stop {
            continue;
        }
        if at == packet.probe && !found {
            return false;
        }
        let number = packet.number(at);
        let four = packet.four(at);
        let distance3 = number.wrapping_sub(tables.replace3(four, number));
        let mut step = if at.wrapping_add(4) <= packet.end { tables.chain(four, number) } else { 0 };
        if at < covered && at > again {
            continue;
        }
        let mut longest = 0;
        let left = end.wrapping_sub(at);
        let from = at.wrapping_sub(wide(distance3));
        if (packet.three(from) == four & 0x00ff_ffff) & is_near(distance3) {
            let length = packet.common(at, from, packet.room(at, from).min(left));
            if length >= MIN_LENGTH {
                tables.relax_copy(index, cost, wide(distance3), 2, length);
                longest = length;
            }
        }
        let mut distance = step;
        let mut depth = DEPTH;
        while step != 0 && is_near(distance) && depth != 0 && longest < NICE {
            let from = at.wrapping_sub(wide(distance));
            // Only what is longer matters: look at its last four octets first.
            let probe = longest.saturating_sub(3);
            if packet.four(from.wrapping_add(probe)) == packet.four(at.wrapping_add(probe)) {
                let length = packet.common(at, from, packet.room(at, from).min(left));
                if length > longest && length >= MIN_LENGTH {
                    tables.relax_copy(index, cost, wide(distance), longest, length);
                    longest = length;
                }
            }
            step = tables.before(number.wrapping_sub(distance));
            distance = distance.wrapping_add(step);
            depth = depth.wrapping_sub(1);
        }
        found |= longest != 0;
        if longest >= NICE && at.wrapping_add(longest) > covered {
            covered = at.wrapping_add(longest);
            again = at.wrapping_add(1);
        }
    }
    if let Some(way) = tables.ways.get_mut(count) {
        *way = literal.min(*way);
    }
    true
}

/// Walks back along the cheapest way, then writes it.
fn put(tables: &mut Tables, packet: &Packet<'_>, writer: &mut Writer<'_>, start: usize, end: usize) {
    // Turn the way round: each stop learns which token leaves it.
    let mut index = end.wrapping_sub(start);
    let mut next = 0_u64;
    while index != 0 {
        let way = tables.ways.get(index).copied().unwrap_or(1);
        if let Some(place) = tables.ways.get_mut(index) {
            *place = next;
        }
        next = way;
        index = index.saturating_sub(wide(low32(way) & 0xffff).max(1));
    }
    let mut way = next;
    let mut at = start;
    while at < end {
        let length = wide(low32(way) & 0xffff).max(1);
        let offset = wide(low32(way) >> 16);
        if offset == 0 {
            packet.put_literals(writer, at, at.wrapping_add(length));
        } else {
            writer.put_copy(offset, length);
        }
        at = at.wrapping_add(length);
        way = tables.ways.get(at.wrapping_sub(start)).copied().unwrap_or(1);
    }
}
