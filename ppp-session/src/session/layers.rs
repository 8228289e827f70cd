//! The events of the link, and their meaning for the session.

use core::time::Duration;

use mppe::Direction;
use ppp_fsm::auth::{AnswerError, Demand};
use ppp_fsm::ccp::{self, Encryption, MicrosoftCompression};
use ppp_fsm::link::{self, Phase};

use super::{Life, Proof, Session};
use crate::cipher::{Receiver, Sender};
use crate::complaints::{Complaints, Peer};
use crate::keys::{self, Start};
use crate::spent::Refusal;
use crate::{Event, Reason, Status};

/// The authentication has left no key for a direction that has to be encrypted.
struct NoKey;

impl Session {
    /// Takes the link's events until there are none. Nothing that comes of one calls this again:
    /// what a handler does to the link only makes more events.
    #[inline]
    pub(super) fn pump(&mut self) {
        // Nothing has happened after nearly every data packet.
        if self.link.has_event() || self.life != Life::Up {
            self.pump_events();
        }
    }

    fn pump_events(&mut self) {
        let now = self.now;
        while let Some(event) = self.link.poll_event() {
            self.link_event(now, event);
        }
        match self.life {
            // A link that never began has nothing to end.
            Life::Ending(reason) if self.link.phase() == Phase::Dead => self.ended(now, reason),
            // A peer that begins again is too late.
            Life::Ended(_) if !matches!(self.link.phase(), Phase::Dead | Phase::Terminate) => self.link.close(now),
            Life::Up | Life::Renewing | Life::Ending(_) | Life::Ended(_) => {}
        }
    }

    /// Ends the session for a reason of this side.
    pub(super) fn end(&mut self, now: Duration, reason: Reason) {
        if !matches!(self.life, Life::Up | Life::Renewing) {
            return;
        }
        self.life = Life::Ending(reason);
        match reason.windows_error() {
            Some(error) => self.link.close_with_error(now, error),
            None => self.link.close(now),
        }
    }

    fn ended(&mut self, now: Duration, reason: Reason) {
        self.setup_deadline = None;
        self.status = Status::Terminated;
        self.changed_at = now;
        self.tell(Event::Closed(reason));
        self.life = Life::Ended(reason);
    }

    /// Keeps an event to be polled. After the end no event is reported.
    pub(super) fn tell(&mut self, event: Event) {
        if !matches!(self.life, Life::Ended(_)) {
            self.events.push(event);
        }
    }

    fn set_status(&mut self, now: Duration, status: Status) {
        if self.status != status {
            self.status = status;
            self.changed_at = now;
            self.tell(Event::Status(status));
        }
    }

    fn link_event(&mut self, now: Duration, event: link::Event) {
        if matches!(self.life, Life::Ended(_)) {
            return;
        }
        match event {
            link::Event::Phase(phase) => self.phase(now, phase),
            link::Event::Authenticate(question) => self.tell(Event::Authenticate(question)),
            link::Event::Prove(demand) => self.demand(now, demand),
            link::Event::PeerAuthenticated => self.tell(Event::PeerAuthenticated),
            link::Event::CompressionUp(agreed) => self.encryption_up(now, agreed),
            link::Event::CompressionDown => {
                self.encryption_ended();
                self.tell(Event::EncryptionDown);
            }
            link::Event::ResetRequested => self.reset_requested(now),
            // Protocol-Reject of 0x00fd: the peer does not decrypt.
            link::Event::CompressedRejected => self.rejected(now),
            link::Event::AddressWanted(address) => self.tell(Event::AddressWanted(address)),
            link::Event::IpUp(agreed) => {
                self.connected(now);
                self.tell(Event::IpUp(agreed));
            }
            link::Event::IpDown => self.tell(Event::IpDown),
            link::Event::IpFailed(reason) => self.tell(Event::IpFailed(reason)),
            link::Event::Ipv6Up(agreed) => {
                self.connected(now);
                self.tell(Event::Ipv6Up(agreed));
            }
            link::Event::Ipv6Down => self.tell(Event::Ipv6Down),
            link::Event::Ipv6Failed(reason) => self.tell(Event::Ipv6Failed(reason)),
            link::Event::Identification => self.tell(Event::Identification),
            link::Event::TimeRemaining { seconds } => self.tell(Event::TimeRemaining { seconds }),
            link::Event::Closed(reason) => self.link_closed(now, reason),
            // The enum is not exhaustive; every event of today is above.
            _ => {}
        }
    }

    fn link_closed(&mut self, now: Duration, reason: link::Reason) {
        match self.life {
            Life::Up => self.ended(now, Reason::Link(reason)),
            Life::Renewing => {
                self.life = Life::Up;
                self.link.up(now);
            }
            // The reason for which this side ended the link, not the echo of it.
            Life::Ending(first) => self.ended(now, first),
            Life::Ended(_) => {}
        }
    }

    fn phase(&mut self, now: Duration, phase: Phase) {
        match phase {
            Phase::Establish => {
                // Again, when a link that was up negotiates again.
                let deadline = now.checked_add(self.config.setup_timeout);
                self.setup_deadline = self.setup_deadline.or(deadline);
            }
            Phase::Authenticate => {
                // The result of a new authentication is new.
                // RFC 3079: new credentials, new keys. The old ones must not start a second stream.
                self.spent.begin_authentication();
                self.external_keys = None;
                self.set_status(now, Status::VerifyingPassword);
            }
            Phase::Terminate => self.setup_deadline = None,
            Phase::Dead | Phase::Network => {}
        }
    }

