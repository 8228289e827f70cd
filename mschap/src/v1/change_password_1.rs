//! Version 1 of the change of password of MS-CHAP version 1.

use super::{CHALLENGE_LEN, NewHashes};
use crate::error::exactly;
use crate::write::array;
use crate::{Account, ChangeError, DecodeError, EncryptedHash, LmHash, NtHash, Value};

/// RFC 2433 section 9: what follows the header of a Change Password packet of version 1 (CHAP code 5).
///
/// | bytes | field |
/// |---|---|
/// | 16 | LAN Manager old password hash, encrypted with the challenge |
/// | 16 | LAN Manager new password hash |
/// | 16 | Windows NT old password hash |
/// | 16 | Windows NT new password hash |
/// | 2 | Password Length: of the new LAN Manager password, in bytes; above 14 these hashes are not valid |
/// | 2 | Flags; bit 0: the Windows NT hashes are valid |
///
/// Everybody who has seen the challenge can decrypt the hashes. The RFC forbids to send it where somebody may listen.
///
/// ```
/// use mschap::{Account, NtHash, v1};
///
/// let (old, new, challenge) =
///     (NtHash::from_password("old"), NtHash::from_password("new"), [7; 8]);
/// let sent = v1::ChangePassword1::new(&old, &new, &challenge).encode();
///
/// let packet = v1::ChangePassword1::decode(&sent)?;
/// let hashes = packet.open(&Account::new(&old), &challenge)?;
/// assert!(hashes.nt.is_some_and(|hash| hash.ct_eq(&new)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "CPW")]
#[doc(alias = "MS-CHAP-CPW-1")]
#[derive(Debug, Clone)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct ChangePassword1 {
    /// The LAN Manager hash of the old password.
    pub lm_old: EncryptedHash,
    /// The LAN Manager hash of the new password.
    pub lm_new: EncryptedHash,
    /// The NT hash of the old password.
    pub nt_old: EncryptedHash,
    /// The NT hash of the new password.
    pub nt_new: EncryptedHash,
    /// The length in bytes of the new LAN Manager password.
    pub password_length: u16,
    /// Flags, of which only [`NT_VALID`](Self::NT_VALID) has a meaning.
    pub flags: u16,
}

impl ChangePassword1 {
    /// The code of the CHAP packet.
    pub const CODE: u8 = 5;

    /// The version of this change of password in a Failure message: `V=1`, or no `V=`.
    pub const VERSION: u32 = 1;

    /// The length in bytes, without the CHAP header: four hashes (16 each), length (2), flags (2).
    pub const LEN: usize = 68;

    /// Bit 0 of the flags: the NT hashes are valid and to be used.
    pub const NT_VALID: u16 = 1;

    /// A length that says that the LAN Manager hashes are not valid.
    pub const NO_LM: u16 = u16::MAX;

    /// Creates a change of password by NT hashes alone.
    #[must_use]
    pub fn new(old: &NtHash, new: &NtHash, challenge: &[u8; CHALLENGE_LEN]) -> Self {
        Self {
            lm_old: EncryptedHash::empty(),
            lm_new: EncryptedHash::empty(),
            nt_old: EncryptedHash::seal_with_challenge(old.as_bytes(), challenge),
            nt_new: EncryptedHash::seal_with_challenge(new.as_bytes(), challenge),
            password_length: Self::NO_LM,
            flags: Self::NT_VALID,
        }
    }

    /// Adds the LAN Manager hashes. `length` is that of the new password in OEM bytes, 0 to 14.
    #[must_use]
    pub fn with_lm(mut self, old: &LmHash, new: &LmHash, length: u8, challenge: &[u8; CHALLENGE_LEN]) -> Self {
        self.lm_old = EncryptedHash::seal_with_challenge(old.as_bytes(), challenge);
        self.lm_new = EncryptedHash::seal_with_challenge(new.as_bytes(), challenge);
        self.password_length = length.into();
        self
    }

    /// Reads what follows the CHAP header.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Length`] when it is not 68 bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let bytes: &[u8; Self::LEN] = exactly(Value::ChangePassword1, bytes)?;
        let mut fields = bytes.iter().copied();
        let mut hash = || EncryptedHash::from_bytes(array(fields.by_ref().take(EncryptedHash::LEN)));
        Ok(Self {
            lm_old: hash(),
            lm_new: hash(),
            nt_old: hash(),
            nt_new: hash(),
            password_length: u16::from_be_bytes(array(fields.by_ref().take(2))),
            flags: u16::from_be_bytes(array(fields)),
        })
    }

    /// Returns what follows the CHAP header.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let hashes = [&self.lm_old, &self.lm_new, &self.nt_old, &self.nt_new];
        let hashes = hashes.into_iter().flat_map(|hash| *hash.as_bytes());
        array(hashes.chain(self.password_length.to_be_bytes()).chain(self.flags.to_be_bytes()))
    }

    /// Returns whether the NT hashes are valid.
    #[must_use]
    pub const fn uses_nt(&self) -> bool {
        self.flags & Self::NT_VALID != 0
    }

    /// Returns whether the LAN Manager hashes are valid.
    #[must_use]
    pub fn uses_lm(&self) -> bool {
        usize::from(self.password_length) <= LmHash::MAX_PASSWORD_LEN
    }

    /// Gives the new hashes, after checking that the peer knows the stored one.
    ///
    /// The NT hash is asked for when the packet has one; else the LAN Manager hash, if the account has one.
    ///
    /// # Errors
    ///
    /// [`ChangeError`]: the password stays as it is.
    pub fn open(&self, account: &Account<'_>, challenge: &[u8; CHALLENGE_LEN]) -> Result<NewHashes, ChangeError> {
        let new_lm = self.uses_lm().then(|| self.lm_new.open_lm_with_challenge(challenge));
        match (account.hash, account.lm_hash) {
            // The NT hash comes first where both are there: the other one is weaker.
            (Some(stored), _) if self.uses_nt() => {
                if !self.nt_old.open_with_challenge(challenge).ct_eq(stored) {
                    return Err(ChangeError::OldHash);
                }
                Ok(NewHashes { nt: Some(self.nt_new.open_with_challenge(challenge)), lm: new_lm })
            }
            (_, Some(stored)) if self.uses_lm() => {
                if !self.lm_old.open_lm_with_challenge(challenge).ct_eq(stored) {
                    return Err(ChangeError::OldHash);
                }
                let new_nt = self.uses_nt().then(|| self.nt_new.open_with_challenge(challenge));
                Ok(NewHashes { nt: new_nt, lm: new_lm })
            }
            _ => Err(ChangeError::NoUsableFields),
        }
    }
}
