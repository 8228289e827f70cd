//! Sizes of the payloads that each level makes of packets of known kinds.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::integer_division,
    reason = "a test that goes wrong stops"
)]

use mppc::{Compressor, Decompressor, Flags, History, Receiver, Sender, is_compressible, level};

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

/// Returns packets whose copies are far back, up to the reach of the ring and beyond it.
fn far() -> Vec<Vec<u8>> {
    let blocks: Vec<Vec<u8>> =
        (0..20).map(|block| noise(100 + block).take(405).map(|byte| byte & 0x7f).collect()).collect();
    // A block comes again some 8,100 bytes later, shorter by a few bytes at its front.
    blocks.iter().chain(&blocks).enumerate().map(|(place, block)| block[place / 4..].to_vec()).collect()
}

/// Returns short packets, down to one byte, of few values.
fn short() -> Vec<Vec<u8>> {
    let mut values = noise(19);
    (0..400).map(|packet| values.by_ref().take(1 + packet % 23).map(|byte| byte >> 6 | byte & 0x80).collect()).collect()
}

/// Returns the number of bytes of all payloads, and a checksum of them and their flags (FNV-1a).
fn output<L: level::Level>(compressor: Compressor<L>, look_back: bool, packets: &[Vec<u8>]) -> (usize, u32) {
    let mut compressor = compressor.with_look_back(look_back);
    let step = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    packets.iter().fold((0, 0x811c_9dc5), |(length, hash), packet| {
        let mut buf = vec![0; packet.len()];
        let sent = compressor.compress(packet, &mut buf).unwrap();
        (length + sent.payload.len(), sent.payload.iter().chain([&sent.flags.bits()]).fold(hash, step))
    })
}

/// Which copies are sent is the sender's choice. Each level makes the same one on every machine, whatever its word size
/// and byte order are, and a change of the search shows here.
#[test]
fn every_level_chooses_the_same_copies_on_every_machine() {
    let found: Vec<_> =
        [("text", text()), ("records", records()), ("periods", periods()), ("far", far()), ("short", short())]
            .iter()
            .flat_map(|(kind, packets)| [true, false].map(|look_back| (*kind, packets, look_back)))
            .map(|(kind, packets, look_back)| {
                let fast = output(Compressor::new(level::Fast), look_back, packets);
                let default = output(Compressor::new(level::Default), look_back, packets);
                let max = output(Compressor::new(level::Max), look_back, packets);
                (kind, look_back, [fast, default, max])
            })
            .collect();
    let expected = [
        ("text", true, [(5_099, 0x1c50_2049), (4_078, 0x618a_776f), (2_973, 0xddd5_aac5)]),
        ("text", false, [(5_177, 0x8e99_f8d5), (4_198, 0x6144_a001), (3_276, 0x7935_67b8)]),
        ("records", true, [(4_921, 0xaa60_63fc), (4_096, 0xcac2_d86e), (4_084, 0xe073_e184)]),
        ("records", false, [(4_869, 0xa1d4_3cf5), (4_103, 0xf9ff_f370), (4_091, 0x0bd4_c8fc)]),
        ("periods", true, [(177, 0xca48_cc2d), (158, 0xc2a1_5ab8), (158, 0xc2a1_5ab8)]),
        ("periods", false, [(196, 0x25a4_38f2), (178, 0x3116_7918), (178, 0x3116_7918)]),
        ("far", true, [(8_170, 0x80a3_cbb7), (8_142, 0xdf6e_f58c), (8_136, 0xd645_7587)]),
        ("far", false, [(16_012, 0xf853_d907), (16_012, 0xf853_d907), (16_012, 0xf853_d907)]),
        ("short", true, [(3_310, 0x1fe0_0f0f), (3_282, 0x053a_225d), (3_185, 0x4d9e_2e86)]),
        ("short", false, [(3_310, 0x1fe0_0f0f), (3_282, 0x053a_225d), (3_185, 0x4d9e_2e86)]),
    ];
    assert_eq!(found, expected);
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

/// RFC 2118 section 4: the history goes on from packet to packet, unless each has to stand alone.
#[test]
fn a_sender_looks_back_to_earlier_packets_only_where_it_may() {
    let packet = [&[0x00, 0x21][..], &text()[0]].concat();
    let sizes = [History::Continuous, History::PerPacket].map(|history| {
        let (mut sender, mut receiver) = (Sender::new(level::Default, history), Receiver::new());
        let mut buf = vec![0; packet.len() + 2];
        [(); 2].map(|()| {
            let sent = sender.encapsulate(&packet, &mut buf).unwrap();
            assert_eq!(receiver.decapsulate(sent, 1500), Ok(&packet[..]));
            assert_eq!(receiver.latest(packet.len()), Some(&packet[..]));
            sent.len()
        })
    });
    let [[first, second], alone] = sizes;
    assert!(second * 4 < first, "{sizes:?}");
    assert_eq!(alone, [first; 2]);
}

/// RFC 2118 section 3: a packet has to fit into the ring.
#[test]
fn a_packet_that_the_ring_cannot_hold_is_sent_as_it_is() {
    for (length, is_compressed) in [(8190, true), (8191, true), (8192, false), (9000, false)] {
        let (packet, mut buf) = (vec![0; length], vec![0; length]);
        let sent = Compressor::new(level::Fast).compress(&packet, &mut buf).unwrap();
        assert_eq!(sent.flags.contains(Flags::COMPRESSED), is_compressed, "{length} bytes");
        assert_eq!(Decompressor::new().decompress(sent.flags, sent.payload, 1 << 14), Ok(&packet[..]));
    }
}

/// RFC 2118 section 3.1: bytes that were not written since the flush are none of the history's, also when the ring is
/// begun again at its front. They read as zero, and not as what was there before the flush.
#[test]
fn bytes_before_a_flush_are_not_read_behind_a_move_to_the_front() {
    let compressed = Flags::COMPRESSED;
    let mut decompressor = Decompressor::new();
    let text = b"x".repeat(8000);
    decompressor.decompress(Flags::FLUSHED | compressed, &text, 8192).unwrap();
    decompressor.decompress(Flags::AT_FRONT | compressed, b"abc", 1500).unwrap();
    decompressor.decompress(Flags::FLUSHED | compressed, b"abc", 1500).unwrap();
    // The literal a, and three bytes from 319 bytes before them: 0 1100001, 1110 11111111 0.
    let packet = decompressor.decompress(Flags::AT_FRONT | compressed, &[0x61, 0xef, 0xf0], 1500);
    assert_eq!(packet, Ok(&b"a\0\0\0"[..]));
}
