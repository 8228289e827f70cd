//! The attributes that carry MS-CHAP itself.

use super::{AttributeError, VendorType};
use crate::v2::AuthenticatorResponse;
use crate::write::array;
use crate::{ChallengeResponse, Failure, Success, Text, v1, v2};

/// RFC 2548 section 2.1.3: MS-CHAP-Response, what a peer of version 1 answered.
///
/// ```
/// use mschap::radius::ChapResponse;
/// use mschap::{NtHash, v1};
///
/// let (hash, challenge) = (NtHash::from_password("MyPw"), [7; 8]);
/// let attribute = ChapResponse { ident: 46, response: v1::Response::new(&hash, &challenge) };
/// assert!(attribute.response.verify(&hash, &challenge));
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct ChapResponse {
    /// The identifier of the CHAP packet.
    pub ident: u8,
    /// The response. Its bytes are in another order here than in the CHAP packet.
    pub response: v1::Response,
}

impl ChapResponse {
    /// Ident (1), Flags (1), LM-Response (24), NT-Response (24).
    pub(super) const LEN: usize = 50;

    pub(super) fn decode(value: &[u8; Self::LEN]) -> Self {
        let [ident, flags, ..] = *value;
        let mut fields = value.iter().copied().skip(2);
        let lm_response = ChallengeResponse::from_bytes(array(fields.by_ref().take(ChallengeResponse::LEN)));
        let nt_response = ChallengeResponse::from_bytes(array(fields));
        Self { ident, response: v1::Response { lm_response, nt_response, flags } }
    }

    pub(super) fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        let v1::Response { lm_response, nt_response, flags } = &self.response;
        [self.ident, *flags].into_iter().chain(*lm_response.as_bytes()).chain(*nt_response.as_bytes())
    }
}

/// RFC 2548 section 2.3.2: MS-CHAP2-Response, what a peer of version 2 answered.
///
/// ```
/// use mschap::radius::Chap2Response;
/// use mschap::{NtHash, v2};
///
/// let hash = NtHash::from_password("clientPass");
/// let challenges = v2::Challenges { authenticator: [1; 16], peer: [2; 16] };
/// let attribute =
///     Chap2Response { ident: 46, response: v2::Response::new(&hash, &challenges, b"User") };
/// assert!(attribute.response.verify(&hash, &challenges.authenticator, b"User"));
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Chap2Response {
    /// The identifier of the CHAP packet.
    pub ident: u8,
    /// The response. Its bytes are in another order here than in the CHAP packet.
    pub response: v2::Response,
}

impl Chap2Response {
    /// Ident (1), Flags (1), Peer-Challenge (16), Reserved (8), Response (24).
    pub(super) const LEN: usize = 50;

    pub(super) fn decode(value: &[u8; Self::LEN]) -> Self {
        let [ident, flags, ..] = *value;
        let mut fields = value.iter().copied().skip(2);
        let peer_challenge = array(fields.by_ref().take(v2::CHALLENGE_LEN));
        let reserved = array(fields.by_ref().take(8));
        let nt_response = ChallengeResponse::from_bytes(array(fields));
        Self { ident, response: v2::Response { peer_challenge, reserved, nt_response, flags } }
    }

    pub(super) fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        let v2::Response { peer_challenge, reserved, nt_response, flags } = &self.response;
        [self.ident, *flags].into_iter().chain(*peer_challenge).chain(*reserved).chain(*nt_response.as_bytes())
    }
}

/// RFC 2548 section 2.3.3: MS-CHAP2-Success, the proof that goes to the peer of version 2.
///
/// ```
/// use mschap::radius::Chap2Success;
///
/// let proof = mschap::v2::AuthenticatorResponse::from_bytes([0xab; 20]);
/// let attribute = Chap2Success { ident: 46, proof };
/// assert_eq!(attribute.message()[..4], *b"S=AB"); // the Message field of the CHAP Success packet
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Chap2Success {
    /// The identifier of the CHAP packet.
    pub ident: u8,
    /// The authenticator's proof.
    pub proof: AuthenticatorResponse,
}

impl Chap2Success {
    /// Ident (1), `S=` and digits (42).
    pub(super) const LEN: usize = 43;

    /// Returns `S=` and 40 digits, with which the Message field of the Success packet starts.
    #[must_use]
    pub fn message(&self) -> [u8; AuthenticatorResponse::TEXT_LEN] {
        self.proof.to_text()
    }

    pub(super) fn decode(value: &[u8; Self::LEN]) -> Result<Self, AttributeError> {
        let [ident, message @ ..] = value;
        let proof = Success::decode(message)?.authenticator_response.ok_or(AttributeError::NoProof)?;
        Ok(Self { ident: *ident, proof })
    }

    pub(super) fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        [self.ident].into_iter().chain(self.message())
    }
}

/// RFC 2548 section 2.1.5: MS-CHAP-Error, the Message field of a Failure packet of either version.
///
/// ```
/// use mschap::FailureCode;
/// use mschap::radius::ChapError;
///
/// let attribute = ChapError { ident: 46, message: b"E=691 R=0 V=3" };
/// assert_eq!(attribute.failure().code, Some(FailureCode::AUTHENTICATION_FAILURE));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct ChapError<'a> {
    /// The identifier of the CHAP packet.
    pub ident: u8,
    /// The Message field. At least one byte.
    pub message: &'a [u8],
}

impl<'a> ChapError<'a> {
    /// Returns what the message says.
    #[must_use]
    pub fn failure(&self) -> Failure<'a> {
        Failure::decode(self.message)
    }

    pub(super) fn decode(value: &'a [u8]) -> Result<Self, AttributeError> {
        let (ident, message) = ident_and_string(VendorType::CHAP_ERROR, value)?;
        Ok(Self { ident, message })
    }

    pub(super) fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        [self.ident].into_iter().chain(self.message.iter().copied())
    }
}

impl core::fmt::Debug for ChapError<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ChapError").field("ident", &self.ident).field("message", &Text::new(self.message)).finish()
    }
}

/// RFC 2548 section 2.1.4: MS-CHAP-Domain, the Windows domain in which the user was authenticated.
///
/// ```
/// let domain = mschap::radius::Domain { ident: 46, name: "BIGCO".into() };
/// assert_eq!(domain.name.to_string(), "BIGCO");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Domain<'a> {
    /// The identifier of the CHAP packet.
    pub ident: u8,
    /// The name of the domain. At least one byte.
    pub name: Text<'a>,
}

impl<'a> Domain<'a> {
    pub(super) fn decode(value: &'a [u8]) -> Result<Self, AttributeError> {
        let (ident, name) = ident_and_string(VendorType::DOMAIN, value)?;
        Ok(Self { ident, name: Text::new(name) })
    }

    pub(super) fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        [self.ident].into_iter().chain(self.name.as_bytes().iter().copied())
    }
}

fn ident_and_string(vendor_type: VendorType, value: &[u8]) -> Result<(u8, &[u8]), AttributeError> {
    match value {
        [ident, string @ ..] if !string.is_empty() => Ok((*ident, string)),
        _ => Err(AttributeError::TooShort { vendor_type, needed: 2, found: value.len() }),
    }
}
