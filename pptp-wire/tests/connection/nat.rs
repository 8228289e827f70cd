//! Call ids seen by a NAT.

use pptp_wire::Message;
use pptp_wire::code::{Accm, Bearer, DisconnectResult, Framing, GeneralError, IncomingCallResult, OutgoingCallResult};
use pptp_wire::message::{
    CallClearRequest, CallDisconnectNotify, EchoRequest, IncomingCallConnected, IncomingCallReply, IncomingCallRequest,
    OutgoingCallReply, OutgoingCallRequest, SetLinkInfo, StopControlConnectionReply, WanErrorNotify,
};
use pptp_wire::nat::{Flow, Owner, flow, map_call_ids};

/// Returns the same message with the sender's and the receiver's ids.
fn messages(sender: u16, receiver: u16) -> [Message; 12] {
    let (busy, error) = (OutgoingCallResult::BUSY, GeneralError::NONE);
    [
        OutgoingCallRequest::new(sender, 5).into(),
        OutgoingCallReply::new(sender, receiver, 5).into(),
        OutgoingCallReply::refused(receiver, busy, error).into(),
        IncomingCallRequest::new(sender, 5, Bearer::ANALOG).into(),
        IncomingCallReply::new(sender, receiver).into(),
        IncomingCallReply::refused(receiver, IncomingCallResult::DO_NOT_ACCEPT, error).into(),
        IncomingCallConnected::new(receiver, 5, Framing::ANY).into(),
        CallClearRequest::new(sender).into(),
        CallDisconnectNotify::new(sender, DisconnectResult::REQUEST).into(),
        WanErrorNotify::new(receiver).into(),
        SetLinkInfo::new(receiver, Accm::ALL, Accm::ALL).into(),
        EchoRequest::new(1).into(),
    ]
}

#[test]
fn each_id_is_mapped_by_its_owner() {
    for (before, after) in messages(1, 2).iter().zip(messages(1001, 502)) {
        let mapped = map_call_ids(before, |owner, id| match owner {
            Owner::Sender => id + 1000,
            Owner::Receiver => id + 500,
        });
        assert_eq!(mapped, after);
        assert_eq!(mapped.len(), before.len());
        assert_eq!(map_call_ids(before, |_, id| id), *before);
    }
}

#[test]
fn flows_follow_from_replies() {
    let begins = Some(Flow::Begins { to_sender: 1, to_receiver: 2 });
    let refused = Some(Flow::Refused { receiver_id: 2 });
    let ends = Some(Flow::Ends { sender_id: 1 });
    let expected = [None, begins, refused, None, begins, refused, None, None, ends, None, None, None];
    assert_eq!(messages(1, 2).map(|message| flow(&message)), expected);
    let stopped = StopControlConnectionReply::new(pptp_wire::code::StopResult::OK);
    assert_eq!(flow(&stopped.into()), Some(Flow::EndsAll));
}
