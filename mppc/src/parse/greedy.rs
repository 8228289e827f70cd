//! The nearest copy, at once.

use super::{Packet, is_near, last_start};
use crate::code::{MIN_LENGTH, Writer};
use crate::number::wide;

const BITS: u32 = 12;

/// The number of the last position that began with three bytes of some hash.
pub(crate) struct Tables {
    last: [u32; 1 << BITS],
}

impl Tables {
    pub(crate) const EMPTY: Self = Self { last: [0; 1 << BITS] };

    #[inline(always)]
    fn replace(&mut self, three: u32, number: u32) -> u32 {
        let slot = wide((three << 8).wrapping_mul(0x9e37_79b1) >> (32 - BITS));
        match self.last.get_mut(slot) {
            Some(last) => core::mem::replace(last, number),
            None => 0,
        }
    }
}

pub(crate) fn parse(tables: &mut Tables, packet: &Packet<'_>, mut writer: Writer<'_>) -> Option<usize> {
    let stop = last_start(packet.end);
    let mut limit = stop.min(packet.probe);
    let mut at = packet.start;
    // Bytes from here on are not written yet.
    let mut anchor = at;
    loop {
        let mut length = 0;
        let mut offset = 0;
        while at < limit {
            let three = packet.three(at);
            let number = packet.number(at);
            let distance = number.wrapping_sub(tables.replace(three, number));
            let from = at.wrapping_sub(wide(distance));
            if (packet.three(from) == three) & is_near(distance) {
                length = packet.common(at, from, packet.room(at, from));
                if length >= MIN_LENGTH {
                    offset = wide(distance);
                    break;
                }
            }
            at = at.wrapping_add(1);
        }
        if at >= limit {
            if limit == stop {
                break;
            }
            // Random data: a few positions are enough to know.
            if anchor == packet.start {
                return None;
            }
            limit = stop;
            continue;
        }
        packet.put_literals(&mut writer, anchor, at);
        writer.put_copy(offset, length);
        let after = at.wrapping_add(length);
        // Three positions of a copy are entered, not all, for speed.
        for inner in [at.wrapping_add(1), after.wrapping_sub(2), after.wrapping_sub(1)] {
            if inner < stop {
                tables.replace(packet.three(inner), packet.number(inner));
            }
        }
        at = after;
        anchor = at;
        if writer.is_full() {
            return None;
        }
    }
    packet.put_literals(&mut writer, anchor, packet.end);
    writer.finish()
}
