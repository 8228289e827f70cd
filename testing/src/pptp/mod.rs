//! Sessions of `pptp` in the simulated network.

mod client;
mod direct;
mod host;
mod log;
mod odd;
mod packet;
mod pair;
mod world;

pub use client::Client;
pub use direct::{Carried, Guest, Peer, answer, call_of, connected, exchange};
pub use host::{Decision, Hook, Host, PEER};
pub use log::{Got, Log, Sent};
pub use odd::{HasPpp, Odd, Oddity};
pub use packet::{
    PROTOCOL_COMPRESSED, decode_frame, decode_gre, encode_gre, encode_packet, frame, index_of, ip_packet, numbered_ip,
    protocol_of,
};
pub use pair::{Between, Pair, To, honest};
pub use world::Tunnelled;

use std::net::Ipv4Addr;
use std::time::Duration;

use pptp::ppp::link::Link;
use pptp::session::{SendError, Statistics};
use pptp::{ppp, ppp_session, server, session};

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
    pptp::client::Config::new(NAME, PASSWORD).with_session(session.clone())
}

/// Returns a server's configuration with the addresses of all.
#[must_use]
pub fn server_config(session: &session::Config) -> server::Config {
    server::Config::new(SERVER_ADDRESS)
        .with_session(session.clone())
        .with_server(|server| server.with_client_address(CLIENT_ADDRESS))
}

/// A session with one call, as a client's: what is asked of it is asked of the call.
pub trait OneCall {
    /// Returns PPP.
    fn ppp(&self) -> Option<&ppp_session::Session>;
    /// Returns the counters.
    fn statistics(&self) -> Option<Statistics>;
    /// Sends an IP packet.
    fn send_ip<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<&'b [u8], SendError>;

    /// Returns the link.
    fn link(&self) -> Option<&Link> {
        self.ppp().map(ppp_session::Session::link)
    }

    /// Returns what IPCP agreed on.
    fn ip(&self) -> Option<ppp::ipcp::Agreed> {
        self.ppp()?.ip()
    }

    /// Returns what IPV6CP agreed on.
    fn ipv6(&self) -> Option<ppp::ipv6cp::Agreed> {
        self.ppp()?.ipv6()
    }
}

impl<const N: usize> OneCall for session::Session<N> {
    fn ppp(&self) -> Option<&ppp_session::Session> {
        self.first_call().map(|call| call.ppp())
    }

    fn statistics(&self) -> Option<Statistics> {
        self.first_call().map(|call| call.statistics())
    }

    fn send_ip<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<&'b [u8], SendError> {
        self.first_call_mut().ok_or(SendError::NoCall)?.send_ip(now, buf)
    }
}
