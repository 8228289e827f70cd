//! The peer's description of itself.

use super::config::MAX_HOST_NAME;
use crate::Name;
use crate::code::{Bearer, Framing, PseudowireType};

/// RFC 2661 section 4.4.3: what the peer says of itself when a tunnel is set up. Only a proof makes
/// it true.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Peer {
    /// The tunnel id that it chose.
    pub tunnel_id: u32,
    /// Its name.
    pub host_name: Name<MAX_HOST_NAME>,
    /// The maker of its software.
    pub vendor_name: Name<MAX_HOST_NAME>,
    /// The number of its firmware.
    pub firmware_revision: u16,
    /// Version 2: the framings that it has. Cisco says none.
    pub framing: Framing,
    /// Version 2: the kinds of lines that it has.
    pub bearer: Bearer,
    /// Version 3: its router id.
    pub router_id: u32,
    /// Version 3: whether it has PPP pseudowires.
    pub has_ppp: bool,
    /// Version 3: whether it has Ethernet pseudowires.
    pub has_ethernet: bool,
}

impl Peer {
    pub(super) const fn new(tunnel_id: u32) -> Self {
        Self {
            tunnel_id,
            host_name: Name::EMPTY,
            vendor_name: Name::EMPTY,
            firmware_revision: 0,
            framing: Framing::NONE,
            bearer: Bearer::NONE,
            router_id: 0,
            has_ppp: true,
            has_ethernet: false,
        }
    }

    /// Returns whether it has pseudowires of this kind. Kinds that this crate does not know are
    /// left to the peer.
    pub(super) fn has_pseudowire(&self, pseudowire: PseudowireType) -> bool {
        match pseudowire {
            PseudowireType::PPP => self.has_ppp,
            PseudowireType::ETHERNET => self.has_ethernet,
            _ => true,
        }
    }
}
