//! Timers and counters.

use core::time::Duration;

use crate::buffer::Short;

/// RFC 1334, RFC 1994: timers and counters of an authentication, for both sides of it.
///
/// ```
/// use core::time::Duration;
/// use ppp_fsm::auth::Config;
///
/// let hourly = Config::default().with_rechallenge_interval(Some(Duration::from_secs(3600)));
/// # let _ = hourly;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub(super) restart_timeout: Duration,
    pub(super) max_tries: u8,
    pub(super) patience: Duration,
    pub(super) retries: u8,
    pub(super) rechallenge: Option<Duration>,
    pub(super) eap_pass_through: bool,
    pub(super) name: Short<{ Self::MAX_NAME_LEN }>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            // pppd's timers: 3 s and ten tries.
            restart_timeout: Duration::from_secs(3),
            max_tries: 10,
            // pppd waits for 60 s, too: a RADIUS server behind the peer may be slow.
            patience: Duration::from_secs(60),
            // Another try helps a guesser as well, so it is asked for by name.
            retries: 0,
            rechallenge: None,
            eap_pass_through: false,
            name: Short::EMPTY,
        }
    }
}

impl Config {
    /// The longest name of an authenticator.
    pub const MAX_NAME_LEN: usize = 64;

    /// Sets the time after which a Challenge, a Response or a name with its password is sent again. Default: 3 seconds. At
    /// least 1 ms.
    #[must_use]
    pub fn with_restart_timeout(mut self, timeout: Duration) -> Self {
        self.restart_timeout = timeout.max(Duration::from_millis(1));
        self
    }

    /// Sets how many copies are sent. Default: 10. At least 1.
    #[must_use]
    pub fn with_max_tries(mut self, count: u8) -> Self {
        self.max_tries = count.max(1);
        self
    }

    /// Sets how long to wait for the other side to begin, or to try again. Default: 60 seconds. At least 1 ms.
    #[must_use]
    pub fn with_patience(mut self, time: Duration) -> Self {
        self.patience = time.max(Duration::from_millis(1));
        self
    }

    /// Sets how often a peer may try again, on one link (RFC 2433 section 8, RFC 2759 section 6).
    /// Default: never. Of MS-CHAP and PAP alone.
    #[must_use]
    pub const fn with_retries(mut self, count: u8) -> Self {
        self.retries = count;
        self
    }

    /// Sets how often the peer is challenged again in the running session (RFC 1994 section 2).
    /// Default: never. At least 1 s.
    #[must_use]
    pub fn with_rechallenge_interval(mut self, interval: Option<Duration>) -> Self {
        self.rechallenge = interval.map(|interval| interval.max(Duration::from_secs(1)));
        self
    }

    /// Sets whether EAP packets go through to the user of the machine, who has another end of EAP
    /// (RFC 3748 section 2.3). Default: no, Identity, Notification, Nak and MD5-Challenge are
    /// handled here.
    #[must_use]
    pub const fn with_eap_pass_through(mut self, pass_through: bool) -> Self {
        self.eap_pass_through = pass_through;
        self
    }

    /// Sets the name in Challenges, cut to 64 bytes (RFC 1994 section 4.1). Default: empty, as
    /// Microsoft's are.
    #[must_use]
    pub fn with_name(mut self, name: &[u8]) -> Self {
        self.name = Short::new(name);
        self
    }
}
