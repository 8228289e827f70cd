//! The configuration that both sides have.

use core::time::Duration;

use l2tp_wire::data::{self, TypeOfService};
use l2tp_wire::session::Terms;
use l2tp_wire::tunnel;
use ppp_session::ppp::ccp::Encryption;

/// The longest header of PPP in front of an IP packet in the clear: address, control, protocol.
const PPP_HEADER: u16 = 4;

/// The treatment of data packets that come out of order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_enums, reason = "a missing packet is waited for, or not")]
pub enum Reordering {
    /// A missing packet is never waited for: when it comes after a later one, it is dropped. This is
    /// what Linux does.
    #[default]
    Off,
    /// Up to 15 packets wait so long for a missing one, where packets have sequence numbers. A
    /// session takes 26 KiB more. Without the feature `alloc` it is as `Off`.
    Wait(Duration),
}

/// The settings of the outer headers of data packets: Cisco's `pseudowire-class`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pseudowire {
    pub(crate) reordering: Reordering,
    length_field: bool,
    path_mtu: bool,
    dont_fragment: bool,
    ttl: Option<u8>,
    type_of_service: TypeOfService,
}

impl Pseudowire {
    const DEFAULT: Self = Self {
        reordering: Reordering::Off,
        length_field: false,
        path_mtu: false,
        dont_fragment: false,
        ttl: None,
        type_of_service: TypeOfService::System,
    };

    /// Adds the settings to what a tunnel says of a session.
    pub(crate) const fn apply(&self, config: data::Config) -> data::Config {
        let config = config
            .with_length_field(self.length_field)
            .with_path_mtu(self.path_mtu)
            .with_dont_fragment(self.dont_fragment)
            .with_type_of_service(self.type_of_service);
        let config = match self.ttl {
            Some(ttl) => config.with_ttl(ttl),
            None => config,
        };
        match self.reordering {
            Reordering::Off => config,
            Reordering::Wait(timeout) => config.with_reorder_timeout(timeout),
        }
    }
}

/// The configuration that both sides have: that of the parts, and some settings of its own. Weak
/// choices have to be asked for by name.
///
/// ```
/// use core::time::Duration;
/// use l2tp_session::session::{Config, Reordering};
/// use l2tp_session::wire::Secret;
/// use l2tp_session::wire::code::DataSequencing;
/// use l2tp_session::wire::header::CookieSize;
/// use l2tp_session::wire::tunnel::Authentication;
///
/// let secret = Secret::new(b"s3cr3t-tunnel")?;
/// let config = Config::strict("branch")
///     // The tunnel: versions, authentication, timers (Cisco's `l2tp-class`).
///     .with_tunnel(|tunnel| {
///         tunnel.with_authentication(Authentication::Challenge).with_password(secret)
///     })
///     // What this side wants of each session.
///     .with_terms(|terms| {
///         terms.with_cookie(CookieSize::Eight).with_sequencing(DataSequencing::ALL)
///     })
///     .with_reordering(Reordering::Wait(Duration::from_millis(50)))
///     // PPP: authentication, encryption, compression, addresses.
///     .with_ppp(|ppp| ppp.with_setup_timeout(Duration::from_secs(30)));
/// assert_eq!(config.mtu(), 1444);
/// # Ok::<(), l2tp_session::wire::SecretError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    pub(crate) ppp: ppp_session::Config,
    pub(crate) tunnel: tunnel::Config,
    pub(crate) terms: Terms,
    pub(crate) pseudowire: Pseudowire,
    outer_mtu: u16,
}

impl Config {
    /// Returns the safest preset: [`ppp_session::Config::strict`], which requires MS-CHAP version 2
    /// and MPPE with 128 bits. `host_name` is how this side calls itself in the tunnel.
    #[must_use]
    pub fn strict(host_name: &str) -> Self {
        Self::new(ppp_session::Config::strict(), host_name)
    }

    /// Returns the preset for tunnels within IPsec: [`strict`](Self::strict) without encryption of
    /// PPP's own, and the MTU that leaves room for ESP. Without IPsec everything is readable.
    #[must_use]
    pub fn within_ipsec(host_name: &str) -> Self {
        let ppp = ppp_session::Config::strict().with_encryption(Encryption::Refused);
        // hwdsl2/setup-ipsec-vpn#686 and many like it: more than this falls into black holes.
        Self::new(ppp, host_name).with_outer_mtu(1438)
    }

    /// Returns the preset that connects to nearly every peer: [`ppp_session::Config::interop`]. An
    /// attacker on the path can have the password, and the session.
    #[must_use]
    pub fn interop(host_name: &str) -> Self {
        Self::new(ppp_session::Config::interop(), host_name)
    }

