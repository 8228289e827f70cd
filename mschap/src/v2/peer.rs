//! The peer of version 2: who answers a challenge.

use super::{AuthenticatorResponse, Challenges, ChangePassword, Response};
use crate::{
    Failure, FailureChallenge, FailureCode, Next, NtHash, Password, PasswordError, ProofError, Refusal, Success,
};

/// RFC 2759 section 9.1: a peer that has answered a challenge and waits for the verdict.
///
/// It holds nothing but the proof that the authenticator must give. A retry, or a change of password, makes a new one.
///
/// ```
/// use mschap::{Next, NtHash, v2};
///
/// // The challenge has come. The peer's own must be unpredictable.
/// let challenges =
///     v2::Challenges { authenticator: *b"[]|}{?/><,`!2&&(", peer: *b"!@#$%^&*()_+:3|~" };
/// let (peer, response) =
///     v2::Peer::respond(&NtHash::from_password("clientpass"), &challenges, b"User");
/// // … response.encode() is sent, and this comes back:
/// let refusal =
///     peer.handle_failure(b"E=691 R=1 C=5B5D7C7D7B3F2F3E3C2C602132262628 V=3 M=Try again");
/// let Next::Retry { challenge } = refusal.next else { panic!("no retry") };
///
/// // The user types another password.
/// let challenges = v2::Challenges { authenticator: challenge, peer: *b"!@#$%^&*()_+:3|~" };
/// let (peer, response) =
///     v2::Peer::respond(&NtHash::from_password("clientPass"), &challenges, b"User");
/// let success =
///     peer.handle_success(b"S=407A5589115FD0D6209F510FE9C04566932CDA56 M=Welcome")?;
/// assert_eq!(success.message.unwrap().to_string(), "Welcome");
/// # Ok::<(), mschap::ProofError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Peer {
    expected: AuthenticatorResponse,
    has_changed_password: bool,
}

impl Peer {
    /// Answers a challenge.
    ///
    /// `user` is the name as it is hashed: [`NamePolicy::user`](crate::NamePolicy::user). The Name field of the packet
    /// is the whole name.
    #[must_use]
    pub fn respond(hash: &NtHash, challenges: &Challenges, user: &[u8]) -> (Self, Response) {
        let response = Response::new(hash, challenges, user);
        let expected = AuthenticatorResponse::new(&hash.hash(), &response.nt_response, &challenges.hash(user));
        (Self { expected, has_changed_password: false }, response)
    }

    /// Changes the password, after [`Next::ChangePassword`], whose challenge is answered (RFC 2759
    /// section 7).
    ///
    /// `padding` must be unpredictable and never be used twice. From now on the password is the new one.
    ///
    /// # Errors
    ///
    /// [`PasswordError`]: the new password cannot be sent.
    pub fn change_password<'a, P: Into<Password<'a>>>(
        old: &NtHash,
        new: P,
        challenges: &Challenges,
        user: &[u8],
        padding: &[u8; Password::MAX_BYTES],
    ) -> Result<(Self, ChangePassword), PasswordError> {
        let new = new.into();
        let packet = ChangePassword::new(old, new, challenges, user, padding)?;
        let hash = NtHash::from_password(new).hash();
        let expected = AuthenticatorResponse::new(&hash, &packet.nt_response, &challenges.hash(user));
        Ok((Self { expected, has_changed_password: true }, packet))
    }

    /// Takes the Message field of a Success packet, and checks the proof in it (RFC 2759 section
    /// 5).
    ///
    /// # Errors
    ///
    /// [`ProofError`]: the peer must end the session.
    pub fn handle_success<'a>(&self, message: &'a [u8]) -> Result<Success<'a>, ProofError> {
        let success = Success::decode(message)?;
        match &success.authenticator_response {
            // RFC 2759 section 5: without the right proof the peer "MUST" hang up, since the server
            // does not know the password.
            None => Err(ProofError::Missing),
            Some(proof) if proof.ct_eq(&self.expected) => Ok(success),
            Some(_) => Err(ProofError::Wrong),
        }
    }

    /// Takes the Message field of a Failure packet (RFC 2759 section 6).
    ///
    /// Without a challenge of 16 bytes in it, and after a change of password, there is nothing more
    /// to do.
    #[must_use]
    pub fn handle_failure<'a>(&self, message: &'a [u8]) -> Refusal<'a, { super::CHALLENGE_LEN }> {
        let failure = Failure::decode(message);
        let next = match failure.challenge {
            // RFC 2759 section 6: a retry needs a new challenge of 16 bytes. accel-ppp sends none,
            // so there is nothing to answer.
            Some(FailureChallenge::V2(challenge)) if !self.has_changed_password => {
                if failure.code == Some(FailureCode::PASSWORD_EXPIRED) {
                    Next::ChangePassword { challenge, version: ChangePassword::VERSION }
                } else if failure.retry_allowed() {
                    Next::Retry { challenge }
                } else {
                    Next::Stop
                }
            }
            _ => Next::Stop,
        };
        Refusal { failure, next }
    }
}
