//! RFC 2637 section 3.2.3: each arrow of the two diagrams, and what crosses on the wire.

use core::time::Duration;

use pptp_wire::Message;
use pptp_wire::code::{
    CauseCode, ControlMessageType, DisconnectResult, Framing, GeneralError, IncomingCallResult, StopReason,
};
use pptp_wire::connection::{
    Answer, CallCloseReason, CallId, CallRequest, CallState, CommandError, Config, Disconnect, Event, Fault, Identity,
    Refusal, Role, State,
};
use pptp_wire::message::{
    CallClearRequest, CallDisconnectNotify, IncomingCallConnected, IncomingCallReply, OutgoingCallReply,
    StopControlConnectionRequest,
};

use crate::bench::{Bench, PEERS, incoming_request, secs};

const LOCAL: CallCloseReason = CallCloseReason::Local;

fn announced(bench: &mut Bench) -> CallId {
    let answer = Answer::new().with_connect_speed(64_000).with_framing(Framing::SYNCHRONOUS).with_window(8);
    let call = bench.machine.announce_call(bench.now, incoming_request(), answer).unwrap();
    assert_eq!(bench.sent_names(), ["Incoming-Call-Request"]);
    call
}

fn state(bench: &Bench, call: CallId) -> CallState {
    bench.machine.call(call).unwrap().state()
}

#[test]
fn section_3_2_3_1_pac_idle_ring_sends_the_request() {
    let mut bench = Bench::established();
    let call = bench.machine.announce_call(bench.now, incoming_request(), Answer::default()).unwrap();
    let Message::IncomingCallRequest(request) = bench.message() else { panic!() };
    assert_eq!(request.call_id, call.get());
    assert_eq!(request.dialing_number.as_bytes(), b"0301234");
    assert_eq!(state(&bench, call), CallState::WaitReply);
    let view = bench.machine.call(call).unwrap();
    assert_eq!((view.role(), view.request()), (Role::Pac, &CallRequest::Incoming(request)));
}

#[test]
fn section_3_2_3_1_pac_wait_reply_an_accepting_reply_connects() {
    let mut bench = Bench::established();
    let call = announced(&mut bench);
    bench.receive(IncomingCallReply { packet_transmit_delay: 4, ..IncomingCallReply::new(PEERS, call.get()) });
    let connected = IncomingCallConnected {
        packet_receive_window_size: 8,
        ..IncomingCallConnected::new(PEERS, 64_000, Framing::SYNCHRONOUS)
    };
    assert_eq!(bench.message(), connected.into());
    let Event::CallConnected { call: up, peer_call_id, parameters } = bench.event() else { panic!() };
    assert_eq!((up, peer_call_id, parameters.peer_window), (call, PEERS, 64));
    assert_eq!((parameters.peer_delay, parameters.connect_speed), (Duration::from_millis(400), 64_000));
    assert_eq!(state(&bench, call), CallState::Established);
}

#[test]
fn section_3_2_3_1_pac_wait_reply_a_reply_that_does_not_accept_ends_it() {
    for result in [0, 2, 3, 4] {
        let (result, error) = (IncomingCallResult::new(result), GeneralError::NO_RESOURCE);
        let mut bench = Bench::established();
        let call = announced(&mut bench);
        bench.receive(IncomingCallReply::refused(call.get(), result, error));
        let reason = CallCloseReason::IncomingRefused { result, error };
        assert_eq!(bench.event(), Event::CallClosed { call, reason });
        assert_eq!(bench.sent(), []);
    }
}

#[test]
fn section_3_2_3_1_pac_wait_reply_abort_notifies() {
    let mut bench = Bench::established();
    let call = announced(&mut bench);
    bench.machine.clear_call(bench.now, call, Disconnect::LOST_CARRIER).unwrap();
    assert_eq!(bench.message(), CallDisconnectNotify::new(call.get(), DisconnectResult::LOST_CARRIER).into());
    assert_eq!(bench.event(), Event::CallClosed { call, reason: LOCAL });
    // It has crossed the reply.
    bench.receive(IncomingCallReply::new(PEERS, call.get()));
    assert_eq!(bench.sent(), []);
    assert!(matches!(bench.event(), Event::Unexpected { .. }));
}

#[test]
fn section_3_2_3_1_pac_wait_reply_time_runs_out_for_the_connection() {
    let mut bench = Bench::established();
    let call = announced(&mut bench);
    bench.pass(secs(60));
    assert!(bench.sent().contains(&StopControlConnectionRequest::new(StopReason::NONE).into()));
    assert_eq!(
        bench.event(),
        Event::CallClosed { call, reason: CallCloseReason::ConnectionClosed { fault: Fault::Peer } }
    );
    assert_eq!(bench.machine.state(), State::WaitStopReply);
}

