//! A client: it dials a server, proves who it is, and carries IP packets.
//!
//! [`session`] says how a session is driven, with a whole loop.

use crate::session::{self, Setup};

/// The identity and the wishes of a client.
///
/// ```
/// use core::net::Ipv4Addr;
/// use pptp::{client, session};
///
/// let config = client::Config::new("alice", "wonderland")
///     .with_session(session::Config::interop())
///     .with_client(|client| client.with_address(Ipv4Addr::new(10, 0, 0, 7)));
/// // Passwords are not shown.
/// assert!(!format!("{config:?}").contains("wonderland"));
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    session: session::Config,
    client: ppp_session::Client,
}

impl Config {
    /// Makes a configuration of a name, with its domain in front where there is one
    /// (`DOMAIN\name`), and its password.
    #[must_use]
    pub fn new(name: &str, password: &str) -> Self {
        ppp_session::Client::new(name, password).into()
    }

    /// Sets what both sides may set. Default: [`session::Config::strict`].
    #[must_use]
    pub fn with_session(self, session: session::Config) -> Self {
        Self { session, ..self }
    }

    /// Changes what the client asks PPP for: an address, name servers.
    #[must_use]
    pub fn with_client(self, change: impl FnOnce(ppp_session::Client) -> ppp_session::Client) -> Self {
        Self { client: change(self.client), ..self }
    }
}

/// The client of PPP, for a caller that has only the NT hash of the password.
impl From<ppp_session::Client> for Config {
    fn from(client: ppp_session::Client) -> Self {
        Self { session: session::Config::strict(), client }
    }
}

impl From<&Config> for Setup {
    fn from(config: &Config) -> Self {
        Self::client(config.session.clone(), config.client.clone())
    }
}

/// One dialed call and its control connection.
pub type Session = session::Session<1>;
