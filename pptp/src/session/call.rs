//! One call as a machine: its tunnel, and the PPP session in it.

use core::time::Duration;

use ppp_session::call::Life;
use ppp_session::memory::Own;
use pptp_gre::{CallIds, Tunnel};
use pptp_wire::connection::{CallId, CallParameters};

use slots::Slots;

use super::event::Waiting;
use super::{CallEvent, Config, FlowAlarmPolicy, Reason, Statistics};

#[cfg(feature = "alloc")]
mod batch;
mod data;
mod slots;

#[cfg(feature = "alloc")]
pub(crate) use batch::{Opening, Sealing};

/// Whether GRE packets come through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    /// None has come.
    Silent,
    /// One has come.
    Heard,
}

/// One end of a call.
#[derive(Debug)]
pub(crate) struct Machine {
    id: CallId,
    peer_id: u16,
    life: Life<Reason>,
    path: Path,
    ppp: ppp_session::Session,
    tunnel: Tunnel<Slots>,
    waiting: Waiting,
    flow_alarm: FlowAlarmPolicy,
    echo_for_acknowledgment: bool,
    /// How many packets the tunnel had sent when an acknowledgment was asked for.
    asked_at: u64,
}

impl Machine {
    /// Makes a call that is up, and whose PPP begins to negotiate.
    pub(super) fn new(
        now: Duration,
        ids: CallIds,
        parameters: &CallParameters,
        config: &Config,
        ppp: ppp_session::Session,
    ) -> Own<Self> {
        // RFC 2637 section 2.7 counts the delay in tenths of a second.
        let tenths = parameters.peer_delay.as_millis().div_ceil(100);
        let tunnel = config
            .gre
            .with_call_ids(ids)
            .with_peer_receive_window(parameters.peer_window)
            .with_peer_packet_processing_delay(u16::try_from(tenths).unwrap_or(u16::MAX));
        let mut call = Own::new(Self {
            id: CallId::new(ids.local),
            peer_id: ids.peer,
            life: Life::Up,
            path: Path::Silent,
            ppp,
            tunnel: Tunnel::new(tunnel, slots::new(config.reorder_packets)),
            waiting: Waiting::default(),
            flow_alarm: config.flow_alarm,
            echo_for_acknowledgment: config.echo_for_acknowledgment,
            asked_at: 0,
        });
        call.enter(|call| call.ppp.open(now), now);
        call
    }

    pub(super) const fn id(&self) -> CallId {
        self.id
    }

    pub(super) const fn peer_id(&self) -> u16 {
        self.peer_id
    }

    pub(super) const fn ppp(&self) -> &ppp_session::Session {
        &self.ppp
    }

    /// Returns the one way in: does the work, and lets the layers know what happened. The time is
    /// the session's, which never goes back.
    #[expect(clippy::inline_always, reason = "a result that goes through memory costs a data packet a tenth")]
    #[inline(always)]
    pub(super) fn enter<T>(&mut self, work: impl FnOnce(&mut Self) -> T, now: Duration) -> T {
        let result = work(self);
        self.pump(now);
        result
    }

    /// Does something to PPP, which belongs to this call's user.
    pub(super) fn with_ppp<T>(&mut self, now: Duration, work: impl FnOnce(&mut ppp_session::Session) -> T) -> T {
        self.enter(|call| work(&mut call.ppp), now)
    }

    /// Lets the layers know what happened in the others: the tunnel's events, the end of PPP.
    #[inline]
    fn pump(&mut self, now: Duration) {
        // Nothing has happened after nearly every data packet.
        if self.tunnel.has_event() || self.ppp.reason().is_some() {
            self.pump_events(now);
        }
    }

    fn pump_events(&mut self, now: Duration) {
        while let Some(event) = self.tunnel.poll_event() {
            self.tunnel_event(now, event);
        }
        // The carrier says itself why it has ended the call.
        if let Some(end) = self.ppp.reason().filter(|end| !end.is_of_carrier()) {
            self.life.finish(self.reason_of(end));
        }
    }

