//! The settings of a user.

use core::time::Duration;

use crate::algorithm::Mode;
use crate::protocol::ProtocolSet;

/// The effect of a packet with the FLUSHED bit on a stateful key: documents and programs differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "no third rule is known")]
pub enum FlushedRule {
    /// RFC 3078 section 8.2: RC4 starts again with the same key. Windows' and FreeBSD's rule.
    Rfc3078,
    /// Linux and lwIP: the key changes.
    Linux,
}

/// How one direction of a link encrypts or decrypts.
///
/// ```
/// use mppe::{Config, FlushedRule, Mode, ProtocolSet};
///
/// let config = Config::new(Mode::Stateful)
///     .with_flushed_rule(FlushedRule::Linux)
///     .with_protocols(ProtocolSet::IP.with(ProtocolSet::VJ_COMPRESSED));
/// assert_eq!(config.mode(), Mode::Stateful);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    mode: Mode,
    flushed_rule: FlushedRule,
    protocols: ProtocolSet,
    key_change_budget: u16,
    reset_interval: Duration,
    implausible_limit: u32,
}

impl Config {
    /// The default of [`with_key_change_budget`](Self::with_key_change_budget).
    pub const DEFAULT_KEY_CHANGE_BUDGET: u16 = 256;
    /// The default of [`with_reset_interval`](Self::with_reset_interval).
    pub const DEFAULT_RESET_INTERVAL: Duration = Duration::from_secs(1);
    /// The default of [`with_implausible_limit`](Self::with_implausible_limit).
    pub const DEFAULT_IMPLAUSIBLE_LIMIT: u32 = 64;

    /// Creates the mode that was negotiated for this direction, and defaults (RFC 3078 section 2).
    #[must_use]
    pub const fn new(mode: Mode) -> Self {
        Self {
            mode,
            flushed_rule: FlushedRule::Rfc3078,
            // A wrong key shows only in what the plaintext cannot be, so the set is as small as
            // most links allow.
            protocols: ProtocolSet::IP,
            key_change_budget: Self::DEFAULT_KEY_CHANGE_BUDGET,
            reset_interval: Self::DEFAULT_RESET_INTERVAL,
            implausible_limit: Self::DEFAULT_IMPLAUSIBLE_LIMIT,
        }
    }

    /// Sets what a FLUSHED packet does to the key in stateful mode. Default:
    /// [`FlushedRule::Rfc3078`].
    ///
    /// Without losses both are the same. A decryptor notices which of them the peer follows and goes on with that.
    #[must_use]
    pub const fn with_flushed_rule(mut self, rule: FlushedRule) -> Self {
        self.flushed_rule = rule;
        self
    }

    /// Sets the inner protocols that a decryptor takes. Default: [`ProtocolSet::IP`].
    ///
    /// A wrong key or a forged packet gives random bytes. See
    /// [`Decryptor`](crate::Decryptor#what-forgery-can-do) for how often they are taken for a
    /// packet; a set without Van Jacobson's protocols makes that rarest.
    #[must_use]
    pub const fn with_protocols(mut self, protocols: ProtocolSet) -> Self {
        self.protocols = protocols;
        self
    }

    /// Stateless mode: how many key changes a decryptor may compute for one packet whose count is ahead. Default: 256.
    ///
    /// A packet that is further ahead is refused, but brings the decryptor this number nearer. A smaller budget makes a
    /// forged packet cheaper and a long loss dearer. A key change takes 0.4 µs on a server of 2025, so 256 of them hold
    /// it up for 0.1 ms. At least 128 is used always (64, and as many as there are late keys).
    #[must_use]
    pub const fn with_key_change_budget(mut self, changes: u16) -> Self {
        self.key_change_budget = changes;
        self
    }

    /// Sets how long a decryptor in stateful mode waits for a FLUSHED packet before the
    /// Reset-Request is sent again. Default: 1 second.
    #[must_use]
    pub const fn with_reset_interval(mut self, interval: Duration) -> Self {
        self.reset_interval = interval;
        self
    }

    /// Sets how many packets in a row may decrypt to nonsense before
    /// [`CoherencyLost`](crate::DecryptError::CoherencyLost) is reported. Default: 64. 0 is as 1.
    #[must_use]
    pub const fn with_implausible_limit(mut self, packets: u32) -> Self {
        self.implausible_limit = packets;
        self
    }

    /// Returns the mode.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Returns the rule of [`with_flushed_rule`](Self::with_flushed_rule).
    #[must_use]
    pub const fn flushed_rule(&self) -> FlushedRule {
        self.flushed_rule
    }

    /// Returns the set of [`with_protocols`](Self::with_protocols).
    #[must_use]
    pub const fn protocols(&self) -> ProtocolSet {
        self.protocols
    }

    /// Returns the budget of [`with_key_change_budget`](Self::with_key_change_budget).
    #[must_use]
    pub const fn key_change_budget(&self) -> u16 {
        self.key_change_budget
    }

    /// Returns the interval of [`with_reset_interval`](Self::with_reset_interval).
    #[must_use]
    pub const fn reset_interval(&self) -> Duration {
        self.reset_interval
    }

    /// Returns the limit of [`with_implausible_limit`](Self::with_implausible_limit).
    #[must_use]
    pub const fn implausible_limit(&self) -> u32 {
        self.implausible_limit
    }
}
