//! EAP: Identity and MD5-Challenge, and packets of another end of EAP.

use super::super::answer::{AnswerError, Outcome};
use super::super::{Config, MAX_PACKET_LEN, Method, Refused, Status};
use super::{Authenticator, Core, Question};
use crate::{Text, eap};

impl Authenticator {
    pub(super) fn handle_eap(&mut self, octets: &[u8]) -> Result<(), Refused> {
        let packet = eap::Packet::decode(octets)?;
        let eap::Message::Response(method) = packet.message else { return Err(Refused::Unmatched) };
        if packet.identifier != self.identifier {
            return Err(Refused::Unmatched);
        }
        match self.status {
            Status::Waiting => {}
            Status::Accepted | Status::Failed(_) => {
                self.pending = !self.outgoing.is_empty();
                return Ok(());
            }
            Status::Idle | Status::Asking => return Ok(()),
        }
        let identity = (method.method_type == eap::Type::IDENTITY).then_some(Text(method.data));
        if self.config.eap_pass_through {
            self.ask(octets, identity, Question::Proof);
            return Ok(());
        }
        match (method.method_type, &self.core) {
            (eap::Type::IDENTITY, Core::None) => {
                self.name.set(method.data);
                let challenge: [u8; 16] = self.random.octets();
                self.core = Core::Md5(challenge);
                self.identifier = self.identifier.wrapping_add(1);
                let config = self.config;
                let mut data = [0; 17 + Config::MAX_NAME_LEN];
                let parts = [16].iter().chain(&challenge).chain(config.name());
                let length = data.iter_mut().zip(parts).map(|(to, octet)| *to = *octet).count();
                let method_type = eap::Type::MD5_CHALLENGE;
                let data = data.get(..length).unwrap_or_default();
                let message = eap::Message::Request(eap::Method { method_type, data });
                self.pending = self.put(&eap::Packet { identifier: self.identifier, message });
                self.tries = self.config.max_tries.saturating_sub(1);
                self.timer = Some(self.now.saturating_add(self.config.restart_timeout));
                Ok(())
            }
            (eap::Type::MD5_CHALLENGE, Core::Md5(_)) => {
                method.md5_challenge()?;
                self.ask(octets, None, Question::Proof);
                Ok(())
            }
            // RFC 3748 section 5.3.1: it cannot do MD5-Challenge.
            (eap::Type::NAK, Core::Md5(_)) => {
                self.status = Status::Asking;
                self.decide(false).map(|_| ()).map_err(|_| Refused::Unmatched)
            }
            _ => Err(Refused::Unmatched),
        }
    }

    /// The last packet of EAP: the one of another end, or our own.
    pub(super) fn put_eap_end(&mut self, is_good: bool, packet: &[u8]) -> Result<(), AnswerError> {
        if packet.is_empty() {
            let message = if is_good { eap::Message::Success(&[]) } else { eap::Message::Failure(&[]) };
            let packet = eap::Packet { identifier: self.identifier, message };
            return if self.put(&packet) { Ok(()) } else { Err(AnswerError::TooLong) };
        }
        let code = if is_good { eap::Code::SUCCESS } else { eap::Code::FAILURE };
        let decoded = eap::Packet::decode(packet).map_err(|_| AnswerError::Unsuitable)?;
        if decoded.message.code() != code || packet.len() > MAX_PACKET_LEN {
            return Err(AnswerError::Unsuitable);
        }
        self.outgoing.set(packet);
        Ok(())
    }

    pub(super) fn send_eap(&mut self, packet: &[u8]) -> Result<Outcome, AnswerError> {
        let decoded = eap::Packet::decode(packet).map_err(|_| AnswerError::Unsuitable)?;
        if self.method != Some(Method::Eap) || !matches!(decoded.message, eap::Message::Request(_)) {
            return Err(AnswerError::Unsuitable);
        }
        if packet.len() > MAX_PACKET_LEN {
            return Err(AnswerError::TooLong);
        }
        self.outgoing.set(packet);
        self.identifier = decoded.identifier;
        (self.status, self.pending) = (Status::Waiting, true);
        self.tries = self.config.max_tries.saturating_sub(1);
        self.timer = Some(self.now.saturating_add(self.config.restart_timeout));
        Ok(Outcome::Continued)
    }
}
