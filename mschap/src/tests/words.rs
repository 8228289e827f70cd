//! The text of values and numbers, without a secret in it.

use alloc::format;
use alloc::string::ToString;

use crate::eap::{Authenticator, Operation, Peer, PeerError, Request, Response};
use crate::{DecodeError, Failure, FailureCode, NewPassword, NtHash, Reply, Value, v1, v2};

/// RFC 2433 sections 4, 5, 9 and 10, RFC 2759 sections 4, 5 and 7: each value has its name in an error.
#[test]
fn an_error_names_the_value_and_both_lengths() {
    let errors = [
        (v1::decode_challenge(&[0; 3]).err(), "MS-CHAPv1 challenge of 3 bytes, not 8"),
        (v1::Response::decode(&[0; 3]).err(), "MS-CHAPv1 response of 3 bytes, not 49"),
        (v2::decode_challenge(&[0; 3]).err(), "MS-CHAPv2 challenge of 3 bytes, not 16"),
        (v2::Response::decode(&[0; 3]).err(), "MS-CHAPv2 response of 3 bytes, not 49"),
        (v1::ChangePassword1::decode(&[0; 3]).err(), "MS-CHAPv1 change of password, version 1, of 3 bytes, not 68"),
        (v1::ChangePassword2::decode(&[0; 3]).err(), "MS-CHAPv1 change of password, version 2, of 3 bytes, not 1114"),
        (v2::ChangePassword::decode(&[0; 3]).err(), "MS-CHAPv2 change of password of 3 bytes, not 582"),
    ];
    for (error, text) in errors {
        assert_eq!(error.unwrap().to_string(), text);
    }
    let eap = Response::decode(&[7, 1, 0, 5, 0]).unwrap_err();
    assert_eq!(eap, DecodeError::Length { value: Value::ChangePassword, needed: 582, found: 1 });
}

#[test]
fn every_packet_of_eap_says_what_it_is() {
    let requests = [
        (Request::Challenge { identifier: 1, challenge: [0; 16], name: "x".into() }, Operation::CHALLENGE),
        (Request::Success { identifier: 1, message: b"S=" }, Operation::SUCCESS),
        (Request::Failure { identifier: 1, message: b"E=691" }, Operation::FAILURE),
        (Request::Other { operation: Operation(9), data: b"x" }, Operation(9)),
    ];
    let mut buf = [0; 600];
    for (request, operation) in requests {
        assert_eq!(request.operation(), operation);
        assert_eq!(request.encode(&mut buf).unwrap()[0], operation.0);
    }
    let responses = [
        (Response::Response { identifier: 1, value: &[0; 49], name: "x".into() }, Operation::RESPONSE),
        (Response::SuccessReceived, Operation::SUCCESS),
        (Response::FailureReceived, Operation::FAILURE),
        (Response::ChangePassword { identifier: 1, packet: &[0; 582] }, Operation::CHANGE_PASSWORD),
        (Response::Other { operation: Operation::ACKNOWLEDGMENT, data: b"x" }, Operation::ACKNOWLEDGMENT),
    ];
    for (response, operation) in responses {
        assert_eq!(response.operation(), operation);
        assert_eq!(response.encode(&mut buf).unwrap()[0], operation.0);
    }
    let printed = format!("{:?} {:?} {:?}", responses[1].0, responses[2].0, responses[4].0);
    assert_eq!(printed, "SuccessReceived FailureReceived Other(Acknowledgment, 1 bytes)");
}

#[test]
fn operations_are_printed_by_name_and_unknown_ones_by_number() {
    let names = [(0, "Acknowledgment"), (1, "Challenge"), (2, "Response"), (3, "Success"), (4, "Failure")];
    for (number, name) in names.into_iter().chain([(7, "Change-Password"), (5, "operation 5")]) {
        assert_eq!(Operation(number).to_string(), name);
        assert_eq!(format!("{:?}", Operation(number)), format!("Operation({name})"));
    }
}

