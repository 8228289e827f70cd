//! The command line of the server.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use toml::{Table, Value};

use crate::arguments::{L2tp, Link, Source, set};
use crate::config::{AcceptDialin, Config, ConfigError, Listen, Overlay, Pool, Protocol};

/// Take PPTP and L2TP calls, and carry IP packets for the clients.
///
/// It needs the capabilities CAP_NET_RAW and CAP_NET_ADMIN. Ctrl-C or SIGTERM ends all sessions, a second one quits at
/// once; SIGUSR1 writes the counters of all sessions, as Cisco's `show vpdn session all` and `show ppp mppe`.
/// SIGHUP has the configuration read again, for new tunnels.
#[derive(Debug, Parser)]
#[command(
    name = "vpdn-server",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "The file of users has a line for each: a name, blanks, and the password, which has no blanks, or `nt:` and \
                  the 32 hexadecimal digits of its NT hash; then blanks and words: `expired`, if the password has to be \
                  changed with the next session (MS-CHAP's error 648), after which the hash of the new one is written \
                  there; `address=10.0.0.2`, the user's own address; `route=10.1.0.0/16`, a network behind the user; \
                  `service=pptp`. Empty lines and lines that start with # mean nothing. A name that comes as \
                  `DOMAIN\\name` is looked for with the domain, then without it. The file is read when it has changed.\n\n\
                  Exit status: 0 ended by a signal, 1 a failure, 2 wrong arguments or configuration, 3 no permission, 130 \
                  quit at once."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) source: Source,
    /// The address to take calls at, with `:PORT` if it is not 1723 for PPTP or 1701 for L2TP. L2TP alone may have one of
    /// IPv6, as `2001:db8::1` or `[2001:db8::1]:1701`.
    #[arg(long, value_name = "ADDRESS", value_parser = listen)]
    listen: Option<String>,
    /// On how many cores it works, each with an interface; without it, as many as there are, 16 at most.
    #[arg(long, value_name = "NUMBER")]
    cores: Option<u16>,
    /// The protocol: PPTP, L2TP of version 2 or 3, or any of them. Without it, all that the groups accept: PPTP, if there
    /// is no group.
    #[arg(long, value_name = "PROTOCOL", value_parser = ["pptp", "l2tp", "l2tpv3", "any"])]
    protocol: Option<String>,
    /// The server's own address in the tunnels.
    #[arg(long)]
    address: Option<Ipv4Addr>,
    /// The addresses for clients, the first and the last of them.
    #[arg(long, value_name = "FIRST-LAST", value_parser = pool)]
    pool: Option<String>,
    /// The file that says who may come in.
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// A RADIUS server that says who may come in, with its port (1812 usually); may be repeated.
    #[arg(long, value_name = "ADDRESS:PORT", requires = "radius_secret")]
    radius: Vec<SocketAddr>,
    /// A RADIUS server that keeps accounts, with its port (1813 usually); may be repeated.
    #[arg(long, value_name = "ADDRESS:PORT", requires = "radius_secret")]
    accounting: Vec<SocketAddr>,
    /// The secret that the RADIUS servers know this one by.
    #[arg(long, value_name = "SECRET")]
    radius_secret: Option<String>,
    /// Take answers of RADIUS servers without a Message-Authenticator, which can be forged (CVE-2024-3596).
    #[arg(long)]
    radius_unsigned: bool,
    /// Pass EAP through to the RADIUS servers, whatever its type; wants `--auth eap`.
    #[arg(long, requires = "radius")]
    radius_eap: bool,
    /// A name server to hand out; may be given twice.
    #[arg(long, value_name = "ADDRESS")]
    dns: Vec<Ipv4Addr>,
    /// A NetBIOS name server to hand out; may be given twice.
    #[arg(long, value_name = "ADDRESS")]
    nbns: Vec<Ipv4Addr>,
    /// The socket that the commands `show`, `clear` and `debug` speak to.
    #[arg(long, value_name = "FILE")]
    control_socket: Option<PathBuf>,
    #[command(flatten)]
    l2tp: L2tp,
    #[command(flatten)]
    link: Link,
}

/// A command to a server that runs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the state: `vpdn`, `vpdn session all`, `vpdn session window`, `l2tun tunnel all`, `l2tun session all`,
    /// `ppp mppe`, `metrics`.
    Show(Words),
    /// End sessions: `vpdn tunnel pptp NAME`, `vpdn tunnel l2tp NAME`, with `id NUMBER` in place of the name, `vpdn tunnel
    /// id NUMBER`, `vpdn all`. A name may be an address, too.
    Clear(Words),
    /// Show packets as they pass by: `ppp negotiation`, `ppp negotiation ADDRESS`, `ppp negotiation id NUMBER`.
    Debug(Words),
}

