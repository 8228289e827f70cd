//! One `vpdn-server` for PPTP, L2TP and L2TPv3 at the same time: clients of all three, what is shown of them, which of them
//! end, and their accounts.
#![cfg(target_os = "linux")]

mod radius;

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use pptp_interop::examples::{self, Program};
use pptp_interop::namespace::{clock, devices_and_routes, in_network, isolated, pause, run, until};
use pptp_interop::traffic::ping_within;
use rustix::process::Signal;
use serde_json::Value;

/// Where the programs are: an environment variable.
const FOLDER: &str = "VPDN_PROGRAMS";
/// The server's network; each client has one of its own.
const SERVER: &str = "server";
/// The server in the tunnels.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
const SOCKET: &str = "/run/vpdn.sock";
/// The example in the documentation.
const ANY: &str = include_str!("../../../vpdn/examples/config/any-protocol.toml");
const PATIENCE: Duration = Duration::from_secs(60);
const LIMIT: Duration = Duration::from_secs(600);

/// A client: its network, its protocol as `show` has it, and its arguments.
struct Client {
    network: &'static str,
    protocol: &'static str,
    arguments: &'static str,
}

const SECRET: &str = "--tunnel-secret s3cr3t-tunnel";
const CLIENTS: [Client; 3] = [
    Client { network: "one", protocol: "pptp", arguments: "--user carol --password looking-glass" },
    Client { network: "two", protocol: "l2tp", arguments: "--user bob --password builder" },
    Client {
        network: "three",
        protocol: "l2tpv3",
        arguments: "--user alice --password wonderland --ip-protocol l2tp --digest sha",
    },
];

impl Client {
    /// Returns the last but one part of its addresses: 172.16.x.1, and the server at 172.16.x.2.
    fn subnet(&self) -> usize {
        CLIENTS.iter().position(|client| client.network == self.network).unwrap() + 1
    }

    fn address(&self) -> String {
        format!("172.16.{}.1", self.subnet())
    }

    /// Starts it, with the secret of tunnels where there is one.
    fn start(&self, more: &str) -> Program {
        let secret = if self.protocol == "pptp" { "" } else { SECRET };
        self.start_with(&format!("{} {secret} {more}", self.arguments))
    }

    fn start_with(&self, arguments: &str) -> Program {
        let server = format!("172.16.{}.2", self.subnet());
        let all = format!("{server} --protocol {} {arguments}", self.protocol);
        Program::start(Some(self.network), &program("vpdn-client"), &all)
    }

    fn dial(&self) -> Program {
        let mut client = self.start("");
        client.wait_for("local-address:", PATIENCE);
        client
    }

    fn ping(&self) {
        for bytes in [56, 1400] {
            in_network(Some(self.network), || ping_within(PATIENCE, GATEWAY, bytes)).unwrap();
        }
    }
}

#[test]
fn three_protocols_at_one_server() {
    let prepare = || vec![(FOLDER, examples::build())];
    isolated("three_protocols_at_one_server", &[], LIMIT, prepare, inside);
}

fn inside() {
    make_networks();
    let mut table = String::new();
    let cases: [(&str, fn()); 7] = [
        ("three protocols at once: show, clear, debug, metrics", three_at_once),
        ("the end of all", the_end_of_all),
        ("users of one service alone, and a wrong secret", refusals),
        ("a group for each protocol, and another configuration for new tunnels", groups),
        ("RADIUS: address, accounts, time-outs", radius::accounts),
        ("RADIUS: EAP passed through", radius::eap),
        ("RADIUS: Framed-MTU when IPCP alone begins again", radius::ipcp_again),
    ];
    for (name, case) in cases {
        let begin = clock();
        let before = everything();
        case();
        assert_eq!(everything(), before, "{name}: left behind");
        writeln!(table, "{name:<72}{:>7} ms", begin.elapsed().as_millis()).unwrap();
    }
    pptp_interop::say!("{table}");
}

fn make_networks() {
    std::fs::create_dir("/run/netns").unwrap();
    run(&format!("ip netns add {SERVER}"));
    run(&format!("ip -n {SERVER} link set lo up"));
    for client in &CLIENTS {
        let (name, subnet) = (client.network, client.subnet());
        run(&format!("ip netns add {name}"));
        run(&format!("ip link add v{subnet} type veth peer name v{subnet}p"));
        for (network, link, host) in [(name, format!("v{subnet}"), 1), (SERVER, format!("v{subnet}p"), 2)] {
            run(&format!("ip link set {link} netns {network}"));
            run(&format!("ip -n {network} addr add 172.16.{subnet}.{host}/24 dev {link}"));
            run(&format!("ip -n {network} link set {link} up"));
        }
        run(&format!("ip -n {name} link set lo up"));
    }
}

