//! All tables of a configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::{
    Client, L2tpClass, Limits, Listen, Pool, Protocol, PseudowireClass, RadiusSettings, User, VirtualPpp,
    VirtualTemplate, VpdnGroup,
};

/// How many cores are used unless the operator says more: each has an interface, and sees the headers of all GRE packets.
const MAX_DEFAULT_CORES: u16 = 16;

/// All settings of the programs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Config {
    /// The name that this side gives itself. Default: `vpdn`.
    pub hostname: Option<String>,
    /// Where the server takes calls. Default: all addresses of IPv4. A port is for a server of one protocol, and an
    /// address of IPv6 for one of L2TP.
    pub listen: Listen,
    /// The name of the network interface. Without it, the system gives one. A server on several cores has an interface
    /// for each: this name and a number, from 0 on.
    pub interface: Option<String>,
    /// On how many cores the server works, 64 at most. Default: as many as there are, 16 at most.
    pub cores: Option<u16>,
    /// The control socket. Default: none.
    pub control_socket: Option<PathBuf>,
    /// After how many seconds the counters of all sessions are written, again and again. Default: never.
    pub status_interval: Option<u64>,
    /// A file of users, one a line, beside those of `[[user]]`.
    pub users: Option<PathBuf>,
    /// Users.
    pub user: Vec<User>,
    /// RADIUS servers. With one of them, users are asked of it and not looked up here.
    pub radius: Option<RadiusSettings>,
    /// Limits that peers cannot exceed.
    pub limits: Limits,
    /// Cisco's `vpdn-group`: which tunnels are accepted, and what they are like.
    pub vpdn_group: BTreeMap<String, VpdnGroup>,
    /// Cisco's `interface virtual-template`: what PPP is like in them.
    pub virtual_template: BTreeMap<String, VirtualTemplate>,
    /// Cisco's `ip local pool`: addresses for clients.
    pub ip_local_pool: BTreeMap<String, Pool>,
    /// Cisco's `l2tp-class`: what the control channel of L2TP is like.
    pub l2tp_class: BTreeMap<String, L2tpClass>,
    /// Cisco's `pseudowire-class`: what sessions of L2TP are like.
    pub pseudowire_class: BTreeMap<String, PseudowireClass>,
    /// Cisco's `interface virtual-ppp`: an end of a tunnel of L2TP that this side begins.
    pub virtual_ppp: BTreeMap<String, VirtualPpp>,
    /// The tunnel that `vpdn-client` begins.
    pub client: Option<Client>,
}

impl Config {
    /// Returns what this side calls itself.
    #[must_use]
    pub fn hostname(&self) -> &str {
        self.hostname.as_deref().unwrap_or("vpdn")
    }

    /// Returns on how many cores the server works.
    pub(crate) fn cores(&self) -> u16 {
        let available = || {
            let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            u16::try_from(count).unwrap_or(MAX_DEFAULT_CORES).min(MAX_DEFAULT_CORES)
        };
        self.cores.unwrap_or_else(available)
    }

    /// Returns the group that accepts tunnels of a protocol, with its template: the first one, by name, that is for this
    /// protocol, or else the first that is for each.
    #[must_use]
    pub fn accepting(&self, protocol: Protocol) -> Option<(&VpdnGroup, &VirtualTemplate)> {
        let accepting = |accepted: Protocol| {
            self.vpdn_group.values().find_map(|group| {
                let accept = group.accept_dialin.as_ref().filter(|accept| accept.protocol == accepted)?;
                Some((group, self.virtual_template.get(&accept.virtual_template)?))
            })
        };
        accepting(protocol).or_else(|| accepting(Protocol::Any))
    }

    /// Returns the classes of a client or a group that names these.
    pub(crate) fn classes(
        &self,
        l2tp: Option<&String>,
        pseudowire: Option<&String>,
    ) -> (L2tpClass, Option<&PseudowireClass>) {
        let pseudowire = pseudowire.and_then(|name| self.pseudowire_class.get(name));
        let l2tp = l2tp.or_else(|| pseudowire?.l2tp_class.as_ref()).and_then(|name| self.l2tp_class.get(name));
        (l2tp.cloned().unwrap_or_default(), pseudowire)
    }

    /// Returns the addresses for the clients of a template.
    pub(crate) fn pool(&self, template: &VirtualTemplate) -> Option<Pool> {
        template.peer_default_ip_address.as_ref().and_then(|name| self.ip_local_pool.get(name)).copied()
    }
}
