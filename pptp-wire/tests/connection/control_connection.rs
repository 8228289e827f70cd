//! RFC 2637 sections 3.1.1 and 3.1.2: each arrow of the two diagrams, and what is said in the text.

use pptp_wire::code::{
    EchoResult, Framing, GeneralError, IncomingCallResult, OutgoingCallResult, ProtocolVersion, StartResult,
    StopReason, StopResult,
};
use pptp_wire::connection::{
    CallCloseReason, CloseReason, CommandError, Config, Connection, Event, Fault, Identity, Quirks, State,
};
use pptp_wire::message::{
    EchoReply, EchoRequest, IncomingCallReply, OutgoingCallReply, StartControlConnectionReply,
    StartControlConnectionRequest, StopControlConnectionReply, StopControlConnectionRequest,
};
use pptp_wire::{DecodeError, Message, Text};

use crate::bench::{Bench, ENTROPY, config, incoming_request, outgoing_request, secs, start_reply, start_request};

#[test]
fn section_3_1_1_idle_tcp_open_sends_the_request() {
    let mut bench = Bench::new(Connection::originator(config(), ENTROPY));
    assert_eq!((bench.machine.state(), bench.machine.poll_timeout()), (State::Idle, None));
    bench.machine.open(bench.now).unwrap();
    assert_eq!(bench.machine.state(), State::WaitCtlReply);
    let Message::StartControlConnectionRequest(request) = bench.message() else { panic!("another message") };
    assert_eq!(request.host_name.as_bytes(), b"local");
    assert_eq!(request.vendor_name.as_bytes(), b"cananian");
    assert_eq!(request.protocol_version, ProtocolVersion::V1_0);
    assert_eq!((request.maximum_channels, request.firmware_revision), (65535, 1));
    assert_eq!(bench.machine.open(bench.now), Err(CommandError::State { state: State::WaitCtlReply }));
}

#[test]
fn section_3_1_1_wait_ctl_reply_version_ok_establishes() {
    let mut bench = Bench::originator(config());
    assert_eq!(bench.machine.peer(), None);
    bench.receive(start_reply());
    assert_eq!(bench.event(), Event::Established);
    assert_eq!(bench.machine.state(), State::Established);
    assert_eq!(bench.machine.peer().unwrap().host_name().as_bytes(), b"peer");
    assert_eq!(bench.sent(), []);
}

#[test]
fn section_3_1_1_wait_ctl_reply_version_not_ok_stops() {
    for version in [0x0000, 0x00ff, 0x0101, 0x0200] {
        let version = ProtocolVersion::new(version);
        let mut bench = Bench::originator(config());
        bench.receive(StartControlConnectionReply { protocol_version: version, ..start_reply() });
        assert_eq!(bench.machine.state(), State::WaitStopReply);
        assert_eq!(bench.message(), StopControlConnectionRequest::new(StopReason::STOP_PROTOCOL).into());
        assert_eq!(bench.events(), []);
        bench.receive(StopControlConnectionReply::new(StopResult::OK));
        assert_eq!(bench.event(), Event::Closed { reason: CloseReason::Version { version } });
        assert_eq!(bench.machine.state(), State::Closed);
        assert_eq!(bench.sent(), []);
    }
}

#[test]
fn section_2_2_a_reply_that_refuses_ends_it() {
    for (result, error) in [(2, 4), (3, 0), (4, 0), (5, 0), (77, 1)] {
        let (result, error) = (StartResult::new(result), GeneralError::new(error));
        let mut bench = Bench::originator(config());
        bench.receive(StartControlConnectionReply { result_code: result, error_code: error, ..start_reply() });
        let reason = CloseReason::Refused { result, error };
        assert_eq!(bench.event(), Event::Closed { reason });
        assert_eq!(reason.fault(), Fault::Peer);
        assert_eq!(bench.sent(), []);
    }
}

