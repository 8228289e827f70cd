//! The control connection and the tunnel against the programs that Linux has had for twenty years: `pptp` (Debian's
//! package `pptp-linux`) dials our server, and our client dials `pptpd`.
//!
//! All happens in namespaces of its own (processes, mounts, network), which the kernel removes with everything in them
//! as soon as the first process there ends, however it ends. Only root can make them.
#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pptp_interop::programs::{Line, Session, gre_socket};
use pptp_wire::code::StopReason;
use pptp_wire::connection::{Disconnect, Event};
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

const CLEAR: &str = "Call-Clear-Request";
const NOTIFY: &str = "Call-Disconnect-Notify";
const STOP: &str = "Stop-Control-Connection-Request";
const STOPPED: &str = "Stop-Control-Connection-Reply";

/// The last events of the machine.
const CLEARED: &[&str] = &["call: the peer wanted the call ended", "connection: the TCP connection has ended"];
const CLOSED: &[&str] = &["call: the control connection is closed", "connection: closed by this side"];
const ENDED: &[&str] = &["call: the call was ended by this side", "connection: the TCP connection has ended"];
const PEER_STOPPED: &[&str] =
    &["call: the peer has ended the call: Admin Shutdown (3)", "connection: the peer closes the connection: None (1)"];
const TCP_ENDED: &[&str] = &["call: the control connection is closed", "connection: the TCP connection has ended"];

/// The variable with the roles of the processes of this test, which are all this program.
const ROLE: &str = "PPTP_PROGRAMS_ROLE";

/// Frames in each direction, and the bytes of information in each.
const FRAMES: usize = 2000;
const INFORMATION: usize = 1400;

/// Frames that may be on their way in one direction.
const IN_FLIGHT: usize = 32;

/// The client's network, which the test is in, and the server's.
const CLIENT: Ipv4Addr = Ipv4Addr::new(172, 16, 9, 1);
const SERVER: Ipv4Addr = Ipv4Addr::new(172, 16, 9, 2);
const SERVER_NETWORK: &str = "/run/netns/server";
const PPTP_PORT: u16 = 1723;

/// For any one thing to happen.
const PATIENCE: Duration = Duration::from_secs(30);
/// For all together.
const LIMIT: Duration = Duration::from_secs(300);

/// The names of pptp's two processes: the call manager has the control connection, the gateway the
/// line and GRE.
const PPTP: [&str; 2] = [CALL_MANAGER, GATEWAY];
const CALL_MANAGER: &str = "pptpcm";
const GATEWAY: &str = "pptpgw";
/// pptpd's process for one control connection.
const PPTPCTRL: [&str; 1] = ["pptpctrl"];

/// Where the programs are.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
const LINE_SOCKET: &str = "/run/line";
const STAND_IN: &str = "/run/stand-in";

#[test]
fn real_programs() {
    match std::env::var(ROLE).as_deref() {
        Ok("stand-in") => stand_in(),
        Ok(_) => inside(),
        Err(_) => outside(),
    }
}

/// Writes past the test harness, which shows printed lines only when a test fails.
fn say(text: &str) {
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

/// Starts this program again in namespaces of its own.
fn outside() {
    let missing = |program: &&str| !PATH.split(':').any(|folder| Path::new(folder).join(program).exists());
    if let Some(program) = ["pptp", "pptpd", "pptpctrl", "ip", "unshare"].iter().find(|program| missing(program)) {
        return say(&format!("SKIPPED: real PPTP programs: no {program}\n"));
    }
    let unshare = || {
        let mut command = Command::new("unshare");
        command.env("PATH", PATH).args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
        command
    };
    let mut probe = unshare();
    probe.args(["ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"]);
    let possible = probe.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !rustix::process::geteuid().is_root() || !possible {
        return say("SKIPPED: real PPTP programs: no right to make namespaces\n");
    }
    let mut command = unshare();
    command.arg(std::env::current_exe().unwrap()).args(["--exact", "real_programs", "--nocapture"]);
    // The pipe lets the other end know when this process ends.
    let mut child = command.env(ROLE, "inside").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let lifeline = child.stdin.take();
    let status = child.wait().unwrap();
    drop(lifeline);
    assert!(status.success(), "{status}");
}

/// Acts in place of a PPP daemon: joins the terminal that pptpctrl gives it with the line of the
/// test.
fn stand_in() {
    let terminal = rustix::stdio::stdin();
    let mut attributes = rustix::termios::tcgetattr(terminal).unwrap();
    attributes.make_raw();
    rustix::termios::tcsetattr(terminal, rustix::termios::OptionalActions::Now, &attributes).unwrap();
    let terminal = || File::from(terminal.try_clone_to_owned().unwrap());
    let line = UnixStream::connect(LINE_SOCKET).unwrap();
    let (mut from_terminal, mut to_line) = (terminal(), line.try_clone().unwrap());
    std::thread::spawn(move || {
        // The end of a terminal is an error.
        let _ = std::io::copy(&mut from_terminal, &mut to_line);
        std::process::exit(0);
    });
    let _ = std::io::copy(&mut &line, &mut terminal());
    std::process::exit(0);
}

/// Runs as the first process of the new namespaces.
fn inside() {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(2);
    });
    std::thread::spawn(|| {
        pause(LIMIT);
        say(&format!("not finished after {LIMIT:?}\n"));
        std::process::exit(3);
    });
    make_networks();
    let mut table = String::new();
    pptp_dials(&mut table);
    dial_pptpd(&mut table);
    say(&table);
}

