//! Which RFC a packet follows.

use core::fmt;

/// RFC 2661, RFC 3931: the version in the header of each packet.
///
/// ```
/// use l2tp_wire::Version;
///
/// assert_eq!(Version::V3.to_string(), "L2TPv3");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_enums, reason = "the number 1 is L2F, and there is no 4")]
pub enum Version {
    /// RFC 2661.
    #[doc(alias = "L2TPv2")]
    V2,
    /// RFC 3931.
    #[doc(alias = "L2TPv3")]
    V3,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V2 => "L2TPv2",
            Self::V3 => "L2TPv3",
        })
    }
}
