//! `vpdn-client` with L2TP, by the keys of its configuration: the examples of Cisco's manual as they are, the source and the
//! path of its packets, and IPv6 outside. `vpdn-server` at addresses of both versions, and at all of them.
#![cfg(target_os = "linux")]

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use l2tp_session::ppp_session::Event as Ppp;
use l2tp_session::ppp_session::ppp::auth::Answer;
use l2tp_session::server::{Group, Limits, Server};
use l2tp_session::session::{CallEvent, Config, Event, MAX_TRANSMIT};
use l2tp_session::wire::Address;
use l2tp_session::wire::tunnel::Versions;
use pptp_interop::examples::{self, Program};
use pptp_interop::namespace::{clock, in_network, isolated, run, until};
use pptp_interop::say;
use pptp_interop::traffic::{End, exercise, ping};
use rustix::process::Signal;

/// The folder of the programs: an environment variable.
const FOLDER: &str = "L2TP_PROGRAMS";
/// The server's network; the client is in the test's own.
const SERVER: &str = "server";
/// For any one thing to happen.
const PATIENCE: Duration = Duration::from_secs(60);
/// For all together.
const LIMIT: Duration = Duration::from_secs(400);
/// The lines between the two networks: a device of the client's, its address, and that of the server.
const LINES: [(&str, &str, &str); 2] =
    [("eth0", "172.24.13.1", "172.24.13.196"), ("eth1", "172.16.32.1", "172.16.32.24")];

#[test]
fn configurations_of_clients() {
    isolated("configurations_of_clients", &[], LIMIT, || vec![(FOLDER, examples::build())], inside);
}

fn inside() {
    make_networks();
    std::fs::write("/run/password", "a password\n").unwrap();
    examples_of_cisco();
    source_and_path();
    ipv6_outside();
    servers_at_many_addresses();
    ethernet_over_ipv6();
}

fn make_networks() {
    std::fs::create_dir("/run/netns").unwrap();
    run(&format!("ip netns add {SERVER}"));
    run(&format!("ip -n {SERVER} link set lo up"));
    run("ip link set lo up");
    for (number, (device, near, far)) in LINES.into_iter().enumerate() {
        run(&format!("ip link add {device} type veth peer name p{number}"));
        run(&format!("ip link set p{number} netns {SERVER}"));
        run(&format!("ip -n {SERVER} addr add {far}/24 dev p{number}"));
        run(&format!("ip -n {SERVER} link set p{number} up"));
        run(&format!("ip addr add {near}/24 dev {device}"));
        run(&format!("ip link set {device} up"));
    }
    run("ip addr add fd00:1701::1/64 dev eth0 nodad");
    run(&format!("ip -n {SERVER} addr add fd00:1701::2/64 dev p0 nodad"));
}

fn start(network: Option<&str>, side: &str, arguments: &str) -> Program {
    let program = PathBuf::from(std::env::var_os(FOLDER).unwrap()).join(format!("vpdn-{side}"));
    Program::start(network, &program, arguments)
}

fn start_server(arguments: &str) -> Program {
    let mut server = start(Some(SERVER), "server", arguments);
    server.wait_for("listening", PATIENCE);
    server
}

/// Returns the path of an example of `vpdn`.
fn example(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vpdn/examples/config");
    folder.join(name).with_extension("toml").display().to_string()
}

/// Both ends of Cisco's two examples, and the one with every key.
fn examples_of_cisco() {
    std::fs::write(
        "/run/server.toml",
        "[l2tp-class.one]\nauthentication = true\nhidden = true\npassword = 'tunnel password'\n\
         [vpdn-group.1]\naccept-dialin = { protocol = 'l2tpv3', virtual-template = '1' }\nl2tp-class = 'one'\nvcids = [15]\n\
         [virtual-template.1]\nip-address = '10.0.1.254'\nppp-authentication = ['chap']\nppp-encrypt-mppe = 'none'\n\
         [[user]]\nname = 'peer2'\npassword = 'a password'\nremote-address = '10.0.1.1'\n",
    )
    .unwrap();
    for (client, server, own, gateway, device) in [
        ("cisco-l2tp-client", example("cisco-l2tp-server"), "10.0.0.2", [10, 0, 0, 1], "virtual-ppp1"),
        ("cisco-l2tpv3-client", example("cisco-l2tpv3-server"), "10.0.0.2", [10, 0, 0, 1], "virtual-ppp1"),
        ("cisco-l2tpv3", "/run/server.toml".to_owned(), "10.0.1.1", [10, 0, 1, 254], "virtual-ppp2"),
    ] {
        let server = start_server(&format!("--config {server}"));
        let begin = clock();
        let mut client = start(None, "client", &format!("--config {} --password-file /run/password", example(client)));
        client.wait_for("remote-address:", PATIENCE);
        let up = begin.elapsed().as_secs_f64();
        assert_eq!(client.line("local-address:").as_deref(), Some(own), "{}", client.output());
        assert!(client.output().contains(&format!("interface: {device}, MTU")), "{}", client.output());
        for bytes in [56, 1400] {
            ping(gateway.into(), bytes).unwrap_or_else(|error| panic!("{error}: {}", client.output()));
        }
        say!("{}: up in {up:.1} s", client.line("interface:").unwrap_or_default());
        client.finish(Signal::INT, 0, PATIENCE);
        server.finish(Signal::TERM, 0, PATIENCE);
    }
}

