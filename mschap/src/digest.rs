//! SHA-1 of short texts whose lengths are known beforehand: laid out in whole blocks and hashed at once, which takes a
//! third less than piece by piece.

use sha1::block_api::compress;
use sha1::{Digest, Sha1};

/// RFC 3174 section 6.1: the state before the first block.
const INITIAL: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

/// Returns the SHA-1 of a secret with two texts behind it that are none. The secret is wiped.
pub(crate) fn sha1<const BLOCKS: usize, const SECRET: usize, const ONE: usize, const TWO: usize>(
    secret: &[u8; SECRET],
    one: &[u8; ONE],
    two: &[u8; TWO],
) -> [u8; 20] {
    // RFC 3174 section 4: a bit (1 byte), and the length in bits (8 bytes) at the end of the last block.
    const { assert!((SECRET + ONE + TWO + 9).div_ceil(64) == BLOCKS, "so many blocks are needed") };
    let mut blocks = [[0; 64]; BLOCKS];
    let rest = put(blocks.as_flattened_mut(), secret);
    let rest = put(put(put(rest, one), two), &[0x80]);
    if let Some((_, length)) = rest.split_last_chunk_mut::<2>() {
        *length = const { bits(SECRET + ONE + TWO) };
    }
    let mut state = INITIAL;
    compress(&mut state, &blocks);
    #[cfg(feature = "zeroize")]
    if let Some(secret) = blocks.as_flattened_mut().first_chunk_mut::<SECRET>() {
        zeroize::Zeroize::zeroize(secret);
    }
    bytes(state)
}

/// Returns the SHA-1 of texts that are no secrets, in one block if they fit.
pub(crate) fn sha1_of_public(one: &[u8; 16], two: &[u8; 16], name: &[u8]) -> [u8; 20] {
    let mut block = [0; 64];
    let rest = put(put(&mut block, one), two);
    match (rest.split_at_mut_checked(name.len()), u8::try_from(name.len())) {
        (Some((to, [end, .., high, low])), Ok(length)) if length <= MAX_NAME => {
            to.copy_from_slice(name);
            *end = 0x80;
            [*high, *low] = u16::from(length).wrapping_add(32).wrapping_mul(8).to_be_bytes();
            let mut state = INITIAL;
            compress(&mut state, &[block]);
            bytes(state)
        }
        _ => Sha1::new().chain_update(one).chain_update(two).chain_update(name).finalize().into(),
    }
}

/// The longest name that one block has room for, behind two texts of 16 bytes: 9 bytes are not the text's.
const MAX_NAME: u8 = 23;

#[inline]
fn bytes(state: [u32; 5]) -> [u8; 20] {
    let mut bytes = [0; 20];
    for (to, from) in bytes.chunks_exact_mut(4).zip(state) {
        to.copy_from_slice(&from.to_be_bytes());
    }
    bytes
}

/// Writes a piece, and returns the room behind it.
#[inline]
fn put<'b, const LEN: usize>(room: &'b mut [u8], piece: &[u8; LEN]) -> &'b mut [u8] {
    let Some((to, rest)) = room.split_first_chunk_mut() else {
        debug_assert!(false, "the compiler counts the blocks");
        return &mut [];
    };
    *to = *piece;
    rest
}

/// Returns the length in bits of a text of so many bytes, of which there are less than 8192.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "evaluated by the compiler"
)]
const fn bits(bytes: usize) -> [u8; 2] {
    assert!(bytes < 8192, "the length in bits has two bytes");
    ((bytes * 8) as u16).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At the edges: the last length that one block has room for, and the first that it has not.
    #[test]
    fn in_blocks_as_in_pieces() {
        fn check<const BLOCKS: usize, const SECRET: usize, const ONE: usize, const TWO: usize>() {
            let (secret, one, two) = ([1; SECRET], [2; ONE], [3; TWO]);
            let expected: [u8; 20] =
                Sha1::new().chain_update(secret).chain_update(one).chain_update(two).finalize().into();
            assert_eq!(sha1::<BLOCKS, SECRET, ONE, TWO>(&secret, &one, &two), expected);
        }
        check::<1, 0, 0, 0>();
        check::<1, 16, 24, 15>();
        check::<2, 16, 24, 16>();
        check::<2, 16, 24, 79>();
        check::<3, 16, 24, 80>();
        check::<3, 16, 0, 164>();
        for length in 0..=80 {
            let name = &[4; 80][..length];
            let expected: [u8; 20] =
                Sha1::new().chain_update([1; 16]).chain_update([2; 16]).chain_update(name).finalize().into();
            assert_eq!(sha1_of_public(&[1; 16], &[2; 16], name), expected, "{length}");
        }
    }
}
