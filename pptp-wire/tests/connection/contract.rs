//! The promises of every machine: bounded memory, nothing lost, any order of calls.

use core::time::Duration;

use pptp_wire::code::{ControlMessageType, DisconnectResult, EchoResult, StopReason};
use pptp_wire::connection::{
    Answer, CallCloseReason, CloseReason, CommandError, Connection, Disconnect, EchoPolicy, Event, State,
};
use pptp_wire::message::{CallDisconnectNotify, EchoReply, EchoRequest, OutgoingCallRequest, SetLinkInfo};
use pptp_wire::{BufferTooSmall, Message};

use crate::bench::{Bench, config, outgoing_request, secs, start_request};

fn encode(message: impl Into<Message>) -> Vec<u8> {
    message.into().encode(&mut [0; Message::MAX_LEN]).unwrap().to_vec()
}

#[test]
fn a_short_buffer_loses_nothing() {
    let mut bench = Bench::new(Connection::originator(config(), [0; 32]));
    bench.machine.open(bench.now).unwrap();
    for available in 0..156 {
        let mut buf = vec![0; available];
        let Err(BufferTooSmall { needed: 156, available: found, .. }) =
            bench.machine.poll_transmit(bench.now, &mut buf)
        else {
            panic!("{available} bytes were enough")
        };
        assert_eq!(found, available);
    }
    assert_eq!(bench.machine.poll_transmit(bench.now, &mut [0; 156]).unwrap().unwrap().len(), 156);
    assert_eq!(bench.machine.poll_transmit(bench.now, &mut []), Ok(None));
}

/// A peer that sends without end to a machine whose messages are not polled.
#[test]
fn a_full_machine_takes_nothing_and_loses_nothing() {
    let mut bench = Bench::established();
    let stream: Vec<u8> = (0..1000).flat_map(|identifier| encode(EchoRequest::new(identifier))).collect();
    let (mut rest, mut replies) = (&stream[..], Vec::new());
    let mut rounds = 0;
    while !rest.is_empty() {
        let taken = bench.machine.handle_stream(bench.now, rest);
        rest = &rest[taken..];
        assert_eq!(taken % 16, 0);
        if !rest.is_empty() {
            assert!((1..=20 * 16 + Connection::<3>::READ_LEN).contains(&taken), "{taken}");
            assert_eq!((bench.machine.handle_stream(bench.now, rest), bench.machine.wants_read()), (0, false));
            let refused = bench.machine.place_call(bench.now, OutgoingCallRequest::new(0, 0));
            assert_eq!(refused, Err(CommandError::Busy));
        }
        // One at a time, which makes room for just one.
        replies.push(bench.machine.poll_transmit(bench.now, &mut [0; 220]).unwrap().unwrap().to_vec());
        rounds += 1;
    }
    assert!(rounds > 900);
    let mut buf = [0; 220];
    while let Some(bytes) = bench.machine.poll_transmit(bench.now, &mut buf).unwrap() {
        replies.push(bytes.to_vec());
    }
    let expected: Vec<_> = (0..1000).map(|identifier| encode(EchoReply::new(identifier, EchoResult::OK))).collect();
    assert!(replies == expected);
}

/// The same with events.
#[test]
fn events_that_wait_hold_the_stream_up() {
    let mut bench = Bench::established();
    let info = encode(SetLinkInfo::new(1, pptp_wire::code::Accm::ALL, pptp_wire::code::Accm::ALL));
    let stream = info.repeat(500);
    let (mut rest, mut count) = (&stream[..], 0);
    while !rest.is_empty() || count < 500 {
        rest = &rest[bench.machine.handle_stream(bench.now, rest)..];
        let control_message_type = Some(ControlMessageType::SET_LINK_INFO);
        assert_eq!(bench.machine.poll_event(), Some(Event::Unexpected { control_message_type }));
        count += 1;
    }
    assert_eq!((count, bench.events()), (500, vec![]));
}

