//! The Windows NT hash of a password, and the hash of that hash.

use md4::{Digest, Md4};

use crate::secret::secret;
use crate::{ChallengeResponse, Password, des};

secret! {
    /// RFC 2433 section A.6, RFC 2759 section 8.3: `NtPasswordHash()`, the MD4 hash of a password.
    ///
    /// An authenticator stores this and never needs the password. It is as good as the password: who has it can log in.
    ///
    /// ```
    /// use mschap::NtHash;
    ///
    /// let hash = NtHash::from_password("MyPw");
    /// assert_eq!(hash.as_bytes()[..4], [0xfc, 0x15, 0x6a, 0xf7]);
    /// assert_eq!(format!("{hash:?}"), "NtHash(..)");
    /// ```
    ///
    /// It cannot be compared with `==`, whose time depends on the bytes:
    ///
    /// ```compile_fail,E0369
    /// # use mschap::NtHash;
    /// let (one, other) = (NtHash::from_bytes([0; 16]), NtHash::from_bytes([0; 16]));
    /// let same = one == other;
    /// ```
    #[doc(alias = "NtPasswordHash")]
    #[doc(alias = "PasswordHash")]
    NtHash, 16
}

impl NtHash {
    /// Hashes a password: its UTF-16LE bytes, without a zero at the end.
    #[must_use]
    pub fn from_password<'a, P: Into<Password<'a>>>(password: P) -> Self {
        let mut hash = Md4::new();
        for byte in password.into().bytes() {
            hash.update([byte]);
        }
        Self(hash.finalize().into())
    }

    /// Computes the MD4 hash of this hash (RFC 2759 section 8.4, `HashNtPasswordHash()`).
    #[must_use]
    #[doc(alias = "HashNtPasswordHash")]
    pub fn hash(&self) -> NtHashHash {
        NtHashHash(Md4::digest(self.0).into())
    }

    /// Computes `ChallengeResponse()` of this hash to eight bytes (RFC 2433 section A.7, RFC 2759
    /// section 8.5).
    ///
    /// The eight bytes are the challenge itself in version 1,
    /// [`v2::Challenges::hash`](crate::v2::Challenges::hash) in version 2.
    #[must_use]
    pub fn challenge_response(&self, challenge: &[u8; 8]) -> ChallengeResponse {
        des::challenge_response(challenge, &self.0)
    }
}

secret! {
    /// RFC 2759 section 8.4: the MD4 hash of an [`NtHash`].
    ///
    /// The authenticator's proof and the keys of RFC 3079 are made from it.
    ///
    /// ```
    /// let hash = mschap::NtHash::from_password("clientPass");
    /// assert_eq!(hash.hash().as_bytes()[..4], [0x41, 0xc0, 0x0c, 0x58]);
    /// ```
    ///
    /// ```compile_fail,E0369
    /// # use mschap::NtHashHash;
    /// let (one, other) = (NtHashHash::from_bytes([0; 16]), NtHashHash::from_bytes([0; 16]));
    /// let same = one == other;
    /// ```
    #[doc(alias = "HashNtPasswordHash")]
    #[doc(alias = "PasswordHashHash")]
    NtHashHash, 16
}
