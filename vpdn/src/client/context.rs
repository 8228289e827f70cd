//! State that all tunnels of a client share.

use std::net::IpAddr;

use l2tp_session::wire::tunnel::Versions;
use pptp::ppp_session;

use super::interface::Interface;
use super::secret::Secret;
use crate::config::{Client, Config, IpProtocol, Protocol, PseudowireClass, VirtualTemplate};
use crate::host::{Clock, Failure, Signals, address_of, any_address};
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
    pub(super) fn l2tp(&self) -> Result<l2tp_session::session::Config, Failure> {
        let template = template(self.config, self.client);
        let versions = match self.client.protocol {
            Some(Protocol::L2tpv3) => Versions::V3,
            _ => Versions::V2,
        };
        let (class, pseudowire) = self.config.classes(None, self.client.pseudowire_class.as_ref());
        let config = profile::l2tp(&template, (&class, pseudowire), versions, self.config.hostname())?;
        Ok(config.with_path_mtu(self.asks_for_path_mtu()))
    }

    /// Returns the class of the session.
    fn pseudowire(&self) -> Option<&PseudowireClass> {
        self.config.classes(None, self.client.pseudowire_class.as_ref()).1
    }

    /// Returns whether the path has to carry packets whole: Cisco's `ip pmtu`.
    pub(super) fn asks_for_path_mtu(&self) -> bool {
        self.pseudowire().is_some_and(|pseudowire| pseudowire.ip_pmtu)
    }

    /// Returns the address that packets to a peer come from: Cisco's `ip local interface`, or any.
    ///
    /// # Errors
    ///
    /// The interface has no such address.
    pub(super) fn source_to(&self, peer: IpAddr) -> Result<IpAddr, Failure> {
        match self.pseudowire().and_then(|pseudowire| pseudowire.ip_local_interface.as_deref()) {
            Some(interface) => address_of(interface, peer),
            None => Ok(any_address(peer)),
        }
    }

    /// Returns what carries packets of L2TP.
    pub(super) fn ip_protocol(&self) -> IpProtocol {
        self.pseudowire().map_or(IpProtocol::Udp, |pseudowire| pseudowire.ip_protocol)
    }

    /// Returns the user, and what the user wants of the server.
    pub(super) fn user(&self) -> ppp_session::Client {
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
