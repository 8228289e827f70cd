//! The events of a link.

use core::fmt;

use super::Reason;
use crate::auth::{Demand, Question};
use crate::events::Kinded;
use crate::{DecodeError, Protocol, auth, ccp, ipcp, ipv6cp, negotiate};

/// RFC 1661 section 3.2: the phases of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[expect(clippy::exhaustive_enums, reason = "the RFC has these five")]
pub enum Phase {
    /// Nothing carries frames, or nobody wants to.
    #[default]
    Dead,
    /// LCP negotiates.
    Establish,
    /// One side proves itself, or both.
    Authenticate,
    /// Network protocols.
    Network,
    /// LCP closes.
    Terminate,
}

/// An event of a link. Names and texts stay in the link, and are borrowed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The link is in another phase.
    Phase(Phase),
    /// The peer presents something: [`Link::presented`](super::Link::presented), then
    /// [`Link::answer`](super::Link::answer), now or later.
    Authenticate(Question),
    /// This side has to prove itself: [`Link::prove`](super::Link::prove) or what else the demand says.
    Prove(Demand),
    /// The peer has proved itself. Again at each further Challenge.
    PeerAuthenticated,
    /// CCP is open: packets are compressed or encrypted so, with new keys and histories.
    CompressionUp(ccp::Agreed),
    /// CCP is not open any more: nothing is encrypted.
    CompressionDown,
    /// RFC 3078 section 8.2: the next packet that is sent has to be flushed.
    ResetRequested,
    /// RFC 1661 section 5.7: the peer rejects a compressed or encrypted packet, though CCP is open here. Its own CCP is not
    /// open yet, since the last acknowledgment was lost; or it is broken, when it goes on so.
    CompressedRejected,
    /// RFC 1332 section 3.3: the peer asks for this address after it was assigned another one. It
    /// asks again when it insists, and may have its wish by
    /// [`Link::set_peer_address`](super::Link::set_peer_address). Reported once for each wish that
    /// differs from the one before.
    AddressWanted(core::net::Ipv4Addr),
    /// IP packets may flow.
    IpUp(ipcp::Agreed),
    /// IP packets may not flow.
    IpDown,
    /// IPCP came to its end. Whether the link does is up to its policy.
    IpFailed(negotiate::Reason<ipcp::Failure>),
    /// IPv6 packets may flow.
    Ipv6Up(ipv6cp::Agreed),
    /// IPv6 packets may not flow.
    Ipv6Down,
    /// IPV6CP came to its end. Whether the link does is up to its policy.
    Ipv6Failed(negotiate::Reason<core::convert::Infallible>),
    /// RFC 1570 section 1.1: the peer says who it is: [`Link::peer_identification`](super::Link::peer_identification).
    Identification,
    /// RFC 1570 section 1.2: the session will end in so many seconds.
    TimeRemaining {
        /// Seconds; `u32::MAX` is forever.
        seconds: u32,
    },
    /// The link is at its end. It may be opened again.
    Closed(Reason),
}

/// The content of a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received<'p> {
    /// It was for the link.
    Consumed,
    /// A packet of a network protocol that is open: IP or IPv6.
    Network {
        /// Which.
        protocol: Protocol,
        /// The packet.
        packet: &'p [u8],
    },
    /// RFC 1962 section 2: a compressed or encrypted packet, without the protocol. The plaintext
    /// goes to [`Link::handle_decrypted`](super::Link::handle_decrypted).
    Compressed(&'p [u8]),
}

/// Prints lengths, not bytes.
impl fmt::Debug for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Consumed => f.write_str("Consumed"),
            Self::Network { protocol, packet } => write!(f, "Network({protocol}, {} bytes)", packet.len()),
            Self::Compressed(packet) => write!(f, "Compressed({} bytes)", packet.len()),
        }
    }
}

/// Why a frame was refused. The link is as it was before, but for the Protocol-Reject that it may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It cannot be read.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// A control protocol does not take it.
    #[error(transparent)]
    Negotiation(#[from] negotiate::Refused),
    /// The authentication does not take it.
    #[error(transparent)]
    Authentication(#[from] auth::Refused),
    /// RFC 1661 section 3: nothing of the kind is taken in this phase.
    #[error("{protocol} is not taken now")]
    NotNow {
        /// The protocol.
        protocol: Protocol,
    },
    /// The protocol is not known here; the peer gets a Protocol-Reject, unless the frame was
    /// encrypted.
    #[error("{protocol} is not known")]
    UnknownProtocol {
        /// The protocol.
        protocol: Protocol,
    },
    /// Encryption is required or was agreed on, and the packet is not encrypted.
    #[error("{protocol} came in the clear, and has to be encrypted")]
    NotEncrypted {
        /// The protocol.
        protocol: Protocol,
    },
}

impl Event {
    /// The number of kinds.
    pub(super) const KINDS: usize = 18;
    const COMPRESSION_UP: usize = 4;
    const IP_UP: usize = 8;
    const IPV6_UP: usize = 11;
}

impl Kinded for Event {
    fn kind(&self) -> usize {
        match self {
            Self::Phase(_) => 0,
            Self::Authenticate(_) => 1,
            Self::Prove(_) => 2,
            Self::PeerAuthenticated => 3,
            Self::CompressionUp(_) => Self::COMPRESSION_UP,
            Self::CompressionDown => 5,
            Self::ResetRequested => 6,
            Self::CompressedRejected => 7,
            Self::IpUp(_) => Self::IP_UP,
            Self::IpDown => 9,
            Self::IpFailed(_) => 10,
            Self::Ipv6Up(_) => Self::IPV6_UP,
            Self::Ipv6Down => 12,
            Self::Ipv6Failed(_) => 13,
            Self::Identification => 14,
            Self::TimeRemaining { .. } => 15,
            Self::Closed(_) => 16,
            Self::AddressWanted(_) => 17,
        }
    }

    fn undoes(&self) -> Option<usize> {
        let undone = [
            (Self::CompressionDown, Self::COMPRESSION_UP),
            (Self::IpDown, Self::IP_UP),
            (Self::Ipv6Down, Self::IPV6_UP),
        ];
        undone.iter().find(|(down, _)| down == self).map(|(_, up)| *up)
    }
}
