//! Genuine packets go on, whatever an outsider sends.

use std::time::Duration;

use testing::pptp::{Pair, To, encode_gre, numbered_ip};

/// Case S4: two forged GRE packets far ahead, and the next number every 1.9 s, while genuine ones go on.
#[test]
fn forged_numbers_far_ahead_silence_no_call() {
    for far in [0x3000_0000, 0x7fff_fff0, 0xf000_0000, 1000, 100] {
        let mut pair = Pair::strict();
        for to in To::BOTH {
            let mut forged = pair.next_number(to).wrapping_add(far);
            for number in 0..200u8 {
                pair.elapse(Duration::from_millis(100));
                if number % 19 == 0 {
                    for _ in 0..2 {
                        let _ = pair.raw(to, &encode_gre(pair.id(to), Some(forged), None, b"x"));
                        forged = forged.wrapping_add(1);
                    }
                }
                let sealed = pair.seal(to, &numbered_ip(100, number)).unwrap();
                pair.raw(to, &sealed).unwrap();
            }
            let expected: Vec<_> = (0..200).map(|number| numbered_ip(100, number)).collect();
            assert_eq!(pair.take_delivered()[to.index()], expected, "{far:#x}");
        }
    }
}

/// Case S1: the first encrypted packets of a direction are lost, more than one packet's budget of key changes reaches.
#[test]
fn the_first_packets_of_a_direction_may_be_lost() {
    for lost in [257u32, 300, 1000] {
        let mut pair = Pair::strict();
        for to in To::BOTH {
            for _ in 0..lost {
                pair.seal(to, &numbered_ip(100, 0)).unwrap();
            }
            for number in 0..40 {
                let sealed = pair.seal(to, &numbered_ip(100, number)).unwrap();
                let _ = pair.raw(to, &sealed);
                pair.elapse(Duration::from_millis(10));
            }
            let delivered = &pair.take_delivered()[to.index()];
            assert!(delivered.len() >= 40 - 4, "{} of 40 after {lost} lost ones", delivered.len());
        }
    }
}

/// A frame in the clear that the link takes or refuses, with the number of the next genuine packet, does not cost that one.
#[test]
fn forged_frames_in_the_clear_cost_no_genuine_packet() {
    // An Echo-Request and a Discard-Request of LCP, a Success that nobody waits for, IP in the clear, a protocol of no one.
    let frames: [&[u8]; 5] = [
        &[0xff, 0x03, 0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0],
        &[0xff, 0x03, 0xc0, 0x21, 11, 1, 0, 8, 0, 0, 0, 0],
        &[0xff, 0x03, 0xc2, 0x23, 3, 1, 0, 4],
        &[0xff, 0x03, 0x00, 0x21, 0x45, 0, 0, 20],
        &[0xff, 0x03, 0x40, 0x25, 1, 2, 3],
    ];
    let mut pair = Pair::strict();
    for to in To::BOTH {
        for number in 0..100u8 {
            pair.elapse(Duration::from_millis(100));
            let sealed = pair.seal(to, &numbered_ip(100, number)).unwrap();
            let forged = encode_gre(pair.id(to), Some(pair.next_number(to)), None, frames[usize::from(number) % 5]);
            let _ = pair.raw(to, &forged);
            pair.raw(to, &sealed).unwrap();
            assert!(pair.raw(to, &sealed).is_err(), "the same packet comes once");
        }
        let expected: Vec<_> = (0..100).map(|number| numbered_ip(100, number)).collect();
        assert_eq!(pair.take_delivered()[to.index()], expected);
    }
}
