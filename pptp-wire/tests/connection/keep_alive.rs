//! RFC 2637 section 3.1.4: echoes, and sections 3 and 3.2.1: the other time-outs.

use core::time::Duration;

use pptp_wire::Message;
use pptp_wire::code::{EchoResult, StopReason};
use pptp_wire::connection::{Answer, CallCloseReason, CloseReason, EchoPolicy, Event, Fault, State};
use pptp_wire::message::{EchoReply, EchoRequest, SetLinkInfo, StopControlConnectionRequest};

use crate::bench::{Bench, config, outgoing_request, secs};

fn identifier(message: Message) -> u32 {
    let Message::EchoRequest(request) = message else { panic!("{message}") };
    request.identifier
}

#[test]
fn section_2_5_each_request_is_answered() {
    let mut bench = Bench::established();
    for identifier in [0, 1, 1, u32::MAX] {
        bench.receive(EchoRequest::new(identifier));
        assert_eq!(bench.message(), EchoReply::new(identifier, EchoResult::OK).into());
    }
    assert_eq!(bench.events(), []);
}

#[test]
fn section_3_1_4_a_silent_peer_is_asked_and_then_closed() {
    let mut bench = Bench::established();
    bench.pass(Duration::new(59, 999_999_999));
    assert_eq!(bench.sent(), []);
    bench.pass(Duration::from_nanos(1));
    identifier(bench.message());
    bench.pass(Duration::new(19, 999_999_999));
    assert_eq!(bench.events(), []);
    bench.pass(Duration::from_nanos(1));
    assert_eq!(bench.event(), Event::Closed { reason: CloseReason::EchoTimeout });
    // The RFC wants TCP closed; a peer that does not answer will not answer a stop either.
    assert_eq!((bench.sent(), bench.machine.poll_timeout()), (vec![], None));
}

#[test]
fn section_3_1_4_whatever_the_peer_sends_is_life() {
    let mut bench = Bench::established();
    let replies: [fn(u32) -> Message; 4] = [
        |identifier| EchoReply::new(identifier, EchoResult::OK).into(),
        // With another identifier, or refused.
        |identifier| EchoReply::new(identifier ^ 1, EchoResult::GENERAL_ERROR).into(),
        |_| EchoRequest::new(9).into(),
        |_| SetLinkInfo::new(1, pptp_wire::code::Accm::ALL, pptp_wire::code::Accm::ALL).into(),
    ];
    let mut last = None;
    for reply in replies {
        bench.pass(secs(60));
        let asked = identifier(bench.message());
        assert!(last.is_none_or(|last: u32| asked == last.wrapping_add(1)));
        last = Some(asked);
        bench.pass(secs(19));
        bench.receive(reply(asked));
        bench.sent();
    }
    bench.pass(secs(59));
    assert_eq!((bench.sent(), bench.machine.state()), (vec![], State::Established));
    // Part of a message is none.
    assert_eq!(bench.machine.handle_stream(bench.now, &[0]), 1);
    bench.pass(secs(1));
    identifier(bench.message());
}

#[test]
fn section_3_1_4_only_the_right_reply_tells_the_round_trip() {
    let mut bench = Bench::established();
    assert_eq!(bench.machine.echo_round_trip(), None);
    bench.pass(secs(60));
    let asked = identifier(bench.message());
    bench.now += Duration::from_millis(3);
    bench.receive(EchoReply::new(asked.wrapping_add(1), EchoResult::OK));
    assert_eq!(bench.machine.echo_round_trip(), None);
    bench.now += Duration::from_millis(4);
    bench.receive(EchoReply::new(asked, EchoResult::OK));
    bench.now += secs(1);
    bench.receive(EchoReply::new(asked, EchoResult::OK));
    assert_eq!(bench.machine.echo_round_trip(), Some(Duration::from_millis(7)));
}

#[test]
fn section_3_1_4_some_requests_may_be_missed() {
    let echo = EchoPolicy::Misses { interval: secs(30), count: 3 };
    let mut bench = Bench::established_with(config().with_echo(echo));
    for _ in 0..2 {
        for _ in 0..3 {
            bench.pass(secs(30));
            identifier(bench.message());
        }
        bench.receive(EchoRequest::new(1));
        bench.sent();
    }
    for _ in 0..3 {
        bench.pass(secs(30));
        identifier(bench.message());
    }
    bench.pass(secs(30));
    assert_eq!(bench.event(), Event::Closed { reason: CloseReason::EchoTimeout });
    assert_eq!(CloseReason::EchoTimeout.fault(), Fault::Network);
}

