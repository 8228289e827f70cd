//! Follows L2TP tunnels of others (RFC 2661, RFC 3931) to the frames within them.
//!
//! [`Tunnels`] does for L2TP the work of [`pptp::inspect::Inspector`]. It takes the packets of
//! others, and gives a record for every layer. It has no sockets, no clock and no files. The
//! contents of a session come back as a [`Payload`]. PPP frames go on to
//! [`Inspector::handle_frame`](pptp::inspect::Inspector::handle_frame), with the number of the
//! session as the number of the link.
//! [`capture::read_with_tunnels`](crate::capture::read_with_tunnels) does all of that for a capture
//! file.
//!
//! With the tunnel secret, challenges and digests are verified, and hidden AVPs are deciphered.
//! Deciphered values are used only when every hidden AVP of the message makes sense: those of a
//! wrong secret do not.
//!
//! ```
//! use l2tp_wire::header::Carrier;
//! use vpdn::inspect::{Content, Tunnels};
//! # use std::net::SocketAddr;
//!
//! let lac = SocketAddr::from(([10, 9, 0, 1], 1701));
//! let lns = SocketAddr::from(([10, 9, 0, 2], 1701));
//! let mut tunnels = Tunnels::new();
//! // Data of version 2 from xl2tpd: LCP for session 0xe7b0 of tunnel 0x1c2a.
//! let packet = b"\x00\x02\x1c\x2a\xe7\xb0\xff\x03\xc0\x21\x09\x00\x00\x08\x01\x02\x03\x04";
//! let payload = tunnels.handle(1, Carrier::Udp, (lac, lns), packet, &mut |record| {
//!     assert!(matches!(record.content, Content::Data { .. }));
//! });
//! assert_eq!(payload.unwrap().bytes, &packet[6..]);
//! assert_eq!(tunnels.sessions().count(), 1);
//! ```
//!
//! # Bounds
//!
//! At most 1024 tunnels and 4096 sessions are known at a time, less than 8 MB: for another one, the
//! oldest is forgotten. A packet costs its decoding, a hash for each hidden AVP and each digest, and,
//! where its tunnel or session is new, a search through the known ones.

mod authentication;
mod end;
mod facts;
mod layout;
mod numbers;
mod place;
mod record;
mod session;
mod table;
mod tunnel;

use std::collections::BTreeSet;
use std::net::SocketAddr;

use l2tp_wire::header::{Carrier, Control, DataHeader, SessionLayout};
use l2tp_wire::{Packet, Secret, UDP_PORT};

pub use authentication::{Evidence, Verdict};
pub use end::End;
pub use place::{Path, SessionNumber, TunnelNumber};
pub use record::{Content, Event, Payload, Record};
pub use session::{Layout, Session};
pub use tunnel::Tunnel;

use authentication::Keys;
use facts::Facts;
use table::Table;

/// Hosts that asked for a tunnel, from ports of their own, that are remembered.
const MAX_REQUESTERS: usize = 4096;

/// Follows every tunnel that it is fed.
///
/// Each `handle_…` takes a `tag`, which comes back with the records about the packet.
///
/// See the [module](self) for an example.
#[derive(Debug, Default)]
pub struct Tunnels {
    keys: Option<Keys>,
    port: Option<u16>,
    static_layout: Option<SessionLayout>,
    requesters: BTreeSet<SocketAddr>,
    table: Table,
    /// The control message at hand, deciphered.
    plain: Vec<u8>,
}

impl Tunnels {
    /// Returns tunnels of which nothing was seen.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the secret that the ends of the tunnels share.
    #[must_use]
    pub fn with_secret(mut self, secret: &Secret) -> Self {
        self.keys = Some(Keys::new(secret));
        self
    }

    /// Sets a UDP port that is L2TP's besides 1701.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Sets how data of version 3 looks in sessions of which no control message says it.
    ///
    /// Without it, the layout is looked for: see [`Layout::Found`].
    #[must_use]
    pub fn with_static_layout(mut self, layout: SessionLayout) -> Self {
        self.static_layout = Some(layout);
        self
    }

