//! Version 2 of the change of password of MS-CHAP version 1.

use super::CHALLENGE_LEN;
use crate::error::exactly;
use crate::write::array;
use crate::{
    Account, ChallengeResponse, ChangeError, DecodeError, EncryptedHash, EncryptedPassword, LmHash, NewPassword,
    NtHash, Password, PasswordError, Value,
};

/// RFC 2433 section 10: what follows the header of a Change Password packet of version 2 (CHAP code 6).
///
/// | bytes | field |
/// |---|---|
/// | 516 | the new password, encrypted with the old NT hash |
/// | 16 | the old NT hash, encrypted with the new NT hash |
/// | 516 | the new password, encrypted with the old LAN Manager hash; deprecated, zero |
/// | 16 | the old LAN Manager hash, encrypted with the new NT hash; deprecated, zero |
/// | 24 | LAN Manager compatible challenge response; deprecated, zero |
/// | 24 | Windows NT compatible challenge response of the new password |
/// | 2 | Flags; bit 0: use the NT response; bit 1: the deprecated password and hash are valid |
///
/// ```
/// use mschap::{Account, NtHash, v1};
///
/// let (old, challenge) = (NtHash::from_password("secret"), [7; 8]);
/// let padding = [3; 512]; // unpredictable
/// let sent = v1::ChangePassword2::new(&old, "SuperSecret", &challenge, &padding)?.encode();
///
/// let packet = v1::ChangePassword2::decode(&sent)?;
/// let new = packet.open(&Account::new(&old), &challenge)?;
/// assert!(new.nt_hash().ct_eq(&NtHash::from_password("SuperSecret")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "CPW")]
#[doc(alias = "MS-CHAP-CPW-2")]
#[derive(Debug, Clone)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct ChangePassword2 {
    /// The new password, encrypted with the old NT hash.
    pub encrypted_password: EncryptedPassword,
    /// The old NT hash, encrypted with the new NT hash.
    pub encrypted_hash: EncryptedHash,
    /// The new password, encrypted with the old LAN Manager hash.
    pub lm_encrypted_password: EncryptedPassword,
    /// The old LAN Manager hash, encrypted with the new NT hash.
    pub lm_encrypted_hash: EncryptedHash,
    /// LAN Manager compatible challenge response.
    pub lm_response: ChallengeResponse,
    /// Windows NT compatible challenge response.
    pub nt_response: ChallengeResponse,
    /// Flags: [`USE_NT_RESPONSE`](Self::USE_NT_RESPONSE) and [`LM_VALID`](Self::LM_VALID).
    pub flags: u16,
}

impl ChangePassword2 {
    /// The code of the CHAP packet.
    pub const CODE: u8 = 6;

    /// The version of this change of password in a Failure message: `V=2`.
    pub const VERSION: u32 = 2;

    /// The length in bytes, without the CHAP header: password (516), hash (16), both again, two
    /// responses (24 each), flags (2).
    pub const LEN: usize = 1114;

    /// Bit 0 of the flags: the NT response is to be used.
    pub const USE_NT_RESPONSE: u16 = 1;

    /// Bit 1 of the flags: password and hash encrypted with LAN Manager hashes are valid and to be used.
    pub const LM_VALID: u16 = 2;

    /// Creates a change of password as the RFC wants it: the deprecated fields are zero.
    ///
    /// `padding` must be unpredictable and never be used twice.
    ///
    /// # Errors
    ///
    /// [`PasswordError`]: the new password cannot be sent.
    pub fn new<'a, P: Into<Password<'a>>>(
        old: &NtHash,
        new: P,
        challenge: &[u8; CHALLENGE_LEN],
        padding: &[u8; Password::MAX_BYTES],
    ) -> Result<Self, PasswordError> {
        let new = new.into();
        let hash = NtHash::from_password(new);
        Ok(Self {
            encrypted_password: EncryptedPassword::seal(new, old, padding)?,
            encrypted_hash: EncryptedHash::seal(old.as_bytes(), &hash),
            lm_encrypted_password: EncryptedPassword::empty(),
            lm_encrypted_hash: EncryptedHash::empty(),
            lm_response: ChallengeResponse::empty(),
            nt_response: hash.challenge_response(challenge),
            flags: Self::USE_NT_RESPONSE,
        })
    }

