//! State that all tunnels of a client share.

use pptp::ppp_session;

use super::interface::Interface;
use super::secret::Secret;
use crate::config::{Client, Config, VirtualTemplate};
use crate::host::{Clock, Signals};
use crate::profile;

/// All that stays from tunnel to tunnel.
pub(super) struct Context<'c> {
    pub(super) config: &'c Config,
    pub(super) client: &'c Client,
    pub(super) secret: Secret,
    pub(super) new_password: Option<zeroize::Zeroizing<String>>,
    pub(super) clock: Clock,
    pub(super) interface: Interface,
    pub(super) stop: Signals,
    pub(super) report: Signals,
    pub(super) trace: bool,
}

impl Context<'_> {
    /// Returns what the session is to be like.
    pub(super) fn session(&self) -> pptp::client::Config {
        let template = template(self.config, self.client);
        let config = match &self.secret {
            Secret::Password(password) => pptp::client::Config::new(&self.client.user, password),
            Secret::NtHash(hash) => ppp_session::Client::with_nt_hash(&self.client.user, hash.clone()).into(),
        };
        let config = config.with_session(profile::session(&template, None, self.config.hostname()));
        match self.client.address {
            Some(address) => config.with_client(|client| client.with_address(address)),
            None => config,
        }
    }
}

/// Returns what PPP is like in the tunnels.
pub(super) fn template(config: &Config, client: &Client) -> VirtualTemplate {
    let named = client.virtual_template.as_ref().and_then(|name| config.virtual_template.get(name));
    named.or_else(|| config.virtual_template.values().next()).cloned().unwrap_or_default()
}