#[test]
fn section_3_1_4_echoes_can_be_switched_off() {
    let mut bench = Bench::established_with(config().with_echo(EchoPolicy::Off));
    assert_eq!(bench.machine.poll_timeout(), None);
    bench.pass(secs(1_000_000_000));
    bench.receive(EchoRequest::new(1));
    assert_eq!(bench.sent_names(), ["Echo-Reply"]);
    assert_eq!(bench.machine.poll_timeout(), None);
}

#[test]
fn intervals_of_nothing_do_not_spin() {
    for echo in [
        EchoPolicy::Deadline { idle: Duration::ZERO, reply: Duration::ZERO },
        EchoPolicy::Deadline { idle: Duration::ZERO, reply: secs(1) },
        EchoPolicy::Misses { interval: Duration::ZERO, count: 0 },
        EchoPolicy::Misses { interval: Duration::ZERO, count: 255 },
    ] {
        let zero = Duration::ZERO;
        let config = config()
            .with_echo(echo)
            .with_start_timeout(secs(1))
            .with_reply_timeout(zero)
            .with_answer_timeout(zero)
            .with_no_data_timeout(zero)
            .with_disconnect_timeout(zero)
            .with_stop_timeout(zero);
        let mut bench = Bench::established_with(config);
        let call = bench.requested(outgoing_request());
        bench.machine.accept_call(bench.now, call, Answer::default()).unwrap();
        bench.sent();
        bench.pass(zero);
        assert!(matches!(bench.events()[..], [Event::CallConnected { .. }, Event::ControlUpButNoData { .. }]));
        bench.placed();
        bench.pass(zero);
        assert_eq!(bench.machine.state(), State::Closed);
    }
    // Nor do deadlines that are too far away.
    let never = Duration::MAX;
    let mut bench = Bench::established_with(
        config().with_echo(EchoPolicy::Deadline { idle: never, reply: never }).with_reply_timeout(never),
    );
    bench.placed();
    assert_eq!(bench.machine.poll_timeout(), None);
    bench.machine.handle_timeout(never);
    assert_eq!(bench.events(), []);
}

#[test]
fn section_3_2_1_a_call_that_does_not_go_on_closes_the_connection() {
    let mut bench = Bench::established_with(config().with_echo(EchoPolicy::Off));
    let connected = bench.connected();
    bench.machine.handle_data_seen(bench.now, connected);
    let call = bench.placed();
    bench.pass(secs(59));
    assert_eq!(bench.events(), []);
    bench.pass(secs(1));
    assert_eq!(bench.message(), StopControlConnectionRequest::new(StopReason::NONE).into());
    let closed = |call| Event::CallClosed { call, reason: CallCloseReason::ConnectionClosed { fault: Fault::Peer } };
    assert_eq!(bench.events(), [closed(connected), closed(call)]);
    bench.pass(secs(60));
    assert_eq!(bench.event(), Event::Closed { reason: CloseReason::CallTimeout { call } });
}

#[test]
fn a_sleeping_machine_is_asked_first() {
    // A laptop that was closed for a week: it asks, instead of giving up at once.
    let mut bench = Bench::established();
    bench.pass(secs(7 * 86_400));
    assert_eq!(bench.events(), []);
    let asked = identifier(bench.message());
    bench.receive(EchoReply::new(asked, EchoResult::OK));
    assert_eq!(bench.machine.poll_timeout(), Some(bench.now + secs(60)));
}

#[test]
fn weeks_of_silence_are_survived() {
    let (mut bench, end) = (Bench::established(), secs(6 * 7 * 86_400));
    let mut questions = 0_u32;
    while bench.now < end {
        let deadline = bench.machine.poll_timeout().unwrap();
        bench.pass(deadline.saturating_sub(bench.now));
        for message in bench.sent() {
            bench.receive(EchoReply::new(identifier(message), EchoResult::OK));
            questions += 1;
        }
    }
    assert_eq!(bench.events(), []);
    assert_eq!(questions, 60_464);
}
