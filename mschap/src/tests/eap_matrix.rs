//! EAP-MSCHAPv2: every message in every state, both sides: one defined answer.
//!
//! `eap_matrix.txt` has the answers. `MSCHAP_EAP_MATRIX=1 cargo test … -- --nocapture` prints it again.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;

use crate::eap::{Authenticator, Demand, Peer, PeerError, Request, Response};
use crate::v2::{ChangeVerdict, Verdict};
use crate::{Account, AuthenticatorError, FailureCode, NtHash, v2};

const NAME: &[u8] = b"joe";

fn hash() -> NtHash {
    NtHash::from_password("right")
}

fn encoded(response: &Response<'_>) -> Vec<u8> {
    response.encode(&mut [0; 600]).unwrap().to_vec()
}

fn request(authenticator: &Authenticator) -> Vec<u8> {
    authenticator.request(b"", &mut [0; 256]).unwrap().to_vec()
}

/// Returns a Response to this authenticator's request.
fn response(authenticator: &Authenticator, identifier: u8, password: &str) -> Vec<u8> {
    let challenges = v2::Challenges { authenticator: *authenticator.challenge(), peer: [0xaa; 16] };
    let (_, response) = v2::Peer::respond(&NtHash::from_password(password), &challenges, NAME);
    encoded(&Response::Response { identifier, value: &response.encode(), name: NAME.into() })
}

/// Makes a machine in some state.
type Make<T> = fn() -> T;

/// An authenticator in some state; `restriction` holds for its account.
struct Server {
    machine: Authenticator,
    restriction: Option<FailureCode>,
    identifier: u8,
}

impl Server {
    fn new(retries: u8) -> Self {
        Self { machine: Authenticator::new([1; 16], 5, retries), restriction: None, identifier: 5 }
    }

    fn restricted(self) -> Self {
        Self { restriction: Some(FailureCode::PASSWORD_EXPIRED), ..self }
    }

    fn after(mut self, password: &str) -> Self {
        let packet = response(&self.machine, self.identifier, password);
        self.receive(&packet);
        self.identifier = self.identifier.wrapping_add(1);
        self
    }

    fn acknowledged(mut self, packet: u8) -> Self {
        self.machine.handle_acknowledgment(&[packet]).unwrap();
        self
    }

    /// Gives the packet to the method that takes it. Returns what comes of it, in words.
    fn receive(&mut self, packet: &[u8]) -> String {
        let stored = hash();
        let account = match self.restriction {
            Some(code) => Account::new(&stored).with_restriction(code),
            None => Account::new(&stored),
        };
        let outcome = match self.machine.read(packet) {
            Err(AuthenticatorError::NotNow) => return "dropped: out of place".to_string(),
            Err(_) => return "dropped: malformed".to_string(),
            Ok(Response::Response { .. }) => match self.machine.handle_response(packet, &account, [7; 16]) {
                Ok(Verdict::Accepted(_)) => "accepted".to_string(),
                Ok(Verdict::Refused(_)) => "refused".to_string(),
                other => format!("{other:?}"),
            },
            Ok(Response::ChangePassword { .. }) => {
                match self.machine.handle_change_password(packet, NAME, &account, [8; 16]) {
                    Ok(ChangeVerdict::Changed { .. }) => "changed".to_string(),
                    Ok(ChangeVerdict::Refused { .. }) => "refused".to_string(),
                    other => format!("{other:?}"),
                }
            }
            Ok(_) => format!("ends: {:?}", self.machine.handle_acknowledgment(packet).unwrap()),
        };
        format!("{outcome}; {}, awaits {:?}", sent(&request(&self.machine)), self.machine.awaits())
    }
}

/// Returns the request that goes out, in words.
fn sent(data: &[u8]) -> String {
    match Request::decode(data) {
        Ok(Request::Challenge { .. }) => "Challenge".to_string(),
        Ok(Request::Success { .. }) => "Success".to_string(),
        Ok(Request::Failure { message, .. }) => {
            let text = message.escape_ascii().to_string();
            format!("Failure {}", text.split(" C=").next().unwrap())
        }
        _ => "nothing to send".to_string(),
    }
}

