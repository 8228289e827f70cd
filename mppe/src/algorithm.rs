//! The negotiated algorithm: key length and mode.

use core::fmt;

/// The length of the longest key in bytes.
pub(crate) const KEY_LEN: usize = 16;

/// RFC 3078 section 2: how many bits of a session key are secret.
///
/// ```
/// use mppe::Strength;
///
/// assert!(Strength::Bits40 < Strength::Bits128);
/// assert_eq!(Strength::Bits56.key_len(), 8);
/// assert_eq!(Strength::Bits56.to_string(), "56 bit");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_enums, reason = "the RFC has no other")]
pub enum Strength {
    /// Bit L of the CCP option: keys of 8 bytes, the first three known.
    Bits40,
    /// Bit M: keys of 8 bytes, the first one known.
    Bits56,
    /// Bit S: keys of 16 bytes.
    Bits128,
}

impl Strength {
    /// Returns the secret bits of a key.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::Bits40 => 40,
            Self::Bits56 => 56,
            Self::Bits128 => 128,
        }
    }

    /// Returns the bytes of a key: 8 or 16.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::Bits40 | Self::Bits56 => 8,
            Self::Bits128 => 16,
        }
    }

    /// Returns the bytes that every session key of this strength starts with.
    pub(crate) const fn known_bytes(self) -> &'static [u8] {
        match self {
            Self::Bits40 => &[0xd1, 0x26, 0x9e],
            Self::Bits56 => &[0xd1],
            Self::Bits128 => &[],
        }
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bit", self.bits())
    }
}

/// RFC 3078 section 7: when the key changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_enums, reason = "the RFC has no other")]
pub enum Mode {
    /// Bit H of the CCP option: before every packet. A lost packet costs nothing but itself.
    Stateless,
    /// Before every packet whose count ends in ff. One RC4 stream runs through the packets between.
    /// So a lost one costs a CCP Reset-Request and all packets until it is answered, and the answer
    /// encrypts with the same bytes again.
    Stateful,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stateless => "stateless",
            Self::Stateful => "stateful",
        })
    }
}

/// The algorithm of one direction of a link. The two directions may differ.
///
/// ```
/// use mppe::{Algorithm, Mode, Strength};
///
/// let algorithm = Algorithm { strength: Strength::Bits128, mode: Mode::Stateless };
/// assert_eq!(algorithm.to_string(), "MPPE 128 bit, stateless");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "nothing else is negotiated")]
pub struct Algorithm {
    /// The length of the keys.
    pub strength: Strength,
    /// When they change.
    pub mode: Mode,
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MPPE {}, {}", self.strength, self.mode)
    }
}

/// Returns the first half twice for the keys of 8 bytes.
pub(crate) fn widened(strength: Strength, bytes: &[u8; KEY_LEN]) -> [u8; KEY_LEN] {
    let mut wide = *bytes;
    // RC4 repeats its key anyway, so a key of 8 bytes written twice gives the same tables, and one
    // key schedule of 16 steps serves all strengths.
    if strength.key_len() != KEY_LEN {
        let (first, second) = wide.split_at_mut(8);
        second.copy_from_slice(first);
    }
    wide
}

/// Makes the first bytes of a weaker key known, in both halves (RFC 3078 section 7.3).
pub(crate) fn reduce(strength: Strength, bytes: &mut [u8; KEY_LEN]) {
    let known = strength.known_bytes();
    for half in bytes.chunks_exact_mut(8) {
        for (to, from) in half.iter_mut().zip(known) {
            *to = *from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3078 section 2: the bits S, L and M stand for these keys.
    #[test]
    fn strengths_have_their_bits_and_bytes() {
        let found = [Strength::Bits40, Strength::Bits56, Strength::Bits128].map(|one| (one.bits(), one.key_len()));
        assert_eq!(found, [(40, 8), (56, 8), (128, 16)]);
    }
}
