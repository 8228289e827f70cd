//! Time-outs, and the end of a tunnel.

use core::time::Duration;

use super::counters::count;
use super::machine::{Tunnel, deadline};
use super::reason::CloseReason;
use super::stage::Stage;
use crate::channel::Liveness;
use crate::session;

/// The interval at which the end of a session is tried again when the queue is full.
const ROOM_INTERVAL: Duration = Duration::from_secs(1);

impl<const SESSIONS: usize> Tunnel<SESSIONS> {
    /// Returns when [`handle_timeout`](Self::handle_timeout) has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        if let Stage::Closed { .. } = self.stage {
            return None;
        }
        [self.channel.poll_timeout(), self.stage.deadline(), self.sessions.deadline(), self.hello_deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Does what is due at `now`. Afterwards [`poll_timeout`](Self::poll_timeout) is `None` or
    /// later than `now`.
    ///
    /// Poll for packets to send and events then. Calls that are early, late or repeated are
    /// harmless.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.enter(now, |tunnel, now| {
            if matches!(tunnel.stage, Stage::Closed { .. }) {
                return;
            }
            // First, since it may end everything else.
            if tunnel.channel.handle_timeout(now) == Liveness::Silent {
                tunnel.handle_silence(now);
            }
            if tunnel.stage.deadline().is_some_and(|at| at <= now) {
                // A set-up that the peer never completes would hold a place.
                match tunnel.stage {
                    Stage::WaitReply { .. } | Stage::WaitConnected { .. } => tunnel.stop(CloseReason::SetupTimeout),
                    Stage::Stopping { reason, .. } | Stage::Lingering { reason, .. } => {
                        tunnel.move_to(Stage::Closed { reason });
                    }
                    Stage::Idle | Stage::Established | Stage::Closed { .. } => {}
                }
            }
            while let Some(session) = tunnel.sessions.first_due(now) {
                tunnel.end_call(session, session::CloseReason::SetupTimeout);
            }
            // One Hello at a time: a message that is not acknowledged asks the same.
            if tunnel.hello_deadline().is_some_and(|at| at <= now) && tunnel.send_hello() {
                count(&mut tunnel.counters.hellos_sent);
            }
        });
    }

    /// Returns when the peer is sent a Hello (RFC 2661 section 5.5).
    fn hello_deadline(&self) -> Option<Duration> {
        // A message that waits for its acknowledgment finds out the same as a Hello.
        if !self.stage.is_established() || !self.channel.is_idle() {
            return None;
        }
        let heard = self.heard.max(self.data_seen.unwrap_or(Duration::ZERO));
        self.config.hello_interval.map(|interval| deadline(heard, interval))
    }

    /// Ends the tunnel without a message when the peer acknowledges nothing (RFC 2661 section 5.8).
    fn handle_silence(&mut self, now: Duration) {
        let cycle = self.config.channel.cycle();
        // Users report tunnels that died while data flowed: xl2tpd#32, #169, #179 and others.
        let data_lives = self.config.counts_data_as_life()
            && self.stage.is_established()
            && self.data_seen.is_some_and(|seen| deadline(seen, cycle) >= now);
        if data_lives {
            return self.channel.begin_again();
        }
        let reason = match self.stage {
            Stage::Stopping { reason, .. } | Stage::Lingering { reason, .. } => reason,
            Stage::WaitReply { .. } => CloseReason::NoAnswer,
            Stage::Idle | Stage::WaitConnected { .. } | Stage::Established | Stage::Closed { .. } => {
                CloseReason::Silent
            }
        };
        self.move_to(Stage::Closed { reason });
    }

    /// Takes note that data of the peer came: as a sign of life, it puts off the next Hello (RFC
    /// 2661 section 5.5). With
    /// [`Config::with_data_as_life`](super::config::Config::with_data_as_life) it also keeps the
    /// tunnel.
    ///
    /// Call it only for packets that a [`DataChannel`](crate::data::DataChannel) took.
    pub fn handle_data_seen(&mut self, now: Duration) {
        // Each data packet comes by here. It moves nothing else, so the calls that wait are not looked at.
        self.clock = self.clock.max(now);
        if self.stage.is_established() {
            self.data_seen = Some(self.clock);
        }
    }

    /// Ends the tunnel, and says so to the peer.
    pub(super) fn stop(&mut self, reason: CloseReason) {
        // The first reason stays.
        if self.stage.reason().is_some() {
            return;
        }
        // Messages that have not been sent yet mean nothing any more.
        self.channel.forget_unsent();
        self.send_stop(reason);
        // A message sent before may have to be given up first, then this message.
        let cycle = self.config.channel.cycle();
        let until = deadline(deadline(self.clock, cycle), cycle);
        self.move_to(Stage::Stopping { until, reason });
    }

    /// Lingers after the peer has ended the tunnel.
    pub(super) fn linger(&mut self, reason: CloseReason) {
        // Nothing that waits means anything any more; only repetitions are still acknowledged.
        self.channel.abandon();
        let until = deadline(self.clock, self.config.channel.cycle());
        self.move_to(Stage::Lingering { until, reason });
    }

    /// Lets one part know what happened in another.
    pub(super) fn pump(&mut self) {
        if let Stage::Stopping { reason, .. } = self.stage {
            // Our Stop-Control-Connection-Notification has arrived.
            if self.channel.is_idle() {
                self.linger(reason);
            }
        }
        if self.stage.is_established() {
            self.request_waiting_calls();
        }
    }

    /// Ends a session, and says so to the peer. Without room for that, it is tried again.
    pub(super) fn end_call(&mut self, id: session::SessionId, reason: session::CloseReason) {
        let (result, error) = reason.to_result();
        let disconnect = session::Disconnect::new(result).with_error(error);
        if !self.disconnect(id, disconnect, reason) {
            // Later, when acknowledgments have made room: the peer must hear of the end.
            let until = deadline(self.clock, ROOM_INTERVAL);
            if let Some(session) = self.sessions.get_mut(id) {
                session.put_off(until);
            }
        }
    }
}
