//! The parts of a session.

use core::time::Duration;

use super::Config;

/// The parts of a session: made from [`client::Config`](crate::client::Config) or
/// [`server::Config`](crate::server::Config), for [`Session::new`](super::Session::new).
#[derive(Debug, Clone)]
pub struct Setup {
    pub(super) config: Config,
    pub(super) role: Role,
}

/// Which side of the calls this is.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "alloc"), expect(clippy::large_enum_variant, reason = "without a heap it is in place"))]
pub(super) enum Role {
    /// Dials one call.
    Client(ppp_session::Client),
    /// Takes calls.
    Server {
        ppp: ppp_session::Server,
        /// For how long a connection without a call is kept.
        idle_timeout: Duration,
    },
}

impl Setup {
    pub(crate) const fn client(config: Config, ppp: ppp_session::Client) -> Self {
        Self { config, role: Role::Client(ppp) }
    }

    pub(crate) const fn server(config: Config, ppp: ppp_session::Server, idle_timeout: Duration) -> Self {
        Self { config, role: Role::Server { ppp, idle_timeout } }
    }

    /// Makes PPP for a call.
    pub(super) fn ppp(&self, entropy: [u8; 32]) -> ppp_session::Session {
        match &self.role {
            Role::Client(client) => ppp_session::Session::client(&self.config.ppp(), client, entropy),
            Role::Server { ppp, .. } => ppp_session::Session::server(&self.config.ppp(), ppp, entropy),
        }
    }

    pub(super) const fn is_client(&self) -> bool {
        matches!(self.role, Role::Client(_))
    }
}
