//! A PPTP client for Linux: it dials a server, and the tunnel is a network interface.
//!
//! ```text
//! cargo run --release -p pptp --example client -- vpn.example.com --user alice --password-file secret
//! ```
//!
//! `client/run.rs` is the loop: a session of `pptp::client` between a TCP connection, a raw socket and a TUN device, which
//! are in `host/`. What it does not do: write the name servers into the system's configuration, and change the default
//! route. `--route` sends networks into the tunnel.

#![cfg_attr(
    target_os = "linux",
    expect(clippy::arithmetic_side_effects, reason = "sums of lengths within a packet, times, and counts"),
    expect(clippy::std_instead_of_alloc, clippy::std_instead_of_core, reason = "a program, not a library"),
    expect(clippy::wildcard_enum_match_arm, reason = "it tells what it knows, and passes over the rest"),
    expect(unreachable_pub, reason = "other programs use the same modules")
)]

#[cfg(target_os = "linux")]
#[path = "client/arguments.rs"]
mod arguments;
#[cfg(target_os = "linux")]
#[path = "host/mod.rs"]
#[expect(dead_code, reason = "the server needs the rest")]
mod host;
#[cfg(target_os = "linux")]
#[path = "client/run.rs"]
mod run;
#[cfg(target_os = "linux")]
#[path = "client/trace.rs"]
mod trace;

use std::io::Write;
use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    use clap::Parser;

    match run::run(&arguments::Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&failure.text);
            ExitCode::from(failure.status)
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    complain("this example is for Linux: it needs its raw sockets and TUN devices");
    ExitCode::FAILURE
}

fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "client: {text}");
}
