//! What a link tells.

use core::fmt;

use super::Reason;
use crate::auth::{Demand, Question};
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

/// What happened on a link. Long octets stay in the link, and are borrowed from it.
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
        /// Seconds; `u32::MAX` is for ever.
        seconds: u32,
    },
    /// The link is at its end. It may be opened again.
    Closed(Reason),
}

/// What is in a frame.
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
    /// RFC 1962 section 2: a compressed or encrypted packet, without the protocol. What comes out goes to
    /// [`Link::handle_decrypted`](super::Link::handle_decrypted).
    Compressed(&'p [u8]),
}

/// Lengths, not octets.
impl fmt::Debug for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Consumed => f.write_str("Consumed"),
            Self::Network { protocol, packet } => write!(f, "Network({protocol}, {} octets)", packet.len()),
            Self::Compressed(packet) => write!(f, "Compressed({} octets)", packet.len()),
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
    /// The protocol is not known here; the peer is told, unless the frame was encrypted.
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
    /// The events have to be polled first.
    #[error("too many events wait to be polled")]
    Busy,
}

/// Events in order. Frames are refused while many wait, so there is always room for what one call makes.
#[derive(Debug, Default)]
pub(super) struct Queue {
    events: [Option<Event>; Queue::CAPACITY],
    first: usize,
    length: usize,
}

impl Queue {
    const CAPACITY: usize = 32;

    /// Whether frames may still come: half of the room is for what is no answer to one.
    pub(super) const fn has_room(&self) -> bool {
        self.length < 16
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(super) fn push(&mut self, event: Event) {
        let place = self.first.wrapping_add(self.length) & (Self::CAPACITY.wrapping_sub(1));
        if self.length < Self::CAPACITY {
            if let Some(place) = self.events.get_mut(place) {
                *place = Some(event);
                self.length = self.length.saturating_add(1);
            }
        }
    }

    pub(super) fn pop(&mut self) -> Option<Event> {
        let event = self.events.get_mut(self.first)?.take();
        if event.is_some() {
            self.first = self.first.wrapping_add(1) & (Self::CAPACITY.wrapping_sub(1));
            self.length = self.length.saturating_sub(1);
        }
        event
    }
}
