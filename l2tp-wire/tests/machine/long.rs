//! Long lives: all numbers wrap, tunnels idle for days, sessions come and go.

use std::time::Duration;

use l2tp_wire::code::Accm;
use l2tp_wire::session::Disconnect;
use l2tp_wire::tunnel::{Event, State};
use testing::{Profile, World};

use crate::end::{End, Variant};

fn established(variant: &Variant, profile: Profile) -> World<End> {
    let mut world = variant.world(7, profile);
    world.client.tunnel.open(Duration::ZERO).unwrap();
    world.client.call(Duration::ZERO, variant.direction, variant.terms());
    world.settle();
    assert!(
        world.run_until(Duration::from_secs(60), |world| world.client.is_connected() && world.server.is_connected())
    );
    world
}

#[test]
fn more_than_65536_control_messages_go_across_the_wrap() {
    let mut world = established(&Variant::PLAIN, Profile { loss: 2, ..Profile::DIRECT });
    let session = world.server.tunnel.sessions().next().unwrap().id();
    for number in 0..70_000 {
        let now = world.now;
        world.server.tunnel.set_link_info(now, session, Accm::new(number), Accm::NONE).unwrap();
        world.settle();
        while world.server.tunnel.channel_status().unacknowledged > 0 {
            world.run(Duration::from_millis(60));
        }
    }
    let infos = world.client.count(|event| matches!(event, Event::LinkInfo { .. }));
    assert_eq!(infos, 70_000);
    let counters = world.server.tunnel.counters();
    println!("70000 messages, {} sent again", counters.channel.retransmitted);
    assert!(counters.channel.sent >= 70_000 && counters.channel.retransmitted > 50);
    for end in world.ends() {
        assert_eq!((end.tunnel.state(), end.tunnel.counters().channel.implausible), (State::Established, 0));
    }
}

#[test]
fn section_5_5_an_idle_tunnel_lives_for_days_on_hellos() {
    for variant in [Variant::PLAIN, Variant::V3, Variant::DIGEST] {
        let mut world = established(&variant, Profile::LOSS);
        world.run(Duration::from_secs(2 * 86_400));
        for end in world.ends() {
            assert_eq!(end.tunnel.state(), State::Established);
            let counters = end.tunnel.counters();
            assert!(counters.hellos_sent + counters.hellos_received > 2 * 1440 - 288, "{counters:?}");
        }
    }
}

#[test]
fn two_thousand_sessions_come_and_go_on_one_tunnel() {
    let mut world = established(&Variant::V3, Profile::DIRECT);
    for _ in 0..2000 {
        let now = world.now;
        let session = world.client.tunnel.sessions().next().unwrap().id();
        world.client.tunnel.clear_call(now, session, Disconnect::ADMINISTRATIVE).unwrap();
        world.settle();
        world.run(Duration::from_millis(100));
        let now = world.now;
        let again = world.client.call(now, Variant::V3.direction, Variant::V3.terms());
        assert_ne!(again, session, "an id rests for a while");
        world.settle();
        world.run(Duration::from_millis(100));
        assert_eq!((world.client.data.len(), world.server.data.len()), (1, 1));
    }
}
