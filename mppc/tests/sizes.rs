//! Sizes of the payloads that each level makes of packets of known kinds.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::integer_division,
    reason = "a test that goes wrong stops"
)]

use mppc::{Compressor, Decompressor, Flags, is_compressible, level};

/// Returns numbers that are spread like random ones, the same in each run.
fn noise(mut seed: u32) -> impl Iterator<Item = u8> {
    core::iter::repeat_with(move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed.to_be_bytes()[0]
    })
}

/// Returns packets of text: few words, in an order that does not repeat.
fn text() -> Vec<Vec<u8>> {
    let words =
        ["GET ", "/index", ".html ", "HTTP/1.1\r\n", "Host: ", "example.", "com\r\n", "Accept: ", "*/*\r\n", "gzip"];
    let mut order = noise(7);
    let mut packet = || order.by_ref().take(120).flat_map(|at| words[usize::from(at) % words.len()].bytes()).collect();
    (0..24).map(|_| packet()).collect()
}

/// Returns packets of records: a counter, a field of few values, and padding.
fn records() -> Vec<Vec<u8>> {
    let mut values = noise(11);
    let mut record = |packet, record| [packet, record, values.next().unwrap() & 3, 0, 0, 0, 0xff, 0xfe];
    (0..24).map(|packet| (0..60).flat_map(|number| record(packet, number)).collect()).collect()
}

/// Returns packets that repeat within themselves after few bytes.
fn periods() -> Vec<Vec<u8>> {
    (1..24).map(|period| noise(13).take(period).collect::<Vec<u8>>().repeat(1000 / period)).collect()
}

fn size<L: level::Level>(compressor: Compressor<L>, look_back: bool, packets: &[Vec<u8>]) -> usize {
    let mut compressor = compressor.with_look_back(look_back);
    let mut decompressor = Decompressor::new();
    let mut total = 0;
    for packet in packets {
        let mut buf = vec![0; packet.len()];
        let sent = compressor.compress(packet, &mut buf).unwrap();
        assert_eq!(decompressor.decompress(sent.flags, sent.payload, 1 << 13), Ok(&packet[..]));
        total += sent.payload.len();
    }
    total
}

/// RFC 2118 leaves it to the sender which copies it finds.
#[test]
fn no_level_makes_longer_payloads_than_it_did() {
    for (kind, packets, look_back, most) in [
        // The bytes of the packets: 17,835, 11,520 and 22,868.
        ("text", text(), true, [5099, 4078, 2973]),
        ("text", text(), false, [5177, 4198, 3276]),
        ("records", records(), true, [4921, 4096, 4084]),
        ("records", records(), false, [4869, 4103, 4091]),
        ("periods", periods(), true, [177, 158, 158]),
        ("periods", periods(), false, [196, 178, 178]),
    ] {
        let sizes = [
            size(Compressor::new(level::Fast), look_back, &packets),
            size(Compressor::new(level::Default), look_back, &packets),
            size(Compressor::new(level::Max), look_back, &packets),
        ];
        let is_longer = sizes.iter().zip(most).any(|(size, most)| *size > most);
        assert!(!is_longer, "{kind}, look back {look_back}: {sizes:?} bytes, and {most:?} before");
    }
}

/// A packet that looks random and has no copy near its start is not searched to its end. One of
/// text is, however late its copies come.
#[test]
fn a_packet_that_looks_random_is_given_up_early() {
    fn is_compressed<L: level::Level>(mut compressor: Compressor<L>, packet: &[u8]) -> bool {
        compressor.compress(packet, &mut vec![0; packet.len()]).unwrap().flags.contains(Flags::COMPRESSED)
    }
    let random: Vec<u8> = noise(17).take(600).collect();
    for (mask, expected) in [(0xff, false), (0x7f, true)] {
        let half: Vec<u8> = random.iter().map(|byte| byte & mask).collect();
        let packet = half.repeat(2);
        assert_eq!(is_compressed(Compressor::new(level::Fast), &packet), expected);
        assert_eq!(is_compressed(Compressor::new(level::Default), &packet), expected);
        assert_eq!(is_compressed(Compressor::new(level::Max), &packet), expected);
    }
    // A copy within the first bytes is enough.
    let packet = [&random[..20], &random[..]].concat().repeat(2);
    assert!(is_compressed(Compressor::new(level::Default), &packet));
}

/// RFC 2118 section 3.
#[test]
fn network_protocols_alone_are_compressible() {
    for (protocol, expected) in [(0x0020, false), (0x0021, true), (0x00fa, true), (0x00fb, false), (0xc021, false)] {
        assert_eq!(is_compressible(protocol), expected, "{protocol:#06x}");
    }
}

/// The same packet again, as long as nothing came after it.
#[test]
fn the_latest_packet_can_be_read_again() {
    let mut decompressor = Decompressor::new();
    assert_eq!(decompressor.latest(1), None);
    decompressor.decompress(Flags::FLUSHED | Flags::COMPRESSED, b"abc", 1500).unwrap();
    assert_eq!(decompressor.latest(3), Some(&b"abc"[..]));
    assert_eq!(decompressor.latest(2), Some(&b"bc"[..]));
    assert_eq!(decompressor.latest(4), None);
}
