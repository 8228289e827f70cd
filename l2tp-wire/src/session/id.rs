//! The id of a session, its side and its direction.

use core::fmt;

/// RFC 2661 section 3.1, RFC 3931 section 3.2: the session id that *this* end chose, by which all
/// commands and events name the session. It is in every data packet that comes in.
///
/// ```
/// use l2tp_wire::session::SessionId;
///
/// assert_eq!(SessionId::new(7).to_string(), "7");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(u32);

impl SessionId {
    /// Returns the id with this number. Version 2 has 16 bits.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Returns the number on the wire.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Returns the number in a header of version 2, which has no room for more.
    pub(crate) const fn low(self) -> u16 {
        let [.., high, low] = self.0.to_be_bytes();
        u16::from_be_bytes([high, low])
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// RFC 2661 section 1.2: which side of a session this end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a session has two sides")]
pub enum Side {
    /// L2TP Access Concentrator: where the line is, or would be. A VPN client is its own LAC.
    #[doc(alias = "L2TP Access Concentrator")]
    Lac,
    /// L2TP Network Server: where PPP ends.
    #[doc(alias = "L2TP Network Server")]
    Lns,
}

/// RFC 2661 section 5.2: which of the two kinds of calls a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the RFCs have two")]
pub enum Direction {
    /// The LAC asks (ICRQ).
    Incoming,
    /// The LNS asks (OCRQ).
    Outgoing,
}
