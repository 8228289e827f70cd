//! Cases that no capture of ours shows.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use mppe::{Config, Encryptor, Mode, StartKey, Strength};

use super::*;

const ENDS: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2))];

/// An IPv4 header, with its checksum, whose packet has no payload.
const IP: [u8; 20] = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 1, 0x66, 0xe7, 10, 0, 0, 1, 10, 0, 0, 2];

/// Returns a GRE packet with an encrypted IP packet.
fn packet(encryptor: &mut Encryptor, number: u32) -> Vec<u8> {
    let mut buf = [0; 64];
    let encrypted = encryptor.encrypt(0x0021, &IP, &mut buf).unwrap();
    let payload = [&[0xfd], encrypted].concat();
    let header = pptp_gre::Header { call_id: 7, sequence_number: Some(number), acknowledgment_number: None };
    pptp_gre::Packet { header, payload: &payload, trailing: &[] }.to_vec().unwrap()
}

/// Returns how many of the packets after the first `before` ones are decrypted.
fn decrypted(strength: Strength, key: &[u8], before: u32) -> usize {
    let mut bytes = [0; 16];
    bytes[..key.len()].copy_from_slice(key);
    let start = StartKey::from_bytes(strength, bytes);
    let mut encryptor = Encryptor::new(&start, &Config::new(Mode::Stateless));
    let mut inspector = Inspector::new(Secrets::new().with_start_key(&[9; 16]).with_start_key(key));
    let mut count: usize = 0;
    for number in 0..before.saturating_add(10) {
        let packet = packet(&mut encryptor, number);
        if number >= before {
            inspector.handle_gre(number.into(), ENDS[0], ENDS[1], &packet, &mut |record| {
                if let Content::Datagram { bytes, decrypted: Some(_), .. } = record.content {
                    assert_eq!(bytes, IP);
                    count = count.saturating_add(1);
                }
            });
        }
    }
    count
}

#[test]
fn a_link_is_joined_after_many_packets() {
    for before in [0, 1, 3000, 4095, 4096, 10_000, 60_000] {
        assert_eq!(decrypted(Strength::Bits128, &[7; 16], before), 10, "after {before} packets");
    }
    assert_eq!(decrypted(Strength::Bits40, &[7; 8], 5000), 10);
    assert_eq!(decrypted(Strength::Bits56, &[7; 8], 5000), 10);
    // Beyond what is looked for.
    assert_eq!(decrypted(Strength::Bits128, &[7; 16], 70_000), 0);
}

#[test]
fn the_depth_of_the_search_can_be_set() {
    let depth = |packets| {
        let start = StartKey::from_bytes(Strength::Bits128, [7; 16]);
        let mut encryptor = Encryptor::new(&start, &Config::new(Mode::Stateless));
        let secrets = Secrets::new().with_start_key(&[7; 16]).with_search_depth(packets);
        let (mut inspector, mut count) = (Inspector::new(secrets), 0usize);
        for number in 0..70_010 {
            let packet = packet(&mut encryptor, number);
            if number >= 70_000 {
                inspector.handle_gre(0, ENDS[0], ENDS[1], &packet, &mut |record| {
                    count = count.saturating_add(usize::from(matches!(record.content, Content::Datagram { .. })));
                });
            }
        }
        count
    };
    assert_eq!(depth(70_001), 10);
    // The place of none of the first three packets is before that.
    assert_eq!(depth(70_000), 0);
}

#[test]
fn a_key_is_proved_by_two_headers_and_what_waited_is_told_late() {
    let start = StartKey::from_bytes(Strength::Bits128, [7; 16]);
    let mut encryptor = Encryptor::new(&start, &Config::new(Mode::Stateless));
    let mut inspector = Inspector::new(Secrets::new().with_start_key(&[7; 16]));
    let mut told = Vec::new();
    let mut sink = |record: Record<'_>| {
        if let Content::NotDecrypted { reason } = record.content {
            told.push((record.tag, Some(reason)));
        } else if let Content::Datagram { .. } = record.content {
            told.push((record.tag, None));
        }
    };
    for number in 0..3 {
        let packet = packet(&mut encryptor, number);
        inspector.handle_gre(number.into(), ENDS[0], ENDS[1], &packet, &mut sink);
    }
    assert_eq!(told, [(0, Some(NotDecrypted::Unproved)), (0, None), (1, None), (2, None)]);
}

#[test]
fn one_packet_alone_proves_no_key() {
    let start = StartKey::from_bytes(Strength::Bits128, [7; 16]);
    let mut encryptor = Encryptor::new(&start, &Config::new(Mode::Stateless));
    let mut inspector = Inspector::new(Secrets::new().with_start_key(&[7; 16]));
    let mut reasons = Vec::new();
    let mut sink = |record: Record<'_>| {
        if let Content::NotDecrypted { reason } = record.content {
            reasons.push(reason);
        }
    };
    inspector.handle_gre(0, ENDS[0], ENDS[1], &packet(&mut encryptor, 0), &mut sink);
    inspector.finish(1, &mut sink);
    assert_eq!(reasons, [NotDecrypted::Unproved, NotDecrypted::Nonsense]);
}

/// RFC 2637 section 3.1.1: port 1723 shows the server, also when it is seen after packets of the tunnel.
#[test]
fn roles_that_show_later_correct_earlier_counts() {
    let mut inspector = Inspector::new(Secrets::new());
    let echo = [0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0];
    let header = pptp_gre::Header { call_id: 7, sequence_number: Some(0), acknowledgment_number: None };
    let gre = pptp_gre::Packet { header, payload: &echo, trailing: &[] }.to_vec().unwrap();
    let [client, server] = ENDS;
    // The client is heard first, and is taken for the server.
    inspector.handle_gre(1, client, server, &gre, &mut |_| {});
    let session = inspector.sessions().next().unwrap();
    assert_eq!((session.roles(), session.client()), (Roles::Guessed, Some(server)));
    assert_eq!(session.counters(Direction::ToClient).frames, 1);

    let mut events = 0usize;
    let ends = (SocketAddr::new(server, 1723), SocketAddr::new(client, 40_000));
    inspector.handle_control(2, ends.0, ends.1, ControlInput::Seen, &mut |record| {
        assert!(matches!(record.content, Content::Event(Event::Roles(Roles::Port))));
        events = events.saturating_add(1);
    });
    assert_eq!(events, 1);
    let session = inspector.sessions().next().unwrap();
    assert_eq!((session.roles(), session.client()), (Roles::Port, Some(client)));
    assert_eq!(session.counters(Direction::ToServer).frames, 1);
    // A Challenge from the client changes nothing: the port says more.
    let challenge = [0xc2, 0x23, 1, 1, 0, 6, 1, 7];
    let gre = pptp_gre::Packet { header, payload: &challenge, trailing: &[] }.to_vec().unwrap();
    inspector.handle_gre(3, client, server, &gre, &mut |_| {});
    assert_eq!(inspector.sessions().next().unwrap().client(), Some(client));
    // A session that begins later between the same hosts is known at once.
    let header = pptp_gre::Header { call_id: 8, sequence_number: Some(0), acknowledgment_number: None };
    let gre = pptp_gre::Packet { header, payload: &echo, trailing: &[] }.to_vec().unwrap();
    inspector.handle_gre(4, client, server, &gre, &mut |_| {});
    assert!(inspector.sessions().all(|session| session.client() == Some(client)));
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
