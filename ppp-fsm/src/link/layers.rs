//! The events of one layer, and their meaning for the others.

use core::time::Duration;

use super::machine::Link;
use super::stage::{Network, Stage};
use super::{Event, NetworkPolicy, Phase, Reason};
use crate::auth::Status;
use crate::automaton::State;
use crate::buffer::Buffer;
use crate::ccp::{self, MicrosoftCompression, Reset};
use crate::negotiate::{self, ControlProtocol, Negotiation};
use crate::{Protocol, Words, ipcp, lcp};

impl Link {
    /// Lets every layer know what happened in the others, until nothing does.
    pub(super) fn settle(&mut self, now: Duration) {
        loop {
            if let Some(event) = self.lcp.poll_event() {
                self.lcp_event(now, event);
            } else if let Some(question) = self.authenticator.poll_question() {
                self.events.push(Event::Authenticate(question));
            } else if let Some(demand) = self.peer.poll_demand() {
                self.events.push(Event::Prove(demand));
            } else if let Some(event) = self.ccp.as_mut().and_then(Negotiation::poll_event) {
                self.ccp_event(now, event);
            } else if let Some(event) = self.ipcp.as_mut().and_then(Negotiation::poll_event) {
                self.ipcp_event(now, event);
            } else if let Some(event) = self.ipv6cp.as_mut().and_then(Negotiation::poll_event) {
                self.ipv6cp_event(now, event);
            } else if !self.settle_authentication(now) && !self.settle_lcp(now) {
                return;
            }
        }
    }

    /// Goes to another place. The phase is an event when it is another one.
    fn go(&mut self, stage: Stage) {
        let before = self.phase();
        self.stage = stage;
        if self.phase() != before {
            self.events.push(Event::Phase(self.phase()));
        }
    }

    /// Begins, since the lower layer is up.
    pub(super) fn up_and_begin(&mut self, now: Duration) {
        let before = self.lcp.state();
        self.lcp.up(now);
        self.wait_for_peer(before);
    }

    /// Keeps a link alive that waits for the peer to begin.
    pub(super) fn wait_for_peer(&mut self, before: State) {
        if self.phase() == Phase::Dead && before != State::Stopped && self.lcp.state() == State::Stopped {
            self.go(Stage::Establish { end: None });
        }
    }

    /// Ends the link; the first reason is the one that is reported. `error` is a number for the peer.
    pub(super) fn end(&mut self, now: Duration, reason: Reason, error: Option<u32>) {
        let reason = match &mut self.stage {
            Stage::Establish { end } | Stage::Terminate { end } => *end.get_or_insert(reason),
            Stage::Authenticate | Stage::Network(_) => {
                self.lcp_down(now);
                self.go(Stage::Terminate { end: Some(reason) });
                reason
            }
            Stage::Dead => reason,
        };
        self.terminate(now, reason.windows_error().or(error));
        // A side that waited for the peer to begin has nothing to end.
        if self.phase() == Phase::Establish && self.lcp.state() == State::Closed {
            self.finish(reason);
        }
    }

    /// Ends LCP, with an error number for the peer.
    fn terminate(&mut self, now: Duration, error: Option<u32>) {
        // Windows reads the number out of the Terminate-Request.
        if let Some(error) = error.filter(|_| self.config.microsoft_termination) {
            let magic_number = self.lcp.protocol().receiving().magic_number;
            self.lcp.set_terminate_data(&lcp::MicrosoftTermination { magic_number, error }.to_bytes());
        } else {
            self.lcp.set_terminate_data(&[]);
        }
        self.lcp.close(now);
    }

    /// Finishes the link.
    pub(super) fn finish(&mut self, reason: Reason) {
        self.go(Stage::Dead);
        self.events.push(Event::Closed(reason));
    }

    fn lcp_event(&mut self, now: Duration, event: negotiate::Event<lcp::Failure>) {
        match event {
            negotiate::Event::Started => {}
            negotiate::Event::Up => self.lcp_up(now),
            negotiate::Event::Down => self.lcp_went_down(now),
            negotiate::Event::Finished(reason) => {
                let reason = self.stage.end().unwrap_or_else(|| self.reason_of_lcp(reason));
                self.finish(reason);
            }
        }
    }

