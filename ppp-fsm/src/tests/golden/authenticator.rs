//! The side that asks for a proof: packets, answers and time in each state, by method.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use super::{Reaction, Table};
use crate::auth::{Answer, Authenticator, Config, Demand, MAX_PACKET_LEN, Method, Peer, Secret, Status};
use crate::{chap, eap, pap};

const NOW: Duration = Duration::ZERO;
const SECRET: Secret<'_> = Secret::Password(b"wonderland");

/// How far the exchange with a real peer went.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    Idle,
    Challenged,
    Asking,
    Refused,
    Accepted,
    ChallengedAgain,
    Failed,
}

const STAGES: [(Stage, &str); 7] = [
    (Stage::Idle, "idle"),
    (Stage::Challenged, "waits for the proof"),
    (Stage::Asking, "asks its user"),
    (Stage::Refused, "has refused a proof"),
    (Stage::Accepted, "has accepted"),
    (Stage::ChallengedAgain, "has accepted, and challenged again"),
    (Stage::Failed, "has failed"),
];

pub(super) fn show(method: Method, bytes: &[u8]) -> String {
    match method {
        Method::Pap => pap::Packet::decode(bytes).unwrap().to_string(),
        Method::Eap | Method::EapMsChapV2 => {
            let packet = eap::Packet::decode(bytes).unwrap();
            let operation = match packet.message {
                eap::Message::Request(method) | eap::Message::Response(method)
                    if method.method_type == eap::Type::MS_CHAP_V2 =>
                {
                    method.data.first().map(|code| format!(" {}", mschap::eap::Operation(*code)))
                }
                _ => None,
            };
            format!("{packet}{}", operation.unwrap_or_default())
        }
        _ => {
            let line = chap::Packet::decode(bytes).unwrap().to_string();
            // Challenges and proofs are drawn.
            let cut = |line: &str, key| line.split_once(key).map(|(front, _)| format!("{front}{key}…"));
            cut(&line, " C=").or_else(|| cut(&line, "S=")).unwrap_or(line)
        }
    }
}

struct Driven {
    method: Method,
    server: Authenticator,
    client: Peer,
    now: Duration,
    /// The last packet of the server and of the client.
    sent: Vec<u8>,
    proof: Vec<u8>,
}

impl Driven {
    fn reach(method: Method, stage: Stage) -> Option<Self> {
        let config = Config::default().with_retries(1).with_max_tries(2);
        let (server, client) = (Authenticator::new(&config, [1; 32]), Peer::new(&config, [2; 32]));
        let mut driven = Self { method, server, client, now: NOW, sent: Vec::from([0, 0]), proof: Vec::new() };
        if stage == Stage::Idle {
            return Some(driven);
        }
        driven.server.start(NOW, method);
        driven.client.start(NOW, method);
        driven.send();
        if stage == Stage::Challenged {
            return Some(driven);
        }
        driven.prove();
        assert_eq!(driven.server.status(), Status::Asking);
        let wrong = [Stage::Refused, Stage::Failed].contains(&stage);
        if stage != Stage::Asking {
            let ticket = driven.server.poll_question().unwrap().ticket();
            let password: &[u8] = if wrong { b"looking-glass" } else { b"wonderland" };
            driven.server.answer(NOW, ticket, &Answer::Password(password)).unwrap();
            driven.send();
        }
        match stage {
            // Without another try a refusal is the end.
            Stage::Refused if driven.server.status() != Status::Waiting => return None,
            Stage::Failed if driven.server.status() == Status::Waiting => {
                while driven.server.status() == Status::Waiting {
                    driven.now = driven.server.poll_timeout().unwrap();
                    driven.server.handle_timeout(driven.now);
                }
            }
            Stage::ChallengedAgain => {
                driven.server.rechallenge(NOW);
                driven.send();
                if driven.server.status() != Status::Waiting {
                    return None;
                }
            }
            _ => {}
        }
        driven.server.poll_question();
        Some(driven)
    }

    /// Passes on what the server sends.
    fn send(&mut self) {
        let mut buf = [0; MAX_PACKET_LEN];
        while let Some(bytes) = self.server.poll_transmit(self.now, &mut buf).unwrap() {
            self.sent = bytes.to_vec();
            let _ = self.client.handle_packet(self.now, bytes);
            // The acknowledgment of EAP-MSCHAPv2, which no user is asked for.
            if let Some(bytes) = self.client.poll_transmit(self.now, &mut buf).unwrap() {
                let _ = self.server.handle_packet(self.now, bytes);
            }
        }
    }

