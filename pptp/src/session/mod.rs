//! The common part of client and server sessions: configuration, events, reasons, the data path.
//!
//! A session joins the machines of the family: the control connection, and for each call a tunnel
//! and a PPP link, whose authentication makes the keys of the encryption. One type is both sides:
//! made of a [`client::Config`](crate::client::Config), a [`Session`] dials one call; made of a
//! [`server::Config`](crate::server::Config), it takes the calls of one TCP connection.
//! [`server::Server`](crate::server::Server) keeps many of those.
//!
//! | verb | effect |
//! |---|---|
//! | `open(now)`, `close(now)` | the TCP connection is open; everything is to end |
//! | `handle_gre(now, packet, scratch)` | takes a GRE packet: decrypts it where it lies, and lends the IP packet in it |
//! | `wants_read()` | whether TCP should be read now: then `READ_LEN` bytes are taken in any case |
//! | `handle_stream(now, bytes)`, `handle_disconnect(now)` | takes what TCP gives: bytes, the end |
//! | `poll_receive(now, buf)` | IP packets that had to wait for an earlier one |
//! | `poll_event()` | the next event |
//! | `call_mut(id)` | a call: `send_ip(now, buf)` encrypts an IP packet where it lies; `answer`, `close` and more |
//! | `call(id)` | a call, to look at: `ppp()` has addresses, status, MTU |
//! | `poll_tunnel(now, buf)` | the next GRE packet that is no data: PPP's negotiation, acknowledgments |
//! | `poll_control(now, buf)` | the next bytes for TCP |
//! | `poll_timeout()`, `handle_timeout(now)` | when to come back, and that it is time |
//!
//! * **Time** is a [`Duration`](core::time::Duration) since a moment that the caller picks. If
//!   `now` goes backwards, the latest value seen is used.
//! * **Order**: calls may come in any order. The order of the table is the best one. How a call
//!   ends in the tunnel says more than how it ends on the control connection, so GRE goes first, in
//!   and out. Events go before output, since the answers to them are output. After each input poll
//!   everything until it is empty; polling late delays output but loses nothing.
//! * **TCP and GRE** are polled apart: a TCP socket that is full holds up no data.
//! * **Results** borrow the caller's packet or scratch buffer: the session can be asked and driven
//!   meanwhile.
//! * **Memory** is bounded by the configuration, whatever the peer does. Data packets allocate
//!   nothing, but room for those that have to wait for an earlier one, which is taken when it is
//!   needed first.
//! * **Encryption** that is required holds both ways: without it nothing is sent, and what comes in
//!   the clear is dropped and counted. CCP itself is not protected:
//!   [`with_encryption`](ppp_session::Config::with_encryption) says what follows when a peer ends
//!   it, or begins it again.
//! * **Layers** inform each other once for each call. PPP's events are taken where they happen, a
//!   call that is over in the tunnel is cleared on the control connection, and the connection ends
//!   when its calls have.
//!
//! # Embedding
//!
//! The whole loop of a client and its server, with two channels in place of the sockets. With
//! sockets it is the same. Bytes from TCP go to `handle_stream`, packets from a raw socket of IP
//! protocol 47 to `handle_gre` (without the outer IP header), and packets from a TUN device to
//! `send_ip`. The examples `client` and `server` do just that.
//!
//! ```
//! use core::net::Ipv4Addr;
//! use core::time::Duration;
//! use pptp::ppp::auth::Answer;
//! use pptp::ppp_session;
//! use pptp::report::ClientStatus;
//! use pptp::session::{CallEvent, Event, HEADROOM, Received};
//! use pptp::{client, server};
//!
//! // 32 unpredictable bytes each, from the operating system.
//! let mut client = client::Session::new(&client::Config::new("alice", "wonderland"), [1; 32]);
//! let config = server::Config::new(Ipv4Addr::new(10, 0, 0, 1));
//! let mut server: server::Session = server::Session::new(&config, [2; 32]);
//!
//! // The time since any moment, such as `start.elapsed()`.
//! let now = Duration::ZERO;
//! // The TCP connection is there.
//! client.open(now);
//! server.open(now);
//!
//! let mut buf = [0; 2048];
//! while client.first_call().and_then(|call| call.ppp().ip()).is_none() {
//!     // GRE, both directions. A packet may be refused: another one will come. Where packets
//!     // overtake each other, `poll_receive` has to be asked too.
//!     while let Some(packet) = client.poll_tunnel(now, &mut buf)? {
//!         let _ = server.handle_gre(now, &mut packet.to_vec(), &mut []);
//!     }
//!     while let Some(packet) = server.poll_tunnel(now, &mut buf)? {
//!         let _ = client.handle_gre(now, &mut packet.to_vec(), &mut []);
//!     }
//!     // TCP, both directions. It is read while the other end wants it.
//!     while server.wants_read() {
//!         let Some(bytes) = client.poll_control(now, &mut buf)? else { break };
//!         server.handle_stream(now, bytes);
//!     }
//!     while client.wants_read() {
//!         let Some(bytes) = server.poll_control(now, &mut buf)? else { break };
//!         client.handle_stream(now, bytes);
//!     }
//!     while let Some(event) = client.poll_event() {
//!         if let Event::Closed(reason) = event {
//!             panic!("{reason}: {}", reason.advice());
//!         }
//!     }
//!     while let Some(event) = server.poll_event() {
//!         let Event::Call { call, event: CallEvent::Ppp(event) } = event else { continue };
//!         if let ppp_session::Event::Authenticate(question) = event {
//!             // Who is it? Its name and proof are in the session.
//!             let presented = server.call(call).and_then(|call| call.ppp().presented());
//!             assert_eq!(presented.unwrap().name().unwrap().0, b"alice");
//!             let mut call = server.call_mut(call).unwrap();
//!             call.assign_address(Ipv4Addr::new(10, 0, 0, 2));
//!             call.answer(now, question.ticket(), &Answer::Password(b"wonderland"))?;
//!         }
//!     }
//!     // With sockets: sleep until something comes, or until `poll_timeout()`; then
//!     // `handle_timeout(now)`.
//! }
//!
//! // An IP packet, with room in front of it. It is encrypted in place.
//! let ip = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 1, 0x66, 0xe3, 10, 0, 0, 2, 10, 0, 0, 1];
//! let mut buf = [0; HEADROOM + 20];
//! buf[HEADROOM..].copy_from_slice(&ip);
//! let mut call = client.first_call_mut().unwrap();
//! let mut packet = call.send_ip(now, &mut buf)?.to_vec();
//! // And out of it again, decrypted in place.
//! let (call, received) = server.handle_gre(now, &mut packet, &mut [])?;
//! assert_eq!(received, Received::Ip(&ip));
//! let status = ClientStatus::of_session(&client, now).to_string();
//! assert_eq!(status, "  uptime: 0s\n  encoding: MPPE 128 bit, stateless\n  status: Connected");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod call;
mod config;
mod error;
mod event;
mod handle;
mod machine;
mod reason;
mod setup;
mod statistics;
mod view;

