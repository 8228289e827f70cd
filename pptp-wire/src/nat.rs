//! RFC 2637 sections 2 and 4.1, for a NAT or firewall between the two peers: the call ids in messages, and the GRE flows
//! that go with them.
//!
//! A GRE packet has only the call id of its *receiver*. Two clients behind one address that talk to the same server may
//! choose the same id, and then the NAT does not know whom a packet is for. So it has to give each call an id that is
//! unique on the outside, in the messages of the client and back in those of the server. All rewriting keeps the length
//! of messages, so TCP sequence numbers stay as they are.
//!
//! Pure functions; the caller keeps the table, and takes the messages from a copy of the stream
//! ([`Reassembler`](crate::Reassembler)).
//!
//! ```
//! use pptp_wire::Message;
//! use pptp_wire::message::{OutgoingCallReply, OutgoingCallRequest};
//! use pptp_wire::nat::{Flow, Owner, flow, map_call_ids};
//!
//! // The client's id 1 is to be 40001 on the outside.
//! let request = Message::from(OutgoingCallRequest::new(1, 0));
//! let outside =
//!     map_call_ids(&request, |owner, id| if owner == Owner::Sender { id + 40_000 } else { id });
//! assert_eq!(outside, OutgoingCallRequest::new(40_001, 0).into());
//!
//! // The server answers with its own id 7. Now GRE packets with these two keys may pass.
//! let reply = Message::from(OutgoingCallReply::new(7, 40_001, 100_000_000));
//! assert_eq!(flow(&reply), Some(Flow::Begins { to_sender: 7, to_receiver: 40_001 }));
//! let inside =
//!     map_call_ids(&reply, |owner, id| if owner == Owner::Receiver { id - 40_000 } else { id });
//! assert_eq!(inside, OutgoingCallReply::new(7, 1, 100_000_000).into());
//! ```

use crate::Message;
use crate::code::{IncomingCallResult, OutgoingCallResult};

/// RFC 2637 section 3.2.2: who chose a call id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a message has two ends")]
pub enum Owner {
    /// The sender of the message.
    Sender,
    /// The receiver of the message.
    Receiver,
}

/// RFC 2637 section 4.1: what a message means for the GRE packets between the two peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flow {
    /// GRE packets may come now.
    Begins {
        /// The key of those to the sender of the message.
        to_sender: u16,
        /// The key of those to its receiver.
        to_receiver: u16,
    },
    /// The call of the sender's id is over, or was never begun. From accel-ppp, it is an id of the *receiver*: if there
    /// is no such call, look for one of those.
    Ends {
        /// The sender's id.
        sender_id: u16,
    },
    /// The call of the receiver's id was refused.
    Refused {
        /// The receiver's id.
        receiver_id: u16,
    },
    /// All calls of this control connection are over.
    EndsAll,
}

/// Returns the message with other call ids (RFC 2637 sections 2.7 to 2.15).
///
/// `map` is called once for each id in the message, with the side that chose it. The zero that
/// stands for no id in a refusal is left as it is. In a Call-Disconnect-Notify the id is the
/// sender's, says the RFC, but accel-ppp puts the receiver's there. So a `map` that does not know
/// an id as the sender's may look it up as the receiver's.
#[must_use]
pub fn map_call_ids(message: &Message, mut map: impl FnMut(Owner, u16) -> u16) -> Message {
    let mut message = *message;
    match &mut message {
        Message::OutgoingCallRequest(request) => request.call_id = map(Owner::Sender, request.call_id),
        Message::IncomingCallRequest(request) => request.call_id = map(Owner::Sender, request.call_id),
        Message::OutgoingCallReply(reply) => {
            // A refused call has no id of the sender's, so there is nothing to translate.
            if reply.result_code == OutgoingCallResult::CONNECTED {
                reply.call_id = map(Owner::Sender, reply.call_id);
            }
            reply.peer_call_id = map(Owner::Receiver, reply.peer_call_id);
        }
        Message::IncomingCallReply(reply) => {
            if reply.result_code == IncomingCallResult::CONNECT {
                reply.call_id = map(Owner::Sender, reply.call_id);
            }
            reply.peer_call_id = map(Owner::Receiver, reply.peer_call_id);
        }
        Message::IncomingCallConnected(connected) => {
            connected.peer_call_id = map(Owner::Receiver, connected.peer_call_id);
        }
        // Section 2.12: this is the id that the PNS, its sender, gave the call.
        Message::CallClearRequest(request) => request.call_id = map(Owner::Sender, request.call_id),
        // Section 2.13: this is the id that the PAC, its sender, gave the call.
        Message::CallDisconnectNotify(notify) => notify.call_id = map(Owner::Sender, notify.call_id),
        Message::WanErrorNotify(notify) => notify.peer_call_id = map(Owner::Receiver, notify.peer_call_id),
        Message::SetLinkInfo(info) => info.peer_call_id = map(Owner::Receiver, info.peer_call_id),
        Message::StartControlConnectionRequest(_)
        | Message::StartControlConnectionReply(_)
        | Message::StopControlConnectionRequest(_)
        | Message::StopControlConnectionReply(_)
        | Message::EchoRequest(_)
        | Message::EchoReply(_)
        | Message::Unknown(_) => {}
    }
    message
}

/// Returns which GRE packets to expect, or not to expect any more, because of this message (RFC
/// 2637 sections 2.8 and 2.10).
///
/// A flow of an incoming call begins with Incoming-Call-Reply: the PAC may send as soon as it has answered. When the TCP
/// connection ends, all flows end too.
#[must_use]
pub fn flow(message: &Message) -> Option<Flow> {
    let (connected, to_sender, to_receiver) = match message {
        Message::OutgoingCallReply(reply) => {
            (reply.result_code == OutgoingCallResult::CONNECTED, reply.call_id, reply.peer_call_id)
        }
        Message::IncomingCallReply(reply) => {
            (reply.result_code == IncomingCallResult::CONNECT, reply.call_id, reply.peer_call_id)
        }
        Message::CallDisconnectNotify(notify) => return Some(Flow::Ends { sender_id: notify.call_id }),
        Message::StopControlConnectionReply(_) => return Some(Flow::EndsAll),
        Message::StartControlConnectionRequest(_)
        | Message::StartControlConnectionReply(_)
        | Message::StopControlConnectionRequest(_)
        | Message::EchoRequest(_)
        | Message::EchoReply(_)
        | Message::OutgoingCallRequest(_)
        | Message::IncomingCallRequest(_)
        | Message::IncomingCallConnected(_)
        | Message::CallClearRequest(_)
        | Message::WanErrorNotify(_)
        | Message::SetLinkInfo(_)
        | Message::Unknown(_) => return None,
    };
    Some(if connected { Flow::Begins { to_sender, to_receiver } } else { Flow::Refused { receiver_id: to_receiver } })
}
