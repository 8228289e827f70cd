//! RFC 2661 section 3.1, RFC 3931 sections 3.2, 4.1 and 4.6: the headers of control and data packets.
//!
//! [`Packet::decode_udp`] and [`Packet::decode_ip`] read packets of any kind.

mod control;
mod data;
mod flag;
mod packet;
mod session;

pub use control::{Control, ControlHeader, Recipient};
pub use data::{DataHeader, Sequence};
pub use packet::Packet;
pub use session::{Carrier, SessionHeader, SessionLayout, Sublayer};

pub use crate::cookie::{Cookie, CookieSize};
