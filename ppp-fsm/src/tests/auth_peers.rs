//! The peer of an authentication: what it keeps from one request, and from one link, to the next.

use alloc::vec::Vec;
use core::time::Duration;

use crate::auth::{
    AnswerError, Config, Demand, MAX_PACKET_LEN, Method, Methods, Peer, Refused, Secret, Status, Ticket,
};

const NOW: Duration = Duration::ZERO;
const SECOND: Duration = Duration::from_secs(1);
const PASSWORD: Secret<'_> = Secret::Password(b"wonderland");

fn started(method: Method, config: &Config) -> Peer {
    let mut client = Peer::new(config, [2; 32]);
    client.start(NOW, method);
    client
}

fn demanded(client: &mut Peer) -> Ticket {
    client.poll_demand().expect("something is demanded").ticket()
}

/// Answers a request, and returns the answer.
fn responded(client: &mut Peer, request: &[u8]) -> Vec<u8> {
    client.handle_packet(NOW, request).unwrap();
    let ticket = demanded(client);
    client.prove(NOW, ticket, b"alice", &PASSWORD).unwrap();
    client.poll_transmit(NOW, &mut [0; MAX_PACKET_LEN]).unwrap().unwrap().to_vec()
}

const fn challenge(identifier: u8) -> [u8; 8] {
    [1, identifier, 0, 8, 2, 3, 4, b's']
}

const IDENTITY: [u8; 5] = [1, 7, 0, 5, 1];
const MD5: [u8; 8] = [1, 8, 0, 8, 4, 1, 9, b's'];

#[test]
fn a_method_is_in_a_list_once() {
    let methods = Methods::new(&[Method::ChapMd5, Method::Pap, Method::ChapMd5]);
    assert!(methods.iter().eq([Method::ChapMd5, Method::Pap]));
}

#[test]
fn a_peer_waits_for_the_other_side_as_long_as_its_patience() {
    let client = started(Method::ChapMd5, &Config::default().with_patience(5 * SECOND));
    assert_eq!(client.poll_timeout(), Some(5 * SECOND));
}

#[test]
fn a_peer_that_was_stopped_has_no_method() {
    let mut client = started(Method::ChapMd5, &Config::default());
    client.stop();
    assert_eq!(client.method(), None);
    assert_eq!(client.handle_packet(NOW, &challenge(7)), Err(Refused::NotAgreed));
}

/// RFC 1994 section 4.2: a Success answers a Response of the same link.
#[test]
fn a_success_before_the_first_response_of_another_link_is_dropped() {
    let mut client = started(Method::ChapMd5, &Config::default());
    responded(&mut client, &challenge(7));
    client.start(NOW, Method::ChapMd5);
    assert_eq!(client.handle_packet(NOW, &[3, 7, 0, 4]), Err(Refused::Unmatched));
    assert_eq!(client.status(), Status::Waiting);
}

#[test]
fn a_demand_that_another_has_replaced_is_not_answered() {
    let mut client = started(Method::ChapMd5, &Config::default());
    client.handle_packet(NOW, &challenge(7)).unwrap();
    let first = demanded(&mut client);
    client.handle_packet(NOW, &challenge(8)).unwrap();
    let second = demanded(&mut client);
    assert_eq!(client.prove(NOW, first, b"alice", &PASSWORD), Err(AnswerError::NotAsked));
    client.prove(NOW, second, b"alice", &PASSWORD).unwrap();
}

#[test]
fn a_request_of_eap_can_be_read_while_it_is_demanded_alone() {
    let mut client = started(Method::ChapMd5, &Config::default());
    client.handle_packet(NOW, &challenge(7)).unwrap();
    assert_eq!((client.status(), client.eap_request()), (Status::Asking, None));
    let mut client = started(Method::Eap, &Config::default());
    assert_eq!(client.eap_request(), None);
    client.handle_packet(NOW, &IDENTITY).unwrap();
    assert_eq!(client.eap_request(), Some(&IDENTITY[..]));
}

