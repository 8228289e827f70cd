//! EAP-MSCHAPv2: packets, and the machines of both sides against each other.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use proptest::prelude::*;

use crate::eap::{Authenticator, Demand, End, MasterSessionKey, Operation, Peer, PeerError, Request, Response};
use crate::v2::{self, ChangeVerdict, Verdict};
use crate::{
    Account, AuthenticatorError, Awaits, BufferTooSmall, DecodeError, Failure, FailureChallenge, FailureCode,
    NamePolicy, NtHash, ProofError, Value,
};

const NAME: &[u8] = br"BIGCO\johndoe";

fn hash(password: &str) -> NtHash {
    NtHash::from_password(password)
}

fn request(authenticator: &Authenticator) -> Vec<u8> {
    authenticator.request(b"server", &mut [0; 256]).unwrap().to_vec()
}

/// Returns the bytes with which the peer proves itself.
fn prove(peer: &mut Peer, password: &str) -> Vec<u8> {
    peer.prove(&hash(password), NAME, [0xaa; 16], &mut [0; 256]).unwrap().to_vec()
}

/// RFC 2759 section 9.2, in the packets of EAP: every byte of a login.
#[test]
fn a_login_has_the_bytes_of_the_rfc() {
    let mut server = Authenticator::new(*b"[]|}{?/><,`!2&&(", 0x5a, 0);
    let mut client = Peer::new();
    let challenge = request(&server);
    assert_eq!(challenge, b"\x01\x5a\x00\x1b\x10[]|}{?/><,`!2&&(server");
    assert_eq!(client.handle_request(&challenge), Ok(Demand::Proof { server: "server".into(), refusal: None }));
    let mut buf = [0; 128];
    let response = client.prove(&hash("clientPass"), b"User", *b"!@#$%^&*()_+:3|~", &mut buf).unwrap();
    let expected = concat!(
        "02 5a 003a 31 21402324255e262a28295f2b3a337c7e 0000000000000000",
        "82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df 00 55736572"
    );
    assert_eq!(response, super::bytes(&expected.replace(' ', "")));
    let stored = hash("clientPass");
    let verdict = server.handle_response(response, &Account::new(&stored), [3; 16]).unwrap();
    assert!(matches!(verdict, Verdict::Accepted(_)));
    let success = request(&server);
    assert_eq!(success, b"\x03\x5a\x00\x2eS=407A5589115FD0D6209F510FE9C04566932CDA56");
    assert_eq!(client.handle_request(&success), Ok(Demand::Acknowledge(End::Accepted)));
    assert_eq!(client.acknowledge(), Ok(&[3][..]));
    assert_eq!(server.handle_acknowledgment(&[3]), Ok(End::Accepted));
    // RFC 3079 section 3.5.3 for this login.
    let master = client.proved().unwrap().master_key();
    assert_eq!(master.as_bytes(), &super::array::<16>("fdece3717a8c838cb388e527ae3cdd31"));
    let key = MasterSessionKey::new(&master);
    assert_eq!(key.as_bytes()[16..32], super::bytes("8b7cdc149b993a1ba118cb153f56dccb"));
}

#[test]
fn lengths_are_checked() {
    let challenge = b"\x01\x5a\x00\x15\x10................";
    for end in 0..challenge.len() {
        assert!(Request::decode(&challenge[..end]).is_err(), "{end}");
        assert!(Request::decode_any_length(&challenge[..end]).is_err(), "{end}");
    }
    let mut wrong = *challenge;
    wrong[3] = 0x16;
    assert_eq!(Request::decode(&wrong), Err(DecodeError::EapLength { stated: 0x16, found: 0x15 }));
    assert_eq!(Request::decode_any_length(&wrong), Request::decode(challenge));
    let mut wrong = *challenge;
    wrong[4] = 0x0f;
    let error = DecodeError::Length { value: Value::V2Challenge, needed: 16, found: 15 };
    assert_eq!(Request::decode_any_length(&wrong), Err(error));

    let mut response = [b'u'; 4 + 1 + 49 + 4];
    response[..5].copy_from_slice(&[2, 7, 0, 58, 49]);
    assert!(
        matches!(Response::decode(&response), Ok(Response::Response { identifier: 7, name, .. }) if name == "uuuu".into())
    );
    assert_eq!(Response::decode(&response[..57]), Err(DecodeError::EapLength { stated: 58, found: 57 }));
    response[4] = 16;
    let error = DecodeError::Length { value: Value::V2Response, needed: 49, found: 16 };
    assert_eq!(Response::decode(&response), Err(error));
    response[..5].copy_from_slice(&[2, 7, 0, 53, 49]);
    let error = DecodeError::Length { value: Value::V2Response, needed: 49, found: 48 };
    assert_eq!(Response::decode(&response[..53]), Err(error));
    assert_eq!(Response::decode(&[]), Err(DecodeError::EapTruncated { needed: 1, found: 0 }));
    assert_eq!(Response::decode(&[2, 1, 0]), Err(DecodeError::EapTruncated { needed: 4, found: 3 }));
    assert_eq!(Response::decode(&[2, 1, 0, 4]), Err(DecodeError::EapTruncated { needed: 5, found: 4 }));
    let error = DecodeError::Length { value: Value::ChangePassword, needed: 582, found: 0 };
    assert_eq!(Response::decode(&[7, 1, 0, 4]), Err(error));
}

