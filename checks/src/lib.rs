//! Checks of the repository itself; `cargo test -p pptp-checks` runs them.
//!
//! [`source`] reads the published crates with a parser. [`arrows`] draws which module uses which. [`state`] finds states
//! that have no type. [`page`] compares the names in a page with what exists. [`licence`] reads licence expressions.
//! [`repository`] lists the texts, [`prose`] reads their sentences, and [`english`] checks them. [`reasons`] counts the
//! comments within functions.

pub mod arrows;
pub mod english;
pub mod licence;
pub mod page;
pub mod prose;
pub mod reasons;
pub mod repository;
pub mod source;
pub mod state;
