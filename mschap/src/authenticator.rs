//! Code shared by the authenticators of both versions.

use sha1::{Digest, Sha1};

use crate::authenticator_response::AuthenticatorResponse;
use crate::{BufferTooSmall, DecodeError, Failure, FailureCode, Success, Text};

/// The reply of an authenticator: the Message field of a Success or Failure packet.
///
/// ```
/// use mschap::{Account, Reply, v2};
///
/// let mut authenticator = v2::Authenticator::new([7; 16], 0);
/// authenticator.handle_response(&[0; 49], b"nobody", &Account::unknown(), [8; 16])?;
/// let reply = authenticator.reply().unwrap().with_message("No.");
/// assert!(!reply.is_success());
/// let mut buf = [0; 64];
/// assert_eq!(
///     reply.encode(&mut buf)?,
///     b"E=691 R=0 C=08080808080808080808080808080808 V=3 M=No."
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_enums, reason = "CHAP has no other replies")]
pub enum Reply<'a> {
    /// CHAP code 3.
    Success(Success<'a>),
    /// CHAP code 4.
    Failure(Failure<'a>),
}

impl<'a> Reply<'a> {
    /// Returns whether it is a Success.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Success(_))
    }

    /// Adds a text for people. Some peers of version 1 and old ones of version 2 cannot take it:
    /// see [`v2::Response::NO_MESSAGE`](crate::v2::Response::NO_MESSAGE).
    #[must_use]
    pub fn with_message(mut self, text: impl Into<Text<'a>>) -> Self {
        match &mut self {
            Self::Success(success) => success.message = Some(text.into()),
            Self::Failure(failure) => failure.message = Some(text.into()),
        }
        self
    }

    /// Writes the Message field to the start of `buf`, and gives the bytes written.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`].
    pub fn encode<'b>(&self, buf: &'b mut [u8]) -> Result<&'b [u8], BufferTooSmall> {
        match self {
            Self::Success(success) => success.encode(buf),
            Self::Failure(failure) => failure.encode(buf),
        }
    }
}

/// Why an authenticator does not handle a packet. It is as it was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticatorError {
    /// The packet cannot be read.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// The peer may not send this now: it was accepted, or refused for good, or was not asked to
    /// change its password.
    #[error("the peer may not send this now")]
    NotNow,
}

/// The packet that an authenticator takes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Awaits {
    /// A response to the first challenge.
    Response,
    /// RFC 2759 section 6: another response, after a Failure. Its CHAP identifier is that of the Failure plus 1.
    AnotherResponse,
    /// RFC 2433 section 10, RFC 2759 section 7: a change of password, after a Failure. Its CHAP identifier is that of
    /// the Failure plus 1.
    ChangePassword,
    /// Nothing more: the peer was accepted, or refused for good.
    Nothing,
}

/// The kind of a packet from the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Response,
    ChangePassword,
}

/// Where the exchange is, with what each place needs.
#[derive(Debug, Clone, Copy)]
enum Phase {
    /// The first response, and how many more may follow.
    First {
        retries: u8,
    },
    /// Another response, and how many more may follow.
    Retry {
        retries: u8,
    },
    ChangePassword,
    Accepted {
        has_changed_password: bool,
    },
    Refused,
}

impl Phase {
    const fn takes(self, kind: Kind) -> bool {
        match kind {
            Kind::Response => matches!(self, Self::First { .. } | Self::Retry { .. }),
            Kind::ChangePassword => matches!(self, Self::ChangePassword),
        }
    }

    /// Returns what follows a refusal: a wrong password may be tried again while tries are left, an
    /// expired one may be changed once.
    fn refused(self, code: Option<FailureCode>) -> Self {
        match (self, code) {
            // RFC 2759 section 7: only an expired password may be changed, and only once. Any other
            // packet would let a guesser go on.
            (Self::First { .. } | Self::Retry { .. }, Some(FailureCode::PASSWORD_EXPIRED)) => Self::ChangePassword,
            (Self::First { retries } | Self::Retry { retries }, Some(FailureCode::AUTHENTICATION_FAILURE)) => {
                // RFC 2759 section 6: R=1 invites another try. The count stops a peer that guesses.
                retries.checked_sub(1).map_or(Self::Refused, |retries| Self::Retry { retries })
            }
            _ => Self::Refused,
        }
    }
}

/// The challenge, the phase with the tries that are left, and the last reply.
#[derive(Debug)]
pub(crate) struct Core<const N: usize> {
    pub(crate) challenge: [u8; N],
    phase: Phase,
    last: Option<([u8; 20], Last)>,
}

#[derive(Debug)]
enum Last {
    Success(Option<AuthenticatorResponse>),
    Failure(Failure<'static>),
}

impl<const N: usize> Core<N> {
    pub(crate) const fn new(challenge: [u8; N], retries: u8) -> Self {
        Self { challenge, phase: Phase::First { retries }, last: None }
    }

