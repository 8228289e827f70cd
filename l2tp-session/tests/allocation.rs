//! Memory: none is taken for a data packet, and a session takes what its documentation says.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::integer_division,
    clippy::std_instead_of_core,
    clippy::unwrap_used,
    reason = "a test that goes wrong stops"
)]

use std::time::Duration;

use allocation_counter::measure;
use l2tp_session::ppp_session::ppp::ccp::Encryption;
use l2tp_session::server::{Limits, Server};
use l2tp_session::session::{Batch, Config, HEADROOM, MAX_RECEIVE, MAX_TRANSMIT, Reordering};
use l2tp_session::wire::code::DataSequencing;
use l2tp_session::wire::header::CookieSize;
use l2tp_session::wire::tunnel::Versions;
use l2tp_session::wire::{Address, TunnelIds};
use l2tp_session::{client, session};
use testing::l2tp::{Outside, client_config, connect, pair, server_config};
use testing::{CLIENT, Profile, SERVER};

/// Writes an IP packet.
fn lay(buf: &mut [u8]) {
    let [high, low] = u16::try_from(buf.len()).unwrap().to_be_bytes();
    buf.fill(7);
    buf[..4].copy_from_slice(&[0x45, 0, high, low]);
}

/// Sends packets both ways by a server of many, and polls as a loop does. Returns how many came.
fn traffic(
    now: &mut Duration,
    client: &mut client::Session,
    server: &mut Server,
    id: l2tp_session::server::TunnelId,
    outside: Outside,
) -> usize {
    let (here, there) = (outside.address(CLIENT), outside.address(SERVER));
    let call = server.session(id).unwrap().first_call().unwrap().id();
    let (mut buf, mut copy, mut scratch) = ([0; HEADROOM + 1000], [0; 2048], [0; MAX_RECEIVE]);
    let mut came = 0;
    for _ in 0..100 {
        *now += Duration::from_millis(3);
        let now = *now;
        lay(&mut buf[HEADROOM..]);
        let length = {
            let sent = client.first_call_mut().unwrap().send_ip(now, &mut buf).unwrap();
            copy[..sent.payload.len()].copy_from_slice(sent.payload);
            sent.payload.len()
        };
        let received = server.handle_datagram(now, here, &mut copy[..length], &mut scratch);
        came += usize::from(received.is_ok_and(|(_, received)| received.ip().is_some()));
        lay(&mut buf[HEADROOM..]);
        let length = {
            let mut session = server.session_mut(id).unwrap();
            let mut call = session.call_mut(call).unwrap();
            let sent = call.send_ip(now, &mut buf).unwrap();
            copy[..sent.payload.len()].copy_from_slice(sent.payload);
            sent.payload.len()
        };
        let received = client.handle_datagram(now, there, &mut copy[..length], &mut scratch);
        came += usize::from(received.is_ok_and(|received| received.ip().is_some()));
        // A loop polls all of this.
        let mut out = [0; MAX_TRANSMIT];
        loop {
            let Some(mut session) = server.poll_ready() else { break };
            assert!(session.poll_event().is_none());
            while session.poll_transmit(now, &mut out).unwrap().is_some() {}
            while session.poll_receive(now, &mut scratch).unwrap().is_some() {}
        }
        while client.poll_transmit(now, &mut out).unwrap().is_some() {}
        while client.poll_receive(now, &mut scratch).unwrap().is_some() {}
        server.handle_timeout(now);
        client.handle_timeout(now);
    }
    came
}

#[test]
fn a_data_packet_allocates_nothing() {
    let plain = Config::strict("lab").with_ppp(|ppp| ppp.with_encryption(Encryption::Refused));
    let all = |config: Config| {
        config.with_terms(|terms| terms.with_sequencing(DataSequencing::ALL).with_cookie(CookieSize::Eight))
    };
    let v3 = |config: Config| config.with_tunnel(|tunnel| tunnel.with_versions(Versions::V3));
    for (name, config) in [
        ("version 2, plain", plain.clone()),
        ("version 2, MPPE", Config::strict("lab")),
        ("version 3, plain", v3(plain)),
        ("version 3, MPPE, cookie, numbers", v3(all(Config::strict("lab")))),
        (
            "version 3, MPPE, cookie, numbers in order",
            v3(all(Config::strict("lab"))).with_reordering(Reordering::Wait(Duration::from_millis(50))),
        ),
    ] {
        let mut world = pair(1, Profile::DIRECT, Outside::Udp, &client_config(&config), &server_config(&config));
        assert!(connect(&mut world, Duration::from_secs(10)), "{name}");
        world.run(Duration::from_secs(1));
        let (id, mut now) = (world.server.tunnel(), world.now);
        let (client, server) = (&mut world.client.session, &mut world.server.server);
        // Once, so that queues have their room.
        assert_eq!(traffic(&mut now, client, server, id, Outside::Udp), 200, "{name}");
        let mut came = 0;
        let info = measure(|| came = traffic(&mut now, client, server, id, Outside::Udp));
        assert_eq!((came, info.count_total), (200, 0), "{name}");
        let mut batch = Batch::new();
        assert_eq!(batches(now, client, server, id, &mut batch), 16, "{name}");
        let info = measure(|| came = batches(now, client, server, id, &mut batch));
        assert_eq!((came, info.count_total), (16, 0), "{name}, batches");
    }
}

