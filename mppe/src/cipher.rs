//! RC4, the cipher of MPPE.
//!
//! The swap of one step writes the table that the next step reads, so plain code waits for a store at every octet. Here
//! each step reads the next step's entry *before* its own swap, and repairs the one case in 256 where the swap hit it.
#![expect(clippy::indexing_slicing, reason = "an octet indexes a table of 256 entries")]
#![expect(clippy::inline_always, reason = "a step must melt into its loop")]

use crate::key::KEY_LEN;
use crate::secret::wipe;

pub(crate) type Table = [u8; 256];

/// Key-stream octets that are made together with the tables, before any payload is looked at.
pub(crate) const HEAD_LEN: usize = 16;

/// The identity, which the key schedule starts from.
const IDENTITY: Table = {
    let mut table = [0; 256];
    let mut octet = 0u8;
    loop {
        table[octet_index(octet)] = octet;
        if octet == u8::MAX {
            break table;
        }
        octet = octet.wrapping_add(1);
    }
};

#[expect(clippy::as_conversions, reason = "`usize::from` is not const")]
const fn octet_index(octet: u8) -> usize {
    octet as usize
}

/// How far a key stream has run: the RFC's `i` and `j`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Position {
    i: u8,
    j: u8,
}

/// The swap hit the entry that was read ahead, which now holds `written`.
#[cold]
#[inline(never)]
fn hit(written: u8) -> u8 {
    written
}

/// One stream at work: the position, and the next entry, read ahead.
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
    fn position(&self) -> Position {
        Position { i: self.i, j: self.j }
    }

    /// One octet of key stream.
    #[inline(always)]
    fn step(&mut self, table: &mut Table) -> u8 {
        self.i = self.i.wrapping_add(1);
        let (sum, next) = self.swap(table, self.i, 0);
        self.ahead = next;
        table[usize::from(sum)]
    }

    /// Exchanges entry `i` and the entry that it leads to; gives their sum and entry `i + 1`.
    #[inline(always)]
    fn swap(&mut self, table: &mut Table, i: u8, key: u8) -> (u8, u8) {
        let x = self.ahead;
        self.j = self.j.wrapping_add(x).wrapping_add(key);
        let y = table[usize::from(self.j)];
        let next = i.wrapping_add(1);
        let ahead = table[usize::from(next)];
        table[usize::from(i)] = y;
        table[usize::from(self.j)] = x;
        (x.wrapping_add(y), if self.j == next { hit(x) } else { ahead })
    }
}

/// The key schedule of one key.
pub(crate) fn key(table: &mut Table, key: &[u8; KEY_LEN]) {
    let key = *key;
    *table = IDENTITY;
    let mut lane = Lane { i: 0, j: 0, ahead: 0 };
    for row in 0..16u8 {
        for (column, octet) in (0u8..).zip(key) {
            let i = (row << 4).wrapping_add(column);
            (_, lane.ahead) = lane.swap(table, i, octet);
        }
    }
}

/// Exclusive-ors the key stream into `data`.
pub(crate) fn apply(table: &mut Table, position: &mut Position, data: &mut [u8]) {
    let mut lane = Lane::at(table, *position);
    let mut words = data.chunks_exact_mut(4);
    for word in words.by_ref() {
        let stream = u32::from_le_bytes([lane.step(table), lane.step(table), lane.step(table), lane.step(table)]);
        if let Some(word) = word.first_chunk_mut() {
            *word = (u32::from_le_bytes(*word) ^ stream).to_le_bytes();
        }
    }
    for octet in words.into_remainder() {
        *octet ^= lane.step(table);
    }
    *position = lane.position();
}

/// Takes back the last `steps` octets of key stream: RC4 runs backwards as well.
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
    pub(crate) fn new(octets: &[u8; KEY_LEN]) -> Self {
        let mut cipher = Self { table: [0; 256], position: Position::default() };
        cipher.restart(octets);
        cipher
    }

    pub(crate) fn restart(&mut self, octets: &[u8; KEY_LEN]) {
        key(&mut self.table, octets);
        self.position = Position::default();
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
        #[test]
        fn agrees_with_another_implementation(octets: [u8; 16], lengths in prop::collection::vec(0..600usize, 1..5)) {
            let mut oracle = Rc4::new_from_slice(&octets).unwrap();
            let mut cipher = Cipher::new(&octets);
            for length in lengths {
                let (mut ours, mut theirs) = (vec![0x5a; length], vec![0x5a; length]);
                cipher.apply(&mut ours);
                oracle.apply_keystream(&mut theirs);
                prop_assert_eq!(ours, theirs);
            }
        }

        #[test]
        fn runs_backwards(octets: [u8; 16], before in 0..300usize, steps in 0..600usize) {
            let mut cipher = Cipher::new(&octets);
            cipher.apply(&mut vec![0; before]);
            let mut first = vec![0; steps];
            cipher.apply(&mut first);
            cipher.rewind(steps);
            let mut again = vec![0; steps];
            cipher.apply(&mut again);
            prop_assert_eq!(first, again);
        }

        /// Eight octets are the same key as the same eight twice.
        #[test]
        fn short_keys_repeat(half: [u8; 8]) {
            let mut octets = [0; 16];
            octets[..8].copy_from_slice(&half);
            octets[8..].copy_from_slice(&half);
            let (mut ours, mut theirs) = ([0; 64], [0; 64]);
            Cipher::new(&octets).apply(&mut ours);
            Rc4::new_from_slice(&half).unwrap().apply_keystream(&mut theirs);
            prop_assert_eq!(ours, theirs);
        }
    }
}
