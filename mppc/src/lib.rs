#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![expect(clippy::inline_always, reason = "the inner loops are measured: their state has to stay in registers")]

#[cfg(any(test, feature = "alloc"))]
extern crate alloc;
// `Arbitrary` cannot do without it.
#[cfg(any(test, feature = "arbitrary"))]
extern crate std;

mod code;
mod compress;
mod count;
mod decompress;
mod error;
mod flags;
mod header;
pub mod level;
mod number;
mod parse;
mod receiver;
mod sender;
mod window;

pub use compress::{Compressed, Compressor, Expansion};
pub use count::CoherencyCount;
pub use decompress::Decompressor;
pub use error::{BufferTooSmall, DecompressError, ReceiveError};
pub use flags::Flags;
pub use header::Header;
pub use receiver::Receiver;
pub use sender::{History, Sender};

/// RFC 2118 section 1: the bytes of history that both sides keep.
pub const HISTORY_LEN: usize = 8192;

/// RFC 2118 section 3: the PPP protocol of an MPPC packet.
pub const PROTOCOL: u16 = 0x00fd;

/// Returns whether packets of a PPP protocol go through MPPC (RFC 2118 section 3). Others are sent
/// as they are.
///
/// ```
/// assert!(mppc::is_compressible(0x0021)); // IPv4
/// assert!(!mppc::is_compressible(0xc021)); // LCP
/// assert!(!mppc::is_compressible(mppc::PROTOCOL));
/// ```
#[must_use]
pub const fn is_compressible(protocol: u16) -> bool {
    matches!(protocol, 0x0021..=0x00fa)
}
