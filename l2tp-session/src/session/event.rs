//! The events of a session, and the contents of packets.

use core::fmt;

use l2tp_wire::Address;
use l2tp_wire::avp::CallErrors;
use l2tp_wire::data::OuterHeader;
use l2tp_wire::session::{LinkInfo, SessionId};

use super::Reason;

/// An event of a tunnel, or of a call of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The tunnel is up: [`Session::tunnel`](super::Session::tunnel) has the peer's names.
    Established,
    /// Something has happened on a call. A server learns of a call by its first event.
    Call {
        /// Our session id of the call.
        call: SessionId,
        /// The event.
        event: CallEvent,
    },
    /// The tunnel is over, and all calls with it. Of a client, the reason is why its call ended, or
    /// never began. Go on driving it until [`Drained`](Self::Drained): the peer has to learn it.
    Closed(Reason),
    /// Nothing is sent or received any more: drop the session. The last event.
    Drained,
}

/// An event of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallEvent {
    /// The call is up. Frames may flow, where it carries no PPP; with PPP, IP flows later.
    Connected,
    /// Something has happened in PPP: authentication, encryption, IP.
    Ppp(ppp_session::Event),
    /// RFC 2661 section 6.14, RFC 3931 section 6.14: the peer reports on its line or circuit.
    LinkInfo(LinkInfo),
    /// RFC 2661 section 6.13: the peer reports errors of its line.
    WanErrors(CallErrors),
    /// The call is over. The last event of it.
    Closed(Reason),
}

impl CallEvent {
    /// Returns whether `later` takes the place of this event when both wait to be polled: of each
    /// kind the latest waits.
    #[must_use]
    pub fn is_replaced_by(&self, later: &Self) -> bool {
        match (self, later) {
            (Self::Ppp(event), Self::Ppp(later)) => event.is_replaced_by(later),
            _ => core::mem::discriminant(self) == core::mem::discriminant(later),
        }
    }
}

/// Reports of the peer about a call that wait, the latest of each kind.
#[derive(Debug)]
pub(super) struct Waiting {
    is_connected: bool,
    link_info: Option<LinkInfo>,
    errors: Option<CallErrors>,
}

impl Waiting {
    pub(super) const CONNECTED: Self = Self { is_connected: true, link_info: None, errors: None };

    pub(super) const fn link_info(&mut self, info: LinkInfo) {
        self.link_info = Some(info);
    }

    pub(super) const fn errors(&mut self, errors: CallErrors) {
        self.errors = Some(errors);
    }

    /// Returns the first event of a call.
    pub(super) fn pop_connected(&mut self) -> Option<CallEvent> {
        core::mem::take(&mut self.is_connected).then_some(CallEvent::Connected)
    }

    /// Returns the next report, in the order in which they are declared.
    pub(super) fn pop_report(&mut self) -> Option<CallEvent> {
        if let Some(info) = self.link_info.take() {
            return Some(CallEvent::LinkInfo(info));
        }
        self.errors.take().map(CallEvent::WanErrors)
    }
}

/// A packet that goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transmit<'b> {
    /// The destination. It says whether UDP or IP carries the packet.
    pub destination: Address,
    /// The payload of UDP, or of IP protocol 115.
    pub payload: &'b [u8],
    /// Hints for the outer IP header of data packets.
    pub outer: OuterHeader,
}

/// The content of a packet.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received<'p> {
    /// An IP packet, in the memory of the packet, or in the scratch buffer where it was
    /// decompressed.
    Ip {
        /// The call it came by.
        call: SessionId,
        /// The IP packet.
        packet: &'p [u8],
    },
    /// A frame of a call without PPP: Ethernet.
    Frame {
        /// The call it came by.
        call: SessionId,
        /// The frame.
        frame: &'p [u8],
    },
    /// It waits for an earlier one: `poll_receive` gives it in time.
    Held,
    /// It was for the session: a control message, negotiation.
    Consumed,
}

impl<'p> Received<'p> {
    /// Returns the IP packet, if there is one.
    #[must_use]
    pub const fn ip(&self) -> Option<&'p [u8]> {
        match self {
            Self::Ip { packet, .. } => Some(packet),
            Self::Frame { .. } | Self::Held | Self::Consumed => None,
        }
    }

    /// Returns the frame, if there is one.
    #[must_use]
    pub const fn frame(&self) -> Option<&'p [u8]> {
        match self {
            Self::Frame { frame, .. } => Some(frame),
            Self::Ip { .. } | Self::Held | Self::Consumed => None,
        }
    }
}

/// Lengths, not bytes.
impl fmt::Debug for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip { call, packet } => write!(f, "Ip({} bytes of call {call})", packet.len()),
            Self::Frame { call, frame } => write!(f, "Frame({} bytes of call {call})", frame.len()),
            Self::Held => f.write_str("Held"),
            Self::Consumed => f.write_str("Consumed"),
        }
    }
}
