//! `vpdn-client` against `vpdn-server` with L2TP, in networks of their own: every setting that the two have. Sessions that
//! nobody sets up are between two clients. The README has the table that this prints.
#![cfg(target_os = "linux")]

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use pptp_interop::examples::{self, Program};
use pptp_interop::matrix::{Measured, Row};
use pptp_interop::namespace::{clock, devices_and_routes, in_network, isolated, run, until};
use pptp_interop::traffic::{End, exercise, ping};
use rustix::process::Signal;

/// The folder of the programs: an environment variable.
const FOLDER: &str = "L2TP_PROGRAMS";
/// The server's network; the client is in the test's own.
const SERVER: &str = "server";
const NEAR: &str = "172.16.9.1";
const FAR: &str = "172.16.9.2";
/// The server in the tunnels.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
const ALICE: &str = "--user alice --password wonderland";
/// The two ends of an Ethernet.
const ETHERNET: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 77, 0, 1), Ipv4Addr::new(10, 77, 0, 2)];

/// For any one thing to happen.
const PATIENCE: Duration = Duration::from_secs(60);
/// For all together.
const LIMIT: Duration = Duration::from_secs(600);
/// Bytes of a transfer.
const LENGTH: usize = 1_000_000;

const MPPE: (&str, &str) = ("", "MPPE 128 bit, stateless");
const PLAIN: (&str, &str) = ("--auth chap --mppe none", "none");
const SECRET: &str = "--tunnel-secret s3cr3t-tunnel";

#[test]
fn our_client_and_our_server_of_l2tp() {
    let prepare = || vec![(FOLDER, examples::build())];
    isolated("our_client_and_our_server_of_l2tp", &[], LIMIT, prepare, inside);
}

fn inside() {
    make_networks();
    let begin = clock();
    let mut rows = Vec::new();
    let mut add = |row: Row| {
        pptp_interop::say!("{row}");
        rows.push(row);
    };
    for case in version_2().into_iter().chain(version_3()) {
        add(signalled(&case));
    }
    add(circuits());
    for (transport, layout, settings) in static_layouts() {
        add(ethernet(&transport, &layout, &settings));
    }
    add(changed_secret());
    let table: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let time = begin.elapsed().as_secs_f64();
    pptp_interop::say!("{}\n{table}{} cases in {time:.0} s", Row::HEAD, rows.len());
}

fn make_networks() {
    std::fs::create_dir("/run/netns").unwrap();
    run(&format!("ip netns add {SERVER}"));
    run(&format!("ip -n {SERVER} link set lo up"));
    run("ip link set lo up");
    run("ip link add v0 type veth peer name v0p");
    run(&format!("ip link set v0p netns {SERVER}"));
    run(&format!("ip -n {SERVER} addr add {FAR}/24 dev v0p"));
    run(&format!("ip -n {SERVER} link set v0p up"));
    run(&format!("ip addr add {NEAR}/24 dev v0"));
    run("ip link set v0 up");
}

/// Devices and routes of both networks.
fn everything() -> Vec<Vec<String>> {
    [None, Some(SERVER)].map(|network| in_network(network, devices_and_routes)).into()
}

fn start(network: Option<&str>, side: &str, arguments: &str) -> Program {
    let program = PathBuf::from(std::env::var_os(FOLDER).unwrap()).join(format!("vpdn-{side}"));
    Program::start(network, &program, arguments)
}

fn start_server(arguments: &str) -> Program {
    std::fs::write("/run/users", "alice wonderland\n").unwrap();
    let all = format!("--address {GATEWAY} --pool 10.99.0.10-10.99.0.20 --users /run/users {arguments}");
    let mut server = start(Some(SERVER), "server", &all);
    server.wait_for("listening", PATIENCE);
    server
}

/// Dials, and waits until IP is up.
fn dial(arguments: &str) -> Program {
    let mut client = start(None, "client", &format!("{FAR} {ALICE} {arguments}"));
    client.wait_for("remote-address:", PATIENCE);
    client
}

fn own_address(client: &Program) -> Ipv4Addr {
    client.line("local-address:").unwrap().parse().unwrap()
}

fn end(program: Program, signal: Signal) {
    program.finish(signal, 0, PATIENCE);
}

/// A tunnel with one call.
struct Case {
    what: String,
    /// Arguments of both sides.
    both: String,
    encoding: &'static str,
}

fn version_2() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, proof) in
        [("", String::new()), (", challenge", SECRET.into()), (", hidden", format!("{SECRET} --hidden"))]
    {
        for (order, numbers) in [("", ""), (", sequencing", "--sequencing both")] {
            for (arguments, encoding) in [MPPE, PLAIN] {
                let what = format!("version 2{name}{order}");
                cases.push(Case { what, both: format!("--protocol l2tp {proof} {numbers} {arguments}"), encoding });
            }
        }
    }
    cases
}

