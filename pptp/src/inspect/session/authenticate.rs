//! How one end proves itself to the other: CHAP, PAP, EAP.

use ppp_fsm::{chap, eap, pap};

use super::super::authentication::Challenge;
use super::super::secret::Secrets;
use super::super::{Authentication, Content, Event, Method, Outcome, Proof, Record, Verdict};
use super::{Origin, Session};

/// Challenges of one end that are remembered.
const MAX_CHALLENGES: usize = 4;

impl Session {
    pub(super) fn follow_chap(
        &mut self,
        origin: Origin,
        packet: &chap::Packet<'_>,
        secrets: &Secrets,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        let identifier = packet.identifier;
        match packet.message {
            chap::Message::Challenge(value) => {
                self.note_challenge(origin, Challenge::new(identifier, &value));
            }
            chap::Message::Response(value) => {
                // A new challenge in the running session changes nothing.
                if self.is_accepted(origin.sender) {
                    return;
                }
                let check = |challenge: &_| Authentication::of_response(challenge, &value, secrets);
                let authentication = self.check(origin, identifier, check);
                let authentication =
                    authentication.unwrap_or_else(|| Authentication::without_challenge(identifier, &value));
                self.proved(origin, authentication, sink);
            }
            chap::Message::Success(text) => {
                // RFC 2759 section 5: only version 2 begins so.
                let method = if text.0.starts_with(b"S=") { Method::MsChapV2 } else { Method::Chap };
                self.answer(origin, method, identifier, |authentication| authentication.accept(text.0), sink);
            }
            chap::Message::Failure(text) => {
                let method = Method::Chap;
                self.answer(origin, method, identifier, |authentication| authentication.refuse(text.0), sink);
            }
            chap::Message::Other { .. } | _ => {}
        }
    }

    pub(super) fn follow_pap(
        &mut self,
        origin: Origin,
        packet: &pap::Packet<'_>,
        secrets: &Secrets,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        match &packet.message {
            pap::Message::AuthenticateRequest(request) if !self.is_accepted(origin.sender) => {
                let authentication = Authentication::of_pap(packet.identifier, request, secrets);
                self.proved(origin, authentication, sink);
            }
            pap::Message::AuthenticateAck(_) => {
                self.answer(origin, Method::Pap, packet.identifier, |a| a.accept(&[]), sink);
            }
            pap::Message::AuthenticateNak(_) => {
                self.answer(origin, Method::Pap, packet.identifier, |a| a.refuse(&[]), sink);
            }
            pap::Message::AuthenticateRequest(_) | pap::Message::Other { .. } | _ => {}
        }
    }

    pub(super) fn follow_eap(
        &mut self,
        origin: Origin,
        packet: &eap::Packet<'_>,
        secrets: &Secrets,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        let identifier = packet.identifier;
        match packet.message {
            eap::Message::Request(method) => {
                if let Ok(Some(value)) = method.md5_challenge() {
                    self.note_challenge(origin, Challenge::new(identifier, &value));
                }
            }
            eap::Message::Response(method) if !self.is_accepted(origin.sender) => {
                if method.method_type == eap::Type::IDENTITY {
                    let authentication = Authentication::new(Method::Eap, identifier, method.data);
                    self.side_mut(origin.sender).authentication = Some(authentication);
                } else if let Ok(Some(value)) = method.md5_challenge() {
                    self.follow_eap_md5(origin, identifier, &value, secrets, sink);
                }
            }
            // RFC 3748 section 4.2: the end has the identifier of the last Response, whatever that was about.
            eap::Message::Success(_) => {
                let identifier = self.identifier(self.receiver(origin.sender)).unwrap_or(identifier);
                self.answer(origin, Method::Eap, identifier, |a| a.accept(&[]), sink);
            }
            eap::Message::Failure(_) => {
                let identifier = self.identifier(self.receiver(origin.sender)).unwrap_or(identifier);
                self.answer(origin, Method::Eap, identifier, |a| a.refuse(&[]), sink);
            }
            eap::Message::Response(_) | eap::Message::Other { .. } | _ => {}
        }
    }

