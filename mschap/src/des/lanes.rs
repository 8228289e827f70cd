//! DES (FIPS 46-3) of several blocks at once, each with a key of its own.
//!
//! A response is three blocks with three keys. A block waits for tables most of the time, so a round of each is done
//! in turn: three take about as long as one and a half. No key schedule is kept. Each round chooses its key from two
//! halves of 28 bits, while the round before it is under way.
//!
//! Tables are read at places that depend on the key, as the crate `des` does. So the time depends on what is cached,
//! and a program that shares the cache may learn something of the key.
#![expect(clippy::indexing_slicing, reason = "a table has an entry for each value of the masked bits")]
#![expect(clippy::inline_always, reason = "the lanes of a round must melt into one loop")]

use super::table::{BOXES, CHOICE};

/// The direction of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Encrypt,
    Decrypt,
}

/// The rotation of the halves of a key before each round (FIPS 46-3, "Key schedule calculation").
const ROTATIONS: [u32; 16] = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];

/// Encrypts or decrypts each block with the key beside it, which has no parity bits.
pub(super) fn crypt<const N: usize>(direction: Direction, blocks: &[[u8; 8]; N], keys: &[[u8; 7]; N]) -> [[u8; 8]; N] {
    let mut lanes = [const { Lane::EMPTY }; N];
    for (lane, (block, key)) in lanes.iter_mut().zip(blocks.iter().zip(keys)) {
        lane.begin(*block, *key);
    }
    match direction {
        Direction::Encrypt => {
            for rotation in ROTATIONS {
                for lane in &mut lanes {
                    lane.turn(rotation);
                    lane.round();
                }
            }
        }
        // The rotations are a whole turn, so the halves of the last round are those before the first. From there they
        // are turned back.
        Direction::Decrypt => {
            for rotation in ROTATIONS.into_iter().rev() {
                for lane in &mut lanes {
                    lane.round();
                    lane.turn_back(rotation);
                }
            }
        }
    }
    lanes.each_ref().map(Lane::block)
}

/// Bits of a half of a key.
const HALF_BITS: u32 = 28;
/// Both halves of a key.
const HALVES: u64 = 0x0fff_ffff_0fff_ffff;

/// One block on its way, and its key: all of it is secret.
struct Lane {
    left: u32,
    right: u32,
    /// C and D of the standard, each in a half of the number, so that both turn at once.
    halves: u64,
}

impl Lane {
    const EMPTY: Self = Self { left: 0, right: 0, halves: 0 };

    /// Sets block and key: the initial permutation, and permuted choice 1.
    ///
    /// Both take the columns of a square of bits, whose rows are the bytes from the last to the first.
    #[inline(always)]
    fn begin(&mut self, block: [u8; 8], key: [u8; 7]) {
        // The second, fourth, sixth and eighth column, and then the others.
        let [c0, c1, c2, c3, c4, c5, c6, c7] = transpose(u64::from_le_bytes(block)).to_be_bytes();
        self.left = u32::from_be_bytes([c1, c3, c5, c7]);
        self.right = u32::from_be_bytes([c0, c2, c4, c6]);
        // The eighth column would be parity. The fourth one is shared by both halves.
        let [c0, c1, c2, c3, c4, c5, c6, _] = transpose(spread(key).swap_bytes()).to_be_bytes();
        self.halves = u64::from_be_bytes([c0, c1, c2, c3, c6, c5, c4, c3 << 4]) >> 4 & HALVES;
    }

    /// Rotates both halves of the key to the left, by one or two bits: those that leave a half stay below the next one.
    #[inline(always)]
    fn turn(&mut self, by: u32) {
        let left = self.halves.wrapping_shr(HALF_BITS.wrapping_sub(by)) & lowest(by);
        self.halves = self.halves.wrapping_shl(by) & HALVES | left;
    }

    /// Rotates both halves of the key to the right, by one or two bits.
    #[inline(always)]
    fn turn_back(&mut self, by: u32) {
        let left = (self.halves & lowest(by)).wrapping_shl(HALF_BITS.wrapping_sub(by));
        self.halves = self.halves.wrapping_shr(by) & HALVES | left;
    }

