//! The configuration of a link.

use core::time::Duration;

use crate::buffer::Short;
use crate::{auth, ccp, ipcp, ipv6cp, lcp, negotiate};

/// When Echo-Requests are sent, and when the peer is taken for dead.
///
/// ```
/// use core::time::Duration;
/// use ppp_fsm::link::{Config, Keepalive};
///
/// // Dead after about a minute without a sign of life.
/// let keepalive = Keepalive::new(Duration::from_secs(15)).with_max_missed(3);
/// let config = Config::default().with_keepalive(keepalive);
/// # let _ = config;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keepalive {
    pub(super) interval: Duration,
    pub(super) max_missed: u8,
    pub(super) is_adaptive: bool,
}

impl Keepalive {
    /// Returns a keepalive with an Echo-Request after every such time; at least 10 ms. The peer is dead when three in a row are not answered.
    #[must_use]
    pub fn new(interval: Duration) -> Self {
        Self { interval: interval.max(Duration::from_millis(10)), max_missed: 3, is_adaptive: true }
    }

    /// Sets how many unanswered ones in a row are too many. Default: 3. At least 1.
    #[must_use]
    pub fn with_max_missed(mut self, count: u8) -> Self {
        self.max_missed = count.max(1);
        self
    }

    /// Sets whether anything that comes from the peer is as good as an answer, so that a busy link is not asked. Default: yes.
    #[must_use]
    pub const fn with_adaptive(mut self, adaptive: bool) -> Self {
        self.is_adaptive = adaptive;
        self
    }
}

/// The meaning of the end of a network protocol for the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_enums, reason = "nothing, or the end with the last, or with any")]
pub enum NetworkPolicy {
    /// The link stays.
    Keep,
    /// The link ends when none is left.
    #[default]
    EndWithLast,
    /// The link ends with any of those configured.
    EndWithAny,
}

/// The configuration of a link, for either side.
///
/// ```
/// use core::net::Ipv4Addr;
/// use ppp_fsm::auth::{Method, Methods};
/// use ppp_fsm::link::Config;
/// use ppp_fsm::{ccp, ipcp, lcp};
///
/// let server = Config::default()
///     .with_lcp(
///         lcp::Config::default().with_peer_authentication(Methods::new(&[Method::MsChapV2])),
///     )
///     .with_ccp(ccp::Config::default())
///     .with_ipcp(
///         ipcp::Config::new(Ipv4Addr::new(10, 0, 0, 1))
///             .with_peer_address(Ipv4Addr::new(10, 0, 0, 2)),
///     );
/// # let _ = server;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub(super) lcp: lcp::Config,
    pub(super) link_timers: negotiate::Config,
    pub(super) network_timers: negotiate::Config,
    pub(super) authentication: auth::Config,
    pub(super) ccp: Option<ccp::Config>,
    pub(super) ipcp: Option<ipcp::Config>,
    pub(super) ipv6cp: Option<ipv6cp::Config>,
    pub(super) keepalive: Option<Keepalive>,
    pub(super) network: NetworkPolicy,
    pub(super) microsoft_termination: bool,
    pub(super) identification: Short<{ Self::MAX_IDENTIFICATION_LEN }>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            lcp: lcp::Config::default(),
            link_timers: negotiate::Config::default(),
            network_timers: negotiate::Config::default(),
            authentication: auth::Config::default(),
            ccp: None,
            ipcp: None,
            ipv6cp: None,
            keepalive: None,
            network: NetworkPolicy::default(),
            // Windows shows users a number, so an end has one where this is on; pppd shows it as
            // text.
            microsoft_termination: true,
            identification: Short::EMPTY,
        }
    }
}

impl Config {
    /// The longest text of an Identification that is sent.
    pub const MAX_IDENTIFICATION_LEN: usize = 48;

    /// Sets LCP, in it the authentication of both sides. Default: no authentication.
    #[must_use]
    pub fn with_lcp(mut self, config: lcp::Config) -> Self {
        self.lcp = config;
        self
    }

    /// Sets timers and counters of LCP.
    #[must_use]
    pub fn with_link_timers(mut self, config: negotiate::Config) -> Self {
        self.link_timers = config;
        self
    }

    /// Sets timers and counters of CCP, IPCP and IPV6CP.
    #[must_use]
    pub fn with_network_timers(mut self, config: negotiate::Config) -> Self {
        self.network_timers = config;
        self
    }

    /// Sets timers and counters of the authentication, both sides.
    #[must_use]
    pub fn with_authentication(mut self, config: auth::Config) -> Self {
        self.authentication = config;
        self
    }

    /// Sets CCP (RFC 1962). Default: not there, packets of it are rejected.
    ///
    /// When it requires encryption, IPCP and IPV6CP wait for it, and packets that are not encrypted are refused.
    #[must_use]
    pub fn with_ccp(mut self, config: ccp::Config) -> Self {
        self.ccp = Some(config);
        self
    }

    /// Sets IPCP (RFC 1332). Default: not there, packets of it are rejected.
    #[must_use]
    pub fn with_ipcp(mut self, config: ipcp::Config) -> Self {
        self.ipcp = Some(config);
        self
    }

    /// Sets IPV6CP (RFC 5072). Default: not there, packets of it are rejected.
    #[must_use]
    pub fn with_ipv6cp(mut self, config: ipv6cp::Config) -> Self {
        self.ipv6cp = Some(config);
        self
    }

    /// Sets when Echo-Requests are sent (RFC 1661 section 5.8). Default: none are sent.
    #[must_use]
    pub fn with_keepalive(mut self, keepalive: Keepalive) -> Self {
        self.keepalive = Some(keepalive);
        self
    }

    /// Sets what the end of a network protocol means. Default: the link ends with the last.
    #[must_use]
    pub const fn with_network_policy(mut self, policy: NetworkPolicy) -> Self {
        self.network = policy;
        self
    }

    /// Sets whether Terminate-Requests carry [Microsoft's error number](lcp::MicrosoftTermination). Default: yes, when there
    /// is one.
    #[must_use]
    pub const fn with_microsoft_termination(mut self, send: bool) -> Self {
        self.microsoft_termination = send;
        self
    }

    /// Sets who this side is, sent when LCP opens; cut to 48 bytes (RFC 1570 section 1.1). Default:
    /// nothing is sent.
    #[must_use]
    pub fn with_identification(mut self, text: &[u8]) -> Self {
        self.identification = Short::new(text);
        self
    }

    /// Returns whether packets have to be encrypted.
    pub(super) fn requires_encryption(&self) -> bool {
        self.ccp.as_ref().is_some_and(|ccp| ccp.encryption() == ccp::Encryption::Required)
    }
}
