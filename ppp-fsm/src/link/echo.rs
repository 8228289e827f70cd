//! Keepalive and measurements.

use core::time::Duration;

use super::Keepalive;

/// RFC 1661 section 5.8: what Echo-Requests tell about a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "counters and times")]
pub struct EchoStatistics {
    /// Echo-Requests sent.
    pub sent: u64,
    /// Echo-Replies that came for them.
    pub received: u64,
    /// Echo-Requests for which none came before the next was sent.
    pub lost: u64,
    /// The last round trip.
    pub last_round_trip: Option<Duration>,
    /// The shortest round trip.
    pub shortest_round_trip: Option<Duration>,
    /// The round trip smoothed: each new one counts an eighth.
    pub smoothed_round_trip: Option<Duration>,
}

/// The state of the keepalive of one link.
#[derive(Debug, Default)]
pub(super) struct Echo {
    pub(super) statistics: EchoStatistics,
    pub(super) pending: bool,
    pub(super) identifier: u8,
    /// When the last request was sent, while it has no answer.
    waiting: Option<Duration>,
    missed: u8,
    timer: Option<Duration>,
    has_traffic: bool,
}

impl Echo {
    pub(super) fn start(&mut self, now: Duration, keepalive: Option<&Keepalive>) {
        self.stop();
        self.timer = keepalive.map(|keepalive| now.saturating_add(keepalive.interval));
    }

    pub(super) fn stop(&mut self) {
        (self.pending, self.waiting, self.missed, self.timer, self.has_traffic) = (false, None, 0, None, false);
    }

    /// Something came from the peer.
    pub(super) fn traffic(&mut self, keepalive: Option<&Keepalive>) {
        if keepalive.is_some_and(|keepalive| keepalive.is_adaptive) {
            (self.has_traffic, self.missed) = (true, 0);
        }
    }

    /// A request of the user.
    pub(super) fn request(&mut self) {
        self.identifier = self.identifier.wrapping_add(1);
        self.pending = true;
    }

    pub(super) fn sent(&mut self, now: Duration) {
        if self.waiting.replace(now).is_some() {
            self.statistics.lost = self.statistics.lost.saturating_add(1);
        }
        self.pending = false;
        self.statistics.sent = self.statistics.sent.saturating_add(1);
    }

    pub(super) fn reply(&mut self, now: Duration, identifier: u8) {
        let Some(sent) = self.waiting.filter(|_| identifier == self.identifier && !self.pending) else { return };
        // The answer itself is no traffic that makes the next request needless.
        (self.waiting, self.missed, self.has_traffic) = (None, 0, false);
        let time = now.saturating_sub(sent);
        let statistics = &mut self.statistics;
        statistics.received = statistics.received.saturating_add(1);
        statistics.last_round_trip = Some(time);
        statistics.shortest_round_trip = Some(statistics.shortest_round_trip.map_or(time, |least| least.min(time)));
        let smoothed = statistics.smoothed_round_trip.map_or(time, |before| {
            let eighths = before.saturating_mul(7).saturating_add(time);
            eighths.checked_div(8).unwrap_or(time)
        });
        statistics.smoothed_round_trip = Some(smoothed);
    }

    pub(super) const fn poll_timeout(&self) -> Option<Duration> {
        self.timer
    }

    /// Whether the peer is dead.
    pub(super) fn handle_timeout(&mut self, now: Duration, keepalive: Option<&Keepalive>) -> bool {
        let Some(keepalive) = keepalive.filter(|_| self.timer.is_some_and(|timer| timer <= now)) else { return false };
        self.timer = Some(now.saturating_add(keepalive.interval));
        if core::mem::take(&mut self.has_traffic) {
            return false;
        }
        if self.missed >= keepalive.max_missed {
            return true;
        }
        self.missed = self.missed.saturating_add(1);
        self.request();
        false
    }
}
