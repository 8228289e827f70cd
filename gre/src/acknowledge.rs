//! When what was received is acknowledged.

use core::time::Duration;

/// An acknowledgment that goes with the next packet, or alone when it is missing for a while.
#[derive(Debug, Clone)]
pub(crate) struct Acknowledgment {
    delay: Duration,
    /// As many packets are acknowledged at once.
    threshold: u32,
    /// Packets that were received since the last acknowledgment.
    pending: u32,
    due: Due,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Never,
    At(Duration),
    Now,
}

impl Acknowledgment {
    /// Creates the state for a peer that was given `receive_window`: half of it is acknowledged at
    /// once, so that a peer that keeps it need not wait.
    pub(crate) fn new(delay: Duration, receive_window: u16) -> Self {
        Self { delay, threshold: u32::from(receive_window >> 1).max(1), pending: 0, due: Due::Never }
    }

    #[inline]
    pub(crate) fn received(&mut self, now: Duration) {
        self.pending = self.pending.saturating_add(1);
        // Half the window is acknowledged without delay: a peer that keeps the window, unlike
        // Linux, would otherwise stand still.
        if self.pending >= self.threshold || self.delay.is_zero() {
            self.due = Due::Now;
        } else if self.due == Due::Never {
            self.due = Due::At(now.saturating_add(self.delay));
        }
    }

    /// Returns whether there is something new that a packet can acknowledge.
    pub(crate) const fn is_pending(&self) -> bool {
        self.pending > 0
    }

    /// Returns whether it is to be sent alone.
    pub(crate) fn is_due(&self, now: Duration) -> bool {
        match self.due {
            Due::Never => false,
            Due::At(at) => at <= now,
            Due::Now => true,
        }
    }

    pub(crate) const fn sent(&mut self) {
        self.pending = 0;
        self.due = Due::Never;
    }

    pub(crate) fn handle_timeout(&mut self, now: Duration) {
        if self.is_due(now) {
            self.due = Due::Now;
        }
    }

    pub(crate) const fn deadline(&self) -> Option<Duration> {
        match self.due {
            Due::At(at) => Some(at),
            Due::Never | Due::Now => None,
        }
    }
}
