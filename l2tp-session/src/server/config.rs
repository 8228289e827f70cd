//! The groups of a server of many tunnels.

use alloc::vec::Vec;

use l2tp_wire::tunnel::Versions;

use super::Group;
use super::request::Request;

impl Group {
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
