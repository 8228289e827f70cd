//! Both ends of a session, and packets from elsewhere.

use core::time::Duration;

use super::*;
use crate::Address;
use crate::header::{Cookie, Sublayer};

const OURS: TunnelSession = TunnelSession { tunnel_id: 1, session_id: 2 };
const THEIRS: TunnelSession = TunnelSession { tunnel_id: 3, session_id: 4 };
const COOKIE: Cookie = Cookie::Eight([1, 2, 3, 4, 5, 6, 7, 8]);

fn peer(ip: bool) -> Address {
    let host = "192.0.2.1:1701".parse::<core::net::SocketAddr>().unwrap();
    if ip { Address::ip(host.ip()) } else { Address::udp(host) }
}

fn v2() -> (Config, Config) {
    let ours = Config::new(peer(false), Wire::V2 { local: OURS, peer: THEIRS });
    (ours, Config { wire: Wire::V2 { local: THEIRS, peer: OURS }, ..ours })
}

fn v3(ip: bool, cookie: Cookie, has_sublayer: bool) -> (Config, Config) {
    let local = SessionWire { session_id: 7, cookie: Cookie::Zero, has_sublayer: false };
    let remote = SessionWire { session_id: 9, cookie, has_sublayer };
    let ours = Config::new(peer(ip), Wire::V3 { local, peer: remote });
    (ours, Config { wire: Wire::V3 { local: remote, peer: local }, ..ours })
}

const NOW: Duration = Duration::ZERO;

#[test]
fn every_layout_goes_in_place_and_by_copy_and_comes_out() {
    let mut layouts = alloc::vec![v2()];
    for ip in [false, true] {
        for cookie in [Cookie::Zero, Cookie::Four([1, 2, 3, 4]), COOKIE] {
            layouts.extend([v3(ip, cookie, false), v3(ip, cookie, true)]);
        }
    }
    let mut lengths = alloc::vec::Vec::new();
    for (ours, theirs) in layouts {
        for (length_field, sequencing) in [(false, Sequencing::Off), (true, Sequencing::Both)] {
            let ours = ours.with_length_field(length_field).with_sequencing(sequencing);
            let mut sender: DataChannel = DataChannel::new(ours);
            let mut receiver: DataChannel = DataChannel::new(theirs.with_sequencing(sequencing));
            let mut copied = [0; HEADROOM + 5];
            let copy = sender.clone().encapsulate(b"frame", None, &mut copied).unwrap().payload.len();
            let mut buf = [0; HEADROOM + 5];
            buf[HEADROOM..].copy_from_slice(b"frame");
            let mut packet = sender.encapsulate_in_place(None, &mut buf).unwrap().payload.to_vec();
            assert_eq!((packet.as_slice(), packet.len()), (&copied[..copy], ours.header_len() + 5));
            let Ok(Received::Frame(frame)) = receiver.decapsulate_in_place(NOW, &mut packet) else { panic!() };
            assert_eq!(frame, b"frame");
            lengths.push(ours.header_len());
            assert_eq!(sender.counters().bytes_sent, receiver.counters().bytes_received);
        }
    }
    assert_eq!(lengths[..4], [6, 12, 8, 8]);
    assert_eq!(lengths.iter().max(), Some(&HEADROOM));
}

#[test]
fn section_3_1_a_length_cuts_off_what_lies_behind() {
    let (ours, theirs) = v2();
    let mut sender: DataChannel = DataChannel::new(ours.with_length_field(true));
    let mut receiver: DataChannel = DataChannel::new(theirs);
    let mut buf = [0; 64];
    let mut packet = sender.encapsulate(b"frame", None, &mut buf).unwrap().payload.to_vec();
    packet.extend_from_slice(b"padding");
    assert_eq!(receiver.decapsulate(NOW, &packet), Ok(Received::Frame(&b"frame"[..])));
}

#[test]
fn rfc_3931_section_4_1_a_wrong_cookie_changes_nothing_and_is_counted() {
    let (ours, theirs) = v3(false, COOKIE, true);
    let mut sender: DataChannel = DataChannel::new(ours.with_sequencing(Sequencing::Both));
    let mut receiver: DataChannel<8, 64> =
        DataChannel::new(theirs.with_sequencing(Sequencing::Both).with_reorder_timeout(Duration::from_millis(100)));
    let mut undisturbed = receiver.clone();
    let mut buf = [0; 64];
    for number in 0_u64..200 {
        let packet = sender.encapsulate(&number.to_be_bytes(), None, &mut buf).unwrap().payload.to_vec();
        for byte in 8..16 {
            let mut forged = packet.clone();
            forged[byte] ^= 0x40;
            // The number too: it must not be looked at before the cookie.
            forged[17] = 0x7f;
            assert_eq!(receiver.decapsulate(NOW, &forged), Err(ReceiveError::WrongCookie));
        }
        let mut other = packet.clone();
        other[7] ^= 1;
        assert_eq!(receiver.decapsulate(NOW, &other), Err(ReceiveError::OtherSession));
        assert!(receiver.decapsulate(NOW, &packet[..10]).is_err());
        assert_eq!(receiver.decapsulate(NOW, &packet), undisturbed.decapsulate(NOW, &packet));
    }
    let counters = receiver.counters();
    assert_eq!((counters.wrong_cookie, counters.receive_dropped, counters.packets_received), (1600, 2000, 200));
}

