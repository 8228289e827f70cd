//! The phases, and what one layer means for the others.

use core::time::Duration;

use super::echo::Echo;
use super::event::Queue;
use super::{Config, EchoStatistics, Event, Phase, Reason};
use crate::auth::{self, Answer, AnswerError, Authenticator, Outcome, Peer, Presented, Secret, Ticket};
use crate::automaton::State;
use crate::buffer::Buffer;
use crate::ccp::{self, MicrosoftCompression, Reset};
use crate::negotiate::{Negotiation, Opening};
use crate::random::Random;
use crate::{Frame, Protocol, Text, ipcp, ipv6cp, lcp};

/// The most octets of an Echo-Reply's data and of a Protocol-Reject's information that are sent.
pub(super) const REPEATED: usize = 512;

/// RFC 1661 section 3: one end of a link.
///
/// It is driven by [`up`](Self::up), [`open`](Self::open), [`handle_frame`](Self::handle_frame) and
/// [`handle_timeout`](Self::handle_timeout); after each of them [`poll_transmit`](Self::poll_transmit) gives frames until
/// there are none, [`poll_event`](Self::poll_event) events, and [`poll_timeout`](Self::poll_timeout) the next deadline.
/// Any order of calls is legal. It does not allocate, and takes about 14 KiB. What it repeats of a peer's Echo-Request or
/// rejected packet is 512 octets at most.
///
/// It ends by itself when the peer does not answer, or refuses without an end. A peer that answers all and asks for nothing,
/// or begins anew again and again, is ended by a deadline of its user's: [`close`](Self::close).
///
/// The example of this crate's first page has two of them in conversation.
///
/// ```
/// use core::time::Duration;
/// use ppp_fsm::link::{Config, Event, Link, Phase};
///
/// let mut link = Link::new(&Config::default(), [7; 32]); // unpredictable octets
/// let now = Duration::ZERO;
/// link.open(now);
/// link.up(now);
/// assert_eq!(link.poll_event(), Some(Event::Phase(Phase::Establish)));
///
/// // Its Configure-Request goes out, and again after three seconds.
/// let mut buf = [0; Link::MAX_TRANSMIT];
/// let frame = link.poll_transmit(now, &mut buf)?.unwrap().to_vec();
/// assert_eq!(frame[..5], [0xff, 0x03, 0xc0, 0x21, 1]);
/// let later = link.poll_timeout().unwrap();
/// assert_eq!(later, Duration::from_secs(3));
/// link.handle_timeout(later);
/// assert_eq!(link.poll_transmit(later, &mut buf)?, Some(&frame[..]));
/// # Ok::<(), ppp_fsm::BufferTooSmall>(())
/// ```
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is set and cleared by another layer")]
pub struct Link {
    pub(super) config: Config,
    pub(super) now: Duration,
    pub(super) phase: Phase,
    pub(super) lcp: Negotiation<lcp::Negotiator>,
    pub(super) authenticator: Authenticator,
    pub(super) peer: Peer,
    pub(super) ccp: Option<Negotiation<ccp::Negotiator>>,
    pub(super) reset: Reset,
    pub(super) ipcp: Option<Negotiation<ipcp::Negotiator>>,
    pub(super) ipv6cp: Option<Negotiation<ipv6cp::Negotiator>>,
    /// Whether IPCP and IPV6CP were started: not before encryption that is required.
    pub(super) has_network: bool,
    pub(super) was_encrypted: bool,
    /// Early Configure-Requests of CCP, IPCP and IPV6CP, the latest of each.
    pub(super) held: [Buffer<{ Self::HELD }>; 3],
    pub(super) echo: Echo,
    pub(super) echo_reply: Option<u8>,
    pub(super) echo_data: Buffer<REPEATED>,
    pub(super) protocol_reject: Option<Protocol>,
    pub(super) rejected: Buffer<REPEATED>,
    pub(super) identification_pending: bool,
    pub(super) time_remaining: Option<u32>,
    pub(super) peer_identification: Buffer<64>,
    pub(super) peer_farewell: Buffer<64>,
    pub(super) peer_error: Option<u32>,
    pub(super) external_keys: MicrosoftCompression,
    pub(super) peer_was_told: bool,
    pub(super) events: Queue,
    pub(super) closed: Option<Reason>,
    pub(super) end: Option<Reason>,
}

