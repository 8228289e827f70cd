//! Reasons say what happened.

use std::net::Ipv4Addr;
use std::time::Duration;

use ppp_session::ppp::auth::AnswerError;
use ppp_session::ppp::ccp::Encryption;
use ppp_session::ppp::{Words, link};
use ppp_session::{Client, Config, Event, Reason, Server, Session};

use crate::pair::{CLIENT, Pair, SERVER, Step, client_of, frame, read, server_of};

#[test]
fn a_wrong_password_is_691_on_both_sides() {
    let client = Session::client(&Config::strict(), &Client::new("alice", "mock turtle"), [1; 32]);
    let server = Session::server(&Config::strict(), &Server::new(Ipv4Addr::new(10, 0, 0, 1)), [2; 32]);
    let mut pair = Pair::new(client, server);
    pair.elapse(Duration::from_secs(10));
    let [client, server] = pair.reasons().map(Option::unwrap);
    assert_eq!([client.windows_error(), server.windows_error()], [Some(691); 2]);
    assert_eq!(server.to_string(), "we refused the peer's authentication by MS-CHAP-V2, error 691");
}

/// The server would hear another password, and the user has none: what the server said first is why.
#[test]
fn a_demand_that_is_declined_ends_with_the_first_refusal() {
    let retries = Config::strict().with_authentication_retries(3);
    let client = Session::client(&retries, &Client::new("alice", "mock turtle"), [1; 32]);
    let server = Session::server(&retries, &Server::new(Ipv4Addr::new(10, 0, 0, 1)), [2; 32]);
    let mut pair = Pair::new(client, server);
    let demand = pair.events[CLIENT].iter().find_map(|event| match event {
        Event::Prove(demand) => Some(*demand),
        _ => None,
    });
    let ticket = demand.expect("another try").ticket();
    // Both wait for the user.
    pair.elapse(Duration::from_secs(4));
    assert_eq!(pair.reasons(), [None, None]);
    let now = pair.now;
    pair.ends[CLIENT].decline(now, ticket).unwrap();
    assert_eq!(pair.ends[CLIENT].decline(now, ticket), Err(AnswerError::NotAsked));
    pair.elapse(Duration::from_secs(4));
    let reason = pair.reasons()[CLIENT].expect("the end");
    assert_eq!((reason.windows_error(), reason.advice()), (Some(691), "the user name or the password is wrong"));
}

#[test]
fn a_hang_up_is_one_on_both_sides() {
    for side in [CLIENT, SERVER] {
        let mut pair = Pair::connected(&Config::strict());
        pair.step(side, Step::Close(pair.now));
        pair.elapse(Duration::from_secs(10));
        assert_eq!(pair.reasons()[side], Some(Reason::Closed));
        let hang_up = Reason::Link(link::Reason::PeerClosed { error: None, words: Words::NONE });
        assert_eq!(pair.reasons()[1 - side], Some(hang_up));
        assert_eq!(Reason::Closed.advice(), "nothing has to be done");
        // The peer's wish need not be that of this side's user.
        assert!(hang_up.advice().starts_with("call again"));
    }
}

/// pppd takes CCP down before LCP. That is a hang-up, and no want of encryption (742).
#[test]
fn an_orderly_hang_up_that_closes_ccp_first_is_no_742() {
    for side in [CLIENT, SERVER] {
        let mut pair = Pair::connected(&Config::strict());
        // Both requests are on their way before the answer to the first one.
        pair.between = Box::new(|_, _| Vec::new());
        pair.inject(side, &frame(0x80fd, &[5, 200, 0, 4]));
        pair.inject(side, &frame(0xc021, &[5, 201, 0, 4]));
        pair.elapse(Duration::from_secs(30));
        assert_eq!(
            pair.reasons()[side],
            Some(Reason::Link(link::Reason::PeerClosed { error: None, words: Words::NONE })),
            "{side}"
        );
    }
}

/// Without a goodbye of LCP, it is the loss of encryption.
#[test]
fn a_peer_that_closes_ccp_alone_has_ended_the_encryption() {
    let mut pair = Pair::connected(&Config::strict());
    pair.inject(SERVER, &frame(0x80fd, &[5, 200, 0, 4]));
    pair.elapse(Duration::from_secs(30));
    assert_eq!(pair.reasons()[SERVER], Some(Reason::Link(link::Reason::EncryptionLost)));
}

#[test]
fn zero_is_no_error_number() {
    let reason = Reason::Link(link::Reason::PeerClosed { error: Some(0), words: Words::NONE });
    assert_eq!((reason.windows_error(), reason.to_string().as_str()), (None, "closed by the peer"));
    assert!(reason.advice().starts_with("call again"));
}

/// accel-ppp's kernel, when it begins to listen too late, rejects every encrypted packet (RFC 1661 section 5.7).
#[test]
fn a_deaf_peer_that_rejects_packet_after_packet_is_left_within_a_second() {
    for pause in [10, 50, 200] {
        for side in [CLIENT, SERVER] {
            let mut pair = Pair::connected(&Config::strict());
            pair.between = Box::new(move |to, bytes| match read(bytes) {
                (0x00fd, information) if to == 1 - side => {
                    let reject = [&[8, 7, 0, 8, 0x00, 0xfd][..], &information[..2]].concat();
                    vec![(side, frame(0xc021, &reject))]
                }
                _ => vec![(to, bytes.to_vec())],
            });
            let begin = pair.now;
            while pair.ends[side].reason().is_none() && pair.now < begin + Duration::from_secs(30) {
                pair.send(side);
                pair.elapse(Duration::from_millis(pause));
            }
            let elapsed = pair.now.saturating_sub(begin);
            assert!(elapsed <= Duration::from_millis(1300), "{elapsed:?} with {pause} ms");
            assert_eq!(pair.reasons()[side], Some(Reason::NotDecrypted));
            assert_eq!(pair.reasons()[side].and_then(|reason| reason.windows_error()), Some(742));
        }
    }
}

/// A peer that has sent encrypted packets has keys: it may have lost some, and is given the time to say more.
#[test]
fn a_peer_that_has_encrypted_is_not_left_for_some_rejects() {
    let mut pair = Pair::connected(&Config::strict());
    for _ in 0..100 {
        pair.assert_alive();
        pair.inject(CLIENT, &frame(0xc021, &[8, 7, 0, 8, 0x00, 0xfd, 0x90, 0]));
        pair.elapse(Duration::from_millis(50));
    }
    assert_eq!(pair.reasons(), [None, None]);
}

#[test]
fn no_encryption_in_common_is_742_and_says_so() {
    let mut pair =
        Pair::new(client_of(&Config::strict()), server_of(&Config::strict().with_encryption(Encryption::Refused)));
    pair.elapse(Duration::from_secs(70));
    let reason = pair.reasons()[CLIENT].unwrap();
    assert_eq!(reason.windows_error(), Some(742), "{reason}");
    assert!(reason.advice().contains("encryption"));
}

#[test]
fn a_carrier_that_goes_away_ends_the_session_at_once() {
    let mut pair = Pair::connected(&Config::strict());
    pair.step(CLIENT, Step::Down(pair.now));
    assert_eq!(pair.reasons()[CLIENT], Some(Reason::Link(link::Reason::LowerLayerDown)));
    assert!(pair.refusal(CLIENT, &frame(0x0021, &crate::pair::ip(60, 1))).is_some());
}
