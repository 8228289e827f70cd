//! The phases, and what one layer means for the others.

use core::time::Duration;

use super::echo::Echo;
use super::outbox::Outbox;
use super::stage::Stage;
use super::{Config, EchoStatistics, Event, Phase, Reason};
use crate::auth::{Answer, AnswerError, Authenticator, Outcome, Peer, Presented, Secret, Ticket};
use crate::automaton::State;
use crate::buffer::Buffer;
use crate::ccp::{self, MicrosoftCompression, Reset};
use crate::events::Queue;
use crate::negotiate::{Negotiation, Opening};
use crate::random::Random;
use crate::{Frame, Protocol, Text, Words, ipcp, ipv6cp, lcp, time};

/// RFC 1661 section 3: one end of a link.
///
/// It is driven by [`up`](Self::up), [`open`](Self::open), [`handle_frame`](Self::handle_frame) and
/// [`handle_timeout`](Self::handle_timeout); after each of them
/// [`poll_transmit`](Self::poll_transmit) gives frames until there are none,
/// [`poll_event`](Self::poll_event) events, and [`poll_timeout`](Self::poll_timeout) the next
/// deadline. Any order of calls is legal, and a `now` that goes back is taken as the latest seen.
/// It repeats 1492 bytes of a peer's Echo-Request or rejected packet at most.
///
/// **Memory**: without the feature `alloc` it does not allocate, and takes about 14 KiB. With it a link
/// takes about 4 KiB, and less than 1 KiB on the heap once it is up. At most it takes there what it
/// would take without: packets that wait to be sent or answered, and events.
///
/// It ends by itself when the peer does not answer, or refuses without an end. A peer that answers
/// all and asks for nothing, or begins again again and again, is ended by a deadline of its user's:
/// [`close`](Self::close).
///
/// The example of this crate's first page has two of them in conversation.
///
/// ```
/// use core::time::Duration;
/// use ppp_fsm::link::{Config, Event, Link, Phase};
///
/// let mut link = Link::new(&Config::default(), [7; 32]); // unpredictable bytes
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
pub struct Link {
    pub(super) config: Config,
    /// The latest time seen. The machines inside keep none.
    now: Duration,
    pub(super) stage: Stage,
    pub(super) lcp: Negotiation<lcp::Negotiator>,
    pub(super) authenticator: Authenticator,
    pub(super) peer: Peer,
    pub(super) ccp: Option<Negotiation<ccp::Negotiator>>,
    /// A client answers the peer's request of CCP not before this time, unless its own request was answered.
    pub(super) ccp_answer_after: Option<Duration>,
    pub(super) reset: Reset,
    pub(super) ipcp: Option<Negotiation<ipcp::Negotiator>>,
    pub(super) ipv6cp: Option<Negotiation<ipv6cp::Negotiator>>,
    /// Early Configure-Requests of CCP, IPCP and IPV6CP, the latest of each.
    pub(super) held: [Buffer<{ Self::HELD }>; 3],
    pub(super) echo: Echo,
    pub(super) outbox: Outbox,
    pub(super) peer_identification: Buffer<48>,
    pub(super) peer_farewell: Buffer<{ Words::MAX_LEN }>,
    pub(super) external_keys: MicrosoftCompression,
    pub(super) events: Queue<Event, { Event::KINDS }>,
}

impl Link {
    /// The most bytes that [`poll_transmit`](Self::poll_transmit) needs: header (4), the longest packet (1500).
    pub const MAX_TRANSMIT: usize = Frame::MAX_HEADER_LEN.saturating_add(1500);

    /// How long a client waits with its answer to a request of CCP for the answer to its own request.
    pub(super) const ANSWER_DELAY: Duration = Duration::from_millis(30);

    /// The longest early request that is kept. Those of real peers have at most 60 bytes; a longer one is dropped, and
    /// the peer repeats it (RFC 1661 section 4.6).
    pub(super) const HELD: usize = 160;

