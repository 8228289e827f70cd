//! The messages that a tunnel sends, of either version.

use super::config::Versions;
use super::machine::Tunnel;
use super::reason::CloseReason;
use super::stage::Challenge;
use crate::authenticate::challenge_response;
use crate::avp::{
    Detail, LinkAccm, PppDisconnectCause, Pseudowires, Q931CauseCode, ResultCode, SequencingRequired, TieBreaker,
};
use crate::code::{Accm, CircuitStatus, DisconnectDirection, ErrorCode, MessageType, PseudowireType, SublayerType};
use crate::header::Cookie;
use crate::message::{v2, v3};
use crate::session::{Direction, Disconnect, Session, Side};
use crate::{Message, Secret, Text, Version};

/// The room for the longest message that answers one of the peer.
pub(super) const REPLY_ROOM: usize = 768;

/// RFC 2661 section 4.4.3: the revision of the sender's firmware; ours is that of the crate's first
/// version.
const FIRMWARE: u16 = 1;

/// RFC 3931 section 5.4.3: the list of pseudowires, as bytes.
struct Capabilities([u8; 4], usize);

impl Capabilities {
    fn new(pseudowires: [Option<PseudowireType>; 2]) -> Self {
        let [first, second] = pseudowires.map(|pseudowire| pseudowire.map(PseudowireType::get));
        let ([a, b], [c, d]) = (first.unwrap_or(0).to_be_bytes(), second.unwrap_or(0).to_be_bytes());
        Self([a, b, c, d], if second.is_some() { 4 } else { 2 })
    }

    fn list(&self) -> Option<Pseudowires<'_>> {
        Pseudowires::new(self.0.get(..self.1)?)
    }
}

