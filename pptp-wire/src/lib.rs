#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(test, feature = "alloc"))]
extern crate alloc;
// `Arbitrary` cannot do without it.
#[cfg(any(test, feature = "arbitrary"))]
extern crate std;

pub mod code;
pub mod connection;
mod error;
mod field;
mod header;
mod length;
pub mod message;
pub mod nat;
mod stream;
mod text;
mod wire;

pub use error::{BufferTooSmall, DecodeError, StreamError, TextError, UnknownMessageError};
pub use field::Field;
pub use header::Header;
pub use message::Message;
pub use stream::Reassembler;
pub use text::Text;

/// RFC 2637 section 1.4: the constant in bytes 4 to 7 of every message.
pub const MAGIC_COOKIE: u32 = 0x1a2b_3c4d;

/// RFC 2637 section 1.4: the TCP port on which control connections are accepted.
pub const TCP_PORT: u16 = 1723;
