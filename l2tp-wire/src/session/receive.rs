//! The state tables of RFC 2661 sections 7.4.1 to 7.5.2, and the messages that they judge.

use core::time::Duration;

use super::call::{PeerTerms, Session};
use super::id::{Direction, SessionId, Side};
use super::parameter::{CallRequest, Terms};
use super::state::Phase;
use crate::Name;
use crate::avp::TieBreaker;
use crate::code::{CircuitStatus, DataSequencing, Framing, MessageType, PseudowireType, SublayerType};
use crate::header::Cookie;
use crate::message::{v2, v3};

/// The meaning of a message for a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// The peer has accepted: complete the session with a message of our own.
    Complete,
    /// The peer has accepted, and completes the session later.
    Await,
    /// The session is up.
    Establish,
    /// The state tables end the session, with a message to the peer.
    Disconnect,
    /// The state tables end the session in silence.
    CleanUp,
    /// It means nothing now.
    Ignore,
}

impl Session {
    /// Judges a message of the peer by the state tables. CDN, WEN and SLI are judged elsewhere:
    /// they fit every state.
    pub(crate) const fn judge(&self, message: MessageType) -> Action {
        use Direction::{Incoming, Outgoing};
        match (&self.phase, self.direction, self.side, message) {
            // It is over already, and the peer could not know.
            (Phase::Closed(_) | Phase::WaitTunnel { .. }, ..) => Action::Ignore,
            (Phase::WaitReply { .. }, Incoming, Side::Lac, MessageType::INCOMING_CALL_REPLY) => Action::Complete,
            // Section 7.4.1: "Receive CDN, ICCN: Clean up".
            (Phase::WaitReply { .. }, Incoming, Side::Lac, MessageType::INCOMING_CALL_CONNECTED) => Action::CleanUp,
            (Phase::WaitReply { .. }, Outgoing, Side::Lns, MessageType::OUTGOING_CALL_REPLY) => Action::Await,
            (Phase::WaitConnect { .. }, Incoming, Side::Lns, MessageType::INCOMING_CALL_CONNECTED)
            | (Phase::WaitConnect { .. }, Outgoing, Side::Lns, MessageType::OUTGOING_CALL_CONNECTED) => {
                Action::Establish
            }
            _ => Action::Disconnect,
        }
    }
}

/// A request of the peer: ICRQ or OCRQ, of either version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Requested {
    pub(crate) direction: Direction,
    pub(crate) request: CallRequest,
    pub(crate) peer: PeerTerms,
    pub(crate) tie_breaker: Option<TieBreaker>,
}

impl Requested {
    /// Makes a session of it, under our id.
    pub(crate) fn to_session(self, id: SessionId, until: Duration) -> Session {
        let side = match self.direction {
            Direction::Incoming => Side::Lns,
            Direction::Outgoing => Side::Lac,
        };
        let mut session = Session::new(id, self.direction, side, Phase::WaitAnswer { until }, self.request);
        session.peer = self.peer;
        session.notice.requested = true;
        session
    }
}

/// Reads the optional AVPs of a version 3 message. A missing one was sent before, or means none.
fn terms_v3(
    before: Terms,
    sublayer: Option<SublayerType>,
    sequencing: Option<DataSequencing>,
    speeds: (Option<u64>, Option<u64>),
    circuit: Option<CircuitStatus>,
) -> Terms {
    let (transmit_speed, receive_speed) = speeds;
    Terms {
        has_sublayer: sublayer.map_or(before.has_sublayer, |sublayer| sublayer == SublayerType::DEFAULT),
        sequencing: sequencing.unwrap_or(before.sequencing),
        transmit_speed: transmit_speed.unwrap_or(before.transmit_speed),
        receive_speed: receive_speed.or(before.receive_speed),
        circuit: circuit.unwrap_or(before.circuit),
        ..before
    }
}

const fn peer_v2(session_id: u16) -> PeerTerms {
    let [high, low] = session_id.to_be_bytes();
    PeerTerms { session_id: u32::from_be_bytes([0, 0, high, low]), cookie: Cookie::Zero, terms: Terms::new() }
}

const PPP: PseudowireType = PseudowireType::PPP;

impl From<&v2::IncomingCallRequest<'_>> for Requested {
    fn from(message: &v2::IncomingCallRequest<'_>) -> Self {
        let request = CallRequest {
            serial_number: message.call_serial_number,
            called_number: Name::new(message.called_number.unwrap_or_default().as_bytes()),
            calling_number: Name::new(message.calling_number.unwrap_or_default().as_bytes()),
            bearer: message.bearer_type.unwrap_or(crate::code::Bearer::NONE),
            pseudowire: PPP,
            ..CallRequest::new()
        };
        let peer = peer_v2(message.assigned_session_id);
        Self { direction: Direction::Incoming, request, peer, tie_breaker: None }
    }
}