    /// Returns a link that is dead. `entropy` must be unpredictable: challenges and magic numbers come from it.
    #[must_use]
    pub fn new(config: &Config, entropy: [u8; 32]) -> Self {
        let mut random = Random::new(entropy);
        let timers = &config.network_timers;
        let mut lcp = lcp::Negotiator::new(&config.lcp, random.entropy());
        // Only where nothing is lost by it: pppd drops the method that a Nak names another one for, and a server that has
        // no other ends the link.
        if config.requires_encryption() {
            lcp.prefer_keys();
        }
        Self {
            config: config.clone(),
            now: Duration::ZERO,
            stage: Stage::Dead,
            lcp: Negotiation::new(lcp, &config.link_timers),
            authenticator: Authenticator::new(&config.authentication, random.entropy()),
            peer: Peer::new(&config.authentication, random.entropy()),
            ccp: config.ccp.as_ref().map(|ccp| {
                // A side that wants nothing of CCP lets the peer begin.
                let timers = timers.clone().with_opening(opening_of(ccp, timers.opening));
                Negotiation::new(ccp::Negotiator::new(ccp), &timers)
            }),
            ccp_answer_after: None,
            reset: Reset::default(),
            ipcp: config.ipcp.as_ref().map(|ipcp| Negotiation::new(ipcp::Negotiator::new(ipcp), timers)),
            ipv6cp: config
                .ipv6cp
                .as_ref()
                .map(|ipv6cp| Negotiation::new(ipv6cp::Negotiator::new(ipv6cp, random.entropy()), timers)),
            held: Default::default(),
            echo: Echo::default(),
            outbox: Outbox::default(),
            peer_identification: Buffer::default(),
            peer_farewell: Buffer::default(),
            external_keys: MicrosoftCompression::NONE,
            events: Queue::default(),
        }
    }

    /// Runs one entry point: takes the time forward, does its work, and lets every layer know what happened in the
    /// others, once. No layer calls it.
    pub(super) fn enter<T>(&mut self, now: Duration, act: impl FnOnce(&mut Self, Duration) -> T) -> T {
        self.now = self.now.max(now);
        let now = self.now;
        let result = act(self, now);
        self.settle(now);
        result
    }

