//! RFC 2661 sections 3.1 and 5.4, RFC 3931 sections 4.1 and 4.6: the data packets of one session.
//!
//! A [`DataChannel`] puts headers in front of frames and takes them off, in the caller's memory. It
//! needs no control connection: the ids, cookies and settings in its [`Config`] may come from a
//! [`Session`](crate::session::Session) or from an administrator.

mod channel;
mod config;
mod counters;
mod error;
mod reorder;
#[cfg(test)]
mod tests;

pub use channel::{DataChannel, Datagram, HEADROOM, OuterHeader, Position, Received};
pub use config::{Config, Sequencing, SessionWire, TunnelSession, TypeOfService, Wire};
pub use counters::Counters;
pub use error::{ReceiveError, SendError};
