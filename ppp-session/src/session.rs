//! The machine: a link, and the encryption of what flows in it.

use core::net::Ipv4Addr;
use core::time::Duration;

use mppe::Side;
use ppp_fsm::auth::{Answer, AnswerError, Outcome, Presented, Secret, Ticket};
use ppp_fsm::ccp::MicrosoftCompression;
use ppp_fsm::link::{self, Link};
use ppp_fsm::{ipcp, ipv6cp};

use crate::cipher::{Receiver, Sender};
use crate::complaints::Complaints;
use crate::event::Events;
use crate::spent::Spent;
use crate::{
    BufferTooSmall, Client, Config, Credentials, Encoding, Event, ExternalKeys, Reason, Server, Statistics, Status,
};

#[cfg(feature = "alloc")]
mod batch;
mod layers;
mod receive;
mod send;

/// Where the session is in its life. The first reason stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    /// It negotiates, or carries.
    Up,
    /// LCP goes down and begins again, since new keys are needed.
    Renewing,
    /// LCP is ending.
    Ending(Reason),
    /// It is over.
    Ended(Reason),
}

/// How this side proves itself.
#[derive(Debug)]
enum Proof {
    /// It does not, or its user does it.
    None,
    /// With these credentials.
    Ready(Credentials),
    /// The password of these credentials has expired; the question for a new one waits.
    Expired(Credentials, Ticket),
}

/// One end of a PPP session, over any carrier of whole frames.
///
/// | verb | effect |
/// |---|---|
/// | `open(now)`, `down(now)`, `close(now)` | the carrier is up, the carrier is gone, the session is to end |
/// | `handle_frame(now, frame, scratch)` | takes a frame, and lends the IP packet in it |
/// | `send_ip(now, buf, start)` | encrypts an IP packet in place, and makes the frame around it |
/// | `poll_transmit(now, buf)` | the next frame that is no data: negotiation |
/// | `poll_event()` | the next event |
/// | `poll_timeout()`, `handle_timeout(now)` | when to come back, and that it is time |
///
/// **Time** is a [`Duration`] since a moment that the caller picks. If `now` goes backwards, the
/// latest value seen is used. **Calls** may come in any order. After each of them, poll until
/// empty; polling late delays output but loses nothing. **Memory**: it takes about 5.5 KiB once
/// it is up, 2.3 KiB more with encryption, and [more](crate::Compression) with compression. Data
/// packets do not allocate, but for the first that come late or out of order.
///
/// **Once**: a session that is over stays over. To dial again, make another one.
///
/// The first page of this crate has two of them in conversation.
#[derive(Debug)]
pub struct Session {
    now: Duration,
    life: Life,
    side: Side,
    config: Config,
    link: Link,
    sender: Sender,
    receiver: Receiver,
    spent: Spent,
    complaints: Complaints,
    external_keys: Option<ExternalKeys>,
    proof: Proof,
    events: Events,
    status: Status,
    /// When the status became what it is.
    changed_at: Duration,
    /// Until when IP has to flow.
    setup_deadline: Option<Duration>,
    cleartext_dropped: u64,
    refused: u64,
}

impl Session {
    /// Makes a client's session, which has not begun. `entropy` must be unpredictable: challenges
    /// and identifiers come from it.
    #[must_use]
    pub fn client(config: &Config, client: &Client, entropy: [u8; 32]) -> Self {
        let proof = Proof::Ready(client.credentials().clone());
        Self::new(Side::Client, config, &client.link(config), proof, entropy)
    }

    /// Makes a server's session, which has not begun. `entropy` must be unpredictable: challenges
    /// and identifiers come from it.
    #[must_use]
    pub fn server(config: &Config, server: &Server, entropy: [u8; 32]) -> Self {
        Self::new(Side::Server, config, &server.link(config), Proof::None, entropy)
    }

