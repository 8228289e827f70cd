//! Checks of the repository itself; `cargo test -p pptp-checks` runs them.
//!
//! [`source`] reads the published crates with a parser, [`arrows`] draws who uses whom inside a crate, [`state`] looks for
//! states that have no type, [`page`] compares the names in a Markdown page with what exists, and [`licence`] reads licence
//! expressions.

pub mod arrows;
pub mod licence;
pub mod page;
pub mod source;
pub mod state;
