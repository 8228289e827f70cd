//! MS-CHAP: what the machines of `mschap` make of a Response.

#![expect(clippy::wildcard_enum_match_arm, reason = "what the machines may say in future does nothing here")]

use core::time::Duration;

use mschap::eap::Response;
use mschap::{Account, AuthenticatorError, FailureCode, LmHash, NtHash, v1, v2};

use super::super::answer::{AnswerError, Outcome, password};
use super::super::{Failure, Keys, Method};
use super::{Authenticator, Mechanism};
use crate::{chap, eap};

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
    /// Answers for an account that has only a password.
    pub(super) fn answer_password(&mut self, now: Duration, bytes: &[u8]) -> Result<Outcome, AnswerError> {
        if !matches!(self.mechanism, Mechanism::V1(_) | Mechanism::V2(_) | Mechanism::EapV2(_)) {
            return Err(AnswerError::Unsuitable);
        }
        let hash = NtHash::from_password(password(bytes));
        // Not where it is not needed: what is computed leaves copies behind.
        let is_short = matches!(self.mechanism, Mechanism::V1(_));
        self.answer_with(now, &Account::new(&hash), if is_short { LmHash::from_oem(bytes).ok() } else { None })
    }

    pub(super) fn answer_account(&mut self, now: Duration, account: &Account<'_>) -> Result<Outcome, AnswerError> {
        let is_short = matches!(self.mechanism, Mechanism::V1(_));
        self.answer_with(now, account, account.lm_hash().filter(|_| is_short).cloned())
    }

    /// Answers with an account; `known_lm_hash` is for short keys of version 1 and lets no peer in
    /// by itself.
    fn answer_with(
        &mut self,
        now: Duration,
        account: &Account<'_>,
        known_lm_hash: Option<LmHash>,
    ) -> Result<Outcome, AnswerError> {
        match self.judge(now, account)? {
            Verdict::Accepted(mut keys) => {
                // Short keys come from the LAN Manager hash, which the account may have beside the
                // NT hash.
                if let Some(Keys::MsChapV1 { lm_hash, .. }) = &mut keys {
                    *lm_hash = known_lm_hash;
                }
                self.let_in(now, keys)?;
                Ok(Outcome::Accepted)
            }
            Verdict::Changed(keys, new) => {
                self.let_in(now, keys)?;
                Ok(Outcome::PasswordChanged(new))
            }
            Verdict::Refused(code) => {
                let goes_on = self.mechanism.follows_failure();
                self.put_reply()?;
                self.refuse(now, code, goes_on);
                Ok(Outcome::Refused { goes_on })
            }
            Verdict::Duplicate if matches!(self.mechanism, Mechanism::EapV2(_)) => {
                self.refuse_in_eap(Some(FailureCode::AUTHENTICATION_FAILURE.0))?;
                Ok(Outcome::Refused { goes_on: false })
            }
            Verdict::Duplicate => {
                // The same wrong proof again, with the identifier of a new try: a copy of the old one would have its own.
                self.put_reply()?;
                self.refuse(now, Some(FailureCode::AUTHENTICATION_FAILURE.0), false);
                Ok(Outcome::Refused { goes_on: false })
            }
        }
    }

    fn let_in(&mut self, now: Duration, keys: Option<Keys>) -> Result<(), AnswerError> {
        self.put_reply()?;
        // RFC 3079 section 1: later proofs change no keys.
        if self.keys.is_none() {
            self.keys = keys;
        }
        if matches!(self.mechanism, Mechanism::EapV2(_)) {
            self.await_acknowledgment(now);
        } else {
            self.accept(now);
        }
        Ok(())
    }

    /// Refuses the peer and ends the session (RFC 2433 section 8, RFC 2759 section 6). The new
    /// password that the last [answer](Self::answer) gave could not be stored, or is not good
    /// enough.
    ///
    /// After anything else this does nothing.
    pub fn reject_change(&mut self, now: Duration) {
        let is_rejected = match &mut self.mechanism {
            Mechanism::V1(core) => core.reject_change(),
            Mechanism::V2(core) => core.reject_change(self.random.bytes()),
            Mechanism::EapV2(core) => core.reject_change(self.random.bytes()),
            _ => false,
        };
        if let (true, Some(method)) = (is_rejected, self.method()) {
            // The keys of the refused password are worth nothing.
            self.keys = None;
            // Without room for the text, which is short, the peer is refused in silence.
            let _ = self.put_reply();
            let code = Some(FailureCode::CHANGING_PASSWORD.0);
            if method == Method::EapMsChapV2 {
                self.refuse(now, code, false);
            } else {
                self.fail(Failure::RefusedPeer { method, code });
            }
        }
    }

    /// Sends what the machine of `mschap` has to say.
    fn put_reply(&mut self) -> Result<(), AnswerError> {
        if matches!(self.mechanism, Mechanism::EapV2(_)) {
            return self.put_reply_in_eap();
        }
        let reply = match &self.mechanism {
            Mechanism::V1(core) => core.reply(),
            Mechanism::V2(core) => core.reply(),
            _ => None,
        };
        let reply = reply.ok_or(AnswerError::Unsuitable)?;
        let mut buf = [0; 128];
        let text = crate::Text(reply.encode(&mut buf).map_err(|_| AnswerError::TooLong)?);
        let message = if reply.is_success() { chap::Message::Success(text) } else { chap::Message::Failure(text) };
        self.exchange.put(&chap::Packet { identifier: self.exchange.identifier, message })?;
        self.exchange.send_once();
        self.received.clear();
        Ok(())
    }

    /// Has the machine of `mschap` decide on a response of EAP.
    fn judge_in_eap(&mut self, account: &Account<'_>) -> Result<Verdict, AnswerError> {
        let Mechanism::EapV2(core) = &mut self.mechanism else { return Err(AnswerError::Unsuitable) };
        let next = self.random.bytes();
        let packet = eap::Packet::decode(self.received.as_bytes()).map_err(|_| AnswerError::Malformed)?;
        let eap::Message::Response(method) = packet.message else { return Err(AnswerError::Malformed) };
        let verdict = match core.read(method.data).map_err(|_| AnswerError::Unsuitable)? {
            Response::Response { .. } => core.handle_response(method.data, account, next).map(verdict_2),
            Response::ChangePassword { .. } => {
                let name = self.name.as_bytes();
                core.handle_change_password(method.data, name, account, next).map(change_2)
            }
            _ => return Err(AnswerError::Unsuitable),
        };
        verdict.map_err(|_| AnswerError::Unsuitable)
    }

    fn judge(&mut self, now: Duration, account: &Account<'_>) -> Result<Verdict, AnswerError> {
        if matches!(self.mechanism, Mechanism::EapV2(_)) {
            return self.judge_in_eap(account);
        }
        let packet = chap::Packet::decode(self.received.as_bytes()).map_err(|_| AnswerError::Malformed)?;
        let name = self.name.as_bytes();
        let verdict = match (&mut self.mechanism, packet.message) {
            (Mechanism::V1(core), chap::Message::Response(value)) => {
                let next = Some(self.random.bytes());
                core.handle_response(value.value, name, account, next).map(verdict_1)
            }
            (Mechanism::V2(core), chap::Message::Response(value)) => {
                let next = self.random.bytes();
                core.handle_response(value.value, name, account, next).map(verdict_2)
            }
            (Mechanism::V1(core), chap::Message::Other { code: chap::Code::CHANGE_PASSWORD_1, data }) => {
                core.handle_change_password_1(data, name, account).map(change_1)
            }
            (Mechanism::V1(core), chap::Message::Other { code: chap::Code::CHANGE_PASSWORD_2, data }) => {
                core.handle_change_password_2(data, name, account).map(change_1)
            }
            (Mechanism::V2(core), chap::Message::Other { code: chap::Code::CHANGE_PASSWORD_3, data }) => {
                let next = self.random.bytes();
                core.handle_change_password(data, name, account, next).map(change_2)
            }
            _ => return Err(AnswerError::Unsuitable),
        };
        verdict.map_err(|error| {
            if error == AuthenticatorError::NotNow {
                return AnswerError::Unsuitable;
            }
            // Not a Response at all: it is refused as a wrong one, and gets no answer.
            self.refuse(now, Some(FailureCode::AUTHENTICATION_FAILURE.0), false);
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
