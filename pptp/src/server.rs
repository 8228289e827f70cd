//! A server: it takes calls, asks its user who may come in, and carries IP packets.
//!
//! [`session`](crate::session) says how a session is driven, with a whole loop.

mod batch;
mod config;
mod table;

pub use crate::shard::Shard;
pub use config::{Config, Limits};
pub use table::{AcceptError, ConnectionId, Server, SessionMut};

/// One control connection and its calls, at most `CALLS` at a time; one more is refused.
pub type Session<const CALLS: usize = 4> = crate::session::Session<CALLS>;
