//! RFC 2661 sections 5.2, 7.4 and 7.5, RFC 3931 section 3.4: the sessions of a tunnel.
//!
//! A [`Session`] is one call within a [`Tunnel`](crate::tunnel::Tunnel), whose commands set it up
//! and end it. The roles follow from the side that asks:
//!
//! | | asks | answers | completes |
//! |---|---|---|---|
//! | incoming call, all VPN clients | LAC: [`announce_call`](crate::tunnel::Tunnel::announce_call) | LNS: [`accept_call`](crate::tunnel::Tunnel::accept_call) | LAC, by itself |
//! | outgoing call | LNS: [`place_call`](crate::tunnel::Tunnel::place_call) | LAC: [`accept_call`](crate::tunnel::Tunnel::accept_call) | LAC: [`connect_call`](crate::tunnel::Tunnel::connect_call) |
//!
//! In version 3 the two sides are equal; the words stay.

mod call;
mod id;
mod parameter;
mod reason;
mod receive;
mod state;

pub use call::{PeerTerms, Session};
pub use id::{Direction, SessionId, Side};
pub use parameter::{CallRequest, Disconnect, MAX_LABEL, Terms};
pub use reason::CloseReason;
pub use state::{LinkInfo, State};

pub(crate) use receive::{Action, Confirmed, Requested};
pub(crate) use state::Phase;