#[test]
fn cve_2026_23072_the_other_version_and_control_are_of_another_session() {
    let (_, theirs) = v2();
    let mut receiver: DataChannel = DataChannel::new(theirs);
    assert_eq!(receiver.decapsulate(NOW, b"\0\x03\0\0\0\x03\0\x04data"), Err(ReceiveError::OtherSession));
    assert_eq!(receiver.decapsulate(NOW, b"\xc8\x02\0\x0c\0\x03\0\x04\0\0\0\0"), Err(ReceiveError::OtherSession));
}

#[test]
fn section_5_4_the_lac_follows_the_lns() {
    let (ours, theirs) = v2();
    let mut lac: DataChannel = DataChannel::new(ours.with_sequencing_of_peer(true));
    let mut lns: DataChannel = DataChannel::new(theirs.with_sequencing(Sequencing::Both));
    let mut buf = [0; 64];
    let mut flags = |lac: &mut DataChannel| lac.encapsulate(b"x", None, &mut buf).unwrap().payload.to_vec();
    assert_eq!(flags(&mut lac)[..2], [0, 2]);
    let mut reply = [0; 64];
    lac.decapsulate(NOW, lns.encapsulate(b"y", None, &mut reply).unwrap().payload).unwrap();
    assert_eq!(flags(&mut lac)[..8], [8, 2, 0, 3, 0, 4, 0, 0]);
    assert_eq!(flags(&mut lac)[..8], [8, 2, 0, 3, 0, 4, 0, 1]);
    lns.set_sequencing(Sequencing::Off);
    lac.decapsulate(NOW, lns.encapsulate(b"y", None, &mut reply).unwrap().payload).unwrap();
    assert_eq!(flags(&mut lac)[..2], [0, 2]);
    // It picks up where it left off.
    lns.set_sequencing(Sequencing::Both);
    let packet = lns.encapsulate(b"y", None, &mut reply).unwrap().payload;
    assert_eq!(packet[6..8], [0, 1]);
    lac.decapsulate(NOW, packet).unwrap();
    assert_eq!(flags(&mut lac)[6..8], [0, 2]);
}

#[test]
fn twenty_percent_loss_costs_twenty_percent_of_the_frames() {
    // Linux without a reorder time-out delivered 4 of 40 in the recording v3-udp-seq-loss.
    let (ours, theirs) = v3(false, COOKIE, true);
    let mut sender: DataChannel = DataChannel::new(ours.with_sequencing(Sequencing::Both));
    let mut receiver: DataChannel = DataChannel::new(theirs.with_sequencing(Sequencing::Both));
    let mut buf = [0; 64];
    for number in 0..1000 {
        let packet = sender.encapsulate(b"ping", None, &mut buf).unwrap().payload;
        if number % 5 != 3 {
            assert_eq!(receiver.decapsulate(NOW, packet), Ok(Received::Frame(&b"ping"[..])));
        }
    }
    assert_eq!((receiver.counters().packets_received, receiver.counters().lost), (800, 200));
}

#[test]
fn numbers_wrap_with_reordering_and_duplicates() {
    let (ours, theirs) = v3(true, COOKIE, true);
    let mut sender: DataChannel = DataChannel::new(ours.with_sequencing(Sequencing::Both));
    sender.start_at(Sublayer::MAX_SEQUENCE - 50);
    let mut receiver: DataChannel<8, 64> =
        DataChannel::new(theirs.with_sequencing(Sequencing::Both).with_reorder_timeout(Duration::from_millis(100)));
    let mut packets = alloc::vec::Vec::new();
    for number in 0_u8..100 {
        let mut buf = [0; 64];
        packets.push(sender.encapsulate(&[number], None, &mut buf).unwrap().payload.to_vec());
    }
    for group in packets[1..].chunks_mut(3) {
        group.reverse();
    }
    let mut delivered = alloc::vec::Vec::new();
    for packet in packets.iter().flat_map(|packet| [packet, packet]) {
        if let Ok(Received::Frame(frame)) = receiver.decapsulate(NOW, packet) {
            delivered.push(frame[0]);
        }
        while let Some(frame) = receiver.poll_receive(NOW) {
            delivered.push(frame[0]);
        }
    }
    assert!(delivered.iter().copied().eq(0..100), "{delivered:?}");
}

#[test]
fn path_mtu_and_outer_header_go_with_each_packet() {
    let (ours, _) = v2();
    let config = ours.with_path_mtu(true).with_ttl(9).with_type_of_service(TypeOfService::Reflect);
    let mut channel: DataChannel = DataChannel::new(config);
    let mut buf = [0; 2000];
    assert_eq!(channel.session_mtu(), None);
    let datagram = channel.encapsulate(&[0; 1800], Some(0xb8), &mut buf).unwrap();
    let outer = OuterHeader { dont_fragment: true, ttl: Some(9), type_of_service: Some(0xb8) };
    assert_eq!((datagram.outer, datagram.destination), (outer, peer(false)));
    channel.handle_path_mtu(1500);
    assert_eq!(channel.session_mtu(), Some(1466));
    let error = channel.encapsulate(&[0; 1467], None, &mut buf).unwrap_err();
    assert_eq!(error, SendError::ExceedsMtu { length: 1467, mtu: 1466 });
    assert!(channel.encapsulate(&[0; 1466], None, &mut buf).is_ok());
    // A forged ICMP message does not bring the session down.
    channel.handle_path_mtu(0);
    assert_eq!(channel.session_mtu(), Some(576 - 34));
    assert_eq!(channel.counters().exceeded_mtu, 1);
}

#[test]
fn memory_is_what_the_documentation_says() {
    assert!(size_of::<DataChannel>() <= 400, "{}", size_of::<DataChannel>());
    let slots = size_of::<DataChannel<8, 1500>>();
    assert!(slots <= 400 + 8 * (1500 + 44), "{slots}");
}
