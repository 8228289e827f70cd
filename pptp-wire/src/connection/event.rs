//! The events of a connection.

use core::time::Duration;

use super::{CallCloseReason, CallId, CloseReason, WanErrors};
use crate::code::{Accm, ControlMessageType};

/// RFC 2637 section 3: what has happened on a [`Connection`](super::Connection).
///
/// Each event is given once, in the order in which things happened, however late it is polled. Calls that end together
/// with the connection end in no certain order. Longer texts stay in the connection: the peer's
/// names in [`Connection::peer`](super::Connection::peer), a call's numbers and statistics in
/// [`Connection::call`](super::Connection::call).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The peer asks for a control connection: answer with
    /// [`accept_start`](super::Connection::accept_start) or [`refuse_start`](super::Connection::refuse_start). Only
    /// with [`Config::with_manual_start`](super::Config::with_manual_start).
    StartRequested,
    /// The control connection is up, and calls are possible.
    /// [`Connection::peer`](super::Connection::peer) returns the identity that the peer claims.
    Established,
    /// The peer asks for a call: answer with [`accept_call`](super::Connection::accept_call) or
    /// [`refuse_call`](super::Connection::refuse_call). [`Call::request`](super::Call::request)
    /// returns its request.
    CallRequested {
        /// The call.
        call: CallId,
    },
    /// The call is up: GRE packets may flow.
    CallConnected {
        /// The call. Its number is the key of GRE packets that come in.
        call: CallId,
        /// The peer's call id: the key of GRE packets that go out. It may be zero.
        peer_call_id: u16,
        /// The parameters that the two sides have stated for the call.
        parameters: CallParameters,
    },
    /// The call is up for some time, and not one GRE packet has come
    /// ([`handle_data_seen`](super::Connection::handle_data_seen) was not called). A firewall or a
    /// NAT on the path most likely stops IP protocol 47. Nothing is closed.
    ControlUpButNoData {
        /// The call.
        call: CallId,
        /// How long the call is up.
        elapsed: Duration,
    },
    /// As a PAC: Set-Link-Info came. Calls that end in this machine and not on a telephone line may ignore it.
    LinkInfo {
        /// The call.
        call: CallId,
        /// For frames that leave on the line.
        send_accm: Accm,
        /// For frames that come from the line.
        receive_accm: Accm,
    },
    /// As a PNS: WAN-Error-Notify came.
    WanErrors {
        /// The call.
        call: CallId,
        /// The counters, since the call was connected.
        errors: WanErrors,
    },
    /// A message came that has no meaning now, and was ignored, or refused as the RFC has it. For the log.
    Unexpected {
        /// Its type; `None` for messages that are not control messages.
        control_message_type: Option<ControlMessageType>,
    },
    /// The call is over. The last event of each call.
    CallClosed {
        /// The call.
        call: CallId,
        /// Why.
        reason: CallCloseReason,
    },
    /// The control connection is over. The last event: send what
    /// [`poll_transmit`](super::Connection::poll_transmit) still gives, then close the TCP connection.
    Closed {
        /// Why.
        reason: CloseReason,
    },
}

/// RFC 2637 sections 2.7 to 2.11: the parameters that the two sides have stated for a connected
/// call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CallParameters {
    /// How many packets the peer says it will buffer: the size of the send window of section 4.2. Some send 0.
    pub peer_window: u16,
    /// How long a packet may be on its way through the peer, as section 4.4 needs it. In steps of 0.1 s.
    pub peer_delay: Duration,
    /// The speed of the line as the PAC has stated it, in bits per second. VPN servers make it up.
    pub connect_speed: u32,
}
