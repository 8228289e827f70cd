//! How each recorded side was set, in the words of our link.

use std::net::Ipv4Addr;
use std::time::Duration;

use ppp_fsm::auth::{Method, Methods};
use ppp_fsm::ccp::{Encryption, MicrosoftCompression, Modes};
use ppp_fsm::link::{Config, Keepalive};
use ppp_fsm::{auth, ccp, ipcp, ipv6cp, lcp};

use crate::recording::{Session, Side};

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);

/// Builds the configuration; `identifier` and `address` are those that the recorded side had on its
/// interface, or gave.
pub fn config(session: &Session, identifier: Option<ipv6cp::InterfaceIdentifier>, address: Ipv4Addr) -> Config {
    let name = session.capture.as_str();
    let is_client = session.place == Side::Client;
    let is_accel = name.starts_with("x-accel") && !is_client;
    let mut lcp = lcp::Config::default();
    if name != "a-mschapv2-mppe128-mtu1500" {
        lcp = lcp.with_mru(1400);
    }
    if is_accel {
        lcp =
            lcp.with_protocol_compression(false).with_address_control_compression(false).with_compressions_taken(false);
    } else if name == "l-noaccomp" {
        lcp = lcp.with_protocol_compression(false).with_address_control_compression(false);
    } else {
        lcp = lcp.with_control_characters(0);
    }
    let lcp = if is_client {
        lcp.with_own_authentication(own_methods(name))
    } else {
        lcp.with_peer_authentication(peer_methods(name))
    };
    let mut config = Config::default()
        .with_lcp(lcp)
        .with_authentication(auth::Config::default().with_name(authenticator_name(name).as_bytes()))
        .with_ccp(ccp(name, is_client))
        .with_ipcp(ipcp(name, is_client, address));
    // pppd has IPv6 by default, accel-ppp was configured without it.
    if !is_accel {
        let own = identifier.unwrap_or(ipv6cp::InterfaceIdentifier(1));
        config = config.with_ipv6cp(ipv6cp::Config::default().with_own_identifier(own));
    }
    if let Some(seconds) = echo_interval(name, session.place) {
        config = config.with_keepalive(Keepalive::new(Duration::from_secs(seconds)).with_adaptive(false));
    }
    config
}

/// Returns the methods of pppd, which proves itself with all that were not forbidden.
fn own_methods(name: &str) -> Methods {
    match name {
        "x-accel-chapmd5-nomppe" => Methods::new(&[Method::ChapMd5, Method::Pap]),
        _ => Methods::new(&[Method::MsChapV2, Method::MsChapV1, Method::ChapMd5, Method::Pap]),
    }
}

fn peer_methods(name: &str) -> Methods {
    match name {
        "d-mschapv1-mppe128" => Methods::new(&[Method::MsChapV1]),
        "e-chapmd5" | "l-noaccomp" | "l-vj-bsdcomp" => Methods::new(&[Method::ChapMd5]),
        "f-pap" | "f-pap-wrongpass" => Methods::new(&[Method::Pap]),
        // accel-ppp has them all, in this order.
        _ if name.starts_with("x-accel") => {
            Methods::new(&[Method::MsChapV2, Method::MsChapV1, Method::ChapMd5, Method::Pap])
        }
        _ => Methods::new(&[Method::MsChapV2]),
    }
}

fn authenticator_name(name: &str) -> &'static str {
    match name {
        "x-accel-chapmd5-nomppe" => "accel-ppp",
        _ if name.starts_with("x-accel") => "",
        _ => "pptpd",
    }
}

fn ccp(name: &str, is_client: bool) -> ccp::Config {
    let config = ccp::Config::default();
    let is_stateful = name.starts_with("b-mppe128-stateful") && (is_client || !name.ends_with("refused"));
    if name == "c-mschapv2-mppe40" || (name == "c-mschapv2-mppe-mismatch" && is_client) {
        config.with_strengths(MicrosoftCompression::MPPE_40)
    } else if is_stateful {
        config.with_modes(Modes::PreferStateful)
    } else if is_clear(name, is_client) {
        config.with_encryption(Encryption::Refused)
    } else {
        config
    }
}

/// Returns whether a side was configured without encryption.
fn is_clear(name: &str, is_client: bool) -> bool {
    let neither = ["e-chapmd5", "f-pap", "f-pap-wrongpass", "l-noaccomp", "l-vj-bsdcomp", "x-accel-chapmd5-nomppe"];
    neither.contains(&name) || (name == "h-server-requires-mppe-client-refuses" && is_client)
}

fn ipcp(name: &str, is_client: bool, address: Ipv4Addr) -> ipcp::Config {
    let has_name_servers = name == "j-ipcp-dns";
    match (is_client, has_name_servers) {
        (true, true) => ipcp::Config::new(Ipv4Addr::new(192, 168, 5, 5))
            .with_other_address_taken(true)
            .with_name_servers_wanted(true),
        (true, false) => ipcp::Config::default(),
        (false, _) => {
            let last = if has_name_servers { 54 } else { 53 };
            let servers = [53, last].map(|last| Some(Ipv4Addr::new(10, 99, 0, last)));
            ipcp::Config::new(SERVER).with_peer_address(address).with_name_servers(servers)
        }
    }
}

fn echo_interval(name: &str, place: Side) -> Option<u64> {
    match (name, place) {
        ("k-idle-echo", Side::Server) => Some(25),
        ("k-idle-echo" | "x-accel-idle-echo", Side::Client) => Some(20),
        (_, Side::Server) if name.starts_with("x-accel") => Some(20),
        _ => None,
    }
}