    /// Lets the client answer until the server asks its user.
    fn prove(&mut self) {
        while self.server.status() == Status::Waiting {
            if let Some(Demand::Proof { ticket, .. }) = self.client.poll_demand() {
                self.client.prove(self.now, ticket, b"alice", &SECRET).unwrap();
            }
            let mut buf = [0; MAX_PACKET_LEN];
            let proof = self.client.poll_transmit(self.now, &mut buf).unwrap().unwrap().to_vec();
            self.server.handle_packet(self.now, &proof).unwrap();
            self.proof = proof;
            self.send();
        }
    }

    fn packet(&mut self, bytes: &[u8]) -> Reaction {
        match self.server.handle_packet(self.now, bytes) {
            Ok(()) => Reaction::new(),
            Err(refused) => Reaction::from([format!("refuses: {refused}")]),
        }
    }

    fn answer(&mut self, ticket: Option<crate::auth::Ticket>, answer: &Answer<'_>) -> Reaction {
        let Some(ticket) = ticket else { return Reaction::from(["is not asked".to_string()]) };
        match self.server.answer(self.now, ticket, answer) {
            Ok(outcome) => Reaction::from([format!("says {outcome:?}")]),
            Err(error) => Reaction::from([format!("does not take the answer: {error}")]),
        }
    }

    fn react(&mut self, before: Status) -> Reaction {
        let mut lines = Reaction::new();
        let mut buf = [0; MAX_PACKET_LEN];
        while let Some(bytes) = self.server.poll_transmit(self.now, &mut buf).unwrap() {
            lines.push(format!("sends {}", show(self.method, bytes)));
        }
        if let Some(question) = self.server.poll_question() {
            let question = format!("{question:?}");
            lines.push(format!("asks {}", question.split('(').next().unwrap()));
        }
        let after = self.server.status();
        if after != before {
            lines.push(match after {
                Status::Failed(failure) => format!("becomes failed: {failure}"),
                other => format!("becomes {other:?}"),
            });
        }
        lines
    }
}

/// Returns a proof with another identifier, and another name if there is one.
fn changed(proof: &[u8], identifier: u8, name: &[u8]) -> Vec<u8> {
    let mut bytes = proof.to_vec();
    if let Some(place) = bytes.windows(5).position(|found| found == b"alice") {
        bytes[place..place + 5].copy_from_slice(name);
    }
    bytes[1] = identifier;
    bytes
}

/// Returns the packets of a method, made for the identifier of the last packet.
fn packets(driven: &Driven) -> Vec<(&'static str, Vec<u8>)> {
    let identifier = driven.sent[1];
    let (next, before) = (identifier.wrapping_add(1), identifier.wrapping_sub(1));
    let pap = |code, identifier, data: &[u8]| {
        let [high, low] = u16::try_from(4 + data.len()).unwrap().to_be_bytes();
        [&[code, identifier, high, low][..], data].concat()
    };
    // A proof of the right length, when there was none yet.
    let value: &[u8] = if driven.method == Method::ChapMd5 { &[7; 16] } else { &[7; 49] };
    let response = [&[u8::try_from(value.len()).unwrap()][..], value, b"alice"].concat();
    let response = if driven.proof.is_empty() { pap(2, identifier, &response) } else { driven.proof.clone() };
    match driven.method {
        Method::Pap => Vec::from([
            ("Authenticate-Request", pap(1, 7, b"\x05alice\x0awonderland")),
            ("Authenticate-Request, other name", pap(1, 8, b"\x05malle\x0awonderland")),
            ("Authenticate-Request, cut off", pap(1, 9, b"\x09alice")),
            ("Authenticate-Ack", pap(2, 7, b"\0")),
        ]),
        Method::Eap => Vec::from([
            ("Identity", pap(2, identifier, b"\x01alice")),
            ("Identity, other name", pap(2, identifier, b"\x01malle")),
            ("Identity, identifier before", pap(2, before, b"\x01alice")),
            ("MD5-Challenge", pap(2, identifier, b"\x04\x100123456789abcdefalice")),
            ("Nak, MS-CHAP-V2 wanted", pap(2, identifier, b"\x03\x1a")),
            ("Notification", pap(2, identifier, b"\x02")),
            ("Request", pap(1, identifier, b"\x01")),
            ("Success", pap(3, identifier, b"")),
        ]),
        Method::EapMsChapV2 => {
            let response = if driven.proof.is_empty() {
                pap(2, identifier, &[&[26, 2, identifier, 0, 59, 49][..], &[7; 49], b"alice"].concat())
            } else {
                driven.proof.clone()
            };
            let mut other = changed(&response, identifier, b"alice");
            other[6] = other[6].wrapping_add(9);
            Vec::from([
                ("Identity", pap(2, identifier, b"\x01alice")),
                ("Response", changed(&response, identifier, b"alice")),
                ("Response, other name", changed(&response, identifier, b"malle")),
                ("Response, other MS-CHAPv2-ID", other),
                ("Response, identifier before", changed(&response, before, b"alice")),
                ("Change-Password", pap(2, identifier, &[&[26, 7, identifier, 2, 74][..], &[7; 582]].concat())),
                ("Success received", pap(2, identifier, b"\x1a\x03")),
                ("Failure received", pap(2, identifier, b"\x1a\x04")),
                ("Nak, MD5-Challenge wanted", pap(2, identifier, b"\x03\x04")),
                ("operation 9", pap(2, identifier, b"\x1a\x09")),
                ("Request", pap(1, identifier, b"\x01")),
                ("Success", pap(3, identifier, b"")),
            ])
        }
        _ => Vec::from([
            ("Response", changed(&response, identifier, b"alice")),
            ("Response, other name", changed(&response, identifier, b"malle")),
            ("Response, next identifier", changed(&response, next, b"alice")),
            ("Response, identifier before", changed(&response, before, b"alice")),
            ("Challenge", pap(1, identifier, &[&[16][..], &[5; 16], b"x"].concat())),
            ("Success", pap(3, identifier, b"")),
            ("Failure", pap(4, identifier, b"")),
            ("Change-Password of version 3, next identifier", pap(7, next, b"")),
        ]),
    }
}

