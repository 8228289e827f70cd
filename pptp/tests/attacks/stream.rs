//! The control connection: slow, long, endless, and never read.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use pptp::client;
use pptp::server::{Limits, Server, Session};
use pptp::session::{Event, MAX_TRANSMIT, Reason, Session as SessionOf};
use pptp::wire::Text;
use pptp::wire::code::StartResult;
use pptp::wire::connection::CloseReason;
use pptp::wire::message::{EchoRequest, StartControlConnectionReply};

use crate::calls::{call, encoded, start};

use crate::server_config;

fn session() -> Session<4> {
    let mut session = Session::new(&server_config(), [1; 32]);
    session.open(Duration::ZERO);
    session
}

fn closed(session: &mut Session<4>) -> Option<Reason> {
    let mut reason = None;
    while let Some(event) = session.poll_event() {
        if let Event::Closed(found) = event {
            reason = Some(found);
        }
    }
    reason
}

#[test]
fn one_byte_at_a_time_is_as_good_as_all_at_once() {
    let mut session = session();
    let mut now = Duration::ZERO;
    for byte in [start(), call(7)].concat() {
        now += Duration::from_millis(10);
        assert_eq!(session.handle_stream(now, &[byte]), 1);
    }
    assert_eq!(session.calls().count(), 1);
}

/// An byte now and then is no start: its time is up nevertheless.
#[test]
fn a_start_that_never_ends_is_ended() {
    let mut session = session();
    let mut now = Duration::ZERO;
    for byte in start().into_iter().take(150) {
        now += Duration::from_millis(100);
        assert_eq!(session.handle_stream(now, &[byte]), 1);
        session.handle_timeout(now);
    }
    assert_eq!(closed(&mut session), Some(Reason::Control(CloseReason::StartTimeout)));
    assert_eq!(session.poll_timeout(), None);
}

/// Without a call, a connection is not kept forever, whatever is sent on it.
#[test]
fn a_connection_without_a_call_is_ended_however_busy_it_is() {
    let mut session = session();
    let mut buf = [0; MAX_TRANSMIT];
    let mut now = Duration::ZERO;
    assert_eq!(session.handle_stream(now, &start()), 156);
    let mut reason = None;
    for identifier in 0..1000 {
        now += Duration::from_millis(100);
        let message = encoded(EchoRequest::new(identifier).into());
        assert_eq!(session.handle_stream(now, &message), message.len());
        session.handle_timeout(now);
        while session.poll_control(now, &mut buf).unwrap().is_some() {}
        reason = reason.or(closed(&mut session));
    }
    assert!(reason.is_some());
}

#[test]
fn garbage_ends_the_connection_at_once() {
    let mut random = testing::Random::new(1);
    for round in 0..500 {
        let mut session = session();
        let bytes = random.bytes(200);
        // At the start, and after it.
        if round % 2 == 0 {
            assert_eq!(session.handle_stream(Duration::ZERO, &start()), 156);
        }
        assert_eq!(session.handle_stream(Duration::ZERO, &bytes), bytes.len());
        assert!(matches!(closed(&mut session), Some(Reason::Control(CloseReason::Stream(_)))));
        assert_eq!(session.poll_timeout(), None);
    }
}

#[test]
fn lengths_that_are_not_those_of_the_message_end_the_connection() {
    for length in [0u16, 1, 7, 8, 155, 157, 1000, 0x7fff, 0xffff] {
        let mut session = session();
        let mut bytes = start();
        bytes[..2].copy_from_slice(&length.to_be_bytes());
        bytes.resize(70_000, 0);
        assert_eq!(session.handle_stream(Duration::ZERO, &bytes), bytes.len());
        assert!(matches!(closed(&mut session), Some(Reason::Control(CloseReason::Stream(_)))), "{length}");
    }
}

/// A peer that sends and does not read is not read from, and it can go on where it was.
#[test]
fn a_peer_that_never_reads_is_not_read_from() {
    let mut buf = [0; MAX_TRANSMIT];
    for flood in [encoded(EchoRequest::new(7).into()), call(9)] {
        let mut session = session();
        let now = Duration::ZERO;
        assert_eq!(session.handle_stream(now, &start()), 156);
        let bytes = flood.repeat(10_000);
        let mut taken = session.handle_stream(now, &bytes);
        assert!(taken < bytes.len() / 50, "{taken}");
        let mut rest = &bytes[taken..];
        let shown = format!("{session:?}").len();
        for _ in 0..1000 {
            let more = session.handle_stream(now, rest);
            assert!(more < bytes.len() / 50);
            rest = &rest[more..];
            if more == 0 {
                break;
            }
            taken += more;
        }
        assert_eq!(session.handle_stream(now, rest), 0);
        assert!(format!("{session:?}").len() < shown * 2);
        // It reads at last: everything flows again.
        let mut replies = 0;
        for _ in 0..100 {
            while session.poll_control(now, &mut buf).unwrap().is_some() {
                replies += 1;
            }
            while session.poll_event().is_some() {}
            taken += session.handle_stream(now, &bytes[taken..][..flood.len()]);
        }
        assert!(replies > 100, "{replies}");
        assert!(!session.is_closed());
    }
}

