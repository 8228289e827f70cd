//! RFC 2637 section 3.2.4: each arrow of the two diagrams, and what crosses on the wire.

use core::time::Duration;

use pptp_wire::code::{Accm, CauseCode, ControlMessageType, DisconnectResult, GeneralError, OutgoingCallResult};
use pptp_wire::connection::{
    Answer, CallCloseReason, CallId, CallRequest, CallState, CommandError, Config, Disconnect, Event, Identity, Quirks,
    Refusal, Role, WanErrors,
};
use pptp_wire::message::{
    CallClearRequest, CallDisconnectNotify, OutgoingCallReply, OutgoingCallRequest, SetLinkInfo, WanErrorNotify,
};
use pptp_wire::{Message, Text};

use crate::bench::{Bench, PEERS, config, outgoing_request, secs};

const LOCAL: CallCloseReason = CallCloseReason::Local;

fn state(bench: &Bench, call: CallId) -> CallState {
    bench.machine.call(call).unwrap().state()
}

#[test]
fn section_3_2_4_1_pac_idle_a_request_is_told() {
    let mut bench = Bench::established();
    let call = bench.requested(outgoing_request());
    assert_eq!(state(&bench, call), CallState::WaitCsAns);
    let view = bench.machine.call(call).unwrap();
    assert_eq!((view.role(), view.peer_call_id()), (Role::Pac, Some(PEERS)));
    assert_eq!(view.request(), &CallRequest::Outgoing(outgoing_request()));
    assert_eq!(view.request().call_serial_number(), 77);
}

#[test]
fn section_3_2_4_1_pac_idle_a_request_in_error_is_refused() {
    let general = |error| (OutgoingCallResult::GENERAL_ERROR, error);
    let unexpected = Event::Unexpected { control_message_type: Some(ControlMessageType::OUTGOING_CALL_REQUEST) };
    // Not wanted at all.
    let mut bench = Bench::established_with(Config::new(Identity::WINDOWS));
    bench.receive(outgoing_request());
    let (result, error) = (OutgoingCallResult::DO_NOT_ACCEPT, GeneralError::NONE);
    assert_eq!(bench.message(), OutgoingCallReply::refused(PEERS, result, error).into());
    assert_eq!(bench.event(), unexpected);
    // The same id again.
    let mut bench = Bench::established();
    bench.requested(outgoing_request());
    bench.receive(outgoing_request());
    let (result, error) = general(GeneralError::BAD_CALL_ID);
    assert_eq!(bench.message(), OutgoingCallReply::refused(PEERS, result, error).into());
    assert_eq!(bench.event(), unexpected);
    // No room.
    bench.requested(OutgoingCallRequest::new(0, 0));
    bench.requested(OutgoingCallRequest::new(1, 0));
    bench.receive(OutgoingCallRequest::new(2, 0));
    let (result, error) = general(GeneralError::NO_RESOURCE);
    assert_eq!(bench.message(), OutgoingCallReply::refused(2, result, error).into());
    assert_eq!(bench.event(), unexpected);
    assert_eq!(bench.machine.calls().count(), 3);
    let full = bench.machine.place_call(bench.now, OutgoingCallRequest::new(0, 0));
    assert_eq!(full, Err(CommandError::NoRoom));
}

#[test]
fn section_3_2_4_1_pac_wait_cs_ans_an_answer_connects() {
    let mut bench = Bench::established();
    let call = bench.requested(outgoing_request());
    let answer = Answer::new().with_window(16).with_delay(2).with_physical_channel_id(5);
    bench.machine.accept_call(bench.now, call, answer).unwrap();
    let reply = OutgoingCallReply {
        packet_receive_window_size: 16,
        packet_processing_delay: 2,
        physical_channel_id: 5,
        ..OutgoingCallReply::new(call.get(), PEERS, 100_000_000)
    };
    assert_eq!(bench.message(), reply.into());
    let Event::CallConnected { call: connected, peer_call_id, parameters } = bench.event() else { panic!() };
    assert_eq!((connected, peer_call_id), (call, PEERS));
    assert_eq!((parameters.peer_window, parameters.peer_delay), (64, Duration::from_millis(300)));
    assert_eq!(parameters.connect_speed, 100_000_000);
    assert_eq!(state(&bench, call), CallState::Established);
    // Twice is a mistake.
    let again = bench.machine.accept_call(bench.now, call, answer);
    assert_eq!(again, Err(CommandError::CallState { call, state: CallState::Established }));
    let refused = bench.machine.refuse_call(bench.now, call, Refusal::BUSY);
    assert_eq!(refused, Err(CommandError::CallState { call, state: CallState::Established }));
}

