//! Whatever is sent is read again, by the model too, and no rule is broken on the way.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that goes wrong stops"
)]

use mppc::{
    Compressor, DecompressError, Decompressor, Expansion, Flags, History, ReceiveError, Receiver, Sender, level,
};
use proptest::prelude::*;
use testing::mppc::{self as reference, Reference};

/// An event between packets, or a change of them.
#[derive(Debug, Clone)]
enum Step {
    Packet(Vec<u8>),
    Flush,
}

/// Generates packets that have copies in them and between them, and some that have none.
fn packet() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => (0..40_u8, 1..80_usize).prop_map(|(seed, length)| text(seed, length)),
        1 => (any::<u8>(), 1..300_usize).prop_map(|(byte, length)| vec![byte; length]),
        1 => prop::collection::vec(any::<u8>(), 1..200),
        1 => (any::<[u8; 5]>(), 1..60_usize).prop_map(|(period, times)| period.repeat(times)),
    ];
    prop_oneof![
        8 => prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
        1 => prop::collection::vec(any::<u8>(), 0..600),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ]
}

fn text(seed: u8, length: usize) -> Vec<u8> {
    let words = ["history", "packet ", "the ", "compress", "of ", "\u{e9}tat ", "0021", "offset ", "length"];
    let mut number = u32::from(seed);
    let mut text = Vec::new();
    while text.len() < length {
        number = number.wrapping_mul(1_103_515_245).wrapping_add(12345);
        text.extend_from_slice(words[usize::from(number.to_be_bytes()[1]) % words.len()].as_bytes());
    }
    text.truncate(length);
    text
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![12 => packet().prop_map(Step::Packet), 1 => Just(Step::Flush)];
    prop::collection::vec(step, 1..40)
}

/// Sends and reads everything; gives the flags and lengths that were sent.
fn check<L: level::Level>(mut compressor: Compressor<L>, steps: &[Step]) -> Vec<(Flags, usize)> {
    let mut decompressor = Decompressor::new();
    let mut model = Reference::new();
    let mut sent = Vec::new();
    for step in steps {
        let Step::Packet(packet) = step else {
            compressor.flush();
            continue;
        };
        // Exactly as much room as is asked for.
        let mut buf = vec![0; packet.len()];
        let compressed = compressor.compress(packet, &mut buf).unwrap();
        let (flags, payload) = (compressed.flags, compressed.payload);
        assert!(payload.len() <= packet.len());
        assert_eq!(decompressor.decompress(flags, payload, packet.len()), Ok(&packet[..]));
        assert_eq!(model.decode(flags.bits(), payload, packet.len()).as_ref(), Ok(packet));
        assert_eq!(model.broken_rules, Vec::<&str>::new());
        sent.push((flags, payload.len()));
    }
    sent
}

