//! EAP-MSCHAPv2: its packets, and both machines with a forger between them.

use mschap::eap::{Authenticator, Demand, End, Peer, Request, Response};
use mschap::v2::{ChangeVerdict, Verdict};
use mschap::{Account, FailureCode, NtHash};

const NAME: &[u8] = br"CORP\alice";

/// Asserts that what is read is written back to the same bytes, in both directions.
///
/// # Panics
///
/// When it is not.
pub fn packet(data: &[u8]) {
    let mut buf = vec![0; data.len()];
    if let Ok(request) = Request::decode(data) {
        assert_eq!(request.encode(&mut buf), Ok(data));
        assert_eq!(Request::decode_any_length(data), Ok(request));
    }
    if let Ok(request) = Request::decode_any_length(data) {
        let written = request.encode(&mut buf).expect("it is no longer than it was");
        assert_eq!(Request::decode(written), Ok(request));
    }
    if let Ok(response) = Response::decode(data) {
        let written = response.encode(&mut buf).expect("it is no longer than it was");
        // Bytes behind the OpCode of an acknowledgment are ignored.
        let is_acknowledgment = matches!(response, Response::SuccessReceived | Response::FailureReceived);
        assert_eq!(written, if is_acknowledgment { &data[..1] } else { data });
        let name_len = response.name().map_or(0, |name| name.as_bytes().len());
        assert!(name_len < data.len());
    }
}

/// How an exchange begins, from one byte.
#[derive(Clone, Copy)]
struct Scenario {
    retries: u8,
    is_wrong: bool,
    is_expired: bool,
}

impl Scenario {
    fn new(number: u8) -> Self {
        Self { retries: number & 1, is_wrong: number & 2 != 0, is_expired: number & 4 != 0 }
    }
}

fn account(stored: &NtHash, scenario: Scenario) -> Account<'_> {
    let account = Account::new(stored);
    if scenario.is_expired { account.with_restriction(FailureCode::PASSWORD_EXPIRED) } else { account }
}

/// The end: the verdict for EAP, and whether both sides have the same keys.
type Outcome = (Option<End>, bool);

struct Pair<'d> {
    scenario: Scenario,
    server: Authenticator,
    client: Peer,
    /// The forger's packets: the side that gets it, its length and its bytes.
    forged: &'d [u8],
    stored: NtHash,
}

impl<'d> Pair<'d> {
    fn new(scenario: Scenario, forged: &'d [u8]) -> Self {
        let server = Authenticator::new([1; 16], 7, scenario.retries);
        Self { scenario, server, client: Peer::new(), forged, stored: NtHash::from_password("right") }
    }

    /// Delivers up to three of the forger's packets. Returns whether all of them were dropped.
    fn forge(&mut self) -> bool {
        let Some((&count, rest)) = self.forged.split_first() else { return true };
        self.forged = rest;
        for _ in 0..count & 3 {
            let Some((&[head, length], rest)) = self.forged.split_first_chunk() else { return true };
            let bytes;
            (bytes, self.forged) = rest.split_at(rest.len().min(length.into()));
            let is_dropped = if head & 1 == 0 { self.forge_response(bytes) } else { self.forge_request(bytes) };
            if !is_dropped {
                return false;
            }
        }
        true
    }

    /// A forger who does not know the password is never let in.
    fn forge_response(&mut self, bytes: &[u8]) -> bool {
        let account = account(&self.stored, self.scenario);
        let response = self.server.handle_response(bytes, &account, [3; 16]);
        assert!(!matches!(response, Ok(Verdict::Accepted(_))), "a forged proof");
        let change = self.server.handle_change_password(bytes, NAME, &account, [3; 16]);
        assert!(!matches!(change, Ok(ChangeVerdict::Changed { .. })), "a forged change");
        response.is_err() && change.is_err() && self.server.handle_acknowledgment(bytes).is_err()
    }

    /// Nothing that a forger says is taken for the authenticator's proof.
    fn forge_request(&mut self, bytes: &[u8]) -> bool {
        let had_keys = self.client.proved().is_some();
        let demand = self.client.handle_request(bytes);
        assert!(!matches!(demand, Ok(Demand::Acknowledge(End::Accepted))), "a forged proof");
        assert_eq!(self.client.proved().is_some(), had_keys);
        demand.is_err()
    }

    /// Runs the genuine exchange, the forger first at each turn. `None`: a packet of the forger's did fit, which the
    /// EAP layer has to tell by its identifier.
    fn run(mut self) -> Option<Outcome> {
        let (mut one, mut other) = ([0; 600], [0; 600]);
        let mut password = if self.scenario.is_wrong { "wrong" } else { "right" };
        for _ in 0..8 {
            if !self.forge() {
                return None;
            }
            let request = self.server.request(b"server", &mut one).expect("there is room").to_vec();
            let demand = self.client.handle_request(&request).expect("a genuine request");
            let response = match demand {
                Demand::Proof { .. } => {
                    let hash = NtHash::from_password(password);
                    password = "right";
                    self.client.prove(&hash, NAME, [2; 16], &mut other)
                }
                Demand::NewPassword(_) => {
                    self.client.change_password(&self.stored, "new", NAME, [2; 16], &[4; 512], &mut other)
                }
                Demand::Acknowledge(_) => self.client.acknowledge(),
                other => panic!("{other:?}"),
            };
            let response = response.expect("what was demanded").to_vec();
            if !self.forge_to_server_only() {
                return None;
            }
            let account = account(&self.stored, self.scenario);
            match self.server.read(&response).expect("a genuine response") {
                Response::Response { .. } => drop(self.server.handle_response(&response, &account, [5; 16])),
                Response::ChangePassword { .. } => {
                    drop(self.server.handle_change_password(&response, NAME, &account, [5; 16]));
                }
                _ => {
                    let end = self.server.handle_acknowledgment(&response).expect("a genuine acknowledgment");
                    return Some((Some(end), self.client.proved().is_some()));
                }
            }
        }
        Some((None, false))
    }

    /// The client waits now: the forger can only hope that it takes a Success or a Failure.
    fn forge_to_server_only(&mut self) -> bool {
        let Some((&[0x80..=u8::MAX, length], rest)) = self.forged.split_first_chunk() else { return true };
        let (bytes, rest) = rest.split_at(rest.len().min(length.into()));
        self.forged = rest;
        self.forge_response(bytes)
    }
}

/// Asserts that packets that are dropped change nothing for the genuine exchange, whatever its course, and that a forger
/// proves nothing.
///
/// # Panics
///
/// When a promise is broken.
pub fn live(data: &[u8]) {
    let Some((&number, forged)) = data.split_first() else { return };
    let scenario = Scenario::new(number);
    let expected = Pair::new(scenario, &[]).run();
    let found = Pair::new(scenario, forged).run();
    assert!(found.is_none() || found == expected, "{found:?} in place of {expected:?}");
}