impl From<&v2::OutgoingCallRequest<'_>> for Requested {
    fn from(message: &v2::OutgoingCallRequest<'_>) -> Self {
        let request = CallRequest {
            serial_number: message.call_serial_number,
            called_number: Name::new(message.called_number.as_bytes()),
            bearer: message.bearer_type,
            framing: message.framing_type,
            minimum_bps: message.minimum_bps,
            maximum_bps: message.maximum_bps,
            pseudowire: PPP,
            ..CallRequest::new()
        };
        let peer = peer_v2(message.assigned_session_id);
        Self { direction: Direction::Outgoing, request, peer, tie_breaker: None }
    }
}

macro_rules! requested_v3 {
    ($message:ident, $direction:ident) => {
        impl From<&v3::$message<'_>> for Requested {
            fn from(message: &v3::$message<'_>) -> Self {
                let request = CallRequest {
                    serial_number: message.serial_number,
                    remote_end_id: Name::new(message.remote_end_id.unwrap_or_default().as_bytes()),
                    pseudowire: message.pseudowire_type,
                    ..CallRequest::new()
                };
                let terms = terms_v3(
                    Terms::new(),
                    message.l2_specific_sublayer,
                    message.data_sequencing,
                    (message.tx_connect_speed, message.rx_connect_speed),
                    Some(message.circuit_status),
                );
                let cookie = message.assigned_cookie.unwrap_or_default();
                let terms = Terms { cookie_size: cookie.size(), ..terms };
                let peer = PeerTerms { session_id: message.local_session_id, cookie, terms };
                Self { direction: Direction::$direction, request, peer, tie_breaker: message.tie_breaker }
            }
        }
    };
}

requested_v3!(IncomingCallRequest, Incoming);
requested_v3!(OutgoingCallRequest, Outgoing);

/// The content of ICRP, ICCN, OCRP or OCCN, of either version.
pub(crate) trait Confirmed {
    /// Adds it to what the peer has said before.
    fn add_to(&self, peer: &mut PeerTerms);
}

impl Confirmed for v2::IncomingCallReply {
    fn add_to(&self, peer: &mut PeerTerms) {
        peer.session_id = self.assigned_session_id.into();
    }
}

impl Confirmed for v2::OutgoingCallReply {
    fn add_to(&self, peer: &mut PeerTerms) {
        peer.session_id = self.assigned_session_id.into();
    }
}

/// Takes what both messages that complete a call say (RFC 2661 section 4.4.6).
fn connected_v2(peer: &mut PeerTerms, speeds: (u32, Option<u32>), framing: Framing, numbers: bool) {
    let (transmit_speed, receive_speed) = speeds;
    peer.terms.transmit_speed = transmit_speed.into();
    peer.terms.receive_speed = receive_speed.map(u64::from);
    peer.terms.framing = framing;
    peer.terms.sequencing = if numbers { DataSequencing::ALL } else { DataSequencing::NONE };
}

impl Confirmed for v2::IncomingCallConnected<'_> {
    fn add_to(&self, peer: &mut PeerTerms) {
        let speeds = (self.tx_connect_speed_bps, self.rx_connect_speed_bps);
        connected_v2(peer, speeds, self.framing_type, self.sequencing_required.is_some());
    }
}

impl Confirmed for v2::OutgoingCallConnected {
    fn add_to(&self, peer: &mut PeerTerms) {
        let speeds = (self.tx_connect_speed_bps, self.rx_connect_speed_bps);
        connected_v2(peer, speeds, self.framing_type, self.sequencing_required.is_some());
    }
}

macro_rules! confirmed_v3 {
    ($message:ident, $cookie:expr, $circuit:expr) => {
        impl Confirmed for v3::$message {
            fn add_to(&self, peer: &mut PeerTerms) {
                let cookie: fn(&Self, Cookie) -> Cookie = $cookie;
                let circuit: fn(&Self) -> Option<CircuitStatus> = $circuit;
                peer.session_id = self.local_session_id;
                peer.cookie = cookie(self, peer.cookie);
                peer.terms = terms_v3(
                    peer.terms,
                    self.l2_specific_sublayer,
                    self.data_sequencing,
                    (self.tx_connect_speed, self.rx_connect_speed),
                    circuit(self),
                );
                peer.terms.cookie_size = peer.cookie.size();
            }
        }
    };
}

confirmed_v3!(IncomingCallReply, |message, before| message.assigned_cookie.unwrap_or(before), |message| Some(
    message.circuit_status
));
confirmed_v3!(OutgoingCallReply, |message, before| message.assigned_cookie.unwrap_or(before), |message| Some(
    message.circuit_status
));
confirmed_v3!(IncomingCallConnected, |_, before| before, |message| message.circuit_status);
confirmed_v3!(OutgoingCallConnected, |_, before| before, |message| message.circuit_status);
