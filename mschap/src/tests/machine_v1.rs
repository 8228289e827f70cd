//! Peer and authenticator of version 1 against each other: the negotiations of RFC 2433 section B.1, and worse.

use alloc::vec::Vec;

use crate::v1::{Authenticator, ChangePassword2, ChangeVerdict, Peer, Response, Verdict, implied_challenge};
use crate::{Account, AuthenticatorError, ChallengeResponse, ChangeError, FailureCode, LmHash, Next, NtHash, StartKey};

const NAME: &[u8] = br"BIGCO\johndoe";
const FIRST: [u8; 8] = [0xf0, 1, 2, 3, 4, 5, 6, 7];

fn hash(password: &str) -> NtHash {
    NtHash::from_password(password)
}

fn message(authenticator: &Authenticator) -> Vec<u8> {
    let mut buf = [0; 256];
    authenticator.reply().unwrap().encode(&mut buf).unwrap().to_vec()
}

/// Section B.1.1.
#[test]
fn success() {
    let stored = hash("right");
    let mut authenticator = Authenticator::new(FIRST, 0);
    let (peer, response) = Peer::respond(&stored, &FIRST);
    let verdict = authenticator.handle_response(&response.encode(), NAME, &Account::new(&stored), None).unwrap();
    let Verdict::Accepted(accepted) = verdict else { panic!("{verdict:?}") };
    assert!(accepted.start_key().unwrap().ct_eq(&StartKey::from_v1(&stored.hash(), &FIRST)));
    assert_eq!(message(&authenticator), b"");
    let mut buf = [0; 16];
    let reply = authenticator.reply().unwrap().with_message("Access granted");
    let success = peer.handle_success(reply.encode(&mut buf).unwrap());
    assert_eq!(success.message.unwrap().as_bytes(), b"Access granted");
}

/// Sections B.1.2 to B.1.4, with a new challenge in the message and without.
#[test]
fn three_attempts() {
    let stored = hash("right");
    for given in [false, true] {
        for right_at in 0..4 {
            let mut authenticator = Authenticator::new(FIRST, 2);
            let mut challenge = FIRST;
            for attempt in 0..3u8 {
                assert_eq!(authenticator.challenge(), &challenge);
                let (peer, response) =
                    Peer::respond(&hash(if attempt == right_at { "right" } else { "?" }), &challenge);
                let next = given.then_some([attempt; 8]);
                let verdict =
                    authenticator.handle_response(&response.encode(), NAME, &Account::new(&stored), next).unwrap();
                if attempt == right_at {
                    assert!(matches!(verdict, Verdict::Accepted(_)));
                    break;
                }
                match peer.handle_failure(&message(&authenticator)).next {
                    Next::Retry { challenge: next } => {
                        assert!(attempt < 2);
                        assert_eq!(next, if given { [attempt; 8] } else { implied_challenge(&challenge) });
                        challenge = next;
                    }
                    next @ (Next::Stop | Next::ChangePassword { .. }) => assert_eq!((next, attempt), (Next::Stop, 2)),
                }
            }
            assert_eq!(authenticator.reply().unwrap().is_success(), right_at < 3);
        }
    }
    // First challenge + 23 + 23.
    assert_eq!(implied_challenge(&implied_challenge(&FIRST))[0], 0xf0u8.wrapping_add(46));
}