/// Carriers, cookies, and the sublayer without and with numbers: all combinations.
fn layouts() -> Vec<(&'static str, String, String)> {
    let mut layouts = Vec::new();
    for protocol in ["udp", "l2tp"] {
        for cookie in [0, 4, 8] {
            for (name, sublayer) in
                [("", ""), (", sublayer", "--sublayer"), (", sequencing", "--sublayer --sequencing both")]
            {
                let settings = format!("--ip-protocol {protocol} --cookie-size {cookie} {sublayer}");
                layouts.push((protocol, format!("cookie {cookie}{name}"), settings));
            }
        }
    }
    layouts
}

/// Each layout with a proof and an encoding: the four proofs and the two encodings take turns, so that each comes with each.
fn version_3() -> Vec<Case> {
    let digest = |hash: &str, hidden: &str| format!("{SECRET} --digest {hash} {hidden}");
    let proofs = [
        ("", String::new()),
        (", digest MD5", digest("md5", "")),
        (", digest SHA-1, hidden", digest("sha", "--hidden")),
        (", digest MD5, hidden", digest("md5", "--hidden")),
        (", digest SHA-1", digest("sha", "")),
    ];
    let case = |(index, (protocol, layout, settings)): (usize, (&str, String, String))| {
        let (name, proof) = &proofs[index % proofs.len()];
        let (arguments, encoding) = [MPPE, PLAIN][index / proofs.len() % 2];
        let what = format!("version 3 over {}, {layout}{name}", carrier(protocol));
        Case { what, both: format!("--protocol l2tpv3 {settings} {proof} {arguments}"), encoding }
    };
    layouts().into_iter().enumerate().map(case).collect()
}

fn carrier(protocol: &str) -> &'static str {
    if protocol == "udp" { "UDP" } else { "IP" }
}

/// Traffic between the two ends.
fn traffic(what: &str, near: Ipv4Addr, far: Ipv4Addr) -> Measured {
    let near = End { network: None, address: near };
    let far = End { network: Some(SERVER), address: far };
    let measured = exercise(what, near, far, LENGTH);
    Measured { ping: measured.ping, sent: measured.sent, received: measured.received, length: LENGTH }
}

fn signalled(case: &Case) -> Row {
    let Case { what, both, encoding } = case;
    let before = everything();
    let server = start_server(both);
    let mut row = Row::new((0, clock()), "both", what);
    let begin = clock();
    let client = dial(both);
    row.up = begin.elapsed();
    assert_eq!(client.line("encoding:").as_deref(), Some(*encoding), "{what}: {}", client.output());
    // The server may have its last packet of the negotiation a moment later than the client.
    let is_up = until(PATIENCE, || server.output().contains(&format!("encoding: {encoding}")));
    assert!(is_up, "{what}: {}", server.output());
    row.came = (*encoding).to_owned();
    row.measured = Some(traffic(what, own_address(&client), GATEWAY));
    let begin = clock();
    end(client, Signal::INT);
    row.down = Some(begin.elapsed());
    let is_over = until(PATIENCE, || server.output().matches(": over: ").count() == 2);
    assert!(is_over, "{what}: {}", server.output());
    end(server, Signal::TERM);
    assert_eq!(everything(), before, "{what}: left behind");
    row
}

/// Cisco's VCID: the server has circuits, and a client that wants another one is refused.
fn circuits() -> Row {
    let what = "version 3, circuit 15 and no other";
    let server = start_server("--protocol l2tpv3 --set vpdn-group.default.vcids=[15]");
    let mut row = Row::new((0, clock()), "both", what);
    let begin = clock();
    let client = dial("--protocol l2tpv3 --vcid 15");
    row.up = begin.elapsed();
    let mut other = start(None, "client", &format!("{FAR} {ALICE} --tun tun7 --protocol l2tpv3 --vcid 16"));
    assert_eq!(other.wait(PATIENCE).code(), Some(8), "{}", other.output());
    let output = other.output();
    let sentence = output.lines().last().unwrap_or_default().trim_start_matches("vpdn-client: ");
    row.came = format!("another: {sentence}");
    row.measured = Some(traffic(what, own_address(&client), GATEWAY));
    end(client, Signal::INT);
    end(server, Signal::TERM);
    row
}

