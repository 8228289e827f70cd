//! The text of values, and buffers that are too small.

use mppc::{CoherencyCount, Compressor, Decompressor, Flags, Header, History, Receiver, Sender, level};

/// RFC 2118 section 4.3: the bits A to D stand in front of the count.
#[test]
fn section_4_3_flags_are_printed_by_their_letters() {
    let all = Flags::FLUSHED | Flags::AT_FRONT | Flags::COMPRESSED | Flags::ENCRYPTED;
    assert_eq!(all.to_string(), "A B C D");
    assert_eq!(format!("{:?}", Flags::COMPRESSED), "Flags(C)");
    assert_eq!(Flags::empty().to_string(), "none");
    assert_eq!(CoherencyCount::new(0xf123).to_string(), "291");
}

#[test]
fn section_4_3_a_header_that_does_not_fit_says_what_is_needed() {
    let header = Header { flags: Flags::FLUSHED, count: CoherencyCount::new(0x123) };
    let refused = header.encode(&mut [0; 1]).unwrap_err();
    assert_eq!((refused.needed, refused.available), (2, 1));
    let mut buf = [0xee; 3];
    assert_eq!(header.encode(&mut buf).unwrap(), [0x81, 0x23]);
    assert_eq!(buf, [0x81, 0x23, 0xee]);
}

/// The history is other packets' plaintext.
#[test]
fn histories_are_not_printed() {
    let mut sender = Sender::new(level::Fast, History::Continuous);
    let mut buf = [0; 64];
    let sent = sender.encapsulate(b"secretsecretsecretsecret", &mut buf).unwrap();
    let mut receiver = Receiver::default();
    assert_eq!(receiver.decapsulate(sent, 100).unwrap(), b"secretsecretsecretsecret");
    let printed = format!("{sender:?} {:?} {:?}", Compressor::new(level::Fast), Decompressor::default());
    assert!(printed.contains("Sender { compressor: Compressor"), "{printed}");
    assert!(!printed.contains("115, 101") && !printed.contains("secret"), "{printed}");
}
