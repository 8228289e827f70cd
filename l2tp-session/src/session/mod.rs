//! The common part of client and server sessions: configuration, events, reasons, the data path.
//!
//! A session joins the machines of the family: a tunnel, and for each call a data channel and its
//! payload. That is PPP, whose authentication makes the keys of the encryption, or Ethernet frames.
//! One type is both sides: made of a [`client::Config`](crate::client::Config), a [`Session`] dials
//! one call; made of a [`server::Group`](crate::server::Group), it takes the calls of one tunnel.
//! [`server::Server`](crate::server::Server) keeps many of those.
//!
//! | verb | effect |
//! |---|---|
//! | `open(now)`, `close(now)` | asks for the tunnel; everything is to end |
//! | `handle_datagram(now, source, packet, scratch)` | takes a packet: decrypts it where it lies, and lends the IP packet in it |
//! | `poll_receive(now, buf)` | packets that had to wait for an earlier one |
//! | `call_mut(id)` | a call: `send_ip(now, buf)` encrypts an IP packet where it lies; `send_frame`, `answer`, `close` and more |
//! | `call(id)` | a call, to look at: `ppp()` has addresses and status, `mtu()`, `counters()` |
//! | `poll_transmit(now, buf)` | the next packet that is no data: control messages, PPP's negotiation |
//! | `handle_path_mtu(mtu)` | takes the MTU of the path |
//! | `poll_event()` | the next event |
//! | `poll_timeout()`, `handle_timeout(now)` | when to come back, and that it is time |
//!
//! * **Time** is a [`Duration`](core::time::Duration) since a moment that the caller picks. If
//!   `now` goes backwards, the latest value seen is used.
//! * **Order**: calls may come in any order. After each input poll everything until it is empty;
//!   polling late delays output but loses nothing.
//! * **Results** borrow the caller's packet or scratch buffer: the session can be asked and driven
//!   meanwhile.
//! * **Memory** is bounded by the configuration, whatever the peer does. Data packets allocate
//!   nothing.
//! * **Encryption** that is required holds both ways: without it nothing is sent, and what comes in
//!   the clear is dropped and counted.
//! * **Addresses**: an [`Address`](l2tp_wire::Address) says whether UDP or IP protocol 115 carries a
//!   packet; version 2 needs UDP.
//!
//! # The end
//!
//! [`Event::Closed`] says why; the peer may not know yet. A session goes on until
//! [`Event::Drained`]: it repeats its last message until it is acknowledged. It acknowledges the
//! peer's for as long as the peer may repeat it (31 s with the default settings). Dropped before
//! that, it leaves the peer to its own time-outs.

mod call;
mod channel;
mod config;
mod error;
mod event;
mod handle;
mod machine;
mod reason;
mod setup;
mod view;

pub use config::{Config, Reordering};
pub use error::{BufferTooSmall, ReceiveError, SendError};
pub use event::{CallEvent, Event, Received, Transmit};
pub use handle::CallMut;
pub use l2tp_wire::session::SessionId;
pub use machine::Session;
#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub use ppp_session::Batch;
pub use ppp_session::{Compression, Encoding, ExternalKeys, IpVersions, Status};
pub use reason::Reason;
pub use setup::Setup;
pub use view::Call;

pub(crate) use call::Machine;
#[cfg(feature = "alloc")]
pub(crate) use call::{Opening, Sealing};
#[cfg(feature = "alloc")]
pub(crate) use machine::{Target, target};
pub(crate) use setup::{Carried, Dialing, Role, Served};

/// Room in front of an IP packet for [`CallMut::send_ip`], and of a frame for
/// [`CallMut::send_frame`], in bytes: L2TP's longest header, and what PPP needs.
pub const HEADROOM: usize = l2tp_wire::data::HEADROOM.saturating_add(ppp_session::HEADROOM);

/// The most bytes that [`Session::poll_transmit`] writes.
pub const MAX_TRANSMIT: usize = {
    let data = l2tp_wire::data::HEADROOM.saturating_add(ppp_session::MAX_TRANSMIT);
    let control = l2tp_wire::tunnel::Tunnel::<1>::MAX_TRANSMIT;
    if data > control { data } else { control }
};

/// The room that [`Session::poll_receive`] needs, in bytes, and the scratch buffer of
/// [`Session::handle_datagram`] with compression.
pub const MAX_RECEIVE: usize = 2048;
