//! RFC 2759: MS-CHAP version 2, in which both sides prove themselves.

mod authenticator;
mod change_password;
mod peer;

pub use crate::authenticator_response::AuthenticatorResponse;
use crate::digest::sha1_of_public;
use crate::error::exactly;
use crate::write::array;
use crate::{ChallengeResponse, DecodeError, NtHash, Value};
pub use authenticator::{Accepted, Authenticator, ChangeVerdict, Verdict};
pub use change_password::ChangePassword;
pub use peer::Peer;

/// RFC 2759 section 3: the length of a challenge in bytes, either side's.
pub const CHALLENGE_LEN: usize = 16;

/// Reads the challenge from the Value field of a Challenge packet (RFC 2759 section 3).
///
/// ```
/// assert_eq!(mschap::v2::decode_challenge(&[7; 16])?, [7; 16]);
/// assert!(mschap::v2::decode_challenge(&[7; 8]).is_err());
/// # Ok::<(), mschap::DecodeError>(())
/// ```
///
/// # Errors
///
/// [`DecodeError::Length`] when it is not 16 bytes.
pub fn decode_challenge(value: &[u8]) -> Result<[u8; CHALLENGE_LEN], DecodeError> {
    exactly(Value::V2Challenge, value).copied()
}

/// The two challenges of one authentication.
///
/// ```
/// use mschap::v2::Challenges;
///
/// let challenges =
///     Challenges { authenticator: *b"[]|}{?/><,`!2&&(", peer: *b"!@#$%^&*()_+:3|~" };
/// assert_eq!(challenges.hash(b"User"), [0xd0, 0x2e, 0x43, 0x86, 0xbc, 0xe9, 0x12, 0x26]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "there are two sides")]
pub struct Challenges {
    /// The value of the Challenge packet.
    pub authenticator: [u8; CHALLENGE_LEN],
    /// The Peer-Challenge of the Response packet: 16 unpredictable bytes.
    pub peer: [u8; CHALLENGE_LEN],
}

impl Challenges {
    /// Computes the eight bytes that are answered (RFC 2759 section 8.2, `ChallengeHash()`).
    ///
    /// `user` is the name as it is hashed, without a Windows domain: [`NamePolicy::user`](crate::NamePolicy::user)
    /// gives it. Both proofs of one authentication must use the same.
    #[must_use]
    #[doc(alias = "ChallengeHash")]
    pub fn hash(&self, user: &[u8]) -> [u8; 8] {
        array(sha1_of_public(&self.peer, &self.authenticator, user))
    }
}

/// RFC 2759 section 4: the Value field of a Response packet.
///
/// | bytes | field |
/// |---|---|
/// | 16 | Peer-Challenge |
/// | 8 | Reserved, zero |
/// | 24 | NT-Response |
/// | 1 | Flags, zero; 1 and 4 are seen |
///
/// ```
/// use mschap::{NtHash, v2};
///
/// let hash = NtHash::from_password("clientPass");
/// let challenges =
///     v2::Challenges { authenticator: *b"[]|}{?/><,`!2&&(", peer: *b"!@#$%^&*()_+:3|~" };
/// let value = v2::Response::new(&hash, &challenges, b"User").encode();
/// assert_eq!(value[24..28], [0x82, 0x30, 0x9e, 0xcd]);
///
/// // The authenticator knows its own challenge; the peer's is in the response.
/// let response = v2::Response::decode(&value)?;
/// assert!(response.verify(&hash, &challenges.authenticator, b"User"));
/// assert!(!response.verify(&hash, &challenges.authenticator, b"user"));
/// # Ok::<(), mschap::DecodeError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Response {
    /// Peer-Challenge: 16 unpredictable bytes of the peer.
    pub peer_challenge: [u8; CHALLENGE_LEN],
    /// Reserved: zero is sent, what comes is ignored.
    pub reserved: [u8; 8],
    /// NT-Response: the peer's proof.
    pub nt_response: ChallengeResponse,
    /// Flags: zero is sent, what comes is ignored, but for [`NO_MESSAGE`](Self::NO_MESSAGE).
    pub flags: u8,
}

impl Response {
    /// The length in bytes: Peer-Challenge (16), Reserved (8), NT-Response (24), Flags (1).
    pub const LEN: usize = 49;

    /// A bit of `flags` that the RFC does not have: Windows 98 sets it and takes no ` M=` text in the Success message.
    pub const NO_MESSAGE: u8 = 0x04;

    /// Computes the response (RFC 2759 section 8.1, `GenerateNTResponse()`).
    ///
    /// `user` is the name as it is hashed: [`NamePolicy::user`](crate::NamePolicy::user).
    #[must_use]
    #[doc(alias = "GenerateNTResponse")]
    pub fn new(hash: &NtHash, challenges: &Challenges, user: &[u8]) -> Self {
        Self {
            peer_challenge: challenges.peer,
            reserved: [0; 8],
            nt_response: hash.challenge_response(&challenges.hash(user)),
            flags: 0,
        }
    }

    /// Reads the Value field.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Length`] when it is not 49 bytes.
    pub fn decode(value: &[u8]) -> Result<Self, DecodeError> {
        let value: &[u8; Self::LEN] = exactly(Value::V2Response, value)?;
        let [.., flags] = *value;
        // RFC 2759 section 4 has eight bytes reserved, "must be zero". They are kept, not judged,
        // since they take no part in the hash.
        let mut fields = value.iter().copied();
        Ok(Self {
            peer_challenge: array(fields.by_ref().take(CHALLENGE_LEN)),
            reserved: array(fields.by_ref().take(8)),
            nt_response: ChallengeResponse::from_bytes(array(fields)),
            flags,
        })
    }

    /// Returns the Value field.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut value = [0; Self::LEN];
        let fields =
            self.peer_challenge.iter().chain(&self.reserved).chain(self.nt_response.as_bytes()).chain([&self.flags]);
        for (to, from) in value.iter_mut().zip(fields) {
            *to = *from;
        }
        value
    }

    /// Returns both challenges, given the authenticator's.
    #[must_use]
    pub const fn challenges(&self, authenticator: &[u8; CHALLENGE_LEN]) -> Challenges {
        Challenges { authenticator: *authenticator, peer: self.peer_challenge }
    }

    /// Returns whether the NT-Response is that of this hash and user, found out in constant time.
    #[must_use]
    pub fn verify(&self, hash: &NtHash, authenticator_challenge: &[u8; CHALLENGE_LEN], user: &[u8]) -> bool {
        let challenge = self.challenges(authenticator_challenge).hash(user);
        self.nt_response.ct_eq(&hash.challenge_response(&challenge))
    }
}
