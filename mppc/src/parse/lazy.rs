//! The best copy at a position, unless the next position has a better one.

use super::{Packet, is_near, last_start};
use crate::code::{MIN_LENGTH, Writer, length_code, offset_code};
use crate::number::{narrow, wide};

const BITS: u32 = 12;
const BUCKETS: u32 = 11;
/// Positions in a bucket.
const WAYS: usize = 6;
/// A copy as long as this is taken without a look at the next position.
const NICE: usize = 32;
/// The next position's copy has to save so many bits more: it leaves less of what follows to be copied.
const BETTER: u32 = 3;
/// A copy of this length with an offset below it is the same few bytes over and over.
const PERIODIC: usize = 64;

/// The numbers of positions, by a hash of the bytes that begin there.
pub(crate) struct Tables {
    /// Three bytes: the last position.
    three: [u32; 1 << BITS],
    /// Four bytes: the last six positions, the last one first.
    four: [[u32; WAYS]; 1 << BUCKETS],
}

impl Tables {
    #[expect(clippy::large_stack_arrays, reason = "a constant; where the state lies is the caller's choice")]
    pub(crate) const EMPTY: Self = Self { three: [0; 1 << BITS], four: [[0; WAYS]; 1 << BUCKETS] };

    #[inline(always)]
    fn enter_three(&mut self, four: u32, number: u32) -> u32 {
        let slot = wide((four << 8).wrapping_mul(0x9e37_79b1) >> (32 - BITS));
        match self.three.get_mut(slot) {
            Some(last) => core::mem::replace(last, number),
            None => 0,
        }
    }

    #[inline(always)]
    fn enter_four(&mut self, four: u32, number: u32) -> [u32; WAYS] {
        let slot = wide(four.wrapping_mul(0x9e37_79b1) >> (32 - BUCKETS));
        match self.four.get_mut(slot) {
            Some(bucket) => {
                let before = *bucket;
                let [first, second, third, fourth, fifth, _] = before;
                *bucket = [number, first, second, third, fourth, fifth];
                before
            }
            None => [0; WAYS],
        }
    }

    /// Enters a position and gives what was there before.
    #[inline(always)]
    fn enter(&mut self, packet: &Packet<'_>, at: usize) -> (u32, [u32; WAYS]) {
        let (four, number) = (packet.four(at), packet.number(at));
        let last = self.enter_three(four, number);
        if at.wrapping_add(4) <= packet.end { (last, self.enter_four(four, number)) } else { (last, [0; WAYS]) }
    }

    /// Enters a position and gives the copy there that saves most.
    #[inline(always)]
    fn search(&mut self, packet: &Packet<'_>, at: usize) -> Copy {
        let number = packet.number(at);
        let (last, bucket) = self.enter(packet, at);
        let mut best = Copy { length: 0, distance: 0, saved: 0 };
        let distance = number.wrapping_sub(last);
        let from = at.wrapping_sub(wide(distance));
        if (packet.three(from) == packet.three(at)) & is_near(distance) {
            let length = packet.common(at, from, packet.room(at, from));
            if length >= MIN_LENGTH {
                best = Copy::new(length, distance);
            }
        }
        for before in bucket {
            let distance = number.wrapping_sub(before);
            let from = at.wrapping_sub(wide(distance));
            // Only what is longer can be better: look first at the last four bytes that it would
            // need.
            let last = best.length.saturating_sub(3);
            if (packet.four(from.wrapping_add(last)) == packet.four(at.wrapping_add(last))) & is_near(distance) {
                let length = packet.common(at, from, packet.room(at, from));
                if length > best.length {
                    let copy = Copy::new(length, distance);
                    if copy.saved > best.saved {
                        best = copy;
                    }
                }
            }
        }
        best
    }
}

/// A copy; none when the length is 0.
#[derive(Clone, Copy)]
struct Copy {
    length: usize,
    distance: u32,
    /// How many bits fewer it has than literals, which are counted as eight.
    saved: u32,
}

impl Copy {
    #[inline(always)]
    fn new(length: usize, distance: u32) -> Self {
        let bits = offset_code(distance).1.wrapping_add(length_code(narrow(length)).1);
        Self { length, distance, saved: narrow(length).wrapping_mul(8).saturating_sub(bits) }
    }
}

pub(crate) fn parse(tables: &mut Tables, packet: &Packet<'_>, mut writer: Writer<'_>) -> Option<usize> {
    let stop = last_start(packet.end);
    let mut at = packet.start;
    // Bytes from here on are not written yet.
    let mut anchor = at;
    while at < stop {
        let mut best = tables.search(packet, at);
        if best.length == 0 {
            at = at.wrapping_add(1);
            // Data that looks random and has no copy at its start is sent plain.
            if at == packet.probe && anchor == packet.start {
                return None;
            }
            continue;
        }
        let mut entered = at.wrapping_add(1);
        while best.length < NICE && entered < stop {
            let next = tables.search(packet, entered);
            entered = entered.wrapping_add(1);
            if next.saved <= best.saved.wrapping_add(BETTER) {
                break;
            }
            best = next;
            at = at.wrapping_add(1);
        }
        packet.put_literals(&mut writer, anchor, at);
        writer.put_copy(wide(best.distance), best.length);
        at = at.wrapping_add(best.length);
        anchor = at;
        if writer.is_full() {
            return None;
        }
        if best.length >= PERIODIC && wide(best.distance) < PERIODIC {
            // The last of them will do.
            entered = entered.max(at.wrapping_sub(PERIODIC));
        }
        while entered < at.min(stop) {
            tables.enter(packet, entered);
            entered = entered.wrapping_add(1);
        }
    }
    packet.put_literals(&mut writer, anchor, packet.end);
    writer.finish()
}
