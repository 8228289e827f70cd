//! MS-CHAP: what the machines of `mschap` make of a Response.

#![expect(clippy::wildcard_enum_match_arm, reason = "what the machines may say in future does nothing here")]

use mschap::{Account, AuthenticatorError, Failure, FailureChallenge, FailureCode, LmHash, NtHash, Reply, v1, v2};

use super::super::Keys;
use super::super::answer::{AnswerError, Outcome, password};
use super::{Authenticator, Core, Phase};
use crate::chap;

/// The verdict of either version, without what is borrowed.
#[expect(clippy::large_enum_variant, reason = "rare, short-lived, and there is no heap to put it on")]
enum Verdict {
    /// Without keys when the account has a LAN Manager hash alone.
    Accepted(Option<Keys>),
    Refused(Option<u32>),
    Changed(Option<Keys>, mschap::NewPassword),
    Duplicate,
}

impl Authenticator {
    /// The account has no more than a password.
    pub(super) fn answer_password(&mut self, octets: &[u8]) -> Result<Outcome, AnswerError> {
        if !matches!(self.core, Core::V1(_) | Core::V2(_)) {
            return Err(AnswerError::Unsuitable);
        }
        let hash = NtHash::from_password(password(octets));
        self.answer_with(&Account::new(&hash), LmHash::from_oem(octets).ok())
    }

    pub(super) fn answer_account(&mut self, account: &Account<'_>) -> Result<Outcome, AnswerError> {
        self.answer_with(account, account.lm_hash().cloned())
    }

    /// `known_lm_hash` is for short keys of version 1; a peer that has nothing else is not let in by it.
    fn answer_with(&mut self, account: &Account<'_>, known_lm_hash: Option<LmHash>) -> Result<Outcome, AnswerError> {
        let verdict = self.judge(account)?;
        let has_changed = matches!(verdict, Verdict::Changed(..));
        let outcome = match verdict {
            Verdict::Accepted(mut keys) => {
                if let Some(Keys::MsChapV1 { lm_hash, .. }) = &mut keys {
                    *lm_hash = known_lm_hash;
                }
                self.keep(keys);
                Outcome::Accepted
            }
            Verdict::Changed(keys, new) => {
                self.keep(keys);
                Outcome::PasswordChanged(new)
            }
            Verdict::Refused(code) => return self.refuse_with(code),
            Verdict::Duplicate => {
                // The same wrong proof again, with the identifier of a new try: a copy of the old one would have its own.
                self.put_reply()?;
                self.received.clear();
                self.pending = true;
                self.refuse(Some(FailureCode::AUTHENTICATION_FAILURE.0));
                return Ok(Outcome::Refused { goes_on: false });
            }
        };
        self.put_reply()?;
        self.accept();
        self.received.clear();
        (self.pending, self.phase) = (true, if has_changed { Phase::ChangePassword } else { self.phase });
        Ok(outcome)
    }

    /// RFC 2433 section 8, RFC 2759 section 6: the new password that the last [answer](Self::answer) gave could not be
    /// stored, or is not good enough: the peer is refused, and the session ends.
    ///
    /// After anything else this does nothing.
    pub fn reject_change(&mut self) {
        if self.phase != Phase::ChangePassword || self.status != super::Status::Accepted {
            return;
        }
        match &mut self.core {
            Core::V1(core) => core.reject_change(),
            Core::V2(core) => core.reject_change(self.random.octets()),
            Core::None | Core::Md5(_) => return,
        }
        if self.put_reply().is_ok() {
            self.keys = None;
            self.pending = true;
            self.rechallenge = None;
            self.refuse(Some(FailureCode::CHANGING_PASSWORD.0));
        }
    }

    /// Later proofs change no keys.
    fn keep(&mut self, keys: Option<Keys>) {
        if self.keys.is_none() {
            self.keys = keys;
        }
    }

