//! CCP at its edges: sets of bits, options of others, and resets of a link that is closed.

use core::time::Duration;

use crate::ccp::{Agreed, Config, Encryption, Failure, MicrosoftCompression, Modes, Negotiator, Reset};
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

/// RFC 3078 section 2: without keys nothing is encrypted, and where it has to be, nothing begins.
#[test]
fn a_negotiator_without_keys_fails_or_asks_for_compression_alone() {
    assert_eq!(Negotiator::new(&Config::default()).check(), Err(Failure::NoKeys));
    let config = Config::default().with_encryption(Encryption::Preferred).with_compression(true);
    let ccp = Negotiator::new(&config);
    let mut buf = [0; 16];
    let mut options = OptionWriter::new(&mut buf);
    ccp.write_request(&mut options).unwrap();
    assert_eq!((options.as_bytes(), ccp.check()), (&[18, 6, 0, 0, 0, 1][..], Ok(())));
}

/// RFC 1661 section 4: a link that comes up again negotiates from the beginning.
#[test]
fn a_negotiation_that_starts_again_has_forgotten_the_one_before() {
    let stateless = RawOption { option_type: 18, data: &[1, 0, 0, 0x40] };
    let stateful = RawOption { option_type: 18, data: &[0, 0, 0, 0x40] };
    let mut ccp = Negotiator::new(&Config::default().with_modes(Modes::PreferStateless));
    ccp.set_keys(MicrosoftCompression::STRENGTHS);
    let mut buf = [0; 16];
    for _ in 0..2 {
        assert_eq!((ccp.agreed(), ccp.offered()), (&Agreed::default(), None));
        // The mode that is preferred is named once, and then the peer's is taken.
        assert_eq!(ccp.judge(stateful, &mut OptionWriter::new(&mut buf)), Verdict::Nak);
        assert_eq!(ccp.judge(stateful, &mut OptionWriter::new(&mut buf)), Verdict::Accept);
        ccp.begin_request();
        assert_eq!(ccp.judge(stateless, &mut OptionWriter::new(&mut buf)), Verdict::Accept);
        ccp.accept_request();
        ccp.accept();
        assert!(ccp.agreed().is_encrypted() && ccp.offered().is_some());
        ccp.restart();
    }
}

/// RFC 3078 section 2: the bit of the mode says nothing where nothing is encrypted.
#[test]
fn a_mode_without_a_strength_is_taken_where_encryption_is_refused() {
    let mut ccp = Negotiator::new(&Config::default().with_encryption(Encryption::Refused));
    let mut buf = [0; 16];
    let mode = RawOption { option_type: 18, data: &[1, 0, 0, 0] };
    assert_eq!(ccp.judge(mode, &mut OptionWriter::new(&mut buf)), Verdict::Accept);
    ccp.accept_request();
    assert_eq!(ccp.agreed().send, MicrosoftCompression::NONE);
}

/// RFC 1661 section 5.6, RFC 1962 section 3.
#[test]
fn a_peer_that_does_not_know_reset_requests_is_asked_no_more() {
    let mut reset = Reset::default();
    let mut buf = [0; 8];
    reset.request(NOW, 3);
    assert_eq!(reset.poll_transmit(&mut buf), Ok(Some(&[14, 3, 0, 4][..])));
    // Not before its time.
    reset.handle_timeout(Reset::TIMEOUT / 2);
    assert_eq!(reset.poll_transmit(&mut buf), Ok(None));
    reset.handle_timeout(Reset::TIMEOUT);
    assert_eq!(reset.poll_transmit(&mut buf), Ok(Some(&[14, 3, 0, 4][..])));
    reset.handle_code_reject(&Packet::decode(&[7, 1, 0, 8, 14, 3, 0, 4]).unwrap());
    // A flushed packet makes the peer know no more than before.
    reset.synchronized();
    reset.request(NOW, 4);
    assert_eq!((reset.poll_timeout(), reset.poll_transmit(&mut buf)), (None, Ok(None)));
}
