//! Clients and servers against each other, in memory.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::integer_division,
    clippy::indexing_slicing,
    clippy::std_instead_of_core,
    reason = "a test that goes wrong stops"
)]

#[path = "sessions/calls.rs"]
mod calls;
#[path = "sessions/matrix.rs"]
mod matrix;
#[path = "sessions/network.rs"]
mod network;
#[path = "sessions/outcome.rs"]
mod outcome;
#[path = "sessions/secrets.rs"]
mod secrets;
#[path = "sessions/seed.rs"]
mod seed;
#[path = "sessions/teardown.rs"]
mod teardown;
#[path = "sessions/tie.rs"]
mod tie;

use std::time::Duration;

use l2tp_session::ppp_session::ppp::ccp::Encryption;
use l2tp_session::session::Config;

/// Returns strict settings.
fn strict() -> Config {
    Config::strict("lab")
}

/// Returns settings without encryption of PPP's own.
fn plain() -> Config {
    strict().with_ppp(|ppp| ppp.with_encryption(Encryption::Refused))
}

const SETUP: Duration = Duration::from_secs(60);
/// Longer than the longest end of both sides.
const END: Duration = Duration::from_secs(400);
