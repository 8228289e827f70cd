//! CCP at its edges: sets of bits, options of others, and resets of a link that is closed.

use core::time::Duration;

use crate::ccp::{Agreed, Config, Encryption, MicrosoftCompression, Negotiator, Reset};
use crate::negotiate::{ControlProtocol as _, Verdict};
use crate::{OptionWriter, Packet, RawOption};

const NOW: Duration = Duration::ZERO;

#[test]
fn bits_that_two_sets_share_stay() {
    let all = MicrosoftCompression::STRENGTHS;
    assert_eq!(all.union(all), all);
    assert_eq!(all.union(MicrosoftCompression::NONE), all);
    assert_eq!((all | MicrosoftCompression::MPPE_128) & all, all);
}

/// RFC 1661 section 5.4: a Configure-Reject names options of the request.
#[test]
fn a_reject_of_an_option_that_was_not_asked_for_takes_nothing_away() {
    let mut ccp = Negotiator::new(&Config::default());
    ccp.set_keys(MicrosoftCompression::STRENGTHS);
    let request = |ccp: &Negotiator| {
        let mut buf = [0; 16];
        let mut options = OptionWriter::new(&mut buf);
        ccp.write_request(&mut options).unwrap();
        options.as_bytes().to_vec()
    };
    let before = request(&ccp);
    assert_eq!(before, [18, 6, 1, 0, 0, 0x40]);
    // Stac LZS.
    ccp.reject(RawOption { option_type: 17, data: &[0, 1, 3] });
    assert_eq!((request(&ccp), ccp.check()), (before, Ok(())));
    ccp.reject(RawOption { option_type: 18, data: &[1, 0, 0, 0x40] });
    assert!(request(&ccp).is_empty() && ccp.check().is_err());
}

/// RFC 3078 section 2: each request is judged for itself, whatever the one before it had.
#[test]
fn a_request_without_the_option_is_not_taken_for_the_one_before_it() {
    let mut ccp = Negotiator::new(&Config::default());
    ccp.set_keys(MicrosoftCompression::STRENGTHS);
    let mut buf = [0; 16];
    ccp.begin_request();
    let option = RawOption { option_type: 18, data: &[1, 0, 0, 0x40] };
    assert_eq!(ccp.judge(option, &mut OptionWriter::new(&mut buf)), Verdict::Accept);
    ccp.begin_request();
    let mut nak = OptionWriter::new(&mut buf);
    ccp.judge_missing(&mut nak);
    assert_eq!(nak.as_bytes(), [18, 6, 1, 0, 0, 0x40]);
    ccp.accept_request();
    assert!(ccp.check().is_err() && !ccp.agreed().is_encrypted());
}

#[test]
fn a_link_is_encrypted_when_both_directions_are() {
    let bits = MicrosoftCompression::MPPE_128;
    for (send, receive, expected) in [
        (MicrosoftCompression::NONE, MicrosoftCompression::NONE, false),
        (bits, MicrosoftCompression::NONE, false),
        (MicrosoftCompression::NONE, bits, false),
        (bits, bits, true),
    ] {
        assert_eq!(Agreed { send, receive }.is_encrypted(), expected);
    }
}

#[test]
fn compression_is_asked_for_where_it_is_wanted() {
    for wanted in [false, true] {
        let mut ccp = Negotiator::new(&Config::default().with_compression(wanted));
        ccp.set_keys(MicrosoftCompression::STRENGTHS);
        assert_eq!(ccp.wishes().contains(MicrosoftCompression::MPPC), wanted);
    }
}

/// RFC 1661 section 5.3: a Nak names what the peer would take.
#[test]
fn the_offer_of_a_nak_is_kept_and_a_reject_ends_what_is_required_alone() {
    for (encryption, is_over) in [(Encryption::Required, true), (Encryption::Preferred, false)] {
        let mut ccp = Negotiator::new(&Config::default().with_encryption(encryption));
        ccp.set_keys(MicrosoftCompression::STRENGTHS);
        ccp.nak(RawOption { option_type: 18, data: &[1, 0, 0, 0x20] });
        assert_eq!(ccp.offered(), Some(MicrosoftCompression::from_bits(0x0100_0020)));
        ccp.reject(RawOption { option_type: 18, data: &[1, 0, 0, 0x40] });
        assert_eq!(ccp.check().is_err(), is_over, "{encryption}");
    }
}

/// RFC 1962 section 3: no Reset-Request without CCP.
#[test]
fn reset_requests_and_answers_are_void_when_ccp_closes() {
    let mut reset = Reset::default();
    let mut buf = [0; 8];
    reset.request(NOW, 3);
    assert!(reset.handle_packet(&Packet::decode(&[14, 9, 0, 4]).unwrap()));
    reset.clear();
    assert_eq!((reset.poll_timeout(), reset.poll_transmit(&mut buf)), (None, Ok(None)));
    // A peer that does not know Reset-Acks does not learn of them when CCP closes.
    reset.handle_code_reject(&Packet::decode(&[7, 1, 0, 8, 15, 9, 0, 4]).unwrap());
    reset.clear();
    assert!(reset.handle_packet(&Packet::decode(&[14, 10, 0, 4]).unwrap()));
    assert_eq!(reset.poll_transmit(&mut buf), Ok(None));
}
