//! RC4, the cipher of MPPE.
//!
//! The swap of one step writes the table that the next step reads, so plain code waits for a store
//! at every byte. Here each step of a lone stream reads the next step's entry *before* its own
//! swap, and repairs the one case in 256 where the swap hit it. Several streams are stepped side by
//! side, where one works while another waits.
#![expect(clippy::indexing_slicing, reason = "a byte indexes 256 entries, and a lane is less than the number of lanes")]
#![expect(clippy::inline_always, reason = "a step must melt into its loop")]
#![expect(clippy::needless_range_loop, reason = "lanes are stepped in turn")]

use crate::algorithm::KEY_LEN;
use crate::secret::wipe;

pub(crate) type Table = [u8; 256];

/// Key-stream bytes that are made together with the tables, before any payload is looked at.
pub(crate) const HEAD_LEN: usize = 16;

/// The identity, which the key schedule starts from.
const IDENTITY: Table = {
    let mut table = [0; 256];
    let mut byte = 0u8;
    loop {
        table[byte_index(byte)] = byte;
        if byte == u8::MAX {
            break table;
        }
        byte = byte.wrapping_add(1);
    }
};

#[expect(clippy::as_conversions, reason = "`usize::from` is not const")]
const fn byte_index(byte: u8) -> usize {
    byte as usize
}

/// How far a key stream has run: the RFC's `i` and `j`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Position {
    i: u8,
    j: u8,
}

impl Position {
    /// Nothing has been made of the stream.
    pub(crate) const START: Self = Self { i: 0, j: 0 };
}

/// Returns the swap hit the entry that was read ahead, which now holds `written`.
#[cold]
#[inline(never)]
fn hit(written: u8) -> u8 {
    written
}

/// One stream at work: the position, and the next entry, read ahead.
#[derive(Clone, Copy)]
struct Lane {
    i: u8,
    j: u8,
    ahead: u8,
}

impl Lane {
    #[inline(always)]
    fn at(table: &Table, position: Position) -> Self {
        let Position { i, j } = position;
        Self { i, j, ahead: table[usize::from(i.wrapping_add(1))] }
    }

    #[inline(always)]
    fn position(self) -> Position {
        Position { i: self.i, j: self.j }
    }

    /// Returns one byte of key stream.
    #[inline(always)]
    fn step(&mut self, table: &mut Table, read_ahead: bool) -> u8 {
        self.i = self.i.wrapping_add(1);
        let sum = self.swap(table, self.i, 0, read_ahead);
        table[usize::from(sum)]
    }

    /// Exchanges entry `i` and the entry that it leads to; gives their sum.
    #[inline(always)]
    fn swap(&mut self, table: &mut Table, i: u8, key: u8, read_ahead: bool) -> u8 {
        let x = if read_ahead { self.ahead } else { table[usize::from(i)] };
        self.j = self.j.wrapping_add(x).wrapping_add(key);
        let y = table[usize::from(self.j)];
        let next = i.wrapping_add(1);
        let ahead = table[usize::from(next)];
        table[usize::from(i)] = y;
        table[usize::from(self.j)] = x;
        if read_ahead {
            self.ahead = if self.j == next { hit(x) } else { ahead };
        }
        x.wrapping_add(y)
    }
}

/// Computes the key schedules of `LANES` packets, stepped together, and the head of each stream.
///
/// Two tables wait for each other's loads and stores, so they read ahead; more fill the processor anyway.
#[inline(never)]
pub(crate) fn open<const LANES: usize>(
    tables: &mut [Table; LANES],
    interim: &mut [Table; LANES],
    keys: &[[[u8; KEY_LEN]; 2]; LANES],
) -> ([Position; LANES], [[[u8; HEAD_LEN]; 2]; LANES]) {
    // With one packet its two tables wait on memory, and reading ahead helps. With more the other
    // lanes fill the wait.
    let read_ahead = LANES == 1;
    *tables = [IDENTITY; LANES];
    *interim = [IDENTITY; LANES];
    let mut lanes = [[Lane { i: 0, j: 0, ahead: 0 }; 2]; LANES];
    for row in 0..16u8 {
        // 16 columns: the key byte is then indexed by a constant, which the compiler unrolls.
        for column in 0..16u8 {
            let i = row << 4 | column;
            for lane in 0..LANES {
                lanes[lane][0].swap(&mut tables[lane], i, keys[lane][0][usize::from(column)], read_ahead);
                lanes[lane][1].swap(&mut interim[lane], i, keys[lane][1][usize::from(column)], read_ahead);
            }
        }
    }
    let mut heads = [[[0; HEAD_LEN]; 2]; LANES];
    for lane in 0..LANES {
        lanes[lane] = [&tables[lane], &interim[lane]].map(|table| Lane::at(table, Position::START));
    }
    for byte in 0..HEAD_LEN {
        for lane in 0..LANES {
            heads[lane][0][byte] = lanes[lane][0].step(&mut tables[lane], read_ahead);
            heads[lane][1][byte] = lanes[lane][1].step(&mut interim[lane], read_ahead);
        }
    }
    (lanes.map(|[own, _]| own.position()), heads)
}