#[test]
fn section_3_2_3_1_pac_established_a_clear_request_is_answered() {
    let mut bench = Bench::established();
    let call = announced(&mut bench);
    bench.receive(IncomingCallReply::new(PEERS, call.get()));
    bench.clear();
    bench.receive(CallClearRequest::new(PEERS));
    assert_eq!(bench.message(), CallDisconnectNotify::new(call.get(), DisconnectResult::REQUEST).into());
    assert_eq!(bench.event(), Event::CallClosed { call, reason: CallCloseReason::PeerCleared });
}

#[test]
fn section_3_2_3_1_pac_established_local_disconnect_notifies() {
    let mut bench = Bench::established();
    let call = announced(&mut bench);
    bench.receive(IncomingCallReply::new(PEERS, call.get()));
    bench.clear();
    let hung_up = Disconnect::LOST_CARRIER.with_cause(CauseCode::NORMAL_CALL_CLEARING);
    bench.machine.clear_call(bench.now, call, hung_up).unwrap();
    let Message::CallDisconnectNotify(notify) = bench.message() else { panic!() };
    assert_eq!((notify.call_id, notify.cause_code), (call.get(), CauseCode::NORMAL_CALL_CLEARING));
    assert_eq!(bench.event(), Event::CallClosed { call, reason: LOCAL });
}

#[test]
fn section_3_2_3_2_pns_idle_a_request_is_told() {
    let mut bench = Bench::established();
    let call = bench.requested(incoming_request());
    let view = bench.machine.call(call).unwrap();
    assert_eq!((view.role(), view.state(), view.peer_call_id()), (Role::Pns, CallState::Idle, Some(PEERS)));
    assert_eq!(view.request(), &CallRequest::Incoming(incoming_request()));
    assert_eq!(view.request().call_serial_number(), 78);
}

#[test]
fn section_3_2_3_2_pns_idle_a_request_that_is_not_accepted() {
    for (refusal, result, error) in [
        (Refusal::DO_NOT_ACCEPT, 3, 0),
        (Refusal::BUSY.with_cause(CauseCode::USER_BUSY), 3, 0),
        (Refusal::general_error(GeneralError::NO_RESOURCE), 2, 4),
    ] {
        let mut bench = Bench::established();
        let call = bench.requested(incoming_request());
        bench.machine.refuse_call(bench.now, call, refusal).unwrap();
        let (result, error) = (IncomingCallResult::new(result), GeneralError::new(error));
        assert_eq!(bench.message(), IncomingCallReply::refused(PEERS, result, error).into());
        assert_eq!(bench.event(), Event::CallClosed { call, reason: LOCAL });
    }
    // Not wanted at all.
    let mut bench = Bench::established_with(Config::new(Identity::WINDOWS));
    bench.receive(incoming_request());
    let (result, error) = (IncomingCallResult::DO_NOT_ACCEPT, GeneralError::NONE);
    assert_eq!(bench.message(), IncomingCallReply::refused(PEERS, result, error).into());
    let control_message_type = Some(ControlMessageType::INCOMING_CALL_REQUEST);
    assert_eq!(bench.event(), Event::Unexpected { control_message_type });
}

#[test]
fn section_3_2_3_2_pns_idle_time_runs_out() {
    let mut bench = Bench::established();
    let call = bench.requested(incoming_request());
    bench.pass(secs(29));
    assert_eq!(bench.events(), []);
    bench.pass(secs(1));
    let refused = IncomingCallReply::refused(PEERS, IncomingCallResult::DO_NOT_ACCEPT, GeneralError::NONE);
    assert_eq!(bench.message(), refused.into());
    assert_eq!(bench.event(), Event::CallClosed { call, reason: CallCloseReason::NotAnswered });
    assert_eq!(bench.machine.state(), State::Established);
}

#[test]
fn section_3_2_3_2_pns_idle_to_clear_is_to_refuse() {
    let mut bench = Bench::established();
    let call = bench.requested(incoming_request());
    bench.machine.clear_call(bench.now, call, Disconnect::ADMIN_SHUTDOWN).unwrap();
    let refused = IncomingCallReply::refused(PEERS, IncomingCallResult::DO_NOT_ACCEPT, GeneralError::NONE);
    assert_eq!(bench.message(), refused.into());
    assert_eq!(bench.event(), Event::CallClosed { call, reason: LOCAL });
}

#[test]
fn section_3_2_3_2_pns_idle_the_caller_hangs_up() {
    let mut bench = Bench::established();
    let call = bench.requested(incoming_request());
    bench.receive(CallDisconnectNotify::new(PEERS, DisconnectResult::LOST_CARRIER));
    assert!(matches!(bench.event(), Event::CallClosed { call: closed, .. } if closed == call));
    let late = bench.machine.accept_call(bench.now, call, Answer::default());
    assert_eq!(late, Err(CommandError::NoSuchCall { call }));
}

