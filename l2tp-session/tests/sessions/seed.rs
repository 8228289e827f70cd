//! The four configurations of Cisco's manual on client-initiated tunnels, and the fields of its
//! `show` commands.

use std::time::Duration;

use l2tp_session::client;
use l2tp_session::ppp_session::Client as PppClient;
use l2tp_session::ppp_session::ppp::auth::{Method, Methods};
use l2tp_session::ppp_session::ppp::ccp::Encryption;
use l2tp_session::report::{SessionReport, TunnelReport, VpdnReport};
use l2tp_session::server::{Config as ServerConfig, Group};
use l2tp_session::session::Config;
use l2tp_session::wire::code::DataSequencing;
use l2tp_session::wire::header::CookieSize;
use l2tp_session::wire::tunnel::Versions;
use testing::Profile;
use testing::l2tp::{Outside, PASSWORD, Pair, SERVER_ADDRESS, connect, pair};

use crate::SETUP;

/// Returns `ppp authentication chap`, without encryption, and `l2tp-class l2tpclass1` with its
/// defaults.
fn class(host_name: &str, versions: Versions) -> Config {
    Config::strict(host_name)
        .with_ppp(|ppp| ppp.with_authentication(Methods::new(&[Method::ChapMd5])).with_encryption(Encryption::Refused))
        .with_tunnel(|tunnel| tunnel.with_versions(versions))
}

/// Returns the local peer: `interface virtual-ppp 1`, `ppp chap hostname peer1`, `pseudowire PEER VCID`.
fn local_peer(versions: Versions, vcid: &str) -> client::Config {
    client::Config::new(PppClient::new("peer1", PASSWORD), class("peer1", versions)).with_remote_end_id(vcid)
}

/// Returns the tunnel server of version 2: `vpdn-group l2tpgroup1`, `terminate-from hostname peer1`.
fn tunnel_server_v2() -> ServerConfig {
    Group::new(class("peer2", Versions::V2), SERVER_ADDRESS).with_terminate_from("peer1").into()
}

/// Returns the tunnel server of version 3: `pseudowire 172.16.32.24 15`.
fn tunnel_server_v3() -> ServerConfig {
    Group::new(class("peer2", Versions::V3), SERVER_ADDRESS).with_remote_end_id("15").into()
}

fn up(outside: Outside, client: &client::Config, server: &ServerConfig) -> Pair {
    let mut world = pair(1, Profile::CLEAN, outside, client, server);
    assert!(connect(&mut world, SETUP), "{:?}", world.client.user);
    world.run(Duration::from_secs(365));
    world
}

/// The lines of the manual about a session, without the values.
const SESSION_FIELDS: [&str; 22] = [
    "Session id ",
    " is up, tunnel id ",
    "Call serial number is ",
    "Remote tunnel name is ",
    "Internet address is ",
    "Session is ",
    "Session state is established, time since change ",
    " Packets sent, ",
    " received",
    " Bytes sent, ",
    "Receive packets dropped:",
    "out-of-order:",
    "total:",
    "Send packets dropped:",
    "exceeded session MTU:",
    "Session vcid is ",
    "Session Layer 2 circuit, type is ",
    "Circuit state is UP",
    "Remote session id is ",
    "DF bit off, ToS reflect disabled, ToS value 0, TTL value ",
    ", remote tunnel id ",
    "Sequencing is off",
];

fn assert_fields(text: &str, fields: &[&str]) {
    let mut rest = text;
    for field in fields.iter().filter(|field| !field.starts_with(", remote tunnel")) {
        let Some((_, behind)) = rest.split_once(field) else {
            assert!(text.contains(field), "{field:?} is missing in:\n{text}");
            continue;
        };
        rest = behind;
    }
}

#[test]
fn l2tp_between_local_peer_and_tunnel_server_shows_the_fields_of_the_manual() {
    let world = up(Outside::Udp, &local_peer(Versions::V2, "10"), &tunnel_server_v2());
    let (session, now) = (&world.client.session, world.now);
    let report = SessionReport::of_call(session, world.client.call(), now).unwrap().with_circuit("virtual-PPP1");
    let text = report.to_string();
    assert_fields(&text, &SESSION_FIELDS);
    assert!(text.contains("Remote tunnel name is peer2\n"), "{text}");
    assert!(text.contains("Session is signalled\n"), "{text}");
    let tunnel = TunnelReport::of_session(session, now).to_string();
    assert_fields(
        &tunnel,
        &[" is up, remote id is ", "1 active sessions", "Remote tunnel name is peer2", "Hellos sent"],
    );
    let server = &world.server.server;
    let id = world.server.tunnel();
    let report = SessionReport::of_call(server.session(id).unwrap(), world.server.call(), now).unwrap();
    assert_fields(&report.to_string(), &SESSION_FIELDS);
    let vpdn = VpdnReport::of_server(server, now, |tunnel, _| Some(format!("Vi{tunnel}"))).to_string();
    assert_fields(
        &vpdn,
        &[
            "L2TP Tunnel and Session Information (Total tunnels=1 sessions=1)",
            "LocID",
            "RemID",
            "Remote Name",
            "State",
            "Remote Address",
            "Port",
            "Sessions",
            "peer1",
            "estabd",
            "192.0.2.1",
            "1701",
            "1\n",
            "LocID",
            "RemID",
            "TunID",
            "Intf",
            "Username",
            "State",
            "Last Chg",
            "Vi1",
            "peer1",
            "estabd",
            "00:06:0",
        ],
    );
}

#[test]
fn l2tpv3_between_local_peer_and_tunnel_server_shows_cookies_and_the_vcid() {
    let cookies = |config: client::Config| {
        config.with_session(|session| session.with_terms(|terms| terms.with_cookie(CookieSize::Eight)))
    };
    let client = cookies(local_peer(Versions::V3, "15"));
    let world = up(Outside::Ip, &client, &tunnel_server_v3());
    let report = SessionReport::of_call(&world.client.session, world.client.call(), world.now).unwrap();
    let text = report.to_string();
    assert_fields(&text, &SESSION_FIELDS);
    for line in [
        "Session vcid is 15\n",
        "  Session cookie information:\n  local cookie, size 8 bytes, value ",
        "  remote cookie, size 0 bytes\n",
    ] {
        assert!(text.contains(line), "{line:?} is missing in:\n{text}");
    }
    let tunnel = TunnelReport::of_session(&world.client.session, world.now).to_string();
    assert!(tunnel.contains("Tunnel transport is IP (115), protocol is L2TPv3\n"), "{tunnel}");
}

/// `pseudowire … sequencing both`.
#[test]
fn sequencing_is_shown_in_both_directions() {
    let sequenced = |config: Config| config.with_terms(|terms| terms.with_sequencing(DataSequencing::ALL));
    let client = local_peer(Versions::V3, "15").with_session(sequenced);
    let server = Group::new(sequenced(class("peer2", Versions::V3)), SERVER_ADDRESS).into();
    let world = up(Outside::Udp, &client, &server);
    let report = SessionReport::of_call(&world.client.session, world.client.call(), world.now).unwrap();
    assert!(report.to_string().ends_with("Sequencing is on"), "{report}");
}
