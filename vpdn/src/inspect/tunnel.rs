//! One tunnel: its ends, and how they prove that they know the secret.

use std::net::SocketAddr;

use l2tp_wire::authenticate::Nonces;
use l2tp_wire::code::MessageType;
use l2tp_wire::header::{Carrier, Control};
use l2tp_wire::{Name, Version};
use pptp::inspect::Direction;

use super::authentication::{Evidence, Hidden, Keys, Verdict, judge_digest, judge_response};
use super::end::End;
use super::facts::Facts;
use super::numbers::Numbers;
use super::place::TunnelNumber;
use super::record::Event;

/// How many bytes of a name are kept.
const MAX_NAME: usize = 64;

/// Whether the start of a tunnel was captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    Seen,
    /// Which end asked for it is a guess: the one that was heard first is taken for the responder.
    NotSeen,
}

/// A tunnel, as far as it is known.
#[derive(Debug)]
pub struct Tunnel {
    pub(super) number: TunnelNumber,
    pub(super) version: Version,
    pub(super) carrier: Carrier,
    /// The end that asked for it, then the other one.
    pub(super) sides: [Side; 2],
    pub(super) start: Start,
    pub(super) end: Option<End>,
}

/// One end of a tunnel, and what it sends.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) address: SocketAddr,
    /// The id that it chose: it stands in what it receives.
    pub(super) id: Option<u32>,
    host_name: Name<MAX_NAME>,
    challenge: Option<Vec<u8>>,
    nonce: Option<Vec<u8>>,
    /// The verdicts on its answer, its digests and its hidden AVPs.
    verdicts: [Option<Verdict>; 3],
    pub(super) numbers: Numbers,
    pub(super) messages: u64,
    pub(super) repeated: u64,
}

impl Side {
    pub(super) const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            id: None,
            host_name: Name::EMPTY,
            challenge: None,
            nonce: None,
            verdicts: [None; 3],
            numbers: Numbers::NEW,
            messages: 0,
            repeated: 0,
        }
    }

    fn verdict_mut(&mut self, evidence: Evidence) -> &mut Option<Verdict> {
        let [response, digest, hidden] = &mut self.verdicts;
        match evidence {
            Evidence::ChallengeResponse => response,
            Evidence::MessageDigest => digest,
            Evidence::HiddenAvps => hidden,
        }
    }

    /// Reports a verdict, unless it was reported before.
    fn prove(&mut self, evidence: Evidence, verdict: Option<Verdict>, tell: &mut impl FnMut(Event<'_>)) {
        let Some(verdict) = verdict else { return };
        if self.verdict_mut(evidence).replace(verdict) != Some(verdict) {
            tell(Event::Proved { evidence, verdict });
        }
    }
}

impl Tunnel {
    /// Returns its number.
    #[must_use]
    pub const fn number(&self) -> TunnelNumber {
        self.number
    }

    /// Returns its version.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Returns what carries it.
    #[must_use]
    pub const fn carrier(&self) -> Carrier {
        self.carrier
    }

    /// Returns whether the request for it was captured. If not, which end asked for it is a guess.
    #[must_use]
    pub const fn is_start_seen(&self) -> bool {
        matches!(self.start, Start::Seen)
    }

    /// Returns the addresses of the end that asked for it and of the other one.
    #[must_use]
    pub fn addresses(&self) -> (SocketAddr, SocketAddr) {
        let [initiator, responder] = &self.sides;
        (initiator.address, responder.address)
    }

    /// Returns the ids that both ends chose, where they are known.
    #[must_use]
    pub fn ids(&self) -> (Option<u32>, Option<u32>) {
        let [initiator, responder] = &self.sides;
        (initiator.id, responder.id)
    }

    /// Returns the name of the sender of this direction: at most 64 bytes of it, empty where it is not known.
    #[must_use]
    pub const fn host_name(&self, direction: Direction) -> &Name<MAX_NAME> {
        &self.sender(direction).host_name
    }

