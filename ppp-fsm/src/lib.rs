#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(test, feature = "alloc"))]
extern crate alloc;
// `Arbitrary` cannot do without it.
#[cfg(any(test, feature = "arbitrary"))]
extern crate std;

#[macro_use]
mod number;
#[macro_use]
mod wire;

pub mod auth;
pub mod automaton;
pub mod ccp;
pub mod chap;
pub mod eap;
pub mod hdlc;
pub mod ipcp;
pub mod ipv6cp;
pub mod lcp;
pub mod link;
pub mod negotiate;
pub mod pap;

mod buffer;
mod error;
mod events;
mod frame;
mod option;
mod packet;
mod protocol;
mod random;
mod text;
mod time;
mod words;

#[cfg(test)]
mod tests;

pub use error::{BufferTooSmall, DecodeError, EncodeError, ExpectedLength, Field};
pub use frame::Frame;
pub use option::{EncodeOption, OptionWriter, Options, RawOption};
pub use packet::{Code, Packet};
pub use protocol::{Protocol, ProtocolKind};
pub use random::Random;
pub use text::Text;
pub use words::Words;
