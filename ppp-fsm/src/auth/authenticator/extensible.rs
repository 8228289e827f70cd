//! EAP: Identity and MD5-Challenge, and packets of another end of EAP.

use core::time::Duration;

use super::super::answer::{AnswerError, Outcome};
use super::super::{Config, Failure, Method, Refused};
use super::{Authenticator, Mechanism, Question, State};
use crate::buffer::Short;
use crate::{Text, eap};

impl Authenticator {
    pub(super) fn handle_eap(&mut self, now: Duration, bytes: &[u8]) -> Result<(), Refused> {
        let packet = eap::Packet::decode(bytes)?;
        let eap::Message::Response(method) = packet.message else { return Err(Refused::Unmatched) };
        if packet.identifier != self.exchange.identifier {
            return Err(Refused::Unmatched);
        }
        match self.state {
            State::Waiting(_) => {}
            State::Accepted { .. } | State::Failed(_) => {
                // The answer was lost.
                self.exchange.repeat();
                return Ok(());
            }
            State::Idle | State::Asking { .. } => return Ok(()),
        }
        let identity = (method.method_type == eap::Type::IDENTITY).then_some(Text(method.data));
        if self.config.eap_pass_through {
            return self.ask(bytes, identity, Question::Proof);
        }
        match (method.method_type, &self.mechanism) {
            (eap::Type::IDENTITY, Mechanism::EapIdentity) => {
                self.name_peer(Text(method.data))?;
                self.challenge_eap(now)
            }
            (eap::Type::MD5_CHALLENGE, Mechanism::EapMd5(_)) => {
                method.md5_challenge()?;
                self.ask(bytes, None, Question::Proof)
            }
            (eap::Type::NAK, Mechanism::EapMd5(_)) => self.end_without_type(method.data),
            _ => Err(Refused::Unmatched),
        }
    }

    /// Sends the MD5-Challenge (RFC 3748 section 5.4).
    fn challenge_eap(&mut self, now: Duration) -> Result<(), Refused> {
        let challenge: [u8; 16] = self.random.bytes();
        let identifier = self.exchange.identifier.wrapping_add(1);
        let mut data = Short::<{ 17 + Config::MAX_NAME_LEN }>::new(&[16]);
        data.extend(&challenge);
        data.extend(self.config.name.as_bytes());
        let method = eap::Method { method_type: eap::Type::MD5_CHALLENGE, data: data.as_bytes() };
        let packet = eap::Packet { identifier, message: eap::Message::Request(method) };
        self.exchange.put(&packet).map_err(|_| Refused::Unmatched)?;
        self.mechanism = Mechanism::EapMd5(challenge);
        self.exchange.identifier = identifier;
        self.exchange.send(now, &self.config);
        Ok(())
    }

    /// Ends with a peer that cannot do MD5-Challenge, and keeps the types that it wants (RFC 3748
    /// section 5.3.1).
    fn end_without_type(&mut self, wanted: &[u8]) -> Result<(), Refused> {
        self.put_eap_end(false, b"").map_err(|_| Refused::Unmatched)?;
        self.exchange.send_once();
        self.fail(Failure::NoCommonEapType {
            own: eap::Types::new(&[eap::Type::MD5_CHALLENGE]),
            peer: eap::Types::from_nak(wanted),
        });
        Ok(())
    }

    /// Returns the last packet of EAP: the one of another end, or our own.
    pub(super) fn put_eap_end(&mut self, is_good: bool, packet: &[u8]) -> Result<(), AnswerError> {
        if packet.is_empty() {
            let message = if is_good { eap::Message::Success(&[]) } else { eap::Message::Failure(&[]) };
            return self.exchange.put(&eap::Packet { identifier: self.exchange.identifier, message });
        }
        let code = if is_good { eap::Code::SUCCESS } else { eap::Code::FAILURE };
        let decoded = eap::Packet::decode(packet).map_err(|_| AnswerError::Unsuitable)?;
        if decoded.message.code() != code {
            return Err(AnswerError::Unsuitable);
        }
        self.exchange.put_bytes(packet)
    }

    pub(super) fn send_eap(&mut self, now: Duration, packet: &[u8]) -> Result<Outcome, AnswerError> {
        let decoded = eap::Packet::decode(packet).map_err(|_| AnswerError::Unsuitable)?;
        if self.method() != Some(Method::Eap) || !matches!(decoded.message, eap::Message::Request(_)) {
            return Err(AnswerError::Unsuitable);
        }
        self.exchange.put_bytes(packet)?;
        self.exchange.identifier = decoded.identifier;
        self.exchange.send(now, &self.config);
        self.state = State::Waiting(None);
        Ok(Outcome::Continued)
    }
}