/// Cisco's `ip local interface` and `ip pmtu`: packets have the address of another interface than that of the route, and
/// none is fragmented when the path becomes narrower.
fn source_and_path() {
    std::fs::write(
        "/run/client.toml",
        "[pseudowire-class.p]\nencapsulation = 'l2tpv2'\nip-local-interface = 'eth1'\nip-pmtu = true\n\
         [client]\nconnect-to = '172.24.13.196'\nprotocol = 'l2tp'\nuser = 'alice'\npassword = 'wonderland'\n\
         pseudowire-class = 'p'\n",
    )
    .unwrap();
    std::fs::write("/run/users", "alice wonderland\n").unwrap();
    let gateway = Ipv4Addr::new(10, 99, 0, 1);
    // The route of the answers has another address of the server.
    let server = start_server("--protocol l2tp --address 10.99.0.1 --pool 10.99.0.10-10.99.0.20 --users /run/users");
    let before = received("eth1");
    let mut client = start(None, "client", "--config /run/client.toml --tun tun5");
    client.wait_for("remote-address:", PATIENCE);
    // The answers come by the line of the source, and the requests go by the other.
    assert!(received("eth1") > before + 4, "{} of {before}", received("eth1"));
    ping(gateway, 1400).unwrap();
    run("ip route replace 172.24.13.196/32 dev eth0 mtu 1300");
    client.wait_for("path MTU: 1300", PATIENCE);
    // IP 20, UDP 8, L2TP 10 with numbers, which the LNS may switch on, PPP 4, MPPE 4: the device follows.
    client.wait_for("interface: tun5, MTU 1254", PATIENCE);
    // The system fragments what is longer before it goes into the tunnel.
    ping(gateway, 1400).unwrap_or_else(|error| panic!("{error}: {}", client.output()));
    run("ip route del 172.24.13.196/32 dev eth0");
    client.finish(Signal::INT, 0, PATIENCE);

    let wrong = "--config /run/client.toml --set pseudowire-class.p.ip-local-interface=eth9";
    let mut client = start(None, "client", wrong);
    assert_eq!(client.wait(PATIENCE).code(), Some(1), "{}", client.output());
    assert!(client.output().contains("the interface `eth9` has no address of IPv4"), "{}", client.output());
    server.finish(Signal::TERM, 0, PATIENCE);
}

