//! The 516 bytes in which a new password travels.

use rc4::{KeyInit, Rc4, StreamCipher};

use crate::secret::{Scratch, secret};
use crate::write::array;
use crate::{LmHash, NtHash, Password};

secret! {
    /// RFC 2433 section A.12, RFC 2759 section 8.10: a new password, encrypted with the hash of the old one.
    ///
    /// | bytes | decrypted |
    /// |---|---|
    /// | 512 | random bytes, and at their end the new password in UTF-16LE |
    /// | 4 | how many bytes of these the password has, little-endian |
    ///
    /// ```
    /// use mschap::{EncryptedPassword, NtHash};
    ///
    /// let old = NtHash::from_password("secret");
    /// let padding = [0x5a; 512]; // unpredictable, and new each time
    /// let sent = EncryptedPassword::seal("Grüße 🔑", &old, &padding)?;
    ///
    /// let new = sent.open(&old)?;
    /// assert_eq!(new.utf16le().len(), 16); // bytes: 8 code units, of which the key has two
    /// assert!(new.chars().eq("Grüße 🔑".chars().map(Ok)));
    /// assert!(new.nt_hash().ct_eq(&NtHash::from_password("Grüße 🔑")));
    ///
    /// // With another hash it is noise, which hardly ever states a possible length.
    /// assert!(sent.open(&NtHash::from_password("Secret")).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// ```compile_fail,E0369
    /// # use mschap::EncryptedPassword;
    /// let one = EncryptedPassword::from_bytes([0; 516]);
    /// let other = EncryptedPassword::from_bytes([0; 516]);
    /// let same = one == other;
    /// ```
    #[doc(alias = "PWBLOCK")]
    #[doc(alias = "EncryptPwBlockWithPasswordHash")]
    #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
    EncryptedPassword, 516
}

impl EncryptedPassword {
    /// Encrypts a new password with the old NT hash.
    ///
    /// `padding` must be unpredictable and never be used twice. The parts that the password does
    /// not need are sent.
    ///
    /// # Errors
    ///
    /// [`PasswordError`]: the password does not fit, or is not whole code units.
    #[doc(alias = "NewPasswordEncryptedWithOldNtPasswordHash")]
    pub fn seal<'a, P: Into<Password<'a>>>(
        new: P,
        old: &NtHash,
        padding: &[u8; Password::MAX_BYTES],
    ) -> Result<Self, PasswordError> {
        Self::seal_with(new.into(), old.as_bytes(), padding)
    }

    /// Encrypts a new password with the old LAN Manager hash, which its section 10 deprecates (RFC
    /// 2433 section A.15).
    ///
    /// # Errors
    ///
    /// As [`seal`](Self::seal).
    #[doc(alias = "NewPasswordEncryptedWithOldLmPasswordHash")]
    pub fn seal_with_lm<'a, P: Into<Password<'a>>>(
        new: P,
        old: &LmHash,
        padding: &[u8; Password::MAX_BYTES],
    ) -> Result<Self, PasswordError> {
        Self::seal_with(new.into(), old.as_bytes(), padding)
    }

    /// Creates the field left empty: zeros.
    #[must_use]
    pub const fn empty() -> Self {
        Self([0; Self::LEN])
    }

    /// Decrypts the new password with the old NT hash.
    ///
    /// That it opens proves little: the [`EncryptedHash`](crate::EncryptedHash) beside it must be that of the old hash.
    ///
    /// # Errors
    ///
    /// [`ChangeError::PasswordLength`] when the stated length is impossible: most often the hash is another one.
    pub fn open(&self, old: &NtHash) -> Result<NewPassword, ChangeError> {
        self.open_with(old.as_bytes())
    }

