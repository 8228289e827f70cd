//! Arithmetic with times.

use core::time::Duration;

/// Returns when a time-out runs out; `None` if that is too far away for the clock.
pub(super) fn deadline(now: Duration, timeout: Duration) -> Option<Duration> {
    now.checked_add(timeout)
}

/// Returns how long after `earlier` a time is, in whole microseconds.
///
/// Not `Duration::saturating_sub`: the optimiser does not see that `Duration::new` in it cannot panic.
pub(super) fn between(earlier: Duration, later: Duration) -> Duration {
    let micros = later.as_micros().saturating_sub(earlier.as_micros());
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}
