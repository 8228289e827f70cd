//! The events of the control connection, and their meaning for the calls.

use core::time::Duration;

use pptp_gre::CallIds;
use pptp_wire::code::StopReason;
use pptp_wire::connection::{
    Answer, CallCloseReason, CallId, CallParameters, CallState, CloseReason, CommandError, Event as Control, Refusal,
    State,
};
use pptp_wire::message::OutgoingCallRequest;

use super::{Numbers, Session, Stage};
use crate::session::Reason;
use crate::session::call::Machine;
use crate::session::setup::Role;

impl<const CALLS: usize> Session<CALLS> {
    /// Passes events between the connection and the calls until none is left. The connection's
    /// events go first, then calls that are over in the tunnel, then the end of everything.
    pub(super) fn pump(&mut self) {
        let now = self.now;
        loop {
            let mut is_any = false;
            while let Some(event) = self.connection.poll_event() {
                self.control_event(now, event);
                is_any = true;
            }
            is_any |= self.place_call(now);
            is_any |= self.clear_calls(now);
            is_any |= self.close_connection(now);
            if !is_any {
                break;
            }
        }
        let idle_timeout = match self.setup.role {
            Role::Server { idle_timeout, .. } if self.calls.is_empty() => Some(idle_timeout),
            Role::Server { .. } | Role::Client(_) => None,
        };
        if let Stage::Established { idle_deadline } = &mut self.stage {
            // The clock runs on: each look must not begin it again.
            *idle_deadline = idle_timeout.and_then(|timeout| idle_deadline.or_else(|| now.checked_add(timeout)));
        }
    }

    /// Ends on the control connection what is over in the tunnel. Returns whether anything was.
    fn clear_calls(&mut self, now: Duration) -> bool {
        let mut is_any = false;
        for call in &mut self.calls {
            let Some(reason) = call.wants_clearing() else { continue };
            match self.connection.clear_call(now, call.id(), reason.disconnect()) {
                Ok(()) => call.asked_for_clearing(),
                // There is room when messages were polled.
                Err(CommandError::Busy) => continue,
                Err(_) => {
                    call.cleared(now, reason);
                }
            }
            is_any = true;
        }
        is_any
    }

