//! The PPP frames of a recorded session, as each side got and sent them.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::IpAddr;
use std::time::Duration;

use pptp_gre::Packet;
use pptp_interop::{capture_names, captures};
use vpdn::capture::file;
use vpdn::capture::outer::{Address, Carried, Outer};

/// The side that a frame is from, or whose place is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

impl Side {
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Recorded {
    /// Since the start of the capture.
    pub time: Duration,
    pub from: Side,
    pub frame: Vec<u8>,
}

/// One session as seen at one side.
#[derive(Debug)]
pub struct Session {
    /// The capture; of two clients, with the number of the client.
    pub name: String,
    pub capture: String,
    pub place: Side,
    pub frames: Vec<Recorded>,
}

/// Returns every session, once at each side.
pub fn sessions() -> Vec<Session> {
    let mut sessions = Vec::new();
    for capture in capture_names() {
        for place in Side::BOTH {
            // Where packets were lost, what one side got is in its own capture alone.
            let own = captures().join(&capture).join(format!("{}.pcap", place.name()));
            let path = if own.exists() { own } else { captures().join(&capture).join("client.pcap") };
            let clients = read(&path);
            let is_one = clients.len() == 1;
            for (number, frames) in clients.into_values().enumerate() {
                let name = if is_one { capture.clone() } else { format!("{capture} {}", number + 1) };
                sessions.push(Session { name, capture: capture.clone(), place, frames });
            }
        }
    }
    sessions
}

/// Returns the frames of each client's call in the order of their numbers, as a receiver hands them
/// on that waits for what is late.
fn read(path: &std::path::Path) -> BTreeMap<IpAddr, Vec<Recorded>> {
    let mut calls: BTreeMap<IpAddr, [BTreeMap<u32, Recorded>; 2]> = BTreeMap::new();
    let mut outer = Outer::default();
    let mut start = None;
    let (_, result) = file::read(File::open(path).unwrap(), |captured| {
        let now = Duration::new(captured.time.0, captured.time.1);
        let time = now - *start.get_or_insert(now);
        outer.handle(&captured, &mut |carried| {
            let Carried::Gre { path: (Address::Ip(source), Address::Ip(destination)), bytes, .. } = carried else {
                return;
            };
            let packet = Packet::decode(bytes).unwrap();
            let (Some(number), false) = (packet.header.sequence_number, packet.payload.is_empty()) else { return };
            // 172.16.1.0 are the clients.
            let is_client = matches!(source, IpAddr::V4(address) if address.octets()[2] == 1);
            let (from, client) = if is_client { (Side::Client, source) } else { (Side::Server, destination) };
            let recorded = Recorded { time, from, frame: packet.payload.to_vec() };
            calls.entry(client).or_default()[usize::from(is_client)].entry(number).or_insert(recorded);
        });
    });
    assert_eq!(result, Ok(()), "{}", path.display());
    calls.into_iter().map(|(client, [to, from])| (client, merge(to, from))).collect()
}

fn merge(one: BTreeMap<u32, Recorded>, other: BTreeMap<u32, Recorded>) -> Vec<Recorded> {
    let mut all = Vec::new();
    for direction in [one, other] {
        let mut latest = Duration::ZERO;
        all.extend(direction.into_values().map(|frame| {
            latest = latest.max(frame.time);
            Recorded { time: latest, ..frame }
        }));
    }
    all.sort_by_key(|frame| frame.time);
    all
}
