//! Packets that nobody sent.

use alloc::vec::Vec;
use core::time::Duration;

use proptest::prelude::*;

use super::{MODES, STRENGTHS, ends, ip, sealed};
use crate::{Config, DecryptError, Decryptor, Encryptor, Flags, FlushedRule, Mode, ProtocolSet, StartKey, Strength};

/// Returns the documented limits of key changes for one packet.
fn limit(mode: Mode, budget: u64) -> u64 {
    match mode {
        Mode::Stateless => budget + 1,
        Mode::Stateful => 42,
    }
}

/// Forged packets of every count, with the header bits that the mode knows, in front of the genuine next one.
#[test]
fn a_forged_count_of_any_distance_leaves_no_trace() {
    for mode in MODES {
        let (mut encryptor, mut decryptor) = ends(Strength::Bits128, Config::new(mode));
        let mut mark = 0;
        for _ in 0..300 {
            decryptor.decrypt(&mut sealed(&mut encryptor, &ip(mark, 40))).unwrap();
            mark += 1;
        }
        for distance in 0..4096u16 {
            for bits in [0x9000, 0x1000] {
                let before = decryptor.statistics();
                let count = (before.next_rx_coherency.get() + distance) & 0x0fff;
                let mut forged = (bits | count).to_be_bytes().to_vec();
                forged.extend((0u16..50).map(|byte| (byte.wrapping_mul(distance) >> 3).to_be_bytes()[1]));
                let original = forged.clone();
                let refused = decryptor.decrypt(&mut forged).map(|decrypted| decrypted.plaintext.to_vec());
                assert!(refused.is_err(), "{mode}, distance {distance}: {refused:?}");
                assert_eq!(forged, original);
                let after = decryptor.statistics();
                assert_eq!(after.next_rx_coherency, before.next_rx_coherency);
                assert_eq!(after.rx_key_changes, before.rx_key_changes);
                let computed = after.rx_key_changes_computed - before.rx_key_changes_computed;
                assert!(computed <= limit(mode, 256), "{mode}, distance {distance}: {computed} key changes");
            }
            if distance % 16 == 0 {
                let payload = ip(mark, 40);
                mark += 1;
                let mut packet = sealed(&mut encryptor, &payload);
                assert_eq!(decryptor.decrypt(&mut packet).unwrap().payload(), payload, "{mode}, distance {distance}");
            }
        }
        assert_eq!(decryptor.statistics().rx_missed_packets, 0);
    }
}

/// Forged packets do not hold up a decryptor that catches up with a real loss.
#[test]
fn catches_up_among_forged_packets() {
    let (mut encryptor, mut decryptor) = ends(Strength::Bits128, Config::new(Mode::Stateless));
    for mark in 0..10 {
        decryptor.decrypt(&mut sealed(&mut encryptor, &ip(mark, 40))).unwrap();
    }
    for mark in 0..4031 {
        sealed(&mut encryptor, &ip(mark, 20));
    }
    let mut taken = 0;
    for number in 1..=20u16 {
        for distance in [0, 1, 200, 1000, 2000, 4000, 4031, 4032, 4095] {
            let count = (decryptor.count().get() + distance) & 0x0fff;
            let [high, low] = (0x9000 | count).to_be_bytes();
            let [a, b] = number.to_be_bytes();
            assert!(decryptor.decrypt(&mut [high, low, a, b, a ^ 0x55, b ^ 0x77, 0x33, 0x99]).is_err());
        }
        let payload = ip(number.into(), 60);
        let mut packet = sealed(&mut encryptor, &payload);
        if let Ok(decrypted) = decryptor.decrypt(&mut packet) {
            assert_eq!(decrypted.payload(), payload);
            taken += 1;
        }
    }
    assert!(taken >= 5, "{taken} of 20 were taken, where 16 are the bound without help");
}

#[test]
fn a_flipped_bit_flips_that_bit() {
    for mode in MODES {
        let (mut encryptor, mut decryptor) = ends(Strength::Bits56, Config::new(mode));
        let payload = ip(1, 60);
        // Behind the protocol and the version of IP.
        for bit in 24..payload.len() * 8 {
            let mut packet = sealed(&mut encryptor, &payload);
            packet[4 + bit / 8] ^= 1 << (bit % 8);
            let mut expected = payload.clone();
            expected[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decryptor.decrypt(&mut packet).unwrap().payload(), expected);
        }
    }
}

