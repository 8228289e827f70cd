//! The outer headers: from a captured frame to what carries PPTP or PPP.

mod link;

use std::collections::VecDeque;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use etherparse::defrag::IpDefragBuf;
use etherparse::{IpNumber, LaxNetSlice, LaxSlicedPacket, TransportSlice, ip_number};
use l2tp_wire::IP_PROTOCOL;
use l2tp_wire::code::PseudowireType;
use l2tp_wire::header::Carrier as Layer3;
use ppp_fsm::Protocol;
use pptp::inspect::Direction;

use super::file::Frame;
use crate::inspect::{self, Payload, SessionNumber, Tunnels};

/// Fragmented IP packets that are put together at a time; the oldest is dropped for another one.
const MAX_FRAGMENTED: usize = 64;

/// Headers within each other that are looked into: tags, tunnels, PPP.
const MAX_DEPTH: u8 = 12;

/// Labels of MPLS on one packet that are looked behind.
const MAX_LABELS: usize = 16;

/// TCP port of the control connection.
pub const CONTROL_PORT: u16 = 1723;

/// An address of the link or of the Internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Address {
    /// Of the Internet Protocol.
    Ip(IpAddr),
    /// Of Ethernet.
    Ethernet([u8; 6]),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Ethernet([first, rest @ ..]) => {
                write!(f, "{first:02x}")?;
                rest.iter().try_for_each(|byte| write!(f, ":{byte:02x}"))
            }
        }
    }
}

/// Sender and receiver.
pub type Path = (Address, Address);

/// The carrier of a PPP frame that is not in GRE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Carrier {
    /// A serial link: the capture is of PPP itself.
    Serial,
    /// RFC 2516: PPP over Ethernet, with its session.
    Ethernet(u16),
    /// RFC 2661, RFC 3931: a session of L2TP, and which way the frame goes in it.
    L2tp(SessionNumber, Direction),
}

impl Carrier {
    /// Returns whether it says how long the frame is. A serial frame, and one in L2TP, is what is left of the captured one.
    #[must_use]
    pub const fn has_own_length(self) -> bool {
        matches!(self, Self::Ethernet(_))
    }

    /// Returns its name in JSON lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Serial => "ppp",
            Self::Ethernet(_) => "pppoes",
            Self::L2tp(..) => "l2tp",
        }
    }
}

/// Which of the two ends of a link has sent a frame, where no addresses say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Sender {
    /// The host that captured it.
    Capturer,
    /// The other one.
    Other,
}

/// A TCP segment of a control connection.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "what putting in order needs")]
pub struct Segment<'a> {
    /// The sender.
    pub source: SocketAddr,
    /// The receiver.
    pub destination: SocketAddr,
    /// The number of its first byte.
    pub sequence_number: u32,
    /// Whether a connection starts with it.
    pub synchronize: bool,
    /// Whether the sender closes its direction.
    pub finish: bool,
    /// Whether the connection was reset.
    pub reset: bool,
    /// Its bytes, as many as were captured.
    pub payload: &'a [u8],
    /// How many bytes behind these were not captured.
    pub not_captured: u32,
}

/// The interesting part of a frame.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Carried<'a> {
    /// A segment from or to port 1723.
    Control(Segment<'a>),
    /// A GRE packet of any version.
    Gre {
        /// Sender and receiver.
        path: Path,
        /// Its bytes.
        bytes: &'a [u8],
        /// Whether its end was not captured.
        is_cut: bool,
    },
    /// A packet of L2TP, or what follows from it.
    L2tp(&'a inspect::Record<'a>),
    /// A PPP frame that is not in GRE.
    Frame {
        /// Sender and receiver, where the carrier has addresses.
        path: Option<Path>,
        /// The end that sent it, where the file says so.
        sender: Option<Sender>,
        /// The carrier of it.
        carrier: Carrier,
        /// Its bytes.
        bytes: &'a [u8],
        /// Whether its end was not captured.
        is_cut: bool,
    },
    /// A PPP packet whose protocol number stands in the Ethernet header, as Windows' NDISWAN captures have it.
    Packet {
        /// Sender and receiver.
        path: Path,
        /// The protocol of PPP.
        protocol: Protocol,
        /// Its bytes.
        bytes: &'a [u8],
    },
    /// An IP packet that is a fragment, not yet whole.
    Fragment {
        /// Sender and receiver.
        path: Path,
    },
}