fn run(command: &str) {
    let mut words = command.split(' ');
    let status = Command::new(words.next().unwrap()).args(words).status().unwrap();
    assert!(status.success(), "{command}: {status}");
}

fn make_networks() {
    // Whatever the programs leave behind, they leave it here.
    run("mount -t tmpfs none /run");
    std::fs::create_dir("/run/pptp").unwrap();
    run("ip netns add server");
    run("ip link add v0 type veth peer name v0 netns server");
    run(&format!("ip addr add {CLIENT}/24 dev v0"));
    run(&format!("ip -n server addr add {SERVER}/24 dev v0"));
    for device in ["v0", "lo"] {
        run(&format!("ip link set {device} up"));
        run(&format!("ip -n server link set {device} up"));
    }
}

/// Does something in the server's network. Sockets and processes stay there.
fn in_server_network<T: Send>(act: impl FnOnce() -> T + Send) -> T {
    let act = || {
        let network = File::open(SERVER_NETWORK).unwrap();
        move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
        act()
    };
    std::thread::scope(|scope| scope.spawn(act).join().unwrap())
}

/// A session with a program on the other side, and the end of the program's line.
struct Pair {
    session: Session,
    line: Option<Line>,
}

impl Pair {
    /// Goes on until something is so.
    #[track_caller]
    fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut Session, Option<&mut Line>) -> bool) {
        let deadline = clock() + PATIENCE;
        while !is_so(&mut self.session, self.line.as_mut()) {
            let Session { sent, received, events, .. } = &self.session;
            assert!(clock() < deadline, "{what}: sent {sent:?}, received {received:?}, events {events:?}");
            self.session.step(self.line.as_mut(), Duration::from_millis(20));
        }
    }

    /// Waits until a frame has come through in both directions. The line's first: pptpctrl reads no
    /// GRE before.
    fn greet(&mut self) {
        let mut came = Vec::new();
        self.line.as_mut().unwrap().send(&greeting(1));
        self.until("a frame from the program", |session, _| {
            came.extend(session.take_frames());
            !came.is_empty()
        });
        assert_eq!(came, [greeting(1)]);
        self.session.send(&greeting(2));
        came.clear();
        self.until("a frame to the program", |_, line| {
            came.extend(line.unwrap().take_frames());
            !came.is_empty()
        });
        assert_eq!(came, [greeting(2)]);
    }

    /// Sends many frames in both directions at once, and returns the line of the table.
    fn exchange(&mut self, name: &str) -> String {
        let begin = clock();
        let (mut to_line, mut from_line) = ((0, 0), (0, 0));
        self.until("a frame of the exchange", |session, line| {
            let line = line.unwrap();
            for frame in line.take_frames() {
                assert!(frame == information(1, to_line.1), "frame {} to the program", to_line.1);
                to_line.1 += 1;
            }
            for frame in session.take_frames() {
                assert!(frame == information(2, from_line.1), "frame {} from the program", from_line.1);
                from_line.1 += 1;
            }
            while to_line.0 < FRAMES && to_line.0 - to_line.1 < IN_FLIGHT {
                session.send(&information(1, to_line.0));
                to_line.0 += 1;
            }
            while from_line.0 < FRAMES && from_line.0 - from_line.1 < IN_FLIGHT {
                line.send(&information(2, from_line.0));
                from_line.0 += 1;
            }
            to_line.1 == FRAMES && from_line.1 == FRAMES
        });
        let time = begin.elapsed();
        let statistics = self.session.statistics().unwrap();
        // The greetings are counted too.
        assert_eq!((statistics.packets_sent, statistics.packets_received), (FRAMES as u64 + 1, FRAMES as u64 + 1));
        assert_eq!(
            (statistics.lost, statistics.late, statistics.malformed, statistics.receive_overflows),
            (0, 0, 0, 0)
        );
        assert_eq!(self.line.as_ref().unwrap().damaged, 0);
        let mut text = String::new();
        for (direction, (sent, received)) in [("to it", to_line), ("from it", from_line)] {
            writeln!(text, "{name:<32}{direction:<9}{sent:>6} sent {received:>6} received  {:>5} ms", time.as_millis())
                .unwrap();
        }
        text
    }

    /// Ends the session in one way, and says what both sides said.
    fn end(&mut self, name: &str, program: &[&str], act: impl FnOnce(&mut Self)) -> Ending {
        let (sent, received) = (self.session.sent.len(), self.session.received.len());
        let events = self.session.events.len();
        let begin = clock();
        act(self);
        self.until(name, |session, _| session.is_over() && processes(program).is_empty());
        Ending {
            name: name.to_owned(),
            time: begin.elapsed(),
            sent: self.session.sent[sent..].to_vec(),
            received: self.session.received[received..].to_vec(),
            told: self.session.events[events..].iter().map(in_words).collect(),
        }
    }
}

