//! The nearest copy, at once.

use super::{Packet, is_near, last_start};
use crate::code::{MIN_LENGTH, Writer};
use crate::number::{narrow, wide};

const BITS: u32 = 12;

/// The number of the last position that began with three octets of some hash.
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

/// How far a packet is tried when nothing is found in it.
const PROBE: usize = 128;

pub(crate) fn parse(tables: &mut Tables, packet: &Packet<'_>, writer: &mut Writer<'_>) -> bool {
    let stop = last_start(packet.end);
    let probe = stop.min(packet.start.wrapping_add(PROBE));
    let mut limit = probe;
    let mut at = packet.start;
    // Octets from here on are not written yet.
    let mut anchor = at;
    loop {
        let mut length = 0;
        let mut offset = 0;
        while at < limit {
            let three = packet.three(at);
            let number = packet.number(at);
            let distance = number.wrapping_sub(tables.replace(three, number));
            let from = at.wrapping_sub(wide(distance));
            if packet.three(from) == three && is_near(distance) {
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
            if anchor == packet.start && is_noise(packet, anchor, at) {
                return false;
            }
            limit = stop;
            continue;
        }
        packet.put_literals(writer, anchor, at);
        writer.put_copy(offset, length);
        let after = at.wrapping_add(length);
        for inner in [at.wrapping_add(1), after.wrapping_sub(2), after.wrapping_sub(1)] {
            if inner < stop {
                tables.replace(packet.three(inner), packet.number(inner));
            }
        }
        at = after;
        anchor = at;
        if writer.is_full() {
            return false;
        }
    }
    packet.put_literals(writer, anchor, packet.end);
    true
}

/// Whether octets without any copy look like those of random data: a quarter of them above 0x7f.
fn is_noise(packet: &Packet<'_>, from: usize, to: usize) -> bool {
    let octets = packet.window.slice(from, to);
    let high: u32 = octets.iter().map(|octet| u32::from(octet >> 7)).sum();
    high.wrapping_mul(4) >= narrow(octets.len())
}
