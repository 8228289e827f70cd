//! EAP-MSCHAPv2: requests of the method, and what answers them.

#![expect(clippy::wildcard_enum_match_arm, reason = "what the machine may demand in future is not answered")]

use core::time::Duration;

use mschap::eap::{Demand as Step, End, PeerError, Request};
use mschap::{NtHash, Password};

use super::super::answer::{AnswerError, Secret};
use super::super::{Failure, Keys, Method, Refused};
use super::microsoft::words_of;
use super::{Demand, History, Peer, State};
use crate::{Words, eap};

/// The demand of a request, without the bytes that it borrows.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked {
    Proof,
    Retry,
    NewPassword,
    Acknowledgment(End),
    /// The authenticator does not know the password.
    NoMutualProof,
}

/// Change-Password is the longest response: OpCode (1), MS-CHAPv2-ID (1), MS-Length (2), and the change (582).
const MAX_RESPONSE_LEN: usize = 4 + mschap::v2::ChangePassword::LEN;

impl Peer {
    /// Has the machine of `mschap` read the type-data of a request.
    pub(super) fn read_in_eap(&mut self, data: &[u8]) -> Result<Asked, Refused> {
        Ok(match self.microsoft.eap.handle_request(data) {
            Ok(Step::Proof { refusal: None, .. }) => Asked::Proof,
            Ok(Step::Proof { refusal: Some(_), .. }) => Asked::Retry,
            Ok(Step::NewPassword(_)) => Asked::NewPassword,
            Ok(Step::Acknowledge(end)) => Asked::Acknowledgment(end),
            // The authenticator has proved itself before: somebody else has sent this.
            Err(PeerError::NoProof(_)) if !matches!(self.history, History::Accepted { .. }) => Asked::NoMutualProof,
            Ok(_) | Err(_) => return Err(Refused::Unmatched),
        })
    }

    /// Does what the request demands.
    pub(super) fn do_in_eap(&mut self, now: Duration, asked: Asked, data: &[u8]) {
        let method = Method::EapMsChapV2;
        let (message, failure) = match Request::decode_any_length(data) {
            Ok(Request::Success { message, .. }) => (message, None),
            Ok(Request::Failure { message, .. }) => (message, Some(mschap::Failure::decode(message))),
            _ => (&[][..], None),
        };
        let code = failure.and_then(|failure| failure.code).map(|code| code.0);
        let words = failure.map_or(Words::NONE, |failure| Words::new(words_of(&failure, message)));
        let refusal = Failure::Refused { method, code, words };
        match asked {
            Asked::Proof => self.demand_proof(method, false),
            Asked::Retry => {
                self.note_refusal(refusal, message);
                self.demand_proof(method, true);
            }
            Asked::NewPassword => {
                self.note_refusal(refusal, message);
                self.demand(Demand::NewPassword);
            }
            Asked::Acknowledgment(End::Accepted) => {
                self.message.set(message);
                self.keep_keys();
                // RFC 2759 section 5: only after the proof of the server the client takes the
                // Success.
                self.put_in_eap(&[mschap::eap::Operation::SUCCESS.0]);
                self.await_end(now);
            }
            Asked::Acknowledgment(End::Refused) => {
                self.note_refusal(refusal, message);
                self.put_in_eap(&[mschap::eap::Operation::FAILURE.0]);
                self.await_end(now);
            }
            Asked::NoMutualProof => {
                self.message.set(message);
                self.fail(Failure::NoMutualProof);
            }
        }
    }

    /// Keeps the keys of the first proof that was taken: later ones change none (RFC 3079 section 1).
    fn keep_keys(&mut self) {
        if self.microsoft.keys.is_none() {
            let keys = self.microsoft.eap.proved();
            self.microsoft.keys = keys
                .map(|proved| Keys::MsChapV2 { hash: proved.hash.clone(), nt_response: proved.nt_response.clone() });
        }
    }

    /// Writes a response with this type-data in place of the last packet.
    fn put_in_eap(&mut self, data: &[u8]) {
        let message = eap::Message::Response(eap::Method { method_type: eap::Type::MS_CHAP_V2, data });
        let put = self.exchange.put(&eap::Packet { identifier: self.exchange.identifier, message });
        debug_assert!(put.is_ok(), "the longest response fits");
    }

    /// Sends the acknowledgment once: the authenticator repeats its request until it has it.
    fn await_end(&mut self, now: Duration) {
        self.exchange.send_once();
        self.state = State::Waiting;
        self.exchange.wait_shortly(now, &self.config);
    }

    /// Acknowledges a refusal after which there could be another try. Returns whether there is one.
    pub(super) fn acknowledge_refusal(&mut self, now: Duration) -> bool {
        let Ok(data) = self.microsoft.eap.decline() else { return false };
        self.put_in_eap(data);
        self.await_end(now);
        true
    }

    /// Whether both sides have proved themselves, and EAP's own Success is awaited.
    pub(super) fn is_proved_in_eap(&self) -> bool {
        self.method == Some(Method::EapMsChapV2) && self.microsoft.eap.end() == Some(End::Accepted)
    }

    /// Answers a Challenge, or a Failure that allows another try.
    pub(super) fn prove_in_eap(&mut self, name: &[u8], secret: &Secret<'_>) -> Result<(), AnswerError> {
        let mut buf = [0; MAX_RESPONSE_LEN];
        let challenge = self.random.bytes();
        let written = self.microsoft.eap.prove(&secret.nt_hash(), name, challenge, &mut buf);
        let data = written.map_err(of_machine)?;
        self.put_in_eap(data);
        Ok(())
    }

    /// Answers a Failure with `E=648`.
    pub(super) fn change_password_in_eap(&mut self, old: &NtHash, new: Password<'_>) -> Result<(), AnswerError> {
        let mut buf = [0; MAX_RESPONSE_LEN];
        let (padding, challenge) = (self.random.bytes(), self.random.bytes());
        let name = self.name.as_bytes();
        let written = self.microsoft.eap.change_password(old, new, name, challenge, &padding, &mut buf);
        let data = written.map_err(of_machine)?;
        self.put_in_eap(data);
        Ok(())
    }
}

const fn of_machine(error: PeerError) -> AnswerError {
    match error {
        PeerError::BufferTooSmall(_) | PeerError::Password(_) => AnswerError::TooLong,
        _ => AnswerError::NotAsked,
    }
}