struct Ending {
    name: String,
    time: Duration,
    sent: Vec<String>,
    received: Vec<String>,
    told: Vec<String>,
}

impl Ending {
    /// Compares what was said, and adds it to the table.
    #[track_caller]
    fn expect(&self, table: &mut String, sent: &[&str], received: &[&str], told: &[&str]) {
        let Self { name, time, .. } = self;
        writeln!(table, "{name:<44}{:>7.1} ms", time.as_secs_f64() * 1e3).unwrap();
        for (who, said) in [("we sent", &self.sent), ("it sent", &self.received), ("told", &self.told)] {
            let said = if said.is_empty() { "nothing".to_owned() } else { said.join("; ") };
            writeln!(table, "    {who:<9}{said}").unwrap();
        }
        assert!(self.sent == sent && self.received == received && self.told == told, "{name}: unexpected\n{table}");
    }
}

#[expect(clippy::disallowed_methods, reason = "real sockets have the real time")]
fn clock() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "real programs take real time")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

fn in_words(event: &Event) -> String {
    match event {
        Event::CallClosed { reason, .. } => format!("call: {reason}"),
        Event::Closed { reason } => format!("connection: {reason}"),
        other => format!("{other:?}"),
    }
}

/// Returns an LCP Echo-Request, which nobody here answers.
fn greeting(direction: u8) -> Vec<u8> {
    vec![0xff, 0x03, 0xc0, 0x21, 9, direction, 0, 8, 0, 0, 0, 0]
}

/// Returns an IP frame with any bytes; each frame is another one.
fn information(direction: u64, number: usize) -> Vec<u8> {
    let mut state = (direction << 32 | number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut frame = vec![0xff, 0x03, 0x00, 0x21];
    while frame.len() < 4 + INFORMATION {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        frame.extend(state.to_le_bytes());
    }
    frame.truncate(4 + INFORMATION);
    frame
}

/// Returns the processes with these names that are not dead. All of them are ours: no others can be
/// seen here.
fn processes(names: &[&str]) -> Vec<Pid> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().map(Result::unwrap) {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // It may have ended since. The name is in parentheses, the state behind it.
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let (Some(begin), Some(end)) = (stat.find('('), stat.rfind(')')) else { continue };
        if names.contains(&&stat[begin + 1..end]) && !stat[end..].starts_with(") Z") {
            found.push(Pid::from_raw(id).unwrap());
        }
    }
    found
}

/// Sends a signal to one process of each name, in this order.
fn signal(names: &[&str], signal: Signal) {
    for name in names {
        let processes = processes(&[name]);
        let [process] = processes[..] else { panic!("{name}: {processes:?}") };
        kill_process(process, signal).unwrap();
    }
}

