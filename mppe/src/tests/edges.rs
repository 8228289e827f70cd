//! Counters, limits, settings and late joining of a decryptor, each with few packets.

use alloc::vec::Vec;
use core::time::Duration;

use super::{MODES, ends, ip, sealed};
use crate::protocol::{Proof, is_plausible};
use crate::{
    CoherencyCount, Config, DecryptError, Decryptor, EncryptError, Encryptor, Flags, FlushedRule, Mode, ProtocolSet,
    StartKey, Strength,
};

const SECOND: Duration = Duration::from_secs(1);

/// Returns encrypted packets of 40 bytes, each with its number in it.
fn packets(encryptor: &mut Encryptor, count: u32) -> Vec<Vec<u8>> {
    (0..count).map(|mark| sealed(encryptor, &ip(mark, 40))).collect()
}

/// Returns the packet as a forger has changed it: the protocol inside is another one.
fn forged(packet: &[u8]) -> Vec<u8> {
    packet.iter().enumerate().map(|(at, byte)| if (2..6).contains(&at) { !byte } else { *byte }).collect()
}

/// RFC 3078 section 8.1: keys follow from the count, so a receiver may begin anywhere.
#[test]
fn section_8_1_a_decryptor_that_joins_takes_what_one_from_the_start_takes() {
    let start = StartKey::from_bytes(Strength::Bits128, *b"start key of 16.");
    for position in [0, 1, 255, 300, 4100] {
        for mode in MODES {
            let config = Config::new(mode);
            let mut encryptor = Encryptor::new(&start, &config);
            packets(&mut encryptor, position);
            let mut decryptor: Decryptor = Decryptor::joining(&start, &config, position.into());
            let statistics = decryptor.statistics();
            assert_eq!(u32::from(statistics.next_rx_coherency.get()), position % 4096);
            assert_eq!(statistics.rx_key_changes_computed, 0);
            // How far the stream has run since the last key is unknown.
            let asks = mode == Mode::Stateful && position != 0;
            assert_eq!(decryptor.poll_reset_request(SECOND), asks.then_some(1), "{mode}, {position}");
            if asks {
                encryptor.handle_reset_request();
            }
            for mark in 0..3 {
                let mut packet = sealed(&mut encryptor, &ip(mark, 40));
                assert_eq!(decryptor.decrypt(&mut packet).unwrap().payload(), ip(mark, 40), "{mode}, {position}");
            }
        }
    }
}

#[test]
fn section_3_1_a_late_packet_is_taken_once_and_a_forged_one_leaves_its_key() {
    let (mut encryptor, mut decryptor) = ends(Strength::Bits128, Config::new(Mode::Stateless));
    let packets = packets(&mut encryptor, 8);
    for number in [0, 5, 7] {
        decryptor.decrypt(&mut packets[number].clone()).unwrap();
    }
    assert_eq!(decryptor.statistics().rx_missed_packets, 5);
    for late in [1_u16, 6, 3] {
        let (packet, count) = (&packets[usize::from(late)], CoherencyCount::new(late));
        let refused = decryptor.decrypt(&mut forged(packet)).unwrap_err();
        assert_eq!(refused, DecryptError::Implausible { count });
        assert_eq!(decryptor.decrypt(&mut packet.clone()).unwrap().payload(), ip(late.into(), 40));
        assert_eq!(decryptor.decrypt(&mut packet.clone()).unwrap_err(), DecryptError::Repeated { count });
    }
    let statistics = decryptor.statistics();
    assert_eq!((statistics.packets_decrypted, statistics.implausible), (6, 3));
    assert_eq!((statistics.rx_out_of_order_packets, statistics.rx_packets_dropped), (6, 6));
    // The one after the last is next, whatever came late.
    assert_eq!(statistics.next_rx_coherency.get(), 8);
}

#[test]
fn the_oldest_late_packet_that_is_taken_is_64_behind_the_next() {
    let (mut encryptor, mut decryptor) = ends(Strength::Bits128, Config::new(Mode::Stateless));
    let packets = packets(&mut encryptor, 65);
    for number in [64, 1, 63] {
        let mark = u32::try_from(number).unwrap();
        assert_eq!(decryptor.decrypt(&mut packets[number].clone()).unwrap().payload(), ip(mark, 40));
    }
    assert!(decryptor.decrypt(&mut packets[0].clone()).is_err());
}

