#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(feature = "mppc")]
#[cfg_attr(docsrs, doc(cfg(feature = "mppc")))]
pub use mppc;
pub use mppe;
pub use mschap;
pub use ppp_fsm as ppp;
pub use ppp_session;
pub use pptp_gre as gre;
pub use pptp_wire as wire;

pub mod client;
#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub mod cookbook;
#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub mod guide;
#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub mod inspect;
#[cfg(feature = "alloc")]
pub mod report;
pub mod server;
pub mod session;
mod shard;
