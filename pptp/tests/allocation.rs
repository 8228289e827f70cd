//! Memory: none is taken for a data packet, and a session takes what its documentation says.
#![cfg(feature = "alloc")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::integer_division,
    clippy::std_instead_of_core,
    clippy::unwrap_used,
    reason = "a test that goes wrong stops"
)]

use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;
use std::time::Duration;

use allocation_counter::{AllocationInfo, measure};
use pptp::client;
use pptp::ppp::ccp::{Encryption, Modes};
use pptp::server::{self, ConnectionId, Limits, Server, Session};
use pptp::session::{Compression, Config, HEADROOM, MAX_RECEIVE, Received};
use pptp::wire::connection::CallId;
use testing::Random;
use testing::pptp::OneCall as _;
use testing::pptp::{Guest, Peer, call_of, exchange};

const ZERO: Duration = Duration::ZERO;

fn connected(config: &Config) -> (client::Session, Session, CallId) {
    testing::pptp::connected(ZERO, config, |_, _| ())
}

/// Lays an IP packet behind its headroom.
fn lay(buf: &mut [u8], mark: u8) {
    lay_with(buf, |place| mark.wrapping_add(u8::try_from(place % 7).unwrap()));
}

/// Returns an IP packet of any contents behind its headroom.
fn lay_with(buf: &mut [u8], mut byte_at: impl FnMut(usize) -> u8) {
    let packet = &mut buf[HEADROOM..];
    let total = u16::try_from(packet.len()).unwrap().to_be_bytes();
    for (place, byte) in packet.iter_mut().enumerate() {
        *byte = byte_at(place);
    }
    packet[..4].copy_from_slice(&[0x45, 0, total[0], total[1]]);
}

/// Sends a packet from the client to the server.
fn to_server(now: Duration, client: &mut client::Session, server: &mut impl Peer<4>, buf: &mut [u8]) -> bool {
    let Ok(packet) = client.send_ip(now, buf) else { return false };
    let length = packet.len();
    let mut copy = [0; 2048];
    copy[..length].copy_from_slice(packet);
    server.handle_gre(now, &mut copy[..length], |received| received.is_ok_and(|packet| packet.is_some()))
}

/// Sends a packet from the server to the client.
fn to_client(
    now: Duration,
    client: &mut client::Session,
    server: &mut impl Peer<4>,
    call: CallId,
    buf: &mut [u8],
) -> bool {
    let mut copy = [0; 2048];
    let length = server.with(|session| {
        let packet = session.call_mut(call).unwrap().send_ip(now, buf).unwrap();
        copy[..packet.len()].copy_from_slice(packet);
        packet.len()
    });
    matches!(client.handle_gre(now, &mut copy[..length], &mut [0; MAX_RECEIVE]), Ok((_, Received::Ip(_))))
}

/// Returns all ways to send packets, with names.
fn encodings() -> Vec<(&'static str, Config)> {
    let config = Config::strict();
    let mut all = vec![
        ("clear", config.clone().with_ppp(|ppp| ppp.with_encryption(Encryption::Refused))),
        ("MPPE stateless", config.clone()),
        ("MPPE stateful", config.clone().with_ppp(|ppp| ppp.with_modes(Modes::PreferStateful))),
    ];
    if cfg!(feature = "mppc") {
        let clear = config.clone().with_ppp(|ppp| ppp.with_encryption(Encryption::Refused));
        all.push(("MPPC fast", clear.clone().with_ppp(|ppp| ppp.with_compression(Compression::Fast))));
        all.push(("MPPE stateless, MPPC fast", config.clone().with_ppp(|ppp| ppp.with_compression(Compression::Fast))));
        let stateful = config.clone().with_ppp(|ppp| ppp.with_modes(Modes::PreferStateful));
        all.push((
            "MPPE stateful, MPPC default",
            stateful.clone().with_ppp(|ppp| ppp.with_compression(Compression::Default)),
        ));
        all.push(("MPPE stateful, MPPC max", stateful.clone().with_ppp(|ppp| ppp.with_compression(Compression::Max))));
    }
    all
}

