//! The edges of an authentication: beginning again, stopping, and answers that do not fit.

use core::time::Duration;

use crate::auth::{
    Answer, AnswerError, Authenticator, Config, Demand, MAX_PACKET_LEN, Method, Outcome, Peer, Refused, Secret, Status,
};

const NOW: Duration = Duration::ZERO;
const PASSWORD: &[u8] = b"wonderland";

/// Returns a link's two ends, in which the peer has presented its proof.
fn presented(method: Method, config: &Config, name: &[u8]) -> (Authenticator, Peer) {
    let (mut server, mut client) = (Authenticator::new(config, [1; 32]), Peer::new(config, [2; 32]));
    server.start(NOW, method);
    present(method, &mut server, &mut client, name);
    (server, client)
}

/// Has a peer present its proof to an authenticator that has begun.
fn present(method: Method, server: &mut Authenticator, client: &mut Peer, name: &[u8]) {
    client.start(NOW, method);
    let mut buf = [0; MAX_PACKET_LEN];
    client.handle_packet(NOW, server.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
    let ticket = client.poll_demand().unwrap().ticket();
    client.prove(NOW, ticket, name, &Secret::Password(PASSWORD)).unwrap();
    server.handle_packet(NOW, client.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
}

fn answer(server: &mut Authenticator, answer: &Answer<'_>) -> Result<Outcome, AnswerError> {
    let ticket = server.poll_question().expect("something is asked").ticket();
    server.answer(NOW, ticket, answer)
}

/// RFC 1661 section 3.4: a link that comes up again begins with the establishment.
#[test]
fn an_authenticator_that_starts_again_knows_nobody() {
    let (mut server, mut client) = presented(Method::ChapMd5, &Config::default(), b"alice");
    assert!(matches!(answer(&mut server, &Answer::Password(PASSWORD)), Ok(Outcome::Accepted)));
    assert_eq!(server.peer_name().0, b"alice");
    server.start(NOW, Method::ChapMd5);
    assert_eq!((server.status(), server.peer_name().0), (Status::Waiting, &b""[..]));
    // A peer keeps its name within a link, not beyond it.
    present(Method::ChapMd5, &mut server, &mut client, b"bob");
    assert_eq!(server.presented().unwrap().name().unwrap().0, b"bob");
    assert!(matches!(answer(&mut server, &Answer::Password(PASSWORD)), Ok(Outcome::Accepted)));
}

#[test]
fn an_authenticator_that_was_stopped_takes_and_asks_nothing() {
    let config = Config::default().with_rechallenge_interval(Some(Duration::from_secs(60)));
    for is_accepted in [true, false] {
        let (mut server, mut client) = presented(Method::ChapMd5, &config, b"alice");
        if is_accepted {
            answer(&mut server, &Answer::Password(PASSWORD)).unwrap();
            assert_eq!(server.poll_timeout(), Some(Duration::from_secs(60)));
        }
        server.stop();
        assert_eq!((server.status(), server.method(), server.poll_timeout()), (Status::Idle, None, None));
        assert_eq!((server.peer_name().0, server.has_output()), (&b""[..], false));
        assert!(server.presented().is_none() && server.poll_question().is_none());
        client.stop();
        assert_eq!((client.status(), client.poll_timeout()), (Status::Idle, None));
        assert_eq!(server.handle_packet(NOW, &[2, 1, 0, 4]), Err(Refused::NotAgreed));
    }
}

/// RFC 3748 section 4.2: only a request goes on, and only in EAP.
#[test]
fn a_request_of_another_end_of_eap_is_for_eap_alone() {
    let request = Answer::EapRequest(&[1, 0x77, 0, 6, 26, 1]);
    let (mut server, _) = presented(Method::ChapMd5, &Config::default(), b"alice");
    let ticket = server.poll_question().unwrap().ticket();
    assert_eq!(server.answer(NOW, ticket, &request).unwrap_err(), AnswerError::Unsuitable);

    let mut server = Authenticator::new(&Config::default().with_eap_pass_through(true), [1; 32]);
    server.start(NOW, Method::Eap);
    let mut buf = [0; 64];
    let identifier = server.poll_transmit(NOW, &mut buf).unwrap().unwrap()[1];
    server.handle_packet(NOW, &[2, identifier, 0, 6, 1, b'x']).unwrap();
    let ticket = server.poll_question().unwrap().ticket();
    for packet in [&[2, 0x77, 0, 6, 26, 1][..], &[3, 0x77, 0, 4], &[1, 0x77, 0, 7, 26, 1]] {
        assert_eq!(
            server.answer(NOW, ticket, &Answer::EapRequest(packet)).unwrap_err(),
            AnswerError::Unsuitable,
            "{packet:?}"
        );
    }
    assert!(matches!(server.answer(NOW, ticket, &request), Ok(Outcome::Continued)));
}

/// RFC 3748 section 5.1: an Identity says who the peer is, and no other type does.
#[test]
fn the_name_of_a_peer_that_is_passed_through_is_its_identity() {
    let mut server = Authenticator::new(&Config::default().with_eap_pass_through(true), [1; 32]);
    server.start(NOW, Method::Eap);
    let mut buf = [0; 64];
    let identifier = server.poll_transmit(NOW, &mut buf).unwrap().unwrap()[1];
    server.handle_packet(NOW, &[2, identifier, 0, 6, 1, b'x']).unwrap();
    assert_eq!(server.peer_name().0, b"x");
    answer(&mut server, &Answer::EapRequest(&[1, 0x77, 0, 6, 26, 1])).unwrap();
    server.handle_packet(NOW, &[2, 0x77, 0, 6, 26, b'y']).unwrap();
    assert_eq!(server.peer_name().0, b"x");
}

/// RFC 3748 section 2.3: what is passed through is judged elsewhere, by a packet of EAP.
#[test]
fn a_password_is_no_answer_to_a_type_that_is_passed_through() {
    let mut server = Authenticator::new(&Config::default().with_eap_pass_through(true), [1; 32]);
    server.start(NOW, Method::Eap);
    let mut buf = [0; 64];
    let identifier = server.poll_transmit(NOW, &mut buf).unwrap().unwrap()[1];
    // Read as CHAP, it would be a value that is longer than its packet.
    server.handle_packet(NOW, &[2, identifier, 0, 6, 26, 1]).unwrap();
    assert_eq!(answer(&mut server, &Answer::Password(PASSWORD)).unwrap_err(), AnswerError::Unsuitable);
    let mut client = Peer::new(&Config::default().with_eap_pass_through(true), [2; 32]);
    client.start(NOW, Method::Eap);
    // A value of MD5-Challenge that is longer than its packet.
    client.handle_packet(NOW, &[1, 7, 0, 6, 4, 99]).unwrap();
    assert!(matches!(client.poll_demand(), Some(Demand::Eap(_))));
}

/// Returns a peer of CHAP with MD5 that was challenged by this packet and has proved itself.
fn responded(challenge: &[u8]) -> Peer {
    let mut client = Peer::new(&Config::default(), [2; 32]);
    client.start(NOW, Method::ChapMd5);
    client.handle_packet(NOW, challenge).unwrap();
    let ticket = client.poll_demand().unwrap().ticket();
    client.prove(NOW, ticket, b"alice", &Secret::Password(PASSWORD)).unwrap();
    assert!(client.has_output());
    client.poll_transmit(NOW, &mut [0; 64]).unwrap().unwrap();
    assert!(!client.has_output());
    client
}

/// RFC 1994 section 4.1.
#[test]
fn a_copy_of_a_challenge_that_waits_for_its_answer_asks_and_sends_nothing() {
    let challenge = |identifier| [1, identifier, 0, 8, 2, 3, 4, b's'];
    let mut client = responded(&challenge(7));
    client.handle_packet(NOW, &[3, 7, 0, 4]).unwrap();
    assert_eq!(client.status(), Status::Accepted);
    client.handle_packet(NOW, &challenge(8)).unwrap();
    let ticket = client.poll_demand().unwrap().ticket();
    client.handle_packet(NOW, &challenge(8)).unwrap();
    assert!(client.poll_demand().is_none() && !client.has_output());
    client.prove(NOW, ticket, b"alice", &Secret::Password(PASSWORD)).unwrap();
}

/// RFC 1994 section 4.2: a Failure ends it, and its text is for people.
#[test]
fn a_peer_that_was_refused_answers_no_challenge_and_keeps_the_text() {
    let mut client = responded(&[1, 7, 0, 8, 2, 3, 4, b's']);
    client.handle_packet(NOW, b"\x04\x07\x00\x06no").unwrap();
    assert!(matches!(client.status(), Status::Failed(_)));
    assert_eq!(client.message().0, b"no");
    assert_eq!(client.handle_packet(NOW, &[1, 8, 0, 8, 2, 3, 4, b's']), Err(Refused::Unmatched));
    assert!(matches!(client.status(), Status::Failed(_)));
}

/// RFC 3748 section 4.1: a request that comes late once more is a copy, though another came between.
#[test]
fn a_late_copy_of_an_earlier_request_of_eap_is_dropped() {
    let mut client = Peer::new(&Config::default(), [2; 32]);
    client.start(NOW, Method::Eap);
    let identity = [1, 7, 0, 5, 1];
    client.handle_packet(NOW, &identity).unwrap();
    let ticket = client.poll_demand().unwrap().ticket();
    client.prove(NOW, ticket, b"alice", &Secret::Password(PASSWORD)).unwrap();
    client.handle_packet(NOW, &[1, 8, 0, 8, 4, 1, 9, b's']).unwrap();
    let ticket = client.poll_demand().unwrap().ticket();
    assert_eq!(client.handle_packet(NOW, &identity), Err(Refused::Unmatched));
    client.prove(NOW, ticket, b"alice", &Secret::Password(PASSWORD)).unwrap();
}

/// RFC 1334 section 2.2.2.
#[test]
fn an_answer_of_pap_to_another_request_is_dropped() {
    let mut client = Peer::new(&Config::default(), [2; 32]);
    client.start(NOW, Method::Pap);
    let ticket = client.poll_demand().unwrap().ticket();
    client.prove(NOW, ticket, b"alice", &Secret::Password(PASSWORD)).unwrap();
    let mut buf = [0; 64];
    let identifier = client.poll_transmit(NOW, &mut buf).unwrap().unwrap()[1];
    for code in [2, 3] {
        assert_eq!(client.handle_packet(NOW, &[code, identifier ^ 1, 0, 5, 0]), Err(Refused::Unmatched));
        assert_eq!(client.status(), Status::Waiting);
    }
    client.handle_packet(NOW, &[3, identifier, 0, 7, 2, b'n', b'o']).unwrap();
    assert!(matches!(client.status(), Status::Failed(_)));
    assert_eq!(client.message().0, b"no");
}

/// RFC 3748 section 5.2: a Notification needs no user, and after Success it changes nothing.
#[test]
fn a_notification_ends_a_question_that_a_forger_has_raised() {
    let mut client = Peer::new(&Config::default(), [2; 32]);
    client.start(NOW, Method::Eap);
    client.handle_packet(NOW, &[1, 7, 0, 10, 4, 1, 9, b's', b's', b's']).unwrap();
    let ticket = client.poll_demand().unwrap().ticket();
    client.prove(NOW, ticket, b"alice", &Secret::Password(PASSWORD)).unwrap();
    client.poll_transmit(NOW, &mut [0; 64]).unwrap().unwrap();
    client.handle_packet(NOW, &[3, 7, 0, 4]).unwrap();
    assert_eq!(client.status(), Status::Accepted);
    client.handle_packet(NOW, &[1, 50, 0, 5, 1]).unwrap();
    assert_eq!(client.status(), Status::Asking);
    client.handle_packet(NOW, b"\x01\x33\x00\x07\x02hi").unwrap();
    assert_eq!(client.status(), Status::Accepted);
}

#[cfg(feature = "mschap")]
mod microsoft {
    use alloc::vec::Vec;

    use mschap::{Account, FailureCode, NtHash};

    use super::*;
    use crate::auth::{Failure, Question};

    /// Gives the answer to a password that has expired, and carries the peer's change of it to the authenticator.
    fn change(server: &mut Authenticator, client: &mut Peer, old: &[u8]) -> Question {
        let stored = NtHash::from_password("wonderland");
        let expired = Account::new(&stored).with_restriction(FailureCode::PASSWORD_EXPIRED);
        answer(server, &Answer::Account(&expired)).unwrap();
        let mut buf = [0; MAX_PACKET_LEN];
        client.handle_packet(NOW, server.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
        let Some(Demand::NewPassword(ticket)) = client.poll_demand() else { panic!("nothing is demanded") };
        client.change_password(NOW, ticket, &Secret::Password(old), "looking-glass".into()).unwrap();
        server.handle_packet(NOW, client.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
        server.poll_question().unwrap()
    }

    #[test]
    fn keys_of_an_earlier_link_are_gone_when_another_starts() {
        let (mut server, _) = presented(Method::MsChapV2, &Config::default(), b"alice");
        answer(&mut server, &Answer::Password(PASSWORD)).unwrap();
        assert!(server.keys().is_some());
        server.start(NOW, Method::MsChapV2);
        assert!(server.keys().is_none());
    }

    /// RFC 2759 section 7: the change answers with what the peer knows of the old password.
    #[test]
    fn a_change_that_does_not_know_the_old_password_is_refused_with_709() {
        for method in [Method::MsChapV1, Method::MsChapV2] {
            let (mut server, mut client) = presented(method, &Config::default(), b"alice");
            let question = change(&mut server, &mut client, b"jabberwock");
            let stored = NtHash::from_password("wonderland");
            let outcome = server.answer(NOW, question.ticket(), &Answer::Account(&Account::new(&stored))).unwrap();
            assert!(matches!(outcome, Outcome::Refused { goes_on: false }), "{method}: {outcome:?}");
            assert_eq!(server.status(), Status::Failed(Failure::RefusedPeer { method, code: Some(709) }));
            assert!(server.keys().is_none());
        }
    }

    #[test]
    fn a_peer_that_is_refused_after_all_is_not_challenged_again() {
        let config = Config::default().with_rechallenge_interval(Some(Duration::from_secs(60)));
        for method in [Method::MsChapV1, Method::MsChapV2] {
            let (mut server, mut client) = presented(method, &config, b"alice");
            let question = change(&mut server, &mut client, PASSWORD);
            let stored = NtHash::from_password("wonderland");
            server.answer(NOW, question.ticket(), &Answer::Account(&Account::new(&stored))).unwrap();
            assert_eq!(server.poll_timeout(), Some(Duration::from_secs(60)));
            server.reject_change(NOW);
            assert_eq!(server.poll_timeout(), None, "{method}");
        }
    }

    /// RFC 3748 section 4.2: the method has had its say, and EAP's own Failure ends it.
    #[test]
    fn a_wrong_proof_that_is_repeated_in_eap_ends_with_a_failure() {
        let config = Config::default().with_retries(2);
        let (mut server, mut client) = (Authenticator::new(&config, [1; 32]), Peer::new(&config, [2; 32]));
        let method = Method::EapMsChapV2;
        server.start(NOW, method);
        client.start(NOW, method);
        let mut buf = [0; MAX_PACKET_LEN];
        let mut last = Vec::new();
        for _ in 0..2 {
            // Identity, then the Challenge.
            client.handle_packet(NOW, server.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
            let ticket = client.poll_demand().unwrap().ticket();
            client.prove(NOW, ticket, b"alice", &Secret::Password(b"jabberwock")).unwrap();
            last = client.poll_transmit(NOW, &mut buf).unwrap().unwrap().to_vec();
            server.handle_packet(NOW, &last).unwrap();
        }
        let stored = NtHash::from_password("wonderland");
        let outcome = answer(&mut server, &Answer::Account(&Account::new(&stored))).unwrap();
        assert!(matches!(outcome, Outcome::Refused { goes_on: true }));
        // The same type-data under the identifier of the Failure request.
        last[1] = server.poll_transmit(NOW, &mut buf).unwrap().unwrap()[1];
        server.handle_packet(NOW, &last).unwrap();
        let outcome = answer(&mut server, &Answer::Account(&Account::new(&stored))).unwrap();
        assert!(matches!(outcome, Outcome::Refused { goes_on: false }));
        assert_eq!(server.poll_transmit(NOW, &mut buf).unwrap().unwrap(), [4, last[1], 0, 4]);
        assert_eq!(server.status(), Status::Failed(Failure::RefusedPeer { method, code: Some(691) }));
    }

    /// RFC 2759 section 6: a peer that begins again was refused by nobody.
    #[test]
    fn a_peer_that_starts_again_has_forgotten_its_refusal() {
        let (mut server, mut client) = presented(Method::MsChapV2, &Config::default().with_retries(1), b"alice");
        let other = NtHash::from_password("jabberwock");
        answer(&mut server, &Answer::Account(&Account::new(&other))).unwrap();
        let mut buf = [0; MAX_PACKET_LEN];
        client.handle_packet(NOW, server.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
        assert!(client.refusal().is_some());
        client.start(NOW, Method::MsChapV2);
        assert_eq!((client.refusal(), client.message().0), (None, &b""[..]));
    }

    /// RFC 3748 section 2.3.
    #[test]
    fn a_type_that_is_passed_through_is_plain_eap() {
        for (pass_through, method) in [(true, Method::Eap), (false, Method::EapMsChapV2)] {
            let config = Config::default().with_eap_pass_through(pass_through);
            let mut server = Authenticator::new(&config, [1; 32]);
            server.start(NOW, Method::EapMsChapV2);
            assert_eq!(server.method(), Some(method));
        }
    }

    /// RFC 2433 section 4, RFC 2759 section 3.
    #[test]
    fn a_challenge_of_the_length_of_the_other_version_is_dropped() {
        for (method, length) in [(Method::MsChapV1, 16_u8), (Method::MsChapV2, 8)] {
            let mut client = Peer::new(&Config::default(), [2; 32]);
            client.start(NOW, method);
            let challenge = [&[1, 7, 0, 5 + length, length][..], &[9; 16][..usize::from(length)]].concat();
            assert_eq!(client.handle_packet(NOW, &challenge), Err(Refused::Unmatched), "{method}");
            assert!(client.poll_demand().is_none());
        }
    }

    /// RFC 2759 sections 5 and 6.
    #[test]
    fn the_text_of_a_success_without_proof_and_of_a_failure_is_kept() {
        let texts: [&[u8]; 2] =
            [b"S=407A5589115FD0D6209F510FE9C04566932CDA56", b"E=691 R=1 C=02020202020202020202020202020202 V=3 M=no"];
        for (code, text) in [3, 4].into_iter().zip(texts) {
            let mut client = Peer::new(&Config::default(), [2; 32]);
            client.start(NOW, Method::MsChapV2);
            client.handle_packet(NOW, &[&[1, 7, 0, 21, 16][..], &[9; 16]].concat()).unwrap();
            let ticket = client.poll_demand().unwrap().ticket();
            client.prove(NOW, ticket, b"alice", &Secret::Password(PASSWORD)).unwrap();
            let length = u8::try_from(text.len() + 4).unwrap();
            client.handle_packet(NOW, &[&[code, 7, 0, length], text].concat()).unwrap();
            assert_eq!(client.message().0, text);
            assert_eq!(client.status() == Status::Failed(Failure::NoMutualProof), code == 3);
        }
    }

    /// RFC 3748 section 4.2: nobody repeats a Success of EAP that was lost, and pppd sends none.
    #[test]
    fn a_peer_that_has_acknowledged_waits_for_the_success_of_eap_a_quarter_as_long_as_for_an_answer() {
        let config = Config::default().with_restart_timeout(Duration::from_secs(8)).with_max_tries(9);
        let (mut server, mut client) = (Authenticator::new(&config, [1; 32]), Peer::new(&config, [2; 32]));
        server.start(NOW, Method::EapMsChapV2);
        client.start(NOW, Method::EapMsChapV2);
        let mut buf = [0; MAX_PACKET_LEN];
        for _ in 0..2 {
            // Identity, then the Challenge.
            client.handle_packet(NOW, server.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
            let ticket = client.poll_demand().unwrap().ticket();
            client.prove(NOW, ticket, b"alice", &Secret::Password(PASSWORD)).unwrap();
            server.handle_packet(NOW, client.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
        }
        assert!(matches!(answer(&mut server, &Answer::Password(PASSWORD)), Ok(Outcome::Accepted)));
        client.handle_packet(NOW, server.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
        assert!(client.has_output());
        assert_eq!((client.status(), client.poll_timeout()), (Status::Waiting, Some(Duration::from_secs(2))));
        client.handle_timeout(Duration::from_secs(2));
        assert_eq!((client.status(), client.poll_timeout()), (Status::Accepted, None));
    }
}
