//! What both programs need of Linux: time, TCP, raw sockets, a TUN device, signals.

pub mod clock;
pub mod control;
pub mod device;
pub mod failure;
pub mod gre;
pub mod netlink;
pub mod options;
pub mod signals;

/// 32 octets that nobody can predict.
///
/// # Errors
///
/// The operating system has none.
pub fn entropy() -> Result<[u8; 32], failure::Failure> {
    let mut octets = [0; 32];
    getrandom::fill(&mut octets).map_err(|error| failure::Failure::other(format!("no random numbers: {error}")))?;
    Ok(octets)
}

/// How many packets of one socket are handled before the others have their turn.
pub const BURST: usize = 64;
