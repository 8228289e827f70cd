//! One case: its steps, and what it wants.

use std::time::Duration;

use pptp::mschap::{NtHash, v2};
use serde_json::Value;

use super::other::Other;
use super::project::Project;

struct World {
    now: Duration,
    project: Project,
    other: Other,
    is_client: bool,
}

/// Runs a case. The error says which wish was not met.
pub(crate) fn run(case: &Value) -> Result<(), String> {
    let role = case["role"].as_str().unwrap();
    let config = &case["config"];
    let acknowledges = config["acks"].as_bool().unwrap_or(true);
    let start_result = case["start_result"].as_u64().map(|result| result as u8);
    let mut world = World {
        now: Duration::from_secs(1),
        project: Project::new(role, config),
        other: Other::new(role == "client", acknowledges, start_result),
        is_client: role == "client",
    };
    world.project.open(world.now);
    world.other.control.open(world.now).unwrap();
    world.exchange();
    for step in case["steps"].as_array().unwrap() {
        world.step(step);
    }
    world.check(&case["want"])
}

impl World {
    /// Lets both sides talk until neither has anything to say at this moment.
    fn exchange(&mut self) {
        let mut buf = [0; 4096];
        // More rounds than any exchange of a case has.
        for _ in 0..200 {
            let mut is_quiet = true;
            while let Some(bytes) = self.project.poll_control(self.now) {
                assert_eq!(self.other.control.handle_stream(self.now, &bytes), bytes.len());
                is_quiet = false;
            }
            self.other.settle(self.now, !self.is_client);
            while let Some(bytes) = self.other.control.poll_transmit(self.now, &mut buf).unwrap() {
                self.project.handle_stream(self.now, bytes);
                is_quiet = false;
            }
            while let Some(packet) = self.project.poll_tunnel(self.now) {
                self.other.handle_gre(&packet);
                is_quiet = false;
            }
            self.project.settle(self.now);
            if is_quiet {
                return;
            }
        }
        panic!("the two sides never come to rest");
    }

    /// Lets time pass until a moment, or until the session is over.
    fn pass(&mut self, until: Duration) {
        // More deadlines than a minute of silence has.
        for _ in 0..10_000 {
            if self.project.reason.is_some() {
                return;
            }
            let next = self.project.poll_timeout().filter(|next| *next <= until);
            let next = next.into_iter().chain(self.other.control.poll_timeout().filter(|next| *next <= until)).min();
            let Some(next) = next else { break };
            self.now = self.now.max(next);
            self.project.handle_timeout(self.now);
            self.other.control.handle_timeout(self.now);
            self.exchange();
        }
        self.now = self.now.max(until);
    }

    fn send(&mut self, frame: &[u8]) {
        let packet = self.other.wrap(frame);
        self.project.handle_gre(self.now, packet);
        self.exchange();
    }

    fn send_packet(&mut self, protocol: u16, code: u8, identifier: u8, data: &[u8]) {
        let length = (data.len() as u16 + 4).to_be_bytes();
        let frame = [&[0xff, 3][..], &protocol.to_be_bytes(), &[code, identifier], &length, data].concat();
        self.send(&frame);
    }

