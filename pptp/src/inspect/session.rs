//! One session: a call, or the PPP link of another carrier.

mod authenticate;
mod decrypt;
mod facts;
mod keys;
mod negotiate;

use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, SocketAddr};

use mppe::{Algorithm, FlushedRule};
use ppp_fsm::lcp::ConfigurationOption as LcpOption;
use ppp_fsm::{Code, Frame, Packet, Protocol, ProtocolKind, chap, eap, pap};

pub use facts::{Counters, Protection, Start};

use super::authentication::Challenge;
use super::encryption::Encryption;
use super::mppe_link::HeaderCompression;
use super::secret::Secrets;
use super::sequence::Sequence;
use super::{Authentication, Cause, Content, Cut, Direction, End, Event, Record, Roles, SessionId};

/// The state of a session, as an inspector sees it.
///
/// See [`Inspector`](super::Inspector) for an example.
pub struct Session {
    id: SessionId,
    /// The client's, then the server's.
    pub(super) sides: [Side; 2],
    /// The evidence for which of them is the client.
    pub(super) roles: Roles,
    pub(super) directions: Directions,
    /// The ends of the control connection, the client's first.
    pub(super) connection: Option<(SocketAddr, SocketAddr)>,
    /// Whether LCP was seen to open in both directions.
    start_seen: bool,
    /// Whether a side asked for MPPE.
    mppe_wanted: bool,
    end: Option<End>,
}

/// The meaning of the directions that the caller gives with the frames of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Directions {
    /// The end that was taken for the client at first is it.
    AsAtFirst,
    /// It is the server.
    Reversed,
    /// There are none: all frames are those of the first side.
    Unknown,
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
    /// Whether it has asked for options of CCP that were not acknowledged so far.
    asks_for_ccp: bool,
    /// The same of IPCP.
    asks_for_ipcp: bool,
    /// Whether it has acknowledged LCP's options since the link started.
    lcp_acknowledged: bool,
    /// The protocol that it agreed to prove itself with.
    agreed_authentication: Option<Protocol>,
    header_compression: HeaderCompression,
    /// The last Challenges that it sent, the latest last.
    challenges: Vec<Challenge>,
    /// How it proved itself to the other side.
    authentication: Option<Authentication>,
    pub(super) counters: Counters,
}

