//! The number of a packet.

use core::fmt;

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
    fn arbitrary(bytes: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(Self::new(u16::arbitrary(bytes)?))
    }
}

impl CoherencyCount {
    /// How many counts there are: 4096.
    pub const SPACE: u16 = 0x1000;
    const MASK: u16 = Self::SPACE - 1;

    /// Creates the count of the lower 12 bits of `count`; the upper four are ignored.
    #[must_use]
    pub const fn new(count: u16) -> Self {
        Self(count & Self::MASK)
    }

    /// Returns the number, 0 to 4095.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Creates the count of the following packet.
    #[must_use]
    pub const fn next(self) -> Self {
        Self::new(self.0.wrapping_add(1))
    }

    /// Returns how many packets after `earlier` this one is, 0 to 4095.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u16 {
        self.0.wrapping_sub(earlier.0) & Self::MASK
    }

    /// Returns whether this is a "flag" packet, before which the stateful key changes: the low byte
    /// is ff (RFC 3078 section 7.2).
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
