//! The deadlines of a connection.

use core::time::Duration;

use super::echo::Due;
use super::{CallCloseReason, CallId, CloseReason, Connection, Refusal, Stage};
use crate::code::StopReason;
use crate::message::EchoRequest;

/// The purpose of a deadline.
#[derive(Clone, Copy)]
enum Timer {
    /// The connection is started or stopped.
    Connection,
    /// The peer is heard.
    Echo,
    /// The call changes its state.
    Call(CallId),
    /// Data comes.
    NoData(CallId),
}

impl<const CALLS: usize> Connection<CALLS> {
    /// Returns when to call [`handle_timeout`](Self::handle_timeout); `None` if there is no need
    /// to.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.next_timer().map(|(deadline, _)| deadline)
    }

    /// Does what is due. Early, late or repeated calls do no harm. Afterwards, [`poll_timeout`](Self::poll_timeout) is
    /// `None` or later than `now`.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.enter(now, |connection| {
            // Each turn takes back a deadline, or sets it to a later time.
            while let Some((deadline, timer)) = connection.next_timer() {
                if deadline > connection.now {
                    break;
                }
                connection.fire(timer);
            }
        });
    }

    fn next_timer(&self) -> Option<(Duration, Timer)> {
        // The end is certain, and waits for events to be polled.
        if self.intake.has_ended() {
            return None;
        }
        let connection = self.stage.deadline().map(|deadline| (deadline, Timer::Connection));
        let established = self.stage == Stage::Established;
        // Section 3.1.4 has echoes in the state established alone; before it the start time-out
        // rules.
        let echo = self.echo.deadline().filter(|_| established).map(|deadline| (deadline, Timer::Echo));
        let calls = self.calls.live().filter_map(|call| Some((call.stage.deadline()?, Timer::Call(call.id))));
        let no_data =
            self.calls.live().filter_map(|call| Some((call.stage.no_data_deadline()?, Timer::NoData(call.id))));
        connection.into_iter().chain(echo).chain(calls).chain(no_data).min_by_key(|(deadline, _)| *deadline)
    }

    fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::Connection => {
                self.end(match self.stage.settled_reason() {
                    // A stop without an answer is the network's fault; a stop that had a reason
                    // keeps it.
                    Some(CloseReason::Local) => CloseReason::StopTimeout,
                    Some(reason) => reason,
                    None => CloseReason::StartTimeout,
                });
            }
            Timer::Echo => match self.echo.fire(self.now) {
                // If there is no room for it, enough waits to be sent to make the peer answer.
                Due::Ask(identifier) if self.output.has_room() => self.output.send(EchoRequest::new(identifier)),
                Due::Ask(_) => {}
                Due::GiveUp => self.end(CloseReason::EchoTimeout),
            },
            Timer::Call(id) => self.fire_call(id),
            Timer::NoData(id) => {
                if let Some(call) = self.calls.live_mut().find(|call| call.id == id) {
                    call.tell_no_data(self.now, &mut self.output);
                }
            }
        }
    }

    fn fire_call(&mut self, id: CallId) {
        let Some(call) = self.calls.live_mut().find(|call| call.id == id) else {
            return;
        };
        // Whether the user of this side was asked, or the peer.
        if call.stage.waits_for_user() {
            let refusal = call.request.refusal(Refusal::TIME_OUT);
            self.output.send(refusal);
            call.end(CallCloseReason::NotAnswered, &mut self.output);
        } else {
            // "the ENTIRE CONTROL CONNECTION should be closed and restarted" (RFC 2637 section
            // 3.2.1).
            self.stop(StopReason::NONE, CloseReason::CallTimeout { call: id });
        }
    }
}
