//! One call: its tunnel, the PPP link in it, and the encryption of what flows.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use mppe::{Direction, Side};
use ppp_fsm::auth::{Answer, AnswerError, Outcome, Ticket};
use ppp_fsm::ccp::MicrosoftCompression;
use ppp_fsm::link::{self, Link, Phase};
use ppp_fsm::{Protocol, ccp};
use pptp_gre::{CallIds, FrameBuffer, Slot, Tunnel};
use pptp_wire::connection::{CallId, CallParameters};

use super::cipher::{Receiver, Sender};
use super::keys::{self, ExternalKeys};
use super::{Config, Event, FlowAlarmPolicy, MAX_RECEIVE, Reason, Statistics, Status};

mod batch;
mod credentials;
mod receive;
mod send;

pub(crate) use batch::{Lent, Sealing};
pub(crate) use credentials::Credentials;

/// A frame that waits for an earlier one: memory is taken when it is needed, and kept.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Vec<u8>);

impl FrameBuffer for Waiting {
    fn store(&mut self, frame: &[u8]) -> bool {
        frame.len() <= MAX_RECEIVE && self.0.store(frame)
    }

    fn frame_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// One end of a call.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one step that was taken")]
pub(crate) struct Call {
    id: CallId,
    peer_id: u16,
    side: Side,
    config: Config,
    link: Link,
    tunnel: Tunnel<Vec<Slot<Waiting>>>,
    sender: Sender,
    receiver: Receiver,
    /// What the peer says of encrypted packets.
    complaints: Complaints,
    /// How many packets the tunnel had sent when an acknowledgment was asked for.
    asked_at: u64,
    /// What sender and receiver were made for. The link may be further, while its events wait.
    agreed: Option<ccp::Agreed>,
    /// Packets were encrypted with the keys of this authentication, and the encryption ended.
    has_spent_keys: bool,
    external_keys: Option<ExternalKeys>,
    credentials: Option<Credentials>,
    events: VecDeque<Event>,
    status: Status,
    /// When the status became what it is.
    changed_at: Duration,
    /// When the call was accepted, or since when the link negotiates again: the end of patience.
    setup_deadline: Option<Duration>,
    /// The first thing that ended the call.
    reason: Option<Reason>,
    /// How it ended on the control connection, when nothing else had ended it before.
    cleared_by: Option<Reason>,
    /// The link is at its end: the control connection has to end the call.
    is_finished: bool,
    /// The control connection was asked to end the call.
    is_clearing: bool,
    /// The control connection has ended the call.
    is_cleared: bool,
    /// The last event was given.
    is_over: bool,
    has_seen_data: bool,
    cleartext_dropped: u64,
    refused: u64,
}

/// What the peer says of encrypted packets. Some do so for each, others once a second at most (pppd).
#[derive(Debug, Clone, Copy, Default)]
struct Complaints {
    /// One followed upon the other since then.
    since: Duration,
    latest: Duration,
    /// How many packets had been encrypted when the latest came.
    sent: u64,
    number: u64,
}

impl Complaints {
    /// A peer whose CCP is not open yet complains until it has repeated its request, which takes 3 s or a few times that.
    const PATIENCE: Duration = Duration::from_secs(15);
    const LIMIT: u64 = 5;
    /// What is longer, and saw more packets, was a time in which the peer had nothing to complain of.
    const PAUSE: Duration = Duration::from_millis(3500);
    const PACKETS: u64 = 3;

    /// The peer could not decrypt one more of so many packets. Whether it has not been able to for too long.
    fn one_more(&mut self, now: Duration, sent: u64) -> bool {
        let is_quick = now.saturating_sub(self.latest) <= Self::PAUSE;
        let is_of_few = sent.saturating_sub(self.sent) <= Self::PACKETS;
        if self.number == 0 || !(is_quick || is_of_few) {
            (self.since, self.number) = (now, 0);
        }
        (self.latest, self.sent) = (now, sent);
        self.number = self.number.saturating_add(1);
        self.number >= Self::LIMIT && now.saturating_sub(self.since) >= Self::PATIENCE
    }
}

/// How many events wait at most; the link waits with its own then.
const MAX_EVENTS: usize = 16;

impl Call {
    /// A call that is up, and whose link begins to negotiate.
    pub(crate) fn new(
        now: Duration,
        ids: (CallId, u16),
        parameters: &CallParameters,
        side: Side,
        config: &Config,
        link: &link::Config,
        entropy: [u8; 32],
    ) -> Box<Self> {
        let (id, peer) = ids;
        let tenths = parameters.peer_delay.as_millis().checked_div(100).unwrap_or_default();
        let tunnel = pptp_gre::Config::new(CallIds { local: id.get(), peer })
            .with_receive_window(config.receive_window)
            .with_peer_receive_window(parameters.peer_window)
            .with_peer_packet_processing_delay(u16::try_from(tenths).unwrap_or(u16::MAX))
            .with_window_policy(config.window_policy)
            .with_acknowledgment_timeout(config.acknowledgment_timeout)
            .with_reorder_timeout(config.reorder_timeout)
            .with_late_frames(config.late_packets);
        let slots = (0..config.reorder_packets).map(|_| Slot::new(Waiting::default())).collect();
        let mut call = Box::new(Self {
            id,
            peer_id: peer,
            side,
            config: config.clone(),
            link: Link::new(link, entropy),
            tunnel: Tunnel::new(tunnel, slots),
            sender: Sender::default(),
            receiver: Receiver::default(),
            complaints: Complaints::default(),
            asked_at: 0,
            agreed: None,
            has_spent_keys: false,
            external_keys: None,
            credentials: None,
            events: VecDeque::with_capacity(MAX_EVENTS),
            status: Status::Dialing,
            changed_at: now,
            setup_deadline: now.checked_add(config.setup_timeout),
            reason: None,
            cleared_by: None,
            is_finished: false,
            is_clearing: false,
            is_cleared: false,
            is_over: false,
            has_seen_data: false,
            cleartext_dropped: 0,
            refused: 0,
        });
        call.link.open(now);
        call.link.up(now);
        call.settle(now);
        call
    }