    fn step(&mut self, step: &Value) {
        let text = |key: &str| step[key].as_str().unwrap_or_default();
        let bytes = |key: &str| hex::decode(text(key)).unwrap();
        let protocol = || u16::from_str_radix(text("protocol"), 16).unwrap();
        match text("do") {
            "send" => {
                let every = Duration::from_secs(step["every"].as_u64().unwrap_or(0));
                for _ in 0..step["times"].as_u64().unwrap_or(1) {
                    if self.project.reason.is_none() {
                        self.send(&bytes("frame"));
                        self.pass(self.now + every);
                    }
                }
            }
            "wait" => self.pass(self.now + Duration::from_secs_f64(step["seconds"].as_f64().unwrap())),
            answer @ ("ack" | "nak" | "reject") => {
                let code = 2 + ["ack", "nak", "reject"].iter().position(|name| *name == answer).unwrap() as u8;
                // A session that has ended asks for nothing more.
                let Some((identifier, options)) = self.other.last(protocol(), 1) else { return };
                let options = if step["options"].is_null() { options } else { bytes("options") };
                self.send_packet(protocol(), code, identifier, &options);
            }
            "failure" => {
                let (identifier, _) =
                    self.other.last(0xc223, 2).unwrap_or_else(|| panic!("no Response in {:02x?}", self.other.frames));
                self.send_packet(0xc223, 4, identifier, text("text").as_bytes());
            }
            "success" => {
                let (identifier, data) =
                    self.other.last(0xc223, 2).unwrap_or_else(|| panic!("no Response in {:02x?}", self.other.frames));
                let response = v2::Response::decode(&data[1..50]).unwrap();
                let challenge: [u8; 16] = bytes("challenge").try_into().unwrap();
                let hash = NtHash::from_password(text("password"));
                let challenges = response.challenges(&challenge);
                let proof = v2::AuthenticatorResponse::new(
                    &hash.hash(),
                    &response.nt_response,
                    &challenges.hash(text("user").as_bytes()),
                );
                self.send_packet(0xc223, 3, identifier, &proof.to_text());
            }
            "response" => {
                let (identifier, data) = self.other.last(0xc223, 1).expect("a Challenge");
                let authenticator: [u8; 16] = data[1..17].try_into().unwrap();
                let hash = NtHash::from_password(text("password"));
                let name = text("name").as_bytes();
                let challenges = v2::Challenges { authenticator, peer: [0x21; 16] };
                let response = v2::Response::new(&hash, &challenges, name);
                self.send_packet(0xc223, 2, identifier, &[&[49][..], &response.encode(), name].concat());
            }
            "eap" => self.eap_response(step["type"].as_u64().unwrap() as u8, &bytes("data")),
            // RFC 1994 section 4.1: one byte of length, then the value.
            "eap-md5" => self.eap_response(4, &[&[16][..], &[0; 16]].concat()),
            "eap-result" => {
                let (identifier, _) = self.other.last(0xc227, 2).expect("an EAP Response");
                self.send_packet(0xc227, step["code"].as_u64().unwrap() as u8, identifier, &[]);
            }
            other => panic!("step {other}"),
        }
    }

    fn eap_response(&mut self, kind: u8, data: &[u8]) {
        let (identifier, _) = self.other.last(0xc227, 1).expect("an EAP Request");
        self.send_packet(0xc227, 2, identifier, &[&[kind][..], data].concat());
    }

    fn check(&mut self, want: &Value) -> Result<(), String> {
        if let Some(by) = want["reason"]["by"].as_f64() {
            self.pass(self.now + Duration::from_secs_f64(by));
        }
        let frames: Vec<String> = self.other.frames.iter().map(hex::encode).collect();
        if let Some(answer) = want["answer"].as_str() {
            if !frames.iter().any(|frame| frame.contains(answer)) {
                return Err(format!("no frame has {answer}; sent: {frames:?}"));
            }
        }
        if let Some(answer) = want["no_answer"].as_str() {
            if let Some(frame) = frames.iter().find(|frame| frame.contains(answer)) {
                return Err(format!("{frame} has {answer}"));
            }
        }
        if let Some(accept) = want["accept"].as_str() {
            let found = self.project.accepted.as_ref().ok_or("nothing was accepted")?;
            if found.is_ok() != (accept == "Ok") {
                return Err(format!("accept: {found:?}, want {accept}"));
            }
        }
        if want["reason"].is_null() { Ok(()) } else { self.check_reason(&want["reason"]) }
    }

    fn check_reason(&self, want: &Value) -> Result<(), String> {
        let reason = self.project.reason.as_ref().ok_or("the session has not ended in time")?;
        let number = reason.windows_error();
        let said = format!("{reason}; {}", reason.advice());
        let fail = |wish: String| Err(format!("{wish}; it is {number:?}: {said}"));
        if let Some(windows) = want["windows"].as_u64() {
            if number.map(u64::from) != Some(windows) {
                return fail(format!("want {windows}"));
            }
        }
        if want["windows_not"].as_u64().is_some_and(|not| number.map(u64::from) == Some(not)) {
            return fail("another number is wanted".to_owned());
        }
        if want["windows_none"].as_bool() == Some(true) && number.is_some() {
            return fail("no number is wanted".to_owned());
        }
        let has = |text: &str| text.split('|').any(|one| said.to_lowercase().contains(&one.to_lowercase()));
        for text in want["says"].as_array().into_iter().flatten() {
            if !has(text.as_str().unwrap()) {
                return fail(format!("must say {text}"));
            }
        }
        for text in want["says_not"].as_array().into_iter().flatten() {
            if has(text.as_str().unwrap()) {
                return fail(format!("must not say {text}"));
            }
        }
        Ok(())
    }
}
