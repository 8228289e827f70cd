//! The peer of version 1: who answers a challenge.

use super::{CHALLENGE_LEN, ChangePassword1, ChangePassword2, Response, implied_challenge};
use crate::{Failure, FailureChallenge, FailureCode, Next, NtHash, Password, PasswordError, Refusal, Success};

/// RFC 2433 section B.1: a peer that has answered a challenge and waits for the verdict.
///
/// ```
/// use mschap::{Next, NtHash, v1};
///
/// let (peer, response) =
///     v1::Peer::respond(&NtHash::from_password("mypw"), &[250, 0, 0, 0, 0, 0, 0, 0]);
/// // … response.encode() is sent, and this comes back, without a new challenge:
/// let refusal = peer.handle_failure(b"E=691 R=1");
/// assert_eq!(refusal.next, Next::Retry { challenge: [17, 0, 0, 0, 0, 0, 0, 0] });
/// ```
#[derive(Debug, Clone)]
pub struct Peer {
    challenge: [u8; CHALLENGE_LEN],
    has_changed_password: bool,
}

impl Peer {
    /// Answers a challenge, with the NT response alone.
    #[must_use]
    pub fn respond(hash: &NtHash, challenge: &[u8; CHALLENGE_LEN]) -> (Self, Response) {
        let peer = Self { challenge: *challenge, has_changed_password: false };
        (peer, Response::new(hash, challenge))
    }

    /// Changes the password with version 1 of the packet, after [`Next::ChangePassword`] (RFC 2433
    /// section 9).
    ///
    /// Anyone who listens learns both hashes, so the RFC forbids it where somebody may listen.
    #[must_use]
    pub fn change_password_1(old: &NtHash, new: &NtHash, challenge: &[u8; CHALLENGE_LEN]) -> (Self, ChangePassword1) {
        let peer = Self { challenge: *challenge, has_changed_password: true };
        (peer, ChangePassword1::new(old, new, challenge))
    }

    /// Changes the password with version 2 of the packet, after [`Next::ChangePassword`] (RFC 2433
    /// section 10).
    ///
    /// `padding` must be unpredictable and never be used twice. From now on the password is the new one.
    ///
    /// # Errors
    ///
    /// [`PasswordError`]: the new password cannot be sent.
    pub fn change_password_2<'a, P: Into<Password<'a>>>(
        old: &NtHash,
        new: P,
        challenge: &[u8; CHALLENGE_LEN],
        padding: &[u8; Password::MAX_BYTES],
    ) -> Result<(Self, ChangePassword2), PasswordError> {
        let packet = ChangePassword2::new(old, new, challenge, padding)?;
        Ok((Self { challenge: *challenge, has_changed_password: true }, packet))
    }

    /// Takes the Message field of a Success packet, which has nothing to check (RFC 2433 section
    /// 7).
    #[must_use]
    pub fn handle_success<'a>(&self, message: &'a [u8]) -> Success<'a> {
        Success::text(message)
    }

    /// Takes the Message field of a Failure packet (RFC 2433 section 8).
    #[must_use]
    pub fn handle_failure<'a>(&self, message: &'a [u8]) -> Refusal<'a, CHALLENGE_LEN> {
        let failure = Failure::decode(message);
        let given = match failure.challenge {
            Some(FailureChallenge::V1(challenge)) => Some(challenge),
            _ => None,
        };
        // One change is all that the protocol has: a second Failure ends it.
        let next = if self.has_changed_password {
            Next::Stop
        } else if failure.code == Some(FailureCode::PASSWORD_EXPIRED) {
            // No 23 is added here: RFC 2433 sections 9, 10 and B.1.5.
            Next::ChangePassword {
                challenge: given.unwrap_or(self.challenge),
                version: failure.version.unwrap_or(ChangePassword1::VERSION),
            }
        } else if failure.retry_allowed() {
            Next::Retry { challenge: given.unwrap_or_else(|| implied_challenge(&self.challenge)) }
        } else {
            Next::Stop
        };
        Refusal { failure, next }
    }
}