fn check_all(steps: &[Step]) {
    for expansion in [Expansion::Flush, Expansion::Keep] {
        check(Compressor::new(level::Fast).with_expansion(expansion), steps);
        check(Compressor::new(level::Default).with_expansion(expansion), steps);
        check(Compressor::new(level::Max).with_expansion(expansion), steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_sequence_is_read_again(steps in steps()) {
        check_all(&steps);
    }

    /// The output after a flush is that of a new compressor.
    #[test]
    fn a_flush_leaves_nothing_behind(before in steps(), after in steps()) {
        fn compare<L: level::Level>(level: L, before: &[Step], after: &[Step]) {
            let mut used = Compressor::new(level);
            let mut new = Compressor::new(level);
            let mut buf = [0; 16384];
            for step in before {
                if let Step::Packet(packet) = step {
                    used.compress(packet, &mut buf).unwrap();
                }
            }
            used.flush();
            let mut other = [0; 16384];
            for step in after {
                if let Step::Packet(packet) = step {
                    assert_eq!(used.compress(packet, &mut buf), new.compress(packet, &mut other));
                }
            }
        }
        compare(level::Fast, &before, &after);
        compare(level::Default, &before, &after);
        compare(level::Max, &before, &after);
    }

    /// Without look-back no copy reaches over the front.
    #[test]
    fn look_back_can_be_left_out(packets in prop::collection::vec(packet(), 1..60)) {
        let mut compressor = Compressor::new(level::Max).with_look_back(false);
        let mut model = Reference::new();
        for packet in &packets {
            let mut buf = vec![0; packet.len()];
            let compressed = compressor.compress(packet, &mut buf).unwrap();
            let decoded = model.decode(compressed.flags.bits(), compressed.payload, 8192);
            prop_assert_eq!(decoded.as_ref(), Ok(packet));
            prop_assert_eq!(model.over_the_front, 0);
        }
    }

    /// Over a link that loses and damages packets, the receiver gives right packets or errors, and comes back.
    #[test]
    fn losses_are_noticed(
        packets in prop::collection::vec((packet(), 0..10_u8, any::<u16>()), 1..80),
        per_packet in any::<bool>(),
        keep in any::<bool>(),
    ) {
        let expansion = if keep { Expansion::Keep } else { Expansion::Flush };
        let history = if per_packet { History::PerPacket } else { History::Continuous };
        let mut sender = Sender::with_compressor(Compressor::new(level::Fast).with_expansion(expansion), history);
        let mut receiver = Receiver::new();
        for (packet, fate, delay) in &packets {
            let mut buf = vec![0; packet.len() + 2];
            let count = sender.count();
            let on_the_wire = sender.encapsulate(packet, &mut buf).unwrap();
            prop_assert_eq!(count.next(), sender.count());
            if *fate == 0 {
                continue;
            }
            let needed_reset = receiver.needs_reset();
            match receiver.decapsulate(on_the_wire, packet.len()) {
                Ok(received) => prop_assert_eq!(received, &packet[..]),
                Err(error) => {
                    prop_assert!(!per_packet);
                    prop_assert!(receiver.needs_reset());
                    if let ReceiveError::OutOfSequence { found, .. } = error {
                        prop_assert!(!needed_reset && found == count);
                    } else {
                        prop_assert_eq!(error, DecompressError::NotSynchronized.into());
                        prop_assert!(needed_reset);
                    }
                    // The request takes a while.
                    if delay % 3 == 0 {
                        sender.handle_reset_request();
                    }
                }
            }
        }
        sender.handle_reset_request();
        let mut buf = [0; 16];
        let on_the_wire = sender.encapsulate(b"good again", &mut buf).unwrap();
        prop_assert_eq!(receiver.decapsulate(on_the_wire, 1500), Ok(&b"good again"[..]));
    }

    /// The decoder and the model agree on anything: packet by packet, error by error.
    #[test]
    fn the_decoder_is_the_model(
        packets in prop::collection::vec(
            (any::<u8>(), prop_oneof![
                prop::collection::vec(any::<u8>(), 0..120),
                // Mostly copies.
                prop::collection::vec(0xc0..=0xff_u8, 0..40),
                // Literals, then copies.
                (prop::collection::vec(0..0x80_u8, 0..200), prop::collection::vec(any::<u8>(), 0..30)).prop_map(|(a, b)| [a, b].concat()),
            ], prop_oneof![Just(8192_usize), 0..400_usize]),
            1..40,
        ),
    ) {
        let mut decompressor = Decompressor::new();
        let mut model = Reference::new();
        for (flags, payload, limit) in &packets {
            // Mostly compressed, sometimes flushed.
            let flags = match flags % 32 {
                0 => 0,
                1 => 0x40,
                2 => 0x80,
                3..7 => 0xe0,
                7..9 => 0xa0,
                9..14 => 0x60,
                _ => 0x20,
            };
            let expected = model.decode(flags, payload, *limit);
            let decoded = decompressor.decompress(Flags::from_bits(flags), payload, *limit);
            prop_assert_eq!(reference::same(&decoded, &expected), Ok(()));
        }
    }
}

/// Around the end of the ring: byte 8191 is never written, and the move to the front is said.
#[test]
fn the_ring_is_left_at_its_end() {
    for first in [8189, 8190, 8191, 8192, 8193] {
        for second in [0, 1, 2, 3, 100] {
            let steps = [text(9, first), vec![b'a'; second], text(9, 300)].map(Step::Packet);
            check_all(&steps);
            let sent = check(Compressor::new(level::Default), &steps);
            let second_at_front = sent[1].0.contains(Flags::AT_FRONT);
            // A packet that is too long for the ring goes plain, and empties it.
            assert_eq!(second_at_front, first > 8191 || first + second > 8191, "{first} {second}");
            assert_eq!(sent[0].0.contains(Flags::COMPRESSED), first <= 8191);
        }
    }
    for step in [512, 1000, 1365, 4095, 4096, 8191] {
        let steps: Vec<Step> = (0..60).map(|index| Step::Packet(text(index, step))).collect();
        check_all(&steps);
    }
}

#[test]
fn packets_that_do_not_shrink_follow_the_policy() {
    let mut number = 1_u32;
    let noise: Vec<u8> = (0..900)
        .map(|_| {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            number.to_be_bytes()[0]
        })
        .collect();
    let steps = [text(1, 900), noise, text(1, 900)].map(Step::Packet);
    let (first, again) = (Flags::FLUSHED | Flags::AT_FRONT | Flags::COMPRESSED, Flags::COMPRESSED);
    let flush = check(Compressor::new(level::Fast), &steps);
    assert_eq!(flush.iter().map(|sent| sent.0).collect::<Vec<_>>(), [first, Flags::empty(), first]);
    assert_eq!(flush[0].1, flush[2].1);
    let keep = check(Compressor::new(level::Fast).with_expansion(Expansion::Keep), &steps);
    assert_eq!(keep.iter().map(|sent| sent.0).collect::<Vec<_>>(), [first, Flags::empty(), again]);
    assert!(keep[2].1 < flush[2].1);
    // A flush that has to go with a packet that does not shrink: A goes now, B again with the next.
    let steps = [steps[1].clone(), steps[0].clone(), steps[2].clone()];
    let keep = check(Compressor::new(level::Fast).with_expansion(Expansion::Keep), &steps);
    let flags = [Flags::FLUSHED | Flags::AT_FRONT, Flags::AT_FRONT | again, again];
    assert_eq!(keep.iter().map(|sent| sent.0).collect::<Vec<_>>(), flags);
}

#[test]
fn better_levels_are_not_worse() {
    let steps: Vec<Step> = (0..40).map(|index| Step::Packet(text(index % 9, 700))).collect();
    let total = |sent: Vec<(Flags, usize)>| sent.iter().map(|sent| sent.1).sum::<usize>();
    let fast = total(check(Compressor::new(level::Fast), &steps));
    let default = total(check(Compressor::new(level::Default), &steps));
    let max = total(check(Compressor::new(level::Max), &steps));
    assert!(max < default && default < fast, "{max} {default} {fast}");
}

#[test]
fn a_short_buffer_changes_nothing() {
    let mut compressor = Compressor::new(level::Fast);
    let packet = text(3, 100);
    let short = compressor.compress(&packet, &mut [0; 99]).unwrap_err();
    assert_eq!((short.needed, short.available), (100, 99));
    let mut sender = Sender::new(level::Fast, History::Continuous);
    let short = sender.encapsulate(&packet, &mut [0; 101]).unwrap_err();
    assert_eq!((short.needed, short.available), (102, 101));
    assert_eq!(sender.count().get(), 0);
    let mut buf = [0; 102];
    assert_eq!(sender.encapsulate(&packet, &mut buf).unwrap()[..2], [0xe0, 0]);
}

#[test]
fn counts_go_round() {
    let mut sender = Sender::new(level::Fast, History::Continuous);
    let mut receiver = Receiver::new();
    let mut buf = [0; 32];
    for number in 0..5000_u16 {
        let packet = sender.encapsulate(b"\x00\x21the same again", &mut buf).unwrap();
        assert_eq!(u16::from_be_bytes([packet[0], packet[1]]) & 0x0fff, number % 4096);
        assert_eq!(receiver.decapsulate(packet, 16), Ok(&b"\x00\x21the same again"[..]));
    }
}

#[test]
fn headers_that_are_not_ours_are_refused() {
    let mut receiver = Receiver::new();
    assert_eq!(receiver.decapsulate(&[0x90, 0, 1], 9), Err(ReceiveError::Encrypted));
    for length in 0..2 {
        let cut = receiver.decapsulate(&[0xe0, 0][..length], 9);
        assert_eq!(cut, Err(ReceiveError::Truncated { needed: 2, available: length }));
    }
    assert!(!receiver.needs_reset());
    assert_eq!(receiver.decapsulate(&[0x20, 0], 9), Ok(&b""[..]));
}