fn accepted(bench: &mut Bench) -> CallId {
    let call = bench.requested(incoming_request());
    bench.machine.accept_call(bench.now, call, Answer::new().with_window(5).with_delay(1)).unwrap();
    let reply = IncomingCallReply {
        packet_receive_window_size: 5,
        packet_transmit_delay: 1,
        ..IncomingCallReply::new(call.get(), PEERS)
    };
    assert_eq!(bench.message(), reply.into());
    assert_eq!((state(bench, call), bench.events()), (CallState::WaitConnect, vec![]));
    call
}

#[test]
fn section_3_2_3_2_pns_wait_connect_connected_establishes() {
    let mut bench = Bench::established();
    let call = accepted(&mut bench);
    bench.receive(IncomingCallConnected {
        packet_receive_window_size: 7,
        packet_transmit_delay: 2,
        ..IncomingCallConnected::new(call.get(), 33_600, Framing::ASYNCHRONOUS)
    });
    let Event::CallConnected { call: up, peer_call_id, parameters } = bench.event() else { panic!() };
    assert_eq!((up, peer_call_id, parameters.peer_window), (call, PEERS, 7));
    assert_eq!((parameters.peer_delay, parameters.connect_speed), (Duration::from_millis(200), 33_600));
    assert_eq!(state(&bench, call), CallState::Established);
}

#[test]
fn section_3_2_3_2_pns_wait_connect_a_notify_ends_it() {
    let mut bench = Bench::established();
    let call = accepted(&mut bench);
    bench.receive(CallDisconnectNotify::new(PEERS, DisconnectResult::LOST_CARRIER));
    let reason = CallCloseReason::Disconnected {
        result: DisconnectResult::LOST_CARRIER,
        error: GeneralError::NONE,
        cause: CauseCode::new(0),
    };
    assert_eq!(bench.event(), Event::CallClosed { call, reason });
}

#[test]
fn section_2_12_pns_wait_connect_can_be_cleared() {
    let mut bench = Bench::established();
    let call = accepted(&mut bench);
    bench.machine.clear_call(bench.now, call, Disconnect::ADMIN_SHUTDOWN).unwrap();
    assert_eq!(bench.message(), CallClearRequest::new(call.get()).into());
    // It has crossed the connection of the call.
    bench.receive(IncomingCallConnected::new(call.get(), 1, Framing::ANY));
    assert_eq!((bench.events(), state(&bench, call)), (vec![], CallState::WaitDisconnect));
    bench.receive(CallDisconnectNotify::new(PEERS, DisconnectResult::REQUEST));
    assert_eq!(bench.event(), Event::CallClosed { call, reason: LOCAL });
}

#[test]
fn section_3_2_3_2_pns_established_and_wait_disconnect() {
    for local in [false, true] {
        let mut bench = Bench::established();
        let call = accepted(&mut bench);
        bench.receive(IncomingCallConnected::new(call.get(), 1, Framing::ANY));
        bench.events();
        if local {
            bench.machine.clear_call(bench.now, call, Disconnect::ADMIN_SHUTDOWN).unwrap();
            assert_eq!(bench.message(), CallClearRequest::new(call.get()).into());
            assert_eq!(state(&bench, call), CallState::WaitDisconnect);
        }
        bench.receive(CallDisconnectNotify::new(PEERS, DisconnectResult::REQUEST));
        let Event::CallClosed { call: closed, reason } = bench.event() else { panic!() };
        assert_eq!((closed, reason == LOCAL), (call, local));
    }
}

#[test]
fn section_3_2_3_replies_to_the_other_kind_of_call_mean_nothing() {
    let mut bench = Bench::established();
    let incoming = announced(&mut bench);
    let outgoing = bench.placed();
    bench.receive(OutgoingCallReply::new(PEERS, incoming.get(), 1));
    bench.receive(IncomingCallReply::new(PEERS, outgoing.get()));
    bench.receive(IncomingCallConnected::new(incoming.get(), 1, Framing::ANY));
    let accepted = accepted_of(&mut bench);
    bench.receive(OutgoingCallReply::new(PEERS, accepted.get(), 1));
    assert!(bench.events().iter().all(|event| matches!(event, Event::Unexpected { .. })));
    assert_eq!(bench.sent(), []);
    assert_eq!(state(&bench, incoming), CallState::WaitReply);
    assert_eq!(state(&bench, outgoing), CallState::WaitReply);
    assert_eq!(state(&bench, accepted), CallState::WaitConnect);
}

/// Returns an accepted call, where other events came before.
fn accepted_of(bench: &mut Bench) -> CallId {
    bench.events();
    accepted(bench)
}
