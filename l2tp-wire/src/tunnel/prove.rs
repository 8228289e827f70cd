//! Keys: proof that messages are genuine, and hiding.

use super::config::{Authentication, Config, DigestHash};
use crate::authenticate::{DigestError, DigestKey, Nonces, verify};
use crate::code::DigestType;
use crate::hide::HidingKey;
use crate::{Name, Secret, Version};

/// The longest nonce of a peer that is kept. The RFC wants 16 bytes or more.
pub(super) const MAX_NONCE: usize = 64;

/// RFC 3931 section 4.3: the digests of a control connection.
#[derive(Debug)]
struct Digests {
    key: DigestKey,
    /// While the password is being changed.
    old: Option<DigestKey>,
    hash: DigestHash,
    /// By which password the latest genuine message was signed.
    heard: Age,
    /// By which password ours are: the one that the peer has shown to have.
    spoken: Age,
    /// Without a password, nonces are empty: then a digest proves only that nothing was damaged.
    has_secret: bool,
    nonce: [u8; 16],
    peer_nonce: Name<MAX_NONCE>,
}

/// One of the two passwords of an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    Current,
    Old,
}

/// The proof that messages carry: none, or digests. Challenges are in the stages, since they are
/// answered once.
#[derive(Debug)]
pub(super) struct Proof(Option<Digests>);

impl Proof {
    pub(super) fn new(config: &Config, nonce: [u8; 16]) -> Self {
        let Authentication::Digest(hash) = config.authentication else {
            return Self(None);
        };
        Self(Some(Digests {
            key: DigestKey::new(config.password.as_ref().unwrap_or(&Secret::empty())),
            old: config.old_password.as_ref().map(DigestKey::new),
            hash,
            heard: Age::Current,
            spoken: Age::Current,
            has_secret: config.password.is_some(),
            nonce,
            peer_nonce: Name::EMPTY,
        }))
    }

    /// Returns the digest that messages carry.
    pub(super) fn digest_type(&self) -> Option<DigestType> {
        self.0.as_ref().map(|digests| match digests.hash {
            DigestHash::Md5 => DigestType::HMAC_MD5,
            DigestHash::Sha1 => DigestType::HMAC_SHA1,
        })
    }

    /// Returns the nonce that SCCRQ and SCCRP carry.
    pub(super) fn nonce(&self) -> Option<&[u8]> {
        self.0.as_ref().filter(|digests| digests.has_secret).map(|digests| &digests.nonce[..])
    }

    /// Keeps the nonce of the peer's SCCRQ or SCCRP, and which password it has. `false`: the nonce is too
    /// long to be kept.
    pub(super) fn set_peer_nonce(&mut self, nonce: &[u8]) -> bool {
        if let Some(digests) = &mut self.0 {
            digests.peer_nonce = Name::new(nonce);
            digests.spoken = digests.heard;
            return !digests.peer_nonce.is_cut();
        }
        true
    }

    /// Signs a whole message, if messages are signed. `is_request`: it is an SCCRQ, which is not
    /// mixed with nonces.
    ///
    /// Before the peer's nonce is known, and behind SCCRQ, the message can only be a refusal: the
    /// peer does not know ours either.
    pub(super) fn sign(&self, message: &mut [u8], is_request: bool) -> Result<(), DigestError> {
        let Some(digests) = &self.0 else {
            return Ok(());
        };
        let nonces = Nonces { sender: self.nonce().unwrap_or_default(), receiver: digests.peer_nonce.as_bytes() };
        let key = match (digests.spoken, &digests.old) {
            (Age::Old, Some(old)) => old,
            _ => &digests.key,
        };
        key.sign(if is_request { Nonces::NONE } else { nonces }, message)
    }

    /// Verifies a received message, if messages are signed. `peer_nonce` is that of the message
    /// itself, in SCCRP.
    pub(super) fn verify(
        &mut self,
        message: &[u8],
        is_request: bool,
        peer_nonce: Option<&[u8]>,
    ) -> Result<(), DigestError> {
        let Some(digests) = &self.0 else {
            return Ok(());
        };
        let receiver = self.nonce().unwrap_or_default();
        // In the SCCRP the peer's nonce comes with the very message.
        let sender = peer_nonce.filter(|_| digests.has_secret).unwrap_or(digests.peer_nonce.as_bytes());
        // RFC 3931 section 5.4.1: an SCCRQ is signed without nonces, which are not known yet.
        let nonces = if is_request { Nonces::NONE } else { Nonces { sender, receiver } };
        // RFC 3931 section 5.4.1: each of two secrets is tried.
        let heard = match (verify(&[&digests.key], nonces, message), &digests.old) {
            (Err(DigestError::Wrong), Some(old)) => verify(&[old], nonces, message).map(|()| Age::Old),
            (result, _) => result.map(|()| Age::Current),
        }?;
        if let Some(digests) = &mut self.0 {
            digests.heard = heard;
        }
        Ok(())
    }

    /// Returns the key that the values in the message that was just verified are hidden with, if there is
    /// a password.
    pub(super) fn revealing_key(&self, config: &Config, version: Version) -> Option<HidingKey> {
        hiding_key(config, version, self.0.as_ref().map_or(Age::Current, |digests| digests.heard))
    }

    /// Returns the key that values for the peer are hidden with, if there is a password.
    pub(super) fn hiding_key(&self, config: &Config, version: Version) -> Option<HidingKey> {
        hiding_key(config, version, self.0.as_ref().map_or(Age::Current, |digests| digests.spoken))
    }
}

/// Returns the key with which values of this version are hidden.
fn hiding_key(config: &Config, version: Version, age: Age) -> Option<HidingKey> {
    let password = match age {
        Age::Current => config.password.as_ref(),
        Age::Old => config.old_password.as_ref(),
    };
    password.map(|password| match version {
        Version::V2 => HidingKey::v2(password),
        Version::V3 => HidingKey::v3(password),
    })
}
