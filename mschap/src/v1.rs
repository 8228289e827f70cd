//! RFC 2433: MS-CHAP version 1.
//!
//! The authenticator proves nothing, and its challenge is answered directly. It is here for peers that know nothing
//! better.

mod authenticator;
mod change_password_1;
mod change_password_2;
mod new_hashes;
mod peer;

pub use authenticator::{Accepted, Authenticator, ChangeVerdict, Verdict};
pub use change_password_1::ChangePassword1;
pub use change_password_2::ChangePassword2;
pub use new_hashes::NewHashes;
pub use peer::Peer;

use crate::error::exactly;
use crate::write::array;
use crate::{ChallengeResponse, DecodeError, LmHash, NtHash, Value};

/// RFC 2433 section 5: the length of a challenge in bytes.
pub const CHALLENGE_LEN: usize = 8;

/// Reads the challenge from the Value field of a Challenge packet (RFC 2433 section 5).
///
/// ```
/// assert_eq!(
///     mschap::v1::decode_challenge(&[1, 2, 3, 4, 5, 6, 7, 8])?,
///     [1, 2, 3, 4, 5, 6, 7, 8]
/// );
/// assert!(mschap::v1::decode_challenge(&[0; 16]).is_err());
/// # Ok::<(), mschap::DecodeError>(())
/// ```
///
/// # Errors
///
/// [`DecodeError::Length`] when it is not 8 bytes.
pub fn decode_challenge(value: &[u8]) -> Result<[u8; CHALLENGE_LEN], DecodeError> {
    exactly(Value::V1Challenge, value).copied()
}

/// Returns the challenge that a retry answers when the Failure message has no `C=` (RFC 2433
/// section 8).
///
/// It is the last one with 23 added to its first byte.
///
/// ```
/// assert_eq!(
///     mschap::v1::implied_challenge(&[250, 1, 2, 3, 4, 5, 6, 7]),
///     [17, 1, 2, 3, 4, 5, 6, 7]
/// );
/// ```
#[must_use]
pub const fn implied_challenge(last: &[u8; CHALLENGE_LEN]) -> [u8; CHALLENGE_LEN] {
    let mut challenge = *last;
    challenge[0] = challenge[0].wrapping_add(23);
    challenge
}

/// RFC 2433 section 6: the Value field of a Response packet.
///
/// | bytes | field |
/// |---|---|
/// | 24 | LAN Manager compatible challenge response: zero, or made from the [`LmHash`] |
/// | 24 | Windows NT compatible challenge response, made from the [`NtHash`] |
/// | 1 | flag: use the Windows NT compatible one |
///
/// The LAN Manager field of a password without such a hash (longer than 14 bytes) is zero, or the
/// response of the [empty](LmHash::empty) password's hash. Real peers send both, with the flag set.
///
/// ```
/// use mschap::{NtHash, v1};
///
/// let hash = NtHash::from_password("MyPw");
/// let challenge = [0x10, 0x2d, 0xb5, 0xdf, 0x08, 0x5d, 0x30, 0x41];
/// let value = v1::Response::new(&hash, &challenge).encode();
///
/// let response = v1::Response::decode(&value)?;
/// assert!(response.uses_nt() && response.lm_response.is_empty());
/// assert!(response.verify(&hash, &challenge));
/// assert!(!response.verify(&NtHash::from_password("mypw"), &challenge));
/// # Ok::<(), mschap::DecodeError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Response {
    /// LAN Manager compatible challenge response.
    pub lm_response: ChallengeResponse,
    /// Windows NT compatible challenge response.
    pub nt_response: ChallengeResponse,
    /// The flag: 1 to use `nt_response`, 0 to ignore it.
    pub flags: u8,
}

impl Response {
    /// The length in bytes: LM response (24), NT response (24), flag (1).
    pub const LEN: usize = 49;

    /// Creates the response to a challenge as the RFC wants it: the LAN Manager field is zero, the
    /// flag is set.
    #[must_use]
    pub fn new(hash: &NtHash, challenge: &[u8; CHALLENGE_LEN]) -> Self {
        Self { lm_response: ChallengeResponse::empty(), nt_response: hash.challenge_response(challenge), flags: 1 }
    }

    /// Fills in the LAN Manager field too, which RFC 2433 section 6 advises against: the hash is easily found from it.
    #[must_use]
    pub fn with_lm(mut self, hash: &LmHash, challenge: &[u8; CHALLENGE_LEN]) -> Self {
        self.lm_response = hash.challenge_response(challenge);
        self
    }

    /// Reads the Value field.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Length`] when it is not 49 bytes.
    pub fn decode(value: &[u8]) -> Result<Self, DecodeError> {
        let value: &[u8; Self::LEN] = exactly(Value::V1Response, value)?;
        // The flag decides which of the two responses counts (RFC 2433 section 6), so it is read
        // before them.
        let [.., flags] = *value;
        let mut fields = value.iter().copied();
        Ok(Self {
            lm_response: ChallengeResponse::from_bytes(array(fields.by_ref().take(ChallengeResponse::LEN))),
            nt_response: ChallengeResponse::from_bytes(array(fields)),
            flags,
        })
    }

    /// Returns the Value field.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        array(self.lm_response.as_bytes().iter().chain(self.nt_response.as_bytes()).chain([&self.flags]).copied())
    }

    /// Returns whether the NT response is to be used: the flag is not 0.
    #[must_use]
    pub const fn uses_nt(&self) -> bool {
        self.flags != 0
    }

    /// Returns whether the NT response is that of this hash, found out in constant time. Never true
    /// when the flag is 0.
    #[must_use]
    pub fn verify(&self, hash: &NtHash, challenge: &[u8; CHALLENGE_LEN]) -> bool {
        self.nt_response.ct_eq(&hash.challenge_response(challenge)) && self.uses_nt()
    }

    /// Returns whether the LAN Manager response is that of this hash, found out in constant time.
    ///
    /// An authenticator that accepts it accepts a response that gives the password away: RFC 2433
    /// section 6 deprecates it.
    #[must_use]
    pub fn verify_lm(&self, hash: &LmHash, challenge: &[u8; CHALLENGE_LEN]) -> bool {
        self.lm_response.ct_eq(&hash.challenge_response(challenge))
    }
}