#[test]
fn section_2_2_result_zero_is_a_quirk() {
    let zero = StartControlConnectionReply { result_code: StartResult::new(0), ..start_reply() };
    let mut bench = Bench::originator(config());
    bench.receive(zero);
    assert_eq!(bench.event(), Event::Established);
    let mut bench = Bench::originator(config().with_quirks(Quirks::new().with_start_result_zero(false)));
    bench.receive(zero);
    assert!(matches!(bench.event(), Event::Closed { reason: CloseReason::Refused { .. } }));
}

#[test]
fn section_3_1_1_established_local_terminate_sends_the_request() {
    let mut bench = Bench::established();
    bench.machine.close(bench.now, StopReason::STOP_LOCAL_SHUTDOWN);
    assert_eq!(bench.machine.state(), State::WaitStopReply);
    assert_eq!(bench.message(), StopControlConnectionRequest::new(StopReason::STOP_LOCAL_SHUTDOWN).into());
    assert_eq!(bench.events(), []);
    // Once is enough.
    bench.machine.close(bench.now, StopReason::NONE);
    assert_eq!(bench.sent(), []);
}

#[test]
fn section_3_1_1_established_stop_request_is_answered() {
    let mut bench = Bench::established();
    // accel-ppp's reason.
    bench.receive(StopControlConnectionRequest::new(StopReason::new(0)));
    assert_eq!(bench.event(), Event::Closed { reason: CloseReason::PeerStopped { reason: StopReason::new(0) } });
    assert_eq!(bench.message(), StopControlConnectionReply::new(StopResult::OK).into());
    assert_eq!(bench.machine.state(), State::Closed);
}

#[test]
fn section_3_1_1_wait_stop_reply_ends_with_the_reply() {
    let mut bench = Bench::established();
    bench.machine.close(bench.now, StopReason::NONE);
    bench.receive(StopControlConnectionReply::new(StopResult::OK));
    assert_eq!(bench.event(), Event::Closed { reason: CloseReason::Local });
}

#[test]
fn section_3_1_1_wait_stop_reply_crossing_requests_are_answered() {
    let mut bench = Bench::established();
    bench.machine.close(bench.now, StopReason::NONE);
    assert_eq!(bench.sent_names(), ["Stop-Control-Connection-Request"]);
    bench.receive(StopControlConnectionRequest::new(StopReason::NONE));
    assert_eq!(bench.sent_names(), ["Stop-Control-Connection-Reply"]);
    assert_eq!(bench.event(), Event::Closed { reason: CloseReason::Local });
}

#[test]
fn section_3_wait_stop_reply_does_not_wait_for_ever() {
    let mut bench = Bench::established();
    bench.machine.close(bench.now, StopReason::NONE);
    assert_eq!(bench.machine.poll_timeout(), Some(bench.now + secs(60)));
    bench.pass(secs(60));
    assert_eq!(bench.event(), Event::Closed { reason: CloseReason::StopTimeout });
    // A peer that answers by closing TCP.
    let mut bench = Bench::established();
    bench.machine.close(bench.now, StopReason::NONE);
    bench.machine.handle_disconnect(bench.now);
    assert_eq!(bench.event(), Event::Closed { reason: CloseReason::Local });
}

/// pptp-linux clears its call after it has answered the stop (recorded with accel-ppp).
#[test]
fn section_3_1_1_wait_stop_reply_ignores_what_is_about_calls() {
    let mut bench = Bench::established();
    let call = bench.requested(outgoing_request());
    bench.machine.close(bench.now, StopReason::NONE);
    assert_eq!(
        bench.event(),
        Event::CallClosed { call, reason: CallCloseReason::ConnectionClosed { fault: Fault::Nobody } }
    );
    assert_eq!(bench.sent_names(), ["Stop-Control-Connection-Request"]);
    bench.receive(pptp_wire::message::CallClearRequest::new(crate::bench::PEERS));
    bench.receive(outgoing_request());
    bench.receive(start_request());
    assert_eq!((bench.sent(), bench.events()), (vec![], vec![]));
    bench.receive(EchoRequest::new(5));
    assert_eq!(bench.message(), EchoReply::new(5, EchoResult::OK).into());
    bench.receive(StopControlConnectionReply::new(StopResult::OK));
    assert_eq!(bench.event(), Event::Closed { reason: CloseReason::Local });
    // And after the end, whatever it is.
    bench.receive(outgoing_request());
    assert_eq!(bench.machine.handle_stream(bench.now, b"rubbish"), 7);
    bench.machine.handle_disconnect(bench.now);
    assert_eq!((bench.sent(), bench.events()), (vec![], vec![]));
}

