#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(test, feature = "alloc"))]
extern crate alloc;
// `Arbitrary` cannot do without it.
#[cfg(any(test, feature = "arbitrary"))]
extern crate std;

mod code;
mod compress;
mod decompress;
mod error;
mod flags;
pub mod level;
mod number;
mod parse;
mod window;

pub use compress::{Compressed, Compressor, Expansion};
pub use decompress::Decompressor;
pub use error::{BufferTooSmall, DecompressError};
pub use flags::Flags;

/// RFC 2118 section 1: the octets of history that both sides keep.
pub const HISTORY_LEN: usize = 8192;