    /// Returns what the end of PPP means here.
    fn reason_of(&self, end: ppp_session::Reason) -> Reason {
        use ppp_session::ppp::link;
        let is_no_answer = end == ppp_session::Reason::Link(link::Reason::NoAnswer);
        if self.path == Path::Silent && (is_no_answer || end == ppp_session::Reason::SetupTimeout) {
            // The control connection is up, and GRE is another path: NATs and firewalls often stop
            // it. Nothing came at all, so that nothing can be said about PPP.
            Reason::GreBlocked
        } else if is_no_answer && self.tunnel.statistics().remote_nr.is_none() {
            // RFC 2637 section 4: the peer acknowledges what it gets. Its packets come, and none of ours was acknowledged.
            Reason::GreOneWay
        } else {
            Reason::from(end)
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other events do not affect this call")]
    fn tunnel_event(&mut self, now: Duration, event: pptp_gre::Event) {
        match event {
            pptp_gre::Event::Writable => self.waiting.writable(),
            pptp_gre::Event::FlowControlAlarmRaised => {
                self.waiting.alarm(true);
                // RFC 2637 has no such end, so the user decides.
                if self.flow_alarm == FlowAlarmPolicy::HangUp && self.life.is_up() {
                    self.life.end(Reason::FlowAlarm);
                    match Reason::FlowAlarm.windows_error() {
                        Some(error) => self.ppp.close_with_error(now, error),
                        None => self.ppp.close(now),
                    }
                }
            }
            pptp_gre::Event::FlowControlAlarmCleared => self.waiting.alarm(false),
            _ => {}
        }
    }

    /// Hangs up.
    pub(super) fn close(&mut self, now: Duration) {
        self.with_ppp(now, |ppp| ppp.close(now));
    }

    /// Returns why the control connection has to be asked to end the call, if it has to.
    pub(super) const fn wants_clearing(&self) -> Option<Reason> {
        self.life.wants_clearing()
    }

    /// Notes that the control connection was asked to end the call.
    pub(super) const fn asked_for_clearing(&mut self) {
        self.life.asked_for_clearing();
    }

    /// Notes that the control connection has ended the call. Returns why the call is over.
    pub(super) fn cleared(&mut self, now: Duration, reason: Reason) -> Reason {
        self.with_ppp(now, |ppp| ppp.down(now));
        self.life.clear(reason)
    }

    /// Returns whether the control connection has ended the call.
    pub(super) const fn is_cleared(&self) -> bool {
        self.life.is_cleared()
    }

    /// Returns whether nothing can come of it any more.
    pub(super) const fn is_over(&self) -> bool {
        self.life.is_over()
    }

    /// Reports that the call is up without a GRE packet for so long.
    pub(super) const fn no_data(&mut self, elapsed: Duration) {
        self.waiting.no_data(elapsed);
    }

    /// Notes that a GRE packet has come, and returns whether it is the first. Whether it is the
    /// first.
    pub(super) fn is_first_packet(&mut self) -> bool {
        core::mem::replace(&mut self.path, Path::Heard) == Path::Silent
    }

    /// Returns PPP's events first, then those of the tunnel, then the end.
    pub(super) fn poll_event(&mut self) -> Option<CallEvent> {
        while let Some(event) = self.ppp.poll_event() {
            // The call ends when the control connection has ended it.
            if !matches!(event, ppp_session::Event::Closed(_)) {
                return Some(CallEvent::Ppp(event));
            }
        }
        if let Some(event) = self.waiting.pop() {
            return Some(event);
        }
        self.life.poll_end().map(CallEvent::Closed)
    }

    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        let timers = [self.ppp.poll_timeout(), self.tunnel.poll_timeout()];
        if self.is_cleared() { None } else { timers.into_iter().flatten().min() }
    }

    pub(super) fn handle_timeout(&mut self, now: Duration) {
        if self.is_cleared() {
            return;
        }
        self.enter(
            |call| {
                call.ppp.handle_timeout(now);
                let time_outs = call.tunnel.time_outs();
                call.tunnel.handle_timeout(now);
                if call.tunnel.time_outs() != time_outs {
                    call.ask_for_acknowledgment(now);
                }
            },
            now,
        );
    }

    /// Asks for an acknowledgment that did not come in time: the answer to an Echo-Request carries
    /// one. Not when the request itself is all that was sent since the last one: a peer that is
    /// gone is the keepalive's concern.
    fn ask_for_acknowledgment(&mut self, now: Duration) {
        let sent = self.tunnel.packets_sent();
        if self.echo_for_acknowledgment && sent > self.asked_at.saturating_add(1) {
            self.asked_at = sent;
            self.ppp.ping(now);
        }
    }

    pub(super) fn statistics(&self) -> Statistics {
        Statistics { tunnel: self.tunnel.statistics(), ppp: self.ppp.statistics() }
    }
}