fn authenticator_states() -> Vec<(&'static str, Make<Server>)> {
    vec_of([
        ("challenge sent", || Server::new(0)),
        ("retry offered", || Server::new(1).after("wrong")),
        ("new password demanded", || Server::new(0).restricted().after("right")),
        ("refused", || Server::new(0).after("wrong")),
        ("success sent", || Server::new(0).after("right")),
        ("ended, accepted", || Server::new(0).after("right").acknowledged(3)),
        ("ended, refused", || Server::new(0).after("wrong").acknowledged(4)),
    ])
}

fn vec_of<T, const N: usize>(rows: [T; N]) -> Vec<T> {
    rows.into_iter().collect()
}

fn responses(server: &Server) -> Vec<(&'static str, Vec<u8>)> {
    let identifier = server.identifier;
    let challenges = v2::Challenges { authenticator: *server.machine.challenge(), peer: [0xbb; 16] };
    let change = v2::ChangePassword::new(&hash(), "new", &challenges, NAME, &[1; 512]).unwrap().encode();
    vec_of([
        ("Response, right", response(&server.machine, identifier, "right")),
        ("Response, wrong", response(&server.machine, identifier, "false")),
        ("Response, other identifier", response(&server.machine, identifier.wrapping_add(9), "right")),
        ("Response, cut short", response(&server.machine, identifier, "right")[..40].to_vec()),
        ("Change-Password, right", encoded(&Response::ChangePassword { identifier, packet: &change })),
        ("Change-Password, wrong", encoded(&Response::ChangePassword { identifier, packet: &[9; 582] })),
        ("Success received", [3].to_vec()),
        ("Failure received", [4].to_vec()),
        ("operation 0", [0].to_vec()),
        ("operation 1", b"\x01\x05\x00\x15\x10................".to_vec()),
        ("operation 9", [9].to_vec()),
        ("empty", Vec::new()),
    ])
}

fn answered(password: &str) -> Peer {
    let mut peer = Peer::new();
    peer.handle_request(&challenge()).unwrap();
    peer.prove(&NtHash::from_password(password), NAME, [0xaa; 16], &mut [0; 128]).unwrap();
    peer
}

fn given(mut peer: Peer, packet: &[u8]) -> Peer {
    peer.handle_request(packet).unwrap();
    peer
}

fn challenge() -> Vec<u8> {
    b"\x01\x05\x00\x15\x10................".to_vec()
}

fn success() -> Vec<u8> {
    let mut server = Authenticator::new(*b"................", 5, 0);
    let packet = response(&server, 5, "right");
    server.handle_response(&packet, &Account::new(&hash()), [7; 16]).unwrap();
    request(&server)
}

fn failure(text: &str) -> Vec<u8> {
    Request::Failure { identifier: 5, message: text.as_bytes() }.encode(&mut [0; 128]).unwrap().to_vec()
}

const RETRY: &str = "E=691 R=1 C=07070707070707070707070707070707 V=3";
const EXPIRED: &str = "E=648 R=0 C=07070707070707070707070707070707 V=3";

fn peer_states() -> Vec<(&'static str, Make<Peer>)> {
    vec_of([
        ("new", Peer::new),
        ("challenged", || given(Peer::new(), &challenge())),
        ("answered", || answered("right")),
        ("retry offered", || given(answered("right"), &failure(RETRY))),
        ("new password demanded", || given(answered("right"), &failure(EXPIRED))),
        ("new password sent", || {
            let mut peer = given(answered("right"), &failure(EXPIRED));
            peer.change_password(&hash(), "new", NAME, [3; 16], &[4; 512], &mut [0; 600]).unwrap();
            peer
        }),
        ("proved", || given(answered("right"), &success())),
        ("refused", || given(answered("right"), &failure("E=691 R=0"))),
    ])
}