    /// Fills in the deprecated password and hash, for an account that has only a LAN Manager hash.
    ///
    /// # Errors
    ///
    /// [`PasswordError`]: the new password cannot be sent.
    pub fn with_lm<'a, P: Into<Password<'a>>>(
        mut self,
        old: &LmHash,
        new: P,
        padding: &[u8; Password::MAX_BYTES],
    ) -> Result<Self, PasswordError> {
        let new = new.into();
        self.lm_encrypted_password = EncryptedPassword::seal_with_lm(new, old, padding)?;
        self.lm_encrypted_hash = EncryptedHash::seal(old.as_bytes(), &NtHash::from_password(new));
        self.flags |= Self::LM_VALID;
        Ok(self)
    }

    /// Reads what follows the CHAP header.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Length`] when it is not 1114 bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let bytes: &[u8; Self::LEN] = exactly(Value::ChangePassword2, bytes)?;
        let mut fields = bytes.iter().copied();
        Ok(Self {
            encrypted_password: EncryptedPassword::from_bytes(array(fields.by_ref().take(EncryptedPassword::LEN))),
            encrypted_hash: EncryptedHash::from_bytes(array(fields.by_ref().take(EncryptedHash::LEN))),
            lm_encrypted_password: EncryptedPassword::from_bytes(array(fields.by_ref().take(EncryptedPassword::LEN))),
            lm_encrypted_hash: EncryptedHash::from_bytes(array(fields.by_ref().take(EncryptedHash::LEN))),
            lm_response: ChallengeResponse::from_bytes(array(fields.by_ref().take(ChallengeResponse::LEN))),
            nt_response: ChallengeResponse::from_bytes(array(fields.by_ref().take(ChallengeResponse::LEN))),
            flags: u16::from_be_bytes(array(fields)),
        })
    }

    /// Returns what follows the CHAP header.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let fields = self
            .encrypted_password
            .as_bytes()
            .iter()
            .chain(self.encrypted_hash.as_bytes())
            .chain(self.lm_encrypted_password.as_bytes())
            .chain(self.lm_encrypted_hash.as_bytes())
            .chain(self.lm_response.as_bytes())
            .chain(self.nt_response.as_bytes())
            .copied();
        array(fields.chain(self.flags.to_be_bytes()))
    }

    /// Gives the new password, after checking that the peer knows the stored hash and has proved the new password.
    ///
    /// The account's LAN Manager hash is used only if it has no NT hash and the flags say that those fields are valid.
    ///
    /// # Errors
    ///
    /// [`ChangeError`]: the password stays as it is.
    pub fn open(&self, account: &Account<'_>, challenge: &[u8; CHALLENGE_LEN]) -> Result<NewPassword, ChangeError> {
        let (new, knows_old) = match (account.hash, account.lm_hash) {
            (Some(stored), _) => {
                let new = self.encrypted_password.open(stored)?;
                let knows_old = self.encrypted_hash.open(&new.nt_hash()).ct_eq(stored);
                (new, knows_old)
            }
            // Only an account without an NT hash uses the deprecated fields.
            (None, Some(stored)) if self.flags & Self::LM_VALID != 0 => {
                let new = self.lm_encrypted_password.open_with_lm(stored)?;
                let knows_old = self.lm_encrypted_hash.open_lm(&new.nt_hash()).ct_eq(stored);
                (new, knows_old)
            }
            _ => return Err(ChangeError::NoUsableFields),
        };
        if !knows_old {
            return Err(ChangeError::OldHash);
        }
        // RFC 2433 section 10: without the flag no response proves the new password.
        if self.flags & Self::USE_NT_RESPONSE == 0 {
            return Err(ChangeError::NoUsableFields);
        }
        if !self.nt_response.ct_eq(&new.nt_hash().challenge_response(challenge)) {
            return Err(ChangeError::Response);
        }
        Ok(new)
    }
}
