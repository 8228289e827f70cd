//! Peer and authenticator of version 2 against each other: the negotiations of RFC 2759 section 9.1, and worse.

use alloc::vec::Vec;

use proptest::prelude::*;

use crate::v2::{Authenticator, Challenges, ChangeVerdict, Peer, Response, Verdict};
use crate::{
    Account, AuthenticatorError, ChangeError, FailureCode, NamePolicy, Next, NtHash, ProofError, Refusal, Value,
};

const NAME: &[u8] = br"BIGCO\johndoe";
const USER: &[u8] = b"johndoe";

fn hash(password: &str) -> NtHash {
    NtHash::from_password(password)
}

/// Answers the authenticator's present challenge as a peer with this password.
fn respond(authenticator: &Authenticator, password: &str) -> (Peer, Response) {
    let challenges = Challenges { authenticator: *authenticator.challenge(), peer: [0xaa; 16] };
    Peer::respond(&hash(password), &challenges, USER)
}

fn message(authenticator: &Authenticator) -> Vec<u8> {
    let mut buf = [0; 256];
    authenticator.reply().unwrap().encode(&mut buf).unwrap().to_vec()
}

/// Section 9.1.1.
#[test]
fn success() {
    let stored = hash("right");
    let mut authenticator = Authenticator::new([1; 16], 0);
    assert!(authenticator.reply().is_none());
    let (peer, response) = respond(&authenticator, "right");
    let verdict = authenticator.handle_response(&response.encode(), NAME, &Account::new(&stored), [2; 16]).unwrap();
    let Verdict::Accepted(accepted) = verdict else { panic!("{verdict:?}") };
    assert_eq!((accepted.user, accepted.domain), (USER, Some(&b"BIGCO"[..])));
    assert!(accepted.hash.ct_eq(&stored.hash()) && accepted.nt_response.ct_eq(&response.nt_response));
    assert!(accepted.takes_message);
    assert!(authenticator.reply().unwrap().is_success());
    assert!(peer.handle_success(&message(&authenticator)).is_ok());
}

/// Section 9.1.2, with every byte of the proof.
#[test]
fn an_authenticator_that_does_not_know_the_password() {
    let mut authenticator = Authenticator::new([1; 16], 0);
    let (peer, response) = respond(&authenticator, "right");
    let stored = hash("right");
    authenticator.handle_response(&response.encode(), NAME, &Account::new(&stored), [2; 16]).unwrap();
    let good = message(&authenticator);
    for place in 0..good.len() {
        for flip in [0x01, 0x02, 0x40, 0x80] {
            let mut bad = good.clone();
            bad[place] ^= flip;
            let error = peer.handle_success(&bad).err();
            // A digit in the other case is the same digit.
            let same = place >= 2 && bad[place].eq_ignore_ascii_case(&good[place]);
            assert_eq!(error.is_none(), same, "byte {place}: {error:?}");
        }
    }
    assert_eq!(peer.handle_success(b"").unwrap_err(), ProofError::Missing);
    assert_eq!(peer.handle_success(b"Access granted").unwrap_err(), ProofError::Missing);
    let other = b"S=407A5589115FD0D6209F510FE9C04566932CDA56";
    assert_eq!(peer.handle_success(other).unwrap_err(), ProofError::Wrong);
    assert!(matches!(peer.handle_success(&other[..41]).unwrap_err(), ProofError::Malformed(_)));
}

/// Section 9.1.3.
#[test]
fn failure_without_retry() {
    let stored = hash("right");
    let mut authenticator = Authenticator::new([1; 16], 0);
    let (peer, response) = respond(&authenticator, "wrong");
    let verdict = authenticator.handle_response(&response.encode(), NAME, &Account::new(&stored), [2; 16]).unwrap();
    assert!(matches!(verdict, Verdict::Refused(failure) if failure.code == Some(FailureCode(691))));
    assert_eq!(message(&authenticator), b"E=691 R=0 C=02020202020202020202020202020202 V=3");
    assert_eq!(peer.handle_failure(&message(&authenticator)).next, Next::Stop);

    // Not even with the right one.
    let (_, response) = respond(&authenticator, "right");
    let refused = authenticator.handle_response(&response.encode(), NAME, &Account::new(&stored), [3; 16]);
    assert_eq!(refused.unwrap_err(), AuthenticatorError::NotNow);
    assert_eq!(message(&authenticator), b"E=691 R=0 C=02020202020202020202020202020202 V=3");
}

