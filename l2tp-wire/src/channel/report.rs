//! Reports of a channel: the fate of a packet, counters, the numbers of the moment.

use core::time::Duration;

/// The fate of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Arrival {
    /// It is the next message: act on it, then ask
    /// [`take_early`](super::ControlChannel::take_early) for those behind it.
    Next,
    /// It came early and waits for those before it.
    Early,
    /// It came early and there is no room; the peer sends it again.
    EarlyNoRoom,
    /// It came before, and is acknowledged again.
    Duplicate,
    /// It is an acknowledgment alone.
    Acknowledgment,
    /// It is the next message, but the caller is not ready; the peer sends it again.
    Busy,
    /// Its Ns is farther than [`REACH`](super::ControlChannel::REACH) from the expected one. It
    /// changed nothing.
    OutOfWindow,
    /// Its Nr acknowledges a message that was never sent. It changed nothing.
    NeverSent,
}

impl Arrival {
    /// Returns whether a genuine peer can have sent it, which makes it a sign of life.
    #[must_use]
    pub const fn is_plausible(self) -> bool {
        !matches!(self, Self::OutOfWindow | Self::NeverSent)
    }
}

/// The packets that have passed through a channel. All counters saturate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counters {
    /// Messages that were sent for the first time.
    pub sent: u64,
    /// Messages that were sent again.
    pub retransmitted: u64,
    /// Acknowledgments that were sent alone.
    #[doc(alias = "ZLB")]
    pub acknowledgments_sent: u64,
    /// Messages that were received in order, or put in order.
    pub received: u64,
    /// Acknowledgments alone that were received.
    pub acknowledgments_received: u64,
    /// Messages that came before.
    pub duplicates: u64,
    /// Messages that came before those in front of them.
    pub early: u64,
    /// Messages that were dropped because there was no room; the peer sends them again.
    pub no_room: u64,
    /// Packets whose numbers no genuine peer sends.
    pub implausible: u64,
}

/// The numbers of a channel at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The number of the next new message.
    pub next_ns: u16,
    /// The number of the message that is expected next.
    pub next_nr: u16,
    /// The window that the peer was given, in messages.
    pub receive_window: u16,
    /// The window that the peer gave, in messages.
    pub peer_window: u16,
    /// The number of messages that may be unacknowledged (RFC 2661 appendix A).
    pub congestion_window: u16,
    /// The window at which slow start ends.
    pub slow_start_threshold: u16,
    /// Messages that were sent and are not acknowledged.
    pub unacknowledged: u16,
    /// Messages that wait for the window.
    pub unsent: u16,
    /// Received messages that wait for one before them.
    pub early: u16,
    /// The time-out of the oldest message.
    pub retransmission_timeout: Duration,
}