#[test]
fn the_budget_of_key_changes_is_for_one_packet_and_the_next_goes_on() {
    let config = Config::new(Mode::Stateless).with_key_change_budget(1000);
    let (mut encryptor, mut decryptor) = ends(Strength::Bits128, config);
    let last = packets(&mut encryptor, 2001).pop().unwrap();
    let refused = decryptor.decrypt(&mut last.clone()).unwrap_err();
    assert_eq!(refused, DecryptError::CatchingUp { count: CoherencyCount::new(2000), ahead: 1000 });
    assert_eq!(decryptor.statistics().rx_key_changes_computed, 1000);
    assert_eq!(decryptor.decrypt(&mut last.clone()).unwrap().payload(), ip(2000, 40));
    assert_eq!(decryptor.statistics().rx_missed_packets, 2000);
}

/// RFC 1962 section 5.5, RFC 3078 section 8.2.
#[test]
fn section_8_2_a_reset_is_asked_for_again_with_its_identifier_until_it_is_answered() {
    let config = Config::new(Mode::Stateful).with_reset_interval(5 * SECOND);
    let (mut encryptor, mut decryptor) = ends(Strength::Bits128, config);
    for identifier in [1, 2] {
        let sent = packets(&mut encryptor, 5);
        decryptor.decrypt(&mut sent[0].clone()).unwrap();
        for late in &sent[2..4] {
            assert!(matches!(decryptor.decrypt(&mut late.clone()), Err(DecryptError::AwaitingFlushed { .. })));
        }
        let now = SECOND * 100 * u32::from(identifier);
        assert_eq!(decryptor.poll_reset_request(now), Some(identifier));
        assert!(decryptor.decrypt(&mut sent[4].clone()).is_err());
        assert_eq!(decryptor.poll_reset_request(now), None);
        assert_eq!(decryptor.poll_timeout(), Some(now + 5 * SECOND));
        assert_eq!(decryptor.poll_reset_request(now + 4 * SECOND), None);
        assert_eq!(decryptor.poll_reset_request(now + 5 * SECOND), Some(identifier));
        encryptor.handle_reset_request();
        let mut flushed = sealed(&mut encryptor, &ip(9, 40));
        assert_eq!(decryptor.decrypt(&mut flushed).unwrap().payload(), ip(9, 40));
        assert_eq!((decryptor.poll_timeout(), decryptor.poll_reset_request(now + 9 * SECOND)), (None, None));
    }
    let statistics = decryptor.statistics();
    assert_eq!((statistics.ccp_resets_sent, statistics.rx_missed_packets), (4, 8));
    assert_eq!((statistics.packets_decrypted, encryptor.statistics().ccp_resets_received), (4, 2));
}

/// RFC 3078 section 7.2 keeps the key at the answer to a Reset-Request; Linux changes it.
#[test]
fn section_7_2_the_rule_of_an_encryptor_can_be_set_and_is_seen() {
    for rule in [FlushedRule::Rfc3078, FlushedRule::Linux] {
        let (mut encryptor, mut decryptor) = ends(Strength::Bits128, Config::new(Mode::Stateful));
        encryptor.set_flushed_rule(rule);
        decryptor.decrypt(&mut sealed(&mut encryptor, &ip(0, 40))).unwrap();
        encryptor.handle_reset_request();
        decryptor.decrypt(&mut sealed(&mut encryptor, &ip(1, 40))).unwrap();
        assert_eq!(decryptor.observed_rule(), Some(rule));
        let statistics = decryptor.statistics();
        let seen = (statistics.flushed_as_rfc3078, statistics.flushed_as_linux);
        assert_eq!(seen, if rule == FlushedRule::Linux { (0, 1) } else { (1, 0) });
        decryptor.decrypt(&mut sealed(&mut encryptor, &ip(2, 40))).unwrap();
    }
}

