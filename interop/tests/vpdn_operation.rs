//! The work of operators with `vpdn-client` and `vpdn-server`: default route, reconnection, the
//! control socket, RADIUS accounts. And the work of attackers: S8 to S10 of the security cases.
#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::net::{Ipv4Addr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

use pptp_interop::examples::{self, Program};
use pptp_interop::freeradius::FreeRadius;
use pptp_interop::namespace::{clock, devices_and_routes, in_network, isolated, pause, run, until};
use pptp_interop::traffic::ping_within;
use rustix::process::Signal;

/// Where the programs are: an environment variable.
const FOLDER: &str = "PPTP_EXAMPLES";
/// The server's network, and that of a second client. The first client is in the test's own.
const SERVER: &str = "server";
const SECOND: &str = "second";
/// The server: beside the first client, and behind a router for it, beside the second one.
const NEAR: &str = "172.16.9.2";
const FAR: &str = "172.16.10.2";
/// The server in the tunnels.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
const USERS: &str = "/run/users";
const SOCKET: &str = "/run/vpdn.sock";
const ALICE: &str = "--user alice --password wonderland";
const PATIENCE: Duration = Duration::from_secs(60);
const LIMIT: Duration = Duration::from_secs(900);

#[test]
fn operators_and_attackers() {
    let prepare = || vec![(FOLDER, examples::build())];
    isolated("operators_and_attackers", &["prlimit"], LIMIT, prepare, inside);
}

fn inside() {
    make_networks();
    let mut table = String::new();
    let cases: [(&str, fn()); 10] = [
        ("default route, and back, also after SIGKILL", default_route),
        ("reconnect after the server's end", reconnect),
        ("scripts up and down", scripts),
        ("show, clear, debug, metrics", control_socket),
        ("a configuration that is wrong, and one of ten lines", configuration),
        ("S8: descriptors run out", descriptors_run_out),
        ("S9: who exists", who_exists),
        ("S10: addresses before the proof", addresses_before_the_proof),
        ("users with addresses of their own, and none left", addresses_of_users),
        ("RADIUS: fail-over, routes, accounts", radius_accounts),
    ];
    for (name, case) in cases {
        let begin = clock();
        let before = everything();
        case();
        assert_eq!(everything(), before, "{name}: left behind");
        writeln!(table, "{name:<58}{:>7} ms", begin.elapsed().as_millis()).unwrap();
    }
    pptp_interop::say!("{table}");
}

fn make_networks() {
    std::fs::create_dir("/run/netns").unwrap();
    for (name, link, first) in [(SERVER, "v0", "172.16.9"), (SECOND, "v1", "172.16.10")] {
        run(&format!("ip netns add {name}"));
        run(&format!("ip -n {name} link set lo up"));
        run(&format!("ip link add {link} type veth peer name {link}p"));
        run(&format!("ip link set {link}p netns {SERVER}"));
        run(&format!("ip -n {SERVER} addr add {first}.2/24 dev {link}p"));
        run(&format!("ip -n {SERVER} link set {link}p up"));
    }
    run(&format!("ip link set v1 netns {SECOND}"));
    run("ip addr add 172.16.9.1/24 dev v0");
    run("ip link set v0 up");
    run("ip route add default via 172.16.9.2");
    run(&format!("ip -n {SECOND} addr add 172.16.10.1/24 dev v1"));
    run(&format!("ip -n {SECOND} link set v1 up"));
    run("ip link set lo up");
}

fn everything() -> Vec<Vec<String>> {
    [None, Some(SERVER), Some(SECOND)].map(|network| in_network(network, devices_and_routes)).into()
}

fn program(name: &str) -> PathBuf {
    PathBuf::from(std::env::var_os(FOLDER).unwrap()).join(name)
}

fn start_server(arguments: &str) -> Program {
    std::fs::write(USERS, "alice wonderland\nbob nt:8846f7eaee8fb117ad06bdd830b7586c\n").unwrap();
    let all = format!("--address {GATEWAY} --pool 10.99.0.10-10.99.0.20 --dns 10.99.0.53 {arguments}");
    let mut server = Program::start(Some(SERVER), &program("vpdn-server"), &all);
    server.wait_for("listening", PATIENCE);
    server
}