/// Computes the key schedule of one key.
pub(crate) fn key(table: &mut Table, key: &[u8; KEY_LEN]) {
    let key = *key;
    *table = IDENTITY;
    let mut lane = Lane { i: 0, j: 0, ahead: 0 };
    for row in 0..16u8 {
        for (column, byte) in (0..16u8).zip(key) {
            lane.swap(table, row << 4 | column, byte, true);
        }
    }
}

/// Exclusive-ors the key stream into `data`.
pub(crate) fn apply(table: &mut Table, position: &mut Position, data: &mut [u8]) {
    let mut lane = Lane::at(table, *position);
    let mut words = data.chunks_exact_mut(4);
    for word in words.by_ref() {
        // Four bytes at a time: byte stores to the data cost a third of the speed, and eight make
        // the compiler spill.
        let stream = u32::from_le_bytes([
            lane.step(table, true),
            lane.step(table, true),
            lane.step(table, true),
            lane.step(table, true),
        ]);
        if let Some(word) = word.first_chunk_mut() {
            *word = (u32::from_le_bytes(*word) ^ stream).to_le_bytes();
        }
    }
    for byte in words.into_remainder() {
        *byte ^= lane.step(table, true);
    }
    *position = lane.position();
}

/// Bytes of key stream that a lane makes before they meet the data.
const CHUNK: usize = 56;

/// Packets whose streams are stepped together at most.
pub(crate) const LANES: usize = 4;

/// Exclusive-ors each packet's own stream into its data, all lanes at once as long as they last.
/// All start at one `i` when `SHARED`.
pub(crate) fn apply_lanes<const SHARED: bool>(
    tables: &mut [Table; LANES],
    positions: &mut [Position; LANES],
    data: &mut [&mut [u8]; LANES],
) {
    apply_lanes_of::<SHARED, _>(tables, positions, data, &mut [(); LANES]);
}

/// Does what [`apply_lanes`] does, for one kind of lane. Lanes change places when one ends;
/// `owners` go with them.
pub(crate) fn apply_lanes_of<const SHARED: bool, T>(
    tables: &mut [Table; LANES],
    positions: &mut [Position; LANES],
    data: &mut [&mut [u8]; LANES],
    owners: &mut [T; LANES],
) {
    loop {
        // The lanes that have something left go to the front.
        let mut active = 0usize;
        for lane in 0..LANES {
            if !data[lane].is_empty() {
                // Lanes end at different times. The busy ones are packed, so that the loop has no
                // idle lane.
                let place = active.min(lane);
                if place != lane {
                    tables.swap(place, lane);
                    positions.swap(place, lane);
                    data.swap(place, lane);
                    owners.swap(place, lane);
                }
                active = active.saturating_add(1);
            }
        }
        match (active, SHARED) {
            (4, _) => step_lanes::<4, SHARED>(tables.first_chunk_mut(), positions.first_chunk_mut(), data),
            (3, true) => step_lanes::<3, true>(tables.first_chunk_mut(), positions.first_chunk_mut(), data),
            (2, true) => step_lanes::<2, true>(tables.first_chunk_mut(), positions.first_chunk_mut(), data),
            // One lane, or lanes of their own counts: nothing to gain side by side.
            _ => {
                for ((table, position), data) in tables.iter_mut().zip(positions).zip(data).take(active) {
                    apply(table, position, data);
                }
                return;
            }
        }
    }
}

/// Steps as many bytes as the shortest of the first `COUNT` lanes has.
#[inline(never)]
fn step_lanes<const COUNT: usize, const SHARED: bool>(
    tables: Option<&mut [Table; COUNT]>,
    positions: Option<&mut [Position; COUNT]>,
    data: &mut [&mut [u8]; LANES],
) {
    let (Some(tables), Some(positions)) = (tables, positions) else {
        return;
    };
    let left = data.iter().take(COUNT).map(|data| data.len()).min().unwrap_or(0);
    let mut chunks = left.checked_div(CHUNK).unwrap_or(0);
    while chunks > 0 {
        step_chunk::<COUNT, SHARED>(tables, positions, data, CHUNK);
        chunks = chunks.saturating_sub(1);
    }
    step_chunk::<COUNT, SHARED>(tables, positions, data, left.checked_rem(CHUNK).unwrap_or(0));
}