/// The length of the first packets, which nothing compresses.
const WARM_UP: usize = 1000;

fn lay_noise(buf: &mut [u8], mark: u8) {
    let mut random = Random::new(mark.into());
    lay_with(buf, |_| random.byte());
}

/// Sends packets both ways, every fourth one behind the next; takes all that comes out. How many came.
fn traffic(
    now: &mut Duration,
    client: &mut client::Session,
    server: &mut Session,
    call: CallId,
    length: usize,
) -> usize {
    let mut came = 0;
    let mut room = [0; HEADROOM + 1000];
    let buf = &mut room[..HEADROOM + length];
    let (mut first, mut second) = ([0; 1024], [0; 1024]);
    // Long packets of a warm-up are to be long when they are compressed, too.
    let lay = if length == WARM_UP { lay_noise } else { lay };
    for mark in 0..100 {
        *now += Duration::from_millis(3);
        let now = *now;
        lay(buf, mark);
        came += usize::from(to_server(now, client, server, buf));
        lay(buf, mark);
        came += usize::from(to_client(now, client, server, call, buf));
        // Two that change places.
        let mut lengths = [0; 2];
        for (length, copy) in lengths.iter_mut().zip([&mut first, &mut second]) {
            lay(buf, mark);
            let packet = client.send_ip(now, buf).unwrap();
            *length = packet.len();
            copy[..*length].copy_from_slice(packet);
        }
        came += usize::from(
            server.handle_gre(now, &mut second[..lengths[1]], &mut [0; MAX_RECEIVE]).unwrap().1.ip().is_some(),
        );
        came += usize::from(
            server.handle_gre(now, &mut first[..lengths[0]], &mut [0; MAX_RECEIVE]).unwrap().1.ip().is_some(),
        );
        let mut room = [0; MAX_RECEIVE];
        while server.poll_receive(now, &mut room).unwrap().is_some() {
            came += 1;
        }
        // Acknowledgments, deadlines, events.
        while let Some(packet) = server.poll_tunnel(now, &mut room).unwrap() {
            let length = packet.len();
            first[..length].copy_from_slice(packet);
            client.handle_gre(now, &mut first[..length], &mut [0; MAX_RECEIVE]).unwrap();
        }
        while let Some(packet) = client.poll_tunnel(now, &mut room).unwrap() {
            let length = packet.len();
            first[..length].copy_from_slice(packet);
            server.handle_gre(now, &mut first[..length], &mut [0; MAX_RECEIVE]).unwrap();
        }
        server.handle_timeout(now);
        client.handle_timeout(now);
        assert!(server.poll_timeout().is_some() && client.poll_timeout().is_some());
        while client.poll_event().is_some() || server.poll_event().is_some() {}
    }
    came
}

#[test]
fn data_packets_allocate_nothing() {
    for (name, config) in encodings() {
        let (mut client, mut server, call) = connected(&config);
        let mut now = ZERO;
        // The memory of what waits for an earlier packet is taken when it is needed first.
        // In stateful mode the client's first key change is with the 256th packet.
        let warm = measure(|| {
            for _ in 0..3 {
                assert_eq!(traffic(&mut now, &mut client, &mut server, call, WARM_UP), 400, "{name}");
            }
        });
        let info = measure(|| {
            for _ in 0..10 {
                assert_eq!(traffic(&mut now, &mut client, &mut server, call, 700), 400, "{name}");
            }
        });
        println!(
            "{name}: {} allocations in the first 1200 packets, {} in 4000 more",
            warm.count_total, info.count_total
        );
        assert_eq!(info.count_total, 0, "{name}");
    }
}

/// Returns what is left of what something took, in bytes.
fn left(info: AllocationInfo) -> usize {
    usize::try_from(info.bytes_current).unwrap()
}

/// Returns the bytes that something takes.
fn size_of<T>(make: impl FnOnce() -> T) -> usize {
    let mut new = None;
    let size = left(measure(|| new = Some(make())));
    drop(new);
    size
}

/// Returns the memory of client and server, in bytes, when the call is up.
fn sizes_of(config: &Config) -> [usize; 2] {
    let (client, server, _) = connected(config);
    let client = -measure(|| drop(client)).bytes_current;
    let server = -measure(|| drop(server)).bytes_current;
    [client, server].map(|size| usize::try_from(size).unwrap())
}

