//! What happens in one layer, and what it means for the others.

use core::time::Duration;

use super::machine::Link;
use super::{Event, NetworkPolicy, Phase, Reason};
use crate::auth::Status;
use crate::automaton::State;
use crate::buffer::Buffer;
use crate::ccp::{self, MicrosoftCompression, Reset};
use crate::negotiate::{self, ControlProtocol, Negotiation};
use crate::{Protocol, ipcp, lcp};

impl Link {
    /// Lets every layer know what happened in the others, until nothing does.
    pub(super) fn settle(&mut self) {
        loop {
            if let Some(event) = self.lcp.poll_event() {
                self.lcp_event(event);
            } else if let Some(question) = self.authenticator.poll_question() {
                self.events.push(Event::Authenticate(question));
            } else if let Some(demand) = self.peer.poll_demand() {
                self.events.push(Event::Prove(demand));
            } else if let Some(event) = self.ccp.as_mut().and_then(Negotiation::poll_event) {
                self.ccp_event(event);
            } else if let Some(event) = self.ipcp.as_mut().and_then(Negotiation::poll_event) {
                self.ipcp_event(event);
            } else if let Some(event) = self.ipv6cp.as_mut().and_then(Negotiation::poll_event) {
                self.ipv6cp_event(event);
            } else if !self.settle_authentication() {
                break;
            }
        }
        if let Some(reason @ (negotiate::Reason::Failed(_) | negotiate::Reason::NotConverging)) = self.lcp.ending() {
            if self.end.is_none() {
                // LCP has given up of itself: the peer is told why.
                self.fail(self.reason_of_lcp(reason));
            }
        }
        let is_negotiating = matches!(self.lcp.state(), State::RequestSent | State::AckReceived | State::AckSent);
        if self.phase == Phase::Dead && is_negotiating {
            self.set_phase(Phase::Establish);
        }
    }

    /// The line is there, or the link is wanted, or both.
    pub(super) fn began(&mut self) {
        self.settle();
        // A link that waits for the peer to begin is not dead.
        if self.phase == Phase::Dead && self.lcp.state() == State::Stopped {
            self.set_phase(Phase::Establish);
        }
    }

    pub(super) fn set_phase(&mut self, phase: Phase) {
        if self.phase != phase {
            self.phase = phase;
            self.events.push(Event::Phase(phase));
        }
    }

    fn lcp_event(&mut self, event: negotiate::Event<lcp::Failure>) {
        match event {
            negotiate::Event::Started => {}
            negotiate::Event::Up => self.lcp_up(),
            negotiate::Event::Down => {
                let is_closing =
                    matches!(self.lcp.state(), State::Closing | State::Stopping | State::Closed | State::Stopped);
                if is_closing {
                    self.note_refusal();
                }
                self.lcp_down();
                self.set_phase(if is_closing { Phase::Terminate } else { Phase::Establish });
            }
            negotiate::Event::Finished(reason) => {
                let reason = self.reason_of_lcp(reason);
                self.closed = Some(self.end.take().unwrap_or(reason));
                self.set_phase(Phase::Dead);
            }
        }
    }

    /// What an end of LCP means for the link.
    pub(super) fn reason_of_lcp(&self, reason: negotiate::Reason<lcp::Failure>) -> Reason {
        let given_up = match reason {
            negotiate::Reason::Closed => return Reason::Closed,
            negotiate::Reason::Rejected => return Reason::LcpRejected,
            negotiate::Reason::Failed(failure) => return Reason::Lcp(failure),
            negotiate::Reason::PeerClosed => Reason::PeerClosed { error: self.peer_error },
            negotiate::Reason::NoAnswer => Reason::NoAnswer,
            negotiate::Reason::NotConverging => Reason::NotConverging,
        };
        // Who may not have the method that it wants gives up, without another word.
        self.lcp.protocol().refusal().map_or(given_up, Reason::Lcp)
    }

    /// The line goes down: why the link was ending before, if it was. A peer that has said goodbye need not wait.
    pub(super) fn note_ending(&mut self) {
        self.note_refusal();
        if let Some(reason) = self.lcp.ending() {
            let reason = self.reason_of_lcp(reason);
            self.end.get_or_insert(reason);
        }
    }

