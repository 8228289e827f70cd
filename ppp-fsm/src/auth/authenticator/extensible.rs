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
        // RFC 3748 section 4.1: a response that fits no outstanding request "MUST" be discarded.
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
            (eap::Type::IDENTITY, Mechanism::EapIdentity(_)) => {
                self.name_peer(Text(method.data))?;
                match self.untried.iter().next() {
                    Some(first) => self.begin_type(now, first),
                    None => self.end_without_type(eap::Types::new(&[])),
                }
            }
            #[cfg(feature = "mschap")]
            (eap::Type::MS_CHAP_V2, Mechanism::EapV2(_)) => self.handle_in_eap(now, bytes, method.data),
            #[cfg(feature = "mschap")]
            // RFC 3748 section 5.3.1: a Nak refuses a type before its method has begun, and nothing
            // later.
            (eap::Type::NAK, Mechanism::EapV2(core)) if core.is_new() => self.next_type(now, method.data),
            (eap::Type::MD5_CHALLENGE, Mechanism::EapMd5(_)) => {
                method.md5_challenge()?;
                self.ask(bytes, None, Question::Proof)
            }
            (eap::Type::NAK, Mechanism::EapMd5(_)) => self.next_type(now, method.data),
            _ => Err(Refused::Unmatched),
        }
    }

    /// Asks for the next type that the peer wants in place of the last one (RFC 3748 section 5.3.1).
    fn next_type(&mut self, now: Duration, wanted: &[u8]) -> Result<(), Refused> {
        let is_wanted = |method: &Method| method.eap_type().is_some_and(|found| wanted.contains(&found.0));
        match self.untried.iter().find(is_wanted) {
            Some(next) => self.begin_type(now, next),
            None => self.end_without_type(eap::Types::from_nak(wanted)),
        }
    }

    /// Asks for a type. It is not asked for again, however often the peer changes its mind.
    fn begin_type(&mut self, now: Duration, method: Method) -> Result<(), Refused> {
        let begun = match method {
            #[cfg(feature = "mschap")]
            Method::EapMsChapV2 => self.challenge_in_eap(),
            #[cfg(not(feature = "mschap"))]
            Method::EapMsChapV2 => Err(AnswerError::Unsuitable),
            Method::Eap | Method::Pap | Method::ChapMd5 | Method::MsChapV1 | Method::MsChapV2 => self.challenge_eap(),
        };
        begun.map_err(|_| Refused::Unmatched)?;
        self.untried = self.untried.without(method);
        self.exchange.send(now, &self.config);
        Ok(())
    }

    /// Writes the MD5-Challenge (RFC 3748 section 5.4).
    fn challenge_eap(&mut self) -> Result<(), AnswerError> {
        let challenge: [u8; 16] = self.random.bytes();
        let mut data = Short::<{ 17 + Config::MAX_NAME_LEN }>::new(&[16]);
        data.extend(&challenge);
        data.extend(self.config.name.as_bytes());
        self.put_eap_request(eap::Type::MD5_CHALLENGE, data.as_bytes())?;
        self.mechanism = Mechanism::EapMd5(challenge);
        Ok(())
    }

    /// Writes a new request, with the next identifier (RFC 3748 section 4.1).
    pub(super) fn put_eap_request(&mut self, method_type: eap::Type, data: &[u8]) -> Result<(), AnswerError> {
        let identifier = self.exchange.identifier.wrapping_add(1);
        let message = eap::Message::Request(eap::Method { method_type, data });
        self.exchange.put(&eap::Packet { identifier, message })?;
        self.exchange.identifier = identifier;
        Ok(())
    }

    /// Ends with a peer that has none of the types, and keeps those that it wants (RFC 3748 section 5.3.1).
    fn end_without_type(&mut self, peer: eap::Types) -> Result<(), Refused> {
        self.put_eap_end(false, b"").map_err(|_| Refused::Unmatched)?;
        self.exchange.send_once();
        self.fail(Failure::NoCommonEapType { own: self.types.eap_types(), peer });
        Ok(())
    }

    /// Returns the last packet of EAP: the one of another end, or our own.
    pub(super) fn put_eap_end(&mut self, is_good: bool, packet: &[u8]) -> Result<(), AnswerError> {
        if packet.is_empty() {
            // RFC 3748 section 4.2: its identifier is that of the response.
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
