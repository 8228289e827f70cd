//! MS-CHAP: Responses, what comes back, and a new password.

#![expect(clippy::wildcard_enum_match_arm, reason = "what the machines may say in future ends the session")]

use core::time::Duration;

use mschap::{NamePolicy, Next, NtHash, Password, v1, v2};

use super::super::{AnswerError, Failure, Keys, Method, Refused, Secret, Status, Ticket};
use super::{Demand, Peer};
use crate::chap;

/// What is kept between a Response and its answer.
#[derive(Debug, Default)]
pub(super) struct State {
    proof: Proof,
    /// Of the answer that is on its way.
    candidate: Option<Keys>,
    keys: Option<Keys>,
}

#[derive(Debug, Default)]
enum Proof {
    #[default]
    None,
    V1(v1::Peer),
    V2(v2::Peer),
}

/// RFC 2433 section 4, RFC 2759 section 3: the length of a Challenge.
pub(super) fn check_challenge(method: Method, value: &[u8]) -> Result<(), Refused> {
    let is_right = match method {
        Method::MsChapV1 => value.len() == v1::CHALLENGE_LEN,
        Method::MsChapV2 => value.len() == v2::CHALLENGE_LEN,
        Method::ChapMd5 | Method::Pap | Method::Eap => true,
    };
    if is_right { Ok(()) } else { Err(Refused::Unmatched) }
}

impl Peer {
    /// RFC 3079: what keys are made from: of the first proof that was taken, since later ones change no keys.
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
            let challenge = v1::decode_challenge(self.received.as_octets()).map_err(|_| AnswerError::Malformed)?;
            let (peer, response) = v1::Peer::respond(&hash, &challenge);
            let keys = Keys::MsChapV1 { hash: hash.hash(), challenge, lm_hash: secret.lm_hash() };
            (Proof::V1(peer), keys, response.encode())
        } else {
            let authenticator = v2::decode_challenge(self.received.as_octets()).map_err(|_| AnswerError::Malformed)?;
            let challenges = v2::Challenges { authenticator, peer: self.random.octets() };
            let user = NamePolicy::default().user(name);
            let (peer, response) = v2::Peer::respond(&hash, &challenges, user);
            let nt_response = response.nt_response.clone();
            (Proof::V2(peer), Keys::MsChapV2 { hash: hash.hash(), nt_response }, response.encode())
        };
        self.put_response(&response, name)?;
        (self.microsoft.proof, self.microsoft.candidate) = (proof, Some(keys));
        Ok(())
    }

    /// RFC 2433 section 10, RFC 2759 section 7: answers [`Demand::NewPassword`].
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
        self.now = self.now.max(now);
        if self.asked != Some(Demand::NewPassword(ticket)) {
            return Err(AnswerError::NotAsked);
        }
        let old = old.nt_hash();
        let new_hash = NtHash::from_password(new);
        let mut padding = [0; Password::MAX_OCTETS];
        self.random.fill(&mut padding);
        if self.method == Some(Method::MsChapV1) {
            let challenge = v1::decode_challenge(self.received.as_octets()).map_err(|_| AnswerError::Malformed)?;
            let (peer, packet) =
                v1::Peer::change_password_2(&old, new, &challenge, &padding).map_err(|_| AnswerError::TooLong)?;
            self.put_change(chap::Code::CHANGE_PASSWORD_2, &packet.encode())?;
            let keys = Keys::MsChapV1 { hash: new_hash.hash(), challenge, lm_hash: None };
            (self.microsoft.proof, self.microsoft.candidate) = (Proof::V1(peer), Some(keys));
        } else {
            let authenticator = v2::decode_challenge(self.received.as_octets()).map_err(|_| AnswerError::Malformed)?;
            let challenges = v2::Challenges { authenticator, peer: self.random.octets() };
            let user = NamePolicy::default().user(self.name.as_octets());
            let (peer, packet) =
                v2::Peer::change_password(&old, new, &challenges, user, &padding).map_err(|_| AnswerError::TooLong)?;
            self.put_change(chap::Code::CHANGE_PASSWORD_3, &packet.encode())?;
            let keys = Keys::MsChapV2 { hash: new_hash.hash(), nt_response: packet.nt_response.clone() };
            (self.microsoft.proof, self.microsoft.candidate) = (Proof::V2(peer), Some(keys));
        }
        self.sent();
        Ok(())
    }

    fn put_change(&mut self, code: chap::Code, data: &[u8]) -> Result<(), AnswerError> {
        let message = chap::Message::Other { code, data };
        self.put(&chap::Packet { identifier: self.identifier, message })
    }

    pub(super) fn handle_success(&mut self, method: Method, text: &[u8]) {
        let is_proved = match &self.microsoft.proof {
            Proof::V2(peer) => peer.handle_success(text).is_ok(),
            Proof::V1(_) | Proof::None => method != Method::MsChapV2,
        };
        if !is_proved {
            self.message.set(text);
            (self.status, self.timer) = (Status::Failed(Failure::NoMutualProof), None);
            return;
        }
        let candidate = self.microsoft.candidate.take();
        if self.microsoft.keys.is_none() {
            self.microsoft.keys = candidate;
        }
        self.accepted(text);
    }

    pub(super) fn handle_failure(&mut self, method: Method, text: &[u8]) {
        let (code, next) = match &self.microsoft.proof {
            Proof::None => (None, Step::Stop),
            Proof::V1(peer) => {
                let refusal = peer.handle_failure(text);
                (refusal.failure.code, Step::of(&refusal.next))
            }
            Proof::V2(peer) => {
                let refusal = peer.handle_failure(text);
                (refusal.failure.code, Step::of(&refusal.next))
            }
        };
        let code = code.map(|code| code.0);
        match next {
            Step::Stop => self.refused(text, code),
            Step::Retry(challenge, length) | Step::Change(challenge, length) => {
                self.message.set(text);
                self.refusal = Some(Failure::Refused { method, code });
                self.received.set(challenge.get(..length).unwrap_or_default());
                // RFC 2759 section 6: the next packet has the next identifier.
                self.identifier = self.identifier.wrapping_add(1);
                self.outgoing.clear();
                if matches!(next, Step::Retry(..)) {
                    self.demand_proof(method, true);
                } else {
                    self.demand(Demand::NewPassword);
                }
            }
        }
    }
}

/// What follows, of either version.
#[derive(Clone, Copy)]
enum Step {
    Retry([u8; 16], usize),
    Change([u8; 16], usize),
    Stop,
}

impl Step {
    fn of<const N: usize>(next: &Next<N>) -> Self {
        let pad = |challenge: &[u8; N]| {
            let mut octets = [0; 16];
            octets.iter_mut().zip(challenge).for_each(|(to, octet)| *to = *octet);
            octets
        };
        match next {
            Next::Retry { challenge } => Self::Retry(pad(challenge), N),
            // Version 1 of the packet tells both hashes to who listens.
            Next::ChangePassword { challenge, version: 2.. } => Self::Change(pad(challenge), N),
            _ => Self::Stop,
        }
    }
}
