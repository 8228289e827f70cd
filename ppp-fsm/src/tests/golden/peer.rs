//! The side that has to prove itself: packets, answers and time in each state, by method.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use super::authenticator::show;
use super::{Reaction, Table};
use crate::auth::{
    Answer, Authenticator, Config, Demand, MAX_PACKET_LEN, Method, Peer, Question, Secret, Status, Ticket,
};

const NOW: Duration = Duration::ZERO;
const SECRET: Secret<'_> = Secret::Password(b"wonderland");

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    Idle,
    Waiting,
    Asking,
    Proved,
    Refused,
    Accepted,
    AskedAgain,
    ProvedAgain,
    Failed,
}

const STAGES: [(Stage, &str); 9] = [
    (Stage::Idle, "idle"),
    (Stage::Waiting, "waits for the authenticator"),
    (Stage::Asking, "asks its user"),
    (Stage::Proved, "has sent a proof"),
    (Stage::Refused, "was refused, and asks for another proof"),
    (Stage::Accepted, "is accepted"),
    (Stage::AskedAgain, "is accepted, was challenged again, and asks its user"),
    (Stage::ProvedAgain, "is accepted, was challenged again, and has sent a proof"),
    (Stage::Failed, "has failed"),
];

struct Driven {
    method: Method,
    server: Authenticator,
    client: Peer,
    now: Duration,
    /// The last packet of the server, which the client has seen or not.
    last: Vec<u8>,
    ticket: Option<Ticket>,
}

impl Driven {
    fn reach(method: Method, stage: Stage) -> Option<Self> {
        let config = Config::default().with_retries(1).with_max_tries(2);
        let (server, client) = (Authenticator::new(&config, [1; 32]), Peer::new(&config, [2; 32]));
        let mut driven = Self { method, server, client, now: NOW, last: Vec::from([1, 0, 0, 4]), ticket: None };
        if stage == Stage::Idle {
            return Some(driven);
        }
        driven.server.start(NOW, method);
        driven.client.start(NOW, method);
        let is_refused = [Stage::Refused, Stage::Failed].contains(&stage);
        let goals: &[Status] = match stage {
            Stage::Waiting => &[Status::Waiting],
            Stage::Asking => &[Status::Asking],
            Stage::Proved => &[Status::Asking, Status::Waiting],
            Stage::Refused if method == Method::EapMsChapV2 => &[Status::Asking],
            Stage::Refused => &[Status::Asking, Status::Waiting, Status::Asking],
            _ => &[],
        };
        match stage {
            Stage::Waiting | Stage::Asking | Stage::Proved | Stage::Refused => {
                for goal in goals {
                    driven.run(is_refused, |driven| driven.client.status() == *goal && driven.is_settled(stage));
                }
                if stage == Stage::Refused && driven.client.refusal().is_none() {
                    return None;
                }
                if stage == Stage::Waiting && method == Method::Pap {
                    return None;
                }
            }
            Stage::Failed => {
                driven.run(true, |driven| matches!(driven.client.status(), Status::Failed(_)));
            }
            _ => {
                driven.run(false, |driven| driven.client.status() == Status::Accepted);
                if stage != Stage::Accepted {
                    driven.server.rechallenge(NOW);
                    driven.run(false, |driven| driven.client.status() == Status::Asking);
                    if stage == Stage::ProvedAgain {
                        driven.run(false, |driven| driven.client.status() == Status::Waiting);
                    }
                    if driven.client.status() == Status::Accepted {
                        return None;
                    }
                }
            }
        }
        if let Some(demand) = driven.client.poll_demand() {
            driven.ticket = Some(demand.ticket());
        }
        while driven.client.poll_transmit(NOW, &mut [0; MAX_PACKET_LEN]).unwrap().is_some() {}
        Some(driven)
    }

    /// Returns whether a status is the one that is looked for, and not an earlier one of the same
    /// name.
    fn is_settled(&self, stage: Stage) -> bool {
        match stage {
            // EAP asks for the name first; what is looked for is the proof.
            Stage::Asking | Stage::Proved if self.method == Method::Eap => self.last.get(4) == Some(&4),
            Stage::Asking | Stage::Proved if self.method == Method::EapMsChapV2 => self.last.get(4) == Some(&26),
            Stage::Refused if self.method == Method::EapMsChapV2 => self.client.refusal().is_some(),
            _ => true,
        }
    }

