//! Many clients behind one address call `vpdn-server`, as a process, on real sockets. Each comes up
//! and carries a packet of its own, all end, and none is much slower than the others.
#![cfg(target_os = "linux")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use pptp::session::Reason;
use pptp_interop::crowd::{Caller, Crowd, PATIENCE, USER};
use pptp_interop::examples::{self, Program};
use pptp_interop::namespace::{isolated, run};
use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use vpdn::control::{self, Request};

/// The environment variable with the folder of the programs.
const FOLDER: &str = "PPTP_EXAMPLES";
const SERVER: &str = "server";
const CLIENTS: Ipv4Addr = Ipv4Addr::new(172, 16, 9, 1);
const NEAR: Ipv4Addr = Ipv4Addr::new(172, 16, 9, 2);
/// The server in the tunnels.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
const USERS: &str = "/run/users";
const SOCKET: &str = "/run/vpdn.sock";
/// The first address of the pool, which has one for each call.
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 99, 1, 1);
const CALLS: usize = 1000;
/// Descriptors: one for each call, and some.
const DESCRIPTORS: u64 = 4096;
const LIMIT: Duration = Duration::from_secs(600);
/// The longest time that a call may take on an idle machine.
const SLOWEST: Duration = Duration::from_secs(1);
/// How much longer than the one in the middle a call may take on any machine. A packet that is missed costs 3 s.
const STRAGGLING: u32 = 20;

#[test]
fn a_thousand_clients_of_one_address() {
    let prepare = || vec![(FOLDER, examples::build())];
    isolated("a_thousand_clients_of_one_address", &["prlimit"], LIMIT, prepare, inside);
}

fn inside() {
    make_networks();
    let limit = Rlimit { current: Some(DESCRIPTORS), maximum: Some(DESCRIPTORS) };
    setrlimit(Resource::Nofile, limit).unwrap();
    std::fs::write(USERS, format!("{} {}\n", USER.0, USER.1)).unwrap();
    let mut table = String::new();
    for (at_a_time, cores) in [(50, 2), (CALLS, 4)] {
        let mut server = start_server(cores);
        let mut crowd = Crowd::new(CLIENTS, NEAR);
        let up = crowd.call(CALLS, at_a_time);
        // An echo request through each tunnel to the server.
        crowd.exchange(|own| echo_request(own).to_vec(), has_reply);
        has_all_addresses(&crowd);
        has_even_shares(cores);
        let over = crowd.hang_up();
        server.signal(Signal::TERM);
        assert_eq!(server.wait(PATIENCE).code(), Some(0), "{}", server.output());
        report(&crowd, at_a_time, [up, over], &server.output(), &mut table);
    }
    pptp_interop::say!("{table}");
}

fn make_networks() {
    std::fs::create_dir("/run/netns").unwrap();
    run(&format!("ip netns add {SERVER}"));
    run("ip link add v0 type veth peer name v0p");
    run(&format!("ip link set v0p netns {SERVER}"));
    run(&format!("ip -n {SERVER} addr add {NEAR}/24 dev v0p"));
    run(&format!("ip -n {SERVER} link set v0p up"));
    run(&format!("ip -n {SERVER} link set lo up"));
    run(&format!("ip addr add {CLIENTS}/24 dev v0"));
    run("ip link set v0 up");
    run("ip link set lo up");
}

fn start_server(cores: usize) -> Program {
    let program = PathBuf::from(std::env::var_os(FOLDER).unwrap()).join("vpdn-server");
    let arguments = format!(
        "--nofile={DESCRIPTORS} {} --address {GATEWAY} --pool {FIRST}-10.99.4.232 --users {USERS} \
         --cores {cores} --control-socket {SOCKET} --set limits.connections-per-address={CALLS}",
        program.display()
    );
    let mut server = Program::start(Some(SERVER), "/usr/bin/prlimit".as_ref(), &arguments);
    server.wait_for("listening", PATIENCE);
    server
}

