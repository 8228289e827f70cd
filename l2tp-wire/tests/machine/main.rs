//! Tunnels, sessions and their data over a simulated network, and by scripts of packets.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that goes wrong stops, says what it measured, and other events do not matter"
)]

mod attack;
mod bench;
mod capture;
mod data;
mod end;
mod events;
mod long;
mod loss;
mod matrix;
mod replay;
mod setup;
mod tunnel;
