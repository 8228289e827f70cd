//! RFC 2661 sections 5 and 7, RFC 3931 sections 3.3 to 3.5: one tunnel with its sessions, as a
//! machine without IO.
//!
//! A [`Tunnel`] is one control connection of either version, on either side of it, with all its
//! sessions. It is driven by these verbs, in any order:
//!
//! | verb | effect |
//! |---|---|
//! | [`open`](Tunnel::open) | asks the peer for the tunnel |
//! | [`handle_packet`](Tunnel::handle_packet) | takes a control message, and where it came from |
//! | [`announce_call`](Tunnel::announce_call), [`place_call`](Tunnel::place_call), [`accept_call`](Tunnel::accept_call), [`clear_call`](Tunnel::clear_call), [`close`](Tunnel::close), … | are commands of the user |
//! | [`poll_transmit`](Tunnel::poll_transmit) | returns the bytes to send, and where to |
//! | [`poll_event`](Tunnel::poll_event) | returns what has happened |
//! | [`poll_timeout`](Tunnel::poll_timeout), [`handle_timeout`](Tunnel::handle_timeout) | say when to come back, and take that it is time |
//!
//! Data packets do not pass through it: each session has a
//! [`DataChannel`](crate::data::DataChannel) of its own.
//!
//! * **Time** is a [`Duration`](core::time::Duration) since a moment that the caller picks, always
//!   the first argument, always called `now`. A `now` that goes back is taken as the latest seen.
//! * **Memory** is all in the object, for a fixed number of sessions and of bytes of messages.
//!   Nothing accepted is lost: a message without room is not acknowledged, so that the peer sends
//!   it again.
//! * **Forged packets** change nothing but a counter, as long as their sender does not see the
//!   tunnel's packets: address, tunnel id and numbers all have to fit. With a digest
//!   ([`Authentication::Digest`]) no unsigned message has any effect.

mod call;
mod command;
mod config;
mod counters;
mod error;
mod event;
mod machine;
mod message;
mod peer;
mod prove;
mod reason;
mod receive;
mod sessions;
mod stage;
mod start;
mod timer;
mod transmit;

pub use config::{Authentication, Config, DigestHash, MAX_HOST_NAME, Versions};
pub use counters::Counters;
pub use error::{CommandError, Handled, PacketError};
pub use event::Event;
pub use machine::{Transmit, Tunnel};
pub use peer::Peer;
pub use reason::CloseReason;
pub use stage::State;
