//! Small programs that embed the crates of the family. Each is complete, and short enough to copy.
//!
//! | program | shows |
//! |---|---|
//! | `std-client`, `std-server` | sockets of std: threads read and write, one thread owns the sessions and waits |
//! | `tokio-client`, `tokio-server` | the same on tokio |
//! | `smoltcp-ping` | a network stack of smoltcp in place of a TUN device |
//! | `stream-carrier` | PPP with MPPE over a byte stream, framed as SSTP does |
//! | `live-inspector` | a capture that is read while it is written, decrypted |
//!
//! A UDP socket stands in for the raw socket of IP protocol 47, so that everybody may run them, and
//! a ping for a TUN device. `vpdn-client` and `vpdn-server` of the crate `vpdn` have the real ones.

/// The error of the programs.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Returns 32 unpredictable bytes from the operating system, for one session.
///
/// # Errors
///
/// The operating system has none.
pub fn unpredictable() -> Result<[u8; 32], Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// Returns an IPv4 packet: an ICMP echo request without data.
#[must_use]
pub fn ping(from: std::net::Ipv4Addr, to: std::net::Ipv4Addr) -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0];
    packet.extend([from.octets(), to.octets()].concat());
    packet.extend([8, 0, 0xf7, 0xff, 0, 0, 0, 0]);
    packet
}
