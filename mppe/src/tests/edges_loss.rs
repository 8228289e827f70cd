//! Long losses, and packets that several keys are tried on.

use alloc::vec::Vec;

use super::{ends, ip, sealed};
use crate::{CoherencyCount, Config, DecryptError, Decryptor, Encryptor, FlushedRule, Mode, ProtocolSet, Strength};

/// Returns a stateless link, and its first packets.
fn stateless(count: u32) -> (Decryptor, Vec<Vec<u8>>) {
    let (mut encryptor, decryptor) = ends(Strength::Bits128, Config::new(Mode::Stateless).with_key_change_budget(1000));
    let packets = (0..count).map(|mark| sealed(&mut encryptor, &ip(mark, 40))).collect();
    (decryptor, packets)
}

/// Returns the packet with another protocol inside.
fn forged(packet: &[u8]) -> Vec<u8> {
    let mut changed = packet.to_vec();
    changed[2] ^= 0x40;
    changed
}

/// RFC 3078 section 8.1. A packet 4066 ahead has a count 30 behind.
#[test]
fn section_8_1_a_count_that_seems_late_is_ahead_while_a_long_loss_is_made_good() {
    let (mut decryptor, packets) = stateless(4200);
    for packet in &packets[..100] {
        decryptor.decrypt(&mut packet.clone()).unwrap();
    }
    let last = &packets[100 + 4066];
    let count = CoherencyCount::new(u16::try_from((100 + 4066) % 4096).unwrap());
    // Alone, it is taken for one that came before.
    assert_eq!(decryptor.decrypt(&mut last.clone()).unwrap_err(), DecryptError::Repeated { count });
    // One before it is surely ahead; from then on so is the other.
    assert!(matches!(decryptor.decrypt(&mut packets[4100].clone()), Err(DecryptError::CatchingUp { .. })));
    for ahead in [2066, 1066, 66] {
        let refused = decryptor.decrypt(&mut last.clone()).unwrap_err();
        assert_eq!(refused, DecryptError::CatchingUp { count, ahead });
    }
    assert_eq!(decryptor.decrypt(&mut last.clone()).unwrap().payload(), ip(4166, 40));
    // Caught up: the same packet is a repeated one again, and the late ones before it are taken.
    assert_eq!(decryptor.decrypt(&mut last.clone()).unwrap_err(), DecryptError::Repeated { count });
    for late in [4103, 4165, 4144] {
        let mark = u32::try_from(late).unwrap();
        assert_eq!(decryptor.decrypt(&mut packets[late].clone()).unwrap().payload(), ip(mark, 40));
    }
    assert_eq!(decryptor.decrypt(&mut packets[4167].clone()).unwrap().payload(), ip(4167, 40));
}

/// A forged packet leaves keys that are known ahead. A genuine one before them finds its key at a
/// mark, and the keys of the packets that it passes over lie before that mark.
#[test]
fn section_8_1_every_packet_before_one_that_was_ahead_is_still_taken_late() {
    let (mut decryptor, packets) = stateless(101);
    assert!(decryptor.decrypt(&mut forged(&packets[100])).is_err());
    assert_eq!(decryptor.decrypt(&mut packets[90].clone()).unwrap().payload(), ip(90, 40));
    // The oldest that is taken is 64 behind the next.
    for (mark, late) in (0..).zip(&packets).take(90).skip(27) {
        assert_eq!(decryptor.decrypt(&mut late.clone()).unwrap().payload(), ip(mark, 40), "packet {mark}");
    }
    assert!(decryptor.decrypt(&mut packets[26].clone()).is_err());
    assert_eq!(decryptor.decrypt(&mut packets[91].clone()).unwrap().payload(), ip(91, 40));
}

#[test]
fn keys_that_a_packet_ahead_has_passed_are_computed_once() {
    for genuine in [134, 140] {
        let (mut decryptor, packets) = stateless(141);
        assert!(decryptor.decrypt(&mut forged(&packets[70])).is_err());
        let before = decryptor.statistics().rx_key_changes_computed;
        decryptor.decrypt(&mut packets[genuine].clone()).unwrap();
        // From the 70th key, where the forged packet ended, to the one behind this packet.
        let computed = decryptor.statistics().rx_key_changes_computed - before;
        assert_eq!(computed, u64::try_from(genuine).unwrap() - 70 + 1);
    }
}

