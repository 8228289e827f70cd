//! Events of the tunnel, and their effect on the calls.

use core::time::Duration;

use l2tp_wire::Address;
use l2tp_wire::session::{CloseReason as CallReason, Direction, Disconnect, SessionId};
use l2tp_wire::tunnel::{CloseReason, CommandError, Event as Control, Handled, State};

use super::{News, Session, Stage};
use crate::session::call::Machine;
use crate::session::setup::Role;
use crate::session::{Reason, ReceiveError};

impl<const CALLS: usize> Session<CALLS> {
    /// Takes a control message.
    pub(crate) fn handle_control(
        &mut self,
        now: Duration,
        source: Address,
        packet: &mut [u8],
    ) -> Result<Handled, ReceiveError> {
        self.enter(now, |session, now| Ok(session.tunnel.handle_packet(now, source, packet)?))
    }

    /// Lets calls and tunnel know what happened in the other, until nothing does. The tunnel's
    /// events come first, then calls that are over here, then the end of everything.
    pub(super) fn pump(&mut self) {
        let now = self.now;
        loop {
            let mut is_any = false;
            while let Some(event) = self.tunnel.poll_event() {
                self.control_event(now, event);
                is_any = true;
            }
            is_any |= self.clear_calls(now);
            is_any |= self.close_tunnel(now);
            if !is_any {
                break;
            }
        }
        self.watch_idleness(now);
    }

    /// Starts and stops the clock of a server's tunnel that has no call.
    fn watch_idleness(&mut self, now: Duration) {
        let idle_timeout = match self.setup.role {
            Role::Server { idle_timeout, .. } if self.tunnel.sessions().next().is_none() => idle_timeout,
            Role::Server { .. } | Role::Client(_) => None,
        };
        // The clock runs on: each look must not begin it again.
        if let Stage::Established { idle_deadline } = &mut self.stage {
            *idle_deadline = idle_timeout.and_then(|timeout| idle_deadline.or_else(|| now.checked_add(timeout)));
        }
    }

    /// Ends in the tunnel what is over here. Returns whether anything was.
    fn clear_calls(&mut self, now: Duration) -> bool {
        let mut is_any = false;
        for call in &mut self.calls {
            let Some(reason) = call.wants_clearing() else { continue };
            match self.tunnel.clear_call(now, call.id(), reason.disconnect()) {
                Ok(()) => call.asked_for_clearing(),
                // There is room when messages were acknowledged.
                Err(CommandError::Busy) => continue,
                Err(_) => {
                    call.cleared(now, reason);
                }
            }
            is_any = true;
        }
        is_any
    }

