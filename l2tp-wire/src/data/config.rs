//! The layout of a session's data packets, and its settings.

use core::time::Duration;

use crate::Address;
use crate::header::{Cookie, DataHeader, SessionLayout};

/// RFC 2661 section 5.4, RFC 3931 section 4.6: which data packets carry sequence numbers. The words
/// are Cisco's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there are two directions")]
pub enum Sequencing {
    /// None are sent, and none are looked at.
    #[default]
    Off,
    /// They are sent.
    Transmit,
    /// They are looked at: a packet that comes after a later one is dropped, or put in order.
    Receive,
    /// Both.
    Both,
}

impl Sequencing {
    /// Returns whether packets are sent with numbers.
    #[must_use]
    pub const fn transmits(self) -> bool {
        matches!(self, Self::Transmit | Self::Both)
    }

    /// Returns whether numbers of received packets are looked at.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::Receive | Self::Both)
    }

    /// Returns the sequencing with these two directions.
    #[must_use]
    pub const fn new(transmits: bool, receives: bool) -> Self {
        match (transmits, receives) {
            (false, false) => Self::Off,
            (true, false) => Self::Transmit,
            (false, true) => Self::Receive,
            (true, true) => Self::Both,
        }
    }
}

/// The type-of-service byte of the outer IP header: `ip tos value N`, `ip tos reflect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[expect(clippy::exhaustive_enums, reason = "Cisco's setting has no other values")]
pub enum TypeOfService {
    /// The one that the system sends.
    #[default]
    System,
    /// This one.
    Value(u8),
    /// That of the packet within, as the caller passes it.
    Reflect,
}

/// RFC 2661 section 3.1, RFC 3931 section 4.1: what identifies the packets of a session, in both
/// directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there are two versions")]
pub enum Wire {
    /// Version 2, over UDP.
    V2 {
        /// Tunnel and session, by the ids that this end chose: what arrives.
        local: TunnelSession,
        /// Tunnel and session, by the ids that the peer chose: what is sent.
        peer: TunnelSession,
    },
    /// Version 3, over UDP or IP, whichever the peer's address says.
    V3 {
        /// The direction to this end.
        local: SessionWire,
        /// The direction to the peer.
        peer: SessionWire,
    },
}

/// RFC 2661 section 3.1: a session of version 2 in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other ids")]
pub struct TunnelSession {
    /// The tunnel.
    pub tunnel_id: u16,
    /// The session.
    pub session_id: u16,
}

/// RFC 3931 section 4.1: a session of version 3 in one direction. The receiver chose all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "RFC 3931 has nothing else")]
pub struct SessionWire {
    /// The session.
    pub session_id: u32,
    /// The cookie that every packet carries behind it.
    pub cookie: Cookie,
    /// Set if the default L2-Specific Sublayer follows.
    pub has_sublayer: bool,
}

impl SessionWire {
    pub(super) const fn layout(&self) -> SessionLayout {
        SessionLayout { cookie_size: self.cookie.size(), has_sublayer: self.has_sublayer }
    }
}

/// RFC 2661 section 3.1: whether data packets of version 2 carry the Length field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LengthField {
    Absent,
    Present,
}

/// The fate of a frame that the path cannot carry whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Oversized {
    /// It is sent, for IP to cut.
    Sent,
    /// It is refused, and don't-fragment is asked for.
    Refused,
}

/// RFC 2661 section 5.3, RFC 3931 section 4.3: what a [`DataChannel`](super::DataChannel) is made
/// with.
///
/// For a session that was set up by a tunnel,
/// [`Tunnel::data_config`](crate::tunnel::Tunnel::data_config) returns it. Made by hand, it is what
/// Cisco calls `protocol none`: a session without a control connection.
///
/// ```
/// use l2tp_wire::Address;
/// use l2tp_wire::data::{Config, SessionWire, Wire};
/// use l2tp_wire::header::Cookie;
///
/// // The example of Cisco's manual: ids 111 and 222, cookies of 8 bytes.
/// let local = SessionWire {
///     session_id: 111,
///     cookie: Cookie::Eight([0, 0, 0, 0, 0, 0, 0, 0x64]),
///     has_sublayer: false,
/// };
/// let peer = SessionWire {
///     session_id: 222,
///     cookie: Cookie::Eight([0, 0, 0, 0, 0, 0, 0, 0xc8]),
///     has_sublayer: false,
/// };
/// let config =
///     Config::new(Address::ip("2.0.0.1".parse()?), Wire::V3 { local, peer }).with_ttl(255);
/// assert_eq!(config.header_len(), 12);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    pub(super) peer: Address,
    pub(super) wire: Wire,
    pub(super) sequencing: Sequencing,
    pub(super) follows_peer: bool,
    pub(super) length_field: LengthField,
    pub(super) reorder_timeout: Duration,
    pub(super) oversized: Oversized,
    pub(super) dont_fragment: bool,
    pub(super) ttl: Option<u8>,
    pub(super) type_of_service: TypeOfService,
}

