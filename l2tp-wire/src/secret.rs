//! The secret that two ends share.

use subtle::ConstantTimeEq;

/// RFC 2661 section 4.2, RFC 3931 section 4.3: the secret that authenticates control connections and hides AVPs.
///
/// It is copied, redacted when printed, compared in constant time and (feature `zeroize`) wiped when dropped. 128
/// bytes are room for more than any known product takes.
///
/// A secret is as good as it is hard to guess: one challenge and its response let anybody try secrets at home.
///
/// ```
/// use l2tp_wire::{Secret, SecretError};
///
/// let secret = Secret::new(b"s3cr3t-tunnel")?;
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// assert!(matches!(Secret::new(b""), Err(SecretError::Empty)));
/// # Ok::<(), SecretError>(())
/// ```
#[derive(Clone)]
pub struct Secret {
    bytes: [u8; Self::MAX_LEN],
    /// At most `MAX_LEN`.
    len: usize,
}

impl Secret {
    /// The longest secret, in bytes.
    pub const MAX_LEN: usize = 128;

    /// Takes a secret.
    ///
    /// # Errors
    ///
    /// Returns [`SecretError::Empty`] for one that everybody knows, [`SecretError::TooLong`] for more than
    /// [`MAX_LEN`](Self::MAX_LEN) bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, SecretError> {
        if bytes.is_empty() {
            return Err(SecretError::Empty);
        }
        Self::from_bytes(bytes)
    }

    /// Returns the empty secret, which Windows uses when it has none, and with which digests only protect integrity.
    ///
    /// To find out that a peer has used it; never as a secret of one's own.
    #[must_use]
    pub const fn empty() -> Self {
        Self { bytes: [0; Self::MAX_LEN], len: 0 }
    }

    /// Takes an array that is known to fit.
    pub(crate) fn of_array<const N: usize>(array: &[u8; N]) -> Self {
        const { assert!(N <= Self::MAX_LEN) };
        let mut secret = Self::empty();
        for (to, from) in secret.bytes.iter_mut().zip(array) {
            *to = *from;
        }
        secret.len = N;
        secret
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, SecretError> {
        let mut secret = Self::empty();
        let Some(place) = secret.bytes.get_mut(..bytes.len()) else {
            return Err(SecretError::TooLong { length: bytes.len() });
        };
        place.copy_from_slice(bytes);
        secret.len = bytes.len();
        Ok(secret)
    }

    /// Returns the bytes. Nothing else gives them out.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        // `len` is at most the length of the array.
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }

    /// Returns whether both are the same, in a time that depends on their lengths alone.
    #[must_use]
    pub fn ct_eq(&self, other: &Self) -> bool {
        self.expose_bytes().ct_eq(other.expose_bytes()).into()
    }
}

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(feature = "zeroize")]
impl Drop for Secret {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.bytes);
    }
}

#[cfg(feature = "zeroize")]
impl zeroize::ZeroizeOnDrop for Secret {}

/// Why bytes cannot be a [`Secret`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// An empty secret protects nothing.
    #[error("an empty secret protects nothing")]
    Empty,
    /// There is no room for it.
    #[error("secret of {length} bytes: at most {} fit", Secret::MAX_LEN)]
    TooLong {
        /// The bytes of the secret.
        length: usize,
    },
}
