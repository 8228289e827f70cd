//! `vpdn-client` and the L2TPv3 of Linux 6.1, without a daemon: sessions of Ethernet whose numbers both ends were given.
//! The README has the table that this prints.
#![cfg(target_os = "linux")]

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use pptp_interop::examples::{self, Program};
use pptp_interop::matrix::{Measured, Row};
use pptp_interop::namespace::{clock, devices_and_routes, isolated};
use pptp_interop::qemu::{Kernel, Machine, SHORT};
use pptp_interop::traffic::{self, digest, filler};
use pptp_interop::uml::Network;
use rustix::process::Signal;

/// The folder of the programs: an environment variable.
const FOLDER: &str = "L2TP_PROGRAMS";
const TAP: &str = "tap0";
/// Our end of the Ethernet, and the kernel's.
const NEAR: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
const FAR: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);

/// For any one thing to happen.
const PATIENCE: Duration = Duration::from_secs(90);
/// For all together.
const LIMIT: Duration = Duration::from_secs(600);

#[test]
fn static_sessions_with_the_kernel() {
    pptp_interop::say!("SKIPPED: l2tp_kernel: kl2tpd: Debian 12 has no package of it");
    pptp_interop::say!(
        "SKIPPED: l2tp_kernel: PPP pseudowires: Debian has no program that opens their sockets, and this kernel no l2tp_ppp"
    );
    if Kernel::find("l2tp_kernel").is_none() {
        return;
    }
    isolated("static_sessions_with_the_kernel", &["sha1sum"], LIMIT, || vec![(FOLDER, examples::build())], inside);
}

/// A session.
struct Case {
    what: String,
    /// `udp` or `ip`, and the version of IP outside.
    encap: &'static str,
    outside: u8,
    /// Options of `ip l2tp add session`, and our keys.
    theirs: String,
    manual: String,
    class: String,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for encap in ["udp", "ip"] {
        for outside in [4, 6] {
            for (size, [ours, theirs]) in
                [(0, ["", ""]), (4, ["00000064", "000000c8"]), (8, ["0000000000000064", "00000000000000c8"])]
            {
                for (layout, options, keys) in [
                    ("no sublayer", "l2spec_type none", ""),
                    ("sublayer", "", "--sublayer"),
                    ("sequencing", "seq both", "--sublayer --sequencing both"),
                ] {
                    let carrier = if encap == "udp" { "UDP" } else { "IP" };
                    let what = format!("{carrier} over IPv{outside}, cookie {size}, {layout}");
                    let (mut options, mut manual) = (options.to_owned(), String::new());
                    if size > 0 {
                        // The cookie of `ip l2tp` is the one that it sends.
                        options += &format!(" cookie {ours} peer_cookie {theirs}");
                        manual = format!(",local-cookie=\"{ours}\",remote-cookie=\"{theirs}\"");
                    }
                    cases.push(Case { what, encap, outside, theirs: options, manual, class: keys.to_owned() });
                }
            }
        }
    }
    cases
}

fn inside() {
    let kernel = Kernel::find("l2tp_kernel").unwrap();
    let network = Network::new();
    network.add_tap(TAP, Ipv4Addr::new(10, 0, 0, 1));
    network.run(&format!("ip -6 addr add fd00::1/64 dev {TAP} nodad"));
    let begin = clock();
    let machine = Machine::boot(&kernel, &network, TAP);
    let ready = machine.console().wait_after(0, "READY", PATIENCE);
    pptp_interop::say!("{ready}, after {:.1} s", begin.elapsed().as_secs_f64());
    let rows: Vec<_> = cases()
        .iter()
        .map(|case| {
            let row = carry(&machine, &network, case);
            pptp_interop::say!("{row}");
            row
        })
        .collect();
    let table: String = rows.iter().map(|row| format!("{row}\n")).collect();
    pptp_interop::say!("{}\n{table}{} cases in {:.0} s", Row::HEAD, rows.len(), begin.elapsed().as_secs_f64());
}

fn carry(machine: &Machine, network: &Network, case: &Case) -> Row {
    let Case { what, encap, outside, theirs, manual, class } = case;
    let before = network.enter(devices_and_routes);
    let mut row = Row::new((0, clock()), "by hand", what);
    let begin = clock();
    machine.ask(&format!("session call {encap} {outside} {theirs}"), "call up", PATIENCE);
    let protocol = if *encap == "udp" { "udp" } else { "l2tp" };
    let peer = if *outside == 4 { "10.0.0.2" } else { "fd00::2" };
    let arguments = format!(
        "{peer} --tun eth7 --protocol l2tpv3 --ip-protocol {protocol} {class} --set \
         pseudowire-class.default.protocol=none --set \
         client.manual={{local-id=111,remote-id=222,circuit=\"ethernet\"{manual}}}"
    );
    let program = Path::new(&std::env::var_os(FOLDER).unwrap()).join("vpdn-client");
    let mut client = network.enter(|| Program::start(None, &program, &arguments));
    client.wait_for("interface:", PATIENCE);
    network.run(&format!("ip addr add {NEAR}/24 dev eth7"));
    row.came = client.line("interface: eth7,").unwrap_or_default();
    let ping = [56, 1400].map(|bytes| network.enter(|| traffic::ping(FAR, bytes)));
    let [small, large] = ping.map(|ping| ping.unwrap_or_else(|error| panic!("{what}: {error}\n{}", client.output())));
    row.up = begin.elapsed().saturating_sub(small + large);
    let came = machine.ask(&format!("pings call {NEAR}"), "call pings", PATIENCE);
    assert_eq!(came, "56 1400", "{what}: pings of the kernel");
    row.measured = Some(transfer(what, machine, network, large));
    let begin = clock();
    client.signal(Signal::INT);
    assert_eq!(client.wait(PATIENCE).code(), Some(0), "{what}: {}", client.output());
    row.down = Some(begin.elapsed());
    assert_eq!(network.enter(devices_and_routes), before, "{what}: left behind");
    assert_eq!(machine.ask("ended call", "call ended", PATIENCE), "", "{what}: left behind in the kernel");
    row
}

/// A transfer in each direction.
fn transfer(what: &str, machine: &Machine, network: &Network, ping: Duration) -> Measured {
    let (there, back) = (filler(SHORT, 1), filler(SHORT, 2));
    let failed = |error| panic!("{what}: transfer: {error}");
    let lines = machine.console().len();
    let sent = network.enter(|| traffic::send(FAR, &there)).unwrap_or_else(failed);
    let sum = machine.console().wait_after(lines, "sink ", PATIENCE);
    assert_eq!(sum.split(' ').nth(1), Some(hex::encode(digest(&there)).as_str()), "{what}: to the kernel");
    let (came, received) = network.enter(|| traffic::receive(FAR)).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(digest(&came), digest(&back), "{what}: from the kernel");
    Measured { ping, sent, received, length: SHORT }
}
