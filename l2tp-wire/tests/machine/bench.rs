//! A tunnel whose peer is a script of messages.

use std::time::Duration;

use l2tp_wire::avp::Value;
use l2tp_wire::code::{MessageType, PseudowireType};
use l2tp_wire::header::{Control, ControlHeader, Recipient};
use l2tp_wire::message::{EncodeOptions, MessageWriter, v2, v3};
use l2tp_wire::session::{CallRequest, Session, SessionId, Terms};
use l2tp_wire::tunnel::{Config, Event, PacketError, Tunnel, Versions};
use l2tp_wire::{Address, Message, TunnelIds, Version};

/// The ids that the script has for the tunnel and for its session.
pub(crate) const TUNNEL: u16 = 9;
pub(crate) const SESSION: u16 = 10;

#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) tunnel: Tunnel<3>,
    pub(crate) version: Version,
    pub(crate) now: Duration,
    /// The number of the next message of the script.
    ns: u16,
    /// The number of the next message of the tunnel.
    nr: u16,
}

impl Bench {
    pub(crate) fn peer() -> Address {
        Address::udp("192.0.2.9:1701".parse().unwrap())
    }

    fn new(version: Version, tunnel: Tunnel<3>) -> Self {
        Self { tunnel, version, now: Duration::ZERO, ns: 0, nr: 0 }
    }

    fn config(version: Version) -> Config {
        let versions = if version == Version::V2 { Versions::V2 } else { Versions::V3 };
        Config::new("ours").with_versions(versions)
    }

    pub(crate) fn originator(version: Version) -> Self {
        let ids = TunnelIds::new([1; 32]);
        Self::new(version, Tunnel::originator(Self::config(version), ids, Self::peer(), [2; 32]))
    }

    pub(crate) fn receiver(version: Version) -> Self {
        Self::new(version, Tunnel::receiver(Self::config(version), TunnelIds::new([1; 32]), [2; 32]))
    }

    pub(crate) fn opened(version: Version) -> Self {
        let mut bench = Self::originator(version);
        bench.tunnel.open(bench.now).unwrap();
        bench.sent();
        bench
    }

    pub(crate) fn asked(version: Version) -> Self {
        let mut bench = Self::receiver(version);
        bench.receive(0, &bench.start_request(TUNNEL));
        bench.sent();
        bench
    }

    /// Creates a tunnel that the script has asked for.
    pub(crate) fn established(version: Version) -> Self {
        let mut bench = Self::asked(version);
        bench.receive(0, &bench.connected());
        bench.clear();
        bench
    }

    pub(crate) fn clear(&mut self) {
        self.sent();
        self.events();
    }

    pub(crate) fn session(&self) -> Option<SessionId> {
        self.tunnel.sessions().map(Session::id).min()
    }

    /// Creates a call of the tunnel's own.
    pub(crate) fn calls(mut self, is_lac: bool) -> Self {
        let (request, terms) = (CallRequest::new(), Terms::new());
        let called = if is_lac {
            self.tunnel.announce_call(self.now, request, terms)
        } else {
            self.tunnel.place_call(self.now, request, terms)
        };
        called.unwrap();
        self.clear();
        self
    }

    /// Sends a message of the script that is taken.
    pub(crate) fn and(mut self, message: impl Fn(&Self) -> Message<'static>) -> Self {
        let message = message(&self);
        self.receive_session(&message);
        self.clear();
        self
    }

    pub(crate) fn accepts(mut self) -> Self {
        let session = self.session().unwrap();
        self.tunnel.accept_call(self.now, session, Terms::new()).unwrap();
        self.clear();
        self
    }

