#![doc = include_str!("../README.md")]
#![expect(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "for tests and tools, never embedded")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that goes wrong stops"
)]
#![expect(clippy::exhaustive_structs, reason = "never published")]
#![cfg_attr(
    any(feature = "pptp", feature = "l2tp"),
    expect(
        clippy::exhaustive_enums,
        clippy::missing_errors_doc,
        clippy::wildcard_enum_match_arm,
        reason = "what a machine returns is handed on; other events do not matter"
    )
)]
#![expect(clippy::missing_panics_doc, reason = "to panic is how a test fails")]

mod endpoint;
mod flight;
#[cfg(feature = "l2tp")]
pub mod l2tp;
mod oracle;
mod path;
mod pipe;
#[cfg(feature = "pptp")]
pub mod pptp;
mod profile;
mod random;
mod seeds;
mod world;

pub use endpoint::{Endpoint, Output};
pub use flight::Flight;
pub use oracle::assert_late_polls_lose_nothing;
pub use path::{Datagram, Path, Traffic};
pub use pipe::Pipe;
pub use profile::Profile;
pub use random::Random;
pub use seeds::{number_from_environment, run_seeds};
pub use world::{CLIENT, Filter, SERVER, World};
