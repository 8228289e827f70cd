//! RFC 2661 section 6, RFC 3931 section 6: the control messages, one struct each with all their AVPs.
//!
//! [`v2`] and [`v3`] have the messages; [`Message`] is any of them. `new` takes the indispensable AVPs; the rest is
//! set with struct update syntax. [`Message::decode`] reads the AVPs of a message, and ignores unknown optional ones.

mod any;
mod layout;
pub mod v2;
pub mod v3;
mod writer;

pub use any::{Decoded, EncodeOptions, Message};
pub use writer::MessageWriter;
