//! Whole PPP sessions over a channel in memory.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_core,
    clippy::wildcard_enum_match_arm,
    reason = "a test that goes wrong stops"
)]

#[path = "sessions/burst.rs"]
mod burst;
#[path = "sessions/keys.rs"]
mod keys;
#[path = "sessions/late.rs"]
mod late;
#[path = "sessions/pair.rs"]
mod pair;
#[path = "sessions/reasons.rs"]
mod reasons;
#[path = "sessions/wishes.rs"]
mod wishes;
