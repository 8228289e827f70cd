//! The version of the protocol.

use core::fmt;

/// RFC 2637 section 1.4: the protocol version, a version number and a revision number; later versions are greater.
///
/// ```
/// use pptp_wire::code::ProtocolVersion;
///
/// let version = ProtocolVersion::new(0x0100);
/// assert_eq!(version, ProtocolVersion::V1_0);
/// assert_eq!((version.major(), version.minor()), (1, 0));
/// assert_eq!(version.to_string(), "1.0");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct ProtocolVersion(u16);

impl ProtocolVersion {
    /// Version 1, revision 0: the only one there is.
    pub const V1_0: Self = Self(0x0100);

    /// Creates the version with this number on the wire.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// Creates the version of two parts.
    #[must_use]
    pub const fn from_parts(major: u8, minor: u8) -> Self {
        Self(u16::from_be_bytes([major, minor]))
    }

    /// Returns the number on the wire: the version in the high byte, the revision in the low one.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Returns the version number.
    #[must_use]
    pub const fn major(self) -> u8 {
        let [major, _] = self.0.to_be_bytes();
        major
    }

    /// Returns the revision number.
    #[must_use]
    #[doc(alias = "revision")]
    pub const fn minor(self) -> u8 {
        let [_, minor] = self.0.to_be_bytes();
        minor
    }
}

impl fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major(), self.minor())
    }
}

wire_number!(ProtocolVersion(u16));