    fn lcp_went_down(&mut self, now: Duration) {
        if !matches!(self.stage, Stage::Authenticate | Stage::Network(_)) {
            // This side has ended the link, or the lower layer went down: that was seen to at once.
            return;
        }
        // RFC 1661 section 4.1: a Configure-Request in the state Opened takes LCP down as well, and
        // the link begins again.
        let is_closing = matches!(self.lcp.state(), State::Closing | State::Stopping | State::Closed | State::Stopped);
        let refusal = if is_closing { self.refusal() } else { None };
        self.lcp_down(now);
        self.go(if is_closing { Stage::Terminate { end: refusal } } else { Stage::Establish { end: None } });
    }

    /// Applies the decisions of LCP that have no event. Returns whether something happened.
    fn settle_lcp(&mut self, now: Duration) -> bool {
        let is_negotiating = matches!(self.lcp.state(), State::RequestSent | State::AckReceived | State::AckSent);
        match (self.stage, self.lcp.ending()) {
            // LCP has given up of itself: the peer learns why.
            (
                Stage::Establish { end: None } | Stage::Terminate { end: None },
                Some(reason @ (negotiate::Reason::Failed(_) | negotiate::Reason::NotConverging)),
            ) => {
                let reason = self.reason_of_lcp(reason);
                self.end(now, reason, None);
                true
            }
            (Stage::Dead, _) if is_negotiating => {
                self.go(Stage::Establish { end: None });
                true
            }
            _ => false,
        }
    }

    /// Returns what an end of LCP means for the link.
    pub(super) fn reason_of_lcp(&self, reason: negotiate::Reason<lcp::Failure>) -> Reason {
        let given_up = match reason {
            negotiate::Reason::Closed => return Reason::Closed,
            negotiate::Reason::Rejected => return Reason::LcpRejected,
            negotiate::Reason::Failed(failure) => return Reason::Lcp(failure),
            negotiate::Reason::PeerClosed => Reason::of_farewell(self.peer_farewell.as_bytes()),
            negotiate::Reason::NoAnswer => Reason::NoAnswer,
            negotiate::Reason::NotConverging => Reason::NotConverging,
        };
        // A side that may not have the method that it wants gives up, without another word.
        self.lcp.protocol().refusal().map_or(given_up, Reason::Lcp)
    }

    /// Returns why the link was ending before the line went down, if it was. A peer that has said
    /// goodbye need not wait.
    pub(super) fn reason_of_end(&self) -> Option<Reason> {
        let of_lcp = || self.lcp.ending().map(|reason| self.reason_of_lcp(reason));
        self.stage.end().or_else(|| self.refusal()).or_else(of_lcp)
    }

    /// Returns the refusal or the lack of encryption after which the peer ends the link: that is
    /// the cause, also when the peer did not wait for our answer.
    fn refusal(&self) -> Option<Reason> {
        if let Some(failure) = self.refused_proof() {
            return Some(Reason::Authentication(failure));
        }
        let is_undecided = matches!(self.stage, Stage::Network(Network::Held)) && self.config.requires_encryption();
        let ccp = self.ccp.as_ref().map(Negotiation::protocol).filter(|_| is_undecided)?;
        let (allowed, offered) = (ccp.wishes(), ccp.offered());
        let strengths = allowed & MicrosoftCompression::STRENGTHS;
        let is_unsuitable = offered.is_some_and(|offered| !offered.intersects(strengths));
        is_unsuitable.then_some(Reason::EncryptionRequired { allowed, offered })
    }

    fn lcp_up(&mut self, now: Duration) {
        let protocol = self.lcp.protocol();
        let (sending, receiving) = (*protocol.sending(), *protocol.receiving());
        // Packets of the upper layers must fit the peer's unit as well (RFC 1661 section 6.1).
        let limit = usize::from(sending.mru);
        self.lcp.set_limit(limit);
        self.ccp.iter_mut().for_each(|ccp| ccp.set_limit(limit));
        self.ipcp.iter_mut().for_each(|ipcp| ipcp.set_limit(limit));
        self.ipv6cp.iter_mut().for_each(|ipv6cp| ipv6cp.set_limit(limit));
        self.outbox.identification = !self.config.identification.as_bytes().is_empty();
        self.echo.start(now, self.config.keepalive.as_ref());
        self.go(Stage::Authenticate);
        if let Some(method) = receiving.authentication {
            self.authenticator.start(now, self.config.lcp.peer_authentication().alike(method));
        }
        if let Some(method) = sending.authentication {
            self.peer.start(now, self.config.lcp.own_authentication().alike(method));
        }
    }

    /// Takes everything above LCP back to its beginning.
    pub(super) fn lcp_down(&mut self, now: Duration) {
        self.authenticator.stop();
        self.peer.stop();
        self.reset = Reset::default();
        self.ccp_answer_after = None;
        self.echo.stop();
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
        self.outbox = super::outbox::Outbox::default();
        self.external_keys = MicrosoftCompression::NONE;
    }