    fn refuse_with(&mut self, code: Option<u32>) -> Result<Outcome, AnswerError> {
        self.put_reply()?;
        self.received.clear();
        self.pending = true;
        let may_retry = matches!(self.last_reply(), Some(Reply::Failure(failure)) if failure.retry_allowed());
        let is_expired = code == Some(FailureCode::PASSWORD_EXPIRED.0) && self.phase != Phase::ChangePassword;
        if is_expired {
            self.wait_for_retry(Phase::ChangePassword);
        } else if may_retry {
            self.wait_for_retry(Phase::Retry);
        } else {
            self.refuse(code);
        }
        Ok(Outcome::Refused { goes_on: is_expired || may_retry })
    }

    /// Somebody else has refused the peer, and its text says why: with an expired password the peer may change it, and it may
    /// have as many other tries as are left here.
    pub(super) fn refuse_as_told(&mut self, failure: &Failure<'_>) {
        let is_changing = self.phase == Phase::ChangePassword;
        let is_expired = failure.code == Some(FailureCode::PASSWORD_EXPIRED) && !is_changing;
        let is_retry = self.may_try_again(failure);
        let left = self.retries.saturating_sub(u8::from(is_retry));
        let core = match (&self.core, failure.challenge) {
            (Core::V1(_), Some(FailureChallenge::V1(challenge))) => {
                Some(Core::V1(v1::Authenticator::new(challenge, left)))
            }
            // RFC 2433 section 8: another try answers another challenge, a change of password the same.
            (Core::V1(core), _) if is_retry => {
                Some(Core::V1(v1::Authenticator::new(v1::implied_challenge(core.challenge()), left)))
            }
            (Core::V1(core), _) => Some(Core::V1(v1::Authenticator::new(*core.challenge(), left))),
            (Core::V2(_), Some(FailureChallenge::V2(challenge))) => {
                Some(Core::V2(v2::Authenticator::new(challenge, left)))
            }
            // Nobody could answer without a challenge.
            (Core::V2(_) | Core::None | Core::Md5(_), _) => None,
        };
        match core.filter(|_| is_expired || is_retry) {
            Some(core) => {
                (self.core, self.retries) = (core, left);
                self.wait_for_retry(if is_expired { Phase::ChangePassword } else { Phase::Retry });
            }
            None if matches!(self.core, Core::V1(_) | Core::V2(_)) => self.refuse(failure.code.map(|code| code.0)),
            None => self.refuse(None),
        }
    }

    /// What somebody else says to a peer, with no promise of another try where there is none.
    pub(super) fn as_it_is<'m>(&self, message: &'m [u8], buf: &'m mut [u8]) -> &'m [u8] {
        if !matches!(self.core, Core::V1(_) | Core::V2(_)) {
            return message;
        }
        let mut failure = Failure::decode(message);
        let is_expired = failure.code == Some(FailureCode::PASSWORD_EXPIRED);
        if !failure.retry_allowed() || is_expired || self.may_try_again(&failure) {
            return message;
        }
        failure.retry = Some(false);
        failure.encode(buf).unwrap_or(message)
    }

    /// Whether another try that somebody else allows is one that is left here. An expired password is changed first.
    pub(super) fn may_try_again(&self, failure: &Failure<'_>) -> bool {
        let is_expired = failure.code == Some(FailureCode::PASSWORD_EXPIRED);
        let has_challenge = matches!(self.core, Core::V1(_)) || failure.challenge.is_some();
        failure.retry_allowed()
            && self.retries > 0
            && !is_expired
            && has_challenge
            && self.phase != Phase::ChangePassword
    }

