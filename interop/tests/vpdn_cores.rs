//! `vpdn-server` on several cores: two clients on two of them at once, and what operators see of both.
#![cfg(target_os = "linux")]

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pptp_interop::examples::{self, Program};
use pptp_interop::namespace::{devices_and_routes, in_network, isolated, run, until};
use pptp_interop::traffic::{End, exercise, ping_within};
use rustix::process::Signal;
use serde_json::Value;
use vpdn::control::{self, Request};

/// Where the programs are: an environment variable.
const FOLDER: &str = "PPTP_EXAMPLES";
const SERVER: &str = "server";
const USERS: &str = "/run/users";
const SOCKET: &str = "/run/vpdn.sock";
/// The server in the tunnels of those who have no other.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
const PATIENCE: Duration = Duration::from_secs(60);
const LIMIT: Duration = Duration::from_secs(600);
/// How many bytes each client transfers in each direction.
const LENGTH: usize = 4_000_000;

/// A client in a network of its own, and its addresses.
struct Client {
    network: &'static str,
    outside: Ipv4Addr,
    server: Ipv4Addr,
    own: Ipv4Addr,
    /// The server's address in its tunnel.
    gateway: Ipv4Addr,
    line: &'static str,
    arguments: &'static str,
}

const CLIENTS: [Client; 2] = [
    Client {
        network: "one",
        outside: Ipv4Addr::new(172, 16, 9, 1),
        server: Ipv4Addr::new(172, 16, 9, 2),
        own: Ipv4Addr::new(10, 99, 1, 2),
        gateway: Ipv4Addr::new(10, 99, 1, 1),
        line: "alice wonderland local=10.99.1.1 address=10.99.1.2\n",
        arguments: "--user alice --password wonderland --route 10.99.0.0/24",
    },
    Client {
        network: "two",
        outside: Ipv4Addr::new(172, 16, 10, 1),
        server: Ipv4Addr::new(172, 16, 10, 2),
        own: Ipv4Addr::new(10, 99, 2, 2),
        gateway: Ipv4Addr::new(10, 99, 2, 1),
        line: "bob builder local=10.99.2.1 address=10.99.2.2\n",
        arguments: "--user bob --password builder --route 10.99.0.0/24",
    },
];

#[test]
fn two_clients_on_two_cores() {
    let prepare = || vec![(FOLDER, examples::build())];
    isolated("two_clients_on_two_cores", &[], LIMIT, prepare, inside);
}

fn inside() {
    std::fs::create_dir("/run/netns").unwrap();
    run(&format!("ip netns add {SERVER}"));
    run(&format!("ip -n {SERVER} link set lo up"));
    for Client { network, outside, server, .. } in &CLIENTS {
        run(&format!("ip netns add {network}"));
        run(&format!("ip -n {network} link set lo up"));
        run(&format!("ip link add {network}v type veth peer name {network}p"));
        for (end, place, address) in [("v", *network, outside), ("p", SERVER, server)] {
            run(&format!("ip link set {network}{end} netns {place}"));
            run(&format!("ip -n {place} addr add {address}/24 dev {network}{end}"));
            run(&format!("ip -n {place} link set {network}{end} up"));
        }
    }
    std::fs::write(USERS, CLIENTS.map(|client| client.line).concat()).unwrap();
    let before = in_network(Some(SERVER), devices_and_routes);
    two_at_once();
    limits_are_of_all_cores();
    assert_eq!(in_network(Some(SERVER), devices_and_routes), before, "left behind");
}

fn program(name: &str) -> PathBuf {
    PathBuf::from(std::env::var_os(FOLDER).unwrap()).join(name)
}

fn start_server(arguments: &str) -> Program {
    let all = format!("--address {GATEWAY} --users {USERS} --control-socket {SOCKET} {arguments}");
    let mut server = Program::start(Some(SERVER), &program("vpdn-server"), &all);
    server.wait_for("listening", PATIENCE);
    server
}

fn dial(client: &Client) -> Program {
    let arguments = format!("{} {}", client.server, client.arguments);
    let mut program = Program::start(Some(client.network), &program("vpdn-client"), &arguments);
    program.wait_for(&format!("local-address: {}", client.own), PATIENCE);
    program
}

