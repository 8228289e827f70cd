//! A passive decoder: it is fed with the packets of others, and reports every layer of them,
//! decrypted where it has the secret.
//!
//! An [`Inspector`] follows control connections, calls, authentication, CCP and MPPE. It has no
//! sockets, no clock and no files. Feed it the bytes of TCP port 1723 in order, the payloads of IP
//! packets of protocol 47, or PPP frames of another carrier. For each packet it calls a closure
//! with one [`Record`] after another, outermost layer first. Records borrow, so nothing is copied
//! that is not decrypted.
//!
//! ```
//! use pptp::inspect::{Content, ControlInput, Inspector, Secrets};
//! use pptp::wire::Message;
//! use pptp::wire::message::{OutgoingCallReply, OutgoingCallRequest};
//! # use core::net::{IpAddr, Ipv4Addr, SocketAddr};
//!
//! let client = SocketAddr::from(([192, 0, 2, 1], 40_000));
//! let server = SocketAddr::from(([192, 0, 2, 2], 1723));
//! let mut inspector = Inspector::new(Secrets::new().with_password(Some("alice"), "wonderland"));
//! let mut trace = Vec::new();
//! let mut take = |record: pptp::inspect::Record<'_>| match record.content {
//!     Content::Control { message, .. } => trace.push(message.name().to_string()),
//!     Content::ControlProtocol { packet: Ok(packet), .. } => trace.push(packet.to_string()),
//!     _ => {}
//! };
//!
//! // The client places a call, the server takes it. Each record has the number of its packet.
//! let request = Message::from(OutgoingCallRequest::new(7, 0)).to_vec();
//! inspector.handle_control(1, client, server, ControlInput::Bytes(&request), &mut take);
//! # let reply = Message::from(OutgoingCallReply::new(21, 7, 100_000_000)).to_vec();
//! inspector.handle_control(2, server, client, ControlInput::Bytes(&reply), &mut take);
//!
//! // The first packet of the tunnel, to the client's call 7: LCP Configure-Request.
//! let packet = b"\x30\x01\x88\x0b\x00\x12\x00\x07\x00\x00\x00\x00\xff\x03\xc0\x21\
//!     \x01\x01\x00\x0e\x01\x04\x05\x78\x05\x06\x11\x22\x33\x44";
//! inspector.handle_gre(3, server.ip(), client.ip(), packet, &mut take);
//!
//! assert_eq!(trace, ["Outgoing-Call-Request", "Outgoing-Call-Reply", "CONFREQ id 1 len 14"]);
//! let session = inspector.sessions().next().unwrap();
//! assert_eq!(session.call_ids(), (Some(7), Some(21)));
//! ```
//!
//! # Bounds
//!
//! It knows at most 1024 sessions and 2048 directions of control connections at a time. For another
//! session it forgets one that has ended, then one of which packets of one end only were seen. That is
//! less than 100 MB if a hostile capture fills all of them, and a few hundred kilobytes for a usual
//! one. It holds back at most 32 packets of a direction, those that stateful encryption makes wait
//! for an earlier one. The work for a packet is at most 4096 key changes for each candidate key,
//! about 2 milliseconds. There are 14 candidates when all was given and nothing seen. A packet of
//! stateful encryption after a loss costs 64 KB of key stream and as many places in it, and the key
//! changes since the start. The place in a link whose start was not captured is looked for once,
//! over 65,536 key changes with each key; see [`Secrets::with_search_depth`].
//!
//! # No guesses
//!
//! A key that no proof of the authentication confirms decrypts nothing before its packets have
//! shown evidence that chance does not give. That evidence is IP headers whose version, lengths and
//! checksum are right, 64 bits of them, which is two of IPv4. A packet that waits for that is
//! reported when it comes, as [`NotDecrypted::Unproved`], and again when it is decrypted. A key
//! that is wrong decrypts something in fewer than one of 2^70 sessions.
//!
//! An event that was not captured may have happened nevertheless: [`Session::start`],
//! [`Session::roles`] and [`Session::protection`] say what the capture shows.
//!
//! # Forged packets
//!
//! Packets that somebody else puts between those of a session do not change what its own packets
//! get, whatever their numbers and call ids. One that decrypts to an IP packet by chance costs one
//! of them. [`Counters::contradicting`] shows that there are such packets. A Terminate-Request and
//! its like are obeyed, as the ends would. A forged control connection between the same hosts may
//! stand for that of a call whose packets were not seen yet. Before a key is proved, 32 packets that
//! fit none end the search.

mod authentication;
mod compression;
mod control;
mod direction;
mod encryption;
mod end;
mod evidence;
mod line;
mod mppe_link;
mod not_decrypted;
mod proof;
mod record;
mod recover;
mod roles;
mod secret;
mod sequence;
mod session;
mod table;
mod trial;

