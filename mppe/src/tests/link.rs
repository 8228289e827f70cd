//! Two ends, and packets lost, late, repeated and forged between them.

use alloc::vec::Vec;
use core::time::Duration;

use proptest::prelude::*;

use super::{MODES, STRENGTHS, ends, ip, sealed};
use crate::{
    CoherencyCount, Config, DecryptError, EncryptError, Flags, FlushedRule, Header, Mode, ProtocolSet, Strength,
};

#[test]
fn every_packet_arrives_over_two_wraps_of_the_count() {
    for strength in STRENGTHS {
        for mode in MODES {
            let (mut encryptor, mut decryptor) = ends(strength, Config::new(mode));
            for mark in 0..9000 {
                let payload = ip(mark, 20 + usize::try_from(mark % 50).unwrap());
                let mut packet = sealed(&mut encryptor, &payload);
                let decrypted = decryptor.decrypt(&mut packet).unwrap();
                assert_eq!(decrypted.payload(), payload, "{strength}, {mode}, packet {mark}");
            }
            let statistics = decryptor.statistics();
            assert_eq!(statistics.packets_decrypted, 9000);
            assert_eq!(statistics.next_rx_coherency.get(), 9000 % 4096);
            assert_eq!(statistics.rx_key_changes, if mode == Mode::Stateless { 9000 } else { 9000 / 256 });
            assert_eq!(statistics.rx_key_changes, encryptor.statistics().tx_key_changes);
            assert_eq!(statistics.rx_packets_dropped + statistics.rx_missed_packets, 0);
        }
    }
}

#[test]
fn stateful_flags_carry_flushed_and_are_taken_without() {
    let (mut encryptor, mut decryptor) = ends(Strength::Bits128, Config::new(Mode::Stateful));
    for mark in 0..600u32 {
        let payload = ip(mark, 40);
        let mut packet = sealed(&mut encryptor, &payload);
        assert_eq!(packet[0] & 0x80 != 0, mark % 256 == 255, "packet {mark}");
        packet[0] &= 0x7f;
        assert_eq!(decryptor.decrypt(&mut packet).unwrap().payload(), payload, "packet {mark}");
    }
}

/// The output of a compressor may be shorter than the head of a key stream that judges it.
#[test]
fn the_stream_goes_on_behind_a_short_flushed_packet() {
    for length in 1..40u8 {
        let (mut encryptor, mut decryptor) = ends(Strength::Bits128, Config::new(Mode::Stateful));
        encryptor.flush_next();
        for mark in 0..3u8 {
            let plaintext: Vec<u8> = (0..length).map(|byte| byte ^ mark).collect();
            let mut packet = alloc::vec![0; 2];
            packet.extend_from_slice(&plaintext);
            let end = packet.len();
            encryptor.encrypt_compressed_in_place(&mut packet, 2..end, Flags::COMPRESSED).unwrap();
            assert_eq!(Header::decode(&packet).unwrap().0.flags.contains(Flags::FLUSHED), mark == 0);
            let pending = decryptor.decrypt_pending(&mut packet).unwrap();
            assert_eq!(pending.plaintext(), plaintext, "{length} bytes, packet {mark}");
            pending.commit();
        }
    }
}

#[test]
fn only_some_protocols_are_encrypted() {
    let (mut encryptor, _) = ends(Strength::Bits128, Config::new(Mode::Stateless));
    for protocol in 0..=u16::MAX {
        let refused = encryptor.encrypt(protocol, &[0x45], &mut [0; 8]).err();
        let expected = (!(0x0021..=0x00fa).contains(&protocol)).then_some(EncryptError::Protocol { found: protocol });
        assert_eq!(refused, expected);
        assert_eq!(ProtocolSet::ALL.contains(protocol), expected.is_none());
    }
    assert_eq!(encryptor.statistics().packets_encrypted, 0xfa - 0x21 + 1);
}

