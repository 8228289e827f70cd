//! Commands of the user.

use core::time::Duration;

use super::call::{Call, CallStage, Calls};
use super::time::deadline;
use super::{
    Answer, CallCloseReason, CallId, CallParameters, CallRequest, CloseReason, CommandError, Connection, Disconnect,
    Event, Refusal, Role, Side, Stage, State, WanErrors,
};
use crate::Text;
use crate::code::{Accm, GeneralError, StartResult, StopReason};
use crate::message::{
    CallClearRequest, CallDisconnectNotify, IncomingCallConnected, IncomingCallReply, IncomingCallRequest,
    OutgoingCallReply, OutgoingCallRequest, SetLinkInfo, StopControlConnectionRequest,
};

/// The speed of an incoming call's line by default.
const CONNECT_SPEED: u32 = 100_000_000;

/// Section 2.14: between two WAN-Error-Notify of a call.
const WAN_ERRORS_INTERVAL: Duration = Duration::from_secs(60);

impl<const CALLS: usize> Connection<CALLS> {
    /// Begins, since the TCP connection is open (RFC 2637 sections 3.1.1 and 3.1.2). The originator
    /// sends Start-Control-Connection-Request, the receiver waits for it.
    ///
    /// # Errors
    ///
    /// [`CommandError::State`] if it was open before.
    pub fn open(&mut self, now: Duration) -> Result<(), CommandError> {
        self.enter(now, |connection| {
            let Stage::NoTcp(side) = connection.stage else {
                return Err(CommandError::State { state: connection.state() });
            };
            // Section 3.1.4: a peer that says nothing for 60 seconds is given up, on both sides.
            let until = deadline(connection.now, connection.config.start_timeout);
            connection.stage = match side {
                Side::Receiver => Stage::WaitRequest { until },
                Side::Originator => {
                    connection.output.send(connection.config.identity.to_request());
                    Stage::WaitReply { until }
                }
            };
            Ok(())
        })
    }

    /// Returns the peer that asked with [`StartRequested`](Event::StartRequested) may have the
    /// connection (RFC 2637 section 3.1.2).
    ///
    /// # Errors
    ///
    /// [`CommandError::State`] if it has not asked, [`CommandError::Busy`].
    pub fn accept_start(&mut self, now: Duration) -> Result<(), CommandError> {
        self.enter(now, |connection| {
            connection.check_start_request()?;
            connection.accept();
            Ok(())
        })
    }

    /// Refuses the peer that asked with [`StartRequested`](Event::StartRequested): it gets the
    /// reason, and the connection is over (RFC 2637 section 2.2).
    ///
    /// A `result` that says success is sent as a general error.
    ///
    /// # Errors
    ///
    /// [`CommandError::State`] if it has not asked, [`CommandError::Busy`].
    pub fn refuse_start(
        &mut self,
        now: Duration,
        result: StartResult,
        error: GeneralError,
    ) -> Result<(), CommandError> {
        self.enter(now, |connection| {
            connection.check_start_request()?;
            // A refusal with a result that means success would leave the peer connected. Zero counts as
            // success with old ADSL modems.
            let success = [StartResult::SUCCESSFUL, StartResult::new(0)].contains(&result);
            let result = if success { StartResult::GENERAL_ERROR } else { result };
            connection.output.send(connection.config.identity.to_reply(result, error));
            connection.end(CloseReason::NotAccepted { result });
            Ok(())
        })
    }

    fn check_start_request(&self) -> Result<(), CommandError> {
        let Stage::StartRequested { .. } = self.stage else {
            return Err(CommandError::State { state: self.state() });
        };
        self.check_room()
    }

    /// Closes the connection and all its calls, with a message to the peer (RFC 2637 section 2.3).
    /// The end is [`Closed`](Event::Closed).
    ///
    /// If it is not established, it is over at once, without a message. If it is closing, nothing happens.
    pub fn close(&mut self, now: Duration, reason: StopReason) {
        self.enter(now, |connection| match connection.state() {
            // No connection exists yet, so the peer has nothing to stop: section 3.1.1 has a Stop
            // message for the state established alone.
            State::Idle | State::WaitCtlReply => {
                connection.output.drop_messages();
                connection.end(CloseReason::Local);
            }
            State::Established => connection.stop(reason, CloseReason::Local),
            State::WaitStopReply | State::Closed => {}
        });
    }

