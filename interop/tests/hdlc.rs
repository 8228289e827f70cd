//! Async HDLC: the samples of RFC 1662, and the bytes between a real pppd and a real pptp.

use md5::{Digest, Md5};
use mppc::{Decompressor, Flags};
use ppp_fsm::hdlc::{Config, Decoder, Encoder, Fcs};
use ppp_fsm::{Frame, Protocol};
use pptp_interop::vector::Vector;
use pptp_interop::{captures, json_file, say, shared};

#[test]
fn samples_of_rfc_1662_1321_and_2118() {
    let Some(shared) = shared() else { return };
    let file = json_file(&shared.join("vectors/rfc.json"));
    let all = Vector::new(&file);

    let hdlc = all.at("rfc1662_hdlc");
    for example in hdlc.at("escape_examples").each() {
        let (byte, escaped) = (example.at("octet").array::<1>(), example.at("on_the_link").array::<2>());
        let frame = [&byte[..], b"frame"].concat();
        let line: Vec<u8> = Encoder::new(&frame, Config::default()).collect();
        // We escape what has to be; a sender may escape more, as two of the samples do.
        let must = byte[0] < 0x20 || [0x7d, 0x7e].contains(&byte[0]);
        let sent = if must { &escaped[..] } else { &byte[..] };
        let rest = line[1..].strip_prefix(sent).unwrap();
        let line = [&[0x7e], &escaped[..], rest].concat();
        let mut buf = [0; 64];
        assert_eq!(Decoder::new(&mut buf, Config::default()).decode(&mut &line[..]), Some(Ok(&frame[..])));
    }
    for example in hdlc.at("fcs_of_own_frames").each() {
        let frame = example.at("frame").bytes();
        assert_eq!(Fcs::Bits16.of(&frame).as_bytes(), example.at("fcs16_on_the_link").bytes());
        assert_eq!(Fcs::Bits32.of(&frame).as_bytes(), example.at("fcs32_on_the_link").bytes());
        for config in [Config::default(), Config::default().with_fcs(Fcs::Bits32)] {
            let line: Vec<u8> = Encoder::new(&frame, config).collect();
            let mut buf = [0; 256];
            assert_eq!(Decoder::new(&mut buf, config).decode(&mut &line[..]), Some(Ok(&frame[..])));
        }
    }
    // The check sequence over a frame and its own check sequence is a constant, here in the order of the line, inverted.
    for (fcs, good) in [(Fcs::Bits16, "good_fcs16"), (Fcs::Bits32, "good_fcs32")] {
        let frame = b"any frame";
        let check = fcs.of(frame);
        let mut found: Vec<u8> =
            fcs.of(&[frame, check.as_bytes()].concat()).as_bytes().iter().map(|byte| !byte).collect();
        found.reverse();
        assert_eq!(found, hdlc.at(good).bytes());
    }

    for vector in all.at("rfc1321_md5").each() {
        assert_eq!(*Md5::digest(vector.at("message").text()), vector.at("digest").array::<16>());
    }

    let example = all.at("rfc2118_mppc").at("string_example");
    let (plain, payload) = (example.at("plain").bytes(), example.at("wire_payload_derived").bytes());
    assert_eq!(plain, example.at("text").text().as_bytes());
    let flags = Flags::FLUSHED | Flags::COMPRESSED;
    assert_eq!(Decompressor::new().decompress(flags, &payload, plain.len()), Ok(&plain[..]));
    say!("rfc.json: {} values of RFC 1321, 1662 and 2118 agree", all.summary().0);
}

#[test]
fn recorded_lines_are_whole_frames() {
    let folder = captures().join("a-mschapv2-mppe128-hdlc");
    for (name, expected) in [("pppd-to-pptp.hdlc", 45), ("pptp-to-pppd.hdlc", 47)] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        // Once the async map is agreed to be 0, control characters come without an escape.
        let config = Config::default().with_control_characters(0);
        // However the bytes come.
        for size in [1, 7, bytes.len()] {
            let mut buf = [0; 1600];
            let mut decoder = Decoder::new(&mut buf, config);
            let mut frames = 0;
            for mut input in bytes.chunks(size) {
                while let Some(frame) = decoder.decode(&mut input) {
                    let frame = Frame::decode(frame.unwrap()).unwrap();
                    assert!(frame.protocol != Protocol(0));
                    frames += 1;
                }
            }
            assert_eq!(frames, expected, "{name} in pieces of {size}");
        }
        say!("{name}: {expected} frames, no error");
    }
}