    /// Runs the exchange until something is so, or nothing happens.
    fn run(&mut self, is_wrong: bool, is_there: impl Fn(&Self) -> bool) {
        for _ in 0..40 {
            let mut buf = [0; MAX_PACKET_LEN];
            if is_there(self) {
                return;
            }
            if let Some(bytes) = self.server.poll_transmit(NOW, &mut buf).unwrap() {
                self.last = bytes.to_vec();
                let _ = self.client.handle_packet(NOW, bytes);
                continue;
            }
            if let Some(demand) = self.client.poll_demand() {
                self.ticket = Some(demand.ticket());
                if matches!(demand, Demand::Proof { .. }) {
                    self.client.prove(NOW, demand.ticket(), b"alice", &SECRET).unwrap();
                }
                continue;
            }
            if let Some(bytes) = self.client.poll_transmit(NOW, &mut buf).unwrap() {
                let _ = self.server.handle_packet(NOW, bytes);
                continue;
            }
            if let Some(question @ Question::Proof(_)) = self.server.poll_question() {
                let password: &[u8] = if is_wrong { b"looking-glass" } else { b"wonderland" };
                self.server.answer(NOW, question.ticket(), &Answer::Password(password)).unwrap();
            }
        }
    }

    fn react(&mut self, before: Status) -> Reaction {
        let mut lines = Reaction::new();
        let mut buf = [0; MAX_PACKET_LEN];
        while let Some(bytes) = self.client.poll_transmit(self.now, &mut buf).unwrap() {
            lines.push(format!("sends {}", show(self.method, bytes)));
        }
        if let Some(demand) = self.client.poll_demand() {
            lines.push(match demand {
                Demand::Proof { is_retry: true, .. } => "asks for another proof".to_string(),
                Demand::Proof { .. } => "asks for a proof".to_string(),
                Demand::NewPassword(_) => "asks for a new password".to_string(),
                Demand::Eap(_) => "asks for an EAP packet".to_string(),
            });
        }
        let after = self.client.status();
        if after != before {
            lines.push(match after {
                Status::Failed(failure) => format!("becomes failed: {failure}"),
                other => format!("becomes {other:?}"),
            });
        }
        lines
    }
}

fn packets(driven: &Driven) -> Vec<(&'static str, Vec<u8>)> {
    let identifier = driven.last[1];
    let (next, before, far) = (identifier.wrapping_add(1), identifier.wrapping_sub(1), identifier.wrapping_add(9));
    let packet = |code, identifier, data: &[u8]| {
        let length = u8::try_from(4 + data.len()).unwrap();
        [&[code, identifier, 0, length][..], data].concat()
    };
    let length = if driven.method == Method::MsChapV1 { 8 } else { 16 };
    let challenge = [&[length][..], &[5; 16][..usize::from(length)], b"x"].concat();
    let refusal = b"E=691 R=1 C=00112233445566778899AABBCCDDEEFF V=3";
    match driven.method {
        Method::Pap => Vec::from([
            ("Authenticate-Ack", packet(2, 1, b"\x02hi")),
            ("Authenticate-Nak", packet(3, 1, b"\x02no")),
            ("Authenticate-Ack, other identifier", packet(2, 9, b"\0")),
            ("Authenticate-Nak, other identifier", packet(3, 9, b"\0")),
            ("Authenticate-Request", packet(1, 1, b"\x01x\x01y")),
        ]),
        Method::EapMsChapV2 => {
            let request = |operation, text: &[u8]| {
                let length = u8::try_from(4 + text.len()).unwrap();
                packet(1, far, &[&[26, operation, far, 0, length][..], text].concat())
            };
            Vec::from([
                ("the last packet again", driven.last.clone()),
                ("Request Identity", packet(1, far, b"\x01")),
                ("Challenge", request(1, &challenge)),
                ("Challenge of three bytes", request(1, b"\x03abcx")),
                ("Success without a proof", request(3, b"welcome")),
                ("Failure", request(4, b"E=691 R=0 V=3")),
                ("Failure with another try", request(4, refusal)),
                ("Failure, the password has expired", request(4, b"E=648 R=0 C=00112233445566778899AABBCCDDEEFF V=3")),
                ("operation 9", request(9, b"")),
                ("Request MD5-Challenge", packet(1, far, b"\x04\x100123456789abcdefx")),
                ("EAP's Success", packet(3, identifier, b"")),
                ("EAP's Success, other identifier", packet(3, far, b"")),
                ("EAP's Failure", packet(4, identifier, b"")),
                ("EAP's Failure, other identifier", packet(4, far, b"")),
                ("Response", packet(2, identifier, b"\x01x")),
            ])
        }
        Method::Eap => Vec::from([
            ("the last packet again", driven.last.clone()),
            ("Request Identity", packet(1, far, b"\x01")),
            ("Request Notification", packet(1, far, b"\x02hello")),
            ("Request MD5-Challenge", packet(1, far, b"\x04\x100123456789abcdefx")),
            ("Request MD5-Challenge without its value", packet(1, far, b"\x04")),
            ("Request PEAP", packet(1, far, b"\x19")),
            ("Success", packet(3, identifier, b"")),
            ("Success, next identifier", packet(3, next, b"")),
            ("Success, identifier before", packet(3, before, b"")),
            ("Failure", packet(4, identifier, b"")),
            ("Failure, next identifier", packet(4, next, b"")),
            ("Failure, identifier before", packet(4, before, b"")),
            ("Response", packet(2, identifier, b"\x01x")),
        ]),
        _ => Vec::from([
            ("the last packet again", driven.last.clone()),
            ("Challenge", packet(1, far, &challenge)),
            ("Challenge of three bytes", packet(1, far, b"\x03abcx")),
            ("Success without a proof", packet(3, identifier, b"welcome")),
            ("Success, other identifier", packet(3, far, b"welcome")),
            ("Failure", packet(4, identifier, b"E=691 R=0 V=3")),
            ("Failure with another try", packet(4, identifier, refusal)),
            (
                "Failure, the password has expired",
                packet(4, identifier, b"E=648 R=0 C=00112233445566778899AABBCCDDEEFF V=3"),
            ),
            ("Failure, other identifier", packet(4, far, b"E=691 R=0 V=3")),
            ("Response", packet(2, identifier, &challenge)),
        ]),
    }
}

