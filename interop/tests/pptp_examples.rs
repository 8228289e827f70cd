//! Our client against our server, as processes: the programs `vpdn-client` and `vpdn-server` in networks of their own.
#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use pptp::server::{Config, Session};
use pptp::session::MAX_TRANSMIT;
use pptp::wire::Text;
use pptp::wire::message::{EchoRequest, Message, StartControlConnectionRequest};

use pptp_interop::examples::{self, Program};
use pptp_interop::namespace::{clock, devices_and_routes, in_network, isolated, run};
use pptp_interop::traffic::{End, exercise};
use rustix::process::Signal;

/// Where the examples are: an environment variable.
const FOLDER: &str = "PPTP_EXAMPLES";

/// The server's network, and that of a second client. The first client is in the test's own.
const SERVER: &str = "server";
const SECOND: &str = "second";
const SERVER_ADDRESSES: [&str; 2] = ["172.16.9.2", "172.16.10.2"];
/// The server in the tunnels.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
const USERS: &str = "/run/users";

/// For any one thing to happen.
const PATIENCE: Duration = Duration::from_secs(60);
/// For all together.
const LIMIT: Duration = Duration::from_secs(600);
/// Bytes of a transfer.
const LENGTH: usize = 10_000_000;

#[test]
fn our_client_and_our_server() {
    let prepare = || vec![(FOLDER, examples::build())];
    isolated("our_client_and_our_server", &[], LIMIT, prepare, inside);
}

fn inside() {
    make_networks();
    let mut table = String::new();
    let begin = clock();
    for case in cases() {
        table += &carry(&case);
    }
    two_at_once(&mut table);
    for refusal in refusals() {
        table += &refuse(&refusal);
    }
    new_password(&mut table);
    server_hangs_up(&mut table);
    peer_that_never_reads(&mut table);
    what_the_system_refuses(&mut table);
    gre_that_is_blocked(&mut table);
    writeln!(table, "{:<58}{:>7.1} s", "all", begin.elapsed().as_secs_f64()).unwrap();
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
    run(&format!("ip -n {SECOND} addr add 172.16.10.1/24 dev v1"));
    run(&format!("ip -n {SECOND} link set v1 up"));
    run("ip link set lo up");
}

fn example(name: &str) -> PathBuf {
    PathBuf::from(std::env::var_os(FOLDER).unwrap()).join(format!("vpdn-{name}"))
}

fn start_server(arguments: &str) -> Program {
    std::fs::write(
        USERS,
        "# name secret\nalice wonderland\nbob nt:8846f7eaee8fb117ad06bdd830b7586c\ncarol old expired\n",
    )
    .unwrap();
    let all = format!("--address {GATEWAY} --pool 10.99.0.10-10.99.0.20 --users {USERS} --dns 10.99.0.53 {arguments}");
    let mut server = Program::start(Some(SERVER), &example("server"), &all);
    server.wait_for("listening", PATIENCE);
    server
}

fn start_client(network: Option<&str>, arguments: &str) -> Program {
    let server = SERVER_ADDRESSES[usize::from(network.is_some())];
    Program::start(network, &example("client"), &format!("{server} {arguments}"))
}

const ALICE: &str = "--user alice --password wonderland";

/// Devices and routes of all networks.
fn everything() -> Vec<Vec<String>> {
    [None, Some(SERVER), Some(SECOND)].map(|network| in_network(network, devices_and_routes)).into()
}

/// A session that comes up.
struct Case {
    name: String,
    /// Arguments of both sides.
    arguments: String,
    encoding: &'static str,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add =
        |name: String, arguments: String, encoding: &'static str| cases.push(Case { name, arguments, encoding });
    add("defaults".into(), String::new(), "MPPE 128 bit, stateless");
    for (mode, option) in [("stateless", ""), ("stateful", ",stateful")] {
        for strength in ["128", "56", "40"] {
            for compression in ["off", "default"] {
                if (mode, strength, compression) == ("stateless", "128", "off") {
                    continue;
                }
                let encoding = match (strength, mode, compression) {
                    ("128", "stateless", _) => "MPPE 128 bit, stateless, MPPC",
                    ("128", _, "off") => "MPPE 128 bit, stateful",
                    ("128", ..) => "MPPE 128 bit, stateful, MPPC",
                    ("56", "stateless", "off") => "MPPE 56 bit, stateless",
                    ("56", "stateless", _) => "MPPE 56 bit, stateless, MPPC",
                    ("56", _, "off") => "MPPE 56 bit, stateful",
                    ("56", ..) => "MPPE 56 bit, stateful, MPPC",
                    (_, "stateless", "off") => "MPPE 40 bit, stateless",
                    (_, "stateless", _) => "MPPE 40 bit, stateless, MPPC",
                    (_, _, "off") => "MPPE 40 bit, stateful",
                    (..) => "MPPE 40 bit, stateful, MPPC",
                };
                let arguments = format!("--mppe {strength},required{option} --compression {compression}");
                add(format!("MS-CHAPv2, {encoding}"), arguments, encoding);
            }
        }
    }
    for (strength, encoding) in [("128", "MPPE 128 bit, stateless"), ("40", "MPPE 40 bit, stateless")] {
        add(format!("MS-CHAPv1, {encoding}"), format!("--auth mschap1 --mppe {strength},required"), encoding);
    }
    for method in ["chap", "pap"] {
        for (compression, encoding) in [("off", "none"), ("fast", "MPPC")] {
            let arguments = format!("--auth {method} --mppe none --compression {compression}");
            add(format!("{method}, {encoding}"), arguments, encoding);
        }
    }
    add("all that is weak".into(), "--interop --compression max --ipv6".into(), "MPPE 128 bit, stateless, MPPC");
    cases
}

