//! RFC 2661 section 5.8: what was sent and is not acknowledged, and what waits behind it.

use core::time::Duration;

use super::config::Config;
use super::congestion::Congestion;
use super::queue::ByteQueue;

/// The wait for the acknowledgment of the oldest message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timer {
    /// Nothing is waited for: all is acknowledged, or the next transmission has not been polled
    /// yet.
    Idle,
    /// The acknowledgment has to come until then.
    Waiting { until: Duration },
}

/// RFC 2661 section 5.8 and the class of attack that is called amplification: how many packets may
/// go out before the peer has shown that it receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credit {
    /// It has.
    Unlimited,
    /// It has not.
    Left(u8),
}

impl Credit {
    const fn is_spent(self) -> bool {
        matches!(self, Self::Left(0))
    }

    const fn spend(self) -> Self {
        match self {
            Self::Unlimited => Self::Unlimited,
            Self::Left(left) => Self::Left(left.saturating_sub(1)),
        }
    }
}

/// The sending half.
#[derive(Debug, Clone)]
pub(super) struct Sender<const QUEUE: usize> {
    queue: ByteQueue<QUEUE>,
    /// Ns of the oldest message of the queue.
    first: u16,
    /// The messages of the queue that were sent at least once.
    sent: u16,
    /// The messages of the queue that were sent since the last time-out.
    flight: u16,
    /// The oldest goes out at once, although its time-out has not come.
    again: bool,
    timer: Timer,
    /// The time-outs of the oldest message in a row.
    retry: u8,
    congestion: Congestion,
    pub(super) credit: Credit,
    retransmitted: u64,
}

/// The number of our messages that a packet acknowledges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acknowledged {
    /// This many more than before.
    New(u16),
    /// It is older than what was acknowledged already.
    Old,
    /// It acknowledges what was never sent.
    NeverSent,
}

impl<const QUEUE: usize> Sender<QUEUE> {
    pub(super) const fn new(peer_window: u16) -> Self {
        Self {
            queue: ByteQueue::new(),
            first: 0,
            sent: 0,
            flight: 0,
            again: false,
            timer: Timer::Idle,
            retry: 0,
            congestion: Congestion::new(peer_window),
            credit: Credit::Unlimited,
            retransmitted: 0,
        }
    }

    pub(super) const fn congestion(&self) -> Congestion {
        self.congestion
    }

    pub(super) fn set_peer_window(&mut self, messages: u16) {
        self.congestion.set_peer_window(messages);
    }

    pub(super) const fn retransmitted(&self) -> u64 {
        self.retransmitted
    }

    pub(super) const fn room(&self) -> usize {
        self.queue.room()
    }

    /// Returns the number of messages that are not acknowledged, sent or not.
    pub(super) const fn len(&self) -> u16 {
        self.queue.len()
    }

    /// Returns the number of messages that were sent and are not acknowledged.
    pub(super) const fn unacknowledged(&self) -> u16 {
        self.sent
    }

    /// Ns of the next new message: what an acknowledgment carries.
    pub(super) const fn next_ns(&self) -> u16 {
        self.first.wrapping_add(self.sent)
    }

    pub(super) fn push_with(&mut self, write: impl FnOnce(&mut [u8]) -> Option<usize>) -> bool {
        self.queue.push_with(write)
    }

    /// Drops what was never sent: its sender has given it up.
    pub(super) fn forget_unsent(&mut self) {
        while self.queue.len() > self.sent {
            self.queue.remove(self.queue.len().saturating_sub(1));
        }
    }

    /// Drops everything. Messages that were sent count as acknowledged.
    pub(super) fn abandon(&mut self) {
        self.forget_unsent();
        for _ in 0..self.sent {
            self.queue.remove(0);
        }
        self.first = self.first.wrapping_add(self.sent);
        self.sent = 0;
        self.flight = 0;
        self.again = false;
        self.timer = Timer::Idle;
    }

    /// Starts the time-outs again.
    pub(super) const fn begin_again(&mut self) {
        self.retry = 0;
        self.flight = 0;
    }

