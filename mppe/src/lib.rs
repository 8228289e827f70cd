#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(test, feature = "alloc"))]
extern crate alloc;
// `Arbitrary` cannot do without it.
#[cfg(any(test, feature = "arbitrary"))]
extern crate std;

mod algorithm;
mod batch;
mod chain;
mod cipher;
mod config;
mod count;
mod decryptor;
mod encryptor;
mod error;
mod header;
mod key;
mod protocol;
mod secret;
mod source;
mod statistics;
mod table;
#[cfg(test)]
mod tests;

pub use algorithm::{Algorithm, Mode, Strength};
pub use batch::{Batch, Incoming, Outgoing, Receiving, Sending};
pub use config::{Config, FlushedRule};
pub use count::CoherencyCount;
pub use decryptor::{Decrypted, Decryptor, Pending};
pub use encryptor::Encryptor;
pub use error::{BufferTooSmall, DecryptError, EncryptError, KeyError};
pub use header::{Flags, Header};
pub use key::{InterimKey, SessionKey, StartKey};
pub use protocol::ProtocolSet;
pub use source::{Direction, MasterKey, MsChapV1, ShortKeySource, Side};
pub use statistics::{DecryptorStatistics, EncryptorStatistics, Statistics};

/// RFC 3078 section 3.1: the PPP protocol number of every MPPE packet (and of every packet of CCP's compressors).
pub const PROTOCOL: u16 = 0x00fd;

/// Bytes that encryption lays in front of the plaintext: the MPPE header. The PPP protocol field
/// goes in front of that.
pub const HEADROOM: usize = Header::LEN;
