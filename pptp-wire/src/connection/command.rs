//! Commands of the user.

use core::time::Duration;

use super::call::{Call, Calls};
use super::time::deadline;
use super::{
    Answer, CallCloseReason, CallId, CallParameters, CallRequest, CallState, CloseReason, CommandError, Connection,
    Disconnect, Event, Refusal, Role, Stage, State, WanErrors,
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
        self.advance(now);
        if self.stage != Stage::NoTcp || self.state != State::Idle {
            return Err(CommandError::State { state: self.state });
        }
        self.stage = Stage::Tcp;
        // Section 3.1.4: a peer that says nothing for 60 seconds is given up, on both sides.
        self.deadline = deadline(self.now, self.config.start_timeout);
        if self.originator {
            self.state = State::WaitCtlReply;
            self.output.send(self.config.identity.to_request());
        }
        Ok(())
    }

    /// Returns the peer that asked with [`StartRequested`](Event::StartRequested) may have the
    /// connection (RFC 2637 section 3.1.2).
    ///
    /// # Errors
    ///
    /// [`CommandError::State`] if it has not asked, [`CommandError::Busy`].
    pub fn accept_start(&mut self, now: Duration) -> Result<(), CommandError> {
        self.take_start_request(now)?;
        self.establish();
        Ok(())
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
        self.take_start_request(now)?;
        // A refusal with a result that means success would leave the peer connected. Zero counts as
        // success with old ADSL modems.
        let success = [StartResult::SUCCESSFUL, StartResult::new(0)].contains(&result);
        let result = if success { StartResult::GENERAL_ERROR } else { result };
        self.output.send(self.config.identity.to_reply(result, error));
        self.end(CloseReason::NotAccepted { result });
        Ok(())
    }

    fn take_start_request(&mut self, now: Duration) -> Result<(), CommandError> {
        self.advance(now);
        if self.stage != Stage::StartRequested || self.state != State::Idle {
            return Err(CommandError::State { state: self.state });
        }
        self.check_room()?;
        self.stage = Stage::Tcp;
        Ok(())
    }

    /// Closes the connection and all its calls, with a message to the peer (RFC 2637 section 2.3).
    /// The end is [`Closed`](Event::Closed).
    ///
    /// If it is not established, it is over at once, without a message. If it is closing, nothing happens.
    pub fn close(&mut self, now: Duration, reason: StopReason) {
        self.advance(now);
        match self.state {
            // No connection exists yet, so the peer has nothing to stop: section 3.1.1 has a Stop
            // message for the state established alone.
            State::Idle | State::WaitCtlReply => {
                self.output.drop_messages();
                self.end(CloseReason::Local);
            }
            State::Established => self.stop(reason, CloseReason::Local),
            State::WaitStopReply | State::Closed => {}
        }
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
        let (id, call_serial_number) = self.new_call(now)?;
        let request = OutgoingCallRequest { call_id: id.get(), call_serial_number, ..request };
        let mut call = Call::new(id, None, Role::Pns, CallRequest::Outgoing(request));
        call.wait(CallState::WaitReply, self.now, self.config.reply_timeout);
        self.calls.insert(call);
        self.output.send(request);
        Ok(id)
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
        // Serial numbers are for the logs of both sides (RFC 2637 section 2.9); they say nothing
        // secret.
        let (id, call_serial_number) = self.new_call(now)?;
        let request = IncomingCallRequest { call_id: id.get(), call_serial_number, ..request };
        let mut call = Call::new(id, None, Role::Pac, CallRequest::Incoming(request));
        // The PAC sends its window in the Incoming-Call-Connected, two messages later, so it is
        // kept until then.
        call.connected = Some(IncomingCallConnected {
            packet_receive_window_size: answer.window,
            packet_transmit_delay: answer.delay,
            ..IncomingCallConnected::new(0, answer.connect_speed.unwrap_or(CONNECT_SPEED), answer.framing)
        });
        call.wait(CallState::WaitReply, self.now, self.config.reply_timeout);
        self.calls.insert(call);
        self.output.send(request);
        Ok(id)
    }

    fn new_call(&mut self, now: Duration) -> Result<(CallId, u16), CommandError> {
        self.advance(now);
        if self.state != State::Established {
            return Err(CommandError::State { state: self.state });
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
        self.advance(now);
        self.check_room()?;
        let (now, config) = (self.now, &self.config);
        let id = answer.call_id.unwrap_or(call);
        // The caller may name an id of its own. Zero means "none" in replies, so no call can have
        // it.
        if id.get() == 0 || (id != call && self.calls.is_taken(id.get())) {
            return Err(CommandError::CallIdInUse { call: id });
        }
        let call = find(&mut self.calls, call)?;
        // Only a call that waits for this answer may change its id: the peer knows the other ids
        // already.
        if matches!(call.state, CallState::WaitCsAns | CallState::Idle) {
            call.id = id;
        }
        match (call.state, call.request) {
            (CallState::WaitCsAns, CallRequest::Outgoing(request)) => {
                let connect_speed = answer.connect_speed.unwrap_or(request.maximum_bps);
                self.output.send(OutgoingCallReply {
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
                call.connect(now, config, parameters, &mut self.output);
            }
            (CallState::Idle, CallRequest::Incoming(request)) => {
                self.output.send(IncomingCallReply {
                    packet_receive_window_size: answer.window,
                    packet_transmit_delay: answer.delay,
                    ..IncomingCallReply::new(call.id.get(), request.call_id)
                });
                call.wait(CallState::WaitConnect, now, config.reply_timeout);
            }
            (state, _) => return Err(CommandError::CallState { call: call.id, state }),
        }
        Ok(())
    }

    /// Does not take a call that the peer asked for with [`CallRequested`](Event::CallRequested)
    /// (RFC 2637 sections 3.2.4.1 and 3.2.3.2).
    ///
    /// # Errors
    ///
    /// [`CommandError::NoSuchCall`], [`CommandError::CallState`] or [`CommandError::Busy`].
    pub fn refuse_call(&mut self, now: Duration, call: CallId, refusal: Refusal) -> Result<(), CommandError> {
        self.advance(now);
        self.check_room()?;
        let call = find(&mut self.calls, call)?;
        // A call that is connected is cleared, not refused: the peer would not understand a second
        // reply.
        let (CallState::WaitCsAns | CallState::Idle) = call.state else {
            return Err(CommandError::CallState { call: call.id, state: call.state });
        };
        self.output.send(call.request.refusal(refusal));
        call.end(CallCloseReason::Local, &mut self.output);
        Ok(())
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
        self.advance(now);
        self.check_room()?;
        let call = find(&mut self.calls, call)?;
        match (call.state, call.role) {
            // Section 3.2 has one Call-Clear-Request for each call; its answer is on the way.
            (CallState::WaitDisconnect, _) => {}
            // Sections 3.2.3.2 and 3.2.4.1: a call that was not answered yet ends by a reply with
            // an error.
            (CallState::WaitCsAns | CallState::Idle, _) => {
                self.output.send(call.request.refusal(Refusal::DO_NOT_ACCEPT));
                call.end(CallCloseReason::Local, &mut self.output);
            }
            (_, Role::Pns) => {
                // Only the PAC ends a call. The PNS asks for it, and waits for the
                // Call-Disconnect-Notify (RFC 2637 sections 3.2.3.2 and 3.2.4.2).
                self.output.send(CallClearRequest::new(call.id.get()));
                self.cleared = self.cleared.saturating_add(1);
                call.cleared = self.cleared;
                // A call that is on its way out is not diagnosed any more.
                call.no_data_deadline = None;
                call.wait(CallState::WaitDisconnect, self.now, self.config.disconnect_timeout);
            }
            (_, Role::Pac) => {
                // The PAC's Call-Disconnect-Notify has no answer, so the call is over at once.
                self.output.send(call.notify(disconnect));
                call.end(CallCloseReason::Local, &mut self.output);
            }
        }
        Ok(())
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
        self.advance(now);
        self.check_room()?;
        let (peer_call_id, _) = find(&mut self.calls, call)?.connected_as(Role::Pns)?;
        // On the user's word alone: npppd never sends this message, since behind some routers port 1723
        // is dead afterwards.
        self.output.send(SetLinkInfo::new(peer_call_id, send_accm, receive_accm));
        Ok(())
    }

    /// Sends the PNS the errors on the line, as the PAC of a connected call (RFC 2637 section
    /// 2.14).
    ///
    /// # Errors
    ///
    /// [`CommandError::NoSuchCall`], [`CommandError::Role`], [`CommandError::CallState`], [`CommandError::Busy`], or
    /// [`CommandError::TooSoon`] within 60 seconds of the last time: the counters only grow, so send them later.
    pub fn notify_wan_errors(&mut self, now: Duration, call: CallId, errors: WanErrors) -> Result<(), CommandError> {
        self.advance(now);
        self.check_room()?;
        let (peer_call_id, call) = find(&mut self.calls, call)?.connected_as(Role::Pac)?;
        // Section 2.14: "not more than once every 60 seconds".
        if self.now < call.next_wan_errors {
            return Err(CommandError::TooSoon { not_before: call.next_wan_errors });
        }
        call.next_wan_errors = self.now.saturating_add(WAN_ERRORS_INTERVAL);
        self.output.send(errors.to_message(peer_call_id));
        Ok(())
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
        self.advance(now);
        if let Ok(call) = find(&mut self.calls, call) {
            call.no_data_deadline = None;
        }
    }

    /// Sends Stop-Control-Connection-Request, and ends all calls.
    pub(super) fn stop(&mut self, stop_reason: StopReason, reason: CloseReason) {
        self.end_calls(&reason);
        self.output.send(StopControlConnectionRequest::new(stop_reason));
        self.state = State::WaitStopReply;
        self.deadline = deadline(self.now, self.config.stop_timeout);
        self.reason = reason;
    }

    /// Establishes the connection, since the peer is accepted.
    pub(super) fn establish(&mut self) {
        // The originator sends nothing here: the reply came from the peer.
        if !self.originator {
            self.output.send(self.config.identity.to_reply(StartResult::SUCCESSFUL, GeneralError::NONE));
        }
        self.state = State::Established;
        self.deadline = None;
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

    /// Returns the peer's id of a connected call of which we are this side, and the call.
    fn connected_as(&mut self, role: Role) -> Result<(u16, &mut Self), CommandError> {
        if self.role != role {
            return Err(CommandError::Role { call: self.id });
        }
        match (self.state, self.peer_call_id) {
            (CallState::Established, Some(peer_call_id)) => Ok((peer_call_id, self)),
            (state, _) => Err(CommandError::CallState { call: self.id, state }),
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
