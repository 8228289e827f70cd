//! The configuration of a server.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use core::time::Duration;

use l2tp_wire::tunnel::Versions;

use super::request::Request;
use crate::session::{self, Served, Setup};

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
    session: session::Config,
    server: ppp_session::Server,
    terminate_from: Option<String>,
    served: Served,
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
            terminate_from: None,
            served: Served::Ppp,
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
        Self { session, terminate_from: Some(host_name.to_string()), ..self }
    }

    /// Allows calls to this circuit: Cisco's VCID (RFC 3931 section 5.4.4). Call it again for each
    /// further one. Default: calls to any circuit.
    #[must_use]
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

    /// Returns how well the group fits a request.
    fn fit(&self, request: &Request) -> Fit {
        let host_name = &request.host_name;
        let name = match &self.terminate_from {
            Some(name) if !host_name.is_cut() && name.as_bytes() == host_name.as_bytes() => NameFit::Named,
            Some(_) => NameFit::Other,
            None => NameFit::Any,
        };
        let version = match (request.versions, self.session.tunnel.versions()) {
            (Versions::V2, Versions::V3) | (Versions::V3, Versions::V2) => VersionFit::Other,
            // RFC 3931 section 4.7.3: version 3 is spoken where both ends can.
            (Versions::Both, Versions::V2) => VersionFit::Older,
            (Versions::V2, Versions::V2 | Versions::Both)
            | (Versions::V3 | Versions::Both, Versions::V3 | Versions::Both) => VersionFit::Spoken,
        };
        (version != VersionFit::Other, name, version)
    }
}

/// How well a group fits a request, the better the greater: whether it speaks a version of the
/// peer's, how it names the peer, and which version it is.
type Fit = (bool, NameFit, VersionFit);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum NameFit {
    /// It is for a peer of another name.
    Other,
    /// It is for all.
    Any,
    /// It names the peer.
    Named,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum VersionFit {
    /// The peer does not speak it.
    Other,
    /// The peer speaks it, and a later one.
    Older,
    /// The peer speaks it.
    Spoken,
}

impl From<&Group> for Setup {
    fn from(group: &Group) -> Self {
        let Group { session, server, served, remote_end_ids, idle_timeout, .. } = group;
        Self::server(session.clone(), server.clone(), *served, remote_end_ids.clone(), *idle_timeout)
    }
}

/// The groups of a server.
///
/// ```
/// use core::net::Ipv4Addr;
/// use l2tp_session::server::{Config, Group};
/// use l2tp_session::session;
///
/// let address = Ipv4Addr::new(10, 0, 0, 1);
/// let branch =
///     Group::new(session::Config::strict("lns"), address).with_terminate_from("branch");
/// // Whoever has another name than "branch" is refused, until there is a group for all.
/// let closed = Config::new(branch.clone());
/// let open =
///     Config::new(branch).with_group(Group::new(session::Config::strict("lns"), address));
/// # let _ = (closed, open);
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    first: Group,
    others: Vec<Group>,
}

impl Config {
    /// Makes a server of one group.
    #[must_use]
    pub const fn new(group: Group) -> Self {
        Self { first: group, others: Vec::new() }
    }

    /// Adds a group. Of several that fit a peer, one that has its name is taken, and the first of
    /// them. A group fits the peers that speak one of its [versions](Versions): groups of version 2
    /// and of version 3 can be beside each other, each with settings of its own.
    #[must_use]
    pub fn with_group(mut self, group: Group) -> Self {
        self.others.push(group);
        self
    }

    /// Returns the group of a peer that has sent this. Where none is for it, one that refuses it: if
    /// there is any, one that speaks its version.
    pub(super) fn group(&self, request: &Request) -> &Group {
        let mut best = (self.first.fit(request), &self.first);
        for group in &self.others {
            let fit = group.fit(request);
            if fit > best.0 {
                best = (fit, group);
            }
        }
        best.1
    }
}

impl From<Group> for Config {
    fn from(group: Group) -> Self {
        Self::new(group)
    }
}

/// Limits that peers cannot exceed.
///
/// ```
/// use l2tp_session::server::Limits;
///
/// let small = Limits::default().with_tunnels(100).with_tunnels_per_address(2);
/// # let _ = small;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub(super) tunnels: usize,
    pub(super) tunnels_per_address: usize,
    pub(super) half_open: usize,
    pub(super) half_open_per_address: usize,
    pub(super) calls: usize,
}

impl Default for Limits {
    /// Returns limits of 10 000 tunnels, 64 of them of one address; 1024 half-open ones, 8 of them
    /// of one address; and 20 000 calls.
    fn default() -> Self {
        Self { tunnels: 10_000, tunnels_per_address: 64, half_open: 1024, half_open_per_address: 8, calls: 20_000 }
    }
}

impl Limits {
    /// The most tunnels that a server can have: half of the ids of version 2, so that a free one is
    /// found soon.
    pub const MAX_TUNNELS: usize = 32_768;

    /// Sets how many tunnels there may be, half-open ones included. Default: 10 000; more than
    /// [`MAX_TUNNELS`](Self::MAX_TUNNELS) is taken as that.
    #[must_use]
    pub const fn with_tunnels(mut self, count: usize) -> Self {
        self.tunnels = if count > Self::MAX_TUNNELS { Self::MAX_TUNNELS } else { count };
        self
    }

    /// Sets how many tunnels one address may have; behind a NAT there are many clients. Default: 64.
    #[must_use]
    pub const fn with_tunnels_per_address(mut self, count: usize) -> Self {
        self.tunnels_per_address = count;
        self
    }

    /// Sets how many tunnels may be half-open, all together and of one address: their peer has not
    /// shown that it receives. For one more, the oldest is forgotten, so that a flood of requests
    /// under false addresses keeps nobody out for long. Default: 1024 and 8. Each needs about 12
    /// KiB.
    #[must_use]
    pub const fn with_half_open(mut self, all: usize, of_address: usize) -> Self {
        self.half_open = all;
        self.half_open_per_address = of_address;
        self
    }

    /// Sets how many calls there may be in all. Default: 20 000.
    #[must_use]
    pub const fn with_calls(mut self, count: usize) -> Self {
        self.calls = count;
        self
    }
}
