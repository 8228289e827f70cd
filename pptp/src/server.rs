//! A server: it takes calls, asks its user who may come in, and carries IP packets.
//!
//! [`session`](crate::session) says how a session is driven, with a whole loop.

#[cfg(feature = "alloc")]
mod batch;
mod config;
#[cfg(feature = "alloc")]
mod limits;
#[cfg(feature = "alloc")]
mod table;

pub use crate::shard::Shard;
pub use config::Config;
#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub use {
    limits::Limits,
    table::{AcceptError, ConnectionId, Server, SessionMut},
};

/// One control connection and its calls, at most `CALLS` at a time; one more is refused.
pub type Session<const CALLS: usize = 4> = crate::session::Session<CALLS>;
