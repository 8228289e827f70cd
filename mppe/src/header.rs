//! The two octets in front of every encrypted packet.

use core::fmt;

use crate::{BufferTooSmall, DecryptError};

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
    fn arbitrary(octets: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(Self(u8::arbitrary(octets)? & Self::ALL))
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

    /// Whether all bits of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// No bit at all.
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

/// RFC 3078 section 3.1: the coherency count, 12 bits: after 4095 comes 0.
///
/// ```
/// use mppe::CoherencyCount;
///
/// let last = CoherencyCount::new(0x0fff);
/// assert_eq!(last.next(), CoherencyCount::new(0));
/// // How far ahead a count is, around the wrap.
/// assert_eq!(CoherencyCount::new(5).since(last), 6);
/// assert!(last.is_flag());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CoherencyCount(u16);

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for CoherencyCount {
    fn arbitrary(octets: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(Self::new(u16::arbitrary(octets)?))
    }
}

impl CoherencyCount {
    /// How many counts there are: 4096.
    pub const SPACE: u16 = 0x1000;
    const MASK: u16 = Self::SPACE - 1;

    /// The count of the lower 12 bits of `count`; the upper four are ignored.
    #[must_use]
    pub const fn new(count: u16) -> Self {
        Self(count & Self::MASK)
    }

    /// The number, 0 to 4095.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The count of the following packet.
    #[must_use]
    pub const fn next(self) -> Self {
        Self::new(self.0.wrapping_add(1))
    }

    /// How many packets after `earlier` this one is, 0 to 4095.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u16 {
        self.0.wrapping_sub(earlier.0) & Self::MASK
    }

    /// RFC 3078 section 7.2: whether this is a "flag" packet, before which the stateful key changes: the low octet is ff.
    #[must_use]
    pub const fn is_flag(self) -> bool {
        self.0 & 0xff == 0xff
    }
}

impl fmt::Display for CoherencyCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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
/// assert_eq!(header.to_octets(), [0x90, 0x00]);
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

    /// Reads the header, and gives it and the octets behind it.
    ///
    /// # Errors
    ///
    /// [`DecryptError::Truncated`] when there are less than two octets.
    pub fn decode(octets: &[u8]) -> Result<(Self, &[u8]), DecryptError> {
        let Some((&[high, low], data)) = octets.split_first_chunk() else {
            return Err(DecryptError::Truncated { needed: Self::LEN, available: octets.len() });
        };
        Ok((Self::from_octets([high, low]), data))
    }

    /// The header that two octets are.
    #[must_use]
    pub const fn from_octets(octets: [u8; Self::LEN]) -> Self {
        let [high, _] = octets;
        Self { flags: Flags(high & Flags::ALL), count: CoherencyCount::new(u16::from_be_bytes(octets)) }
    }

    /// The two octets of this header.
    #[must_use]
    pub const fn to_octets(self) -> [u8; Self::LEN] {
        let [high, low] = self.count.0.to_be_bytes();
        [self.flags.0 | high, low]
    }

    /// Writes the header to the start of `buf`, and gives the octets written.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`] when `buf` is shorter than two octets.
    pub fn encode(self, buf: &mut [u8]) -> Result<&[u8], BufferTooSmall> {
        let available = buf.len();
        let Some((octets, _)) = buf.split_first_chunk_mut() else {
            return Err(BufferTooSmall { needed: Self::LEN, available });
        };
        *octets = self.to_octets();
        Ok(octets)
    }
}
