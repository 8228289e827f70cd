//! The inspector of L2TP: tunnels that it has to follow, and beside them packets of strangers and
//! forgers.
//!
//! An attacker on the path knows the ids of a tunnel and can write its packets. No inspector can
//! tell those from genuine ones, so this oracle has none. The others are:
//!
//! * **strangers**, with addresses of their own and any packet;
//! * **forgers** with the addresses of a genuine pair and other ports. They guess ids, wrongly, in
//!   packets of both directions. They are silent while an id of a genuine tunnel or session is
//!   not known. A capture may begin late, so that the first packet with a new id is taken for the
//!   other direction.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use l2tp_wire::Secret;
use l2tp_wire::header::Carrier;
use vpdn::inspect::{Path, Record, Session, Tunnel, Tunnels};

/// The bounds that the inspector promises.
const MAX_TUNNELS: usize = 1024;
const MAX_SESSIONS: usize = 4096;

/// A Hello, behind the header.
const HELLO: [u8; 8] = [0x80, 8, 0, 0, 0, 0, 0, 6];

/// The sender of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sender {
    /// An end of a tunnel that is followed.
    Genuine,
    Stranger,
    Forger,
}

/// A packet, and how it travels.
struct Packet<'a> {
    carrier: Carrier,
    path: Path,
    is_cut: bool,
    sender: Sender,
    bytes: &'a [u8],
}

/// The result of one packet, without the numbers that depend on what others have sent.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    records: Vec<String>,
    payload: Option<Vec<u8>>,
}

/// Reads the next packet: a byte that says how it travels, two of length, and the bytes.
fn next<'a>(data: &mut &'a [u8]) -> Option<Packet<'a>> {
    let (&[how, high, low], rest) = data.split_first_chunk()?;
    let (bytes, rest) = rest.split_at(rest.len().min(u16::from_be_bytes([high, low]).into()));
    *data = rest;
    let carrier = if how & 1 == 0 { Carrier::Udp } else { Carrier::Ip };
    let sender = match how >> 3 & 3 {
        0 | 3 => Sender::Genuine,
        1 => Sender::Stranger,
        _ => Sender::Forger,
    };
    let (net, port) = match sender {
        Sender::Genuine => (9, 1701),
        Sender::Stranger => (10, 1701),
        // The other end of a forged packet has the port that the inspector looks for.
        Sender::Forger => (9, 4500),
    };
    let pair = how >> 5;
    let [source_port, port] = if carrier == Carrier::Udp { [port, 1701] } else { [0; 2] };
    let [lac, lns] = [1, 2].map(|host| [10, net, pair, host]);
    let [source, destination] = if how & 2 == 0 { [lac, lns] } else { [lns, lac] };
    let path = (SocketAddr::from((source, source_port)), SocketAddr::from((destination, port)));
    Some(Packet { carrier, path, is_cut: how & 4 != 0, sender, bytes })
}

/// Returns whether both ids of all tunnels and sessions are known. Adds the known ones to `ids`.
fn is_settled(tunnels: &Tunnels, ids: &mut BTreeSet<u32>) -> bool {
    let pairs = tunnels.tunnels().map(Tunnel::ids).chain(tunnels.sessions().map(Session::ids));
    let mut is_settled = true;
    for (one, other) in pairs {
        ids.extend(one.into_iter().chain(other));
        is_settled &= one.is_some() && other.is_some();
    }
    is_settled
}

/// Writes a forged packet: an acknowledgment, a Hello, or data, for ids that are a guess. `None`
/// when the guess is right, and for a message to id 0, which asks for a tunnel and is no guess.
fn forge(carrier: Carrier, bytes: &[u8], mask: u8, ids: &BTreeSet<u32>) -> Option<Vec<u8>> {
    let (&[kind, a, b, c, d], rest) = bytes.split_first_chunk()?;
    let [a, b, c, d] = [a, b, c, d].map(|byte| byte ^ mask);
    let guesses =
        [u32::from_be_bytes([a, b, c, d]), u16::from_be_bytes([a, b]).into(), u16::from_be_bytes([c, d]).into()];
    if guesses.iter().any(|guess| *guess == 0 || ids.contains(guess)) {
        return None;
    }
    let numbers = rest.first_chunk::<4>().copied().unwrap_or_default();
    let body: &[u8] = if kind & 2 == 0 { &[] } else { &HELLO };
    let length = u16::try_from(12 + body.len()).expect("short").to_be_bytes();
    let v2 = [&[0xc8, 2], &length[..], &[a, b, 0, 0], &numbers, body].concat();
    let v3 = [&[0xc8, 3], &length[..], &[a, b, c, d], &numbers, body].concat();
    Some(match (carrier, kind & 5) {
        (Carrier::Udp, 0) => v2,
        (Carrier::Udp, 1) => [&[0, 2, a, b, c, d], rest].concat(),
        (Carrier::Udp, 4) => v3,
        (Carrier::Udp, _) => [&[0, 3, 0, 0, a, b, c, d], rest].concat(),
        (_, 0 | 4) => [&[0; 4], &v3[..]].concat(),
        _ => [&[a, b, c, d], rest].concat(),
    })
}

