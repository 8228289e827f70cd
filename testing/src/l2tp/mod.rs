//! Sessions of `l2tp-session` with their users, as endpoints of a simulated network.

mod client;
mod host;
mod manual;
mod user;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use l2tp_session::ppp_session;
use l2tp_session::session::Config;
use l2tp_session::wire::{Address, TunnelIds};
use l2tp_session::{client as client_side, server};

pub use client::Client;
pub use host::Host;
pub use manual::Manual;
pub use user::User;

use crate::{Profile, World};

/// The name of all users.
pub const NAME: &str = "alice";
/// The password of all users.
pub const PASSWORD: &str = "wonderland";
/// The client's address in the call.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
/// The server's address in the call.
pub const SERVER_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

/// The carrier of the packets of a simulated network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outside {
    /// UDP over IPv4.
    #[default]
    Udp,
    /// UDP over IPv6.
    UdpV6,
    /// IP protocol 115 over IPv4.
    Ip,
    /// IP protocol 115 over IPv6.
    IpV6,
}

impl Outside {
    /// All of them.
    pub const EACH: [Self; 4] = [Self::Udp, Self::UdpV6, Self::Ip, Self::IpV6];

    /// Returns the address of a side: [`CLIENT`](crate::CLIENT) or [`SERVER`](crate::SERVER).
    #[must_use]
    pub fn address(self, side: usize) -> Address {
        let host = u8::try_from(side).unwrap() + 1;
        let v4 = std::net::IpAddr::from([192, 0, 2, host]);
        let v6 = std::net::IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, host.into()]);
        match self {
            Self::Udp => Address::udp(SocketAddr::new(v4, 1701)),
            Self::UdpV6 => Address::udp(SocketAddr::new(v6, 1701)),
            Self::Ip => Address::ip(v4),
            Self::IpV6 => Address::ip(v6),
        }
    }

    /// Returns whether version 2 can be spoken.
    #[must_use]
    pub const fn has_v2(self) -> bool {
        matches!(self, Self::Udp | Self::UdpV6)
    }
}

/// Returns a client with the right password.
#[must_use]
pub fn client_config(config: &Config) -> client_side::Config {
    client_side::Config::new(ppp_session::Client::new(NAME, PASSWORD), config.clone())
}

/// Returns a server for everybody.
#[must_use]
pub fn server_config(config: &Config) -> server::Config {
    server::Group::new(config.clone(), SERVER_ADDRESS).into()
}

/// A client and a server with a path between them.
pub type Pair = World<Client, Host>;

/// Puts a client and a server at the two ends of a path. Both are open.
#[must_use]
pub fn pair(
    seed: u64,
    profile: Profile,
    outside: Outside,
    client: &client_side::Config,
    server: &server::Config,
) -> Pair {
    let client = Client::new(client, outside, seed);
    let host = Host::new(server, outside, seed);
    World::new(seed, profile, client, host)
}

/// Returns entropy that follows from a seed and a purpose.
fn entropy(seed: u64, purpose: u8) -> [u8; 32] {
    let mut bytes = [purpose; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    bytes
}

fn tunnel_ids(seed: u64) -> TunnelIds {
    TunnelIds::new(entropy(seed, 3))
}

/// Returns an IP packet of version 4 with this number and length.
#[must_use]
pub fn ip_packet(number: u32, length: usize) -> Vec<u8> {
    let mut packet = vec![0; length.max(24)];
    let total = u16::try_from(packet.len()).unwrap();
    packet[..4].copy_from_slice(&[0x45, 0, total.to_be_bytes()[0], total.to_be_bytes()[1]]);
    packet[20..24].copy_from_slice(&number.to_be_bytes());
    packet
}

/// Returns the number in a packet of [`ip_packet`], or in a frame made of one.
#[must_use]
pub fn number_of(packet: &[u8]) -> u32 {
    u32::from_be_bytes(packet[20..24].try_into().unwrap())
}

/// Runs until IP, or frames, flow at both ends. Returns whether they do.
pub fn connect(world: &mut Pair, time: Duration) -> bool {
    world.run_until(time, |world| world.client.is_connected() && world.server.is_connected())
}