/// Reads a stream as the loop of the guide does, and returns how many messages were sent meanwhile.
fn read_while_wanted<const CALLS: usize>(session: &mut SessionOf<CALLS>, stream: &[u8]) -> usize {
    let (mut buf, mut sent) = ([0; MAX_TRANSMIT], 0);
    let mut reads = stream.chunks(SessionOf::<CALLS>::READ_LEN).peekable();
    let mut rounds = 0;
    loop {
        while let Some(read) = reads.next_if(|_| session.wants_read()) {
            assert_eq!(session.handle_stream(Duration::ZERO, read), read.len());
        }
        while session.poll_event().is_some() {}
        while session.poll_control(Duration::ZERO, &mut buf).unwrap().is_some() {
            sent += 1;
        }
        if reads.peek().is_none() && session.wants_read() {
            return sent;
        }
        rounds += 1;
        assert!(rounds < 1000, "it never comes to rest");
    }
}

/// RFC 2637 section 2.5: a start and many Echo-Requests in one segment. 284 bytes were more than an end took at once.
#[test]
fn echoes_in_the_segment_of_the_start_are_all_answered_by_both_ends() {
    let reply = StartControlConnectionReply::new(StartResult::SUCCESSFUL, Text::EMPTY, Text::EMPTY);
    for echoes in [8, 16, 64, 200_usize] {
        let requests = encoded(EchoRequest::new(7).into()).repeat(echoes);
        let mut server = session();
        assert_eq!(read_while_wanted(&mut server, &[start(), requests.clone()].concat()), 1 + echoes);
        assert!(!server.is_closed());

        let mut client = client::Session::new(&client::Config::new("alice", "wonderland"), [2; 32]);
        client.open(Duration::ZERO);
        // Its start and its call are sent too.
        assert_eq!(read_while_wanted(&mut client, &[encoded(reply.into()), requests].concat()), 2 + echoes);
        assert!(!client.is_closed());
    }
}

/// A connection whose output nobody takes is ended by its own clock.
#[test]
fn a_peer_that_never_reads_is_ended_in_time() {
    let mut session = session();
    let mut now = Duration::ZERO;
    assert_eq!(session.handle_stream(now, &start()), 156);
    let flood = encoded(EchoRequest::new(7).into()).repeat(100);
    let mut ended = None;
    for _ in 0..300 {
        now += Duration::from_secs(1);
        let _ = session.handle_stream(now, &flood);
        session.handle_timeout(now);
        assert!(session.poll_timeout().is_none_or(|at| at > now));
        ended = ended.or(closed(&mut session).map(|_| now));
    }
    assert!(ended.is_some_and(|at| at < Duration::from_secs(200)), "{ended:?}");
}

/// The same with a server of many, whose loop goes on as long as a connection is ready.
#[test]
fn a_peer_that_never_reads_does_not_keep_a_server_busy() {
    let mut server: Server<4> = Server::new(server_config(), Limits::default());
    let id = server.accept(Duration::ZERO, IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), [1; 32]).unwrap();
    let mut unread = start();
    (0..100).for_each(|identifier| unread.extend(encoded(EchoRequest::new(identifier).into())));
    let mut rounds = 0;
    loop {
        let taken = server.handle_stream(Duration::ZERO, id, &unread);
        unread.drain(..taken);
        let Some(mut session) = server.poll_ready() else { break };
        // TCP is blocked: nothing is polled but events.
        while session.poll_event().is_some() {}
        rounds += 1;
        assert!(rounds < 100, "it goes on without an end");
    }
    assert!(!unread.is_empty());
    // Once it is read from, it is heard again.
    let mut buf = [0; MAX_TRANSMIT];
    while !unread.is_empty() {
        let mut session = server.session_mut(id).unwrap();
        while session.poll_control(Duration::ZERO, &mut buf).unwrap().is_some() {}
        drop(session);
        let taken = server.handle_stream(Duration::ZERO, id, &unread);
        assert_ne!(taken, 0);
        unread.drain(..taken);
    }
}
