//! Clients and servers, in one process, over a network that does what networks do.
//!
//! Every run follows from a seed. When something does not hold, it is printed as `PPTP_…_SEED=17`: with that in its
//! environment, the test runs this one alone.
#![cfg(feature = "alloc")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::integer_division,
    clippy::panic,
    clippy::print_stdout,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that goes wrong stops"
)]

#[path = "sessions/calls.rs"]
mod calls;
#[path = "sessions/long.rs"]
mod long;
#[path = "sessions/matrix.rs"]
mod matrix;
#[path = "sessions/network.rs"]
mod network;
#[path = "sessions/odd_peers.rs"]
mod odd_peers;
#[path = "sessions/outcome.rs"]
mod outcome;
#[path = "sessions/password.rs"]
mod password;
#[path = "sessions/teardown.rs"]
mod teardown;
