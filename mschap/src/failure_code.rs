//! The error codes of a Failure message.

/// RFC 2433 section 8, RFC 2759 section 6: why an authenticator says no. Windows shows the same numbers to its users.
///
/// ```
/// use mschap::FailureCode;
///
/// assert_eq!(FailureCode::PASSWORD_EXPIRED.to_string(), "648 (the password has expired)");
/// assert_eq!(FailureCode(4711).to_string(), "4711");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "a number of the wire, whatever its value")]
pub struct FailureCode(pub u32);

impl FailureCode {
    /// 646: the account may not log in at this hour.
    #[doc(alias = "ERROR_RESTRICTED_LOGON_HOURS")]
    pub const RESTRICTED_LOGON_HOURS: Self = Self(646);
    /// 647: the account is disabled. FreeRADIUS also says so of one that is locked out.
    #[doc(alias = "ERROR_ACCT_DISABLED")]
    pub const ACCOUNT_DISABLED: Self = Self(647);
    /// 648: the password is right but has expired; the peer may change it.
    #[doc(alias = "ERROR_PASSWD_EXPIRED")]
    pub const PASSWORD_EXPIRED: Self = Self(648);
    /// 649: the account may not dial in.
    #[doc(alias = "ERROR_NO_DIALIN_PERMISSION")]
    pub const NO_DIALIN_PERMISSION: Self = Self(649);
    /// 691: the user name or the password is wrong.
    #[doc(alias = "ERROR_AUTHENTICATION_FAILURE")]
    pub const AUTHENTICATION_FAILURE: Self = Self(691);
    /// 709: the password was not changed.
    #[doc(alias = "ERROR_CHANGING_PASSWORD")]
    pub const CHANGING_PASSWORD: Self = Self(709);

    /// Returns what the code means, for the six that the RFCs list.
    #[must_use]
    pub const fn description(self) -> Option<&'static str> {
        Some(match self {
            Self::RESTRICTED_LOGON_HOURS => "the account may not log in at this hour",
            Self::ACCOUNT_DISABLED => "the account is disabled",
            Self::PASSWORD_EXPIRED => "the password has expired",
            Self::NO_DIALIN_PERMISSION => "the account may not dial in",
            Self::AUTHENTICATION_FAILURE => "wrong user name or password",
            Self::CHANGING_PASSWORD => "the password was not changed",
            _ => return None,
        })
    }
}

impl core::fmt::Display for FailureCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.description() {
            Some(description) => write!(f, "{} ({description})", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

impl core::fmt::Debug for FailureCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "FailureCode({self})")
    }
}