#[test]
fn nonsense_asks_for_a_reset_in_stateful_mode_alone_and_a_run_of_it_loses_coherency() {
    for mode in MODES {
        let (mut encryptor, mut decryptor) = ends(Strength::Bits128, Config::new(mode).with_implausible_limit(3));
        let packet = sealed(&mut encryptor, &ip(0, 40));
        let count = CoherencyCount::new(0);
        for run in 1..=3 {
            assert!(!decryptor.is_coherency_lost());
            let refused = decryptor.decrypt(&mut forged(&packet)).unwrap_err();
            let is_last = run == 3;
            let lost = DecryptError::CoherencyLost { count };
            assert_eq!(refused, if is_last { lost } else { DecryptError::Implausible { count } });
            assert_eq!(decryptor.is_coherency_lost(), is_last);
        }
        assert_eq!(decryptor.statistics().implausible, 3);
        assert_eq!(decryptor.poll_reset_request(SECOND).is_some(), mode == Mode::Stateful);
        // A genuine packet ends the run.
        assert_eq!(decryptor.decrypt(&mut packet.clone()).unwrap().payload(), ip(0, 40));
        assert!(!decryptor.is_coherency_lost());
    }
}

/// RFC 791 section 3.1, RFC 8200 section 3: version, header length and length of the packet.
#[test]
fn a_plaintext_that_moves_the_count_has_an_ip_header_with_the_right_length() {
    let set = ProtocolSet::new().with(0x0021).with(0x0057).with(0x0031);
    let judge = |head: &[u8], proof| is_plausible(&set, head, 102, proof);
    let v4 = |first, length| [0, 0x21, first, 0, 0, length, 0, 0];
    let v6 = |first, length| [0, 0x57, first, 0, 0, 0, 0, length];
    for proof in [Proof::Unexpected, Proof::Certain] {
        for (head, is_right) in [
            (v4(0x45, 100), true),
            (v4(0x4f, 100), true),
            (v4(0x44, 100), false),
            (v4(0x55, 100), false),
            (v4(0x45, 101), false),
            (v6(0x60, 60), true),
            (v6(0x6f, 60), true),
            (v6(0x40, 60), false),
            (v6(0x60, 100), false),
        ] {
            assert_eq!(judge(&head, proof), is_right, "{head:02x?}");
        }
        assert!(!is_plausible(&set, &[0, 0x21, 0x45], 3, proof) && !is_plausible(&set, &[0, 0x57, 0x60], 3, proof));
    }
    // Of the packet whose turn it is, the version is enough.
    for (head, is_right) in [(v4(0x40, 9), true), (v4(0x60, 100), false), (v6(0x60, 9), true), (v6(0x40, 60), false)] {
        assert_eq!(judge(&head, Proof::Expected), is_right, "{head:02x?}");
    }
    // Nothing in another protocol shows anything, and one that was not negotiated is wrong.
    let other = [0, 0x31, 0x45, 0];
    let proofs = [Proof::Expected, Proof::Unexpected, Proof::Certain];
    assert_eq!(proofs.map(|proof| judge(&other, proof)), [true, true, false]);
    assert_eq!(proofs.map(|proof| judge(&[0, 0x2d, 0x45, 0], proof)), [false; 3]);
}

/// RFC 3078 section 3: protocols from 0x0021 to 0x00fa are encrypted, and LCP is not one of them.
#[test]
fn section_3_a_set_leaves_out_what_may_not_be_encrypted() {
    assert!(!ProtocolSet::new().with(0xc021).contains(0x0021));
    assert!(ProtocolSet::new().with(0x0021).with(0x0021).contains(0x0021));
    assert_eq!(Flags::FLUSHED.union(Flags::FLUSHED), Flags::FLUSHED);
    let (mut encryptor, _) = ends(Strength::Bits128, Config::new(Mode::Stateless));
    let mut buf = [0; 8];
    let empty = encryptor.encrypt_compressed_in_place(&mut buf, 4..4, Flags::COMPRESSED);
    assert_eq!(empty, Err(EncryptError::NoProtocol));
    assert_eq!(encryptor.statistics().packets_encrypted, 0);
}
