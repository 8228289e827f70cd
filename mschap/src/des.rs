//! RFC 2433 sections A.4 and A.7: DES with keys of seven bytes, and what the RFCs build from it.
//!
//! Weak keys are not refused: they are hashes of passwords, and the other side does not refuse them.
//! The time depends on the processor's cache, and so does what somebody who shares the cache may
//! learn: tables are read at places that depend on the key.

mod lanes;
mod table;

pub(crate) use lanes::Direction;

use crate::ChallengeResponse;
use crate::write::array;

/// Spreads 56 bits over eight bytes, with odd parity in the lowest bit of each (RFC 2433 section
/// B.3, RFC 2759 section 9.3).
///
/// ```
/// let key = mschap::des::expand_key(&[0xfc, 0x15, 0x6a, 0xf7, 0xed, 0xcd, 0x6c]);
/// assert_eq!(key, [0xfd, 0x0b, 0x5b, 0x5e, 0x7f, 0x6e, 0x34, 0xd9]);
/// ```
#[must_use]
pub fn expand_key(key: &[u8; 7]) -> [u8; 8] {
    let bits = key.iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte));
    [49, 42, 35, 28, 21, 14, 7, 0].map(|shift| {
        let [.., low] = ((bits >> shift) & 0x7f).to_be_bytes();
        let seven = low << 1;
        if seven.count_ones() & 1 == 0 { seven | 1 } else { seven }
    })
}

/// Encrypts a block with a key of 56 bits (RFC 2433 section A.4, RFC 2759 section 8.6,
/// `DesEncrypt()`).
///
/// ```
/// let cypher = mschap::des::encrypt(b"KGS!@#$%", &[0; 7]);
/// assert_eq!(mschap::des::decrypt(&cypher, &[0; 7]), *b"KGS!@#$%");
/// ```
#[must_use]
#[doc(alias = "DesEncrypt")]
pub fn encrypt(clear: &[u8; 8], key: &[u8; 7]) -> [u8; 8] {
    let [cypher] = lanes::crypt(Direction::Encrypt, &[*clear], &Keys([*key]).0);
    cypher
}

/// Returns the reverse of [`encrypt`], with which an authenticator opens a password change.
#[must_use]
pub fn decrypt(cypher: &[u8; 8], key: &[u8; 7]) -> [u8; 8] {
    let [clear] = lanes::crypt(Direction::Decrypt, &[*cypher], &Keys([*key]).0);
    clear
}

/// Computes `ChallengeResponse()` of any 16 bytes of hash (RFC 2433 section A.7, RFC 2759 section
/// 8.5).
///
/// The hash is padded with five zeros to three keys of seven bytes.
///
/// ```
/// use mschap::{NtHash, des};
///
/// let (hash, challenge) = (NtHash::from_password("MyPw"), [1; 8]);
/// assert!(
///     des::challenge_response(&challenge, hash.as_bytes())
///         .ct_eq(&hash.challenge_response(&challenge))
/// );
/// ```
#[must_use]
#[doc(alias = "ChallengeResponse")]
pub fn challenge_response(challenge: &[u8; 8], hash: &[u8; 16]) -> ChallengeResponse {
    // RFC 2433 section A.7 fills the 16 bytes up to 21 with zeros, which leaves the last key only
    // two unknown bytes.
    let keys = Keys::<3>::new(hash.iter().copied());
    let blocks = lanes::crypt(Direction::Encrypt, &[*challenge; 3], &keys.0);
    ChallengeResponse::from_bytes(array(blocks.as_flattened().iter().copied()))
}

/// Keys of seven bytes, wiped when dropped.
pub(crate) struct Keys<const N: usize>([[u8; 7]; N]);

impl<const N: usize> Keys<N> {
    /// Cuts bytes into keys, with zeros behind them if there are too few.
    pub(crate) fn new(bytes: impl IntoIterator<Item = u8>) -> Self {
        let mut keys = Self([[0; 7]; N]);
        for (to, from) in keys.0.as_flattened_mut().iter_mut().zip(bytes) {
            *to = from;
        }
        keys
    }
}

#[cfg(feature = "zeroize")]
impl<const N: usize> Drop for Keys<N> {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

/// Returns the two keys that a hash of 16 bytes is.
pub(crate) fn two_keys(hash: &[u8; 16]) -> Keys<2> {
    Keys::new(hash.iter().copied())
}

/// Returns two keys that are both the first seven bytes of a challenge.
pub(crate) fn same_key(challenge: [u8; 8]) -> Keys<2> {
    let key = challenge.into_iter().take(7);
    Keys::new(key.clone().chain(key))
}

/// Encrypts or decrypts 16 bytes, each half with a key of its own.
pub(crate) fn each_half(direction: Direction, bytes: &[u8; 16], keys: &Keys<2>) -> [u8; 16] {
    // RFC 2433 sections A.9 and A.17: each half of the hash has its own seven bytes of the key.
    let mut halves = [[0; 8]; 2];
    halves.as_flattened_mut().copy_from_slice(bytes);
    array(lanes::crypt(direction, &halves, &keys.0).as_flattened().iter().copied())
}
