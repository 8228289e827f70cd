//! The peer's messages about the connection itself.

use core::time::Duration;

use super::{CloseReason, Connection, Event, Stage, State, intake};
use crate::Message;
use crate::code::{EchoResult, GeneralError, ProtocolVersion, StartResult, StopReason, StopResult};
use crate::message::{
    EchoReply, EchoRequest, StartControlConnectionReply, StartControlConnectionRequest, StopControlConnectionReply,
};

impl<const CALLS: usize> Connection<CALLS> {
    /// How many bytes [`handle_stream`](Self::handle_stream) takes at least when
    /// [`wants_read`](Self::wants_read) says yes: a good size for a read from TCP.
    pub const READ_LEN: usize = intake::CAPACITY;

    /// Takes bytes of the TCP connection, in pieces of any size, and returns how many were taken.
    ///
    /// Bytes that cannot be handled yet, since too many events or messages wait to be polled, are
    /// kept: up to [`READ_LEN`](Self::READ_LEN). They are handled as soon as polling makes room. A
    /// caller that reads at most that many bytes at a time, and only when
    /// [`wants_read`](Self::wants_read) says yes, never has a rest to give again.
    ///
    /// Before [`open`](Self::open) nothing is taken. After the end everything is, and ignored.
    ///
    /// ```
    /// use core::time::Duration;
    /// use pptp_wire::connection::{Config, Connection, Identity};
    ///
    /// let now = Duration::ZERO;
    /// let mut server: Connection = Connection::receiver(Config::new(Identity::PPTPD), [1; 32]);
    /// server.open(now)?;
    /// // A peer that sends Echo-Requests without end, and a socket that takes no reply.
    /// let requests =
    ///     b"\x00\x10\x00\x01\x1a\x2b\x3c\x4d\x00\x05\x00\x00\x00\x00\x00\x01".repeat(1000);
    /// let mut reads = requests.chunks(Connection::<16>::READ_LEN);
    /// while server.wants_read() {
    ///     let read = reads.next().unwrap();
    ///     assert_eq!(server.handle_stream(now, read), read.len());
    /// }
    /// // The socket is writable again.
    /// while server.poll_transmit(now, &mut [0; 220])?.is_some() {}
    /// assert!(server.wants_read());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "bytes that were not taken have to be given again"]
    pub fn handle_stream(&mut self, now: Duration, bytes: &[u8]) -> usize {
        self.enter(now, |connection| {
            let mut input = bytes;
            connection.read(&mut input);
            if let Stage::Closed | Stage::Silenced { .. } = connection.stage {
                return bytes.len();
            }
            if !matches!(connection.stage, Stage::NoTcp(_)) {
                connection.intake.keep(&mut input);
            }
            bytes.len().saturating_sub(input.len())
        })
    }

    /// Returns whether the TCP connection should be read now.
    ///
    /// When it says no, poll events and messages first. Meanwhile TCP holds the peer up. Before
    /// [`open`](Self::open) and after the end it says no, too.
    #[must_use]
    pub fn wants_read(&self) -> bool {
        let is_held_up = self.reads() && !(self.intake.is_empty() && self.has_room());
        // A connection that is silenced after a collision is read for its end alone.
        !matches!(self.stage, Stage::NoTcp(_) | Stage::Closed) && !is_held_up && !self.intake.has_ended()
    }

    /// Handles the messages of the bytes that were kept, and then of `input`, as far as there is room.
    pub(super) fn read(&mut self, input: &mut &[u8]) {
        // Room comes first: an input gives at most one event and one message, so neither queue can
        // overflow.
        while self.reads() && self.has_room() {
            match self.intake.next_message(input) {
                Ok(Some(message)) => self.handle_message(&message),
                Ok(None) if self.intake.has_ended() => self.end_of_stream(),
                Ok(None) => break,
                Err(error) => self.end(CloseReason::Stream(error)),
            }
            if self.intake.has_ended() {
                // Nothing can be sent any more.
                self.output.drop_messages();
            }
        }
    }

    fn reads(&self) -> bool {
        !matches!(self.stage, Stage::NoTcp(_) | Stage::Silenced { .. } | Stage::Closed)
    }

    /// Returns whether there is room for what a message may bring.
    fn has_room(&self) -> bool {
        // A call whose end was not polled yet takes a place: the next call must not be refused for it.
        self.output.has_room() && !self.calls.waits_for_room()
    }

    /// Ends the connection since TCP has ended: by FIN, by RST, or by its own time-out.
    ///
    /// Bytes that wait to be handled are handled first, as far as they fit, and the rest as soon as events are polled.
    /// Before [`open`](Self::open) and after the end nothing happens.
    pub fn handle_disconnect(&mut self, now: Duration) {
        self.enter(now, |connection| {
            // TCP may end twice, by FIN and then by an error of a write; the first counts.
            if matches!(connection.stage, Stage::NoTcp(_) | Stage::Closed) {
                return;
            }
            // Bytes that were kept may hold the reason, such as a Call-Disconnect-Notify. They are read
            // before the end is reported.
            if connection.intake.is_empty() || !connection.reads() {
                return connection.end_of_stream();
            }
            connection.intake.end();
            connection.output.drop_messages();
        });
    }

