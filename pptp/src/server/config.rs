//! What a server may set.

use core::net::Ipv4Addr;
use core::time::Duration;

use ppp_fsm::ipv6cp::InterfaceIdentifier;
use ppp_fsm::negotiate::Opening;
use ppp_fsm::{ipcp, ipv6cp, lcp, link};

use crate::session;

/// What a server has, and what it asks of its clients.
///
/// ```
/// use core::net::Ipv4Addr;
/// use pptp::server::Config;
/// use pptp::session;
///
/// let address = Ipv4Addr::new(10, 0, 0, 1);
/// let config = Config::new(address)
///     .with_session(session::Config::interop())
///     .with_name_servers([Some(address), None]);
/// # let _ = config;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub(super) session: session::Config,
    ipcp: ipcp::Config,
    name_servers: [Option<Ipv4Addr>; 2],
    netbios_name_servers: [Option<Ipv4Addr>; 2],
    interface_identifier: Option<InterfaceIdentifier>,
    pub(super) idle_timeout: Duration,
}

/// How long a client may take to begin with PPP. A Configure-Request that the server sends at once may be faster than its
/// Outgoing-Call-Reply, which takes TCP: the client would drop it, and miss it for three seconds.
const PATIENCE: Duration = Duration::from_millis(500);

impl Config {
    /// The server's own address in the tunnels. It may be the same in all of them.
    #[must_use]
    pub fn new(address: Ipv4Addr) -> Self {
        Self {
            session: session::Config::strict(),
            ipcp: ipcp::Config::new(address),
            name_servers: [None; 2],
            netbios_name_servers: [None; 2],
            interface_identifier: None,
            idle_timeout: Duration::from_secs(60),
        }
    }

    /// What both sides may set. Default: [`session::Config::strict`].
    #[must_use]
    pub const fn with_session(mut self, session: session::Config) -> Self {
        self.session = session;
        self
    }

    /// RFC 1332 section 3.3: the address of every client that is not [assigned](super::Session::assign_address) one. Default:
    /// none, the client says which it has.
    #[must_use]
    pub const fn with_client_address(mut self, address: Ipv4Addr) -> Self {
        self.ipcp = self.ipcp.with_peer_address(address);
        self
    }

    /// RFC 1877 sections 1.1 and 1.3: the name servers to hand out. Default: none.
    #[doc(alias = "DNS")]
    #[must_use]
    pub const fn with_name_servers(mut self, servers: [Option<Ipv4Addr>; 2]) -> Self {
        self.name_servers = servers;
        self
    }

    /// RFC 1877 sections 1.2 and 1.4: the NetBIOS name servers to hand out. Default: none.
    #[doc(alias = "NBNS")]
    #[doc(alias = "WINS")]
    #[must_use]
    pub const fn with_netbios_name_servers(mut self, servers: [Option<Ipv4Addr>; 2]) -> Self {
        self.netbios_name_servers = servers;
        self
    }

    /// RFC 5072 section 4.1: the server's interface identifier, where IPv6 flows. Default: from the entropy.
    #[must_use]
    pub const fn with_interface_identifier(mut self, identifier: InterfaceIdentifier) -> Self {
        self.interface_identifier = Some(identifier);
        self
    }

    /// For how long a control connection may be without a call. Default: 60 s.
    #[must_use]
    pub const fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    pub(super) fn link(&self) -> link::Config {
        let lcp = lcp::Config::default().with_peer_authentication(self.session.authentication);
        let ipcp =
            self.ipcp.clone().with_name_servers(self.name_servers).with_netbios_name_servers(self.netbios_name_servers);
        let ipv6cp = match self.interface_identifier {
            Some(identifier) => ipv6cp::Config::default().with_own_identifier(identifier),
            None => ipv6cp::Config::default(),
        };
        self.session.link(lcp, ipcp, ipv6cp, Opening::Wait(PATIENCE))
    }
}

/// What peers cannot exceed, whatever they do.
///
/// ```
/// use pptp::server::Limits;
///
/// let small = Limits::default().with_connections(100).with_connections_per_address(2);
/// # let _ = small;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub(super) connections: usize,
    pub(super) connections_per_address: usize,
    pub(super) calls: usize,
}

impl Default for Limits {
    /// 10 000 connections, 64 of them from one address, 20 000 calls.
    fn default() -> Self {
        Self { connections: 10_000, connections_per_address: 64, calls: 20_000 }
    }
}

impl Limits {
    /// How many control connections there may be. Default: 10 000.
    #[must_use]
    pub const fn with_connections(mut self, count: usize) -> Self {
        self.connections = count;
        self
    }

    /// How many control connections one address may have; behind a NAT there are many clients. Default: 64.
    #[must_use]
    pub const fn with_connections_per_address(mut self, count: usize) -> Self {
        self.connections_per_address = count;
        self
    }

    /// How many calls there may be in all. Default: 20 000. Each needs about 24 KiB, and what a [`Session`](super::Session) says
    /// that it may need besides.
    #[must_use]
    pub const fn with_calls(mut self, count: usize) -> Self {
        self.calls = count;
        self
    }
}
