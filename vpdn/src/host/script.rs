//! Scripts that run when a tunnel comes up and when it goes down, with the arguments and variables that pppd gives.

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The variables of a script: pppd's names, in the order of pppd's arguments.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Variables {
    /// IFNAME, the first argument.
    pub interface: String,
    /// IPLOCAL, the fourth argument.
    pub local: Option<Ipv4Addr>,
    /// IPREMOTE, the fifth argument.
    pub remote: Option<Ipv4Addr>,
    /// PEERNAME.
    pub peer: String,
    /// DNS1 and DNS2.
    pub name_servers: [Option<Ipv4Addr>; 2],
    /// WINS1 and WINS2.
    pub netbios_name_servers: [Option<Ipv4Addr>; 2],
    /// CONNECT_TIME, BYTES_SENT and BYTES_RCVD, when it is over.
    pub used: Option<(Duration, u64, u64)>,
}

/// A script that runs. Dropping it leaves it alone.
#[derive(Debug)]
pub struct Script(Child);

impl Script {
    /// Starts a script.
    ///
    /// # Errors
    ///
    /// There is no such file, or it cannot be run.
    pub fn start(path: &Path, variables: &Variables) -> io::Result<Self> {
        let text = |address: Option<Ipv4Addr>| address.map_or_else(String::new, |address| address.to_string());
        let mut command = Command::new(path);
        // Interface, terminal, speed, local, remote, and pppd's `ipparam`.
        command.args([&*variables.interface, "", "0", &text(variables.local), &text(variables.remote), ""]);
        // As pppd does: nothing of our own environment but the path.
        command.env_clear().env("PATH", "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin");
        command.envs([("IFNAME", &*variables.interface), ("DEVICE", ""), ("SPEED", "0")]);
        command.env("IPLOCAL", text(variables.local)).env("IPREMOTE", text(variables.remote));
        command.env("PEERNAME", &variables.peer);
        let servers = [
            ("DNS1", variables.name_servers[0]),
            ("DNS2", variables.name_servers[1]),
            ("WINS1", variables.netbios_name_servers[0]),
            ("WINS2", variables.netbios_name_servers[1]),
        ];
        for (name, server) in servers {
            if let Some(server) = server {
                command.env(name, server.to_string());
            }
        }
        if let Some((time, sent, received)) = variables.used {
            command.env("CONNECT_TIME", time.as_secs().to_string());
            command.env("BYTES_SENT", sent.to_string()).env("BYTES_RCVD", received.to_string());
        }
        Ok(Self(command.stdin(Stdio::null()).spawn()?))
    }

    /// Returns whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}