fn requests() -> Vec<(&'static str, Vec<u8>)> {
    let mut forged = success();
    *forged.last_mut().unwrap() ^= 1;
    vec_of([
        ("Challenge", challenge()),
        ("Challenge, cut short", challenge()[..20].to_vec()),
        ("Success, right", success()),
        ("Success, forged", forged),
        ("Success, without proof", b"\x03\x05\x00\x06hi".to_vec()),
        ("Failure, retry", failure(RETRY)),
        ("Failure, expired", failure(EXPIRED)),
        ("Failure, for good", failure("E=691 R=0")),
        ("Failure, empty", failure("")),
        ("operation 7", [7, 5, 0, 4].to_vec()),
        ("operation 9", [9].to_vec()),
        ("empty", Vec::new()),
    ])
}

fn demanded(peer: &mut Peer, packet: &[u8]) -> String {
    let words = match peer.handle_request(packet) {
        Err(PeerError::NotNow) => return "dropped: out of place".to_string(),
        Err(PeerError::NoProof(_)) => return "dropped: proves nothing".to_string(),
        Err(_) => return "dropped: malformed".to_string(),
        Ok(Demand::Proof { refusal: None, .. }) => "proof demanded".to_string(),
        Ok(Demand::Proof { .. }) => "another proof demanded".to_string(),
        Ok(Demand::NewPassword(_)) => "new password demanded".to_string(),
        Ok(Demand::Acknowledge(end)) => format!("{end:?}: acknowledged by {:?}", peer.acknowledge().unwrap()),
    };
    let keys = if peer.proved().is_some() { "keys" } else { "no keys" };
    format!("{words}, {keys}")
}

fn table() -> String {
    let mut table = String::new();
    for (state, make) in authenticator_states() {
        writeln!(table, "authenticator, {state}").unwrap();
        for (message, packet) in responses(&make()) {
            let outcome = make().receive(&packet);
            assert_eq!(outcome, make().receive(&packet), "the same again");
            writeln!(table, "  {message:<27} {outcome}").unwrap();
        }
    }
    for (state, make) in peer_states() {
        writeln!(table, "peer, {state}").unwrap();
        for (message, packet) in requests() {
            writeln!(table, "  {message:<27} {}", demanded(&mut make(), &packet)).unwrap();
        }
    }
    table
}

#[test]
fn every_message_in_every_state_has_one_answer() {
    let table = table();
    if std::env::var_os("MSCHAP_EAP_MATRIX").is_some() {
        std::print!("{table}");
    }
    assert_eq!(table, include_str!("eap_matrix.txt"));
}

/// A dropped packet leaves the machine as it was: the genuine answer is taken afterwards.
#[test]
fn dropped_packets_change_nothing() {
    for (state, make) in authenticator_states() {
        let fresh = make();
        for (message, packet) in responses(&fresh) {
            let mut disturbed = make();
            if !disturbed.receive(&packet).starts_with("dropped") {
                continue;
            }
            for (genuine, later) in responses(&fresh) {
                assert_eq!(
                    disturbed_copy(make, &packet).receive(&later),
                    make().receive(&later),
                    "{state}: {message}, {genuine}"
                );
            }
        }
    }
    for (state, make) in peer_states() {
        for (message, packet) in requests() {
            if make().handle_request(&packet).is_ok() {
                continue;
            }
            for (genuine, later) in requests() {
                let mut disturbed = make();
                let _ = disturbed.handle_request(&packet);
                assert_eq!(
                    demanded(&mut disturbed, &later),
                    demanded(&mut make(), &later),
                    "{state}: {message}, {genuine}"
                );
            }
        }
    }
}

fn disturbed_copy(make: fn() -> Server, packet: &[u8]) -> Server {
    let mut server = make();
    server.receive(packet);
    server
}