/// Sends the same packets by batches, both ways. Returns how many came.
fn batches(
    now: Duration,
    client: &mut client::Session,
    server: &mut Server,
    id: l2tp_session::server::TunnelId,
    batch: &mut Batch,
) -> usize {
    let here = Outside::Udp.address(CLIENT);
    let call = server.session(id).unwrap().first_call().unwrap().id();
    let (mut bufs, mut copies, mut came) = ([[0; HEADROOM + 1000]; 8], [[0; 2048]; 8], 0);
    let mut lengths = [0; 8];
    for ((buf, copy), length) in bufs.iter_mut().zip(&mut copies).zip(&mut lengths) {
        lay(&mut buf[HEADROOM..]);
        let sent = client.first_call_mut().unwrap().send_ip(now, buf).unwrap();
        *length = sent.payload.len();
        copy[..*length].copy_from_slice(sent.payload);
    }
    let mut lengths = lengths.into_iter();
    let mut packets = copies.each_mut().map(|copy| (here, &mut copy[..lengths.next().unwrap()]));
    server.handle_datagrams(now, batch, &mut packets, |_, received| {
        came += usize::from(received.is_ok_and(|(_, received)| received.ip().is_some()));
    });
    for buf in &mut bufs {
        lay(&mut buf[HEADROOM..]);
    }
    let mut packets = bufs.each_mut().map(|buf| (id, call, &mut buf[..]));
    server.send_ip_batch(now, batch, &mut packets, |_, sent| came += usize::from(sent.is_ok()));
    while server.poll_ready().is_some() {}
    came
}

fn kib(bytes: i64) -> f64 {
    f64::from(i32::try_from(bytes).unwrap()) / 1024.0
}

/// Sends a client's request to a server, and forgets the client.
fn request(server: &mut Server, config: &client::Config, number: u8) {
    let from = Address::udp(([198, 51, 100, number], 1701).into());
    let ids = TunnelIds::new([number; 32]);
    let mut client = client::Session::dial(config, Outside::Udp.address(SERVER), ids, [number; 32]);
    client.open(Duration::ZERO).unwrap();
    let mut buf = [0; MAX_TRANSMIT];
    let mut packet = client.poll_transmit(Duration::ZERO, &mut buf).unwrap().unwrap().payload.to_vec();
    server.handle_datagram(Duration::ZERO, from, &mut packet, &mut []).unwrap();
}

#[test]
fn a_half_open_tunnel_a_tunnel_and_a_session_take_what_the_documentation_says() {
    let config = Config::strict("lab");
    let dialed = client_config(&config);
    let mut server: Server = Server::new(server_config(&config), Limits::default(), [9; 32]);
    request(&mut server, &dialed, 0);
    let half_open = measure(|| (1..=100).for_each(|number| request(&mut server, &dialed, number)));
    let each = half_open.bytes_current / 100;
    println!("half-open tunnel: {:.1} KiB", kib(each));
    // Of four calls: `Session`, `Limits::with_half_open`.
    assert!((12_000..14_336).contains(&each), "{each}");

    let mut client = None;
    let of_client = measure(|| {
        let ids = TunnelIds::new([1; 32]);
        let mut made = client::Session::dial(&dialed, Outside::Udp.address(SERVER), ids, [1; 32]);
        made.open(Duration::ZERO).unwrap();
        client = Some(Box::new(made));
    });
    println!("client before its call: {:.1} KiB", kib(of_client.bytes_current));
    assert!((10_240..13_312).contains(&of_client.bytes_current), "{}", of_client.bytes_current);

    for (name, config, most) in [
        ("plain", config.clone().with_ppp(|ppp| ppp.with_encryption(Encryption::Refused)), 8_192),
        ("MPPE", config.clone(), 10_752),
        (
            "MPPE, in order",
            config
                .with_terms(|terms| terms.with_sequencing(DataSequencing::ALL))
                .with_reordering(Reordering::Wait(Duration::from_millis(50))),
            37_888,
        ),
    ] {
        let mut world = pair(1, Profile::DIRECT, Outside::Udp, &client_config(&config), &server_config(&config));
        let up = measure(|| assert!(connect(&mut world, Duration::from_secs(10)), "{name}"));
        // Both sides, the server's tunnel with 4 places, and the records of the test, which are small.
        let tunnel = 14_336;
        let each = (up.bytes_current - tunnel) / 2;
        println!("{name}: a call takes about {:.1} KiB", kib(each));
        assert!((most - 3_072..most).contains(&each), "{name}: {each}");
    }
    println!("sizes: session {} bytes", size_of::<session::Session<1>>());
}