/// Dials our server with `pptp`.
fn pptp_dials(table: &mut String) {
    let listener = in_server_network(|| TcpListener::bind((SERVER, PPTP_PORT)).unwrap());
    let mut children: Vec<Child> = Vec::new();
    let mut dial = || {
        let gre = in_server_network(|| gre_socket(CLIENT));
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut pptp = Command::new("pptp");
        pptp.arg(SERVER.to_string()).args(["--nolaunchpppd", "--nohostroute", "--loglevel", "0"]);
        pptp.stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).stderr(Stdio::null());
        children.push(pptp.spawn().unwrap());
        // Else this process keeps the program's end of the line.
        drop(pptp);
        let (tcp, _) = listener.accept().unwrap();
        let mut pair = Pair { session: Session::server(tcp, gre), line: Some(Line::new(ours)) };
        pair.greet();
        pair
    };
    let mut pair = dial();
    *table += &pair.exchange("pptp dials our server");
    pair.end("pptp's line is closed", &PPTP, |pair| pair.line = None).expect(table, &[NOTIFY], &[CLEAR], CLEARED);
    dial()
        .end("our server disconnects the call", &PPTP, |pair| {
            let call = pair.session.call().unwrap();
            let (connection, now) = pair.session.connection();
            connection.clear_call(now, call, Disconnect::ADMIN_SHUTDOWN).unwrap();
        })
        .expect(table, &[NOTIFY], &[], ENDED);
    dial().end("our server stops", &PPTP, stop).expect(table, &[STOP], &[STOPPED, CLEAR], CLOSED);
    for (name, process) in [("pptp is asked to end", GATEWAY), ("pptp's call manager is asked to end", CALL_MANAGER)] {
        let ending = dial().end(name, &PPTP, |_| signal(&[process], Signal::TERM));
        ending.expect(table, &[NOTIFY], &[CLEAR], CLEARED);
    }
    dial().end("our server closes TCP", &PPTP, |pair| pair.session.hang_up()).expect(table, &[], &[], TCP_ENDED);
    // The call manager first: it would clear the call of a gateway that has gone.
    dial().end("pptp is killed", &PPTP, |_| signal(&PPTP, Signal::KILL)).expect(table, &[], &[], TCP_ENDED);
    for mut child in children {
        child.wait().unwrap();
    }
}

fn stop(pair: &mut Pair) {
    let (connection, now) = pair.session.connection();
    connection.close(now, StopReason::STOP_LOCAL_SHUTDOWN);
}

/// Dials `pptpd` with our client.
fn dial_pptpd(table: &mut String) {
    // The terminal carries PPP and nothing else: the harness prints elsewhere. The first process is
    // this one.
    let script = format!(
        "#!/bin/sh\n{ROLE}=stand-in exec /proc/1/exe --exact real_programs --nocapture >/dev/null 2>/run/stand-in.log\n"
    );
    std::fs::write(STAND_IN, script).unwrap();
    std::fs::set_permissions(STAND_IN, std::fs::Permissions::from_mode(0o755)).unwrap();
    let configuration = format!(
        "ppp {STAND_IN}\noption /dev/null\nlisten {SERVER}\nlocalip 10.99.0.1\nremoteip 10.99.0.10-20\npidfile /run/pptpd.pid\n"
    );
    std::fs::write("/run/pptpd.conf", configuration).unwrap();
    let lines = UnixListener::bind(LINE_SOCKET).unwrap();
    let mut pptpd = Command::new("pptpd");
    pptpd.args(["-c", "/run/pptpd.conf", "-f"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut pptpd = in_server_network(|| pptpd.spawn().unwrap());

    let dial = || {
        let address = SocketAddrV4::new(SERVER, PPTP_PORT);
        let deadline = clock() + PATIENCE;
        let tcp = loop {
            match TcpStream::connect(address) {
                Ok(tcp) => break tcp,
                Err(error) => assert!(clock() < deadline, "pptpd does not listen: {error}"),
            }
            pause(Duration::from_millis(20));
        };
        let mut pair = Pair { session: Session::client(tcp, gre_socket(SERVER)), line: None };
        lines.set_nonblocking(true).unwrap();
        let mut line = None;
        pair.until("the stand-in", |session, _| {
            line = line.take().or_else(|| lines.accept().ok());
            line.is_some() && session.call().is_some()
        });
        pair.line = line.map(|(stream, _)| Line::new(stream));
        pair.greet();
        pair
    };
    let mut pair = dial();
    *table += &pair.exchange("our client dials pptpd");
    pair.end("our client clears the call", &PPTPCTRL, |pair| {
        let call = pair.session.call().unwrap();
        let (connection, now) = pair.session.connection();
        connection.clear_call(now, call, Disconnect::ADMIN_SHUTDOWN).unwrap();
    })
    .expect(table, &[CLEAR], &[], ENDED);
    dial().end("pptpd's PPP program ends", &PPTPCTRL, |pair| pair.line = None).expect(table, &[], &[], TCP_ENDED);
    dial().end("our client stops", &PPTPCTRL, stop).expect(table, &[STOP], &[STOPPED], CLOSED);
    dial().end("pptpctrl is asked to end", &PPTPCTRL, |_| signal(&PPTPCTRL, Signal::TERM)).expect(
        table,
        &[STOPPED],
        &[NOTIFY, STOP],
        PEER_STOPPED,
    );
    dial().end("our client closes TCP", &PPTPCTRL, |pair| pair.session.hang_up()).expect(table, &[], &[], TCP_ENDED);
    dial().end("pptpctrl is killed", &PPTPCTRL, |_| signal(&PPTPCTRL, Signal::KILL)).expect(table, &[], &[], TCP_ENDED);
    pptpd.kill().unwrap();
    pptpd.wait().unwrap();
}
