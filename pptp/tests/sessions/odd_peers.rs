//! Peers whose beginning is odd, as that of real ones is: every call comes up at once, and carries packets both ways.

use std::time::Duration;

use pptp::ppp_session;
use pptp::session::{CallEvent, Config};

use testing::pptp::{Client, HasPpp, Host, Odd, Oddity, Tunnelled as _, client_config, ip_packet, server_config};
use testing::{CLIENT, Profile, SERVER};

type World = testing::World<Odd<Client>, Odd<Host>>;

/// How many calls each combination makes.
const CALLS: u8 = 100;
/// From the beginning of the control connection.
const SETUP: Duration = Duration::from_millis(500);
const MILLISECOND: Duration = Duration::from_millis(1);
const PATH: Profile = Profile { name: "1 ms", delay: MILLISECOND, ..Profile::CLEAN };
const PACKETS: u32 = 5;

fn presets() -> [(&'static str, Config); 2] {
    [("strict", Config::strict()), ("interop", Config::interop())]
}

fn world(seed: u8, oddities: [Oddity; 2], configs: [&Config; 2]) -> World {
    let client = Client::new(&client_config(configs[CLIENT]), [seed; 32]);
    // A server that is late has not waited for its client.
    let server = server_config(configs[SERVER]);
    let server = if let Oddity::Late(_) = oddities[SERVER] {
        server.with_server(|server| server.with_patience(Duration::ZERO))
    } else {
        server
    };
    let server = Host::new(&server, [seed ^ 0xff; 32], true);
    World::new(seed.into(), PATH, Odd::new(client, oddities[CLIENT]), Odd::new(server, oddities[SERVER]))
}

fn are_both(world: &World, is_so: impl Fn(&ppp_session::Session) -> bool) -> bool {
    let sides = [world.client.inner.ppp(), world.server.inner.ppp()];
    sides.iter().all(|side| side.is_some_and(&is_so))
}

/// Asserts that packets come through both ways unchanged.
fn assert_carries(world: &mut World, what: &str) {
    for index in 0..PACKETS {
        let now = world.now;
        world.client.send(now, &ip_packet(CLIENT, index, 100, false));
        world.server.send(now, &ip_packet(SERVER, index, 100, false));
        world.settle();
    }
    world.run(50 * MILLISECOND);
    let expected = |from| (0..PACKETS).map(|index| ip_packet(from, index, 100, false)).collect::<Vec<_>>();
    assert_eq!(world.server.inner.log().got.packets, expected(CLIENT), "{what}: to the server");
    assert_eq!(world.client.inner.log().got.packets, expected(SERVER), "{what}: to the client");
}

/// Runs 100 calls of each combination of presets. The odd side is `odd`, the other one is under
/// test.
fn check(odd: usize, oddity: Oddity) {
    let mut slowest = Duration::ZERO;
    let mut changed = 0;
    for (client_name, client) in &presets() {
        for (server_name, server) in &presets() {
            for seed in 0..CALLS {
                let what = format!("{oddity:?} at {odd}, {client_name} client, {server_name} server, {seed}");
                let mut oddities = [Oddity::None; 2];
                oddities[odd] = oddity;
                let mut world = world(seed, oddities, [client, server]);
                let is_up = |world: &World| are_both(world, |ppp| ppp.ip().is_some());
                assert!(world.run_until(SETUP, is_up), "{what}: {:?}", world.client.inner.events);
                slowest = slowest.max(world.now);
                // Where encryption is preferred, IP may come first.
                let is_encrypted = |world: &World| {
                    are_both(world, |ppp| ppp.link().compression().is_some_and(|agreed| agreed.is_encrypted()))
                };
                let left = SETUP.saturating_sub(world.now);
                assert!(world.run_until(left, is_encrypted), "{what}: {:?}", world.client.inner.events);
                world.run(10 * MILLISECOND);
                assert_carries(&mut world, &what);
                assert_eq!(world.client.chap_rejects + world.server.chap_rejects, 0, "{what}");
                changed += world.client.changed + world.server.changed;
            }
        }
    }
    println!(
        "{oddity:?} at {odd}: {} calls, the slowest up after {slowest:?}, {changed} frames",
        4 * usize::from(CALLS)
    );
    assert_eq!(changed == 0, oddity == Oddity::None, "the peer was not odd");
}

#[test]
fn two_sides_of_ours_are_up_at_once() {
    check(CLIENT, Oddity::None);
}

/// accel-ppp sends its request, and lets its kernel listen to CCP a moment later: the way there and back takes two
/// milliseconds, and it is deaf for one more. Only a server is so, and only a client can wait for it.
#[test]
fn a_server_that_is_deaf_for_a_millisecond_after_its_ccp_request_hears_the_acknowledgment() {
    check(SERVER, Oddity::DeafCcp(3 * MILLISECOND));
}

/// pppd's first packet, and accel-ppp's CCP.
#[test]
fn a_peer_that_discards_requests_before_it_listens_is_asked_again_at_once() {
    for odd in [CLIENT, SERVER] {
        check(odd, Oddity::Late(20 * MILLISECOND));
    }
}

/// pppd and Windows that require encryption.
#[test]
fn a_peer_that_answers_early_ipcp_with_a_terminate_ack_is_asked_again_when_ccp_opens() {
    for odd in [CLIENT, SERVER] {
        check(odd, Oddity::RefusesEarlyIpcp);
    }
}

/// Android: RFC 1661 section 5.7 is about unknown protocols, and CHAP was just used.
#[test]
fn a_client_that_confirms_success_with_success_gets_no_protocol_reject() {
    check(CLIENT, Oddity::ConfirmsSuccess);
}

/// RFC 2637 section 4.4, and a peer of Linux: a flow in one direction gets acknowledgments when they are asked for alone.
/// All of it comes through at once, and nobody is alarmed.
#[test]
fn a_flow_to_a_peer_that_acknowledges_with_data_alone_raises_no_alarm_and_waits_for_nothing() {
    for (odd, pause, packets) in [(CLIENT, 10, 3000), (SERVER, 10, 3000), (CLIENT, 5000, 50), (SERVER, 5000, 50)] {
        let mut oddities = [Oddity::None; 2];
        oddities[odd] = Oddity::AcknowledgesWithData;
        let strict = Config::strict();
        let mut world = world(1, oddities, [&strict, &strict]);
        assert!(world.run_until(SETUP, |world| are_both(world, |ppp| ppp.ip().is_some())));
        let from = 1 - odd;
        for index in 0..packets {
            let (now, packet) = (world.now, ip_packet(from, index, 1000, false));
            if from == CLIENT {
                world.client.send(now, &packet);
            } else {
                world.server.send(now, &packet);
            }
            world.settle();
            world.run(2 * MILLISECOND);
            let log = if odd == CLIENT { world.client.inner.log() } else { world.server.inner.log() };
            assert_eq!(log.got.packets.len(), usize::try_from(index).unwrap() + 1, "withheld");
            world.run((pause - 2) * MILLISECOND);
        }
        let statistics = if from == CLIENT {
            world.client.inner.session.first_call().unwrap().statistics()
        } else {
            let server = &world.server.inner;
            server.session().call(server.call().unwrap()).unwrap().statistics()
        };
        let (tunnel, echo) = (statistics.tunnel, statistics.ppp.echo);
        println!("{packets} packets, one each {pause} ms: {} time-outs, {} echoes", tunnel.time_outs, echo.sent);
        assert!(!tunnel.alarm && tunnel.alarms == 0, "{tunnel}");
        // It was late, and asked for.
        assert!(tunnel.time_outs > 0 && echo.sent > 0 && echo.received >= echo.sent - 1, "{tunnel} {echo:?}");
        let events = world.client.inner.events.iter().chain(world.server.inner.call_events());
        let alarms = events.filter(|event| matches!(event, CallEvent::FlowAlarm { .. })).count();
        assert_eq!(alarms, 0);
    }
}