    fn connected(&mut self, now: Duration) {
        self.setup_deadline = None;
        self.set_status(now, Status::Connected);
    }

    /// Proves this side with its credentials, or asks its user for them.
    fn demand(&mut self, now: Duration, demand: Demand) {
        match (core::mem::replace(&mut self.proof, Proof::None), demand) {
            // RFC 2759 section 7: the server wants a new password.
            (Proof::Ready(credentials) | Proof::Expired(credentials, _), Demand::NewPassword(ticket)) => {
                self.proof = Proof::Expired(credentials, ticket);
                self.tell(Event::PasswordExpired);
            }
            (
                Proof::Ready(credentials) | Proof::Expired(credentials, _),
                Demand::Proof { ticket, is_retry: false, .. },
            ) => {
                let proved = self.link.prove(now, ticket, credentials.name(), &credentials.secret());
                self.proof = Proof::Ready(credentials);
                // A proof that the agreed method cannot carry does not get better by waiting.
                if let Err(AnswerError::TooLong | AnswerError::Unsuitable) = proved {
                    self.end(now, Reason::CannotProve { method: self.link.lcp().sending().authentication });
                }
            }
            // RFC 2759 section 6: another try is permitted, and nobody tries. The refusal is the reason then.
            (proof, Demand::Proof { ticket, is_retry: true, .. }) if self.config.authentication_retries == 0 => {
                self.proof = proof;
                let declined = self.link.decline(now, ticket);
                debug_assert!(declined.is_ok(), "the question was just asked");
            }
            (proof, demand) => {
                self.proof = proof;
                self.tell(Event::Prove(demand));
            }
        }
    }

    /// Answers a peer that asks for a flushed packet (RFC 3078 section 8.2).
    fn reset_requested(&mut self, now: Duration) {
        self.sender.handle_reset_request();
        // Without state there is nothing to reset: the peer has failed to decrypt.
        let is_stateless = |agreed: ccp::Agreed| agreed.send.contains(MicrosoftCompression::STATELESS);
        // In stateless mode RFC 3078 section 8.1 needs no Reset-Request, so one is a complaint.
        if self.link.compression().is_some_and(is_stateless) {
            self.complain(now, Peer::MayDecrypt);
        }
    }

    /// Handles the rejection of an encrypted packet (RFC 1661 section 5.7).
    fn rejected(&mut self, now: Duration) {
        let has_encrypted = self.receiver.statistics().is_some_and(|received| received.packets_decrypted > 0);
        let is_required = self.config.encryption == Encryption::Required;
        self.complain(now, if is_required && !has_encrypted { Peer::IsDeaf } else { Peer::MayDecrypt });
    }

    /// Counts a peer's report that it could not decrypt a packet. A session that is deaf for good
    /// is ended.
    fn complain(&mut self, now: Duration, peer: Peer) {
        let sent = self.sender.statistics().map(|sent| sent.packets_encrypted);
        if sent.is_some_and(|sent| self.complaints.one_more(now, sent, peer)) {
            self.end(now, Reason::NotDecrypted);
        }
    }

    fn encryption_ended(&mut self) {
        let sent = self.sender.statistics().is_some_and(|sent| sent.packets_encrypted > 0);
        let received = self.receiver.statistics().is_some_and(|received| received.packets_decrypted > 0);
        self.spent.end(sent || received);
        self.sender = Sender::Clear;
        self.receiver = Receiver::Clear;
    }

    /// Starts encryption, since CCP is open. This is the one place where keys start a stream.
    fn encryption_up(&mut self, now: Duration, agreed: ccp::Agreed) {
        self.encryption_ended();
        self.complaints = Complaints::None;
        let (Ok(send), Ok(receive)) =
            (self.start(agreed.send, Direction::Send), self.start(agreed.receive, Direction::Receive))
        else {
            // CCP agrees on nothing that there are no keys for.
            return self.end(now, Reason::Link(link::Reason::NoKeys { method: None }));
        };
        let is_encrypted = send.is_some() || receive.is_some();
        if is_encrypted {
            if let Err(refusal) = self.spent.start([send.as_ref(), receive.as_ref()]) {
                return self.renew(now, refusal);
            }
        }
        // Either side's unit may be the longer one, and the buffer of MPPC must hold it.
        let longest = self.config.mtu().max(self.link.lcp().sending().mru);
        let key = |start: &Option<Start>| start.as_ref().map(|start| start.key.clone());
        self.sender = Sender::new(agreed.send, key(&send).as_ref(), &self.config, longest);
        self.receiver = Receiver::new(agreed.receive, key(&receive).as_ref(), &self.config);
        self.tell(Event::EncryptionUp(agreed));
    }

    /// Returns the key of a direction, if that is encrypted.
    fn start(&self, bits: MicrosoftCompression, direction: Direction) -> Result<Option<Start>, NoKey> {
        let Some(strength) = keys::strength(bits) else { return Ok(None) };
        let start = keys::start_key(self.link.keys(), self.external_keys.as_ref(), strength, self.side, direction);
        start.map(Some).ok_or(NoKey)
    }

    /// Renews keys, since CCP opened again and its keys are spent.
    /// [`Config::with_encryption`](crate::Config::with_encryption) says what follows.
    fn renew(&mut self, now: Duration, refusal: Refusal) {
        // Keys that came again would come once more.
        if self.config.encryption == Encryption::Required || refusal == Refusal::Recurring {
            self.end(now, Reason::Link(link::Reason::EncryptionLost));
        } else if self.life == Life::Up {
            // LCP down and up again: only a new authentication makes new keys.
            self.life = Life::Renewing;
            self.link.down(now);
        }
    }
}