    /// Judges the Nr of a packet; nothing changes.
    pub(super) const fn judge(&self, nr: u16) -> Acknowledged {
        let count = nr.wrapping_sub(self.first);
        // RFC 2661 section 5.8: an Nr acknowledges all messages before it.
        if count <= self.sent {
            Acknowledged::New(count)
        } else if count >= 0x8000 {
            Acknowledged::Old
        } else {
            Acknowledged::NeverSent
        }
    }

    /// Takes away what is acknowledged. The next message has the time that a new one has.
    pub(super) fn acknowledge(&mut self, now: Duration, count: u16, config: &Config) {
        if count == 0 {
            return;
        }
        for _ in 0..count {
            self.queue.remove(0);
            self.congestion.acknowledged();
        }
        self.first = self.first.wrapping_add(count);
        self.sent = self.sent.saturating_sub(count);
        self.flight = self.flight.saturating_sub(count);
        self.again = false;
        // The next message has not been late yet, so it begins with the shortest time-out.
        self.retry = 0;
        self.timer = match self.flight {
            0 => Timer::Idle,
            _ => Timer::Waiting { until: now.saturating_add(config.timeout(0)) },
        };
    }

    /// Sends the oldest message again, since the peer has shown that it misses something. Returns
    /// whether there is one.
    ///
    /// Its time-out is left as it is: a peer that only repeats itself is given up like a silent
    /// one.
    pub(super) const fn provoke(&mut self) -> bool {
        if self.sent == 0 {
            return false;
        }
        self.again = true;
        true
    }

    /// Returns the number in the queue of what is to be sent now.
    pub(super) fn due(&self) -> Option<u16> {
        // A peer that has not proved its address gets no more: each SCCRQ could be forged.
        if self.credit.is_spent() {
            return None;
        }
        // The oldest message goes alone: behind a gap, the others would be thrown away.
        if self.again {
            return Some(0);
        }
        let window = self.congestion.window().min(self.congestion.peer_window());
        (self.flight < window && self.flight < self.queue.len()).then_some(self.flight)
    }

    pub(super) fn message(&self, index: u16) -> Option<(u16, &[u8])> {
        Some((self.first.wrapping_add(index), self.queue.get(index)?))
    }

    /// Marks the message with this number as sent.
    pub(super) fn mark_sent(&mut self, now: Duration, index: u16, config: &Config) {
        if index < self.sent {
            self.retransmitted = self.retransmitted.saturating_add(1);
        }
        if index == 0 {
            self.again = false;
        }
        self.flight = self.flight.max(index.saturating_add(1));
        self.sent = self.sent.max(self.flight);
        self.credit = self.credit.spend();
        // One timer for the oldest message: RFC 2661 section 5.8.
        if self.timer == Timer::Idle {
            self.timer = Timer::Waiting { until: now.saturating_add(config.timeout(self.retry)) };
        }
    }

    /// Notes that an acknowledgment alone was sent.
    pub(super) const fn mark_acknowledgment(&mut self) {
        self.credit = self.credit.spend();
    }

    pub(super) const fn may_send(&self) -> bool {
        !self.credit.is_spent()
    }

    pub(super) const fn deadline(&self) -> Option<Duration> {
        match self.timer {
            Timer::Idle => None,
            Timer::Waiting { until } => Some(until),
        }
    }

    /// Returns the time-out of the oldest message.
    pub(super) fn timeout(&self, config: &Config) -> Duration {
        config.timeout(self.retry)
    }

    /// Sends everything again, beginning with one message, when it is time. Returns `false` when
    /// the peer is to be given up after `retries`.
    pub(super) fn handle_timeout(&mut self, now: Duration, retries: u8) -> bool {
        let Timer::Waiting { until } = self.timer else {
            return true;
        };
        if now < until {
            return true;
        }
        // It runs again from when the message is really sent, however late that is polled.
        self.timer = Timer::Idle;
        // The peer is gone: RFC 2661 section 5.8 destroys tunnel and sessions without another
        // message.
        if self.retry >= retries {
            return false;
        }
        self.retry = self.retry.saturating_add(1);
        // Everything may be lost: peers drop what comes early (xl2tpd, Huawei by default).
        self.flight = 0;
        self.congestion.timed_out();
        true
    }
}
