//! A board without an operating system dials `vpdn-server` over a serial line: the firmware of `firmware/`, on a
//! Cortex-M4 of QEMU.
#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use pptp_interop::examples::{self, Program};
use pptp_interop::namespace::{in_network, isolated, run, until};
use pptp_interop::traffic::ping_within;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;
use vpdn::control::{self, Request};
use vpdn::host::{Device, Packets};

/// The programs and the firmware, as environment variables.
const FOLDER: &str = "PPTP_EXAMPLES";
const FIRMWARE: &str = "PPTP_FIRMWARE";
const QEMU: &str = "qemu-system-arm";
const SERVER: &str = "server";
const USERS: &str = "/run/users";
const SOCKET: &str = "/run/vpdn.sock";
const LINE: &str = "/run/line.sock";
/// The ends of the serial line.
const HOST: Ipv4Addr = Ipv4Addr::new(172, 16, 20, 1);
const BOARD: Ipv4Addr = Ipv4Addr::new(172, 16, 20, 2);
/// The ends of the tunnel.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 2);
const MTU: u16 = 1500;
const PATIENCE: Duration = Duration::from_secs(60);
const LIMIT: Duration = Duration::from_secs(300);

#[test]
fn a_board_dials_over_a_serial_line() {
    let test = "a_board_dials_over_a_serial_line";
    if std::env::var_os(FIRMWARE).is_some() {
        return isolated(test, &[QEMU], LIMIT, Vec::new, inside);
    }
    let Some(firmware) = build(test) else { return };
    isolated(test, &[QEMU], LIMIT, || vec![(FOLDER, examples::build()), (FIRMWARE, firmware)], inside);
}