#[test]
fn section_3_1_2_idle_version_ok_establishes() {
    // The same version, and greater ones: they get ours.
    for version in [0x0100, 0x0101, 0xffff] {
        let mut bench = Bench::receiver(config());
        bench.receive(StartControlConnectionRequest {
            protocol_version: ProtocolVersion::new(version),
            ..start_request()
        });
        assert_eq!(bench.event(), Event::Established);
        assert_eq!(bench.machine.state(), State::Established);
        let Message::StartControlConnectionReply(reply) = bench.message() else { panic!("another message") };
        assert_eq!(reply.protocol_version, ProtocolVersion::V1_0);
        assert_eq!((reply.result_code, reply.error_code), (StartResult::SUCCESSFUL, GeneralError::NONE));
        assert_eq!(bench.machine.peer().unwrap().host_name().as_bytes(), b"peer");
    }
}

#[test]
fn section_3_1_2_idle_version_not_ok_is_answered_with_an_error() {
    let version = ProtocolVersion::new(0x00ff);
    let mut bench = Bench::receiver(config());
    bench.receive(StartControlConnectionRequest { protocol_version: version, ..start_request() });
    let Message::StartControlConnectionReply(reply) = bench.message() else { panic!("another message") };
    assert_eq!(reply.result_code, StartResult::VERSION_NOT_SUPPORTED);
    assert_eq!(bench.event(), Event::Closed { reason: CloseReason::Version { version } });
}

/// The diagram has a stop reply and a closed connection here, where the text says nothing; section 2.2 has a result
/// code for it, which costs nobody the calls.
#[test]
fn section_3_1_2_established_second_start_request_is_refused() {
    let mut bench = Bench::receiver(config());
    bench.receive(start_request());
    assert_eq!(bench.sent_names(), ["Start-Control-Connection-Reply"]);
    assert_eq!(bench.event(), Event::Established);
    bench.receive(start_request());
    let Message::StartControlConnectionReply(reply) = bench.message() else { panic!("another message") };
    assert_eq!(reply.result_code, StartResult::ALREADY_EXISTS);
    assert!(matches!(bench.event(), Event::Unexpected { .. }));
    assert_eq!(bench.machine.state(), State::Established);
}

#[test]
fn section_3_1_2_established_stop_in_both_directions() {
    let mut bench = Bench::receiver(config());
    bench.receive(start_request());
    bench.sent();
    bench.events();
    bench.machine.close(bench.now, StopReason::NONE);
    assert_eq!(bench.sent_names(), ["Stop-Control-Connection-Request"]);
    assert_eq!(bench.machine.state(), State::WaitStopReply);
    bench.receive(StopControlConnectionReply::new(StopResult::GENERAL_ERROR));
    assert_eq!(bench.event(), Event::Closed { reason: CloseReason::Local });
}

