//! The best copy at a position, unless the next position has a better one.

use super::{Packet, is_near, last_start};
use crate::code::{MIN_LENGTH, Writer, length_code, offset_code};
use crate::number::{narrow, wide};

const BITS: u32 = 12;
const WAYS: usize = 6;
const BUCKETS: u32 = 11;
const PERIODIC: usize = 64;

pub(crate) struct Tables {
    /// The number of the last position that began with three octets of some hash.
    last3: [u32; 1 << BITS],
    /// The same for four octets, the last four positions.
    last4: [[u32; WAYS]; 1 << BUCKETS],
}

#[derive(Clone, Copy)]
struct Found {
    length: usize,
    distance: u32,
    gain: u32,
}

impl Tables {
    pub(crate) const EMPTY: Self = Self { last3: [0; 1 << BITS], last4: [[0; WAYS]; 1 << BUCKETS] };

    #[inline(always)]
    fn replace3(&mut self, four: u32, number: u32) -> u32 {
        let slot = wide((four << 8).wrapping_mul(0x9e37_79b1) >> (32 - BITS));
        match self.last3.get_mut(slot) {
            Some(last) => core::mem::replace(last, number),
            None => 0,
        }
    }

    #[inline(always)]
    fn bucket(&mut self, four: u32, number: u32) -> [u32; WAYS] {
        let slot = wide(four.wrapping_mul(0x9e37_79b1) >> (32 - BUCKETS));
        match self.last4.get_mut(slot) {
            Some(bucket) => {
                let found = *bucket;
                let [a, b, c, d, e, _] = found;
                *bucket = [number, a, b, c, d, e];
                found
            }
            None => [0; WAYS],
        }
    }

    #[inline(always)]
    fn insert(&mut self, packet: &Packet<'_>, at: usize) {
        let (four, number) = (packet.four(at), packet.number(at));
        self.replace3(four, number);
        if at.wrapping_add(4) <= packet.end {
            self.bucket(four, number);
        }
    }

    #[inline(always)]
    fn search(&mut self, packet: &Packet<'_>, at: usize) -> Found {
        let (four, number) = (packet.four(at), packet.number(at));
        let distance3 = number.wrapping_sub(self.replace3(four, number));
        let bucket = if at.wrapping_add(4) <= packet.end { self.bucket(four, number) } else { [0; WAYS] };
        let mut best = Found { length: 0, distance: 0, gain: 0 };
        let from = at.wrapping_sub(wide(distance3));
        if (packet.three(from) == four & 0x00ff_ffff) & is_near(distance3) {
            let length = packet.common(at, from, packet.room(at, from));
            if length >= MIN_LENGTH {
                best = Found { length, distance: distance3, gain: gain(length, distance3) };
            }
        }
        for before in bucket {
            let distance = number.wrapping_sub(before);
            let from = at.wrapping_sub(wide(distance));
            let probe = best.length.saturating_sub(3);
            if (packet.four(from.wrapping_add(probe)) == packet.four(at.wrapping_add(probe))) & is_near(distance) {
                let length = packet.common(at, from, packet.room(at, from));
                if length > best.length {
                    let gain = gain(length, distance);
                    if gain > best.gain {
                        best = Found { length, distance, gain };
                    }
                }
            }
        }
        best
    }
}

/// How many bits a copy saves, about.
#[inline(always)]
fn gain(length: usize, distance: u32) -> u32 {
    let length = narrow(length);
    length.wrapping_mul(8).wrapping_sub(offset_code(distance).1).wrapping_sub(length_code(length).1)
}

pub(crate) fn parse<const NICE: usize>(
    tables: &mut Tables,
    packet: &Packet<'_>,
    mut writer: Writer<'_>,
) -> Option<usize> {
    let stop = last_start(packet.end);
    let mut at = packet.start;
    let mut anchor = at;
    while at < stop {
        let mut best = tables.search(packet, at);
        if best.length == 0 {
            at = at.wrapping_add(1);
            if at == packet.probe && anchor == packet.start {
                return None;
            }
            continue;
        }
        let mut entered = at.wrapping_add(1);
        while best.length < NICE && entered < stop {
            let next = tables.search(packet, entered);
            entered = entered.wrapping_add(1);
            if next.gain <= best.gain.wrapping_add(3) {
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
            // The same few octets over and over: the last of them will do.
            entered = entered.max(at.wrapping_sub(PERIODIC));
        }
        while entered < at.min(stop) {
            tables.insert(packet, entered);
            entered = entered.wrapping_add(1);
        }
    }
    packet.put_literals(&mut writer, anchor, packet.end);
    writer.finish()
}
