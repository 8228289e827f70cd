//! Whether the given secret is that of a tunnel.

use std::fmt;

use l2tp_wire::authenticate::{DigestError, DigestKey, Nonces, challenge_response, verify};
use l2tp_wire::avp::{Avps, ChallengeResponse, Visibility};
use l2tp_wire::code::MessageType;
use l2tp_wire::error::Unreadable;
use l2tp_wire::header::Control;
use l2tp_wire::hide::{HidingKey, reveal};
use l2tp_wire::{Secret, Version};

/// Hidden AVPs whose lengths make sense by chance are few: two of a message do in one of a million wrong secrets.
const ENOUGH_HIDDEN: usize = 2;

/// Evidence that an end of a tunnel knows the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Evidence {
    /// RFC 2661 section 5.1.1: the answer to the other end's Challenge.
    ChallengeResponse,
    /// RFC 3931 section 4.3: the Message Digest of its messages.
    MessageDigest,
    /// RFC 2661 section 4.3: the AVPs that it hides.
    HiddenAvps,
}

impl Evidence {
    /// Everything that there is.
    pub const ALL: [Self; 3] = [Self::ChallengeResponse, Self::MessageDigest, Self::HiddenAvps];
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ChallengeResponse => "Challenge Response",
            Self::MessageDigest => "Message Digest",
            Self::HiddenAvps => "hidden AVPs",
        })
    }
}

/// Whether a secret and the evidence fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The given secret fits.
    Fits,
    /// It does not.
    DoesNotFit,
    /// The empty secret fits, which everybody knows: Windows uses it when it has none.
    FitsEmpty,
    /// No secret was given.
    NoSecret,
    /// Its Challenge or nonces were not captured.
    NotSeen,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fits => "the given secret fits",
            Self::DoesNotFit => "the given secret does not fit",
            Self::FitsEmpty => "the secret is empty",
            Self::NoSecret => "no secret was given",
            Self::NotSeen => "its challenge or nonces were not captured",
        })
    }
}

/// The keys that follow from a secret.
#[derive(Debug)]
pub(super) struct Keys {
    secret: Secret,
    hiding: [HidingKey; 2],
    digest: DigestKey,
}

/// How many AVPs of a message were hidden, and whether all of them were deciphered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hidden {
    None,
    Untouched,
    Readable {
        count: usize,
    },
    /// One at least makes no sense.
    Nonsense,
}

/// Counts the hidden AVPs of a message, and says whether all can be read.
pub(super) fn hidden(avps: Avps<'_>) -> Hidden {
    let mut count = 0;
    for avp in avps.map_while(Result::ok) {
        match avp.visibility {
            Visibility::Clear => {}
            Visibility::Revealed => count += 1,
            Visibility::Unreadable(Unreadable::NotDeciphered) => return Hidden::Untouched,
            Visibility::Unreadable(_) => return Hidden::Nonsense,
        }
    }
    if count == 0 { Hidden::None } else { Hidden::Readable { count } }
}

impl Keys {
    pub(super) fn new(secret: &Secret) -> Self {
        let hiding = [HidingKey::v2(secret), HidingKey::v3(secret)];
        Self { secret: secret.clone(), hiding, digest: DigestKey::new(secret) }
    }

    /// Deciphers `plain`, a copy of the message. Gives its AVPs, or those of the message itself when they make no sense.
    pub(super) fn reveal<'a>(&self, control: &Control<'a>, plain: &'a mut [u8]) -> (Avps<'a>, Hidden) {
        if hidden(control.avps()) == Hidden::None {
            return (control.avps(), Hidden::None);
        }
        let [v2, v3] = &self.hiding;
        let key = if control.version() == Version::V2 { v2 } else { v3 };
        match reveal(plain, key) {
            Ok((_, avps)) => match hidden(avps.clone()) {
                found @ Hidden::Readable { .. } => (avps, found),
                found => (control.avps(), found),
            },
            Err(_) => (control.avps(), Hidden::Nonsense),
        }
    }
}

impl Hidden {
    /// Returns the verdict of the hidden AVPs on the secret, if there is one.
    pub(super) const fn verdict(self, keys: Option<&Keys>) -> Option<Verdict> {
        match (self, keys) {
            (Self::None, _) => None,
            (_, None) => Some(Verdict::NoSecret),
            (Self::Readable { count }, _) if count >= ENOUGH_HIDDEN => Some(Verdict::Fits),
            (Self::Readable { .. } | Self::Untouched, _) => None,
            (Self::Nonsense, _) => Some(Verdict::DoesNotFit),
        }
    }
}

/// Judges the answer to a challenge (RFC 2661 section 5.1.1).
pub(super) fn judge_response(
    message_type: MessageType,
    challenge: Option<&[u8]>,
    response: &ChallengeResponse,
    keys: Option<&Keys>,
) -> Verdict {
    let Some(challenge) = challenge else { return Verdict::NotSeen };
    let fits = |secret: &Secret| challenge_response(message_type, secret, challenge) == *response;
    match keys {
        Some(keys) if fits(&keys.secret) => Verdict::Fits,
        // Windows answers every challenge, with the empty secret if it has none.
        _ if fits(&Secret::empty()) => Verdict::FitsEmpty,
        Some(_) => Verdict::DoesNotFit,
        None => Verdict::NoSecret,
    }
}

/// Judges the digest of a message, if it has one (RFC 3931 section 4.3).
pub(super) fn judge_digest(control: &Control<'_>, nonces: Option<Nonces<'_>>, keys: Option<&Keys>) -> Option<Verdict> {
    let without = verify(&[&DigestKey::new(&Secret::empty())], Nonces::NONE, control.bytes());
    match without {
        Err(DigestError::Missing | DigestError::Message(_)) => return None,
        Ok(()) => return Some(Verdict::FitsEmpty),
        Err(_) => {}
    }
    Some(match (keys, nonces) {
        (None, _) => Verdict::NoSecret,
        (_, None) => Verdict::NotSeen,
        (Some(keys), Some(nonces)) if verify(&[&keys.digest], nonces, control.bytes()).is_ok() => Verdict::Fits,
        _ => Verdict::DoesNotFit,
    })
}