impl Link {
    /// The most octets that [`poll_transmit`](Self::poll_transmit) needs: header (4), the longest packet (1118).
    pub const MAX_TRANSMIT: usize = Frame::MAX_HEADER_LEN.saturating_add(auth::MAX_PACKET_LEN);

    /// The longest early request that is kept: header (4), options (512).
    pub(super) const HELD: usize = 516;

    /// A link that is dead. `entropy` must be unpredictable: challenges and magic numbers come from it.
    #[must_use]
    pub fn new(config: &Config, entropy: [u8; 32]) -> Self {
        let mut random = Random::new(entropy);
        let link_timers = &config.link_timers;
        let timers = &config.network_timers;
        Self {
            config: *config,
            now: Duration::ZERO,
            phase: Phase::Dead,
            lcp: Negotiation::new(lcp::Negotiator::new(&config.lcp, random.entropy()), link_timers),
            authenticator: Authenticator::new(&config.authentication, random.entropy()),
            peer: Peer::new(&config.authentication, random.entropy()),
            ccp: config.ccp.map(|ccp| {
                // Who wants nothing lets the peer begin, and says no; who is passive says yes. Who needs it does not wait.
                let opening = match (ccp.is_wanted(), ccp.encryption()) {
                    (false, _) => Opening::Silent,
                    (true, ccp::Encryption::Required) if timers.opening == Opening::Silent => Opening::Active,
                    (true, _) => timers.opening,
                };
                Negotiation::new(ccp::Negotiator::new(&ccp), &timers.with_opening(opening))
            }),
            reset: Reset::default(),
            ipcp: config.ipcp.map(|ipcp| Negotiation::new(ipcp::Negotiator::new(&ipcp), timers)),
            ipv6cp: config
                .ipv6cp
                .map(|ipv6cp| Negotiation::new(ipv6cp::Negotiator::new(&ipv6cp, random.entropy()), timers)),
            has_network: false,
            was_encrypted: false,
            held: Default::default(),
            echo: Echo::default(),
            echo_reply: None,
            echo_data: Buffer::default(),
            protocol_reject: None,
            rejected: Buffer::default(),
            identification_pending: false,
            time_remaining: None,
            peer_identification: Buffer::default(),
            peer_farewell: Buffer::default(),
            peer_error: None,
            external_keys: MicrosoftCompression::NONE,
            peer_was_told: false,
            events: Queue::default(),
            closed: None,
            end: None,
        }
    }

    /// The phase.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Why the link is about to end, while one side waits for the other: for its consent, or for another beginning.
    #[must_use]
    pub fn ending(&self) -> Option<Reason> {
        self.lcp.ending().map(|reason| self.end.unwrap_or(self.reason_of_lcp(reason)))
    }

    /// LCP: what was agreed for each direction.
    #[must_use]
    pub const fn lcp(&self) -> &lcp::Negotiator {
        self.lcp.protocol()
    }

    /// What CCP agreed on, while it is open.
    #[must_use]
    pub fn compression(&self) -> Option<ccp::Agreed> {
        self.ccp.as_ref().filter(|ccp| ccp.is_open()).map(|ccp| *ccp.protocol().agreed())
    }

    /// What IPCP agreed on, while it is open.
    #[must_use]
    pub fn ip(&self) -> Option<ipcp::Agreed> {
        self.ipcp.as_ref().filter(|ipcp| ipcp.is_open()).map(|ipcp| *ipcp.protocol().agreed())
    }

    /// What IPV6CP agreed on, while it is open.
    #[must_use]
    pub fn ipv6(&self) -> Option<ipv6cp::Agreed> {
        self.ipv6cp.as_ref().filter(|ipv6cp| ipv6cp.is_open()).map(|ipv6cp| *ipv6cp.protocol().agreed())
    }

