//! A session without a tunnel: ids and cookies are agreed on by hand.
//!
//! Cisco calls it `protocol none`, Linux `ip l2tp add session`. There are data packets alone:
//! nothing is set up, and no message says that it is over. Only PPP's keepalive notices that a peer
//! is gone.

use core::time::Duration;

use l2tp_wire::data::{self, Wire};
use l2tp_wire::{Address, Packet};
use ppp_session::ppp::Random;

use crate::session::{BufferTooSmall, Call, CallEvent, Config, Machine, Reason, ReceiveError, Received};
use crate::session::{SendError, SessionId, Transmit};

/// The payload of a session without a tunnel.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[cfg_attr(not(feature = "alloc"), expect(clippy::large_enum_variant, reason = "without a heap it is in place"))]
pub enum Payload {
    /// PPP, whose client this side is.
    Client(ppp_session::Client),
    /// PPP, whose server this side is.
    Server(ppp_session::Server),
    /// Ethernet frames, which are the caller's (RFC 4719).
    Ethernet,
}

/// One session without a tunnel.
///
/// ```
/// use core::time::Duration;
/// use l2tp_session::manual::{Payload, Session};
/// use l2tp_session::session::{Config, HEADROOM};
/// use l2tp_session::wire::Address;
/// use l2tp_session::wire::data::{self, SessionWire, Wire};
/// use l2tp_session::wire::header::Cookie;
///
/// let wire = |session_id, last| SessionWire {
///     session_id,
///     cookie: Cookie::Eight([0, 0, 0, 0, 0, 0, 0, last]),
///     has_sublayer: false,
/// };
/// let (here, there) = (Address::ip("2.0.0.2".parse()?), Address::ip("2.0.0.1".parse()?));
/// // The example of Cisco's manual: ids 111 and 222, and the same from the other side.
/// let (one, other) = (wire(111, 0x64), wire(222, 0xc8));
/// let ours = data::Config::new(there, Wire::V3 { local: one, peer: other });
/// let theirs = data::Config::new(here, Wire::V3 { local: other, peer: one });
/// let (now, config) = (Duration::ZERO, Config::strict("unused"));
/// let mut one = Session::new(now, ours, &config, Payload::Ethernet, [1; 32]);
/// let mut other = Session::new(now, theirs, &config, Payload::Ethernet, [2; 32]);
///
/// let mut buf = [0; HEADROOM + 60];
/// buf[HEADROOM..][..6].fill(0xff);
/// let sent = one.send_frame(now, &mut buf)?;
/// assert_eq!((sent.destination, sent.payload.len()), (there, 4 + 8 + 60));
/// let mut packet = sent.payload.to_vec();
/// let received = other.handle_datagram(now, here, &mut packet, &mut [])?;
/// assert_eq!(received.frame().map(<[u8]>::len), Some(60));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Session {
    now: Duration,
    call: Machine,
}

impl Session {
    /// Makes a session, which is up. Of `config`, what it says of PPP and of data packets is used;
    /// of `wire`, peer, ids, cookies and sequencing. `entropy` must be unpredictable: challenges
    /// come from it.
    #[must_use]
    pub fn new(now: Duration, wire: data::Config, config: &Config, payload: Payload, entropy: [u8; 32]) -> Self {
        let mut random = Random::new(entropy);
        let ppp = config.ppp_of(&wire);
        let ppp = match payload {
            Payload::Client(client) => Some(ppp_session::Session::client(&ppp, &client, random.entropy())),
            Payload::Server(server) => Some(ppp_session::Session::server(&ppp, &server, random.entropy())),
            Payload::Ethernet => None,
        };
        let id = match wire.wire() {
            Wire::V2 { local, .. } => local.session_id.into(),
            Wire::V3 { local, .. } => local.session_id,
        };
        Self { now, call: Machine::new(now, SessionId::new(id), wire, &config.pseudowire, ppp) }
    }

    /// Takes the time forward, does the work, and notices the end of PPP: the one way in. There is
    /// no tunnel that would have to end the call.
    fn enter<T>(&mut self, now: Duration, work: impl FnOnce(&mut Machine, Duration) -> T) -> T {
        self.now = self.now.max(now);
        let result = work(&mut self.call, self.now);
        // Without a control connection nobody else ends the call.
        if let Some(reason) = self.call.wants_clearing() {
            self.call.cleared(self.now, reason);
        }
        result
    }

