//! Keepalive and measurements.

use core::time::Duration;

use super::Keepalive;
use crate::time;

/// RFC 1661 section 5.8: what Echo-Requests say about a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
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

impl EchoStatistics {
    fn count(&mut self, round_trip: Duration) {
        self.received = self.received.saturating_add(1);
        self.last_round_trip = Some(round_trip);
        let shortest = self.shortest_round_trip.map_or(round_trip, |least| least.min(round_trip));
        self.shortest_round_trip = Some(shortest);
        let smoothed = self.smoothed_round_trip.map_or(round_trip, |before| {
            // Times that are too long to be added are as good as the last one.
            let eighths = before.checked_mul(7).and_then(|before| before.checked_add(round_trip));
            eighths.and_then(|eighths| eighths.checked_div(8)).unwrap_or(round_trip)
        });
        self.smoothed_round_trip = Some(smoothed);
    }
}

/// The echoes of one link.
#[derive(Debug, Default)]
pub(super) struct Echo {
    pub(super) statistics: EchoStatistics,
    identifier: u8,
    request: Request,
    watch: Option<Watch>,
}

/// The last Echo-Request.
#[derive(Debug, Clone, Copy, Default)]
enum Request {
    /// No request waits for an answer.
    #[default]
    None,
    /// It has to be sent. Whether the one before it has no answer.
    Due { before_is_open: bool },
    /// It was sent at this time, and has no answer.
    Sent { at: Duration },
}

/// The state of the keepalive.
#[derive(Debug, Clone, Copy)]
struct Watch {
    /// When the peer is looked after next.
    at: Option<Duration>,
    /// Requests in a row without an answer.
    missed: u8,
    has_traffic: bool,
}

impl Echo {
    pub(super) fn start(&mut self, now: Duration, keepalive: Option<&Keepalive>) {
        self.request = Request::None;
        self.watch = keepalive.map(|keepalive| Watch::new(now, keepalive));
    }

    pub(super) const fn stop(&mut self) {
        self.request = Request::None;
        self.watch = None;
    }

    /// Notes that something came from the peer.
    pub(super) fn traffic(&mut self, keepalive: Option<&Keepalive>) {
        let is_adaptive = keepalive.is_some_and(|keepalive| keepalive.is_adaptive);
        if let Some(watch) = self.watch.as_mut().filter(|_| is_adaptive) {
            watch.has_traffic = true;
            watch.missed = 0;
        }
    }

    /// Asks for an echo, for the user or for the keepalive.
    pub(super) const fn request(&mut self) {
        self.identifier = self.identifier.wrapping_add(1);
        self.request = match self.request {
            Request::None => Request::Due { before_is_open: false },
            // The earlier request may still be answered, but its time is not the new one's.
            Request::Sent { .. } => Request::Due { before_is_open: true },
            due @ Request::Due { .. } => due,
        };
    }

    /// Returns the identifier of the request that has to be sent.
    pub(super) const fn due(&self) -> Option<u8> {
        match self.request {
            Request::Due { .. } => Some(self.identifier),
            Request::None | Request::Sent { .. } => None,
        }
    }

    pub(super) fn sent(&mut self, now: Duration) {
        if matches!(self.request, Request::Due { before_is_open: true }) {
            self.statistics.lost = self.statistics.lost.saturating_add(1);
        }
        self.statistics.sent = self.statistics.sent.saturating_add(1);
        self.request = Request::Sent { at: now };
    }

    pub(super) fn reply(&mut self, now: Duration, identifier: u8) {
        let Request::Sent { at } = self.request else { return };
        // RFC 1661 section 5.8: a reply repeats the identifier of its request.
        if identifier != self.identifier {
            return;
        }
        self.request = Request::None;
        if let Some(watch) = &mut self.watch {
            // The answer itself is no traffic that makes the next request needless.
            watch.has_traffic = false;
            watch.missed = 0;
        }
        self.statistics.count(time::since(at, now));
    }

    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        self.watch.and_then(|watch| watch.at)
    }

    /// Returns whether the peer is dead.
    pub(super) fn handle_timeout(&mut self, now: Duration, keepalive: Option<&Keepalive>) -> bool {
        let (Some(watch), Some(keepalive)) = (&mut self.watch, keepalive) else { return false };
        if !time::is_due(watch.at, now) {
            return false;
        }
        watch.at = time::after(now, keepalive.interval);
        // A peer that sends has proved that it lives; counting on would end busy links.
        if core::mem::take(&mut watch.has_traffic) {
            return false;
        }
        if watch.missed >= keepalive.max_missed {
            return true;
        }
        watch.missed = watch.missed.saturating_add(1);
        self.request();
        false
    }
}

impl Watch {
    const fn new(now: Duration, keepalive: &Keepalive) -> Self {
        Self { at: time::after(now, keepalive.interval), missed: 0, has_traffic: false }
    }
}
