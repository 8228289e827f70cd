//! Deadlines.

use core::time::Duration;

/// Returns the deadline after an interval. `None` when no clock ever comes to it: then there is no deadline.
pub(crate) const fn after(now: Duration, interval: Duration) -> Option<Duration> {
    now.checked_add(interval)
}

/// Returns whether a deadline has come.
pub(crate) fn is_due(deadline: Option<Duration>, now: Duration) -> bool {
    deadline.is_some_and(|deadline| deadline <= now)
}

/// Returns how long ago a time was, 584 years at most.
///
/// It is not `Duration::saturating_sub`: the compiler does not see that the `expect` in core's `Duration::new` holds
/// there, so that a way to panic would be left in the program.
pub(crate) fn since(earlier: Duration, now: Duration) -> Duration {
    let nanoseconds = now.as_nanos().saturating_sub(earlier.as_nanos());
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}