    fn new(side: Side, config: &Config, link: &link::Config, proof: Proof, entropy: [u8; 32]) -> Self {
        Self {
            now: Duration::ZERO,
            life: Life::Up,
            side,
            config: config.clone(),
            link: Link::new(link, entropy),
            sender: Sender::default(),
            receiver: Receiver::default(),
            spent: Spent::default(),
            complaints: Complaints::None,
            external_keys: None,
            proof,
            events: Events::new(),
            status: Status::Dialing,
            changed_at: Duration::ZERO,
            setup_deadline: None,
            cleartext_dropped: 0,
            refused: 0,
        }
    }

    /// Returns the one way in: takes the time forward, does the work, and lets all layers know what
    /// happened.
    #[expect(clippy::inline_always, reason = "a result that goes through memory costs a data packet a tenth")]
    #[inline(always)]
    fn enter<T>(&mut self, now: Duration, work: impl FnOnce(&mut Self, Duration) -> T) -> T {
        self.now = self.now.max(now);
        let result = work(self, self.now);
        self.pump();
        result
    }

    /// Begins, since the carrier is up.
    pub fn open(&mut self, now: Duration) {
        self.enter(now, |session, now| {
            session.changed_at = now;
            session.setup_deadline = now.checked_add(session.config.setup_timeout);
            session.link.open(now);
            session.link.up(now);
        });
    }

    /// Ends at once: the carrier is gone.
    pub fn down(&mut self, now: Duration) {
        self.enter(now, |session, now| session.link.down(now));
    }

    /// Hangs up. [`Event::Closed`] follows, after some seconds at most.
    pub fn close(&mut self, now: Duration) {
        self.enter(now, |session, now| session.end(now, Reason::Closed));
    }

    /// Hangs up for a reason of the carrier's or the user's: the peer gets this error number of
    /// Microsoft's Remote Access Service.
    pub fn close_with_error(&mut self, now: Duration, error: u32) {
        self.enter(now, |session, now| {
            // A second call changes nothing: the first reason stays.
            if session.life == Life::Up || session.life == Life::Renewing {
                session.life = Life::Ending(Reason::Closed);
                session.link.close_with_error(now, error);
            }
        });
    }