#[test]
fn section_3_1_2_the_user_may_decide() {
    let manual = config().with_manual_start(true);
    let mut bench = Bench::receiver(manual);
    assert_eq!(bench.machine.accept_start(bench.now), Err(CommandError::State { state: State::Idle }));
    bench.receive(start_request());
    assert_eq!(bench.event(), Event::StartRequested);
    assert_eq!(bench.machine.state(), State::Idle);
    assert_eq!(bench.machine.peer().unwrap().framing(), Framing::ANY);
    assert_eq!(bench.sent(), []);
    bench.machine.accept_start(bench.now).unwrap();
    assert_eq!(bench.sent_names(), ["Start-Control-Connection-Reply"]);
    assert_eq!(bench.event(), Event::Established);

    for (asked, told) in [(4, 4), (2, 2), (1, 2), (0, 2)] {
        let mut bench = Bench::receiver(manual);
        bench.receive(start_request());
        assert_eq!(bench.event(), Event::StartRequested);
        bench.machine.refuse_start(bench.now, StartResult::new(asked), GeneralError::NO_RESOURCE).unwrap();
        let result = StartResult::new(told);
        let Message::StartControlConnectionReply(reply) = bench.message() else { panic!("another message") };
        assert_eq!((reply.result_code, reply.error_code), (result, GeneralError::NO_RESOURCE));
        assert_eq!(bench.event(), Event::Closed { reason: CloseReason::NotAccepted { result } });
    }
    // A connection that waits for the user does not wait forever.
    let mut bench = Bench::receiver(manual);
    bench.receive(start_request());
    bench.events();
    bench.pass(secs(60));
    assert_eq!(bench.event(), Event::Closed { reason: CloseReason::StartTimeout });
    assert!(bench.machine.accept_start(bench.now).is_err());
}

#[test]
fn section_3_1_4_who_does_not_start_in_time_is_closed() {
    for originator in [true, false] {
        let mut bench = if originator { Bench::originator(config()) } else { Bench::receiver(config()) };
        assert_eq!(bench.machine.state(), if originator { State::WaitCtlReply } else { State::Idle });
        bench.pass(secs(59));
        assert_eq!(bench.events(), []);
        // Other messages do not count.
        bench.receive(EchoRequest::new(1));
        bench.sent();
        bench.pass(secs(1));
        assert_eq!(bench.event(), Event::Closed { reason: CloseReason::StartTimeout });
        assert_eq!(bench.sent(), []);
        assert_eq!(bench.machine.poll_timeout(), None);
    }
}

#[test]
fn section_2_16_requests_before_the_start_are_answered_with_not_connected() {
    for mut bench in [Bench::originator(config()), Bench::receiver(config())] {
        let error = GeneralError::NOT_CONNECTED;
        bench.receive(outgoing_request());
        let refused = OutgoingCallReply::refused(crate::bench::PEERS, OutgoingCallResult::GENERAL_ERROR, error);
        assert_eq!(bench.message(), refused.into());
        bench.receive(incoming_request());
        let refused = IncomingCallReply::refused(crate::bench::PEERS, IncomingCallResult::GENERAL_ERROR, error);
        assert_eq!(bench.message(), refused.into());
        bench.receive(EchoRequest::new(3));
        let refused = EchoReply { error_code: error, ..EchoReply::new(3, EchoResult::GENERAL_ERROR) };
        assert_eq!(bench.message(), refused.into());
        assert!(bench.events().iter().all(|event| matches!(event, Event::Unexpected { .. })));
        bench.receive(StopControlConnectionRequest::new(StopReason::NONE));
        assert_eq!(bench.sent_names(), ["Stop-Control-Connection-Reply"]);
    }
}

#[test]
fn section_3_a_malformed_message_closes_the_connection() {
    let mut bench = Bench::established();
    let call = bench.connected();
    assert_eq!(bench.machine.handle_stream(bench.now, b"GET / HTTP/1.1\r\n"), 16);
    let events = bench.events();
    let [Event::CallClosed { call: closed, reason }, Event::Closed { reason: CloseReason::Stream(error) }] = events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((closed, reason), (call, CallCloseReason::ConnectionClosed { fault: Fault::Peer }));
    assert_eq!((error.offset, error.error), (188, DecodeError::Length { found: 18245, minimum: 8 }));
    assert_eq!(bench.sent(), []);
}

