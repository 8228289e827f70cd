//! Streams of other implementations, and streams put together token by token.

#![expect(clippy::arithmetic_side_effects, clippy::unwrap_used, reason = "a test that goes wrong stops")]

use mppc::{DecompressError, Decompressor, Flags};
use testing::mppc::{self as reference, Reference};

const A: u8 = 0x80;
const B: u8 = 0x40;
const C: u8 = 0x20;

fn hex(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

/// Decodes packets of one history, with the model beside.
fn decode(packets: &[(u8, Vec<u8>)]) -> Vec<Vec<u8>> {
    let mut decompressor = Decompressor::new();
    let mut model = Reference::new();
    let decode = |(flags, payload): &(u8, Vec<u8>)| {
        let decoded = decompressor.decompress(Flags::from_bits(*flags), payload, 8192);
        assert_eq!(reference::same(&decoded, &model.decode(*flags, payload, 8192)), Ok(()));
        decoded.unwrap().to_vec()
    };
    packets.iter().map(decode).collect()
}

/// A bit stream in the making.
#[derive(Default)]
struct Tokens {
    bits: String,
}

impl Tokens {
    fn bits(mut self, bits: &str) -> Self {
        self.bits.push_str(bits);
        self
    }

    fn literals(self, bytes: &[u8]) -> Self {
        bytes.iter().fold(self, |tokens, byte| match byte {
            0..0x80 => tokens.bits(&format!("0{byte:07b}")),
            _ => tokens.bits(&format!("10{:07b}", byte - 0x80)),
        })
    }

    fn copy(self, offset: usize, length: usize) -> Self {
        let tokens = match offset {
            0..64 => self.bits(&format!("1111{offset:06b}")),
            64..320 => self.bits(&format!("1110{:08b}", offset - 64)),
            _ => self.bits(&format!("110{:013b}", offset - 320)),
        };
        if length == 3 {
            return tokens.bits("0");
        }
        // The binary number without its highest bit; a one less than it has bits, and a zero, in front.
        let number = format!("{length:b}");
        let low = number.strip_prefix('1').unwrap();
        tokens.bits(&"1".repeat(low.len() - 1)).bits("0").bits(low)
    }

    fn payload(mut self) -> Vec<u8> {
        while self.bits.len() % 8 != 0 {
            self.bits.push('0');
        }
        let value = |byte: &[u8]| byte.iter().fold(0, |value, bit| value << 1 | (bit & 1));
        self.bits.as_bytes().chunks(8).map(value).collect()
    }
}

/// Returns bytes without a copy, the same each time.
fn noise(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn reads_the_example_of_rfc_2118_section_4() {
    let payload = hex("666f722077686f6d207468652062656c6c20746f6c6c732cf43720fa23d3329700");
    let put_together = Tokens::default().literals(b"for whom the bell tolls,").copy(16, 15).literals(b" ");
    assert_eq!(put_together.copy(40, 4).copy(19, 3).literals(b"e.").payload(), payload);
    assert_eq!(decode(&[(A | B | C, payload)]), [b"for whom the bell tolls, the bell tolls for thee."]);
}

/// FreeRDP, `TestFreeRDPCodecMppc.c`: the pair for the 8 KiB history, also the worked example of MS-RDPBCGR 3.1.8.4.1.
#[test]
fn reads_the_pair_of_freerdp() {
    let payload = hex("666f722e77686f6d2e7468652e62656c6c2e746f6c6c732cf4372e66fa1f199484");
    assert_eq!(decode(&[(B | C, payload)]), [b"for.whom.the.bell.tolls,.the.bell.tolls.for.thee!"]);
}

#[test]
fn reads_each_literal() {
    let all: Vec<u8> = (0..=255).collect();
    let payload = Tokens::default().literals(&all).payload();
    assert_eq!(payload.len(), 272);
    assert_eq!(decode(&[(C, payload.clone()), (C, payload)]), [all.clone(), all]);
}

#[test]
fn reads_each_class_of_offsets_at_its_edges() {
    let start = noise(8100, 1);
    for offset in [1, 2, 62, 63, 64, 65, 318, 319, 320, 321, 4095, 4096, 8099, 8100] {
        let payload = Tokens::default().literals(&start).copy(offset, 5).payload();
        let packet = decode(&[(C, payload)]).remove(0);
        let source: Vec<u8> = start[start.len() - offset..].iter().copied().cycle().take(offset.min(5)).collect();
        let copied: Vec<u8> = source.iter().copied().cycle().take(5).collect();
        assert_eq!(packet, [&start[..], &copied].concat(), "offset {offset}");
    }
}

#[test]
fn reads_each_class_of_lengths_at_its_edges() {
    for class in 1..13 {
        let lengths = [1 << class, (1 << class) + 1, (2 << class) - 1];
        for length in lengths.into_iter().filter(|length| (3..=8188).contains(length)) {
            // Periods around the widths of stores.
            for period in [1, 2, 3, 4] {
                let start = &b"abcd"[..period];
                let payload = Tokens::default().literals(start).copy(period, length).payload();
                let expected: Vec<u8> = start.iter().copied().cycle().take(period + length).collect();
                assert_eq!(decode(&[(C, payload)]), [expected], "period {period}, length {length}");
            }
        }
    }
}

#[test]
fn reads_copies_that_overlap_themselves() {
    for period in 1..40 {
        for length in 3..70 {
            let start = noise(period, 7);
            let payload = Tokens::default().literals(&start).copy(period, length).literals(b"end").payload();
            let mut expected: Vec<u8> = start.iter().copied().cycle().take(period + length).collect();
            expected.extend_from_slice(b"end");
            assert_eq!(decode(&[(C, payload)]), [expected], "period {period}, length {length}");
        }
    }
}

/// A copy over the front sees the round before, and in the tail that this round and the one before did not reach, the
/// round before that.
#[test]
fn reads_old_bytes_of_the_ring() {
    let (first, second) = (noise(8000, 3), noise(100, 4));
    let packets = [
        (A | B | C, Tokens::default().literals(&first).payload()),
        (B | C, Tokens::default().literals(&second).payload()),
        // Ring: 100 bytes of the second round, then those of the first.
        (B | C, Tokens::default().copy(8192 - 90, 20).copy(8191 - 7000, 30).payload()),
    ];
    let third = decode(&packets).remove(2);
    assert_eq!(third[..20], [&second[90..], &first[100..110]].concat());
    assert_eq!(third[20..], first[20 + 1 + 7000..][..30]);
}

#[test]
fn reads_a_source_that_runs_over_the_end_of_the_ring() {
    let first = noise(8192, 5);
    let packets = [
        (C, Tokens::default().literals(&first).payload()),
        (B | C, Tokens::default().literals(b"front").copy(10, 12).payload()),
    ];
    let second = decode(&packets).remove(1);
    assert_eq!(second, [&b"front"[..], &first[8187..], b"front", &first[8187..8189]].concat());
}

#[test]
fn bytes_that_nobody_wrote_are_zero_also_after_a_flush() {
    let zeros = [0; 40];
    let stream = |flags| (flags, Tokens::default().literals(b"start").copy(100, 40).payload());
    let expected = [&b"start"[..], &zeros].concat();
    let full = (B | C, Tokens::default().literals(&noise(8192, 6)).payload());
    let packets = [stream(C), full.clone(), full, stream(A | C), (B | C, Tokens::default().copy(45, 5).payload())];
    let decoded = decode(&packets);
    assert_eq!(decoded[0], expected);
    assert_eq!(decoded[3], expected);
    assert_eq!(decoded[4], [0; 5]);
}

#[test]
fn obeys_flags_without_c_and_keeps_plain_bytes_out() {
    let packets = [
        (A | B | C, Tokens::default().literals(b"abcdefgh").payload()),
        (0, b"plain".to_vec()),
        (C, Tokens::default().copy(8, 3).payload()),
        // B without C moves to the front, A without C empties.
        (B, b"plain".to_vec()),
        (C, Tokens::default().literals(b"x").copy(8192 - 3, 3).payload()),
        (A, b"plain".to_vec()),
        (C, Tokens::default().literals(b"y").copy(8, 3).payload()),
    ];
    let decoded = decode(&packets);
    assert_eq!(decoded[1], b"plain");
    assert_eq!(decoded[2], b"abc");
    assert_eq!(decoded[4], b"xefg");
    assert_eq!(decoded[6], b"y\0\0\0");
}

#[test]
fn padding_is_ignored_and_an_empty_payload_is_an_empty_packet() {
    let payload = Tokens::default().literals(&[0x80]).bits("1111111").payload();
    let mut model = Reference::new();
    assert_eq!(model.decode(C, &payload, 1), Ok(vec![0x80]));
    assert_eq!((model.broken_rules, model.over_the_front), (vec!["padding is not zero"], 0));
    assert_eq!(decode(&[(C, payload)]), [[0x80]]);
    assert_eq!(decode(&[(C, Vec::new()), (0, Vec::new())]), [b"", b""]);
}

/// The malformed packets are those of which some decoder in use accepts one or the other.
#[test]
fn refuses_malformed_packets() {
    let start = || Tokens::default().literals(b"a good start");
    let offset = |offset, position| DecompressError::Offset { offset, position };
    let length = DecompressError::Length { position: 12 };
    let truncated = DecompressError::Truncated { position: 12 };
    let too_long = DecompressError::TooLong { limit: 8192 };
    let cases = [
        ("offset 0", start().copy(0, 3).payload(), offset(0, 12)),
        ("offset 0, long", start().copy(0, 1000).payload(), offset(0, 12)),
        ("offset 8192", start().copy(8192, 3).payload(), offset(8192, 12)),
        ("offset 8511", start().copy(8511, 4).payload(), offset(8511, 12)),
        ("12 ones", start().bits("1111000001").bits(&"1".repeat(12)).bits("0000000000000000").payload(), length),
        ("24 ones", start().bits("1111000001").bits(&"1".repeat(24)).bits("0").payload(), length),
        ("copy over the end", start().copy(1, 8181).payload(), too_long),
        ("8193 literals", Tokens::default().literals(&[1; 8193]).payload(), too_long),
        ("8193 high literals", Tokens::default().literals(&[200; 8193]).payload(), too_long),
        ("cut in a length", start().bits("1111000001").bits("11111111100000").payload(), truncated),
        ("cut in a length's ones", start().bits("1111000001").bits("111111").payload(), truncated),
        ("cut in an offset", start().bits("11011111").payload(), truncated),
        ("cut in a high literal", start().bits("10111111").payload(), truncated),
    ];
    for (name, payload, expected) in cases {
        let mut decompressor = Decompressor::new();
        let mut model = Reference::new();
        assert_eq!(decompressor.decompress(Flags::COMPRESSED, &payload, 8192), Err(expected), "{name}");
        assert!(model.decode(C, &payload, 8192).is_err(), "{name}");
        // Nothing is taken until a flush.
        for flags in [Flags::empty(), Flags::COMPRESSED, Flags::AT_FRONT | Flags::COMPRESSED] {
            assert_eq!(decompressor.decompress(flags, b"a", 8192), Err(DecompressError::NotSynchronized), "{name}");
        }
        assert!(!decompressor.is_synchronized());
        assert_eq!(decompressor.decompress(Flags::FLUSHED | Flags::COMPRESSED, b"a", 8192), Ok(&b"a"[..]), "{name}");
        assert!(decompressor.is_synchronized());
    }
}

#[test]
fn refuses_what_runs_over_the_end_in_a_later_packet() {
    let mut decompressor = Decompressor::new();
    let first = Tokens::default().literals(b"x").copy(1, 8000).payload();
    assert_eq!(decompressor.decompress(Flags::COMPRESSED, &first, 8192).map(<[u8]>::len), Ok(8001));
    let second = Tokens::default().copy(1, 192).payload();
    assert_eq!(decompressor.decompress(Flags::COMPRESSED, &second, 8192), Err(DecompressError::TooLong { limit: 191 }));
}

#[test]
fn the_limit_holds_for_each_kind_of_token() {
    let payloads = [
        Tokens::default().literals(b"aaaaaaaaaa").payload(),
        Tokens::default().literals(&[0xaa; 10]).payload(),
        Tokens::default().literals(b"a").copy(1, 9).payload(),
        Tokens::default().literals(b"aaaaaa").copy(2, 4).literals(b"").payload(),
    ];
    for payload in payloads {
        for limit in 0..12 {
            let mut decompressor = Decompressor::new();
            let decoded = decompressor.decompress(Flags::COMPRESSED, &payload, limit);
            if limit < 10 {
                assert_eq!(decoded, Err(DecompressError::TooLong { limit }));
            } else {
                assert_eq!(decoded.map(<[u8]>::len), Ok(10));
            }
        }
    }
    let mut decompressor = Decompressor::new();
    assert_eq!(decompressor.decompress(Flags::empty(), b"ab", 1), Err(DecompressError::TooLong { limit: 1 }));
    assert!(!decompressor.is_synchronized());
}