#[test]
fn section_4_1_an_answer_may_give_the_call_another_id_that_is_free() {
    let mut bench = Bench::established();
    let first = bench.requested(outgoing_request());
    bench.machine.accept_call(bench.now, first, Answer::new()).unwrap();
    let (_, _) = (bench.message(), bench.event());
    let second = bench.requested(OutgoingCallRequest::new(PEERS + 1, 0));
    for taken in [first, CallId::new(0)] {
        let refused = bench.machine.accept_call(bench.now, second, Answer::new().with_call_id(taken));
        assert_eq!(refused, Err(CommandError::CallIdInUse { call: taken }));
        assert_eq!(state(&bench, second), CallState::WaitCsAns);
    }
    let given = CallId::new(if [first.get(), second.get()].contains(&4711) { 4712 } else { 4711 });
    bench.machine.accept_call(bench.now, second, Answer::new().with_call_id(given)).unwrap();
    let Message::OutgoingCallReply(reply) = bench.message() else { panic!("no reply") };
    assert_eq!((reply.call_id, reply.peer_call_id), (given.get(), PEERS + 1));
    assert!(matches!(bench.event(), Event::CallConnected { call, .. } if call == given));
    assert!(bench.machine.call(second).is_none());
    assert_eq!(state(&bench, given), CallState::Established);
    // Once it is up, its id stays.
    let late = bench.machine.accept_call(bench.now, given, Answer::new().with_call_id(CallId::new(9)));
    assert_eq!(late, Err(CommandError::CallState { call: given, state: CallState::Established }));
    assert_eq!(state(&bench, given), CallState::Established);
}

#[test]
fn section_3_2_4_1_pac_wait_cs_ans_an_incomplete_call_is_refused() {
    for (refusal, result, error, cause) in [
        (Refusal::BUSY.with_cause(CauseCode::USER_BUSY), 4, 0, 17),
        (Refusal::NO_CARRIER, 3, 0, 0),
        (Refusal::NO_DIAL_TONE, 5, 0, 0),
        (Refusal::DO_NOT_ACCEPT, 7, 0, 0),
        (Refusal::TIME_OUT, 6, 0, 0),
        (Refusal::general_error(GeneralError::PAC_ERROR), 2, 6, 0),
    ] {
        let mut bench = Bench::established();
        let call = bench.requested(outgoing_request());
        bench.machine.refuse_call(bench.now, call, refusal).unwrap();
        let reply = OutgoingCallReply {
            cause_code: CauseCode::new(cause),
            ..OutgoingCallReply::refused(PEERS, OutgoingCallResult::new(result), GeneralError::new(error))
        };
        assert_eq!(bench.message(), reply.into());
        assert_eq!(bench.event(), Event::CallClosed { call, reason: LOCAL });
        assert_eq!(bench.machine.calls().count(), 0);
    }
}

#[test]
fn section_3_2_4_1_pac_wait_cs_ans_time_runs_out() {
    let mut bench = Bench::established();
    let call = bench.requested(outgoing_request());
    bench.pass(secs(29));
    assert_eq!(bench.events(), []);
    bench.pass(secs(1));
    let refused = OutgoingCallReply::refused(PEERS, OutgoingCallResult::TIME_OUT, GeneralError::NONE);
    assert_eq!(bench.message(), refused.into());
    assert_eq!(bench.event(), Event::CallClosed { call, reason: CallCloseReason::NotAnswered });
}

#[test]
fn section_3_2_4_1_pac_wait_cs_ans_a_clear_request_is_answered() {
    let mut bench = Bench::established();
    let call = bench.requested(outgoing_request());
    bench.receive(CallClearRequest::new(PEERS));
    assert_eq!(bench.message(), CallDisconnectNotify::new(call.get(), DisconnectResult::REQUEST).into());
    assert_eq!(bench.event(), Event::CallClosed { call, reason: CallCloseReason::PeerCleared });
}

