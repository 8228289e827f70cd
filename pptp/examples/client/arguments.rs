//! The command line.

use std::net::{Ipv4Addr, SocketAddrV4, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Parser};
use pptp::client::Config;
use pptp::mschap::NtHash;
use pptp::ppp_session;

use crate::host::failure::{Failure, status};
use crate::host::options::{Options, seconds};

const PORT: u16 = 1723;

/// Dial a PPTP server, and carry IP packets through it.
///
/// It needs the capabilities CAP_NET_RAW and CAP_NET_ADMIN. Ctrl-C or SIGTERM hangs up, a second one quits at once; SIGUSR1
/// writes the counters.
#[derive(Parser)]
#[command(
    name = "client",
    after_help = "Exit status: 0 hung up by us, 1 another failure, 2 wrong arguments, 3 no permission, 4 no TCP \
                  connection, 5 GRE is blocked (Windows' error 619 or 806), 6 wrong or expired password (691, 648), 7 no \
                  encryption (742), 8 hung up by the server, 9 no agreement, 130 quit at once."
)]
#[command(group(ArgGroup::new("secret").required(true).args(["password", "password_file", "nt_hash"])))]
pub struct Arguments {
    /// Name or IPv4 address of the server, with `:PORT` if it is not 1723.
    server: String,
    /// The user's name, with the domain in front where there is one: `DOMAIN\name`.
    #[arg(long, value_name = "NAME")]
    pub user: String,
    /// The password. Other users of this machine can see it while the program runs.
    #[arg(long)]
    password: Option<String>,
    /// A file with the password in its first line.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The NT hash of the password, 32 hexadecimal digits: enough for MS-CHAP.
    #[arg(long, value_name = "HEX", value_parser = hash)]
    nt_hash: Option<[u8; 16]>,
    /// What to change the password to when it has expired.
    #[arg(long, value_name = "PASSWORD")]
    pub new_password: Option<String>,
    /// An address to ask for; without it, the server gives one.
    #[arg(long)]
    address: Option<Ipv4Addr>,
    #[command(flatten)]
    pub options: Options,
    /// The name of the network interface; without it, the system gives one.
    #[arg(long, value_name = "NAME")]
    pub tun: Option<String>,
    /// A network to send into the tunnel, as `10.0.0.0/8`; may be repeated.
    #[arg(long = "route", value_name = "CIDR", value_parser = network)]
    pub routes: Vec<(Ipv4Addr, u8)>,
    /// Write each packet of the session, decrypted.
    #[arg(long)]
    pub trace: bool,
    /// Write the status every so many seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub status_interval: Option<Duration>,
}

/// Who the user is, for the session and for the trace.
pub enum Secret {
    Password(String),
    NtHash([u8; 16]),
}

impl Arguments {
    /// The server's address.
    ///
    /// # Errors
    ///
    /// The name has none.
    pub fn server(&self) -> Result<SocketAddrV4, Failure> {
        let found = match self.server.rsplit_once(':') {
            Some(_) => self.server.to_socket_addrs(),
            None => (self.server.as_str(), PORT).to_socket_addrs(),
        };
        let failed = |text| Failure { status: status::NO_CONNECTION, text };
        let mut found = found.map_err(|error| failed(format!("no address for {}: {error}", self.server)))?;
        let of_version_4 = |address| match address {
            std::net::SocketAddr::V4(address) => Some(address),
            std::net::SocketAddr::V6(_) => None,
        };
        found.find_map(of_version_4).ok_or_else(|| failed(format!("{} has no IPv4 address", self.server)))
    }

    /// The user's secret.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn secret(&self) -> Result<Secret, Failure> {
        if let Some(hash) = self.nt_hash {
            return Ok(Secret::NtHash(hash));
        }
        if let Some(path) = &self.password_file {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::other(format!("{}: {error}", path.display())))?;
            return Ok(Secret::Password(text.lines().next().unwrap_or_default().to_owned()));
        }
        Ok(Secret::Password(self.password.clone().unwrap_or_default()))
    }

    /// What the session is to be like.
    pub fn config(&self, secret: &Secret) -> Config {
        let config = match secret {
            Secret::Password(password) => Config::new(&self.user, password),
            Secret::NtHash(hash) => ppp_session::Client::with_nt_hash(&self.user, NtHash::from_bytes(*hash)).into(),
        };
        let config = config.with_session(self.options.session("client"));
        match self.address {
            Some(address) => config.with_client(|client| client.with_address(address)),
            None => config,
        }
    }
}

fn hash(digits: &str) -> Result<[u8; 16], String> {
    let octets = hex::decode(digits).map_err(|error| error.to_string())?;
    octets.try_into().map_err(|octets: Vec<u8>| format!("{} octets, not 16", octets.len()))
}

fn network(text: &str) -> Result<(Ipv4Addr, u8), String> {
    let (address, prefix) = text.split_once('/').unwrap_or((text, "32"));
    let address: Ipv4Addr = address.parse().map_err(|error| format!("{error}"))?;
    let prefix: u8 = prefix.parse().map_err(|error| format!("{error}"))?;
    if prefix > 32 || address & mask(prefix) != address {
        return Err("no network: octets behind the prefix, or a prefix of more than 32 bits".to_owned());
    }
    Ok((address, prefix))
}

/// Whether an address is in a network.
pub fn contains((network, prefix): (Ipv4Addr, u8), address: Ipv4Addr) -> bool {
    address & mask(prefix) == network
}

fn mask(prefix: u8) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0))
}
