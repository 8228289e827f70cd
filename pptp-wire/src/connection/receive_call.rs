//! The peer's messages about calls.

use super::call::{Call, CallStage, Calls};
use super::command::tenths;
use super::time::deadline;
use super::{
    CallCloseReason, CallId, CallParameters, CallRequest, CallState, Connection, Disconnect, Event, Refusal, Role,
    Stage,
};
use crate::code::{Accm, DisconnectResult, GeneralError, IncomingCallResult, OutgoingCallResult};
use crate::message::{
    CallClearRequest, CallDisconnectNotify, IncomingCallConnected, IncomingCallReply, IncomingCallRequest,
    OutgoingCallReply, OutgoingCallRequest, SetLinkInfo, WanErrorNotify,
};

impl<const CALLS: usize> Connection<CALLS> {
    /// Handles a PNS's request for a call (RFC 2637 section 3.2.4.1).
    pub(super) fn handle_outgoing_call_request(&mut self, request: &OutgoingCallRequest) {
        let allowed = self.config.outgoing_call_requests;
        let request = CallRequest::Outgoing(*request);
        let until = deadline(self.now, self.config.answer_timeout);
        self.handle_call_request(request, Role::Pac, CallStage::WaitCsAns { until }, allowed);
    }

    /// Handles a PAC's request for a call (RFC 2637 section 3.2.3.2).
    pub(super) fn handle_incoming_call_request(&mut self, request: &IncomingCallRequest) {
        let allowed = self.config.incoming_call_requests;
        let request = CallRequest::Incoming(*request);
        let until = deadline(self.now, self.config.answer_timeout);
        self.handle_call_request(request, Role::Pns, CallStage::Asked { until }, allowed);
    }

    fn handle_call_request(&mut self, request: CallRequest, role: Role, stage: CallStage, allowed: bool) {
        let peer_call_id = request.call_id();
        match self.check_call_request(peer_call_id, allowed) {
            Ok(id) => {
                self.calls.insert(Call::new(id, Some(peer_call_id), role, request, stage));
                self.output.tell(Event::CallRequested { call: id });
            }
            Err(refusal) => {
                // A request always gets its reply (RFC 2637 sections 2.8 and 2.10), or the peer
                // waits a minute for it.
                self.output.send(request.refusal(refusal));
                self.tell_unexpected(&request.to_message());
            }
        }
    }

    /// Returns an id for a call that the peer asks for, or the reason for refusing it.
    fn check_call_request(&mut self, peer_call_id: u16, allowed: bool) -> Result<CallId, Refusal> {
        // accel-ppp answers the same way. pptpd checks no state here.
        if self.stage != Stage::Established {
            return Err(Refusal::general_error(GeneralError::NOT_CONNECTED));
        }
        // A client is not to be called by its server unless its user said so.
        if !allowed {
            return Err(Refusal::DO_NOT_ACCEPT);
        }
        // With one id of the peer for two calls, its Call-Clear-Request would be ambiguous. pptpd
        // replaces the first call.
        if self.calls.live().any(|call| call.peer_call_id == Some(peer_call_id)) {
            return Err(Refusal::general_error(GeneralError::BAD_CALL_ID));
        }
        let no_resource = Refusal::general_error(GeneralError::NO_RESOURCE);
        if !self.calls.has_room() {
            return Err(no_resource);
        }
        let calls = &self.calls;
        self.call_ids.allocate(|id| calls.is_taken(id)).ok_or(no_resource)
    }

