//! RFC 2661 appendix A: how many messages may be unacknowledged.

/// Slow start and congestion avoidance, counted in messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Congestion {
    window: u16,
    threshold: u16,
    /// Acknowledged in congestion avoidance, since the window last grew.
    acknowledged: u16,
    /// The window that the peer announced.
    peer_window: u16,
}

impl Congestion {
    pub(super) const fn new(peer_window: u16) -> Self {
        Self { window: 1, threshold: peer_window, acknowledged: 0, peer_window }
    }

    /// Sets how much the peer said that it takes. Zero is invalid (RFC 2661 section 4.4.3), and
    /// read as 1, so that the channel does not stand still.
    pub(super) fn set_peer_window(&mut self, messages: u16) {
        let messages = messages.max(1);
        self.peer_window = messages;
        self.threshold = messages;
        self.window = self.window.min(messages);
    }

    pub(super) const fn peer_window(self) -> u16 {
        self.peer_window
    }

    pub(super) const fn threshold(self) -> u16 {
        self.threshold
    }

    /// Returns the number of messages that may be unacknowledged.
    pub(super) const fn window(self) -> u16 {
        self.window
    }

    /// Counts one more acknowledged message.
    pub(super) const fn acknowledged(&mut self) {
        if self.window >= self.peer_window {
            return;
        }
        // RFC 2661 appendix A: below the threshold the window grows by one for each acknowledgment,
        // above it by one for each window.
        if self.window < self.threshold {
            self.window = self.window.saturating_add(1);
            return;
        }
        self.acknowledged = self.acknowledged.saturating_add(1);
        if self.acknowledged >= self.window {
            self.acknowledged = 0;
            self.window = self.window.saturating_add(1);
        }
    }

    /// Sets the next threshold to half of what was tried, since an acknowledgment did not come in
    /// time.
    pub(super) fn timed_out(&mut self) {
        self.threshold = (self.window >> 1).max(1);
        self.window = 1;
        self.acknowledged = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appendix_a_slow_start_then_one_more_each_window() {
        let mut congestion = Congestion::new(4);
        congestion.set_peer_window(8);
        let mut windows = alloc::vec::Vec::new();
        for _ in 0..8 {
            windows.push(congestion.window());
            congestion.acknowledged();
        }
        assert_eq!(windows, [1, 2, 3, 4, 5, 6, 7, 8]);
        congestion.timed_out();
        windows.clear();
        for _ in 0..13 {
            windows.push(congestion.window());
            congestion.acknowledged();
        }
        assert_eq!(windows, [1, 2, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5, 6]);
        congestion.set_peer_window(0);
        assert_eq!((congestion.window(), congestion.peer_window()), (1, 1));
    }
}