fn rows(method: Method, stage: Stage) -> Option<Vec<(String, Reaction)>> {
    let driven = Driven::reach(method, stage)?;
    let mut rows = Vec::new();
    for (message, bytes) in packets(&driven) {
        let mut driven = Driven::reach(method, stage)?;
        let before = driven.server.status();
        let mut reaction = driven.packet(&bytes);
        reaction.extend(driven.react(before));
        rows.push((message.to_string(), reaction));
    }
    let answers: [(&str, Answer<'_>); 6] = [
        ("answer, right password", Answer::Password(b"wonderland")),
        ("answer, wrong password", Answer::Password(b"looking-glass")),
        ("Accept", Answer::Accept(b"")),
        ("Reject", Answer::Reject(b"")),
        ("Reject with E=691 R=1 and a challenge", Answer::Reject(b"E=691 R=1 C=00112233445566778899AABBCCDDEEFF V=3")),
        ("Reject with E=648 and a challenge", Answer::Reject(b"E=648 R=1 C=00112233445566778899AABBCCDDEEFF V=3")),
    ];
    for (message, answer) in answers {
        let mut driven = Driven::reach(method, stage)?;
        // Another copy says the ticket, which the stage has polled already.
        let ticket = if stage == Stage::Asking { Some(crate::auth::Ticket::first()) } else { None };
        let before = driven.server.status();
        let mut reaction = driven.answer(ticket, &answer);
        reaction.extend(driven.react(before));
        rows.push((message.to_string(), reaction));
    }
    for (message, times) in [("time", 1), ("time until the last try is over", 3)] {
        let mut driven = Driven::reach(method, stage)?;
        let before = driven.server.status();
        for _ in 0..times {
            driven.now = driven.server.poll_timeout().unwrap_or(driven.now);
            driven.server.handle_timeout(driven.now);
        }
        let reaction = driven.react(before);
        rows.push((message.to_string(), reaction));
    }
    let mut driven = Driven::reach(method, stage)?;
    let before = driven.server.status();
    driven.server.rechallenge(driven.now);
    let reaction = driven.react(before);
    rows.push(("Rechallenge".to_string(), reaction));
    Some(rows)
}

#[test]
fn every_packet_answer_and_time_out_in_every_state_of_an_authenticator() {
    let mut table = Table::default();
    let microsoft = [Method::MsChapV1, Method::MsChapV2, Method::EapMsChapV2];
    for method in [Method::Pap, Method::ChapMd5, Method::Eap].into_iter().chain(microsoft) {
        for (stage, name) in STAGES {
            if let Some(rows) = rows(method, stage) {
                table.section(&format!("{method}, {name}"), rows);
            }
        }
    }
    table.check("authenticator.txt");
}