/// Steps `length` bytes, not more than a chunk, of each lane.
#[inline(always)]
fn step_chunk<const COUNT: usize, const SHARED: bool>(
    tables: &mut [Table; COUNT],
    positions: &mut [Position; COUNT],
    data: &mut [&mut [u8]; LANES],
    length: usize,
) {
    // Four lanes hide the memory's latency by themselves; fewer read ahead.
    let read_ahead = COUNT < 4;
    let mut stream = [[0; CHUNK]; COUNT];
    let mut lanes: [Lane; COUNT] = core::array::from_fn(|lane| Lane::at(&tables[lane], positions[lane]));
    let mut counts = lanes.map(|lane| lane.i);
    for byte in 0..CHUNK {
        if byte == length {
            break;
        }
        for lane in 0..COUNT {
            // One count for all lanes is one register.
            let count = if SHARED { 0 } else { lane };
            if count == lane {
                counts[count] = counts[count].wrapping_add(1);
            }
            let sum = lanes[lane].swap(&mut tables[lane], counts[count], 0, read_ahead);
            stream[lane][byte] = tables[lane][usize::from(sum)];
        }
    }
    for lane in 0..COUNT {
        positions[lane] = Position { i: counts[if SHARED { 0 } else { lane }], j: lanes[lane].j };
    }
    for (data, stream) in data.iter_mut().zip(&stream) {
        if let Some((now, later)) = core::mem::take(data).split_at_mut_checked(length) {
            for (byte, stream) in now.iter_mut().zip(stream) {
                *byte ^= stream;
            }
            *data = later;
        }
    }
}

/// Takes back the last `steps` bytes of key stream: RC4 runs backwards as well.
pub(crate) fn rewind(table: &mut Table, position: &mut Position, steps: usize) {
    let Position { mut i, mut j } = *position;
    for _ in 0..steps {
        table.swap(usize::from(i), usize::from(j));
        j = j.wrapping_sub(table[usize::from(i)]);
        i = i.wrapping_sub(1);
    }
    *position = Position { i, j };
}

/// A table and its position: one stream that owns itself.
pub(crate) struct Cipher {
    pub(crate) table: Table,
    pub(crate) position: Position,
}

impl Cipher {
    pub(crate) fn new(bytes: &[u8; KEY_LEN]) -> Self {
        let mut cipher = Self { table: [0; 256], position: Position::START };
        cipher.restart(bytes);
        cipher
    }

    pub(crate) fn restart(&mut self, bytes: &[u8; KEY_LEN]) {
        key(&mut self.table, bytes);
        self.position = Position::START;
    }

    pub(crate) fn apply(&mut self, data: &mut [u8]) {
        apply(&mut self.table, &mut self.position, data);
    }

    pub(crate) fn rewind(&mut self, steps: usize) {
        rewind(&mut self.table, &mut self.position, steps);
    }
}

impl Drop for Cipher {
    fn drop(&mut self) {
        wipe(&mut self.table);
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;
    use rc4::{KeyInit, Rc4, StreamCipher};

    use super::*;

    proptest! {
        /// Lanes of any lengths, at one count or each at its own.
        #[test]
        fn lanes_agree_with_another_implementation(
            bytes: [[u8; 16]; LANES],
            lengths in prop::array::uniform4(prop_oneof![0..4usize, 0..300usize, Just(56usize), Just(112usize)]),
            before in prop::array::uniform4(0..300usize),
            shared: bool,
        ) {
            let mut tables = [[0; 256]; LANES];
            let mut positions = [Position::START; LANES];
            let mut expected = lengths.map(|length| vec![0x5a; length]);
            let mut found = expected.clone();
            for lane in 0..LANES {
                let skipped = if shared { before[0] } else { before[lane] };
                let mut oracle = Rc4::new_from_slice(&bytes[lane]).unwrap();
                oracle.apply_keystream(&mut vec![0; skipped]);
                oracle.apply_keystream(&mut expected[lane]);
                key(&mut tables[lane], &bytes[lane]);
                apply(&mut tables[lane], &mut positions[lane], &mut vec![0; skipped]);
            }
            let mut data = found.each_mut().map(|data| &mut data[..]);
            if shared {
                apply_lanes::<true>(&mut tables, &mut positions, &mut data);
            } else {
                apply_lanes::<false>(&mut tables, &mut positions, &mut data);
            }
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn agrees_with_another_implementation(bytes: [u8; 16], lengths in prop::collection::vec(0..600usize, 1..5)) {
            let mut oracle = Rc4::new_from_slice(&bytes).unwrap();
            let mut cipher = Cipher::new(&bytes);
            for length in lengths {
                let (mut ours, mut theirs) = (vec![0x5a; length], vec![0x5a; length]);
                cipher.apply(&mut ours);
                oracle.apply_keystream(&mut theirs);
                prop_assert_eq!(ours, theirs);
            }
        }

        #[test]
        fn runs_backwards(bytes: [u8; 16], before in 0..300usize, steps in 0..600usize) {
            let mut cipher = Cipher::new(&bytes);
            cipher.apply(&mut vec![0; before]);
            let mut first = vec![0; steps];
            cipher.apply(&mut first);
            cipher.rewind(steps);
            let mut again = vec![0; steps];
            cipher.apply(&mut again);
            prop_assert_eq!(first, again);
        }

        /// Eight bytes are the same key as the same eight twice.
        #[test]
        fn short_keys_repeat(half: [u8; 8]) {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&half);
            bytes[8..].copy_from_slice(&half);
            let (mut ours, mut theirs) = ([0; 64], [0; 64]);
            Cipher::new(&bytes).apply(&mut ours);
            Rc4::new_from_slice(&half).unwrap().apply_keystream(&mut theirs);
            prop_assert_eq!(ours, theirs);
        }
    }
}
