//! A server: the LNS. It takes tunnels and calls, asks its user who may come in, and carries IP
//! packets, or Ethernet frames.
//!
//! [`session`](crate::session) says how a session is driven.

mod batch;
mod config;
mod half_open;
mod request;
mod table;

pub use config::{Config, Group, Limits};
pub use table::{Key, Server, SessionMut, TunnelId};

/// One tunnel and its calls, at most `CALLS` at a time; one more is refused.
pub type Session<const CALLS: usize = 4> = crate::session::Session<CALLS>;