/// RFC 3748 section 4.1: a copy has the identifier and the contents of what it is a copy of.
#[test]
fn another_request_with_the_same_identifier_is_no_copy() {
    let mut client = started(Method::Eap, &Config::default());
    responded(&mut client, &IDENTITY);
    let mut request = MD5;
    request[1] = IDENTITY[1];
    client.handle_packet(NOW, &request).unwrap();
    assert!(matches!(client.poll_demand(), Some(Demand::Proof { .. })) && !client.has_output());
}

/// An authenticator that was started again may send the same bytes.
#[test]
fn requests_of_an_earlier_link_are_answered_in_the_next() {
    let mut client = Peer::new(&Config::default(), [2; 32]);
    for _ in 0..2 {
        client.start(NOW, Method::Eap);
        responded(&mut client, &IDENTITY);
        responded(&mut client, &MD5);
    }
}

/// RFC 1994 section 4.2, RFC 3748 section 5.2: an accepted peer waits for nothing, whatever a
/// forger has begun.
#[test]
fn nothing_is_awaited_after_a_failure_or_a_notification_in_a_running_session() {
    let mut client = started(Method::ChapMd5, &Config::default());
    responded(&mut client, &challenge(7));
    client.handle_packet(NOW, &[3, 7, 0, 4]).unwrap();
    responded(&mut client, &challenge(8));
    client.handle_packet(NOW, &[4, 8, 0, 4]).unwrap();
    assert_eq!((client.status(), client.poll_timeout()), (Status::Accepted, None));

    let mut client = started(Method::Eap, &Config::default());
    responded(&mut client, &IDENTITY);
    responded(&mut client, &MD5);
    client.handle_packet(NOW, &[3, 8, 0, 4]).unwrap();
    responded(&mut client, &[1, 9, 0, 8, 4, 1, 9, b's']);
    assert!(client.poll_timeout().is_some());
    client.handle_packet(NOW, b"\x01\x0a\x00\x07\x02hi").unwrap();
    assert_eq!((client.status(), client.poll_timeout()), (Status::Accepted, None));
}

/// RFC 3748 section 4.3: a Nak is sent once, since the authenticator repeats its request.
#[test]
fn behind_a_nak_the_peer_waits_for_another_request() {
    let mut client = started(Method::Eap, &Config::default());
    responded(&mut client, &IDENTITY);
    // One-Time Password.
    client.handle_packet(SECOND, &[1, 9, 0, 6, 5, 1]).unwrap();
    assert_eq!((client.status(), client.poll_timeout()), (Status::Waiting, Some(61 * SECOND)));
}

#[cfg(feature = "mschap")]
mod microsoft {
    use mschap::{Account, FailureCode, NtHash};

    use super::*;
    use crate::auth::{Answer, Authenticator, Keys};

    const STORED: &str = "wonderland";

    /// Carries packets until the peer has presented its proof `proofs` times.
    fn presented(server: &mut Authenticator, client: &mut Peer, proofs: usize) {
        let mut buf = [0; MAX_PACKET_LEN];
        for _ in 0..proofs {
            let request = server.poll_transmit(NOW, &mut buf).unwrap().unwrap().to_vec();
            let response = responded(client, &request);
            server.handle_packet(NOW, &response).unwrap();
        }
    }

    /// Has the authenticator judge the proof, and returns what it sends.
    fn judged(server: &mut Authenticator, account: &Account<'_>) -> Vec<u8> {
        let ticket = server.poll_question().unwrap().ticket();
        server.answer(NOW, ticket, &Answer::Account(account)).unwrap();
        server.poll_transmit(NOW, &mut [0; MAX_PACKET_LEN]).unwrap().unwrap().to_vec()
    }

    fn ends(method: Method, entropy: u8) -> (Authenticator, Peer) {
        let config = Config::default();
        let (mut server, mut client) = (Authenticator::new(&config, [1; 32]), Peer::new(&config, [entropy; 32]));
        server.start(NOW, method);
        client.start(NOW, method);
        (server, client)
    }

