//! The change of password of version 2.

use super::{CHALLENGE_LEN, Challenges};
use crate::error::exactly;
use crate::write::array;
use crate::{
    ChallengeResponse, ChangeError, DecodeError, EncryptedHash, EncryptedPassword, NewPassword, NtHash, Password,
    PasswordError, Value,
};

/// RFC 2759 section 7: what follows the header of a Change-Password packet (CHAP code 7).
///
/// | bytes | field |
/// |---|---|
/// | 516 | Encrypted-Password: the new password, encrypted with the old hash |
/// | 16 | Encrypted-Hash: the old hash, encrypted with the new hash |
/// | 16 | Peer-Challenge |
/// | 8 | Reserved, zero |
/// | 24 | NT-Response of the new password to the challenge of the Failure packet |
/// | 2 | Flags, zero |
///
/// ```
/// use mschap::{NtHash, v2};
///
/// let old = NtHash::from_password("secret");
/// // The peer's challenge is unpredictable.
/// let challenges = v2::Challenges { authenticator: [1; 16], peer: [2; 16] };
/// let padding = [3; 512]; // unpredictable
/// let sent =
///     v2::ChangePassword::new(&old, "SuperSecret", &challenges, b"john", &padding)?.encode();
///
/// let packet = v2::ChangePassword::decode(&sent)?;
/// let new = packet.open(&old, &challenges.authenticator, b"john")?;
/// assert!(new.nt_hash().ct_eq(&NtHash::from_password("SuperSecret")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "CPW")]
#[doc(alias = "MS-CHAP2-CPW")]
#[derive(Debug, Clone)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct ChangePassword {
    /// Encrypted-Password.
    pub encrypted_password: EncryptedPassword,
    /// Encrypted-Hash.
    pub encrypted_hash: EncryptedHash,
    /// Peer-Challenge: 16 unpredictable bytes of the peer.
    pub peer_challenge: [u8; CHALLENGE_LEN],
    /// Reserved: zero is sent, what comes is ignored.
    pub reserved: [u8; 8],
    /// NT-Response: the peer's proof that it knows the new password.
    pub nt_response: ChallengeResponse,
    /// Flags: zero is sent, what comes is ignored.
    pub flags: u16,
}

impl ChangePassword {
    /// The code of the CHAP packet.
    pub const CODE: u8 = 7;

    /// The version of this change of password in a Failure message: `V=3`.
    pub const VERSION: u32 = 3;

    /// The length in bytes, without the CHAP header: password (516), hash (16), challenge (16),
    /// reserved (8), response (24), flags (2).
    pub const LEN: usize = 582;

    /// Creates the packet of a peer that changes its password (RFC 2759 section 7).
    ///
    /// The challenge is that of the Failure packet. `padding` must be unpredictable and never be used twice.
    ///
    /// # Errors
    ///
    /// [`PasswordError`]: the new password cannot be sent.
    pub fn new<'a, P: Into<Password<'a>>>(
        old: &NtHash,
        new: P,
        challenges: &Challenges,
        user: &[u8],
        padding: &[u8; Password::MAX_BYTES],
    ) -> Result<Self, PasswordError> {
        let new = new.into();
        let hash = NtHash::from_password(new);
        Ok(Self {
            encrypted_password: EncryptedPassword::seal(new, old, padding)?,
            encrypted_hash: EncryptedHash::seal(old.as_bytes(), &hash),
            peer_challenge: challenges.peer,
            reserved: [0; 8],
            nt_response: hash.challenge_response(&challenges.hash(user)),
            flags: 0,
        })
    }

    /// Reads what follows the CHAP header.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Length`] when it is not 582 bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let bytes: &[u8; Self::LEN] = exactly(Value::ChangePassword, bytes)?;
        let mut fields = bytes.iter().copied();
        Ok(Self {
            encrypted_password: EncryptedPassword::from_bytes(array(fields.by_ref().take(EncryptedPassword::LEN))),
            encrypted_hash: EncryptedHash::from_bytes(array(fields.by_ref().take(EncryptedHash::LEN))),
            peer_challenge: array(fields.by_ref().take(CHALLENGE_LEN)),
            reserved: array(fields.by_ref().take(8)),
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
            .chain(&self.peer_challenge)
            .chain(&self.reserved)
            .chain(self.nt_response.as_bytes())
            .copied();
        array(fields.chain(self.flags.to_be_bytes()))
    }

    /// Returns both challenges, given the authenticator's.
    #[must_use]
    pub const fn challenges(&self, authenticator: &[u8; CHALLENGE_LEN]) -> Challenges {
        Challenges { authenticator: *authenticator, peer: self.peer_challenge }
    }

    /// Gives the new password, after checking that the peer knows the stored hash and has proved the new password.
    ///
    /// `authenticator_challenge` is that of the Failure packet, `user` the name as it is hashed.
    ///
    /// # Errors
    ///
    /// [`ChangeError`]: the password stays as it is.
    pub fn open(
        &self,
        stored: &NtHash,
        authenticator_challenge: &[u8; CHALLENGE_LEN],
        user: &[u8],
    ) -> Result<NewPassword, ChangeError> {
        let new = self.encrypted_password.open(stored)?;
        let hash = new.nt_hash();
        if !self.encrypted_hash.open(&hash).ct_eq(stored) {
            // The new password counts only if the peer knows the old one.
            return Err(ChangeError::OldHash);
        }
        let challenge = self.challenges(authenticator_challenge).hash(user);
        if !self.nt_response.ct_eq(&hash.challenge_response(&challenge)) {
            // The peer also proves that it knows the new password, as RFC 2759 section 7 wants.
            return Err(ChangeError::Response);
        }
        Ok(new)
    }
}