    /// Writes the next frame that is no data into `buf`.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: nothing is lost. [`MAX_TRANSMIT`](crate::MAX_TRANSMIT) is always enough.
    pub fn poll_transmit<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        self.enter(now, |session, now| session.link.poll_transmit(now, buf).map_err(BufferTooSmall::from))
    }

    /// Returns the next event, the earliest first. [`Event::Closed`] is the last.
    ///
    /// Events that wait are coalesced by one rule: of each kind the latest waits
    /// ([`Event::is_replaced_by`]). A caller that polls after each call sees all of them.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop()
    }

    /// Returns whether [`poll_event`](Self::poll_event) has something.
    #[must_use]
    pub fn has_event(&self) -> bool {
        !self.events.is_empty()
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) has to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        [self.link.poll_timeout(), self.setup_deadline].into_iter().flatten().min()
    }

    /// Processes expired timers. Early, late and repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.enter(now, |session, now| {
            session.link.handle_timeout(now);
            if session.setup_deadline.is_some_and(|deadline| deadline <= now) {
                session.setup_deadline = None;
                // A refusal stays the reason when the other try that was offered never came.
                let refusal = session.link.refused_proof().map(link::Reason::Authentication);
                session.end(now, refusal.map_or(Reason::SetupTimeout, Reason::Link));
            }
            // RFC 3078 section 8.2: the request is repeated until a FLUSHED packet comes.
            if session.receiver.wants_reset(now) {
                session.link.request_reset(now);
            }
        });
    }

    /// Returns what the client presents, while [`Event::Authenticate`] waits for an answer.
    #[must_use]
    pub fn presented(&self) -> Option<Presented<'_>> {
        self.link.presented()
    }

    /// Answers [`Event::Authenticate`], now or later.
    ///
    /// # Errors
    ///
    /// [`AnswerError`].
    pub fn answer(&mut self, now: Duration, ticket: Ticket, answer: &Answer<'_>) -> Result<Outcome, AnswerError> {
        self.enter(now, |session, now| session.link.answer(now, ticket, answer))
    }

    /// Answers [`Event::Authenticate`] for somebody else who has found the proof good, and has made
    /// keys from it: a RADIUS server. The client is shown `message`, after MS-CHAP version 2 the
    /// `S=…` of MS-CHAP2-Success.
    ///
    /// Without keys nothing is encrypted; where it has to be, the session ends with a reason that
    /// says so (Windows' error 742). Later proofs change no keys, and an answer that comes too late
    /// leaves all as it was.
    ///
    /// # Errors
    ///
    /// [`AnswerError`].
    pub fn accept(
        &mut self,
        now: Duration,
        ticket: Ticket,
        message: &[u8],
        keys: Option<ExternalKeys>,
    ) -> Result<Outcome, AnswerError> {
        self.enter(now, |session, now| {
            // RFC 3079 section 1: a later proof in the session changes no keys.
            let is_first = session.external_keys.is_none();
            if is_first {
                session.set_external_keys(keys);
            }
            let result = session.link.answer(now, ticket, &Answer::Accept(message));
            // The answer was refused, so the keys belong to nothing.
            if is_first && result.is_err() {
                session.set_external_keys(None);
            }
            result
        })
    }

    fn set_external_keys(&mut self, keys: Option<ExternalKeys>) {
        let strengths = keys.as_ref().map_or(MicrosoftCompression::NONE, ExternalKeys::strengths);
        self.external_keys = keys;
        self.link.set_external_keys(strengths);
    }

    /// Reports that the new password of the last answer ([`Outcome::PasswordChanged`]) could not be
    /// stored, or is not good enough (RFC 2759 section 7). The client gets error 709, and the
    /// session ends. Call it right after that answer.
    pub fn reject_change(&mut self, now: Duration) {
        self.enter(now, |session, now| session.link.reject_change(now));
    }

    /// Sets the address that the client has to take (RFC 1332 section 3.3). Call it before the
    /// answer that lets it in; and again for a client that [wants](Event::AddressWanted) another
    /// address and may have it. It has no effect once IPv4 flows.
    pub fn assign_address(&mut self, address: Ipv4Addr) {
        self.link.set_peer_address(address);
    }

    /// Sets this side's own address for this client, in place of [`Server::new`](crate::Server::new)'s (RFC 1332 section 3.3).
    /// Call it before the answer that lets the client in, or right after it, before anything is polled.
    pub fn assign_own_address(&mut self, address: Ipv4Addr) {
        self.link.set_own_address(address);
    }

    /// Sets the name servers of this client (RFC 1877 sections 1.1 and 1.3), in place of those of
    /// [`Server::with_name_servers`](crate::Server::with_name_servers). Call it as
    /// [`assign_own_address`](Self::assign_own_address).
    #[doc(alias = "DNS")]
    pub fn assign_name_servers(&mut self, servers: [Option<Ipv4Addr>; 2]) {
        self.link.set_name_servers(servers);
    }

    /// Sets the NetBIOS name servers of this client (RFC 1877 sections 1.2 and 1.4). Call it as
    /// [`assign_own_address`](Self::assign_own_address).
    #[doc(alias = "NBNS")]
    #[doc(alias = "WINS")]
    pub fn assign_netbios_name_servers(&mut self, servers: [Option<Ipv4Addr>; 2]) {
        self.link.set_netbios_name_servers(servers);
    }

    /// Challenges the client again (RFC 1994 section 2).
    pub fn rechallenge(&mut self, now: Duration) {
        self.enter(now, |session, now| session.link.rechallenge(now));
    }

    /// Answers [`Event::Prove`] with another name or password.
    ///
    /// # Errors
    ///
    /// [`AnswerError`].
    pub fn prove(&mut self, now: Duration, ticket: Ticket, name: &str, secret: &Secret<'_>) -> Result<(), AnswerError> {
        self.enter(now, |session, now| session.link.prove(now, ticket, name.as_bytes(), secret))
    }

    /// Answers [`Event::Prove`] with a no: the user has no other name or password. The session ends,
    /// and the refusal of the last proof is the reason.
    ///
    /// # Errors
    ///
    /// [`AnswerError::NotAsked`].
    pub fn decline(&mut self, now: Duration, ticket: Ticket) -> Result<(), AnswerError> {
        self.enter(now, |session, now| session.link.decline(now, ticket))
    }

    /// Answers [`Event::PasswordExpired`] (RFC 2759 section 7). This side proves itself with the
    /// new password from now on; when the server does not take it, the session ends with error 709.
    ///
    /// # Errors
    ///
    /// [`AnswerError::NotAsked`], or [`AnswerError::TooLong`] for more than 256 characters.
    pub fn change_password(&mut self, now: Duration, new: &str) -> Result<(), AnswerError> {
        self.enter(now, |session, now| {
            let Proof::Expired(credentials, ticket) = &session.proof else { return Err(AnswerError::NotAsked) };
            let text = mschap::Password::Text(new);
            session.link.change_password(now, *ticket, &credentials.secret(), text)?;
            let mut credentials = credentials.clone();
            credentials.replace(new);
            session.proof = Proof::Ready(credentials);
            Ok(())
        })
    }

    /// Answers [`Event::Prove`] with a packet of another end of EAP (RFC 3748).
    ///
    /// # Errors
    ///
    /// [`AnswerError`].
    pub fn send_eap(&mut self, now: Duration, ticket: Ticket, packet: &[u8]) -> Result<(), AnswerError> {
        self.enter(now, |session, now| session.link.send_eap(now, ticket, packet))
    }

    /// Asks the peer for an Echo-Reply now (RFC 1661 section 5.8).
    pub fn ping(&mut self, now: Duration) {
        self.enter(now, |session, now| session.link.ping(now));
    }

    /// Sends the time in seconds until the session will end (RFC 1570 section 1.2).
    pub fn send_time_remaining(&mut self, now: Duration, seconds: u32) {
        self.enter(now, |session, now| session.link.send_time_remaining(now, seconds));
    }

    /// Returns the link: what was negotiated, names, texts.
    #[must_use]
    pub const fn link(&self) -> &Link {
        &self.link
    }

    /// Returns what IPCP agreed on, while IPv4 flows.
    #[must_use]
    pub fn ip(&self) -> Option<ipcp::Agreed> {
        self.link.ip()
    }

    /// Returns what IPV6CP agreed on, while IPv6 flows.
    #[must_use]
    pub fn ipv6(&self) -> Option<ipv6cp::Agreed> {
        self.link.ipv6()
    }

    /// Returns the longest IP packet that may be sent now, in bytes: the MTU of a network
    /// interface.
    #[must_use]
    pub fn mtu(&self) -> u16 {
        let peer = self.link.lcp().sending().mru;
        // The header of encryption or compression (2), and the protocol within (2).
        let room = if self.sender.is_clear() { peer } else { peer.saturating_sub(4) };
        room.min(self.config.mtu())
    }

    /// Returns why the session is over, if it is.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self.life {
            Life::Ended(reason) => Some(reason),
            Life::Up | Life::Renewing | Life::Ending(_) => None,
        }
    }

    /// Returns where the session is.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Returns since when the status is what it is.
    #[must_use]
    pub const fn changed_at(&self) -> Duration {
        self.changed_at
    }

    /// Returns how packets are sent.
    #[must_use]
    pub fn sending(&self) -> Encoding {
        self.sender.encoding()
    }

    /// Returns how packets are received.
    #[must_use]
    pub fn receiving(&self) -> Encoding {
        self.receiver.encoding()
    }

    /// Returns the counters.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let mppe = match (self.sender.statistics(), self.receiver.statistics()) {
            (None, None) => None,
            // A direction without encryption has counted nothing.
            (sent, received) => {
                Some(mppe::Statistics { sent: sent.unwrap_or_default(), received: received.unwrap_or_default() })
            }
        };
        Statistics {
            mppe,
            echo: *self.link.echo_statistics(),
            cleartext_dropped: self.cleartext_dropped,
            refused: self.refused,
        }
    }
}
