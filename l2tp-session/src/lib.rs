#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod client;
pub mod guide;
pub mod manual;
pub mod report;

pub mod server;
pub mod session;

pub use l2tp_wire as wire;
pub use ppp_session;
