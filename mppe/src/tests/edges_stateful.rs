//! Stateful mode: how much a packet has to show, and what a refused one leaves.

use alloc::vec::Vec;

use super::{ends, ip, sealed};
use crate::{CoherencyCount, Config, DecryptError, Decryptor, Encryptor, Mode, Strength};

fn stateful() -> (Encryptor, Decryptor) {
    ends(Strength::Bits128, Config::new(Mode::Stateful))
}

/// Returns an encrypted packet with an IP header whose length is another one.
fn of_wrong_length(encryptor: &mut Encryptor) -> Vec<u8> {
    let mut payload = ip(0, 40);
    payload[3] ^= 1;
    sealed(encryptor, &payload)
}

/// Gives packets that arrive as they were sent.
fn exchange(encryptor: &mut Encryptor, decryptor: &mut Decryptor, count: u32) -> Vec<Vec<u8>> {
    let packets: Vec<_> = (0..count).map(|mark| sealed(encryptor, &ip(mark, 40))).collect();
    for packet in &packets {
        decryptor.decrypt(&mut packet.clone()).unwrap();
    }
    packets
}

fn is_implausible(decryptor: &mut Decryptor, mut packet: Vec<u8>) -> bool {
    matches!(decryptor.decrypt(&mut packet), Err(DecryptError::Implausible { .. }))
}

#[test]
fn section_3_a_packet_that_came_before_is_refused_as_repeated_up_to_64_back() {
    let (mut encryptor, mut decryptor) = stateful();
    let packets = exchange(&mut encryptor, &mut decryptor, 256);
    let repeated = |number| DecryptError::Repeated { count: CoherencyCount::new(number) };
    // The last is a flag packet, and so FLUSHED; the first of these is 64 before the next one.
    assert_eq!(decryptor.decrypt(&mut packets[255].clone()).unwrap_err(), repeated(255));
    assert_eq!(decryptor.decrypt(&mut packets[192].clone()).unwrap_err(), repeated(192));
    assert_ne!(decryptor.decrypt(&mut packets[191].clone()).unwrap_err(), repeated(191));
}

/// The packet whose turn it is shows the version alone; one that moves the count or the key shows its length.
#[test]
fn section_8_2_a_packet_that_moves_more_than_the_next_has_to_show_its_length() {
    // A packet in turn, before and after something was refused.
    let (mut encryptor, mut decryptor) = stateful();
    assert!(decryptor.decrypt(&mut of_wrong_length(&mut encryptor)).is_ok());
    assert!(is_implausible(&mut decryptor, [0x10, 1].into_iter().chain([0xff; 40]).collect()));
    assert!(is_implausible(&mut decryptor, of_wrong_length(&mut encryptor)));

    // A flag packet in turn, which both rules change the key at.
    let (mut encryptor, mut decryptor) = stateful();
    exchange(&mut encryptor, &mut decryptor, 255);
    assert!(decryptor.decrypt(&mut of_wrong_length(&mut encryptor)).is_ok());
    let statistics = decryptor.statistics();
    assert_eq!((statistics.flushed_as_rfc3078, statistics.flushed_as_linux), (0, 0));
    assert_eq!(decryptor.observed_rule(), None);

    // The same behind a loss, and an answer to a Reset-Request in turn, whose key depends on the rule.
    let (mut encryptor, mut decryptor) = stateful();
    exchange(&mut encryptor, &mut decryptor, 254);
    sealed(&mut encryptor, &ip(0, 40));
    assert!(is_implausible(&mut decryptor, of_wrong_length(&mut encryptor)));
    let (mut encryptor, mut decryptor) = stateful();
    exchange(&mut encryptor, &mut decryptor, 3);
    encryptor.handle_reset_request();
    assert!(is_implausible(&mut decryptor, of_wrong_length(&mut encryptor)));
}

/// A compressed packet shows nothing by itself: its decompressor decides.
#[test]
fn a_packet_that_is_not_committed_leaves_the_stream_where_it_was() {
    let (mut encryptor, mut decryptor) = stateful();
    exchange(&mut encryptor, &mut decryptor, 3);
    // Bits A, C and D; and C and D, through which the stream runs.
    for bits in [0xb0, 0x30] {
        let mut forged: Vec<u8> = [bits, 3].into_iter().chain([0xff; 40]).collect();
        drop(decryptor.decrypt_pending(&mut forged).unwrap());
    }
    let mut genuine = sealed(&mut encryptor, &ip(3, 40));
    assert_eq!(decryptor.decrypt(&mut genuine).unwrap().payload(), ip(3, 40));
}

/// In stateless mode the place of a late key is that of the packet 64 later.
#[test]
fn a_packet_in_the_place_of_a_late_key_is_repeated_when_it_comes_again() {
    let (mut encryptor, mut decryptor) = ends(Strength::Bits128, Config::new(Mode::Stateless));
    let packets: Vec<_> = (0..66).map(|mark| sealed(&mut encryptor, &ip(mark, 40))).collect();
    for packet in [&packets[..1], &packets[2..]].concat() {
        decryptor.decrypt(&mut packet.clone()).unwrap();
    }
    let again = decryptor.decrypt(&mut packets[65].clone()).unwrap_err();
    assert_eq!(again, DecryptError::Repeated { count: CoherencyCount::new(65) });
}
