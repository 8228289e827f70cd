//! The outer headers: from a captured frame to what carries PPTP or PPP.

use std::collections::VecDeque;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use etherparse::defrag::IpDefragBuf;
use etherparse::{EtherType, IpNumber, LaxNetSlice, LaxSlicedPacket, TransportSlice, ip_number};

use crate::file::Frame;

/// Fragmented IP packets that are put together at a time; the oldest is dropped for another one.
const MAX_FRAGMENTED: usize = 64;

/// IP packets within each other, bare or in GRE of version 0, that are looked into.
const MAX_NESTING: usize = 4;

/// TCP port of the control connection.
pub const CONTROL_PORT: u16 = 1723;

const L2TP_PORT: u16 = 1701;

/// An address of the link or of the Internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
                rest.iter().try_for_each(|octet| write!(f, ":{octet:02x}"))
            }
        }
    }
}

/// Sender and receiver.
pub type Path = (Address, Address);

/// What carries a PPP frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// A serial link: the capture is of PPP itself.
    Serial,
    /// PPP over Ethernet, with its session.
    Ethernet(u16),
    /// L2TP over UDP, with its tunnel and session.
    L2tp(u16, u16),
}

impl Carrier {
    /// Whether it says how long the frame is; a serial frame, and one in L2TP, is what is left of the captured one.
    pub fn has_own_length(self) -> bool {
        matches!(self, Self::Ethernet(_))
    }

    /// The name in JSON lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Serial => "ppp",
            Self::Ethernet(_) => "pppoes",
            Self::L2tp(..) => "l2tp",
        }
    }
}

/// A TCP segment of a control connection.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'a> {
    pub source: SocketAddr,
    pub destination: SocketAddr,
    pub sequence_number: u32,
    pub synchronize: bool,
    pub finish: bool,
    pub reset: bool,
    pub payload: &'a [u8],
}