    /// Asks the peer for an outgoing call, of which we are the PNS: what a VPN client does (RFC
    /// 2637 section 3.2.4.2).
    ///
    /// Call id and serial number of the request are set here. The call is up with
    /// [`CallConnected`](Event::CallConnected), and over with [`CallClosed`](Event::CallClosed).
    ///
    /// # Errors
    ///
    /// [`CommandError::State`], [`CommandError::NoRoom`] or [`CommandError::Busy`].
    pub fn place_call(&mut self, now: Duration, request: OutgoingCallRequest) -> Result<CallId, CommandError> {
        self.enter(now, |connection| {
            let (id, call_serial_number) = connection.new_call()?;
            let request = OutgoingCallRequest { call_id: id.get(), call_serial_number, ..request };
            let stage =
                CallStage::WaitOutgoingReply { until: deadline(connection.now, connection.config.reply_timeout) };
            connection.calls.insert(Call::new(id, None, Role::Pns, CallRequest::Outgoing(request), stage));
            connection.output.send(request);
            Ok(id)
        })
    }

    /// Asks the peer to take an incoming call, of which we are the PAC (RFC 2637 section 3.2.3.1).
    ///
    /// Call id and serial number of the request are set here. When the peer wants the call answered,
    /// Incoming-Call-Connected with this `answer` is sent, and the call is up with
    /// [`CallConnected`](Event::CallConnected).
    ///
    /// # Errors
    ///
    /// [`CommandError::State`], [`CommandError::NoRoom`] or [`CommandError::Busy`].
    pub fn announce_call(
        &mut self,
        now: Duration,
        request: IncomingCallRequest,
        answer: Answer,
    ) -> Result<CallId, CommandError> {
        self.enter(now, |connection| {
            // Serial numbers are for the logs of both sides (RFC 2637 section 2.9); they say nothing
            // secret.
            let (id, call_serial_number) = connection.new_call()?;
            let request = IncomingCallRequest { call_id: id.get(), call_serial_number, ..request };
            // The PAC sends its window in the Incoming-Call-Connected, two messages later, so it is
            // kept until then.
            let connected = IncomingCallConnected {
                packet_receive_window_size: answer.window,
                packet_transmit_delay: answer.delay,
                ..IncomingCallConnected::new(0, answer.connect_speed.unwrap_or(CONNECT_SPEED), answer.framing)
            };
            let until = deadline(connection.now, connection.config.reply_timeout);
            let stage = CallStage::WaitIncomingReply { until, connected };
            connection.calls.insert(Call::new(id, None, Role::Pac, CallRequest::Incoming(request), stage));
            connection.output.send(request);
            Ok(id)
        })
    }

    fn new_call(&mut self) -> Result<(CallId, u16), CommandError> {
        if self.stage != Stage::Established {
            return Err(CommandError::State { state: self.state() });
        }
        self.check_room()?;
        if !self.calls.has_room() {
            return Err(CommandError::NoRoom);
        }
        let calls = &self.calls;
        let id = self.call_ids.allocate(|id| calls.is_taken(id)).ok_or(CommandError::NoRoom)?;
        let serial_number = self.next_serial_number;
        self.next_serial_number = serial_number.wrapping_add(1);
        Ok((id, serial_number))
    }

    /// Takes a call that the peer asked for with [`CallRequested`](Event::CallRequested) (RFC 2637
    /// sections 3.2.4.1 and 3.2.3.2).
    ///
    /// An outgoing call is up with that; an incoming one when the peer has connected it.
    ///
    /// # Errors
    ///
    /// [`CommandError::NoSuchCall`], [`CommandError::CallState`], [`CommandError::Busy`], or
    /// [`CommandError::CallIdInUse`] for the id of the answer.
    pub fn accept_call(&mut self, now: Duration, call: CallId, answer: Answer) -> Result<(), CommandError> {
        self.enter(now, |connection| {
            connection.check_room()?;
            let (now, config) = (connection.now, &connection.config);
            let id = answer.call_id.unwrap_or(call);
            // The caller may name an id of its own. Zero means "none" in replies, so no call can have
            // it.
            if id.get() == 0 || (id != call && connection.calls.is_taken(id.get())) {
                return Err(CommandError::CallIdInUse { call: id });
            }
            let call = find(&mut connection.calls, call)?;
            // Only a call that waits for this answer may change its id: the peer knows the other ids
            // already.
            match (call.stage, call.request) {
                (CallStage::WaitCsAns { .. }, CallRequest::Outgoing(request)) => {
                    call.id = id;
                    let connect_speed = answer.connect_speed.unwrap_or(request.maximum_bps);
                    connection.output.send(OutgoingCallReply {
                        packet_receive_window_size: answer.window,
                        packet_processing_delay: answer.delay,
                        physical_channel_id: answer.physical_channel_id,
                        ..OutgoingCallReply::new(call.id.get(), request.call_id, connect_speed)
                    });
                    let parameters = CallParameters {
                        peer_window: request.packet_receive_window_size,
                        peer_delay: tenths(request.packet_processing_delay),
                        connect_speed,
                    };
                    call.connect(now, config, request.call_id, parameters, &mut connection.output);
                }
                (CallStage::Asked { .. }, CallRequest::Incoming(request)) => {
                    call.id = id;
                    connection.output.send(IncomingCallReply {
                        packet_receive_window_size: answer.window,
                        packet_transmit_delay: answer.delay,
                        ..IncomingCallReply::new(call.id.get(), request.call_id)
                    });
                    call.stage = CallStage::WaitConnect { until: deadline(now, config.reply_timeout) };
                }
                _ => return Err(CommandError::CallState { call: call.id, state: call.state() }),
            }
            Ok(())
        })
    }