    /// The peer ends the link after it has refused our proof, or has offered no encryption that will do: that is why, also
    /// when it offered to hear another proof, or did not wait for our answer.
    fn note_refusal(&mut self) {
        if let Some(failure) = self.peer.refusal() {
            self.end.get_or_insert(Reason::Authentication(failure));
        }
        let is_undecided = self.phase == Phase::Network && !self.has_network && self.config.requires_encryption();
        if let Some(ccp) = self.ccp.as_ref().map(Negotiation::protocol).filter(|_| is_undecided) {
            let (allowed, offered) = (ccp.wishes(), ccp.offered());
            let strengths = allowed & MicrosoftCompression::STRENGTHS;
            if offered.is_some_and(|offered| !offered.intersects(strengths)) {
                self.end.get_or_insert(Reason::EncryptionRequired { allowed, offered });
            }
        }
    }

    fn lcp_up(&mut self) {
        let protocol = self.lcp.protocol();
        let (sending, receiving) = (*protocol.sending(), *protocol.receiving());
        let limit = usize::from(sending.mru);
        self.lcp.set_limit(limit);
        self.ccp.iter_mut().for_each(|ccp| ccp.set_limit(limit));
        self.ipcp.iter_mut().for_each(|ipcp| ipcp.set_limit(limit));
        self.ipv6cp.iter_mut().for_each(|ipv6cp| ipv6cp.set_limit(limit));
        self.identification_pending = !self.config.identification().is_empty();
        self.echo.start(self.now, self.config.keepalive.as_ref());
        self.set_phase(Phase::Authenticate);
        if let Some(method) = receiving.authentication {
            self.authenticator.start(self.now, method);
        }
        if let Some(method) = sending.authentication {
            self.peer.start(self.now, method);
        }
    }

    fn lcp_down(&mut self) {
        self.authenticator.stop();
        self.peer.stop();
        self.reset = Reset::default();
        self.echo.stop();
        let now = self.now;
        if self.ccp.as_mut().is_some_and(|ccp| shut(ccp, now)) {
            self.events.push(Event::CompressionDown);
        }
        if self.ipcp.as_mut().is_some_and(|ipcp| shut(ipcp, now)) {
            self.events.push(Event::IpDown);
        }
        if self.ipv6cp.as_mut().is_some_and(|ipv6cp| shut(ipv6cp, now)) {
            self.events.push(Event::Ipv6Down);
        }
        self.held.iter_mut().for_each(Buffer::clear);
        (self.echo_reply, self.protocol_reject, self.time_remaining) = (None, None, None);
        (self.identification_pending, self.peer_was_told) = (false, false);
        (self.has_network, self.was_encrypted) = (false, false);
        self.external_keys = MicrosoftCompression::NONE;
    }

    /// Whether something happened.
    fn settle_authentication(&mut self) -> bool {
        if !self.lcp.is_open() {
            return false;
        }
        let failed = match (self.authenticator.status(), self.peer.status()) {
            // The peer is told first.
            (Status::Failed(failure), _) if !self.authenticator.has_output() => Some(failure),
            (_, Status::Failed(failure)) => Some(failure),
            _ => None,
        };
        if let Some(failure) = failed {
            self.fail(Reason::Authentication(failure));
            return true;
        }
        let is_accepted = self.authenticator.status() == Status::Accepted;
        let is_new = is_accepted && !self.peer_was_told;
        self.peer_was_told = is_accepted;
        if is_new {
            self.events.push(Event::PeerAuthenticated);
        }
        let is_good = |status| matches!(status, Status::Accepted | Status::Idle);
        let is_done = is_good(self.authenticator.status()) && is_good(self.peer.status());
        // A link that ends for want of keys says Success first: the proof was good.
        let is_told = !self.authenticator.has_output() || self.has_keys_as_required();
        if self.phase == Phase::Authenticate && is_done && is_told {
            self.enter_network();
            return true;
        }
        is_new
    }

    fn enter_network(&mut self) {
        self.set_phase(Phase::Network);
        let keys = self.key_lengths();
        if let Some(ccp) = &mut self.ccp {
            ccp.protocol_mut().set_keys(keys);
            if ccp.protocol().check().is_err() {
                self.fail(self.no_keys());
                return;
            }
            ccp.open(self.now);
            ccp.up(self.now);
        }
        self.replay(Protocol::CCP);
        if !self.config.requires_encryption() {
            self.start_network();
        }
    }

    /// MS-CHAP leaves keys of every length, but version 1 none of 40 and 56 bits without a LAN Manager hash.
    fn key_lengths(&self) -> MicrosoftCompression {
        #[cfg(feature = "mschap")]
        match self.keys() {
            Some(crate::auth::Keys::MsChapV1 { lm_hash: None, .. }) => return MicrosoftCompression::MPPE_128,
            Some(_) => return MicrosoftCompression::STRENGTHS,
            None => {}
        }
        self.external_keys
    }