fn start_client(network: Option<&str>, server: &str, arguments: &str) -> Program {
    Program::start(network, &program("vpdn-client"), &format!("{server} {arguments}"))
}

fn end(program: Program, signal: Signal, status: i32) {
    program.finish(signal, status, PATIENCE);
}

/// Returns the output of a command that ends.
fn ask(arguments: &str) -> String {
    let all = format!("{arguments} --control-socket {SOCKET}");
    let mut command = Program::start(Some(SERVER), &program("vpdn-server"), &all);
    assert_eq!(command.wait(PATIENCE).code(), Some(0), "{}", command.output());
    // Its output is read in another thread.
    let mut output = command.output();
    until(PATIENCE, || {
        output = command.output();
        !output.is_empty()
    });
    output
}

/// A route to the server itself, when all packets go through the tunnel.
const PINNED: &str = "route v0 020A10AC FFFFFFFF";

fn default_route() {
    let before = everything();
    let server = start_server(&format!("--users {USERS}"));
    let dial = || {
        let mut client = start_client(None, FAR, &format!("{ALICE} --default-route"));
        client.wait_for("dns:", PATIENCE);
        let routes = devices_and_routes();
        for wanted in
            ["route tun0 00000000 00000080", "route tun0 00000080 00000080", PINNED, "route v0 00000000 00000000"]
        {
            assert!(routes.iter().any(|route| route == wanted), "no {wanted} in {routes:?}");
        }
        ping_within(PATIENCE, GATEWAY, 1000).unwrap();
        client
    };
    end(dial(), Signal::INT, 0);
    // Killed, it leaves the route to the server; the next one takes it away.
    let mut killed = dial();
    killed.signal(Signal::KILL);
    killed.wait(PATIENCE);
    assert!(devices_and_routes().iter().any(|route| route == PINNED));
    let client = dial();
    // Two at once: the second does not take away what the first one needs.
    let mut other = start_client(None, NEAR, "--user bob --password password --use-peer-dns --tun tun7");
    other.wait_for("dns:", PATIENCE);
    assert!(devices_and_routes().iter().any(|route| route == PINNED));
    end(other, Signal::INT, 0);
    end(client, Signal::INT, 0);
    end(server, Signal::TERM, 0);
    assert_eq!(everything(), before);
    assert_eq!(std::fs::read_dir("/run/vpdn-client").unwrap().count(), 0);
}

fn reconnect() {
    let mut server = start_server(&format!("--users {USERS}"));
    let mut client = start_client(None, NEAR, &format!("{ALICE} --reconnect 8"));
    client.wait_for("dns:", PATIENCE);
    server.signal(Signal::KILL);
    server.wait(PATIENCE);
    client.wait_for("dialing again in 1 s", PATIENCE);
    client.wait_for("dialing again in 2 s", PATIENCE);
    let server = start_server(&format!("--users {USERS}"));
    let is_up = until(PATIENCE, || client.output().matches("dns:").count() == 2);
    assert!(is_up, "{}", client.output());
    ping_within(PATIENCE, GATEWAY, 100).unwrap();
    end(client, Signal::INT, 0);
    // A wrong password is no reason to ask again.
    let mut wrong = start_client(None, NEAR, "--user alice --password wrong --reconnect 8");
    assert_eq!(wrong.wait(PATIENCE).code(), Some(6));
    end(server, Signal::TERM, 0);
    // And the number of times is a bound.
    let mut alone = start_client(None, NEAR, &format!("{ALICE} --reconnect 1"));
    assert_eq!(alone.wait(PATIENCE).code(), Some(4), "{}", alone.output());
    assert_eq!(alone.output().matches("dialing again").count(), 1);
}