    /// Does not take a call that the peer asked for with [`CallRequested`](Event::CallRequested)
    /// (RFC 2637 sections 3.2.4.1 and 3.2.3.2).
    ///
    /// # Errors
    ///
    /// [`CommandError::NoSuchCall`], [`CommandError::CallState`] or [`CommandError::Busy`].
    pub fn refuse_call(&mut self, now: Duration, call: CallId, refusal: Refusal) -> Result<(), CommandError> {
        self.enter(now, |connection| {
            connection.check_room()?;
            let call = find(&mut connection.calls, call)?;
            // A call that is connected is cleared, not refused: the peer would not understand a second
            // reply.
            if !call.stage.waits_for_user() {
                return Err(CommandError::CallState { call: call.id, state: call.state() });
            }
            connection.output.send(call.request.refusal(refusal));
            call.end(CallCloseReason::Local, &mut connection.output);
            Ok(())
        })
    }

    /// Ends a call in any state (RFC 2637 section 3.2). The end is
    /// [`CallClosed`](Event::CallClosed).
    ///
    /// As a PAC, it is over at once, and the peer gets the reason. As a PNS, the peer is asked to
    /// end it; to ask again does nothing. A call that the peer asks for is refused.
    ///
    /// # Errors
    ///
    /// [`CommandError::NoSuchCall`] or [`CommandError::Busy`].
    pub fn clear_call(&mut self, now: Duration, call: CallId, disconnect: Disconnect) -> Result<(), CommandError> {
        self.enter(now, |connection| {
            connection.check_room()?;
            let call = find(&mut connection.calls, call)?;
            match (call.stage, call.role) {
                // Section 3.2 has one Call-Clear-Request for each call; its answer is on the way.
                (CallStage::WaitDisconnect { .. }, _) => {}
                // Sections 3.2.3.2 and 3.2.4.1: a call that was not answered yet ends by a reply with
                // an error.
                (CallStage::WaitCsAns { .. } | CallStage::Asked { .. }, _) => {
                    connection.output.send(call.request.refusal(Refusal::DO_NOT_ACCEPT));
                    call.end(CallCloseReason::Local, &mut connection.output);
                }
                (_, Role::Pns) => {
                    // Only the PAC ends a call. The PNS asks for it, and waits for the
                    // Call-Disconnect-Notify (RFC 2637 sections 3.2.3.2 and 3.2.4.2).
                    connection.output.send(CallClearRequest::new(call.id.get()));
                    connection.cleared = connection.cleared.saturating_add(1);
                    let until = deadline(connection.now, connection.config.disconnect_timeout);
                    call.stage = CallStage::WaitDisconnect { until, number: connection.cleared };
                }
                (_, Role::Pac) => {
                    // The PAC's Call-Disconnect-Notify has no answer, so the call is over at once.
                    connection.output.send(call.notify(disconnect));
                    call.end(CallCloseReason::Local, &mut connection.output);
                }
            }
            Ok(())
        })
    }

    /// Sends the PAC what PPP has agreed on, as the PNS of a connected call (RFC 2637 section
    /// 2.15).
    ///
    /// Only for calls that end on a real line. Some routers stop passing PPTP when they see this message.
    ///
    /// # Errors
    ///
    /// [`CommandError::NoSuchCall`], [`CommandError::Role`], [`CommandError::CallState`] or [`CommandError::Busy`].
    pub fn set_link_info(
        &mut self,
        now: Duration,
        call: CallId,
        send_accm: Accm,
        receive_accm: Accm,
    ) -> Result<(), CommandError> {
        self.enter(now, |connection| {
            connection.check_room()?;
            let (peer_call_id, _) = find(&mut connection.calls, call)?.connected_as(Role::Pns)?;
            // On the user's word alone: npppd never sends this message, since behind some routers port 1723
            // is dead afterwards.
            connection.output.send(SetLinkInfo::new(peer_call_id, send_accm, receive_accm));
            Ok(())
        })
    }

