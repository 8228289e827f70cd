//! Records: one packet, or one finding, each.

use std::net::SocketAddr;

use l2tp_wire::DecodeError;
use l2tp_wire::avp::Avps;
use l2tp_wire::code::{MessageType, PseudowireType};
use l2tp_wire::header::{Carrier, Control, ControlHeader, Cookie, DataHeader, Sublayer};
use pptp::inspect::Direction;

use super::authentication::{Evidence, Verdict};
use super::end::End;
use super::place::{Path, Place, SessionNumber, TunnelNumber, direction_of};

/// A packet of L2TP, or something that follows from it. Borrowed: take what you need.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Record<'a> {
    /// The number that the caller gave with the packet.
    pub tag: u64,
    /// The tunnel that the packet belongs to, where that is known.
    pub tunnel: Option<TunnelNumber>,
    /// The session, where there is one.
    pub session: Option<SessionNumber>,
    /// Which way it goes: the end that asked for the tunnel, or for the call in it, is the client.
    pub direction: Option<Direction>,
    /// Whether the same control message was seen before. Repeated ones change nothing.
    pub repeated: bool,
    /// The carrier of the packet.
    pub carrier: Carrier,
    /// The sender. The port is 0 where it is not in UDP.
    pub source: SocketAddr,
    /// The receiver.
    pub destination: SocketAddr,
    /// All its bytes: of the UDP datagram, or of the IP packet of protocol 115.
    pub bytes: &'a [u8],
    /// The content.
    pub content: Content<'a>,
}

impl<'a> Record<'a> {
    pub(super) const fn new(tag: u64, carrier: Carrier, (source, destination): Path, bytes: &'a [u8]) -> Self {
        let (tunnel, session, direction, repeated) = (None, None, None, false);
        let content = Content::NotCaptured;
        Self { tag, tunnel, session, direction, repeated, carrier, source, destination, bytes, content }
    }

    pub(super) const fn path(&self) -> Path {
        (self.source, self.destination)
    }

    /// Sets the tunnel; the side that sent the packet says which way it goes.
    pub(super) fn of_tunnel(mut self, found: Option<(TunnelNumber, usize)>, repeated: bool) -> Self {
        self.tunnel = found.map(|(number, _)| number);
        self.direction = found.map(|(_, side)| direction_of(side, 0));
        self.repeated = repeated;
        self
    }

    pub(super) fn of_session(mut self, place: Option<Place>) -> Self {
        self.session = place.map(|place| place.session);
        self
    }

    pub(super) const fn with_direction(mut self, direction: Direction) -> Self {
        self.direction = Some(direction);
        self
    }

    /// Returns the same record about something else.
    pub(super) fn with<'b>(&self, content: Content<'b>) -> Record<'b>
    where
        'a: 'b,
    {
        let Self { tag, tunnel, session, direction, repeated, carrier, source, destination, bytes, .. } = *self;
        Record { tag, tunnel, session, direction, repeated, carrier, source, destination, bytes, content }
    }
}

/// The content of a [`Record`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Content<'a> {
    /// A control message with AVPs.
    Control {
        /// The header.
        header: ControlHeader,
        /// The message, where its first AVP says so.
        message_type: Option<MessageType>,
        /// Its AVPs, deciphered where the secret fits.
        avps: Avps<'a>,
        /// The message as it is on the wire.
        control: Control<'a>,
    },
    /// A control message without AVPs, which only acknowledges.
    Acknowledgment {
        /// The header.
        header: ControlHeader,
    },
    /// Data of version 2: a PPP frame.
    Data {
        /// The header.
        header: DataHeader,
    },
    /// Data of version 3.
    SessionData {
        /// The session, by the id that the receiver chose.
        session_id: u32,
        /// Cookie and sublayer; `None` while it is not known whether there are any.
        layout: Option<(Cookie, Option<Sublayer>)>,
        /// The payload: all bytes behind the session id while the layout is not known.
        payload: &'a [u8],
    },
    /// It is no L2TP.
    Unreadable {
        /// Why; `None` for data of session 0, which is reserved.
        error: Option<DecodeError>,
    },
    /// A packet whose end was not captured, and which is not data.
    NotCaptured,
    /// Something that follows from the packet before.
    Event(Event<'a>),
}

/// Something that follows from the packets so far.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The sender has proved that it knows the secret, or has tried to.
    Proved {
        /// With what.
        evidence: Evidence,
        /// Whether it fits the given secret.
        verdict: Verdict,
    },
    /// The tunnel or the session ends.
    Ends(&'a End),
}

/// The payload of a session: a PPP frame, or a frame of another pseudowire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Payload<'a> {
    /// The session.
    pub session: SessionNumber,
    /// Which way it goes.
    pub direction: Direction,
    /// The kind of payload.
    pub pseudowire: PseudowireType,
    /// Its bytes.
    pub bytes: &'a [u8],
}
