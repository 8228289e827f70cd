#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(test, feature = "alloc"))]
extern crate alloc;
// `Arbitrary` cannot do without it.
#[cfg(any(test, feature = "arbitrary"))]
extern crate std;

mod error;
mod flags;
mod header;
mod packet;

pub use error::{BufferTooSmall, DecodeError, EncodeError, Field};
pub use flags::Flags;
pub use header::Header;
pub use packet::Packet;

/// RFC 2637 section 4.1: the protocol type of every enhanced GRE packet, PPP.
pub const PROTOCOL_TYPE: u16 = 0x880b;

/// The number of GRE in the protocol field of the IP header.
pub const IP_PROTOCOL: u8 = 47;
