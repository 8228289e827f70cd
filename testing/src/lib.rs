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
    any(feature = "l2tp", feature = "mppc", feature = "pptp"),
    expect(
        clippy::exhaustive_enums,
        clippy::wildcard_enum_match_arm,
        reason = "what a machine returns is handed on; other events do not matter"
    )
)]
#![cfg_attr(
    any(feature = "l2tp", feature = "pptp"),
    expect(clippy::missing_errors_doc, reason = "what a machine returns is handed on")
)]
#![cfg_attr(feature = "mppc", expect(clippy::integer_division, reason = "bits of a byte"))]
#![expect(clippy::missing_panics_doc, reason = "to panic is how a test fails")]

mod endpoint;
mod flight;
#[cfg(feature = "l2tp")]
pub mod l2tp;
#[cfg(feature = "mppc")]
pub mod mppc;
mod oracle;
mod path;
mod pipe;
#[cfg(feature = "pptp")]
pub mod pptp;
mod profile;
mod random;
mod seeds;
mod table;
mod world;

pub use endpoint::{Endpoint, Output};
pub use flight::Flight;
pub use oracle::{assert_late_polls_lose_nothing, keep_latest};
pub use path::{Datagram, Path, Traffic};
pub use pipe::Pipe;
pub use profile::Profile;
pub use random::Random;
pub use seeds::{number_from_environment, run_seeds};
pub use table::{add_state, assert_table};
pub use world::{CLIENT, Filter, SERVER, World};
