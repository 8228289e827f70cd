//! Recorded sessions of other programs, replayed into our tunnel in the place of each side.
//!
//! `tests/captures/*.txt` have the GRE headers of the captures of the same names. The expected counts are those that
//! the tool which checked the captures has found in them.
#![expect(
    clippy::panic,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    clippy::unwrap_used,
    reason = "a test that goes wrong stops"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use pptp_gre::{
    CallIds, Config, Header, InlineSlots, Packet, ReceiveError, Received, SequenceNumber, Statistics, Tunnel,
};

/// One packet, without its payload.
struct Recorded {
    at: Duration,
    from_client: bool,
    header: Header,
    payload_length: u16,
}

fn parse(text: &str) -> Vec<Recorded> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let [at, from, bytes] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("not three words: {line}") };
            let bytes = hex::decode(bytes).unwrap();
            let (header, payload_length, rest) = Header::decode(&bytes).unwrap();
            assert_eq!(rest, b"", "{line}");
            Recorded {
                at: Duration::from_micros(at.parse().unwrap()),
                from_client: from == "c",
                header,
                payload_length,
            }
        })
        .collect()
}

/// The peer's packets as they arrived: with data, of those with an acknowledgment, acknowledgments
/// alone, packets after a later one, numbers that never came.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    data: u64,
    with_acknowledgment: u64,
    alone: u64,
    late: u64,
    missing: u64,
}

fn counts(data: u64, with_acknowledgment: u64, alone: u64, late: u64, missing: u64) -> Counts {
    Counts { data, with_acknowledgment, alone, late, missing }
}

/// Returns a payload that contains its number.
fn payload(packet: &Recorded) -> Vec<u8> {
    let number = packet.header.sequence_number.unwrap().to_be_bytes();
    number.into_iter().cycle().take(packet.payload_length.into()).collect()
}

struct Replay {
    tunnel: Tunnel<InlineSlots<64, 1500>>,
    now: Duration,
    delivered: Vec<u32>,
}

impl Replay {
    /// Lets time pass, and does what is due.
    fn run_until(&mut self, at: Duration) {
        while let Some(deadline) = self.tunnel.poll_timeout().filter(|deadline| *deadline <= at) {
            self.tunnel.handle_timeout(deadline);
            self.poll(deadline);
            assert!(self.tunnel.poll_timeout().is_none_or(|next| next > deadline));
        }
        self.poll(at);
        self.now = at;
    }

    fn poll(&mut self, now: Duration) {
        while let Some(frame) = self.tunnel.poll_receive(now) {
            self.delivered.push(u32::from_be_bytes(*frame.first_chunk().unwrap()));
        }
        let highest = self.tunnel.statistics().sr;
        let mut buf = [0; pptp_gre::MAX_TRANSMIT];
        while let Some(sent) = self.tunnel.poll_transmit(now, &mut buf).unwrap() {
            let acknowledged = Packet::decode(sent).unwrap().header.acknowledgment_number.unwrap();
            assert!(!SequenceNumber::new(acknowledged).is_before(highest.unwrap().minus(1)));
        }
    }

    fn receive(&mut self, packet: &Recorded) -> Result<bool, ReceiveError> {
        let mut buf = vec![0; 2000];
        let bytes = match packet.header.sequence_number {
            Some(_) => {
                Packet { header: packet.header, payload: &payload(packet), trailing: &[] }.encode(&mut buf).unwrap()
            }
            None => packet.header.encode(0, &mut buf).unwrap(),
        };
        let received = self.tunnel.decapsulate(self.now, bytes)?;
        if let Received::Frame(frame) = received {
            self.delivered.push(u32::from_be_bytes(*frame.first_chunk().unwrap()));
        }
        Ok(matches!(received, Received::Frame(_) | Received::Held))
    }
}