    /// Handles the PAC's reply to our outgoing call (RFC 2637 section 3.2.4.2).
    pub(super) fn handle_outgoing_call_reply(&mut self, reply: &OutgoingCallReply) {
        let call = self.calls.ours(Role::Pns, reply.peer_call_id);
        let Some(call) = call.filter(|call| matches!(call.request, CallRequest::Outgoing(_))) else {
            return self.tell_unexpected(&(*reply).into());
        };
        let connected = reply.result_code == OutgoingCallResult::CONNECTED;
        match (call.state(), connected) {
            // A second reply is not allowed to move a call to other ids.
            (_, _) if call.peer_call_id.is_some() => self.tell_unexpected(&(*reply).into()),
            (CallState::WaitReply, true) => {
                let parameters = CallParameters {
                    peer_window: reply.packet_receive_window_size,
                    peer_delay: tenths(reply.packet_processing_delay),
                    connect_speed: reply.connect_speed,
                };
                call.connect(self.now, &self.config, reply.call_id, parameters, &mut self.output);
                // Orckit's modems wait for this message before they let data through; pptp-linux
                // has the same exception for them.
                if self.config.quirks.link_info_after_reply {
                    self.output.send(SetLinkInfo::new(reply.call_id, Accm::ALL, Accm::ALL));
                }
            }
            (CallState::WaitReply, false) => {
                let reason = CallCloseReason::OutgoingRefused {
                    result: reply.result_code,
                    error: reply.error_code,
                    cause: reply.cause_code,
                };
                call.end(reason, &mut self.output);
            }
            // It crossed our Call-Clear-Request, which ends the call: it is answered with the id in
            // this message, …
            (CallState::WaitDisconnect, true) => call.peer_call_id = Some(reply.call_id),
            // … or not at all, since there is no call.
            (CallState::WaitDisconnect, false) => call.end(CallCloseReason::Local, &mut self.output),
            _ => self.tell_unexpected(&(*reply).into()),
        }
    }

    /// Handles the PNS's reply to our incoming call (RFC 2637 section 3.2.3.1).
    pub(super) fn handle_incoming_call_reply(&mut self, reply: &IncomingCallReply) {
        let call = self.calls.ours(Role::Pac, reply.peer_call_id);
        // The ids alone prove nothing: a reply counts only for a call that waits for it.
        let Some((connected, call)) = call.and_then(|call| Some((call.stage.announced()?, call))) else {
            return self.tell_unexpected(&(*reply).into());
        };
        if reply.result_code == IncomingCallResult::CONNECT {
            self.output.send(IncomingCallConnected { peer_call_id: reply.call_id, ..connected });
            let parameters = CallParameters {
                peer_window: reply.packet_receive_window_size,
                peer_delay: tenths(reply.packet_transmit_delay),
                connect_speed: connected.connect_speed,
            };
            call.connect(self.now, &self.config, reply.call_id, parameters, &mut self.output);
        } else {
            let reason = CallCloseReason::IncomingRefused { result: reply.result_code, error: reply.error_code };
            call.end(reason, &mut self.output);
        }
    }

    /// Handles the PAC's message that it has answered the call (RFC 2637 section 3.2.3.2).
    pub(super) fn handle_incoming_call_connected(&mut self, connected: &IncomingCallConnected) {
        let call = self.calls.ours(Role::Pns, connected.peer_call_id);
        match call.filter(|call| matches!(call.request, CallRequest::Incoming(_))) {
            Some(call) if call.state() == CallState::WaitConnect => {
                let parameters = CallParameters {
                    peer_window: connected.packet_receive_window_size,
                    peer_delay: tenths(connected.packet_transmit_delay),
                    connect_speed: connected.connect_speed,
                };
                call.connect(self.now, &self.config, call.request.call_id(), parameters, &mut self.output);
            }
            // It crossed our Call-Clear-Request.
            Some(call) if call.state() == CallState::WaitDisconnect => {}
            Some(_) | None => self.tell_unexpected(&(*connected).into()),
        }
    }