#[test]
fn section_3_2_4_1_pac_established_a_clear_request_is_answered() {
    let mut bench = Bench::established();
    let call = bench.requested(outgoing_request());
    bench.machine.accept_call(bench.now, call, Answer::default()).unwrap();
    bench.machine.set_call_statistics(call, Text::new("7 packets").unwrap()).unwrap();
    bench.clear();
    bench.receive(CallClearRequest::new(PEERS));
    let notify = CallDisconnectNotify {
        call_statistics: Text::new("7 packets").unwrap(),
        ..CallDisconnectNotify::new(call.get(), DisconnectResult::REQUEST)
    };
    assert_eq!(bench.message(), notify.into());
    assert_eq!(bench.event(), Event::CallClosed { call, reason: CallCloseReason::PeerCleared });
    // The second one has crossed our notify.
    bench.receive(CallClearRequest::new(PEERS));
    assert_eq!(bench.sent(), []);
    assert!(matches!(bench.event(), Event::Unexpected { .. }));
}

#[test]
fn section_3_2_4_1_pac_established_local_terminate_notifies() {
    for (disconnect, result, error, cause) in [
        (Disconnect::ADMIN_SHUTDOWN, 3, 0, 0),
        (Disconnect::LOST_CARRIER.with_cause(CauseCode::NORMAL_CALL_CLEARING), 1, 0, 16),
        (Disconnect::general_error(GeneralError::PAC_ERROR), 2, 6, 0),
    ] {
        let mut bench = Bench::established();
        let call = bench.requested(outgoing_request());
        bench.machine.accept_call(bench.now, call, Answer::default()).unwrap();
        bench.clear();
        bench.machine.clear_call(bench.now, call, disconnect).unwrap();
        let notify = CallDisconnectNotify {
            error_code: GeneralError::new(error),
            cause_code: CauseCode::new(cause),
            ..CallDisconnectNotify::new(call.get(), DisconnectResult::new(result))
        };
        assert_eq!(bench.message(), notify.into());
        assert_eq!(bench.event(), Event::CallClosed { call, reason: LOCAL });
        let again = bench.machine.clear_call(bench.now, call, disconnect);
        assert_eq!(again, Err(CommandError::NoSuchCall { call }));
    }
}

#[test]
fn section_3_2_4_2_pns_idle_open_sends_the_request() {
    let mut bench = Bench::established();
    let phone = OutgoingCallRequest::new(0, 0).with_phone_number(Text::new("5551234").unwrap());
    let call = bench.machine.place_call(bench.now, phone).unwrap();
    let Message::OutgoingCallRequest(request) = bench.message() else { panic!() };
    assert_eq!(request.call_id, call.get());
    assert_eq!(OutgoingCallRequest { call_id: 0, call_serial_number: 0, ..request }, phone);
    assert_eq!(state(&bench, call), CallState::WaitReply);
    let view = bench.machine.call(call).unwrap();
    assert_eq!((view.role(), view.peer_call_id()), (Role::Pns, None));
    // The next call has the next serial number, and another id.
    bench.machine.place_call(bench.now, phone).unwrap();
    let Message::OutgoingCallRequest(second) = bench.message() else { panic!() };
    assert_eq!(second.call_serial_number, request.call_serial_number.wrapping_add(1));
    assert_ne!(second.call_id, request.call_id);
}

#[test]
fn section_3_2_4_2_pns_wait_reply_a_reply_connects() {
    // Zero is pptpd's first id.
    for peers in [0, 1, 65535] {
        let mut bench = Bench::established();
        let call = bench.placed();
        let reply = OutgoingCallReply {
            packet_receive_window_size: 3,
            packet_processing_delay: 10,
            ..OutgoingCallReply::new(peers, call.get(), 64_000)
        };
        bench.receive(reply);
        let Event::CallConnected { call: connected, peer_call_id, parameters } = bench.event() else { panic!() };
        assert_eq!((connected, peer_call_id), (call, peers));
        assert_eq!((parameters.peer_window, parameters.peer_delay), (3, secs(1)));
        assert_eq!((parameters.connect_speed, bench.sent()), (64_000, vec![]));
        assert_eq!(state(&bench, call), CallState::Established);
        // Once is enough.
        bench.receive(reply);
        assert!(matches!(bench.event(), Event::Unexpected { .. }));
    }
}

