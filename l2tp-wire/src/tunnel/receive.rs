//! Packets of the peer.

use core::time::Duration;

use super::config::Versions;
use super::counters::{Counters, count};
use super::error::{Handled, PacketError};
use super::machine::{EARLY, Tunnel};
use super::message::REPLY_ROOM;
use super::reason::CloseReason;
use super::stage::Stage;
use super::start::{Start, Tie};
use crate::avp::{Avps, Value};
use crate::channel::Arrival;
use crate::code::{AttributeType, MessageType};
use crate::header::{Control, ControlHeader, Recipient};
use crate::hide::reveal;
use crate::message::{v2, v3};
use crate::{Address, DecodeError, Message, Name, Packet, Version};

/// The recipient of a message, by the ids in its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// This tunnel.
    Ours,
    /// A tunnel that is to be: SCCRQ.
    Request,
    /// The tunnel of a peer that has no id for it: StopCCN, by the id that the peer chose.
    Stop,
}

impl<const SESSIONS: usize> Tunnel<SESSIONS> {
    /// Takes a control message: what a UDP datagram from `source` held, or an IP packet of protocol
    /// 115.
    ///
    /// Hidden values are deciphered in `packet`, which then means nothing any more. A request for
    /// another tunnel is left to the caller: see [`Handled`].
    ///
    /// # Errors
    ///
    /// Returns [`PacketError`] when the packet is not for this tunnel, or not genuine as far as can
    /// be seen. It has changed nothing but a counter then.
    pub fn handle_packet(&mut self, now: Duration, source: Address, packet: &mut [u8]) -> Result<Handled, PacketError> {
        self.enter(now, |tunnel, now| {
            if matches!(tunnel.stage, Stage::Closed { .. }) {
                return Err(PacketError::Closed);
            }
            let result = tunnel.take_packet(now, source, packet);
            match result {
                Ok(_) | Err(PacketError::Closed | PacketError::Numbers) => {}
                Err(PacketError::Decode(_)) => count(&mut tunnel.counters.malformed),
                Err(PacketError::OtherTunnel | PacketError::OtherSource) => count(&mut tunnel.counters.foreign),
                Err(PacketError::Digest) => count(&mut tunnel.counters.wrong_digests),
            }
            result
        })
    }

    fn take_packet(&mut self, now: Duration, source: Address, packet: &mut [u8]) -> Result<Handled, PacketError> {
        let decoded = if source.is_ip() { Packet::decode_ip(packet)? } else { Packet::decode_udp(packet)? };
        let Packet::Control(control) = decoded else {
            // Data is the business of the session's data channel.
            return Err(PacketError::OtherTunnel);
        };
        // Over IP a session id of zero precedes the message, and is no part of it (RFC 3931 section 4.1.1.2).
        let (start, length) = (if source.is_ip() { 4 } else { 0 }, control.bytes().len());
        let end = length.saturating_add(start);
        let target = self.find_target(source, &control)?;
        let message_type = control.avps().message_type().map(|(message_type, _)| message_type);
        // Before anything in it is used (RFC 3931 section 5.4.1).
        self.verify(target, &control)?;
        let message = packet.get_mut(start..end).unwrap_or_default();
        if target == Target::Request {
            return self.take_request(now, source, message);
        }
        let only_acknowledges = control_is_acknowledgment(message, message_type.unwrap_or(MessageType::new(0)));
        let ready = self.is_ready(message_type.ok());
        self.take_message(now, source, message, only_acknowledges, ready)
    }

    fn take_message(
        &mut self,
        now: Duration,
        source: Address,
        message: &mut [u8],
        only_acknowledges: bool,
        ready: bool,
    ) -> Result<Handled, PacketError> {
        let header = Control::decode(message)?.header;
        // An acknowledgment alone has the number of the next message, and takes none itself.
        let body = if only_acknowledges { None } else { Some(&*message) };
        let arrival = self.channel.handle_packet(now, header.ns, header.nr, body, ready);
        if !arrival.is_plausible() {
            return Err(PacketError::Numbers);
        }
        // It has our id: the peer has received what we sent.
        self.channel.prove_peer();
        self.heard = now;
        if matches!(self.stage, Stage::WaitReply { .. }) {
            // The reply may come from another port than 1701 (NAT, accel-ppp's ephemeral ports).
            // From here on it is fixed.
            self.address = Some(source);
        }
        Counters::add(&mut self.counters.bytes_received, message.len());
        if arrival == Arrival::Next {
            self.process(message);
            let mut buffer = [0; EARLY];
            // The gap is closed, and the messages behind it follow.
            while let Some(length) = self.channel.take_early(now, &mut buffer).map(<[u8]>::len) {
                self.process(buffer.get_mut(..length).unwrap_or_default());
            }
        }
        Ok(Handled::Taken)
    }

