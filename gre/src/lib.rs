#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(test, feature = "alloc"))]
extern crate alloc;
// `Arbitrary` cannot do without it.
#[cfg(any(test, feature = "arbitrary"))]
extern crate std;

mod acknowledge;
mod calculate;
mod config;
mod error;
mod event;
mod flags;
mod header;
mod packet;
mod reorder;
mod sequence;
mod slot;
mod statistics;
#[cfg(test)]
mod tests;
mod timeout;
mod tunnel;
mod window;

pub use calculate::{IpVersion, Mtu, packet_processing_delay, receive_window};
pub use config::{CallIds, Config};
pub use error::{BufferTooSmall, DecodeError, EncodeError, Field, ReceiveError, SendError};
pub use event::Event;
pub use flags::Flags;
pub use header::Header;
pub use packet::Packet;
pub use reorder::{Arrival, Reorder, ReorderCounters};
pub use sequence::SequenceNumber;
#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub use slot::LazySlots;
pub use slot::{FrameBuffer, InlineFrame, InlineSlots, LentFrame, NoSlots, Slot, Slots};
pub use statistics::{Statistics, WindowLine};
pub use timeout::{AcknowledgmentTimeout, RoundTrip};
pub use tunnel::{HEADROOM, MAX_TRANSMIT, Received, Tunnel, Unproven};
pub use window::WindowPolicy;

/// RFC 2637 section 4.1: the protocol type of every enhanced GRE packet, PPP.
pub const PROTOCOL_TYPE: u16 = 0x880b;

/// The number of GRE in the protocol field of the IP header.
pub const IP_PROTOCOL: u8 = 47;
