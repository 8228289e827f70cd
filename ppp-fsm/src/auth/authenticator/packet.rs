//! What the peer sends by PAP and CHAP.

use super::super::answer::AnswerError;
use super::super::{Method, Refused, Status, Ticket};
use super::{Authenticator, Phase, Question};
use crate::{chap, pap};

impl Authenticator {
    pub(super) fn handle_pap(&mut self, octets: &[u8]) -> Result<(), Refused> {
        let packet = pap::Packet::decode(octets)?;
        let pap::Message::AuthenticateRequest(request) = packet.message else { return Err(Refused::Unmatched) };
        match self.status {
            Status::Waiting => {
                self.identifier = packet.identifier;
                self.ask(octets, Some(request.peer_id), Question::Proof);
            }
            // The answer was lost. It has the identifier of the request.
            Status::Accepted | Status::Failed(_) if !self.outgoing.is_empty() => {
                self.identifier = packet.identifier;
                let is_good = self.status == Status::Accepted;
                self.pending = self.put_pap_reply(is_good, b"").is_ok();
            }
            Status::Idle | Status::Asking | Status::Accepted | Status::Failed(_) => {}
        }
        Ok(())
    }

    pub(super) fn put_pap_reply(&mut self, is_good: bool, message: &[u8]) -> Result<(), AnswerError> {
        let reply = pap::Reply::new(message);
        let message = if is_good { pap::Message::AuthenticateAck(reply) } else { pap::Message::AuthenticateNak(reply) };
        let packet = pap::Packet { identifier: self.identifier, message };
        if self.put(&packet) { Ok(()) } else { Err(AnswerError::TooLong) }
    }

    pub(super) fn handle_chap(&mut self, octets: &[u8]) -> Result<(), Refused> {
        let packet = chap::Packet::decode(octets)?;
        let name = match packet.message {
            chap::Message::Response(value) => Some(value.name),
            chap::Message::Other { code, .. } if self.phase == Phase::ChangePassword && self.is_change(code) => None,
            chap::Message::Challenge(_)
            | chap::Message::Success(_)
            | chap::Message::Failure(_)
            | chap::Message::Other { .. } => return Err(Refused::Unmatched),
        };
        let is_current = packet.identifier == self.identifier;
        let is_next = packet.identifier == self.identifier.wrapping_add(1);
        match self.status {
            Status::Waiting if self.phase == Phase::First && is_current && name.is_some() => {
                self.ask(octets, name, Question::Proof);
            }
            // RFC 2759 section 6: what follows a Failure has the next identifier; a copy of what failed has not.
            Status::Waiting if self.phase != Phase::First && is_next => {
                self.identifier = packet.identifier;
                let question: fn(Ticket) -> Question =
                    if name.is_some() { Question::Proof } else { Question::NewPassword };
                self.ask(octets, name, question);
            }
            // RFC 1994 section 4.2: the answer was lost.
            Status::Waiting | Status::Accepted | Status::Failed(_) if is_current && self.phase_is_answered() => {
                self.pending = true;
            }
            Status::Asking if is_current => {}
            Status::Idle | Status::Waiting | Status::Asking | Status::Accepted | Status::Failed(_) => {
                return Err(Refused::Unmatched);
            }
        }
        Ok(())
    }

    /// RFC 2433 sections 9 and 10, RFC 2759 section 7: whether packets of this code change a password.
    fn is_change(&self, code: chap::Code) -> bool {
        match self.method {
            Some(Method::MsChapV1) => [chap::Code::CHANGE_PASSWORD_1, chap::Code::CHANGE_PASSWORD_2].contains(&code),
            Some(Method::MsChapV2) => code == chap::Code::CHANGE_PASSWORD_3,
            _ => false,
        }
    }

    /// Whether what is to be sent is an answer, not the first Challenge.
    pub(super) fn phase_is_answered(&self) -> bool {
        self.outgoing.as_octets().first().is_some_and(|code| *code != chap::Code::CHALLENGE.0)
    }
}