fn optional(text: Text<'_>) -> Option<Text<'_>> {
    Some(text).filter(|text| !text.is_empty())
}

impl<const SESSIONS: usize> Tunnel<SESSIONS> {
    /// Asks for the tunnel (RFC 2661 section 6.1, RFC 3931 section 6.1). The order is that of all
    /// touchy peers.
    pub(super) fn send_request(&mut self, challenge: Option<&Challenge>, tie_breaker: Option<TieBreaker>) -> bool {
        let config = self.config.clone();
        let capabilities = Capabilities::new(config.pseudowires);
        let window = Some(config.channel.receive_window());
        match self.version {
            Version::V2 => {
                let both = config.versions() == Versions::Both;
                // Yamaha RTX refuses AVPs that it does not expect: no more than these, and optional ones last.
                let request = v2::StartControlConnectionRequest {
                    framing_capabilities: config.framing,
                    bearer_capabilities: Some(config.bearer),
                    firmware_revision: Some(FIRMWARE),
                    vendor_name: optional(config.vendor_name.text()),
                    receive_window_size: window,
                    challenge: challenge.map(|challenge| &challenge[..]),
                    tie_breaker,
                    // RFC 3931 section 4.7.3: what a peer of version 2 ignores, and one of version 3 answers.
                    router_id: both.then_some(config.router_id),
                    assigned_control_connection_id: both.then_some(self.ids.v3),
                    pseudowire_capabilities: capabilities.list().filter(|_| both),
                    ..v2::StartControlConnectionRequest::new(config.host_name.text(), self.ids.v2)
                };
                self.send(0, &request.into())
            }
            Version::V3 => {
                let nonce = self.own_nonce();
                let request = v3::StartControlConnectionRequest {
                    pseudowire_capabilities: capabilities.list(),
                    receive_window_size: window,
                    vendor_name: optional(config.vendor_name.text()),
                    tie_breaker,
                    nonce: nonce.as_ref().map(|nonce| &nonce[..]),
                    ..v3::StartControlConnectionRequest::new(config.host_name.text(), config.router_id, self.ids.v3)
                };
                self.send(0, &request.into())
            }
        }
    }

    /// Grants the tunnel (RFC 2661 section 6.2, RFC 3931 section 6.2).
    pub(super) fn send_reply(&mut self, challenge: Option<&Challenge>, peers: Option<&[u8]>) -> bool {
        let config = self.config.clone();
        let window = Some(config.channel.receive_window());
        match self.version {
            Version::V2 => {
                let reply = v2::StartControlConnectionReply {
                    framing_capabilities: config.framing,
                    bearer_capabilities: Some(config.bearer),
                    firmware_revision: Some(FIRMWARE),
                    vendor_name: optional(config.vendor_name.text()),
                    receive_window_size: window,
                    challenge: challenge.map(|challenge| &challenge[..]),
                    challenge_response: answer(
                        config.password.as_ref(),
                        MessageType::START_CONTROL_CONNECTION_REPLY,
                        peers,
                    ),
                    ..v2::StartControlConnectionReply::new(config.host_name.text(), self.ids.v2)
                };
                self.send(0, &reply.into())
            }
            Version::V3 => {
                let capabilities = Capabilities::new(config.pseudowires);
                let nonce = self.own_nonce();
                let reply = v3::StartControlConnectionReply {
                    pseudowire_capabilities: capabilities.list(),
                    receive_window_size: window,
                    vendor_name: optional(config.vendor_name.text()),
                    nonce: nonce.as_ref().map(|nonce| &nonce[..]),
                    ..v3::StartControlConnectionReply::new(config.host_name.text(), config.router_id, self.ids.v3)
                };
                self.send(0, &reply.into())
            }
        }
    }

    fn own_nonce(&self) -> Option<[u8; 16]> {
        self.proof.nonce().and_then(|nonce| nonce.try_into().ok())
    }

    /// Completes the tunnel (RFC 2661 section 6.3, RFC 3931 section 6.3).
    pub(super) fn send_connected(&mut self, peers: Option<&[u8]>) -> bool {
        match self.version {
            Version::V2 => {
                let message_type = MessageType::START_CONTROL_CONNECTION_CONNECTED;
                let challenge_response = answer(self.config.password.as_ref(), message_type, peers);
                self.send(0, &v2::StartControlConnectionConnected { challenge_response }.into())
            }
            Version::V3 => self.send(0, &v3::StartControlConnectionConnected::new().into()),
        }
    }

    /// Asks whether the peer lives (RFC 2661 section 6.5).
    pub(super) fn send_hello(&mut self) -> bool {
        match self.version {
            Version::V2 => self.send(0, &v2::Hello::new().into()),
            Version::V3 => self.send(0, &v3::Hello::new().into()),
        }
    }

    /// Ends the tunnel (RFC 2661 section 6.4). There is always room for it.
    pub(super) fn send_stop(&mut self, reason: CloseReason) {
        let (result, error, words) = reason.to_result();
        let detail = Detail { error, message: Text::from(words) };
        let result = ResultCode::new(result);
        // Without anything to say, two bytes do (section 4.4.2).
        let result = if error == ErrorCode::NONE && words.is_empty() { result } else { result.with_detail(detail) };
        let message: Message<'_> = match self.version {
            Version::V2 => {
                v2::StopControlConnectionNotification { result, assigned_tunnel_id: Some(self.ids.v2) }.into()
            }
            Version::V3 => {
                v3::StopControlConnectionNotification { result, assigned_control_connection_id: Some(self.ids.v3) }
                    .into()
            }
        };
        let sent = self.send_within(self.channel.room(), 0, &message);
        debug_assert!(sent, "a part of the queue is left for it");
    }

    /// Asks for a session (RFC 2661 sections 6.6 and 6.9, RFC 3931 sections 6.6 and 6.9).
    pub(super) fn send_call_request(&mut self, session: &Session) -> bool {
        let request = &session.request;
        match (self.version, session.direction) {
            (Version::V2, Direction::Incoming) => {
                let message = v2::IncomingCallRequest {
                    call_serial_number: request.serial_number,
                    // All recorded clients send it, also where there is no line.
                    bearer_type: Some(request.bearer),
                    calling_number: optional(request.calling_number.text()),
                    called_number: optional(request.called_number.text()),
                    ..v2::IncomingCallRequest::new(session.id.low())
                };
                self.send(0, &message.into())
            }
            (Version::V2, Direction::Outgoing) => {
                let message = v2::OutgoingCallRequest {
                    call_serial_number: request.serial_number,
                    minimum_bps: request.minimum_bps,
                    maximum_bps: request.maximum_bps,
                    bearer_type: request.bearer,
                    framing_type: request.framing,
                    called_number: request.called_number.text(),
                    ..v2::OutgoingCallRequest::new(session.id.low())
                };
                self.send(0, &message.into())
            }
            (Version::V3, _) => self.send_call_request_v3(session),
        }
    }

    fn send_call_request_v3(&mut self, session: &Session) -> bool {
        let (request, terms) = (&session.request, Wanted::new(session));
        let (serial_number, circuit_status) = (request.serial_number, session.ours.circuit);
        // Both ends may ask for the same circuit at once.
        let tie_breaker = Some(TieBreaker::from_bytes(session.tie_breaker));
        let remote_end_id = optional(request.remote_end_id.text());
        match session.direction {
            Direction::Incoming => {
                let message = v3::IncomingCallRequest {
                    serial_number,
                    circuit_status,
                    remote_end_id,
                    assigned_cookie: terms.cookie,
                    tie_breaker,
                    l2_specific_sublayer: terms.sublayer,
                    data_sequencing: terms.sequencing,
                    ..v3::IncomingCallRequest::new(request.pseudowire, session.id.get())
                };
                self.send(0, &message.into())
            }
            Direction::Outgoing => {
                let message = v3::OutgoingCallRequest {
                    serial_number,
                    circuit_status,
                    remote_end_id,
                    assigned_cookie: terms.cookie,
                    tie_breaker,
                    l2_specific_sublayer: terms.sublayer,
                    data_sequencing: terms.sequencing,
                    ..v3::OutgoingCallRequest::new(request.pseudowire, session.id.get())
                };
                self.send(0, &message.into())
            }
        }
    }

    /// Accepts a session (RFC 2661 sections 6.7 and 6.10, RFC 3931 sections 6.7 and 6.10).
    pub(super) fn send_call_reply(&mut self, session: &Session) -> bool {
        let peer_id = session.peer.session_id;
        let Wanted { cookie: assigned_cookie, sublayer: l2_specific_sublayer, sequencing: data_sequencing } =
            Wanted::new(session);
        let circuit_status = session.ours.circuit;
        match (self.version, session.direction) {
            (Version::V2, Direction::Incoming) => {
                self.send(low(peer_id), &v2::IncomingCallReply::new(session.id.low()).into())
            }
            (Version::V2, Direction::Outgoing) => {
                self.send(low(peer_id), &v2::OutgoingCallReply::new(session.id.low()).into())
            }
            (Version::V3, Direction::Incoming) => {
                let message = v3::IncomingCallReply {
                    circuit_status,
                    assigned_cookie,
                    l2_specific_sublayer,
                    data_sequencing,
                    ..v3::IncomingCallReply::new(session.id.get(), peer_id)
                };
                self.send(0, &message.into())
            }
            (Version::V3, Direction::Outgoing) => {
                let message = v3::OutgoingCallReply {
                    circuit_status,
                    assigned_cookie,
                    l2_specific_sublayer,
                    data_sequencing,
                    ..v3::OutgoingCallReply::new(session.id.get(), peer_id)
                };
                self.send(0, &message.into())
            }
        }
    }

    /// Completes a session (RFC 2661 sections 6.8 and 6.11, RFC 3931 sections 6.8 and 6.11).
    pub(super) fn send_call_connected(&mut self, session: &Session) -> bool {
        let (peer_id, terms) = (session.peer.session_id, &session.ours);
        let speed = |speed: u64| u32::try_from(speed).unwrap_or(u32::MAX);
        let (tx_connect_speed_bps, rx_connect_speed_bps) =
            (speed(terms.transmit_speed), terms.receive_speed.map(speed));
        let sequencing_required = terms.wants_numbers().then_some(SequencingRequired);
        let (framing_type, wanted) = (terms.framing, Wanted::new(session));
        match (self.version, session.direction) {
            (Version::V2, Direction::Incoming) => {
                let message = v2::IncomingCallConnected {
                    tx_connect_speed_bps,
                    framing_type,
                    rx_connect_speed_bps,
                    sequencing_required,
                    ..v2::IncomingCallConnected::new()
                };
                self.send(low(peer_id), &message.into())
            }
            (Version::V2, Direction::Outgoing) => {
                let message = v2::OutgoingCallConnected {
                    tx_connect_speed_bps,
                    framing_type,
                    rx_connect_speed_bps,
                    sequencing_required,
                };
                self.send(low(peer_id), &message.into())
            }
            (Version::V3, Direction::Incoming) => {
                let message = v3::IncomingCallConnected {
                    l2_specific_sublayer: wanted.sublayer,
                    data_sequencing: wanted.sequencing,
                    ..v3::IncomingCallConnected::new(session.id.get(), peer_id)
                };
                self.send(0, &message.into())
            }
            (Version::V3, Direction::Outgoing) => {
                let message = v3::OutgoingCallConnected {
                    l2_specific_sublayer: wanted.sublayer,
                    data_sequencing: wanted.sequencing,
                    ..v3::OutgoingCallConnected::new(session.id.get(), peer_id)
                };
                self.send(0, &message.into())
            }
        }
    }

    /// Ends or refuses a session; `ours` is 0 if it never had an id of this end (RFC 2661 section
    /// 6.12).
    pub(super) fn send_disconnect(&mut self, ours: u32, peers: u32, disconnect: Disconnect) -> bool {
        let mut result = ResultCode::new(disconnect.result);
        if disconnect.error != ErrorCode::NONE {
            result = result.with_detail(Detail { error: disconnect.error, message: Text::default() });
        }
        let ppp_disconnect_cause = disconnect.ppp.map(|code| PppDisconnectCause {
            code,
            control_protocol: 0,
            direction: DisconnectDirection::GLOBAL,
            message: Text::default(),
        });
        match self.version {
            Version::V2 => {
                // 0x45 is the DISCONNECT of Q.931.
                let q931_cause_code =
                    disconnect.q931.map(|cause| Q931CauseCode { cause, message: 0x45, advisory: Text::default() });
                let assigned_session_id = Some(low(ours));
                let message =
                    // RFC 2661 section 6.12: the ids of both ends, since either may be the only one
                    // that the peer knows.
                    v2::CallDisconnectNotify { result, assigned_session_id, q931_cause_code, ppp_disconnect_cause };
                self.send(low(peers), &message.into())
            }
            Version::V3 => {
                let message = v3::CallDisconnectNotify {
                    result,
                    remote_session_id: peers,
                    local_session_id: Some(ours),
                    ppp_disconnect_cause,
                };
                self.send(0, &message.into())
            }
        }
    }

    /// Returns the two maps; version 3 has none (RFC 2661 section 6.14).
    pub(super) fn send_accm(&mut self, session: &Session, send: Accm, receive: Accm) -> bool {
        self.send(low(session.peer.session_id), &v2::SetLinkInfo::new(LinkAccm { send, receive }).into())
    }

    /// Returns the status of the circuit; version 2 has none (RFC 3931 section 6.14).
    pub(super) fn send_circuit_status(&mut self, session: &Session, status: CircuitStatus) -> bool {
        let message = v3::SetLinkInfo {
            remote_session_id: session.peer.session_id,
            circuit_status: Some(status),
            ..v3::SetLinkInfo::new(session.id.get())
        };
        self.send(0, &message.into())
    }

    /// Returns the errors of the line (RFC 2661 section 6.13).
    pub(super) fn send_errors(&mut self, session: &Session, errors: crate::avp::CallErrors) -> bool {
        debug_assert!(session.side == Side::Lac || self.version == Version::V3, "only the LAC has a line");
        match self.version {
            Version::V2 => self.send(low(session.peer.session_id), &v2::WanErrorNotify::new(errors).into()),
            Version::V3 => {
                let message = v3::WanErrorNotify {
                    remote_session_id: session.peer.session_id,
                    call_errors: Some(errors),
                    ..v3::WanErrorNotify::new(session.id.get())
                };
                self.send(0, &message.into())
            }
        }
    }
}

/// RFC 3931 section 5.4.4: what this end wants in data packets that it receives. An unwanted AVP is
/// not sent.
struct Wanted {
    cookie: Option<Cookie>,
    sublayer: Option<SublayerType>,
    sequencing: Option<crate::code::DataSequencing>,
}

impl Wanted {
    fn new(session: &Session) -> Self {
        Self {
            cookie: Some(session.cookie).filter(|cookie| !cookie.as_bytes().is_empty()),
            sublayer: session.ours.has_sublayer.then_some(SublayerType::DEFAULT),
            sequencing: session.ours.wants_numbers().then_some(session.ours.sequencing),
        }
    }
}

const fn low(id: u32) -> u16 {
    let [.., high, low] = id.to_be_bytes();
    u16::from_be_bytes([high, low])
}

/// Returns the answer to the peer's challenge, if it sent one and there is a password (RFC 2661
/// section 4.4.3).
fn answer(
    password: Option<&Secret>,
    message: MessageType,
    challenge: Option<&[u8]>,
) -> Option<crate::avp::ChallengeResponse> {
    Some(challenge_response(message, password?, challenge?))
}