/// Sections 9.1.4 and 9.1.5.
#[test]
fn three_attempts() {
    let stored = hash("right");
    for right_at in 0..4 {
        let mut authenticator = Authenticator::new([1; 16], 2);
        for attempt in 0..3u8 {
            let password = if attempt == right_at { "right" } else { "wrong" };
            let (peer, response) = respond(&authenticator, password);
            let next = [0x10 | attempt; 16];
            let verdict =
                authenticator.handle_response(&response.encode(), NAME, &Account::new(&stored), next).unwrap();
            if attempt == right_at {
                assert!(matches!(verdict, Verdict::Accepted(_)));
                assert!(peer.handle_success(&message(&authenticator)).is_ok());
                break;
            }
            let message = message(&authenticator);
            let Refusal { failure, next: step } = peer.handle_failure(&message);
            assert_eq!(failure.retry_allowed(), attempt < 2);
            assert_eq!(step, if attempt < 2 { Next::Retry { challenge: next } } else { Next::Stop });
        }
        assert_eq!(authenticator.reply().unwrap().is_success(), right_at < 3);
    }
}

/// A response to the old challenge is not one to the new.
#[test]
fn an_old_challenge_is_not_answered_again() {
    let stored = hash("right");
    let mut authenticator = Authenticator::new([1; 16], 2);
    let (_, early) = respond(&authenticator, "right");
    let (_, wrong) = respond(&authenticator, "wrong");
    let account = Account::new(&stored);
    authenticator.handle_response(&wrong.encode(), NAME, &account, [2; 16]).unwrap();
    let verdict = authenticator.handle_response(&early.encode(), NAME, &account, [3; 16]).unwrap();
    assert!(matches!(verdict, Verdict::Refused(_)));
}

/// Sections 9.1.6 and 9.1.7.
#[test]
fn change_of_password() {
    for retries_first in [0, 1] {
        let stored = hash("expired");
        let account = Account::new(&stored).with_restriction(FailureCode::PASSWORD_EXPIRED);
        let mut authenticator = Authenticator::new([1; 16], 1);
        for _ in 0..retries_first {
            let (_, response) = respond(&authenticator, "wrong");
            authenticator.handle_response(&response.encode(), NAME, &account, [2; 16]).unwrap();
        }
        let (peer, response) = respond(&authenticator, "expired");
        authenticator.handle_response(&response.encode(), NAME, &account, [3; 16]).unwrap();
        assert_eq!(message(&authenticator), b"E=648 R=0 C=03030303030303030303030303030303 V=3");
        let next = peer.handle_failure(&message(&authenticator)).next;
        let Next::ChangePassword { challenge, version: 3 } = next else { panic!("{next:?}") };

        // No other response now.
        let (_, response) = respond(&authenticator, "expired");
        let refused = authenticator.handle_response(&response.encode(), NAME, &account, [4; 16]);
        assert_eq!(refused.unwrap_err(), AuthenticatorError::NotNow);

        let challenges = Challenges { authenticator: challenge, peer: [0xbb; 16] };
        let (peer, packet) = Peer::change_password(&hash("expired"), "Grüße 🔑", &challenges, USER, &[5; 512]).unwrap();
        let verdict = authenticator.handle_change_password(&packet.encode(), NAME, &account, [5; 16]).unwrap();
        let ChangeVerdict::Changed { accepted, new_password } = verdict else { panic!("{verdict:?}") };
        assert!(new_password.nt_hash().ct_eq(&hash("Grüße 🔑")));
        assert!(accepted.hash.ct_eq(&hash("Grüße 🔑").hash()));
        assert_eq!(accepted.user, USER);
        assert!(peer.handle_success(&message(&authenticator)).is_ok());
        // Whatever is said after a change, there is no other try.
        assert_eq!(peer.handle_failure(b"E=691 R=1 C=00000000000000000000000000000000").next, Next::Stop);
        assert_eq!(peer.handle_failure(b"E=648 R=1 C=00000000000000000000000000000000").next, Next::Stop);

        // The reply was lost, and the stored hash is the new one by now.
        let new = new_password.nt_hash();
        let again = authenticator.handle_change_password(&packet.encode(), NAME, &Account::new(&new), [6; 16]);
        assert!(matches!(again, Ok(ChangeVerdict::Duplicate)));
        assert!(peer.handle_success(&message(&authenticator)).is_ok());

        authenticator.reject_change([7; 16]);
        assert_eq!(message(&authenticator), b"E=709 R=0 C=07070707070707070707070707070707 V=3");
        authenticator.reject_change([8; 16]);
        assert_eq!(message(&authenticator), b"E=709 R=0 C=07070707070707070707070707070707 V=3");
    }
}

