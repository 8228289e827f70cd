//! Attacks on sessions, each a named test: what a hostile peer, or somebody on the path, may try. Every one asserts that the
//! work and the memory are bounded, that nothing comes through in the clear, and that a session goes on where it should.

#![expect(clippy::std_instead_of_core, reason = "a test, not a library")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::integer_division,
    clippy::cast_possible_truncation,
    clippy::as_conversions,
    clippy::unreachable,
    reason = "tests may fail"
)]

#[path = "attacks/calls.rs"]
mod calls;
#[path = "attacks/cleartext.rs"]
mod cleartext;
#[path = "attacks/downgrade.rs"]
mod downgrade;
#[path = "attacks/endless.rs"]
mod endless;
#[path = "attacks/frames.rs"]
mod frames;
#[path = "attacks/impostor.rs"]
mod impostor;
#[path = "attacks/liveness.rs"]
mod liveness;
#[path = "attacks/secrets.rs"]
mod secrets;
#[path = "attacks/stream.rs"]
mod stream;
#[path = "attacks/tunnel.rs"]
mod tunnel;

use pptp::session::Config;
use pptp::{client, server};

fn client_config() -> client::Config {
    testing::pptp::client_config(&Config::strict())
}

fn server_config() -> server::Config {
    testing::pptp::server_config(&Config::strict())
}