    /// RFC 1661 section 5.8: counters and times of Echo-Requests.
    #[must_use]
    pub const fn echo_statistics(&self) -> &EchoStatistics {
        &self.echo.statistics
    }

    /// RFC 1570 section 1.1: what the peer said last that it is, cut to 64 octets.
    #[must_use]
    pub fn peer_identification(&self) -> Text<'_> {
        Text(self.peer_identification.as_octets())
    }

    /// RFC 1661 section 5.5: the data of the peer's last Terminate-Request, cut to 64 octets.
    #[must_use]
    pub fn peer_farewell(&self) -> Text<'_> {
        Text(self.peer_farewell.as_octets())
    }

    /// The name that the peer presented last.
    #[must_use]
    pub fn peer_name(&self) -> Text<'_> {
        self.authenticator.peer_name()
    }

    /// The text that came with the answer to the proof of this side.
    #[must_use]
    pub fn authentication_message(&self) -> Text<'_> {
        self.peer.message()
    }

    /// RFC 3079: what keys for encryption are made from; of the peer's proof first.
    #[cfg(feature = "mschap")]
    #[cfg_attr(docsrs, doc(cfg(feature = "mschap")))]
    #[must_use]
    pub fn keys(&self) -> Option<&auth::Keys> {
        self.authenticator.keys().or(self.peer.keys())
    }

    /// Keys come from somewhere else, from a RADIUS server or a method of EAP: these lengths. To be said before the
    /// answer that lets the peer in.
    pub const fn set_external_keys(&mut self, strengths: MicrosoftCompression) {
        self.external_keys = strengths;
    }

    /// The address that the peer has to take, as soon as it is known who the peer is. To be said before IPCP is open.
    pub fn set_peer_address(&mut self, address: core::net::Ipv4Addr) {
        if let Some(ipcp) = &mut self.ipcp {
            ipcp.protocol_mut().set_peer_address(address);
        }
    }

    /// Whether a packet of this protocol may be sent now, and was agreed to be sent in the clear or encrypted.
    #[must_use]
    pub fn may_send(&self, protocol: Protocol) -> bool {
        let is_encrypted = self.compression().is_some_and(|agreed| agreed.is_encrypted());
        self.is_open(protocol) && (is_encrypted || !self.config.requires_encryption())
    }

    pub(super) fn is_open(&self, protocol: Protocol) -> bool {
        match protocol {
            Protocol::IP => self.ipcp.as_ref().is_some_and(Negotiation::is_open),
            Protocol::IPV6 => self.ipv6cp.as_ref().is_some_and(Negotiation::is_open),
            _ => false,
        }
    }

    /// RFC 1661 section 6: the frame in which data goes out, with the header that the peer agreed to.
    #[must_use]
    pub fn frame<'p>(&self, protocol: Protocol, information: &'p [u8]) -> Frame<'p> {
        let sending = self.lcp.protocol().sending();
        Frame {
            address_control: protocol == Protocol::LCP || !sending.address_control_compression,
            compressed: protocol != Protocol::LCP && sending.protocol_compression,
            protocol,
            information,
        }
    }

    /// The line is there.
    pub fn up(&mut self, now: Duration) {
        self.advance(now);
        self.lcp.up(self.now);
        self.began();
    }

    /// The line is gone.
    pub fn down(&mut self, now: Duration) {
        self.advance(now);
        self.note_ending();
        self.lcp.down(self.now);
        self.settle();
        if self.phase != Phase::Dead {
            self.closed = Some(self.end.take().unwrap_or(Reason::LowerLayerDown));
            self.set_phase(Phase::Dead);
        }
    }

    /// The link is wanted.
    pub fn open(&mut self, now: Duration) {
        self.advance(now);
        (self.end, self.peer_error) = (None, None);
        // The peer ended the link, or never answered: the line is there still, and all begins again.
        let is_stopped = self.phase == Phase::Dead && self.lcp.state() == State::Stopped;
        if is_stopped {
            self.lcp.down(self.now);
        }
        self.lcp.open(self.now);
        if is_stopped {
            self.lcp.up(self.now);
        }
        self.began();
    }

    /// The link is not wanted any more.
    pub fn close(&mut self, now: Duration) {
        self.close_and_tell(now, None);
    }

    /// The link is not wanted any more, for a reason of its user's: the peer is told this error number of Microsoft's Remote
    /// Access Service, where [`Config::with_microsoft_termination`](super::Config::with_microsoft_termination) allows it.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ppp_fsm::link::{Config, Link};
    ///
    /// let now = Duration::ZERO;
    /// let mut link = Link::new(&Config::default(), [1; 32]);
    /// link.open(now);
    /// link.up(now);
    /// // 721: the remote computer did not respond.
    /// link.close_with_error(now, 721);
    /// let mut buf = [0; Link::MAX_TRANSMIT];
    /// let frame = link.poll_transmit(now, &mut buf)?.unwrap();
    /// // LCP, Terminate-Request; the magic number, three octets of a marker, the number.
    /// assert_eq!(frame[2..5], [0xc0, 0x21, 5]);
    /// assert_eq!(frame[frame.len() - 4..], 721_u32.to_be_bytes());
    /// # Ok::<(), ppp_fsm::BufferTooSmall>(())
    /// ```
    pub fn close_with_error(&mut self, now: Duration, error: u32) {
        self.close_and_tell(now, Some(error));
    }

    fn close_and_tell(&mut self, now: Duration, error: Option<u32>) {
        self.advance(now);
        let reason = *self.end.get_or_insert(Reason::Closed);
        self.terminate(reason.windows_error().or(error));
        self.settle();
        // Who waited for the peer to begin has nothing to end.
        if self.phase == Phase::Establish && self.lcp.state() == State::Closed {
            self.closed = Some(self.end.take().unwrap_or(Reason::Closed));
            self.set_phase(Phase::Dead);
        }
    }

    /// What the peer presents, while it is asked about: see [`Event::Authenticate`].
    #[must_use]
    pub fn presented(&self) -> Option<Presented<'_>> {
        self.authenticator.presented()
    }

    /// Answers [`Event::Authenticate`].
    ///
    /// # Errors
    ///
    /// [`AnswerError`].
    pub fn answer(&mut self, now: Duration, ticket: Ticket, answer: &Answer<'_>) -> Result<Outcome, AnswerError> {
        self.advance(now);
        let outcome = self.authenticator.answer(self.now, ticket, answer);
        self.settle();
        outcome
    }

    /// The new password that the last answer gave could not be stored: the peer is told, and the link ends.
    #[cfg(feature = "mschap")]
    #[cfg_attr(docsrs, doc(cfg(feature = "mschap")))]
    pub fn reject_change(&mut self, now: Duration) {
        self.advance(now);
        self.authenticator.reject_change();
        self.settle();
    }

    /// RFC 1994 section 2: challenges the peer again.
    pub fn rechallenge(&mut self, now: Duration) {
        self.advance(now);
        self.authenticator.rechallenge(self.now);
        self.settle();
    }

    /// Answers [`Event::Prove`] with a name and its secret.
    ///
    /// # Errors
    ///
    /// [`AnswerError`].
    pub fn prove(
        &mut self,
        now: Duration,
        ticket: Ticket,
        name: &[u8],
        secret: &Secret<'_>,
    ) -> Result<(), AnswerError> {
        self.advance(now);
        self.peer.prove(self.now, ticket, name, secret)
    }

    /// Answers [`Event::Prove`] that demands a new password.
    ///
    /// # Errors
    ///
    /// [`AnswerError`].
    #[cfg(feature = "mschap")]
    #[cfg_attr(docsrs, doc(cfg(feature = "mschap")))]
    pub fn change_password(
        &mut self,
        now: Duration,
        ticket: Ticket,
        old: &Secret<'_>,
        new: mschap::Password<'_>,
    ) -> Result<(), AnswerError> {
        self.advance(now);
        self.peer.change_password(self.now, ticket, old, new)
    }

    /// The EAP packet that [`Event::Prove`] demands an answer to.
    #[must_use]
    pub fn eap_request(&self) -> Option<&[u8]> {
        self.peer.eap_request()
    }

    /// Answers [`Event::Prove`] with a packet of another end of EAP.
    ///
    /// # Errors
    ///
    /// [`AnswerError`].
    pub fn send_eap(&mut self, now: Duration, ticket: Ticket, packet: &[u8]) -> Result<(), AnswerError> {
        self.advance(now);
        self.peer.send_eap(self.now, ticket, packet)
    }

    /// RFC 3078 section 8.2: packets were lost, and cannot be decrypted or decompressed without a flush.
    pub fn request_reset(&mut self, now: Duration) {
        self.advance(now);
        if let Some(ccp) = self.ccp.as_mut().filter(|ccp| ccp.is_open()) {
            let identifier = ccp.next_identifier();
            self.reset.request(self.now, identifier);
        }
    }

    /// RFC 3078 section 8.2: a flushed packet came.
    pub fn synchronized(&mut self) {
        self.reset.synchronized();
    }

    /// Something came from the peer without [`handle_frame`](Self::handle_frame): it is alive.
    pub fn note_traffic(&mut self) {
        self.echo.traffic(self.config.keepalive.as_ref());
    }

    /// RFC 1661 section 5.8: asks for an Echo-Reply now.
    pub fn ping(&mut self, now: Duration) {
        self.advance(now);
        if self.lcp.is_open() {
            self.echo.request();
        }
    }

    /// RFC 1570 section 1.2: tells the peer when the session will end.
    pub fn send_time_remaining(&mut self, now: Duration, seconds: u32) {
        self.advance(now);
        if self.lcp.is_open() {
            self.time_remaining = Some(seconds);
        }
    }

    /// Whether [`poll_event`](Self::poll_event) has something.
    #[must_use]
    pub const fn has_event(&self) -> bool {
        !self.events.is_empty() || self.closed.is_some()
    }

    /// What happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop().or_else(|| self.closed.take().map(Event::Closed))
    }

    /// When [`handle_timeout`](Self::handle_timeout) has to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let timers = [
            self.lcp.poll_timeout(),
            self.authenticator.poll_timeout(),
            self.peer.poll_timeout(),
            self.ccp.as_ref().and_then(Negotiation::poll_timeout),
            self.reset.poll_timeout(),
            self.ipcp.as_ref().and_then(Negotiation::poll_timeout),
            self.ipv6cp.as_ref().and_then(Negotiation::poll_timeout),
            self.echo.poll_timeout(),
        ];
        timers.into_iter().flatten().min()
    }

    /// The time has come, or not yet, or came long ago.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.advance(now);
        let now = self.now;
        self.lcp.handle_timeout(now);
        self.authenticator.handle_timeout(now);
        self.peer.handle_timeout(now);
        self.reset.handle_timeout(now);
        if let Some(ccp) = &mut self.ccp {
            ccp.handle_timeout(now);
        }
        if let Some(ipcp) = &mut self.ipcp {
            ipcp.handle_timeout(now);
        }
        if let Some(ipv6cp) = &mut self.ipv6cp {
            ipv6cp.handle_timeout(now);
        }
        if self.echo.handle_timeout(now, self.config.keepalive.as_ref()) {
            self.fail(Reason::PeerSilent);
        }
        self.settle();
    }

    pub(super) fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
    }

    /// Ends the link; the first reason is the one that is told.
    pub(super) fn fail(&mut self, reason: Reason) {
        let reason = *self.end.get_or_insert(reason);
        self.terminate(reason.windows_error());
    }

    /// Ends LCP, with an error number for the peer.
    fn terminate(&mut self, error: Option<u32>) {
        if let Some(error) = error.filter(|_| self.config.microsoft_termination) {
            let magic_number = self.lcp.protocol().receiving().magic_number;
            self.lcp.set_terminate_data(&lcp::MicrosoftTermination { magic_number, error }.to_octets());
        } else {
            self.lcp.set_terminate_data(&[]);
        }
        self.lcp.close(self.now);
    }
}
