//! The credentials of a client.

use alloc::vec::Vec;

use mschap::NtHash;
use ppp_fsm::auth::Secret;

/// A name and its secret. Wiped when dropped, with the feature `zeroize`.
///
/// ```
/// use ppp_session::Credentials;
///
/// let credentials = Credentials::with_password("alice", "wonderland");
/// // Secrets are not shown.
/// assert_eq!(format!("{credentials:?}"), "Credentials(\"alice\", redacted)");
/// ```
#[derive(Clone)]
pub struct Credentials {
    name: Vec<u8>,
    secret: Stored,
}

#[derive(Clone)]
enum Stored {
    Password(Wiped),
    NtHash(NtHash),
}

/// Bytes that are wiped when dropped.
#[derive(Clone)]
struct Wiped(Vec<u8>);

#[cfg(feature = "zeroize")]
impl Drop for Wiped {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

impl Credentials {
    /// Takes a name, with its domain in front where there is one (`DOMAIN\name`), and its password.
    #[must_use]
    pub fn with_password(name: &str, password: &str) -> Self {
        Self { name: name.as_bytes().to_vec(), secret: Stored::Password(Wiped(password.as_bytes().to_vec())) }
    }

    /// Takes the NT hash in place of the password: MS-CHAP needs no more.
    #[must_use]
    pub fn with_nt_hash(name: &str, hash: NtHash) -> Self {
        Self { name: name.as_bytes().to_vec(), secret: Stored::NtHash(hash) }
    }

    pub(crate) fn name(&self) -> &[u8] {
        &self.name
    }

    pub(crate) fn secret(&self) -> Secret<'_> {
        match &self.secret {
            Stored::Password(password) => Secret::Password(&password.0),
            Stored::NtHash(hash) => Secret::NtHash(hash),
        }
    }

    /// Takes a new password in place of the secret.
    pub(crate) fn replace(&mut self, new: &str) {
        self.secret = Stored::Password(Wiped(new.as_bytes().to_vec()));
    }
}

impl core::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Credentials(\"{}\", redacted)", self.name.escape_ascii())
    }
}
