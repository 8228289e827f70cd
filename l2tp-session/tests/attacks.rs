//! Attacks on sessions, each a named test: the attempts of a hostile peer, or of somebody on or off
//! the path. Every one asserts that genuine packets get what they get without it.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::integer_division,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "a test that goes wrong stops"
)]

#[path = "attacks/data.rs"]
mod data;
#[path = "attacks/flood.rs"]
mod flood;
#[path = "attacks/forged.rs"]
mod forged;
#[path = "attacks/impostor.rs"]
mod impostor;

use std::time::Duration;

use l2tp_session::session::Config;
use l2tp_session::wire::Address;
use testing::Profile;
use testing::l2tp::{Outside, Pair, client_config, connect, ip_packet, pair, server_config};

/// Returns two sides that are connected.
fn connected(config: &Config) -> Pair {
    let mut world = pair(1, Profile::CLEAN, Outside::Udp, &client_config(config), &server_config(config));
    assert!(connect(&mut world, Duration::from_secs(60)), "{:?}", world.client.user);
    world.run(Duration::from_secs(1));
    world
}

/// Asserts that a packet of each side still comes through, at once.
fn assert_carries(world: &mut Pair) {
    let before = (world.client.user.packets.len(), world.server.packets().len());
    let now = world.now;
    let sent =
        [world.client.send(now, &ip_packet(1, 100)).unwrap(), world.server.send(now, &ip_packet(2, 100)).unwrap()];
    for (side, sent) in (0..).zip(sent) {
        world.send_datagram(side, &sent, None);
    }
    world.run(Duration::from_millis(100));
    assert_eq!((world.client.user.packets.len(), world.server.packets().len()), (before.0 + 1, before.1 + 1));
}

/// Returns an address of nobody.
fn stranger(number: u16) -> Address {
    let [high, low] = number.to_be_bytes();
    Address::udp(([203, 0, high, low], 1701).into())
}