/// Sections B.1.5 and B.1.6: the change of password answers the challenge answered last.
#[test]
fn change_of_password_version_2() {
    for tries_first in [0, 1] {
        let stored = hash("expired");
        let account = Account::new(&stored).with_restriction(FailureCode::PASSWORD_EXPIRED);
        let mut authenticator = Authenticator::new(FIRST, 1);
        let mut challenge = FIRST;
        for _ in 0..tries_first {
            let (_, response) = Peer::respond(&hash("?"), &challenge);
            authenticator.handle_response(&response.encode(), NAME, &account, None).unwrap();
            challenge = implied_challenge(&challenge);
        }
        let (peer, response) = Peer::respond(&stored, &challenge);
        authenticator.handle_response(&response.encode(), NAME, &account, None).unwrap();
        assert_eq!(message(&authenticator), b"E=648 R=0 V=2");
        let next = peer.handle_failure(&message(&authenticator)).next;
        assert_eq!(next, Next::ChangePassword { challenge, version: ChangePassword2::VERSION });

        let (peer, packet) = Peer::change_password_2(&stored, "Grüße", &challenge, &[5; 512]).unwrap();
        let verdict = authenticator.handle_change_password_2(&packet.encode(), NAME, &account).unwrap();
        let ChangeVerdict::Changed { accepted, hashes, new_password } = verdict else { panic!("{verdict:?}") };
        assert!(hashes.nt.unwrap().ct_eq(&hash("Grüße")) && hashes.lm.is_none());
        assert!(new_password.unwrap().chars().eq("Grüße".chars().map(Ok)));
        assert!(accepted.hash.unwrap().ct_eq(&hash("Grüße").hash()));
        assert!(authenticator.reply().unwrap().is_success());
        assert_eq!(peer.handle_failure(b"E=691 R=1").next, Next::Stop);
        let again = authenticator.handle_change_password_2(&packet.encode(), NAME, &account);
        assert!(matches!(again, Ok(ChangeVerdict::Duplicate)));

        authenticator.reject_change();
        assert_eq!(message(&authenticator), b"E=709 R=0 V=2");
    }
}

#[test]
fn change_of_password_version_1_only_when_asked_for() {
    let stored = hash("expired");
    let account = Account::new(&stored).with_restriction(FailureCode::PASSWORD_EXPIRED);
    for takes in [false, true] {
        let mut authenticator = Authenticator::new(FIRST, 0);
        if takes {
            authenticator = authenticator.with_change_password_1();
        }
        let (_, response) = Peer::respond(&stored, &FIRST);
        authenticator.handle_response(&response.encode(), NAME, &account, None).unwrap();
        let (_, packet) = Peer::change_password_1(&stored, &hash("new"), &FIRST);
        let verdict = authenticator.handle_change_password_1(&packet.encode(), NAME, &account);
        match verdict {
            Ok(ChangeVerdict::Changed { hashes, new_password, .. }) => {
                assert!(takes && new_password.is_none());
                assert!(hashes.nt.unwrap().ct_eq(&hash("new")));
                let again = authenticator.handle_change_password_1(&packet.encode(), NAME, &account);
                assert!(matches!(again, Ok(ChangeVerdict::Duplicate)));
            }
            verdict => {
                assert!(!takes);
                assert_eq!(verdict.unwrap_err(), AuthenticatorError::NotNow);
            }
        }
    }
}

#[test]
fn a_bad_change_of_password_is_refused_with_709() {
    let stored = hash("expired");
    let account = Account::new(&stored).with_restriction(FailureCode::PASSWORD_EXPIRED);
    for (old, challenge) in [("other", FIRST), ("expired", [0; 8])] {
        let mut authenticator = Authenticator::new(FIRST, 0);
        let (_, response) = Peer::respond(&stored, &FIRST);
        authenticator.handle_response(&response.encode(), NAME, &account, None).unwrap();
        let (_, packet) = Peer::change_password_2(&hash(old), "new", &challenge, &[5; 512]).unwrap();
        let verdict = authenticator.handle_change_password_2(&packet.encode(), NAME, &account).unwrap();
        let ChangeVerdict::Refused { reason, .. } = verdict else { panic!("{verdict:?}") };
        assert_eq!(reason == ChangeError::Response, old == "expired");
        assert_eq!(message(&authenticator), b"E=709 R=0 V=2");
    }
}

/// RFC 2433 section 6: a field that is not used is zeros.
#[test]
fn a_response_of_zeros_alone_is_an_empty_one() {
    assert!(ChallengeResponse::empty().is_empty());
    let mut bytes = [0; 24];
    bytes[23] = 1;
    assert!(!ChallengeResponse::from_bytes(bytes).is_empty());
}