pub use config::{Config, FlowAlarmPolicy};
pub use error::{BufferTooSmall, ReceiveError, SendError};
pub use event::{CallEvent, Event, Received};
pub use handle::CallMut;
pub use machine::Session;
#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub use ppp_session::Batch;
pub use ppp_session::{Compression, Encoding, ExternalKeys, IpVersions, Status};
pub use reason::Reason;
pub use setup::Setup;
pub use statistics::Statistics;
pub use view::Call;

#[cfg(feature = "alloc")]
pub(crate) use call::{Opening, Sealing};
#[cfg(feature = "alloc")]
pub(crate) use machine::call_id;

/// Room in front of an IP packet for [`CallMut::send_ip`], in bytes: GRE (16), and what PPP needs.
pub const HEADROOM: usize = pptp_gre::HEADROOM.saturating_add(ppp_session::HEADROOM);

/// The most bytes that [`Session::poll_control`] and [`Session::poll_tunnel`] write.
pub const MAX_TRANSMIT: usize = pptp_gre::HEADROOM.saturating_add(ppp_session::MAX_TRANSMIT);

/// The bytes that [`Session::poll_receive`] needs, and the scratch buffer of
/// [`Session::handle_gre`] with compression: the longest frame that waits for an earlier one.
/// Longer ones are refused then.
pub const MAX_RECEIVE: usize = 2048;