#[test]
fn section_3_the_tcp_connection_can_close_at_any_time() {
    for state in 0..4 {
        let mut bench = match state {
            0 => Bench::originator(config()),
            1 => Bench::receiver(config()),
            _ => Bench::established(),
        };
        let mut expected = vec![];
        if state == 3 {
            let call = bench.connected();
            let reason = CallCloseReason::ConnectionClosed { fault: Fault::Network };
            assert_eq!(reason.fault(), Fault::Network);
            expected.push(Event::CallClosed { call, reason });
        }
        bench.machine.handle_disconnect(bench.now);
        expected.push(Event::Closed { reason: CloseReason::Disconnected });
        assert_eq!(bench.events(), expected);
        bench.machine.handle_disconnect(bench.now);
        assert_eq!((bench.events(), bench.machine.poll_timeout()), (vec![], None));
    }
    // Within a message.
    let mut bench = Bench::established();
    assert_eq!(bench.machine.handle_stream(bench.now, b"\x00\x10\x00"), 3);
    bench.machine.handle_disconnect(bench.now);
    assert_eq!(bench.event(), Event::Closed { reason: CloseReason::Cut });
}

#[test]
fn section_1_4_unknown_messages_are_told_and_ignored() {
    let mut bench = Bench::established();
    let control = b"\x00\x0e\x00\x01\x1a\x2b\x3c\x4d\x00\x10\x00\x00\xab\xcd";
    assert_eq!(bench.machine.handle_stream(bench.now, control), 14);
    let unknown = Some(pptp_wire::code::ControlMessageType::new(16));
    assert_eq!(bench.event(), Event::Unexpected { control_message_type: unknown });
    assert_eq!(bench.machine.handle_stream(bench.now, b"\x00\x08\x00\x02\x1a\x2b\x3c\x4d"), 8);
    assert_eq!(bench.event(), Event::Unexpected { control_message_type: None });
    assert_eq!((bench.sent(), bench.machine.state()), (vec![], State::Established));
}

#[test]
fn before_the_start_a_close_needs_no_message() {
    let makes: [fn() -> Bench; 5] = [
        || Bench::originator(config()),
        || Bench::receiver(config()),
        || {
            let mut unsent = Bench::new(Connection::originator(config(), ENTROPY));
            unsent.machine.open(unsent.now).unwrap();
            unsent
        },
        || Bench::new(Connection::originator(config(), ENTROPY)),
        || Bench::new(Connection::receiver(config(), ENTROPY)),
    ];
    for make in makes {
        let mut bench = make();
        bench.machine.close(bench.now, StopReason::NONE);
        assert_eq!(bench.event(), Event::Closed { reason: CloseReason::Local });
        assert_eq!(bench.sent(), []);
        assert!(bench.machine.open(bench.now).is_err());
        assert_eq!(bench.machine.handle_stream(bench.now, b"late"), 4);
    }
}

#[test]
fn before_open_there_is_no_stream() {
    let mut bench = Bench::new(Connection::receiver(Config::new(Identity::PPTPD), ENTROPY));
    let request = Message::from(start_request());
    let mut buf = [0; Message::MAX_LEN];
    let bytes = request.encode(&mut buf).unwrap();
    assert_eq!(bench.machine.handle_stream(bench.now, bytes), 0);
    bench.machine.handle_disconnect(bench.now);
    assert_eq!(bench.events(), []);
    bench.machine.open(bench.now).unwrap();
    assert_eq!(bench.machine.handle_stream(bench.now, bytes), 156);
    assert_eq!(bench.event(), Event::Established);
    let Message::StartControlConnectionReply(reply) = bench.message() else { panic!("another message") };
    let pptpd = StartControlConnectionReply {
        framing_capabilities: Framing::NONE,
        bearer_capabilities: pptp_wire::code::Bearer::NONE,
        maximum_channels: 1,
        firmware_revision: 1,
        ..StartControlConnectionReply::new(
            StartResult::SUCCESSFUL,
            Text::new("local").unwrap(),
            Text::new("linux").unwrap(),
        )
    };
    assert_eq!(reply, pptpd);
}