#[test]
fn only_a_change_that_was_taken_can_be_rejected() {
    let stored = hash("right");
    let mut authenticator = Authenticator::new(FIRST, 1);
    assert!(!authenticator.reject_change());
    let (_, response) = Peer::respond(&stored, &FIRST);
    let verdict = authenticator.handle_response(&response.encode(), NAME, &Account::new(&stored), None).unwrap();
    assert!(matches!(verdict, Verdict::Accepted(_)));
    assert!(!authenticator.reject_change());
    assert!(authenticator.reply().unwrap().is_success());
}

#[test]
fn an_unknown_account_has_no_password() {
    let mut authenticator = Authenticator::new(FIRST, 0);
    let (_, response) = Peer::respond(&NtHash::from_bytes([0; 16]), &FIRST);
    let verdict = authenticator.handle_response(&response.encode(), NAME, &Account::unknown(), None).unwrap();
    assert!(matches!(verdict, Verdict::Refused(_)));
}

#[test]
fn lan_manager_only_if_the_account_has_it() {
    let (nt, lm) = (hash("right"), LmHash::from_password("right").unwrap());
    let both = Response::new(&nt, &FIRST).with_lm(&lm, &FIRST);
    let mut lm_only = both.clone();
    lm_only.flags = 0;
    for (response, account, accepted) in [
        (&both, Account::new(&nt), true),
        (&lm_only, Account::new(&nt), false),
        (&lm_only, Account::new(&nt).with_lm_hash(&lm), true),
        (&lm_only, Account::unknown().with_lm_hash(&lm), true),
        (&both, Account::unknown().with_lm_hash(&lm), true),
        (&both, Account::unknown(), false),
        // With the flag set and an NT hash, the LAN Manager response does not help.
        (&Response::new(&hash("?"), &FIRST).with_lm(&lm, &FIRST), Account::new(&nt).with_lm_hash(&lm), false),
    ] {
        let mut authenticator = Authenticator::new(FIRST, 0);
        let verdict = authenticator.handle_response(&response.encode(), NAME, &account, None).unwrap();
        assert_eq!(matches!(verdict, Verdict::Accepted(_)), accepted);
        if let Verdict::Accepted(peer) = verdict {
            assert_eq!(peer.start_key().is_some(), account.hash.is_some());
        }
    }
}

#[test]
fn a_packet_that_comes_again_costs_nothing() {
    let stored = hash("right");
    let account = Account::new(&stored);
    let mut authenticator = Authenticator::new(FIRST, 1);
    let (_, wrong) = Peer::respond(&hash("?"), &FIRST);
    for attempt in 0..3 {
        let verdict = authenticator.handle_response(&wrong.encode(), NAME, &account, None).unwrap();
        assert_eq!(matches!(verdict, Verdict::Duplicate), attempt > 0);
        assert_eq!(message(&authenticator), b"E=691 R=1 V=2");
    }
    let (_, right) = Peer::respond(&stored, authenticator.challenge());
    for attempt in 0..3 {
        let verdict = authenticator.handle_response(&right.encode(), NAME, &account, None).unwrap();
        assert_eq!(matches!(verdict, Verdict::Duplicate), attempt > 0);
    }
    let other = authenticator.handle_response(&right.encode(), b"somebody", &account, None);
    assert_eq!(other.unwrap_err(), AuthenticatorError::NotNow);
}

#[test]
fn failures_of_real_authenticators() {
    let (peer, _) = Peer::respond(&hash("x"), &[1; 8]);
    let implied = [24, 1, 1, 1, 1, 1, 1, 1];
    for (message, expected) in [
        (&b""[..], Next::Stop),
        (b"E=691 R=0 ", Next::Stop),
        (b"E=691 R=1 V=2", Next::Retry { challenge: implied }),
        (b"E=691 R=1 C=0202020202020202 V=0", Next::Retry { challenge: [2; 8] }),
        (b"E=648 R=0", Next::ChangePassword { challenge: [1; 8], version: 1 }),
        (b"E=648 R=0 V=2", Next::ChangePassword { challenge: [1; 8], version: 2 }),
        (b"E=648 R=0 C=0202020202020202 V=2", Next::ChangePassword { challenge: [2; 8], version: 2 }),
    ] {
        assert_eq!(peer.handle_failure(message).next, expected, "{}", message.escape_ascii());
    }
}
