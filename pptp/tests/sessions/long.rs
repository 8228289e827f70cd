//! Sessions that live long: days of silence with echoes, hourly challenges, and counts that begin again.

use pptp::ppp_session;
use pptp::report::ClientStatus;
use std::net::Ipv4Addr;
use std::time::Duration;

use pptp::ppp::ccp::Modes;
use pptp::session::{CallEvent, Config, Event, Status};
use pptp::{client, server};

use testing::pptp::OneCall as _;
use testing::pptp::{Client, Host, World};
use testing::{CLIENT, Profile, SERVER};

fn up(config: Config, profile: Profile, is_of_many: bool) -> World {
    let client = client::Config::new("alice", "wonderland").with_session(config.clone());
    let server = server::Config::new(Ipv4Addr::new(10, 0, 0, 1)).with_session(config);
    let host = Host::new(&server, [4; 32], is_of_many);
    let mut world = World::new(5, profile, Client::new(&client, [3; 32]), host);
    assert!(world.run_until(Duration::from_secs(60), World::is_up));
    world
}

fn has_gone_down(world: &World) -> bool {
    let is_bad = |event: &CallEvent| {
        matches!(
            event,
            CallEvent::Ppp(ppp_session::Event::IpDown | ppp_session::Event::EncryptionDown) | CallEvent::Closed(_)
        )
    };
    let of_host = |event: &Event| matches!(event, Event::Call { event, .. } if is_bad(event));
    world.client.events.iter().any(is_bad) || world.server.events.iter().any(of_host)
}

#[test]
fn days_with_echoes_and_hourly_challenges() {
    const DAYS: u32 = 3;
    // With more, three echoes in a row are lost in some hour, which is the end.
    let lossy = Profile { loss: 5, ..Profile::LOSS };
    for (modes, profile) in [(Modes::Stateless, Profile::CLEAN), (Modes::PreferStateful, lossy)] {
        let config = Config::strict()
            .with_ppp(|ppp| ppp.with_modes(modes).with_rechallenge_interval(Some(Duration::from_secs(3600))));
        let mut world = up(config, profile, true);
        let begun = world.now;
        for hour in 0..DAYS * 24 {
            // One hour in three is silent: the next packet meets both sides as they were.
            if hour % 3 != 0 {
                for side in [CLIENT, SERVER] {
                    let sent = world.send(side, hour, 300, false);
                    assert_eq!(sent, Ok(()), "{:?} {:?}", world.client.closed, world.server.call_ends);
                }
            }
            world.run(Duration::from_secs(3600));
        }
        assert!(!has_gone_down(&world), "{:?}", world.client.closed);
        let status = ClientStatus::of_session(&world.client.session, world.now);
        assert_eq!(status.status, Status::Connected);
        assert!(status.uptime.unwrap() >= world.now.saturating_sub(begun));
        let is_proof = |event: &&Event| {
            matches!(event, Event::Call { event: CallEvent::Ppp(ppp_session::Event::PeerAuthenticated), .. })
        };
        let proofs = world.server.events.iter().filter(is_proof).count();
        assert!(proofs >= usize::try_from(DAYS).unwrap() * 23, "{proofs} challenges");
        // An echo of LCP every 30 seconds, answered, and the proofs; no more.
        let echo = world.client.session.statistics().unwrap().ppp.echo;
        println!("{modes:?}: {} days, {proofs} proofs, {echo:?}, {} packets", DAYS, world.sent(CLIENT).packets);
        assert!(world.sent(CLIENT).packets < u64::from(DAYS) * 86_400 / 10);
        if profile.is_lossless() {
            assert_eq!(world.delivered(CLIENT).len(), 48);
        }
        assert_eq!((world.sent(0).clear, world.sent(1).clear), (0, 0));
        let now = world.now;
        world.client.session.close(now);
        world.settle();
        assert!(world.run_until(Duration::from_secs(30), World::is_over));
        world.check_end();
    }
}

/// RFC 3078 section 3: the count has twelve bits, and the key of stateful encryption changes with every 256th packet.
#[test]
fn the_coherency_count_begins_again() {
    const COUNT: u32 = 9000;
    let modes = [Modes::Stateless, Modes::PreferStateful];
    for (modes, profile) in modes.into_iter().flat_map(|modes| [(modes, Profile::CLEAN), (modes, Profile::REORDER)]) {
        let mut world = up(Config::strict().with_ppp(|ppp| ppp.with_modes(modes)), profile, false);
        for index in 0..COUNT {
            world.send(CLIENT, index, 60, false).unwrap();
            world.run(Duration::from_millis(3));
        }
        world.run(Duration::from_secs(1));
        assert_eq!(world.delivered(CLIENT), (0..COUNT).collect::<Vec<_>>(), "{modes:?}, {}", profile.name);
        let call = world.server.call().unwrap();
        let received =
            world.server.session().call(call).map(|call| call.statistics()).unwrap().ppp.mppe.unwrap().received;
        assert_eq!((received.packets_decrypted, received.rx_packets_dropped), (COUNT.into(), 0));
        assert!(!has_gone_down(&world));
    }
}

/// All packets of a while are lost. Up to 4095 of them the count says how many, and the session
/// goes on. After more, the keys are others than the count says; for stateless encryption that is
/// reported at once.
#[test]
fn a_hole_of_thousands_of_packets() {
    for (hole, modes) in [
        (100, Modes::Stateless),
        (100, Modes::PreferStateful),
        (3000, Modes::Stateless),
        (3000, Modes::PreferStateful),
        (4000, Modes::Stateless),
        (4000, Modes::PreferStateful),
        (5000, Modes::Stateless),
    ] {
        let mut world = up(Config::strict().with_ppp(|ppp| ppp.with_modes(modes)), Profile::CLEAN, false);
        let mut index = 0;
        let mut send = |world: &mut World, count: u32| {
            for _ in 0..count {
                world.send(CLIENT, index, 60, false).unwrap();
                world.run(Duration::from_millis(2));
                index += 1;
            }
        };
        send(&mut world, 20);
        world.lose_datagram = Some(Box::new(|_, from, _| from == CLIENT));
        send(&mut world, hole);
        world.lose_datagram = None;
        // Two seconds.
        send(&mut world, 1000);
        world.run(Duration::from_secs(2));
        let delivered = world.delivered(CLIENT);
        let is_told = |event: &Event| {
            matches!(event, Event::Call { event: CallEvent::Ppp(ppp_session::Event::CoherencyLost), .. })
        };
        let is_told = world.server.events.iter().any(is_told);
        if hole >= 4096 {
            assert!(is_told && delivered.len() == 20, "{}", delivered.len());
            continue;
        }
        let last: Vec<u32> = delivered.iter().rev().take(300).copied().collect();
        let expected: Vec<u32> = (index - 300..index).rev().collect();
        assert!(last == expected, "hole of {hole}, {modes:?}: {} of {index} came", delivered.len());
        assert!(!is_told);
        if modes == Modes::Stateless {
            // Keys are caught up with by 256 in a packet.
            let caught_up = usize::try_from(hole / 256 + 1).unwrap();
            assert!(delivered.len() >= 1020 - caught_up, "hole of {hole}: {}", delivered.len());
        }
    }
}
