//! Addresses of peers.

use core::fmt;
use core::net::{IpAddr, SocketAddr};

/// RFC 3931 section 4.1: the address of a peer, and what carries the packets there.
///
/// An IPv4 address that is mapped into IPv6 is the same as the IPv4 address.
///
/// ```
/// use l2tp_wire::Address;
///
/// let one = Address::udp("192.0.2.1:1701".parse()?);
/// let other = Address::udp("[::ffff:192.0.2.1]:1701".parse()?);
/// assert_eq!(one, other);
/// assert_ne!(one, Address::ip("192.0.2.1".parse()?));
/// assert_eq!(one.to_string(), "192.0.2.1:1701");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    ip: IpAddr,
    /// `None`: directly over IP.
    port: Option<u16>,
}

impl Address {
    /// Returns the address of a UDP socket.
    #[must_use]
    pub const fn udp(address: SocketAddr) -> Self {
        Self { ip: address.ip().to_canonical(), port: Some(address.port()) }
    }

    /// Returns the address of a host to which version 3 runs directly over IP, as protocol 115.
    #[must_use]
    pub const fn ip(address: IpAddr) -> Self {
        Self { ip: address.to_canonical(), port: None }
    }

    /// Returns the IP address.
    #[must_use]
    pub const fn host(self) -> IpAddr {
        self.ip
    }

    /// Returns the UDP port; `None` directly over IP.
    #[must_use]
    pub const fn port(self) -> Option<u16> {
        self.port
    }

    /// Returns whether packets are carried directly over IP.
    #[must_use]
    pub const fn is_ip(self) -> bool {
        self.port.is_none()
    }

    /// Returns whether an answer from `self` can be one to what was sent to `asked` (RFC 2661
    /// section 8.1). Only the port may be another.
    pub(crate) fn may_answer_for(self, asked: Self) -> bool {
        self.ip == asked.ip && self.is_ip() == asked.is_ip()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => SocketAddr::new(self.ip, port).fmt(f),
            None => write!(f, "{} (IP protocol 115)", self.ip),
        }
    }
}
