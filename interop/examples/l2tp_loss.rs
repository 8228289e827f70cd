//! How often a tunnel and a call of L2TP come up where packets are lost: xl2tpd and our sessions in
//! both places.
//!
//! `cargo run --release -p pptp-interop --example l2tp_loss -- [TRIES [PERCENT…]]`
//!
//! Each try has a relay of its own between LAC and LNS, which loses packets in both directions. The
//! same seeds lose the same packets for each pair, by their place in the order. A call is up when
//! its LNS has the ICCN; PPP, which follows, is not waited for, and in the place of `pppd` is a
//! program that does nothing. Each LAC dials once. It needs root, for a network and a view of the
//! files of its own, and the package `xl2tpd`.
#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement of time over real sockets, which stops when it goes wrong"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use l2tp_session::client;
use l2tp_session::ppp_session::Client;
use l2tp_session::server::{Group, Limits, Server};
use l2tp_session::session::{CallEvent, Config, Event, MAX_TRANSMIT};
use l2tp_session::wire::{Address, TunnelIds, UDP_PORT};

/// The longest time that a try has.
const PATIENCE: Duration = Duration::from_secs(20);
/// Tries that run at a time.
const AT_ONCE: usize = 24;
/// How often a loop looks whether it is to end.
const GLANCE: Duration = Duration::from_millis(20);
/// Set in the process that has the network of its own.
const INSIDE: &str = "L2TP_LOSS_INSIDE";

/// The program at one end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Xl2tpd,
    Ours,
}

/// One try.
#[derive(Debug, Clone, Copy)]
struct Try {
    lac: Kind,
    lns: Kind,
    percent: u64,
    seed: u64,
    /// Its network: the third byte of its addresses.
    number: u8,
}

impl Try {
    fn host(self, last: u8) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::new(127, 20, self.number, last), UDP_PORT)
    }

    /// The LAC, the LNS, and the two faces of the relay.
    fn lac(self) -> SocketAddrV4 {
        self.host(2)
    }

    fn lns(self) -> SocketAddrV4 {
        self.host(3)
    }

    fn in_front(self) -> SocketAddrV4 {
        self.host(4)
    }

    fn behind(self) -> SocketAddrV4 {
        self.host(5)
    }
}

fn main() {
    let arguments: Vec<u64> = std::env::args().skip(1).map(|text| text.parse().unwrap()).collect();
    if std::env::var_os(INSIDE).is_none() {
        // A call whose pppd ends would be hung up at once.
        let script = "ip link set lo up && mount -t tmpfs none /mnt && printf '#!/bin/sh\\nexec sleep 30\\n' \
                      >/mnt/pppd && chmod 755 /mnt/pppd && mount --bind /mnt/pppd /usr/sbin/pppd && exec \"$0\" \"$@\"";
        let exe = std::env::current_exe().unwrap();
        let mut inside = Command::new("unshare");
        inside.args(["--net", "--mount", "sh", "-c", script]).arg(exe).args(std::env::args().skip(1)).env(INSIDE, "1");
        assert!(inside.status().unwrap().success(), "it needs root, and `unshare` and `ip`");
        return;
    }
    let tries = arguments.first().copied().unwrap_or(12);
    let percents = arguments.get(1..).filter(|rest| !rest.is_empty()).unwrap_or(&[25, 40]);
    println!("| loss | LAC | LNS | up within {} s | median, s | slowest, s |", PATIENCE.as_secs());
    println!("|--:|---|---|--:|--:|--:|");
    for percent in percents {
        for (lac, lns) in [
            (Kind::Xl2tpd, Kind::Xl2tpd),
            (Kind::Ours, Kind::Xl2tpd),
            (Kind::Xl2tpd, Kind::Ours),
            (Kind::Ours, Kind::Ours),
        ] {
            let all =
                (0..tries).map(|seed| Try { lac, lns, percent: *percent, seed, number: u8::try_from(seed).unwrap() });
            print(*percent, (lac, lns), &run_all(&all.collect::<Vec<_>>()));
        }
    }
}

