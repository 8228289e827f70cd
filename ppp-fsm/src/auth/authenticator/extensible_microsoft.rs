//! EAP-MSCHAPv2: what the machine of `mschap` makes of a response of EAP.

#![expect(clippy::wildcard_enum_match_arm, reason = "what the machine may read in future is no proof")]

use core::time::Duration;

use mschap::eap::{Authenticator as Core, End, Request, Response};

use super::super::answer::{AnswerError, Outcome, Presented};
use super::super::{Config, Failure, Method, Refused};
use super::{Authenticator, Mechanism, Question, State};
use crate::{Text, chap, eap};

/// OpCode (1), MS-CHAPv2-ID (1), MS-Length (2), and the longest text of a RADIUS attribute.
const MAX_REQUEST_LEN: usize = 4 + 253;
const _: () = assert!(MAX_REQUEST_LEN > 4 + 17 + Config::MAX_NAME_LEN, "a Challenge fits");

impl Authenticator {
    /// Writes the Challenge.
    pub(super) fn challenge_in_eap(&mut self) -> Result<(), AnswerError> {
        // MS-CHAPv2-ID is most often the identifier of the request.
        let identifier = self.exchange.identifier.wrapping_add(1);
        let core = Core::new(self.random.bytes(), identifier, self.config.retries);
        let mut buf = [0; MAX_REQUEST_LEN];
        let data = core.request(self.config.name.as_bytes(), &mut buf).map_err(|_| AnswerError::TooLong)?;
        self.put_eap_request(eap::Type::MS_CHAP_V2, data)?;
        self.mechanism = Mechanism::EapV2(core);
        Ok(())
    }

    /// Takes the type-data of a response.
    pub(super) fn handle_in_eap(&mut self, now: Duration, bytes: &[u8], data: &[u8]) -> Result<(), Refused> {
        let Mechanism::EapV2(core) = &mut self.mechanism else { return Err(Refused::Unmatched) };
        match core.read(data).map_err(|_| Refused::Unmatched)? {
            Response::Response { name, .. } => self.ask(bytes, Some(Text(name.as_bytes())), Question::Proof),
            Response::ChangePassword { .. } => self.ask(bytes, None, Question::NewPassword),
            _ => {
                let end = core.handle_acknowledgment(data).map_err(|_| Refused::Unmatched)?;
                self.end_in_eap(now, end)
            }
        }
    }

    /// Sends EAP's own last packet: the peer has acknowledged the Success, or the Failure.
    fn end_in_eap(&mut self, now: Duration, end: End) -> Result<(), Refused> {
        self.put_eap_end(end == End::Accepted, b"").map_err(|_| Refused::Unmatched)?;
        self.exchange.send_once();
        match (end, self.state) {
            (End::Accepted, _) => self.accept(now),
            (End::Refused, State::Waiting(Some(refusal))) => self.fail(refusal),
            (End::Refused, _) => self.fail(Failure::RefusedPeer { method: Method::EapMsChapV2, code: None }),
        }
        Ok(())
    }

    /// Returns the response that waits for a decision.
    fn received_in_eap(&self) -> Option<Response<'_>> {
        match eap::Packet::decode(self.received.as_bytes()).ok()?.message {
            eap::Message::Response(method) => Response::decode(method.data).ok(),
            _ => None,
        }
    }

    /// Returns what the peer presents: the same as by CHAP, so that a RADIUS server can be asked for it.
    pub(super) fn presented_in_eap(&self) -> Option<Presented<'_>> {
        let name = Text(self.name.as_bytes());
        let challenge = self.mechanism.challenge()?;
        match self.received_in_eap()? {
            Response::Response { identifier, value, .. } => {
                Some(Presented::MsChap { version: 2, name, identifier, challenge, response: value })
            }
            Response::ChangePassword { identifier, packet } => {
                let code = chap::Code::CHANGE_PASSWORD_3;
                Some(Presented::ChangePassword { code, name, identifier, challenge, packet })
            }
            _ => None,
        }
    }

    /// Sends the decision of another server, such as a RADIUS server.
    pub(super) fn reply_in_eap(&mut self, now: Duration, is_good: bool, text: &[u8]) -> Result<Outcome, AnswerError> {
        let Some(Response::Response { identifier, .. } | Response::ChangePassword { identifier, .. }) =
            self.received_in_eap()
        else {
            return Err(AnswerError::NotAsked);
        };
        let mut promise = [0; 256];
        let message = if is_good { text } else { self.mechanism.without_empty_promise(text, &mut promise) };
        let request =
            if is_good { Request::Success { identifier, message } } else { Request::Failure { identifier, message } };
        let mut buf = [0; MAX_REQUEST_LEN];
        let data = request.encode(&mut buf).map_err(|_| AnswerError::TooLong)?;
        self.put_eap_request(eap::Type::MS_CHAP_V2, data)?;
        self.received.clear();
        if is_good {
            if let Mechanism::EapV2(core) = &mut self.mechanism {
                core.accept_as(identifier);
            }
            self.await_acknowledgment(now);
            return Ok(Outcome::Accepted);
        }
        let (code, goes_on) = self.mechanism.refuse(message, identifier);
        self.refuse(now, code, goes_on);
        Ok(Outcome::Refused { goes_on })
    }

    /// Sends the Success: the peer is let in when it has found the proof in it good.
    pub(super) fn await_acknowledgment(&mut self, now: Duration) {
        self.state = State::Waiting(None);
        self.exchange.send(now, &self.config);
    }

    /// Writes the request that the machine of `mschap` waits for an answer to.
    pub(super) fn put_reply_in_eap(&mut self) -> Result<(), AnswerError> {
        let Mechanism::EapV2(core) = &self.mechanism else { return Err(AnswerError::Unsuitable) };
        let mut buf = [0; MAX_REQUEST_LEN];
        let data = core.request(self.config.name.as_bytes(), &mut buf).map_err(|_| AnswerError::TooLong)?;
        self.put_eap_request(eap::Type::MS_CHAP_V2, data)?;
        self.received.clear();
        Ok(())
    }

    /// Ends without another word of the method: the peer has repeated the same wrong proof.
    pub(super) fn refuse_in_eap(&mut self, code: Option<u32>) -> Result<(), AnswerError> {
        self.put_eap_end(false, b"")?;
        self.exchange.send_once();
        self.fail(Failure::RefusedPeer { method: Method::EapMsChapV2, code });
        Ok(())
    }
}
