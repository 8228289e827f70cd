//! EAP-MSCHAPv2: MS-CHAP version 2 as a method of EAP, type 26, for authors of EAP, RADIUS, SSTP and IKEv2.
//!
//! There is no RFC; the method is described by the drafts `draft-kamath-pppext-eap-mschapv2` and by Microsoft's
//! [MS-CHAP]. Packets here are the type-data of RFC 3748 section 4.1: what follows the type. Code, identifier and
//! length of EAP, copies and timers belong to the caller's EAP layer.
//!
//! | request of the authenticator | response of the peer |
//! |---|---|
//! | [`Challenge`](Request::Challenge) | [`Response`](Response::Response) |
//! | [`Success`](Request::Success), with the authenticator's proof | [`SuccessReceived`](Response::SuccessReceived) |
//! | [`Failure`](Request::Failure) that allows another try | another [`Response`](Response::Response) |
//! | [`Failure`](Request::Failure) with `E=648` | [`ChangePassword`](Response::ChangePassword) |
//! | any [`Failure`](Request::Failure) | [`FailureReceived`](Response::FailureReceived) |
//!
//! [`Authenticator`] and [`Peer`] are the machines of the two sides.
//!
//! # Security
//!
//! The method is exactly as weak as MS-CHAP version 2. Anyone who records one exchange can search
//! for the password, or find the NT hash with 2⁵⁶ DES operations at most, and has the keys with it.
//! Use it inside TLS (PEAP, TTLS, IKEv2 after the gateway's certificate was checked), or where
//! nobody listens.
//!
//! ```
//! use mschap::{Account, NtHash, eap, v2};
//!
//! let hash = NtHash::from_password("clientPass");
//! // Unpredictable bytes; MS-CHAPv2-ID; no retries.
//! let mut server = eap::Authenticator::new([0x11; 16], 7, 0);
//! let mut client = eap::Peer::new();
//! let (mut one, mut other) = ([0; 128], [0; 128]);
//!
//! let challenge = server.request(b"server", &mut one)?;
//! let eap::Demand::Proof { server: name, .. } = client.handle_request(challenge)? else {
//!     panic!("no challenge")
//! };
//! assert_eq!(name.as_bytes(), b"server");
//! let response = client.prove(&hash, b"alice", [0x22; 16], &mut other)?; // unpredictable
//!
//! let verdict = server.handle_response(response, &Account::new(&hash), [0x33; 16])?;
//! assert!(matches!(verdict, v2::Verdict::Accepted(_)));
//! let success = server.request(b"server", &mut one)?;
//! assert!(matches!(
//!     client.handle_request(success)?,
//!     eap::Demand::Acknowledge(eap::End::Accepted)
//! ));
//!
//! let end = server.handle_acknowledgment(client.acknowledge()?)?; // then comes EAP's own Success
//! assert_eq!(end, eap::End::Accepted);
//! assert!(client.proved().is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [MS-CHAP]: https://learn.microsoft.com/openspecs/windows_protocols/ms-chap

mod authenticator;
mod operation;
mod packet;
mod peer;
mod request;
mod response;
mod session_key;

pub use authenticator::Authenticator;
pub use operation::Operation;
pub use packet::End;
pub use peer::{Demand, Peer, PeerError, Proved};
pub use request::Request;
pub use response::Response;
pub use session_key::MasterSessionKey;

/// RFC 3748 section 5: the number of the type.
pub const TYPE: u8 = 26;
