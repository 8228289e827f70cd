//! The chain of session keys of one direction.

use sha1::block_api::compress;

use crate::algorithm::{KEY_LEN, Strength, reduce, widened};
use crate::cipher::{self, HEAD_LEN, Position, Table};
use crate::secret::wipe;

/// RFC 3078 section 7.3, with all that a key change needs at hand. SHA-1's two blocks hold the
/// start key and the pads, and of two cipher tables one holds the packet's own stream.
pub(crate) struct Chain {
    strength: Strength,
    blocks: [[u8; 64]; 2],
    /// The packet's key, and the interim key behind it.
    keys: [[[u8; KEY_LEN]; 2]; 1],
    table: [Table; 1],
    interim_table: [Table; 1],
    /// How far the packet's own stream has run.
    position: Position,
    /// Key changes computed so far.
    pub(crate) changes: u64,
}

/// The initial state of SHA-1.
const SHA1_INITIAL: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

impl Chain {
    /// Creates the chain of the start key `start`, of which the first half is all when keys have 8
    /// bytes.
    pub(crate) fn new(strength: Strength, start: &[u8; KEY_LEN]) -> Self {
        let length = strength.key_len();
        let mut message = [0; 128];
        // Start key, 40 zeros, session key, 40 bytes f2, and what ends SHA-1's input: one bit,
        // zeros, the length in bits.
        let end = length.saturating_mul(2).saturating_add(80);
        for (to, from) in message.iter_mut().zip(start).take(length) {
            *to = *from;
        }
        for (at, byte) in message.iter_mut().enumerate().skip(end.saturating_sub(40)) {
            match at.cmp(&end) {
                core::cmp::Ordering::Less => *byte = 0xf2,
                core::cmp::Ordering::Equal => *byte = 0x80,
                core::cmp::Ordering::Greater => {}
            }
        }
        if let (Some(bits), Ok(bytes)) = (message.last_chunk_mut::<8>(), u64::try_from(end)) {
            *bits = bytes.wrapping_mul(8).to_be_bytes();
        }
        let mut blocks = [[0; 64]; 2];
        for (block, half) in blocks.iter_mut().zip(message.chunks_exact(64)) {
            block.copy_from_slice(half);
        }
        // It holds the start key, from which all keys of the session follow.
        wipe(&mut message);
        Self {
            strength,
            blocks,
            keys: [[[0; KEY_LEN]; 2]],
            table: [[0; 256]],
            interim_table: [[0; 256]],
            position: Position::START,
            changes: 0,
        }
    }

    pub(crate) const fn strength(&self) -> Strength {
        self.strength
    }

    // The last field of the message is its length in bits (RFC 3174 section 4).
    /// Computes the interim key behind `current`, by `GetNewKeyFromSHA`.
    pub(crate) fn interim(&mut self, current: &[u8; KEY_LEN]) -> &[u8; KEY_LEN] {
        let (high, low) = current.split_at(8);
        let [first, second] = &mut self.blocks;
        if self.strength.key_len() == KEY_LEN {
            first[56..64].copy_from_slice(high);
            second[..8].copy_from_slice(low);
        } else {
            first[48..56].copy_from_slice(high);
        }
        let mut state = SHA1_INITIAL;
        compress(&mut state, &self.blocks);
        let [[_, interim]] = &mut self.keys;
        for (to, from) in interim.chunks_exact_mut(4).zip(state) {
            to.copy_from_slice(&from.to_be_bytes());
        }
        if self.strength.key_len() != KEY_LEN {
            *interim = widened(self.strength, interim);
        }
        interim
    }

    /// Returns the two keys that a packet's tables are made from: the given one, and the interim
    /// key behind it.
    pub(crate) fn keys(&mut self, current: &[u8; KEY_LEN]) -> &[[u8; KEY_LEN]; 2] {
        self.interim(current);
        let [keys] = &mut self.keys;
        let [own, _] = keys;
        *own = *current;
        keys
    }

    /// Returns one key change: the key behind `current`.
    pub(crate) fn next(&mut self, current: &[u8; KEY_LEN]) -> [u8; KEY_LEN] {
        self.interim(current);
        let ([table], [[_, interim]]) = (&mut self.interim_table, &self.keys);
        cipher::key(table, interim);
        let mut head = [0; HEAD_LEN];
        let mut position = Position::START;
        cipher::apply(table, &mut position, &mut head);
        self.finish(&head)
    }

    /// Returns keys the packet's stream with `current`, and changes the key: gives the head of the
    /// stream and the key behind `current`. The rest of the stream is [`apply`](Self::apply)'s.
    pub(crate) fn open(&mut self, current: &[u8; KEY_LEN]) -> ([u8; HEAD_LEN], [u8; KEY_LEN]) {
        self.keys(current);
        let ([position], [[head, stream]]) = cipher::open(&mut self.table, &mut self.interim_table, &self.keys);
        self.position = position;
        (head, self.finish(&stream))
    }

    /// Returns keys the packet's stream with `key`, without a key change; gives the head of the
    /// stream.
    pub(crate) fn key(&mut self, key: &[u8; KEY_LEN]) -> [u8; HEAD_LEN] {
        let [table] = &mut self.table;
        cipher::key(table, key);
        self.position = Position::START;
        let mut head = [0; HEAD_LEN];
        cipher::apply(table, &mut self.position, &mut head);
        head
    }

    /// Exclusive-ors the packet's stream, behind its head, into `data`.
    pub(crate) fn apply(&mut self, data: &mut [u8]) {
        let [table] = &mut self.table;
        cipher::apply(table, &mut self.position, data);
    }

    /// Takes back the last steps of the packet's stream.
    pub(crate) fn rewind(&mut self, steps: usize) {
        let [table] = &mut self.table;
        cipher::rewind(table, &mut self.position, steps);
    }

    /// Returns the packet's stream as it stands.
    pub(crate) fn packet_stream(&self) -> (&Table, Position) {
        let [table] = &self.table;
        (table, self.position)
    }

    /// Returns the session key that the interim key and its own key stream make.
    pub(crate) fn finish(&mut self, stream: &[u8; HEAD_LEN]) -> [u8; KEY_LEN] {
        self.changes = self.changes.wrapping_add(1);
        let [[_, interim]] = self.keys;
        // RC4 is an exclusive-or with its key stream, so encrypting the interim key is this one
        // line.
        let mut key = (u128::from_ne_bytes(interim) ^ u128::from_ne_bytes(*stream)).to_ne_bytes();
        if self.strength.key_len() != KEY_LEN {
            key = widened(self.strength, &key);
            reduce(self.strength, &mut key);
        }
        key
    }
}

// RFC 3078 section 7.3: three bytes of 40-bit keys are fixed, and one of 56-bit keys.
impl Drop for Chain {
    fn drop(&mut self) {
        for block in &mut self.blocks {
            wipe(block);
        }
        for table in self.table.iter_mut().chain(&mut self.interim_table) {
            wipe(table);
        }
        self.keys.as_flattened_mut().iter_mut().for_each(wipe);
    }
}