#[test]
fn unknown_operations_survive() {
    let request = Request::decode(b"\x09abc").unwrap();
    assert_eq!(request, Request::Other { operation: Operation(9), data: b"abc" });
    assert_eq!(request.encode(&mut [0; 4]).unwrap(), b"\x09abc");
    assert_eq!(request.encode(&mut [0; 3]), Err(BufferTooSmall { needed: 4, available: 3 }));
    let response = Response::decode(b"\x05").unwrap();
    assert_eq!(response, Response::Other { operation: Operation(5), data: b"" });
    assert_eq!(response.encode(&mut [0; 1]).unwrap(), b"\x05");
}

#[test]
fn secrets_of_a_peer_are_not_printed() {
    let response = Response::Response { identifier: 1, value: &[0xbb; 49], name: "joe\n".into() };
    assert_eq!(format!("{response:?}"), r#"Response(id 1, from "joe\n")"#);
    let change = Response::ChangePassword { identifier: 2, packet: &[0xbb; 582] };
    assert_eq!(format!("{change:?}"), "ChangePassword(id 2)");
}

proptest! {
    #[test]
    fn decoded_packets_are_encoded_alike(data in any::<Vec<u8>>(), operation in 0_u8..9) {
        let mut data = data;
        if let Some(first) = data.first_mut() {
            *first = operation;
        }
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        if data.len() > 4 {
            data[2..4].copy_from_slice(&length);
        }
        if data.len() > 21 {
            data[4] = 16;
        }
        let mut buf = [0; 1024];
        if let Ok(request) = Request::decode(&data) {
            prop_assert_eq!(request.encode(&mut buf).unwrap(), &data[..]);
        }
        if let Ok(response) = Response::decode(&data) {
            let written = response.encode(&mut buf).unwrap();
            // Bytes behind the OpCode of an acknowledgment are ignored.
            prop_assert!(written == data || (written.len() == 1 && matches!(written[0], 3 | 4)));
        }
    }
}

#[test]
fn a_second_try_has_the_next_identifier_and_the_challenge_of_the_failure() {
    let stored = hash("right");
    let account = Account::new(&stored);
    let mut server = Authenticator::new([1; 16], 0xff, 1);
    let mut client = Peer::new();
    client.handle_request(&request(&server)).unwrap();
    let response = prove(&mut client, "wrong");
    let verdict = server.handle_response(&response, &account, [2; 16]).unwrap();
    let Verdict::Refused(failure) = verdict else { panic!("{verdict:?}") };
    assert_eq!(failure.code, Some(FailureCode::AUTHENTICATION_FAILURE));
    assert_eq!(server.awaits(), Awaits::AnotherResponse);
    let demand = request(&server);
    assert!(demand.starts_with(b"\x04\xff\x004E=691 R=1 C=0202"), "{}", demand.escape_ascii());
    let Ok(Demand::Proof { refusal: Some(refusal), .. }) = client.handle_request(&demand) else { panic!() };
    assert!(refusal.retry_allowed());
    let response = prove(&mut client, "right");
    assert_eq!(response[..2], [2, 0]);
    assert!(matches!(server.handle_response(&response, &account, [3; 16]), Ok(Verdict::Accepted(_))));
    let success = request(&server);
    assert_eq!(success[..2], [3, 0]);
    assert_eq!(client.handle_request(&success), Ok(Demand::Acknowledge(End::Accepted)));
}

/// Some authenticators and peers do not count MS-CHAPv2-ID on.
#[test]
fn a_second_try_may_keep_its_identifier() {
    let stored = hash("right");
    let account = Account::new(&stored);
    let mut server = Authenticator::new([1; 16], 9, 1);
    let mut client = Peer::new();
    client.handle_request(&request(&server)).unwrap();
    server.handle_response(&prove(&mut client, "wrong"), &account, [2; 16]).unwrap();
    client.handle_request(&request(&server)).unwrap();
    let mut response = prove(&mut client, "right");
    response[1] = 11;
    assert_eq!(server.read(&response), Err(AuthenticatorError::NotNow));
    response[1] = 9;
    assert!(matches!(server.handle_response(&response, &account, [3; 16]), Ok(Verdict::Accepted(_))));
}

#[test]
fn a_refusal_for_good_is_acknowledged() {
    let stored = hash("right");
    for account in [Account::new(&stored), Account::unknown()] {
        let mut server = Authenticator::new([1; 16], 9, 0);
        let mut client = Peer::new();
        client.handle_request(&request(&server)).unwrap();
        let response = prove(&mut client, "wrong");
        let verdict = server.handle_response(&response, &account, [2; 16]).unwrap();
        assert!(matches!(verdict, Verdict::Refused(_)));
        assert_eq!(server.awaits(), Awaits::Nothing);
        // The copy of the proof is no other try, nor is a right one.
        assert_eq!(server.handle_response(&response, &account, [2; 16]).unwrap_err(), AuthenticatorError::NotNow);
        assert_eq!(client.handle_request(&request(&server)), Ok(Demand::Acknowledge(End::Refused)));
        assert_eq!(client.acknowledge(), Ok(&[4][..]));
        assert!(client.proved().is_none());
        assert_eq!(server.handle_acknowledgment(&[3]), Err(AuthenticatorError::NotNow));
        assert_eq!(server.handle_acknowledgment(&[4]), Ok(End::Refused));
        assert_eq!(server.end(), Some(End::Refused));
        assert_eq!(server.handle_acknowledgment(&[4]), Err(AuthenticatorError::NotNow));
    }
}

#[test]
fn other_restrictions_are_told_to_whoever_knows_the_password() {
    let stored = hash("right");
    for code in [646, 647, 649] {
        let account = Account::new(&stored).with_restriction(FailureCode(code));
        let mut server = Authenticator::new([1; 16], 9, 3);
        let mut client = Peer::new();
        client.handle_request(&request(&server)).unwrap();
        server.handle_response(&prove(&mut client, "right"), &account, [2; 16]).unwrap();
        let failure = request(&server);
        assert!(failure[4..].starts_with(format!("E={code} R=0").as_bytes()));
        assert_eq!(client.handle_request(&failure), Ok(Demand::Acknowledge(End::Refused)));
    }
}

/// Runs both machines with an expired password up to where the new one is demanded.
fn expired(account: &Account<'_>) -> (Authenticator, Peer) {
    let mut server = Authenticator::new([1; 16], 9, 0);
    let mut client = Peer::new();
    client.handle_request(&request(&server)).unwrap();
    server.handle_response(&prove(&mut client, "old"), account, [2; 16]).unwrap();
    let failure = request(&server);
    let demand = client.handle_request(&failure);
    assert!(matches!(demand, Ok(Demand::NewPassword(Failure { code: Some(FailureCode::PASSWORD_EXPIRED), .. }))));
    (server, client)
}

#[test]
fn an_expired_password_is_changed_from_end_to_end() {
    let old = hash("old");
    let account = Account::new(&old).with_restriction(FailureCode::PASSWORD_EXPIRED);
    let (mut server, mut client) = expired(&account);
    let mut buf = [0; 586];
    let change = client.change_password(&old, "Neues Paßwort", NAME, [4; 16], &[5; 512], &mut buf).unwrap();
    assert_eq!((change.len(), &change[..4]), (586, &b"\x07\x0a\x02\x4a"[..]));
    let verdict = server.handle_change_password(change, NAME, &account, [6; 16]).unwrap();
    let ChangeVerdict::Changed { new_password, accepted } = verdict else { panic!("{verdict:?}") };
    assert!(new_password.nt_hash().ct_eq(&hash("Neues Paßwort")));
    let master = accepted.master_key();
    assert_eq!(client.handle_request(&request(&server)), Ok(Demand::Acknowledge(End::Accepted)));
    assert!(client.proved().unwrap().master_key().ct_eq(&master));
    assert_eq!(server.handle_acknowledgment(client.acknowledge().unwrap()), Ok(End::Accepted));
}

#[test]
fn a_new_password_that_breaks_the_rules_is_refused_with_709() {
    let old = hash("old");
    let account = Account::new(&old).with_restriction(FailureCode::PASSWORD_EXPIRED);
    let (mut server, mut client) = expired(&account);
    assert!(!server.reject_change([9; 16]), "nothing was changed yet");
    let mut buf = [0; 586];
    let change = client.change_password(&old, "x", NAME, [4; 16], &[5; 512], &mut buf).unwrap();
    server.handle_change_password(change, NAME, &account, [6; 16]).unwrap();
    assert!(server.reject_change([7; 16]));
    let failure = request(&server);
    assert!(failure[4..].starts_with(b"E=709 R=0"));
    assert_eq!(client.handle_request(&failure), Ok(Demand::Acknowledge(End::Refused)));
    assert_eq!(server.handle_acknowledgment(&[4]), Ok(End::Refused));
}

#[test]
fn an_expired_password_need_not_be_changed() {
    let old = hash("old");
    let account = Account::new(&old).with_restriction(FailureCode::PASSWORD_EXPIRED);
    let (mut server, mut client) = expired(&account);
    // A proof is not what is demanded, on either side.
    assert_eq!(client.prove(&old, NAME, [1; 16], &mut [0; 128]), Err(PeerError::NotNow));
    assert_eq!(client.decline(), Ok(&[4][..]));
    assert_eq!(server.handle_acknowledgment(&[4]), Ok(End::Refused));
}

#[test]
fn a_proof_that_is_wrong_leaves_room_for_the_right_one() {
    let stored = hash("right");
    let mut server = Authenticator::new([1; 16], 9, 0);
    let mut client = Peer::new();
    client.handle_request(&request(&server)).unwrap();
    server.handle_response(&prove(&mut client, "right"), &Account::new(&stored), [2; 16]).unwrap();
    let success = request(&server);
    for place in 4..success.len() {
        let mut forged = success.clone();
        forged[place] ^= 1;
        assert!(matches!(client.handle_request(&forged), Err(PeerError::NoProof(_))), "{place}");
        assert_eq!(client.acknowledge(), Err(PeerError::NotNow));
        assert!(client.proved().is_none());
    }
    let missing = client.handle_request(b"\x03\x09\x00\x05x");
    assert_eq!(missing, Err(PeerError::NoProof(ProofError::Missing)));
    assert_eq!(client.handle_request(&success), Ok(Demand::Acknowledge(End::Accepted)));
    assert!(client.proved().is_some());
}

#[test]
fn a_short_buffer_loses_nothing() {
    let stored = hash("right");
    let mut client = Peer::new();
    let mut server = Authenticator::new([1; 16], 9, 0);
    assert_eq!(server.request(b"", &mut [0; 20]), Err(BufferTooSmall { needed: 21, available: 20 }));
    client.handle_request(&request(&server)).unwrap();
    let short = client.prove(&stored, NAME, [4; 16], &mut [0; 66]).map(<[u8]>::len);
    assert_eq!(short, Err(PeerError::BufferTooSmall(BufferTooSmall { needed: 67, available: 66 })));
    let response = prove(&mut client, "right");
    assert!(matches!(server.handle_response(&response, &Account::new(&stored), [2; 16]), Ok(Verdict::Accepted(_))));
}

#[test]
fn somebody_else_decides() {
    let mut server = Authenticator::new([1; 16], 9, 1);
    let mut client = Peer::new();
    client.handle_request(&request(&server)).unwrap();
    let response = prove(&mut client, "wrong");
    let Ok(Response::Response { identifier, .. }) = server.read(&response) else { panic!() };
    let challenge = FailureChallenge::V2([8; 16]);
    let failure = Failure {
        code: Some(FailureCode(691)),
        retry: Some(true),
        challenge: Some(challenge),
        version: Some(3),
        message: None,
    };
    assert!(server.may_offer(&failure));
    server.refuse_as(identifier, &failure);
    assert_eq!((server.awaits(), *server.challenge()), (Awaits::AnotherResponse, [8; 16]));
    assert_eq!(server.request(b"", &mut [0; 64]), Ok(&[][..]));
    let mut text = [0; 128];
    let text = failure.encode(&mut text).unwrap();
    let mut buf = [0; 256];
    client.handle_request(Request::Failure { identifier, message: text }.encode(&mut buf).unwrap()).unwrap();
    let response = prove(&mut client, "right");
    let Ok(Response::Response { identifier: 10, value, .. }) = server.read(&response) else { panic!() };
    let stored = hash("right");
    let value = v2::Response::decode(value).unwrap();
    assert!(value.verify(&stored, &[8; 16], b"johndoe"));
    server.accept_as(10);
    assert_eq!(server.awaits(), Awaits::Nothing);
    assert_eq!(server.handle_acknowledgment(&[0]), Ok(End::Accepted));
}

/// RFC 1994 section 2 has challenges in a running session too.
#[test]
fn an_authenticator_begins_again_with_another_challenge() {
    let stored = hash("right");
    let account = Account::new(&stored);
    let mut server = Authenticator::new([1; 16], 9, 0);
    let mut client = Peer::new();
    assert!(server.is_new());
    client.handle_request(&request(&server)).unwrap();
    server.handle_response(&prove(&mut client, "right"), &account, [2; 16]).unwrap();
    assert!(!server.is_new());
    server.restart([7; 16], 30, 1);
    assert!(server.is_new());
    assert_eq!((server.identifier(), server.challenge(), server.awaits()), (30, &[7; 16], Awaits::Response));
    client.handle_request(&request(&server)).unwrap();
    server.handle_response(&prove(&mut client, "wrong"), &account, [8; 16]).unwrap();
    assert_eq!((server.identifier(), server.awaits()), (30, Awaits::AnotherResponse));
}

#[test]
fn a_response_that_comes_again_under_the_next_identifier_decides_nothing() {
    let stored = hash("right");
    let account = Account::new(&stored);
    let mut server = Authenticator::new([1; 16], 9, 1);
    let mut client = Peer::new();
    client.handle_request(&request(&server)).unwrap();
    let mut response = prove(&mut client, "wrong");
    server.handle_response(&response, &account, [2; 16]).unwrap();
    let failure = request(&server);
    response[1] = 10;
    assert!(matches!(server.handle_response(&response, &account, [3; 16]), Ok(Verdict::Duplicate)));
    assert_eq!((server.identifier(), request(&server)), (9, failure));
}

#[test]
fn only_a_change_that_was_taken_can_be_rejected() {
    let stored = hash("right");
    let mut server = Authenticator::new([1; 16], 9, 1);
    let mut client = Peer::new();
    assert!(!server.reject_change([5; 16]));
    client.handle_request(&request(&server)).unwrap();
    server.handle_response(&prove(&mut client, "right"), &Account::new(&stored), [2; 16]).unwrap();
    let success = request(&server);
    assert!(!server.reject_change([5; 16]));
    assert_eq!(request(&server), success);
}

#[test]
fn only_a_failure_of_version_2_with_a_try_left_offers_one() {
    let challenge = Some(FailureChallenge::V2([8; 16]));
    let offer = Failure { code: Some(FailureCode(691)), retry: Some(true), challenge, version: Some(3), message: None };
    assert!(Authenticator::new([1; 16], 9, 1).may_offer(&offer));
    assert!(!Authenticator::new([1; 16], 9, 0).may_offer(&offer));
    assert!(!Authenticator::new([1; 16], 9, 1).may_offer(&Failure { challenge: None, ..offer }));
}

#[test]
fn the_name_is_hashed_as_both_sides_are_set() {
    let stored = hash("right");
    for (whole_here, whole_there) in [(false, false), (true, true), (true, false), (false, true)] {
        let policy = |whole| if whole { NamePolicy::Whole } else { NamePolicy::default() };
        let mut server = Authenticator::new([1; 16], 9, 0).with_name_policy(policy(whole_there));
        let mut client = Peer::new().with_name_policy(policy(whole_here));
        client.handle_request(&request(&server)).unwrap();
        let response = prove(&mut client, "right");
        assert_eq!(Response::decode(&response).unwrap().name(), Some(NAME.into()));
        let verdict = server.handle_response(&response, &Account::new(&stored), [2; 16]).unwrap();
        assert_eq!(matches!(verdict, Verdict::Accepted(_)), whole_here == whole_there);
    }
    assert_eq!(Response::decode(&[3]).unwrap().name(), None);
}

#[test]
fn errors_say_what_and_where() {
    let error = Response::decode(&[2, 1, 0, 9, 49]).unwrap_err();
    assert_eq!(error.to_string(), "EAP-MSCHAPv2 packet of 5 bytes that says it has 9");
    let error = Response::decode(&[2, 1]).unwrap_err();
    assert_eq!(error.to_string(), "EAP-MSCHAPv2 packet of 2 bytes, at least 4 are needed");
}
