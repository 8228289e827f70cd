//! The settings of the reliable channel.

use core::time::Duration;

/// RFC 2661 section 5.8: the times and numbers of a [`ControlChannel`](super::ControlChannel).
///
/// The names are those of Cisco's `l2tp-class`. Where a default comes from is said at each setter.
///
/// ```
/// use core::time::Duration;
/// use l2tp_wire::channel::Config;
///
/// // What Cisco's manual calls "retransmit initial retries 2", "retransmit retries 15".
/// let config = Config::new().with_initial_retries(2).with_retries(15);
/// assert_eq!(config.cycle(), Duration::from_secs(1 + 2 + 4 + 13 * 8));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    pub(super) receive_window: u16,
    pub(super) initial_retries: u8,
    pub(super) retries: u8,
    pub(super) timeout_min: Duration,
    pub(super) timeout_max: Duration,
    pub(super) acknowledge_delay: Duration,
}

impl Config {
    /// Creates the defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            receive_window: 16,
            // RFC 2661 section 5.8: five retransmissions, after 1, 2, 4, 8 and 8 s.
            initial_retries: 5,
            retries: 5,
            timeout_min: Duration::from_secs(1),
            timeout_max: Duration::from_secs(8),
            // Much less than any peer's time-out: go-l2tp waits for 100 ms, accel-ppp not at all.
            acknowledge_delay: Duration::from_millis(50),
        }
    }

    /// Sets `receive-window`: how many messages the peer may send before they are acknowledged. The
    /// message says it in the Receive Window Size AVP (RFC 2661 section 4.4.3).
    ///
    /// Default 16, as accel-ppp; the RFC's value without the AVP is 4. Zero is taken as 1.
    #[must_use]
    pub const fn with_receive_window(mut self, messages: u16) -> Self {
        self.receive_window = if messages == 0 { 1 } else { messages };
        self
    }

    /// Sets `retransmit initial retries`: how often a message is sent again while the peer has not
    /// been heard at all.
    ///
    /// Default 5, as RFC 2661 section 5.8 recommends for all messages. Cisco's default of 2 gives
    /// up one set-up in sixty where one packet in four is lost.
    #[must_use]
    pub const fn with_initial_retries(mut self, retries: u8) -> Self {
        self.initial_retries = retries;
        self
    }

    /// Sets `retransmit retries`: how often a message is sent again before the peer is taken for
    /// dead.
    ///
    /// Default 5 (RFC 2661 section 5.8). Cisco's is 15.
    #[must_use]
    pub const fn with_retries(mut self, retries: u8) -> Self {
        self.retries = retries;
        self
    }

    /// Sets `retransmit timeout min`: how long the first acknowledgment is waited for. It doubles
    /// each time.
    ///
    /// Default 1 s (RFC 2661 section 5.8, Cisco). Less than 10 ms is taken as 10 ms.
    #[must_use]
    pub const fn with_timeout_min(mut self, timeout: Duration) -> Self {
        let least = Duration::from_millis(10);
        self.timeout_min = if timeout.as_nanos() < least.as_nanos() { least } else { timeout };
        self
    }

    /// Sets `retransmit timeout max`: the upper bound of the time-out.
    ///
    /// Default 8 s (Cisco; RFC 2661 section 5.8 asks for a cap that is not below 8 s).
    #[must_use]
    pub const fn with_timeout_max(mut self, timeout: Duration) -> Self {
        self.timeout_max = timeout;
        self
    }

    /// Sets the time that an acknowledgment waits for a message that can carry it.
    ///
    /// Default 50 ms. RFC 3931 section 4.2 recommends at most a quarter of the peer's time-out, and
    /// peers begin with 500 ms (SoftEther) to 1 s.
    #[must_use]
    pub const fn with_acknowledge_delay(mut self, delay: Duration) -> Self {
        self.acknowledge_delay = delay;
        self
    }

    /// Returns the window that the peer gets.
    #[must_use]
    pub const fn receive_window(&self) -> u16 {
        self.receive_window
    }

    /// Returns one full retransmission cycle, from the first transmission of a message until its
    /// sender gives up (RFC 2661 section 5.7).
    #[must_use]
    pub fn cycle(&self) -> Duration {
        (0..=self.retries).fold(Duration::ZERO, |sum, retry| sum.saturating_add(self.timeout(retry)))
    }

    /// Returns the time-out of a message that was sent again `retry` times.
    pub(super) fn timeout(&self, retry: u8) -> Duration {
        let factor = 1_u32.checked_shl(retry.into()).unwrap_or(u32::MAX);
        self.timeout_min.saturating_mul(factor).min(self.timeout_max.max(self.timeout_min))
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}
