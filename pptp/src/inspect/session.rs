//! One session: a call, or the PPP link of another carrier.

use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, SocketAddr};

use mppe::{Algorithm, FlushedRule, Mode, StartKey, Strength};
use ppp_fsm::ccp::{ConfigurationOption as CcpOption, MicrosoftCompression};
use ppp_fsm::lcp::{AuthenticationProtocol, ConfigurationOption as LcpOption, MicrosoftTermination};
use ppp_fsm::{Code, Frame, Packet, Protocol, ProtocolKind, chap, eap, pap};

use super::authentication::Challenge;
use super::encryption::{Decrypted, Encryption, Mppe};
use super::secret::Secrets;
use super::sequence::Sequence;
use super::{
    Authentication, Cause, Content, Decryption, Direction, End, Event, Method, NotDecrypted, Outcome, Proof, Record,
    SessionId, Verdict,
};

/// Octets of a terminating message that are kept.
const MAX_MESSAGE: usize = 64;

/// What an inspector knows of a session.
///
/// See [`Inspector`](super::Inspector) for an example.
pub struct Session {
    id: SessionId,
    /// The client's, then the server's.
    pub(super) sides: [Side; 2],
    /// Whether it is known which of them is the client.
    pub(super) certain: bool,
    /// Whether that was learnt, and it is the other way round than was thought at first.
    pub(super) swapped: bool,
    /// The ends of the control connection, the client's first.
    pub(super) connection: Option<(SocketAddr, SocketAddr)>,
    lcp_acknowledged: [bool; 2],
    challenge: Option<Challenge>,
    authentication: Option<Authentication>,
    /// Whether a side asked for MPPE.
    mppe_wanted: bool,
    end: Option<End>,
}

/// One end of a session, and what it sends.
#[derive(Default)]
pub(super) struct Side {
    pub(super) address: Option<IpAddr>,
    /// The call id that this side chose: it stands in the packets that it *receives*.
    pub(super) call_id: Option<u16>,
    pub(super) sequence: Sequence,
    pub(super) encryption: Encryption,
    /// The identifier of the CCP Configure-Ack that `encryption` comes from.
    ccp_identifier: Option<u8>,
    pub(super) counters: Counters,
}

/// What was counted of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counters {
    /// PPP frames, without repeated ones.
    pub frames: u64,
    /// GRE packets that acknowledge and carry nothing.
    pub acknowledgments: u64,
    /// Frames that came again: GRE packets with a sequence number that was seen.
    pub repeated: u64,
    /// Frames that came after later ones.
    pub late: u64,
    /// Frames that were not seen, by GRE's sequence numbers.
    pub missing: u64,
    /// Datagrams in the clear.
    pub clear: u64,
    /// Packets of compressed data: encrypted, or compressed with something else.
    pub compressed: u64,
    /// Of these, the decrypted ones.
    pub decrypted: u64,
    /// Of these, the ones that came in stateful mode after a loss, and were decrypted all the same.
    pub recovered: u64,
    /// Of the compressed ones, those that came in stateful mode after a loss, and were not.
    pub after_loss: u64,
    /// Of these, the ones that no key makes sense of.
    pub nonsense: u64,
    /// Packets that were not seen, by MPPE's coherency counts.
    pub missed: u64,
    /// CCP Reset-Requests that this side sent.
    pub reset_requests: u64,
}

/// Where a packet came from, for the records about it.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    pub(super) tag: u64,
    /// Index of the side that sent it.
    pub(super) sender: usize,
    pub(super) repeated: bool,
}

pub(super) const CLIENT: usize = 0;
pub(super) const SERVER: usize = 1;

const fn other(side: usize) -> usize {
    if side == CLIENT { SERVER } else { CLIENT }
}

impl Session {
    pub(super) fn new(id: SessionId) -> Self {
        Self {
            id,
            sides: [Side::default(), Side::default()],
            certain: false,
            swapped: false,
            connection: None,
            lcp_acknowledged: [false; 2],
            challenge: None,
            authentication: None,
            mppe_wanted: false,
            end: None,
        }
    }

    /// Its number.
    #[must_use]
    pub const fn id(&self) -> SessionId {
        self.id
    }