/// Where in a frame something was found.
#[derive(Debug, Clone, Copy)]
struct At {
    /// The number of the frame.
    number: u64,
    /// The addresses of the last header that has some.
    path: Option<Path>,
    sender: Option<Sender>,
    /// How many headers may still be taken off.
    depth: u8,
    /// Whether the frame's end was not captured.
    is_cut: bool,
}

impl At {
    /// Creates one header further in.
    fn within(self) -> Option<Self> {
        Some(Self { depth: self.depth.checked_sub(1)?, ..self })
    }
}

/// Takes frames apart, puts fragments of IP packets together, and follows the tunnels of L2TP.
///
/// Holds at most 64 fragmented packets of 64 KB each.
#[derive(Debug, Default)]
pub struct Outer {
    fragmented: VecDeque<(FragmentKey, IpDefragBuf)>,
    tunnels: Tunnels,
}

type FragmentKey = (Ipv4Addr, Ipv4Addr, u16, u8);

impl Outer {
    /// Takes what is known of the tunnels of L2TP: their secret.
    #[must_use]
    pub fn new(tunnels: Tunnels) -> Self {
        Self { fragmented: VecDeque::new(), tunnels }
    }

    /// Returns what was found out about the tunnels of L2TP.
    #[must_use]
    pub fn into_tunnels(self) -> Tunnels {
        self.tunnels
    }