    /// Begins again in place: a new value would be copied with memory that was never written, and what is in it.
    pub(crate) fn restart(&mut self, challenge: [u8; N], retries: u8) {
        self.challenge = challenge;
        self.phase = Phase::First { retries };
        self.last = None;
    }

    pub(crate) const fn awaits(&self) -> Awaits {
        match self.phase {
            Phase::First { .. } => Awaits::Response,
            Phase::Retry { .. } => Awaits::AnotherResponse,
            Phase::ChangePassword => Awaits::ChangePassword,
            Phase::Accepted { .. } | Phase::Refused => Awaits::Nothing,
        }
    }

    /// Returns whether the packet is the one that was answered last. An error when it is another
    /// one and out of place.
    pub(crate) fn is_duplicate(&self, kind: Kind, id: &[u8; 20]) -> Result<bool, AuthenticatorError> {
        if self.last.as_ref().is_some_and(|(last, _)| last == id) {
            return Ok(true);
        }
        if self.phase.takes(kind) { Ok(false) } else { Err(AuthenticatorError::NotNow) }
    }

    /// Takes a decision to refuse. Returns whether the peer may try again.
    pub(crate) fn refuse(&mut self, code: FailureCode) -> bool {
        self.phase = self.phase.refused(Some(code));
        matches!(self.phase, Phase::Retry { .. })
    }

    pub(crate) fn refused(&mut self, id: [u8; 20], failure: Failure<'static>) {
        self.last = Some((id, Last::Failure(failure)));
    }

    pub(crate) fn accepted(&mut self, id: [u8; 20], proof: Option<AuthenticatorResponse>) {
        let has_changed_password = matches!(self.phase, Phase::ChangePassword);
        self.phase = Phase::Accepted { has_changed_password };
        self.last = Some((id, Last::Success(proof)));
    }

    /// Returns whether another try that somebody else's Failure offers is one that is left here.
    pub(crate) fn may_offer(&self, failure: &Failure<'_>) -> bool {
        let is_expired = failure.code == Some(FailureCode::PASSWORD_EXPIRED);
        let is_left = matches!(self.phase, Phase::First { retries: 1.. } | Phase::Retry { retries: 1.. });
        failure.retry_allowed() && !is_expired && is_left
    }

    /// Takes somebody else's decision to refuse. The peer's next packet answers `challenge`;
    /// without one, no peer could answer.
    pub(crate) fn refuse_as(&mut self, failure: &Failure<'_>, challenge: Option<[u8; N]>) {
        self.phase = match (self.phase.refused(failure.code), challenge) {
            // An expired password has its own way on, whatever the tries.
            (phase @ Phase::ChangePassword, Some(_)) => phase,
            // The text offers another try for a reason of its own; the tries are counted here
            // nevertheless.
            (_, Some(_)) if self.may_offer(failure) => self.phase.refused(Some(FailureCode::AUTHENTICATION_FAILURE)),
            _ => Phase::Refused,
        };
        if let Some(challenge) = challenge {
            self.challenge = challenge;
        }
    }

    /// Returns whether the last thing was to accept a change of password.
    pub(crate) const fn has_changed_password(&self) -> bool {
        matches!(self.phase, Phase::Accepted { has_changed_password: true })
    }

    /// Takes that back.
    pub(crate) fn take_back(&mut self, failure: Failure<'static>) {
        self.phase = Phase::Refused;
        if let Some((_, last)) = &mut self.last {
            *last = Last::Failure(failure);
        }
    }

    pub(crate) fn reply(&self) -> Option<Reply<'static>> {
        Some(match &self.last.as_ref()?.1 {
            Last::Success(proof) => Reply::Success(Success { authenticator_response: proof.clone(), message: None }),
            Last::Failure(failure) => Reply::Failure(*failure),
        })
    }
}

/// Recognizes packets: their kind, their content, and their sender.
pub(crate) fn identify(kind: Kind, packet: &[u8], name: &[u8]) -> [u8; 20] {
    let kind = match kind {
        Kind::Response => 0,
        Kind::ChangePassword => 1,
    };
    Sha1::new().chain_update([kind]).chain_update(packet).chain_update(name).finalize().into()
}

/// Returns why a peer is refused, if it is: only a peer that knows the password learns of an
/// account's restriction.
pub(crate) const fn verdict(proved: bool, restriction: Option<FailureCode>) -> Result<(), FailureCode> {
    match (proved, restriction) {
        (true, None) => Ok(()),
        (true, Some(code)) => Err(code),
        (false, _) => Err(FailureCode::AUTHENTICATION_FAILURE),
    }
}
