//! The LAN Manager hash of a password.

use crate::des::Direction;
use crate::secret::{Scratch, secret};
use crate::{ChallengeResponse, des};

secret! {
    /// RFC 2433 section A.2: `LmPasswordHash()`, the LAN Manager hash of a password.
    ///
    /// It is broken: seven characters at a time, in upper case, can be tried out in minutes. Version 1 needs it for
    /// accounts without an NT hash, for its 40 and 56 bit keys, and for its password change.
    ///
    /// ```
    /// use mschap::{LmHash, LmHashError};
    ///
    /// let hash = LmHash::from_password("clientPass")?;
    /// assert_eq!(hash.as_bytes()[..4], [0x76, 0xa1, 0x52, 0x93]);
    /// assert!(hash.ct_eq(&LmHash::from_password("CLIENTPASS")?));
    ///
    /// assert_eq!(
    ///     LmHash::from_password("ThisIsThePassword").unwrap_err(),
    ///     LmHashError::TooLong { length: 17 }
    /// );
    /// assert_eq!(LmHash::from_password("Grüß").unwrap_err(), LmHashError::NotAscii { offset: 2 });
    /// # Ok::<(), LmHashError>(())
    /// ```
    ///
    /// ```compile_fail,E0369
    /// # use mschap::LmHash;
    /// let (one, other) = (LmHash::from_bytes([0; 16]), LmHash::from_bytes([0; 16]));
    /// let same = one == other;
    /// ```
    #[doc(alias = "LmPasswordHash")]
    LmHash, 16
}

impl LmHash {
    /// The longest password that has one, in OEM bytes.
    pub const MAX_PASSWORD_LEN: usize = 14;

    /// RFC 2433 section A.3: what `DesHash()` encrypts under each half of the password.
    const STANDARD_TEXT: [u8; 16] = *b"KGS!@#$%KGS!@#$%";

    /// Hashes a password of at most 14 ASCII characters.
    ///
    /// # Errors
    ///
    /// [`LmHashError`]: such a password has no LAN Manager hash, or one that depends on a code
    /// page. The replacement of a response made from it differs: see
    /// [`v1::Response`](crate::v1::Response).
    pub fn from_password(password: &str) -> Result<Self, LmHashError> {
        if let Some(offset) = password.bytes().position(|byte| !byte.is_ascii()) {
            return Err(LmHashError::NotAscii { offset });
        }
        Self::from_oem(password.as_bytes())
    }

    /// Hashes a password of at most 14 bytes in the OEM code page that both sides use.
    ///
    /// `a` to `z` become upper case here; bytes from 0x80 on are taken as they are, so the caller
    /// makes those upper case.
    ///
    /// # Errors
    ///
    /// [`LmHashError::TooLong`].
    pub fn from_oem(password: &[u8]) -> Result<Self, LmHashError> {
        let mut padded = Scratch([0; Self::MAX_PASSWORD_LEN]);
        // LAN Manager has no place for more; cutting it would accept wrong passwords.
        if password.len() > padded.0.len() {
            return Err(LmHashError::TooLong { length: password.len() });
        }
        for (to, from) in padded.0.iter_mut().zip(password) {
            // ASCII alone: what upper case is beyond it depends on the code page.
            *to = from.to_ascii_uppercase();
        }
        let keys = des::Keys::new(padded.0.iter().copied());
        Ok(Self(des::each_half(Direction::Encrypt, &Self::STANDARD_TEXT, &keys)))
    }

    /// Creates the hash of the empty password, from which some peers make the response of a
    /// password that has none.
    #[must_use]
    pub const fn empty() -> Self {
        Self([0xaa, 0xd3, 0xb4, 0x35, 0xb5, 0x14, 0x04, 0xee, 0xaa, 0xd3, 0xb4, 0x35, 0xb5, 0x14, 0x04, 0xee])
    }

    /// Computes `LmChallengeResponse()` (RFC 2433 section A.1).
    #[must_use]
    #[doc(alias = "LmChallengeResponse")]
    pub fn challenge_response(&self, challenge: &[u8; 8]) -> ChallengeResponse {
        des::challenge_response(challenge, &self.0)
    }
}

/// Why a password has no LAN Manager hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LmHashError {
    /// It is longer than 14 bytes.
    #[error("password of {length} bytes has no LAN Manager hash: at most 14")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// It is not ASCII, so its bytes depend on a code page: see [`LmHash::from_oem`].
    #[error("password is not ASCII at byte {offset}")]
    NotAscii {
        /// Where the first such byte is.
        offset: usize,
    },
}