#[test]
fn inner_protocol_of_one_or_two_bytes() {
    let (mut encryptor, mut decryptor) = ends(Strength::Bits128, Config::new(Mode::Stateless));
    let payload = ip(7, 20);
    let mut short = [&[0, 0, 0x21], &payload[..]].concat();
    encryptor.encrypt_in_place(&mut short, 2..23).unwrap();
    let decrypted = decryptor.decrypt(&mut short).unwrap();
    assert_eq!((decrypted.protocol(), decrypted.payload()), (0x0021, &payload[..]));
    let mut long = sealed(&mut encryptor, &payload);
    let decrypted = decryptor.decrypt(&mut long).unwrap();
    assert_eq!((decrypted.protocol(), decrypted.payload()), (0x0021, &payload[..]));
}

#[test]
fn refuses_what_cannot_be_encrypted_in_place() {
    let (mut encryptor, _) = ends(Strength::Bits128, Config::new(Mode::Stateless));
    let mut buf = [0x21; 8];
    assert_eq!(encryptor.encrypt_in_place(&mut buf, 1..4), Err(EncryptError::NoHeadroom { start: 1 }));
    assert_eq!(encryptor.encrypt_in_place(&mut buf, 2..2), Err(EncryptError::NoProtocol));
    assert!(matches!(encryptor.encrypt_in_place(&mut buf, 2..9), Err(EncryptError::BufferTooSmall(_))));
    buf[2] = 0;
    assert_eq!(encryptor.encrypt_in_place(&mut buf, 2..3), Err(EncryptError::NoProtocol));
    assert_eq!(encryptor.statistics().packets_encrypted, 0);
}

#[test]
fn bits_that_do_not_fit_the_mode_are_counted_and_refused() {
    let (mut encryptor, mut decryptor) = ends(Strength::Bits128, Config::new(Mode::Stateless));
    let genuine = sealed(&mut encryptor, &ip(0, 30));
    let with_bits = |bits: u8| {
        let mut packet = genuine.clone();
        packet[0] = bits;
        packet
    };
    assert_eq!(decryptor.decrypt(&mut with_bits(0x80)), Err(DecryptError::NotEncrypted));
    assert_eq!(decryptor.decrypt(&mut with_bits(0x10)), Err(DecryptError::NotFlushed));
    assert_eq!(decryptor.decrypt(&mut with_bits(0xb0)), Err(DecryptError::Compressed));
    for length in 0..3 {
        let mut cut = genuine[..length].to_vec();
        let expected = DecryptError::Truncated { needed: 3, available: length };
        assert_eq!(decryptor.decrypt(&mut cut), Err(expected));
    }
    assert!(decryptor.decrypt(&mut genuine.clone()).is_ok());
    let count = CoherencyCount::new(0);
    assert_eq!(decryptor.decrypt(&mut genuine.clone()), Err(DecryptError::Repeated { count }));
    let statistics = decryptor.statistics();
    assert_eq!((statistics.not_encrypted, statistics.not_flushed), (1, 1));
    assert_eq!((statistics.rx_packets_dropped, statistics.rx_out_of_order_packets), (7, 1));
}

#[test]
fn sizes_are_as_documented() {
    assert!(size_of::<crate::Decryptor>() < 5 * 1024, "{}", size_of::<crate::Decryptor>());
    assert!(size_of::<crate::Encryptor>() < 1536, "{}", size_of::<crate::Encryptor>());
    assert!(size_of::<crate::Batch>() < 2560, "{}", size_of::<crate::Batch>());
    assert!(size_of::<DecryptError>() <= 24 && size_of::<EncryptError>() <= 24);
}

#[test]
fn headers_round_trip() {
    for bits in 0..=u16::MAX {
        let bytes = bits.to_be_bytes();
        let (header, rest) = Header::decode(&bytes).unwrap();
        assert_eq!(header.to_bytes(), bytes);
        assert_eq!(rest, []);
        assert_eq!(header.count.get(), bits & 0x0fff);
        let mut buf = [0; 2];
        assert_eq!(header.encode(&mut buf).unwrap(), bytes);
    }
    for length in 0..2 {
        let refused = Header::decode(&[0x90, 0][..length]).unwrap_err();
        assert_eq!(refused, DecryptError::Truncated { needed: 2, available: length });
    }
}

