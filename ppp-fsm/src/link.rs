//! A whole link: the phases of RFC 1661 section 3, from Dead to IP packets and back.
//!
//! [`Link`] takes frames and gives frames: LCP, authentication of both sides, CCP, IPCP and IPV6CP.
//! It moves no data of its own: network packets pass through it. It leaves encryption to its user,
//! and reports what was agreed.

mod config;
mod echo;
mod event;
mod layers;
mod machine;
mod outbox;
mod reason;
mod receive;
mod stage;
mod transmit;
mod windows;

pub use config::{Config, Keepalive, NetworkPolicy};
pub use echo::EchoStatistics;
pub use event::{Event, Phase, Received, Refused};
pub use machine::Link;
pub use reason::Reason;
pub use windows::windows_error_text;