    /// Takes a packet from `source`, as [`handle_datagram`](crate::session::Session::handle_datagram)
    /// of a session does.
    ///
    /// # Errors
    ///
    /// [`ReceiveError`]: it gave nothing.
    pub fn handle_datagram<'p>(
        &mut self,
        now: Duration,
        source: Address,
        packet: &'p mut [u8],
        scratch: &'p mut [u8],
    ) -> Result<Received<'p>, ReceiveError> {
        let peer = self.call.channel().config().peer();
        // Ports may differ: RouterOS sends data from any.
        if source.host() != peer.host() || source.is_ip() != peer.is_ip() {
            return Err(ReceiveError::OtherSource);
        }
        // Numbers must not move for a call that is over.
        if self.call.is_cleared() {
            return Err(ReceiveError::UnknownCall { session_id: self.call.id().get() });
        }
        self.enter(now, |call, now| call.handle_packet(now, packet, scratch).map(|(received, _)| received))
    }

    /// Returns whether a packet has the ids of this session: for a socket that many share.
    #[must_use]
    pub fn is_for(&self, source: Address, packet: &[u8]) -> bool {
        let decoded = if source.is_ip() { Packet::decode_ip(packet) } else { Packet::decode_udp(packet) };
        match (decoded, self.call.channel().config().wire()) {
            (Ok(Packet::DataV2 { header, .. }), Wire::V2 { local, .. }) => {
                (header.tunnel_id, header.session_id) == (local.tunnel_id, local.session_id)
            }
            (Ok(Packet::DataV3 { session_id, .. }), Wire::V3 { local, .. }) => session_id == local.session_id,
            _ => false,
        }
    }

    /// Writes the next packet that waited for an earlier one to the start of `buf`, as
    /// [`poll_receive`](crate::session::Session::poll_receive) of a session does.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: [`MAX_RECEIVE`](crate::session::MAX_RECEIVE) is enough. Nothing is lost.
    pub fn poll_receive<'b>(
        &mut self,
        now: Duration,
        buf: &'b mut [u8],
    ) -> Result<Option<Received<'b>>, BufferTooSmall> {
        let length = self.enter(now, |call, now| call.poll_receive(now, buf))?;
        Ok(length.map(|length| self.call.received(buf.get(..length).unwrap_or_default())))
    }

    /// Sends an IP packet, as [`send_ip`](crate::session::CallMut::send_ip) of a call does.
    ///
    /// # Errors
    ///
    /// [`SendError`]: nothing was sent.
    pub fn send_ip<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Transmit<'b>, SendError> {
        self.enter(now, |call, now| if call.is_cleared() { Err(SendError::NoCall) } else { call.send_ip(now, buf) })
    }

    /// Sends a frame, as [`send_frame`](crate::session::CallMut::send_frame) of a call does.
    ///
    /// # Errors
    ///
    /// [`SendError`]: nothing was sent.
    pub fn send_frame<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Transmit<'b>, SendError> {
        self.enter(now, |call, _| if call.is_ending() { Err(SendError::NoCall) } else { call.send_frame(buf) })
    }

    /// Writes the next packet that is no data into `buf`, though not always to its start: PPP's
    /// negotiation.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: [`MAX_TRANSMIT`](crate::session::MAX_TRANSMIT) is enough. Nothing is
    /// lost.
    pub fn poll_transmit<'b>(
        &mut self,
        now: Duration,
        buf: &'b mut [u8],
    ) -> Result<Option<Transmit<'b>>, BufferTooSmall> {
        // PPP's last frame is sent before its end is taken note of.
        self.now = self.now.max(now);
        let place = self.call.poll_transmit(self.now, buf)?;
        Ok(place.map(|place| place.lay(buf)))
    }

    /// Takes what the path to the peer carries: the length of a whole IP packet (`ip pmtu`).
    pub fn handle_path_mtu(&mut self, mtu: u16) {
        self.call.channel_mut().handle_path_mtu(mtu);
    }

    /// Hangs up. [`CallEvent::Closed`] follows, after some seconds at most.
    pub fn close(&mut self, now: Duration) {
        self.enter(now, Machine::close);
    }

    /// Does something to PPP: answers its questions, above all. Returns `None` for a session
    /// without PPP.
    pub fn with_ppp<T>(
        &mut self,
        now: Duration,
        work: impl FnOnce(&mut ppp_session::Session, Duration) -> T,
    ) -> Option<T> {
        self.enter(now, |call, now| call.with_ppp(|ppp| work(ppp, now)))
    }

    /// Returns what has happened. [`CallEvent::Closed`] is the last.
    pub fn poll_event(&mut self) -> Option<CallEvent> {
        self.call.poll_event()
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) has to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.call.poll_timeout()
    }

    /// Processes expired timers. Early, late and repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.enter(now, Machine::handle_timeout);
    }

    /// Returns the session, to look at.
    #[must_use]
    pub const fn call(&self) -> Call<'_> {
        Call::new(&self.call)
    }

    /// Returns why the session is over, if it is.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        self.call.reason()
    }
}
