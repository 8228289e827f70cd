//! File formats: gzip is read, others are named, and what is not PPTP is not called so.

#![expect(clippy::unwrap_used, reason = "tests may fail")]

mod common;

use std::io::Write;

use common::{data, inspect, pcap, recordings, say};

/// Returns what is said of a file with these bytes, and the exit status.
fn told(bytes: &[u8], arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let output = inspect(file.path(), arguments);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn formats_that_are_not_read_are_named_with_what_to_do() {
    for (start, words) in [
        (&b"snoop\0\0\0\0\0\0\x02"[..], "snoop"),
        (b"GMBU\x00\x02", "Network Monitor"),
        (b"RTSS\x00\x01", "Network Monitor"),
        (b"\x07\x5f\x00\x00\x00\x02\x00\x04\x7e\xff\x03\x7e", "pppd"),
        (b"BZh91AY", "bunzip2"),
        (b"\xfd7zXZ\0\0", "unxz"),
    ] {
        let (status, _, sentence) = told(start, &[]);
        assert_eq!((status, sentence.lines().count()), (Some(2), 1), "{sentence}");
        assert!(sentence.contains(words) && sentence.contains('`'), "{sentence}");
        say!("{}", sentence.trim());
    }
}

#[test]
fn gzip_that_is_cut_or_damaged_is_read_as_far_as_it_goes() {
    let packed = std::fs::read(data("bugs-plain.pcap.gz")).unwrap();
    let half = packed.len().midpoint(0);
    let (status, shown, sentence) = told(&packed[..half], &["--password", "wonderland"]);
    assert_eq!(status, Some(2), "{sentence}");
    assert!(sentence.contains("cut") && shown.contains("Start-Control-Connection-Request"), "{sentence}");
    let mut damaged = packed.clone();
    damaged[half] ^= 0xff;
    let (status, shown, sentence) = told(&damaged, &[]);
    assert_eq!(status, Some(2), "{sentence}");
    assert!(shown.contains("Start-Control-Connection-Request"), "{sentence}");
    let (status, _, sentence) = told(b"\x1f\x8b\x08\x00", &[]);
    assert_eq!(status, Some(2), "{sentence}");
}

#[test]
fn a_link_type_that_is_not_read_is_named_by_its_number() {
    let frames = vec![((0, 0), vec![0; 60]), ((0, 0), vec![0; 60])];
    let (status, _, sentence) = told(&pcap(147, &frames), &[]);
    assert_eq!(status, Some(3));
    assert_eq!(sentence, "vpdn-inspect: 2 frames of link type 147 cannot be read: what is in them is not known\n");
    let (status, _, sentence) = told(&pcap(1, &frames), &[]);
    assert_eq!(status, Some(3));
    assert!(sentence.contains("no TCP port 1723, no GRE, no L2TP, no PPP in 2 frames"), "{sentence}");
}

/// A router's capture of a line with PPP over Ethernet, and nothing of PPTP in it.
#[test]
fn encryption_is_denied_only_of_packets_that_were_captured() {
    let frame = |ppp: &str| {
        let ppp = hex::decode(ppp.replace(' ', "")).unwrap();
        let header = format!("020000000001 020000000002 8864 1100 0007 {:04x}", ppp.len()).replace(' ', "");
        ((0, 0), [hex::decode(header).unwrap(), ppp].concat())
    };
    let echo = "c021 09 01 0008 01020304";
    let ip = "0021 45000014 00000000 4001 66e7 0a000001 0a000002";
    let (status, _, sentence) = told(&pcap(1, &[frame(echo), frame(ip)]), &["--password", "x"]);
    assert_eq!(status, Some(0));
    assert!(sentence.contains("no packet is encrypted: the secret was not needed"), "{sentence}");
    let (_, summary, sentence) = told(&pcap(1, &[frame(echo)]), &["--password", "x"]);
    assert!(sentence.contains("no packet of data was captured"), "{sentence}");
    assert!(!sentence.contains("not needed") && summary.contains("no packet of data was captured"), "{summary}");
}

/// A protocol with codes of its own, and a text in the Terminate-Request of another protocol than LCP.
#[test]
fn codes_and_texts_are_those_of_their_protocol() {
    let frame = |ppp: &str| ((0, 0), hex::decode(ppp.replace(' ', "")).unwrap());
    let frames = [
        frame("ff03 c029 01 07 0006 0102"),
        frame("ff03 c029 03 07 0006 0102"),
        frame("ff03 c025 01 07 0006 0102"),
        frame("ff03 80fd 05 09 000c 4e6f204d505045 21"),
        frame("ff03 8021 05 09 0008 01090a00"),
    ];
    let (_, shown, _) = told(&pcap(9, &frames), &[]);
    for words in [
        "Callback-Request id 7 len 6",
        "Callback-Ack id 7 len 6",
        "code 1 id 7 len 6",
        "TERMREQ id 9 len 12 \"No MPPE!\"",
        "TERMREQ id 9 len 8 \"\\x01\\t\\n\\x00\"",
    ] {
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
    assert!(!shown.contains("CONFREQ"), "{shown}");
}

/// CCP has agreed on BSD-Compress: what follows is not MPPE's.
#[test]
fn other_compression_is_not_called_mppe() {
    let recordings = recordings();
    let (_, path, _) = recordings.iter().find(|(name, ..)| name == "l-vj-bsdcomp").unwrap();
    let output = inspect(path, &[]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("Compressed: I ") && shown.contains("not MPPE"), "{shown}");
    assert!(!shown.contains("MPPE: "), "{shown}");
    assert!(shown.contains("client: CCP option 21, which is not MPPE"), "{shown}");
}

/// JSON: what is refused has a line with the reason.
#[test]
fn refused_frames_have_a_line() {
    let frame = |ppp: &str| ((0, 0), hex::decode(ppp.replace(' ', "")).unwrap());
    let frames =
        [frame("ff03"), frame("c223 01"), frame("c023 0101"), frame("c227 01"), frame("8281 01"), frame("c021 01")];
    let (_, lines, _) = told(&pcap(9, &frames), &["--json"]);
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let refused: Vec<_> =
        lines.iter().filter(|line| line["error"].is_string()).map(|line| line["k"].as_str().unwrap()).collect();
    assert_eq!(refused, ["ppp", "chap", "pap", "eap", "cp", "cp"], "{lines:?}");
}

/// A decrypted packet that cannot be written as IP is counted.
#[test]
fn packets_left_out_of_the_written_file_are_reported() {
    // MPPE with 128 bits and a known start key: an IPv4 packet, another, and one with Van Jacobson's header compression.
    let start = mppe::StartKey::from_bytes(mppe::Strength::Bits128, [7; 16]);
    let mut encryptor = mppe::Encryptor::new(&start, &mppe::Config::new(mppe::Mode::Stateless));
    let ip = hex::decode("45000014000000004001 66e7 0a000001 0a000002".replace(' ', "")).unwrap();
    let vj_agreed = |sender: u8| {
        let ack = hex::decode("ff03 8021 02 01 000a 02 06 002d 0f01".replace(' ', "")).unwrap();
        ((0, 0), [&[sender], &ack[..]].concat())
    };
    let mut frames = vec![vj_agreed(0), vj_agreed(1)];
    for (protocol, packet) in [(0x21, &ip[..]), (0x21, &ip[..]), (0x2d, &[0x40, 0x12, 0x34, 0x01][..])] {
        let mut buf = [0; 64];
        let encrypted = encryptor.encrypt(protocol, packet, &mut buf).unwrap();
        frames.push(((0, 0), [&[0x01, 0xff, 0x03, 0x00, 0xfd], encrypted].concat()));
    }
    let folder = tempfile::tempdir().unwrap();
    let written = folder.path().join("inner.pcap");
    let key = hex::encode([7; 16]);
    let (status, _, sentence) = told(&pcap(204, &frames), &["--send-key", &key, "--write", written.to_str().unwrap()]);
    assert_eq!(status, Some(0), "{sentence}");
    assert!(sentence.contains("2 decrypted packets written") && sentence.contains("1 were left out"), "{sentence}");
    assert_eq!(common::frames(&written).len(), 2);
}
