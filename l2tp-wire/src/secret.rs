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

/// Bytes on their way from one secret to another, wiped when dropped.
pub(crate) struct Scratch<const N: usize>(pub(crate) [u8; N]);

impl<const N: usize> Scratch<N> {
    /// Takes as many bytes as fit, and zeros behind them.
    pub(crate) fn filled(bytes: &[u8]) -> Self {
        let mut scratch = Self([0; N]);
        for (to, from) in scratch.0.iter_mut().zip(bytes) {
            *to = *from;
        }
        scratch
    }
}

#[cfg(feature = "zeroize")]
impl<const N: usize> Drop for Scratch<N> {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_as_many_bytes_as_there_is_room() {
        let bytes = [0x5a; Secret::MAX_LEN + 1];
        assert_eq!(Secret::new(&bytes[..Secret::MAX_LEN]).unwrap().expose_bytes(), &bytes[..Secret::MAX_LEN]);
        assert_eq!(Secret::new(&bytes).unwrap_err(), SecretError::TooLong { length: 129 });
        assert_eq!(Secret::empty().expose_bytes(), b"");
        assert!(Secret::new(b"ab").unwrap().ct_eq(&Secret::new(b"ab").unwrap()));
        assert!(!Secret::new(b"ab").unwrap().ct_eq(&Secret::new(b"abc").unwrap()));
        assert!(!Secret::new(b"ab").unwrap().ct_eq(&Secret::new(b"ac").unwrap()));
    }

    /// It compiles only if they are wiped.
    #[cfg(feature = "zeroize")]
    #[test]
    fn secrets_are_wiped() {
        fn is_wiped<T: zeroize::ZeroizeOnDrop>() {}
        is_wiped::<Secret>();
        is_wiped::<crate::hide::HidingKey>();
        is_wiped::<crate::authenticate::DigestKey>();
        // The parts of a `DigestKey`.
        is_wiped::<md5::Md5>();
        is_wiped::<sha1::Sha1>();
    }

    #[test]
    fn nothing_secret_is_printed() {
        let secret = Secret::new(b"opensesame").unwrap();
        let hiding = crate::hide::HidingKey::v2(&secret);
        let digest = crate::authenticate::DigestKey::new(&secret);
        let response = crate::avp::ChallengeResponse::from_bytes([b'o'; 16]);
        let shown = alloc::format!("{secret:?} {hiding:?} {digest:?} {response:?}");
        assert_eq!(shown, "Secret(..) HidingKey(..) DigestKey(..) ChallengeResponse(..)");
    }
}
