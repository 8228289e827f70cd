//! A call of a session, to look at.

use core::time::Duration;

use l2tp_wire::data;
use l2tp_wire::session::SessionId;

use super::call::{Machine, overhead};
use super::config::headers;

/// A call of a [`Session`](super::Session), to look at.
#[derive(Debug, Clone, Copy)]
pub struct Call<'s> {
    machine: &'s Machine,
}

impl<'s> Call<'s> {
    pub(crate) const fn new(machine: &'s Machine) -> Self {
        Self { machine }
    }

    /// Returns our session id of the call.
    #[must_use]
    pub const fn id(&self) -> SessionId {
        self.machine.id()
    }

    /// Returns whether data packets may be of it.
    #[cfg(feature = "alloc")]
    pub(crate) const fn is_live(self) -> bool {
        !self.machine.is_cleared()
    }

    /// Returns PPP: addresses, status, what the client presents, the link. `None` for a call that
    /// carries frames.
    #[must_use]
    pub fn ppp(&self) -> Option<&'s ppp_session::Session> {
        self.machine.ppp()
    }

    /// Returns since when the call is up.
    #[must_use]
    pub const fn since(&self) -> Duration {
        self.machine.since()
    }

    /// Returns the longest IP packet that may be sent now, in bytes: the MTU of a network interface.
    /// For a call without PPP, the longest frame; 65 515 bytes at most.
    #[must_use]
    pub fn mtu(&self) -> u16 {
        let channel = self.machine.channel();
        // Without a path MTU, the longest IP packet that there is.
        let longest = usize::from(u16::MAX).saturating_sub(headers(channel.config()));
        let frame = channel.session_mtu().map_or(longest, |path| path.min(longest));
        // PPP's own header, and MPPE's, come out of the path's room.
        let room = frame.saturating_sub(self.ppp().map_or(0, overhead));
        let room = u16::try_from(room).unwrap_or(u16::MAX);
        self.ppp().map_or(room, |ppp| ppp.mtu().min(room))
    }

    /// Returns the ids, cookies and settings of the data packets.
    #[must_use]
    pub const fn data_config(&self) -> &'s data::Config {
        self.machine.channel().config()
    }

    /// Returns the counters of the data packets.
    #[must_use]
    pub fn counters(&self) -> data::Counters {
        self.machine.channel().counters()
    }
}
