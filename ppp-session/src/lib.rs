#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(feature = "alloc")]
mod batch;
pub mod call;
pub mod carrier;
mod cipher;
mod commands;
mod complaints;
mod config;
mod credentials;
mod error;
mod event;
mod keys;
#[cfg(feature = "alloc")]
mod lanes;
#[doc(hidden)]
pub mod memory;
mod reason;
mod role;
mod session;
mod spent;
mod statistics;
mod status;
#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub mod table;

#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub use batch::{Batch, Opening, Sealing};
#[cfg(feature = "mppc")]
pub use cipher::compression_flags;
pub use config::{Compression, Config, IpVersions};
pub use credentials::Credentials;
pub use error::{BufferTooSmall, ReceiveError, SendError};
pub use event::{Event, Received};
pub use keys::ExternalKeys;
#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub use lanes::{Lane, Lanes};
#[cfg(feature = "mppc")]
pub use mppc;
pub use mppe;
pub use mschap;
pub use ppp_fsm as ppp;
pub use reason::Reason;
pub use role::{Client, Server};
pub use session::Session;
pub use statistics::Statistics;
pub use status::{Encoding, Status};

/// Room in front of an IP packet for [`Session::send_ip`], in bytes: address, control and protocol
/// of PPP (4), the header of MPPE or MPPC (2), the protocol within (2). A carrier adds room for its
/// own header.
pub const HEADROOM: usize = ppp_fsm::Frame::MAX_HEADER_LEN.saturating_add(4);

/// The most bytes that [`Session::poll_transmit`] writes.
pub const MAX_TRANSMIT: usize = ppp_fsm::link::Link::MAX_TRANSMIT;
