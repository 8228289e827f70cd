//! The needs of the programs on Linux: time, descriptors to wait for, TCP, raw sockets, a TUN
//! device, routes, scripts, signals.
//!
//! Nothing here knows of PPP. Everything waits for nothing, but for [`Poller::wait`].

mod burst;
mod carrier;
mod clock;
mod datagrams;
mod device;
mod failure;
mod gre;
mod netlink;
mod path;
mod poller;
mod resolver;
mod restore;
mod script;
mod signals;
mod stream;
mod waker;

pub use carrier::{Carrier, any_address};
pub use clock::Clock;
pub use datagrams::Datagrams;
pub use device::{Device, MAX_PACKET, Packets};
pub use failure::{Failure, sentence, status};
pub use gre::Gre;
pub use netlink::{Netlink, Via};
pub use path::{PathMtu, address_of};
pub use poller::{Interest, Poller};
pub use resolver::Resolver;
pub use restore::Restore;
pub use script::{Script, Variables};
pub use signals::Signals;
pub use stream::Stream;
pub use waker::Waker;

/// Returns 32 bytes that nobody can predict.
///
/// # Errors
///
/// The operating system has none.
pub fn entropy() -> Result<[u8; 32], Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Failure::other(format!("no random numbers: {error}")))?;
    Ok(bytes)
}

/// How many packets of one socket are handled before the others have their turn.
pub const BURST: usize = 64;