    fn last_reply(&self) -> Option<Reply<'static>> {
        match &self.core {
            Core::V1(core) => core.reply(),
            Core::V2(core) => core.reply(),
            Core::None | Core::Md5(_) => None,
        }
    }

    fn put_reply(&mut self) -> Result<(), AnswerError> {
        let reply = self.last_reply().ok_or(AnswerError::Unsuitable)?;
        let mut buf = [0; 128];
        let text = reply.encode(&mut buf).map_err(|_| AnswerError::TooLong)?;
        let text = crate::Text(text);
        let message = if reply.is_success() { chap::Message::Success(text) } else { chap::Message::Failure(text) };
        let packet = chap::Packet { identifier: self.identifier, message };
        if self.put(&packet) { Ok(()) } else { Err(AnswerError::TooLong) }
    }

    fn judge(&mut self, account: &Account<'_>) -> Result<Verdict, AnswerError> {
        let packet = chap::Packet::decode(self.received.as_octets()).map_err(|_| AnswerError::Malformed)?;
        let name = self.name.as_octets();
        let verdict = match (&mut self.core, packet.message) {
            (Core::V1(core), chap::Message::Response(value)) => {
                let next = Some(self.random.octets());
                core.handle_response(value.value, name, account, next).map(verdict_1)
            }
            (Core::V2(core), chap::Message::Response(value)) => {
                let next = self.random.octets();
                core.handle_response(value.value, name, account, next).map(verdict_2)
            }
            (Core::V1(core), chap::Message::Other { code: chap::Code::CHANGE_PASSWORD_1, data }) => {
                core.handle_change_password_1(data, name, account).map(change_1)
            }
            (Core::V1(core), chap::Message::Other { code: chap::Code::CHANGE_PASSWORD_2, data }) => {
                core.handle_change_password_2(data, name, account).map(change_1)
            }
            (Core::V2(core), chap::Message::Other { code: chap::Code::CHANGE_PASSWORD_3, data }) => {
                let next = self.random.octets();
                core.handle_change_password(data, name, account, next).map(change_2)
            }
            _ => return Err(AnswerError::Unsuitable),
        };
        verdict.map_err(|error| {
            if error == AuthenticatorError::NotNow {
                return AnswerError::Unsuitable;
            }
            // Not a Response at all: it is refused as a wrong one.
            self.refuse(Some(FailureCode::AUTHENTICATION_FAILURE.0));
            AnswerError::Malformed
        })
    }
}

fn verdict_1(verdict: v1::Verdict) -> Verdict {
    match verdict {
        v1::Verdict::Accepted(accepted) => Verdict::Accepted(keys_1(accepted)),
        v1::Verdict::Refused(failure) => Verdict::Refused(failure.code.map(|code| code.0)),
        _ => Verdict::Duplicate,
    }
}

fn change_1(verdict: v1::ChangeVerdict) -> Verdict {
    match verdict {
        v1::ChangeVerdict::Changed { accepted, new_password: Some(new), .. } => Verdict::Changed(keys_1(accepted), new),
        v1::ChangeVerdict::Refused { failure, .. } => Verdict::Refused(failure.code.map(|code| code.0)),
        // A change without the password itself is not taken by the machine.
        _ => Verdict::Duplicate,
    }
}

fn keys_1(accepted: v1::Accepted) -> Option<Keys> {
    let challenge = accepted.challenge;
    accepted.hash.map(|hash| Keys::MsChapV1 { hash, challenge, lm_hash: None })
}

fn verdict_2(verdict: v2::Verdict<'_>) -> Verdict {
    match verdict {
        v2::Verdict::Accepted(accepted) => Verdict::Accepted(Some(keys_2(accepted))),
        v2::Verdict::Refused(failure) => Verdict::Refused(failure.code.map(|code| code.0)),
        _ => Verdict::Duplicate,
    }
}

fn change_2(verdict: v2::ChangeVerdict<'_>) -> Verdict {
    match verdict {
        v2::ChangeVerdict::Changed { accepted, new_password } => Verdict::Changed(Some(keys_2(accepted)), new_password),
        v2::ChangeVerdict::Refused { failure, .. } => Verdict::Refused(failure.code.map(|code| code.0)),
        _ => Verdict::Duplicate,
    }
}

fn keys_2(accepted: v2::Accepted<'_>) -> Keys {
    Keys::MsChapV2 { hash: accepted.hash, nt_response: accepted.nt_response }
}
