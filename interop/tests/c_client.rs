//! The C client of `pptp-capi` against our server, and against pptpd with pppd on a real kernel; by
//! itself and under valgrind.
#![cfg(target_os = "linux")]

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pptp_interop::examples::{self, Program};
use pptp_interop::matrix::{self, Lab, Plan, Row};
use pptp_interop::namespace::{clock, devices_and_routes, in_network, isolated, run};
use pptp_interop::traffic::{End, exercise};
use pptp_interop::{c_programs, say, uml};
use rustix::process::Signal;

/// Where `vpdn-server` is, and where the client is: environment variables.
const FOLDER: &str = "PPTP_EXAMPLES";
const CLIENT: &str = "PPTP_C_CLIENT";

/// The server's network. The client is in the test's own.
const SERVER: &str = "server";
const SERVER_ADDRESS: &str = "172.16.9.2";
/// The server in the tunnels, ours and pptpd.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);

/// For any one thing to happen; under valgrind all is fifty times slower.
const PATIENCE: Duration = Duration::from_secs(90);
/// For all together.
const LIMIT: Duration = Duration::from_secs(300);

/// A way to run the client.
#[derive(Clone, Copy)]
enum Under {
    Nothing,
    Valgrind,
}

impl Under {
    /// Returns those that are possible here.
    fn all(test: &str) -> Vec<Self> {
        let has_valgrind = Path::new("/usr/bin/valgrind").exists();
        if !has_valgrind {
            say!("SKIPPED: {test}: no program `valgrind`");
        }
        if has_valgrind { vec![Self::Nothing, Self::Valgrind] } else { vec![Self::Nothing] }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "by itself",
            Self::Valgrind => "under valgrind",
        }
    }

    /// Starts the client in the network of this thread.
    fn start(self, arguments: &str) -> Program {
        let client = PathBuf::from(std::env::var_os(CLIENT).unwrap());
        match self {
            Self::Nothing => Program::start(None, &client, arguments),
            Self::Valgrind => {
                let options = "--quiet --leak-check=full --error-exitcode=9";
                let all = format!("{options} {} {arguments}", client.display());
                Program::start(None, Path::new("/usr/bin/valgrind"), &all)
            }
        }
    }
}

/// Waits until IP is up, and returns our address in the tunnel.
fn own_address(client: &mut Program) -> Ipv4Addr {
    client.wait_for(&format!(", peer {GATEWAY}\n"), PATIENCE);
    client.wait_for("\nConnected\n", PATIENCE);
    let line = client.line("tun0:").unwrap();
    line.split(',').next().unwrap().parse().unwrap()
}

#[test]
fn c_client_and_our_server() {
    let test = "c_client_and_our_server";
    let folder = tempfile::tempdir().unwrap();
    if std::env::var_os(CLIENT).is_some() {
        return isolated(test, &[], LIMIT, Vec::new, with_our_server);
    }
    let Some(client) = c_programs::client(test, folder.path()) else { return };
    let prepare = || vec![(FOLDER, examples::build()), (CLIENT, client)];
    isolated(test, &[], LIMIT, prepare, with_our_server);
}

fn with_our_server() {
    std::fs::create_dir("/run/netns").unwrap();
    run(&format!("ip netns add {SERVER}"));
    run(&format!("ip -n {SERVER} link set lo up"));
    run("ip link add v0 type veth peer name v1");
    run(&format!("ip link set v1 netns {SERVER}"));
    run(&format!("ip -n {SERVER} addr add {SERVER_ADDRESS}/24 dev v1"));
    run(&format!("ip -n {SERVER} link set v1 up"));
    run("ip addr add 172.16.9.1/24 dev v0");
    run("ip link set v0 up");
    run("ip link set lo up");
    std::fs::write("/run/users", "alice wonderland\n").unwrap();
    let program = PathBuf::from(std::env::var_os(FOLDER).unwrap()).join("vpdn-server");
    let arguments = format!("--address {GATEWAY} --pool 10.99.0.10-10.99.0.20 --users /run/users");
    let mut server = Program::start(Some(SERVER), &program, &arguments);
    server.wait_for("listening", PATIENCE);
    let before = devices_and_routes();

    for under in Under::all("c_client_and_our_server") {
        let begin = clock();
        let mut client = under.start(&format!("{SERVER_ADDRESS} alice wonderland"));
        let address = own_address(&mut client);
        client.wait_for("encryption up: sends H S 128 bit stateless", PATIENCE);
        let length = match under {
            Under::Nothing => 10_000_000,
            Under::Valgrind => 200_000,
        };
        let (near, far) = (End { network: None, address }, End { network: Some(SERVER), address: GATEWAY });
        let measured = exercise(under.name(), near, far, length);
        client.finish(Signal::INT, 0, PATIENCE);
        assert_eq!(devices_and_routes(), before, "left behind");
        let rate = |time: Duration| length as f64 / 1e6 / time.as_secs_f64();
        say!(
            "C client {}: there {:.1} MB/s, back {:.1} MB/s, all in {:.1} s",
            under.name(),
            rate(measured.sent),
            rate(measured.received),
            begin.elapsed().as_secs_f64()
        );
        // A wrong password.
        let mut client = under.start(&format!("{SERVER_ADDRESS} alice looking-glass"));
        client.wait_for("error 691: the user name or the password is wrong", PATIENCE);
        assert_eq!(client.wait(PATIENCE).code(), Some(1), "{}", client.output());
    }
    // The server goes away, and the client says so.
    let mut client = Under::Nothing.start(&format!("{SERVER_ADDRESS} alice wonderland"));
    let _ = own_address(&mut client);
    server.finish(Signal::TERM, 0, PATIENCE);
    let status = client.wait(PATIENCE).code();
    assert!(client.output().contains("the peer"), "{status:?}: {}", client.output());
    assert_eq!(devices_and_routes(), before, "left behind");
    // Nobody listens any more.
    let mut client = Under::Nothing.start(&format!("{SERVER_ADDRESS} alice wonderland"));
    assert_eq!(client.wait(PATIENCE).code(), Some(1), "{}", client.output());
    let _ = in_network(Some(SERVER), devices_and_routes);
}

