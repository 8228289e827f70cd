//! The data channel itself.

use core::ops::Range;
use core::time::Duration;

use super::config::{Config, Sequencing, TunnelSession, TypeOfService, Wire};
use super::counters::Counters;
use super::error::{ReceiveError, SendError};
use super::reorder::{Numbers, Reorder, Verdict};
use crate::header::{Carrier, DataHeader, SessionHeader, Sublayer};
use crate::{Address, EncodeError, Packet};

/// The bytes in front of a frame that [`DataChannel::encapsulate_in_place`] may need: the longest
/// header.
pub const HEADROOM: usize = SessionHeader::MAX_LEN;

/// A packet that goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Datagram<'b> {
    /// The destination.
    pub destination: Address,
    /// The payload of UDP or IP.
    pub payload: &'b [u8],
    /// Hints for the outer IP header.
    pub outer: OuterHeader,
}

/// Hints for the outer IP header of a data packet. Sockets take these as options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[non_exhaustive]
pub struct OuterHeader {
    /// The packet must not be fragmented.
    pub dont_fragment: bool,
    /// Time to live; `None`: the system's.
    pub ttl: Option<u8>,
    /// Type of service; `None`: the system's.
    pub type_of_service: Option<u8>,
}

/// The content of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received<F> {
    /// A frame, or where it lies in the packet.
    Frame(F),
    /// A frame that waits for one before it: [`DataChannel::poll_receive`] will give it.
    Held,
}

/// Where the numbers of a peer stand: see [`DataChannel::position`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    numbers: Numbers,
    peer_numbers: bool,
}

impl Position {
    /// Returns whether no number was left out since `earlier`.
    #[must_use]
    pub const fn follows(&self, earlier: &Self) -> bool {
        self.numbers.follows(earlier.numbers)
    }
}

/// RFC 2661 section 5.3, RFC 3931 section 4.3: sends and receives the data packets of one session.
///
/// Out-of-order packets wait in `SLOTS` places of `FRAME` bytes, inline; with none, a missing
/// packet is never waited for. Besides these it takes at most 400 bytes. Nothing is allocated and
/// nothing copied, except a frame that waits.
///
/// ```
/// use core::time::Duration;
/// use l2tp_wire::Address;
/// use l2tp_wire::data::{Config, DataChannel, Received, TunnelSession, Wire};
///
/// let (ours, theirs) = (
///     TunnelSession { tunnel_id: 1, session_id: 2 },
///     TunnelSession { tunnel_id: 3, session_id: 4 },
/// );
/// let peer = Address::udp("192.0.2.1:1701".parse()?);
/// let mut sender: DataChannel =
///     DataChannel::new(Config::new(peer, Wire::V2 { local: ours, peer: theirs }));
/// let mut receiver: DataChannel =
///     DataChannel::new(Config::new(peer, Wire::V2 { local: theirs, peer: ours }));
///
/// let mut buf = [0; 100];
/// let datagram = sender.encapsulate(b"\xff\x03\xc0\x21", None, &mut buf)?;
/// assert_eq!(datagram.payload, b"\x00\x02\x00\x03\x00\x04\xff\x03\xc0\x21");
/// let received = receiver.decapsulate(Duration::ZERO, datagram.payload)?;
/// assert_eq!(received, Received::Frame(&b"\xff\x03\xc0\x21"[..]));
/// assert_eq!(receiver.counters().packets_received, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct DataChannel<const SLOTS: usize = 0, const FRAME: usize = 0> {
    config: Config,
    /// The number of the next packet with one.
    next: u32,
    /// Set if the last packet of the peer had a number.
    peer_numbers: bool,
    reorder: Reorder<SLOTS, FRAME>,
    path_mtu: Option<u16>,
    counters: Counters,
}

/// A packet that belongs to the session: where its frame is, and its number.
struct Opened {
    frame: Range<usize>,
    number: Option<u32>,
}

impl<const SLOTS: usize, const FRAME: usize> DataChannel<SLOTS, FRAME> {
    /// Makes a channel on which nothing was sent and received.
    #[must_use]
    pub const fn new(config: Config) -> Self {
        let mask = match config.wire {
            Wire::V2 { .. } => 0xffff,
            Wire::V3 { .. } => Sublayer::MAX_SEQUENCE,
        };
        Self {
            config,
            next: 0,
            peer_numbers: false,
            reorder: Reorder::new(mask),
            path_mtu: None,
            counters: Counters::NONE,
        }
    }