    /// Decrypts the new password with the old LAN Manager hash.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with_lm(&self, old: &LmHash) -> Result<NewPassword, ChangeError> {
        self.open_with(old.as_bytes())
    }

    fn seal_with(
        new: Password<'_>,
        key: &[u8; 16],
        padding: &[u8; Password::MAX_BYTES],
    ) -> Result<Self, PasswordError> {
        let length = new.bytes().count();
        let Some(unused) = Password::MAX_BYTES.checked_sub(length) else {
            return Err(PasswordError::TooLong { length });
        };
        // The RFCs count UTF-16 code units, so half of one is a mistake of the caller.
        if length & 1 != 0 {
            return Err(PasswordError::HalfCodeUnit { length });
        }
        let Ok(stated) = u32::try_from(length).map(u32::to_le_bytes) else {
            return Err(PasswordError::TooLong { length });
        };
        let padding = padding.iter().copied().take(unused);
        // RFC 2759 section 8.10: random bytes come first, and the password ends where the length
        // stands.
        let mut block = Self(array(padding.chain(new.bytes()).chain(stated)));
        rc4(key, &mut block.0);
        Ok(block)
    }

    fn open_with(&self, key: &[u8; 16]) -> Result<NewPassword, ChangeError> {
        let mut clear = Scratch(self.0);
        rc4(key, &mut clear.0);
        let password = Scratch(array(clear.0.iter().copied()));
        let [.., a, b, c, d] = clear.0;
        let found = u32::from_le_bytes([a, b, c, d]);
        // The length is the peer's word, decrypted with a key that may be wrong: anything but an
        // even number within the field is refused.
        let length = usize::try_from(found).ok().filter(|length| length & 1 == 0);
        match length.and_then(|length| Password::MAX_BYTES.checked_sub(length)) {
            Some(unused) => Ok(NewPassword { bytes: password, unused }),
            None => Err(ChangeError::PasswordLength { found }),
        }
    }
}

/// Encrypts or decrypts with RC4 (RFC 2433 section A.13, `Rc4Encrypt()`).
fn rc4(key: &[u8; 16], bytes: &mut [u8]) {
    match Rc4::new_from_slice(key) {
        Ok(mut cipher) => cipher.apply_keystream(bytes),
        // Keys of 1 to 256 bytes are taken, so this is never reached; if it were, nothing would be
        // revealed.
        Err(_) => bytes.fill(0),
    }
}

/// A new password that an authenticator has decrypted. Not printed, and wiped when dropped.
///
/// ```
/// use mschap::{EncryptedPassword, NtHash};
///
/// let old = NtHash::from_password("secret");
/// let new = EncryptedPassword::seal("Neu", &old, &[0; 512])?.open(&old)?;
/// assert_eq!(new.utf16le(), [b'N', 0, b'e', 0, b'u', 0]);
/// assert_eq!(format!("{new:?}"), "NewPassword(..)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// ```compile_fail,E0369
/// # fn same(one: mschap::NewPassword, other: mschap::NewPassword) -> bool {
/// one == other
/// # }
/// ```
pub struct NewPassword {
    bytes: Scratch<{ Password::MAX_BYTES }>,
    unused: usize,
}

impl NewPassword {
    /// Returns the password, in UTF-16LE, as the peer sent it.
    #[must_use]
    pub fn utf16le(&self) -> &[u8] {
        debug_assert!(self.unused <= self.bytes.0.len(), "the password is a part of the block");
        self.bytes.0.get(self.unused..).unwrap_or_default()
    }

    /// Returns the characters, to check them against rules for passwords. An error is a surrogate
    /// without its other half.
    pub fn chars(&self) -> impl Iterator<Item = Result<char, core::char::DecodeUtf16Error>> + '_ {
        let units = self.utf16le().chunks_exact(2).map(|unit| match unit {
            [low, high] => u16::from_le_bytes([*low, *high]),
            _ => 0,
        });
        char::decode_utf16(units)
    }

    /// Returns the NT hash, which an authenticator stores in place of the old one.
    #[must_use]
    pub fn nt_hash(&self) -> NtHash {
        NtHash::from_password(Password::Utf16Le(self.utf16le()))
    }
}

#[cfg(feature = "zeroize")]
impl zeroize::ZeroizeOnDrop for NewPassword {}

impl core::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("NewPassword(..)")
    }
}

/// Why a new password cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// It has more than 256 UTF-16 code units.
    #[error("new password of {length} bytes: at most 512 fit")]
    TooLong {
        /// Its length in bytes of UTF-16LE.
        length: usize,
    },
    /// [`Password::Utf16Le`] with an odd number of bytes.
    #[error("new password of {length} bytes is not whole UTF-16 code units")]
    HalfCodeUnit {
        /// Its length in bytes.
        length: usize,
    },
}

/// Why an authenticator does not take a change of password. The peer gets
/// [`FailureCode::CHANGING_PASSWORD`](crate::FailureCode::CHANGING_PASSWORD) in each case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The decrypted length of the new password is odd or more than 512: the peer's old hash is another one.
    #[error("new password of {found} bytes: the peer has another old hash")]
    PasswordLength {
        /// The decrypted length.
        found: u32,
    },
    /// The old hash that the peer sent is not the one that is stored.
    #[error("the peer has another old hash")]
    OldHash,
    /// The response to the challenge is not that of the new password.
    #[error("the response is not that of the new password")]
    Response,
    /// The packet has only fields that the authenticator cannot use: made from the LAN Manager hash, say.
    #[error("the fields of the packet that are in use are not those that the authenticator takes")]
    NoUsableFields,
}
