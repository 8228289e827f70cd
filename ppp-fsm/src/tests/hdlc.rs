//! RFC 1662: framing of bytes.

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use crate::hdlc::{Config, Decoder, Encoder, Fcs, FrameError, encode, max_encoded_len};
use crate::{Frame, Protocol};

fn hex(digits: &str) -> Vec<u8> {
    hex::decode(digits).unwrap()
}

/// Returns all that a decoder finds, when it is fed pieces of this length.
fn decode_all(line: &[u8], piece: usize, config: Config, room: usize) -> Vec<Result<Vec<u8>, FrameError>> {
    let mut buf = vec![0; room];
    let mut decoder = Decoder::new(&mut buf, config);
    let mut found = Vec::new();
    for mut input in line.chunks(piece) {
        while let Some(frame) = decoder.decode(&mut input) {
            found.push(frame.map(<[u8]>::to_vec));
        }
        assert!(input.is_empty());
    }
    found
}

#[test]
fn rfc1662_section_4_2_escapes() {
    let escaped = [
        (0x7e, "7d5e"),
        (0x7d, "7d5d"),
        (0x03, "7d23"),
        (0x11, "7d31"),
        (0x13, "7d33"),
        (0x91, "91"),
        (0x93, "93"),
        (0x20, "20"),
        (0x1f, "7d3f"),
    ];
    for (byte, line) in escaped {
        let encoded: Vec<u8> = Encoder::new(&[byte], Config::default()).skip(1).collect();
        assert!(encoded.starts_with(&hex(line)), "{byte:#04x}");
    }
    // A peer that escapes more than was asked is understood as well.
    let frame = [0x91, 0x93];
    let check = Fcs::Bits16.of(&frame);
    let mut line = hex("7e7db17db3");
    line.extend(check.as_bytes().iter().flat_map(|byte| [0x7d, byte ^ 0x20]));
    line.push(0x7e);
    assert_eq!(decode_all(&line, 1, Config::default(), 16), [Ok(frame.to_vec())]);
}

#[test]
fn rfc1662_appendix_c_check_sequences() {
    let frames = [
        ("ff03c0210101000e0506d2a1b3c407020802", "a2dc", "a39c37fc"),
        ("ff03c02109020008deadbeef", "1540", "cf7463dc"),
        ("ff0380fd0101000a120601000040", "93fc", "25e89e22"),
        ("c22303010004", "c2bc", "084a997f"),
    ];
    for (frame, short, long) in frames {
        let frame = hex(frame);
        for (fcs, check) in [(Fcs::Bits16, hex(short)), (Fcs::Bits32, hex(long))] {
            assert_eq!(fcs.of(&frame).as_bytes(), check);
            let config = Config::default().with_fcs(fcs).with_control_characters(0x0a0a);
            let line: Vec<u8> = Encoder::new(&frame, config).collect();
            for piece in 1..line.len() {
                assert_eq!(decode_all(&line, piece, config, 32), [Ok(frame.clone())]);
            }
        }
    }
}

/// The bytes of a Linux client's daemon at the start of a recorded session: LCP with everything
/// escaped, the rest as agreed. One flag stands between frames in quick succession.
const RECORDED: &str = "7eff7d23c0217d217d217d207d387d217d247d25787d227d267d207d207d207d207d257d26e6eb28887d277d227d287d22\
    ed3c7e7eff7d23c0217d227d217d207d3d7d217d247d25787d227d267d207d207d207d207d237d25c223817d257d26ff7d25c5af7d277d227d287d22\
    227d2b7ec223020a003b312a23c73c6b48d44ee5f71cb84a87910d000000000000000018f1297a69649306fed5039de7cf05d8c6d3151c2cf4db0b00\
    616c6963650bf97e80fd0101000a120601000040ed127e80fd0201000a12060100004084667e";

#[test]
fn a_recorded_line_is_read() {
    let line = hex(RECORDED);
    let whole = decode_all(&line, line.len(), Config::default().with_control_characters(0), 1508);
    let protocols: Vec<Protocol> =
        whole.iter().map(|frame| Frame::decode(frame.as_ref().unwrap()).unwrap().protocol).collect();
    assert_eq!(protocols, [Protocol::LCP, Protocol::LCP, Protocol::CHAP, Protocol::CCP, Protocol::CCP]);
    for piece in [1, 2, 3, 7, 50] {
        assert_eq!(decode_all(&line, piece, Config::default().with_control_characters(0), 1508), whole);
    }
    // And written again: the first two with everything escaped.
    let mut written = Vec::new();
    for (index, frame) in whole.iter().enumerate() {
        let config = if index < 2 { Config::default() } else { Config::default().with_control_characters(0) };
        let encoder = Encoder::new(frame.as_ref().unwrap(), config);
        if index < 2 { written.extend(encoder) } else { written.extend(encoder.without_leading_flag()) }
    }
    assert_eq!(written, line);
}

