//! Floods of requests, and what they get sent.

use std::time::Duration;

use l2tp_session::client;
use l2tp_session::server::Limits;
use l2tp_session::session::{Config, MAX_TRANSMIT};
use l2tp_session::wire::{Address, TunnelIds};
use testing::l2tp::{Client, Host, Outside, client_config, server_config};
use testing::{CLIENT, Endpoint as _, Output, SERVER};

use crate::stranger;

/// Returns the request of a client, which is forgotten.
fn request(config: &Config, number: u64) -> Vec<u8> {
    let mut entropy = [0x77; 32];
    entropy[..8].copy_from_slice(&number.to_be_bytes());
    let server = Outside::Udp.address(SERVER);
    let mut client = client::Session::dial(&client_config(config), server, TunnelIds::new(entropy), entropy);
    client.open(Duration::ZERO).unwrap();
    let mut buf = [0; MAX_TRANSMIT];
    client.poll_transmit(Duration::ZERO, &mut buf).unwrap().unwrap().payload.to_vec()
}

/// Lets a client set its session up, with a flood from elsewhere between any two of its messages.
fn set_up_among(host: &mut Host, config: &Config, mut flood: impl FnMut(Duration, &mut Host)) -> Client {
    let mut client = Client::new(&client_config(config), Outside::Udp, 42);
    let here = Outside::Udp.address(CLIENT);
    let mut now = Duration::ZERO;
    for _ in 0..100 {
        let mut output = Output::default();
        client.poll(now, &mut output);
        for packet in output.datagrams {
            let _ = host.receive(now, here, &packet);
        }
        let mut answers = Vec::new();
        host.settle(now, |destination, bytes| {
            if destination == here {
                answers.push(bytes);
            }
        });
        // The flood comes while the answers are under way.
        flood(now, host);
        for bytes in answers {
            client.handle_datagram(now, testing::Datagram { to: CLIENT, bytes, mark: None });
        }
        if client.is_connected() {
            return client;
        }
        now += Duration::from_millis(50);
        client.handle_timeout(now);
        host.server.handle_timeout(now);
    }
    client
}

#[test]
fn a_flood_of_requests_under_false_addresses_keeps_no_client_out() {
    let config = Config::strict("lab");
    let limits = Limits::default().with_tunnels(400).with_half_open(300, 8);
    let mut host = Host::with_limits(&server_config(&config), Outside::Udp, 1, limits);
    let mut number = 0;
    let client = set_up_among(&mut host, &config, |now, host| {
        // 4000 a second, each from another address.
        for _ in 0..200 {
            number += 1;
            let source = stranger(u16::try_from(number % 60_000).unwrap());
            let _ = host.receive(now, source, &request(&config, number));
        }
    });
    assert!(client.is_connected(), "{:?} after {number} requests", client.user);
    assert!(host.server.len() <= 301, "{}", host.server.len());
}

/// Even under the client's own address: each of its messages is behind 4 false requests.
#[test]
fn a_flood_under_the_address_of_a_client_leaves_its_tunnel_alone() {
    let config = Config::strict("lab");
    let mut host = Host::new(&server_config(&config), Outside::Udp, 1);
    let here = Outside::Udp.address(CLIENT);
    let mut number = 0;
    let client = set_up_among(&mut host, &config, |now, host| {
        for _ in 0..4 {
            number += 1;
            let _ = host.receive(now, here, &request(&config, number));
        }
    });
    assert!(client.is_connected(), "{:?}", client.user);
    assert!(host.server.len() <= 9, "{}", host.server.len());
}

#[test]
fn a_request_under_a_false_address_costs_three_short_answers_and_then_nothing() {
    let config = Config::strict("lab");
    let mut host = Host::new(&server_config(&config), Outside::Udp, 1);
    let victim = stranger(7);
    let packet = request(&config, 1);
    host.receive(Duration::ZERO, victim, &packet).unwrap();
    let (mut sent, mut bytes, mut now) = (0, 0, Duration::ZERO);
    for _ in 0..2000 {
        host.settle(now, |destination, packet| {
            assert_eq!(destination, victim);
            sent += 1;
            bytes += packet.len();
        });
        now += Duration::from_millis(100);
        host.server.handle_timeout(now);
    }
    assert!(sent <= 3 && bytes <= 3 * 200, "{sent} packets, {bytes} bytes for {}", packet.len());
    assert!(host.server.is_empty(), "the half-open tunnel is forgotten");
}

#[test]
fn garbage_leaves_nothing_behind_and_gets_no_answer() {
    let config = Config::strict("lab");
    let mut host = Host::new(&server_config(&config), Outside::Udp, 1);
    let good = request(&config, 1);
    for length in 0..good.len() {
        let _ = host.receive(Duration::ZERO, stranger(1), &good[..length]);
    }
    // The session id of a request means nothing (bytes 6 and 7), and an old Nr acknowledges nothing (10 and 11).
    for place in [0, 1, 2, 3, 4, 5, 8, 9] {
        let mut bad = good.clone();
        bad[place] ^= 0xff;
        let _ = host.receive(Duration::ZERO, stranger(2), &bad);
    }
    for address in [stranger(1), Address::ip([203, 0, 113, 1].into())] {
        let _ = host.receive(Duration::ZERO, address, &[0; 600]);
        let _ = host.receive(Duration::ZERO, address, &[0xff; 600]);
    }
    let mut sent = 0;
    host.settle(Duration::ZERO, |_, _| sent += 1);
    assert_eq!((host.server.len(), sent), (0, 0));
}

/// Each set-up is complete, and is left without a word: what is left is bounded, and ends.
#[test]
fn tunnels_that_are_set_up_and_abandoned_a_thousand_times_leave_nothing() {
    let config = Config::strict("lab");
    let mut host = Host::new(&server_config(&config), Outside::Udp, 1);
    let here = Outside::Udp.address(CLIENT);
    let mut now = Duration::ZERO;
    for seed in 0..200 {
        let mut client = Client::new(&client_config(&config), Outside::Udp, seed);
        for _ in 0..4 {
            let mut output = Output::default();
            client.poll(now, &mut output);
            for packet in output.datagrams {
                let _ = host.receive(now, here, &packet);
            }
            let mut answers = Vec::new();
            host.settle(now, |_, bytes| answers.push(bytes));
            for bytes in answers {
                client.handle_datagram(now, testing::Datagram { to: CLIENT, bytes, mark: None });
            }
        }
        assert!(host.server.len() <= 64, "{}", host.server.len());
        now += Duration::from_secs(10);
        host.server.handle_timeout(now);
    }
    for _ in 0..400 {
        now += Duration::from_secs(1);
        host.server.handle_timeout(now);
        host.settle(now, |_, _| ());
    }
    assert!(host.server.is_empty(), "{}", host.server.len());
    assert_eq!(host.server.poll_timeout(), None);
}