/// Keys ahead are kept at marks, and the furthest: a walk between two known keys is short, and none
/// is made twice.
#[test]
fn a_forged_count_that_was_reached_before_costs_at_most_48_key_changes() {
    let (mut decryptor, packets) = stateless(902);
    let cost = |decryptor: &mut Decryptor, mut packet: Vec<u8>, is_genuine| {
        let before = decryptor.statistics().rx_key_changes_computed;
        assert_eq!(decryptor.decrypt(&mut packet).is_ok(), is_genuine);
        decryptor.statistics().rx_key_changes_computed - before
    };
    // To the packet's key, and to the one behind it.
    assert_eq!(cost(&mut decryptor, forged(&packets[900]), false), 901);
    assert!(cost(&mut decryptor, forged(&packets[500]), false) <= 48);
    assert_eq!(cost(&mut decryptor, forged(&packets[901]), false), 2);
    // The 480th is a mark. The late keys before the packet are found from marks too.
    assert_eq!(cost(&mut decryptor, packets[480].clone(), true), 1 + (480 - 64) % 48 + 64);
    // From the 481st, which is in use.
    assert_eq!(cost(&mut decryptor, packets[500].clone(), true), 500 - 481 + 1);
}

/// RFC 3078 section 7.2: flag packets change the key, the lost ones too.
#[test]
fn section_7_2_each_flag_packet_is_one_key_change_for_good() {
    let (mut encryptor, mut decryptor) = ends(Strength::Bits128, Config::new(Mode::Stateful));
    for mark in 0..3 * 256 {
        assert_eq!(decryptor.decrypt(&mut sealed(&mut encryptor, &ip(mark, 40))).unwrap().payload(), ip(mark, 40));
    }
    assert_eq!(decryptor.statistics().rx_key_changes, 3);
    // A loss over another flag packet. The answer after it shows the rule: its key is that of the flag packet.
    for mark in 0..300 {
        sealed(&mut encryptor, &ip(mark, 40));
    }
    let mut flushed = answer(&mut encryptor, 0x0021);
    assert_eq!(decryptor.decrypt(&mut flushed).unwrap().payload(), ip(0, 40));
    assert_eq!(decryptor.observed_rule(), Some(FlushedRule::Rfc3078));
    assert_eq!(decryptor.statistics().rx_key_changes, 4);
}

/// Returns the answer to a Reset-Request.
fn answer(encryptor: &mut Encryptor, protocol: u16) -> Vec<u8> {
    encryptor.handle_reset_request();
    let mut packet = alloc::vec![0; 44];
    encryptor.encrypt(protocol, &ip(0, 40), &mut packet).unwrap();
    packet
}

/// RFC 3078 section 7.2. Each further key is another chance for random bytes: with two answers lost
/// only an IP header with the right length shows the key.
#[test]
fn section_7_2_what_is_not_ip_does_not_show_how_many_answers_were_lost() {
    let config = Config::new(Mode::Stateful).with_protocols(ProtocolSet::IP.with(0x0031));
    for rule in [FlushedRule::Rfc3078, FlushedRule::Linux] {
        let (mut encryptor, mut decryptor) = ends(Strength::Bits128, config);
        encryptor.set_flushed_rule(rule);
        decryptor.decrypt(&mut sealed(&mut encryptor, &ip(0, 40))).unwrap();
        // No answer was lost: two keys are tried, one for each rule, and any protocol will do.
        decryptor.decrypt(&mut answer(&mut encryptor, 0x0031)).unwrap();
        assert_eq!(decryptor.observed_rule(), Some(rule));
        answer(&mut encryptor, 0x0031);
        answer(&mut encryptor, 0x0031);
        let refused = decryptor.decrypt(&mut answer(&mut encryptor, 0x0031)).is_err();
        // By the RFC's rule the key has stayed the same.
        assert_eq!(refused, rule == FlushedRule::Linux);
        assert!(decryptor.decrypt(&mut answer(&mut encryptor, 0x0021)).is_ok());
    }
}
