//! The cookie that ties a data packet of version 3 to its session.

use core::fmt;

use subtle::ConstantTimeEq;

/// RFC 3931 section 4.1: how long a cookie is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_enums, reason = "RFC 3931 has no other")]
pub enum CookieSize {
    /// It is missing.
    #[default]
    Zero,
    /// 32 bits.
    Four,
    /// 64 bits.
    Eight,
}

impl CookieSize {
    /// Returns the number of bytes.
    #[must_use]
    pub const fn len(self) -> usize {
        match self {
            Self::Zero => 0,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// Returns whether there is no cookie.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        matches!(self, Self::Zero)
    }
}

/// RFC 3931 section 4.1: random bytes in every data packet of a session, which an outsider would have to guess.
///
/// Cookies pass in the clear in every packet, so they are printed, and not wiped. An outsider
/// must not find one out by trying, so two are compared in a time that depends on their sizes alone.
///
/// ```
/// use l2tp_wire::header::Cookie;
///
/// let cookie = Cookie::new(&[0xa1, 0xb2, 0xc3, 0xd4]).unwrap();
/// assert_eq!(cookie.to_string(), "a1b2c3d4");
/// assert_eq!(cookie, Cookie::Four([0xa1, 0xb2, 0xc3, 0xd4]));
/// assert!(Cookie::new(&[1, 2, 3]).is_none());
/// ```
#[derive(Clone, Copy, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_enums, reason = "RFC 3931 has no other sizes")]
pub enum Cookie {
    /// No cookie.
    #[default]
    Zero,
    /// 32 bits.
    Four([u8; 4]),
    /// 64 bits.
    Eight([u8; 8]),
}

impl Cookie {
    /// Returns the cookie of these 0, 4 or 8 bytes; `None` for other lengths.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [] => Some(Self::Zero),
            &[a, b, c, d] => Some(Self::Four([a, b, c, d])),
            _ => bytes.try_into().ok().map(Self::Eight),
        }
    }

    /// Returns the bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Zero => &[],
            Self::Four(bytes) => bytes,
            Self::Eight(bytes) => bytes,
        }
    }

    /// Returns the size.
    #[must_use]
    pub const fn size(&self) -> CookieSize {
        match self {
            Self::Zero => CookieSize::Zero,
            Self::Four(_) => CookieSize::Four,
            Self::Eight(_) => CookieSize::Eight,
        }
    }
}

/// Compares in constant time.
impl PartialEq for Cookie {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl Eq for Cookie {}

/// Shows the bytes in hexadecimal.
impl fmt::Display for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cookie({self})")
    }
}