/// RFC 2433 section 8: a code that is not in its list is a number.
#[test]
fn a_failure_code_without_a_meaning_is_printed_as_its_number() {
    assert_eq!(FailureCode(700).to_string(), "700");
    assert_eq!(FailureCode::ACCOUNT_DISABLED.to_string(), "647 (the account is disabled)");
}

/// RFC 2759 section 6: the text for people is the last field.
#[test]
fn a_failure_carries_a_text_for_people() {
    let failure = Failure { code: Some(FailureCode::AUTHENTICATION_FAILURE), ..Failure::default() };
    let reply = Reply::Failure(failure).with_message("No.");
    assert!(!reply.is_success());
    assert!(reply.encode(&mut [0; 64]).unwrap().ends_with(b" M=No."));
}

#[test]
fn a_peer_of_eap_that_was_asked_nothing_declines_nothing() {
    let mut peer = Peer::new();
    assert_eq!(peer.decline(), Err(PeerError::NotNow));
    let server = Authenticator::new([1; 16], 1, 0);
    assert_eq!(server.end(), None);
    peer.handle_request(server.request(b"server", &mut [0; 64]).unwrap()).unwrap();
    assert_eq!(peer.decline(), Err(PeerError::NotNow));
}

#[test]
fn a_new_password_is_not_printed() {
    let old = NtHash::from_password("old");
    let sealed = crate::EncryptedPassword::seal("wonderland", &old, &[0; 512]).unwrap();
    let new: NewPassword = sealed.open(&old).unwrap();
    assert_eq!(format!("{new:?}"), "NewPassword(..)");
}

#[cfg(feature = "radius")]
mod radius {
    use alloc::collections::BTreeSet;
    use alloc::format;
    use alloc::string::ToString;

    use crate::EncryptedPassword;
    use crate::radius::{EncPw, EncryptionPolicy, EncryptionTypes, HiddenKey, Hiding, VendorType};

    /// RFC 2548 section 2: 20 attributes are read and written, and each has another name.
    #[test]
    fn types_of_attributes_are_printed_by_name_and_unknown_ones_by_number() {
        let names: BTreeSet<_> = (0..=u8::MAX).filter_map(|number| VendorType(number).name()).collect();
        assert_eq!(names.len(), 20);
        assert_eq!(VendorType::CHAP2_SUCCESS.to_string(), "MS-CHAP2-Success (26)");
        assert_eq!(format!("{:?}", VendorType(99)), "VendorType(99)");
    }

    #[test]
    fn policies_are_printed_with_their_meaning() {
        let policies = [EncryptionPolicy::ALLOWED, EncryptionPolicy::REQUIRED, EncryptionPolicy(3)];
        let printed = "[EncryptionPolicy(1, allowed), EncryptionPolicy(2, required), EncryptionPolicy(3)]";
        assert_eq!(format!("{policies:?}"), printed);
        assert_eq!(format!("{:?}", EncryptionTypes::BITS_40 | EncryptionTypes::BITS_128), "EncryptionTypes(0x6)");
    }

    #[test]
    fn keys_and_what_hides_them_are_not_printed() {
        let hiding = Hiding::new(b"wonderland", &[0x5a; 16]);
        assert_eq!(format!("{hiding:?}"), "Hiding(..)");
        let mut buf = [0; HiddenKey::MAX_STRING_LEN];
        let hidden = HiddenKey::hide(&[0xab; 32], [0x80, 0x01], &hiding, &mut buf).unwrap();
        assert_eq!(format!("{hidden:?}"), "HiddenKey { salt: 8001, string: 48 bytes }");
        assert_eq!(format!("{:?}", hidden.reveal(&hiding).unwrap()), "SessionKey(32 bytes)");
        let password = EncryptedPassword::from_bytes([0xab; 516]);
        let piece = EncPw::split(9, &password).next().unwrap();
        assert_eq!(format!("{piece:?}"), "EncPw { ident: 9, sequence_number: 1, bytes: 172 bytes }");
    }
}
