//! Floods of calls and connections.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use pptp::server::{AcceptError, Limits, Server, Session};
use pptp::session::{CallEvent, Event, MAX_TRANSMIT};
use pptp::wire::message::{CallClearRequest, EchoRequest, OutgoingCallRequest, StartControlConnectionRequest};
use pptp::wire::{Message, Text};

use crate::server_config;

/// Returns a Start-Control-Connection-Request.
pub(crate) fn start() -> Vec<u8> {
    encoded(StartControlConnectionRequest::new(Text::EMPTY, Text::EMPTY).into())
}

/// Returns an Outgoing-Call-Request.
pub(crate) fn call(id: u16) -> Vec<u8> {
    encoded(OutgoingCallRequest::new(id, id).into())
}

pub(crate) fn encoded(message: Message) -> Vec<u8> {
    message.to_vec()
}

/// Returns the messages that wait to be sent.
fn messages<const CALLS: usize>(now: Duration, session: &mut Session<CALLS>) -> Vec<Message> {
    let mut buf = [0; MAX_TRANSMIT];
    let mut messages = Vec::new();
    while let Some(bytes) = session.poll_control(now, &mut buf).unwrap() {
        messages.push(Message::decode(bytes).unwrap().0);
    }
    messages
}

#[test]
fn a_flood_of_calls_on_one_connection_is_refused_as_busy() {
    let now = Duration::ZERO;
    let mut session: Session<4> = Session::new(&server_config(), [1; 32]);
    session.open(now);
    assert_eq!(session.handle_stream(now, &start()), start().len());
    let (mut accepted, mut refused) = (0, 0);
    for id in 1..=u16::MAX {
        let request = call(id);
        let mut rest = &request[..];
        while !rest.is_empty() {
            let taken = session.handle_stream(now, rest);
            rest = &rest[taken..];
            for message in messages(now, &mut session) {
                if let Message::OutgoingCallReply(reply) = message {
                    let is_good = reply.result_code.get() == 1;
                    *(if is_good { &mut accepted } else { &mut refused }) += 1;
                }
            }
            while session.poll_event().is_some() {}
        }
        assert!(session.calls().count() <= 4);
    }
    assert_eq!((accepted, refused), (4, u32::from(u16::MAX) - 4));
}

#[test]
fn calls_that_are_opened_and_closed_100_000_times_leave_nothing_behind() {
    let mut server: Server<4> = Server::new(server_config(), Limits::default());
    let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
    let mut now = Duration::ZERO;
    let id = server.accept(now, peer, [1; 32]).unwrap();
    let mut buf = [0; MAX_TRANSMIT];
    assert_eq!(server.handle_stream(now, id, &start()), start().len());
    let mut closed = 0;
    for round in 0..100_000u32 {
        let number = (round % 60_000) as u16 + 1;
        for message in [call(number), encoded(CallClearRequest::new(number).into())] {
            assert_eq!(server.handle_stream(now, id, &message), message.len());
            let mut steps = 0;
            while let Some(mut ready) = server.poll_ready() {
                while let Some(event) = ready.poll_event() {
                    closed += u32::from(matches!(event, Event::Call { event: CallEvent::Closed(_), .. }));
                }
                while ready.poll_control(now, &mut buf).unwrap().is_some() {}
                while ready.poll_tunnel(now, &mut buf).unwrap().is_some() {}
                steps += 1;
                assert!(steps < 4);
            }
        }
        assert_eq!(server.session(id).unwrap().calls().count(), 0);
        now += Duration::from_millis(1);
    }
    assert_eq!(closed, 100_000);
    // The text has every queue and table in it: no more than that of a fresh one, but for longer
    // numbers.
    let shown = format!("{server:?}").len();
    let mut fresh: Server<4> = Server::new(server_config(), Limits::default());
    let id = fresh.accept(now, peer, [1; 32]).unwrap();
    assert_eq!(fresh.handle_stream(now, id, &start()), start().len());
    let limit = format!("{fresh:?}").len() * 2;
    assert!(shown < limit, "{shown} {limit}");
}