/// Builds the firmware with the minimum Rust, where that can be had with the source of its core library.
fn build(test: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let output = Command::new("bash").arg(root.join("firmware/build")).stdin(Stdio::null()).output().unwrap();
    if output.status.code() == Some(3) {
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let reason = said.lines().find_map(|line| line.strip_prefix("SKIPPED: ")).unwrap_or("it cannot be built here");
        pptp_interop::say!("SKIPPED: {test}: {reason}");
        return None;
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(folder.join("minimum-rust/thumbv7em-none-eabihf/release/firmware"))
}

fn inside() {
    std::fs::create_dir("/run/netns").unwrap();
    run(&format!("ip netns add {SERVER}"));
    run(&format!("ip -n {SERVER} link set lo up"));
    std::fs::write(USERS, format!("alice wonderland address={CLIENT}\n")).unwrap();
    let programs = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let arguments = format!("--address {GATEWAY} --users {USERS} --control-socket {SOCKET}");
    let mut server = Program::start(Some(SERVER), &programs.join("vpdn-server"), &arguments);
    server.wait_for("listening", PATIENCE);

    refused();
    accepted(&mut server);
    server.finish(Signal::TERM, 0, PATIENCE);
}

/// A board that waits for its order, and its serial line.
struct Board {
    console: Program,
    line: UnixStream,
}

impl Board {
    fn start() -> Self {
        let firmware = PathBuf::from(std::env::var_os(FIRMWARE).unwrap());
        let arguments = format!(
            "-machine mps2-an386 -display none -monitor none -kernel {} \
             -serial unix:{LINE},server=on,wait=off -serial stdio",
            firmware.display()
        );
        let mut console = Program::start(Some(SERVER), Path::new("/usr/bin").join(QEMU).as_path(), &arguments);
        console.wait_for("ready", PATIENCE);
        let line = UnixStream::connect(LINE).unwrap();
        Self { console, line }
    }

    /// Gives the board its order, and carries packets from now on.
    fn dial(&mut self, password: &str) {
        let mut order = [0; 64];
        std::fs::File::open("/dev/urandom").unwrap().read_exact(&mut order).unwrap();
        let text = format!("{HOST} {BOARD} alice {password}");
        write_frame(&mut self.line, &[&order[..], text.as_bytes()].concat());
        let line = self.line.try_clone().unwrap();
        let device = in_network(Some(SERVER), || {
            let device = Device::create(Some("line"), false).unwrap();
            device.set_up(MTU).unwrap();
            device.add_address(HOST.into(), None, 24).unwrap();
            device
        });
        std::thread::spawn(|| carry(device, line));
    }

    /// Ends the board, with its line.
    fn end(mut self) {
        let _ = self.line.shutdown(std::net::Shutdown::Both);
        self.console.end(Signal::KILL);
        let is_gone = || std::fs::remove_file(LINE).is_ok() || !Path::new(LINE).exists();
        assert!(until(PATIENCE, is_gone));
        let has_no_device = || in_network(Some(SERVER), || !Path::new("/sys/class/net/line").exists());
        assert!(until(PATIENCE, has_no_device));
    }
}

/// RFC 1055: writes a packet to a serial line.
fn write_frame(line: &mut UnixStream, packet: &[u8]) {
    let mut bytes = vec![0xc0];
    for byte in packet {
        match byte {
            0xc0 => bytes.extend([0xdb, 0xdc]),
            0xdb => bytes.extend([0xdb, 0xdd]),
            byte => bytes.push(*byte),
        }
    }
    bytes.push(0xc0);
    // A line that was shut down takes nothing.
    let _ = line.write_all(&bytes);
}

/// Carries packets between a device and a serial line, until that is shut down.
fn carry(mut device: Device, mut line: UnixStream) {
    let mut packets = Packets::new(0);
    let mut frame = Vec::new();
    let mut is_escaped = false;
    let mut bytes = [0; 4096];
    loop {
        let mut fds = [PollFd::new(&device, PollFlags::IN), PollFd::new(&line, PollFlags::IN)];
        poll(&mut fds, Some(&Timespec { tv_sec: 1, tv_nsec: 0 })).unwrap();
        let [from_device, from_line] = fds.map(|fd| !fd.revents().is_empty());
        if from_device && device.receive(&mut packets) {
            packets.iter_mut().for_each(|packet| write_frame(&mut line, packet));
        }
        if !from_line {
            continue;
        }
        let Ok(length @ 1..) = line.read(&mut bytes) else { return };
        for byte in &bytes[..length] {
            match (*byte, is_escaped) {
                (0xc0, _) => {
                    if !frame.is_empty() {
                        device.send(&frame);
                    }
                    frame.clear();
                    is_escaped = false;
                }
                (0xdb, false) => is_escaped = true,
                (byte, true) => {
                    frame.push(match byte {
                        0xdc => 0xc0,
                        0xdd => 0xdb,
                        other => other,
                    });
                    is_escaped = false;
                }
                (byte, false) => frame.push(byte),
            }
        }
        device.flush();
    }
}

/// RFC 2759 section 6: the board says Windows' number for a wrong password.
fn refused() {
    let mut board = Board::start();
    board.dial("looking-glass");
    board.console.wait_for("error: 691", PATIENCE);
    board.end();
}

fn accepted(server: &mut Program) {
    let mut board = Board::start();
    board.dial("wonderland");
    board.console.wait_for(&format!("up: {CLIENT} to {GATEWAY}, MPPE 128 bit, stateless"), PATIENCE);
    board.console.wait_for("pings answered: 5", PATIENCE);
    // The server's side, as an operator sees it.
    let words = ["show", "vpdn", "session", "all"].map(str::to_owned).to_vec();
    let mut answer = Vec::new();
    control::ask(Path::new(SOCKET), &Request::new(words, false), &mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.contains("Session username is alice, state is estabd"), "{answer}");
    server.wait_for("encoding: MPPE 128 bit, stateless", PATIENCE);
    for bytes in [0, 56, 1000, 1300] {
        let reply = in_network(Some(SERVER), || ping_within(PATIENCE, CLIENT, bytes));
        reply.unwrap_or_else(|error| panic!("{error}; the board says:\n{}", board.console.output()));
    }
    let size = board.console.line("ready: a session takes ").unwrap();
    let size: usize = size.split(' ').find_map(|word| word.parse().ok()).unwrap();
    pptp_interop::say!("a board: five pings of its own answered, four of the server's, a session of {size} bytes");
    assert!(size < 32 * 1024);
    board.end();
}