    /// RFC 2759 section 5, RFC 3748 section 4.2: each link has its own proof and its own keys.
    #[test]
    fn nothing_of_an_earlier_link_counts_as_a_proof_in_the_next() {
        let stored = NtHash::from_password(STORED);
        for (method, proofs) in [(Method::MsChapV2, 1), (Method::EapMsChapV2, 2)] {
            let (mut server, mut client) = ends(method, 2);
            presented(&mut server, &mut client, proofs);
            let success = judged(&mut server, &Account::new(&stored));
            client.handle_packet(NOW, &success).unwrap();
            assert!(client.keys().is_some());
            assert!(client.message().0.starts_with(b"S="), "{method}");
            client.start(NOW, method);
            assert!(client.keys().is_none());
            if method == Method::EapMsChapV2 {
                responded(&mut client, &IDENTITY);
                assert_eq!(client.handle_packet(NOW, &[3, 7, 0, 4]), Err(Refused::Unmatched));
                assert_eq!(client.status(), Status::Waiting);
            }
        }
        // The proof of a link that went down before its answer is not asked for in one without MS-CHAP.
        let (mut server, mut client) = ends(Method::MsChapV2, 2);
        presented(&mut server, &mut client, 1);
        client.start(NOW, Method::ChapMd5);
        responded(&mut client, &challenge(7));
        client.handle_packet(NOW, &[3, 7, 0, 4]).unwrap();
        assert_eq!(client.status(), Status::Accepted);
    }

    /// RFC 3079 section 1: keys follow from the first proof.
    #[test]
    fn a_later_proof_changes_no_keys_of_the_peer() {
        let stored = NtHash::from_password(STORED);
        let (mut server, mut client) = ends(Method::MsChapV1, 2);
        let challenge = |client: &Peer| match client.keys() {
            Some(Keys::MsChapV1 { challenge, .. }) => *challenge,
            other => panic!("{other:?}"),
        };
        let mut first = None;
        for _ in 0..2 {
            presented(&mut server, &mut client, 1);
            let success = judged(&mut server, &Account::new(&stored));
            client.handle_packet(NOW, &success).unwrap();
            assert_eq!(client.status(), Status::Accepted);
            assert_eq!(*first.get_or_insert(challenge(&client)), challenge(&client));
            server.rechallenge(NOW);
        }
    }

    /// Returns a peer whose password has expired.
    fn expired(method: Method, proofs: usize, entropy: u8) -> (Peer, Ticket) {
        let stored = NtHash::from_password(STORED);
        let (mut server, mut client) = ends(method, entropy);
        presented(&mut server, &mut client, proofs);
        let account = Account::new(&stored).with_restriction(FailureCode::PASSWORD_EXPIRED);
        let failure = judged(&mut server, &account);
        client.handle_packet(NOW, &failure).unwrap();
        let ticket = demanded(&mut client);
        (client, ticket)
    }

    /// RFC 2433 section 10: the bytes in front of the new password are random, or RC4 would show
    /// its key stream there.
    #[test]
    fn two_changes_to_the_same_password_have_different_padding() {
        let changes = [2, 3].map(|entropy| {
            let (mut client, ticket) = expired(Method::MsChapV1, 1, entropy);
            client.change_password(NOW, ticket, &PASSWORD, "looking-glass".into()).unwrap();
            client.poll_transmit(NOW, &mut [0; MAX_PACKET_LEN]).unwrap().unwrap().to_vec()
        });
        assert_ne!(changes[0], changes[1]);
    }

    #[test]
    fn a_new_password_is_taken_when_it_is_demanded_and_not_too_long() {
        for (method, proofs) in [(Method::MsChapV1, 1), (Method::MsChapV2, 1), (Method::EapMsChapV2, 2)] {
            let (mut client, ticket) = expired(method, proofs, 2);
            let long = [b'x'; 257];
            let long = core::str::from_utf8(&long).unwrap();
            let refused = client.change_password(NOW, ticket, &PASSWORD, long.into());
            assert_eq!(refused, Err(AnswerError::TooLong), "{method}");
            client.change_password(NOW, ticket, &PASSWORD, "looking-glass".into()).unwrap();
            let again = client.change_password(NOW, ticket, &PASSWORD, "looking-glass".into());
            assert_eq!(again, Err(AnswerError::NotAsked), "{method}");
        }
    }
}