/// Replays a session with us as the client or the server; each packet of the peer arrives `times` times.
fn replay(recorded: &[Recorded], as_client: bool, times: usize) -> (Statistics, Vec<u32>) {
    let is_ours = |packet: &&Recorded| packet.from_client == as_client;
    let ours = recorded.iter().find(|packet| is_ours(packet) && packet.header.sequence_number.is_some()).unwrap();
    let theirs = recorded.iter().find(|packet| !is_ours(packet)).unwrap();
    let call_ids = CallIds { local: theirs.header.call_id, peer: ours.header.call_id };
    let first = SequenceNumber::new(ours.header.sequence_number.unwrap());
    let config = Config::new(call_ids).with_first_sequence_number(first);
    let mut replay = Replay { tunnel: Tunnel::inline(config), now: Duration::ZERO, delivered: Vec::new() };
    let mut arrived = BTreeSet::new();
    let mut highest = None;
    for packet in recorded {
        replay.run_until(packet.at);
        if is_ours(&packet) {
            let Some(number) = packet.header.sequence_number else { continue };
            // A packet that the recorded program lost after it was recorded is lost here, too; one
            // it lost before is not there.
            while replay.tunnel.statistics().ss != SequenceNumber::new(number) {
                replay.tunnel.encapsulate(packet.at, b"lost", &mut [0; 64]).unwrap();
            }
            let mut buf = vec![0; 2000];
            let sent = replay.tunnel.encapsulate(packet.at, &payload(packet), &mut buf).unwrap();
            let sent = Packet::decode(sent).unwrap();
            assert_eq!(sent.header.sequence_number, Some(number));
            assert!(sent.header.acknowledgment_number.is_none_or(|number| Some(number) == highest));
            continue;
        }
        for time in 0..times {
            match (packet.header.sequence_number, replay.receive(packet)) {
                (Some(number), Ok(true)) if time == 0 => {
                    arrived.insert(number);
                    highest = highest.max(Some(number));
                }
                (Some(number), Err(ReceiveError::Duplicate { number: found })) if time > 0 => {
                    assert_eq!(found, SequenceNumber::new(number));
                }
                (None, Ok(false)) => {}
                (number, received) => panic!("{number:?} at {:?}, time {time}: {received:?}", packet.at),
            }
            replay.poll(packet.at);
        }
    }
    replay.run_until(Duration::from_secs(3600));
    assert_eq!(replay.delivered, Vec::from_iter(arrived), "all that arrived, once, in order");
    (replay.tunnel.statistics(), replay.delivered)
}

#[track_caller]
fn check(text: &str, as_client: bool, expected: &Counts) {
    let recorded = parse(text);
    let (statistics, delivered) = replay(&recorded, as_client, 1);
    let found = Counts {
        data: statistics.packets_received,
        with_acknowledgment: statistics.acknowledgments_received_with_data,
        alone: statistics.acknowledgments_received_alone,
        late: statistics.out_of_order,
        missing: statistics.lost,
    };
    assert_eq!(&found, expected);
    assert_eq!((statistics.duplicates, statistics.late, statistics.held, statistics.far_ahead), (0, 0, 0, 0));
    assert_eq!(statistics.acknowledgments_impossible, 0);
    assert!(statistics.remote_nr.is_some() && statistics.round_trip.is_some());

    let (doubled, delivered_of_doubled) = replay(&recorded, as_client, 2);
    assert_eq!(delivered_of_doubled, delivered);
    assert_eq!(doubled.duplicates, expected.data);
    assert_eq!((doubled.packets_received, doubled.lost), (expected.data, expected.missing));
}

#[test]
fn pptpd_and_pptp_linux() {
    let session = include_str!("captures/a-mschapv2-mppe128.client.txt");
    check(session, true, &counts(49, 26, 2, 0, 0));
    check(session, false, &counts(48, 27, 7, 0, 0));
}

#[test]
fn loss() {
    check(include_str!("captures/i-loss.client.txt"), true, &counts(48, 26, 4, 0, 3));
    check(include_str!("captures/i-loss.server.txt"), false, &counts(48, 18, 7, 0, 1));
}

#[test]
fn loss_of_thirty_in_a_row() {
    check(include_str!("captures/b-mppe128-stateful-drops.server.txt"), false, &counts(293, 258, 7, 0, 32));
}

#[test]
fn reordering() {
    check(include_str!("captures/i-reorder.client.txt"), true, &counts(48, 25, 1, 3, 0));
    check(include_str!("captures/i-reorder.server.txt"), false, &counts(46, 29, 7, 2, 0));
}

#[test]
fn accel_ppp_never_acknowledges_alone() {
    let session = include_str!("captures/x-accel-mschapv2-mppe128.client.txt");
    check(session, true, &counts(48, 24, 0, 0, 0));
    check(session, false, &counts(47, 26, 6, 0, 0));
    let session = include_str!("captures/x-accel-chapmd5-nomppe.client.txt");
    check(session, true, &counts(44, 24, 0, 0, 0));
    check(session, false, &counts(44, 25, 5, 0, 0));
    let session = include_str!("captures/x-accel-idle-echo.client.txt");
    check(session, true, &counts(19, 15, 0, 0, 0));
    check(session, false, &counts(18, 8, 8, 0, 0));
}