/// Expects that each core has as many calls as the others.
fn has_even_shares(cores: usize) {
    let words = ["show", "vpdn", "session", "all"].map(str::to_owned).into();
    let mut answer = Vec::new();
    control::ask(SOCKET.as_ref(), &Request::new(words, true), &mut answer).unwrap();
    let calls: Vec<serde_json::Value> = serde_json::from_slice(&answer).unwrap();
    let mut shares = BTreeMap::<_, usize>::new();
    for call in &calls {
        *shares.entry(call["interface"].as_str().unwrap()).or_default() += 1;
    }
    assert_eq!(shares.into_values().collect::<Vec<_>>(), vec![CALLS / cores; cores]);
}

/// Expects that each has an address of the pool, which is full now, and that none has another's.
fn has_all_addresses(crowd: &Crowd) {
    let addresses: BTreeSet<_> = crowd.callers().iter().filter_map(Caller::own_address).collect();
    let pool = (FIRST.to_bits()..).map(Ipv4Addr::from_bits);
    assert!(addresses.into_iter().eq(pool.take(CALLS)));
}

fn has_reply(caller: &Caller) -> bool {
    let (own, latest) = (caller.own_address(), caller.latest.as_deref());
    latest.zip(own).is_some_and(|(reply, own)| is_echo_reply(reply, own))
}

/// Adds a row to the table, and asserts what has to be so.
fn report(crowd: &Crowd, at_a_time: usize, took: [Duration; 2], server: &str, table: &mut String) {
    let mut times: Vec<_> = crowd.callers().iter().filter_map(|caller| caller.up).collect();
    times.sort_unstable();
    let (median, slowest) = (times[CALLS / 2], times[CALLS - 1]);
    let rate = CALLS as f64 / took[0].as_secs_f64();
    let numbers = [median, times[CALLS * 99 / 100], slowest, took[1]].map(|time| time.as_millis());
    writeln!(
        table,
        "{CALLS} calls of one address, {} at a time: {rate:.0} calls/s, up after {} ms (median), {} ms (99 %), {} ms \
         (slowest); all ended in {} ms",
        at_a_time, numbers[0], numbers[1], numbers[2], numbers[3]
    )
    .unwrap();
    pptp_interop::say!("{table}");
    assert_eq!(times.len(), CALLS);
    assert!(crowd.callers().iter().all(|caller| caller.closed == Some(Reason::Closed)), "{}", crowd.progress());
    let ends = server.lines().filter(|line| line.contains(" call ") && line.contains(": over: "));
    assert_eq!(ends.clone().count(), CALLS);
    assert!(ends.clone().all(|line| line.ends_with(": over: closed by the peer")), "{server}");
    // Of all at once, the last one waits for all others.
    if at_a_time < CALLS {
        let straggler = crowd.callers().iter().max_by_key(|caller| caller.up).unwrap();
        assert!(slowest < SLOWEST.max(median * STRAGGLING), "{slowest:?}, median {median:?}: {:#?}", straggler.story);
    }
}

/// Makes an ICMP echo request without data to the server (RFC 792).
fn echo_request(from: Ipv4Addr) -> [u8; 28] {
    let mut packet = [0; 28];
    packet[..10].copy_from_slice(&[0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1]);
    packet[12..16].copy_from_slice(&from.to_bits().to_be_bytes());
    packet[16..20].copy_from_slice(&GATEWAY.to_bits().to_be_bytes());
    packet[20] = 8;
    for (range, at) in [(0..20, 10), (20..28, 22)] {
        let words = packet[range].chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]));
        let sum: u32 = words.sum();
        let sum = (sum & 0xffff) + (sum >> 16);
        packet[at..at + 2].copy_from_slice(&(!u16::try_from(sum).unwrap()).to_be_bytes());
    }
    packet
}

fn is_echo_reply(packet: &[u8], to: Ipv4Addr) -> bool {
    packet.get(16..20) == Some(&to.to_bits().to_be_bytes()) && packet.get(20) == Some(&0)
}

#[test]
fn the_echo_request_has_the_checksums_of_rfc_1071() {
    let packet = echo_request(Ipv4Addr::new(10, 99, 1, 1));
    for range in [0..20, 20..28] {
        let words = packet[range].chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]));
        let sum: u32 = words.sum();
        assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff);
    }
    assert!(!is_echo_reply(&packet, GATEWAY));
}