/// Prints a row of the table.
fn print(percent: u64, (lac, lns): (Kind, Kind), times: &[Option<Duration>]) {
    let mut up: Vec<_> = times.iter().flatten().map(Duration::as_secs_f64).collect();
    up.sort_by(f64::total_cmp);
    // Those that did not come up are slower than all others.
    let median = up.get(times.len() / 2).map_or("-".to_owned(), |seconds| format!("{seconds:.1}"));
    let slowest = up.last().map_or("-".to_owned(), |seconds| format!("{seconds:.1}"));
    let name = |kind| if kind == Kind::Ours { "ours" } else { "xl2tpd" };
    println!(
        "| {percent} % | {} | {} | {} of {} | {median} | {slowest} |",
        name(lac),
        name(lns),
        up.len(),
        times.len()
    );
}

fn run_all(tries: &[Try]) -> Vec<Option<Duration>> {
    let mut times = Vec::new();
    for chunk in tries.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            let running: Vec<_> = chunk.iter().map(|one| scope.spawn(|| run(*one))).collect();
            times.extend(running.into_iter().map(|one| one.join().unwrap()));
        });
    }
    times
}

/// Returns after what time the LNS has the call, if it has it in time.
fn run(one: Try) -> Option<Duration> {
    let folder = tempfile::tempdir().unwrap();
    let (up, is_up) = channel();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let is_over = &is_over;
        scope.spawn(move || relay(one, is_over));
        let mut daemons = Vec::new();
        match one.lns {
            Kind::Xl2tpd => daemons.push(xl2tpd(one, folder.path(), "lns", Some(up))),
            Kind::Ours => drop(scope.spawn(move || serve(one, &up, is_over))),
        }
        // A daemon that does not listen yet would be one more loss.
        std::thread::sleep(Duration::from_millis(300));
        let start = Instant::now();
        match one.lac {
            Kind::Xl2tpd => daemons.push(xl2tpd(one, folder.path(), "lac", None)),
            Kind::Ours => drop(scope.spawn(move || dial(one, is_over))),
        }
        let time = wait(&is_up, start);
        is_over.store(true, Ordering::Relaxed);
        for mut daemon in daemons {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
        time
    })
}

fn wait(is_up: &Receiver<()>, start: Instant) -> Option<Duration> {
    is_up.recv_timeout(PATIENCE).ok().map(|()| start.elapsed())
}

/// Carries packets between the two, and loses some.
fn relay(one: Try, is_over: &AtomicBool) {
    let (front, back) = (UdpSocket::bind(one.in_front()).unwrap(), UdpSocket::bind(one.behind()).unwrap());
    std::thread::scope(|scope| {
        for (number, from, to, destination) in [(0, &front, &back, one.lns()), (1, &back, &front, one.lac())] {
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(one.seed << 1 | number);
                let mut buf = [0; 2048];
                from.set_read_timeout(Some(GLANCE)).unwrap();
                while !is_over.load(Ordering::Relaxed) {
                    let Ok(length) = from.recv(&mut buf) else { continue };
                    if random.u64(..100) >= one.percent {
                        let _ = to.send_to(&buf[..length], destination);
                    }
                }
            });
        }
    });
}

