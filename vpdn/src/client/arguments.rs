//! The command line of the client.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use clap::{ArgGroup, Parser};
use toml::Value;

use crate::arguments::{L2tp, Link, Source, set};
use crate::config::{Config, ConfigError, Network, NtHashText, Overlay, Protocol};

/// Dial a PPTP or L2TP server, and carry IP packets through it.
///
/// It needs the capabilities CAP_NET_RAW and CAP_NET_ADMIN. Ctrl-C or SIGTERM hangs up, a second one quits at once; SIGUSR1
/// writes the counters.
#[derive(Debug, Parser)]
#[command(
    name = "vpdn-client",
    version,
    after_help = "Exit status: 0 hung up by us, 1 another failure, 2 wrong arguments or configuration, 3 no permission, \
                  4 no TCP connection, 5 GRE is blocked (Windows' error 619 or 806), 6 wrong or expired password (691, \
                  648), 7 no encryption (742), 8 hung up by the server, 9 no agreement, 130 quit at once."
)]
#[command(group(ArgGroup::new("secret").args(["password", "password_file", "nt_hash"])))]
pub(crate) struct Arguments {
    /// Name or address of the server, with `:PORT` if it is not the protocol's own. PPTP has IPv4 alone.
    server: Option<String>,
    #[command(flatten)]
    pub(crate) source: Source,
    /// The protocol: PPTP, or L2TP of version 2 or 3. Without it: PPTP.
    #[arg(long, value_name = "PROTOCOL", value_parser = ["pptp", "l2tp", "l2tpv3"])]
    protocol: Option<String>,
    /// The user's name, with the domain in front where there is one: `DOMAIN\name`.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The password. Other users of this machine can see it while the program runs.
    #[arg(long)]
    password: Option<String>,
    /// A file with the password in its first line.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The NT hash of the password, 32 hexadecimal digits: enough for MS-CHAP.
    #[arg(long, value_name = "HEX", value_parser = hash)]
    nt_hash: Option<String>,
    /// New password, for when the old one has expired.
    #[arg(long, value_name = "PASSWORD", conflicts_with = "new_password_file")]
    new_password: Option<String>,
    /// A file with the new password in its first line.
    #[arg(long, value_name = "FILE")]
    new_password_file: Option<PathBuf>,
    /// An address to ask for; without it, the server gives one.
    #[arg(long)]
    address: Option<Ipv4Addr>,
    /// A network to send into the tunnel, as `10.0.0.0/8`; may be repeated.
    #[arg(long = "route", value_name = "CIDR")]
    routes: Vec<Network>,
    /// Send all packets into the tunnel, but those to the server itself.
    #[arg(long)]
    default_route: bool,
    /// Make the name servers of the tunnel those of the system, by `resolvconf`.
    #[arg(long)]
    use_peer_dns: bool,
    /// A script for when the tunnel is up, with pppd's arguments and environment.
    #[arg(long, value_name = "FILE")]
    ip_up: Option<PathBuf>,
    /// A script for when the tunnel is down.
    #[arg(long, value_name = "FILE")]
    ip_down: Option<PathBuf>,
    /// Dial again after the tunnel has ended or failed, so many times.
    #[arg(long, value_name = "TIMES")]
    reconnect: Option<u32>,
    /// Write each packet of the session, decrypted.
    #[arg(long)]
    pub(crate) trace: bool,
    /// The `virtual-ppp` of the configuration to dial by, where there are several.
    #[arg(long, value_name = "NUMBER")]
    virtual_ppp: Option<String>,
    /// The number of the circuit that a session of L2TPv3 is for: Cisco's VCID.
    #[arg(long, value_name = "NUMBER")]
    vcid: Option<u32>,
    #[command(flatten)]
    l2tp: L2tp,
    #[command(flatten)]
    link: Link,
}

impl Arguments {
    /// Reads the configuration, and puts the arguments over it.
    ///
    /// # Errors
    ///
    /// [`ConfigError`]: the file or an argument is wrong.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        Config::load(self.source.config.as_deref(), |file| self.overlay(file))
    }

    fn overlay(&self, file: &Config) -> Result<Overlay, ConfigError> {
        let mut overlay = Overlay::new();
        // The program dials, so that a configuration without a client lacks something.
        overlay.set(&["client"], toml::Table::new());
        let client = file.client.as_ref();
        let template = client.and_then(|client| client.virtual_template.as_ref());
        let template = template.or_else(|| file.virtual_template.keys().next()).map_or("default", String::as_str);
        self.link.add(&mut overlay, template);
        let mut key = |key: &str, value: Option<Value>| set(&mut overlay, &["client", key], value);
        let text = |text: &Option<String>| text.clone().map(Value::String);
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| Value::String(path.display().to_string()));
        key("connect-to", text(&self.server));
        key("virtual-ppp", text(&self.virtual_ppp));
        key("protocol", text(&self.protocol));
        key("vcid", self.vcid.map(|vcid| Value::Integer(vcid.into())));
        key("user", text(&self.user));
        key("password", text(&self.password));
        key("password-file", path(&self.password_file));
        key("nt-hash", text(&self.nt_hash));
        key("new-password", text(&self.new_password));
        key("new-password-file", path(&self.new_password_file));
        key("address", self.address.map(|address| Value::String(address.to_string())));
        let routes = self.routes.iter().map(|route| Value::String(route.to_string())).collect();
        key("routes", (!self.routes.is_empty()).then_some(Value::Array(routes)));
        key("add-default-route", self.default_route.then_some(Value::Boolean(true)));
        key("use-peer-dns", self.use_peer_dns.then_some(Value::Boolean(true)));
        key("ip-up", path(&self.ip_up));
        key("ip-down", path(&self.ip_down));
        key("reconnect", self.reconnect.map(|times| Value::Integer(times.into())));
        let pseudowire = client.and_then(|client| client.pseudowire_class.as_deref());
        let protocol = match self.protocol.as_deref() {
            Some("l2tpv3") => Some(Protocol::L2tpv3),
            Some(_) => None,
            None => client.and_then(|client| client.protocol),
        };
        self.l2tp.add(&mut overlay, file, &["client"], (None, pseudowire), protocol);
        self.source.add(&mut overlay)?;
        Ok(overlay)
    }
}

fn hash(digits: &str) -> Result<String, String> {
    digits.parse::<NtHashText>().map(|_| digits.to_owned())
}