/// The sizes of docs/MEMORY.md, in bytes: of `client::Session`, new and up.
const CLIENT_IDLE: RangeInclusive<usize> = 2000..=2560;
const CLIENT_UP: RangeInclusive<usize> = 9000..=12 * 1024;
/// Of `server::Session`, with room for four calls.
const SERVER_IDLE: RangeInclusive<usize> = 3000..=3584;
const SERVER_UP: RangeInclusive<usize> = 10_000..=12 * 1024;
/// Of encryption and decryption, as long as no packet is lost or late.
const OF_MPPE: usize = 2300;
/// Of `Server`, for a connection.
const OF_TABLE: usize = 400;
/// Of `Compression`.
const FAST: RangeInclusive<usize> = 48_000..=52_000;
const HARD: RangeInclusive<usize> = 97_000..=101_000;

#[test]
fn sessions_take_what_their_documentation_says() {
    let client = client::Config::new("alice", "wonderland");
    let server = server::Config::new(Ipv4Addr::new(10, 0, 0, 1));
    let idle = [
        size_of(|| client::Session::new(&client, [1; 32])),
        size_of(|| Session::<1>::new(&server, [1; 32])),
        size_of(|| Session::<4>::new(&server, [1; 32])),
        size_of(|| Session::<16>::new(&server, [1; 32])),
    ];
    println!("idle: client {}, server with room for 1, 4, 16 calls {:?}", idle[0], &idle[1..]);
    println!(
        "in place: client {}, server with room for 4 calls {}",
        std::mem::size_of::<client::Session>(),
        std::mem::size_of::<Session<4>>()
    );
    let mut both = None;
    let negotiation = measure(|| both = Some(connected(&Config::strict())));
    println!("both ends, and the bytes between them: at most {} while they negotiate", negotiation.bytes_max);
    drop(both);
    assert!(CLIENT_IDLE.contains(&idle[0]) && SERVER_IDLE.contains(&idle[2]));
    let each_call = (idle[3] - idle[1]) / 15;
    assert!((320..=420).contains(&each_call), "{each_call}");
    let of_mppe = sizes_of(&Config::strict());
    for (name, config) in encodings() {
        let sizes = sizes_of(&config);
        println!("{name}: client {}, server {}", sizes[0], sizes[1]);
        if name.contains("MPPC") {
            let allowed = if name.contains("fast") { FAST } else { HARD };
            let clear = if name.contains("MPPE") { 0 } else { OF_MPPE };
            assert!(allowed.contains(&(sizes[0] + clear - of_mppe[0])), "{name}");
            assert!(allowed.contains(&(sizes[1] + clear - of_mppe[1])), "{name}");
        } else {
            assert!(sizes[0] <= *CLIENT_UP.end() && sizes[1] <= *SERVER_UP.end());
        }
    }
    assert!(CLIENT_UP.contains(&of_mppe[0]) && SERVER_UP.contains(&of_mppe[1]));

    // Packets that wait for an earlier one.
    let (mut client, mut server, _) = connected(&Config::strict());
    let mut buf = [0; HEADROOM + 1400];
    let mut packets: Vec<Vec<u8>> = (0..33)
        .map(|mark| {
            lay(&mut buf, mark);
            client.send_ip(ZERO, &mut buf).unwrap().to_vec()
        })
        .collect();
    let waiting = left(measure(|| {
        for packet in &mut packets[1..] {
            assert_eq!(server.handle_gre(ZERO, packet, &mut [0; MAX_RECEIVE]).unwrap().1, Received::Held);
        }
    }));
    println!("32 packets of 1400 bytes wait: {waiting}");
    assert!((32 * 1400..=64 * 1024).contains(&waiting));
}

