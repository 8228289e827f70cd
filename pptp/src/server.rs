//! A server: it takes calls, asks its user who may come in, and carries IP packets.
//!
//! How a session is driven is said in [`session`](crate::session), with a whole loop.

mod batch;
mod config;
mod session;
mod table;

pub use config::{Config, Limits};
pub use session::{Event, Session};
pub use table::{AcceptError, ConnectionId, Server, SessionMut};