    /// Returns whether something happened.
    fn settle_authentication(&mut self, now: Duration) -> bool {
        if !self.lcp.is_open() {
            return false;
        }
        let failed = match (self.authenticator.status(), self.peer.status()) {
            // The peer gets the reason first.
            (Status::Failed(failure), _) if !self.authenticator.has_output() => Some(failure),
            (_, Status::Failed(failure)) => Some(failure),
            _ => None,
        };
        if let Some(failure) = failed {
            self.end(now, Reason::Authentication(failure), None);
            return true;
        }
        if self.authenticator.poll_accepted() {
            self.events.push(Event::PeerAuthenticated);
            return true;
        }
        let is_good = |status| matches!(status, Status::Accepted | Status::Idle);
        let is_done = is_good(self.authenticator.status()) && is_good(self.peer.status());
        // A link that ends for want of keys says Success first: the proof was good.
        let is_told = !self.authenticator.has_output() || self.has_keys_as_required();
        if matches!(self.stage, Stage::Authenticate) && is_done && is_told {
            self.enter_network(now);
            return true;
        }
        false
    }

    fn enter_network(&mut self, now: Duration) {
        self.go(Stage::Network(Network::Held));
        let keys = self.key_lengths();
        if let Some(ccp) = &mut self.ccp {
            ccp.protocol_mut().set_keys(keys);
            if ccp.protocol().check().is_err() {
                self.end(now, self.no_keys(), None);
                return;
            }
            ccp.open(now);
            ccp.up(now);
        }
        // A peer that was ready earlier has asked already: accel-ppp and others discard early
        // requests, and so lose 3 s.
        self.replay(now, Protocol::CCP);
        // RFC 3078 section 9: "Peers MUST NOT transmit user data until the MPPE negotiation is
        // complete".
        if !self.config.requires_encryption() {
            self.start_network(now);
        }
    }

    /// Returns the lengths of keys that the authentication leaves: every length, but none of 40 and
    /// 56 bits after version 1 without a LAN Manager hash.
    fn key_lengths(&self) -> MicrosoftCompression {
        #[cfg(feature = "mschap")]
        match self.keys() {
            // RFC 3079 sections 2.1 and 2.2: keys of 40 and 56 bits need the LAN Manager hash.
            Some(crate::auth::Keys::MsChapV1 { lm_hash: None, .. }) => return MicrosoftCompression::MPPE_128,
            Some(_) => return MicrosoftCompression::STRENGTHS,
            None => {}
        }
        self.external_keys
    }

    fn has_keys_as_required(&self) -> bool {
        let is_enough = |ccp: &ccp::Config| {
            ccp.encryption() != ccp::Encryption::Required || self.key_lengths().intersects(ccp.strengths())
        };
        self.config.ccp.as_ref().is_none_or(is_enough)
    }

    const fn no_keys(&self) -> Reason {
        let method = match self.authenticator.method() {
            Some(method) => Some(method),
            None => self.peer.method(),
        };
        Reason::NoKeys { method }
    }

    fn start_network(&mut self, now: Duration) {
        self.go(Stage::Network(Network::Started { is_refused: false }));
        if let Some(ipcp) = &mut self.ipcp {
            ipcp.open(now);
            ipcp.up(now);
        }
        if let Some(ipv6cp) = &mut self.ipv6cp {
            ipv6cp.open(now);
            ipv6cp.up(now);
        }
        self.replay(now, Protocol::IPCP);
        self.replay(now, Protocol::IPV6CP);
    }

    /// Begins the network protocols, or repeats their requests, since CCP is open. A peer that
    /// requires encryption has answered what came before as if they were closed, and is asked again
    /// now.
    fn start_or_repeat_network(&mut self, now: Duration) {
        match self.stage {
            Stage::Network(Network::Held) => self.start_network(now),
            // A peer that requires MPPE answers early requests with Terminate-Ack (RFC 1661, state
            // Closed), and waits for another one.
            Stage::Network(Network::Started { is_refused: true }) => {
                self.stage = Stage::Network(Network::Started { is_refused: false });
                self.ipcp.iter_mut().for_each(|ipcp| ipcp.repeat_request(now));
                self.ipv6cp.iter_mut().for_each(|ipv6cp| ipv6cp.repeat_request(now));
            }
            Stage::Network(Network::Started { .. })
            | Stage::Dead
            | Stage::Establish { .. }
            | Stage::Authenticate
            | Stage::Terminate { .. } => {}
        }
    }

