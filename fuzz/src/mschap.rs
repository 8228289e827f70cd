//! MS-CHAP: the text of Success and Failure, and response values.

use mschap::{Failure, NamePolicy, NtHash, Success, v1, v2};

/// Asserts that any bytes give a Failure, and a Success or an error. Both are read again from what
/// is written of them.
///
/// # Panics
///
/// When that does not hold.
pub fn text(data: &[u8]) {
    let mut buf = vec![0; data.len() + 128];
    let failure = Failure::decode(data);
    let written = failure.encode(&mut buf).expect("there is room").to_vec();
    let again = Failure::decode(&written);
    assert_eq!(
        (again.code, again.retry, again.challenge, again.version),
        (failure.code, failure.retry, failure.challenge, failure.version)
    );
    assert_eq!(again.message, failure.message);
    if let Ok(success) = Success::decode(data) {
        let written = success.encode(&mut buf).expect("there is room").to_vec();
        let again = Success::decode(&written).expect("what was written is read");
        match (&success.authenticator_response, &again.authenticator_response) {
            (Some(a), Some(b)) => assert!(a.ct_eq(b)),
            (a, b) => assert_eq!(a.is_some(), b.is_some()),
        }
        assert_eq!(again.message, success.message);
    }
    // The parts of a name are parts of it, whatever it is.
    for policy in [NamePolicy::CutBehindLastBackslash, NamePolicy::CutBehindFirstBackslash, NamePolicy::Whole] {
        assert!(data.ends_with(policy.user(data)));
        assert!(policy.domain(data).is_none_or(|domain| data.starts_with(domain)));
    }
}

/// Asserts that bytes of the right length are a response and are written back, and that none is
/// accepted by chance.
///
/// # Panics
///
/// When that does not hold.
pub fn response(data: &[u8]) {
    let hash = NtHash::from_bytes([0x5a; 16]);
    match v1::Response::decode(data) {
        Ok(response) => {
            assert_eq!(response.encode(), data);
            let expected = hash.challenge_response(&[1; 8]);
            assert_eq!(response.verify(&hash, &[1; 8]), response.uses_nt() && response.nt_response.ct_eq(&expected));
        }
        Err(_) => assert_ne!(data.len(), v1::Response::LEN),
    }
    match v2::Response::decode(data) {
        Ok(response) => {
            assert_eq!(response.encode(), data);
            let challenge = response.challenges(&[2; 16]).hash(b"user");
            let expected = hash.challenge_response(&challenge);
            assert_eq!(response.verify(&hash, &[2; 16], b"user"), response.nt_response.ct_eq(&expected));
        }
        Err(_) => assert_ne!(data.len(), v2::Response::LEN),
    }
    assert_eq!(v1::decode_challenge(data).is_ok(), data.len() == 8);
    assert_eq!(v2::decode_challenge(data).is_ok(), data.len() == 16);
}
