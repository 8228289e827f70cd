//! What client and server sessions share: configuration, events, reasons, the data path.
//!
//! A session joins the machines of the family: the control connection, and for each call a tunnel and a PPP link, whose
//! authentication makes the keys of the encryption. [`client::Session`](crate::client::Session) dials one call;
//! [`server::Session`](crate::server::Session) takes the calls of one TCP connection, and
//! [`server::Server`](crate::server::Server) keeps many of them. They are driven alike:
//!
//! | verb | what it does |
//! |---|---|
//! | `open(now)`, `close(now)` | the TCP connection is open; everything is to end |
//! | `handle_stream(now, octets)`, `handle_disconnect(now)` | what TCP gives: octets, the end |
//! | `handle_gre(now, packet)` | a GRE packet: decrypts it where it lies, and lends the IP packet in it |
//! | `poll_receive(now, buf)` | IP packets that had to wait for an earlier one |
//! | `send_ip(now, buf)` | an IP packet: encrypts it where it lies, and gives the GRE packet around it |
//! | `send_ip_batch(…)`, `handle_gre_batch(…)` | the same for many packets at once, which is faster |
//! | `poll_control(now, buf)` | the next octets for TCP |
//! | `poll_tunnel(now, buf)` | the next GRE packet that is no data: PPP's negotiation, acknowledgments |
//! | `poll_event()` | what has happened |
//! | `poll_timeout()`, `handle_timeout(now)` | when to come back, and that it is time |
//!
//! * **Time** is a [`Duration`](core::time::Duration) since a moment that the caller picks. A `now` that goes back is taken
//!   for the latest seen.
//! * **Order** is free. After each call, poll for output and events until there is none; what is polled late comes late, and
//!   nothing that was accepted is lost.
//! * **TCP and GRE** are polled apart: a TCP socket that is full holds up no data.
//! * **Memory** is bounded by the configuration, whatever the peer does. Data packets allocate nothing, but room for those
//!   that have to wait for an earlier one, which is taken when it is needed first.
//! * **Encryption** that is required holds both ways: without it nothing is sent, and what comes in the clear is dropped and
//!   counted. CCP itself is not protected: a peer that ends it, or begins it again with keys that were used, ends the call.
//!
//! # Embedding
//!
//! The whole loop of a client and its server, with two channels in place of the sockets. With sockets it is the same: what
//! comes from TCP goes to `handle_stream`, what comes from a raw socket of IP protocol 47 to `handle_gre` (without the
//! outer IP header), what comes from a TUN device to `send_ip`. The examples `client` and `server` do just that.
//!
//! ```
//! use core::net::Ipv4Addr;
//! use core::time::Duration;
//! use pptp::ppp::auth::Answer;
//! use pptp::session::{Event, HEADROOM, Received};
//! use pptp::{client, server};
//!
//! // 32 unpredictable octets each, from the operating system.
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
//! while client.ip().is_none() {
//!     // TCP, both directions.
//!     while let Some(octets) = client.poll_control(now, &mut buf)? {
//!         assert_eq!(server.handle_stream(now, octets), octets.len());
//!     }
//!     while let Some(octets) = server.poll_control(now, &mut buf)? {
//!         assert_eq!(client.handle_stream(now, octets), octets.len());
//!     }
//!     // GRE, both directions. A packet may be refused: another one will come. Where packets overtake each other,
//!     // `poll_receive` has to be asked too.
//!     while let Some(packet) = client.poll_tunnel(now, &mut buf)? {
//!         let _ = server.handle_gre(now, &mut packet.to_vec());
//!     }
//!     while let Some(packet) = server.poll_tunnel(now, &mut buf)? {
//!         let _ = client.handle_gre(now, &mut packet.to_vec());
//!     }
//!     while let Some(event) = client.poll_event() {
//!         if let Event::Closed(reason) = event {
//!             panic!("{reason}: {}", reason.advice());
//!         }
//!     }
//!     while let Some(event) = server.poll_event() {
//!         match event {
//!             // Who is it? The octets of the question are in the session.
//!             server::Event::Call { call, event: Event::Authenticate(question) } => {
//!                 assert_eq!(server.presented(call).unwrap().name().unwrap().0, b"alice");
//!                 server.assign_address(call, Ipv4Addr::new(10, 0, 0, 2));
//!                 server.answer(now, call, question.ticket(), &Answer::Password(b"wonderland"))?;
//!             }
//!             _ => {}
//!         }
//!     }
//!     // With sockets: sleep until something comes, or until `poll_timeout()`; then `handle_timeout(now)`.
//! }
//!
//! // An IP packet, with room in front of it. It is encrypted in place.
//! let ip = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 1, 0x66, 0xe3, 10, 0, 0, 2, 10, 0, 0, 1];
//! let mut buf = [0; HEADROOM + 20];
//! buf[HEADROOM..].copy_from_slice(&ip);
//! let mut packet = client.send_ip(now, &mut buf)?.to_vec();
//! // And out of it again, decrypted in place.
//! let (call, received) = server.handle_gre(now, &mut packet)?;
//! assert_eq!(received, Received::Ip(&ip));
//! assert_eq!(client.status(now).to_string(), "  uptime: 0s\n  encoding: MPPE 128 bit, stateless\n  status: Connected");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batch;
mod call;
mod cipher;
mod config;
mod connection;
mod error;
mod event;
mod keys;
mod reason;
mod report;
mod statistics;

pub use batch::Batch;
pub use config::{Compression, Config, FlowAlarmPolicy};
pub use error::{BufferTooSmall, ReceiveError, SendError};
pub use event::{Event, Received};
pub use keys::ExternalKeys;
pub use reason::Reason;
pub use report::{ClientStatus, Encoding, MppeReport, SessionReport, Status};
pub use statistics::Statistics;

pub(crate) use call::{Call, Credentials, Lent, Sealing};
#[cfg(feature = "mppc")]
pub(crate) use cipher::compression_flags;
pub(crate) use connection::{Core, CoreEvent};

/// Room in front of an IP packet for [`send_ip`](crate::client::Session::send_ip): GRE (16), address, control and protocol
/// of PPP (4), MPPE (2), the protocol within (2).
pub const HEADROOM: usize = pptp_gre::HEADROOM.saturating_add(ppp_fsm::Frame::MAX_HEADER_LEN).saturating_add(4);

/// What `poll_control` and `poll_tunnel` write at most.
pub const MAX_TRANSMIT: usize = pptp_gre::HEADROOM.saturating_add(ppp_fsm::link::Link::MAX_TRANSMIT);

/// What `poll_receive` needs: the longest frame that waits for an earlier one. Longer ones are refused then.
pub const MAX_RECEIVE: usize = 2048;