#[test]
fn a_bad_change_of_password_is_refused_with_709() {
    let stored = hash("expired");
    let account = Account::new(&stored).with_restriction(FailureCode::PASSWORD_EXPIRED);
    let make = || {
        let mut authenticator = Authenticator::new([1; 16], 9);
        let (_, response) = respond(&authenticator, "expired");
        authenticator.handle_response(&response.encode(), NAME, &account, [3; 16]).unwrap();
        authenticator
    };
    let challenges = Challenges { authenticator: [3; 16], peer: [0xbb; 16] };
    let stale = Challenges { authenticator: [1; 16], peer: [0xbb; 16] };
    let packet = |old, challenges, user| {
        Peer::change_password(&hash(old), "new", challenges, user, &[5; 512]).unwrap().1.encode()
    };
    for (bytes, account, expected) in [
        (packet("expired", &stale, USER), account, Some(ChangeError::Response)),
        (packet("expired", &challenges, NAME), account, Some(ChangeError::Response)),
        (packet("other", &challenges, USER), account, None),
        (packet("expired", &challenges, USER), Account::unknown(), None),
    ] {
        let mut authenticator = make();
        let verdict = authenticator.handle_change_password(&bytes, NAME, &account, [4; 16]).unwrap();
        let ChangeVerdict::Refused { reason, failure } = verdict else { panic!("{verdict:?}") };
        assert_eq!((failure.code, failure.retry), (Some(FailureCode::CHANGING_PASSWORD), Some(false)));
        assert!(expected.is_none_or(|expected| expected == reason), "{reason:?}");
        assert_eq!(message(&authenticator), b"E=709 R=0 C=04040404040404040404040404040404 V=3");
        // Once is all.
        let bytes = packet("expired", &challenges, USER);
        let again = authenticator.handle_change_password(&bytes, NAME, &account, [5; 16]);
        assert!(matches!(again, Err(AuthenticatorError::NotNow) | Ok(ChangeVerdict::Duplicate)));
    }
    // Before it was asked for.
    let mut authenticator = Authenticator::new([3; 16], 9);
    let bytes = packet("expired", &challenges, USER);
    let early = authenticator.handle_change_password(&bytes, NAME, &account, [4; 16]);
    assert_eq!(early.unwrap_err(), AuthenticatorError::NotNow);
    assert!(authenticator.reply().is_none());
}

#[test]
fn restrictions_are_told_to_who_knows_the_password() {
    let stored = hash("right");
    for code in [646, 647, 648, 649, 691, 4711].map(FailureCode) {
        let account = Account::new(&stored).with_restriction(code);
        for (password, told) in [("right", code), ("wrong", FailureCode::AUTHENTICATION_FAILURE)] {
            let mut authenticator = Authenticator::new([1; 16], 0);
            let (peer, response) = respond(&authenticator, password);
            authenticator.handle_response(&response.encode(), NAME, &account, [2; 16]).unwrap();
            assert_eq!(peer.handle_failure(&message(&authenticator)).failure.code, Some(told));
        }
    }
    let mut authenticator = Authenticator::new([1; 16], 0);
    // The password of the hash that stands for none cannot be used, whatever it is.
    let challenges = Challenges { authenticator: [1; 16], peer: [0; 16] };
    let (_, response) = Peer::respond(&NtHash::from_bytes([0; 16]), &challenges, USER);
    let verdict = authenticator.handle_response(&response.encode(), NAME, &Account::unknown(), [2; 16]).unwrap();
    assert!(matches!(verdict, Verdict::Refused(_)));
}

/// Tries are for wrong passwords: who is refused for another reason is refused for good.
#[test]
fn restrictions_do_not_allow_a_retry() {
    let stored = hash("right");
    for code in [646, 647, 649, 709, 4711].map(FailureCode) {
        let account = Account::new(&stored).with_restriction(code);
        let mut authenticator = Authenticator::new([1; 16], 5);
        let (peer, response) = respond(&authenticator, "right");
        authenticator.handle_response(&response.encode(), NAME, &account, [2; 16]).unwrap();
        let message = message(&authenticator);
        assert_eq!(peer.handle_failure(&message).next, Next::Stop);
        let (_, again) = respond(&authenticator, "right");
        let refused = authenticator.handle_response(&again.encode(), NAME, &account, [3; 16]);
        assert_eq!(refused.unwrap_err(), AuthenticatorError::NotNow);
    }
}