#[test]
fn section_3_2_4_2_pns_wait_reply_a_reply_with_error_ends_it() {
    for result in [0, 2, 3, 4, 5, 6, 7, 99] {
        let result = OutgoingCallResult::new(result);
        let mut bench = Bench::established();
        let call = bench.placed();
        bench.receive(OutgoingCallReply {
            cause_code: CauseCode::USER_BUSY,
            ..OutgoingCallReply::refused(call.get(), result, GeneralError::NO_RESOURCE)
        });
        let (error, cause) = (GeneralError::NO_RESOURCE, CauseCode::USER_BUSY);
        let reason = CallCloseReason::OutgoingRefused { result, error, cause };
        assert_eq!(bench.event(), Event::CallClosed { call, reason });
        assert_eq!(bench.machine.calls().count(), 0);
    }
}

#[test]
fn section_3_2_4_2_pns_wait_reply_abort_clears() {
    let mut bench = Bench::established();
    let call = bench.placed();
    bench.machine.clear_call(bench.now, call, Disconnect::ADMIN_SHUTDOWN).unwrap();
    assert_eq!(bench.message(), CallClearRequest::new(call.get()).into());
    assert_eq!(state(&bench, call), CallState::WaitDisconnect);
    bench.machine.clear_call(bench.now, call, Disconnect::ADMIN_SHUTDOWN).unwrap();
    assert_eq!(bench.sent(), []);
    // The PAC's id is not known, so the notify can be matched by the order only.
    bench.receive(CallDisconnectNotify::new(PEERS, DisconnectResult::REQUEST));
    assert_eq!(bench.event(), Event::CallClosed { call, reason: LOCAL });
}

#[test]
fn section_3_2_4_2_pns_wait_reply_an_abort_crosses_the_reply() {
    // A reply that connects has the id that the notify will have.
    let mut bench = Bench::established();
    let (first, second) = (bench.placed(), bench.placed());
    for call in [first, second] {
        bench.machine.clear_call(bench.now, call, Disconnect::ADMIN_SHUTDOWN).unwrap();
    }
    bench.receive(OutgoingCallReply::new(PEERS, second.get(), 1));
    bench.receive(CallDisconnectNotify::new(PEERS, DisconnectResult::REQUEST));
    assert_eq!(bench.event(), Event::CallClosed { call: second, reason: LOCAL });
    // One that refuses ends the call: there is nothing to be cleared, and so no notify.
    bench.receive(OutgoingCallReply::refused(first.get(), OutgoingCallResult::BUSY, GeneralError::NONE));
    assert_eq!(bench.event(), Event::CallClosed { call: first, reason: LOCAL });
}

#[test]
fn section_3_2_4_2_pns_established_a_notify_ends_it() {
    let mut bench = Bench::established();
    let call = bench.connected();
    let statistics = Text::new("21 CRC errors\n").unwrap();
    bench.receive(CallDisconnectNotify {
        cause_code: CauseCode::NORMAL_CALL_CLEARING,
        call_statistics: statistics,
        ..CallDisconnectNotify::new(PEERS, DisconnectResult::LOST_CARRIER)
    });
    let reason = CallCloseReason::Disconnected {
        result: DisconnectResult::LOST_CARRIER,
        error: GeneralError::NONE,
        cause: CauseCode::NORMAL_CALL_CLEARING,
    };
    assert_eq!(bench.event(), Event::CallClosed { call, reason });
    // The rest of it can be read until the next call.
    assert_eq!(bench.machine.call(call).unwrap().statistics(), &statistics);
    assert_eq!(bench.machine.calls().count(), 0);
    bench.placed();
    assert!(bench.machine.call(call).is_none());
}

#[test]
fn section_3_2_4_2_pns_established_local_terminate_clears() {
    let mut bench = Bench::established();
    let call = bench.connected();
    bench.machine.clear_call(bench.now, call, Disconnect::LOST_CARRIER).unwrap();
    // Section 2.12: with the id that the PNS chose, ours.
    assert_eq!(bench.message(), CallClearRequest::new(call.get()).into());
    assert_eq!((state(&bench, call), bench.events()), (CallState::WaitDisconnect, vec![]));
}

#[test]
fn section_3_2_4_2_pns_wait_disconnect_a_notify_ends_it() {
    let mut bench = Bench::established();
    let call = bench.connected();
    bench.machine.clear_call(bench.now, call, Disconnect::LOST_CARRIER).unwrap();
    bench.receive(CallDisconnectNotify::new(PEERS, DisconnectResult::REQUEST));
    assert_eq!(bench.event(), Event::CallClosed { call, reason: LOCAL });
    // pptpd closes TCP instead.
    let mut bench = Bench::established();
    let call = bench.connected();
    bench.machine.clear_call(bench.now, call, Disconnect::LOST_CARRIER).unwrap();
    bench.machine.handle_disconnect(bench.now);
    assert_eq!(bench.events()[0], Event::CallClosed { call, reason: LOCAL });
}

