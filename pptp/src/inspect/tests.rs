//! What no capture of ours shows.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use mppe::{Config, Encryptor, Mode, StartKey, Strength};

use super::*;

const ENDS: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2))];

/// An IPv4 header, with its checksum, whose packet has no payload.
const IP: [u8; 20] = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 1, 0x66, 0xe7, 10, 0, 0, 1, 10, 0, 0, 2];

/// A GRE packet with an encrypted IP packet.
fn packet(encryptor: &mut Encryptor, number: u32) -> Vec<u8> {
    let mut buf = [0; 64];
    let encrypted = encryptor.encrypt(0x0021, &IP, &mut buf).unwrap();
    let payload = [&[0xfd], encrypted].concat();
    let header = pptp_gre::Header { call_id: 7, sequence_number: Some(number), acknowledgment_number: None };
    pptp_gre::Packet { header, payload: &payload, trailing: &[] }.to_vec().unwrap()
}

/// How many of the packets after the first `before` ones are decrypted.
fn decrypted(strength: Strength, key: &[u8], before: u32) -> usize {
    let mut octets = [0; 16];
    octets[..key.len()].copy_from_slice(key);
    let start = StartKey::from_octets(strength, octets);
    let mut encryptor = Encryptor::new(&start, &Config::new(Mode::Stateless));
    let mut inspector = Inspector::new(Secrets::new().with_start_key(&[9; 16]).with_start_key(key));
    let mut count: usize = 0;
    for number in 0..before.saturating_add(10) {
        let packet = packet(&mut encryptor, number);
        if number >= before {
            inspector.handle_gre(number.into(), ENDS[0], ENDS[1], &packet, &mut |record| {
                if let Content::Datagram { octets, decrypted: Some(_), .. } = record.content {
                    assert_eq!(octets, IP);
                    count = count.saturating_add(1);
                }
            });
        }
    }
    count
}

#[test]
fn a_link_is_joined_after_many_packets() {
    for before in [0, 1, 4095, 4096, 10_000, 60_000] {
        assert_eq!(decrypted(Strength::Bits128, &[7; 16], before), 10, "after {before} packets");
    }
    assert_eq!(decrypted(Strength::Bits40, &[7; 8], 5000), 10);
    assert_eq!(decrypted(Strength::Bits56, &[7; 8], 5000), 10);
    // Beyond what is looked for.
    assert_eq!(decrypted(Strength::Bits128, &[7; 16], 70_000), 0);
}

#[test]
fn sessions_are_bounded_and_forgotten_in_order() {
    let mut inspector = Inspector::new(Secrets::new());
    let frame = [0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0];
    for call in 0..3000u16 {
        let header = pptp_gre::Header { call_id: call, sequence_number: Some(0), acknowledgment_number: None };
        let packet = pptp_gre::Packet { header, payload: &frame, trailing: &[] }.to_vec().unwrap();
        inspector.handle_gre(0, ENDS[0], ENDS[1], &packet, &mut |_| {});
    }
    assert_eq!(inspector.sessions().count(), 1024);
    assert_eq!(inspector.forgotten_sessions(), 3000 - 1024);
    assert_eq!(inspector.sessions().next().unwrap().id(), SessionId(3000 - 1024 + 1));
}