impl Config {
    /// Returns a session without sequence numbers, which leaves the outer IP header to the system.
    #[must_use]
    pub const fn new(peer: Address, wire: Wire) -> Self {
        Self {
            peer,
            wire,
            sequencing: Sequencing::Off,
            follows_peer: false,
            length_field: LengthField::Absent,
            reorder_timeout: Duration::ZERO,
            oversized: Oversized::Sent,
            dont_fragment: false,
            ttl: None,
            type_of_service: TypeOfService::System,
        }
    }

    /// Sets `sequencing`: whether sequence numbers are sent, looked at on receipt, or both. Default
    /// off, as Cisco's.
    ///
    /// In version 3 numbers are in the sublayer: a direction without it has none.
    #[must_use]
    pub const fn with_sequencing(mut self, sequencing: Sequencing) -> Self {
        self.sequencing = sequencing;
        self
    }

    /// Sets whether a LAC sends sequence numbers only while the last received packet had one (RFC
    /// 2661 section 5.4). Default off.
    #[must_use]
    pub const fn with_sequencing_of_peer(mut self, follows: bool) -> Self {
        self.follows_peer = follows;
        self
    }

    /// Sends the Length field in version 2, as Windows and Cisco do. Default off, as Linux; costs
    /// two bytes.
    #[must_use]
    pub const fn with_length_field(mut self, sends: bool) -> Self {
        self.length_field = if sends { LengthField::Present } else { LengthField::Absent };
        self
    }

    /// Sets the time that a missing packet is waited for, if numbers are looked at. Default zero,
    /// as Linux: later packets are delivered at once, and the missing one is dropped when it comes.
    #[must_use]
    pub const fn with_reorder_timeout(mut self, timeout: Duration) -> Self {
        self.reorder_timeout = timeout;
        self
    }

    /// Sets `ip pmtu`: whether frames that the path cannot carry whole are refused, with
    /// don't-fragment asked for. Default off, as Cisco's.
    #[must_use]
    pub const fn with_path_mtu(mut self, discovers: bool) -> Self {
        self.oversized = if discovers { Oversized::Refused } else { Oversized::Sent };
        self
    }

    /// Sets `ip dfbit set`: whether don't-fragment is asked for in the outer IP header. Default
    /// off, as Cisco's.
    #[must_use]
    pub const fn with_dont_fragment(mut self, sets: bool) -> Self {
        self.dont_fragment = sets;
        self
    }

    /// Sets `ip ttl`: the time to live of the outer IP header. Default: the system's.
    #[must_use]
    pub const fn with_ttl(mut self, ttl: u8) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Sets `ip tos`: the type of service of the outer IP header. Default: the system's.
    #[must_use]
    pub const fn with_type_of_service(mut self, type_of_service: TypeOfService) -> Self {
        self.type_of_service = type_of_service;
        self
    }

    pub(super) const fn has_length_field(&self) -> bool {
        matches!(self.length_field, LengthField::Present)
    }

    pub(super) const fn refuses_oversized(&self) -> bool {
        matches!(self.oversized, Oversized::Refused)
    }

    /// Returns the time to live of the outer IP header, if it is set.
    #[must_use]
    pub const fn ttl(&self) -> Option<u8> {
        self.ttl
    }

    /// Returns the type of service of the outer IP header.
    #[must_use]
    pub const fn type_of_service(&self) -> TypeOfService {
        self.type_of_service
    }

    /// Returns whether don't-fragment is asked for in the outer IP header.
    #[must_use]
    pub const fn dont_fragment(&self) -> bool {
        self.dont_fragment || self.refuses_oversized()
    }

    /// Returns where packets go.
    #[must_use]
    pub const fn peer(&self) -> Address {
        self.peer
    }

    /// Returns the ids of both directions.
    #[must_use]
    pub const fn wire(&self) -> Wire {
        self.wire
    }

    /// Returns the sequencing.
    #[must_use]
    pub const fn sequencing(&self) -> Sequencing {
        self.sequencing
    }

    /// Returns the length of the header of a packet that is sent, in bytes, with the number it may
    /// have.
    #[must_use]
    pub const fn header_len(&self) -> usize {
        let numbers = self.sequencing.transmits() || self.follows_peer;
        match self.wire {
            Wire::V2 { .. } => match (self.length_field, numbers) {
                (LengthField::Absent, false) => DataHeader::MAX_LEN - 8,
                (LengthField::Present, false) => DataHeader::MAX_LEN - 6,
                (LengthField::Absent, true) => DataHeader::MAX_LEN - 4,
                (LengthField::Present, true) => DataHeader::MAX_LEN - 2,
            },
            Wire::V3 { peer, .. } => {
                let carrier: usize = if self.peer.is_ip() { 4 } else { 8 };
                let sublayer: usize = if peer.has_sublayer { 4 } else { 0 };
                carrier.wrapping_add(peer.cookie.size().len()).wrapping_add(sublayer)
            }
        }
    }
}
