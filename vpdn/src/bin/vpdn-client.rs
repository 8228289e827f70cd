//! A PPTP client for Linux: it dials a server, and the tunnel is a network interface.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    vpdn::client::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    use std::io::Write;

    let _ = writeln!(std::io::stderr(), "vpdn-client is for Linux: it needs its raw sockets and TUN devices");
    ExitCode::FAILURE
}
