//! The inspector, and the reader of captures in front of it.

use std::net::SocketAddr;

use arbitrary::{Arbitrary, Unstructured};
use pptp::inspect::{Content, ControlInput, Direction, Inspector, Record, Secrets};
use vpdn::capture::{self as reader, Item};

/// Key changes that are looked through in a link whose start was not captured, for each key.
const SEARCH_DEPTH: u64 = 256;

fn secrets() -> Secrets {
    let secrets = Secrets::new().with_password(None, "wonderland");
    secrets.with_start_key(&[7; 16]).with_start_key(&[7; 8]).with_search_depth(SEARCH_DEPTH)
}

/// Asserts that any bytes are read as a capture to their end, and that no frame gives more than a
/// bounded number of records.
///
/// # Panics
///
/// When that does not hold.
pub fn capture(data: &[u8]) {
    let mut inspector = Inspector::new(secrets());
    let (mut records, mut bytes) = (0usize, 0usize);
    let report = reader::read(data, &mut inspector, |_, item| {
        if let Item::Record(record) = item {
            records += 1;
            bytes = bytes.max(look(record));
        }
    });
    let frames = usize::try_from(report.frames).expect("a small number");
    assert!(frames <= data.len() / 16 + 1);
    // A segment has a message for 8 bytes at most, a packet few layers, and events follow from
    // messages.
    assert!(records <= 8 * frames + data.len(), "{records} records of {frames} frames");
    assert!(bytes <= data.len() + 64);
    check(&inspector);
}

/// One input of an inspector.
#[derive(Debug, Arbitrary)]
enum Operation<'a> {
    Control { from_client: bool, client: u8, bytes: &'a [u8] },
    ControlStart { from_client: bool, client: u8 },
    ControlLost { from_client: bool, client: u8 },
    ControlEnd { from_client: bool, client: u8 },
    Gre { from_client: bool, client: u8, call_id: u8, number: u8, frame: &'a [u8] },
    GreBytes { from_client: bool, bytes: &'a [u8] },
    Frame { link: u8, to_server: bool, bytes: &'a [u8] },
    Finish,
}

/// Asserts that any packets in any order cause no panic, and that what is known stays bounded.
///
/// # Panics
///
/// When that does not hold.
pub fn packets(data: &[u8]) {
    let mut data = Unstructured::new(data);
    let mut inspector = Inspector::new(secrets());
    let mut tag = 0;
    while !data.is_empty() {
        let Ok(operation) = Operation::arbitrary(&mut data) else { break };
        tag += 1;
        let mut sink = |record: Record<'_>| {
            look(&record);
            assert!(record.tag <= tag);
        };
        let ends = |from_client, client: u8| {
            let ends = [SocketAddr::from(([10, 0, 0, client], 1000)), SocketAddr::from(([10, 1, 0, 0], 1723))];
            if from_client { (ends[0], ends[1]) } else { (ends[1], ends[0]) }
        };
        match operation {
            Operation::Control { from_client, client, bytes } => {
                let (source, destination) = ends(from_client, client);
                inspector.handle_control(tag, source, destination, ControlInput::Bytes(bytes), &mut sink);
            }
            Operation::ControlStart { from_client, client } => {
                let (source, destination) = ends(from_client, client);
                inspector.handle_control(tag, source, destination, ControlInput::Start, &mut sink);
            }
            Operation::ControlLost { from_client, client } => {
                let (source, destination) = ends(from_client, client);
                inspector.handle_control(tag, source, destination, ControlInput::Lost, &mut sink);
            }
            Operation::ControlEnd { from_client, client } => {
                let (source, destination) = ends(from_client, client);
                inspector.handle_control(tag, source, destination, ControlInput::End, &mut sink);
            }
            Operation::Gre { from_client, client, call_id, number, frame } => {
                let (source, destination) = ends(from_client, client);
                let header = pptp_gre::Header {
                    call_id: call_id.into(),
                    sequence_number: Some(number.into()),
                    acknowledgment_number: None,
                };
                let packet = pptp_gre::Packet { header, payload: frame, trailing: &[] };
                let Ok(packet) = packet.to_vec() else { continue };
                inspector.handle_gre(tag, source.ip(), destination.ip(), &packet, &mut sink);
            }
            Operation::GreBytes { from_client, bytes } => {
                let (source, destination) = ends(from_client, 0);
                inspector.handle_gre(tag, source.ip(), destination.ip(), bytes, &mut sink);
            }
            Operation::Frame { link, to_server, bytes } => {
                let direction = if to_server { Direction::ToServer } else { Direction::ToClient };
                inspector.handle_frame(tag, link.into(), direction, bytes, &mut sink);
            }
            Operation::Finish => inspector.finish(tag, &mut sink),
        }
    }
    check(&inspector);
}

/// Asserts that text for people is printable for any input. Returns the number of bytes that the
/// record is about.
fn look(record: &Record<'_>) -> usize {
    let shown = format!("{record} {record:?}");
    assert!(shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{shown}");
    match record.content {
        Content::Gre { bytes, .. } | Content::Frame { bytes, .. } | Content::CompressedData { bytes, .. } => {
            bytes.len()
        }
        Content::Datagram { bytes, .. } => bytes.len(),
        _ => 0,
    }
}

/// The time for the keys of one session, with debug assertions and coverage. The inspector computes 4096 key changes
/// with each of the 3 given keys, in both directions.
#[cfg(fuzzing)]
const KEYS_OF_A_SESSION: core::time::Duration = core::time::Duration::from_millis(60);

fn check(inspector: &Inspector) {
    let mut sessions = 0;
    for session in inspector.sessions() {
        sessions += 1;
        #[cfg(fuzzing)]
        crate::limit::allow(KEYS_OF_A_SESSION);
        for direction in [Direction::ToServer, Direction::ToClient] {
            let counters = session.counters(direction);
            assert!(
                counters.decrypted <= counters.compressed
                    && counters.compressed <= counters.frames + counters.repeated + 1
            );
            assert!(counters.recovered <= counters.decrypted);
        }
        let _ = (format!("{session:?}"), session.end().map(ToString::to_string));
    }
    assert!(sessions <= 1024);
}