    /// Returns whether a UDP datagram between these two is L2TP.
    ///
    /// One end has port 1701 or the port that was set, or has asked for a tunnel from its port: a
    /// server may answer from another port than 1701.
    #[must_use]
    pub fn takes(&self, (source, destination): Path) -> bool {
        let is_known = |port: u16| port == UDP_PORT || self.port == Some(port);
        is_known(source.port())
            || is_known(destination.port())
            || self.requesters.contains(&source)
            || self.requesters.contains(&destination)
    }

    /// Takes the payload of a UDP datagram, or of an IP packet of protocol 115. Returns what a session carries, if it
    /// is data.
    ///
    /// The ports of a packet of protocol 115 are 0.
    pub fn handle<'a>(
        &mut self,
        tag: u64,
        carrier: Carrier,
        path: Path,
        bytes: &'a [u8],
        sink: &mut impl FnMut(Record<'_>),
    ) -> Option<Payload<'a>> {
        let packet = match carrier {
            Carrier::Udp => Packet::decode_udp(bytes),
            Carrier::Ip => Packet::decode_ip(bytes),
        };
        let record = Record::new(tag, carrier, path, bytes);
        match packet {
            Ok(Packet::Control(control)) => {
                self.control(record, &control, sink);
                None
            }
            Ok(Packet::DataV2 { header, payload }) => Some(self.data_v2(record, header, payload, sink)),
            Ok(Packet::DataV3 { session_id: 0, .. }) => {
                sink(record.with(Content::Unreadable { error: None }));
                None
            }
            Ok(Packet::DataV3 { session_id, rest }) => self.data_v3(record, session_id, rest, sink),
            Err(error) => {
                sink(record.with(Content::Unreadable { error: Some(error) }));
                None
            }
        }
    }

    /// Takes a packet whose end was not captured. Data is read as far as it goes; control messages are not followed.
    pub fn handle_cut<'a>(
        &mut self,
        tag: u64,
        carrier: Carrier,
        path: Path,
        bytes: &'a [u8],
        sink: &mut impl FnMut(Record<'_>),
    ) -> Option<Payload<'a>> {
        let is_data_v3 = match carrier {
            Carrier::Udp => bytes.starts_with(&[0, 3]),
            // Session 0 is that of control messages.
            Carrier::Ip => bytes.first_chunk::<4>().is_some_and(|id| *id != [0; 4]),
        };
        if is_data_v3 {
            return self.handle(tag, carrier, path, bytes, sink);
        }
        let record = Record::new(tag, carrier, path, bytes);
        match cut_data(bytes) {
            Some((header, payload)) if carrier == Carrier::Udp => Some(self.data_v2(record, header, payload, sink)),
            _ => {
                sink(record.with(Content::NotCaptured));
                None
            }
        }
    }

    /// Returns the tunnels that are known, in the order in which they were first seen.
    pub fn tunnels(&self) -> impl Iterator<Item = &Tunnel> {
        self.table.tunnels()
    }

    /// Returns the sessions that are known, in the order in which they were first seen.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.table.sessions()
    }

    /// Returns how many tunnels and sessions were forgotten because there were too many.
    #[must_use]
    pub const fn forgotten(&self) -> u64 {
        self.table.forgotten()
    }

    /// Returns whether a secret was given.
    #[must_use]
    pub const fn has_secret(&self) -> bool {
        self.keys.is_some()
    }

    fn control(&mut self, record: Record<'_>, control: &Control<'_>, sink: &mut impl FnMut(Record<'_>)) {
        let header = control.header;
        if control.is_zero_length_body() {
            let found = self.table.tunnel_of(record.path(), header.recipient, None);
            let record = record.of_tunnel(found, false);
            return sink(record.with(Content::Acknowledgment { header }));
        }
        // Hidden values are deciphered in a copy: the record shows the bytes as they came.
        self.plain.clear();
        self.plain.extend_from_slice(control.bytes());
        let revealed = self.keys.as_ref().map(|keys| keys.reveal(control, &mut self.plain));
        let (avps, hidden) = revealed.unwrap_or_else(|| (control.avps(), authentication::hidden(control.avps())));
        let facts = Facts::gather(avps.clone());
        // Bounded: anybody can send requests from any address.
        if facts.is_request() && self.requesters.len() < MAX_REQUESTERS && record.carrier == Carrier::Udp {
            self.requesters.insert(record.source);
        }
        let found = self.table.tunnel_of(record.path(), header.recipient, Some(&facts));
        let repeated = found.is_some_and(|(number, side)| self.table.note_number(number, side, header.ns));
        let record = record.of_tunnel(found, repeated);
        let session = found.and_then(|found| self.table.session_of(found, record.path(), header.recipient, &facts));
        let record = record.of_session(session);
        let message_type = facts.message_type;
        sink(record.with(Content::Control { header, message_type, avps: avps.clone(), control: *control }));
        let (Some((number, side)), false) = (found, repeated) else { return };
        if let Some(tunnel) = self.table.tunnel_mut(number) {
            let mut tell = |event: Event<'_>| sink(record.with(Content::Event(event)));
            tunnel.prove(side, control, &facts, hidden, self.keys.as_ref(), &mut tell);
            tunnel.follow(side, &facts);
        }
        if let Some(place) = session {
            self.table.follow_session(place, &facts);
        }
        self.table.follow_end((number, side), session, &facts, &mut |event| {
            sink(record.with(Content::Event(event)));
        });
    }

    fn data_v2<'a>(
        &mut self,
        record: Record<'_>,
        header: DataHeader,
        bytes: &'a [u8],
        sink: &mut impl FnMut(Record<'_>),
    ) -> Payload<'a> {
        let place = self.table.session_of_v2(record.path(), header.tunnel_id, header.session_id);
        let (number, direction) = self.table.count(place, bytes.len());
        let record = record.of_session(Some(place)).with_direction(direction);
        sink(record.with(Content::Data { header }));
        Payload { session: number, direction, pseudowire: l2tp_wire::code::PseudowireType::PPP, bytes }
    }

    fn data_v3<'a>(
        &mut self,
        record: Record<'_>,
        session_id: u32,
        rest: &'a [u8],
        sink: &mut impl FnMut(Record<'_>),
    ) -> Option<Payload<'a>> {
        let place = self.table.session_of_v3(record.path(), session_id);
        let (session, direction) = self.table.count(place, rest.len());
        let record = record.of_session(Some(place)).with_direction(direction);
        let read = self.table.read_v3(place, record.carrier, rest, self.static_layout);
        let Some((cookie, sublayer, bytes, pseudowire)) = read else {
            sink(record.with(Content::SessionData { session_id, layout: None, payload: rest }));
            return None;
        };
        let layout = Some((cookie, sublayer));
        sink(record.with(Content::SessionData { session_id, layout, payload: bytes }));
        Some(Payload { session, direction, pseudowire, bytes })
    }
}

/// Reads the header of a data packet whose end was not captured, so that its Length does not fit
/// (RFC 2661 section 3.1).
fn cut_data(bytes: &[u8]) -> Option<(DataHeader, &[u8])> {
    const LENGTH: u8 = 0x40;
    let (&[high, low], rest) = bytes.split_first_chunk()?;
    let (has_length, rest) = if high & LENGTH == 0 { (false, rest) } else { (true, rest.get(2..)?) };
    // The longest header without padding; of padding that is longer nothing can be said.
    let mut head = vec![high & !LENGTH, low];
    head.extend_from_slice(rest);
    let (header, payload) = DataHeader::decode(&head).ok()?;
    let at = bytes.len().checked_sub(payload.len())?;
    Some((DataHeader { has_length, ..header }, bytes.get(at..)?))
}