    /// Returns the phase.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.stage.phase()
    }

    /// Returns why the link is about to end, while one side waits for the other: for its consent, or for another beginning.
    #[must_use]
    pub fn ending(&self) -> Option<Reason> {
        self.lcp.ending().map(|reason| self.stage.end().unwrap_or_else(|| self.reason_of_lcp(reason)))
    }

    /// Returns how the last proof of either side was refused, while another try is waited for.
    #[must_use]
    pub fn refused_proof(&self) -> Option<crate::auth::Failure> {
        self.peer.refusal().or(self.authenticator.refusal())
    }

    /// Returns what LCP agreed on, for each direction.
    #[must_use]
    pub const fn lcp(&self) -> &lcp::Negotiator {
        self.lcp.protocol()
    }

    /// Returns what CCP agreed on, while it is open.
    #[must_use]
    pub fn compression(&self) -> Option<ccp::Agreed> {
        self.ccp.as_ref().filter(|ccp| ccp.is_open()).map(|ccp| *ccp.protocol().agreed())
    }

    /// Returns what IPCP agreed on, while it is open.
    #[must_use]
    pub fn ip(&self) -> Option<ipcp::Agreed> {
        self.ipcp.as_ref().filter(|ipcp| ipcp.is_open()).map(|ipcp| *ipcp.protocol().agreed())
    }

    /// Returns what IPV6CP agreed on, while it is open.
    #[must_use]
    pub fn ipv6(&self) -> Option<ipv6cp::Agreed> {
        self.ipv6cp.as_ref().filter(|ipv6cp| ipv6cp.is_open()).map(|ipv6cp| *ipv6cp.protocol().agreed())
    }

    /// Returns counters and times of Echo-Requests (RFC 1661 section 5.8).
    #[must_use]
    pub const fn echo_statistics(&self) -> &EchoStatistics {
        &self.echo.statistics
    }

    /// Returns what the peer said last that it is, cut to 48 bytes (RFC 1570 section 1.1).
    #[must_use]
    pub fn peer_identification(&self) -> Text<'_> {
        Text(self.peer_identification.as_bytes())
    }

    /// Returns the data of the last Terminate-Request of LCP or IPCP from the peer, cut to 48 bytes (RFC 1661
    /// section 5.5). Empty since [`open`](Self::open) when there was none.
    #[must_use]
    pub fn peer_farewell(&self) -> Text<'_> {
        Text(self.peer_farewell.as_bytes())
    }

    /// Returns the name that the peer presented last.
    #[must_use]
    pub fn peer_name(&self) -> Text<'_> {
        self.authenticator.peer_name()
    }

    /// Returns the text that came with the answer to the proof of this side.
    #[must_use]
    pub fn authentication_message(&self) -> Text<'_> {
        self.peer.message()
    }

    /// Returns what keys for encryption are made from; of the peer's proof first (RFC 3079).
    #[cfg(feature = "mschap")]
    #[cfg_attr(docsrs, doc(cfg(feature = "mschap")))]
    #[must_use]
    pub fn keys(&self) -> Option<&crate::auth::Keys> {
        self.authenticator.keys().or(self.peer.keys())
    }

    /// Sets the lengths of keys that come from somewhere else, from a RADIUS server or a method of EAP. To be called
    /// before the answer that lets the peer in.
    pub const fn set_external_keys(&mut self, strengths: MicrosoftCompression) {
        self.external_keys = strengths;
    }

    /// Sets the address that the peer has to take, as soon as it is known who the peer is, or which one it
    /// [wants](Event::AddressWanted). To be called before IPCP is open.
    pub fn set_peer_address(&mut self, address: core::net::Ipv4Addr) {
        if let Some(ipcp) = &mut self.ipcp {
            ipcp.protocol_mut().set_peer_address(address);
        }
    }

    /// Sets the address of this side for this peer. To be called with the answer that lets the peer in, before packets
    /// are polled.
    pub fn set_own_address(&mut self, address: core::net::Ipv4Addr) {
        if let Some(ipcp) = &mut self.ipcp {
            ipcp.protocol_mut().set_own_address(address);
        }
    }

    /// Sets the name servers of this peer (RFC 1877 sections 1.1 and 1.3). To be called with the answer that lets the
    /// peer in, before its next packet is handled.
    pub fn set_name_servers(&mut self, servers: [Option<core::net::Ipv4Addr>; 2]) {
        if let Some(ipcp) = &mut self.ipcp {
            ipcp.protocol_mut().set_name_servers(servers);
        }
    }

    /// Sets the NetBIOS name servers of this peer (RFC 1877 sections 1.2 and 1.4), as
    /// [`set_name_servers`](Self::set_name_servers) does.
    pub fn set_netbios_name_servers(&mut self, servers: [Option<core::net::Ipv4Addr>; 2]) {
        if let Some(ipcp) = &mut self.ipcp {
            ipcp.protocol_mut().set_netbios_name_servers(servers);
        }
    }

    /// Returns whether a packet of this protocol may be sent now, and was agreed to be sent in the clear or encrypted.
    #[must_use]
    pub fn may_send(&self, protocol: Protocol) -> bool {
        let is_encrypted = self.compression().is_some_and(|agreed| agreed.is_encrypted());
        self.is_open(protocol) && (is_encrypted || !self.config.requires_encryption())
    }

    /// Returns whether the answer to the peer's request of CCP waits for the answer to the request
    /// of this side.
    ///
    /// accel-ppp sends its request, and lets its kernel listen afterwards: an acknowledgment or a Nak that comes within a
    /// millisecond is not seen, and the link is mute. Servers do not wait, or two sides would wait for each other.
    pub(super) fn holds_ccp_answer(&self) -> bool {
        self.ccp_answer_after.is_some() && self.ccp.as_ref().is_some_and(Negotiation::has_early_answer)
    }

    /// Sends the answer that was held back, behind another copy of the request that has had no
    /// answer.
    fn release_ccp_answer(&mut self, now: Duration) {
        if time::is_due(self.ccp_answer_after, now) {
            let was_held = self.holds_ccp_answer();
            self.ccp_answer_after = None;
            self.ccp.iter_mut().filter(|_| was_held).for_each(|ccp| ccp.repeat_request(now));
        }
    }

    pub(super) fn is_open(&self, protocol: Protocol) -> bool {
        match protocol {
            Protocol::IP => self.ipcp.as_ref().is_some_and(Negotiation::is_open),
            Protocol::IPV6 => self.ipv6cp.as_ref().is_some_and(Negotiation::is_open),
            _ => false,
        }
    }

    /// Returns the frame in which data goes out, with the header that the peer agreed to (RFC 1661
    /// section 6).
    #[must_use]
    pub fn frame<'p>(&self, protocol: Protocol, information: &'p [u8]) -> Frame<'p> {
        let sending = self.lcp.protocol().sending();
        Frame {
            // RFC 1661 section 6.6 and 6.5: LCP is sent whole, so that a peer that has restarted
            // can read it.
            address_control: protocol == Protocol::LCP || !sending.address_control_compression,
            compressed: protocol != Protocol::LCP && sending.protocol_compression,
            protocol,
            information,
        }
    }

    /// Signals that the lower layer is up (RFC 1661 section 4.3, Up).
    pub fn up(&mut self, now: Duration) {
        self.enter(now, Self::up_and_begin);
    }

    /// Signals that the lower layer is down (RFC 1661 section 4.3, Down). The link is dead then.
    pub fn down(&mut self, now: Duration) {
        self.enter(now, |link, now| {
            if link.phase() != Phase::Dead {
                // The first reason stays: the line goes down because the link has ended.
                let reason = link.reason_of_end().unwrap_or(Reason::LowerLayerDown);
                link.lcp_down(now);
                link.finish(reason);
            }
            link.lcp.down(now);
        });
    }

    /// Opens the link (RFC 1661 section 4.3, Open): it begins as soon as the lower layer is up.
    pub fn open(&mut self, now: Duration) {
        self.enter(now, |link, now| {
            if let Stage::Establish { end } | Stage::Terminate { end } = &mut link.stage {
                *end = None;
            }
            link.peer_farewell.clear();
            // The peer ended the link, or never answered: the line is there still, and all begins again.
            let is_stopped = link.phase() == Phase::Dead && link.lcp.state() == State::Stopped;
            if is_stopped {
                link.lcp.down(now);
                link.lcp.open(now);
                link.up_and_begin(now);
            } else {
                let before = link.lcp.state();
                link.lcp.open(now);
                link.wait_for_peer(before);
            }
        });
    }

    /// Closes the link (RFC 1661 section 4.3, Close).
    pub fn close(&mut self, now: Duration) {
        self.enter(now, |link, now| link.end(now, Reason::Closed, None));
    }

    /// Closes the link for a reason of its user's. The peer gets this error number of Microsoft's Remote Access Service,
    /// where [`Config::with_microsoft_termination`](super::Config::with_microsoft_termination) allows it.
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
    /// // LCP, Terminate-Request; the magic number, three bytes of a marker, the number.
    /// assert_eq!(frame[2..5], [0xc0, 0x21, 5]);
    /// assert_eq!(frame[frame.len() - 4..], 721_u32.to_be_bytes());
    /// # Ok::<(), ppp_fsm::BufferTooSmall>(())
    /// ```
    pub fn close_with_error(&mut self, now: Duration, error: u32) {
        self.enter(now, |link, now| link.end(now, Reason::Closed, Some(error)));
    }

    /// Returns what the peer presents, while it is asked about: see [`Event::Authenticate`].
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
        self.enter(now, |link, now| link.authenticator.answer(now, ticket, answer))
    }

    /// Reports that the new password of the last answer could not be stored: refuses the peer and ends the link.
    #[cfg(feature = "mschap")]
    #[cfg_attr(docsrs, doc(cfg(feature = "mschap")))]
    pub fn reject_change(&mut self, now: Duration) {
        self.enter(now, |link, now| link.authenticator.reject_change(now));
    }

    /// Challenges the peer again (RFC 1994 section 2).
    pub fn rechallenge(&mut self, now: Duration) {
        self.enter(now, |link, now| link.authenticator.rechallenge(now));
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
        self.enter(now, |link, now| link.peer.prove(now, ticket, name, secret))
    }

    /// Answers any [`Event::Prove`] with a no: there is no proof, no other one, or no new password. The link ends, and
    /// its reason is the refusal of the last proof, if there was one.
    ///
    /// # Errors
    ///
    /// [`AnswerError::NotAsked`]: nothing has changed.
    pub fn decline(&mut self, now: Duration, ticket: Ticket) -> Result<(), AnswerError> {
        self.enter(now, |link, now| link.peer.decline(now, ticket))
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
        self.enter(now, |link, now| link.peer.change_password(now, ticket, old, new))
    }

    /// Returns the EAP packet that [`Event::Prove`] demands an answer to.
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
        self.enter(now, |link, now| link.peer.send_eap(now, ticket, packet))
    }

    /// Asks the peer to start afresh: packets were lost, and the next cannot be decrypted or
    /// decompressed (RFC 3078 section 8.2).
    pub fn request_reset(&mut self, now: Duration) {
        self.enter(now, |link, now| {
            if let Some(ccp) = link.ccp.as_mut().filter(|ccp| ccp.is_open()) {
                let identifier = ccp.next_identifier();
                link.reset.request(now, identifier);
            }
        });
    }

    /// Reports that a flushed packet came (RFC 3078 section 8.2).
    pub fn synchronized(&mut self) {
        self.reset.synchronized();
    }

    /// Reports that something came from the peer without [`handle_frame`](Self::handle_frame): it is alive.
    pub fn note_traffic(&mut self) {
        self.echo.traffic(self.config.keepalive.as_ref());
    }

    /// Asks for an Echo-Reply now (RFC 1661 section 5.8).
    pub fn ping(&mut self, now: Duration) {
        self.enter(now, |link, _| {
            if link.lcp.is_open() {
                link.echo.request();
            }
        });
    }

    /// Sends the time until the session will end (RFC 1570 section 1.2).
    pub fn send_time_remaining(&mut self, now: Duration, seconds: u32) {
        self.enter(now, |link, _| {
            if link.lcp.is_open() {
                link.outbox.time_remaining = Some(seconds);
            }
        });
    }

    /// Returns whether [`poll_event`](Self::poll_event) has something.
    #[must_use]
    pub fn has_event(&self) -> bool {
        !self.events.is_empty()
    }

    /// Returns the next event, in order.
    ///
    /// Nothing is lost when it is polled late, by this rule:
    ///
    /// * One event of each kind is kept, the latest, in the order of the latest. The phases are one kind.
    /// * An [`IpUp`](Event::IpUp), [`Ipv6Up`](Event::Ipv6Up) or [`CompressionUp`](Event::CompressionUp) that was over
    ///   before it was polled is left out, and the Down after it too, unless an earlier Up was reported.
    ///
    /// A run that is polled at once reports what the same run reports when it is polled at the end, up to this rule.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop()
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) has to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let timers = [
            self.lcp.poll_timeout(),
            self.authenticator.poll_timeout(),
            self.peer.poll_timeout(),
            self.ccp.as_ref().and_then(Negotiation::poll_timeout),
            self.ccp_answer_after.filter(|_| self.holds_ccp_answer()),
            self.reset.poll_timeout(),
            self.ipcp.as_ref().and_then(Negotiation::poll_timeout),
            self.ipv6cp.as_ref().and_then(Negotiation::poll_timeout),
            self.echo.poll_timeout(),
        ];
        timers.into_iter().flatten().min()
    }

    /// Processes expired timers. Early, late and repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.enter(now, |link, now| {
            link.lcp.handle_timeout(now);
            link.authenticator.handle_timeout(now);
            link.peer.handle_timeout(now);
            link.reset.handle_timeout(now);
            link.release_ccp_answer(now);
            if let Some(ccp) = &mut link.ccp {
                ccp.handle_timeout(now);
            }
            if let Some(ipcp) = &mut link.ipcp {
                ipcp.handle_timeout(now);
            }
            if let Some(ipv6cp) = &mut link.ipv6cp {
                ipv6cp.handle_timeout(now);
            }
            if link.echo.handle_timeout(now, link.config.keepalive.as_ref()) {
                link.end(now, Reason::PeerSilent, None);
            }
        });
    }
}

/// Returns a side that wants nothing of CCP lets the peer begin, and refuses; a passive one
/// accepts. One that needs encryption does not wait.
const fn opening_of(ccp: &ccp::Config, opening: Opening) -> Opening {
    match (ccp.is_wanted(), ccp.encryption(), opening) {
        (false, _, _) => Opening::Silent,
        (true, ccp::Encryption::Required, Opening::Silent) => Opening::Active,
        (true, _, opening) => opening,
    }
}
