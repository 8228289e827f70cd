//! Link layers: from a captured frame to IP or PPP.

use ppp_fsm::Protocol;

use super::super::LinkType;
use super::{Address, At, Carried, Carrier, Outer, Sender, be_u16};

impl Outer {
    /// Reads a frame of a link type.
    pub(super) fn link(&mut self, link_type: LinkType, bytes: &[u8], at: At, each: &mut impl FnMut(Carried<'_>)) {
        let behind = |length: usize| bytes.get(length..).unwrap_or_default();
        match link_type {
            LinkType::ETHERNET => self.ethernet(bytes, at, each),
            LinkType::PPP | LinkType::PPP_HDLC => self.serial(bytes, at, each),
            LinkType::C_HDLC => self.cisco(bytes, at, each),
            LinkType::PPP_ETHER => self.pppoe(bytes, at, each),
            // One byte of direction comes first: 0 for what was received.
            LinkType::PPP_WITH_DIR => {
                let sender = bytes.first().copied().map(sender);
                self.serial(behind(1), At { sender, ..at }, each);
            }
            // It stands in the place of the address, and the control byte behind it.
            LinkType::PPP_PPPD => match bytes {
                [direction, 0x03, frame @ ..] => {
                    let at = At { sender: Some(sender(*direction)), ..at };
                    self.ppp(Carrier::Serial, frame, at, at.is_cut, each);
                }
                _ => self.serial(bytes, at, each),
            },
            LinkType::RAW | LinkType::RAW_BSD | LinkType::RAW_OPENBSD | LinkType::IPV4 | LinkType::IPV6 => {
                self.ip(bytes, at, each);
            }
            LinkType::NULL | LinkType::LOOP => self.ip(behind(4), at, each),
            // Family of addresses, security parameters index, flags.
            LinkType::ENC => self.ip(behind(4 + 4 + 4), at, each),
            LinkType::ATM_RFC1483 => self.link_control(bytes, at, each),
            // The kind of packet comes first: 4 for what was sent.
            LinkType::LINUX_SLL => {
                let sender = be_u16(bytes).map(|kind| if kind == 4 { Sender::Capturer } else { Sender::Other });
                self.ether_type(bytes.get(14..16), behind(16), At { sender, ..at }, each);
            }
            LinkType::LINUX_SLL2 => {
                let sender = bytes.get(10).map(|kind| if *kind == 4 { Sender::Capturer } else { Sender::Other });
                self.ether_type(bytes.get(..2), behind(20), At { sender, ..at }, each);
            }
            LinkType::IEEE802_11 => self.wireless(bytes, at, each),
            LinkType::IEEE802_11_RADIOTAP => {
                let length = bytes.get(2..4).and_then(<[u8]>::first_chunk).map_or(u16::MAX, |l| u16::from_le_bytes(*l));
                self.wireless(behind(usize::from(length)), at, each);
            }
            // `LinkType::is_read` says which these are.
            _ => {}
        }
    }

    /// Reads PPP, or Cisco HDLC, whose first byte is 0f or 8f where PPP has ff or a protocol.
    fn serial(&mut self, bytes: &[u8], at: At, each: &mut impl FnMut(Carried<'_>)) {
        match bytes {
            [0x0f | 0x8f, 0x00, ..] => self.cisco(bytes, at, each),
            _ => self.ppp(Carrier::Serial, bytes, at, at.is_cut, each),
        }
    }

    /// Reads address, control and Ethernet type.
    fn cisco(&mut self, bytes: &[u8], at: At, each: &mut impl FnMut(Carried<'_>)) {
        if let Some(at) = at.within() {
            self.ether_type(bytes.get(2..4), bytes.get(4..).unwrap_or_default(), at, each);
        }
    }

    pub(super) fn ethernet(&mut self, bytes: &[u8], at: At, each: &mut impl FnMut(Carried<'_>)) {
        let (Some(destination), Some(source)) = (bytes.first_chunk(), bytes.get(6..).and_then(<[u8]>::first_chunk))
        else {
            return;
        };
        let path = (Address::Ethernet(*source), Address::Ethernet(*destination));
        let at = At { path: Some(path), ..at };
        self.ether_type(bytes.get(12..14), bytes.get(14..).unwrap_or_default(), at, each);
    }

    fn ether_type(&mut self, ether_type: Option<&[u8]>, payload: &[u8], at: At, each: &mut impl FnMut(Carried<'_>)) {
        let Some(ether_type) = ether_type.and_then(be_u16) else { return };
        match ether_type {
            0x0800 | 0x86dd => self.ip(payload, at, each),
            // IEEE 802.1Q, 802.1ad, and what came before that: tag (2), Ethernet type.
            0x8100 | 0x88a8 | 0x9100 | 0x9200 => {
                // Stacked tags are followed to a bounded depth.
                if let Some(at) = at.within() {
                    self.ether_type(payload.get(2..4), payload.get(4..).unwrap_or_default(), at, each);
                }
            }
            0x8847 | 0x8848 => self.mpls(payload, at, each),
            0x8864 => self.pppoe(payload, at, each),
            0x880b => self.ppp(Carrier::Serial, payload, at, at.is_cut, each),
            // The control protocols of PPP are not in use as Ethernet types.
            0x8021 | 0x8057 | 0x80fd | 0xc021 | 0xc023 | 0xc223 | 0xc227 => {
                if let (Some(path), false) = (at.path, at.is_cut) {
                    each(Carried::Packet { path, protocol: Protocol(ether_type), bytes: payload });
                }
            }
            // IEEE 802.3: a length.
            0..=1500 => {
                let bytes = payload.get(..usize::from(ether_type)).unwrap_or(payload);
                self.link_control(bytes, at, each);
            }
            _ => {}
        }
    }

    /// Reads version and type, code, session and length (RFC 2516 section 4).
    fn pppoe(&mut self, bytes: &[u8], at: At, each: &mut impl FnMut(Carried<'_>)) {
        let Some((&[_, code, s0, s1, l0, l1], frame)) = bytes.split_first_chunk() else { return };
        // Discovery has other codes.
        if code != 0 {
            return;
        }
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let is_cut = at.is_cut && length > frame.len();
        let bytes = frame.get(..length).unwrap_or(frame);
        self.ppp(Carrier::Ethernet(u16::from_be_bytes([s0, s1])), bytes, At { is_cut, ..at }, is_cut, each);
    }

    /// Reads a logical link control header (IEEE 802.2).
    fn link_control(&mut self, bytes: &[u8], at: At, each: &mut impl FnMut(Carried<'_>)) {
        let Some(at) = at.within() else { return };
        match bytes {
            // The subnetwork access protocol with no organization, or that of bridges, and an Ethernet type.
            [0xaa, 0xaa, 0x03, 0, 0, 0 | 0xf8, high, low, payload @ ..] => {
                self.ether_type(Some(&[*high, *low]), payload, at, each);
            }
            // RFC 2684 section 5.2: Ethernet within ATM, with its checksum or without.
            [0xaa, 0xaa, 0x03, 0x00, 0x80, 0xc2, 0x00, 0x01 | 0x07, _, _, payload @ ..] => {
                self.ethernet(payload, at, each);
            }
            // RFC 2364 section 5: the network layer protocol identifier of PPP.
            [0xfe, 0xfe, 0x03, 0xcf, payload @ ..] => self.ppp(Carrier::Serial, payload, at, at.is_cut, each),
            [0x06, 0x06, 0x03, payload @ ..] => self.ip(payload, at, each),
            _ => {}
        }
    }

    /// Reads a data frame of a wireless LAN, whose body is not encrypted.
    fn wireless(&mut self, bytes: &[u8], at: At, each: &mut impl FnMut(Carried<'_>)) {
        let Some(&[control, flags]) = bytes.first_chunk() else { return };
        let (kind, subtype) = (control >> 2 & 3, control >> 4);
        let (from_and_to_system, protected) = (flags & 3 == 3, flags & 0x40 != 0);
        // Data frames only, with a body (subtypes with bit 2 have none).
        if kind != 2 || subtype & 4 != 0 || protected {
            return;
        }
        // Frame control, duration, three addresses, sequence; fourth address; quality of service.
        let header = 24 + if from_and_to_system { 6 } else { 0 } + if subtype & 8 != 0 { 2 } else { 0 };
        self.link_control(bytes.get(header..).unwrap_or_default(), at, each);
    }
}

fn sender(direction: u8) -> Sender {
    if direction == 0 { Sender::Other } else { Sender::Capturer }
}
