//! Cisco's `interface virtual-ppp`: a tunnel that `vpdn-client` begins, in words of its own.

use super::{Config, L2tpVersion, Protocol, Sequencing};

/// The longest name of a network interface in Linux.
const MAX_INTERFACE: usize = 15;

impl Config {
    /// Returns the name of the `virtual-ppp` that the client dials by: the one that it names, or the
    /// only one where it has no server of its own.
    pub(super) fn dialer(&self) -> Option<&String> {
        let client = self.client.as_ref()?;
        let only = || self.virtual_ppp.keys().next().filter(|_| self.virtual_ppp.len() == 1);
        client.virtual_ppp.as_ref().or_else(|| only().filter(|_| client.connect_to.is_empty()))
    }

    /// Gives the client what its `virtual-ppp` says, where it has no word of its own for it.
    pub(super) fn with_dialer(mut self) -> Self {
        let Some(name) = self.dialer().cloned() else { return self };
        // An unknown name is found by the checks.
        let Some(end) = self.virtual_ppp.get(&name).cloned() else { return self };
        let version = self.pseudowire_class.get(&end.pseudowire.pw_class).map(|class| class.encapsulation);
        let user = end.ppp_chap_hostname.unwrap_or_else(|| self.hostname().to_owned());
        let Some(client) = &mut self.client else { return self };
        if client.connect_to.is_empty() {
            client.connect_to = end.pseudowire.peer.to_string();
        }
        if client.user.is_empty() {
            client.user = user;
        }
        client.protocol.get_or_insert(match version {
            Some(L2tpVersion::L2tpv3) => Protocol::L2tpv3,
            Some(L2tpVersion::L2tpv2) | None => Protocol::L2tp,
        });
        // RFC 2661 has no word for a circuit: the number is the router's own there.
        if version == Some(L2tpVersion::L2tpv3) {
            client.vcid.get_or_insert(end.pseudowire.vcid);
        }
        client.address = client.address.or(end.ip_address);
        if client.routes.is_empty() {
            client.routes = end.ip_route;
        }
        let class = client.pseudowire_class.get_or_insert(end.pseudowire.pw_class).clone();
        let template = client.virtual_template.clone();
        let template = template.or_else(|| self.virtual_template.keys().next().cloned());
        let template = client.virtual_template.insert(template.unwrap_or_else(|| format!("virtual-ppp {name}")));
        let template = self.virtual_template.entry(template.clone()).or_default();
        if !end.ppp_authentication.is_empty() {
            template.ppp_authentication.get_or_insert(end.ppp_authentication);
        }
        template.ppp_encrypt_mppe = template.ppp_encrypt_mppe.or(end.ppp_encrypt_mppe);
        let sequencing: Option<Sequencing> = end.pseudowire.sequencing;
        if let (Some(sequencing), Some(class)) = (sequencing, self.pseudowire_class.get_mut(&class)) {
            class.sequencing = sequencing;
        }
        let interface = format!("virtual-ppp{name}");
        self.interface = self.interface.or_else(|| Some(interface).filter(|name| name.len() <= MAX_INTERFACE));
        self
    }
}
