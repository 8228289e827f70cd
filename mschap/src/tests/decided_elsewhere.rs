//! Decisions of somebody else, such as a RADIUS server, in place of an authenticator's own; and beginning again.

use crate::v1::implied_challenge;
use crate::{Account, Awaits, Failure, FailureChallenge, FailureCode, NtHash, eap, v1, v2};

const FIRST: [u8; 8] = [0xf0, 1, 2, 3, 4, 5, 6, 7];
const WRONG: FailureCode = FailureCode::AUTHENTICATION_FAILURE;

fn failure(code: FailureCode, retry: bool, challenge: Option<FailureChallenge>) -> Failure<'static> {
    Failure { code: Some(code), retry: Some(retry), challenge, version: None, message: None }
}

#[test]
fn rfc2433_section_8_another_try_that_a_server_offers_is_counted_here() {
    let mut authenticator = v1::Authenticator::new(FIRST, 1);
    let offer = failure(WRONG, true, None);
    assert!(authenticator.may_offer(&offer));
    authenticator.refuse_as(&offer);
    assert_eq!(authenticator.awaits(), Awaits::AnotherResponse);
    assert_eq!(authenticator.challenge(), &implied_challenge(&FIRST));
    // That was the last one, whatever the server offers.
    assert!(!authenticator.may_offer(&offer));
    authenticator.refuse_as(&offer);
    assert_eq!((authenticator.awaits(), authenticator.challenge()), (Awaits::Nothing, &implied_challenge(&FIRST)));
}

#[test]
fn rfc2433_section_8_the_challenge_in_the_message_of_a_server_is_answered_next() {
    // Another try may be offered for any reason.
    for code in [WRONG, FailureCode::NO_DIALIN_PERMISSION] {
        let mut authenticator = v1::Authenticator::new(FIRST, 1);
        authenticator.refuse_as(&failure(code, true, Some(FailureChallenge::V1([9; 8]))));
        assert_eq!((authenticator.awaits(), authenticator.challenge()), (Awaits::AnotherResponse, &[9; 8]));
    }
}

#[test]
fn a_refusal_that_offers_nothing_awaits_nothing() {
    let mut first = v1::Authenticator::new(FIRST, 1);
    let refusal = failure(FailureCode::NO_DIALIN_PERMISSION, false, None);
    assert!(!first.may_offer(&refusal));
    first.refuse_as(&refusal);
    assert_eq!((first.awaits(), first.challenge()), (Awaits::Nothing, &FIRST));

    let mut second = v2::Authenticator::new([1; 16], 1);
    let refusal = failure(FailureCode::NO_DIALIN_PERMISSION, false, Some(FailureChallenge::V2([9; 16])));
    assert!(!second.may_offer(&refusal));
    second.refuse_as(&refusal);
    assert_eq!(second.awaits(), Awaits::Nothing);
}

/// RFC 2433 section 10, RFC 2759 section 7: a change of password is no other try, even where the message says `R=1`.
#[test]
fn an_expired_password_that_a_server_reports_may_be_changed() {
    let mut first = v1::Authenticator::new(FIRST, 1);
    let expired = failure(FailureCode::PASSWORD_EXPIRED, true, None);
    assert!(!first.may_offer(&expired));
    first.refuse_as(&expired);
    assert_eq!((first.awaits(), first.challenge()), (Awaits::ChangePassword, &FIRST));

    let expired = failure(FailureCode::PASSWORD_EXPIRED, true, Some(FailureChallenge::V2([9; 16])));
    let mut second = v2::Authenticator::new([1; 16], 1);
    assert!(!second.may_offer(&expired));
    second.refuse_as(&expired);
    assert_eq!((second.awaits(), second.challenge()), (Awaits::ChangePassword, &[9; 16]));
}

#[test]
fn rfc2759_section_6_without_a_challenge_of_16_bytes_there_is_no_other_try() {
    for challenge in [None, Some(FailureChallenge::V1([9; 8]))] {
        let mut authenticator = v2::Authenticator::new([1; 16], 1);
        let offer = failure(WRONG, true, challenge);
        assert!(!authenticator.may_offer(&offer));
        authenticator.refuse_as(&offer);
        assert_eq!((authenticator.awaits(), authenticator.challenge()), (Awaits::Nothing, &[1; 16]));
        assert!(!eap::Authenticator::new([1; 16], 9, 1).may_offer(&offer));
    }
    let mut authenticator = v2::Authenticator::new([1; 16], 1);
    let offer = failure(WRONG, true, Some(FailureChallenge::V2([9; 16])));
    assert!(authenticator.may_offer(&offer));
    authenticator.refuse_as(&offer);
    assert_eq!((authenticator.awaits(), authenticator.challenge()), (Awaits::AnotherResponse, &[9; 16]));
    assert!(!authenticator.may_offer(&offer));
}

/// RFC 1994 section 2: challenges in a running session.
#[test]
fn an_authenticator_begins_again_with_another_challenge_and_all_tries() {
    let (stored, wrong) = (NtHash::from_password("right"), NtHash::from_password("wrong"));
    let account = Account::new(&stored);

    let mut first = v1::Authenticator::new(FIRST, 0);
    let (_, response) = v1::Peer::respond(&wrong, &FIRST);
    first.handle_response(&response.encode(), b"alice", &account, None).unwrap();
    assert_eq!(first.awaits(), Awaits::Nothing);
    first.restart([7; 8], 1);
    assert_eq!((first.awaits(), first.challenge()), (Awaits::Response, &[7; 8]));
    assert!(first.reply().is_none());
    let (_, response) = v1::Peer::respond(&wrong, &[7; 8]);
    first.handle_response(&response.encode(), b"alice", &account, None).unwrap();
    assert_eq!(first.awaits(), Awaits::AnotherResponse);

    let mut second = v2::Authenticator::new([1; 16], 0);
    let respond = |authenticator| {
        let challenges = v2::Challenges { authenticator, peer: [0xaa; 16] };
        v2::Peer::respond(&wrong, &challenges, b"alice").1.encode()
    };
    second.handle_response(&respond([1; 16]), b"alice", &account, [2; 16]).unwrap();
    assert_eq!(second.awaits(), Awaits::Nothing);
    second.restart([7; 16], 1);
    assert_eq!((second.awaits(), second.challenge()), (Awaits::Response, &[7; 16]));
    assert!(second.reply().is_none());
    second.handle_response(&respond([7; 16]), b"alice", &account, [8; 16]).unwrap();
    assert_eq!(second.awaits(), Awaits::AnotherResponse);
}
