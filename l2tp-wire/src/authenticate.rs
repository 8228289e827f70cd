//! RFC 2661 section 5.1.1 and RFC 3931 section 4.3: proving that one knows the secret.
//!
//! Version 2 proves it once, by challenge and response. Version 3 signs every message: [`DigestKey::sign`] fills in
//! the Message Digest AVPs of a message just before it is sent, [`verify`] checks them before anything else is read.
//!
//! ```
//! use l2tp_wire::Secret;
//! use l2tp_wire::authenticate::challenge_response;
//! use l2tp_wire::code::MessageType;
//!
//! // From a recording of xl2tpd: the LNS answers the LAC's challenge.
//! let challenge = b"\xdb\x0e\x1b\x65\x78\x84\x38\xf7\x98\x24\xf9\x7d\x92\xf9\x0b\xa4";
//! let secret = Secret::new(b"s3cr3t-tunnel")?;
//! let response =
//!     challenge_response(MessageType::START_CONTROL_CONNECTION_REPLY, &secret, challenge);
//! assert_eq!(response.as_bytes()[..4], [0xb6, 0xb6, 0xad, 0xc8]);
//! # Ok::<(), l2tp_wire::SecretError>(())
//! ```

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest as _, Md5};
use sha1::Sha1;

use crate::DecodeError;
use crate::avp::{Avp, ChallengeResponse, Digest, Value};
use crate::code::{AttributeType, DigestType, MessageType};
use crate::header::Control;
use crate::secret::{Scratch, Secret};

/// Computes the response to a challenge (RFC 2661 section 4.4.3).
///
/// `message_type` is the message that carries the response: SCCRP or SCCCN. It is part of the hash, so that a
/// response for one cannot be used for the other. Never answer a challenge equal to one of your own that is
/// outstanding: a peer that sends it back wants the answer from you.
#[must_use]
pub fn challenge_response(message_type: MessageType, secret: &Secret, challenge: &[u8]) -> ChallengeResponse {
    let [_, id] = message_type.get().to_be_bytes();
    let hash = Md5::new_with_prefix([id]).chain_update(secret.expose_bytes()).chain_update(challenge).finalize();
    ChallengeResponse::from_bytes(hash.into())
}

/// Derives a key from the secret, for the purpose with this number (RFC 3931 sections 4.3 and 5.3).
pub(crate) fn derive(secret: &Secret, purpose: u8) -> Secret {
    let bytes = secret.expose_bytes();
    // RFC 2104 section 2: a key longer than a block is hashed first.
    let block = match bytes.get(BLOCK..) {
        None | Some([]) => Scratch::filled(bytes),
        Some(_) => Scratch::filled(&Scratch::<16>(Md5::digest(bytes).into()).0),
    };
    let mac = Hmac::<Md5>::new(&block.0.into()).chain_update([purpose]);
    Secret::of_array(&Scratch::<16>(mac.finalize().into_bytes().into()).0)
}

/// RFC 1321, RFC 3174: the block of both hashes.
const BLOCK: usize = 64;

/// RFC 3931 section 5.4.1: the two nonces that messages behind SCCRQ are mixed with.
///
/// ```
/// use l2tp_wire::authenticate::Nonces;
///
/// let mine = Nonces { sender: b"my nonce", receiver: b"the peer's nonce" };
/// assert_eq!(mine.reversed().sender, b"the peer's nonce");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other")]
pub struct Nonces<'a> {
    /// That of the sender of the message.
    pub sender: &'a [u8],
    /// That of its receiver.
    pub receiver: &'a [u8],
}

impl Nonces<'_> {
    /// No nonces: for SCCRQ, which carries its own, and for digests without secret.
    pub const NONE: Self = Self { sender: &[], receiver: &[] };

    /// Returns the nonces of a message in the other direction.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self { sender: self.receiver, receiver: self.sender }
    }
}

/// RFC 3931 section 4.3: the key of digests, derived from the secret, with the states of both hashes kept.
///
/// Redacted when printed; wiped when dropped (feature `zeroize`).
#[derive(Clone)]
pub struct DigestKey {
    md5: Hmac<Md5>,
    sha1: Hmac<Sha1>,
}