    /// Returns whether the next message can be acted upon now. If not, it is not acknowledged, and
    /// comes again.
    fn is_ready(&self, message_type: Option<MessageType>) -> bool {
        let asks =
            matches!(message_type, Some(MessageType::INCOMING_CALL_REQUEST | MessageType::OUTGOING_CALL_REQUEST));
        self.room() >= REPLY_ROOM && !(asks && self.sessions.waits_for_poll())
    }

    fn find_target(&self, source: Address, control: &Control<'_>) -> Result<Target, PacketError> {
        let recipient = control.header.recipient;
        let target = match recipient {
            Recipient::V2 { tunnel_id: 0, .. } | Recipient::V3 { control_connection_id: 0 } => {
                return match control.avps().message_type()?.0 {
                    MessageType::START_CONTROL_CONNECTION_REQUEST => Ok(Target::Request),
                    // RFC 2661 section 4.4.3: a peer that has no id of ours stops the tunnel under
                    // id 0, and names its own.
                    MessageType::STOP_CONTROL_CONNECTION_NOTIFICATION if self.names_peer(source, control) => {
                        Ok(Target::Stop)
                    }
                    _ => Err(PacketError::OtherTunnel),
                };
            }
            Recipient::V2 { tunnel_id, .. } if tunnel_id == self.ids.v2 => Target::Ours,
            Recipient::V3 { control_connection_id } if control_connection_id == self.ids.v3 => Target::Ours,
            Recipient::V2 { .. } | Recipient::V3 { .. } => return Err(PacketError::OtherTunnel),
        };
        let version = recipient.version();
        let (version_fits, source_fits) = match (self.stage, self.address) {
            // The reply says which version it is, and may come from another port.
            (Stage::WaitReply { .. }, Some(asked)) => {
                (self.config.versions().allows(version), source.may_answer_for(asked))
            }
            // Nobody knows our id yet.
            (Stage::Idle, _) | (_, None) => (false, false),
            (_, Some(address)) => (version == self.version, source == address),
        };
        if !version_fits {
            return Err(PacketError::OtherTunnel);
        }
        if source_fits { Ok(target) } else { Err(PacketError::OtherSource) }
    }

    /// Returns a peer that refuses our reply may have no id to send to (RFC 2661 section 4.4.3).
    /// Its own id says which tunnel.
    fn names_peer(&self, source: Address, control: &Control<'_>) -> bool {
        let Some(peer) = self.peer.as_ref().filter(|_| self.address == Some(source)) else {
            return false;
        };
        let attribute = match control.version() {
            Version::V2 => AttributeType::ASSIGNED_TUNNEL_ID,
            Version::V3 => AttributeType::ASSIGNED_CONTROL_CONNECTION_ID,
        };
        let named = control.avps().find(attribute).and_then(|avp| {
            let value = avp.decode(MessageType::STOP_CONTROL_CONNECTION_NOTIFICATION).ok()?;
            if let Value::AssignedTunnelId(id) = value {
                return Some(id.into());
            }
            if let Value::AssignedControlConnectionId(id) = value { Some(id) } else { None }
        });
        control.version() == self.version && named == Some(peer.tunnel_id)
    }

    /// Verifies the digest of a message, before which nothing in it may be used (RFC 3931 section
    /// 4.3).
    fn verify(&mut self, target: Target, control: &Control<'_>) -> Result<(), PacketError> {
        // Only SCCRP brings the nonce that its own digest is mixed with.
        let nonce = if let Stage::WaitReply { .. } = self.stage {
            control.avps().find(AttributeType::CONTROL_MESSAGE_AUTHENTICATION_NONCE).map(|avp| avp.value)
        } else {
            None
        };
        let is_request = target == Target::Request;
        self.proof.verify(control.bytes(), is_request, nonce).map_err(|_| PacketError::Digest)
    }

