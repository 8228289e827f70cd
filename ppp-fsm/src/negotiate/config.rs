//! Timers and counters.

use core::time::Duration;

/// How a negotiation begins when the lower layer is up and somebody wants to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_enums, reason = "at once, later, never")]
pub enum Opening {
    /// With a Configure-Request at once.
    #[default]
    Active,
    /// With a Configure-Request when the peer has not begun within this time. Routers wait two seconds for LCP.
    Wait(Duration),
    /// Not at all: the peer begins.
    Silent,
}

/// RFC 1661 section 4.6: timers and counters of a negotiation.
///
/// ```
/// use core::time::Duration;
/// use ppp_fsm::negotiate::{Config, Opening};
///
/// // A fast link, and a server that lets the client begin.
/// let config = Config::default()
///     .with_restart_timeout(Duration::from_secs(1))
///     .with_opening(Opening::Silent);
/// # let _ = config;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub(super) restart_timeout: Duration,
    pub(super) max_configure: u8,
    pub(super) max_terminate: u8,
    pub(super) max_failure: u8,
    pub(crate) opening: Opening,
    pub(super) passive: bool,
    pub(super) restart: bool,
    pub(super) identifier: u8,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            // RFC 1661 section 4.6: 3 s, ten requests, two terminations, five Naks. pppd has the
            // same.
            restart_timeout: Duration::from_secs(3),
            max_configure: 10,
            max_terminate: 2,
            max_failure: 5,
            opening: Opening::Active,
            passive: false,
            restart: false,
            identifier: 1,
        }
    }
}

impl Config {
    /// Sets the time to wait for an answer. Default: 3 seconds. At least 1 ms.
    ///
    /// An answer to an earlier copy of the same request is taken as well, so a time below that of the round trip costs
    /// packets, but works.
    #[must_use]
    pub fn with_restart_timeout(mut self, timeout: Duration) -> Self {
        self.restart_timeout = timeout.max(Duration::from_millis(1));
        self
    }

    /// Sets how many Configure-Requests are sent without an answer. Default: 10. At least 1.
    #[must_use]
    pub fn with_max_configure(mut self, count: u8) -> Self {
        self.max_configure = count.max(1);
        self
    }

    /// Sets how many Terminate-Requests are sent without an answer. Default: 2. At least 1.
    #[must_use]
    pub fn with_max_terminate(mut self, count: u8) -> Self {
        self.max_terminate = count.max(1);
        self
    }

    /// Sets how many Configure-Naks are sent, or taken, without a Configure-Ack between them. Default: 5. From 1 to 80.
    ///
    /// Every further Nak becomes a Reject, in both directions; after twice as many more the
    /// negotiation fails.
    #[must_use]
    pub fn with_max_failure(mut self, count: u8) -> Self {
        self.max_failure = count.clamp(1, 80);
        self
    }

    /// Sets how to begin. Default: at once.
    #[must_use]
    pub const fn with_opening(mut self, opening: Opening) -> Self {
        self.opening = opening;
        self
    }

    /// Sets whether a peer that does not answer is waited for, without an end (RFC 1661 section
    /// 4.1, footnote p). Default: no.
    #[must_use]
    pub const fn with_passive(mut self, passive: bool) -> Self {
        self.passive = passive;
        self
    }

    /// Sets whether opening what is open already negotiates again (RFC 1661 section 4.1, footnote
    /// r). Default: no.
    #[must_use]
    pub const fn with_restart(mut self, restart: bool) -> Self {
        self.restart = restart;
        self
    }

    /// Sets the identifier of the first packet. Default: 1. Different ones make traces easier to read.
    #[must_use]
    pub const fn with_identifier(mut self, identifier: u8) -> Self {
        self.identifier = identifier;
        self
    }
}
