#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(test, feature = "alloc"))]
extern crate alloc;
// `Arbitrary` cannot do without it.
#[cfg(any(test, feature = "arbitrary"))]
extern crate std;

mod address;
pub mod authenticate;
pub mod avp;
pub mod channel;
pub mod code;
mod cookie;
pub mod data;
pub mod demultiplexer;
pub mod error;
pub mod header;
pub mod hide;
mod id;
pub mod message;
mod name;
mod random;
mod reader;
mod room;
mod secret;
pub mod session;
mod text;
pub mod tunnel;
mod version;

pub use address::Address;
pub use error::{DecodeError, EncodeError, Field};
pub use header::Packet;
pub use id::TunnelIds;
pub use message::Message;
pub use name::Name;
pub use secret::{Secret, SecretError};
pub use text::Text;
pub use version::Version;

/// RFC 2661 section 8.1, RFC 3931 section 4.1.2.1: the UDP port on which control connections are accepted.
pub const UDP_PORT: u16 = 1701;

/// RFC 3931 section 4.1.1: the IP protocol number of version 3 directly over IP.
pub const IP_PROTOCOL: u8 = 115;