    /// What this side proves itself with.
    pub(crate) fn set_credentials(&mut self, credentials: Credentials) {
        self.credentials = Some(credentials);
    }

    pub(crate) const fn id(&self) -> CallId {
        self.id
    }

    pub(crate) const fn peer_id(&self) -> u16 {
        self.peer_id
    }

    pub(crate) const fn link(&self) -> &Link {
        &self.link
    }

    pub(crate) const fn status(&self) -> Status {
        self.status
    }

    /// When the status became what it is.
    pub(crate) const fn changed_at(&self) -> Duration {
        self.changed_at
    }

    /// Whether a GRE packet has come.
    pub(crate) const fn has_seen_data(&self) -> bool {
        self.has_seen_data
    }

    /// Whether the control connection has to end the call.
    pub(crate) const fn wants_clearing(&self) -> bool {
        self.is_finished && !self.is_clearing && !self.is_cleared
    }

    pub(crate) const fn asked_for_clearing(&mut self) {
        self.is_clearing = true;
    }

    /// Whether nothing can come of it any more.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over && self.events.is_empty()
    }

    pub(crate) const fn is_cleared(&self) -> bool {
        self.is_cleared
    }

    pub(crate) const fn reason(&self) -> Option<Reason> {
        self.reason
    }

    pub(crate) const fn sender(&self) -> &Sender {
        &self.sender
    }

    pub(crate) const fn receiver(&self) -> &Receiver {
        &self.receiver
    }

    /// Hands out the link for a command, and takes what comes of it.
    pub(crate) fn with_link<T>(&mut self, now: Duration, command: impl FnOnce(&mut Link) -> T) -> T {
        let result = command(&mut self.link);
        self.settle(now);
        result
    }

    /// Somebody else found a proof good, and may have keys. Later proofs change no keys, and an answer that comes too late
    /// leaves all as it was.
    pub(crate) fn accept(
        &mut self,
        now: Duration,
        ticket: Ticket,
        message: &[u8],
        keys: Option<ExternalKeys>,
    ) -> Result<Outcome, AnswerError> {
        let is_first = self.external_keys.is_none();
        if is_first {
            self.external_keys = keys;
            self.tell_strengths();
        }
        let result = self.link.answer(now, ticket, &Answer::Accept(message));
        if is_first && result.is_err() {
            self.external_keys = None;
            self.tell_strengths();
        }
        self.settle(now);
        result
    }

    fn tell_strengths(&mut self) {
        let strengths = self.external_keys.as_ref().map_or(MicrosoftCompression::NONE, ExternalKeys::strengths);
        self.link.set_external_keys(strengths);
    }

    /// RFC 2759 section 7: the server wants a new password.
    pub(crate) fn change_password(&mut self, now: Duration, new: &str) -> Result<(), AnswerError> {
        let Self { credentials: Some(credentials), link, .. } = self else {
            return Err(AnswerError::NotAsked);
        };
        let result = credentials.change(now, link, new);
        self.settle(now);
        result
    }

    /// Ends the call for a reason of this side.
    pub(crate) fn close(&mut self, now: Duration, reason: Reason) {
        self.close_link(now, reason);
        self.settle(now);
        // A link that never began has nothing to say.
        if self.link.phase() == Phase::Dead {
            self.is_finished = true;
        }
    }

    fn close_link(&mut self, now: Duration, reason: Reason) {
        match self.reason.get_or_insert(reason).windows_error() {
            Some(error) => self.link.close_with_error(now, error),
            None => self.link.close(now),
        }
    }

