//! Keys that are wrong decrypt nothing, whatever they are tried on.

#![expect(clippy::std_instead_of_core, reason = "a test, not a library")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may fail")]
#![expect(clippy::integer_division, reason = "a share of the keys")]
#![expect(clippy::wildcard_enum_match_arm, reason = "the other records do not matter here")]

mod common;

use std::net::IpAddr;
use std::path::Path;

use common::{data, recordings, say};
use pptp::inspect::{Content, Inspector, Secrets};
use vpdn::capture::file;
use vpdn::capture::outer::{Address, Carried, Outer};

type Packet = (IpAddr, IpAddr, Vec<u8>);

/// Returns the GRE packets of a capture, so that it is read once for all keys.
fn gre_packets(path: &Path) -> Vec<Packet> {
    let (mut outer, mut packets) = (Outer::default(), Vec::new());
    let (_, outcome) = file::read(std::fs::File::open(path).unwrap(), |frame| {
        outer.handle(&frame, &mut |carried| {
            if let Carried::Gre { path: (Address::Ip(source), Address::Ip(destination)), bytes, .. } = carried {
                packets.push((source, destination, bytes.to_vec()));
            }
        });
    });
    assert_eq!(outcome, Ok(()));
    packets
}

/// Returns how many packets are decrypted, and how many were tried on.
fn found(packets: &[Packet], secrets: Secrets) -> (u64, u64) {
    let mut inspector = Inspector::new(secrets);
    let (mut decrypted, mut encrypted) = (0, 0);
    let mut sink = |record: pptp::inspect::Record<'_>| match record.content {
        Content::Datagram { decrypted: Some(_), .. } => decrypted += 1,
        Content::CompressedData { .. } => encrypted += 1,
        _ => {}
    };
    for (source, destination, bytes) in packets {
        inspector.handle_gre(0, *source, *destination, bytes, &mut sink);
    }
    inspector.finish(0, &mut sink);
    (decrypted, encrypted)
}

/// Tries `count` keys, of 128 bits and of 40 and 56 bits in turn, each on the next of the captures.
fn try_keys(captures: &[Vec<Packet>], count: usize, seed: u64, depth: u64) -> u64 {
    let workers = 2;
    let work = |worker: usize| {
        let mut random = fastrand::Rng::with_seed(seed + u64::try_from(worker).unwrap());
        let mut tried = 0;
        for index in (worker..count).step_by(workers) {
            let mut key = [0; 16];
            random.fill(&mut key);
            let key = if index / workers % 2 == 0 { &key[..] } else { &key[..8] };
            let secrets = Secrets::new().with_start_key(key).with_search_depth(depth);
            let (decrypted, encrypted) = found(&captures[index % captures.len()], secrets);
            assert_eq!(decrypted, 0, "key {} decrypts something", hex::encode(key));
            tried += encrypted;
        }
        tried
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|worker| scope.spawn(move || work(worker))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    })
}

/// A wrong key passes in fewer than one of 2^70 sessions: no find is expected in any number of tests.
#[test]
fn ten_thousand_random_keys_decrypt_nothing_in_the_recorded_sessions() {
    let captures: Vec<_> = recordings()
        .iter()
        .map(|(_, path, _)| gre_packets(path))
        .filter(|packets| (1..80).contains(&found(packets, Secrets::new()).1))
        .collect();
    let tried = try_keys(&captures, 10_000, 16, 4096);
    say!("10000 keys on {} recordings, {tried} encrypted packets in all: nothing is decrypted", captures.len());
    assert!(captures.len() >= 15 && tried > 100_000, "{} recordings, {tried} packets", captures.len());
}

#[test]
fn ten_thousand_random_keys_decrypt_nothing_in_the_middle_of_a_session() {
    let midway = [gre_packets(&data("bugs-joined-midway.pcap"))];
    // The place that the count says, and for some all 16 places up to the default depth.
    let tried = try_keys(&midway, 10_000, 17, 4096) + try_keys(&midway, 8, 18, 65_536);
    say!("10008 keys on {tried} packets of a session whose start is missing: nothing is decrypted");
    assert_eq!(tried, 10_008 * 40);
}

#[test]
fn the_search_finds_the_right_key_among_the_wrong_ones() {
    let midway = gre_packets(&data("bugs-joined-midway.pcap"));
    let key = |digits: &str| hex::decode(digits).unwrap();
    let mut secrets = Secrets::new();
    for wrong in 0..4u8 {
        secrets = secrets.with_start_key(&[wrong; 16]).with_start_key(&[wrong; 8]);
    }
    let secrets = secrets
        .with_start_key(&key("d2a6df89ac1e9384faad10aca7991204"))
        .with_start_key(&key("8283ce62260dfaa28d05d2c495f9ea4c"));
    assert_eq!(found(&midway, secrets), (40, 40));
}
