//! A server: the LNS. It takes tunnels and calls, asks its user who may come in, and carries IP
//! packets, or Ethernet frames.
//!
//! [`session`](crate::session) says how a session is driven.

#[cfg(feature = "alloc")]
mod batch;
#[cfg(feature = "alloc")]
mod config;
mod group;
#[cfg(feature = "alloc")]
mod half_open;
#[cfg(feature = "alloc")]
mod limits;
#[cfg(feature = "alloc")]
mod request;
#[cfg(feature = "alloc")]
mod table;

pub use group::Group;
#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub use {
    config::Config,
    limits::Limits,
    table::{Key, Server, SessionMut, TunnelId},
};

/// One tunnel and its calls, at most `CALLS` at a time; one more is refused.
pub type Session<const CALLS: usize = 4> = crate::session::Session<CALLS>;