    fn ccp_event(&mut self, now: Duration, event: negotiate::Event<ccp::Failure>) {
        match event {
            negotiate::Event::Started => {}
            negotiate::Event::Up => {
                // It may be down again, when both came in one packet: then there is nothing to report.
                if let Some(agreed) = self.compression() {
                    self.events.push(Event::CompressionUp(agreed));
                }
                self.start_or_repeat_network(now);
            }
            negotiate::Event::Down => {
                self.reset.clear();
                self.events.push(Event::CompressionDown);
                let is_negotiating = self.ccp.as_ref().is_some_and(|ccp| {
                    matches!(ccp.state(), State::RequestSent | State::AckReceived | State::AckSent | State::Opened)
                });
                // CCP may negotiate again without an end; only its end is a loss.
                if self.config.requires_encryption() && !is_negotiating {
                    self.end(now, Reason::EncryptionLost, None);
                }
            }
            negotiate::Event::Finished(reason) => self.ccp_finished(now, reason),
        }
    }

    fn ccp_finished(&mut self, now: Duration, reason: negotiate::Reason<ccp::Failure>) {
        if !self.config.requires_encryption() {
            return;
        }
        let Some(ccp) = self.ccp.as_ref().map(Negotiation::protocol) else { return };
        let (allowed, offered) = (ccp.wishes(), ccp.offered());
        let has_no_keys = reason == negotiate::Reason::Failed(ccp::Failure::NoKeys);
        let reason = if has_no_keys {
            self.no_keys()
        } else if matches!(self.stage, Stage::Network(Network::Started { .. })) {
            // Where encryption is required, the network protocols have begun with it.
            Reason::EncryptionLost
        } else if reason == negotiate::Reason::NoAnswer && offered.is_none() {
            Reason::EncryptionUnanswered
        } else {
            Reason::EncryptionRequired { allowed, offered }
        };
        self.end(now, reason, None);
    }

    fn ipcp_event(&mut self, now: Duration, event: negotiate::Event<ipcp::Failure>) {
        match event {
            negotiate::Event::Started => {}
            negotiate::Event::Up => {
                if let Some(agreed) = self.ip() {
                    self.events.push(Event::IpUp(agreed));
                }
            }
            negotiate::Event::Down => self.events.push(Event::IpDown),
            negotiate::Event::Finished(reason) => {
                self.events.push(Event::IpFailed(reason));
                let reason = if reason == negotiate::Reason::PeerClosed {
                    Reason::IpClosed { words: Words::new(self.peer_farewell.as_bytes()) }
                } else {
                    Reason::NoIp(reason)
                };
                self.network_ended(now, reason);
            }
        }
    }

    fn ipv6cp_event(&mut self, now: Duration, event: negotiate::Event<core::convert::Infallible>) {
        match event {
            negotiate::Event::Started => {}
            negotiate::Event::Up => {
                if let Some(agreed) = self.ipv6() {
                    self.events.push(Event::Ipv6Up(agreed));
                }
            }
            negotiate::Event::Down => self.events.push(Event::Ipv6Down),
            negotiate::Event::Finished(reason) => {
                self.events.push(Event::Ipv6Failed(reason));
                self.network_ended(now, Reason::NoNetwork);
            }
        }
    }

    fn network_ended(&mut self, now: Duration, reason: Reason) {
        let has_ended =
            |state: State| matches!(state, State::Stopped | State::Closed | State::Initial | State::Starting);
        let ipcp = self.ipcp.as_ref().is_none_or(|ipcp| has_ended(ipcp.state()));
        let ipv6cp = self.ipv6cp.as_ref().is_none_or(|ipv6cp| has_ended(ipv6cp.state()));
        let is_end = match self.config.network {
            // One network protocol that ends is no reason to end the link: accel-ppp's users lost
            // sessions to IPV6CP.
            NetworkPolicy::Keep => false,
            NetworkPolicy::EndWithLast => ipcp && ipv6cp,
            NetworkPolicy::EndWithAny => true,
        };
        if is_end {
            self.end(now, reason, None);
        }
    }
}

/// Takes a protocol back to its beginning. Whether it was up.
fn shut<P: ControlProtocol>(machine: &mut Negotiation<P>, now: Duration) -> bool {
    // Down before close, so that no Terminate-Request is sent on a dead link.
    machine.down(now);
    machine.close(now);
    let mut was_up = false;
    while let Some(event) = machine.poll_event() {
        was_up |= event == negotiate::Event::Down;
    }
    was_up
}
