//! Whether the peer is alive.

use core::time::Duration;

use super::time::{between, deadline};

/// RFC 2637 section 3.1.4: how a silent peer is asked whether it is alive, and when it is given up.
///
/// Every message counts as life, not just an Echo-Reply: peers that are busy with their own requests are not cut off.
///
/// ```
/// use core::time::Duration;
/// use pptp_wire::connection::EchoPolicy;
///
/// // Asks after 60 seconds of silence, gives up 20 seconds later.
/// let default = EchoPolicy::default();
/// assert_eq!(
///     default,
///     EchoPolicy::Deadline { idle: Duration::from_secs(60), reply: Duration::from_secs(20) }
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EchoPolicy {
    /// The peer is never asked. A dead one is noticed by TCP at best.
    Off,
    /// One Echo-Request, and a time to answer it. RFC 2637 says 60 seconds for both; Cisco has 60 and 20.
    Deadline {
        /// How long the peer may be silent before it is asked. At least a millisecond.
        idle: Duration,
        /// How long it may be silent after that.
        reply: Duration,
    },
    /// An Echo-Request in each interval of silence; some may stay without an answer, as accel-ppp has it.
    Misses {
        /// How long the peer may be silent before it is asked, and between two questions. At least a millisecond.
        interval: Duration,
        /// So many unanswered ones in a row are the end; 0 counts as 1.
        count: u8,
    },
}

impl EchoPolicy {
    /// Cisco's default: 60 seconds of silence.
    pub const IDLE: Duration = Duration::from_secs(60);
    /// Cisco's default: 20 seconds for the answer.
    pub const REPLY: Duration = Duration::from_secs(20);
}

impl Default for EchoPolicy {
    fn default() -> Self {
        Self::Deadline { idle: Self::IDLE, reply: Self::REPLY }
    }
}

/// The state of it.
#[derive(Debug)]
pub(super) struct Echo {
    policy: EchoPolicy,
    next_identifier: u32,
    /// When the peer is asked, or given up.
    deadline: Option<Duration>,
    /// Questions since the peer was heard.
    unanswered: u8,
    /// The last question, until its answer comes.
    asked: Option<(u32, Duration)>,
    round_trip: Option<Duration>,
}

/// The work that is due at the deadline.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Send an Echo-Request with this identifier.
    Ask(u32),
    /// Close.
    GiveUp,
}

impl Echo {
    pub(super) const fn new(policy: EchoPolicy, first_identifier: u32) -> Self {
        Self { policy, next_identifier: first_identifier, deadline: None, unanswered: 0, asked: None, round_trip: None }
    }

    pub(super) const fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    pub(super) const fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// Notes that a message came.
    pub(super) fn heard(&mut self, now: Duration) {
        // Every message proves that the peer lives, its own Echo-Request too.
        self.unanswered = 0;
        self.deadline = match self.policy {
            EchoPolicy::Off => None,
            EchoPolicy::Deadline { idle, .. } => deadline(now, at_least_a_moment(idle)),
            EchoPolicy::Misses { interval, .. } => deadline(now, at_least_a_moment(interval)),
        };
    }

    /// Notes that an Echo-Reply came.
    pub(super) fn answered(&mut self, now: Duration, identifier: u32) {
        if let Some((asked, at)) = self.asked {
            // A late reply to an earlier question would give too long a time, or too short a one.
            if asked == identifier {
                self.asked = None;
                self.round_trip = Some(between(at, now));
            }
        }
    }

    /// Returns what is due when the deadline has passed.
    pub(super) fn fire(&mut self, now: Duration) -> Due {
        let (limit, next) = match self.policy {
            EchoPolicy::Off => (1, Duration::MAX),
            EchoPolicy::Deadline { reply, .. } => (1, reply),
            EchoPolicy::Misses { interval, count } => (count.max(1), at_least_a_moment(interval)),
        };
        // The policy `Deadline` gives up after one question, as RFC 2637 section 3.1.4 has it;
        // `Misses` after several, as accel-ppp does.
        if self.unanswered >= limit {
            self.deadline = None;
            return Due::GiveUp;
        }
        self.unanswered = self.unanswered.saturating_add(1);
        self.deadline = deadline(now, next);
        let identifier = self.next_identifier;
        self.next_identifier = identifier.wrapping_add(1);
        self.asked = Some((identifier, now));
        Due::Ask(identifier)
    }
}

/// Returns an interval that is not zero: a deadline has to be later than the time at which it is
/// set.
fn at_least_a_moment(interval: Duration) -> Duration {
    interval.max(Duration::from_millis(1))
}