/// Returns how many packets have come by a device of the client's network.
fn received(device: &str) -> u64 {
    let devices = std::fs::read_to_string("/proc/thread-self/net/dev").unwrap();
    let line = devices.lines().find_map(|line| line.trim().strip_prefix(device)?.strip_prefix(':')).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A tunnel over IPv6 to a server of the library.
fn ipv6_outside() {
    for (name, arguments) in [
        ("[fd00:1701::2]", "--protocol l2tp"),
        ("fd00:1701::2", "--protocol l2tpv3 --cookie-size 8"),
        ("[fd00:1701::2]:1701", "--protocol l2tpv3"),
    ] {
        let is_over = AtomicBool::new(false);
        let socket = in_network(Some(SERVER), || UdpSocket::bind("[fd00:1701::2]:1701").unwrap());
        std::thread::scope(|scope| {
            scope.spawn(|| serve(&socket, &is_over));
            // The server ends however this ends.
            let _over = Over(&is_over);
            let mut client = start(None, "client", &format!("{name} --user alice --password wonderland {arguments}"));
            client.wait_for("remote-address:", PATIENCE);
            assert_eq!(client.line("local-address:").as_deref(), Some("10.98.0.2"), "{}", client.output());
            client.finish(Signal::INT, 0, PATIENCE);
        });
        say!("IPv6 outside: {name} {arguments}: up, and hung up");
    }
}

/// A server for versions 2 and 3, and for version 3 over IP.
const BOTH_VERSIONS: &str = "
[vpdn-group.2]
accept-dialin = { protocol = 'l2tp', virtual-template = '1' }
[vpdn-group.3]
accept-dialin = { protocol = 'l2tpv3', virtual-template = '1' }
pseudowire-class = 'ip'
[pseudowire-class.ip]
encapsulation = 'l2tpv3'
ip-protocol = 'l2tp'
[virtual-template.1]
ip-address = '10.99.0.1'
peer-default-ip-address = 'pool'
[ip-local-pool]
pool = '10.99.0.10-10.99.0.20'
[[user]]
name = 'alice'
password = 'wonderland'
";

/// A server at one address, and at all of a version, where answers leave from the address that was called: the client
/// takes no others. The route has one of two.
fn servers_at_many_addresses() {
    let second = |what: &str| {
        for address in ["172.24.13.197/24", "fd00:1701::3/64"] {
            run(&format!("ip -n {SERVER} addr {what} {address} dev p0"));
        }
    };
    second("add");
    // It may be used once nobody else is known to have it.
    let is_ready = || {
        let bind = || UdpSocket::bind("[fd00:1701::3]:0").is_ok();
        in_network(Some(SERVER), bind)
    };
    assert!(until(PATIENCE, is_ready), "fd00:1701::3 cannot be used");
    std::fs::write("/run/both.toml", BOTH_VERSIONS).unwrap();
    for (listen, called) in [
        ("[fd00:1701::2]", "fd00:1701::2"),
        ("::", "fd00:1701::2"),
        ("::", "fd00:1701::3"),
        ("0.0.0.0", "172.24.13.196"),
        ("0.0.0.0", "172.24.13.197"),
    ] {
        let server = start_server(&format!("--config /run/both.toml --listen {listen}"));
        for protocol in ["l2tp", "l2tpv3", "l2tpv3 --ip-protocol l2tp"] {
            let arguments = format!("{called} --user alice --password wonderland --protocol {protocol}");
            let mut client = start(None, "client", &arguments);
            client.wait_for("remote-address:", PATIENCE);
            for bytes in [56, 1300] {
                ping(Ipv4Addr::new(10, 99, 0, 1), bytes).unwrap_or_else(|error| panic!("{error}: {}", client.output()));
            }
            client.finish(Signal::INT, 0, PATIENCE);
        }
        server.finish(Signal::TERM, 0, PATIENCE);
        say!("a server at {listen}: {called} was called, with all carriers");
    }
    let wrong = "--listen :: --address 10.99.0.1 --users /run/users";
    let mut server = start(Some(SERVER), "server", wrong);
    assert_eq!(server.wait(PATIENCE).code(), Some(2), "{}", server.output());
    assert!(server.output().contains("PPTP has addresses of IPv4 alone"), "{}", server.output());
    second("del");
}

/// Sets the flag when it is dropped.
struct Over<'f>(&'f AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A server of the library for one address. Its packets go nowhere.
fn serve(socket: &UdpSocket, is_over: &AtomicBool) {
    let config = Config::strict("lns").with_tunnel(|tunnel| tunnel.with_versions(Versions::Both));
    let group = Group::new(config, Ipv4Addr::new(10, 98, 0, 1));
    let mut server: Server = Server::new(group, Limits::default(), [7; 32]);
    let start = clock();
    let (mut buf, mut packet) = ([0; MAX_TRANSMIT], [0; 2048]);
    socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    while !is_over.load(Ordering::Relaxed) {
        let now = start.elapsed();
        loop {
            let Some(mut tunnel) = server.poll_ready() else { break };
            while let Some(event) = tunnel.poll_event() {
                let Event::Call { call, event: CallEvent::Ppp(Ppp::Authenticate(question)) } = event else { continue };
                let mut call = tunnel.call_mut(call).unwrap();
                call.assign_address(Ipv4Addr::new(10, 98, 0, 2));
                call.answer(now, question.ticket(), &Answer::Password(b"wonderland")).unwrap();
            }
            while let Some(packet) = tunnel.poll_transmit(now, &mut buf).unwrap() {
                let peer = SocketAddr::new(packet.destination.host(), packet.destination.port().unwrap());
                socket.send_to(packet.payload, peer).unwrap();
            }
        }
        if let Ok((length, source)) = socket.recv_from(&mut packet) {
            let datagram = &mut packet[..length];
            let _ = server.handle_datagram(start.elapsed(), Address::udp(source), datagram, &mut [0; 2048]);
        }
        server.handle_timeout(start.elapsed());
    }
}

/// An Ethernet by hand over IPv6, by UDP and by IP protocol 115.
fn ethernet_over_ipv6() {
    let [near, far] = [Ipv4Addr::new(10, 78, 0, 1), Ipv4Addr::new(10, 78, 0, 2)];
    for protocol in ["udp", "l2tp"] {
        let one_end = |peer: &str, local: u32, remote: u32| {
            format!(
                "{peer} --protocol l2tpv3 --ip-protocol {protocol} --set pseudowire-class.default.protocol=none --set \
                 client.manual={{local-id={local},remote-id={remote},circuit=\"ethernet\"}}"
            )
        };
        let mut ends = [
            start(None, "client", &one_end("[fd00:1701::2]", 1, 2)),
            start(Some(SERVER), "client", &one_end("[fd00:1701::1]", 2, 1)),
        ];
        for (program, (network, address)) in ends.iter_mut().zip([(None, near), (Some(SERVER), far)]) {
            program.wait_for("interface:", PATIENCE);
            in_network(network, || run(&format!("ip addr add {address}/24 dev tap0")));
        }
        assert!(until(PATIENCE, || ping(far, 56).is_ok()), "{}", ends[0].output());
        let what = format!("Ethernet over {protocol} and IPv6");
        let _ =
            exercise(&what, End { network: None, address: near }, End { network: Some(SERVER), address: far }, 200_000);
        say!("{what}: pings and transfers");
        for program in ends {
            program.finish(Signal::INT, 0, PATIENCE);
        }
    }
}
