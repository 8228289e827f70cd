//! The command line.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Parser};
use pptp::ppp::ipv6cp::InterfaceIdentifier;
use pptp::server::{Config, Limits};

use crate::host::options::{Options, seconds};

const PORT: u16 = 1723;

/// Take PPTP calls, and carry IP packets for the clients.
///
/// It needs the capabilities CAP_NET_RAW and CAP_NET_ADMIN. Ctrl-C or SIGTERM ends all sessions, a second one quits at
/// once; SIGUSR1 writes the counters of all sessions, as Cisco's `show vpdn session all` and `show ppp mppe`.
#[derive(Parser)]
#[command(
    name = "server",
    after_help = "The file of users has a line for each: a name, blanks, and the password, which has no blanks, or `nt:` and \
                  the 32 hexadecimal digits of its NT hash; then blanks and `expired`, if the password has to be changed \
                  with the next session (MS-CHAP's error 648), after which the hash of the new one is written there. Empty \
                  lines and lines that start with # mean nothing. A name that comes as `DOMAIN\\name` is looked for with \
                  the domain, then without it. The file is read for each client.\n\n\
                  Exit status: 0 ended by a signal, 1 a failure, 2 wrong arguments, 3 no permission, 130 quit at once."
)]
#[command(group(ArgGroup::new("who").required(true).args(["users", "radius"])))]
pub struct Arguments {
    /// The address to take calls at, with `:PORT` if it is not 1723.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0", value_parser = listen)]
    pub listen: SocketAddrV4,
    /// The server's own address in the tunnels.
    #[arg(long)]
    pub address: Ipv4Addr,
    /// The addresses for clients, the first and the last of them.
    #[arg(long, value_name = "FIRST-LAST", value_parser = pool)]
    pub pool: (Ipv4Addr, Ipv4Addr),
    /// The file that says who may come in.
    #[arg(long, value_name = "FILE")]
    pub users: Option<PathBuf>,
    /// A RADIUS server that says who may come in, with its port (1812 usually).
    #[arg(long, value_name = "ADDRESS:PORT", requires = "radius_secret")]
    pub radius: Option<SocketAddr>,
    /// The secret that the RADIUS server knows this one by.
    #[arg(long, value_name = "SECRET")]
    pub radius_secret: Option<String>,
    /// Refuse answers of the RADIUS server without a Message-Authenticator.
    #[arg(long)]
    pub radius_strict: bool,
    #[command(flatten)]
    pub options: Options,
    /// A name server to hand out; may be given twice.
    #[arg(long, value_name = "ADDRESS")]
    dns: Vec<Ipv4Addr>,
    /// A NetBIOS name server to hand out; may be given twice.
    #[arg(long, value_name = "ADDRESS")]
    nbns: Vec<Ipv4Addr>,
    /// How many control connections there may be.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    max_connections: usize,
    /// How many of them one address may have.
    #[arg(long, value_name = "COUNT", default_value_t = 64)]
    max_per_address: usize,
    /// How many calls there may be.
    #[arg(long, value_name = "COUNT", default_value_t = 20_000)]
    max_calls: usize,
    /// The name of the network interface; without it, the system gives one.
    #[arg(long, value_name = "NAME")]
    pub tun: Option<String>,
    /// Write the counters of all sessions every so many seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub status_interval: Option<Duration>,
}

impl Arguments {
    /// What sessions are to be like.
    pub fn config(&self, identifier: InterfaceIdentifier) -> Config {
        let two = |servers: &[Ipv4Addr]| [servers.first().copied(), servers.get(1).copied()];
        Config::new(self.address).with_session(self.options.session("server")).with_server(|server| {
            server
                .with_name_servers(two(&self.dns))
                .with_netbios_name_servers(two(&self.nbns))
                .with_interface_identifier(identifier)
        })
    }

    /// What peers cannot exceed.
    pub fn limits(&self) -> Limits {
        Limits::default()
            .with_connections(self.max_connections)
            .with_connections_per_address(self.max_per_address)
            .with_calls(self.max_calls)
    }
}

fn listen(text: &str) -> Result<SocketAddrV4, String> {
    if let Ok(address) = text.parse() {
        return Ok(SocketAddrV4::new(address, PORT));
    }
    text.parse().map_err(|error: std::net::AddrParseError| error.to_string())
}

fn pool(text: &str) -> Result<(Ipv4Addr, Ipv4Addr), String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let [first, last] = [first, last].map(str::parse::<Ipv4Addr>);
    match (first, last) {
        (Ok(first), Ok(last)) if first <= last => Ok((first, last)),
        (Ok(_), Ok(_)) => Err("the last address is before the first".to_owned()),
        (Err(error), _) | (_, Err(error)) => Err(error.to_string()),
    }
}
