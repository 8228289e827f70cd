//! Settings that few configurations use, and whose fault the end of something is.

use pptp_wire::Text;
use pptp_wire::code::{
    Bearer, CauseCode, DisconnectResult, Framing, GeneralError, IncomingCallResult, OutgoingCallResult, StartResult,
};
use pptp_wire::connection::{CallCloseReason, CloseReason, Fault, Identity, Quirks};
use pptp_wire::message::IncomingCallRequest;
use pptp_wire::{DecodeError, Message};

use crate::bench::{Bench, config, start_reply};

#[test]
fn section_2_1_the_identity_that_is_set_last_is_sent() {
    let identity = Identity::new(Text::new("gate").unwrap(), Text::new("ours").unwrap());
    let mut bench = Bench::new(pptp_wire::connection::Connection::originator(
        config().with_identity(identity.with_framing(Framing::SYNCHRONOUS).with_bearer(Bearer::DIGITAL)),
        [7; 32],
    ));
    bench.machine.open(bench.now).unwrap();
    let Message::StartControlConnectionRequest(request) = bench.message() else { panic!("not a start") };
    assert_eq!((request.host_name.as_bytes(), request.vendor_name.as_bytes()), (&b"gate"[..], &b"ours"[..]));
    let capabilities = (request.framing_capabilities, request.bearer_capabilities);
    assert_eq!(capabilities, (Framing::SYNCHRONOUS, Bearer::DIGITAL));
    assert_eq!(Identity::ORCKIT.maximum_channels(), 0);
}

/// Other routers stop passing PPTP after the message that Orckit's modems wait for.
#[test]
fn link_info_after_the_reply_is_for_those_who_ask_for_it() {
    assert_eq!(Quirks::default(), Quirks::new());
    for sends in [true, false] {
        let quirks = Quirks::ORCKIT.with_link_info_after_reply(sends);
        let mut bench = Bench::originator(config().with_quirks(quirks));
        bench.receive(start_reply());
        bench.clear();
        bench.connected();
        assert_eq!(bench.sent_names().len(), usize::from(sends));
    }
}

#[test]
fn section_2_9_an_announced_call_has_the_dialed_number_and_its_length() {
    let number = Text::new("0301234").unwrap();
    let request = IncomingCallRequest::new(7, 8, Bearer::ANALOG).with_dialed_number(number);
    assert_eq!((request.dialed_number_length, request.dialed_number), (7, number));
    assert_eq!(request.dialing_number, Text::default());
    let mut bench = Bench::established();
    let call = bench.requested(request);
    let view = bench.machine.call(call).unwrap();
    assert_eq!(view.request(), &pptp_wire::connection::CallRequest::Incoming(request));
}

#[test]
fn section_3_1_each_end_of_a_connection_has_its_fault() {
    let stream = {
        let mut stream = pptp_wire::Reassembler::new();
        stream.next_message(&mut &b"GET / HTTP/1.1\r\n"[..]).unwrap_err()
    };
    assert!(matches!(stream.error, DecodeError::Length { .. }));
    let reasons = [
        (CloseReason::Local, Fault::Nobody),
        (CloseReason::NotAccepted { result: StartResult::NOT_AUTHORIZED }, Fault::Local),
        (CloseReason::Stream(stream), Fault::Peer),
        (CloseReason::StopTimeout, Fault::Network),
        (CloseReason::Cut, Fault::Network),
        (CloseReason::CollisionLost, Fault::Nobody),
    ];
    for (reason, fault) in reasons {
        assert_eq!(reason.fault(), fault, "{reason}");
    }
}

/// A general error and a cause of Q.931 are in the text where there are some.
#[test]
fn section_3_2_each_end_of_a_call_has_its_fault_and_text() {
    let (none, cause) = (GeneralError::NONE, CauseCode::USER_BUSY);
    let disconnected = |result| CallCloseReason::Disconnected { result, error: none, cause: CauseCode::new(0) };
    let outgoing = |result, error, cause| CallCloseReason::OutgoingRefused { result, error, cause };
    let incoming = CallCloseReason::IncomingRefused { result: IncomingCallResult::new(2), error: none };
    let reasons = [
        (CallCloseReason::Local, Fault::Nobody, "the call was ended by this side"),
        (CallCloseReason::PeerCleared, Fault::Nobody, "the peer wanted the call ended"),
        (CallCloseReason::NotAnswered, Fault::Local, "this side has not answered the call in time"),
        (disconnected(DisconnectResult::REQUEST), Fault::Nobody, "the peer has ended the call: "),
        (disconnected(DisconnectResult::ADMIN_SHUTDOWN), Fault::Nobody, "the peer has ended the call: "),
        (disconnected(DisconnectResult::LOST_CARRIER), Fault::Peer, "the peer has ended the call: "),
        (outgoing(OutgoingCallResult::BUSY, none, cause), Fault::Peer, "the peer does not place the call: "),
        (incoming, Fault::Peer, "the peer does not want the call: "),
        (
            CallCloseReason::ConnectionClosed { fault: Fault::Network },
            Fault::Network,
            "the control connection is closed",
        ),
    ];
    for (reason, fault, text) in reasons {
        assert_eq!(reason.fault(), fault, "{reason}");
        assert!(reason.to_string().starts_with(text), "{reason}");
    }
    let refused = outgoing(OutgoingCallResult::GENERAL_ERROR, GeneralError::NO_RESOURCE, cause).to_string();
    assert!(refused.ends_with(&format!(", error {}, cause {cause}", GeneralError::NO_RESOURCE)), "{refused}");
}