/// There is no hash with which an account that there is not could change its password.
#[test]
fn an_unknown_account_has_no_password_to_change() {
    let stored = hash("expired");
    let account = Account::new(&stored).with_restriction(FailureCode::PASSWORD_EXPIRED);
    let mut authenticator = Authenticator::new([1; 16], 0);
    let (_, response) = respond(&authenticator, "expired");
    authenticator.handle_response(&response.encode(), NAME, &account, [3; 16]).unwrap();
    let challenges = Challenges { authenticator: [3; 16], peer: [0xbb; 16] };
    let zero = NtHash::from_bytes([0; 16]);
    let (_, packet) = Peer::change_password(&zero, "new", &challenges, USER, &[5; 512]).unwrap();
    let verdict = authenticator.handle_change_password(&packet.encode(), NAME, &Account::unknown(), [4; 16]);
    assert!(matches!(verdict, Ok(ChangeVerdict::Refused { reason: ChangeError::OldHash, .. })));
}

#[test]
fn a_packet_that_comes_again_costs_nothing() {
    let stored = hash("right");
    let account = Account::new(&stored);
    let mut authenticator = Authenticator::new([1; 16], 1);
    let (_, wrong) = respond(&authenticator, "wrong");
    for attempt in 0..5 {
        let verdict = authenticator.handle_response(&wrong.encode(), NAME, &account, [2; 16]).unwrap();
        assert_eq!(matches!(verdict, Verdict::Duplicate), attempt > 0);
        assert_eq!(message(&authenticator), b"E=691 R=1 C=02020202020202020202020202020202 V=3");
    }
    let (peer, right) = respond(&authenticator, "right");
    for attempt in 0..5 {
        let verdict = authenticator.handle_response(&right.encode(), NAME, &account, [3; 16]).unwrap();
        assert_eq!(matches!(verdict, Verdict::Duplicate), attempt > 0);
        assert!(peer.handle_success(&message(&authenticator)).is_ok());
    }
    // The same bytes under another name are not the same.
    let other = authenticator.handle_response(&right.encode(), b"johndoe", &account, [3; 16]);
    assert_eq!(other.unwrap_err(), AuthenticatorError::NotNow);
}

#[test]
fn unreadable_responses_change_nothing() {
    let stored = hash("right");
    let account = Account::new(&stored);
    let mut authenticator = Authenticator::new([1; 16], 0);
    for found in (0..49).chain(50..300) {
        let value = [0; 300];
        let error = authenticator.handle_response(&value[..found], NAME, &account, [9; 16]).unwrap_err();
        let expected = crate::DecodeError::Length { value: Value::V2Response, needed: 49, found };
        assert_eq!(error, AuthenticatorError::Malformed(expected));
        assert!(authenticator.reply().is_none());
    }
    let (_, response) = respond(&authenticator, "right");
    let verdict = authenticator.handle_response(&response.encode(), NAME, &account, [2; 16]).unwrap();
    assert!(matches!(verdict, Verdict::Accepted(_)));
}

#[test]
fn the_name_is_hashed_as_asked() {
    let (stored, name) = (hash("right"), br"CORP\eu\alice");
    for (policy, user) in [
        (NamePolicy::CutBehindLastBackslash, &b"alice"[..]),
        (NamePolicy::CutBehindFirstBackslash, br"eu\alice"),
        (NamePolicy::Whole, br"CORP\eu\alice"),
    ] {
        for hashed in [&b"alice"[..], br"eu\alice", br"CORP\eu\alice"] {
            let mut authenticator = Authenticator::new([1; 16], 0).with_name_policy(policy);
            let challenges = Challenges { authenticator: [1; 16], peer: [2; 16] };
            let (_, response) = Peer::respond(&stored, &challenges, hashed);
            let verdict =
                authenticator.handle_response(&response.encode(), name, &Account::new(&stored), [2; 16]).unwrap();
            assert_eq!(matches!(verdict, Verdict::Accepted(accepted) if accepted.user == user), hashed == user);
        }
    }
}

