//! The settings of a server for some of its peers.

#[cfg(feature = "alloc")]
use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::net::Ipv4Addr;
use core::time::Duration;

use crate::session::{self, Carried, Role, Served, Setup};

/// How long a client may take to begin with PPP. A Configure-Request that the server sends at once
/// may come before the client's daemon has started PPP: it would be lost, and missed for three
/// seconds.
const PATIENCE: Duration = Duration::from_millis(500);

/// The settings for some of the peers of a server: Cisco's `vpdn-group` with `accept-dialin`,
/// `terminate-from` and the virtual template.
///
/// ```
/// use core::net::Ipv4Addr;
/// use l2tp_session::server::Group;
/// use l2tp_session::session;
///
/// let address = Ipv4Addr::new(10, 0, 0, 1);
/// let group = Group::new(session::Config::strict("lns"), address)
///     .with_terminate_from("peer1")
///     .with_server(|server| server.with_name_servers([Some(address), None]));
/// # let _ = group;
/// ```
#[derive(Debug, Clone)]
pub struct Group {
    pub(super) session: session::Config,
    server: ppp_session::Server,
    #[cfg(feature = "alloc")]
    pub(super) terminate_from: Option<String>,
    served: Served,
    #[cfg(feature = "alloc")]
    remote_end_ids: Vec<String>,
    idle_timeout: Option<Duration>,
}

impl Group {
    /// Makes a group for all peers, with the server's own address in the calls. It may be the same
    /// in all of them.
    #[must_use]
    pub fn new(session: session::Config, address: Ipv4Addr) -> Self {
        Self {
            session,
            // The peer's PPP begins: pppd behind a LAC starts late, and a request that comes before
            // it is lost for 3 s.
            server: ppp_session::Server::new(address).with_patience(PATIENCE),
            #[cfg(feature = "alloc")]
            terminate_from: None,
            served: Served::Ppp,
            #[cfg(feature = "alloc")]
            remote_end_ids: Vec::new(),
            // accel-ppp ends a tunnel with its last call as well.
            idle_timeout: Some(Duration::from_secs(60)),
        }
    }

    /// Changes what both sides may set.
    #[must_use]
    pub fn with_session(self, change: impl FnOnce(session::Config) -> session::Config) -> Self {
        Self { session: change(self.session), ..self }
    }

    /// Changes what the server hands out by PPP: addresses, name servers.
    #[must_use]
    pub fn with_server(self, change: impl FnOnce(ppp_session::Server) -> ppp_session::Server) -> Self {
        Self { server: change(self.server), ..self }
    }

    /// Takes only peers that call themselves so (`terminate-from hostname`). Default: all peers
    /// that have no group of their own.
    ///
    /// A name is no proof: only a tunnel password asks for one.
    #[must_use]
    pub fn with_terminate_from(self, host_name: &str) -> Self {
        let session = self.session.with_tunnel(|tunnel| tunnel.with_terminate_from(host_name));
        Self {
            session,
            #[cfg(feature = "alloc")]
            terminate_from: Some(host_name.to_string()),
            ..self
        }
    }

    /// Allows calls to this circuit: Cisco's VCID (RFC 3931 section 5.4.4). Call it again for each
    /// further one. Default: calls to any circuit.
    #[must_use]
    #[cfg(feature = "alloc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
    pub fn with_remote_end_id(mut self, id: &str) -> Self {
        self.remote_end_ids.push(id.to_string());
        self
    }

    /// Takes calls with Ethernet frames as well (RFC 4719), which the caller carries. Default: only
    /// PPP. Every peer that may have a tunnel may have such a call, so give the tunnel a password.
    #[must_use]
    pub const fn with_ethernet(mut self) -> Self {
        self.served = Served::PppAndEthernet;
        self
    }

    /// Sets for how long a tunnel may be without a call. Default: 60 s. With `None` the time has no
    /// limit.
    #[must_use]
    pub fn with_idle_timeout(self, idle_timeout: Option<Duration>) -> Self {
        Self { idle_timeout, ..self }
    }
}

impl From<&Group> for Setup {
    fn from(group: &Group) -> Self {
        Self {
            config: group.session.clone(),
            carried: Carried::PppServer(group.server.clone()),
            role: Role::Server {
                served: group.served,
                #[cfg(feature = "alloc")]
                remote_end_ids: group.remote_end_ids.clone(),
                idle_timeout: group.idle_timeout,
            },
        }
    }
}
