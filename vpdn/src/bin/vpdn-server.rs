//! A PPTP server for Linux: it takes calls, and all tunnels are one network interface.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    vpdn::server::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    use std::io::Write;

    let _ = writeln!(std::io::stderr(), "vpdn-server is for Linux: it needs its raw sockets and TUN devices");
    ExitCode::FAILURE
}