#[test]
fn a_run_of_nonsense_is_reported_once() {
    let config = Config::new(Mode::Stateless).with_implausible_limit(5);
    let (mut encryptor, mut decryptor) = ends(Strength::Bits128, config);
    let wrong = StartKey::from_bytes(Strength::Bits128, [9; 16]);
    for run in 0..2 {
        let mut stranger = Encryptor::new(&wrong, &config);
        let results: Vec<DecryptError> =
            (0..20).filter_map(|mark| decryptor.decrypt(&mut sealed(&mut stranger, &ip(mark, 40))).err()).collect();
        let reports = results.iter().filter(|error| matches!(error, DecryptError::CoherencyLost { .. })).count();
        assert_eq!(reports, 1, "run {run}: {results:?}");
        assert!(decryptor.is_coherency_lost());
        decryptor.decrypt(&mut sealed(&mut encryptor, &ip(0, 40))).unwrap();
        assert!(!decryptor.is_coherency_lost());
    }
}

/// A packet that the caller does not commit leaves no trace, whatever its place.
#[test]
fn packets_that_are_not_committed_leave_no_trace() {
    for mode in MODES {
        let (mut encryptor, mut decryptor) = ends(Strength::Bits128, Config::new(mode));
        for mark in 0..600u32 {
            let payload = ip(mark, 33);
            let mut buf = [&[0; 2], &payload[..]].concat();
            let end = buf.len();
            encryptor.encrypt_compressed_in_place(&mut buf, 2..end, Flags::COMPRESSED).unwrap();
            let before = decryptor.statistics();
            for forged in [0, 5] {
                let mut other = buf.clone();
                other[1] = other[1].wrapping_add(forged);
                if let Ok(pending) = decryptor.decrypt_pending(&mut other) {
                    assert!(pending.header().flags.contains(Flags::COMPRESSED));
                }
            }
            let after = decryptor.statistics();
            assert_eq!(after.next_rx_coherency, before.next_rx_coherency);
            let pending = decryptor.decrypt_pending(&mut buf).unwrap();
            assert_eq!(pending.plaintext(), payload, "{mode}, packet {mark}");
            assert_eq!(pending.commit().plaintext, payload);
        }
        assert_eq!(decryptor.statistics().packets_decrypted, 600);
    }
}

/// In a link with MPPC, a packet that is not compressed is judged before the caller sees it.
#[test]
fn pending_packets_that_are_not_compressed_are_judged() {
    let (mut encryptor, mut decryptor) = ends(Strength::Bits128, Config::new(Mode::Stateless));
    let genuine = sealed(&mut encryptor, &ip(0, 40));
    let mut forged = genuine.clone();
    forged[2] ^= 0x44;
    assert!(matches!(decryptor.decrypt_pending(&mut forged), Err(DecryptError::Implausible { .. })));
    let mut packet = genuine;
    assert_eq!(decryptor.decrypt_pending(&mut packet).unwrap().commit().protocol(), 0x0021);
}

/// Linux' rule: each answer that was lost has changed the peer's key once more.
#[test]
fn lost_answers_under_linux_rule() {
    for lost_answers in 0..=8u64 {
        let config = Config::new(Mode::Stateful).with_flushed_rule(FlushedRule::Linux);
        let (mut encryptor, mut decryptor) = ends(Strength::Bits128, config);
        let mut now = Duration::ZERO;
        decryptor.decrypt(&mut sealed(&mut encryptor, &ip(0, 40))).unwrap();
        sealed(&mut encryptor, &ip(1, 40));
        assert!(decryptor.decrypt(&mut sealed(&mut encryptor, &ip(2, 40))).is_err());
        for answer in 0..=lost_answers {
            assert_eq!(decryptor.poll_reset_request(now), Some(1), "the same identifier each time");
            assert_eq!(decryptor.poll_timeout(), Some(now + Duration::from_secs(1)));
            now += Duration::from_secs(1);
            encryptor.handle_reset_request();
            let payload = ip(3, 40);
            let mut packet = sealed(&mut encryptor, &payload);
            if answer == lost_answers {
                assert_eq!(decryptor.decrypt(&mut packet).unwrap().payload(), payload, "{lost_answers} lost");
            }
        }
        assert_eq!(decryptor.poll_reset_request(now), None);
        assert_eq!(decryptor.observed_rule(), Some(FlushedRule::Linux));
        assert_eq!(decryptor.statistics().ccp_resets_sent, lost_answers + 1);
    }
}