    fn new(ppp: ppp_session::Config, host_name: &str) -> Self {
        Self {
            ppp,
            tunnel: tunnel::Config::new(host_name),
            terms: Terms::new(),
            pseudowire: Pseudowire::DEFAULT,
            outer_mtu: 1500,
        }
    }

    /// Changes the configuration of PPP.
    #[must_use]
    pub fn with_ppp(mut self, change: impl FnOnce(ppp_session::Config) -> ppp_session::Config) -> Self {
        self.ppp = change(self.ppp);
        self
    }

    /// Changes the configuration of the tunnel: Cisco's `l2tp-class` (RFC 2661 section 5, RFC 3931
    /// section 3.3).
    #[must_use]
    pub fn with_tunnel(mut self, change: impl FnOnce(tunnel::Config) -> tunnel::Config) -> Self {
        self.tunnel = change(self.tunnel);
        self
    }

    /// Changes what this side wants of each session: sequence numbers, cookie, sublayer (RFC 2661
    /// section 5.4, RFC 3931 section 5.4.4). Default: none of them, which every peer takes.
    #[must_use]
    pub fn with_terms(mut self, change: impl FnOnce(Terms) -> Terms) -> Self {
        self.terms = change(self.terms);
        self
    }

    /// Sets what becomes of data packets that come out of order, where they have numbers. Default:
    /// late ones are dropped.
    #[must_use]
    pub const fn with_reordering(mut self, reordering: Reordering) -> Self {
        self.pseudowire.reordering = reordering;
        self
    }

    /// Sends the Length field in data packets of version 2, as Windows and Cisco do (RFC 2661
    /// section 3.1). Default: no.
    #[must_use]
    pub const fn with_length_field(mut self, sends: bool) -> Self {
        self.pseudowire.length_field = sends;
        self
    }

    /// Refuses packets that the path cannot carry whole, and asks for don't-fragment (`ip pmtu`).
    /// [`handle_path_mtu`](super::Session::handle_path_mtu) learns the length. Default: no.
    #[must_use]
    pub const fn with_path_mtu(mut self, discovers: bool) -> Self {
        self.pseudowire.path_mtu = discovers;
        self
    }

    /// Asks for don't-fragment in the outer IP header of data packets (`ip dfbit set`). Default:
    /// no.
    #[must_use]
    pub const fn with_dont_fragment(mut self, sets: bool) -> Self {
        self.pseudowire.dont_fragment = sets;
        self
    }

    /// Sets the time to live of the outer IP header of data packets (`ip ttl`). Default: the
    /// system's.
    #[must_use]
    pub const fn with_ttl(mut self, ttl: u8) -> Self {
        self.pseudowire.ttl = Some(ttl);
        self
    }

    /// Sets the type of service of the outer IP header of data packets (`ip tos value`, `ip tos
    /// reflect`). Default: the system's.
    #[must_use]
    pub const fn with_type_of_service(mut self, type_of_service: TypeOfService) -> Self {
        self.pseudowire.type_of_service = type_of_service;
        self
    }

    /// Sets the MTU of the path between the two sides, in bytes: MTU and MRU of PPP follow from it.
    /// Default: 1500. Within IPsec it is less by all that IPsec adds, 62 bytes or so.
    #[must_use]
    pub const fn with_outer_mtu(mut self, bytes: u16) -> Self {
        self.outer_mtu = bytes;
        self
    }

    /// Returns the longest IP packet that is sent, in bytes, as far as this side goes. The longest
    /// headers are counted. It is for an interface that is set up before the session is.
    #[must_use]
    pub fn mtu(&self) -> u16 {
        // UDP over IPv4. A session knows its own.
        self.ppp_over(data::HEADROOM.saturating_add(28)).mtu()
    }

    /// Returns the configuration of PPP over data packets like these.
    pub(crate) fn ppp_of(&self, data: &data::Config) -> ppp_session::Config {
        self.ppp_over(headers(&self.pseudowire.apply(*data)))
    }

    /// Returns the configuration of PPP, with the room that the path has behind so many bytes of
    /// headers.
    fn ppp_over(&self, headers: usize) -> ppp_session::Config {
        let headers = u16::try_from(headers).unwrap_or(u16::MAX);
        let room = self.outer_mtu.saturating_sub(headers).saturating_sub(PPP_HEADER);
        self.ppp.clone().with_carrier_mru(room)
    }
}

/// Returns how many bytes precede a frame in a data packet, from the outer IP header on.
pub(crate) fn headers(config: &data::Config) -> usize {
    let ip: usize = if config.peer().host().is_ipv6() { 40 } else { 20 };
    let udp: usize = if config.peer().is_ip() { 0 } else { 8 };
    ip.saturating_add(udp).saturating_add(config.header_len())
}