/// Brings a session up, uses it, and ends it by Ctrl-C: nothing is left behind.
fn carry(case: &Case) -> String {
    let Case { name, arguments, encoding } = case;
    let before = everything();
    let mut server = start_server(arguments);
    let begin = clock();
    let mut client = start_client(None, &format!("{ALICE} {arguments} --route 10.99.7.0/24"));
    client.wait_for("dns:", PATIENCE);
    let up = begin.elapsed();
    // Where encryption is preferred, it may come after the addresses.
    client.wait_for(&format!("encoding: {encoding}\n"), PATIENCE);
    assert_eq!(client.line("dns:").as_deref(), Some("10.99.0.53"));
    let address = client.line("local-address:").unwrap().parse().unwrap();
    let (near, far) = (End { network: None, address }, End { network: Some(SERVER), address: GATEWAY });
    let measured = exercise(name, near, far, LENGTH);
    assert!(devices_and_routes().iter().any(|line| line.starts_with("route tun0 0007630A")), "the route is missing");
    let begin = clock();
    client.signal(Signal::INT);
    assert_eq!(client.wait(PATIENCE).code(), Some(0), "{name}: {}", client.output());
    let down = begin.elapsed();
    server.wait_for("over: the peer closes the connection", PATIENCE);
    server.signal(Signal::TERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0), "{name}: {}", server.output());
    assert_eq!(everything(), before, "{name}: left behind");
    let rate = |time: Duration| LENGTH as f64 / 1e6 / time.as_secs_f64();
    format!(
        "{name:<44}up {:>4} ms  ping {:>5.1} ms  there {:>5.1} MB/s  back {:>5.1} MB/s  down {:>4} ms\n",
        up.as_millis(),
        measured.ping.as_secs_f64() * 1e3,
        rate(measured.sent),
        rate(measured.received),
        down.as_millis()
    )
}

/// Runs two clients with traffic at the same time. One of them ends; the other does not notice.
fn two_at_once(table: &mut String) {
    let begin = clock();
    let before = everything();
    let mut server = start_server("");
    let networks = [None, Some(SECOND)];
    let users = [ALICE, "--user CORP\\bob --password password"];
    let mut clients: Vec<_> = networks.iter().zip(users).map(|(network, user)| start_client(*network, user)).collect();
    let addresses: Vec<Ipv4Addr> = clients
        .iter_mut()
        .map(|client| {
            client.wait_for("dns:", PATIENCE);
            client.line("local-address:").unwrap().parse().unwrap()
        })
        .collect();
    assert_ne!(addresses[0], addresses[1]);
    std::thread::scope(|scope| {
        // The ports of the far end are taken by the first.
        let first = scope.spawn(|| {
            let near = End { network: None, address: addresses[0] };
            exercise("two at once", near, End { network: Some(SERVER), address: GATEWAY }, LENGTH)
        });
        let near = End { network: Some(SERVER), address: GATEWAY };
        let second = End { network: Some(SECOND), address: addresses[1] };
        let _ = exercise("two at once", near, second, LENGTH);
        let _ = first.join().unwrap();
    });
    // A packet that the second client sends with the address of the first does not come through.
    in_network(Some(SECOND), || run(&format!("ip addr add {}/32 dev lo", addresses[0])));
    let forged = in_network(Some(SECOND), || {
        let socket = std::net::UdpSocket::bind((addresses[0], 0)).unwrap();
        socket.send_to(b"forged", (GATEWAY, 9)).unwrap()
    });
    assert_eq!(forged, 6);
    in_network(Some(SECOND), || run(&format!("ip addr del {}/32 dev lo", addresses[0])));
    clients[0].signal(Signal::INT);
    assert_eq!(clients[0].wait(PATIENCE).code(), Some(0));
    let far = End { network: Some(SERVER), address: GATEWAY };
    let _ = exercise("the other goes on", End { network: Some(SECOND), address: addresses[1] }, far, 100_000);
    server.signal(Signal::USR1);
    server.wait_for("of another sender 1", PATIENCE);
    server.wait_for("Session username is CORP\\\\bob, state is estabd", PATIENCE);
    clients[1].signal(Signal::TERM);
    assert_eq!(clients[1].wait(PATIENCE).code(), Some(0));
    server.signal(Signal::INT);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    assert_eq!(everything(), before, "left behind");
    writeln!(table, "{:<58}{:>7} ms", "two clients at once, one forges", begin.elapsed().as_millis()).unwrap();
}

