//! Every combination that makes sense, over every kind of path.

use std::time::Duration;

use l2tp_wire::code::DataSequencing;
use l2tp_wire::session::{Direction, Disconnect, State};
use l2tp_wire::tunnel::{self, Event};
use testing::{Profile, World, run_seeds};

use crate::end::{End, Variant};

/// Opens a tunnel and a session, sends data both ways, and ends both.
fn run(variant: &Variant, seed: u64, profile: Profile) -> Duration {
    let mut world = variant.world(seed, profile);
    world.client.tunnel.open(world.now).unwrap();
    if variant.caller == 0 {
        world.client.call(Duration::ZERO, variant.direction, variant.terms());
    }
    world.settle();
    if variant.caller == 1 {
        let up = |world: &World<End>| world.server.tunnel.state() == tunnel::State::Established;
        assert!(world.run_until(Duration::from_secs(60), up), "{variant:?} {profile:?} {world:?}");
        let now = world.now;
        world.server.call(now, variant.direction, variant.terms());
        world.settle();
    }
    let both = |world: &World<End>| world.client.is_connected() && world.server.is_connected();
    assert!(world.run_until(Duration::from_secs(60), both), "{variant:?} {profile:?}: {world:?}");
    let took = world.now;
    check_session(variant, &world);
    exchange(variant, &mut world, profile);
    end(&mut world);
    took
}

fn check_session(variant: &Variant, world: &World<End>) {
    for (end, other) in [(&world.client, &world.server), (&world.server, &world.client)] {
        assert_eq!(end.tunnel.version(), variant.version());
        assert!(end.tunnel.is_proven());
        let (session, peers) = (end.tunnel.sessions().next().unwrap(), other.tunnel.sessions().next().unwrap());
        assert_eq!(session.state(), State::Established);
        assert_eq!(session.peer_terms().session_id, peers.id().get());
        assert_ne!(session.side(), peers.side());
        assert_eq!(session.peer_terms().cookie, peers.cookie());
        let name = ["server", "client"][usize::from(std::ptr::eq(end, &raw const world.server))];
        assert_eq!(end.tunnel.peer().unwrap().host_name.to_string(), name);
        assert_eq!(end.count(|event| matches!(event, Event::Established)), 1);
    }
    let asked = [&world.client, &world.server][1 - variant.caller];
    let session = asked.tunnel.sessions().next().unwrap();
    assert_eq!(session.request().serial_number, 7);
    assert_eq!(session.direction(), variant.direction);
}

fn exchange(variant: &Variant, world: &mut World<End>, profile: Profile) {
    for number in 0_u8..40 {
        for end in world.ends_mut() {
            end.frames.push(vec![number, number]);
        }
        world.settle();
        world.run(Duration::from_millis(20));
    }
    world.run(Duration::from_secs(1));
    for end in world.ends() {
        let numbers: Vec<u8> = end.received.iter().map(|frame| frame[0]).collect();
        if profile.is_lossless() && profile.duplication == 0 {
            assert!(numbers.len() == 40, "{variant:?} {profile:?}: {numbers:?}");
        }
        assert!(!numbers.is_empty());
        if variant.sequencing == DataSequencing::ALL {
            assert!(numbers.is_sorted_by(|a, b| a < b), "in order, once each: {numbers:?}");
        }
    }
}

fn end(world: &mut World<End>) {
    let now = world.now;
    let session = world.server.tunnel.sessions().next().unwrap().id();
    world.server.tunnel.clear_call(now, session, Disconnect::LOST_CARRIER).unwrap();
    world.settle();
    // Where one packet in four is lost, it may take a Hello to find out that the peer has given up.
    let closed = |event: &Event| matches!(event, Event::CallClosed { .. });
    let ended = |world: &World<End>| world.ends().iter().all(|end| end.count(closed) == 1);
    assert!(world.run_until(Duration::from_secs(200), ended));
    assert_eq!((world.client.count(closed), world.server.count(closed)), (1, 1));
    let now = world.now;
    world.client.tunnel.close(now);
    world.settle();
    let over = |world: &World<End>| world.ends().iter().all(|end| end.tunnel.state() == tunnel::State::Closed);
    assert!(world.run_until(Duration::from_secs(120), over));
    for end in world.ends() {
        assert_eq!(end.count(|event| matches!(event, Event::Stopped { .. })), 1);
        assert_eq!(end.events.last(), Some(&Event::Closed));
    }
}

#[test]
fn every_combination_over_every_path() {
    let variants = Variant::all();
    let mut slowest = Duration::ZERO;
    for (place, variant) in variants.iter().enumerate() {
        for (number, profile) in Profile::EACH.into_iter().enumerate() {
            slowest = slowest.max(run(variant, u64::try_from(place * 16 + number).unwrap(), profile));
        }
    }
    println!("{} combinations over {} paths, the slowest set-up {slowest:?}", variants.len(), Profile::EACH.len());
    assert!(variants.len() > 300);
}

#[test]
fn five_thousand_seeds() {
    let variants = Variant::all();
    let runs = run_seeds("L2TP_SETUP", 5000, |seed| {
        let place = usize::try_from(seed).unwrap();
        run(&variants[(place * 7) % variants.len()], seed, Profile::EACH[place % 6])
    });
    println!("{} seeds, the slowest set-up {:?}", runs.len(), runs.iter().max().unwrap());
}

#[test]
fn both_directions_of_calls_have_the_sides_of_section_1_2() {
    for direction in [Direction::Incoming, Direction::Outgoing] {
        let variant = Variant { direction, ..Variant::PLAIN };
        run(&variant, 1, Profile::CLEAN);
    }
}