fn rows(method: Method, stage: Stage) -> Option<Vec<(String, Reaction)>> {
    type Act = fn(&mut Driven) -> Result<(), crate::auth::AnswerError>;

    let driven = Driven::reach(method, stage)?;
    let mut rows = Vec::new();
    for (message, bytes) in packets(&driven) {
        let mut driven = Driven::reach(method, stage)?;
        let before = driven.client.status();
        let mut reaction = match driven.client.handle_packet(driven.now, &bytes) {
            Ok(()) => Reaction::new(),
            Err(refused) => Reaction::from([format!("refuses: {refused}")]),
        };
        reaction.extend(driven.react(before));
        rows.push((message.to_string(), reaction));
    }
    let acts: [(&str, Act); 2] = [
        ("a proof", |driven| {
            let ticket = driven.ticket.unwrap_or(Ticket::first());
            driven.client.prove(driven.now, ticket, b"alice", &SECRET)
        }),
        ("no proof", |driven| {
            let ticket = driven.ticket.unwrap_or(Ticket::first());
            driven.client.decline(NOW, ticket)
        }),
    ];
    for (message, act) in acts {
        let mut driven = Driven::reach(method, stage)?;
        let before = driven.client.status();
        let mut reaction = match act(&mut driven) {
            Ok(()) => Reaction::new(),
            Err(error) => Reaction::from([format!("does not take the answer: {error}")]),
        };
        reaction.extend(driven.react(before));
        rows.push((message.to_string(), reaction));
    }
    for (message, times) in [("time", 1), ("time until the last try is over", 3)] {
        let mut driven = Driven::reach(method, stage)?;
        let before = driven.client.status();
        for _ in 0..times {
            driven.now = driven.client.poll_timeout().unwrap_or(driven.now);
            driven.client.handle_timeout(driven.now);
        }
        let reaction = driven.react(before);
        rows.push((message.to_string(), reaction));
    }
    Some(rows)
}

#[test]
fn every_packet_answer_and_time_out_in_every_state_of_a_peer() {
    let mut table = Table::default();
    let microsoft = [Method::MsChapV1, Method::MsChapV2, Method::EapMsChapV2];
    for method in [Method::Pap, Method::ChapMd5, Method::Eap].into_iter().chain(microsoft) {
        for (stage, name) in STAGES {
            if let Some(rows) = rows(method, stage) {
                table.section(&format!("{method}, {name}"), rows);
            }
        }
    }
    table.check("peer.txt");
}
