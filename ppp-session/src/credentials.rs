//! The credentials of a client.

use mschap::NtHash;
use ppp_fsm::auth::Secret;

/// The longest name, and the longest password, that a packet of PAP carries (RFC 1334 section 2.2.1), in bytes.
const LIMIT: usize = 255;

#[cfg(feature = "alloc")]
type Bytes = alloc::vec::Vec<u8>;
#[cfg(not(feature = "alloc"))]
type Bytes = arrayvec::ArrayVec<u8, LIMIT>;

/// A name and its secret. Wiped when dropped, with the feature `zeroize`.
///
/// Without the feature `alloc` they are in place: 255 bytes of the name, and a password of up to 255
/// bytes. Of a longer password its NT hash is kept, which is all that MS-CHAP needs; PAP cannot carry
/// it.
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
    name: Wiped,
    secret: Stored,
}

#[derive(Clone)]
#[cfg_attr(not(feature = "alloc"), expect(clippy::large_enum_variant, reason = "without a heap it is in place"))]
enum Stored {
    Password(Wiped),
    NtHash(NtHash),
}

impl Stored {
    fn password(password: &str) -> Self {
        if cfg!(not(feature = "alloc")) && password.len() > LIMIT {
            return Self::NtHash(NtHash::from_password(password));
        }
        Self::Password(Wiped::new(password.as_bytes()))
    }
}

/// Bytes that are wiped when dropped.
struct Wiped(Bytes);

impl Wiped {
    /// Takes bytes: without a heap, at most [`LIMIT`] of them.
    fn new(bytes: &[u8]) -> Self {
        #[cfg(feature = "alloc")]
        return Self(bytes.to_vec());
        #[cfg(not(feature = "alloc"))]
        return Self(bytes.get(..LIMIT).unwrap_or(bytes).try_into().unwrap_or_default());
    }
}

/// That of `ArrayVec` has a way to panic that the compiler cannot rule out.
impl Clone for Wiped {
    fn clone(&self) -> Self {
        Self::new(&self.0)
    }
}

#[cfg(feature = "zeroize")]
impl Drop for Wiped {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(self.0.as_mut_slice());
    }
}

impl Credentials {
    /// Takes a name, with its domain in front where there is one (`DOMAIN\name`), and its password.
    #[must_use]
    pub fn with_password(name: &str, password: &str) -> Self {
        Self { name: Wiped::new(name.as_bytes()), secret: Stored::password(password) }
    }

    /// Takes the NT hash in place of the password: MS-CHAP needs no more.
    #[must_use]
    pub fn with_nt_hash(name: &str, hash: NtHash) -> Self {
        Self { name: Wiped::new(name.as_bytes()), secret: Stored::NtHash(hash) }
    }

    pub(crate) fn name(&self) -> &[u8] {
        &self.name.0
    }

    pub(crate) fn secret(&self) -> Secret<'_> {
        match &self.secret {
            Stored::Password(password) => Secret::Password(&password.0),
            Stored::NtHash(hash) => Secret::NtHash(hash),
        }
    }

    /// Takes a new password in place of the secret.
    pub(crate) fn replace(&mut self, new: &str) {
        self.secret = Stored::password(new);
    }
}

impl core::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Credentials(\"{}\", redacted)", self.name.0.escape_ascii())
    }
}