use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use ppp_fsm::{Frame, Protocol, ProtocolKind};

pub use authentication::{Authentication, Method, Outcome, Verdict};
pub use control::ControlInput;
pub use direction::{Direction, SessionId};
pub use end::{Cause, End};
pub use not_decrypted::NotDecrypted;
pub use ppp_fsm::link::windows_error_text;
pub use proof::Proof;
pub use record::{Content, Cut, Decryption, Event, Record};
pub use roles::Roles;
pub use secret::Secrets;
pub use session::{Counters, Protection, Session, Start};

use control::Streams;
use session::{CLIENT, Directions, Origin, SERVER};
use table::Sessions;

/// Follows everything that it is fed.
///
/// Each `handle_…` takes a `tag`, which comes back with the records about the packet: its number in a file, for example.
/// Records about a packet may come later than the packet, when it waited for an earlier one.
///
/// See the [module](self) for an example.
#[derive(Default)]
pub struct Inspector {
    secrets: Secrets,
    streams: Streams,
    sessions: Sessions,
    /// The packet that is being decrypted.
    plain: Vec<u8>,
}

impl Inspector {
    /// Creates an inspector that has seen nothing.
    #[must_use]
    pub fn new(secrets: Secrets) -> Self {
        Self { secrets, ..Self::default() }
    }

    /// Takes bytes of one direction of a control connection. Bytes may be cut in any way.
    pub fn handle_control(
        &mut self,
        tag: u64,
        source: SocketAddr,
        destination: SocketAddr,
        input: ControlInput<'_>,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        self.streams.handle(tag, (source, destination), input, &mut self.sessions, sink);
    }

