#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(test, feature = "alloc"))]
extern crate alloc;
// `Arbitrary` cannot do without it.
#[cfg(any(test, feature = "arbitrary"))]
extern crate std;

pub mod authenticate;
pub mod avp;
pub mod code;
mod cookie;
pub mod error;
pub mod header;
pub mod hide;
pub mod message;
mod reader;
mod room;
mod secret;
mod text;
mod version;

pub use error::{DecodeError, EncodeError, Field};
pub use header::Packet;
pub use message::Message;
pub use secret::{Secret, SecretError};
pub use text::Text;
pub use version::Version;

/// RFC 2661 section 8.1, RFC 3931 section 4.1.2.1: the UDP port on which control connections are accepted.
pub const UDP_PORT: u16 = 1701;

/// RFC 3931 section 4.1.1: the IP protocol number of version 3 directly over IP.
pub const IP_PROTOCOL: u8 = 115;
