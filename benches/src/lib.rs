//! The cost of the data path, beside the peers: see `README.md`.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::integer_division,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    reason = "a measurement that goes wrong stops"
)]

pub mod carrier;
pub mod floor;
pub mod gre;
pub mod mppc;
pub mod mppe;
pub mod mschap;
pub mod openssl;
pub mod path;
pub mod ratio;
