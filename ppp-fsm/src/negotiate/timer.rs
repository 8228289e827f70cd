//! The one timer of a negotiation.

use core::time::Duration;

use super::config::Opening;
use crate::time;

/// The event that the machine waits for, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    /// Nothing, or something without an end.
    Off,
    /// RFC 1661 section 4.6: the restart timer. The peer has to answer until then.
    Restart(Duration),
    /// The peer may begin until then; afterwards this side does.
    Listen(Duration),
}

impl Timer {
    pub(super) const fn restart(now: Duration, timeout: Duration) -> Self {
        match time::after(now, timeout) {
            Some(at) => Self::Restart(at),
            None => Self::Off,
        }
    }

    pub(super) fn listen(now: Duration, opening: Opening) -> Self {
        match opening {
            Opening::Wait(interval) => {
                time::after(now, interval.max(Duration::from_millis(1))).map_or(Self::Off, Self::Listen)
            }
            Opening::Active | Opening::Silent => Self::Off,
        }
    }

    pub(super) const fn deadline(self) -> Option<Duration> {
        match self {
            Self::Off => None,
            Self::Restart(at) | Self::Listen(at) => Some(at),
        }
    }
}
