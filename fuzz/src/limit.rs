//! The time that an input may take, under libFuzzer: what takes longer is a finding, as what panics is.

use std::cell::Cell;
use std::sync::OnceLock;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::Oracle;

/// Changes the limit: milliseconds of processor time, 0 for none.
pub const VARIABLE: &str = "FUZZ_LIMIT_MS";

/// An input that an attacker sends in one packet should not stop a server for longer.
const DEFAULT: Duration = Duration::from_millis(10);

thread_local! {
    static ALLOWED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Allows this run so much time more, for work that the documentation announces.
pub fn allow(more: Duration) {
    ALLOWED.set(ALLOWED.get().saturating_add(more));
}

/// Runs an oracle.
///
/// # Panics
///
/// If the oracle does, or takes longer than the limit twice: the first run of a process also loads pages and fills tables.
pub fn run(oracle: Oracle, data: &[u8]) {
    let limit = limit();
    ALLOWED.set(Duration::ZERO);
    let first = time(oracle, data);
    let limit = if limit.is_zero() { return } else { limit.saturating_add(ALLOWED.get()) };
    let Some(taken) = first.filter(|taken| *taken > limit) else { return };
    let again = time(oracle, data).unwrap_or_default();
    assert!(again <= limit, "an input of {} bytes took {taken:?}, then {again:?}, of at most {limit:?}", data.len());
}

/// Returns the processor time of this thread that a run takes: other processes do not count. `None`
/// if the clock went back.
fn time(oracle: Oracle, data: &[u8]) -> Option<Duration> {
    let start = now();
    oracle(data);
    now().checked_sub(start)
}

fn now() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).expect("a clock does not go below 0")
}

fn limit() -> Duration {
    static LIMIT: OnceLock<Duration> = OnceLock::new();
    *LIMIT.get_or_init(|| match std::env::var(VARIABLE) {
        Ok(text) => Duration::from_secs_f64(text.parse::<f64>().expect("FUZZ_LIMIT_MS is a number") / 1000.0),
        Err(_) => DEFAULT,
    })
}