    fn has_keys_as_required(&self) -> bool {
        let is_enough = |ccp: ccp::Config| {
            ccp.encryption() != ccp::Encryption::Required || self.key_lengths().intersects(ccp.strengths())
        };
        self.config.ccp.is_none_or(is_enough)
    }

    const fn no_keys(&self) -> Reason {
        let method = match self.authenticator.method() {
            Some(method) => Some(method),
            None => self.peer.method(),
        };
        Reason::NoKeys { method }
    }

    fn start_network(&mut self) {
        self.has_network = true;
        if let Some(ipcp) = &mut self.ipcp {
            ipcp.open(self.now);
            ipcp.up(self.now);
        }
        if let Some(ipv6cp) = &mut self.ipv6cp {
            ipv6cp.open(self.now);
            ipv6cp.up(self.now);
        }
        self.replay(Protocol::IPCP);
        self.replay(Protocol::IPV6CP);
    }

    fn ccp_event(&mut self, event: negotiate::Event<ccp::Failure>) {
        let is_required = self.config.requires_encryption();
        match event {
            negotiate::Event::Up => {
                self.was_encrypted = true;
                self.events.push(Event::CompressionUp(self.compression().unwrap_or_default()));
                if !self.has_network {
                    self.start_network();
                }
            }
            negotiate::Event::Down => {
                self.reset.clear();
                self.events.push(Event::CompressionDown);
                let is_negotiating = self.ccp.as_ref().is_some_and(|ccp| {
                    matches!(ccp.state(), State::RequestSent | State::AckReceived | State::AckSent | State::Opened)
                });
                if is_required && !is_negotiating {
                    self.fail(Reason::EncryptionLost);
                }
            }
            negotiate::Event::Finished(reason) if is_required => {
                let protocol = self.ccp.as_ref().map(Negotiation::protocol);
                let allowed = protocol.map(ccp::Negotiator::wishes).unwrap_or_default();
                let offered = protocol.and_then(ccp::Negotiator::offered);
                let has_no_keys = reason == negotiate::Reason::Failed(ccp::Failure::NoKeys);
                self.fail(if has_no_keys {
                    self.no_keys()
                } else if self.was_encrypted {
                    Reason::EncryptionLost
                } else {
                    Reason::EncryptionRequired { allowed, offered }
                });
            }
            negotiate::Event::Started | negotiate::Event::Finished(_) => {}
        }
    }

    fn ipcp_event(&mut self, event: negotiate::Event<ipcp::Failure>) {
        match event {
            negotiate::Event::Started => {}
            negotiate::Event::Up => self.events.push(Event::IpUp(self.ip().unwrap_or_default())),
            negotiate::Event::Down => self.events.push(Event::IpDown),
            negotiate::Event::Finished(reason) => {
                self.events.push(Event::IpFailed(reason));
                self.network_ended();
            }
        }
    }

    fn ipv6cp_event(&mut self, event: negotiate::Event<core::convert::Infallible>) {
        match event {
            negotiate::Event::Started => {}
            negotiate::Event::Up => self.events.push(Event::Ipv6Up(self.ipv6().unwrap_or_default())),
            negotiate::Event::Down => self.events.push(Event::Ipv6Down),
            negotiate::Event::Finished(reason) => {
                self.events.push(Event::Ipv6Failed(reason));
                self.network_ended();
            }
        }
    }

    fn network_ended(&mut self) {
        let has_ended =
            |state: State| matches!(state, State::Stopped | State::Closed | State::Initial | State::Starting);
        let ipcp = self.ipcp.as_ref().map(|ipcp| has_ended(ipcp.state()));
        let ipv6cp = self.ipv6cp.as_ref().map(|ipv6cp| has_ended(ipv6cp.state()));
        let is_end = match self.config.network {
            NetworkPolicy::Keep => false,
            NetworkPolicy::EndWithLast => ipcp.unwrap_or(true) && ipv6cp.unwrap_or(true),
            NetworkPolicy::EndWithAny => true,
        };
        if is_end {
            self.fail(Reason::NoNetwork);
        }
    }
}

/// Takes a protocol back to its beginning. Whether it was up.
fn shut<P: ControlProtocol>(machine: &mut Negotiation<P>, now: Duration) -> bool {
    machine.down(now);
    machine.close(now);
    let mut was_up = false;
    while let Some(event) = machine.poll_event() {
        was_up |= event == negotiate::Event::Down;
    }
    was_up
}
