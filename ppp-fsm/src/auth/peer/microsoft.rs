//! MS-CHAP: Responses, what comes back, and a new password.

#![expect(clippy::wildcard_enum_match_arm, reason = "what the machines may say in future ends the session")]

use core::time::Duration;

use mschap::{NamePolicy, Next, NtHash, Password, v1, v2};

use super::super::{AnswerError, Failure, Keys, Method, Refused, Secret, Ticket};
use super::attempt::{Attempt, Proof};
use super::{Demand, History, Peer};
use crate::buffer::Short;
use crate::{Words, chap};

/// Returns the length of a Challenge (RFC 2433 section 4, RFC 2759 section 3).
pub(super) fn check_challenge(method: Method, value: &[u8]) -> Result<(), Refused> {
    // Each version has one length of challenge.
    let is_right = match method {
        Method::MsChapV1 => value.len() == v1::CHALLENGE_LEN,
        Method::MsChapV2 => value.len() == v2::CHALLENGE_LEN,
        Method::ChapMd5 | Method::Pap | Method::Eap | Method::EapMsChapV2 => true,
    };
    if is_right { Ok(()) } else { Err(Refused::Unmatched) }
}

impl Peer {
    /// Returns what keys are made from: of the first proof that was taken, since later ones change
    /// no keys (RFC 3079).
    #[must_use]
    pub const fn keys(&self) -> Option<&Keys> {
        self.microsoft.keys.as_ref()
    }

    pub(super) fn prove_microsoft(
        &mut self,
        method: Method,
        name: &[u8],
        secret: &Secret<'_>,
    ) -> Result<(), AnswerError> {
        let hash = secret.nt_hash();
        let (proof, keys, response) = if method == Method::MsChapV1 {
            let challenge = v1::decode_challenge(self.received.as_bytes()).map_err(|_| AnswerError::Malformed)?;
            let (peer, response) = v1::Peer::respond(&hash, &challenge);
            let keys = Keys::MsChapV1 { hash: hash.hash(), challenge, lm_hash: secret.lm_hash() };
            (Proof::V1(peer), keys, response.encode())
        } else {
            let authenticator = v2::decode_challenge(self.received.as_bytes()).map_err(|_| AnswerError::Malformed)?;
            let challenges = v2::Challenges { authenticator, peer: self.random.bytes() };
            // Hashed without the domain, as Windows does; sent with it.
            let user = NamePolicy::default().user(name);
            let (peer, response) = v2::Peer::respond(&hash, &challenges, user);
            let nt_response = response.nt_response.clone();
            (Proof::V2(peer), Keys::MsChapV2 { hash: hash.hash(), nt_response }, response.encode())
        };
        self.put_response(&response, name)?;
        self.microsoft.attempt = Some(Attempt { proof, keys });
        Ok(())
    }

    /// Answers [`Demand::NewPassword`] (RFC 2433 section 10, RFC 2759 section 7).
    ///
    /// # Errors
    ///
    /// [`AnswerError`]: nothing has changed.
    pub fn change_password(
        &mut self,
        now: Duration,
        ticket: Ticket,
        old: &Secret<'_>,
        new: Password<'_>,
    ) -> Result<(), AnswerError> {
        if !matches!(self.state, super::State::Asking { demand: Demand::NewPassword(asked), .. } if asked == ticket) {
            return Err(AnswerError::NotAsked);
        }
        let old = old.nt_hash();
        if self.method == Some(Method::EapMsChapV2) {
            self.change_password_in_eap(&old, new)?;
            self.sent(now);
            return Ok(());
        }
        let new_hash = NtHash::from_password(new);
        let mut padding = [0; Password::MAX_BYTES];
        self.random.fill(&mut padding);
        if self.method == Some(Method::MsChapV1) {
            let challenge = v1::decode_challenge(self.received.as_bytes()).map_err(|_| AnswerError::Malformed)?;
            let (peer, packet) =
                v1::Peer::change_password_2(&old, new, &challenge, &padding).map_err(|_| AnswerError::TooLong)?;
            self.put_change(chap::Code::CHANGE_PASSWORD_2, &packet.encode())?;
            let keys = Keys::MsChapV1 { hash: new_hash.hash(), challenge, lm_hash: None };
            self.microsoft.attempt = Some(Attempt { proof: Proof::V1(peer), keys });
        } else {
            let authenticator = v2::decode_challenge(self.received.as_bytes()).map_err(|_| AnswerError::Malformed)?;
            let challenges = v2::Challenges { authenticator, peer: self.random.bytes() };
            let user = NamePolicy::default().user(self.name.as_bytes());
            let (peer, packet) =
                v2::Peer::change_password(&old, new, &challenges, user, &padding).map_err(|_| AnswerError::TooLong)?;
            self.put_change(chap::Code::CHANGE_PASSWORD_3, &packet.encode())?;
            let keys = Keys::MsChapV2 { hash: new_hash.hash(), nt_response: packet.nt_response.clone() };
            self.microsoft.attempt = Some(Attempt { proof: Proof::V2(peer), keys });
        }
        self.sent(now);
        Ok(())
    }

