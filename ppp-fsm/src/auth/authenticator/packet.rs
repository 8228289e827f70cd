//! The peer's packets of PAP and CHAP.

use super::super::answer::AnswerError;
use super::super::{Refused, Ticket};
use super::{Authenticator, Question, State};
use crate::{chap, pap};

impl Authenticator {
    pub(super) fn handle_pap(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let packet = pap::Packet::decode(bytes)?;
        let pap::Message::AuthenticateRequest(request) = packet.message else { return Err(Refused::Unmatched) };
        match self.state {
            State::Waiting(_) => {
                self.ask(bytes, Some(request.peer_id), Question::Proof)?;
                self.exchange.identifier = packet.identifier;
            }
            // RFC 1334 section 2.2.1: the answer was lost. It has the identifier of the request.
            State::Accepted { .. } | State::Failed(_) if self.exchange.has_packet() => {
                // Another name after the first is another user, and the link has one.
                let is_other = self.is_known && self.name.as_bytes() != request.peer_id.0;
                if is_other {
                    return Err(Refused::OtherName);
                }
                self.exchange.identifier = packet.identifier;
                let is_good = matches!(self.state, State::Accepted { .. });
                if self.put_pap_reply(is_good, b"").is_ok() {
                    self.exchange.send_once();
                }
            }
            State::Idle | State::Asking { .. } | State::Accepted { .. } | State::Failed(_) => {}
        }
        Ok(())
    }

    pub(super) fn put_pap_reply(&mut self, is_good: bool, message: &[u8]) -> Result<(), AnswerError> {
        let reply = pap::Reply::new(message);
        let message = if is_good { pap::Message::AuthenticateAck(reply) } else { pap::Message::AuthenticateNak(reply) };
        self.exchange.put(&pap::Packet { identifier: self.exchange.identifier, message })
    }

    pub(super) fn handle_chap(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let packet = chap::Packet::decode(bytes)?;
        let name = match packet.message {
            chap::Message::Response(value) => Some(value.name),
            chap::Message::Other { code, .. } if self.mechanism.changes_password(code) => None,
            chap::Message::Challenge(_)
            | chap::Message::Success(_)
            | chap::Message::Failure(_)
            | chap::Message::Other { .. } => return Err(Refused::Unmatched),
        };
        let identifier = self.exchange.identifier;
        let is_current = packet.identifier == identifier;
        // RFC 2759 section 6: what follows a Failure has the next identifier; a copy of what failed has not.
        let follows_failure = self.mechanism.follows_failure();
        let is_next = packet.identifier == identifier.wrapping_add(1);
        let is_expected = if follows_failure { is_next } else { is_current };
        match self.state {
            State::Waiting(_) if is_expected && (name.is_some() || self.mechanism.awaits_change()) => {
                let question: fn(Ticket) -> Question =
                    if name.is_some() { Question::Proof } else { Question::NewPassword };
                self.ask(bytes, name, question)?;
                self.exchange.identifier = packet.identifier;
            }
            // RFC 1994 section 4.2: the answer was lost.
            State::Waiting(_) | State::Accepted { .. } | State::Failed(_) if is_current && self.has_answered() => {
                self.exchange.repeat();
            }
            State::Asking { .. } if is_current => {}
            State::Idle | State::Waiting(_) | State::Asking { .. } | State::Accepted { .. } | State::Failed(_) => {
                return Err(Refused::Unmatched);
            }
        }
        Ok(())
    }

    /// Returns whether the last packet is an answer, not a Challenge.
    fn has_answered(&self) -> bool {
        self.exchange.code().is_some_and(|code| code != chap::Code::CHALLENGE.0)
    }
}
