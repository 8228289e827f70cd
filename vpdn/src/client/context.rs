//! State that all tunnels of a client share.

use pptp::ppp_session;

use super::interface::Interface;
use super::secret::Secret;
use crate::config::{Client, Config, L2tpVersion, Protocol, Sequencing, VirtualTemplate};
use crate::host::{Clock, Failure, Signals};
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
        let session = profile::session(&template, None, self.config.hostname());
        pptp::client::Config::from(self.user()).with_session(session)
    }

    /// Returns what a session of L2TP is to be like.
    ///
    /// # Errors
    ///
    /// The password of the tunnel is too long.
    pub(super) fn l2tp(&self) -> Result<l2tp_session::client::Config, Failure> {
        let template = template(self.config, self.client);
        let named = self.client.pseudowire_class.as_ref();
        let pseudowire = named.and_then(|name| self.config.pseudowire_class.get(name));
        let class = pseudowire.and_then(|pseudowire| self.config.l2tp_class.get(pseudowire.l2tp_class.as_ref()?));
        let class = class.cloned().unwrap_or_default();
        let version = match self.client.protocol {
            Some(Protocol::L2tpv3) => L2tpVersion::L2tpv3,
            _ => L2tpVersion::L2tpv2,
        };
        let sequencing = pseudowire.map_or(Sequencing::Off, |pseudowire| pseudowire.sequencing);
        let session = profile::l2tp(&template, &class, version, sequencing, self.config.hostname())?;
        Ok(l2tp_session::client::Config::new(self.user(), session))
    }

    /// Returns the user, and what the user wants of the server.
    fn user(&self) -> ppp_session::Client {
        let user = match &self.secret {
            Secret::Password(password) => ppp_session::Client::new(&self.client.user, password),
            Secret::NtHash(hash) => ppp_session::Client::with_nt_hash(&self.client.user, hash.clone()),
        };
        match self.client.address {
            Some(address) => user.with_address(address),
            None => user,
        }
    }
}

/// Returns what PPP is like in the tunnels.
pub(super) fn template(config: &Config, client: &Client) -> VirtualTemplate {
    let named = client.virtual_template.as_ref().and_then(|name| config.virtual_template.get(name));
    named.or_else(|| config.virtual_template.values().next()).cloned().unwrap_or_default()
}
