//! Recorded data packets of the Linux kernel, taken by a data channel in the place of each end.

use std::time::Duration;

use l2tp_wire::Address;
use l2tp_wire::data::{Config, DataChannel, ReceiveError, Received, Sequencing, SessionWire, TunnelSession, Wire};
use l2tp_wire::header::Cookie;

use crate::capture::{Recorded, read_pcap, recordings};

/// Static sessions over UDP: name, bytes of the cookie, whether there is a sublayer.
const SESSIONS: &[(&str, usize, bool)] = &[
    ("v3-udp-plain", 0, true),
    ("v3-udp-cookie4", 4, true),
    ("v3-udp-cookie8-seq", 8, true),
    ("v3-udp-l2spec-none", 4, false),
    ("v3-udp-seq-loss", 4, true),
];

fn peer() -> Address {
    Address::udp("10.9.0.2:1701".parse().unwrap())
}

/// Returns the packets of one direction that carry data.
fn data(packets: &[Recorded], from_client: bool, version: u8) -> Vec<&Recorded> {
    let is_data = |bytes: &[u8]| bytes.len() > 8 && bytes[0] & 0x80 == 0 && bytes[1] == version;
    packets.iter().filter(|packet| packet.from_client == from_client && is_data(&packet.bytes)).collect()
}

#[test]
fn every_recorded_frame_of_static_sessions_is_delivered_and_with_another_cookie_none() {
    let Some(folder) = recordings() else {
        println!("SKIPPED: the recordings are not here (../shared/captures/l2tp-lab)");
        return;
    };
    for (name, cookie_len, has_sublayer) in SESSIONS {
        let packets = read_pcap(&folder.join(name).join("session.pcap"));
        for from_client in [true, false] {
            let packets = data(&packets, from_client, 3);
            let first = &packets.first().expect("both ends send").bytes;
            let session_id = u32::from_be_bytes(first[4..8].try_into().unwrap());
            let cookie = Cookie::new(&first[8..8 + cookie_len]).unwrap();
            let local = SessionWire { session_id, cookie, has_sublayer: *has_sublayer };
            let wire = Wire::V3 { local, peer: local };
            let mut channel: DataChannel =
                DataChannel::new(Config::new(peer(), wire).with_sequencing(Sequencing::Both));
            for packet in &packets {
                let received = channel.decapsulate(packet.at, &packet.bytes);
                let Ok(Received::Frame(frame)) = received else { panic!("{name}: {received:?}") };
                // An Ethernet frame: ARP, IPv4 or IPv6.
                assert!([[8, 6], [8, 0], [0x86, 0xdd]].contains(&[frame[12], frame[13]]), "{name}: {frame:02x?}");
            }
            let counters = channel.counters();
            println!(
                "{name}: {} of {} packets, {} numbers lost",
                counters.packets_received,
                packets.len(),
                counters.lost
            );
            if *cookie_len > 0 {
                let other = SessionWire { cookie: Cookie::new(&[0x5a; 8][..*cookie_len]).unwrap(), ..local };
                let mut channel: DataChannel =
                    DataChannel::new(Config::new(peer(), Wire::V3 { local: other, peer: other }));
                for packet in &packets {
                    assert_eq!(channel.decapsulate(packet.at, &packet.bytes), Err(ReceiveError::WrongCookie));
                }
            }
        }
    }
}

#[test]
fn recorded_sessions_of_version_2_with_numbers_are_delivered_in_order() {
    let Some(folder) = recordings() else {
        println!("SKIPPED: the recordings are not here (../shared/captures/l2tp-lab)");
        return;
    };
    for name in ["x-seq-kernel", "xa-seq", "x-reorder", "x-mppe128", "k-kl2tpd"] {
        let packets = read_pcap(&folder.join(name).join("session.pcap"));
        for from_client in [true, false] {
            let packets = data(&packets, from_client, 2);
            let flags = packets.first().expect("both ends send").bytes[0];
            // Without Length, the ids follow the flags.
            let at = if flags & 0x40 == 0 { 2 } else { 4 };
            let id = |at: usize| u16::from_be_bytes(packets[0].bytes[at..at + 2].try_into().unwrap());
            let local = TunnelSession { tunnel_id: id(at), session_id: id(at + 2) };
            let config = Config::new(peer(), Wire::V2 { local, peer: local }).with_sequencing(Sequencing::Both);
            let mut channel: DataChannel<16, 1600> =
                DataChannel::new(config.with_reorder_timeout(Duration::from_millis(200)));
            for packet in &packets {
                let received = channel.decapsulate(packet.at, &packet.bytes);
                assert!(received.is_ok() || matches!(received, Err(ReceiveError::Late { .. })), "{name}: {received:?}");
                while channel.poll_receive(packet.at).is_some() {}
            }
            let counters = channel.counters();
            println!("{name}: {} of {} packets", counters.packets_received, packets.len());
            assert_eq!(counters.packets_received + counters.out_of_order, u64::try_from(packets.len()).unwrap());
            assert!(counters.out_of_order == 0 || name == "x-reorder");
        }
    }
}
