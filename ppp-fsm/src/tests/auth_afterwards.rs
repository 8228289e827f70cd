//! Authenticators after an answer: repeated proofs, texts, timers, and proofs that were presented.

use alloc::vec::Vec;
use core::time::Duration;

use crate::auth::{
    Answer, AnswerError, Authenticator, Config, MAX_PACKET_LEN, Method, Outcome, Peer, Refused, Secret, Status,
};

const NOW: Duration = Duration::ZERO;
const SECOND: Duration = Duration::from_secs(1);
const PASSWORD: &[u8] = b"wonderland";

fn ends(method: Method, config: &Config) -> (Authenticator, Peer) {
    let (mut server, mut client) = (Authenticator::new(config, [1; 32]), Peer::new(config, [2; 32]));
    server.start(NOW, method);
    client.start(NOW, method);
    (server, client)
}

/// Carries the authenticator's packet to the peer, and returns the peer's proof.
fn proof(server: &mut Authenticator, client: &mut Peer, password: &[u8]) -> Vec<u8> {
    let mut buf = [0; MAX_PACKET_LEN];
    client.handle_packet(NOW, server.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
    let ticket = client.poll_demand().unwrap().ticket();
    client.prove(NOW, ticket, b"alice", &Secret::Password(password)).unwrap();
    client.poll_transmit(NOW, &mut buf).unwrap().unwrap().to_vec()
}

/// Returns the next packet of the authenticator.
fn sent(server: &mut Authenticator) -> Vec<u8> {
    server.poll_transmit(NOW, &mut [0; MAX_PACKET_LEN]).unwrap().unwrap().to_vec()
}

/// RFC 1994 section 2: a new Challenge is repeated like the first one, and its own time is over.
#[test]
fn a_challenge_in_a_running_session_waits_for_its_answer_alone() {
    let config = Config::default().with_rechallenge_interval(Some(60 * SECOND)).with_restart_timeout(3 * SECOND);
    let (mut server, mut client) = ends(Method::ChapMd5, &config);
    let response = proof(&mut server, &mut client, PASSWORD);
    server.handle_packet(NOW, &response).unwrap();
    let ticket = server.poll_question().unwrap().ticket();
    server.answer(NOW, ticket, &Answer::Password(PASSWORD)).unwrap();
    assert_eq!(server.poll_timeout(), Some(60 * SECOND));
    server.handle_timeout(60 * SECOND);
    assert_eq!((server.status(), server.poll_timeout()), (Status::Waiting, Some(63 * SECOND)));
}

#[test]
fn nothing_is_presented_once_it_was_answered() {
    let (mut server, _) = ends(Method::Eap, &Config::default().with_eap_pass_through(true));
    let identifier = sent(&mut server)[1];
    server.handle_packet(NOW, &[2, identifier, 0, 6, 1, b'x']).unwrap();
    assert!(server.presented().is_some());
    let ticket = server.poll_question().unwrap().ticket();
    server.answer(NOW, ticket, &Answer::EapRequest(&[1, 0x77, 0, 6, 26, 1])).unwrap();
    assert!(server.presented().is_none());
}

/// RFC 1994 section 4.1: a copy that has to be sent is void once the answer is there.
#[test]
fn a_copy_that_was_not_sent_yet_is_not_sent_while_the_user_is_asked() {
    let (mut server, mut client) = ends(Method::ChapMd5, &Config::default());
    let response = proof(&mut server, &mut client, PASSWORD);
    server.handle_timeout(3 * SECOND);
    assert!(server.has_output());
    server.handle_packet(3 * SECOND, &response).unwrap();
    assert_eq!((server.status(), server.has_output()), (Status::Asking, false));
}

#[test]
fn a_packet_longer_than_any_of_these_methods_is_refused() {
    let (mut server, mut client) = ends(Method::ChapMd5, &Config::default());
    let length = MAX_PACKET_LEN + 1;
    let [_, _, .., high, low] = length.to_be_bytes();
    let mut packet = [0; MAX_PACKET_LEN + 1];
    packet[..5].copy_from_slice(&[2, 1, high, low, 16]);
    assert_eq!(server.handle_packet(NOW, &packet), Err(Refused::TooLong { length }));
    packet[0] = 1;
    assert_eq!(client.handle_packet(NOW, &packet), Err(Refused::TooLong { length }));
}

/// Returns an EAP packet of this length.
fn eap(code: u8, identifier: u8, length: usize) -> Vec<u8> {
    let [.., high, low] = length.to_be_bytes();
    let mut packet = alloc::vec![0; length];
    packet[..5].copy_from_slice(&[code, identifier, high, low, 26]);
    packet
}

#[test]
fn another_end_of_eap_may_send_packets_up_to_the_limit() {
    let config = Config::default().with_eap_pass_through(true);
    let (mut server, mut client) = ends(Method::Eap, &config);
    let identifier = sent(&mut server)[1];
    server.handle_packet(NOW, &[2, identifier, 0, 6, 1, b'x']).unwrap();
    let ticket = server.poll_question().unwrap().ticket();
    let (longest, longer) = (eap(1, 9, MAX_PACKET_LEN), eap(1, 9, MAX_PACKET_LEN + 1));
    assert_eq!(server.answer(NOW, ticket, &Answer::EapRequest(&longer)).unwrap_err(), AnswerError::TooLong);
    assert!(matches!(server.answer(NOW, ticket, &Answer::EapRequest(&longest)), Ok(Outcome::Continued)));

    client.handle_packet(NOW, &longest).unwrap();
    let ticket = client.poll_demand().unwrap().ticket();
    // A request is no response, however long it is.
    assert_eq!(client.send_eap(NOW, ticket, &longest), Err(AnswerError::Unsuitable));
    assert_eq!(client.send_eap(NOW, ticket, &eap(2, 9, MAX_PACKET_LEN + 1)), Err(AnswerError::TooLong));
    client.send_eap(NOW, ticket, &eap(2, 9, MAX_PACKET_LEN)).unwrap();
}

/// RFC 3748 section 4.2: the last packet is a Success or a Failure, as the verdict is.
#[test]
fn the_last_packet_of_another_end_of_eap_has_to_fit_the_verdict() {
    for (fitting, other) in [
        (Answer::Accept(&[3, 9, 0, 4]), Answer::Accept(&[4, 9, 0, 4])),
        (Answer::Reject(&[4, 9, 0, 4]), Answer::Reject(&[3, 9, 0, 4])),
    ] {
        let (mut server, _) = ends(Method::Eap, &Config::default().with_eap_pass_through(true));
        let identifier = sent(&mut server)[1];
        server.handle_packet(NOW, &[2, identifier, 0, 6, 1, b'x']).unwrap();
        let ticket = server.poll_question().unwrap().ticket();
        assert_eq!(server.answer(NOW, ticket, &other).unwrap_err(), AnswerError::Unsuitable);
        assert!(server.answer(NOW, ticket, &fitting).is_ok());
    }
}

/// RFC 3748 sections 5.3.1 and 5.4.
#[test]
fn an_md5_challenge_has_a_name_and_its_answer_a_value_and_after_a_nak_nothing_is_awaited() {
    let config = Config::default().with_name(b"concentrator");
    let (mut server, mut client) = ends(Method::Eap, &config);
    let identity = proof(&mut server, &mut client, PASSWORD);
    server.handle_packet(NOW, &identity).unwrap();
    let challenge = sent(&mut server);
    assert!(challenge.ends_with(b"concentrator"));
    // A value that is longer than its packet.
    assert!(server.handle_packet(NOW, &[2, challenge[1], 0, 6, 4, 99]).is_err());
    assert_eq!(server.status(), Status::Waiting);
    server.handle_packet(NOW, &[2, challenge[1], 0, 6, 3, 0]).unwrap();
    assert!(matches!(server.status(), Status::Failed(_)));
    assert_eq!(server.poll_timeout(), None);
}

#[cfg(feature = "mschap")]
mod microsoft {
    use mschap::{Account, FailureCode, NtHash};

    use super::*;
    use crate::auth::Failure;

    fn answer(server: &mut Authenticator, answer: &Answer<'_>) -> Outcome {
        let ticket = server.poll_question().expect("something is asked").ticket();
        server.answer(NOW, ticket, answer).unwrap()
    }

    /// Returns an authenticator to which a peer has presented its proof.
    fn asked(method: Method, config: &Config) -> Authenticator {
        let (mut server, mut client) = ends(method, config);
        // In EAP the name comes first.
        for _ in 0..if method == Method::EapMsChapV2 { 2 } else { 1 } {
            let packet = proof(&mut server, &mut client, PASSWORD);
            server.handle_packet(NOW, &packet).unwrap();
        }
        server
    }

    /// RFC 2433 section 5, RFC 2759 section 6: a peer that presents its wrong proof again has the
    /// same answer, and no other try.
    #[test]
    fn a_wrong_proof_that_is_repeated_has_the_failure_once_more() {
        let stored = NtHash::from_password("wonderland");
        for method in [Method::MsChapV1, Method::MsChapV2] {
            let (mut server, mut client) = ends(method, &Config::default().with_retries(2));
            let mut response = proof(&mut server, &mut client, b"jabberwock");
            server.handle_packet(NOW, &response).unwrap();
            let outcome = answer(&mut server, &Answer::Account(&Account::new(&stored)));
            assert!(matches!(outcome, Outcome::Refused { goes_on: true }));
            let first = sent(&mut server);
            // The same value under the identifier of another try.
            response[1] = response[1].wrapping_add(1);
            server.handle_packet(NOW, &response).unwrap();
            let outcome = answer(&mut server, &Answer::Account(&Account::new(&stored)));
            assert!(matches!(outcome, Outcome::Refused { goes_on: false }));
            let again = sent(&mut server);
            assert_eq!(again[..2], [4, response[1]], "{method}");
            assert_eq!(again[2..], first[2..], "{method}");
            assert_eq!(server.status(), Status::Failed(Failure::RefusedPeer { method, code: Some(691) }));
        }
    }

    /// RFC 2759 section 5: the text of a Success that proves nothing can be shown.
    #[test]
    fn the_text_of_a_success_without_proof_is_kept_in_eap() {
        let (mut server, mut client) = ends(Method::EapMsChapV2, &Config::default());
        let identity = proof(&mut server, &mut client, PASSWORD);
        server.handle_packet(NOW, &identity).unwrap();
        let response = proof(&mut server, &mut client, PASSWORD);
        let text = b"S=407A5589115FD0D6209F510FE9C04566932CDA56";
        // Code, identifier, length, type; OpCode, MS-CHAPv2-ID, MS-Length.
        let success = [&[1, response[1].wrapping_add(1), 0, 51, 26, 3, response[6], 0, 46][..], text].concat();
        client.handle_packet(NOW, &success).unwrap();
        assert_eq!(client.message().0, text);
        assert_eq!(client.status(), Status::Failed(Failure::NoMutualProof));
    }

    /// RFC 2433 section 5, RFC 2759 section 5: the text is the user's, whatever it looks like.
    #[test]
    fn the_text_of_a_success_is_sent_as_it_is() {
        let text = b"S=407A5589115FD0D6209F510FE9C04566932CDA56 E=691 R=1 V=3";
        for method in [Method::MsChapV1, Method::MsChapV2, Method::EapMsChapV2] {
            let mut server = asked(method, &Config::default());
            assert!(matches!(answer(&mut server, &Answer::Accept(text)), Outcome::Accepted));
            assert!(sent(&mut server).ends_with(text), "{method}");
        }
    }

    /// RFC 2759 section 6: `R=1` is a promise, and a server that is asked elsewhere cannot know
    /// whether it is kept.
    #[test]
    fn the_promise_of_another_try_is_taken_out_of_a_failure_where_there_is_none() {
        for method in [Method::MsChapV1, Method::MsChapV2, Method::EapMsChapV2] {
            let mut server = asked(method, &Config::default());
            let outcome = answer(&mut server, &Answer::Reject(b"E=691 R=1 C=01020304050607080102030405060708 V=3"));
            assert!(matches!(outcome, Outcome::Refused { goes_on: false }));
            let failure = sent(&mut server);
            assert!(failure.windows(9).any(|part| part == b"E=691 R=0"), "{method}");
        }
    }

    /// RFC 2759 section 6: the peer acknowledges a Failure at once, unless a person has to find
    /// another password.
    #[test]
    fn a_refused_peer_of_eap_is_waited_for_as_long_as_a_person_needs_only_where_it_may_try_again() {
        for (retries, is_over) in [(0, true), (1, false)] {
            let config = Config::default().with_retries(retries).with_max_tries(2).with_patience(60 * SECOND);
            let mut server = asked(Method::EapMsChapV2, &config);
            let other = NtHash::from_password("jabberwock");
            answer(&mut server, &Answer::Account(&Account::new(&other)));
            for _ in 0..2 {
                server.handle_timeout(server.poll_timeout().unwrap());
            }
            assert_eq!(matches!(server.status(), Status::Failed(_)), is_over);
        }
    }

    /// RFC 2759 section 7: a change of password follows a Failure with `E=648`, and nothing else.
    #[test]
    fn a_change_of_password_that_nobody_asked_for_is_dropped() {
        let (mut server, _) = ends(Method::MsChapV2, &Config::default());
        let identifier = sent(&mut server)[1];
        assert_eq!(server.handle_packet(NOW, &[7, identifier, 0, 6, 1, 2]), Err(Refused::Unmatched));
        assert!(!server.has_output());
    }

    /// RFC 2433 section 9: both hashes can be read from version 1 of a change, and so it is not
    /// judged.
    #[test]
    fn a_change_of_version_1_is_not_judged() {
        let mut server = asked(Method::MsChapV1, &Config::default());
        let stored = NtHash::from_password("wonderland");
        let expired = Account::new(&stored).with_restriction(FailureCode::PASSWORD_EXPIRED);
        answer(&mut server, &Answer::Account(&expired));
        let identifier = sent(&mut server)[1].wrapping_add(1);
        let change = [&[5, identifier, 0, 72][..], &[0; 68]].concat();
        server.handle_packet(NOW, &change).unwrap();
        let ticket = server.poll_question().unwrap().ticket();
        let refused = server.answer(NOW, ticket, &Answer::Account(&Account::new(&stored))).unwrap_err();
        assert_eq!((refused, server.status()), (AnswerError::Unsuitable, Status::Asking));
    }
}