#[test]
fn old_windows_takes_no_text() {
    let stored = hash("right");
    let mut authenticator = Authenticator::new([1; 16], 0);
    let (_, mut response) = respond(&authenticator, "right");
    response.flags = Response::NO_MESSAGE;
    let verdict = authenticator.handle_response(&response.encode(), NAME, &Account::new(&stored), [2; 16]).unwrap();
    assert!(matches!(verdict, Verdict::Accepted(accepted) if !accepted.takes_message));
}

#[test]
fn failures_of_real_authenticators() {
    let (peer, _) = Peer::respond(&hash("x"), &Challenges { authenticator: [0; 16], peer: [0; 16] }, b"u");
    for (message, expected) in [
        (&b""[..], Next::Stop),
        (b"E=691 R=0 V=3 M=Authentication failure", Next::Stop),
        (b"E=691 R=1", Next::Stop),                    // no challenge
        (b"E=691 R=1 C=0102030405060708", Next::Stop), // that of version 1
        (b"E=648 R=0 V=3", Next::Stop),
        (b"R=1 C=01010101010101010101010101010101", Next::Retry { challenge: [1; 16] }),
        (b"E=648 R=1 C=01010101010101010101010101010101 V=2", Next::ChangePassword { challenge: [1; 16], version: 3 }),
    ] {
        assert_eq!(peer.handle_failure(message).next, expected, "{}", message.escape_ascii());
    }
}

#[derive(Debug, Clone)]
enum Op {
    Respond { password: u8, name: bool },
    Change { password: u8, stale: bool },
    Garbage(Vec<u8>),
    Reject,
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        (0..3u8, any::<bool>()).prop_map(|(password, name)| Op::Respond { password, name }),
        (0..3u8, any::<bool>()).prop_map(|(password, stale)| Op::Change { password, stale }),
        prop::collection::vec(any::<u8>(), 0..64).prop_map(Op::Garbage),
        Just(Op::Reject),
    ]
}

proptest! {
    /// Whatever comes in whatever order: nobody is accepted without the password, and not more often than allowed.
    #[test]
    fn any_order_is_safe(
        ops in prop::collection::vec(any_op(), 0..24),
        retries in 0..4u8,
        expired in any::<bool>(),
    ) {
        let stored = hash("0");
        let mut account = Account::new(&stored);
        if expired {
            account = account.with_restriction(FailureCode::PASSWORD_EXPIRED);
        }
        let mut authenticator = Authenticator::new([0; 16], retries);
        let (mut accepted, mut refused) = (Vec::new(), Vec::new());
        for (step, op) in ops.into_iter().enumerate() {
            let next = [u8::try_from(step).unwrap() | 0x80; 16];
            match op {
                Op::Respond { password, name } => {
                    let (_, response) = respond(&authenticator, ["0", "1", "2"][usize::from(password)]);
                    let name = if name { NAME } else { b"mallory" };
                    match authenticator.handle_response(&response.encode(), name, &account, next) {
                        Ok(Verdict::Accepted(_)) => {
                            prop_assert!(password == 0 && name == NAME && !expired);
                            accepted.push(step);
                        }
                        Ok(Verdict::Refused(_)) => refused.push(step),
                        _ => {}
                    }
                }
                Op::Change { password, stale } => {
                    let challenge = if stale { [0x7f; 16] } else { *authenticator.challenge() };
                    let challenges = Challenges { authenticator: challenge, peer: [1; 16] };
                    let old = hash(["0", "1", "2"][usize::from(password)]);
                    let (_, packet) = Peer::change_password(&old, "new", &challenges, USER, &[0; 512]).unwrap();
                    match authenticator.handle_change_password(&packet.encode(), NAME, &account, next) {
                        Ok(ChangeVerdict::Changed { .. }) => {
                            prop_assert!(password == 0 && !stale && expired);
                            accepted.push(step);
                        }
                        Ok(ChangeVerdict::Refused { .. }) => refused.push(step),
                        _ => {}
                    }
                }
                Op::Garbage(bytes) => {
                    let _ = authenticator.handle_response(&bytes, NAME, &account, next);
                    let _ = authenticator.handle_change_password(&bytes, NAME, &account, next);
                }
                Op::Reject => {
                    authenticator.reject_change(next);
                }
            }
        }
        prop_assert!(accepted.len() <= 1);
        // The first try, the retries, and a change of password after an expiry.
        prop_assert!(refused.len() <= usize::from(retries) + 2);
    }
}