    /// Sends this number next.
    #[cfg(test)]
    pub(super) const fn start_at(&mut self, number: u32) {
        self.next = number;
    }

    /// Returns the configuration.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Switches sequence numbers on or off while the session runs, as the LNS (RFC 2661 section
    /// 5.4). The numbers go on where they were.
    pub const fn set_sequencing(&mut self, sequencing: Sequencing) {
        self.config.sequencing = sequencing;
    }

    /// Returns what has passed, as `show l2tun session all` prints it.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        Counters { lost: self.reorder.lost, ..self.counters }
    }

    /// Takes the length of a whole IP packet that the path carries, from an ICMP message or the
    /// system (`ip pmtu`).
    ///
    /// Less than every path has to carry (576 bytes, 1280 of IPv6) is taken as that: anybody can
    /// send such messages.
    pub fn handle_path_mtu(&mut self, mtu: u16) {
        // Anybody can send such a message; no path is narrower than this.
        let least = if self.config.peer.host().is_ipv6() { 1280 } else { 576 };
        self.path_mtu = Some(mtu.max(least));
    }

    /// Returns the longest frame that the path carries whole, if it is known.
    #[must_use]
    pub fn session_mtu(&self) -> Option<usize> {
        let ip: usize = if self.config.peer.host().is_ipv6() { 40 } else { 20 };
        let udp: usize = if self.config.peer.is_ip() { 0 } else { 8 };
        let headers = ip.saturating_add(udp).saturating_add(self.config.header_len());
        self.path_mtu.map(|mtu| usize::from(mtu).saturating_sub(headers))
    }

    /// Writes the packet that carries `frame` to the start of `buf`.
    ///
    /// `inner_type_of_service` is that of the IP packet within, if there is one and it may be
    /// reflected.
    ///
    /// # Errors
    ///
    /// Returns [`SendError`] when `buf` is too short ([`HEADROOM`] and the frame are always
    /// enough), or the frame too long for the path.
    pub fn encapsulate<'b>(
        &mut self,
        frame: &[u8],
        inner_type_of_service: Option<u8>,
        buf: &'b mut [u8],
    ) -> Result<Datagram<'b>, SendError> {
        self.check(frame.len())?;
        let header_length = self.header_len();
        let (needed, available) = (header_length.saturating_add(frame.len()), buf.len());
        let short = EncodeError::BufferTooSmall { needed, available };
        let (header, rest) = buf.split_at_mut_checked(header_length).ok_or(short)?;
        rest.get_mut(..frame.len()).ok_or(short)?.copy_from_slice(frame);
        self.write_header(frame.len(), header)?;
        let packet = buf.get(..needed).ok_or(short)?;
        Ok(self.datagram(packet, inner_type_of_service))
    }

    /// Writes the header right in front of the frame, which is `buf` from [`HEADROOM`] on. The
    /// packet's start is not always that of `buf`.
    ///
    /// # Errors
    ///
    /// As [`encapsulate`](Self::encapsulate).
    pub fn encapsulate_in_place<'b>(
        &mut self,
        inner_type_of_service: Option<u8>,
        buf: &'b mut [u8],
    ) -> Result<Datagram<'b>, SendError> {
        let available = buf.len();
        let short = EncodeError::BufferTooSmall { needed: HEADROOM, available };
        let length = available.checked_sub(HEADROOM).ok_or(short)?;
        self.check(length)?;
        let header_length = self.header_len();
        let packet = buf.get_mut(HEADROOM.saturating_sub(header_length)..).ok_or(short)?;
        self.write_header(length, packet)?;
        Ok(self.datagram(packet, inner_type_of_service))
    }

    const fn numbers(&self) -> bool {
        self.config.sequencing.transmits() || self.config.follows_peer && self.peer_numbers
    }

    /// Returns an error, and counts it, when a frame of this length is too long for the path: for
    /// callers that encrypt a frame before they encapsulate it.
    ///
    /// # Errors
    ///
    /// [`SendError::ExceedsMtu`].
    #[inline]
    pub fn check(&mut self, length: usize) -> Result<(), SendError> {
        if !self.bounds_length() {
            return Ok(());
        }
        if let Some(mtu) = self.session_mtu().filter(|mtu| length > *mtu) {
            self.counters.exceeded_mtu = self.counters.exceeded_mtu.saturating_add(1);
            return Err(SendError::ExceedsMtu { length, mtu });
        }
        Ok(())
    }

    /// Returns whether a frame may be too long for the path: it is known, and such frames are
    /// refused.
    #[must_use]
    #[inline]
    pub const fn bounds_length(&self) -> bool {
        self.path_mtu.is_some() && self.config.refuses_oversized()
    }

    fn header_len(&self) -> usize {
        match self.config.wire {
            Wire::V2 { peer, .. } => self.header_v2(peer).len(),
            Wire::V3 { .. } => self.config.header_len(),
        }
    }

    const fn header_v2(&self, peer: TunnelSession) -> DataHeader {
        let mut header = DataHeader::new(peer.tunnel_id, peer.session_id);
        if self.config.has_length_field() {
            header = header.with_length();
        }
        if self.numbers() {
            let [.., high, low] = self.next.to_be_bytes();
            header = header.with_sequence(u16::from_be_bytes([high, low]));
        }
        header
    }

    fn write_header(&mut self, length: usize, packet: &mut [u8]) -> Result<(), SendError> {
        let numbered = match self.config.wire {
            Wire::V2 { peer, .. } => {
                self.header_v2(peer).encode(length, packet)?;
                self.numbers()
            }
            Wire::V3 { peer, .. } => {
                let numbered = self.numbers() && peer.has_sublayer;
                let sublayer = if numbered { Sublayer::with_sequence(self.next) } else { Sublayer::NONE };
                let sublayer = peer.has_sublayer.then_some(sublayer);
                let header = SessionHeader { session_id: peer.session_id, cookie: peer.cookie, sublayer };
                header.encode(self.carrier(), packet)?;
                numbered
            }
        };
        if numbered {
            self.next = self.next.wrapping_add(1);
        }
        self.counters.sent(length);
        Ok(())
    }

    fn datagram<'b>(&self, payload: &'b [u8], inner: Option<u8>) -> Datagram<'b> {
        let type_of_service = match self.config.type_of_service {
            TypeOfService::System => None,
            TypeOfService::Value(value) => Some(value),
            TypeOfService::Reflect => inner,
        };
        let outer = OuterHeader { dont_fragment: self.config.dont_fragment(), ttl: self.config.ttl, type_of_service };
        Datagram { destination: self.config.peer, payload, outer }
    }

    const fn carrier(&self) -> Carrier {
        if self.config.peer.is_ip() { Carrier::Ip } else { Carrier::Udp }
    }

    /// Takes what UDP, or IP protocol 115, carried.
    ///
    /// After it, [`poll_receive`](Self::poll_receive) may have frames that follow.
    ///
    /// # Errors
    ///
    /// Returns [`ReceiveError`] when there is no frame in it to be delivered. The session is as
    /// before then, and the packet is counted.
    pub fn decapsulate<'p>(&mut self, now: Duration, packet: &'p [u8]) -> Result<Received<&'p [u8]>, ReceiveError> {
        Ok(match self.decapsulate_range(now, packet)? {
            Received::Frame(range) => Received::Frame(packet.get(range).unwrap_or_default()),
            Received::Held => Received::Held,
        })
    }

    /// Takes a packet as [`decapsulate`](Self::decapsulate) does, for a frame that is decrypted
    /// within the packet.
    ///
    /// # Errors
    ///
    /// As [`decapsulate`](Self::decapsulate).
    pub fn decapsulate_in_place<'p>(
        &mut self,
        now: Duration,
        packet: &'p mut [u8],
    ) -> Result<Received<&'p mut [u8]>, ReceiveError> {
        Ok(match self.decapsulate_range(now, packet)? {
            Received::Frame(range) => Received::Frame(packet.get_mut(range).unwrap_or_default()),
            Received::Held => Received::Held,
        })
    }

    /// Takes a packet as [`decapsulate`](Self::decapsulate) does, and returns where in the packet
    /// the frame lies.
    ///
    /// # Errors
    ///
    /// As [`decapsulate`](Self::decapsulate).
    pub fn decapsulate_range(&mut self, now: Duration, packet: &[u8]) -> Result<Received<Range<usize>>, ReceiveError> {
        let result = self.receive(now, packet);
        match &result {
            Ok(Received::Frame(frame)) => self.counters.received(frame.len()),
            Ok(Received::Held) => {}
            Err(error) => self.counters.dropped(*error),
        }
        result
    }

    fn receive(&mut self, now: Duration, packet: &[u8]) -> Result<Received<Range<usize>>, ReceiveError> {
        let opened = self.open(packet)?;
        // RFC 2661 section 5.4: the LNS switches numbers on and off as it likes.
        let Some(number) = opened.number else {
            self.peer_numbers = false;
            return Ok(Received::Frame(opened.frame));
        };
        if !self.config.sequencing.receives() && !self.config.follows_peer {
            self.peer_numbers = true;
            return Ok(Received::Frame(opened.frame));
        }
        let frame = packet.get(opened.frame.clone()).unwrap_or_default();
        let verdict = self.reorder.arrive(now, number, frame, self.config.reorder_timeout);
        self.peer_numbers |= matches!(verdict, Verdict::Deliver | Verdict::Held);
        match verdict {
            Verdict::Deliver => Ok(Received::Frame(opened.frame)),
            Verdict::Held => Ok(Received::Held),
            Verdict::Late => Err(ReceiveError::Late { number }),
            Verdict::FarAhead => Err(ReceiveError::FarAhead { number }),
            Verdict::NoRoom => Err(ReceiveError::Busy),
        }
    }

    /// Proves that the packet is of this session.
    fn open(&self, packet: &[u8]) -> Result<Opened, ReceiveError> {
        let decoded = match self.carrier() {
            Carrier::Udp => Packet::decode_udp(packet)?,
            Carrier::Ip => Packet::decode_ip(packet)?,
        };
        match (decoded, self.config.wire) {
            (Packet::DataV2 { header, payload }, Wire::V2 { local, .. }) => {
                if (TunnelSession { tunnel_id: header.tunnel_id, session_id: header.session_id }) != local {
                    return Err(ReceiveError::OtherSession);
                }
                let start = header.len();
                // The Nr of a data packet is reserved, and not looked at (section 3.1).
                let number = header.sequence.map(|sequence| sequence.ns.into());
                Ok(Opened { frame: start..start.saturating_add(payload.len()), number })
            }
            (Packet::DataV3 { session_id, rest }, Wire::V3 { local, .. }) => {
                if session_id != local.session_id {
                    return Err(ReceiveError::OtherSession);
                }
                let (cookie, sublayer, payload) = local.layout().decode(self.carrier(), rest)?;
                // In constant time, and before anything else is looked at.
                if cookie != local.cookie {
                    return Err(ReceiveError::WrongCookie);
                }
                let start = packet.len().saturating_sub(payload.len());
                Ok(Opened { frame: start..packet.len(), number: sublayer.and_then(Sublayer::sequence) })
            }
            _ => Err(ReceiveError::OtherSession),
        }
    }

    /// Returns where the numbers of the peer stand: to be taken before a packet.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { numbers: self.reorder.numbers(), peer_numbers: self.peer_numbers }
    }

    /// Sets the numbers of the peer back: the frame of a packet that was taken since turned out to
    /// be none of the peer's. The number is free for the genuine packet.
    pub const fn restore(&mut self, position: Position) {
        self.reorder.set_numbers(position.numbers);
        self.peer_numbers = position.peer_numbers;
    }

    /// Returns the next frame that waited and need not wait any more. Call it until it returns
    /// `None`, after each packet and each [`handle_timeout`](Self::handle_timeout).
    pub fn poll_receive(&mut self, now: Duration) -> Option<&mut [u8]> {
        let frame = self.reorder.release(now, self.config.reorder_timeout)?;
        self.counters.received(frame.len());
        Some(frame)
    }

    /// Returns when a missing packet is given up.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.reorder.deadline(self.config.reorder_timeout)
    }

    /// Gives up what is missing for too long; poll for frames then.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.reorder.expire(now, self.config.reorder_timeout);
    }
}