#[test]
fn section_2_13_a_notify_has_the_pacs_id_or_else_ours() {
    // By the PAC's id, even if it is another call's id of ours.
    let mut bench = Bench::established();
    let (first, second) = (bench.placed(), bench.placed());
    bench.receive(OutgoingCallReply::new(second.get(), first.get(), 1));
    bench.receive(OutgoingCallReply::new(first.get(), second.get(), 1));
    bench.events();
    bench.receive(CallDisconnectNotify::new(second.get(), DisconnectResult::ADMIN_SHUTDOWN));
    assert!(matches!(bench.event(), Event::CallClosed { call, .. } if call == first));
    // By ours, as accel-ppp does.
    bench.receive(CallDisconnectNotify::new(second.get(), DisconnectResult::ADMIN_SHUTDOWN));
    assert!(matches!(bench.event(), Event::CallClosed { call, .. } if call == second));
    // By none.
    bench.receive(CallDisconnectNotify::new(second.get(), DisconnectResult::ADMIN_SHUTDOWN));
    assert!(matches!(bench.event(), Event::Unexpected { .. }));
}

#[test]
fn section_2_13_an_answer_is_for_who_asked() {
    // The id of a notify that is an answer happens to be ours of a call that nobody wants ended.
    let mut bench = Bench::established();
    let up = bench.connected();
    let cleared = bench.placed();
    bench.machine.clear_call(bench.now, cleared, Disconnect::ADMIN_SHUTDOWN).unwrap();
    bench.receive(CallDisconnectNotify::new(up.get(), DisconnectResult::REQUEST));
    assert_eq!(bench.event(), Event::CallClosed { call: cleared, reason: LOCAL });
    // The next such has nobody else to go to.
    bench.receive(CallDisconnectNotify::new(up.get(), DisconnectResult::REQUEST));
    assert!(matches!(bench.event(), Event::CallClosed { call, .. } if call == up));
}

#[test]
fn section_2_13_an_announcement_is_for_who_did_not_ask() {
    // accel-ppp ends one call, while another one waits for an answer.
    let mut bench = Bench::established();
    let up = bench.connected();
    let cleared = bench.placed();
    bench.machine.clear_call(bench.now, cleared, Disconnect::ADMIN_SHUTDOWN).unwrap();
    bench.receive(CallDisconnectNotify::new(up.get(), DisconnectResult::ADMIN_SHUTDOWN));
    assert!(matches!(bench.event(), Event::CallClosed { call, .. } if call == up));
}

#[test]
fn section_2_13_answers_come_in_the_order_of_the_requests() {
    let mut bench = Bench::established();
    let calls = [bench.placed(), bench.placed(), bench.placed()];
    // Not in the order in which they were placed.
    let order = [calls[1], calls[2], calls[0]];
    for call in order {
        bench.machine.clear_call(bench.now, call, Disconnect::ADMIN_SHUTDOWN).unwrap();
    }
    for (number, expected) in order.into_iter().enumerate() {
        let id = u16::try_from(number).unwrap();
        bench.receive(CallDisconnectNotify::new(id, DisconnectResult::REQUEST));
        assert_eq!(bench.event(), Event::CallClosed { call: expected, reason: LOCAL });
    }
}

#[test]
fn section_2_15_link_info_goes_from_pns_to_pac() {
    let mut bench = Bench::established();
    let call = bench.connected();
    bench.machine.set_link_info(bench.now, call, Accm::NONE, Accm::new(2)).unwrap();
    assert_eq!(bench.message(), SetLinkInfo::new(PEERS, Accm::NONE, Accm::new(2)).into());
    let mut bench = Bench::established();
    let call = bench.requested(outgoing_request());
    let early = bench.machine.notify_wan_errors(bench.now, call, WanErrors::default());
    assert_eq!(early, Err(CommandError::CallState { call, state: CallState::WaitCsAns }));
    bench.machine.accept_call(bench.now, call, Answer::default()).unwrap();
    bench.clear();
    bench.receive(SetLinkInfo::new(call.get(), Accm::NONE, Accm::ALL));
    assert_eq!(bench.event(), Event::LinkInfo { call, send_accm: Accm::NONE, receive_accm: Accm::ALL });
    assert_eq!(bench.machine.set_link_info(bench.now, call, Accm::ALL, Accm::ALL), Err(CommandError::Role { call }));
    bench.receive(SetLinkInfo::new(PEERS, Accm::NONE, Accm::ALL));
    assert!(matches!(bench.event(), Event::Unexpected { .. }));
}

