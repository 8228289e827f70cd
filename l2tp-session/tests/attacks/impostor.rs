//! Peers that are not the ones they say they are.

use std::time::Duration;

use l2tp_session::session::{Config, Event, Reason};
use l2tp_session::wire::Secret;
use l2tp_session::wire::tunnel::{Authentication, CloseReason};
use testing::l2tp::{Outside, Pair, client_config, ip_packet, pair, server_config};
use testing::{CLIENT, Endpoint as _, Output, Profile};

fn with_secret(text: &[u8]) -> Config {
    Config::strict("lab").with_tunnel(|tunnel| {
        tunnel.with_authentication(Authentication::Challenge).with_password(Secret::new(text).unwrap())
    })
}

fn never_up(world: &Pair) {
    let users = std::iter::once(&world.client.user).chain(world.server.users.values());
    for user in users {
        assert!(user.connected.is_empty(), "{:?}", user.events);
    }
}

/// RFC 2661 section 5.1.1 leaves out that a challenge may be sent back to its maker.
#[test]
fn a_client_that_reflects_everything_it_is_sent_proves_nothing() {
    let config = with_secret(b"s3cr3t-tunnel");
    let mut client = testing::l2tp::Client::new(&client_config(&config), Outside::Udp, 1);
    let mut now = Duration::ZERO;
    for _ in 0..400 {
        let mut output = Output::default();
        client.poll(now, &mut output);
        for bytes in output.datagrams {
            // Its own packets, with its own id as the recipient's.
            let id = client.session.tunnel().ids().v2.to_be_bytes();
            let mut back = bytes.clone();
            back[4..6].copy_from_slice(&id);
            client.handle_datagram(now, testing::Datagram { to: CLIENT, bytes: back, mark: None });
            client.handle_datagram(now, testing::Datagram { to: CLIENT, bytes, mark: None });
        }
        now += Duration::from_millis(500);
        client.handle_timeout(now);
    }
    assert!(!client.user.events.contains(&Event::Established), "{:?}", client.user.events);
    assert!(client.user.reason.is_some());
}

#[test]
fn a_server_without_the_tunnel_password_gets_no_call() {
    let mut world = pair(
        1,
        Profile::CLEAN,
        Outside::Udp,
        &client_config(&with_secret(b"right")),
        &server_config(&with_secret(b"guess")),
    );
    world.run(Duration::from_secs(10));
    assert_eq!(world.client.user.reason, Some(Reason::Tunnel(CloseReason::WrongPassword)));
    never_up(&world);
}

#[test]
fn a_client_that_does_not_prove_itself_gets_no_ip() {
    let config = Config::strict("lab");
    let mut world = pair(1, Profile::CLEAN, Outside::Udp, &client_config(&config), &server_config(&config));
    world.server.password = "looking-glass".to_owned();
    let frame = ip_packet(1, 60);
    for _ in 0..200 {
        world.step(Duration::from_secs(60));
        let now = world.now;
        // At every step it tries to send, and the server to deliver.
        assert!(world.client.send(now, &frame).is_err());
    }
    never_up(&world);
    assert!(world.server.packets().is_empty());
}
