//! The bits in front of a payload.

/// RFC 2118 section 3.1: the bits A, B, C and D that say what a payload is.
///
/// They are the upper half of the first byte of an MPPC header. The other users of the same bit
/// stream send them in a byte of their own, with the same values.
///
/// ```
/// use mppc::Flags;
///
/// let flags = Flags::FLUSHED | Flags::AT_FRONT | Flags::COMPRESSED;
/// assert_eq!(flags.bits(), 0xe0);
/// assert!(flags.contains(Flags::FLUSHED));
/// assert_eq!(flags.to_string(), "A B C");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(u8);

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Flags {
    fn arbitrary(bytes: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(Self::from_bits(u8::arbitrary(bytes)?))
    }
}

impl Flags {
    /// Bit A: the history is empty before this packet.
    #[doc(alias = "A")]
    pub const FLUSHED: Self = Self(0x80);
    /// Bit B: this packet starts at the front of the history.
    #[doc(alias = "B")]
    pub const AT_FRONT: Self = Self(0x40);
    /// Bit C: the payload is a bit stream of tokens.
    #[doc(alias = "C")]
    pub const COMPRESSED: Self = Self(0x20);
    /// Bit D: the payload is encrypted, which RFC 3078 gave a meaning to. RFC 2118 alone wants it zero.
    #[doc(alias = "D")]
    pub const ENCRYPTED: Self = Self(0x10);

    const ALL: u8 = 0xf0;

    /// Returns flags without any bit: plain bytes that do not enter the history.
    #[must_use]
    pub const fn empty() -> Self {
        Self(0)
    }

    /// Creates the upper four bits of a byte; the lower four are ignored.
    #[must_use]
    pub const fn from_bits(byte: u8) -> Self {
        Self(byte & Self::ALL)
    }

    /// Returns the bits, at the upper end of a byte.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Returns whether all bits of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl core::ops::BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl core::ops::BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl core::fmt::Display for Flags {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let letters = [(Self::FLUSHED, "A"), (Self::AT_FRONT, "B"), (Self::COMPRESSED, "C"), (Self::ENCRYPTED, "D")];
        let mut separator = "";
        for (_, letter) in letters.iter().filter(|(flag, _)| self.contains(*flag)) {
            write!(f, "{separator}{letter}")?;
            separator = " ";
        }
        if separator.is_empty() { f.write_str("none") } else { Ok(()) }
    }
}

impl core::fmt::Debug for Flags {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Flags({self})")
    }
}
