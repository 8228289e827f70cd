//! RFC 2637 section 3.1.3.

use core::net::IpAddr;

use pptp_wire::connection::{CloseReason, Connection, Event, State, Winner, winner};

use crate::bench::{Bench, config, secs, start_reply, start_request};

fn addresses() -> (IpAddr, IpAddr) {
    ("192.33.45.17".parse().unwrap(), "192.33.45.89".parse().unwrap())
}

#[test]
fn section_3_1_3_the_greater_address_wins() {
    let (low, high) = addresses();
    assert_eq!(
        (winner(low, high), winner(high, low), winner(low, low)),
        (Some(Winner::Theirs), Some(Winner::Ours), None)
    );
    // Unsigned, and the network number counts more.
    let (low, high) = ("127.255.255.255".parse().unwrap(), "128.0.0.0".parse().unwrap());
    assert_eq!(winner(high, low), Some(Winner::Ours));
    let (low, high) = ("fe80::1".parse().unwrap(), "fe80::2".parse().unwrap());
    assert_eq!(winner(high, low), Some(Winner::Ours));
}

/// Both sides of a collision, with two connections each.
#[test]
fn section_3_1_3_one_connection_is_left_on_both_sides() {
    let (low, high) = addresses();
    for manual in [false, true] {
        let config = config().with_manual_start(manual);
        let (mut low_opened, mut low_accepted) = (Bench::originator(config), Bench::receiver(config));
        let (mut high_opened, mut high_accepted) = (Bench::originator(config), Bench::receiver(config));
        if manual {
            for accepted in [&mut low_accepted, &mut high_accepted] {
                accepted.receive(start_request());
                assert_eq!(accepted.event(), Event::StartRequested);
            }
        }
        for bench in [&mut low_opened, &mut low_accepted] {
            bench.machine.handle_collision(bench.now, low, high);
        }
        for bench in [&mut high_opened, &mut high_accepted] {
            bench.machine.handle_collision(bench.now, high, low);
        }

        // The loser closes what it opened, without a message, …
        assert_eq!(low_opened.event(), Event::Closed { reason: CloseReason::CollisionLost });
        assert_eq!(low_opened.sent(), []);
        // … and answers on the other.
        if manual {
            low_accepted.machine.accept_start(low_accepted.now).unwrap();
        } else {
            low_accepted.receive(start_request());
        }
        assert_eq!(low_accepted.sent_names(), ["Start-Control-Connection-Reply"]);
        assert_eq!(low_accepted.event(), Event::Established);
        high_opened.receive(start_reply());
        assert_eq!(high_opened.event(), Event::Established);

        // The winner says nothing on the connection of the loser, until it ends.
        if manual {
            assert!(high_accepted.machine.accept_start(high_accepted.now).is_err());
        } else {
            high_accepted.receive(start_request());
        }
        assert_eq!((high_accepted.sent(), high_accepted.events()), (vec![], vec![]));
        high_accepted.machine.handle_disconnect(high_accepted.now);
        assert_eq!(high_accepted.event(), Event::Closed { reason: CloseReason::CollisionWon });
    }
}

#[test]
fn section_3_1_3_a_request_not_yet_sent_is_not_sent() {
    let (low, high) = addresses();
    let mut bench = Bench::new(Connection::originator(config(), [0; 32]));
    bench.machine.open(bench.now).unwrap();
    bench.machine.handle_collision(bench.now, low, high);
    assert_eq!(bench.sent(), []);
}

#[test]
fn section_3_1_3_a_loser_that_does_not_close_is_closed() {
    let (low, high) = addresses();
    let mut bench = Bench::receiver(config());
    bench.machine.handle_collision(bench.now, high, low);
    assert_eq!(bench.machine.handle_stream(bench.now, b"whatever"), 8);
    bench.pass(secs(60));
    assert_eq!(bench.event(), Event::Closed { reason: CloseReason::CollisionWon });
}

/// Bytes that were kept, since the queue of events was full, are not read on a connection that has to be silent. TCP's
/// end is reported before the collision is seen or after it.
#[test]
fn section_3_1_3_the_end_of_a_silenced_connection_is_reported_behind_bytes_that_were_kept() {
    let (low, high) = addresses();
    let unknown = b"\x00\x10\x00\x01\x1a\x2b\x3c\x4d\x5f\x00\x00\x00\x00\x00\x00\x00";
    for is_early in [false, true] {
        let mut bench = Bench::receiver(config().with_manual_start(true));
        bench.receive(start_request());
        while bench.machine.wants_read() {
            assert_eq!(bench.machine.handle_stream(bench.now, &unknown.repeat(8)), 8 * unknown.len());
        }
        if is_early {
            bench.machine.handle_disconnect(bench.now);
        }
        bench.machine.handle_collision(bench.now, high, low);
        if !is_early {
            bench.machine.handle_disconnect(bench.now);
        }
        let events = bench.events();
        assert_eq!(events.last(), Some(&Event::Closed { reason: CloseReason::CollisionWon }), "{events:?}");
    }
}

#[test]
fn section_3_1_3_without_a_collision_nothing_happens() {
    let (low, high) = addresses();
    let mut bench = Bench::established();
    bench.machine.handle_collision(bench.now, low, high);
    bench.machine.handle_collision(bench.now, high, low);
    assert_eq!((bench.machine.state(), bench.events()), (State::Established, vec![]));
    let mut bench = Bench::originator(config());
    bench.machine.handle_collision(bench.now, low, low);
    bench.machine.handle_collision(bench.now, high, low);
    assert_eq!((bench.machine.state(), bench.events()), (State::WaitCtlReply, vec![]));
    // Nor before there is a TCP connection.
    let mut bench = Bench::new(Connection::receiver(config(), [0; 32]));
    bench.machine.handle_collision(bench.now, high, low);
    bench.machine.open(bench.now).unwrap();
    bench.machine.handle_collision(bench.now, low, high);
    bench.receive(start_request());
    assert_eq!(bench.event(), Event::Established);
}
