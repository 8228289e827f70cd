//! Where a packet belongs: its ends, its tunnel, its session.

use std::net::SocketAddr;

use l2tp_wire::header::Recipient;
use pptp::inspect::Direction;

/// Sender and receiver of a packet.
pub type Path = (SocketAddr, SocketAddr);

/// The number of a tunnel, from 1, in the order in which they were first seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a number")]
pub struct TunnelNumber(pub u64);

/// The number of a session, from 1, in the order in which they were first seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a number")]
pub struct SessionNumber(pub u64);

/// Where a packet belongs: a session, and the side that sent it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) session: SessionNumber,
    pub(super) sender: usize,
}

/// Returns the id of the receiver in a control message, in a number for both versions.
pub(super) fn recipient_id(recipient: Recipient) -> u32 {
    match recipient {
        Recipient::V2 { tunnel_id, .. } => tunnel_id.into(),
        Recipient::V3 { control_connection_id } => control_connection_id,
    }
}

/// Returns the way that a packet of one of two sides goes, the first being the client.
pub(super) const fn direction_of(sender: usize, client: usize) -> Direction {
    if sender == client { Direction::ToServer } else { Direction::ToClient }
}
