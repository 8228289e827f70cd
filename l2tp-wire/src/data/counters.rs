//! The packets that have passed through a session.

use super::error::ReceiveError;

/// The numbers of `show l2tun session all`. All saturate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counters {
    /// Packets sent.
    pub packets_sent: u64,
    /// Packets whose frame was delivered.
    pub packets_received: u64,
    /// Bytes of the frames in them.
    pub bytes_sent: u64,
    /// Bytes of the frames in them.
    pub bytes_received: u64,
    /// Receive packets dropped: out-of-order.
    pub out_of_order: u64,
    /// Receive packets dropped: with a wrong cookie.
    pub wrong_cookie: u64,
    /// Receive packets dropped: all of them, for whatever reason.
    pub receive_dropped: u64,
    /// Send packets dropped: exceeded session MTU.
    pub exceeded_mtu: u64,
    /// Sequence numbers that were given up or skipped.
    pub lost: u64,
}

impl Counters {
    pub(super) const NONE: Self = Self {
        packets_sent: 0,
        packets_received: 0,
        bytes_sent: 0,
        bytes_received: 0,
        out_of_order: 0,
        wrong_cookie: 0,
        receive_dropped: 0,
        exceeded_mtu: 0,
        lost: 0,
    };

    pub(super) fn sent(&mut self, length: usize) {
        self.packets_sent = self.packets_sent.saturating_add(1);
        self.bytes_sent = self.bytes_sent.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
    }

    pub(super) fn received(&mut self, length: usize) {
        self.packets_received = self.packets_received.saturating_add(1);
        self.bytes_received = self.bytes_received.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
    }

    pub(super) const fn dropped(&mut self, error: ReceiveError) {
        match error {
            // It comes again.
            ReceiveError::Busy => return,
            ReceiveError::Late { .. } | ReceiveError::FarAhead { .. } => {
                self.out_of_order = self.out_of_order.saturating_add(1);
            }
            // No sign of the session's own trouble: anybody can send a packet without the cookie.
            ReceiveError::WrongCookie => self.wrong_cookie = self.wrong_cookie.saturating_add(1),
            ReceiveError::Decode(_) | ReceiveError::OtherSession => {}
        }
        self.receive_dropped = self.receive_dropped.saturating_add(1);
    }
}