fn scripts() {
    use std::os::unix::fs::PermissionsExt;
    for name in ["up", "down"] {
        let path = format!("/run/ip-{name}");
        std::fs::write(
            &path,
            format!("#!/bin/sh\necho \"$@\" >/run/{name}.new; env >>/run/{name}.new\nmv /run/{name}.new /run/{name}\n"),
        )
        .unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    let server = start_server(&format!("--users {USERS}"));
    let mut client = start_client(None, NEAR, &format!("{ALICE} --ip-up /run/ip-up --ip-down /run/ip-down"));
    client.wait_for("dns:", PATIENCE);
    let address = client.line("local-address:").unwrap();
    assert!(until(PATIENCE, || Path::new("/run/up").exists()));
    let up = std::fs::read_to_string("/run/up").unwrap();
    assert!(up.starts_with(&format!("tun0  0 {address} {GATEWAY} \n")), "{up}");
    for variable in [format!("IPLOCAL={address}"), format!("IPREMOTE={GATEWAY}"), "DNS1=10.99.0.53".into()] {
        assert!(up.lines().any(|line| line == variable), "{variable} in {up}");
    }
    end(client, Signal::INT, 0);
    assert!(until(PATIENCE, || Path::new("/run/down").exists()));
    let down = std::fs::read_to_string("/run/down").unwrap();
    assert!(down.contains("\nCONNECT_TIME=") && down.contains("\nBYTES_SENT="), "{down}");
    end(server, Signal::TERM, 0);
}

fn control_socket() {
    let server = start_server(&format!("--users {USERS} --control-socket {SOCKET}"));
    assert!(ask("show vpdn").contains("Total tunnels=0 sessions=0"));
    let debug = format!("debug ppp negotiation 172.16.9.1 --control-socket {SOCKET}");
    let mut debug = Program::start(Some(SERVER), &program("vpdn-server"), &debug);
    // It says nothing of its own, and has to listen before the call.
    pause(Duration::from_secs(2));
    let mut client = start_client(None, NEAR, ALICE);
    client.wait_for("dns:", PATIENCE);
    ping_within(PATIENCE, GATEWAY, 100).unwrap();
    for text in ["I Start-Control-Connection-Request", "LCP: I CONFREQ", "CHAP: O CHALLENGE"] {
        debug.wait_for(text, PATIENCE);
    }
    debug.end(Signal::TERM);
    let tunnels = ask("show vpdn");
    for text in ["Total tunnels=1 sessions=1", "172.16.9.1", "alice", "estabd", "tun0"] {
        assert!(tunnels.contains(text), "{text} in {tunnels}");
    }
    let sessions = ask("show vpdn session all");
    assert!(sessions.contains("Session username is alice, state is estabd"), "{sessions}");
    assert!(ask("show vpdn session window").contains("PeerRWS"));
    assert!(ask("show ppp mppe").contains("Software encryption, 128 bit encryption, Stateless mode"));
    let json: serde_json::Value = serde_json::from_str(&ask("show vpdn --json")).unwrap();
    let session = &json[0]["sessions"][0];
    assert_eq!((&session["user"], &session["encoding"]), (&"alice".into(), &"MPPE 128 bit, stateless".into()));
    assert!(session["packets-received"].as_u64().unwrap() > 0);
    let metrics = ask("show metrics");
    assert!(metrics.contains("\nvpdn_sessions_up{protocol=\"pptp\"} 1\n"), "{metrics}");
    assert!(ask("show nothing").contains("no command"));
    assert_eq!(ask("clear vpdn tunnel pptp nobody"), "0 tunnels cleared\n");
    assert_eq!(ask("clear vpdn tunnel pptp 172.16.9.1"), "1 tunnels cleared\n");
    assert_eq!(client.wait(PATIENCE).code(), Some(8), "{}", client.output());
    let mut client = start_client(None, NEAR, ALICE);
    client.wait_for("dns:", PATIENCE);
    assert_eq!(ask("clear vpdn all"), "1 tunnels cleared\n");
    assert_eq!(client.wait(PATIENCE).code(), Some(8), "{}", client.output());
    end(server, Signal::TERM, 0);
    assert!(!Path::new(SOCKET).exists());
}

/// The ten lines of the README.
const TEN_LINES: &str = r#"
[vpdn-group.office]
accept-dialin = { protocol = "pptp", virtual-template = "1" }
[virtual-template.1]
ip-address = "10.99.0.1"
peer-default-ip-address = "clients"
[ip-local-pool]
clients = "10.99.0.10-10.99.0.99"
[[user]]
name = "alice"
password = "wonderland"
"#;

fn configuration() {
    std::fs::write("/run/server.toml", TEN_LINES).unwrap();
    let mut server = Program::start(Some(SERVER), &program("vpdn-server"), "--config /run/server.toml");
    server.wait_for("listening", PATIENCE);
    let mut client = start_client(None, NEAR, ALICE);
    client.wait_for("local-address: 10.99.0.10", PATIENCE);
    ping_within(PATIENCE, GATEWAY, 100).unwrap();
    end(client, Signal::INT, 0);
    end(server, Signal::TERM, 0);
    std::fs::write("/run/wrong.toml", TEN_LINES.replace("clients =", "others =")).unwrap();
    let mut wrong = Program::start(Some(SERVER), &program("vpdn-server"), "--config /run/wrong.toml --check");
    assert_eq!(wrong.wait(PATIENCE).code(), Some(2));
    wrong.wait_for("/run/wrong.toml: line 6, column 27: there is no ip-local-pool `clients`", PATIENCE);
    let arguments = format!("--config /run/server.toml --users {USERS} --set virtual-template.1.mtu=1200 --check");
    let mut right = Program::start(Some(SERVER), &program("vpdn-server"), &arguments);
    assert_eq!(right.wait(PATIENCE).code(), Some(0), "{}", right.output());
}

/// Returns the processor time that a process has used, in clock ticks of 10 ms.
fn ticks(name: &str) -> u64 {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let stat = all.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    let of_program = stat.filter(|stat| stat.contains(&format!("({name})")));
    let used = |stat: String| {
        let words: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split(' ').map(str::to_owned).collect();
        words[12].parse::<u64>().unwrap() + words[13].parse::<u64>().unwrap()
    };
    of_program.map(used).max().unwrap()
}

fn descriptors_run_out() {
    std::fs::write(USERS, "alice wonderland\nbob nt:8846f7eaee8fb117ad06bdd830b7586c\n").unwrap();
    let server = program("vpdn-server");
    let arguments =
        format!("--nofile=40 {} --address {GATEWAY} --pool 10.99.0.10-10.99.0.20 --users {USERS}", server.display());
    let mut server = Program::start(Some(SERVER), Path::new("/usr/bin/prlimit"), &arguments);
    server.wait_for("listening", PATIENCE);
    let mut client = start_client(None, NEAR, ALICE);
    client.wait_for("local-address:", PATIENCE);
    let flood: Vec<_> = (0..60).map(|_| TcpStream::connect((NEAR, 1723)).unwrap()).collect();
    server.wait_for("no new connections for a moment", PATIENCE);
    let (begin, used) = (clock(), ticks("vpdn-server"));
    // The session that there is goes on.
    for _ in 0..20 {
        ping_within(PATIENCE, GATEWAY, 1000).unwrap();
        pause(Duration::from_millis(100));
    }
    let (used, elapsed) = (ticks("vpdn-server") - used, begin.elapsed());
    // A tenth of a core would be 10 ticks a second.
    assert!(used * 10 < 100 * elapsed.as_secs(), "{used} ticks in {elapsed:?}");
    let lines = server.output().matches("no new connections for a moment").count();
    assert!((1..=2).contains(&lines), "{}", server.output());
    drop(flood);
    let mut other = start_client(None, NEAR, "--user bob --password password --tun tun7");
    other.wait_for("local-address:", PATIENCE);
    end(other, Signal::INT, 0);
    end(client, Signal::INT, 0);
    end(server, Signal::TERM, 0);
}

/// Expects one text for each refusal, for known and unknown names.
fn who_exists() {
    let weak = "--interop --mppe none";
    for method in ["pap", "chap"] {
        let server = start_server(&format!("--users {USERS} {weak} --auth {method}"));
        let refusal = |user: &str| {
            let arguments = format!("--user {user} --password wrong {weak} --auth {method} --trace");
            let mut client = start_client(None, NEAR, &arguments);
            assert_eq!(client.wait(PATIENCE).code(), Some(6), "{}", client.output());
            let output = client.output();
            let name = method.to_uppercase();
            let from_server = format!("{name}: O ");
            let said: Vec<_> = output.lines().filter_map(|line| line.split_once(&from_server)).collect();
            // The last that it says of the method, without the numbers of the tunnel.
            let (_, last) = said.last().unwrap_or_else(|| panic!("nothing of {name} in {output}"));
            let text = last.split(" [seq").next().unwrap_or_default().to_owned();
            let words: Vec<_> = text.split(' ').filter(|word| word.parse::<u32>().is_err()).collect();
            (words.join(" "), output.lines().last().unwrap_or_default().to_owned())
        };
        let (known, hashed, unknown) = (refusal("alice"), refusal("bob"), refusal("nobody"));
        assert_eq!(known, unknown, "{method}");
        assert_eq!(hashed, unknown, "{method}");
        end(server, Signal::TERM, 0);
    }
}

/// Expects that a peer without a proof holds no address: of a pool of two, a later client gets its
/// own.
fn addresses_before_the_proof() {
    let silent = in_network(Some(SERVER), || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    let port = silent.local_addr().unwrap().port();
    // No server answers; then those of the file may come in.
    let radius = format!("--users {USERS} --radius 127.0.0.1:{port} --radius-secret s --set radius.timeout=1");
    std::fs::write(USERS, "alice wonderland\n").unwrap();
    let all = format!("--address {GATEWAY} --pool 10.99.0.10-10.99.0.11 {radius}");
    let mut server = Program::start(Some(SERVER), &program("vpdn-server"), &all);
    server.wait_for("listening", PATIENCE);
    let many: Vec<_> = (0..6)
        .map(|number| start_client(None, NEAR, &format!("--user mallory --password wrong --tun mal{number}")))
        .collect();
    pause(Duration::from_secs(1));
    let mut client = start_client(Some(SECOND), FAR, ALICE);
    client.wait_for("local-address: 10.99.0.1", PATIENCE);
    for mut other in many {
        assert_eq!(other.wait(PATIENCE).code(), Some(6), "{}", other.output());
    }
    end(client, Signal::INT, 0);
    end(server, Signal::TERM, 0);
}

/// Expects RouterOS' `local-address` and `remote-address`, and error 649 when the pool is empty.
fn addresses_of_users() {
    let users = "alice wonderland local=10.99.7.1 address=10.99.7.2\nbob builder\ncarol looking-glass\n";
    std::fs::write(USERS, users).unwrap();
    let all = format!("--address {GATEWAY} --pool 10.99.0.10-10.99.0.10 --users {USERS}");
    let mut server = Program::start(Some(SERVER), &program("vpdn-server"), &all);
    server.wait_for("listening", PATIENCE);
    let mut alice = start_client(None, NEAR, ALICE);
    alice.wait_for("local-address: 10.99.7.2", PATIENCE);
    assert!(alice.output().contains("remote-address: 10.99.7.1"), "{}", alice.output());
    ping_within(PATIENCE, Ipv4Addr::new(10, 99, 7, 1), 1000).unwrap();
    let mut bob = start_client(Some(SECOND), FAR, "--user bob --password builder");
    bob.wait_for("local-address: 10.99.0.10", PATIENCE);
    assert!(bob.output().contains(&format!("remote-address: {GATEWAY}")), "{}", bob.output());
    // The one address of the pool is taken. The reason is for those who know the password.
    for (password, code) in [("looking-glass", 649), ("wrong", 691)] {
        let mut carol = start_client(None, NEAR, &format!("--user carol --password {password} --tun carol"));
        assert_eq!(carol.wait(PATIENCE).code(), Some(6), "{}", carol.output());
        assert!(carol.output().contains(&format!("error {code}")), "{}", carol.output());
    }
    end(alice, Signal::INT, 0);
    end(bob, Signal::INT, 0);
    end(server, Signal::TERM, 0);
}

const SECRET: &str = "a-secret-of-more-than-sixteen-bytes";
const CONFIGURATION: &str = r#"
client test {
    ipaddr = 127.0.0.1
    secret = "SECRET"
    require_message_authenticator = no
}
modules {
    mschap {
        require_encryption = yes
        require_strong = yes
    }
    always ok {
        rcode = ok
    }
}
server test {
    listen {
        type = auth
        ipaddr = 127.0.0.1
        port = 1812
    }
    listen {
        type = acct
        ipaddr = 127.0.0.1
        port = 1813
    }
    authorize {
        update control {
            Cleartext-Password := "wonderland"
        }
        update reply {
            Message-Authenticator := 0x00
            Framed-IP-Address := 10.99.0.77
            Framed-Route := "10.123.0.0/16 10.99.0.77 1"
            Framed-MTU := 1300
            MS-Primary-DNS-Server := 10.99.0.54
            Class := 0x616263
            Session-Timeout := 600
        }
        mschap
    }
    authenticate {
        Auth-Type MS-CHAP {
            mschap
        }
    }
    accounting {
        ok
    }
}
"#;

fn radius_accounts() {
    let Some(freeradius) = FreeRadius::find() else {
        return pptp_interop::say!("SKIPPED: accounts: no program `freeradius` (of Debian's package `freeradius`)");
    };
    let text = CONFIGURATION.replace("SECRET", SECRET);
    let radius = in_network(Some(SERVER), || FreeRadius::start(&[], &freeradius, &text, |_, _| ()));
    let radius = radius.expect("nobody else is in this network");
    // Nobody is at the first one: the second is asked.
    let silent = in_network(Some(SERVER), || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    let port = silent.local_addr().unwrap().port();
    let mut server = start_server(&format!(
        "--radius 127.0.0.1:{port} --radius 127.0.0.1:1812 --accounting 127.0.0.1:1813 --radius-secret {SECRET} \
         --set radius.timeout=1 --set radius.retransmit=1 --control-socket {SOCKET}"
    ));
    let mut client = start_client(None, NEAR, ALICE);
    client.wait_for("local-address: 10.99.0.77", PATIENCE);
    // In place of the name server of the configuration.
    client.wait_for("dns: 10.99.0.54", PATIENCE);
    assert!(until(PATIENCE, || radius.log().contains("Acct-Status-Type = Start")), "{}", radius.log());
    for _ in 0..3 {
        ping_within(PATIENCE, GATEWAY, 1000).unwrap();
    }
    // A network behind the client has a way there, and no longer a packet than it may.
    let routes = in_network(Some(SERVER), devices_and_routes);
    assert!(routes.iter().any(|route| route == "route tun0 00007B0A 0000FFFF"), "{routes:?}");
    assert!(server.output().contains("10.99.0.77, MTU 1300"), "{}", server.output());
    end(client, Signal::INT, 0);
    server.wait_for("counters", PATIENCE);
    assert!(until(PATIENCE, || radius.log().contains("Acct-Status-Type = Stop")), "{}", radius.log());
    let log = radius.log();
    let stop = &log[log.rfind("Acct-Status-Type = Stop").unwrap()..];
    let counters = server.output();
    let counters = counters[counters.rfind("counters").unwrap()..].to_owned();
    for (attribute, words) in [
        ("Acct-Output-Packets", " packets sent"),
        ("Acct-Input-Packets", " received"),
        ("Acct-Output-Octets", " bytes sent"),
    ] {
        // Each line has the number of its request in front.
        let value = stop.lines().find_map(|line| line.split_once(&format!(" {attribute} = ")));
        let value = value.map(|(_, value)| value.trim());
        let value = value.unwrap_or_else(|| panic!("no {attribute} in {stop}"));
        assert!(counters.contains(&format!("{value}{words}")), "{attribute} = {value} is not in {counters}");
    }
    for text in [
        "Acct-Terminate-Cause = User-Request",
        "Class = 0x616263",
        "User-Name = \"alice\"",
        "Framed-IP-Address = 10.99.0.77",
    ] {
        assert!(stop.contains(text), "{text} in {stop}");
    }
    end(server, Signal::TERM, 0);
}