    /// Sends the PNS the errors on the line, as the PAC of a connected call (RFC 2637 section
    /// 2.14).
    ///
    /// # Errors
    ///
    /// [`CommandError::NoSuchCall`], [`CommandError::Role`], [`CommandError::CallState`], [`CommandError::Busy`], or
    /// [`CommandError::TooSoon`] within 60 seconds of the last time: the counters only grow, so send them later.
    pub fn notify_wan_errors(&mut self, now: Duration, call: CallId, errors: WanErrors) -> Result<(), CommandError> {
        self.enter(now, |connection| {
            connection.check_room()?;
            let (peer_call_id, next_wan_errors) = find(&mut connection.calls, call)?.connected_as(Role::Pac)?;
            // Section 2.14: "not more than once every 60 seconds".
            if connection.now < *next_wan_errors {
                return Err(CommandError::TooSoon { not_before: *next_wan_errors });
            }
            *next_wan_errors = connection.now.saturating_add(WAN_ERRORS_INTERVAL);
            connection.output.send(errors.to_message(peer_call_id));
            Ok(())
        })
    }

    /// Sets what the Call-Disconnect-Notify will say for the peer's logs, as the PAC of a call (RFC
    /// 2637 section 2.13).
    ///
    /// # Errors
    ///
    /// [`CommandError::NoSuchCall`] or [`CommandError::Role`].
    pub fn set_call_statistics(&mut self, call: CallId, statistics: Text<128>) -> Result<(), CommandError> {
        let call = find(&mut self.calls, call)?;
        if call.role != Role::Pac {
            return Err(CommandError::Role { call: call.id });
        }
        call.statistics = statistics;
        Ok(())
    }

    /// Notes that a GRE packet of this call has come, so that
    /// [`ControlUpButNoData`](Event::ControlUpButNoData) is not reported. One time is enough; other
    /// calls do nothing.
    pub fn handle_data_seen(&mut self, now: Duration, call: CallId) {
        self.enter(now, |connection| {
            if let Ok(Call { stage: CallStage::Established { no_data_deadline, .. }, .. }) =
                find(&mut connection.calls, call)
            {
                *no_data_deadline = None;
            }
        });
    }

    /// Sends Stop-Control-Connection-Request, and ends all calls.
    pub(super) fn stop(&mut self, stop_reason: StopReason, reason: CloseReason) {
        self.end_calls(&reason);
        self.output.send(StopControlConnectionRequest::new(stop_reason));
        self.stage = Stage::Stopping { until: deadline(self.now, self.config.stop_timeout), reason };
    }

    /// Accepts the peer that asks for the connection.
    pub(super) fn accept(&mut self) {
        self.output.send(self.config.identity.to_reply(StartResult::SUCCESSFUL, GeneralError::NONE));
        self.establish();
    }

    /// Establishes the connection, since each side has accepted the other.
    pub(super) fn establish(&mut self) {
        self.stage = Stage::Established;
        self.echo.heard(self.now);
        self.output.tell(Event::Established);
    }

    fn check_room(&self) -> Result<(), CommandError> {
        if self.output.has_room() { Ok(()) } else { Err(CommandError::Busy) }
    }
}

impl Call {
    /// Returns the message that ends this call, of which we are the PAC.
    pub(super) fn notify(&self, disconnect: Disconnect) -> CallDisconnectNotify {
        CallDisconnectNotify {
            error_code: disconnect.error,
            cause_code: disconnect.cause,
            call_statistics: self.statistics,
            ..CallDisconnectNotify::new(self.id.get(), disconnect.result)
        }
    }

    /// Returns the peer's id of a connected call of which we are this side, and when WAN-Error-Notify may be sent
    /// again.
    fn connected_as(&mut self, role: Role) -> Result<(u16, &mut Duration), CommandError> {
        if self.role != role {
            return Err(CommandError::Role { call: self.id });
        }
        let state = self.state();
        match (&mut self.stage, self.peer_call_id) {
            (CallStage::Established { next_wan_errors, .. }, Some(peer_call_id)) => Ok((peer_call_id, next_wan_errors)),
            _ => Err(CommandError::CallState { call: self.id, state }),
        }
    }
}

/// Returns a delay on the wire.
pub(super) fn tenths(delay: u16) -> Duration {
    Duration::from_millis(u64::from(delay).saturating_mul(100))
}

fn find<const CALLS: usize>(calls: &mut Calls<CALLS>, call: CallId) -> Result<&mut Call, CommandError> {
    calls.live_mut().find(|live| live.id == call).ok_or(CommandError::NoSuchCall { call })
}