    /// Returns the key of a round: permuted choice 2, six bits in each byte. Those for the first, third, fifth and
    /// seventh box come first.
    #[inline(always)]
    fn round_key(&self) -> [u32; 2] {
        let (c, d) = (self.halves >> 32, self.halves);
        let of_c = CHOICE[0][low(c >> 21)] | CHOICE[1][low(c >> 14)] | CHOICE[2][low(c >> 7)] | CHOICE[3][low(c)];
        let of_d = CHOICE[4][low(d >> 21)] | CHOICE[5][low(d >> 14)] | CHOICE[6][low(d >> 7)] | CHOICE[7][low(d)];
        let [b0, b2, b4, b6, b1, b3, b5, b7] = (of_c | of_d).to_be_bytes();
        [u32::from_be_bytes([b0, b2, b4, b6]), u32::from_be_bytes([b1, b3, b5, b7])]
    }

    #[inline(always)]
    fn round(&mut self) {
        let [key, other_key] = self.round_key();
        // Expansion: each box takes four bits and their neighbours, so every second box begins a byte further.
        let [b0, b2, b4, b6] = (self.right.rotate_right(3) ^ key).to_be_bytes().map(six);
        let [b1, b3, b5, b7] = (self.right.rotate_left(1) ^ other_key).to_be_bytes().map(six);
        let boxes = BOXES[0][b0] ^ BOXES[1][b1] ^ BOXES[2][b2] ^ BOXES[3][b3];
        let others = BOXES[4][b4] ^ BOXES[5][b5] ^ BOXES[6][b6] ^ BOXES[7][b7];
        let left = core::mem::replace(&mut self.left, self.right);
        self.right = left ^ boxes ^ others;
    }

    /// Returns the block: the halves change places, and the initial permutation is undone.
    #[inline(always)]
    fn block(&self) -> [u8; 8] {
        let [c1, c3, c5, c7] = self.right.to_be_bytes();
        let [c0, c2, c4, c6] = self.left.to_be_bytes();
        transpose(u64::from_be_bytes([c0, c1, c2, c3, c4, c5, c6, c7])).to_le_bytes()
    }
}

#[cfg(feature = "zeroize")]
impl Drop for Lane {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.left);
        zeroize::Zeroize::zeroize(&mut self.right);
        zeroize::Zeroize::zeroize(&mut self.halves);
    }
}

/// Returns a number with so many of the lowest bits of each half set.
#[inline(always)]
fn lowest(bits: u32) -> u64 {
    const ONES: u64 = 0x0000_0001_0000_0001;
    ONES.wrapping_shl(bits).wrapping_sub(ONES)
}

/// Returns the lowest seven bits, as an index.
#[inline(always)]
fn low(bits: u64) -> usize {
    let [.., byte] = bits.to_be_bytes();
    usize::from(byte & 0x7f)
}

/// Returns the lowest six bits, as an index.
#[inline(always)]
fn six(byte: u8) -> usize {
    usize::from(byte & 0x3f)
}

/// Spreads 56 bits over eight bytes, of each the upper seven, by halves.
#[inline(always)]
fn spread(key: [u8; 7]) -> u64 {
    let mut bytes = [0; 8];
    let [_, lower @ ..] = &mut bytes;
    *lower = key;
    let bits = u64::from_be_bytes(bytes);
    let bits = (bits & 0x00ff_ffff_f000_0000) << 4 | bits & 0x0fff_ffff;
    let bits = (bits & 0x0fff_c000_0fff_c000) << 2 | bits & 0x0000_3fff_0000_3fff;
    let bits = (bits & 0x3f80_3f80_3f80_3f80) << 1 | bits & 0x007f_007f_007f_007f;
    bits << 1
}

/// Mirrors a square of eight by eight bits: rows become columns.
#[inline(always)]
const fn transpose(square: u64) -> u64 {
    /// Exchanges the bits of the mask with those so far above them.
    const fn exchange(square: u64, distance: u32, mask: u64) -> u64 {
        let changed = (square ^ square.wrapping_shr(distance)) & mask;
        square ^ changed ^ changed.wrapping_shl(distance)
    }
    // Single bits, squares of two by two, squares of four by four.
    let square = exchange(square, 7, 0x00aa_00aa_00aa_00aa);
    let square = exchange(square, 14, 0x0000_cccc_0000_cccc);
    exchange(square, 28, 0x0000_0000_f0f0_f0f0)
}
