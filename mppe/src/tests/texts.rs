//! Texts for logs: counters, flags, protocols, and what is printed of packets.

use alloc::format;
use alloc::string::ToString as _;

use super::{ends, ip, sealed};
use crate::{Batch, Config, Flags, Incoming, Mode, Outgoing, ProtocolSet, Statistics, Strength};

#[test]
fn counters_of_both_directions_are_printed_in_pairs() {
    let (mut encryptor, mut decryptor) = ends(Strength::Bits128, Config::new(Mode::Stateless));
    for mark in 0..3 {
        let mut packet = sealed(&mut encryptor, &ip(mark, 20));
        if mark != 1 {
            decryptor.decrypt(&mut packet).unwrap();
        }
    }
    let statistics = Statistics { sent: encryptor.statistics(), received: decryptor.statistics() };
    let lines = [
        "packets encrypted = 3, packets decrypted = 2",
        "sent CCP resets = 0, receive CCP resets = 0",
        "next tx coherency = 3, next rx coherency = 3",
        "tx key changes = 3, rx key changes = 3",
        "rx pkt dropped = 0, rx out of order pkt = 0",
        "rx missed packets = 1",
    ];
    assert_eq!(statistics.to_string(), lines.join("\n"));
}

/// RFC 3078 section 3.1 names the bits from A to D.
#[test]
fn section_3_1_flags_are_printed_with_the_letters_of_the_rfc() {
    let flags = Flags::FLUSHED.union(Flags::ENCRYPTED);
    assert_eq!(format!("{flags}, {flags:?}, {}", Flags::empty()), "A D, Flags(A D), none");
    assert_eq!(format!("{:?}", ProtocolSet::default()), "[0x0021, 0x0057]");
    assert_eq!([Mode::Stateless, Mode::Stateful].map(|mode| mode.to_string()), ["stateless", "stateful"]);
}

#[test]
fn packets_are_printed_without_their_bytes() {
    let (mut encryptor, mut decryptor) = ends(Strength::Bits128, Config::new(Mode::Stateless));
    let mut packet = sealed(&mut encryptor, &ip(0, 20));
    let pending = format!("{:?}", decryptor.decrypt_pending(&mut packet.clone()).unwrap());
    assert!(pending.starts_with("Pending { header: Header"), "{pending}");
    assert_eq!(format!("{:?}", Incoming::new(&mut packet)), "Incoming { result: None, .. }");
    assert_eq!(format!("{:?}", Outgoing::new(&mut packet, 2..2)), "Outgoing { state: Refused(NoProtocol), .. }");
    assert_eq!(format!("{:?}", Batch::default()), "Batch");
}