    /// The control connection has ended the call.
    pub(crate) fn cleared(&mut self, now: Duration, reason: Reason) {
        self.is_cleared = true;
        self.cleared_by = Some(reason);
        self.link.down(now);
        self.settle(now);
    }

    /// The call is up, and no GRE packet came for so long.
    pub(crate) fn no_data(&mut self, elapsed: Duration) {
        self.tell(Event::NoData { elapsed });
    }

    pub(crate) fn poll_event(&mut self, now: Duration) -> Option<Event> {
        let event = self.events.pop_front();
        self.settle(now);
        event.or_else(|| self.events.pop_front())
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        let timers = [self.link.poll_timeout(), self.tunnel.poll_timeout(), self.setup_deadline];
        if self.is_cleared { None } else { timers.into_iter().flatten().min() }
    }

    pub(crate) fn handle_timeout(&mut self, now: Duration) {
        if self.is_cleared {
            return;
        }
        self.link.handle_timeout(now);
        let time_outs = self.tunnel.time_outs();
        self.tunnel.handle_timeout(now);
        if self.tunnel.time_outs() != time_outs {
            self.ask_for_acknowledgment(now);
        }
        if self.setup_deadline.is_some_and(|deadline| deadline <= now) {
            self.setup_deadline = None;
            self.close(now, if self.has_seen_data { Reason::SetupTimeout } else { Reason::GreBlocked });
        }
        if self.receiver.wants_reset(now) {
            self.link.request_reset(now);
        }
        self.settle(now);
    }

    /// An acknowledgment did not come in time: the answer to an Echo-Request carries one. Not when the request itself is all
    /// that was sent since the last one: a peer that is gone is the keepalive's concern.
    fn ask_for_acknowledgment(&mut self, now: Duration) {
        let sent = self.tunnel.packets_sent();
        if self.config.echo_for_acknowledgment && sent > self.asked_at.saturating_add(1) {
            self.asked_at = sent;
            self.link.ping(now);
        }
    }

    pub(crate) fn statistics(&self) -> Statistics {
        let mppe = match (self.sender.statistics(), self.receiver.statistics()) {
            (None, None) => None,
            (sent, received) => {
                Some(mppe::Statistics { sent: sent.unwrap_or_default(), received: received.unwrap_or_default() })
            }
        };
        Statistics {
            tunnel: self.tunnel.statistics(),
            mppe,
            echo: *self.link.echo_statistics(),
            cleartext_dropped: self.cleartext_dropped,
            refused: self.refused,
        }
    }

    fn tell(&mut self, event: Event) {
        if self.events.len() < MAX_EVENTS {
            self.events.push_back(event);
        }
    }

    fn set_status(&mut self, now: Duration, status: Status) {
        if self.status != status {
            self.status = status;
            self.changed_at = now;
            self.tell(Event::Status(status));
        }
    }

