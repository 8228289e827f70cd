//! The number of a packet.

use core::fmt;

/// RFC 2118 section 3.1: the coherency count, 12 bits: after 4095 comes 0.
///
/// ```
/// use mppc::CoherencyCount;
///
/// let last = CoherencyCount::new(0x0fff);
/// assert_eq!(last.next(), CoherencyCount::new(0));
/// assert_eq!(last.to_string(), "4095");
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
    /// Creates the count of the lower 12 bits of `count`; the upper four are ignored.
    #[must_use]
    pub const fn new(count: u16) -> Self {
        Self(count & 0x0fff)
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
}

impl fmt::Display for CoherencyCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