    pub(super) fn end_of_stream(&mut self) {
        let seen = if self.intake.is_at_boundary() { CloseReason::Disconnected } else { CloseReason::Cut };
        // A peer may close TCP in place of a Stop-Control-Connection-Reply. The reason of the stop stays.
        self.end(self.stage.settled_reason().unwrap_or(seen));
    }

    fn handle_message(&mut self, message: &Message) {
        // Any message counts as life, whatever comes of it (RFC 2637 section 3.1.4).
        self.echo.heard(self.now);
        if let Stage::Stopping { reason, .. } = self.stage {
            return self.handle_message_while_stopping(message, reason);
        }
        match message {
            Message::StartControlConnectionRequest(request) => self.handle_start_request(request),
            Message::StartControlConnectionReply(reply) => self.handle_start_reply(reply),
            Message::StopControlConnectionRequest(request) => {
                // Section 3.1.1: answer, and close. The caller closes TCP once the reply has left.
                self.output.send(StopControlConnectionReply::new(StopResult::OK));
                self.end(CloseReason::PeerStopped { reason: request.reason });
            }
            Message::EchoRequest(request) => self.handle_echo_request(*request),
            // Before the connection is established no echo was asked.
            Message::EchoReply(reply) if self.stage == Stage::Established => {
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

    /// Handles messages behind a stop: the calls are gone, and messages about them are ignored.
    fn handle_message_while_stopping(&mut self, message: &Message, reason: CloseReason) {
        if let Message::EchoRequest(request) = message {
            self.handle_echo_request(*request);
        } else if let Message::StopControlConnectionRequest(_) = message {
            self.output.send(StopControlConnectionReply::new(StopResult::OK));
            self.end(reason);
        } else if let Message::StopControlConnectionReply(_) = message {
            self.end(reason);
        }
    }

    fn handle_start_request(&mut self, request: &StartControlConnectionRequest) {
        // Section 2.2, result 3. poptop answers a second request as it did the first, which would
        // let a peer change its identity under a live connection.
        let Stage::WaitRequest { until } = self.stage else {
            let reply = self.config.identity.to_reply(StartResult::ALREADY_EXISTS, GeneralError::NONE);
            self.output.send(reply);
            return self.tell_unexpected(&(*request).into());
        };
        self.peer = Some((*request).into());
        // A greater version can do with ours, and learns it. There is no smaller one that we know.
        if request.protocol_version < ProtocolVersion::V1_0 {
            let reply = self.config.identity.to_reply(StartResult::VERSION_NOT_SUPPORTED, GeneralError::NONE);
            self.output.send(reply);
            return self.end(CloseReason::Version { version: request.protocol_version });
        }
        // A caller with several peers wants to see the name first; the start time-out runs
        // meanwhile.
        if self.config.manual_start {
            self.stage = Stage::StartRequested { until };
            self.output.tell(Event::StartRequested);
        } else {
            self.accept();
        }
    }

    fn handle_start_reply(&mut self, reply: &StartControlConnectionReply) {
        if self.state() != State::WaitCtlReply {
            return self.tell_unexpected(&(*reply).into());
        }
        self.peer = Some((*reply).into());
        let (result, version) = (reply.result_code, reply.protocol_version);
        let zero = StartResult::new(0);
        // Old ADSL modems answer 0 for success, which pptp-linux takes as well.
        if result != StartResult::SUCCESSFUL && (result != zero || !self.config.quirks.start_result_zero) {
            return self.end(CloseReason::Refused { result, error: reply.error_code });
        }
        if version != ProtocolVersion::V1_0 {
            // Section 3.1.1: an earlier version that is not supported is stopped, not just left.
            return self.stop(StopReason::STOP_PROTOCOL, CloseReason::Version { version });
        }
        self.establish();
    }

    fn handle_echo_request(&mut self, request: EchoRequest) {
        let mut reply = EchoReply::new(request.identifier, EchoResult::OK);
        // Section 2.16: "not connected" is the general error for what comes before its time.
        if matches!(self.state(), State::Idle | State::WaitCtlReply) {
            reply.result_code = EchoResult::GENERAL_ERROR;
            reply.error_code = GeneralError::NOT_CONNECTED;
        }
        self.output.send(reply);
    }

    pub(super) fn tell_unexpected(&mut self, message: &Message) {
        self.output.tell(Event::Unexpected { control_message_type: message.control_message_type() });
    }
}