#[test]
fn rfc1662_section_7_1_control_characters_of_somebody_else_are_dropped() {
    let frame = b"\xc2\x23\x03\x01\x00\x04";
    let config = Config::default().with_control_characters(0x000a_0000);
    let mut line = Vec::new();
    for byte in Encoder::new(frame, config) {
        // XON and XOFF of a modem, also within an escape.
        line.extend([byte, 0x11, 0x13]);
    }
    assert_eq!(decode_all(&line, 5, config, 16), [Ok(frame.to_vec())]);
}

#[test]
fn rfc1662_section_4_3_invalid_frames() {
    let config = Config::default();
    let good: Vec<u8> = Encoder::new(b"\xc2\x23\x03\x01\x00\x04", config).collect();
    let frame = || Ok(b"\xc2\x23\x03\x01\x00\x04".to_vec());
    let after = |bad: &[u8], room| {
        let line = [bad, &good].concat();
        let found = decode_all(&line, line.len(), config, room);
        assert_eq!(decode_all(&line, 1, config, room), found);
        assert_eq!(found.last(), Some(&frame()));
        found[..found.len() - 1].to_vec()
    };
    assert_eq!(after(b"", 16), []);
    assert_eq!(after(b"noise, no flag yet", 16), []);
    assert_eq!(after(b"\x7e\x7e\x7e", 16), []);
    assert_eq!(after(b"\x7e\xc0\x7d\x7e", 16), [Err(FrameError::Aborted)]);
    assert_eq!(after(b"\x7e\x7d\x7e", 16), [Err(FrameError::Aborted)]);
    assert_eq!(after(b"\x7eab", 16), [Err(FrameError::TooShort { length: 2 })]);
    assert_eq!(after(b"\x7ea", 16), [Err(FrameError::TooShort { length: 1 })]);
    assert_eq!(after(b"\x7eabcd", 16), [Err(FrameError::CheckSequence { length: 4 })]);
    assert_eq!(after(b"\x7eabcdefghi", 8), [Err(FrameError::TooLong { available: 8 })]);
    assert_eq!(after(b"\x7eabcdefgh", 8), [Err(FrameError::CheckSequence { length: 8 })]);
    assert_eq!(decode_all(&good, 1, config, 0), [Err(FrameError::TooLong { available: 0 })]);
}

#[test]
fn a_short_buffer_is_refused_and_every_length_is_right() {
    let config = Config::default();
    let frame = [0x7e; 20];
    let mut buf = [0; max_encoded_len(20)];
    let length = encode(&frame, config, &mut buf).unwrap().len();
    // Two flags, 20 escaped bytes, a check sequence.
    assert!((2 + 40 + 2..=2 + 40 + 4).contains(&length));
    for room in 0..length {
        let error = encode(&frame, config, &mut buf[..room]).unwrap_err();
        assert_eq!((error.needed, error.available), (length, room));
    }
    assert_eq!(encode(&frame, config, &mut buf[..length]).unwrap().len(), length);
}

proptest! {
    #[test]
    fn round_trips(
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..60), 1..6),
        map in any::<u32>(), long in any::<bool>(), shared_flags in any::<bool>(), piece in 1_usize..80,
    ) {
        let fcs = if long { Fcs::Bits32 } else { Fcs::Bits16 };
        let config = Config::default().with_control_characters(map).with_fcs(fcs);
        let mut line = Vec::new();
        for (index, frame) in frames.iter().enumerate() {
            let encoder = Encoder::new(frame, config);
            let encoder = if shared_flags && index > 0 { encoder.without_leading_flag() } else { encoder };
            let (least, most) = encoder.size_hint();
            let bytes: Vec<u8> = encoder.collect();
            prop_assert!(bytes.len() >= least && bytes.len() <= most.unwrap());
            prop_assert!(bytes.len() <= max_encoded_len(frame.len()));
            line.extend(bytes);
        }
        let expected: Vec<_> = frames.into_iter().map(Ok).collect();
        prop_assert_eq!(decode_all(&line, piece, config, 64), expected);
    }

    #[test]
    fn anything_is_read_the_same_in_pieces(
        line in prop::collection::vec(prop_oneof![Just(0x7e), Just(0x7d), any::<u8>()], 0..200),
        map in any::<u32>(), room in 0_usize..40, piece in 1_usize..20,
    ) {
        let config = Config::default().with_control_characters(map);
        let found = decode_all(&line, piece, config, room);
        prop_assert_eq!(&found, &decode_all(&line, line.len().max(1), config, room));
        prop_assert!(found.len() <= line.split(|byte| *byte == 0x7e).count());
    }

    #[test]
    fn rfc1662_every_byte_costs_one_byte_at_most(
        line in prop::collection::vec(prop_oneof![Just(0x7e), Just(0x7d), any::<u8>()], 0..400), room in 0_usize..64,
    ) {
        let config = Config::default();
        let found = decode_all(&line, 7, config, room);
        let flags = line.split(|byte| *byte == 0x7e).count() - 1;
        // A frame too long for the room is refused before its flag.
        prop_assert!(found.len() <= flags + 1);
        let given: usize = found.iter().flatten().map(Vec::len).sum();
        prop_assert!(given <= line.len());
        prop_assert!(found.iter().flatten().all(|frame| frame.len() <= room));
    }
}