#[test]
fn ten_thousand_sessions() {
    const COUNT: u32 = 10_000;
    let client_config = client::Config::new("alice", "wonderland");
    let server_config = server::Config::new(Ipv4Addr::new(10, 0, 0, 1));
    let mut server: Server = Server::new(server_config, Limits::default());
    let mut kept = Vec::with_capacity(100);
    let mut buf = [0; HEADROOM + 200];
    let info = measure(|| {
        for number in 0..COUNT {
            let peer = IpAddr::V4(Ipv4Addr::from(0xc612_0000 + number));
            let mut entropy = [0; 32];
            entropy[..4].copy_from_slice(&number.to_be_bytes());
            let id = server.accept(ZERO, peer, entropy).unwrap();
            // Two ends of one link have different entropy, or it looks like a loop.
            let mut of_client = entropy;
            of_client[31] = 1;
            let mut client = client::Session::new(&client_config, of_client);
            client.open(ZERO);
            let mut host = Guest { server: &mut server, id, peer };
            exchange(ZERO, &mut client, &mut host, |_, _| ());
            let call = call_of(&mut host);
            for mark in 0..2 {
                lay(&mut buf, mark);
                assert!(to_server(ZERO, &mut client, &mut host, &mut buf));
                lay(&mut buf, mark);
                assert!(to_client(ZERO, &mut client, &mut host, call, &mut buf));
            }
            // A hundred clients stay.
            if number % 100 == 0 {
                kept.push((client, id, peer, call));
            }
            drain(&mut server);
        }
    });
    assert_eq!(server.len(), 10_000);

    // With all of them up, packets still need no memory.
    let packets = measure(|| {
        for mark in 0..20 {
            for (client, id, peer, call) in &mut kept {
                let mut host = Guest { server: &mut server, id: *id, peer: *peer };
                lay(&mut buf, mark);
                assert!(to_server(ZERO, client, &mut host, &mut buf));
                lay(&mut buf, mark);
                assert!(to_client(ZERO, client, &mut host, *call, &mut buf));
                drain(&mut server);
            }
        }
    });
    println!("10 000 up: {} allocations in 4000 packets of 100 of them", packets.count_total);
    assert_eq!(packets.count_total, 0, "{packets:?}");

    let of_clients = -measure(|| drop(kept)).bytes_current;
    let each = usize::try_from(info.bytes_current - of_clients).unwrap() / 10_000;
    println!("10 000 sessions up: {each} bytes each");
    assert!(SERVER_UP.contains(&each.saturating_sub(OF_TABLE)), "{each}");

    // All of them have a packet to send, and a deadline that comes.
    let ids: Vec<ConnectionId> = server.connections().collect();
    for id in &ids {
        let mut session = server.session_mut(*id).unwrap();
        let call = session.calls().next().map(|call| call.id()).unwrap();
        lay(&mut buf, 7);
        session.call_mut(call).unwrap().send_ip(ZERO, &mut buf).unwrap();
    }
    assert!(drain(&mut server) >= 10_000);
    let mut steps = 0;
    while let Some(deadline) = server.poll_timeout().filter(|deadline| *deadline < Duration::from_secs(40)) {
        server.handle_timeout(deadline);
        drain(&mut server);
        steps += 1;
        assert!(steps < 10_000);
    }
    // TCP ends, and nothing is left.
    let ended = measure(|| {
        for id in ids {
            server.handle_disconnect(Duration::from_secs(40), id);
            drain(&mut server);
            assert!(server.session(id).unwrap().is_closed());
            server.remove(id);
        }
    });
    assert!(server.is_empty() && server.poll_timeout().is_none() && server.poll_ready().is_none());
    assert!(-ended.bytes_current > (info.bytes_current - of_clients) * 99 / 100, "{ended:?}");
}

/// Polls everything. How many sessions were ready.
fn drain(server: &mut Server) -> usize {
    let (mut buf, mut count) = ([0; MAX_RECEIVE], 0);
    while let Some(mut session) = server.poll_ready() {
        count += 1;
        // Time that goes back is taken for the latest seen.
        let now = ZERO;
        while session.poll_event().is_some() {}
        while session.poll_control(now, &mut buf).unwrap().is_some() {}
        while session.poll_tunnel(now, &mut buf).unwrap().is_some() {}
        while session.poll_receive(now, &mut buf).unwrap().is_some() {}
    }
    count
}