/// What a frame carries that is of interest.
#[derive(Debug, Clone, Copy)]
pub enum Carried<'a> {
    /// A segment from or to port 1723.
    Control(Segment<'a>),
    /// A GRE packet of any version.
    Gre { path: Path, octets: &'a [u8] },
    /// A PPP frame that is not in GRE.
    Frame { path: Option<Path>, carrier: Carrier, octets: &'a [u8] },
    /// A PPP packet whose protocol number stands in the Ethernet header, as Windows' NDISWAN captures have it.
    Packet { path: Path, protocol: u16, octets: &'a [u8] },
    /// An IP packet that is a fragment, not yet whole.
    Fragment,
    /// A tunnelled IP packet that carries nothing of interest: only who sends it to whom.
    Tunnelled { path: Path },
}

/// Takes frames apart, and puts fragments of IP packets together.
#[derive(Debug, Default)]
pub struct Outer {
    fragmented: VecDeque<(FragmentKey, IpDefragBuf)>,
}

type FragmentKey = (Ipv4Addr, Ipv4Addr, u16, u8);

impl Outer {
    /// Hands to `each` what `frame` carries: nothing, or one thing, or several when tunnels are within each other.
    pub fn handle(&mut self, frame: &Frame<'_>, each: &mut impl FnMut(Carried<'_>)) {
        let octets = frame.octets;
        // The upper bits say how long a checksum is behind each frame.
        match frame.link_type & 0x0fff_ffff {
            LINKTYPE_ETHERNET => self.ethernet(octets, each),
            LINKTYPE_PPP | LINKTYPE_PPP_HDLC | LINKTYPE_PPP_ETHER => serial(octets, each),
            // One octet of direction comes first.
            LINKTYPE_PPP_WITH_DIR => serial(octets.get(1..).unwrap_or_default(), each),
            LINKTYPE_RAW | LINKTYPE_RAW_BSD | LINKTYPE_RAW_OPENBSD | LINKTYPE_IPV4 | LINKTYPE_IPV6 => {
                self.packet(LaxSlicedPacket::from_ip(octets).ok(), MAX_NESTING, each);
            }
            LINKTYPE_NULL => {
                self.packet(octets.get(4..).and_then(|ip| LaxSlicedPacket::from_ip(ip).ok()), MAX_NESTING, each);
            }
            LINKTYPE_LINUX_SLL => self.ether_type(octets.get(14..16), octets.get(16..), None, each),
            LINKTYPE_LINUX_SLL2 => self.ether_type(octets.get(..2), octets.get(20..), None, each),
            LINKTYPE_IEEE802_11 => self.wireless(octets, each),
            LINKTYPE_IEEE802_11_RADIOTAP => {
                let length = octets.get(2..4).and_then(le_u16).unwrap_or(u16::MAX);
                self.wireless(octets.get(usize::from(length)..).unwrap_or_default(), each);
            }
            _ => {}
        }
    }

    fn ethernet(&mut self, octets: &[u8], each: &mut impl FnMut(Carried<'_>)) {
        let (Some(destination), Some(source)) = (octets.first_chunk(), octets.get(6..).and_then(<[u8]>::first_chunk))
        else {
            return;
        };
        let path = (Address::Ethernet(*source), Address::Ethernet(*destination));
        self.ether_type(octets.get(12..14), octets.get(14..), Some(path), each);
    }

    fn ether_type(
        &mut self,
        ether_type: Option<&[u8]>,
        payload: Option<&[u8]>,
        path: Option<Path>,
        each: &mut impl FnMut(Carried<'_>),
    ) {
        let (Some(ether_type), Some(payload)) = (ether_type.and_then(be_u16), payload) else { return };
        match (ether_type, path) {
            (ETHER_TYPE_PPPOE_SESSION, path) => {
                // Version and type, code, session, length.
                let (Some(session), Some(frame)) = (payload.get(2..4).and_then(be_u16), payload.get(6..)) else {
                    return;
                };
                let length = payload.get(4..6).and_then(be_u16).map_or(0, usize::from);
                let octets = frame.get(..length).unwrap_or(frame);
                each(Carried::Frame { path, carrier: Carrier::Ethernet(session), octets });
            }
            // The control protocols of PPP are not in use as Ethernet types.
            (protocol @ (0x8021 | 0x8057 | 0x80fd | 0xc021 | 0xc023 | 0xc223 | 0xc227), Some(path)) => {
                each(Carried::Packet { path, protocol, octets: payload });
            }
            _ => {
                let packet = LaxSlicedPacket::from_ether_type(EtherType(ether_type), payload);
                self.packet(Some(packet), MAX_NESTING, each);
            }
        }
    }

    /// A data frame of a wireless LAN, whose body is not encrypted.
    fn wireless(&mut self, octets: &[u8], each: &mut impl FnMut(Carried<'_>)) {
        let Some(&[control, flags]) = octets.first_chunk() else { return };
        let (kind, subtype) = (control >> 2 & 3, control >> 4);
        let (from_and_to_system, protected) = (flags & 3 == 3, flags & 0x40 != 0);
        // Data frames only, with a body (subtypes with bit 2 have none).
        if kind != 2 || subtype & 4 != 0 || protected {
            return;
        }
        // Frame control, duration, three addresses, sequence; fourth address; quality of service.
        let header = 24 + if from_and_to_system { 6 } else { 0 } + if subtype & 8 != 0 { 2 } else { 0 };
        // Logical link control with a subnetwork access protocol, then the Ethernet type.
        let Some((&[0xaa, 0xaa, 0x03, 0, 0, 0, high, low], payload)) =
            octets.get(header..).and_then(<[u8]>::split_first_chunk)
        else {
            return;
        };
        self.ether_type(Some(&[high, low]), Some(payload), None, each);
    }

    fn packet(&mut self, packet: Option<LaxSlicedPacket<'_>>, depth: usize, each: &mut impl FnMut(Carried<'_>)) {
        let Some(packet) = packet else { return };
        // 802.1Q tags and others before PPPoE.
        if let (None, Some(payload)) = (&packet.net, packet.ether_payload()) {
            if payload.ether_type.0 == ETHER_TYPE_PPPOE_SESSION {
                let ether_type = ETHER_TYPE_PPPOE_SESSION.to_be_bytes();
                self.ether_type(Some(&ether_type), Some(payload.payload), None, each);
            }
            return;
        }
        match (&packet.net, &packet.transport) {
            (Some(LaxNetSlice::Ipv4(ip)), transport) => {
                let header = ip.header();
                let (source, destination) = (header.source_addr(), header.destination_addr());
                let path = (Address::Ip(source.into()), Address::Ip(destination.into()));
                if header.is_fragmenting_payload() {
                    each(Carried::Fragment);
                    let key = (source, destination, header.identification(), header.protocol().0);
                    let offset = header.fragments_offset();
                    if let Some(whole) = self.reassemble(key, offset, header.more_fragments(), ip.payload().payload) {
                        self.whole(path, header.protocol(), &whole, depth, each);
                    }
                    return;
                }
                self.inner(path, header.protocol(), ip.payload().payload, transport.as_ref(), depth, each);
            }
            (Some(LaxNetSlice::Ipv6(ip)), transport) => {
                let header = ip.header();
                let path = (Address::Ip(header.source_addr().into()), Address::Ip(header.destination_addr().into()));
                let payload = ip.payload();
                self.inner(path, payload.ip_number, payload.payload, transport.as_ref(), depth, each);
            }
            _ => {}
        }
    }

    /// A fragmented packet that is whole now: no transport header was parsed yet.
    fn whole(
        &mut self,
        path: Path,
        protocol: IpNumber,
        payload: &[u8],
        depth: usize,
        each: &mut impl FnMut(Carried<'_>),
    ) {
        let transport = match protocol {
            ip_number::TCP => etherparse::TcpSlice::from_slice(payload).ok().map(TransportSlice::Tcp),
            ip_number::UDP => etherparse::UdpSlice::from_slice(payload).ok().map(TransportSlice::Udp),
            _ => None,
        };
        self.inner(path, protocol, payload, transport.as_ref(), depth, each);
    }

    fn inner(
        &mut self,
        path: Path,
        protocol: IpNumber,
        payload: &[u8],
        transport: Option<&TransportSlice<'_>>,
        depth: usize,
        each: &mut impl FnMut(Carried<'_>),
    ) {
        let (Address::Ip(source), Address::Ip(destination)) = path else { return };
        match transport {
            Some(TransportSlice::Tcp(tcp)) if [tcp.source_port(), tcp.destination_port()].contains(&CONTROL_PORT) => {
                each(Carried::Control(Segment {
                    source: (source, tcp.source_port()).into(),
                    destination: (destination, tcp.destination_port()).into(),
                    sequence_number: tcp.sequence_number(),
                    synchronize: tcp.syn(),
                    finish: tcp.fin(),
                    reset: tcp.rst(),
                    payload: tcp.payload(),
                }));
            }
            Some(TransportSlice::Udp(udp)) if [udp.source_port(), udp.destination_port()].contains(&L2TP_PORT) => {
                if let Some((tunnel, session, octets)) = l2tp_data(udp.payload()) {
                    each(Carried::Frame { path: Some(path), carrier: Carrier::L2tp(tunnel, session), octets });
                }
            }
            None if protocol == ip_number::GRE => {
                each(Carried::Gre { path, octets: payload });
                if depth > 0 {
                    self.packet(gre_of_version_0(payload), depth - 1, each);
                }
            }
            None if [ip_number::IPV4, ip_number::IPV6].contains(&protocol) && depth > 0 => {
                self.packet(LaxSlicedPacket::from_ip(payload).ok(), depth - 1, each);
            }
            _ if depth < MAX_NESTING => each(Carried::Tunnelled { path }),
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
            if self.fragmented.len() == MAX_FRAGMENTED {
                self.fragmented.pop_front();
            }
            let empty = IpDefragBuf::new(IpNumber(key.3), Vec::new(), Vec::new());
            self.fragmented.push_back((key, empty));
            self.fragmented.len() - 1
        });
        let (_, buffer) = self.fragmented.get_mut(index)?;
        let added = buffer.add(offset, more, payload);
        if added.is_err() || buffer.is_complete() {
            let (_, buffer) = self.fragmented.remove(index)?;
            return added.ok().map(|()| buffer.take_bufs().0);
        }
        None
    }
}

fn serial(octets: &[u8], each: &mut impl FnMut(Carried<'_>)) {
    each(Carried::Frame { path: None, carrier: Carrier::Serial, octets });
}

/// RFC 2661 section 3.1: tunnel, session and payload of an L2TP version 2 data message.
fn l2tp_data(octets: &[u8]) -> Option<(u16, u16, &[u8])> {
    let flags = be_u16(octets.get(..2)?)?;
    let (control, length, sequence, offset) =
        (flags & 0x8000 != 0, flags & 0x4000 != 0, flags & 0x0800 != 0, flags & 0x0200 != 0);
    if control || flags & 0x000f != 2 {
        return None;
    }
    let mut at = 2 + if length { 2 } else { 0 };
    let tunnel = be_u16(octets.get(at..at + 2)?)?;
    let session = be_u16(octets.get(at + 2..at + 4)?)?;
    at += 4 + if sequence { 4 } else { 0 };
    if offset {
        at += 2 + usize::from(be_u16(octets.get(at..at + 2)?)?);
    }
    Some((tunnel, session, octets.get(at..)?))
}

/// RFC 2784, 2890: the IP packet, or the Ethernet frame, in a GRE packet of version 0.
fn gre_of_version_0(octets: &[u8]) -> Option<LaxSlicedPacket<'_>> {
    let flags = be_u16(octets.get(..2)?)?;
    // Version 0, no routing.
    if flags & 0x4007 != 0 {
        return None;
    }
    let optional = [0x8000, 0x2000, 0x1000].iter().filter(|bit| flags & **bit != 0).count();
    let payload = octets.get(4 + 4 * optional..)?;
    match be_u16(octets.get(2..4)?)? {
        0x0800 => LaxSlicedPacket::from_ip(payload).ok(),
        0x6558 => LaxSlicedPacket::from_ethernet(payload).ok(),
        _ => None,
    }
}

fn be_u16(octets: &[u8]) -> Option<u16> {
    octets.first_chunk().map(|octets| u16::from_be_bytes(*octets))
}

fn le_u16(octets: &[u8]) -> Option<u16> {
    octets.first_chunk().map(|octets| u16::from_le_bytes(*octets))
}

const ETHER_TYPE_PPPOE_SESSION: u16 = 0x8864;

const LINKTYPE_NULL: i32 = 0;
const LINKTYPE_ETHERNET: i32 = 1;
const LINKTYPE_PPP: i32 = 9;
const LINKTYPE_RAW_BSD: i32 = 12;
const LINKTYPE_RAW_OPENBSD: i32 = 14;
const LINKTYPE_PPP_HDLC: i32 = 50;
const LINKTYPE_PPP_ETHER: i32 = 51;
const LINKTYPE_RAW: i32 = 101;
const LINKTYPE_IEEE802_11: i32 = 105;
const LINKTYPE_LINUX_SLL: i32 = 113;
const LINKTYPE_IEEE802_11_RADIOTAP: i32 = 127;
const LINKTYPE_PPP_WITH_DIR: i32 = 204;
const LINKTYPE_IPV4: i32 = 228;
const LINKTYPE_IPV6: i32 = 229;
const LINKTYPE_LINUX_SLL2: i32 = 276;
