//! The modules that the programs `vpdn-client` and `vpdn-server` are made of.
#![forbid(unsafe_code)]
#![expect(clippy::std_instead_of_alloc, clippy::std_instead_of_core, reason = "the modules of programs")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a program hears what it knows, and passes over the rest")]

pub mod config;
#[cfg(target_os = "linux")]
pub mod host;
pub mod radius;