/// With queues that are full, time-outs and the end still come through, in order.
#[test]
fn the_end_has_its_room() {
    for end in 0..3 {
        let mut bench = Bench::established_with(config().with_no_data_timeout(secs(1)));
        let (placed, requested) = (bench.placed(), bench.requested(outgoing_request()));
        let third = bench.requested(OutgoingCallRequest::new(0, 0));
        bench.machine.accept_call(bench.now, third, Answer::default()).unwrap();
        let stream = encode(EchoRequest::new(1)).repeat(50);
        let info = encode(SetLinkInfo::new(0, pptp_wire::code::Accm::ALL, pptp_wire::code::Accm::ALL)).repeat(50);
        let taken = bench.machine.handle_stream(bench.now, &info);
        assert!(taken < info.len());
        let _ = bench.machine.handle_stream(bench.now, &stream);
        bench.pass(secs(2));
        match end {
            0 => bench.machine.handle_disconnect(bench.now),
            1 => bench.machine.close(bench.now, StopReason::NONE),
            _ => {}
        }
        bench.pass(secs(1000));
        bench.pass(secs(1000));
        let events = bench.events();
        assert_eq!(bench.machine.state(), State::Closed);
        let [before @ .., Event::Closed { reason }] = &events[..] else { panic!("{events:?}") };
        let expected = match end {
            // The last bytes that were taken are no whole message.
            0 => CloseReason::Cut,
            1 => CloseReason::StopTimeout,
            _ => CloseReason::CallTimeout { call: placed },
        };
        assert_eq!(*reason, expected);
        let unexpected = before.iter().filter(|event| matches!(event, Event::Unexpected { .. })).count();
        // After our own end, what the peer sends means nothing any more.
        let kept = if end == 0 { 0 } else { Connection::<3>::READ_LEN };
        assert!((24 * unexpected..24 * (unexpected + 1)).contains(&(taken - kept)), "{unexpected} of {taken}");
        let no_data = before.iter().filter(|event| matches!(event, Event::ControlUpButNoData { .. })).count();
        assert_eq!(no_data, 1);
        for call in [placed, requested, third] {
            let closed = |event: &&Event| matches!(event, Event::CallClosed { call: closed, .. } if *closed == call);
            assert_eq!(before.iter().filter(closed).count(), 1);
        }
    }
}

#[test]
fn late_refusals_have_their_room() {
    let mut bench = Bench::established();
    let calls = [0, 1, 2].map(|id| bench.requested(OutgoingCallRequest::new(id, 0)));
    let _ = bench.machine.handle_stream(bench.now, &encode(EchoRequest::new(1)).repeat(50));
    bench.pass(secs(60));
    let names = bench.sent_names();
    assert_eq!(names.iter().filter(|name| **name == "Outgoing-Call-Reply").count(), 3, "{names:?}");
    let events = bench.events();
    assert_eq!(events, calls.map(|call| Event::CallClosed { call, reason: CallCloseReason::NotAnswered }));
}

/// Echo-Requests that nobody takes away do not use up the room of the last words.
#[test]
fn echoes_take_no_reserve() {
    let echo = EchoPolicy::Misses { interval: secs(1), count: 200 };
    let mut bench = Bench::established_with(config().with_echo(echo));
    for _ in 0..100 {
        bench.pass(secs(1));
    }
    bench.machine.close(bench.now, StopReason::NONE);
    let names = bench.sent_names();
    let [echoes @ .., "Stop-Control-Connection-Request"] = &names[..] else { panic!("{names:?}") };
    assert!((1..=10).contains(&echoes.len()) && echoes.iter().all(|name| *name == "Echo-Request"), "{names:?}");
}

#[test]
fn a_time_that_goes_back_is_the_latest_seen() {
    let mut bench = Bench::established();
    let deadline = bench.machine.poll_timeout();
    for now in [Duration::ZERO, secs(5), bench.now] {
        bench.machine.handle_timeout(now);
        assert_eq!(bench.machine.poll_timeout(), deadline);
    }
    let call = bench.machine.place_call(Duration::ZERO, OutgoingCallRequest::new(0, 0)).unwrap();
    bench.machine.handle_data_seen(Duration::ZERO, call);
    assert_eq!(bench.machine.poll_timeout(), Some(bench.now + secs(60)));
}

#[test]
fn ended_calls_keep_their_place_until_that_was_told() {
    let mut bench = Bench::established();
    let call = bench.connected();
    let _ = (bench.placed(), bench.placed());
    bench.machine.clear_call(bench.now, call, Disconnect::ADMIN_SHUTDOWN).unwrap();
    bench.receive(CallDisconnectNotify::new(crate::bench::PEERS, DisconnectResult::REQUEST));
    assert_eq!(bench.machine.calls().count(), 2);
    let request = OutgoingCallRequest::new(0, 0);
    assert_eq!(bench.machine.place_call(bench.now, request), Err(CommandError::NoRoom));
    assert!(bench.machine.call(call).is_some());
    bench.events();
    assert!(bench.machine.call(call).is_some());
    bench.machine.place_call(bench.now, request).unwrap();
    assert!(bench.machine.call(call).is_none());
}

