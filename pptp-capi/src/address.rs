//! Addresses of hosts and ports.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use l2tp_session::wire;

use crate::error::Error;

/// The address of a host, and a port where there is one.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
#[expect(clippy::exhaustive_structs, reason = "a struct of C has the members that it has")]
pub struct Address {
    /// 4 or 6: the version of IP. 0: there is no address.
    pub version: u8,
    /// The port, in the byte order of the host. Of L2TP, 0 is IP protocol 115 without UDP.
    pub port: u16,
    /// The address in network order; of version 4, the first four bytes.
    pub bytes: [u8; 16],
}

impl Address {
    pub(crate) const NONE: Self = Self { version: 0, port: 0, bytes: [0; 16] };

    pub(crate) fn new(host: IpAddr, port: u16) -> Self {
        match host {
            IpAddr::V4(host) => {
                let mut bytes = [0; 16];
                for (to, from) in bytes.iter_mut().zip(host.octets()) {
                    *to = from;
                }
                Self { version: 4, port, bytes }
            }
            IpAddr::V6(host) => Self { version: 6, port, bytes: host.octets() },
        }
    }

    pub(crate) fn host(&self) -> Result<IpAddr, Error> {
        let [a, b, c, d, ..] = self.bytes;
        match self.version {
            4 => Ok(Ipv4Addr::new(a, b, c, d).into()),
            6 => Ok(Ipv6Addr::from(self.bytes).into()),
            _ => Err(Error::Argument),
        }
    }

    pub(crate) fn socket(&self) -> Result<SocketAddr, Error> {
        Ok(SocketAddr::new(self.host()?, self.port))
    }

    /// Returns the address as L2TP has it.
    pub(crate) fn l2tp(&self) -> Result<wire::Address, Error> {
        Ok(match self.port {
            // RFC 3931 section 4.1: version 3 runs directly over IP, too.
            0 => wire::Address::ip(self.host()?),
            _ => wire::Address::udp(self.socket()?),
        })
    }
}

impl From<wire::Address> for Address {
    fn from(address: wire::Address) -> Self {
        Self::new(address.host(), address.port().unwrap_or(0))
    }
}

/// Returns an address that there may not be, all zeros for none.
pub(crate) fn four(address: Option<Ipv4Addr>) -> [u8; 4] {
    address.map_or([0; 4], |address| address.octets())
}
