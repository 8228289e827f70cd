//! The two bytes in front of every encrypted packet.

use core::fmt;

use crate::count::CoherencyCount;
use crate::error::{BufferTooSmall, DecryptError};

/// RFC 3078 section 3.1, RFC 2118 section 3.1: the bits A, B, C and D of the header.
///
/// ```
/// use mppe::Flags;
///
/// let flags = Flags::FLUSHED | Flags::ENCRYPTED;
/// assert!(flags.contains(Flags::ENCRYPTED) && !flags.contains(Flags::COMPRESSED));
/// assert_eq!(flags.to_string(), "A D");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(u8);

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Flags {
    fn arbitrary(bytes: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(Self(u8::arbitrary(bytes)? & Self::ALL))
    }
}

impl Flags {
    /// Bit A: the cipher, or the compressor's history, was initialised before this packet.
    #[doc(alias = "A")]
    pub const FLUSHED: Self = Self(0x80);
    /// Bit B, of MPPC alone: the decompressed packet goes to the front of the history.
    #[doc(alias = "B")]
    pub const AT_FRONT: Self = Self(0x40);
    /// Bit C, of MPPC alone: the packet is compressed.
    #[doc(alias = "C")]
    pub const COMPRESSED: Self = Self(0x20);
    /// Bit D: the packet is encrypted.
    #[doc(alias = "D")]
    pub const ENCRYPTED: Self = Self(0x10);

    /// The bits that MPPC owns: B and C.
    pub(crate) const COMPRESSION: Self = Self(Self::AT_FRONT.0 | Self::COMPRESSED.0);
    const ALL: u8 = 0xf0;

    /// Returns whether all bits of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns flags without any bit.
    #[must_use]
    pub const fn empty() -> Self {
        Self(0)
    }

    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl core::ops::BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = [(Self::FLUSHED, "A"), (Self::AT_FRONT, "B"), (Self::COMPRESSED, "C"), (Self::ENCRYPTED, "D")];
        let mut separator = "";
        for (_, letter) in letters.iter().filter(|(flag, _)| self.contains(*flag)) {
            write!(f, "{separator}{letter}")?;
            separator = " ";
        }
        if separator.is_empty() {
            f.write_str("none")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flags({self})")
    }
}

/// RFC 3078 section 3.1: the header of an MPPE packet, behind the PPP protocol field 0x00fd.
///
/// ```
/// use mppe::{CoherencyCount, Flags, Header};
///
/// // The first packet of a stateless link.
/// let (header, data) = Header::decode(&[0x90, 0x00, 0xe7, 0x9c])?;
/// assert_eq!(header.flags, Flags::FLUSHED | Flags::ENCRYPTED);
/// assert_eq!(header.count, CoherencyCount::new(0));
/// assert_eq!(data, [0xe7, 0x9c]);
/// assert_eq!(header.to_bytes(), [0x90, 0x00]);
/// # Ok::<(), mppe::DecryptError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Header {
    /// Bits A to D.
    pub flags: Flags,
    /// The number of the packet.
    pub count: CoherencyCount,
}

impl Header {
    /// Flags and count (2).
    pub const LEN: usize = 2;

    /// Reads the header, and gives it and the bytes behind it.
    ///
    /// # Errors
    ///
    /// [`DecryptError::Truncated`] when there are less than two bytes.
    pub fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), DecryptError> {
        let Some((&[high, low], data)) = bytes.split_first_chunk() else {
            return Err(DecryptError::Truncated { needed: Self::LEN, available: bytes.len() });
        };
        Ok((Self::from_bytes([high, low]), data))
    }

    /// Creates the header that two bytes are.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        let [high, _] = bytes;
        Self { flags: Flags(high & Flags::ALL), count: CoherencyCount::new(u16::from_be_bytes(bytes)) }
    }

    /// Returns the two bytes of this header.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; Self::LEN] {
        let [high, low] = self.count.get().to_be_bytes();
        [self.flags.0 | high, low]
    }

    /// Writes the header to the start of `buf`, and gives the bytes written.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`] when `buf` is shorter than two bytes.
    pub fn encode(self, buf: &mut [u8]) -> Result<&[u8], BufferTooSmall> {
        let available = buf.len();
        let Some((bytes, _)) = buf.split_first_chunk_mut() else {
            return Err(BufferTooSmall { needed: Self::LEN, available });
        };
        *bytes = self.to_bytes();
        Ok(bytes)
    }
}
