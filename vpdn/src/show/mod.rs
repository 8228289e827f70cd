//! The output for people and programs: a trace, JSON lines, a summary, and sentences for the user.

pub mod json;
mod lines;
mod packets;
pub mod summary;
mod trace;
pub mod tunnels;
pub mod verdict;

pub use lines::{Lines, object};
pub use packets::Packets;
pub use trace::Trace;