    pub(crate) fn start_request(&self, id: u16) -> Message<'static> {
        match self.version {
            Version::V2 => v2::StartControlConnectionRequest::new("peer".into(), id).into(),
            Version::V3 => v3::StartControlConnectionRequest::new("peer".into(), 1, id.into()).into(),
        }
    }

    pub(crate) fn start_reply(&self) -> Message<'static> {
        match self.version {
            Version::V2 => v2::StartControlConnectionReply::new("peer".into(), TUNNEL).into(),
            Version::V3 => v3::StartControlConnectionReply::new("peer".into(), 1, TUNNEL.into()).into(),
        }
    }

    pub(crate) fn connected(&self) -> Message<'static> {
        match self.version {
            Version::V2 => v2::StartControlConnectionConnected::new().into(),
            Version::V3 => v3::StartControlConnectionConnected::new().into(),
        }
    }

    /// Returns an ICRQ or OCRQ.
    pub(crate) fn call_request(&self, is_incoming: bool, id: u16) -> Message<'static> {
        match (self.version, is_incoming) {
            (Version::V2, true) => v2::IncomingCallRequest::new(id).into(),
            (Version::V2, false) => v2::OutgoingCallRequest::new(id).into(),
            (Version::V3, true) => v3::IncomingCallRequest::new(PseudowireType::PPP, id.into()).into(),
            (Version::V3, false) => v3::OutgoingCallRequest::new(PseudowireType::PPP, id.into()).into(),
        }
    }

    /// Returns the id by which the script names the tunnel's session.
    pub(crate) fn named(&self) -> u32 {
        self.session().map_or(0x1234, SessionId::get)
    }

    /// Returns an ICRP or OCRP.
    pub(crate) fn call_reply(&self, is_incoming: bool) -> Message<'static> {
        let ours = self.named();
        match (self.version, is_incoming) {
            (Version::V2, true) => v2::IncomingCallReply::new(SESSION).into(),
            (Version::V2, false) => v2::OutgoingCallReply::new(SESSION).into(),
            (Version::V3, true) => v3::IncomingCallReply::new(SESSION.into(), ours).into(),
            (Version::V3, false) => v3::OutgoingCallReply::new(SESSION.into(), ours).into(),
        }
    }

    /// Returns an ICCN or OCCN.
    pub(crate) fn call_connected(&self, is_incoming: bool) -> Message<'static> {
        let ours = self.named();
        match (self.version, is_incoming) {
            (Version::V2, true) => v2::IncomingCallConnected::new().into(),
            (Version::V2, false) => v2::OutgoingCallConnected::new().into(),
            (Version::V3, true) => v3::IncomingCallConnected::new(SESSION.into(), ours).into(),
            (Version::V3, false) => v3::OutgoingCallConnected::new(SESSION.into(), ours).into(),
        }
    }

    fn header(&self, session: u32) -> ControlHeader {
        let ids = self.tunnel.ids();
        let recipient = match self.version {
            Version::V2 => Recipient::V2 { tunnel_id: ids.v2, session_id: u16::try_from(session & 0xffff).unwrap() },
            Version::V3 => Recipient::V3 { control_connection_id: ids.v3 },
        };
        ControlHeader { recipient, ns: self.ns, nr: self.nr }
    }

    /// Sends a message of the script about the tunnel's only session, if it is about one.
    pub(crate) fn receive_session(&mut self, message: &Message<'_>) -> Option<PacketError> {
        let message_type = message.message_type();
        let asks = [MessageType::INCOMING_CALL_REQUEST, MessageType::OUTGOING_CALL_REQUEST].contains(&message_type);
        let session = if message_type.is_of_session() && !asks { self.named() } else { 0 };
        self.receive(session, message)
    }

    pub(crate) fn receive(&mut self, session: u32, message: &Message<'_>) -> Option<PacketError> {
        let mut header = self.header(session);
        if message.message_type() == MessageType::START_CONTROL_CONNECTION_REQUEST {
            // Always the first message of its sender.
            header.ns = 0;
            header.nr = 0;
            header.recipient = match self.version {
                Version::V2 => Recipient::V2 { tunnel_id: 0, session_id: 0 },
                Version::V3 => Recipient::V3 { control_connection_id: 0 },
            };
        }
        let mut buf = [0; 1500];
        let bytes = message.encode(&header, &EncodeOptions::new(), &mut buf).unwrap();
        let is_next = header.ns == self.ns && message.message_type() != MessageType::EXPLICIT_ACKNOWLEDGEMENT;
        self.give(bytes, is_next)
    }

    /// Sends a message of this type with an unknown AVP that may or may not be ignored.
    pub(crate) fn receive_unknown(&mut self, message_type: u16, is_mandatory: [bool; 2]) -> Option<PacketError> {
        let session = if MessageType::new(message_type).is_of_session() { self.named() } else { 0 };
        let header = self.header(session);
        let mut buf = [0; 128];
        let mut writer = MessageWriter::new(header, &mut buf).unwrap();
        writer.put(&Value::MessageType(MessageType::new(message_type))).unwrap();
        let message = writer.finish().unwrap();
        let mut bytes = message.to_vec();
        // The M bit of Message Type, and an AVP of nobody.
        bytes[12] = if is_mandatory[0] { 0x80 } else { 0 };
        bytes.extend_from_slice(&[if is_mandatory[1] { 0x80 } else { 0 }, 8, 0, 0, 3, 0xe7, 1, 2]);
        header.overwrite(&mut bytes).unwrap();
        self.give(&mut bytes, true)
    }

    /// Sends an acknowledgment alone.
    pub(crate) fn acknowledge(&mut self) -> Option<PacketError> {
        let mut bytes = self.header(0).to_bytes(12);
        self.give(&mut bytes, false)
    }

    fn give(&mut self, bytes: &mut [u8], is_numbered: bool) -> Option<PacketError> {
        let result = self.tunnel.handle_packet(self.now, Self::peer(), bytes);
        if is_numbered && result.is_ok() {
            self.ns = self.ns.wrapping_add(1);
        }
        result.err()
    }

    /// Returns what the tunnel sends now, acknowledgments alone left out.
    pub(crate) fn sent(&mut self) -> Vec<String> {
        let mut sent = Vec::new();
        let mut buf = [0; 1500];
        // Long enough for acknowledgments, too short for a time-out.
        self.now += Duration::from_millis(60);
        self.tunnel.handle_timeout(self.now);
        while let Some(packet) = self.tunnel.poll_transmit(self.now, &mut buf).unwrap() {
            let control = Control::decode(packet.payload).unwrap();
            self.nr = self.nr.max(control.header.ns.wrapping_add(u16::from(!control.is_zero_length_body())));
            if control.is_zero_length_body() {
                continue;
            }
            let decoded = Message::decode(control.version(), control.avps()).unwrap();
            let session = match control.header.recipient {
                Recipient::V2 { session_id: 0, .. } | Recipient::V3 { .. } => String::new(),
                Recipient::V2 { session_id, .. } => format!(" to session {session_id}"),
            };
            let message_type = decoded.message.message_type();
            match decoded.message {
                Message::V2(v2::Message::StopControlConnectionNotification(stop)) => {
                    sent.push(format!("{message_type}: {}", stop.result));
                }
                Message::V3(v3::Message::StopControlConnectionNotification(stop)) => {
                    sent.push(format!("{message_type}: {}", stop.result));
                }
                Message::V2(v2::Message::CallDisconnectNotify(notify)) => {
                    sent.push(format!("{message_type}{session}: {}", notify.result));
                }
                Message::V3(v3::Message::CallDisconnectNotify(notify)) => {
                    sent.push(format!("{message_type} to session {}: {}", notify.remote_session_id, notify.result));
                }
                Message::V3(v3::Message::ExplicitAcknowledgement(_)) => {
                    self.nr = self.nr.min(control.header.ns);
                }
                _ => sent.push(format!("{message_type}{session}")),
            }
        }
        sent
    }

    pub(crate) fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.tunnel.poll_event()).collect()
    }
}
