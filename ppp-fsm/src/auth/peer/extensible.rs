//! EAP: Identity, MD5-Challenge, Notification, and what another end of EAP answers.

use core::time::Duration;

use super::super::answer::{AnswerError, Secret};
use super::super::exchange::md5_response;
use super::super::{Failure, Method, Refused};
use super::{Demand, History, Peer, State};
use crate::buffer::{Short, checksum};
use crate::{Words, eap};

impl Peer {
    pub(super) fn handle_eap(&mut self, now: Duration, bytes: &[u8]) -> Result<(), Refused> {
        let packet = eap::Packet::decode(bytes)?;
        match packet.message {
            eap::Message::Request(method) => self.handle_eap_request(now, bytes, packet.identifier, &method),
            eap::Message::Success(_) if self.ends_eap(packet.identifier) => self.succeed_eap(),
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
        match self.history {
            History::Refused(failure) => self.fail(failure),
            // Failure has no text; a Notification before it may have said why. MS-CHAPv2 has texts of its
            // own, and that of its Success is no refusal.
            History::New if self.method == Some(Method::Eap) => {
                let words = Words::new(self.message.as_bytes());
                self.fail(Failure::Refused { method: Method::Eap, code: None, words });
            }
            History::New | History::Accepted { .. } => self.refused(b"", None, b""),
        }
    }

    /// Takes EAP's Success, which nothing proves.
    fn succeed_eap(&mut self) -> Result<(), Refused> {
        if self.method != Some(Method::EapMsChapV2) || self.config.eap_pass_through {
            self.accepted(b"");
            return Ok(());
        }
        #[cfg(feature = "mschap")]
        if self.is_proved_in_eap() {
            self.let_in();
            return Ok(());
        }
        // RFC 3748 section 4.2: before the method has come to its end, anybody may have sent it.
        Err(Refused::Unmatched)
    }

    fn handle_eap_request(
        &mut self,
        now: Duration,
        bytes: &[u8],
        identifier: u8,
        method: &eap::Method<'_>,
    ) -> Result<(), Refused> {
        // A request that was answered before is a copy that comes late: its answer would begin all
        // over again.
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
        let wanted = self.types.of_eap_type(method.method_type).filter(|_| !self.config.eap_pass_through);
        #[cfg(feature = "mschap")]
        let asked = match wanted {
            Some(Method::EapMsChapV2) => Some(self.read_in_eap(method.data)?),
            _ => None,
        };
        // RFC 3748 section 4.1: the response carries the request's identifier.
        self.exchange.identifier = identifier;
        if !is_copy {
            self.earlier = Some(checksum(self.received.as_bytes()));
        }
        self.received.set(bytes);
        if self.config.eap_pass_through {
            // The caller has an EAP of its own, and sees every request.
            self.demand(Demand::Eap);
            return Ok(());
        }
        if let Some(wanted) = wanted {
            self.method = Some(wanted);
            if matches!(self.history, History::Refused(Failure::NoCommonEapType { .. })) {
                self.history = History::New;
            }
        }
        #[cfg(feature = "mschap")]
        if let Some(asked) = asked {
            self.do_in_eap(now, asked, method.data);
            return Ok(());
        }
        match (wanted, method.method_type) {
            (Some(wanted), _) => self.demand_proof(wanted, false),
            (None, eap::Type::IDENTITY) => self.demand_proof(self.method.unwrap_or(Method::Eap), false),
            // RFC 3748 section 5.2: a Notification is always answered, and changes nothing.
            (None, eap::Type::NOTIFICATION) => {
                self.message.set(method.data);
                self.respond_eap(now, eap::Type::NOTIFICATION, &[]);
            }
            (None, other) => self.refuse_type(now, other),
        }
        Ok(())
    }

    /// Answers a request of a type that is not wanted with those that are (RFC 3748 section 5.3.1).
    fn refuse_type(&mut self, now: Duration, refused: eap::Type) {
        let own = self.types.eap_types();
        let peer = match self.history {
            History::Refused(Failure::NoCommonEapType { peer, .. }) => peer.with(refused),
            History::New | History::Refused(_) | History::Accepted { .. } => eap::Types::new(&[refused]),
        };
        if matches!(self.history, History::New | History::Refused(Failure::NoCommonEapType { .. })) {
            self.history = History::Refused(Failure::NoCommonEapType { own, peer });
        }
        let mut data = Short::<8>::EMPTY;
        own.iter().for_each(|found| data.extend(&[found.0]));
        if data.as_bytes().is_empty() {
            // 0 says that there is no other type.
            data.extend(&[0]);
        }
        self.respond_eap(now, eap::Type::NAK, data.as_bytes());
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
        if matches!(self.history, History::Accepted { .. }) {
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
        #[cfg(feature = "mschap")]
        if request.method_type == eap::Type::MS_CHAP_V2 {
            return self.prove_in_eap(name, secret);
        }
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
