//! The machine of a control protocol: RFC 1661 sections 4 and 5, for LCP, every NCP, and a protocol of your own.
//!
//! [`ControlProtocol`] is what a protocol wants and takes; [`Negotiation`] is the rest: states, restart timer, counters,
//! identifiers, and an end to every loop of rejects and naks. A peer that goes on without end by other means, one that takes
//! all and never asks for anything, is ended by a deadline of yours: [`Link::close`](crate::link::Link::close).

mod config;
mod machine;
mod outcome;
mod protocol;
mod reply;
mod request;
mod timer;

pub use config::{Config, Opening};
pub use machine::Negotiation;
pub use outcome::{Event, Reason, Refused};
pub use protocol::{ControlProtocol, Verdict};