/// Returns the answer to a command.
fn ask(words: &str, json: bool) -> String {
    let words = words.split(' ').map(str::to_owned).collect();
    let mut answer = Vec::new();
    control::ask(Path::new(SOCKET), &Request::new(words, json), &mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

/// Returns user and interface of each call, by user.
fn calls() -> Vec<(String, String)> {
    let calls: Vec<Value> = serde_json::from_str(&ask("show vpdn session all", true)).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut calls: Vec<_> = calls.iter().map(|call| (text(&call["user"]), text(&call["interface"]))).collect();
    calls.sort();
    calls
}

fn two_at_once() {
    let mut server = start_server("--cores 2 --tun vpn");
    assert!(server.output().contains("interface vpn0, vpn1, 10.99.0.1"), "{}", server.output());
    let mut trace = Program::start(
        Some(SERVER),
        &program("vpdn-server"),
        &format!("debug ppp negotiation --control-socket {SOCKET}"),
    );
    // It says nothing of its own: a call is seen as soon as it listens.
    let is_traced = until(PATIENCE, || {
        let mut client = dial(&CLIENTS[0]);
        client.end(Signal::INT);
        client.wait(PATIENCE);
        trace.output().contains("CHAP: O CHALLENGE")
    });
    assert!(is_traced && until(PATIENCE, || calls().is_empty()), "{}", trace.output());
    let [mut alice, mut bob] = CLIENTS.each_ref().map(dial);
    // One listing, in which each has an interface of its own, and a trace of both.
    let expected = [("alice", "vpn0"), ("bob", "vpn1")].map(|(user, device)| (user.to_owned(), device.to_owned()));
    assert_eq!(calls(), expected);
    let text = ask("show vpdn", false);
    for words in ["PPTP Tunnel and Session Information (Total tunnels=2 sessions=2)", "vpn0    alice", "vpn1    bob"] {
        assert_eq!(text.matches(words).count(), 1, "{words} in {text}");
    }
    for Client { outside, .. } in &CLIENTS {
        assert!(text.contains(&outside.to_string()), "{text}");
    }
    assert_eq!(ask("show ppp mppe", false).matches("128 bit encryption, Stateless mode").count(), 2);
    let metrics = ask("show metrics", false);
    assert!(metrics.contains("\nvpdn_tunnels{protocol=\"pptp\"} 2\n"), "{metrics}");
    assert!(metrics.contains("\nvpdn_sessions_up{protocol=\"pptp\"} 2\n"), "{metrics}");
    for name in ["alice", "bob"] {
        trace.wait_for(name, PATIENCE);
    }
    trace.end(Signal::TERM);
    // Both transfer at once, in both directions.
    std::thread::scope(|scope| {
        for client in &CLIENTS {
            let near = End { network: Some(client.network), address: client.own };
            let far = End { network: Some(SERVER), address: client.gateway };
            scope.spawn(move || exercise(client.network, near, far, LENGTH));
        }
    });
    server.signal(Signal::USR1);
    server.wait_for("2 connections", PATIENCE);
    // The end of one is none of the other's.
    assert_eq!(ask("clear vpdn tunnel pptp 172.16.10.1", false), "1 tunnels cleared\n");
    assert_eq!(bob.wait(PATIENCE).code(), Some(8), "{}", bob.output());
    in_network(Some(CLIENTS[0].network), || ping_within(PATIENCE, CLIENTS[0].gateway, 1000)).unwrap();
    assert_eq!(calls(), &expected[..1]);
    // Again, on the same core, by the number of the listing.
    let mut bob = dial(&CLIENTS[1]);
    assert_eq!(calls(), expected);
    let tunnels: Vec<Value> = serde_json::from_str(&ask("show vpdn", true)).unwrap();
    let of_bob = tunnels.iter().find(|tunnel| tunnel["sessions"][0]["user"] == "bob").unwrap();
    assert_eq!(ask(&format!("clear vpdn tunnel id {}", of_bob["id"]), false), "1 tunnels cleared\n");
    assert_eq!(bob.wait(PATIENCE).code(), Some(8), "{}", bob.output());
    // A file that has changed holds on every core.
    std::fs::write(USERS, CLIENTS.map(|client| client.line).concat().replace("builder", "carpenter")).unwrap();
    let arguments = format!("{} --user bob --password builder", CLIENTS[1].server);
    let mut bob = Program::start(Some(CLIENTS[1].network), &program("vpdn-client"), &arguments);
    assert_eq!(bob.wait(PATIENCE).code(), Some(6), "{}", bob.output());
    std::fs::write(USERS, CLIENTS.map(|client| client.line).concat()).unwrap();
    // The end of the server waits for the sessions of all.
    let mut bob = dial(&CLIENTS[1]);
    server.signal(Signal::TERM);
    for client in [&mut alice, &mut bob] {
        assert_eq!(client.wait(PATIENCE).code(), Some(8), "{}", client.output());
    }
    assert_eq!(server.wait(PATIENCE).code(), Some(0), "{}", server.output());
    assert!(!Path::new(SOCKET).exists());
}

/// Expects that limits hold for all cores together, and that the places of those who have gone are free.
fn limits_are_of_all_cores() {
    for (limits, says) in [
        ("--set limits.connections=1", "all 1 connections are taken"),
        // The client hears of it: RFC 2637 section 2.8, result 4.
        ("--set limits.calls=1", "busy"),
    ] {
        let server = start_server(&format!("--cores 4 {limits}"));
        let alice = dial(&CLIENTS[0]);
        let arguments = format!("{} {}", CLIENTS[1].server, CLIENTS[1].arguments);
        let mut bob = Program::start(Some(CLIENTS[1].network), &program("vpdn-client"), &arguments);
        assert_ne!(bob.wait(PATIENCE).code(), Some(0));
        let said = format!("{}{}", server.output(), bob.output()).to_lowercase();
        assert!(said.contains(says), "{says} in {said}");
        alice.finish(Signal::INT, 0, PATIENCE);
        assert!(until(PATIENCE, || ask("show vpdn", true).trim() == "[]"));
        dial(&CLIENTS[1]).finish(Signal::INT, 0, PATIENCE);
        server.finish(Signal::TERM, 0, PATIENCE);
    }
}