fn everything() -> Vec<Vec<String>> {
    let clients = CLIENTS.iter().map(|client| client.network);
    clients.chain([SERVER]).map(|network| in_network(Some(network), devices_and_routes)).collect()
}

fn program(name: &str) -> PathBuf {
    PathBuf::from(std::env::var_os(FOLDER).unwrap()).join(name)
}

fn start_server(configuration: &str, more: &str) -> Program {
    std::fs::write("/run/server.toml", configuration).unwrap();
    let all = format!("--config /run/server.toml --control-socket {SOCKET} {more}");
    let mut server = Program::start(Some(SERVER), &program("vpdn-server"), &all);
    server.wait_for("listening", PATIENCE);
    server
}

fn end(program: Program, signal: Signal) {
    program.finish(signal, 0, PATIENCE);
}

/// Returns the output of a command that ends.
fn ask(arguments: &str) -> String {
    let all = format!("{arguments} --control-socket {SOCKET}");
    let mut command = Program::start(Some(SERVER), &program("vpdn-server"), &all);
    assert_eq!(command.wait(PATIENCE).code(), Some(0), "{}", command.output());
    command.output()
}

fn ask_json(arguments: &str) -> Vec<Value> {
    let text = ask(&format!("{arguments} --json"));
    let value: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    value.as_array().unwrap_or_else(|| panic!("no array: {value}")).clone()
}

#[track_caller]
fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
}

fn three_at_once() {
    let server = start_server(ANY, "");
    has(&ask("show vpdn"), &["% No active L2TP tunnels", "Total tunnels=0 sessions=0"]);
    let [pptp, v2, v3] = &CLIENTS;
    let debug = format!("debug ppp negotiation {} --control-socket {SOCKET}", v2.address());
    let mut debug = Program::start(Some(SERVER), &program("vpdn-server"), &debug);
    // It says nothing of its own, and has to listen before the calls.
    pause(Duration::from_secs(2));
    let mut programs: Vec<_> = CLIENTS.iter().map(Client::dial).collect();
    CLIENTS.iter().for_each(Client::ping);
    for text in ["L2TP: I Start-Control-Connection-Request", "L2TP: O ", "LCP: I CONFREQ", "CHAP: O CHALLENGE"] {
        debug.wait_for(text, PATIENCE);
    }
    let traced = debug.output();
    assert!(!traced.contains("PPTP:") && !traced.contains(&v3.address()), "{traced}");
    debug.end(Signal::TERM);
    shown();

    // The end of one leaves the others.
    let number = |protocol: &str| {
        let tunnels = ask_json("show vpdn");
        let tunnel = tunnels.iter().find(|tunnel| tunnel["protocol"] == protocol);
        tunnel.unwrap_or_else(|| panic!("no {protocol}"))["id"].as_u64().unwrap()
    };
    assert_eq!(ask(&format!("clear vpdn tunnel pptp id {}", number("l2tpv3"))), "0 tunnels cleared\n");
    assert_eq!(ask("clear vpdn tunnel l2tp nobody"), "0 tunnels cleared\n");
    assert_eq!(ask(&format!("clear vpdn tunnel l2tp id {}", number("l2tpv3"))), "1 tunnels cleared\n");
    assert_eq!(programs[2].wait(PATIENCE).code(), Some(8), "{}", programs[2].output());
    [pptp, v2].iter().for_each(|client| client.ping());
    assert_eq!(ask(&format!("clear vpdn tunnel pptp {}", pptp.address())), "1 tunnels cleared\n");
    assert_eq!(programs[0].wait(PATIENCE).code(), Some(8), "{}", programs[0].output());
    v2.ping();
    assert_eq!(ask_json("show vpdn session all").len(), 1);
    assert_eq!(ask(&format!("clear vpdn tunnel l2tp {}", v2.address())), "1 tunnels cleared\n");
    assert_eq!(programs[1].wait(PATIENCE).code(), Some(8), "{}", programs[1].output());
    has(&ask("show vpdn clear"), &["there is no command"]);

    // And all at once.
    let programs: Vec<_> = CLIENTS.iter().map(Client::dial).collect();
    assert_eq!(ask("clear vpdn all"), "3 tunnels cleared\n");
    for mut program in programs {
        assert_eq!(program.wait(PATIENCE).code(), Some(8), "{}", program.output());
    }
    end(server, Signal::TERM);
}

