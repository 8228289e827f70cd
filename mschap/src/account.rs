//! An account, as an authenticator knows it.

use crate::{FailureCode, LmHash, NtHash};

/// The stored data of the account that a response names. The password is never needed.
///
/// ```
/// use mschap::{Account, FailureCode, NtHash};
///
/// let stored = NtHash::from_password("clientPass");
/// let account = Account::new(&stored);
/// let expired = Account::new(&stored).with_restriction(FailureCode::PASSWORD_EXPIRED);
/// // To the peer this is the same as a wrong password, also in time.
/// let unknown = Account::unknown();
/// # let _ = (account, expired, unknown);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    pub(crate) hash: Option<&'a NtHash>,
    pub(crate) lm_hash: Option<&'a LmHash>,
    pub(crate) restriction: Option<FailureCode>,
}

/// Stands for the hash of an account that there is not, so that the same work is done for it.
static NO_HASH: NtHash = NtHash::from_bytes([0; NtHash::LEN]);

impl<'a> Account<'a> {
    /// Creates an account with this NT hash.
    #[must_use]
    pub const fn new(hash: &'a NtHash) -> Self {
        Self { hash: Some(hash), lm_hash: None, restriction: None }
    }

    /// Returns an account that does not exist: every response is refused with
    /// [`FailureCode::AUTHENTICATION_FAILURE`].
    #[must_use]
    pub const fn unknown() -> Self {
        Self { hash: None, lm_hash: None, restriction: None }
    }

    /// Takes LAN Manager responses of version 1 too, or alone if there is no NT hash. Default: they are refused.
    ///
    /// RFC 2433 section 6 deprecates them: they give the password away to anyone who listens.
    #[must_use]
    pub const fn with_lm_hash(self, hash: &'a LmHash) -> Self {
        Self { lm_hash: Some(hash), ..self }
    }

    /// Refuses the account with this code although the password is right. Default: none.
    ///
    /// A peer with a wrong password does not learn of it. [`FailureCode::PASSWORD_EXPIRED`] lets
    /// the peer change the password.
    #[must_use]
    pub const fn with_restriction(self, code: FailureCode) -> Self {
        Self { restriction: Some(code), ..self }
    }

    /// Returns the LAN Manager hash, which keys of 40 and 56 bits are made from after version 1
    /// (RFC 3079 section 2.1).
    #[must_use]
    pub const fn lm_hash(&self) -> Option<&'a LmHash> {
        self.lm_hash
    }

    /// Returns the hash to compute with, and whether there is one.
    pub(crate) fn hash_or_dummy(&self) -> (&'a NtHash, bool) {
        (self.hash.unwrap_or(&NO_HASH), self.hash.is_some())
    }
}