    /// Hands to `each` what `frame` carries: nothing, or one thing, or several when tunnels are within each other.
    pub fn handle(&mut self, frame: &Frame<'_>, each: &mut impl FnMut(Carried<'_>)) {
        let at = At { number: frame.number, path: None, sender: None, depth: MAX_DEPTH, is_cut: frame.is_cut() };
        self.link(frame.link_type, frame.bytes, at, each);
    }

    /// Reads a PPP frame and its contents.
    fn ppp(&mut self, carrier: Carrier, bytes: &[u8], at: At, is_cut: bool, each: &mut impl FnMut(Carried<'_>)) {
        each(Carried::Frame { path: at.path, sender: at.sender, carrier, bytes, is_cut });
        self.within_ppp(bytes, at, each);
    }

    /// Reads the contents of a PPP frame in the clear.
    fn within_ppp(&mut self, bytes: &[u8], at: At, each: &mut impl FnMut(Carried<'_>)) {
        let (Ok(frame), Some(at)) = (ppp_fsm::Frame::decode(bytes), at.within()) else { return };
        match frame.protocol {
            Protocol::IP | Protocol::IPV6 => self.ip(frame.information, at, each),
            // RFC 3032 section 4.3: MPLS unicast and multicast.
            Protocol(0x0281 | 0x0283) => self.mpls(frame.information, at, each),
            _ => {}
        }
    }

    /// Reads a stack of labels, the last of which has the bit S (RFC 3032 section 2.1).
    fn mpls(&mut self, bytes: &[u8], at: At, each: &mut impl FnMut(Carried<'_>)) {
        let Some(at) = at.within() else { return };
        let mut rest = bytes;
        // Bounded, as a stack without an end holds no packet.
        for _ in 0..MAX_LABELS {
            let Some((&[_, _, bits, _], behind)) = rest.split_first_chunk() else { return };
            rest = behind;
            if bits & 1 == 0 {
                continue;
            }
            match rest.first().map(|first| first >> 4) {
                Some(4 | 6) => self.ip(rest, at, each),
                // RFC 4448 section 4.4: the control word of Ethernet begins with 0.
                Some(0) => self.ethernet(rest.get(4..).unwrap_or_default(), at, each),
                _ => {}
            }
            return;
        }
    }

    /// Reads an IP packet.
    fn ip(&mut self, bytes: &[u8], at: At, each: &mut impl FnMut(Carried<'_>)) {
        let Ok(packet) = LaxSlicedPacket::from_ip(bytes) else { return };
        match (&packet.net, &packet.transport) {
            (Some(LaxNetSlice::Ipv4(ip)), transport) => {
                let header = ip.header();
                let (source, destination) = (header.source_addr(), header.destination_addr());
                let path = (Address::Ip(source.into()), Address::Ip(destination.into()));
                let payload = ip.payload();
                let at = At { path: Some(path), is_cut: at.is_cut && payload.incomplete, ..at };
                if header.is_fragmenting_payload() {
                    each(Carried::Fragment { path });
                    // Half a fragment cannot be put together with others.
                    if at.is_cut {
                        return;
                    }
                    let key = (source, destination, header.identification(), header.protocol().0);
                    let offset = header.fragments_offset();
                    if let Some(whole) = self.reassemble(key, offset, header.more_fragments(), payload.payload) {
                        self.whole(path, header.protocol(), &whole, at, each);
                    }
                    return;
                }
                let said = usize::from(header.total_len()).saturating_sub(header.slice().len());
                let missing = if at.is_cut { said.saturating_sub(payload.payload.len()) } else { 0 };
                self.within_ip(path, payload.ip_number, payload.payload, transport.as_ref(), (at, missing), each);
            }
            (Some(LaxNetSlice::Ipv6(ip)), transport) => {
                let header = ip.header();
                let path = (Address::Ip(header.source_addr().into()), Address::Ip(header.destination_addr().into()));
                let payload = ip.payload();
                let at = At { path: Some(path), is_cut: at.is_cut && payload.incomplete, ..at };
                let said = usize::from(header.payload_length()).saturating_sub(ip.extensions().slice().len());
                let missing = if at.is_cut { said.saturating_sub(payload.payload.len()) } else { 0 };
                self.within_ip(path, payload.ip_number, payload.payload, transport.as_ref(), (at, missing), each);
            }
            _ => {}
        }
    }

    /// Reads a fragmented packet that is whole now; no transport header was parsed yet.
    fn whole(&mut self, path: Path, protocol: IpNumber, payload: &[u8], at: At, each: &mut impl FnMut(Carried<'_>)) {
        let transport = match protocol {
            ip_number::TCP => etherparse::TcpSlice::from_slice(payload).ok().map(TransportSlice::Tcp),
            ip_number::UDP => etherparse::UdpSlice::from_slice(payload).ok().map(TransportSlice::Udp),
            _ => None,
        };
        self.within_ip(path, protocol, payload, transport.as_ref(), (at, 0), each);
    }

    fn within_ip(
        &mut self,
        path: Path,
        protocol: IpNumber,
        payload: &[u8],
        transport: Option<&TransportSlice<'_>>,
        (at, missing): (At, usize),
        each: &mut impl FnMut(Carried<'_>),
    ) {
        let (Address::Ip(source), Address::Ip(destination)) = path else { return };
        match transport {
            // RFC 2637 section 1.4: the control connection is at TCP port 1723.
            Some(TransportSlice::Tcp(tcp)) if [tcp.source_port(), tcp.destination_port()].contains(&CONTROL_PORT) => {
                each(Carried::Control(Segment {
                    source: (source, tcp.source_port()).into(),
                    destination: (destination, tcp.destination_port()).into(),
                    sequence_number: tcp.sequence_number(),
                    synchronize: tcp.syn(),
                    finish: tcp.fin(),
                    reset: tcp.rst(),
                    payload: tcp.payload(),
                    not_captured: u32::try_from(missing).unwrap_or(u32::MAX),
                }));
            }
            Some(TransportSlice::Udp(udp)) => {
                let ends = ((source, udp.source_port()).into(), (destination, udp.destination_port()).into());
                // RFC 2661 section 8.1: behind the first request any port may be in use.
                if self.tunnels.takes(ends) {
                    self.l2tp(Layer3::Udp, ends, udp.payload(), at, each);
                }
            }
            None if protocol.0 == IP_PROTOCOL => {
                self.l2tp(Layer3::Ip, ((source, 0).into(), (destination, 0).into()), payload, at, each);
            }
            None if protocol == ip_number::GRE => {
                each(Carried::Gre { path, bytes: payload, is_cut: at.is_cut });
                // Plain GRE may carry IP or Ethernet with a tunnel in it.
                self.within_gre(payload, at, each);
            }
            None if [ip_number::IPV4, ip_number::IPV6].contains(&protocol) => {
                // A tunnel in a tunnel is followed to a bounded depth.
                if let Some(at) = at.within() {
                    self.ip(payload, at, each);
                }
            }
            _ => {}
        }
    }

    /// Reads a packet of L2TP, and the payload of its session (RFC 2661, RFC 3931).
    fn l2tp(&mut self, carrier: Layer3, ends: inspect::Path, bytes: &[u8], at: At, each: &mut impl FnMut(Carried<'_>)) {
        let mut tell = |record: inspect::Record<'_>| each(Carried::L2tp(&record));
        let payload = if at.is_cut {
            self.tunnels.handle_cut(at.number, carrier, ends, bytes, &mut tell)
        } else {
            self.tunnels.handle(at.number, carrier, ends, bytes, &mut tell)
        };
        let Some(Payload { session, direction, pseudowire, bytes, .. }) = payload else { return };
        match pseudowire {
            PseudowireType::PPP => self.ppp(Carrier::L2tp(session, direction), bytes, at, at.is_cut, each),
            PseudowireType::ETHERNET | PseudowireType::ETHERNET_VLAN => {
                if let Some(at) = at.within() {
                    self.ethernet(bytes, at, each);
                }
            }
            _ => {}
        }
    }

    /// Reads the contents of a GRE packet (RFC 2784, 2890 and 2637).
    fn within_gre(&mut self, bytes: &[u8], at: At, each: &mut impl FnMut(Carried<'_>)) {
        if let Ok(packet) = pptp_gre::Packet::decode(bytes) {
            return self.within_ppp(packet.payload, at, each);
        }
        let (Some((&[high, low, p0, p1], rest)), Some(at)) = (bytes.split_first_chunk(), at.within()) else { return };
        let flags = u16::from_be_bytes([high, low]);
        // Version 0, no routing.
        if flags & 0x4007 != 0 {
            return;
        }
        // RFC 2784 and RFC 2890: checksum, key and sequence number have four bytes each.
        let optional = [0x8000, 0x2000, 0x1000].iter().filter(|bit| flags & **bit != 0).count();
        let payload = rest.get(4 * optional..).unwrap_or_default();
        match u16::from_be_bytes([p0, p1]) {
            0x0800 | 0x86dd => self.ip(payload, at, each),
            0x6558 => self.ethernet(payload, at, each),
            0x8847 | 0x8848 => self.mpls(payload, at, each),
            _ => {}
        }
    }

    fn reassemble(
        &mut self,
        key: FragmentKey,
        offset: etherparse::IpFragOffset,
        more: bool,
        payload: &[u8],
    ) -> Option<Vec<u8>> {
        let index = self.fragmented.iter().position(|(k, _)| *k == key).unwrap_or_else(|| {
            // Bounded: the oldest datagram that is not whole is given up.
            if self.fragmented.len() == MAX_FRAGMENTED {
                self.fragmented.pop_front();
            }
            let empty = IpDefragBuf::new(IpNumber(key.3), Vec::new(), Vec::new());
            self.fragmented.push_back((key, empty));
            self.fragmented.len() - 1
        });
        let (_, buffer) = self.fragmented.get_mut(index)?;
        let added = buffer.add(offset, more, payload);
        // A datagram whose fragments contradict each other is dropped.
        if added.is_err() || buffer.is_complete() {
            let (_, buffer) = self.fragmented.remove(index)?;
            return added.ok().map(|()| buffer.take_bufs().0);
        }
        None
    }
}

fn be_u16(bytes: &[u8]) -> Option<u16> {
    bytes.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}