    fn put_change(&mut self, code: chap::Code, data: &[u8]) -> Result<(), AnswerError> {
        let message = chap::Message::Other { code, data };
        self.exchange.put(&chap::Packet { identifier: self.exchange.identifier, message })
    }

    pub(super) fn handle_success(&mut self, method: Method, text: &[u8]) -> Result<(), Refused> {
        // RFC 2759 section 5: version 2 proves the authenticator too.
        let is_proved = match self.microsoft.attempt.as_ref().map(|attempt| &attempt.proof) {
            Some(Proof::V2(peer)) => peer.handle_success(text).is_ok(),
            // Version 1 has no proof of the server (RFC 2433).
            Some(Proof::V1(_)) | None => method != Method::MsChapV2,
        };
        if !is_proved && matches!(self.history, History::Accepted { .. }) {
            // The authenticator has proved itself before: this is somebody else's, as the Challenge may have been.
            return Err(Refused::Unmatched);
        }
        if !is_proved {
            self.message.set(text);
            self.fail(Failure::NoMutualProof);
            return Ok(());
        }
        // RFC 3079 section 1: later proofs change no keys. A copy, since what is moved out is not wiped.
        if self.microsoft.keys.is_none() {
            self.microsoft.keys = self.microsoft.attempt.as_ref().map(|attempt| attempt.keys.clone());
        }
        self.microsoft.attempt = None;
        self.accepted(text);
        Ok(())
    }

    pub(super) fn handle_failure(&mut self, method: Method, text: &[u8]) {
        let (code, words, next) = match self.microsoft.attempt.as_ref().map(|attempt| &attempt.proof) {
            None => (None, text, Step::Stop),
            Some(Proof::V1(peer)) => {
                let refusal = peer.handle_failure(text);
                (refusal.failure.code, words_of(&refusal.failure, text), Step::of(&refusal.next))
            }
            Some(Proof::V2(peer)) => {
                let refusal = peer.handle_failure(text);
                (refusal.failure.code, words_of(&refusal.failure, text), Step::of(&refusal.next))
            }
        };
        let code = code.map(|code| code.0);
        match next {
            Step::Stop => self.refused(text, code, words),
            Step::Retry(challenge) | Step::Change(challenge) => {
                self.note_refusal(Failure::Refused { method, code, words: Words::new(words) }, text);
                self.received.set(challenge.as_bytes());
                // RFC 2759 section 6: the next packet has the next identifier.
                self.exchange.identifier = self.exchange.identifier.wrapping_add(1);
                self.exchange.forget();
                if matches!(next, Step::Retry(_)) {
                    self.demand_proof(method, true);
                } else {
                    self.demand(Demand::NewPassword);
                }
            }
        }
    }
}

/// Returns the text for people in a Failure: `M=`, or all of it when there is no number either.
pub(super) fn words_of<'a>(failure: &mschap::Failure<'a>, text: &'a [u8]) -> &'a [u8] {
    match (failure.message, failure.code) {
        (Some(message), _) => message.as_bytes(),
        (None, Some(_)) => b"",
        (None, None) => text,
    }
}

/// The next step, of either version, with the challenge to answer.
#[derive(Clone, Copy)]
enum Step {
    Retry(Short<16>),
    Change(Short<16>),
    Stop,
}

impl Step {
    fn of<const N: usize>(next: &Next<N>) -> Self {
        match next {
            Next::Retry { challenge } => Self::Retry(Short::new(challenge)),
            // Version 1 of the packet shows both hashes to anyone who listens.
            Next::ChangePassword { challenge, version: 2.. } => Self::Change(Short::new(challenge)),
            _ => Self::Stop,
        }
    }
}
