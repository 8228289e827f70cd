//! The configuration of a server.

use core::net::Ipv4Addr;
use core::time::Duration;

use crate::session::{self, Setup};

/// The address of a server, and its demands on clients.
///
/// ```
/// use core::net::Ipv4Addr;
/// use pptp::server::Config;
/// use pptp::session;
///
/// let address = Ipv4Addr::new(10, 0, 0, 1);
/// let config = Config::new(address)
///     .with_session(session::Config::interop())
///     .with_server(|server| server.with_name_servers([Some(address), None]));
/// # let _ = config;
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    session: session::Config,
    server: ppp_session::Server,
    idle_timeout: Duration,
}

/// How long a client may take to begin with PPP. A Configure-Request that the server sends at once
/// may be faster than its Outgoing-Call-Reply, which takes TCP: the client would drop it, and miss
/// it for three seconds.
const PATIENCE: Duration = Duration::from_millis(500);

impl Config {
    /// Makes a configuration with the server's own address in the tunnels. It may be the same in
    /// all of them.
    #[must_use]
    pub fn new(address: Ipv4Addr) -> Self {
        Self {
            session: session::Config::strict(),
            server: ppp_session::Server::new(address).with_patience(PATIENCE),
            idle_timeout: Duration::from_secs(60),
        }
    }

    /// Sets what both sides may set. Default: [`session::Config::strict`].
    #[must_use]
    pub fn with_session(self, session: session::Config) -> Self {
        Self { session, ..self }
    }

    /// Changes what the server hands out by PPP: addresses, name servers.
    #[must_use]
    pub fn with_server(self, change: impl FnOnce(ppp_session::Server) -> ppp_session::Server) -> Self {
        Self { server: change(self.server), ..self }
    }

    /// Sets for how long a control connection may be without a call. Default: 60 s.
    #[must_use]
    pub fn with_idle_timeout(self, idle_timeout: Duration) -> Self {
        Self { idle_timeout, ..self }
    }
}

impl From<&Config> for Setup {
    fn from(config: &Config) -> Self {
        Self::server(config.session.clone(), config.server.clone(), config.idle_timeout)
    }
}
