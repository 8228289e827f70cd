//! The guests, and bounds of the test.

use std::time::Duration;

use pptp_interop::matrix::Plan;

/// For all together: an idle machine takes a sixth of it.
pub const LIMIT: Duration = Duration::from_secs(900);

/// For any one thing to happen. A machine with four of these tests at once is many times slower than an idle one.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// How often a call is tried on a line that loses packets.
pub const CALLS: usize = 4;

pub const PLAN: Plan = Plan {
    script: include_str!("../../uml/tunnels"),
    modules: &[],
    life: LIMIT,
    patience: PATIENCE,
    ping: Duration::from_secs(3),
    long: 10_000_000,
    short: 256_000,
};
