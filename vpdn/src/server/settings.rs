//! The settings of tunnels, from the configuration: at the start, and when it is read again.

use std::collections::BTreeMap;
use std::time::Duration;

use l2tp_session::server::{Config as L2tpConfig, Group};
use l2tp_session::wire::tunnel::Versions;
use pptp::ppp::ipv6cp::InterfaceIdentifier;
use pptp::ppp_session::Server as PppServer;
use pptp::server::Config as PptpConfig;

use super::key::Kind;
use super::state::Offer;
use crate::config::{Config, IpProtocol, Protocol, VirtualTemplate, VpdnGroup};
use crate::host::Failure;
use crate::profile;

/// The settings of new tunnels.
pub(super) struct Settings {
    /// The offers to clients, by the kinds of tunnels that are accepted.
    pub(super) offers: BTreeMap<Kind, Offer>,
    pub(super) pptp: Option<PptpSettings>,
    pub(super) l2tp: Option<L2tpSettings>,
    /// The longest packet of any of them, in bytes: the MTU of the interface.
    pub(super) mtu: u16,
    pub(super) has_ipv6: bool,
}

#[derive(Clone)]
pub(super) struct PptpSettings {
    pub(super) config: PptpConfig,
    /// The name that a peer has to have.
    pub(super) terminate_from: Option<String>,
}

pub(super) struct L2tpSettings {
    /// A group for each version.
    pub(super) config: L2tpConfig,
    /// Whether packets come by IP protocol 115, too.
    pub(super) has_ip: bool,
}

impl Settings {
    /// Reads the settings for the kinds of tunnels that some group accepts; with `only`, no others than these. All
    /// sessions have one interface identifier, since the interface has one address.
    ///
    /// # Errors
    ///
    /// No group accepts tunnels, or a password of tunnels is too long.
    pub(super) fn read(
        config: &Config,
        only: Option<Protocol>,
        identifier: InterfaceIdentifier,
    ) -> Result<Self, Failure> {
        let mut settings = Self { offers: BTreeMap::new(), pptp: None, l2tp: None, mtu: 0, has_ipv6: false };
        for kind in Kind::ALL {
            if only.is_some_and(|only| !only.includes(kind.protocol())) {
                continue;
            }
            if let Some((group, template)) = config.accepting(kind.protocol()) {
                settings.add(config, kind, (group, template), identifier)?;
            }
        }
        if settings.offers.is_empty() {
            return Err(Failure::other("no vpdn-group accepts tunnels".to_owned()));
        }
        Ok(settings)
    }

    fn add(
        &mut self,
        config: &Config,
        kind: Kind,
        (group, template): (&VpdnGroup, &VirtualTemplate),
        identifier: InterfaceIdentifier,
    ) -> Result<(), Failure> {
        let own = template.ip_address.ok_or_else(|| Failure::other("the server has no `ip-address`".to_owned()))?;
        let session_timeout = template.session_timeout.map(Duration::from_secs);
        self.offers.insert(kind, Offer { own, pool: config.pool(template), session_timeout });
        self.has_ipv6 |= template.ipv6;
        let name = group.local_name.as_deref().unwrap_or(config.hostname());
        let is_passed = config.radius.as_ref().is_some_and(|radius| radius.eap_pass_through);
        let serve = |server: PppServer| profile::server(server, template).with_interface_identifier(identifier);
        let versions = match kind {
            Kind::Pptp => {
                let session = profile::session(template, Some(group), name);
                let session = session.with_ppp(|ppp| ppp.with_eap_pass_through(is_passed));
                self.mtu = self.mtu.max(session.mtu());
                let config = PptpConfig::new(own).with_session(session).with_server(serve);
                self.pptp = Some(PptpSettings { config, terminate_from: group.terminate_from.clone() });
                return Ok(());
            }
            Kind::L2tp => Versions::V2,
            Kind::L2tpV3 => Versions::V3,
        };
        let (class, pseudowire) = config.classes(group.l2tp_class.as_ref(), group.pseudowire_class.as_ref());
        let session = profile::l2tp(template, (&class, pseudowire), versions, name)?;
        let session = session.with_ppp(|ppp| ppp.with_eap_pass_through(is_passed));
        self.mtu = self.mtu.max(session.mtu());
        let mut added = Group::new(session, own).with_server(serve);
        if let Some(name) = &group.terminate_from {
            added = added.with_terminate_from(name);
        }
        for vcid in &group.vcids {
            added = added.with_remote_end_id(&vcid.to_string());
        }
        // RFC 2661 section 1: version 2 has no carrier but UDP here.
        let has_ip = versions == Versions::V3 && pseudowire.is_some_and(|class| class.ip_protocol == IpProtocol::L2tp);
        self.l2tp = Some(match self.l2tp.take() {
            None => L2tpSettings { config: L2tpConfig::new(added), has_ip },
            Some(before) => L2tpSettings { config: before.config.with_group(added), has_ip: before.has_ip || has_ip },
        });
        Ok(())
    }
}
