//! What the authenticators of both versions have in common.

use sha1::{Digest, Sha1};

use crate::v2::AuthenticatorResponse;
use crate::{BufferTooSmall, DecodeError, Failure, FailureCode, Success, Text};

/// What an authenticator sends: the Message field of a Success or Failure packet.
///
/// ```
/// use mschap::{Account, Reply, v2};
///
/// let mut authenticator = v2::Authenticator::new([7; 16], 0);
/// authenticator.handle_response(&[0; 49], b"nobody", &Account::unknown(), [8; 16])?;
/// let reply = authenticator.reply().unwrap().with_message("No.");
/// assert!(!reply.is_success());
/// let mut buf = [0; 64];
/// assert_eq!(reply.encode(&mut buf)?, b"E=691 R=0 C=08080808080808080808080808080808 V=3 M=No.");
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
    /// Whether it is a Success.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Success(_))
    }

    /// With a text for people. Some peers of version 1 and old ones of version 2 cannot take it: see
    /// [`v2::Response::NO_MESSAGE`](crate::v2::Response::NO_MESSAGE).
    #[must_use]
    pub fn with_message(mut self, text: impl Into<Text<'a>>) -> Self {
        match &mut self {
            Self::Success(success) => success.message = Some(text.into()),
            Self::Failure(failure) => failure.message = Some(text.into()),
        }
        self
    }

    /// Writes the Message field to the start of `buf`, and gives the octets written.
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
    /// The peer may not send this now: it was accepted, or refused for good, or was not told to change its password.
    #[error("the peer may not send this now")]
    NotNow,
}

/// What is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// A response.
    Response,
    /// A change of password.
    ChangePassword,
    /// Nothing.
    Done,
}

/// The challenge, the tries that are left, and the last reply.
#[derive(Debug)]
pub(crate) struct Core<const N: usize> {
    pub(crate) challenge: [u8; N],
    retries: u8,
    phase: Phase,
    has_changed_password: bool,
    last: Option<([u8; 20], Last)>,
}

#[derive(Debug)]
enum Last {
    Success(Option<AuthenticatorResponse>),
    Failure(Failure<'static>),
}

impl<const N: usize> Core<N> {
    pub(crate) const fn new(challenge: [u8; N], retries: u8) -> Self {
        Self { challenge, retries, phase: Phase::Response, has_changed_password: false, last: None }
    }

    /// Whether the packet is the one that was answered last. An error when it is another one and out of place.
    pub(crate) fn is_duplicate(&self, phase: Phase, id: &[u8; 20]) -> Result<bool, AuthenticatorError> {
        if self.last.as_ref().is_some_and(|(last, _)| last == id) {
            return Ok(true);
        }
        if self.phase == phase { Ok(false) } else { Err(AuthenticatorError::NotNow) }
    }

    /// Takes a decision to refuse. Says whether the peer may try again.
    pub(crate) fn refuse(&mut self, code: FailureCode) -> bool {
        let retries = self.retries.checked_sub(1).filter(|_| code == FailureCode::AUTHENTICATION_FAILURE);
        self.phase = match (self.phase, code) {
            (Phase::Response, FailureCode::PASSWORD_EXPIRED) => Phase::ChangePassword,
            (Phase::Response, _) if retries.is_some() => Phase::Response,
            _ => Phase::Done,
        };
        self.retries = retries.unwrap_or(0);
        self.phase == Phase::Response
    }

    pub(crate) fn refused(&mut self, id: [u8; 20], failure: Failure<'static>) {
        self.last = Some((id, Last::Failure(failure)));
    }

    pub(crate) fn accepted(&mut self, id: [u8; 20], proof: Option<AuthenticatorResponse>) {
        self.has_changed_password = self.phase == Phase::ChangePassword;
        self.phase = Phase::Done;
        self.last = Some((id, Last::Success(proof)));
    }

    /// Whether the last thing was to accept a change of password.
    pub(crate) const fn has_changed_password(&self) -> bool {
        self.has_changed_password
    }

    /// Takes that back.
    pub(crate) fn take_back(&mut self, failure: Failure<'static>) {
        self.has_changed_password = false;
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

/// Tells packets apart: what they are, what is in them, and whose they are.
pub(crate) fn identify(phase: Phase, packet: &[u8], name: &[u8]) -> [u8; 20] {
    let kind = match phase {
        Phase::Response => 0,
        Phase::ChangePassword => 1,
        Phase::Done => 2,
    };
    Sha1::new().chain_update([kind]).chain_update(packet).chain_update(name).finalize().into()
}

/// Why a peer is refused, if it is: an account's restriction is told to who knows its password.
pub(crate) const fn verdict(proved: bool, restriction: Option<FailureCode>) -> Result<(), FailureCode> {
    match (proved, restriction) {
        (true, None) => Ok(()),
        (true, Some(code)) => Err(code),
        (false, _) => Err(FailureCode::AUTHENTICATION_FAILURE),
    }
}
