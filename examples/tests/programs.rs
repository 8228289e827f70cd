//! The programs against each other, and against a stranger who floods them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

const CLIENTS: [&str; 2] = [env!("CARGO_BIN_EXE_std-client"), env!("CARGO_BIN_EXE_tokio-client")];
const SERVERS: [&str; 2] = [env!("CARGO_BIN_EXE_std-server"), env!("CARGO_BIN_EXE_tokio-server")];

/// A server as a process, which ends with it.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    /// Starts a program, and waits until it listens.
    fn start(program: &str) -> Self {
        // The UDP port of the number that TCP gave may be in use: once more then.
        for _ in 0..5 {
            let mut process = Command::new(program).arg("127.0.0.1:0").stdout(Stdio::piped()).spawn().unwrap();
            let mut output = BufReader::new(process.stdout.take().unwrap());
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            if let Some(address) = line.trim().strip_prefix("listening on ") {
                // Its further output is read, so that it never blocks.
                std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
                return Self { process, address: address.to_owned() };
            }
            process.wait().unwrap();
        }
        panic!("{program} does not listen");
    }

    /// Runs a client to its end.
    fn client(&self, program: &str, password: &str) -> Output {
        Command::new(program).args([&self.address, "alice", password]).output().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_ping_comes_back_between_each_client_and_each_server() {
    for server in SERVERS.map(Server::start) {
        for client in CLIENTS {
            let output = server.client(client, "wonderland");
            let said = text(&output.stdout) + &text(&output.stderr);
            assert!(output.status.success(), "{client}: {said}");
            assert!(said.contains("address 10.0.0."), "{said}");
            assert!(said.contains("28 bytes came through the tunnel"), "{said}");
        }
    }
}

#[test]
fn a_wrong_password_ends_with_a_sentence() {
    for server in SERVERS.map(Server::start) {
        for client in CLIENTS {
            let output = server.client(client, "looking-glass");
            assert!(!output.status.success());
            assert!(text(&output.stderr).contains("the user name or the password is wrong"), "{output:?}");
        }
    }
}

/// Returns a Start-Control-Connection-Request, and Echo-Requests behind it.
fn flood(echoes: usize) -> Vec<u8> {
    use pptp::wire::message::{EchoRequest, StartControlConnectionRequest};
    use pptp::wire::{Message, Text};
    let start = StartControlConnectionRequest::new(Text::new("stranger").unwrap(), Text::new("").unwrap());
    let mut bytes = Message::from(start).to_vec();
    (0..echoes).for_each(|n| bytes.extend(Message::from(EchoRequest::new(n as u32)).to_vec()));
    bytes
}

#[test]
fn strangers_who_flood_or_never_read_end_no_server() {
    for server in SERVERS.map(Server::start) {
        let mut strangers = Vec::new();
        // 284 bytes in one segment; a hundred times as many; and nonsense.
        assert_eq!(flood(8).len(), 284);
        for bytes in [flood(8), flood(2000), b"GET / HTTP/1.1\r\n\r\n".repeat(20)] {
            let mut tcp = TcpStream::connect(&server.address).unwrap();
            tcp.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
            // A server that holds the sender up is right to.
            let _ = tcp.write_all(&bytes);
            strangers.push(tcp);
        }
        for client in CLIENTS {
            let output = server.client(client, "wonderland");
            assert!(output.status.success(), "{client}: {}", text(&output.stderr));
        }
        // The first one is served as well: its requests are answered.
        strangers[0].set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut replies = vec![0; 156 + 8 * 20];
        strangers[0].read_exact(&mut replies).unwrap();
    }
}

#[test]
fn ppp_over_a_stream_is_encrypted_and_a_wrong_password_is_refused() {
    let program = env!("CARGO_BIN_EXE_stream-carrier");
    let output = Command::new(program).output().unwrap();
    let said = text(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(said.contains("MPPE 128 bit, stateless") && said.contains("28 bytes, decrypted"), "{said}");
    assert!(said.contains("client: closed by us") && said.contains("server: "), "{said}");

    let output = Command::new(program).arg("looking-glass").output().unwrap();
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("the user name or the password is wrong"), "{output:?}");
}

#[test]
fn a_capture_is_decrypted_while_it_is_written() {
    let capture = include_bytes!("../../interop/captures/a-mschapv2-mppe128/client.pcap");
    let mut process = Command::new(env!("CARGO_BIN_EXE_live-inspector"))
        .args(["alice", "wonderland"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    // The first half shows the set-up before the second half is there.
    let (first, second) = capture.split_at(capture.len() / 2);
    input.write_all(first).unwrap();
    input.flush().unwrap();
    let mut line = String::new();
    while !line.contains("MS-CHAP-V2 of \"alice\", accepted") {
        line.clear();
        assert_ne!(output.read_line(&mut line).unwrap(), 0, "the set-up is not shown");
    }
    input.write_all(second).unwrap();
    drop(input);
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert!(process.wait().unwrap().success());
    assert!(rest.lines().last().unwrap().ends_with(", 72 packets decrypted"), "{rest}");
}

#[test]
fn a_stack_of_smoltcp_answers_through_the_tunnel() {
    let output = Command::new(env!("CARGO_BIN_EXE_smoltcp-ping")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(&output.stdout), "31 bytes of ICMP from 10.0.0.1\n");
}
