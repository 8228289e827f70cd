//! The first byte of a packet.

/// The OpCode of a packet: what it is. Unknown values survive.
///
/// ```
/// use mschap::eap::Operation;
///
/// assert_eq!(Operation::CHANGE_PASSWORD.to_string(), "Change-Password");
/// assert_eq!(Operation(9).to_string(), "operation 9");
/// ```
#[doc(alias = "OpCode")]
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "a number of the wire, whatever its value")]
pub struct Operation(pub u8);

impl Operation {
    /// 0: what some peers send in place of a Success, by FreeRADIUS' account.
    pub const ACKNOWLEDGMENT: Self = Self(0);
    /// 1: the authenticator's challenge.
    pub const CHALLENGE: Self = Self(1);
    /// 2: the peer's proof.
    pub const RESPONSE: Self = Self(2);
    /// 3: the authenticator's proof, and the peer's acknowledgment of it.
    pub const SUCCESS: Self = Self(3);
    /// 4: the authenticator's refusal, and the peer's acknowledgment of it.
    pub const FAILURE: Self = Self(4);
    /// 7: the peer's new password.
    pub const CHANGE_PASSWORD: Self = Self(7);
}

impl core::fmt::Display for Operation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match *self {
            Self::ACKNOWLEDGMENT => "Acknowledgment",
            Self::CHALLENGE => "Challenge",
            Self::RESPONSE => "Response",
            Self::SUCCESS => "Success",
            Self::FAILURE => "Failure",
            Self::CHANGE_PASSWORD => "Change-Password",
            Self(other) => return write!(f, "operation {other}"),
        })
    }
}

impl core::fmt::Debug for Operation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Operation({self})")
    }
}
