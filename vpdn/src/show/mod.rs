//! What people and programs are shown: a trace, JSON lines, a summary, what the user should know.

pub mod json;
mod lines;
mod packets;
pub mod summary;
mod trace;
pub mod verdict;

pub use lines::{Lines, object};
pub use packets::Packets;
pub use trace::Trace;
