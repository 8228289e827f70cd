//! Carriers: a session gives the same records, decryptions and summary, whatever it is wrapped in.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may fail")]

mod common;

use common::{frames, pcap, recordings, say};
use pptp::inspect::{Inspector, Secrets};
use vpdn::capture::{self, Item};
use vpdn::show::{Lines, summary};

/// Returns the lines and the summary of a capture, without the PPP frames of another carrier than
/// GRE.
fn read(file: &[u8], password: &str) -> (Vec<String>, String) {
    let mut inspector = Inspector::new(Secrets::new().with_password(None, password));
    let mut lines = Lines::new(Vec::new());
    let report = capture::read(file, &mut inspector, |place, item| {
        if place.carrier.is_none() || !matches!(item, Item::Record(_)) {
            lines.item(place, item).unwrap();
        }
    });
    assert_eq!(report.outcome, Ok(()));
    let mut text = Vec::new();
    summary::write(&mut text, &inspector).unwrap();
    let lines = String::from_utf8(lines.out).unwrap();
    (lines.lines().map(str::to_owned).collect(), String::from_utf8(text).unwrap())
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    hex::decode(hexadecimal.replace(' ', "")).unwrap()
}

/// Returns an IPv4 header, with its checksum.
fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut header = bytes("4500 0000 0000 4000 4000 0000 c6336401 c6336402");
    header[9] = protocol;
    header[2..4].copy_from_slice(&u16::try_from(20 + payload.len()).unwrap().to_be_bytes());
    let sum: u32 = header.chunks_exact(2).map(|word| u32::from(u16::from_be_bytes([word[0], word[1]]))).sum();
    let checksum = !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
    header[10..12].copy_from_slice(&checksum.to_be_bytes());
    [&header, payload].concat()
}

fn ethernet(ether_type: &str, payload: &[u8]) -> Vec<u8> {
    [bytes("0200 0000 0001 0200 0000 0002"), bytes(ether_type), payload.to_vec()].concat()
}

fn pppoe(frame: &[u8]) -> Vec<u8> {
    [bytes("1100 0007"), u16::try_from(frame.len()).unwrap().to_be_bytes().to_vec(), frame.to_vec()].concat()
}

fn udp(payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap().to_be_bytes();
    [&bytes("06a5 06a5")[..], &length, &[0, 0], payload].concat()
}

/// Gives an IP packet in the carrier.
type Wrap = fn(&[u8]) -> Vec<u8>;

/// Name, link type, and how an IP packet is carried.
const CARRIERS: &[(&str, u32, Wrap)] = &[
    ("IP alone", 101, |ip| ip.to_vec()),
    ("802.1Q", 1, |ip| ethernet("8100 0064 0800", ip)),
    ("802.1ad and 802.1Q", 1, |ip| ethernet("88a8 0064 8100 0065 0800", ip)),
    ("PPPoE", 1, |ip| ethernet("8864", &pppoe(&[&[0x00, 0x21], ip].concat()))),
    ("PPPoE in 802.1Q", 1, |ip| ethernet("8100 0007 8864", &pppoe(&[&[0x21], ip].concat()))),
    ("PPPoE in cooked capture", 113, |ip| {
        [bytes("0000 0001 0006 0200 0000 0002 0000 8864"), pppoe(&[&[0x00, 0x21], ip].concat())].concat()
    }),
    ("PPPoE alone", 51, |ip| pppoe(&[&[0x00, 0x21], ip].concat())),
    ("cooked capture", 113, |ip| [bytes("0004 0001 0006 0200 0000 0002 0000 0800"), ip.to_vec()].concat()),
    ("cooked capture 2", 276, |ip| [bytes("0800 0000 00000002 0001 04 06 0200 0000 0002 0000"), ip.to_vec()].concat()),
    ("MPLS", 1, |ip| ethernet("8847 0001 4040 0002 3140", ip)),
    ("LLC and SNAP", 1, |ip| {
        let length = hex::encode(u16::try_from(8 + ip.len()).unwrap_or(0).to_be_bytes());
        // A packet that is too long for a length has the type of IP.
        if ip.len() > 1492 { ethernet("0800", ip) } else { ethernet(&(length + "aaaa03 000000 0800"), ip) }
    }),
    ("L2TP", 101, |ip| ipv4(17, &udp(&[&bytes("0002 0005 0006 ff03 0021"), ip].concat()))),
    ("L2TP with length, sequence and offset", 101, |ip| {
        let length = hex::encode(u16::try_from(20 + ip.len()).unwrap().to_be_bytes());
        let header = format!("4a02 {length} 0005 0006 0001 0002 0002 0000 ff03 0021");
        ipv4(17, &udp(&[&bytes(&header), ip].concat()))
    }),
    ("L2TP in PPPoE", 1, |ip| {
        let l2tp = ipv4(17, &udp(&[&bytes("0002 0005 0006 0021"), ip].concat()));
        ethernet("8864", &pppoe(&[&[0x00, 0x21], &l2tp[..]].concat()))
    }),
    ("serial PPP", 9, |ip| [&[0xff, 0x03, 0x00, 0x21], ip].concat()),
    ("Cisco HDLC as PPP", 50, |ip| [&[0x0f, 0x00, 0x08, 0x00], ip].concat()),
    ("Cisco HDLC", 104, |ip| [&[0x8f, 0x00, 0x08, 0x00], ip].concat()),
    ("pppd's direction", 166, |ip| [&[0x00, 0x03, 0x00, 0x21], ip].concat()),
    ("PPP with direction", 204, |ip| [&[0x01, 0xff, 0x03, 0x00, 0x21], ip].concat()),
    ("IP in ATM", 100, |ip| [bytes("aaaa03 000000 0800"), ip.to_vec()].concat()),
    ("PPP in ATM", 100, |ip| [bytes("fefe03 cf 0021"), ip.to_vec()].concat()),
    ("OpenBSD's loopback", 108, |ip| [&[0, 0, 0, 2], ip].concat()),
    ("OpenBSD's ENC", 109, |ip| [bytes("02000000 00000000 00000000"), ip.to_vec()].concat()),
    ("IP in IP", 101, |ip| ipv4(4, ip)),
    ("GRE", 101, |ip| ipv4(47, &[bytes("2000 0800 00000007"), ip.to_vec()].concat())),
    ("Ethernet in GRE", 101, |ip| ipv4(47, &[bytes("0000 6558"), ethernet("0800", ip)].concat())),
    ("PPTP in the clear", 101, |ip| {
        let length = hex::encode(u16::try_from(2 + ip.len()).unwrap().to_be_bytes());
        ipv4(47, &[bytes(&format!("3001 880b {length} 0009 00000001 0021")), ip.to_vec()].concat())
    }),
];

