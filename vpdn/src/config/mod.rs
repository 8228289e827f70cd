//! The configuration of operators: a file of TOML, and arguments that say the same.
//!
//! The names of tables and keys are those of the manuals that operators know: `vpdn-group`, `virtual-template`,
//! `l2tp-class`, `pseudowire-class`, `ip-local-pool`; every key has its unit in its documentation. Each mistake is
//! named with the line and the column where it is.
//!
//! ```
//! let text = r#"
//!     [virtual-template.1]
//!     ip-address = "10.99.0.1"
//!     peer-default-ip-address = "clients"
//!     ppp-encrypt-mppe = "128 required"
//!
//!     [ip-local-pool]
//!     clients = "10.99.0.10-10.99.0.20"
//!
//!     [vpdn-group.pptp1]
//!     accept-dialin = { protocol = "pptp", virtual-template = "1" }
//!
//!     [[user]]
//!     name = "alice"
//!     password = "wonderland"
//! "#;
//! let config = vpdn::config::Config::parse(text)?;
//! assert_eq!(config.virtual_template["1"].mtu, None);
//!
//! let wrong = text.replace("clients = ", "client = ");
//! let error = vpdn::config::Config::parse(&wrong).unwrap_err();
//! assert_eq!(error.to_string(), "line 4, column 31: there is no ip-local-pool `clients`");
//! # Ok::<(), vpdn::config::ConfigError>(())
//! ```

mod aaa;
mod check;
mod dial;
mod group;
mod overlay;
mod place;
mod template;
mod user;
mod value;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use aaa::{RadiusServer, RadiusSettings};
pub use dial::{
    Client, L2tpClass, L2tpVersion, Pseudowire, PseudowireClass, Retransmit, RetransmitTimeout, Sequencing, Signaling,
    TypeOfService, VirtualPpp,
};
pub use group::{AcceptDialin, Limits, Protocol, RequestDialin, VpdnGroup};
pub use overlay::Overlay;
pub use place::{ConfigError, Problem};
pub use template::{Compression, Method, VirtualTemplate};
pub use user::{Service, User};
pub use value::{KeyChange, Listen, Mppe, Network, NtHashText, Pool, Secret, Strength, Wanted};

/// All settings of the programs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Config {
    /// The name that this side gives itself. Default: `vpdn`.
    pub hostname: Option<String>,
    /// Where the server takes calls. Default: all addresses.
    pub listen: Listen,
    /// The name of the network interface. Without it, the system gives one.
    pub interface: Option<String>,
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
    /// Reads a configuration, and checks what its parts say of each other.
    ///
    /// # Errors
    ///
    /// [`ConfigError`]: the text is no TOML, a key is unknown, a value is wrong, or a name means nothing.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config = Self::read(text)?;
        config.check(text)?;
        Ok(config)
    }

    /// Reads a file of configuration and puts arguments over it, which `arguments` makes: it gets what the file says,
    /// unchecked. Without a file there are the arguments alone.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], with the name of the file: it cannot be read, or what [`Config::parse`] says.
    pub fn load(
        file: Option<&Path>,
        arguments: impl FnOnce(&Self) -> Result<Overlay, ConfigError>,
    ) -> Result<Self, ConfigError> {
        let text = match file {
            Some(path) => std::fs::read_to_string(path).map_err(|error| ConfigError::read(path, &error))?,
            None => String::new(),
        };
        let load = || {
            let config = Self::read(&text)?;
            let arguments = arguments(&config)?;
            let config = if arguments.is_empty() { config } else { arguments.apply(&text)? };
            config.check(&text)?;
            Ok(config)
        };
        load().map_err(|error: ConfigError| match file {
            Some(path) => error.in_file(path),
            None => error,
        })
    }

    fn read(text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| ConfigError::of_toml(text, &error))
    }

    fn check(&self, text: &str) -> Result<(), ConfigError> {
        let problems = check::problems(self);
        if problems.is_empty() { Ok(()) } else { Err(ConfigError::of_problems(text, problems)) }
    }

    /// Returns what this side calls itself.
    #[must_use]
    pub fn hostname(&self) -> &str {
        self.hostname.as_deref().unwrap_or("vpdn")
    }

    /// Returns the first group, by name, that accepts tunnels of a protocol, with its template.
    #[must_use]
    pub fn accepting(&self, protocol: Protocol) -> Option<(&VpdnGroup, &VirtualTemplate)> {
        self.vpdn_group.values().find_map(|group| {
            let accept = group.accept_dialin.as_ref().filter(|accept| accept.protocol.includes(protocol))?;
            Some((group, self.virtual_template.get(&accept.virtual_template)?))
        })
    }
}