    /// Follows EAP's MD5-Challenge (RFC 3748 section 5.4), where the name is that of the Identity,
    /// if it was seen.
    fn follow_eap_md5(
        &mut self,
        origin: Origin,
        identifier: u8,
        value: &chap::Value<'_>,
        secrets: &Secrets,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        let known = self.side(origin.sender).authentication.as_ref();
        let name = known.map_or(value.name.0, Authentication::name);
        let authentication = Authentication::new(Method::Eap, identifier, name);
        let checked = self.check(origin, identifier, |challenge| {
            let mut authentication = Authentication::new(Method::Eap, identifier, name);
            authentication.check_md5(challenge, value, secrets);
            authentication
        });
        self.proved(origin, checked.unwrap_or(authentication), sink);
    }

    fn note_challenge(&mut self, origin: Origin, challenge: Challenge) {
        let challenges = &mut self.side_mut(origin.sender).challenges;
        if challenges.len() >= MAX_CHALLENGES {
            challenges.remove(0);
        }
        challenges.push(challenge);
    }

    /// Checks a Response against the Challenge that it answers. Without directions that may be of either end: then all
    /// with the identifier are tried.
    fn check(
        &self,
        origin: Origin,
        identifier: u8,
        check: impl Fn(&Challenge) -> Authentication,
    ) -> Option<Authentication> {
        let challenges = &self.side(self.receiver(origin.sender)).challenges;
        let mut found: Option<Authentication> = None;
        for challenge in challenges.iter().rev().filter(|challenge| challenge.identifier == identifier) {
            let authentication = check(challenge);
            let fits = authentication.verdict() == Verdict::Fits;
            if fits || found.is_none() {
                found = Some(authentication);
            }
            if fits || self.has_directions() {
                break;
            }
        }
        found
    }

    fn is_accepted(&self, side: usize) -> bool {
        let authentication = self.side(side).authentication.as_ref();
        authentication.is_some_and(|authentication| authentication.outcome() == Outcome::Accepted)
    }

    fn identifier(&self, side: usize) -> Option<u8> {
        self.side(side).authentication.as_ref().map(Authentication::identifier)
    }

    /// Tries the secrets on a proof of the sender.
    fn proved(&mut self, origin: Origin, authentication: Authentication, sink: &mut impl FnMut(Record<'_>)) {
        let event = match authentication.verdict() {
            Verdict::Fits => {
                let proof = if authentication.method() == Method::Pap { Proof::Password } else { Proof::Client };
                Some(Event::SecretFits { proof })
            }
            Verdict::DoesNotFit(proof) => Some(Event::SecretDoesNotFit { proof }),
            Verdict::Unchecked | Verdict::ChallengeNotSeen => None,
        };
        self.side_mut(origin.sender).authentication = Some(authentication);
        if let Some(event) = event {
            sink(self.record(origin, Content::Event(event)));
        }
    }

    /// Takes the sender's verdict on the other side's proof.
    fn answer(
        &mut self,
        origin: Origin,
        method: Method,
        identifier: u8,
        answer: impl FnOnce(&mut Authentication),
        sink: &mut impl FnMut(Record<'_>),
    ) {
        let peer = self.receiver(origin.sender);
        let authentication =
            self.side_mut(peer).authentication.get_or_insert_with(|| Authentication::without_proof(method, identifier));
        // An answer to an earlier proof, or one that comes again.
        if authentication.identifier() != identifier || authentication.outcome() == Outcome::Accepted {
            return;
        }
        let before = authentication.verdict();
        answer(authentication);
        let Some(authentication) = &self.side(peer).authentication else { return };
        let verdict = authentication.verdict();
        if verdict == Verdict::Fits
            && authentication.outcome() == Outcome::Accepted
            && authentication.method() == Method::MsChapV2
        {
            sink(self.record(origin, Content::Event(Event::SecretFits { proof: Proof::Server })));
        } else if let (Verdict::DoesNotFit(proof), true) = (verdict, verdict != before) {
            sink(self.record(origin, Content::Event(Event::SecretDoesNotFit { proof })));
        }
        sink(self.record(origin, Content::Event(Event::Authenticated(authentication))));
    }
}