// The states within both wipe themselves, though `Hmac` does not say so.
#[cfg(feature = "zeroize")]
impl zeroize::ZeroizeOnDrop for DigestKey {}

impl core::fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("DigestKey(..)")
    }
}

impl DigestKey {
    /// Derives the key, HMAC-MD5 of a byte of 2 under the secret.
    ///
    /// With [`Secret::empty`] digests only protect against accidents.
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        // Shorter than a block, so it is filled up with zeros.
        let block = Scratch::<BLOCK>::filled(derive(secret, 2).expose_bytes());
        Self { md5: Hmac::new(&block.0.into()), sha1: Hmac::new(&block.0.into()) }
    }

    /// Computes the digest of a message whose digests are those in `placed`.
    fn digest(&self, digest_type: DigestType, nonces: Nonces<'_>, placed: &Placed<'_>) -> Digest {
        // RFC 3931 section 5.4.1: the sender's nonce comes first, whichever end the message is
        // from.
        if digest_type == DigestType::HMAC_SHA1 {
            let mac = self.sha1.clone().chain_update(nonces.sender).chain_update(nonces.receiver);
            Digest::HmacSha1(placed.feed(mac).finalize().into_bytes().into())
        } else {
            let mac = self.md5.clone().chain_update(nonces.sender).chain_update(nonces.receiver);
            Digest::HmacMd5(placed.feed(mac).finalize().into_bytes().into())
        }
    }

    /// Fills in the Message Digest AVPs of a whole message, just before it is sent.
    ///
    /// To be called again for each retransmission, since Nr changes. `message` starts with the flags, also over IP.
    ///
    /// # Errors
    ///
    /// Returns [`DigestError::Missing`] when no digest is behind the Message Type, [`DigestError::Message`] when the
    /// bytes are no control message.
    ///
    /// ```
    /// use l2tp_wire::Secret;
    /// use l2tp_wire::authenticate::{DigestKey, Nonces, verify};
    /// use l2tp_wire::code::DigestType;
    /// use l2tp_wire::header::{ControlHeader, Recipient};
    /// use l2tp_wire::message::{EncodeOptions, Message, v3};
    ///
    /// let key = DigestKey::new(&Secret::new(b"cisco")?);
    /// let nonces = Nonces { sender: b"mine, 16 random.", receiver: b"the peer's, too." };
    /// let header =
    ///     ControlHeader { recipient: Recipient::V3 { control_connection_id: 7 }, ns: 1, nr: 1 };
    /// let options = EncodeOptions::new().with_digest(DigestType::HMAC_SHA1);
    /// let mut buf = [0; 100];
    /// let message = Message::from(v3::Hello::new()).encode(&header, &options, &mut buf)?;
    /// key.sign(nonces, message)?;
    ///
    /// assert_eq!(verify(&[&key], nonces, message), Ok(()));
    /// assert!(verify(&[&key], nonces.reversed(), message).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sign(&self, nonces: Nonces<'_>, message: &mut [u8]) -> Result<(), DigestError> {
        sign_each([self, self], nonces, message)
    }

    /// Fills in two Message Digest AVPs with two keys, while a secret is being changed: `self` for the first one.
    ///
    /// # Errors
    ///
    /// Those of [`sign`](Self::sign).
    pub fn sign_with(&self, second: &Self, nonces: Nonces<'_>, message: &mut [u8]) -> Result<(), DigestError> {
        sign_each([self, second], nonces, message)
    }
}

/// Fills in the first digest with the first key, and the second one with the second.
fn sign_each([first, second]: [&DigestKey; 2], nonces: Nonces<'_>, message: &mut [u8]) -> Result<(), DigestError> {
    let placed = Placed::find(message)?;
    let one = (placed.first.at, first.digest(placed.first.digest_type, nonces, &placed));
    let other = placed.second.map(|found| (found.at, second.digest(found.digest_type, nonces, &placed)));
    for (at, digest) in core::iter::once(one).chain(other) {
        for (to, from) in message.iter_mut().skip(at).zip(digest.as_bytes()) {
            *to = *from;
        }
    }
    Ok(())
}