/// A session that does not come up.
struct Refusal {
    name: &'static str,
    server: &'static str,
    client: &'static str,
    status: i32,
    text: &'static str,
}

fn refusals() -> Vec<Refusal> {
    let refusal = |name, server, client, status, text| Refusal { name, server, client, status, text };
    vec![
        refusal("wrong password", "", "--user alice --password wrong", 6, "error 691"),
        refusal("nobody", "", "--user nobody --password wrong", 6, "error 691"),
        refusal(
            "wrong password, PAP",
            "--interop --auth pap --mppe none",
            "--user alice --password wrong --auth pap --mppe none",
            6,
            "error 691",
        ),
        refusal("server refuses encryption", "--mppe none", ALICE, 7, "error 742"),
        refusal("client refuses encryption", "", "--user alice --password wonderland --mppe none", 7, "error 742"),
        refusal("no strength in common", "--mppe 40,required", ALICE, 7, "error 742"),
        refusal("CHAP leaves no keys", "", "--user alice --password wonderland --auth chap", 2, "leaves keys"),
        refusal("expired password", "", "--user carol --password old", 6, "error 648"),
    ]
}

fn refuse(refusal: &Refusal) -> String {
    let before = everything();
    let mut server = start_server(refusal.server);
    let begin = clock();
    let mut client = start_client(None, refusal.client);
    let status = client.wait(PATIENCE).code();
    let time = begin.elapsed();
    let output = client.output();
    assert_eq!(status, Some(refusal.status), "{}: {output}\n{}", refusal.name, server.output());
    let sentence = output.lines().last().unwrap_or_default();
    assert!(sentence.contains(refusal.text), "{}: {output}", refusal.name);
    server.signal(Signal::TERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0), "{}: {}", refusal.name, server.output());
    assert_eq!(everything(), before, "{}: left behind", refusal.name);
    format!("{:<28}{:>7} ms  {}\n", refusal.name, time.as_millis(), sentence)
}

/// Changes an expired password, and expects the new one to be good and the old one not.
fn new_password(table: &mut String) {
    let begin = clock();
    let mut server = start_server("");
    let mut client = start_client(None, "--user carol --password old --new-password new");
    client.wait_for("dns:", PATIENCE);
    client.signal(Signal::INT);
    assert_eq!(client.wait(PATIENCE).code(), Some(0), "{}", client.output());
    let users = std::fs::read_to_string(USERS).unwrap();
    // The hash of "new"; the other lines are as they were.
    let hash = mschap::NtHash::from_password("new");
    assert!(users.ends_with(&format!("\ncarol nt:{}\n", hex::encode(hash.as_bytes()))), "{users}");
    assert!(users.starts_with("# name secret\nalice wonderland\n"), "{users}");
    let mut client = start_client(None, "--user carol --password old");
    assert_eq!(client.wait(PATIENCE).code(), Some(6), "{}", client.output());
    let mut client = start_client(None, "--user carol --password new");
    client.wait_for("dns:", PATIENCE);
    client.signal(Signal::INT);
    assert_eq!(client.wait(PATIENCE).code(), Some(0), "{}", client.output());
    server.signal(Signal::TERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    writeln!(table, "{:<58}{:>7} ms", "expired password changed", begin.elapsed().as_millis()).unwrap();
}

/// Ends all sessions by the server, and expects the client's message when no server is there.
fn server_hangs_up(table: &mut String) {
    let begin = clock();
    let before = everything();
    let mut server = start_server("");
    let mut client = start_client(None, &format!("{ALICE} --trace"));
    client.wait_for("dns:", PATIENCE);
    server.signal(Signal::TERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0), "{}", server.output());
    assert_eq!(client.wait(PATIENCE).code(), Some(8), "{}", client.output());
    // The trace is that of `vpdn-inspect`, and has the keys.
    let trace = client.output();
    for text in [
        "PPTP: I Start-Control-Connection-Request",
        "CHAP: O CHALLENGE",
        "the client encrypts: MPPE 128 bit, stateless",
    ] {
        assert!(trace.contains(text), "no \"{text}\" in {trace}");
    }
    let mut client = start_client(None, ALICE);
    assert_eq!(client.wait(PATIENCE).code(), Some(4));
    assert!(client.output().contains("no PPTP server listens there"), "{}", client.output());
    assert_eq!(everything(), before, "left behind");
    writeln!(table, "{:<58}{:>7} ms", "server hangs up", begin.elapsed().as_millis()).unwrap();
}