/// RFC 2637 section 2.7: a request that is kept, since its sender does not read, is weighed when it is handled.
#[test]
fn a_call_that_waits_for_its_turn_counts_when_it_is_taken() {
    let mut server: Server<4> = Server::new(server_config(), Limits::default().with_calls(1));
    let now = Duration::ZERO;
    let mut buf = [0; MAX_TRANSMIT];
    let ids = [1, 2].map(|last| server.accept(now, IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), [last; 32]).unwrap());
    server.handle_stream(now, ids[0], &start());
    let echo = encoded(EchoRequest::new(7).into());
    while server.wants_read(ids[0]) {
        server.handle_stream(now, ids[0], &echo);
    }
    assert_eq!(server.handle_stream(now, ids[0], &call(1)), 168, "there is room to keep it");
    server.handle_stream(now, ids[1], &[start(), call(1)].concat());
    for id in ids {
        let mut session = server.session_mut(id).unwrap();
        while session.poll_control(now, &mut buf).unwrap().is_some() {}
        assert!(session.wants_read(), "all was handled");
    }
    let calls = ids.map(|id| server.session(id).unwrap().calls().count());
    assert_eq!(calls, [0, 1]);
}

#[test]
fn connections_beyond_the_limits_are_refused() {
    let limits = Limits::default().with_connections(1000).with_connections_per_address(10);
    let mut server: Server<4> = Server::new(server_config(), limits);
    let address = |number: u32| IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number));
    let now = Duration::ZERO;
    // From one address.
    for number in 0..2000 {
        let result = server.accept(now, address(1), [1; 32]);
        assert_eq!(result.is_ok(), number < 10);
        assert!(number < 10 || result == Err(AcceptError::AddressFull { limit: 10 }));
    }
    // From many, and written as addresses of IPv6.
    for number in 2..5000 {
        let result = server.accept(now, address(number), [1; 32]);
        assert_eq!(result.is_ok(), number < 992);
    }
    let IpAddr::V4(first) = address(1) else { unreachable!() };
    assert!(server.accept(now, IpAddr::V6(first.to_ipv6_mapped()), [1; 32]).is_err());
    assert_eq!(server.len(), 1000);
    // None of them says anything: all are gone after the time that a start may take.
    let mut buf = [0; MAX_TRANSMIT];
    let mut steps = 0;
    while let Some(at) = server.poll_timeout() {
        steps += 1;
        assert!(steps < 100 && at <= Duration::from_secs(30), "{steps} {at:?}");
        server.handle_timeout(at);
        loop {
            let Some(mut ready) = server.poll_ready() else { break };
            while ready.poll_event().is_some() {}
            while ready.poll_control(at, &mut buf).unwrap().is_some() {}
            let (id, is_closed) = (ready.id(), ready.is_closed());
            drop(ready);
            if is_closed {
                server.remove(id);
            }
        }
    }
    assert!(server.is_empty());
    // And there is room again.
    assert!(server.accept(now, address(1), [1; 32]).is_ok());
}

#[test]
fn calls_of_all_connections_are_limited() {
    let limits = Limits::default().with_calls(50);
    let mut server: Server<4> = Server::new(server_config(), limits);
    let now = Duration::ZERO;
    let mut buf = [0; MAX_TRANSMIT];
    let ids: Vec<_> = (0..100u8)
        .map(|last| server.accept(now, IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), [last; 32]).unwrap())
        .collect();
    for id in &ids {
        // All in one piece.
        let bytes = [start(), call(1), call(2), call(3), call(4)].concat();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let taken = server.handle_stream(now, *id, rest);
            rest = &rest[taken..];
            while let Some(mut ready) = server.poll_ready() {
                while ready.poll_event().is_some() {}
                while ready.poll_control(now, &mut buf).unwrap().is_some() {}
            }
        }
    }
    let calls: usize = ids.iter().map(|id| server.session(*id).unwrap().calls().count()).sum();
    assert_eq!(calls, 50);
}

/// RFC 2637 section 2.8, result 4. A call that is over keeps its place until its end was polled.
#[test]
fn two_requests_in_one_segment_do_not_get_the_same_last_place() {
    let now = Duration::ZERO;
    let mut session: Session<2> = Session::new(&server_config(), [1; 32]);
    session.open(now);
    let results = |session: &mut Session<2>, segment: &[u8]| -> Vec<u8> {
        assert_eq!(session.handle_stream(now, segment), segment.len());
        let replies = messages(now, session).into_iter().filter_map(|message| {
            let Message::OutgoingCallReply(reply) = message else { return None };
            Some(reply.result_code.get())
        });
        replies.collect()
    };
    assert_eq!(results(&mut session, &[start(), call(1)].concat()), [1]);
    assert_eq!(results(&mut session, &encoded(CallClearRequest::new(1).into())), []);
    assert_eq!(session.calls().count(), 1, "it is over, and its end waits to be polled");
    assert_eq!(results(&mut session, &[call(2), call(3)].concat()), [1, 4]);
    assert_eq!(session.calls().count(), 2);
    while session.poll_event().is_some() {}
    assert_eq!(results(&mut session, &call(4)), [1]);
    assert_eq!(session.calls().count(), 2);
}