/// Verifies the digests of a received message (RFC 3931 section 5.4.1).
///
/// The message is genuine when one of its digests, at most two, is that of one of `keys`. Nothing in a message may be
/// used before, and a wrong one has to be dropped silently.
///
/// `message` starts with the flags; bytes behind its Length are ignored. The nonces are seen from the peer,
/// which is the sender.
///
/// # Errors
///
/// Returns [`DigestError::Wrong`] when no digest fits, [`DigestError::Missing`] when it is missing
/// behind the Message Type, [`DigestError::Message`] when the bytes are no control message, or a
/// digest has an impossible length.
pub fn verify(keys: &[&DigestKey], nonces: Nonces<'_>, message: &[u8]) -> Result<(), DigestError> {
    let placed = Placed::find(message)?;
    let genuine = core::iter::once(placed.first).chain(placed.second).any(|found| {
        // Equality of digests takes a constant time.
        keys.iter().any(|key| key.digest(found.digest_type, nonces, &placed) == found.digest)
    });
    if genuine { Ok(()) } else { Err(DigestError::Wrong) }
}

/// One digest of a message.
#[derive(Clone, Copy)]
struct Found<'a> {
    digest: Digest,
    digest_type: DigestType,
    /// Where in the message its bytes start.
    at: usize,
    /// The message between the digest before and this one.
    before: &'a [u8],
    /// As many zeros as the digest has bytes.
    zeros: &'static [u8],
}

/// The digests of a message, and the bytes around them.
struct Placed<'a> {
    first: Found<'a>,
    second: Option<Found<'a>>,
    behind: &'a [u8],
}

impl<'a> Placed<'a> {
    /// Finds the digests, which must be the AVPs right behind Message Type.
    fn find(message: &'a [u8]) -> Result<Self, DigestError> {
        let control = Control::decode(message)?;
        let mut avps = control.avps();
        avps.message_type()?;
        avps.next();
        let Some((first, behind)) = Self::take(avps.next(), control.bytes(), 0)? else {
            return Err(DigestError::Missing);
        };
        let end = control.bytes().len().wrapping_sub(behind.len());
        match Self::take(avps.next(), behind, end)? {
            Some((second, behind)) => Ok(Self { first, second: Some(second), behind }),
            None => Ok(Self { first, second: None, behind }),
        }
    }

    /// Splits `bytes`, which start at `start` in the message, around the digest of an AVP, if it is one.
    fn take(
        avp: Option<Result<Avp<'a>, DecodeError>>,
        bytes: &'a [u8],
        start: usize,
    ) -> Result<Option<(Found<'a>, &'a [u8])>, DigestError> {
        let Some(avp) = avp.transpose()?.filter(|avp| avp.attribute_type == AttributeType::MESSAGE_DIGEST) else {
            return Ok(None);
        };
        let Value::MessageDigest(digest) = avp.decode(MessageType::new(0))? else { return Ok(None) };
        let (digest_type, zeros): (_, &'static [u8]) = match digest {
            Digest::HmacMd5(_) => (DigestType::HMAC_MD5, &[0; 16]),
            Digest::HmacSha1(_) => (DigestType::HMAC_SHA1, &[0; 20]),
        };
        // The header of the AVP, and the digest type, are part of what is hashed.
        let at = avp.offset.wrapping_add(Avp::HEADER_LEN).wrapping_add(1);
        let split = bytes.split_at_checked(at.wrapping_sub(start));
        let found = split.and_then(|(before, rest)| Some((before, rest.split_at_checked(zeros.len())?.1)));
        Ok(found.map(|(before, behind)| (Found { digest, digest_type, at, before, zeros }, behind)))
    }

    /// Hashes the message with zeros in place of its digests.
    fn feed<M: Mac>(&self, mut mac: M) -> M {
        for found in core::iter::once(&self.first).chain(&self.second) {
            mac.update(found.before);
            mac.update(found.zeros);
        }
        mac.chain_update(self.behind)
    }
}

/// Why a message has no valid digest: RFC 3931 section 4.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestError {
    /// No Message Digest follows the Message Type.
    #[error("no Message Digest follows the Message Type")]
    Missing,
    /// No digest fits: another secret, another hash, other nonces, or a changed message.
    #[error("no Message Digest fits: wrong secret, wrong nonces, or a changed message")]
    Wrong,
    /// The bytes are no control message.
    #[error("{0}")]
    Message(#[from] DecodeError),
}