    /// The address of the client, where it is known.
    #[must_use]
    pub fn client(&self) -> Option<IpAddr> {
        self.side(CLIENT).address
    }

    /// The address of the server, where it is known.
    #[must_use]
    pub fn server(&self) -> Option<IpAddr> {
        self.side(SERVER).address
    }

    /// The call ids that the client and the server chose, where they are known.
    #[must_use]
    pub fn call_ids(&self) -> (Option<u16>, Option<u16>) {
        (self.side(CLIENT).call_id, self.side(SERVER).call_id)
    }

    /// How the client was authenticated, if a name was seen.
    #[must_use]
    pub const fn authentication(&self) -> Option<&Authentication> {
        self.authentication.as_ref()
    }

    /// How packets of this direction are encrypted.
    #[must_use]
    pub fn encryption(&self, direction: Direction) -> Option<Algorithm> {
        self.sender(direction).encryption.algorithm()
    }

    /// What FLUSHED packets of this direction have shown: which rule the sender follows.
    #[must_use]
    pub fn flushed_rule(&self, direction: Direction) -> Option<FlushedRule> {
        match &self.sender(direction).encryption {
            Encryption::Mppe(mppe) => mppe.rule(),
            Encryption::None | Encryption::Other { .. } | Encryption::NoKeys { .. } => None,
        }
    }

    /// What was counted of this direction.
    #[must_use]
    pub fn counters(&self, direction: Direction) -> Counters {
        let sender = self.sender(direction);
        Counters {
            repeated: sender.sequence.repeated(),
            late: sender.sequence.late(),
            missing: sender.sequence.missing(),
            ..sender.counters
        }
    }

    /// Why it ended, if it did.
    #[must_use]
    pub const fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    fn sender(&self, direction: Direction) -> &Side {
        self.side(match direction {
            Direction::ToServer => CLIENT,
            Direction::ToClient => SERVER,
        })
    }

    pub(super) fn side(&self, index: usize) -> &Side {
        let [client, server] = &self.sides;
        if index == CLIENT { client } else { server }
    }

    pub(super) fn side_mut(&mut self, index: usize) -> &mut Side {
        let [client, server] = &mut self.sides;
        if index == CLIENT { client } else { server }
    }

    fn direction(sender: usize) -> Direction {
        if sender == CLIENT { Direction::ToServer } else { Direction::ToClient }
    }