const PLAN: Plan = Plan {
    script: include_str!("../uml/tunnels"),
    modules: &[],
    life: LIMIT,
    patience: PATIENCE,
    ping: Duration::from_secs(5),
    long: 2_000_000,
    short: 256_000,
};

#[test]
fn c_client_and_pptpd() {
    let test = "c_client_and_pptpd";
    if !uml::has_programs(test, &["pppd", "pptpd", "tc"]) || !uml::is_available(test) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    if std::env::var_os(CLIENT).is_some() {
        return isolated(test, &[], LIMIT, Vec::new, with_pptpd);
    }
    let Some(client) = c_programs::client(test, folder.path()) else { return };
    let prepare = || vec![(FOLDER, folder.path().to_owned()), (CLIENT, client)];
    isolated(test, &[], LIMIT, prepare, with_pptpd);
}

fn with_pptpd() {
    matrix::run_all(FOLDER, |network, folder, attempt| {
        let lab = Lab::boot(&PLAN, network, folder, 0);
        for under in Under::all("c_client_and_pptpd") {
            attempt(&mut || dial_pptpd(&lab, under));
        }
        attempt(&mut || be_refused(&lab));
    });
}

/// Has pptpd take the next call, with these options of pppd; a name for it.
fn serve(lab: &Lab<'_>, options: &str) -> String {
    let name = lab.name();
    let _ = lab.ask(&format!("serve {name} {options}"), &format!("{name} serves"));
    name
}

fn dial_pptpd(lab: &Lab<'_>, under: Under) -> Row {
    let begin = clock();
    let what = format!("C client {}", under.name());
    let mut row = Row::new((0, begin), "client", &what);
    let name = serve(lab, "require-mschap-v2 require-mppe-128");
    let mut client = lab.enter(|| under.start(&format!("{} alice wonderland", lab.address)));
    let own = own_address(&mut client);
    row.up = begin.elapsed();
    assert_eq!(lab.hear(&format!("{name} up ")), format!("{GATEWAY} {own}"), "{what}");
    client.wait_for("encryption up: sends H S 128 bit stateless", PATIENCE);
    row.came = "MPPE 128 bit, stateless".to_owned();
    row.measured = Some(lab.exercise(&name, own, GATEWAY, matches!(under, Under::Nothing)));
    let begin = clock();
    client.finish(Signal::INT, 0, PATIENCE);
    row.down = Some(begin.elapsed());
    let _ = lab.ended(&name);
    assert_eq!(lab.left(), Vec::<String>::new(), "{what}: left behind");
    row
}

fn be_refused(lab: &Lab<'_>) -> Row {
    let begin = clock();
    let mut row = Row::new((1, begin), "client", "C client, wrong password");
    let name = serve(lab, "require-mschap-v2 require-mppe-128");
    let mut client = lab.enter(|| Under::Nothing.start(&format!("{} alice looking-glass", lab.address)));
    client.wait_for("error 691", PATIENCE);
    assert_eq!(client.wait(PATIENCE).code(), Some(1), "{}", client.output());
    row.up = begin.elapsed();
    row.came = "error 691".to_owned();
    lab.ended(&name).expect("wrong password", "Peer alice failed CHAP authentication");
    row
}
