//! What the peer sends about the connection itself.

use core::time::Duration;

use super::{CloseReason, Connection, Event, Stage, State};
use crate::Message;
use crate::code::{EchoResult, GeneralError, ProtocolVersion, StartResult, StopReason, StopResult};
use crate::message::{
    EchoReply, EchoRequest, StartControlConnectionReply, StartControlConnectionRequest, StopControlConnectionReply,
};

impl<const CALLS: usize> Connection<CALLS> {
    /// Takes octets of the TCP connection, in pieces of any size, and gives how many were taken.
    ///
    /// If that is less than there are, too much waits to be polled: poll events and messages, then give the rest again.
    /// Before [`open`](Self::open) nothing is taken; after the end everything is, and ignored.
    #[must_use = "octets that were not taken have to be given again"]
    pub fn handle_stream(&mut self, now: Duration, octets: &[u8]) -> usize {
        self.advance(now);
        let mut input = octets;
        // A call that nobody was told the end of still takes a place: the next one must not be refused for it.
        while self.reads() && self.output.has_room() && !self.calls.waits_for_room() {
            match self.stream.next_message(&mut input) {
                Ok(Some(message)) => self.handle_message(&message),
                Ok(None) => break,
                Err(error) => self.end(CloseReason::Stream(error)),
            }
        }
        if self.state == State::Closed || self.stage == Stage::Silenced {
            return octets.len();
        }
        octets.len().saturating_sub(input.len())
    }

    fn reads(&self) -> bool {
        matches!(self.stage, Stage::Tcp | Stage::StartRequested) && self.state != State::Closed
    }

    /// The TCP connection has ended: by FIN, by RST, or by its own time-out. Everything is over.
    ///
    /// Messages that were not taken before are lost, so give all octets first. Before [`open`](Self::open) and after
    /// the end nothing happens.
    pub fn handle_disconnect(&mut self, now: Duration) {
        self.advance(now);
        if self.stage == Stage::NoTcp || self.state == State::Closed {
            return;
        }
        let reason = if self.state == State::WaitStopReply {
            self.reason
        } else if self.stage == Stage::Silenced {
            CloseReason::CollisionWon
        } else if self.stream.pending().is_empty() {
            CloseReason::Disconnected
        } else {
            CloseReason::Cut
        };
        self.end(reason);
    }

    fn handle_message(&mut self, message: &Message) {
        self.echo.heard(self.now);
        if self.state == State::WaitStopReply {
            return self.handle_message_while_stopping(message);
        }
        match message {
            Message::StartControlConnectionRequest(request) => self.handle_start_request(request),
            Message::StartControlConnectionReply(reply) => self.handle_start_reply(reply),
            Message::StopControlConnectionRequest(request) => {
                self.output.send(StopControlConnectionReply::new(StopResult::OK));
                self.end(CloseReason::PeerStopped { reason: request.reason });
            }
            Message::EchoRequest(request) => self.handle_echo_request(*request),
            Message::EchoReply(reply) if self.state == State::Established => {
                self.echo.answered(self.now, reply.identifier);
            }
            Message::OutgoingCallRequest(request) => self.handle_outgoing_call_request(request),
            Message::OutgoingCallReply(reply) => self.handle_outgoing_call_reply(reply),
            Message::IncomingCallRequest(request) => self.handle_incoming_call_request(request),
            Message::IncomingCallReply(reply) => self.handle_incoming_call_reply(reply),
            Message::IncomingCallConnected(connected) => self.handle_incoming_call_connected(connected),
            Message::CallClearRequest(request) => self.handle_call_clear_request(*request),
            Message::CallDisconnectNotify(notify) => self.handle_call_disconnect_notify(notify),
            Message::WanErrorNotify(notify) => self.handle_wan_error_notify(notify),
            Message::SetLinkInfo(info) => self.handle_set_link_info(info),
            Message::StopControlConnectionReply(_) | Message::EchoReply(_) | Message::Unknown(_) => {
                self.tell_unexpected(message);
            }
        }
    }

    /// The calls are gone already, and the peer may not know it yet: what it says about them means nothing.
    fn handle_message_while_stopping(&mut self, message: &Message) {
        if let Message::EchoRequest(request) = message {
            self.handle_echo_request(*request);
        } else if let Message::StopControlConnectionRequest(_) = message {
            self.output.send(StopControlConnectionReply::new(StopResult::OK));
            self.end(self.reason);
        } else if let Message::StopControlConnectionReply(_) = message {
            self.end(self.reason);
        }
    }

    fn handle_start_request(&mut self, request: &StartControlConnectionRequest) {
        if self.originator || self.state != State::Idle || self.stage != Stage::Tcp {
            let reply = self.config.identity.to_reply(StartResult::ALREADY_EXISTS, GeneralError::NONE);
            self.output.send(reply);
            return self.tell_unexpected(&(*request).into());
        }
        self.peer = Some((*request).into());
        // A greater version can do with ours, and is told it. There is no smaller one that we know.
        if request.protocol_version < ProtocolVersion::V1_0 {
            let reply = self.config.identity.to_reply(StartResult::VERSION_NOT_SUPPORTED, GeneralError::NONE);
            self.output.send(reply);
            return self.end(CloseReason::Version { version: request.protocol_version });
        }
        if self.config.manual_start {
            self.stage = Stage::StartRequested;
            self.output.tell(Event::StartRequested);
        } else {
            self.establish();
        }
    }

    fn handle_start_reply(&mut self, reply: &StartControlConnectionReply) {
        if self.state != State::WaitCtlReply {
            return self.tell_unexpected(&(*reply).into());
        }
        self.peer = Some((*reply).into());
        let (result, version) = (reply.result_code, reply.protocol_version);
        let zero = StartResult::new(0);
        if result != StartResult::SUCCESSFUL && (result != zero || !self.config.quirks.start_result_zero) {
            return self.end(CloseReason::Refused { result, error: reply.error_code });
        }
        if version != ProtocolVersion::V1_0 {
            return self.stop(StopReason::STOP_PROTOCOL, CloseReason::Version { version });
        }
        self.establish();
    }

    fn handle_echo_request(&mut self, request: EchoRequest) {
        let mut reply = EchoReply::new(request.identifier, EchoResult::OK);
        if matches!(self.state, State::Idle | State::WaitCtlReply) {
            reply.result_code = EchoResult::GENERAL_ERROR;
            reply.error_code = GeneralError::NOT_CONNECTED;
        }
        self.output.send(reply);
    }

    pub(super) fn tell_unexpected(&mut self, message: &Message) {
        self.output.tell(Event::Unexpected { control_message_type: message.control_message_type() });
    }
}