    /// Returns an SCCRQ: the first one, the same again, one that crosses ours, or one for another
    /// tunnel.
    fn take_request(&mut self, now: Duration, source: Address, message: &mut [u8]) -> Result<Handled, PacketError> {
        let key_version = Control::decode(message)?.version();
        let length = message.len();
        let (header, avps) = self.reveal(key_version, message)?;
        let decoded = Message::decode(key_version, avps)?;
        let (version, start) = match decoded.message {
            Message::V2(v2::Message::StartControlConnectionRequest(request)) => {
                // RFC 3931 section 4.7.3: the form of version 2, and an id of version 3.
                match request.assigned_control_connection_id.filter(|_| self.config.versions() != Versions::V2) {
                    Some(id) => (Version::V3, Start::request_both(&request, id)),
                    None => (Version::V2, Start::request_v2(&request)),
                }
            }
            Message::V3(v3::Message::StartControlConnectionRequest(request)) => {
                (Version::V3, Start::request_v3(&request))
            }
            Message::V2(_) | Message::V3(_) => return Err(PacketError::OtherTunnel),
        };
        // A request that only version 3 could answer is dropped. Section 3.1 of RFC 2661 wants that
        // of unknown versions, and such a peer would understand no answer.
        if key_version == Version::V3 && !self.config.versions().allows(Version::V3) {
            return Err(PacketError::OtherTunnel);
        }
        if let Some(handled) = self.place_request(now, source, header, &start)? {
            return Ok(handled);
        }
        // Its number is judged like any other's, so that a repetition is known as one.
        if self.channel.handle_packet(now, header.ns, header.nr, Some(&[]), true) != Arrival::Next {
            return Err(PacketError::Numbers);
        }
        Counters::add(&mut self.counters.bytes_received, length);
        let refusal = decoded.refusal.filter(|_| !self.config.ignores_unknown_avps());
        self.accept_or_refuse(now, source, version, &start, refusal);
        Ok(Handled::Taken)
    }

    /// Finds the end that a request belongs to; `None`: a new one for this tunnel.
    fn place_request(
        &mut self,
        now: Duration,
        source: Address,
        header: ControlHeader,
        start: &Start<'_>,
    ) -> Result<Option<Handled>, PacketError> {
        match (self.stage, self.address) {
            (Stage::Idle, None) => Ok(None),
            (Stage::WaitReply { .. }, Some(asked)) if source.may_answer_for(asked) => {
                // A request is its sender's first message, and answers nothing.
                if (header.ns, header.nr) != (0, 0) {
                    return Err(PacketError::Numbers);
                }
                Ok(match self.request_tie(start) {
                    Tie::None => Some(Handled::OtherRequest),
                    // The peer finds out by the same rule, and answers ours.
                    Tie::Won => Some(Handled::Taken),
                    Tie::Equal => {
                        self.move_to(Stage::Closed { reason: CloseReason::Tie });
                        Some(Handled::Taken)
                    }
                    Tie::Lost => {
                        self.lose_tie();
                        None
                    }
                })
            }
            (_, Some(address)) => {
                let again = self.peer.as_ref().is_some_and(|peer| peer.tunnel_id == start.peer.tunnel_id);
                // A peer that has started again asks from the same port, under another id (Cisco,
                // xl2tpd).
                if address != source || !again {
                    return Ok(Some(Handled::OtherRequest));
                }
                self.renew_replies();
                // It has the number of a repetition: our reply goes out again, with nothing else changed.
                let arrival = self.channel.handle_packet(now, header.ns, header.nr, Some(&[]), false);
                if arrival.is_plausible() { Ok(Some(Handled::Taken)) } else { Err(PacketError::Numbers) }
            }
            (_, None) => Ok(Some(Handled::OtherRequest)),
        }
    }

