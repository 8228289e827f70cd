//! EAP: Identity, MD5-Challenge, Notification, and what another end of EAP answers.

use core::time::Duration;

use super::super::answer::{AnswerError, Secret};
use super::super::exchange::md5_response;
use super::super::{Failure, Method, Refused};
use super::{Demand, History, Peer, State};
use crate::buffer::{Short, checksum};
use crate::eap;

impl Peer {
    pub(super) fn handle_eap(&mut self, now: Duration, bytes: &[u8]) -> Result<(), Refused> {
        let packet = eap::Packet::decode(bytes)?;
        match packet.message {
            eap::Message::Request(method) => self.handle_eap_request(now, bytes, packet.identifier, &method),
            eap::Message::Success(_) if self.ends_eap(packet.identifier) => {
                self.accepted(b"");
                Ok(())
            }
            eap::Message::Failure(_) if self.ends_eap(packet.identifier) => {
                self.refused_eap();
                Ok(())
            }
            eap::Message::Response(_)
            | eap::Message::Success(_)
            | eap::Message::Failure(_)
            | eap::Message::Other { .. } => Err(Refused::Unmatched),
        }
    }

    /// Returns whether an identifier ends EAP: that of the last Response (RFC 3748 section 4.2), or
    /// the one after it, which pppd sends. Nothing proves the packet, as with PAP.
    fn ends_eap(&self, identifier: u8) -> bool {
        let last = self.exchange.identifier;
        self.has_answered() && (identifier == last || identifier == last.wrapping_add(1))
    }

    /// Takes the refusal of a peer that could do nothing that was asked for as caused by that.
    fn refused_eap(&mut self) {
        match eap::Packet::decode(self.received.as_bytes()).map(|packet| packet.message) {
            Ok(eap::Message::Request(method)) if !self.config.eap_pass_through && !is_known(method.method_type) => {
                self.fail(no_common_type(method.method_type));
            }
            _ => self.refused(b"", None),
        }
    }

    fn handle_eap_request(
        &mut self,
        now: Duration,
        bytes: &[u8],
        identifier: u8,
        method: &eap::Method<'_>,
    ) -> Result<(), Refused> {
        if matches!(self.state, State::Failed(_)) || self.earlier == Some(checksum(bytes)) {
            return Err(Refused::Unmatched);
        }
        let is_copy = identifier == self.exchange.identifier && self.received.as_bytes() == bytes;
        if is_copy && self.can_repeat() {
            self.exchange.repeat();
            return Ok(());
        }
        if is_copy && matches!(self.state, State::Asking { .. }) {
            return Ok(());
        }
        if method.method_type == eap::Type::MD5_CHALLENGE && !self.config.eap_pass_through {
            method.md5_challenge()?;
        }
        self.exchange.identifier = identifier;
        if !is_copy {
            self.earlier = Some(checksum(self.received.as_bytes()));
        }
        self.received.set(bytes);
        if self.config.eap_pass_through {
            self.demand(Demand::Eap);
            return Ok(());
        }
        match method.method_type {
            eap::Type::IDENTITY | eap::Type::MD5_CHALLENGE => self.demand_proof(Method::Eap, false),
            eap::Type::NOTIFICATION => {
                self.message.set(method.data);
                self.respond_eap(now, eap::Type::NOTIFICATION, &[]);
            }
            _ => self.respond_eap(now, eap::Type::NAK, &[eap::Type::MD5_CHALLENGE.0]),
        }
        Ok(())
    }

    /// Answers without the user.
    fn respond_eap(&mut self, now: Duration, method_type: eap::Type, data: &[u8]) {
        let message = eap::Message::Response(eap::Method { method_type, data });
        let packet = eap::Packet { identifier: self.exchange.identifier, message };
        if self.exchange.put(&packet).is_err() {
            debug_assert!(false, "six bytes fit");
            return;
        }
        // RFC 3748 section 4.3: the authenticator repeats what it wants to hear, so this is sent once.
        self.exchange.send_once();
        if matches!(self.history, History::Accepted) {
            // Anybody may have sent the request: who is accepted stays so.
            self.exchange.rest();
            self.state = State::Accepted;
        } else {
            self.state = State::Waiting;
            self.exchange.wait(now, &self.config);
        }
    }

    /// Proves itself: Identity needs the name, MD5-Challenge both.
    pub(super) fn prove_eap(&mut self, name: &[u8], secret: &Secret<'_>) -> Result<(), AnswerError> {
        let packet = eap::Packet::decode(self.received.as_bytes()).map_err(|_| AnswerError::Malformed)?;
        let identifier = packet.identifier;
        let eap::Message::Request(request) = packet.message else { return Err(AnswerError::Malformed) };
        let mut data = Short::<{ 17 + 255 }>::EMPTY;
        let method_type = match request.md5_challenge() {
            Ok(Some(challenge)) => {
                let password = secret.password().ok_or(AnswerError::Unsuitable)?;
                data.extend(&[16]);
                data.extend(&md5_response(identifier, password, challenge.value));
                eap::Type::MD5_CHALLENGE
            }
            _ => eap::Type::IDENTITY,
        };
        data.extend(name);
        let message = eap::Message::Response(eap::Method { method_type, data: data.as_bytes() });
        self.exchange.put(&eap::Packet { identifier, message })
    }
}

fn is_known(method_type: eap::Type) -> bool {
    [eap::Type::IDENTITY, eap::Type::NOTIFICATION, eap::Type::MD5_CHALLENGE].contains(&method_type)
}

fn no_common_type(wanted: eap::Type) -> Failure {
    Failure::NoCommonEapType { own: eap::Types::new(&[eap::Type::MD5_CHALLENGE]), peer: eap::Types::new(&[wanted]) }
}
