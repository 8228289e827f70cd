//! hostap's peer of EAP, Debian's `eapol_test`, against our authenticator of EAP-MSCHAPv2, through a RADIUS server that is
//! made of nothing else.
#![cfg(target_os = "linux")]

use std::net::{Ipv4Addr, UdpSocket};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mschap::eap::{Authenticator, End, MasterSessionKey, Response};
use mschap::radius::{Attribute, HiddenKey, Hiding};
use mschap::v2::Verdict;
use mschap::{Account, FailureCode, MasterKey, NtHash};
use ppp_fsm::eap;
use pptp_interop::radius::{self, Packet};
use pptp_interop::say;

const SECRET: &[u8] = b"a secret of more than sixteen bytes";
const PASSWORD: &str = "wonderland";

/// One login: the other end of EAP, whose identifiers count on.
struct Login {
    core: Authenticator,
    identifier: u8,
    master: Option<MasterKey>,
    /// The requests and responses, in words.
    course: Vec<String>,
}

/// The answer to a request of RADIUS.
enum Step {
    Challenge(Vec<u8>),
    Accept(Vec<u8>),
    Reject(Vec<u8>),
}

impl Login {
    fn new() -> Self {
        Self { core: Authenticator::new([0x5a; 16], 1, 0), identifier: 0, master: None, course: Vec::new() }
    }

    /// Takes a packet of the peer.
    fn handle(&mut self, packet: &[u8]) -> Step {
        let packet = eap::Packet::decode(packet).expect("a packet of EAP");
        let eap::Message::Response(method) = packet.message else { panic!("{packet}") };
        self.course.push(packet.to_string());
        self.identifier = packet.identifier;
        match method.method_type {
            eap::Type::IDENTITY => self.request(),
            eap::Type::MS_CHAP_V2 => self.handle_method(method.data),
            _ => Step::Reject(self.end(eap::Message::Failure(&[]))),
        }
    }

    fn handle_method(&mut self, data: &[u8]) -> Step {
        match self.core.read(data).expect("what was asked for") {
            Response::Response { name, .. } => {
                let hash = NtHash::from_password(PASSWORD);
                let account = match name.as_bytes() {
                    b"alice" => Account::new(&hash),
                    b"disabled" => Account::new(&hash).with_restriction(FailureCode::ACCOUNT_DISABLED),
                    _ => Account::unknown(),
                };
                if let Verdict::Accepted(accepted) = self.core.handle_response(data, &account, [0x6b; 16]).unwrap() {
                    self.master = Some(accepted.master_key());
                }
                self.request()
            }
            _ => match self.core.handle_acknowledgment(data).unwrap() {
                End::Accepted => Step::Accept(self.end(eap::Message::Success(&[]))),
                End::Refused => Step::Reject(self.end(eap::Message::Failure(&[]))),
            },
        }
    }

    fn request(&mut self) -> Step {
        self.identifier = self.identifier.wrapping_add(1);
        let mut buf = [0; 256];
        let data = self.core.request(b"ours", &mut buf).unwrap();
        self.course.push(data[4..].escape_ascii().to_string());
        Step::Challenge(self.end(eap::Message::Request(eap::Method { method_type: eap::Type::MS_CHAP_V2, data })))
    }

    fn end(&self, message: eap::Message<'_>) -> Vec<u8> {
        eap::Packet { identifier: self.identifier, message }.encode(&mut [0; 512]).unwrap().to_vec()
    }

    /// Answers a request of RADIUS.
    fn reply(&mut self, request: &Packet) -> Packet {
        let packet: Vec<u8> = request.values(radius::EAP_MESSAGE).flatten().copied().collect();
        let (code, packet) = match self.handle(&packet) {
            Step::Challenge(packet) => (radius::ACCESS_CHALLENGE, packet),
            Step::Accept(packet) => (radius::ACCESS_ACCEPT, packet),
            Step::Reject(packet) => (radius::ACCESS_REJECT, packet),
        };
        let mut reply = Packet { code, identifier: request.identifier, authenticator: [0; 16], attributes: Vec::new() };
        for piece in packet.chunks(253) {
            reply.add(radius::EAP_MESSAGE, piece);
        }
        match (code, &self.master) {
            (radius::ACCESS_CHALLENGE, _) => reply.add(radius::STATE, b"one login"),
            (radius::ACCESS_ACCEPT, Some(master)) => add_keys(&mut reply, master, &request.authenticator),
            _ => {}
        }
        reply.sign_reply(request, SECRET);
        reply
    }
}