    /// Takes what the machines tell, as long as there is room to tell it on: two events come of one at most.
    fn settle(&mut self, now: Duration) {
        if !self.link.has_event() && !self.tunnel.has_event() && !self.is_cleared {
            return;
        }
        while self.events.len().saturating_add(2) <= MAX_EVENTS {
            if let Some(event) = self.link.poll_event() {
                self.link_event(now, event);
            } else if let Some(event) = self.tunnel.poll_event() {
                self.tunnel_event(now, event);
            } else {
                break;
            }
        }
        // With room left, nothing waits that was before the end.
        let is_settled = self.events.len().saturating_add(2) <= MAX_EVENTS;
        if self.is_cleared && !self.is_over && is_settled && self.link.phase() == Phase::Dead {
            self.is_over = true;
            self.status = Status::Terminated;
            self.changed_at = now;
            self.tell(Event::Closed(self.reason.or(self.cleared_by).unwrap_or(Reason::Closed)));
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what else there is means nothing here")]
    fn tunnel_event(&mut self, now: Duration, event: pptp_gre::Event) {
        match event {
            pptp_gre::Event::Writable => self.tell(Event::Writable),
            pptp_gre::Event::FlowControlAlarmRaised => {
                self.tell(Event::FlowAlarm { is_raised: true });
                if self.config.flow_alarm == FlowAlarmPolicy::HangUp {
                    self.close_link(now, Reason::FlowAlarm);
                }
            }
            pptp_gre::Event::FlowControlAlarmCleared => self.tell(Event::FlowAlarm { is_raised: false }),
            _ => {}
        }
    }

    fn link_event(&mut self, now: Duration, event: link::Event) {
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
            link::Event::ResetRequested => {
                self.sender.handle_reset_request();
                // Without state there is nothing to reset: the peer has failed to decrypt.
                let is_stateless = |agreed: ccp::Agreed| agreed.send.contains(MicrosoftCompression::STATELESS);
                if self.agreed.is_some_and(is_stateless) {
                    self.complain(now);
                }
            }
            link::Event::CompressedRejected => self.complain(now),
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
            link::Event::Closed(reason) => {
                let reason = match (reason, self.cleared_by) {
                    // The link knows no reason of its own.
                    (link::Reason::LowerLayerDown, Some(reason)) => reason,
                    (link::Reason::NoAnswer, _) if !self.has_seen_data => Reason::GreBlocked,
                    (reason, _) => Reason::Link(reason),
                };
                self.reason.get_or_insert(reason);
                self.setup_deadline = None;
                self.is_finished = true;
            }
            _ => {}
        }
    }

    fn phase(&mut self, now: Duration, phase: Phase) {
        match phase {
            Phase::Establish => {
                // Again, when a link that was up negotiates anew.
                let deadline = now.checked_add(self.config.setup_timeout);
                self.setup_deadline = self.setup_deadline.or(deadline);
            }
            Phase::Authenticate => {
                // What comes of it is new.
                (self.has_spent_keys, self.external_keys) = (false, None);
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

    /// This side has to prove itself: with what it was given, or its user has to know more.
    fn demand(&mut self, now: Duration, demand: ppp_fsm::auth::Demand) {
        match (&mut self.credentials, demand) {
            (Some(credentials), ppp_fsm::auth::Demand::NewPassword(ticket)) => {
                credentials.expired(ticket);
                self.tell(Event::PasswordExpired);
            }
            (Some(credentials), ppp_fsm::auth::Demand::Proof { ticket, is_retry: false, .. }) => {
                // What cannot be proved ends with the patience of both sides.
                let _ = credentials.prove(now, &mut self.link, ticket);
            }
            _ => self.tell(Event::Prove(demand)),
        }
    }

    fn encryption_ended(&mut self) {
        let sent = self.sender.statistics().is_some_and(|sent| sent.packets_encrypted > 0);
        let received = self.receiver.statistics().is_some_and(|received| received.packets_decrypted > 0);
        self.has_spent_keys |= sent || received;
        (self.sender, self.receiver, self.agreed) = (Sender::Clear, Receiver::Clear, None);
    }

    /// The peer could not decrypt a packet. A session that is deaf for good is ended.
    fn complain(&mut self, now: Duration) {
        let sent = self.sender.statistics().map(|sent| sent.packets_encrypted);
        if sent.is_some_and(|sent| self.complaints.one_more(now, sent)) {
            self.close(now, Reason::NotDecrypted);
        }
    }

    fn encryption_up(&mut self, now: Duration, agreed: ccp::Agreed) {
        self.encryption_ended();
        self.complaints = Complaints::default();
        // The same keys would make the same key streams, for other packets: who has both sees both. CCP is not protected, so
        // that anybody on the path can begin it again.
        if self.has_spent_keys && self.config.encryption == ccp::Encryption::Required {
            return self.close(now, Reason::Link(link::Reason::EncryptionLost));
        }
        let key = |bits: MicrosoftCompression, direction: Direction| {
            let strength = keys::strength(bits);
            let key = strength.and_then(|strength| {
                keys::start_key(self.link.keys(), self.external_keys.as_ref(), strength, self.side, direction)
            });
            (strength.is_some() == key.is_some()).then_some(key)
        };
        let (send, receive) = (key(agreed.send, Direction::Send), key(agreed.receive, Direction::Receive));
        let (Some(send), Some(receive)) = (send, receive) else {
            // CCP agrees on nothing that there are no keys for.
            return self.close(now, Reason::Link(link::Reason::NoKeys { method: None }));
        };
        let longest = self.config.mtu().max(self.link.lcp().sending().mru);
        self.sender = Sender::new(agreed.send, send.as_ref(), &self.config, longest);
        self.receiver = Receiver::new(agreed.receive, receive.as_ref(), &self.config);
        self.agreed = Some(agreed);
        self.tell(Event::EncryptionUp(agreed));
    }

    /// The longest IP packet that may be sent now.
    pub(crate) fn mtu(&self) -> u16 {
        let peer = self.link.lcp().sending().mru;
        // The header of encryption or compression (2), and the protocol within (2).
        let room = if self.sender.is_clear() { peer } else { peer.saturating_sub(4) };
        room.min(self.config.mtu())
    }

    /// Whether packets of this protocol may flow.
    pub(crate) fn may_send(&self, protocol: Protocol) -> bool {
        self.is_current() && self.link.may_send(protocol)
    }

    /// Whether sender and receiver do what the link has agreed on. They do not while its events wait for room: a packet
    /// would be sent in the clear then.
    fn is_current(&self) -> bool {
        self.link.compression() == self.agreed
    }
}