    /// Ends the tunnel when everything is to end, and the calls have. Returns whether anything
    /// happened.
    fn close_tunnel(&mut self, now: Duration) -> bool {
        let is_open = !matches!(self.tunnel.state(), State::Stopping | State::Lingering | State::Closed);
        // RFC 2661 section 5.7: the tunnel is the last thing, when all calls are cleared.
        let is_due = self.stage == Stage::Ending && is_open && self.calls.iter().all(Machine::is_cleared);
        if is_due {
            self.tunnel.close(now);
        }
        is_due
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other events do not affect a session")]
    fn control_event(&mut self, now: Duration, event: Control) {
        match event {
            Control::Established => self.established(),
            Control::CallRequested { session } => self.call_requested(now, session),
            Control::CallConnected { session } => self.call_connected(now, session),
            Control::LinkInfo { session, info } => {
                if let Some(call) = self.machine_mut(session) {
                    call.link_info(info);
                }
            }
            Control::WanErrors { session, errors } => {
                if let Some(call) = self.machine_mut(session) {
                    call.errors(errors);
                }
            }
            Control::CallClosed { session, reason } => self.call_closed(now, session, reason),
            Control::Stopped { reason } => self.stopped(now, reason),
            _ => {}
        }
    }

    fn machine_mut(&mut self, id: SessionId) -> Option<&mut Machine> {
        self.calls.iter_mut().find(|call| call.id() == id)
    }

    const fn established(&mut self) {
        self.news = News::Established;
        if let Stage::Opening = self.stage {
            self.stage = Stage::Established { idle_deadline: None };
        }
    }

    fn call_requested(&mut self, now: Duration, id: SessionId) {
        let Some(requested) = self.tunnel.session(id) else { return };
        let direction = requested.direction();
        let disconnect = if !self.setup.accepts(direction, requested.request()) {
            // RFC 3931 section 5.4.2: such a session is not possible here, now or later.
            Some(Disconnect::new(l2tp_wire::code::SessionResult::NO_FACILITIES_PERMANENT))
        } else if !self.has_room() || self.allowance == 0 || !matches!(self.stage, Stage::Established { .. }) {
            Some(Disconnect::NO_FACILITIES)
        } else {
            None
        };
        // A peer that acknowledges nothing gets no answer: the tunnel's own clock ends the request.
        let _ = match disconnect {
            Some(disconnect) => self.tunnel.clear_call(now, id, disconnect),
            None => self.accept(now, id, direction),
        };
    }

    /// Returns whether another call has a place. One that is over keeps its place until its end was
    /// polled, and one that is being set up has it already. A request without an answer has none.
    pub(super) fn has_room(&self) -> bool {
        let is_coming = |id: SessionId| self.calls.iter().all(|call| call.id() != id);
        let begun = self.tunnel.sessions().filter(|session| session.state() != l2tp_wire::session::State::WaitAnswer);
        let coming = begun.filter(|session| is_coming(session.id())).count();
        self.calls.len().saturating_add(coming) < CALLS
    }

    fn accept(&mut self, now: Duration, id: SessionId, direction: Direction) -> Result<(), CommandError> {
        self.allowance = self.allowance.saturating_sub(1);
        self.tunnel.accept_call(now, id, self.setup.config.terms)?;
        match direction {
            Direction::Incoming => Ok(()),
            // There is no line that would have to answer first.
            Direction::Outgoing => self.tunnel.connect_call(now, id),
        }
    }

    fn call_connected(&mut self, now: Duration, id: SessionId) {
        // A message that came with this one may have ended it again; that is the next event.
        let Some(data) = self.tunnel.data_config(id) else { return };
        let Some(pseudowire) = self.tunnel.session(id).map(|session| session.request().pseudowire) else { return };
        let entropy = self.random.entropy();
        let ppp = self.setup.ppp(pseudowire, &data, entropy);
        let mut call = Machine::new(now, id, data, &self.setup.config.pseudowire, ppp);
        if let Some(mtu) = self.path_mtu {
            call.channel_mut().handle_path_mtu(mtu);
        }
        // A tunnel that has ended before the call came up leaves nothing to carry.
        if !matches!(self.stage, Stage::Established { .. }) {
            call.close(now);
        }
        let pushed = self.calls.push(call);
        debug_assert!(pushed.is_ok(), "a call is begun when there is room for it");
    }

    fn call_closed(&mut self, now: Duration, id: SessionId, reason: CallReason) {
        // A better reason follows, with the end of the tunnel.
        if reason == CallReason::TunnelClosed {
            return;
        }
        let reason = Reason::of_call(reason);
        let end = self.machine_mut(id).map_or(reason, |call| call.cleared(now, reason));
        // The call's end says more than the tunnel's, which follows from it.
        if self.setup.is_client() {
            self.end_of_call.get_or_insert(end);
            // The tunnel is there for its calls.
            if self.tunnel.sessions().next().is_none() {
                self.end();
            }
        }
    }

    fn stopped(&mut self, now: Duration, reason: CloseReason) {
        let reason = Reason::of_tunnel(reason);
        for call in self.calls.iter_mut().filter(|call| !call.is_cleared()) {
            let end = call.cleared(now, reason);
            if self.setup.is_client() {
                self.end_of_call.get_or_insert(end);
            }
        }
        self.stage = Stage::Closed(self.end_of_call.unwrap_or(reason));
    }
}