#[test]
fn a_call_of_the_peer_waits_for_the_place_of_an_ended_one() {
    let mut bench = Bench::established();
    let call = bench.connected();
    let _ = (bench.placed(), bench.placed());
    bench.receive(CallDisconnectNotify::new(crate::bench::PEERS, DisconnectResult::LOST_CARRIER));
    let bytes = encode(outgoing_request());
    assert!(!bench.machine.wants_read());
    assert_eq!(bench.machine.handle_stream(bench.now, &bytes), bytes.len());
    assert!(bench.machine.call(call).is_some() && bench.machine.calls().count() == 2);
    let [Event::CallClosed { call: closed, .. }, Event::CallRequested { call: requested }] = bench.events()[..] else {
        panic!("not requested")
    };
    assert!(closed == call && bench.machine.call(requested).is_some() && bench.machine.wants_read());
}

/// Bytes that TCP gave before its end are handled before it, though that takes until the events are
/// polled.
#[test]
fn kept_bytes_are_handled_before_the_end_of_tcp() {
    let stop = encode(pptp_wire::message::StopControlConnectionRequest::new(StopReason::STOP_LOCAL_SHUTDOWN));
    for cut in [false, true] {
        let mut bench = Bench::established();
        let info = encode(SetLinkInfo::new(1, pptp_wire::code::Accm::ALL, pptp_wire::code::Accm::ALL));
        let mut count = 0;
        while bench.machine.wants_read() {
            assert_eq!(bench.machine.handle_stream(bench.now, &info), info.len());
            count += 1;
        }
        for last in [&info[..], &stop[..if cut { 9 } else { 16 }]] {
            assert_eq!(bench.machine.handle_stream(bench.now, last), last.len());
        }
        bench.machine.handle_disconnect(bench.now);
        // Nothing but polling is left to do.
        bench.pass(secs(1000));
        assert!(!bench.machine.wants_read() && bench.machine.poll_timeout().is_none());
        let events = bench.events();
        let [unexpected @ .., Event::Closed { reason }] = &events[..] else { panic!("{events:?}") };
        assert_eq!(unexpected.len(), count + 1);
        let stopped = CloseReason::PeerStopped { reason: StopReason::STOP_LOCAL_SHUTDOWN };
        assert_eq!(*reason, if cut { CloseReason::Cut } else { stopped });
    }
}

#[test]
fn commands_for_no_call_are_refused() {
    let mut bench = Bench::established();
    let call = bench.connected();
    let (now, gone) = (bench.now, pptp_wire::connection::CallId::new(call.get() ^ 1));
    let refused = Err(CommandError::NoSuchCall { call: gone });
    assert_eq!(bench.machine.accept_call(now, gone, Answer::default()), refused);
    assert_eq!(bench.machine.clear_call(now, gone, Disconnect::ADMIN_SHUTDOWN), refused);
    assert_eq!(bench.machine.set_call_statistics(gone, pptp_wire::Text::EMPTY), refused);
    bench.machine.handle_data_seen(now, gone);
    assert_eq!(bench.machine.poll_timeout(), Some(now + secs(10)));
}

#[test]
fn a_connection_without_calls_works() {
    let mut machine = Connection::<0>::receiver(config(), [0; 32]);
    machine.open(Duration::ZERO).unwrap();
    assert_eq!(machine.handle_stream(Duration::ZERO, &encode(start_request())), 156);
    assert_eq!(machine.handle_stream(Duration::ZERO, &encode(outgoing_request())), 168);
    let refused = machine.place_call(Duration::ZERO, OutgoingCallRequest::new(0, 0));
    assert_eq!(refused, Err(CommandError::NoRoom));
    machine.close(Duration::ZERO, StopReason::NONE);
    let mut buf = [0; 220];
    let mut count = 0;
    while machine.poll_transmit(Duration::ZERO, &mut buf).unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 3);
}

/// The documented sizes hold.
#[test]
fn sizes_are_bounded() {
    let (one, two) = (size_of::<Connection<1>>(), size_of::<Connection<2>>());
    println!("event {}, connection {} and {} for each call", size_of::<Event>(), one - (two - one), two - one);
    assert!(size_of::<Event>() <= 48);
    let (each_call, fixed) = if cfg!(feature = "alloc") { (420, 1536) } else { (800, 4096) };
    assert!(two - one <= each_call);
    assert!(one - (two - one) <= fixed);
    assert_eq!(size_of::<Connection>() - one, 15 * (two - one));
}
