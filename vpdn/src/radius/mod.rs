//! A RADIUS client: RFC 2865 (who may come in), RFC 2866 (accounts), RFC 3579 (signatures).
//!
//! [`Client`] has no IO: requests and datagrams go in, datagrams, answers and the next deadline
//! come out. It asks several servers in turn, and passes over those that are silent. It takes no
//! answer that is not signed, unless it is configured to. [`Sockets`] carries its datagrams. The
//! crates that there are for this bring an asynchronous runtime, or have no fail-over; this one
//! waits for nothing.
//!
//! One socket has room for 256 open questions, since a question has a number of one byte; [`Client`] takes another
//! socket for the next 256.
//!
//! ```
//! use std::time::Duration;
//! use vpdn::radius::{Answer, AttributeKind, Client, Request, Server, Settings};
//!
//! let server = Server::new("127.0.0.1:1812".parse()?, b"a shared secret");
//! let mut client = Client::new(Settings::new(vec![server]), [7; 32]); // 32 unpredictable bytes
//! let mut request = Request::access();
//! request.add(AttributeKind::USER_NAME, b"alice")?;
//! request.add_password(b"wonderland");
//!
//! let mut now = Duration::ZERO;
//! let question = client.ask(now, request)?;
//! // Nobody answers: three tries of two seconds each.
//! let mut tries = 0;
//! while let Some(deadline) = client.poll_timeout() {
//!     while client.poll_transmit().is_some() {
//!         tries += 1;
//!     }
//!     now = deadline;
//!     client.handle_timeout(now);
//! }
//! let event = client.poll_event().ok_or("an event")?;
//! assert!(event.question == question && matches!(event.answer, Answer::Silence));
//! assert_eq!((tries, now), (3, Duration::from_secs(6)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod attribute;
mod authorization;
mod client;
mod packet;
mod question;
mod server;
mod sockets;

pub use account::{Account, Counters, TerminateCause, TunnelType};
pub use attribute::{AttributeKind, Attributes};
pub use authorization::{Authorization, FramedAddress};
pub use client::{Answer, AskError, Client, Event, Settings, Transmit};
#[cfg(test)]
pub(crate) use packet::tests::reply;
pub use packet::{Code, Reply, ReplyError, Request, ServerNumber, TooLong};
pub use question::QuestionId;
pub use server::{Path, Server};
pub use sockets::Sockets;
