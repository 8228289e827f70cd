//! A hash, encrypted for a change of password.

use crate::des::Direction;
use crate::secret::secret;
use crate::{LmHash, NtHash, des};

secret! {
    /// RFC 2433 sections A.9 and A.17, RFC 2759 section 8.13: a hash, encrypted with another hash or with a challenge.
    ///
    /// ```
    /// use mschap::{EncryptedHash, NtHash};
    ///
    /// let (old, new) = (NtHash::from_password("old"), NtHash::from_password("new"));
    /// let sent = EncryptedHash::seal(old.as_bytes(), &new);
    /// assert!(sent.open(&new).ct_eq(&old));
    /// ```
    ///
    /// ```compile_fail,E0369
    /// # use mschap::EncryptedHash;
    /// let (one, other) = (EncryptedHash::from_bytes([0; 16]), EncryptedHash::from_bytes([0; 16]));
    /// let same = one == other;
    /// ```
    #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
    EncryptedHash, 16
}

impl EncryptedHash {
    /// Creates the field left empty: 16 zeros.
    #[must_use]
    pub const fn empty() -> Self {
        Self([0; Self::LEN])
    }

    /// Encrypts an NT or LAN Manager hash (RFC 2433 section A.17, RFC 2759 section 8.13,
    /// `NtPasswordHashEncryptedWithBlock()`).
    ///
    /// The keys are the first 14 bytes of `key`.
    #[must_use]
    #[doc(alias = "NtPasswordHashEncryptedWithBlock")]
    #[doc(alias = "OldNtPasswordHashEncryptedWithNewNtPasswordHash")]
    #[doc(alias = "OldLmPasswordHashEncryptedWithNewNtPasswordHash")]
    pub fn seal(hash: &[u8; 16], key: &NtHash) -> Self {
        Self(des::each_half(Direction::Encrypt, hash, &des::two_keys(key.as_bytes())))
    }

    /// Returns the NT hash that was [sealed](Self::seal).
    #[must_use]
    pub fn open(&self, key: &NtHash) -> NtHash {
        NtHash::from_bytes(des::each_half(Direction::Decrypt, &self.0, &des::two_keys(key.as_bytes())))
    }

    /// Returns the LAN Manager hash that was [sealed](Self::seal).
    #[must_use]
    pub fn open_lm(&self, key: &NtHash) -> LmHash {
        LmHash::from_bytes(des::each_half(Direction::Decrypt, &self.0, &des::two_keys(key.as_bytes())))
    }

    /// Encrypts an NT or LAN Manager hash with a challenge (RFC 2433 section A.9,
    /// `PasswordHashEncryptedWithBlock()`).
    ///
    /// The key is the first seven bytes of the challenge, which everybody has seen: this hides
    /// nothing.
    #[must_use]
    #[doc(alias = "PasswordHashEncryptedWithBlock")]
    #[doc(alias = "LmEncryptedPasswordHash")]
    #[doc(alias = "NtEncryptedPasswordHash")]
    pub fn seal_with_challenge(hash: &[u8; 16], challenge: &[u8; 8]) -> Self {
        Self(des::each_half(Direction::Encrypt, hash, &des::same_key(*challenge)))
    }

    /// Returns the NT hash that was [sealed](Self::seal_with_challenge).
    #[must_use]
    pub fn open_with_challenge(&self, challenge: &[u8; 8]) -> NtHash {
        NtHash::from_bytes(des::each_half(Direction::Decrypt, &self.0, &des::same_key(*challenge)))
    }

    /// Returns the LAN Manager hash that was [sealed](Self::seal_with_challenge).
    #[must_use]
    pub fn open_lm_with_challenge(&self, challenge: &[u8; 8]) -> LmHash {
        LmHash::from_bytes(des::each_half(Direction::Decrypt, &self.0, &des::same_key(*challenge)))
    }
}