    fn accept_or_refuse(
        &mut self,
        now: Duration,
        source: Address,
        version: Version,
        start: &Start<'_>,
        refusal: Option<DecodeError>,
    ) {
        let reason = match refusal {
            _ if !self.config.versions().allows(version) => Some(CloseReason::Version),
            Some(error) => Some(CloseReason::Message(error)),
            None => None,
        };
        match reason {
            None => self.accept_request(now, source, version, start),
            Some(reason) => self.refuse_request(source, version, start, reason),
        }
    }

    /// Deciphers what is hidden, if there is a password.
    fn reveal<'m>(&self, version: Version, message: &'m mut [u8]) -> Result<(ControlHeader, Avps<'m>), DecodeError> {
        match self.proof.revealing_key(&self.config, version) {
            Some(key) => reveal(message, &key),
            None => Control::decode(message).map(|control| (control.header, control.avps())),
        }
    }

    /// Processes a message of this tunnel that is next in order.
    fn process(&mut self, message: &mut [u8]) {
        let Ok(version) = Control::decode(message).map(|control| control.version()) else {
            return;
        };
        if matches!(self.stage, Stage::WaitReply { .. }) {
            // RFC 3931 section 4.7.3: the answer to a request that both understand settles it.
            self.version = version;
        }
        let Ok((header, avps)) = self.reveal(version, message) else {
            return;
        };
        let message_type = match avps.clone().message_type() {
            Ok((message_type, _)) => message_type,
            // The subject of the message is not known.
            Err(error) => return self.refuse_message(MessageType::new(0), &header, &avps, error),
        };
        match Message::decode(version, avps.clone()) {
            Ok(decoded) => {
                if let Some(error) = decoded.refusal.filter(|_| !self.config.ignores_unknown_avps()) {
                    return self.refuse_message(message_type, &header, &avps, error);
                }
                self.handle_message(&header, &decoded.message);
            }
            // RFC 2661 section 4.4.1: an unknown message that need not be understood is ignored.
            Err(DecodeError::UnknownMessage { is_mandatory: false, .. }) => count(&mut self.counters.ignored),
            Err(error) => self.refuse_message(message_type, &header, &avps, error),
        }
    }

    /// Ends the session that a message is about, or the tunnel, when it cannot be understood (RFC
    /// 2661 section 7.1).
    fn refuse_message(
        &mut self,
        message_type: MessageType,
        header: &ControlHeader,
        avps: &Avps<'_>,
        error: DecodeError,
    ) {
        if self.stage.reason().is_some() {
            return count(&mut self.counters.ignored);
        }
        if message_type.is_of_session() {
            self.refuse_session_message(header, avps, error);
        } else if message_type == MessageType::STOP_CONTROL_CONNECTION_NOTIFICATION {
            // Whatever is wrong with it, the tunnel is over.
            self.linger(CloseReason::Message(error));
        } else {
            self.stop(CloseReason::Message(error));
        }
    }

    fn handle_message(&mut self, header: &ControlHeader, message: &Message<'_>) {
        let message_type = message.message_type();
        if self.stage.reason().is_some() {
            // Both ends have ended it. A peer whose StopCCN crosses ours learns that from the
            // acknowledgment.
            if message_type != MessageType::STOP_CONTROL_CONNECTION_NOTIFICATION {
                count(&mut self.counters.ignored);
            } else if let Stage::Stopping { reason, .. } = self.stage {
                self.linger(reason);
            }
            return;
        }
        match message {
            Message::V2(message) => self.handle_v2(header, message),
            Message::V3(message) => self.handle_v3(message),
        }
    }

    fn handle_v2(&mut self, header: &ControlHeader, message: &v2::Message<'_>) {
        use v2::Message as M;
        let ours = match header.recipient {
            Recipient::V2 { session_id, .. } => session_id.into(),
            Recipient::V3 { .. } => 0,
        };
        match message {
            M::StartControlConnectionReply(reply) => self.handle_start_reply(&Start::reply_v2(reply)),
            M::StartControlConnectionConnected(message) => self.handle_start_connected(message.challenge_response),
            M::StopControlConnectionNotification(stop) => {
                self.handle_stop(stop.result.result, stop.result.detail);
            }
            M::Hello(_) => count(&mut self.counters.hellos_received),
            M::StartControlConnectionRequest(_) => self.handle_unexpected(message.message_type()),
            M::IncomingCallRequest(request) => self.handle_call_request(request.into()),
            M::OutgoingCallRequest(request) => self.handle_call_request(request.into()),
            M::IncomingCallReply(reply) => self.handle_confirmed(message.message_type(), ours, reply),
            M::IncomingCallConnected(connected) => self.handle_confirmed(message.message_type(), ours, connected),
            M::OutgoingCallReply(reply) => self.handle_confirmed(message.message_type(), ours, reply),
            M::OutgoingCallConnected(connected) => self.handle_confirmed(message.message_type(), ours, connected),
            M::CallDisconnectNotify(notify) => self.handle_disconnect_v2(ours, notify),
            M::WanErrorNotify(errors) => self.handle_errors(ours, 0, errors.call_errors),
            M::SetLinkInfo(info) => self.handle_link_info(ours, 0, Some((info.accm.send, info.accm.receive)), None),
        }
    }

    fn handle_v3(&mut self, message: &v3::Message<'_>) {
        use v3::Message as M;
        match message {
            M::StartControlConnectionReply(reply) => self.handle_start_reply(&Start::reply_v3(reply)),
            M::StartControlConnectionConnected(_) => self.handle_start_connected(None),
            M::StopControlConnectionNotification(stop) => {
                self.handle_stop(stop.result.result, stop.result.detail);
            }
            M::Hello(_) => count(&mut self.counters.hellos_received),
            // It was recognized before it came here, since it has no number of its own.
            M::ExplicitAcknowledgement(_) => {}
            M::StartControlConnectionRequest(_) => self.handle_unexpected(message.message_type()),
            M::IncomingCallRequest(request) => self.handle_call_request(request.into()),
            M::OutgoingCallRequest(request) => self.handle_call_request(request.into()),
            M::IncomingCallReply(reply) => {
                self.handle_confirmed(message.message_type(), reply.remote_session_id, reply);
            }
            M::IncomingCallConnected(connected) => {
                self.handle_confirmed(message.message_type(), connected.remote_session_id, connected);
            }
            M::OutgoingCallReply(reply) => {
                self.handle_confirmed(message.message_type(), reply.remote_session_id, reply);
            }
            M::OutgoingCallConnected(connected) => {
                self.handle_confirmed(message.message_type(), connected.remote_session_id, connected);
            }
            M::CallDisconnectNotify(notify) => self.handle_disconnect_v3(notify),
            M::WanErrorNotify(notify) => {
                // RFC 3931 describes the AVP twice, with and without two of the counters.
                let errors = notify.call_errors.unwrap_or_else(|| {
                    let circuit = notify.circuit_errors.unwrap_or_default();
                    crate::avp::CallErrors {
                        hardware_overruns: circuit.hardware_overruns,
                        buffer_overruns: circuit.buffer_overruns,
                        timeout_errors: circuit.timeout_errors,
                        alignment_errors: circuit.alignment_errors,
                        ..crate::avp::CallErrors::default()
                    }
                });
                self.handle_errors(notify.remote_session_id, notify.local_session_id, errors);
            }
            M::SetLinkInfo(info) => {
                self.handle_link_info(info.remote_session_id, info.local_session_id, None, info.circuit_status);
            }
        }
    }

    /// Handles a message that sets tunnels up, when this one is (RFC 2661 section 7.2.1).
    fn handle_unexpected(&mut self, message_type: MessageType) {
        self.stop(CloseReason::Unexpected(message_type));
    }

    fn handle_stop(&mut self, result: crate::code::ControlConnectionResult, detail: Option<crate::avp::Detail<'_>>) {
        if let Some(detail) = detail {
            self.peer_message = Name::new(detail.message.as_bytes());
        }
        let error = detail.map_or(crate::code::ErrorCode::NONE, |detail| detail.error);
        self.linger(CloseReason::PeerStopped { result, error });
    }
}

/// Returns whether a message only acknowledges. It has no number of its own then.
fn control_is_acknowledgment(message: &[u8], message_type: MessageType) -> bool {
    Control::decode(message).is_ok_and(|control| {
        control.is_zero_length_body()
            || control.version() == Version::V3 && message_type == MessageType::EXPLICIT_ACKNOWLEDGEMENT
    })
}
