//! The packets that have passed through a tunnel.

use crate::channel;

/// The numbers of `show l2tun tunnel all`. All saturate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counters {
    /// The reliable channel: messages, retransmissions, acknowledgments.
    pub channel: channel::Counters,
    /// Hellos sent.
    pub hellos_sent: u64,
    /// Hellos received.
    pub hellos_received: u64,
    /// Bytes of control messages sent, headers included.
    pub bytes_sent: u64,
    /// Bytes of control messages received, headers included.
    pub bytes_received: u64,
    /// Packets from another address, or for another tunnel.
    pub foreign: u64,
    /// Packets that are no control message.
    pub malformed: u64,
    /// RFC 3931 section 4.3: packets whose digest is missing or wrong.
    pub wrong_digests: u64,
    /// Messages for sessions that do not exist (any more).
    pub unknown_sessions: u64,
    /// Messages that had no meaning in the state, and were ignored.
    pub ignored: u64,
}

impl Counters {
    pub(super) fn add(counter: &mut u64, length: usize) {
        *counter = counter.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
    }
}

/// Adds one.
pub(super) const fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}