/// Looks at all that is shown of the three clients.
fn shown() {
    let users = ["alice", "bob", "carol"];
    let tunnels = ask("show vpdn");
    let l2tp = "L2TP Tunnel and Session Information (Total tunnels=2 sessions=2)";
    has(&tunnels, &[l2tp, "PPTP Tunnel and Session Information (Total tunnels=1 sessions=1)", "estabd", "tun0"]);
    has(&tunnels, &users);
    CLIENTS.iter().for_each(|client| has(&tunnels, &[&client.address()]));
    let sessions = ask("show vpdn session all");
    has(&sessions, &["Session username is carol, state is estabd", "local cookie, size 8 bytes, value "]);
    assert_eq!(sessions.matches("Session state is established").count(), 2, "{sessions}");
    has(&ask("show vpdn session window"), &["PeerRWS", "RemoteRWS"]);
    assert_eq!(ask("show ppp mppe").matches("Software encryption, 128 bit encryption, Stateless mode").count(), 3);
    assert_eq!(ask_json("show ppp mppe").len(), 3);
    let l2tun = ask("show l2tun tunnel all");
    has(&l2tun, &["transport is UDP (17), protocol is L2TPv2", "transport is IP (115), protocol is L2TPv3"]);
    assert_eq!(l2tun.matches("is up, remote id is").count(), 2, "{l2tun}");
    assert_eq!(ask("show l2tun session all").matches("Circuit state is UP").count(), 2);

    let protocols = |all: &[Value]| {
        let mut names: Vec<_> = all.iter().map(|value| value["protocol"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    let json = ask_json("show vpdn");
    assert_eq!(protocols(&json), ["l2tp", "l2tpv3", "pptp"]);
    assert_eq!(protocols(&ask_json("show l2tun tunnel all")), ["l2tp", "l2tpv3"]);
    assert_eq!(protocols(&ask_json("show l2tun session all")), ["l2tp", "l2tpv3"]);
    for tunnel in &json {
        let session = &tunnel["sessions"][0];
        assert_eq!(session["encoding"], "MPPE 128 bit, stateless", "{tunnel}");
        assert!(session["packets-received"].as_u64().unwrap() > 0, "{tunnel}");
        assert!(users.contains(&session["user"].as_str().unwrap()), "{tunnel}");
    }
    let metrics = ask("show metrics");
    for Client { protocol, .. } in &CLIENTS {
        for name in ["tunnels", "sessions", "sessions_up"] {
            has(&metrics, &[&format!("\nvpdn_{name}{{protocol=\"{protocol}\"}} 1\n")]);
        }
        assert!(!metrics.contains(&format!("vpdn_sent_bytes{{protocol=\"{protocol}\"}} 0\n")), "{metrics}");
    }
}

/// A signal has the counters written, and another one has everybody hang up, within seconds.
fn the_end_of_all() {
    let mut server = start_server(ANY, "");
    let programs: Vec<_> = CLIENTS.iter().map(Client::dial).collect();
    server.signal(Signal::USR1);
    server.wait_for("1 connections", PATIENCE);
    server.wait_for("2 tunnels", PATIENCE);
    let report = server.output();
    let report = &report[report.find("Call id ").unwrap()..];
    assert_eq!(report.matches("of another sender 0").count(), 3, "{report}");
    let begin = clock();
    end(server, Signal::TERM);
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    for mut program in programs {
        assert_eq!(program.wait(PATIENCE).code(), Some(8), "{}", program.output());
    }
    // A client that does not answer cannot hold the server up.
    let server = start_server(ANY, "");
    let programs: Vec<_> = CLIENTS.iter().map(Client::dial).collect();
    for mut program in programs {
        program.signal(Signal::KILL);
        program.wait(PATIENCE);
    }
    let begin = clock();
    end(server, Signal::TERM);
    assert!(begin.elapsed() < Duration::from_secs(17), "{:?}", begin.elapsed());
}

fn refusals() {
    let server = start_server(ANY, "");
    let [pptp, v2, v3] = &CLIENTS;
    // RouterOS' `service` of a user.
    for (client, user) in [
        (pptp, "--user bob --password builder"),
        (v2, "--user carol --password looking-glass"),
        (v3, "--user carol --password looking-glass"),
    ] {
        let mut program = client.start_with(&format!("{user} {SECRET} --digest sha"));
        assert_eq!(program.wait(PATIENCE).code(), Some(6), "{}", program.output());
        has(&program.output(), &["error 691"]);
    }
    let mut wrong = v2.start_with("--user bob --password builder --tunnel-secret wrong");
    assert_eq!(wrong.wait(PATIENCE).code(), Some(6), "{}", wrong.output());
    end(server, Signal::TERM);
    // One protocol alone of a configuration that has all.
    let server = start_server(ANY, "--protocol l2tp");
    assert!(!server.output().contains("PPTP"), "{}", server.output());
    let mut other = pptp.start("");
    assert_eq!(other.wait(PATIENCE).code(), Some(4), "{}", other.output());
    let client = v2.dial();
    v2.ping();
    end(client, Signal::INT);
    end(server, Signal::TERM);
}

/// Groups with templates of their own, one for each protocol.
const GROUPS: &str = r#"
[vpdn-group.a]
accept-dialin = { protocol = "pptp", virtual-template = "pptp" }
[vpdn-group.b]
accept-dialin = { protocol = "l2tp", virtual-template = "l2tp" }
l2tp-class = "shared"
[vpdn-group.c]
accept-dialin = { protocol = "l2tpv3", virtual-template = "l2tpv3" }
pseudowire-class = "third"
[l2tp-class.shared]
authentication = true
password = "s3cr3t-tunnel"
digest = "sha"
[pseudowire-class.third]
encapsulation = "l2tpv3"
ip-protocol = "l2tp"
l2tp-class = "shared"
[virtual-template.pptp]
ip-address = "10.99.0.1"
peer-default-ip-address = "pptp"
[virtual-template.l2tp]
ip-address = "10.99.1.1"
peer-default-ip-address = "l2tp"
ppp-encrypt-mppe = "none"
[virtual-template.l2tpv3]
ip-address = "10.99.0.1"
peer-default-ip-address = "l2tpv3"
[ip-local-pool]
pptp = "10.99.10.10-10.99.10.10"
l2tp = "10.99.11.10-10.99.11.20"
l2tpv3 = "10.99.12.10-10.99.12.20"
[[user]]
name = "alice"
password = "wonderland"
[[user]]
name = "bob"
password = "builder"
[[user]]
name = "carol"
password = "looking-glass"
"#;

fn groups() {
    let server = start_server(GROUPS, "");
    let [pptp, v2, v3] = &CLIENTS;
    let first = pptp.dial();
    has(&first.output(), &["local-address: 10.99.10.10", "remote-address: 10.99.0.1"]);
    let mut second = v2.start("--mppe none");
    second.wait_for("local-address: 10.99.11.10", PATIENCE);
    has(&second.output(), &["remote-address: 10.99.1.1"]);
    in_network(Some(v2.network), || ping_within(PATIENCE, Ipv4Addr::new(10, 99, 1, 1), 1000)).unwrap();
    let third = v3.dial();
    has(&third.output(), &["local-address: 10.99.12.10"]);
    // The pool of PPTP has one address.
    let mut full = pptp.start("--tun tun7");
    assert_eq!(full.wait(PATIENCE).code(), Some(6), "{}", full.output());
    has(&full.output(), &["error 649"]);
    end(first, Signal::INT);

    // Tunnels that are up go on, and new ones have the new settings.
    let changed = GROUPS.replace("10.99.10.10-10.99.10.10", "10.99.10.30-10.99.10.40").replace("s3cr3t", "an0ther");
    std::fs::write(
        "/run/server.toml",
        changed.replace("[virtual-template.pptp]", "[virtual-template.pptp]\nmtu = 1200"),
    )
    .unwrap();
    server.signal(Signal::HUP);
    assert!(until(PATIENCE, || server.output().contains("was read again")), "{}", server.output());
    v3.ping();
    let first = pptp.dial();
    has(&first.output(), &["local-address: 10.99.10.30"]);
    has(&server.output(), &["10.99.10.30, MTU 1200"]);
    end(second, Signal::INT);
    end(third, Signal::INT);
    let mut old = v2.start("--mppe none");
    assert_eq!(old.wait(PATIENCE).code(), Some(6), "{}", old.output());
    let mut new = v2.start_with(&format!("{} --tunnel-secret an0ther-tunnel --mppe none", v2.arguments));
    new.wait_for("local-address: 10.99.11.11", PATIENCE);
    end(new, Signal::INT);
    end(first, Signal::INT);
    end(server, Signal::TERM);
}
