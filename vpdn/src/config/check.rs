//! The relations between the parts of a configuration.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use l2tp_wire::Secret;

use super::{
    Client, Config, IpProtocol, L2tpVersion, Method, Problem, Protocol, PseudowireClass, RadiusSettings, Signaling,
    User, VirtualTemplate, VpdnGroup, Wanted,
};

/// The longest name of this side: RFC 2637 section 2.1 has 64 bytes for it.
const MAX_NAME: usize = 64;
/// The packets that PPP can be configured to carry.
const MTU: RangeInclusive<u16> = 576..=1500;
/// The cores that a server can work on.
const CORES: RangeInclusive<u16> = 1..=64;

/// Returns all that is wrong, in the order of the tables.
pub(super) fn problems(config: &Config) -> Vec<Problem> {
    let mut check = Check { config, problems: Vec::new() };
    check.name(&["hostname"], config.hostname.as_deref());
    check.within(&["cores"], config.cores, CORES);
    check.listen();
    for (name, group) in &config.vpdn_group {
        check.group(name, group);
    }
    for (name, template) in &config.virtual_template {
        check.template(name, template);
    }
    check.users();
    if let Some(radius) = &config.radius {
        check.radius(radius);
    }
    check.l2tp();
    check.client();
    check.problems
}

struct Check<'c> {
    config: &'c Config,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn say(&mut self, path: &[&str], text: impl Into<String>) {
        self.problems.push(Problem::new(path, text.into()));
    }

    fn name(&mut self, path: &[&str], name: Option<&str>) {
        if name.is_some_and(|name| name.len() > MAX_NAME) {
            self.say(path, format!("a name has at most {MAX_NAME} bytes"));
        }
    }

    fn known(&mut self, path: &[&str], kind: &str, name: Option<&String>, is_known: bool) {
        if let (Some(name), false) = (name, is_known) {
            self.say(path, format!("there is no {kind} `{name}`"));
        }
    }

    fn within<T: PartialOrd + std::fmt::Display>(&mut self, path: &[&str], value: Option<T>, range: RangeInclusive<T>) {
        if let Some(value) = value.filter(|value| !range.contains(value)) {
            self.say(path, format!("{value} is not between {} and {}", range.start(), range.end()));
        }
    }

    /// RFC 2637 has a port of TCP, and nothing of IPv6; RFC 2661 has another port, of UDP.
    fn listen(&mut self) {
        let is_accepted = |protocol| self.config.accepting(protocol).is_some();
        let has_l2tp = [Protocol::L2tp, Protocol::L2tpv3].into_iter().any(is_accepted);
        if self.config.listen.port.is_some() && is_accepted(Protocol::Pptp) && has_l2tp {
            self.say(&["listen"], "PPTP and L2TP have ports of their own: an address without a port");
        }
        if self.config.listen.address.is_ipv6() && is_accepted(Protocol::Pptp) {
            self.say(&["listen"], "PPTP has addresses of IPv4 alone");
        }
    }

    fn group(&mut self, name: &str, group: &VpdnGroup) {
        let table = "vpdn-group";
        self.name(&[table, name, "local-name"], group.local_name.as_deref());
        self.name(&[table, name, "terminate-from"], group.terminate_from.as_deref());
        let templates = &self.config.virtual_template;
        if let Some(accept) = &group.accept_dialin {
            let template = &accept.virtual_template;
            let path = [table, name, "accept-dialin", "virtual-template"];
            self.known(&path, "virtual-template", Some(template), templates.contains_key(template));
            if let Some(found) = templates.get(template) {
                self.accepting_template(template, found);
            }
        }
        if let Some(request) = &group.request_dialin {
            let template = request.virtual_template.as_ref();
            let is_known = template.is_some_and(|template| templates.contains_key(template));
            let path = [table, name, "request-dialin", "virtual-template"];
            self.known(&path, "virtual-template", template, is_known);
        }
        if group.accept_dialin.is_none() && group.request_dialin.is_none() {
            self.say(&[table, name], "a group has `accept-dialin` or `request-dialin`");
        }
        let class = group.l2tp_class.as_ref();
        let is_known = class.is_some_and(|class| self.config.l2tp_class.contains_key(class));
        self.known(&[table, name, "l2tp-class"], "l2tp-class", class, is_known);
        let class = group.pseudowire_class.as_ref();
        let is_known = class.is_some_and(|class| self.config.pseudowire_class.contains_key(class));
        self.known(&[table, name, "pseudowire-class"], "pseudowire-class", class, is_known);
        if self.config.classes(None, class).1.is_some_and(|class| class.protocol == Some(Signaling::None)) {
            self.say(&[table, name, "pseudowire-class"], "sessions that are set up by hand are those of a client");
        }
        if let Some(class) = self.config.classes(None, class).1 {
            // A server answers from the address that it was called at.
            let keys = [("ip-local-interface", class.ip_local_interface.is_some()), ("ip-pmtu", class.ip_pmtu)];
            for (key, _) in keys.into_iter().filter(|(_, is_set)| *is_set) {
                self.say(&[table, name, "pseudowire-class"], format!("`{key}` of this class is for a client"));
            }
        }
        let key = "pptp-flow-control-receive-window";
        self.within(&[table, name, key], group.pptp_flow_control_receive_window, 1..=u16::MAX);
        let key = "pptp-flow-control-static-rtt";
        self.within(&[table, name, key], group.pptp_flow_control_static_rtt, 100..=5000);
    }

    /// Clients of such a template get addresses.
    fn accepting_template(&mut self, name: &str, template: &VirtualTemplate) {
        let table = "virtual-template";
        if template.ip_address.is_none() {
            self.say(&[table, name], "tunnels that are accepted need the server's `ip-address`");
        }
        // Without a pool each user has to have an address of its own, as with RADIUS.
        if template.peer_default_ip_address.is_none()
            && self.config.radius.is_none()
            && self.config.users.is_none()
            && self.config.user.iter().any(|user| user.remote_address.is_none())
        {
            self.say(&[table, name], "users without `remote-address` need a pool: `peer-default-ip-address`");
        }
    }

    fn template(&mut self, name: &str, template: &VirtualTemplate) {
        let table = "virtual-template";
        let pool = template.peer_default_ip_address.as_ref();
        let is_known = pool.is_some_and(|pool| self.config.ip_local_pool.contains_key(pool));
        self.known(&[table, name, "peer-default-ip-address"], "ip-local-pool", pool, is_known);
        self.name(&[table, name, "ppp-chap-hostname"], template.ppp_chap_hostname.as_deref());
        self.within(&[table, name, "mtu"], template.mtu, MTU);
        self.within(&[table, name, "mru"], template.mru, MTU);
        for (key, servers) in [("dns", &template.dns), ("nbns", &template.nbns)] {
            // RFC 1877 has a primary and a secondary one.
            if servers.len() > 2 {
                self.say(&[table, name, key], "PPP has room for two");
            }
        }
        let key = "ppp-authentication";
        match &template.ppp_authentication {
            Some(methods) if methods.is_empty() => self.say(&[table, name, key], "there is no method"),
            Some(methods) => {
                let is_passed = self.config.radius.as_ref().is_some_and(|radius| radius.eap_pass_through);
                let has_keys = methods.iter().any(|method| match method {
                    Method::MsChapV1 | Method::MsChapV2 | Method::EapMsChapV2 => true,
                    // A method of EAP may leave keys with the RADIUS server.
                    Method::Eap => is_passed,
                    Method::Chap | Method::Pap => false,
                });
                // The default is `128 required`, or with `interop` what the peer wants.
                let is_required = match template.ppp_encrypt_mppe {
                    Some(mppe) => mppe.wanted == Wanted::Required,
                    None => !template.interop,
                };
                // Found here, since every call would end with error 742.
                if is_required && !has_keys {
                    self.say(&[table, name, key], "encryption is required, and none of these methods leaves keys");
                }
            }
            None => {}
        }
    }

    fn users(&mut self) {
        let mut names = BTreeSet::new();
        for (index, user) in self.config.user.iter().enumerate() {
            let User { name, password, nt_hash, .. } = user;
            let index = index.to_string();
            if password.is_some() == nt_hash.is_some() {
                self.say(&["user", &index], format!("user `{name}` has `password` or `nt-hash`, and not both"));
            }
            if !names.insert(name) {
                self.say(&["user", &index, "name"], format!("there are two users `{name}`"));
            }
        }
    }

    fn radius(&mut self, radius: &RadiusSettings) {
        if radius.authentication.is_empty() {
            self.say(&["radius", "authentication"], "there is no server");
        }
        self.within(&["radius", "timeout"], radius.timeout, 1..=60);
        self.within(&["radius", "retransmit"], radius.retransmit, 1..=10);
        self.within(&["radius", "interim-interval"], radius.interim_interval, 60..=86_400);
        for (key, servers) in [("authentication", &radius.authentication), ("accounting", &radius.accounting)] {
            for (index, server) in servers.iter().enumerate() {
                if server.secret.expose().is_empty() {
                    self.say(&["radius", key, &index.to_string(), "secret"], "a secret has at least one byte");
                }
            }
        }
    }

    fn l2tp(&mut self) {
        let config = self.config;
        for (name, class) in &config.l2tp_class {
            let table = "l2tp-class";
            // RFC 2661 sections 4.3 and 5.1.1 hash the password into both.
            if (class.authentication || class.hidden) && class.password.is_none() {
                self.say(&[table, name], "`authentication` and `hidden` need a `password`");
            }
            for (key, password) in [("password", &class.password), ("old-password", &class.old_password)] {
                let wrong = password.as_ref().and_then(|password| Secret::new(password.expose().as_bytes()).err());
                if let Some(error) = wrong {
                    self.say(&[table, name, key], error.to_string());
                }
            }
            if class.old_password.is_some() && class.password.is_none() {
                self.say(&[table, name, "old-password"], "it is for when there is another `password`");
            }
            self.within(&[table, name, "receive-window"], class.receive_window, 1..=1024);
            self.within(&[table, name, "timeout-setup"], class.timeout_setup, 60..=6000);
            let timeout = class.retransmit.timeout;
            self.within(&[table, name, "retransmit", "timeout", "min"], timeout.min, 1..=8);
            self.within(&[table, name, "retransmit", "timeout", "max"], timeout.max, 1..=8);
            if timeout.min.unwrap_or(1) > timeout.max.unwrap_or(8) {
                self.say(&[table, name, "retransmit", "timeout", "min"], "`min` is longer than `max`");
            }
        }
        for (name, class) in &config.pseudowire_class {
            self.pseudowire_class(name, class);
            let found = class.l2tp_class.as_ref().is_some_and(|class| config.l2tp_class.contains_key(class));
            self.known(&["pseudowire-class", name, "l2tp-class"], "l2tp-class", class.l2tp_class.as_ref(), found);
        }
        for (name, end) in &config.virtual_ppp {
            let class = &end.pseudowire.pw_class;
            let found = config.pseudowire_class.contains_key(class);
            let path = ["virtual-ppp", name, "pseudowire", "pw-class"];
            self.known(&path, "pseudowire-class", Some(class), found);
        }
        if let Some(name) = config.dialer() {
            let is_known = config.virtual_ppp.contains_key(name);
            self.known(&["client", "virtual-ppp"], "virtual-ppp", Some(name), is_known);
        }
    }

    fn pseudowire_class(&mut self, name: &str, class: &PseudowireClass) {
        let table = "pseudowire-class";
        if !matches!(class.cookie_size, 0 | 4 | 8) {
            self.say(&[table, name, "cookie-size"], "a cookie has 0, 4 or 8 bytes");
        }
        let differs = match (class.protocol, class.encapsulation) {
            (Some(Signaling::L2tpv2), L2tpVersion::L2tpv3) | (Some(Signaling::L2tpv3), L2tpVersion::L2tpv2) => true,
            // RFC 2661 has no data without a tunnel.
            (Some(Signaling::None), version) => version == L2tpVersion::L2tpv2,
            _ => false,
        };
        if differs {
            self.say(&[table, name, "protocol"], "it does not set up sessions of this `encapsulation`");
        }
        if class.encapsulation == L2tpVersion::L2tpv3 {
            return;
        }
        for (key, is_set) in [
            ("ip-protocol", class.ip_protocol == IpProtocol::L2tp),
            ("cookie-size", class.cookie_size != 0),
            ("sublayer", class.sublayer),
        ] {
            if is_set {
                self.say(&[table, name, key], "version 2 has no such thing: `encapsulation` is `l2tpv2`");
            }
        }
    }

    /// A session that nobody sets up has its numbers from the configuration; all others have not.
    fn manual(&mut self, client: &Client) {
        let class = self.config.classes(None, client.pseudowire_class.as_ref()).1;
        let is_manual = class.is_some_and(|class| class.protocol == Some(Signaling::None));
        match &client.manual {
            None if is_manual => self.say(&["client"], "`protocol = \"none\"` needs the numbers of `manual`"),
            Some(_) if !is_manual => {
                self.say(&["client", "manual"], "it is for a `pseudowire-class` with `protocol = \"none\"`");
            }
            Some(manual) => {
                for (key, id) in [("local-id", manual.local_id), ("remote-id", manual.remote_id)] {
                    // RFC 3931 section 4.1: it is that of control messages.
                    if id == 0 {
                        self.say(&["client", "manual", key], "0 is the number of no session");
                    }
                }
            }
            None => {}
        }
        if is_manual && client.protocol != Some(Protocol::L2tpv3) {
            self.say(&["client"], "`manual` is for `protocol = \"l2tpv3\"`");
        }
    }

    fn client(&mut self) {
        let Some(client) = &self.config.client else { return };
        self.manual(client);
        let class = client.pseudowire_class.as_ref();
        let found = class.is_some_and(|class| self.config.pseudowire_class.contains_key(class));
        self.known(&["client", "pseudowire-class"], "pseudowire-class", class, found);
        let template = client.virtual_template.as_ref();
        let found = template.is_some_and(|template| self.config.virtual_template.contains_key(template));
        self.known(&["client", "virtual-template"], "virtual-template", template, found);
        if client.carries_ethernet() {
            // Nobody proves anything, and there is no PPP.
            if client.connect_to.is_empty() {
                self.say(&["client"], "`connect-to` is missing");
            }
            return;
        }
        for (key, value) in [("connect-to", &client.connect_to), ("user", &client.user)] {
            if value.is_empty() {
                let several = self.config.virtual_ppp.len() > 1 && key == "connect-to";
                let of_them = if several { ", or the `virtual-ppp` of several" } else { "" };
                self.say(&["client"], format!("`{key}` is missing{of_them}"));
            }
        }
        let secrets = [client.password.is_some(), client.password_file.is_some(), client.nt_hash.is_some()];
        // Two of them might contradict each other.
        if secrets.iter().filter(|is_there| **is_there).count() != 1 {
            self.say(&["client"], "one of `password`, `password-file` and `nt-hash` is needed");
        }
    }
}