/// The words of a command.
#[derive(Debug, clap::Args)]
pub(crate) struct Words {
    /// The event of the call.
    #[arg(required = true)]
    pub(crate) what: Vec<String>,
    /// As JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// The socket of the server.
    #[arg(long, value_name = "FILE", default_value = "/run/vpdn/server.sock")]
    pub(crate) control_socket: PathBuf,
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

    /// Returns the one protocol that is wanted, if not all that the groups accept are.
    pub(crate) fn only(&self) -> Option<Protocol> {
        self.protocol.as_deref().map(|protocol| match protocol {
            "l2tp" => Protocol::L2tp,
            "l2tpv3" => Protocol::L2tpv3,
            "any" => Protocol::Any,
            _ => Protocol::Pptp,
        })
    }

    /// Returns the group that the arguments are for: the first one of those that are used.
    fn accepting<'f>(&self, file: &'f Config) -> Option<(&'f str, &'f AcceptDialin)> {
        let first = |is_wanted: &dyn Fn(Protocol) -> bool| {
            file.vpdn_group.iter().find_map(|(name, group)| {
                let accept = group.accept_dialin.as_ref().filter(|accept| is_wanted(accept.protocol))?;
                Some((name.as_str(), accept))
            })
        };
        match self.only() {
            None | Some(Protocol::Any) => first(&|_| true),
            // As `Config::accepting`.
            Some(wanted) => {
                first(&|protocol| protocol == wanted).or_else(|| first(&|protocol| protocol == Protocol::Any))
            }
        }
    }

    fn overlay(&self, file: &Config) -> Result<Overlay, ConfigError> {
        let mut overlay = Overlay::new();
        let accepting = self.accepting(file);
        let (group, template) =
            accepting.map_or(("default", "default"), |(name, accept)| (name, accept.virtual_template.as_str()));
        // Without a file the arguments are the whole configuration.
        if accepting.is_none() && file.vpdn_group.is_empty() {
            let text = |text: &str| Value::String(text.to_owned());
            let accept = [
                ("protocol".to_owned(), text(self.protocol.as_deref().unwrap_or("pptp"))),
                ("virtual-template".to_owned(), text(template)),
            ];
            overlay.set(&["vpdn-group", group, "accept-dialin"], Table::from_iter(accept));
            overlay.set(&["virtual-template", template], Table::new());
        }
        let named = file.vpdn_group.get(group);
        let l2tp = named.and_then(|group| group.l2tp_class.as_deref());
        let pseudowire = named.and_then(|group| group.pseudowire_class.as_deref());
        let protocol = self.only().or(accepting.map(|(_, accept)| accept.protocol));
        self.l2tp.add(&mut overlay, file, &["vpdn-group", group], (l2tp, pseudowire), protocol);
        self.link.add(&mut overlay, template);
        let mut key = |path: &[&str], value: Option<Value>| set(&mut overlay, path, value);
        let texts = |values: Vec<String>| {
            (!values.is_empty()).then(|| Value::Array(values.into_iter().map(Value::String).collect()))
        };
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| Value::String(path.display().to_string()));
        key(&["cores"], self.cores.map(|count| Value::Integer(count.into())));
        key(&["listen"], self.listen.clone().map(Value::String));
        key(&["virtual-template", template, "ip-address"], self.address.map(|own| Value::String(own.to_string())));
        if let Some(pool) = &self.pool {
            let name = file.virtual_template.get(template).and_then(|found| found.peer_default_ip_address.clone());
            let name = name.unwrap_or_else(|| "default".to_owned());
            key(&["ip-local-pool", &name], Some(Value::String(pool.clone())));
            key(&["virtual-template", template, "peer-default-ip-address"], Some(Value::String(name)));
        }
        key(&["virtual-template", template, "dns"], texts(self.dns.iter().map(ToString::to_string).collect()));
        key(&["virtual-template", template, "nbns"], texts(self.nbns.iter().map(ToString::to_string).collect()));
        key(&["users"], path(&self.users));
        key(&["control-socket"], path(&self.control_socket));
        for (name, servers) in [("authentication", &self.radius), ("accounting", &self.accounting)] {
            let server = |address: &SocketAddr| {
                let secret = self.radius_secret.clone().unwrap_or_default();
                let keys = [("address", address.to_string()), ("secret", secret)];
                Value::Table(keys.into_iter().map(|(key, value)| (key.to_owned(), Value::String(value))).collect())
            };
            let servers = Value::Array(servers.iter().map(server).collect());
            key(&["radius", name], (!self.radius.is_empty()).then_some(servers));
        }
        key(&["radius", "require-message-authenticator"], self.radius_unsigned.then_some(Value::Boolean(false)));
        key(&["radius", "eap-pass-through"], self.radius_eap.then_some(Value::Boolean(true)));
        self.source.add(&mut overlay)?;
        Ok(overlay)
    }
}

fn listen(text: &str) -> Result<String, String> {
    text.parse::<Listen>().map(|_| text.to_owned())
}

fn pool(text: &str) -> Result<String, String> {
    text.parse::<Pool>().map(|_| text.to_owned())
}
