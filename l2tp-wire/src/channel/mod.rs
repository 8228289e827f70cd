//! RFC 2661 section 5.8, RFC 3931 section 4.2: the reliable control channel.
//!
//! A [`ControlChannel`] numbers messages, sends them again until they are acknowledged, and puts
//! received ones in order. It knows nothing about what a message says: a
//! [`Tunnel`](crate::tunnel::Tunnel) has one inside, and somebody with control messages of their
//! own can use it alone.
//!
//! It differs from the programs that it talks to, for these reasons:
//!
//! * **Nr is taken from every packet** whose numbers are plausible: repeated ones, early ones and
//!   acknowledgments alone. So one lost message does not make all later acknowledgments worthless.
//! * **A repeated message is answered with our oldest message**, not with an acknowledgment alone,
//!   while something of ours is unacknowledged. Otherwise xl2tpd, which looks at Nr only in the
//!   message that it expects next, would never see the acknowledgment.
//! * **Early messages are kept**, so that a lost message costs one time-out and not one for each
//!   message behind it.
//! * **Numbers that no genuine peer sends change nothing**: see [`ControlChannel::REACH`].

mod config;
mod congestion;
mod machine;
mod queue;
mod receiver;
mod report;
mod sender;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use machine::{ControlChannel, Liveness, Next, Packet};
pub use report::{Arrival, Counters, Status};