/// The operator changes the secret of the tunnels. The tunnel that is up goes on, and new ones need the new secret; while
/// both are in the configuration, either will do.
fn changed_secret() -> Row {
    let what = "the secret changes meanwhile";
    let write = |keys: &str| {
        let text = format!(
            "[vpdn-group.default]\naccept-dialin = {{ protocol = \"l2tpv3\", virtual-template = \"1\" }}\nl2tp-class = \
             \"one\"\n[virtual-template.1]\n[l2tp-class.one]\nauthentication = true\n{keys}\n"
        );
        std::fs::write("/run/server.toml", text).unwrap();
    };
    let reload = |server: &Program, times: usize| {
        server.signal(Signal::HUP);
        let is_read = until(PATIENCE, || server.output().matches("was read again").count() == times);
        assert!(is_read, "{}", server.output());
    };
    let client = |secret: &str, device: &str| format!("--protocol l2tpv3 --tun {device} --tunnel-secret {secret}");
    let refused = |secret: &str| {
        let arguments =
            format!("{FAR} {ALICE} {} --set l2tp-class.default.retransmit.initial-retries=1", client(secret, "tun7"));
        let mut client = start(None, "client", &arguments);
        // RFC 3931 section 4.3: a message with a wrong digest is no message, so that nobody answers.
        assert_eq!(client.wait(PATIENCE).code(), Some(4), "{what}: {secret}: {}", client.output());
    };
    write("password = \"first\"");
    let server = start_server("--config /run/server.toml");
    let mut row = Row::new((0, clock()), "both", what);
    let begin = clock();
    let old = dial(&client("first", "tun0"));
    row.up = begin.elapsed();
    refused("second");

    write("password = \"second\"\nold-password = \"first\"");
    reload(&server, 1);
    end(dial(&client("first", "tun1")), Signal::INT);
    end(dial(&client("second", "tun1")), Signal::INT);

    write("password = \"second\"");
    reload(&server, 2);
    refused("first");
    end(dial(&client("second", "tun1")), Signal::INT);

    // A configuration that is wrong changes nothing.
    write("password = 7");
    server.signal(Signal::HUP);
    assert!(until(PATIENCE, || server.output().contains("stays as it was")), "{}", server.output());
    end(dial(&client("second", "tun1")), Signal::INT);

    row.measured = Some(traffic(what, own_address(&old), GATEWAY));
    row.came = "the tunnel that was up goes on; a new one needs the new secret".to_owned();
    let begin = clock();
    end(old, Signal::INT);
    row.down = Some(begin.elapsed());
    end(server, Signal::TERM);
    row
}

/// The layouts of sessions that nobody sets up, as `--set` of both ends, without ids and cookies.
fn static_layouts() -> Vec<(String, String, String)> {
    let layout = |(protocol, layout, settings): (&str, String, String)| {
        let settings =
            settings.replace("--cookie-size 0", "").replace("--cookie-size 4", "").replace("--cookie-size 8", "");
        (carrier(protocol).to_owned(), layout, settings)
    };
    layouts().into_iter().map(layout).collect()
}

/// Runs an Ethernet between two clients, with the numbers of Cisco's manual.
fn ethernet(carrier: &str, layout: &str, settings: &str) -> Row {
    let what = format!("Ethernet by hand over {carrier}, {layout}");
    let before = everything();
    let cookies = match layout.split([' ', ',']).nth(1) {
        Some("4") => ["00000064", "000000c8"].map(Some),
        Some("8") => ["0000000000000064", "00000000000000c8"].map(Some),
        _ => [None, None],
    };
    let one_end = |peer: &str, ids: [u32; 2], cookies: [Option<&str>; 2]| {
        let mut manual = format!("{{local-id={},remote-id={},circuit=\"ethernet\"", ids[0], ids[1]);
        for (side, cookie) in ["local", "remote"].into_iter().zip(cookies) {
            if let Some(cookie) = cookie {
                manual += &format!(",{side}-cookie=\"{cookie}\"");
            }
        }
        format!(
            "{peer} --protocol l2tpv3 {settings} --set pseudowire-class.default.protocol=none --set client.manual={manual}}}"
        )
    };
    let mut row = Row::new((1, clock()), "both", &what);
    let begin = clock();
    let near = start(None, "client", &one_end(FAR, [111, 222], cookies));
    let far = start(Some(SERVER), "client", &one_end(NEAR, [222, 111], [cookies[1], cookies[0]]));
    let mut ends = [near, far];
    for (program, (network, address)) in ends.iter_mut().zip([None, Some(SERVER)].into_iter().zip(ETHERNET)) {
        program.wait_for("interface:", PATIENCE);
        in_network(network, || run(&format!("ip addr add {address}/24 dev tap0")));
    }
    in_network(None, || ping(ETHERNET[1], 56)).unwrap_or_else(|error| panic!("{what}: {error}"));
    row.up = begin.elapsed();
    row.measured = Some(traffic(&what, ETHERNET[0], ETHERNET[1]));
    row.came = ends[0].line("interface: tap0,").unwrap_or_default();
    let begin = clock();
    for program in ends {
        end(program, Signal::INT);
    }
    row.down = Some(begin.elapsed());
    assert_eq!(everything(), before, "{what}: left behind");
    row
}
