//! Every way to end, at every moment of a set-up.

use std::time::Duration;

use l2tp_session::session::Reason;
use l2tp_session::wire::tunnel::CloseReason;
use testing::Profile;
use testing::l2tp::{Outside, Pair, client_config, connect, pair, server_config};

use crate::{END, SETUP, strict};

/// A way to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Client,
    ServerTunnel,
    ServerCall,
    Both,
    /// Nobody says anything any more.
    Cut,
    /// The client vanishes.
    Vanish,
}

const EACH: [End; 6] = [End::Client, End::ServerTunnel, End::ServerCall, End::Both, End::Cut, End::Vanish];

fn end(world: &mut Pair, how: End) {
    let now = world.now;
    if matches!(how, End::Client | End::Both) {
        world.client.session.close(now);
    }
    let id = world.server.server.tunnels().next();
    if let Some(id) = id.filter(|_| matches!(how, End::ServerTunnel | End::Both)) {
        world.server.server.session_mut(id).unwrap().close(now);
    }
    if let Some(mut session) = id.filter(|_| how == End::ServerCall).and_then(|id| world.server.server.session_mut(id))
    {
        if let Some(mut call) = session.first_call_mut() {
            call.close(now);
        }
    }
    if matches!(how, End::Cut) {
        world.path.cut();
    }
    if how == End::Vanish {
        world.lose_datagram = Some(Box::new(|_, from, _| from == testing::CLIENT));
    }
    world.settle();
}

#[test]
fn every_end_at_every_step_leaves_nothing_and_gives_its_reason() {
    for how in EACH {
        for steps in 0..40 {
            let config = strict().with_tunnel(|tunnel| tunnel.with_hello_interval(Some(Duration::from_secs(20))));
            let mut world = pair(7, Profile::CLEAN, Outside::Udp, &client_config(&config), &server_config(&config));
            let last = Duration::from_secs(60);
            for _ in 0..steps {
                world.step(last);
            }
            end(&mut world, how);
            // A server without a tunnel yet has nothing to end: the client goes on, and is closed.
            world.run(Duration::from_secs(300));
            let now = world.now;
            world.client.session.close(now);
            assert!(world.run_to_rest(END), "{how:?} after {steps}: {world:?}");
            assert!(world.client.user.is_drained, "{how:?} after {steps}: {:?}", world.client.user);
            assert!(world.server.server.is_empty(), "{how:?} after {steps}");
            for user in std::iter::once(&world.client.user).chain(world.server.users.values()) {
                let ended = user.events.iter().filter(|event| format!("{event:?}").starts_with("Closed")).count();
                // A tunnel that was forgotten before anybody showed that it receives says nothing.
                assert!(ended <= 1, "{how:?} after {steps}: {:?}", user.events);
            }
        }
    }
}

#[test]
fn the_first_cause_is_the_reason_of_both_sides() {
    let cases: [(End, &str, &str); 4] = [
        (End::Client, "closed by us", "PPP"),
        (End::ServerTunnel, "PPP", "closed by us"),
        (End::ServerCall, "PPP", "closed by us"),
        (End::Both, "closed by us", "closed by us"),
    ];
    for (how, client, server) in cases {
        let config = strict();
        let mut world = pair(7, Profile::CLEAN, Outside::Udp, &client_config(&config), &server_config(&config));
        assert!(connect(&mut world, SETUP));
        end(&mut world, how);
        world.run(Duration::from_secs(20));
        let of_client = world.client.user.ended[0].1;
        let of_server = world.server.user().ended[0].1;
        for (reason, expected) in [(of_client, client), (of_server, server)] {
            let is_right = match expected {
                "PPP" => matches!(reason, Reason::Ppp(_)),
                _ => reason == Reason::Closed,
            };
            assert!(is_right, "{how:?}: {reason:?}, not {expected}");
        }
    }
}

/// RFC 2661 section 5.5: a peer that is gone is found by Hellos, and the reason says so.
#[test]
fn a_peer_that_is_gone_is_given_up_after_a_hello() {
    let config = strict()
        .with_tunnel(|tunnel| tunnel.with_hello_interval(Some(Duration::from_secs(20))))
        .with_ppp(|ppp| ppp.with_keepalive(None));
    let mut world = pair(7, Profile::CLEAN, Outside::Udp, &client_config(&config), &server_config(&config));
    assert!(connect(&mut world, SETUP));
    let start = world.now;
    world.path.cut();
    assert!(world.run_until(Duration::from_secs(120), |world| world.client.user.reason.is_some()));
    assert_eq!(world.client.user.reason, Some(Reason::Tunnel(CloseReason::Silent)));
    // 20 s of silence, then 1 + 2 + 4 + 8 + 8 + 8 s.
    assert!(world.now <= start + Duration::from_secs(52), "{:?} after {start:?}", world.now);
    assert_eq!(world.client.user.ended[0].1, Reason::Tunnel(CloseReason::Silent));
}

#[test]
fn a_session_without_traffic_stays_up_for_130_seconds() {
    let config = strict();
    let mut world = pair(7, Profile::CLEAN, Outside::Udp, &client_config(&config), &server_config(&config));
    assert!(connect(&mut world, SETUP));
    world.run(Duration::from_secs(130));
    assert!(world.client.is_connected() && world.server.is_connected());
    let hellos = world.client.session.tunnel().counters();
    assert!(hellos.hellos_sent + hellos.hellos_received > 0, "{hellos:?}");
}