    /// Sections 3.2.3.1 and 3.2.4.1: the PNS wants the call ended.
    ///
    /// Without one, it has crossed our Call-Disconnect-Notify, or comes after a failed call. There
    /// is nothing to answer then: a notify with a made-up id might end another call.
    pub(super) fn handle_call_clear_request(&mut self, request: CallClearRequest) {
        let Some(call) = self.calls.peers(Role::Pac, request.call_id) else {
            return self.tell_unexpected(&request.into());
        };
        self.output.send(call.notify(Disconnect::new(DisconnectResult::REQUEST)));
        call.end(CallCloseReason::PeerCleared, &mut self.output);
    }

    /// Sections 3.2.3.2 and 3.2.4.2: the PAC has ended the call.
    pub(super) fn handle_call_disconnect_notify(&mut self, notify: &CallDisconnectNotify) {
        let Some(call) = self.calls.disconnected(notify.call_id, notify.result_code) else {
            return self.tell_unexpected(&(*notify).into());
        };
        // RFC 2637 section 2.13: vendor text for the logs, kept for the caller to look at.
        call.statistics = notify.call_statistics;
        // The call was ended by this side first, which is the reason that counts.
        let reason = if call.state() == CallState::WaitDisconnect {
            CallCloseReason::Local
        } else {
            CallCloseReason::Disconnected {
                result: notify.result_code,
                error: notify.error_code,
                cause: notify.cause_code,
            }
        };
        call.end(reason, &mut self.output);
    }

    /// Handles the PAC's count of errors (RFC 2637 section 2.14).
    pub(super) fn handle_wan_error_notify(&mut self, notify: &WanErrorNotify) {
        // Section 2.14: a count of a call that is over, or was never up, changes nothing.
        match self.calls.ours(Role::Pns, notify.peer_call_id) {
            Some(call) if call.state() == CallState::Established => {
                self.output.tell(Event::WanErrors { call: call.id, errors: (*notify).into() });
            }
            Some(_) | None => self.tell_unexpected(&(*notify).into()),
        }
    }

    /// Handles the PNS's message about what PPP has agreed on (RFC 2637 section 2.15).
    pub(super) fn handle_set_link_info(&mut self, info: &SetLinkInfo) {
        // Section 2.15: only the PNS sends this message, and only in a call that is up.
        match self.calls.ours(Role::Pac, info.peer_call_id) {
            Some(call) if call.state() == CallState::Established => {
                let (send_accm, receive_accm) = (info.send_accm, info.receive_accm);
                self.output.tell(Event::LinkInfo { call: call.id, send_accm, receive_accm });
            }
            Some(_) | None => self.tell_unexpected(&(*info).into()),
        }
    }
}

impl<const CALLS: usize> Calls<CALLS> {
    /// Returns the call that a Call-Disconnect-Notify is about.
    ///
    /// Section 2.13 has the PAC's id in it. But accel-ppp sends the PNS's; and of an outgoing call that is cleared
    /// before the reply, the PNS does not know the PAC's id yet. Then it is the answer to the oldest Call-Clear-Request
    /// for such a call.
    fn disconnected(&mut self, call_id: u16, result: DisconnectResult) -> Option<&mut Call> {
        let by_pac_id = self.peers(Role::Pns, call_id).map(|call| call.id);
        let by_our_id = self.ours(Role::Pns, call_id).map(|call| (call.id, call.state()));
        let unknown = self.live().filter(|call| call.role == Role::Pns && call.peer_call_id.is_none());
        let cleared = unknown.filter_map(|call| Some((call.stage.clear_request()?, call.id)));
        let oldest_cleared = cleared.min_by_key(|(number, _)| *number).map(|(_, id)| id);
        let is_answer = result == DisconnectResult::REQUEST;
        let likely = by_our_id.filter(|(_, state)| !is_answer || *state == CallState::WaitDisconnect);
        let (likely, by_our_id) = (likely.map(|(id, _)| id), by_our_id.map(|(id, _)| id));
        let id = by_pac_id.or(likely).or(oldest_cleared).or(by_our_id)?;
        self.ours(Role::Pns, id.get())
    }
}
