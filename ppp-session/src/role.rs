//! The settings of each side of a session.

use core::net::Ipv4Addr;
use core::time::Duration;

use mschap::NtHash;
use ppp_fsm::auth::Secret;
use ppp_fsm::ipv6cp::InterfaceIdentifier;
use ppp_fsm::negotiate::Opening;
use ppp_fsm::{ipcp, ipv6cp, lcp, link};

use crate::{Config, Credentials};

/// The identity and the wishes of a client, the side that proves itself.
///
/// ```
/// use core::net::Ipv4Addr;
/// use ppp_session::Client;
///
/// let client = Client::new("alice", "wonderland").with_address(Ipv4Addr::new(10, 0, 0, 7));
/// // Passwords are not shown.
/// assert!(!format!("{client:?}").contains("wonderland"));
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    credentials: Credentials,
    address: Option<Ipv4Addr>,
    name_servers_wanted: bool,
}

impl Client {
    /// Makes a client of a name, with its domain in front where there is one (`DOMAIN\name`), and
    /// its password.
    #[must_use]
    pub fn new(name: &str, password: &str) -> Self {
        Self::with_credentials(Credentials::with_password(name, password))
    }

    /// Makes a client of a name and the NT hash of its password: MS-CHAP needs no more.
    #[must_use]
    pub fn with_nt_hash(name: &str, hash: NtHash) -> Self {
        Self::with_credentials(Credentials::with_nt_hash(name, hash))
    }

    /// Makes a client of a name and its secret.
    #[must_use]
    pub const fn with_credentials(credentials: Credentials) -> Self {
        Self { credentials, address: None, name_servers_wanted: true }
    }

    /// Asks for an address; another one is taken when the server insists (RFC 1332 section 3.3).
    /// Default: what the server gives.
    #[must_use]
    pub const fn with_address(mut self, address: Ipv4Addr) -> Self {
        self.address = Some(address);
        self
    }

    /// Sets whether to ask for name servers, DNS and NBNS (RFC 1877). Default: yes.
    #[must_use]
    pub const fn with_name_servers_wanted(mut self, wanted: bool) -> Self {
        self.name_servers_wanted = wanted;
        self
    }

    pub(crate) const fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    pub(crate) fn link(&self, config: &Config) -> link::Config {
        // RFC 1661 section 5.3: a method that the secret is not enough for is answered with one that it is.
        let is_hash = matches!(self.credentials.secret(), Secret::NtHash(_));
        let methods = if is_hash { config.authentication.with_keys() } else { config.authentication };
        let lcp = lcp::Config::default().with_own_authentication(methods);
        let ipcp = match self.address {
            // A client that asks for an address takes another one: pppd as a server Naks a wrong
            // one without end.
            Some(address) => ipcp::Config::new(address).with_other_address_taken(true),
            None => ipcp::Config::default(),
        };
        let ipcp = ipcp
            .with_name_servers_wanted(self.name_servers_wanted)
            .with_netbios_name_servers_wanted(self.name_servers_wanted);
        config.link(lcp, ipcp, ipv6cp::Config::default(), Opening::Active)
    }
}

/// The address and the pools of a server, the side that asks for proofs.
///
/// ```
/// use core::net::Ipv4Addr;
/// use ppp_session::Server;
///
/// let address = Ipv4Addr::new(10, 0, 0, 1);
/// let server = Server::new(address).with_name_servers([Some(address), None]);
/// # let _ = server;
/// ```
#[derive(Debug, Clone)]
pub struct Server {
    ipcp: ipcp::Config,
    name_servers: [Option<Ipv4Addr>; 2],
    netbios_name_servers: [Option<Ipv4Addr>; 2],
    interface_identifier: Option<InterfaceIdentifier>,
    opening: Opening,
}

impl Server {
    /// Makes a server with its own address in the sessions. It may be the same in all of them.
    #[must_use]
    pub fn new(address: Ipv4Addr) -> Self {
        Self {
            ipcp: ipcp::Config::new(address),
            name_servers: [None; 2],
            netbios_name_servers: [None; 2],
            interface_identifier: None,
            opening: Opening::Active,
        }
    }

    /// Sets the address of every client that is not [assigned](crate::Session::assign_address) one
    /// (RFC 1332 section 3.3). Default: none, the client says which it has.
    #[must_use]
    pub fn with_client_address(mut self, address: Ipv4Addr) -> Self {
        self.ipcp = self.ipcp.with_peer_address(address);
        self
    }

    /// Sets the name servers to hand out (RFC 1877 sections 1.1 and 1.3). Default: none.
    #[doc(alias = "DNS")]
    #[must_use]
    pub fn with_name_servers(mut self, servers: [Option<Ipv4Addr>; 2]) -> Self {
        self.name_servers = servers;
        self
    }

    /// Sets the NetBIOS name servers to hand out (RFC 1877 sections 1.2 and 1.4). Default: none.
    #[doc(alias = "NBNS")]
    #[doc(alias = "WINS")]
    #[must_use]
    pub fn with_netbios_name_servers(mut self, servers: [Option<Ipv4Addr>; 2]) -> Self {
        self.netbios_name_servers = servers;
        self
    }

    /// Sets the server's interface identifier, where IPv6 flows (RFC 5072 section 4.1). Default:
    /// from the entropy.
    #[must_use]
    pub fn with_interface_identifier(mut self, identifier: InterfaceIdentifier) -> Self {
        self.interface_identifier = Some(identifier);
        self
    }

    /// Sets how long the client may take to begin. Default: no time, both sides begin.
    ///
    /// For carriers whose client may drop a first packet, since it does not know yet that the
    /// session is up: the client would miss it for three seconds.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.opening = Opening::Wait(patience);
        self
    }

    pub(crate) fn link(&self, config: &Config) -> link::Config {
        let lcp = lcp::Config::default().with_peer_authentication(config.authentication);
        let ipcp =
            self.ipcp.clone().with_name_servers(self.name_servers).with_netbios_name_servers(self.netbios_name_servers);
        let ipv6cp = match self.interface_identifier {
            Some(identifier) => ipv6cp::Config::default().with_own_identifier(identifier),
            None => ipv6cp::Config::default(),
        };
        config.link(lcp, ipcp, ipv6cp, self.opening)
    }
}
