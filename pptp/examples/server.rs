//! A PPTP server for Linux: it takes calls, and all tunnels are one network interface.
//!
//! ```text
//! cargo run --release -p pptp --features radius --example server -- \
//!     --address 10.99.0.1 --pool 10.99.0.10-10.99.0.20 --users users.txt
//! ```
//!
//! `server/run.rs` is the loop: `pptp::server::Server` between TCP connections, a raw socket and a TUN device, which are in
//! `host/`. Who may come in is asked of a file (`server/users.rs`) or of a RADIUS server (`server/radius.rs`). Which call a
//! packet belongs to is in `server/calls.rs`. What it does not do: forward packets between the interface and other networks,
//! which is the kernel's (`net.ipv4.ip_forward`).

#![cfg_attr(
    target_os = "linux",
    expect(clippy::arithmetic_side_effects, reason = "sums of lengths within a packet, times, and counts"),
    expect(clippy::std_instead_of_alloc, clippy::std_instead_of_core, reason = "a program, not a library"),
    expect(clippy::wildcard_enum_match_arm, reason = "it tells what it knows, and passes over the rest"),
    expect(unreachable_pub, reason = "other programs use the same modules")
)]

#[cfg(target_os = "linux")]
#[path = "server/arguments.rs"]
mod arguments;
#[cfg(target_os = "linux")]
#[path = "server/calls.rs"]
mod calls;
#[cfg(target_os = "linux")]
#[path = "host/mod.rs"]
#[expect(dead_code, reason = "the client needs the rest")]
mod host;
#[cfg(target_os = "linux")]
#[path = "server/inquiry.rs"]
mod inquiry;
#[cfg(target_os = "linux")]
#[path = "server/radius.rs"]
mod radius;
#[cfg(target_os = "linux")]
#[path = "server/run.rs"]
mod run;
#[cfg(target_os = "linux")]
#[path = "server/state.rs"]
mod state;
#[cfg(target_os = "linux")]
#[path = "server/users.rs"]
mod users;

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
    let _ = writeln!(std::io::stderr(), "server: {text}");
}
