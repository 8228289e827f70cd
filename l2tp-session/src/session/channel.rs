//! The data channel of a call, with room for packets that wait only where some may.

#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::ops::Range;
use core::time::Duration;

use l2tp_wire::data::{Config, Counters, DataChannel, Datagram, Position, ReceiveError, Received, SendError};

use super::config::Reordering;

#[cfg(feature = "alloc")]
/// How many packets may wait for a missing one.
const SLOTS: usize = 16;
#[cfg(feature = "alloc")]
/// The longest frame that waits, in bytes: an Ethernet frame with its tags, or PPP's.
const FRAME: usize = 1600;

/// The data channel of one call.
#[derive(Debug)]
#[cfg_attr(
    feature = "alloc",
    expect(
        clippy::large_enum_variant,
        reason = "the large one is the usual one, and is not to be looked for elsewhere"
    )
)]
pub(crate) enum Channel {
    /// A missing packet is never waited for.
    Prompt(DataChannel),
    #[cfg(feature = "alloc")]
    Ordered(Box<DataChannel<SLOTS, FRAME>>),
}

/// Does the same for both kinds.
macro_rules! each {
    ($channel:expr, $inner:ident => $work:expr) => {
        match $channel {
            Channel::Prompt($inner) => $work,
            #[cfg(feature = "alloc")]
            Channel::Ordered($inner) => $work,
        }
    };
}

impl Channel {
    pub(crate) fn new(config: Config, reordering: Reordering) -> Self {
        match reordering {
            #[cfg(not(feature = "alloc"))]
            Reordering::Wait(_) => Self::Prompt(DataChannel::new(config)),
            Reordering::Off => Self::Prompt(DataChannel::new(config)),
            #[cfg(feature = "alloc")]
            Reordering::Wait(_) => Self::Ordered(Box::new(DataChannel::new(config))),
        }
    }

    pub(crate) const fn config(&self) -> &Config {
        each!(self, channel => channel.config())
    }

    pub(crate) fn counters(&self) -> Counters {
        each!(self, channel => channel.counters())
    }

    pub(crate) fn handle_path_mtu(&mut self, mtu: u16) {
        each!(self, channel => channel.handle_path_mtu(mtu));
    }

    pub(crate) fn session_mtu(&self) -> Option<usize> {
        each!(self, channel => channel.session_mtu())
    }

    /// Returns whether a frame may be too long for the path.
    pub(crate) const fn bounds_length(&self) -> bool {
        each!(self, channel => channel.bounds_length())
    }

    /// Returns an error when a frame of this length will not be sent. It is counted.
    pub(crate) fn check(&mut self, length: usize) -> Result<(), SendError> {
        each!(self, channel => channel.check(length))
    }

    #[inline]
    pub(crate) fn encapsulate<'b>(
        &mut self,
        inner_type_of_service: Option<u8>,
        buf: &'b mut [u8],
    ) -> Result<Datagram<'b>, SendError> {
        each!(self, channel => channel.encapsulate_in_place(inner_type_of_service, buf))
    }

    #[inline]
    pub(crate) fn decapsulate(&mut self, now: Duration, packet: &[u8]) -> Result<Received<Range<usize>>, ReceiveError> {
        each!(self, channel => channel.decapsulate_range(now, packet))
    }

    pub(crate) const fn position(&self) -> Position {
        each!(self, channel => channel.position())
    }

    /// Sets the peer's numbers back: the frame was not the peer's.
    pub(crate) fn restore(&mut self, position: Position) {
        each!(self, channel => channel.restore(position));
    }

    /// Returns the next frame that waited and need not wait any more.
    pub(crate) fn poll_receive(&mut self, now: Duration) -> Option<&mut [u8]> {
        each!(self, channel => channel.poll_receive(now))
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        each!(self, channel => channel.poll_timeout())
    }

    pub(crate) fn handle_timeout(&mut self, now: Duration) {
        each!(self, channel => channel.handle_timeout(now));
    }
}
