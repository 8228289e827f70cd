//! The report of the end of a call: the reason that says most, and the counters to the last.

#![expect(clippy::unwrap_used, reason = "a test")]

use core::time::Duration;
use pptp::ppp_session;
use pptp::report::{ClientStatus, SessionReport};

use pptp::ppp::{Words, link};
use pptp::session::{CallEvent, Config, Event, Reason, Status};
use pptp::{client, server};
use testing::pptp::{Client, Host, World, server_config};
use testing::{Pipe, Profile};

/// Returns a client with this password and its server. The tunnel is the faster way: TCP takes some
/// time.
fn world(password: &str) -> World {
    let client = Client::new(&client::Config::new("alice", password), [1; 32]);
    let mut server = Host::new(&server_config(&Config::strict()), [2; 32], false);
    server.hook = Some(Box::new(look_at_the_end));
    let mut world = World::new(1, Profile::DIRECT, client, server);
    world.pipes = [1, 2].map(|seed| Pipe::new(Profile::CLEAN, seed));
    world.run(Duration::from_millis(1500));
    world
}

/// Looks once more at a call that is over.
fn look_at_the_end(session: &mut server::Session, event: &Event) {
    let Event::Call { call, event: CallEvent::Closed(_) } = *event else { return };
    assert_eq!(session.call(call).map(|call| call.ppp().status()), Some(Status::Terminated));
    let statistics = session.call(call).map(|call| call.statistics()).unwrap();
    assert!(statistics.tunnel.packets_received > 3, "{statistics:?}");
    let now = Duration::from_secs(1);
    let report = session.call(call).map(|call| SessionReport::of_call(call, now)).unwrap().to_string();
    assert!(report.starts_with(&format!("Call id {call} is up")), "{report}");
    let status = session.call(call).map(|call| ClientStatus::of_call(call, now)).unwrap();
    assert_eq!(status.to_string(), "  status: Terminated");
    let _ = session.poll_event();
    assert!(session.call(call).map(|call| call.statistics()).is_none());
}

fn ends(world: &World) -> [Option<Reason>; 2] {
    [world.client.events.last(), world.server.call_events().last()].map(|event| match event {
        Some(CallEvent::Closed(reason)) => Some(*reason),
        _ => None,
    })
}

/// The client terminates LCP, which takes the server a restart time-out to see the end of; the call is cleared before.
#[test]
fn a_hang_up_is_one_although_the_call_is_cleared_before_the_link_is_down() {
    let mut world = world("wonderland");
    assert!(world.is_up());
    let call = world.server.call().unwrap();
    let status = world.server.session().call(call).map(|call| ClientStatus::of_call(call, world.now)).unwrap();
    assert_eq!(status, ClientStatus::of_session(&world.client.session, world.now));
    assert_eq!(status.to_string(), "  uptime: 1s\n  encoding: MPPE 128 bit, stateless\n  status: Connected");

    world.client.session.close(world.now);
    world.settle();
    world.run(Duration::from_secs(1));
    let hang_up = Reason::Ppp(ppp_session::Reason::Link(link::Reason::PeerClosed { error: None, words: Words::NONE }));
    assert_eq!(ends(&world), [Some(Reason::Closed), Some(hang_up)]);
}

#[test]
fn a_wrong_password_is_told_although_the_server_ends_the_call() {
    let [client, server] = ends(&world("looking-glass")).map(|reason| reason.unwrap());
    assert_eq!(client.to_string(), "the peer refused our authentication by MS-CHAP-V2, error 691");
    assert_eq!(server.to_string(), "we refused the peer's authentication by MS-CHAP-V2, error 691");
}