/// Hands in a forged packet, and one of the other direction with other ids.
fn handle_forged(all: &mut Tunnels, tag: u64, packet: &Packet<'_>, ids: &BTreeSet<u32>) {
    let [there, back] = [0, 0xff].map(|mask| forge(packet.carrier, packet.bytes, mask, ids));
    let (Some(there), Some(back)) = (there, back) else { return };
    let (source, destination) = packet.path;
    for (bytes, path) in [(there, packet.path), (back, (destination, source))] {
        handle(all, tag, &Packet { bytes: &bytes, path, is_cut: false, ..*packet });
    }
}

fn tunnels() -> Tunnels {
    Tunnels::new().with_secret(&Secret::new(b"s3cr3t-tunnel").expect("it is short"))
}

fn handle(tunnels: &mut Tunnels, tag: u64, packet: &Packet<'_>) -> Outcome {
    let mut records = Vec::new();
    let mut sink = |record: Record<'_>| {
        assert_eq!(record.tag, tag);
        let shown = format!("{:?} {:?} {}", record.content, record.direction, record.repeated);
        assert!(shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{shown}");
        records.push(shown);
    };
    let Packet { carrier, path, is_cut, bytes, .. } = *packet;
    let payload = if is_cut {
        tunnels.handle_cut(tag, carrier, path, bytes, &mut sink)
    } else {
        tunnels.handle(tag, carrier, path, bytes, &mut sink)
    };
    let payload = payload.map(|payload| {
        let (packet, inner) = (bytes.as_ptr_range(), payload.bytes.as_ptr_range());
        assert!(packet.start <= inner.start && inner.end <= packet.end, "a payload is a part of its packet");
        payload.bytes.to_vec()
    });
    // The packet itself, a proof from each of a few AVPs, and the end of a tunnel or session.
    assert!((1..=8).contains(&records.len()), "{} records of one packet", records.len());
    Outcome { records, payload }
}

/// Asserts that any packets cause no panic, that records are printable, and that what is known stays
/// bounded. Genuine tunnels give the records that they give when nobody else is there.
///
/// # Panics
///
/// When that does not hold.
pub fn run(mut data: &[u8]) {
    let mut packets = Vec::new();
    while let Some(packet) = next(&mut data) {
        packets.push(packet);
    }
    let tags = || (1_u64..).zip(&packets);
    // First alone, to know which ids are a guess, and when all are known.
    let (mut alone, mut ids) = (tunnels(), BTreeSet::new());
    let mut expected = Vec::new();
    for (tag, packet) in tags() {
        let outcome = (packet.sender == Sender::Genuine).then(|| handle(&mut alone, tag, packet));
        if let (Sender::Genuine, Ok(l2tp_wire::Packet::DataV2 { header, .. })) =
            (packet.sender, l2tp_wire::Packet::decode_udp(packet.bytes))
        {
            ids.insert(header.tunnel_id.into());
        }
        expected.push((outcome, is_settled(&alone, &mut ids)));
    }
    let mut all = tunnels();
    for ((tag, packet), (expected, is_settled)) in tags().zip(&expected) {
        match packet.sender {
            Sender::Genuine => {
                let outcome = Some(handle(&mut all, tag, packet));
                assert_eq!(outcome, *expected, "packet {tag} among those of others, and alone");
            }
            Sender::Stranger => drop(handle(&mut all, tag, packet)),
            Sender::Forger if *is_settled => handle_forged(&mut all, tag, packet, &ids),
            Sender::Forger => {}
        }
        assert!(all.takes(packet.path) || packet.carrier == Carrier::Ip);
    }
    let counts = (all.tunnels().count(), all.sessions().count());
    assert!(counts.0 <= MAX_TUNNELS && counts.1 <= MAX_SESSIONS, "{counts:?}");
    // A packet makes a tunnel and a session at most, and a forger sends two for one.
    assert!(counts.0.max(counts.1) <= 2 * packets.len(), "{counts:?} of {} packets", packets.len());
    for session in all.sessions() {
        let _ = format!("{session:?}");
    }
    for tunnel in all.tunnels() {
        let _ = format!("{tunnel:?}");
    }
}
