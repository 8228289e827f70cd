//! The way out of this machine to one peer: the source address, and the longest packet.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};

use nix::ifaddrs::getifaddrs;
use rustix::net::sockopt;

use super::carrier::any_address;
use super::failure::Failure;

/// Returns the address of an interface, of the version that a peer has.
///
/// # Errors
///
/// There is no such interface, or it has no address of that version.
pub fn address_of(interface: &str, peer: IpAddr) -> Result<IpAddr, Failure> {
    let all = getifaddrs().map_err(|error| Failure::of_system("the addresses of this machine", &error.into()))?;
    let addresses = all.filter(|address| address.interface_name == interface).filter_map(|address| address.address);
    let mut found: Vec<IpAddr> = addresses
        .filter_map(|address| match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
            (Some(address), _) => Some(address.ip().into()),
            (None, address) => address.map(|address| address.ip().into()),
        })
        .filter(|address: &IpAddr| address.is_ipv4() == peer.is_ipv4())
        .collect();
    // RFC 4291 section 2.5.6: an address of the link alone is no good for a peer behind a router.
    let is_local = |address: &IpAddr| matches!(address, IpAddr::V6(address) if is_link_local(*address));
    found.sort_by_key(is_local);
    let version = if peer.is_ipv4() { 4 } else { 6 };
    let text = || Failure::other(format!("the interface `{interface}` has no address of IPv{version}"));
    found.first().copied().ok_or_else(text)
}

const fn is_link_local(address: Ipv6Addr) -> bool {
    let [first, ..] = address.segments();
    first & 0xffc0 == 0xfe80
}

/// The longest packet of the path to a peer, as the system knows it from routers and from its
/// operator.
#[derive(Debug)]
pub struct PathMtu {
    socket: UdpSocket,
    peer: SocketAddr,
}

impl PathMtu {
    /// Prepares to ask. Nothing is sent.
    ///
    /// # Errors
    ///
    /// There is no socket.
    pub fn to(peer: IpAddr) -> io::Result<Self> {
        // Any port will do: it is about the address.
        Ok(Self { socket: UdpSocket::bind((any_address(peer), 0))?, peer: (peer, l2tp_session::wire::UDP_PORT).into() })
    }

    /// Returns the length of the longest IP packet, in bytes. `None` without a route.
    #[must_use]
    pub fn get(&self) -> Option<u16> {
        // A socket keeps its route until it is connected again, and with that an old answer.
        self.socket.connect(self.peer).ok()?;
        let mtu = if self.peer.is_ipv4() { sockopt::ip_mtu(&self.socket) } else { sockopt::ipv6_mtu(&self.socket) };
        Some(u16::try_from(mtu.ok()?).unwrap_or(u16::MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn the_loopback_has_both_versions_and_a_path() {
        assert_eq!(address_of("lo", Ipv4Addr::new(192, 0, 2, 1).into()).unwrap(), Ipv4Addr::LOCALHOST);
        let error = address_of("no-such", Ipv4Addr::LOCALHOST.into()).unwrap_err();
        assert_eq!(error.text, "the interface `no-such` has no address of IPv4");
        let path = PathMtu::to(Ipv4Addr::LOCALHOST.into()).unwrap();
        assert!(path.get().is_some_and(|mtu| mtu > 1500), "{path:?}");
    }
}
