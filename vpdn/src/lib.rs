#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![expect(clippy::arithmetic_side_effects, reason = "sums of lengths within a packet, and counts")]
#![expect(clippy::integer_division, reason = "seconds of nanoseconds")]
#![expect(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "for programs, which have std")]
#![expect(clippy::wildcard_enum_match_arm, reason = "it reads and shows what it knows, and passes over the rest")]

#[cfg(all(feature = "programs", target_os = "linux"))]
mod arguments;
pub mod capture;
#[cfg(all(feature = "programs", target_os = "linux"))]
pub mod client;
#[cfg(feature = "programs")]
pub mod config;
#[cfg(all(feature = "programs", target_os = "linux"))]
pub mod control;
#[cfg(all(feature = "programs", target_os = "linux"))]
pub mod host;
pub mod inspect;
#[cfg(all(feature = "programs", target_os = "linux"))]
mod output;
#[cfg(all(feature = "programs", target_os = "linux"))]
mod profile;
#[cfg(feature = "programs")]
pub mod radius;
#[cfg(all(feature = "programs", target_os = "linux"))]
pub mod server;
pub mod show;