    /// Ends the connection when everything is to end, and the calls have. Returns whether anything
    /// happened.
    fn close_connection(&mut self, now: Duration) -> bool {
        let state = self.connection.state();
        match self.stage {
            // RFC 2637 section 2.3: the stop is the last thing, when all calls are cleared.
            Stage::Ending => {
                let is_quiet = self.calls.iter().all(|call| call.is_cleared());
                let is_open = !matches!(state, State::WaitStopReply | State::Closed);
                if is_quiet && is_open {
                    self.connection.close(now, StopReason::STOP_LOCAL_SHUTDOWN);
                }
                is_quiet && is_open
            }
            Stage::Abandoning if state != State::Closed => {
                self.connection.close(now, StopReason::STOP_LOCAL_SHUTDOWN);
                // Before it is up, it does not report that it is closed until it is polled again.
                self.connection.state() == State::Closed
            }
            Stage::Abandoning
            | Stage::Opening
            | Stage::Calling
            | Stage::Established { .. }
            | Stage::Closed(_)
            | Stage::Over(_) => false,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other events do not affect a session")]
    fn control_event(&mut self, now: Duration, event: Control) {
        match event {
            Control::Established => self.established(),
            Control::CallRequested { call } => self.call_requested(now, call),
            Control::CallConnected { call, peer_call_id, parameters } => {
                self.call_connected(now, CallIds { local: call.get(), peer: peer_call_id }, &parameters);
            }
            Control::ControlUpButNoData { call, elapsed } => {
                if let Some(call) = self.machine_mut(call) {
                    call.no_data(elapsed);
                }
            }
            Control::CallClosed { call, reason } => self.call_closed(now, call, reason),
            Control::Closed { reason } => self.closed(now, reason),
            _ => {}
        }
    }

    fn machine_mut(&mut self, id: CallId) -> Option<&mut Machine> {
        self.calls.iter_mut().map(|call| &mut **call).find(|call| call.id() == id)
    }

    fn established(&mut self) {
        self.is_established_waiting = true;
        self.stage = match self.stage {
            Stage::Opening if self.setup.is_client() => Stage::Calling,
            Stage::Opening => Stage::Established { idle_deadline: None },
            Stage::Abandoning => Stage::Ending,
            later
            @ (Stage::Calling | Stage::Established { .. } | Stage::Ending | Stage::Closed(_) | Stage::Over(_)) => later,
        };
    }

    /// Requests a client's call (RFC 2637 section 2.7). Returns whether anything happened.
    fn place_call(&mut self, now: Duration) -> bool {
        if self.stage != Stage::Calling {
            return false;
        }
        let request = OutgoingCallRequest {
            // The window that this side's tunnel keeps.
            packet_receive_window_size: self.setup.config.gre.receive_window(),
            ..OutgoingCallRequest::new(0, 0)
        };
        // There is room when messages were polled: a peer may send Echo-Requests in the segment of its reply.
        if self.connection.place_call(now, request) == Err(CommandError::Busy) {
            return false;
        }
        // A peer that has ended the connection in the same segment gets no call: its end is the next event.
        self.stage = Stage::Established { idle_deadline: None };
        true
    }

    /// Returns whether another call has a place. One that is over keeps its place until its end was
    /// polled, and one that was accepted in the same segment has it already.
    fn has_room(&self) -> bool {
        let is_coming = |id: CallId| self.calls.iter().all(|call| call.id() != id);
        let accepted = self.connection.calls().filter(|call| call.state() == CallState::Established);
        let coming = accepted.filter(|call| is_coming(call.id())).count();
        self.calls.len().saturating_add(coming) < CALLS
    }

    fn call_requested(&mut self, now: Duration, call: CallId) {
        let is_wanted = matches!(self.stage, Stage::Established { .. });
        let number = match &self.numbers {
            Numbers::Own => Some(call),
            Numbers::Reserved { free, .. } => free.iter().flatten().next().copied(),
        };
        let number = number.filter(|_| self.has_room() && self.allowance > 0 && is_wanted);
        let result = match number {
            Some(number) => {
                let answer = Answer::new().with_window(self.setup.config.gre.receive_window());
                self.connection.accept_call(now, call, answer.with_call_id(number))
            }
            // RFC 2637 section 2.8: result 4, busy.
            None => self.connection.refuse_call(now, call, Refusal::BUSY),
        };
        // A peer that does not read its replies gets none: the connection's own clock ends the request.
        if let (Some(number), Ok(())) = (number, result) {
            self.allowance = self.allowance.saturating_sub(1);
            self.numbers.places().filter(|place| **place == Some(number)).for_each(|place| *place = None);
        }
    }

    fn call_connected(&mut self, now: Duration, ids: CallIds, parameters: &CallParameters) {
        let ppp = self.setup.ppp(self.random.entropy());
        let mut call = Machine::new(now, ids, parameters, &self.setup.config, ppp);
        if !matches!(self.stage, Stage::Established { .. }) {
            call.close(now);
        }
        let pushed = self.calls.push(call);
        debug_assert!(pushed.is_ok(), "a call is accepted when there is room for it");
    }

    fn call_closed(&mut self, now: Duration, id: CallId, reason: CallCloseReason) {
        // A better reason follows, with the end of the connection.
        if matches!(reason, CallCloseReason::ConnectionClosed { .. }) {
            return;
        }
        let reason = Reason::Call(reason);
        let end = self.machine_mut(id).map_or(reason, |call| call.cleared(now, reason));
        if self.setup.is_client() {
            self.end_of_call.get_or_insert(end);
            self.end();
        }
    }

    fn closed(&mut self, now: Duration, reason: CloseReason) {
        let reason = Reason::of_connection(reason);
        for call in self.calls.iter_mut().filter(|call| !call.is_cleared()) {
            let end = call.cleared(now, reason);
            if self.setup.is_client() {
                self.end_of_call.get_or_insert(end);
            }
        }
        self.stage = Stage::Closed(self.end_of_call.unwrap_or(reason));
    }
}