/// A packet that only came before its turn costs a reset, but not those that are in turn.
#[test]
fn stateful_goes_on_with_the_expected_packet() {
    let (mut encryptor, mut decryptor) = ends(Strength::Bits128, Config::new(Mode::Stateful));
    let mut packets: Vec<Vec<u8>> = (0..4).map(|mark| sealed(&mut encryptor, &ip(mark, 40))).collect();
    for (at, expected) in [(1, false), (0, true), (1, true), (3, false), (2, true), (3, true)] {
        let mut packet = packets[at].clone();
        assert_eq!(decryptor.decrypt(&mut packet).is_ok(), expected, "packet {at}");
    }
    assert!(decryptor.poll_reset_request(Duration::ZERO).is_some());
    packets.clear();
}

#[test]
fn a_wider_set_of_protocols_is_taken_when_it_is_negotiated() {
    for (protocols, taken) in [(ProtocolSet::IP, false), (ProtocolSet::IP.with(ProtocolSet::VJ_COMPRESSED), true)] {
        let (mut encryptor, mut decryptor) =
            ends(Strength::Bits128, Config::new(Mode::Stateless).with_protocols(protocols));
        let mut buf = [0; 12];
        encryptor.encrypt(ProtocolSet::VJ_COMPRESSED, b"tcp data", &mut buf).unwrap();
        assert_eq!(decryptor.decrypt(&mut buf).is_ok(), taken);
    }
}

#[derive(Debug, Clone)]
enum Input {
    Genuine,
    Lost(u16),
    Forged { distance: u16, bits: u8, body: Vec<u8> },
    Repeated(u16),
    Reset,
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        6 => Just(Input::Genuine),
        1 => prop_oneof![0..20u16, 0..1200u16].prop_map(Input::Lost),
        3 => (prop_oneof![0..300u16, 0..4096u16], any::<u8>(), prop::collection::vec(any::<u8>(), 0..60))
            .prop_map(|(distance, bits, body)| Input::Forged { distance, bits, body }),
        1 => (0..100u16).prop_map(Input::Repeated),
        1 => Just(Input::Reset),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Whatever comes, no packet costs more than the limit, and a genuine one is delivered as it was sent or not at all.
    /// A forged one is delivered, by the documented chance, at the expected count alone.
    #[test]
    fn work_is_bounded_and_nothing_wrong_comes_out(
        mode in prop::sample::select(&MODES[..]),
        strength in prop::sample::select(&STRENGTHS[..]),
        rule in prop::sample::select(&[FlushedRule::Rfc3078, FlushedRule::Linux][..]),
        inputs in prop::collection::vec(input(), 1..60),
    ) {
        let start = StartKey::from_bytes(strength, [3; 16]);
        let mut encryptor = Encryptor::new(&start, &Config::new(mode).with_flushed_rule(rule));
        let mut decryptor = Decryptor::new(&start, &Config::new(mode));
        let mut sent: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        let mut now = Duration::ZERO;
        for input in inputs {
            let (mut packet, payload, expected_count) = match input {
                Input::Lost(lost) => {
                    for _ in 0..lost {
                        sealed(&mut encryptor, &ip(u32::MAX, 20));
                    }
                    continue;
                }
                Input::Reset => {
                    now += Duration::from_secs(1);
                    if decryptor.poll_reset_request(now).is_some() {
                        encryptor.handle_reset_request();
                    }
                    continue;
                }
                Input::Genuine => {
                    let payload = ip(u32::try_from(sent.len()).unwrap(), 50);
                    let packet = sealed(&mut encryptor, &payload);
                    sent.push((packet.clone(), payload.clone()));
                    (packet, Some(payload), false)
                }
                Input::Repeated(back) => match sent.iter().rev().nth(back.into()) {
                    Some((packet, payload)) => (packet.clone(), Some(payload.clone()), false),
                    None => continue,
                },
                Input::Forged { distance, bits, body } => {
                    let [high, low] = ((decryptor.count().get() + distance) & 0x0fff).to_be_bytes();
                    ([&[high | bits & 0xf0, low], &body[..]].concat(), None, distance == 0)
                }
            };
            let before = decryptor.statistics().rx_key_changes_computed;
            if let Ok(decrypted) = decryptor.decrypt(&mut packet) {
                match payload {
                    Some(payload) => prop_assert_eq!(decrypted.payload(), payload),
                    None => prop_assert!(expected_count, "forged and delivered"),
                }
            }
            let computed = decryptor.statistics().rx_key_changes_computed - before;
            prop_assert!(computed <= limit(mode, 256), "{} key changes", computed);
        }
    }
}