/// Runs a connection that sends without end and never reads, and expects that others are served.
fn peer_that_never_reads(table: &mut String) {
    let begin = clock();
    let mut server = start_server("");
    let mut tcp = TcpStream::connect((SERVER_ADDRESSES[0], pptp::wire::TCP_PORT)).unwrap();
    tcp.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    tcp.write_all(&Message::from(StartControlConnectionRequest::new(Text::EMPTY, Text::EMPTY)).to_vec()).unwrap();
    let echoes: Vec<u8> = (0..1000).flat_map(|number| Message::from(EchoRequest::new(number)).to_vec()).collect();
    // Until nothing more goes: all buffers on the way are full.
    let is_blocked = (0..4000).any(|_| tcp.write_all(&echoes).is_err());
    assert!(is_blocked, "the server reads without being read");
    let mut client = start_client(None, ALICE);
    client.wait_for("dns:", PATIENCE);
    client.signal(Signal::INT);
    assert_eq!(client.wait(PATIENCE).code(), Some(0), "{}", client.output());
    server.signal(Signal::TERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0), "{}", server.output());
    writeln!(table, "{:<58}{:>7} ms", "a peer that never reads", begin.elapsed().as_millis()).unwrap();
}

/// Expects a sentence when privileges or a route to the server are missing.
fn what_the_system_refuses(table: &mut String) {
    let begin = clock();
    let (client, server) = (example("client"), SERVER_ADDRESSES[0]);
    let without = ["--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "-all"];
    // The program has to be readable for any user.
    let copy = Path::new("/run/client");
    std::fs::copy(client, copy).unwrap();
    let arguments = format!("{} {} {server} {ALICE}", without.join(" "), copy.display());
    let mut unprivileged = Program::start(None, Path::new("/usr/bin/setpriv"), &arguments);
    let status = unprivileged.wait(PATIENCE).code();
    let output = unprivileged.output();
    assert!(status == Some(3) && output.contains("no permission"), "{status:?} {output}");
    let mut lost = Program::start(None, &example("client"), &format!("198.51.100.1 {ALICE}"));
    let (status, output) = (lost.wait(PATIENCE).code(), lost.output());
    assert!(status == Some(4) && output.contains("no route"), "{status:?} {output}");
    writeln!(table, "{:<58}{:>7} ms", "no permission, no route", begin.elapsed().as_millis()).unwrap();
}

/// Runs a server of which only the control connection gets through.
fn gre_that_is_blocked(table: &mut String) {
    let begin = clock();
    let address = std::net::SocketAddr::from((SERVER_ADDRESSES[0].parse::<Ipv4Addr>().unwrap(), pptp::wire::TCP_PORT));
    let listener = in_network(Some(SERVER), move || TcpListener::bind(address).unwrap());
    let server = std::thread::spawn(move || {
        let (mut tcp, _) = listener.accept().unwrap();
        tcp.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let mut session: Session = Session::new(&Config::new(GATEWAY), [1; 32]);
        let (start, mut buf) = (clock(), [0; MAX_TRANSMIT]);
        session.open(Duration::ZERO);
        loop {
            let now = start.elapsed();
            session.handle_timeout(now);
            let mut bytes = [0; 2048];
            match tcp.read(&mut bytes) {
                Ok(0) => return,
                Ok(length) => assert_eq!(session.handle_stream(now, &bytes[..length]), length),
                Err(_) => {}
            }
            while session.poll_event().is_some() {}
            while let Some(bytes) = session.poll_control(now, &mut buf).unwrap() {
                // The client may have gone.
                let _ = tcp.write_all(bytes);
            }
        }
    });
    let mut client = start_client(None, ALICE);
    let status = client.wait(3 * PATIENCE).code();
    let output = client.output();
    assert!(status == Some(5) && output.contains("IP protocol 47") && output.contains("806"), "{status:?} {output}");
    server.join().unwrap();
    writeln!(table, "{:<58}{:>7} ms", "GRE is blocked", begin.elapsed().as_millis()).unwrap();
}