/// RFC 2548 section 2.4: the halves of the Master Session Key.
fn add_keys(reply: &mut Packet, master: &MasterKey, authenticator: &[u8; 16]) {
    let key = MasterSessionKey::new(master);
    let (receive, send) = key.as_bytes().split_at(32);
    let hiding = Hiding::new(SECRET, authenticator);
    let (mut one, mut other) = ([0; 240], [0; 240]);
    let receive = HiddenKey::hide(receive, [0x80, 1], &hiding, &mut one).unwrap();
    let send = HiddenKey::hide(send, [0x80, 2], &hiding, &mut other).unwrap();
    for attribute in [Attribute::RecvKey(receive), Attribute::SendKey(send)] {
        reply.attributes.extend(attribute.encode(&mut [0; Attribute::MAX_LEN]).unwrap());
    }
}

/// Runs `eapol_test` against a server of one login. Returns whether it has succeeded, what it wrote, and the course.
fn run(identity: &str, password: &str, method: &str) -> (bool, String, Vec<String>) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let port = socket.local_addr().unwrap().port().to_string();
    let file = std::env::temp_dir().join(format!("eapol-{}-{port}", std::process::id()));
    let network = format!(
        "network={{\n key_mgmt=WPA-EAP\n eap={method}\n identity=\"{identity}\"\n password=\"{password}\"\n}}\n"
    );
    std::fs::write(&file, network).unwrap();
    let (is_over, mut login) = (AtomicBool::new(false), Login::new());
    let output = std::thread::scope(|scope| {
        let serve = || {
            let mut buf = [0; 4096];
            while !is_over.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut buf) else { continue };
                let reply = login.reply(&Packet::decode(&buf[..length]));
                socket.send_to(&reply.encode(), from).unwrap();
            }
        };
        let server = scope.spawn(serve);
        let secret = std::str::from_utf8(SECRET).unwrap();
        let output = Command::new("eapol_test")
            .args(["-a", "127.0.0.1", "-p", &port, "-s", secret, "-t", "20", "-c"])
            .arg(&file)
            .output()
            .unwrap();
        is_over.store(true, Ordering::Relaxed);
        server.join().unwrap();
        output
    });
    let _ = std::fs::remove_file(file);
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned(), login.course)
}

#[test]
fn hostap_logs_in_and_has_the_same_keys() {
    if Command::new("eapol_test").arg("-v").output().is_err() {
        return say!("SKIPPED: no program `eapol_test` (of Debian's package `eapoltest`)");
    }
    let (is_good, output, course) = run("alice", PASSWORD, "MSCHAPV2");
    assert!(is_good && output.contains("SUCCESS"), "{output}");
    // The program compares the key that comes by RADIUS with its own.
    assert!(output.contains("MS-MPPE-Recv-Key") && !output.contains("PMK mismatch"), "{output}");
    say!("eapol_test, right password: {course:?}");
    for (identity, password, expected) in [
        ("alice", "looking-glass", "E=691 R=0"),
        ("nobody", PASSWORD, "E=691 R=0"),
        ("disabled", PASSWORD, "E=647 R=0"),
    ] {
        let (is_good, output, course) = run(identity, password, "MSCHAPV2");
        assert!(!is_good, "{output}");
        assert!(course.iter().any(|line| line.starts_with(expected)), "{course:?}");
        say!("eapol_test, {identity} {password}: {course:?}");
    }
    // A peer without the type sends a Nak.
    let (is_good, output, course) = run("alice", PASSWORD, "MD5");
    assert!(!is_good && course.last().is_some_and(|line| line.contains("Nak")), "{course:?}\n{output}");
    say!("eapol_test without the type: {course:?}");
}