#[test]
fn each_recorded_session_is_the_same_in_every_carrier() {
    let recordings = recordings();
    assert!(recordings.len() >= 30);
    let mut compared = 0;
    for (name, path, password) in &recordings {
        let frames = frames(path);
        let ip = |frame: &[u8]| (frame[12..14] == [0x08, 0x00]).then(|| frame[14..].to_vec());
        // The Ethernet padding of short frames is not part of the packet.
        let whole = |ip: Vec<u8>| ip[..ip.len().min(usize::from(u16::from_be_bytes([ip[2], ip[3]])))].to_vec();
        let packets: Vec<_> = frames.iter().filter_map(|(time, frame)| Some((*time, whole(ip(frame)?)))).collect();
        let bare = pcap(1, &packets.iter().map(|(time, ip)| (*time, ethernet("0800", ip))).collect::<Vec<_>>());
        let (lines, summary) = read(&bare, password);
        assert!(lines.len() > 20, "{name}: {}", lines.len());
        for (carrier, link_type, wrap) in CARRIERS {
            let wrapped: Vec<_> = packets.iter().map(|(time, ip)| (*time, wrap(ip))).collect();
            let (found, told) = read(&pcap(*link_type, &wrapped), password);
            // The outer tunnel has lines and a session of its own.
            let own = |line: &&String| !line.contains(r#""dst":"198.51.100."#);
            let found: Vec<_> = found.iter().filter(own).collect();
            let place = format!("{name} in {carrier}");
            assert_eq!(found.len(), lines.len(), "{place}");
            for (found, expected) in found.iter().zip(&lines) {
                assert_eq!(*found, expected, "{place}");
            }
            if *carrier == "PPTP in the clear" {
                let (_, own) = told.split_once("\nsession 2:").unwrap();
                let (_, expected) = summary.split_once("\nsession 1:").unwrap();
                assert_eq!(own.split("\nsession").next(), expected.split("\nsession").next(), "{place}");
            } else {
                assert_eq!(told, summary, "{place}");
            }
            compared += found.len();
        }
    }
    say!(
        "{compared} lines of {} recordings in {} carriers are those of the bare ones",
        recordings.len(),
        CARRIERS.len()
    );
}

#[test]
fn nesting_is_bounded() {
    let echo = bytes("45000014 00000000 4001 66e7 0a000001 0a000002");
    let mut packet = echo;
    for _ in 0..1000 {
        packet = ipv4(4, &packet);
    }
    let gre = ipv4(47, &bytes("3081 880b 0000 0007 00000001 00000001"));
    for (depth, expected) in [(0, 1), (12, 1), (13, 0)] {
        let mut nested = gre.clone();
        for _ in 0..depth {
            nested = ipv4(4, &nested);
        }
        let file = pcap(101, &[((0, 0), nested), ((0, 0), packet.clone())]);
        assert_eq!(read(&file, "").0.len(), expected, "{depth}");
    }
}