    /// Takes the payload of an IP packet of protocol 47.
    pub fn handle_gre(
        &mut self,
        tag: u64,
        source: IpAddr,
        destination: IpAddr,
        bytes: &[u8],
        sink: &mut impl FnMut(Record<'_>),
    ) {
        let packet = pptp_gre::Packet::decode(bytes);
        let content = Content::Gre { source, destination, packet, bytes };
        // A packet that is no enhanced GRE may belong to another protocol of the same hosts.
        let Ok(packet) = packet else {
            sink(Record { tag, session: None, direction: None, repeated: false, content });
            return;
        };
        let (id, sender) = self.sessions.of_gre(source, destination, packet.header.call_id, packet.payload);
        let Some(session) = self.sessions.get_mut(id) else { return };
        let side = session.side_mut(sender);
        // A capture at both ends of a bridge has every packet twice.
        let repeated = packet.header.sequence_number.is_some_and(|number| side.sequence.note(number, packet.payload));
        // An acknowledgment says nothing of PPP.
        if packet.is_acknowledgment_only() {
            side.counters.acknowledgments = side.counters.acknowledgments.saturating_add(1);
        }
        let origin = Origin { tag, sender, repeated };
        sink(session.record(origin, content));
        if !packet.payload.is_empty() {
            let had_ended = session.end().is_some();
            session.handle_frame(origin, packet.payload, &self.secrets, &mut self.plain, sink);
            if session.end().is_some() && !had_ended {
                self.sessions.note_end(id);
            }
        }
    }

    /// Takes a GRE packet whose end was not captured. Its numbers are followed, and the captured
    /// part of its PPP frame is treated as with [`handle_cut_frame`](Self::handle_cut_frame).
    pub fn handle_cut_gre(
        &mut self,
        tag: u64,
        source: IpAddr,
        destination: IpAddr,
        bytes: &[u8],
        sink: &mut impl FnMut(Record<'_>),
    ) {
        let Ok((header, payload_length, rest)) = pptp_gre::Header::decode(bytes) else {
            return self.handle_gre(tag, source, destination, bytes, sink);
        };
        // The snap length cut only the padding.
        if rest.len() >= usize::from(payload_length) {
            return self.handle_gre(tag, source, destination, bytes, sink);
        }
        let (id, sender) = self.sessions.of_gre(source, destination, header.call_id, rest);
        let Some(session) = self.sessions.get_mut(id) else { return };
        let repeated =
            header.sequence_number.is_some_and(|number| session.side_mut(sender).sequence.note(number, rest));
        let origin = Origin { tag, sender, repeated };
        let cut = Cut::Gre { source, destination, header, payload_length, bytes };
        sink(session.record(origin, Content::NotCaptured(cut)));
        let had_ended = session.end().is_some();
        session.handle_cut_frame(origin, rest, &self.secrets, &mut self.plain, sink);
        if session.end().is_some() && !had_ended {
            self.sessions.note_end(id);
        }
    }

    /// Takes a PPP frame of another carrier whose end was not captured. Its packet is read where that is whole by its own
    /// length.
    pub fn handle_cut_frame(
        &mut self,
        tag: u64,
        link: u64,
        direction: impl Into<Option<Direction>>,
        bytes: &[u8],
        sink: &mut impl FnMut(Record<'_>),
    ) {
        if let (None, Ok(frame)) = (self.sessions.known_link(link), Frame::decode(bytes)) {
            if is_datagram(frame.protocol) {
                sink(without_session(tag, Content::Frame { frame: Ok(frame), bytes }));
                let protocol = Some(frame.protocol);
                return sink(without_session(tag, Content::NotCaptured(Cut::Frame { protocol, bytes })));
            }
        }
        let Some((session, origin)) = link_session(&mut self.sessions, tag, link, direction.into()) else { return };
        session.handle_cut_frame(origin, bytes, &self.secrets, &mut self.plain, sink);
    }

    /// Takes a PPP frame of another carrier: a serial link, PPPoE, L2TP, SSTP. `link` is a number
    /// that identifies the link.
    ///
    /// A caller that does not know which end is the client gives one direction to each end. When
    /// the authentication shows that it is the other way round, the records say so from then on.
    /// `None` is for a capture that does not say which end has sent a frame.
    ///
    /// A link of which nothing but datagrams in the clear was seen so far is no session: their records have none.
    pub fn handle_frame(
        &mut self,
        tag: u64,
        link: u64,
        direction: impl Into<Option<Direction>>,
        bytes: &[u8],
        sink: &mut impl FnMut(Record<'_>),
    ) {
        if let (None, Ok(frame)) = (self.sessions.known_link(link), Frame::decode(bytes)) {
            if is_datagram(frame.protocol) {
                sink(without_session(tag, Content::Frame { frame: Ok(frame), bytes }));
                let (protocol, bytes) = (frame.protocol, frame.information);
                return sink(without_session(tag, Content::Datagram { protocol, bytes, decrypted: None }));
            }
        }
        let Some((session, origin)) = link_session(&mut self.sessions, tag, link, direction.into()) else { return };
        session.handle_frame(origin, bytes, &self.secrets, &mut self.plain, sink);
    }

    /// Takes a PPP packet of another carrier, which gives the protocol by itself.
    pub fn handle_packet(
        &mut self,
        tag: u64,
        link: u64,
        direction: impl Into<Option<Direction>>,
        protocol: Protocol,
        bytes: &[u8],
        sink: &mut impl FnMut(Record<'_>),
    ) {
        let Some((session, origin)) = link_session(&mut self.sessions, tag, link, direction.into()) else { return };
        session.handle_packet(origin, protocol, bytes, &self.secrets, &mut self.plain, sink);
    }

    /// Finishes: packets that waited for an earlier one are reported now, since nothing more comes.
    pub fn finish(&mut self, tag: u64, sink: &mut impl FnMut(Record<'_>)) {
        let ids: Vec<_> = self.sessions.ids().collect();
        for id in ids {
            let Some(session) = self.sessions.get_mut(id) else { continue };
            for sender in [CLIENT, SERVER] {
                let origin = Origin { tag, sender, repeated: false };
                session.end_encryption(origin, &mut self.plain, sink);
            }
        }
    }

    /// Returns the sessions that are known, in the order in which they were first seen.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.iter()
    }

    /// Returns how many sessions were forgotten because there were too many.
    #[must_use]
    pub const fn forgotten_sessions(&self) -> u64 {
        self.sessions.forgotten()
    }
}

#[cfg(test)]
mod tests;

fn without_session(tag: u64, content: Content<'_>) -> Record<'_> {
    Record { tag, session: None, direction: None, repeated: false, content }
}

/// Returns whether a protocol is one of datagrams in the clear.
fn is_datagram(protocol: Protocol) -> bool {
    protocol.kind() == ProtocolKind::Network && protocol != Protocol::COMPRESSED
}

fn link_session(
    sessions: &mut Sessions,
    tag: u64,
    link: u64,
    direction: Option<Direction>,
) -> Option<(&mut Session, Origin)> {
    let id = sessions.of_link(link);
    let session = sessions.get_mut(id)?;
    let sender = match (direction, session.directions) {
        (None, _) => {
            session.directions = Directions::Unknown;
            CLIENT
        }
        (Some(_), Directions::Unknown) => CLIENT,
        (Some(Direction::ToServer), Directions::AsAtFirst) | (Some(Direction::ToClient), Directions::Reversed) => {
            CLIENT
        }
        (Some(Direction::ToServer), Directions::Reversed) | (Some(Direction::ToClient), Directions::AsAtFirst) => {
            SERVER
        }
    };
    Some((session, Origin { tag, sender, repeated: false }))
}

impl core::fmt::Debug for Inspector {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Inspector").field("secrets", &self.secrets).finish_non_exhaustive()
    }
}