/// Under both rules, with both ends at one: losses, then a reset, then all is well.
#[test]
fn stateful_resets_under_both_rules() {
    for (rule, configured) in [
        (FlushedRule::Rfc3078, FlushedRule::Rfc3078),
        (FlushedRule::Linux, FlushedRule::Linux),
        (FlushedRule::Linux, FlushedRule::Rfc3078),
        (FlushedRule::Rfc3078, FlushedRule::Linux),
    ] {
        for lost in [1, 2, 254, 255, 256, 257, 700, 4000] {
            let (mut encryptor, mut decryptor) =
                ends(Strength::Bits128, Config::new(Mode::Stateful).with_flushed_rule(configured));
            encryptor.set_flushed_rule(rule);
            let mut mark = 0;
            for _ in 0..3 {
                for _ in 0..10 {
                    assert!(decryptor.decrypt(&mut sealed(&mut encryptor, &ip(mark, 60))).is_ok());
                    mark += 1;
                }
                for _ in 0..lost {
                    sealed(&mut encryptor, &ip(mark, 60));
                    mark += 1;
                }
                // A flag packet would do without a reset.
                if encryptor.statistics().next_tx_coherency.is_flag() {
                    sealed(&mut encryptor, &ip(mark, 60));
                    mark += 1;
                }
                for _ in 0..5 {
                    let refused = decryptor.decrypt(&mut sealed(&mut encryptor, &ip(mark, 60))).unwrap_err();
                    assert!(matches!(refused, DecryptError::AwaitingFlushed { .. }), "{refused}");
                    mark += 1;
                    if encryptor.statistics().next_tx_coherency.is_flag() {
                        break;
                    }
                }
                let now = Duration::from_secs(mark.into());
                assert!(decryptor.poll_reset_request(now).is_some());
                assert_eq!(decryptor.poll_reset_request(now), None);
                encryptor.handle_reset_request();
                let payload = ip(mark, 60);
                mark += 1;
                let mut packet = sealed(&mut encryptor, &payload);
                assert_eq!(decryptor.decrypt(&mut packet).unwrap().payload(), payload, "{rule:?}, {lost} lost");
                assert_eq!(decryptor.poll_timeout(), None);
            }
            let statistics = decryptor.statistics();
            let observed = statistics.flushed_as_rfc3078 + statistics.flushed_as_linux;
            assert!(observed == 0 || decryptor.observed_rule() == Some(rule), "{lost} lost");
            assert_eq!(statistics.ccp_resets_sent, 3);
        }
    }
}

proptest! {
    /// Stateless: whatever is lost, each packet that arrives in order decrypts to what was sent.
    #[test]
    fn stateless_survives_any_loss(strength in prop::sample::select(&STRENGTHS[..]), arrives in prop::collection::vec(any::<bool>(), 1..400)) {
        let (mut encryptor, mut decryptor) = ends(strength, Config::new(Mode::Stateless));
        let mut last = None;
        for (mark, arrives) in (0u32..).zip(arrives) {
            let payload = ip(mark, 30);
            let mut packet = sealed(&mut encryptor, &payload);
            if arrives {
                let decrypted = decryptor.decrypt(&mut packet);
                prop_assert_eq!(decrypted.map(|decrypted| decrypted.payload().to_vec()), Ok(payload));
                last = Some(mark);
            }
        }
        let statistics = decryptor.statistics();
        let through = last.map_or(0, |mark| u64::from(mark) + 1);
        prop_assert_eq!(statistics.packets_decrypted + statistics.rx_missed_packets, through);
    }

    /// Nothing panics, and nothing that is refused changes the packet.
    #[test]
    fn takes_anything(mode in prop::sample::select(&MODES[..]), packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..20)) {
        let (_, mut decryptor) = ends(Strength::Bits40, Config::new(mode));
        for packet in packets {
            let mut bytes: Vec<u8> = packet.clone();
            if decryptor.decrypt(&mut bytes).is_err() {
                prop_assert_eq!(bytes, packet);
            }
        }
    }
}
