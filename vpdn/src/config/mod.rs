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
mod dialer;
mod group;
mod overlay;
mod place;
mod tables;
mod template;
mod user;
mod value;

use std::path::Path;

pub use aaa::{RadiusServer, RadiusSettings};
pub use dial::{
    Circuit, Client, DigestHash, IpProtocol, L2tpClass, L2tpVersion, ManualSession, Pseudowire, PseudowireClass,
    Retransmit, RetransmitTimeout, Sequencing, Signaling, TypeOfService, VirtualPpp,
};
pub use group::{AcceptDialin, Limits, Protocol, RequestDialin, VpdnGroup};
pub use overlay::Overlay;
pub use place::{ConfigError, Problem};
pub use tables::Config;
pub use template::{Compression, Method, VirtualTemplate};
pub use user::{Service, User};
pub use value::{CookieText, KeyChange, Listen, Mppe, Network, NtHashText, Pool, Secret, Strength, Wanted};

impl Config {
    /// Reads a configuration, and checks what its parts say of each other.
    ///
    /// # Errors
    ///
    /// [`ConfigError`]: the text is no TOML, a key is unknown, a value is wrong, or a name means nothing.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config = Self::read(text)?.with_dialer();
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
            let config = config.with_dialer();
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
}