#[test]
fn section_2_14_wan_errors_go_from_pac_to_pns_once_a_minute() {
    let mut bench = Bench::established();
    let call = bench.requested(outgoing_request());
    bench.machine.accept_call(bench.now, call, Answer::default()).unwrap();
    bench.clear();
    let errors = WanErrors { crc_errors: 1, alignment_errors: 6, ..WanErrors::default() };
    bench.machine.notify_wan_errors(bench.now, call, errors).unwrap();
    let notify = WanErrorNotify { crc_errors: 1, alignment_errors: 6, ..WanErrorNotify::new(PEERS) };
    assert_eq!(bench.message(), notify.into());
    let not_before = bench.now + secs(60);
    bench.pass(secs(59));
    let soon = bench.machine.notify_wan_errors(bench.now, call, errors);
    assert_eq!(soon, Err(CommandError::TooSoon { not_before }));
    bench.pass(secs(1));
    bench.sent();
    bench.machine.notify_wan_errors(bench.now, call, errors).unwrap();
    assert_eq!(bench.sent_names(), ["WAN-Error-Notify"]);

    let mut bench = Bench::established();
    let call = bench.connected();
    bench.receive(WanErrorNotify { peer_call_id: call.get(), ..notify });
    assert_eq!(bench.event(), Event::WanErrors { call, errors });
    let ours = bench.machine.notify_wan_errors(bench.now, call, errors);
    assert_eq!(ours, Err(CommandError::Role { call }));
    assert_eq!(bench.machine.set_call_statistics(call, Text::EMPTY), Err(CommandError::Role { call }));
    bench.receive(notify);
    assert!(matches!(bench.event(), Event::Unexpected { .. }));
}

#[test]
fn a_call_without_data_is_told_once() {
    let mut bench = Bench::established();
    let (silent, good) = (bench.connected(), bench.placed());
    bench.receive(OutgoingCallReply::new(10, good.get(), 1));
    bench.events();
    bench.machine.handle_data_seen(bench.now, good);
    bench.pass(secs(10));
    assert_eq!(bench.event(), Event::ControlUpButNoData { call: silent, elapsed: secs(10) });
    bench.machine.handle_data_seen(bench.now, silent);
    bench.pass(secs(45));
    assert_eq!((bench.sent(), bench.events()), (vec![], vec![]));
    // It never comes for calls that are over, nor without a time-out.
    let mut bench = Bench::established();
    let call = bench.connected();
    bench.machine.clear_call(bench.now, call, Disconnect::ADMIN_SHUTDOWN).unwrap();
    bench.pass(secs(30));
    assert_eq!(bench.events(), []);
    let mut bench = Bench::established_with(config().with_no_data_timeout(Duration::MAX));
    bench.connected();
    bench.pass(secs(59));
    assert_eq!(bench.events(), []);
}

#[test]
fn orckit_modems_get_link_info_after_the_reply() {
    let modem = Config::new(Identity::ORCKIT).with_quirks(Quirks::ORCKIT);
    let mut bench = Bench::established_with(modem);
    bench.connected();
    assert_eq!(bench.message(), SetLinkInfo::new(PEERS, Accm::ALL, Accm::ALL).into());
}

/// Both sides may ask: the roles follow from the request, not from the side that opened the TCP
/// connection.
#[test]
fn section_3_2_4_both_directions_on_one_connection() {
    let mut bench = Bench::established();
    let (ours, peers) = (bench.connected(), bench.requested(OutgoingCallRequest::new(10, 0)));
    bench.machine.accept_call(bench.now, peers, Answer::default()).unwrap();
    let roles: Vec<_> = bench.machine.calls().map(|call| (call.id(), call.role())).collect();
    assert_eq!(roles, [(ours, Role::Pns), (peers, Role::Pac)]);
    bench.clear();
    // A PNS does not clear what the other side asked for.
    bench.receive(CallClearRequest::new(PEERS));
    bench.receive(CallDisconnectNotify::new(10, DisconnectResult::ADMIN_SHUTDOWN));
    assert_eq!((bench.sent(), bench.events().len()), (vec![], 2));
    assert_eq!(bench.machine.calls().count(), 2);
}
