//! Deadlines.

use core::time::Duration;

/// Returns the deadline after an interval. `None` when no clock ever comes to it: then there is no deadline.
pub(crate) const fn after(now: Duration, interval: Duration) -> Option<Duration> {
    now.checked_add(interval)
}

/// Whether a deadline has come.
pub(crate) fn is_due(deadline: Option<Duration>, now: Duration) -> bool {
    deadline.is_some_and(|deadline| deadline <= now)
}
