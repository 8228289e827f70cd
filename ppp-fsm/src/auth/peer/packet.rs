//! The authenticator's packets of PAP and CHAP.

use super::super::{Method, Refused};
use super::{Peer, State};
use crate::{chap, pap};

impl Peer {
    pub(super) fn handle_pap(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let packet = pap::Packet::decode(bytes)?;
        // An answer to nothing, or to an earlier request, comes late or from somebody else.
        let is_matched = self.has_answered() && packet.identifier == self.exchange.identifier;
        match packet.message {
            pap::Message::AuthenticateAck(reply) if is_matched => self.accepted(reply.text().0),
            pap::Message::AuthenticateNak(reply) if is_matched => self.refused(reply.text().0, None, reply.text().0),
            pap::Message::AuthenticateRequest(_)
            | pap::Message::AuthenticateAck(_)
            | pap::Message::AuthenticateNak(_)
            | pap::Message::Other { .. } => return Err(Refused::Unmatched),
        }
        Ok(())
    }

    pub(super) fn handle_chap(&mut self, method: Method, bytes: &[u8]) -> Result<(), Refused> {
        let packet = chap::Packet::decode(bytes)?;
        match packet.message {
            chap::Message::Challenge(value) => {
                #[cfg(feature = "mschap")]
                super::microsoft::check_challenge(method, value.value)?;
                #[cfg(not(feature = "mschap"))]
                if method != Method::ChapMd5 {
                    return Err(Refused::NotAgreed);
                }
                self.handle_challenge(method, packet.identifier, value.value)
            }
            chap::Message::Success(text) if self.is_answer_to(&packet) => {
                #[cfg(feature = "mschap")]
                self.handle_success(method, text.0)?;
                #[cfg(not(feature = "mschap"))]
                self.accepted(text.0);
                Ok(())
            }
            chap::Message::Failure(text) if self.is_answer_to(&packet) => {
                self.handle_failure(method, text.0);
                Ok(())
            }
            chap::Message::Response(_)
            | chap::Message::Success(_)
            | chap::Message::Failure(_)
            | chap::Message::Other { .. } => Err(Refused::Unmatched),
        }
    }

    fn handle_challenge(&mut self, method: Method, identifier: u8, value: &[u8]) -> Result<(), Refused> {
        // The link ends already, and says why.
        if matches!(self.state, State::Failed(_)) {
            return Err(Refused::Unmatched);
        }
        let is_copy = identifier == self.exchange.identifier && self.received.as_bytes() == value;
        if is_copy && self.can_repeat() {
            // RFC 1994 section 4.1: the Response was lost.
            self.exchange.repeat();
        } else if !(is_copy && matches!(self.state, State::Asking { .. })) {
            self.exchange.identifier = identifier;
            self.received.set(value);
            self.demand_proof(method, false);
        }
        Ok(())
    }

    fn is_answer_to(&self, packet: &chap::Packet<'_>) -> bool {
        self.has_answered() && packet.identifier == self.exchange.identifier
    }

    #[cfg(not(feature = "mschap"))]
    fn handle_failure(&mut self, _: Method, text: &[u8]) {
        self.refused(text, None, text);
    }
}
