//! A call of a session, to look at.

use pptp_wire::Text;
use pptp_wire::connection::{CallId, Identity};

use super::Statistics;
use super::call::Machine;

/// A call of a [`Session`](super::Session), to look at.
#[derive(Debug, Clone, Copy)]
pub struct Call<'s> {
    machine: &'s Machine,
    peer: Option<&'s Identity>,
}

impl<'s> Call<'s> {
    pub(super) const fn new(machine: &'s Machine, peer: Option<&'s Identity>) -> Self {
        Self { machine, peer }
    }

    /// Returns our id of the call.
    #[must_use]
    pub const fn id(&self) -> CallId {
        self.machine.id()
    }

    /// Returns the peer's id of the call.
    #[must_use]
    pub const fn peer_id(&self) -> u16 {
        self.machine.peer_id()
    }

    /// Returns what the peer calls itself on the control connection.
    #[must_use]
    pub fn host_name(&self) -> Text<64> {
        self.peer.map_or(Text::EMPTY, Identity::host_name)
    }

    /// Returns PPP: addresses, MTU, status, what the client presents, the link.
    #[must_use]
    pub const fn ppp(&self) -> &'s ppp_session::Session {
        self.machine.ppp()
    }

    /// Returns the longest IP packet that may be sent now, in bytes: the MTU of a network
    /// interface.
    #[must_use]
    pub fn mtu(&self) -> u16 {
        self.machine.ppp().mtu()
    }

    /// Returns the counters.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.machine.statistics()
    }
}