/// Starts xl2tpd, which says it when a call is up.
fn xl2tpd(one: Try, folder: &Path, role: &str, up: Option<Sender<()>>) -> Child {
    let file = |name: &str| folder.join(format!("{role}.{name}"));
    let [conf, secrets, options, pid, control] = ["conf", "secrets", "options", "pid", "control"].map(file);
    let address = if role == "lns" { one.lns() } else { one.lac() };
    let global =
        format!("[global]\nport = {UDP_PORT}\nlisten-addr = {}\nauth file = {}\n", address.ip(), secrets.display());
    let rest = if role == "lns" {
        "[lns default]\nip range = 10.9.0.10-10.9.0.20\nlocal ip = 10.9.0.1\nrequire authentication = no\n".to_owned()
    } else {
        format!("[lac test]\nlns = {}\nautodial = yes\nrequire authentication = no\n", one.in_front().ip())
    };
    fs::write(&conf, format!("{global}{rest}pppoptfile = {}\n", options.display())).unwrap();
    fs::write(&secrets, "").unwrap();
    fs::write(&options, "noauth\nnodetach\n").unwrap();
    let mut command = Command::new("xl2tpd");
    command.arg("-D").arg("-c").arg(conf).arg("-s").arg(secrets).arg("-p").arg(pid).arg("-C").arg(control);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    std::thread::spawn(move || {
        for line in log.lines().map_while(Result::ok) {
            if let Some(up) = up.as_ref().filter(|_| line.contains("Call established")) {
                let _ = up.send(());
            }
        }
    });
    child
}

/// Waits for a datagram until a deadline, and at most for a glance.
fn receive(socket: &UdpSocket, buf: &mut [u8], now: Duration, deadline: Option<Duration>) -> Option<(usize, Address)> {
    let wait = deadline.map_or(GLANCE, |at| at.saturating_sub(now)).clamp(Duration::from_millis(1), GLANCE);
    socket.set_read_timeout(Some(wait)).unwrap();
    socket.recv_from(buf).ok().map(|(length, source)| (length, Address::udp(source)))
}

/// Our client. Its settings are the defaults.
fn dial(one: Try, is_over: &AtomicBool) {
    let socket = UdpSocket::bind(one.lac()).unwrap();
    let config = client::Config::new(Client::new("alice", "wonderland"), Config::interop("lac"));
    let (ids, peer) = (TunnelIds::new(entropy(one, 1)), Address::udp(one.in_front().into()));
    let mut session = client::Session::dial(&config, peer, ids, entropy(one, 2));
    let start = Instant::now();
    session.open(start.elapsed()).unwrap();
    let (mut buf, mut packet) = ([0; MAX_TRANSMIT], [0; 2048]);
    while !is_over.load(Ordering::Relaxed) {
        let now = start.elapsed();
        while session.poll_event().is_some() {}
        while let Some(packet) = session.poll_transmit(now, &mut buf).unwrap() {
            let _ = socket.send_to(packet.payload, one.in_front());
        }
        if let Some((length, source)) = receive(&socket, &mut packet, now, session.poll_timeout()) {
            let _ = session.handle_datagram(start.elapsed(), source, &mut packet[..length], &mut [0; 2048]);
        }
        session.handle_timeout(start.elapsed());
    }
}

/// Our server. Its settings are the defaults.
fn serve(one: Try, up: &Sender<()>, is_over: &AtomicBool) {
    let socket = UdpSocket::bind(one.lns()).unwrap();
    let group = Group::new(Config::interop("lns"), Ipv4Addr::new(10, 9, 0, 1));
    let mut server: Server = Server::new(group, Limits::default(), entropy(one, 3));
    let start = Instant::now();
    let (mut buf, mut packet) = ([0; MAX_TRANSMIT], [0; 2048]);
    while !is_over.load(Ordering::Relaxed) {
        let now = start.elapsed();
        loop {
            let Some(mut tunnel) = server.poll_ready() else { break };
            while let Some(event) = tunnel.poll_event() {
                if let Event::Call { event: CallEvent::Connected, .. } = event {
                    let _ = up.send(());
                }
            }
            while let Some(packet) = tunnel.poll_transmit(now, &mut buf).unwrap() {
                let _ = socket.send_to(packet.payload, one.behind());
            }
        }
        if let Some((length, source)) = receive(&socket, &mut packet, now, server.poll_timeout()) {
            let _ = server.handle_datagram(start.elapsed(), source, &mut packet[..length], &mut [0; 2048]);
        }
        server.handle_timeout(start.elapsed());
    }
}

fn entropy(one: Try, purpose: u8) -> [u8; 32] {
    let mut bytes = [purpose; 32];
    bytes[..8].copy_from_slice(&one.seed.to_be_bytes());
    bytes
}