    /// Returns whether the sender of this direction was asked to prove that it knows the secret.
    #[must_use]
    pub const fn is_challenged(&self, direction: Direction) -> bool {
        let [initiator, responder] = &self.sides;
        match direction {
            Direction::ToServer => responder.challenge.is_some(),
            Direction::ToClient => initiator.challenge.is_some(),
        }
    }

    /// Returns what the sender of this direction has shown, the last time, if it has.
    #[must_use]
    pub const fn verdict(&self, direction: Direction, evidence: Evidence) -> Option<Verdict> {
        let [response, digest, hidden] = self.sender(direction).verdicts;
        match evidence {
            Evidence::ChallengeResponse => response,
            Evidence::MessageDigest => digest,
            Evidence::HiddenAvps => hidden,
        }
    }

    /// Returns everything that both ends have shown.
    pub fn verdicts(&self) -> impl Iterator<Item = (Direction, Evidence, Verdict)> {
        let directions = [Direction::ToServer, Direction::ToClient].into_iter();
        let each = directions.flat_map(|direction| Evidence::ALL.map(|evidence| (direction, evidence)));
        each.filter_map(|(direction, evidence)| Some((direction, evidence, self.verdict(direction, evidence)?)))
    }

    /// Returns how many control messages of this direction were captured, and how many of them were repeated.
    #[must_use]
    pub const fn messages(&self, direction: Direction) -> (u64, u64) {
        let sender = self.sender(direction);
        (sender.messages, sender.repeated)
    }

    /// Returns how it ended, if that was captured.
    #[must_use]
    pub const fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    const fn sender(&self, direction: Direction) -> &Side {
        let [initiator, responder] = &self.sides;
        match direction {
            Direction::ToServer => initiator,
            Direction::ToClient => responder,
        }
    }

    /// Returns the sender of a message, and the other side.
    pub(super) const fn sides_mut(&mut self, sender: usize) -> (&mut Side, &mut Side) {
        let [initiator, responder] = &mut self.sides;
        if sender == 0 { (initiator, responder) } else { (responder, initiator) }
    }

    /// Judges the secret by a message.
    pub(super) fn prove(
        &mut self,
        side: usize,
        control: &Control<'_>,
        facts: &Facts<'_>,
        hidden: Hidden,
        keys: Option<&Keys>,
        tell: &mut impl FnMut(Event<'_>),
    ) {
        let (sender, receiver) = self.sides_mut(side);
        if let Some(nonce) = facts.nonce {
            sender.nonce = Some(nonce.to_vec());
        }
        if let (Some(response), Some(message_type)) = (&facts.response, facts.message_type) {
            // RFC 2661 section 5.1.1: the answer is to the challenge of the other end.
            let verdict = judge_response(message_type, receiver.challenge.as_deref(), response, keys);
            sender.prove(Evidence::ChallengeResponse, Some(verdict), tell);
        }
        if let Some(challenge) = facts.challenge {
            sender.challenge = Some(challenge.to_vec());
        }
        if control.version() == Version::V3 {
            // RFC 3931 section 4.3: the request has no nonces but its own, which is within it.
            let nonces = match (&sender.nonce, &receiver.nonce) {
                _ if facts.is_request() => Some(Nonces::NONE),
                (Some(sender), Some(receiver)) => Some(Nonces { sender, receiver }),
                _ => None,
            };
            let verdict = judge_digest(control, nonces, keys);
            sender.prove(Evidence::MessageDigest, verdict, tell);
        }
        sender.prove(Evidence::HiddenAvps, hidden.verdict(keys), tell);
    }

    /// Takes the facts of a message about its sender.
    pub(super) fn follow(&mut self, side: usize, facts: &Facts<'_>) {
        let names = [MessageType::START_CONTROL_CONNECTION_REQUEST, MessageType::START_CONTROL_CONNECTION_REPLY];
        if let (Some(message_type), Some(name)) = (facts.message_type, facts.host_name) {
            if names.contains(&message_type) {
                self.sides_mut(side).0.host_name = Name::new(name.as_bytes());
            }
        }
    }
}