    pub(super) fn record<'a>(&self, origin: Origin, content: Content<'a>) -> Record<'a> {
        Record {
            tag: origin.tag,
            session: Some(self.id),
            direction: Some(Self::direction(origin.sender)),
            repeated: origin.repeated,
            content,
        }
    }

    /// It was learnt who is the server. Gives the index of the side that was `server` until now.
    fn learn_server(&mut self, server: usize) -> usize {
        if !self.certain && server == CLIENT {
            self.sides.reverse();
            self.lcp_acknowledged.reverse();
            (self.certain, self.swapped) = (true, true);
            return SERVER;
        }
        self.certain = true;
        server
    }

    pub(super) fn finish(&mut self, sender: Option<usize>, cause: Cause) -> Option<&End> {
        if self.end.is_some() {
            return None;
        }
        // Who hangs up after that does not matter.
        let sender = sender.filter(|_| !matches!(cause, Cause::AuthenticationFailed { .. }));
        self.end = Some(End { sender: sender.map(Self::direction), cause });
        self.end.as_ref()
    }

    /// A PPP frame.
    pub(super) fn handle_frame(
        &mut self,
        origin: Origin,
        octets: &[u8],
        secrets: &Secrets,
        plain: &mut Vec<u8>,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        let frame = Frame::decode(octets);
        // Who is who may be learnt from this very frame.
        let origin = match &frame {
            Ok(frame) if !origin.repeated => self.learn(origin, frame),
            _ => origin,
        };
        sink(self.record(origin, Content::Frame { frame, octets }));
        if !origin.repeated {
            let counters = &mut self.side_mut(origin.sender).counters;
            counters.frames = counters.frames.saturating_add(1);
        }
        if let Ok(frame) = frame {
            self.handle_packet(origin, frame.protocol, frame.information, secrets, plain, sink);
        }
    }

    fn learn(&mut self, origin: Origin, frame: &Frame<'_>) -> Origin {
        if self.certain {
            return origin;
        }
        let code = frame.information.first().copied();
        let server = match (frame.protocol, code.map(Code)) {
            // The one that wants the other to authenticate itself.
            (Protocol::LCP, Some(Code::CONFIGURE_REQUEST)) if asks_for_authentication(frame.information) => {
                origin.sender
            }
            (Protocol::CHAP | Protocol::EAP, Some(Code(1 | 3 | 4))) | (Protocol::PAP, Some(Code(2 | 3))) => {
                origin.sender
            }
            (Protocol::CHAP | Protocol::EAP, Some(Code(2))) | (Protocol::PAP, Some(Code(1))) => other(origin.sender),
            _ => return origin,
        };
        let is_server = server == origin.sender;
        let server = self.learn_server(server);
        Origin { sender: if is_server { server } else { other(server) }, ..origin }
    }

    /// The packet in a frame.
    pub(super) fn handle_packet(
        &mut self,
        origin: Origin,
        protocol: Protocol,
        octets: &[u8],
        secrets: &Secrets,
        plain: &mut Vec<u8>,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        match (protocol, protocol.kind()) {
            (Protocol::CHAP, _) => {
                let packet = chap::Packet::decode(octets);
                sink(self.record(origin, Content::Chap { packet, octets }));
                if let (Ok(packet), false) = (packet, origin.repeated) {
                    self.follow_chap(origin, &packet, secrets, sink);
                }
            }
            (Protocol::PAP, _) => {
                let packet = pap::Packet::decode(octets);
                sink(self.record(origin, Content::Pap { packet, octets }));
                if let (Ok(packet), false) = (packet, origin.repeated) {
                    self.follow_pap(origin, &packet, sink);
                }
            }
            (Protocol::EAP, _) => {
                let packet = eap::Packet::decode(octets);
                sink(self.record(origin, Content::Eap { packet, octets }));
                if let (Ok(packet), false) = (packet, origin.repeated) {
                    self.follow_eap(origin, &packet, sink);
                }
            }
            (Protocol::COMPRESSED, _) => {
                let header = mppe::Header::decode(octets).ok().map(|(header, _)| header);
                sink(self.record(origin, Content::CompressedData { header, octets }));
                if !origin.repeated {
                    self.decrypt(origin, octets, secrets, plain, sink);
                }
            }
            (_, ProtocolKind::NetworkControl | ProtocolKind::LinkControl) => {
                let packet = Packet::decode(octets);
                sink(self.record(origin, Content::ControlProtocol { protocol, packet, octets }));
                if let (Ok(packet), false) = (packet, origin.repeated) {
                    match protocol {
                        Protocol::LCP => self.follow_lcp(origin, &packet, sink),
                        Protocol::CCP => self.follow_ccp(origin, &packet, secrets, plain, sink),
                        _ => {}
                    }
                }
            }
            (_, ProtocolKind::Network | ProtocolKind::LowVolume) => {
                if !origin.repeated {
                    let counters = &mut self.side_mut(origin.sender).counters;
                    counters.clear = counters.clear.saturating_add(1);
                }
                sink(self.record(origin, Content::Datagram { protocol, octets, decrypted: None }));
            }
        }
    }

    fn follow_lcp(&mut self, origin: Origin, packet: &Packet<'_>, sink: &mut impl FnMut(Record<'_>)) {
        match packet.code {
            Code::CONFIGURE_REQUEST if self.lcp_acknowledged == [true; 2] => {
                // The link starts again: everything is negotiated anew.
                self.lcp_acknowledged = [false; 2];
                (self.challenge, self.authentication, self.mppe_wanted) = (None, None, false);
                for side in &mut self.sides {
                    (side.encryption, side.ccp_identifier) = (Encryption::None, None);
                }
            }
            Code::CONFIGURE_ACK => {
                let [client, server] = &mut self.lcp_acknowledged;
                *(if origin.sender == CLIENT { client } else { server }) = true;
            }
            Code::TERMINATE_REQUEST => {
                let cause = self.cause_of_termination(packet.data);
                if let Some(end) = self.finish(Some(origin.sender), cause) {
                    let end = end.clone();
                    sink(self.record(origin, Content::Event(Event::Ends(&end))));
                }
            }
            _ => {}
        }
    }

    fn cause_of_termination(&self, data: &[u8]) -> Cause {
        let message = data.get(..MAX_MESSAGE).unwrap_or(data).to_vec();
        // Encryption was asked for, not agreed upon by both, and no packet came of it, nor one in the clear.
        let both_encrypt = self.sides.iter().all(|side| side.encryption.algorithm().is_some());
        let talked = self.sides.iter().any(|side| side.counters.clear != 0 || side.counters.compressed != 0);
        let no_encryption = self.mppe_wanted && !both_encrypt && !talked;
        match (MicrosoftTermination::decode(data), self.authentication.as_ref().map(Authentication::outcome)) {
            (Some(termination), _) if termination.error != 0 => Cause::MicrosoftError(termination.error),
            (_, Some(Outcome::Refused { code })) => Cause::AuthenticationFailed { code },
            _ if no_encryption => Cause::NoEncryption { message },
            (Some(_), _) => Cause::Terminated { message: Vec::new() },
            (None, _) => Cause::Terminated { message },
        }
    }

    fn follow_ccp(
        &mut self,
        origin: Origin,
        packet: &Packet<'_>,
        secrets: &Secrets,
        plain: &mut Vec<u8>,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        match packet.code {
            // What a side acknowledges is what it will send.
            Code::CONFIGURE_ACK if self.side(origin.sender).ccp_identifier != Some(packet.identifier) => {
                self.side_mut(origin.sender).ccp_identifier = Some(packet.identifier);
                let option = packet.options().map_while(Result::ok).next();
                match option.map(|raw| (raw.option_type, CcpOption::decode(raw))) {
                    Some((_, Ok(CcpOption::Microsoft(bits)))) => self.encrypts(origin, bits, secrets, sink),
                    Some((option_type, _)) => {
                        self.side_mut(origin.sender).encryption = Encryption::Other { option_type };
                    }
                    None => self.side_mut(origin.sender).encryption = Encryption::None,
                }
            }
            Code::CONFIGURE_REQUEST => {
                let mut options = packet.options().map_while(Result::ok).map(CcpOption::decode);
                self.mppe_wanted |= options.any(|option| {
                    matches!(option, Ok(CcpOption::Microsoft(bits)) if bits.intersects(MicrosoftCompression::STRENGTHS))
                });
            }
            Code::RESET_REQUEST => {
                let counters = &mut self.side_mut(origin.sender).counters;
                counters.reset_requests = counters.reset_requests.saturating_add(1);
                // The receiver waits no longer, so neither do we.
                let origin = Origin { sender: other(origin.sender), ..origin };
                self.release_held(origin, true, plain, sink);
            }
            _ => {}
        }
    }

    fn encrypts(
        &mut self,
        origin: Origin,
        bits: MicrosoftCompression,
        secrets: &Secrets,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        let strengths = [
            (MicrosoftCompression::MPPE_128, Strength::Bits128),
            (MicrosoftCompression::MPPE_56, Strength::Bits56),
            (MicrosoftCompression::MPPE_40, Strength::Bits40),
        ];
        let Some((_, strength)) = strengths.into_iter().find(|(bit, _)| bits.contains(*bit)) else {
            self.side_mut(origin.sender).encryption = Encryption::None;
            return;
        };
        let mode = if bits.contains(MicrosoftCompression::STATELESS) { Mode::Stateless } else { Mode::Stateful };
        let algorithm = Algorithm { strength, mode };
        let keys = self.start_keys(origin.sender, strength, secrets);
        let outcome = keys.as_ref().map(|_| ()).map_err(|reason| *reason);
        self.side_mut(origin.sender).encryption = Encryption::new(algorithm, keys);
        sink(self.record(origin, Content::Event(Event::Encrypts { algorithm, keys: outcome })));
    }

    fn start_keys(&self, sender: usize, strength: Strength, secrets: &Secrets) -> Result<Vec<StartKey>, NotDecrypted> {
        let from_authentication = match &self.authentication {
            Some(authentication) => authentication.start_keys(strength, sender == CLIENT),
            None => Err(NotDecrypted::NoKeys),
        };
        let given = secrets.start_keys.iter().filter(|key| key.strength() == strength).cloned();
        match from_authentication {
            Ok(keys) => Ok(keys),
            Err(reason) => {
                let keys: Vec<_> = given.collect();
                if keys.is_empty() { Err(reason) } else { Ok(keys) }
            }
        }
    }

    fn follow_chap(
        &mut self,
        origin: Origin,
        packet: &chap::Packet<'_>,
        secrets: &Secrets,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        match packet.message {
            chap::Message::Challenge(value) => {
                self.challenge = Some(Challenge::new(packet.identifier, value.value));
            }
            chap::Message::Response(value) => {
                let Some(challenge) = self.challenge.as_ref().filter(|c| c.identifier == packet.identifier) else {
                    return;
                };
                // A new challenge in the running session changes nothing.
                if self.is_authenticated() {
                    return;
                }
                let authentication = Authentication::of_response(challenge, &value, secrets);
                let event = match authentication.verdict() {
                    Verdict::Fits => Some(Event::SecretFits { proof: Proof::Client }),
                    Verdict::DoesNotFit(proof) => Some(Event::SecretDoesNotFit { proof }),
                    Verdict::Unchecked => None,
                };
                self.authentication = Some(authentication);
                if let Some(event) = event {
                    sink(self.record(origin, Content::Event(event)));
                }
            }
            chap::Message::Success(text) => {
                self.answer(origin, packet.identifier, |authentication| authentication.accept(text.0), sink);
            }
            chap::Message::Failure(text) => {
                self.answer(origin, packet.identifier, |authentication| authentication.refuse(text.0), sink);
            }
            chap::Message::Other { .. } | _ => {}
        }
    }

    fn follow_pap(&mut self, origin: Origin, packet: &pap::Packet<'_>, sink: &mut impl FnMut(Record<'_>)) {
        match packet.message {
            pap::Message::AuthenticateRequest(request) if !self.is_authenticated() => {
                self.authentication = Some(Authentication::new(Method::Pap, packet.identifier, request.peer_id.0));
            }
            pap::Message::AuthenticateAck(_) => self.answer(origin, packet.identifier, |a| a.accept(&[]), sink),
            pap::Message::AuthenticateNak(_) => self.answer(origin, packet.identifier, |a| a.refuse(&[]), sink),
            pap::Message::AuthenticateRequest(_) | pap::Message::Other { .. } | _ => {}
        }
    }

    fn follow_eap(&mut self, origin: Origin, packet: &eap::Packet<'_>, sink: &mut impl FnMut(Record<'_>)) {
        match packet.message {
            eap::Message::Response(method) if method.method_type == eap::Type::IDENTITY && !self.is_authenticated() => {
                self.authentication = Some(Authentication::new(Method::Eap, packet.identifier, method.data));
            }
            eap::Message::Success(_) => {
                let identifier = self.authentication.as_ref().map(Authentication::identifier);
                self.answer(origin, identifier.unwrap_or(0), |a| a.accept(&[]), sink);
            }
            eap::Message::Failure(_) => {
                let identifier = self.authentication.as_ref().map(Authentication::identifier);
                self.answer(origin, identifier.unwrap_or(0), |a| a.refuse(&[]), sink);
            }
            eap::Message::Request(_) | eap::Message::Response(_) | eap::Message::Other { .. } | _ => {}
        }
    }

    fn is_authenticated(&self) -> bool {
        self.authentication.as_ref().is_some_and(|authentication| authentication.outcome() == Outcome::Accepted)
    }

    fn answer(
        &mut self,
        origin: Origin,
        identifier: u8,
        answer: impl FnOnce(&mut Authentication),
        sink: &mut impl FnMut(Record<'_>),
    ) {
        let Some(authentication) = self.authentication.as_mut().filter(|a| a.identifier() == identifier) else {
            return;
        };
        if authentication.outcome() == Outcome::Accepted {
            return;
        }
        let before = authentication.verdict();
        answer(authentication);
        let Some(authentication) = &self.authentication else { return };
        let verdict = authentication.verdict();
        if verdict == Verdict::Fits
            && authentication.outcome() == Outcome::Accepted
            && authentication.method() == Method::MsChapV2
        {
            sink(self.record(origin, Content::Event(Event::SecretFits { proof: Proof::Server })));
        } else if let (Verdict::DoesNotFit(proof), true) = (verdict, verdict != before) {
            sink(self.record(origin, Content::Event(Event::SecretDoesNotFit { proof })));
        }
        sink(self.record(origin, Content::Event(Event::Authenticated(authentication))));
    }

    fn decrypt(
        &mut self,
        origin: Origin,
        octets: &[u8],
        secrets: &Secrets,
        plain: &mut Vec<u8>,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        let counters = &mut self.side_mut(origin.sender).counters;
        counters.compressed = counters.compressed.saturating_add(1);
        if matches!(self.side(origin.sender).encryption, Encryption::None) {
            self.start_in_the_middle(origin.sender, secrets);
        }
        let result = match &mut self.side_mut(origin.sender).encryption {
            Encryption::None => Err(NotDecrypted::NoKeys),
            Encryption::Other { option_type } => Err(NotDecrypted::OtherCompression { option_type: *option_type }),
            Encryption::NoKeys { reason, .. } => Err(*reason),
            Encryption::Mppe(mppe) => mppe.handle(origin.tag, octets, plain),
        };
        self.decrypted(origin, &result, plain, sink);
        self.release_held(origin, false, plain, sink);
    }

    /// The negotiation was not seen: everything that is known is tried.
    fn start_in_the_middle(&mut self, sender: usize, secrets: &Secrets) {
        let strengths = [Strength::Bits128, Strength::Bits56, Strength::Bits40];
        let keys = strengths.into_iter().filter_map(|strength| self.start_keys(sender, strength, secrets).ok());
        let keys: Vec<_> = keys.flatten().collect();
        if !keys.is_empty() {
            let modes = [Mode::Stateless, Mode::Stateful];
            let candidates = keys.into_iter().flat_map(|key| modes.map(|mode| (key.clone(), mode)));
            let mppe = Mppe::joining(candidates);
            self.side_mut(sender).encryption = Encryption::Mppe(alloc::boxed::Box::new(mppe));
        }
    }

    /// Packets that waited, as far as they need not wait any more.
    pub(super) fn release_held(
        &mut self,
        origin: Origin,
        give_up: bool,
        plain: &mut Vec<u8>,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        loop {
            let Encryption::Mppe(mppe) = &mut self.side_mut(origin.sender).encryption else { return };
            if give_up && mppe.has_held() {
                mppe.give_up();
            }
            let Some((tag, result)) = mppe.handle_held(plain) else { return };
            self.decrypted(Origin { tag, ..origin }, &result, plain, sink);
        }
    }

    fn decrypted(
        &mut self,
        origin: Origin,
        result: &Result<Decrypted, NotDecrypted>,
        plain: &[u8],
        sink: &mut impl FnMut(Record<'_>),
    ) {
        let counters = &mut self.side_mut(origin.sender).counters;
        let count = |counter: &mut u64| *counter = counter.saturating_add(1);
        let reason = match *result {
            Ok(Decrypted { header, algorithm, missed, recovered, rule }) => {
                count(&mut counters.decrypted);
                if recovered {
                    count(&mut counters.recovered);
                }
                counters.missed = counters.missed.saturating_add(missed);
                if let Some(rule) = rule {
                    sink(self.record(origin, Content::Event(Event::FlushedRule(rule))));
                }
                let Ok(frame) = Frame::decode(plain) else { return };
                let decryption = Decryption { header, algorithm, plaintext: plain, missed, recovered };
                let (protocol, octets) = (frame.protocol, frame.information);
                sink(self.record(origin, Content::Datagram { protocol, octets, decrypted: Some(decryption) }));
                return;
            }
            Err(reason) => reason,
        };
        if reason == NotDecrypted::AfterLoss {
            count(&mut counters.after_loss);
        } else if reason == NotDecrypted::Nonsense {
            count(&mut counters.nonsense);
        }
        sink(self.record(origin, Content::NotDecrypted { reason }));
    }
}

fn asks_for_authentication(octets: &[u8]) -> bool {
    let Ok(packet) = Packet::decode(octets) else { return false };
    packet.options().map_while(Result::ok).any(|raw| {
        matches!(LcpOption::decode(raw), Ok(LcpOption::AuthenticationProtocol(AuthenticationProtocol { .. })))
    })
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("client", &self.client())
            .field("server", &self.server())
            .field("authentication", &self.authentication)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