impl Side {
    const fn has_sent(&self) -> bool {
        self.counters.frames != 0 || self.counters.acknowledgments != 0
    }
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
            roles: Roles::Guessed,
            directions: Directions::AsAtFirst,
            connection: None,
            start_seen: false,
            mppe_wanted: false,
            end: None,
        }
    }

    /// Returns its number.
    #[must_use]
    pub const fn id(&self) -> SessionId {
        self.id
    }

    /// Returns what has shown which end is the client.
    #[must_use]
    pub const fn roles(&self) -> Roles {
        self.roles
    }

    /// Returns whether the capture says which end has sent a frame. If not, everything is counted as
    /// [`Direction::ToServer`], and records have no direction.
    #[must_use]
    pub const fn has_directions(&self) -> bool {
        !matches!(self.directions, Directions::Unknown)
    }

    /// Returns whether LCP was seen to open.
    pub(super) fn is_open(&self) -> bool {
        self.sides.iter().all(|side| side.lcp_acknowledged)
    }

    /// Returns whether both ends were seen to send.
    pub(super) fn has_both_ends(&self) -> bool {
        self.sides.iter().all(Side::has_sent)
    }

    /// Returns what was captured of its start.
    #[must_use]
    pub fn start(&self) -> Start {
        match self.sides.each_ref().map(Side::has_sent) {
            _ if self.start_seen => Start::Seen,
            _ if !self.has_directions() => Start::NotSeen,
            [true, false] | [false, true] => Start::OneDirection,
            [true, true] | [false, false] => Start::NotSeen,
        }
    }

    /// Returns the address of the client, where it is known.
    #[must_use]
    pub fn client(&self) -> Option<IpAddr> {
        self.side(CLIENT).address
    }

    /// Returns the address of the server, where it is known.
    #[must_use]
    pub fn server(&self) -> Option<IpAddr> {
        self.side(SERVER).address
    }

    /// Returns the call ids that the client and the server chose, where they are known.
    #[must_use]
    pub fn call_ids(&self) -> (Option<u16>, Option<u16>) {
        (self.side(CLIENT).call_id, self.side(SERVER).call_id)
    }

    /// Returns how the client was authenticated, if anything of it was seen; or the server, if only that was.
    #[must_use]
    pub fn authentication(&self) -> Option<&Authentication> {
        self.side(CLIENT).authentication.as_ref().or(self.side(SERVER).authentication.as_ref())
    }

    /// Returns the name in a Challenge of CHAP to which no Response was seen: at most 255 bytes.
    #[must_use]
    pub fn unanswered_challenge(&self) -> Option<&[u8]> {
        if self.authentication().is_some() {
            return None;
        }
        let challenge = self.side(SERVER).challenges.last().or(self.side(CLIENT).challenges.last());
        challenge.map(|challenge| challenge.name.as_slice())
    }

    /// Returns what the client agreed to prove itself with, in LCP.
    #[must_use]
    pub fn agreed_authentication(&self) -> Option<Protocol> {
        let of_server = self.side(SERVER).agreed_authentication.filter(|_| !self.has_directions());
        self.side(CLIENT).agreed_authentication.or(of_server)
    }

    /// Returns how packets of this direction are encrypted, where that is known.
    #[must_use]
    pub fn encryption(&self, direction: Direction) -> Option<Algorithm> {
        self.sender(direction).encryption.algorithm()
    }

    /// Returns how packets of this direction are protected, as far as that was captured.
    #[must_use]
    pub fn protection(&self, direction: Direction) -> Protection {
        let sender = self.sender(direction);
        let counters = &sender.counters;
        match (&sender.encryption, sender.encryption.algorithm()) {
            (_, Some(algorithm)) => Protection::Mppe(algorithm),
            (Encryption::Other { option_type }, _) => Protection::OtherCompression { option_type: *option_type },
            _ if counters.compressed != 0 => Protection::AgreementNotSeen,
            _ if counters.clear != 0 => Protection::None,
            _ => Protection::NotSeen,
        }
    }

    /// Returns what FLUSHED packets of this direction have shown: which rule the sender follows.
    #[must_use]
    pub fn flushed_rule(&self, direction: Direction) -> Option<FlushedRule> {
        match &self.sender(direction).encryption {
            Encryption::Mppe(mppe) => mppe.rule(),
            Encryption::NotSeen
            | Encryption::Without
            | Encryption::Other { .. }
            | Encryption::NoKeys { .. }
            | Encryption::Trial(_) => None,
        }
    }

    /// Returns what was counted of this direction.
    #[must_use]
    pub fn counters(&self, direction: Direction) -> Counters {
        let sender = self.sender(direction);
        Counters {
            repeated: sender.sequence.repeated(),
            contradicting: sender.sequence.contradicting(),
            late: sender.sequence.late(),
            missing: sender.sequence.missing(),
            ..sender.counters
        }
    }

    /// Returns why it ended, if it did.
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

    /// Returns the end that a packet is for.
    const fn receiver(&self, sender: usize) -> usize {
        if self.has_directions() { other(sender) } else { sender }
    }

    fn direction(sender: usize) -> Direction {
        if sender == CLIENT { Direction::ToServer } else { Direction::ToClient }
    }

    pub(super) fn record<'a>(&self, origin: Origin, content: Content<'a>) -> Record<'a> {
        Record {
            tag: origin.tag,
            session: Some(self.id),
            direction: self.has_directions().then(|| Self::direction(origin.sender)),
            repeated: origin.repeated,
            content,
        }
    }

    /// Learns which side is the client. Returns whether they change places.
    pub(super) fn learn_client(&mut self, client: usize, roles: Roles) -> bool {
        // Better evidence stays.
        if roles <= self.roles {
            return false;
        }
        self.roles = roles;
        if client == CLIENT {
            return false;
        }
        self.sides.reverse();
        self.directions = match self.directions {
            Directions::AsAtFirst => Directions::Reversed,
            Directions::Reversed => Directions::AsAtFirst,
            Directions::Unknown => Directions::Unknown,
        };
        if let Some((client, server)) = self.connection {
            self.connection = Some((server, client));
        }
        if let Some(End { sender: Some(sender), .. }) = &mut self.end {
            *sender = sender.reversed();
        }
        true
    }

    pub(super) fn finish(&mut self, sender: Option<usize>, cause: Cause) -> Option<&End> {
        if self.end.is_some() {
            return None;
        }
        // The side that hangs up after that has no part in it.
        let sender = sender.filter(|_| !matches!(cause, Cause::AuthenticationFailed { .. }));
        let sender = sender.filter(|_| self.has_directions()).map(Self::direction);
        self.end = Some(End { sender, cause });
        self.end.as_ref()
    }

    /// Takes a frame whose end was not captured: its header is reported, and its packet where that
    /// is whole by its own length.
    pub(super) fn handle_cut_frame(
        &mut self,
        origin: Origin,
        bytes: &[u8],
        secrets: &Secrets,
        plain: &mut Vec<u8>,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        match Frame::decode(bytes) {
            Ok(frame) if is_whole(&frame) => self.handle_frame(origin, bytes, secrets, plain, sink),
            frame => {
                // A repeated packet is counted once, where it came first.
                if !origin.repeated {
                    let counters = &mut self.side_mut(origin.sender).counters;
                    counters.frames = counters.frames.saturating_add(1);
                    counters.not_captured = counters.not_captured.saturating_add(1);
                }
                let protocol = frame.ok().map(|frame| frame.protocol);
                if frame.is_ok() {
                    sink(self.record(origin, Content::Frame { frame, bytes }));
                }
                sink(self.record(origin, Content::NotCaptured(Cut::Frame { protocol, bytes })));
            }
        }
    }

    /// Takes a PPP frame.
    pub(super) fn handle_frame(
        &mut self,
        origin: Origin,
        bytes: &[u8],
        secrets: &Secrets,
        plain: &mut Vec<u8>,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        let frame = Frame::decode(bytes);
        // The roles may be learnt from this very frame.
        let origin = match &frame {
            Ok(frame) if !origin.repeated => self.learn(origin, frame.protocol, frame.information, sink),
            _ => origin,
        };
        sink(self.record(origin, Content::Frame { frame, bytes }));
        if !origin.repeated {
            let counters = &mut self.side_mut(origin.sender).counters;
            counters.frames = counters.frames.saturating_add(1);
        }
        if let Ok(frame) = frame {
            self.handle_packet(origin, frame.protocol, frame.information, secrets, plain, sink);
        }
    }

    /// Returns what a packet says about which end is the client.
    fn learn(&mut self, origin: Origin, protocol: Protocol, bytes: &[u8], sink: &mut impl FnMut(Record<'_>)) -> Origin {
        // The authentication shows who is the server, and nothing later shows it better.
        if self.roles >= Roles::Authentication || !self.has_directions() {
            return origin;
        }
        let code = bytes.first().copied();
        let (server, roles) = match (protocol, code.map(Code)) {
            // The one that wants the other to authenticate itself.
            (Protocol::LCP, Some(Code::CONFIGURE_REQUEST)) if asks_for_authentication(bytes) => {
                (origin.sender, Roles::AuthenticationAsked)
            }
            (Protocol::CHAP | Protocol::EAP, Some(Code(1 | 3 | 4))) | (Protocol::PAP, Some(Code(2 | 3))) => {
                (origin.sender, Roles::Authentication)
            }
            (Protocol::CHAP | Protocol::EAP, Some(Code(2))) | (Protocol::PAP, Some(Code(1))) => {
                // The authenticator is the server, whatever its address.
                (other(origin.sender), Roles::Authentication)
            }
            _ => return origin,
        };
        // Records from here on are those of the other end.
        if !self.learn_client(other(server), roles) {
            return origin;
        }
        let origin = Origin { sender: other(origin.sender), ..origin };
        sink(self.record(origin, Content::Event(Event::Roles(roles))));
        origin
    }

    /// Takes the packet in a frame.
    pub(super) fn handle_packet(
        &mut self,
        origin: Origin,
        protocol: Protocol,
        bytes: &[u8],
        secrets: &Secrets,
        plain: &mut Vec<u8>,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        match (protocol, protocol.kind()) {
            (Protocol::CHAP, _) => {
                let packet = chap::Packet::decode(bytes);
                sink(self.record(origin, Content::Chap { packet, bytes }));
                if let (Ok(packet), false) = (packet, origin.repeated) {
                    self.follow_chap(origin, &packet, secrets, sink);
                }
            }
            (Protocol::PAP, _) => {
                let packet = pap::Packet::decode(bytes);
                sink(self.record(origin, Content::Pap { packet, bytes }));
                if let (Ok(packet), false) = (packet, origin.repeated) {
                    self.follow_pap(origin, &packet, secrets, sink);
                }
            }
            (Protocol::EAP, _) => {
                let packet = eap::Packet::decode(bytes);
                sink(self.record(origin, Content::Eap { packet, bytes }));
                if let (Ok(packet), false) = (packet, origin.repeated) {
                    self.follow_eap(origin, &packet, secrets, sink);
                }
            }
            (Protocol::COMPRESSED, _) => {
                // Another compressor has no header of MPPE.
                let is_other = matches!(self.side(origin.sender).encryption, Encryption::Other { .. });
                let header = mppe::Header::decode(bytes).ok().map(|(header, _)| header).filter(|_| !is_other);
                sink(self.record(origin, Content::CompressedData { header, bytes }));
                if !origin.repeated {
                    self.decrypt(origin, bytes, secrets, plain, sink);
                }
            }
            (_, ProtocolKind::NetworkControl | ProtocolKind::LinkControl) => {
                let packet = Packet::decode(bytes);
                sink(self.record(origin, Content::ControlProtocol { protocol, packet, bytes }));
                if let (Ok(packet), false) = (packet, origin.repeated) {
                    match protocol {
                        Protocol::LCP => self.follow_lcp(origin, &packet, plain, sink),
                        Protocol::CCP => self.follow_ccp(origin, &packet, secrets, plain, sink),
                        Protocol::IPCP => self.follow_ipcp(origin, &packet),
                        _ => {}
                    }
                }
            }
            (_, ProtocolKind::Network | ProtocolKind::LowVolume) => {
                if !origin.repeated {
                    let counters = &mut self.side_mut(origin.sender).counters;
                    counters.clear = counters.clear.saturating_add(1);
                }
                sink(self.record(origin, Content::Datagram { protocol, bytes, decrypted: None }));
            }
        }
    }
}

/// Returns whether a packet of a control or authentication protocol is whole, by its own length.
fn is_whole(frame: &Frame<'_>) -> bool {
    let has_length = matches!(frame.protocol.kind(), ProtocolKind::NetworkControl | ProtocolKind::LinkControl);
    let length = frame.information.get(2..).and_then(<[u8]>::first_chunk).map(|length| u16::from_be_bytes(*length));
    has_length && length.is_some_and(|length| usize::from(length) <= frame.information.len())
}

fn asks_for_authentication(bytes: &[u8]) -> bool {
    Packet::decode(bytes).is_ok_and(|packet| authentication_option(&packet).is_some())
}

/// Returns the option of an LCP packet that asks for authentication (RFC 1661 section 6.2).
fn authentication_option(packet: &Packet<'_>) -> Option<Protocol> {
    packet.options().map_while(Result::ok).find_map(|raw| match LcpOption::decode(raw) {
        Ok(LcpOption::AuthenticationProtocol(authentication)) => Some(authentication.protocol),
        _ => None,
    })
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("client", &self.client())
            .field("server", &self.server())
            .field("authentication", &self.authentication())
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
