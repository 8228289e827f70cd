//! A server's statements about a user that it accepts.

use std::net::Ipv4Addr;
use std::time::Duration;

use mschap::radius::{AcceptError, AccessAccept};

use super::attribute::AttributeKind;
use super::packet::Reply;
use crate::config::Network;

/// RFC 2865 section 5.8: where the address of a user comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum FramedAddress {
    /// This server picks one.
    #[default]
    Pool,
    /// The client may pick one.
    Client,
    /// The server says which.
    Given(Ipv4Addr),
}

/// A server's statements about a user that it accepts.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Authorization {
    /// Framed-IP-Address.
    pub address: FramedAddress,
    /// The network of the user: Framed-IP-Netmask and the address.
    pub network: Option<Network>,
    /// Framed-Route: networks behind the user.
    pub routes: Vec<Network>,
    /// Framed-MTU, in bytes.
    pub mtu: Option<u16>,
    /// Session-Timeout.
    pub session_timeout: Option<Duration>,
    /// Idle-Timeout.
    pub idle_timeout: Option<Duration>,
    /// Acct-Interim-Interval, at least 60 s: RFC 2869 section 5.16.
    pub interim_interval: Option<Duration>,
    /// Class: goes into each report of the account.
    pub class: Vec<Vec<u8>>,
    /// MS-Primary-DNS-Server and MS-Secondary-DNS-Server.
    pub name_servers: [Option<Ipv4Addr>; 2],
    /// MS-Primary-NBNS-Server and MS-Secondary-NBNS-Server.
    pub netbios_name_servers: [Option<Ipv4Addr>; 2],
}

impl Authorization {
    /// Reads an Access-Accept, and the attributes of Microsoft in it.
    ///
    /// # Errors
    ///
    /// [`AcceptError`]: an attribute of Microsoft, or a key in one, cannot be read.
    pub fn read(reply: &Reply) -> Result<(Self, AccessAccept<'_>), AcceptError> {
        let accept = AccessAccept::decode(reply.values(AttributeKind::VENDOR_SPECIFIC), &reply.hiding())?;
        let seconds = |kind| reply.number(kind).map(|seconds| Duration::from_secs(seconds.into()));
        let address = match reply.number(AttributeKind::FRAMED_IP_ADDRESS) {
            // RFC 2865 section 5.8: 255.255.255.254 leaves the choice to this side, 255.255.255.255
            // to the client.
            None | Some(0xffff_fffe) => FramedAddress::Pool,
            Some(u32::MAX) => FramedAddress::Client,
            Some(bits) => FramedAddress::Given(Ipv4Addr::from_bits(bits)),
        };
        let mask = reply.number(AttributeKind::FRAMED_IP_NETMASK);
        let network = match (address, mask) {
            (FramedAddress::Given(address), Some(mask)) => network(address, mask),
            _ => None,
        };
        let routes = reply.values(AttributeKind::FRAMED_ROUTE).filter_map(route).collect();
        let mtu = reply.number(AttributeKind::FRAMED_MTU).and_then(|mtu| u16::try_from(mtu).ok());
        let authorization = Self {
            address,
            network,
            routes,
            // RFC 2865 section 5.12: 64 to 65535.
            mtu: mtu.filter(|mtu| *mtu >= 64),
            session_timeout: seconds(AttributeKind::SESSION_TIMEOUT),
            idle_timeout: seconds(AttributeKind::IDLE_TIMEOUT),
            // RFC 2869 section 5.16 has 60 s at least.
            interim_interval: seconds(AttributeKind::ACCT_INTERIM_INTERVAL).filter(|time| time.as_secs() >= 60),
            class: reply.values(AttributeKind::CLASS).map(<[u8]>::to_vec).collect(),
            name_servers: [accept.primary_dns_server, accept.secondary_dns_server],
            netbios_name_servers: [accept.primary_nbns_server, accept.secondary_nbns_server],
        };
        Ok((authorization, accept))
    }
}

/// Returns the network of a mask; a mask of all bits is the user alone, which is no network. One
/// with a hole is none either.
fn network(address: Ipv4Addr, mask: u32) -> Option<Network> {
    let prefix = mask.leading_ones();
    let is_mask = mask.count_ones() == prefix && prefix < 32;
    let network = Ipv4Addr::from_bits(address.to_bits() & mask);
    if is_mask { format!("{network}/{prefix}").parse().ok() } else { None }
}

/// Parses `192.168.1.0/24 192.168.1.1 1`: the network, the gateway and metrics (RFC 2865 section
/// 5.22). The gateway is the user, whatever it says. Without a prefix, the network is that of the
/// address's class.
fn route(value: &[u8]) -> Option<Network> {
    let text = std::str::from_utf8(value).ok()?;
    let network = text.split_ascii_whitespace().next()?;
    if network.contains('/') {
        return network.parse().ok();
    }
    let address: Ipv4Addr = network.parse().ok()?;
    // RFC 2865 section 5.22: without a prefix length, the class of the address gives it.
    let prefix = match address.octets() {
        [0..=127, 0, 0, 0] => 8,
        [128..=191, _, 0, 0] => 16,
        [192..=223, _, _, 0] => 24,
        _ => 32,
    };
    format!("{address}/{prefix}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn framed_routes() {
        for (text, expected) in [
            ("192.168.1.0/24 192.168.1.1 1", Some("192.168.1.0/24")),
            ("192.168.1.0 192.168.1.1 1 2 -1 3 400", Some("192.168.1.0/24")),
            ("10.0.0.0", Some("10.0.0.0/8")),
            ("10.0.0.1", Some("10.0.0.1/32")),
            ("10.0.0.1/8 0.0.0.0 1", None),
            ("", None),
            ("default", None),
        ] {
            assert_eq!(route(text.as_bytes()).map(|network| network.to_string()).as_deref(), expected, "{text}");
        }
        assert_eq!(route(b"\xff"), None);
    }

    #[test]
    fn framed_netmasks() {
        let address = Ipv4Addr::new(10, 1, 2, 3);
        let of = |mask| network(address, mask).map(|network| network.to_string());
        assert_eq!(of(0xffff_ff00).as_deref(), Some("10.1.2.0/24"));
        assert_eq!((of(u32::MAX), of(0xff00_ff00)), (None, None));
    }
}
