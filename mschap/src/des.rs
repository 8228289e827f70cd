//! RFC 2433 sections A.4 and A.7: DES with keys of seven bytes, and what the RFCs build from it.
//!
//! Weak keys are not refused: they are hashes of passwords, and the other side does not refuse them.

use ::des::Des;
use ::des::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

use crate::ChallengeResponse;
use crate::secret::Scratch;
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
    let key = Scratch(expand_key(key));
    let mut block = (*clear).into();
    Des::new(&key.0.into()).encrypt_block(&mut block);
    block.into()
}

/// Returns the reverse of [`encrypt`], with which an authenticator opens a password change.
#[must_use]
pub fn decrypt(cypher: &[u8; 8], key: &[u8; 7]) -> [u8; 8] {
    let key = Scratch(expand_key(key));
    let mut block = (*cypher).into();
    Des::new(&key.0.into()).decrypt_block(&mut block);
    block.into()
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
    let keys: Scratch<21> = Scratch(array(hash.iter().copied()));
    let mut response = [0; ChallengeResponse::LEN];
    // Three keys of 7 bytes, three blocks of 8.
    for (block, key) in response.chunks_exact_mut(8).zip(keys.0.chunks_exact(7)) {
        if let Ok(key) = key.try_into() {
            block.copy_from_slice(&encrypt(challenge, key));
        }
    }
    ChallengeResponse::from_bytes(response)
}

/// Returns the two keys that a hash of 16 bytes is.
pub(crate) fn two_keys(hash: &[u8; 16]) -> TwoKeys {
    Scratch(array(hash.iter().copied()))
}

/// Returns two keys that are both the first seven bytes of a challenge.
pub(crate) fn same_key(challenge: [u8; 8]) -> TwoKeys {
    let key = challenge.into_iter().take(7);
    Scratch(array(key.clone().chain(key)))
}

/// Encrypts or decrypts 16 bytes, each half with a key of its own.
pub(crate) fn each_half(bytes: &[u8; 16], keys: &[u8; 14], step: impl Fn(&[u8; 8], &[u8; 7]) -> [u8; 8]) -> [u8; 16] {
    // RFC 2433 sections A.9 and A.17: each half of the hash has its own seven bytes of the key.
    let mut out = [0; 16];
    let halves = bytes.chunks_exact(8).zip(keys.chunks_exact(7));
    for (to, (from, key)) in out.chunks_exact_mut(8).zip(halves) {
        if let (Ok(from), Ok(key)) = (from.try_into(), key.try_into()) {
            to.copy_from_slice(&step(from, key));
        }
    }
    out
}

type TwoKeys = Scratch<14>;
