//! Sessions of `pptp` in the simulated network.

mod client;
mod direct;
mod host;
mod log;
mod packet;
mod pair;
mod world;

pub use client::Client;
pub use direct::{Carried, Guest, Peer, call_of, connected, exchange};
pub use host::{Decision, Hook, Host, PEER};
pub use log::{Got, Log, Sent};
pub use packet::{
    decode_frame, decode_gre, encode_gre, encode_packet, frame, index_of, ip_packet, numbered_ip, protocol_of,
};
pub use pair::{Between, Pair, To, honest};
pub use world::Tunnelled;

use std::net::Ipv4Addr;

use pptp::{server, session};

/// The world of a client and a server with one connection.
pub type World<const N: usize = 4> = crate::World<Client, Host<N>>;

/// The name of every client.
pub const NAME: &str = "alice";
/// The password of every client.
pub const PASSWORD: &str = "wonderland";
/// The address of every server, inside of the tunnel.
pub const SERVER_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// The address of every client, inside of the tunnel.
pub const CLIENT_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

/// Returns a client's configuration with the name and password of all.
#[must_use]
pub fn client_config(session: &session::Config) -> pptp::client::Config {
    pptp::client::Config::new(NAME, PASSWORD).with_session(*session)
}

/// Returns a server's configuration with the addresses of all.
#[must_use]
pub fn server_config(session: &session::Config) -> server::Config {
    server::Config::new(SERVER_ADDRESS).with_session(*session).with_client_address(CLIENT_ADDRESS)
}
