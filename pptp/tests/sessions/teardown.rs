//! Every way to end, in every phase.

use pptp::ppp_session;
use std::net::Ipv4Addr;
use std::time::Duration;

use pptp::ppp::link::{self, Link, Phase};
use pptp::session::{CallEvent, Event, Reason};
use pptp::wire::connection::{CallCloseReason, CloseReason, State};
use pptp::{client, server};

use testing::pptp::OneCall as _;
use testing::pptp::{Client, Host, World};
use testing::{Profile, Random};

/// How far the two have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// The client's Start-Control-Connection-Request is on its way.
    Dialing,
    /// The server has answered it.
    Start,
    /// The client's Outgoing-Call-Request is on its way.
    Call,
    Lcp,
    /// The server has been asked, and has not answered.
    Authentication,
    Ccp,
    Ipcp,
    Up,
}

const WHENS: [When; 8] =
    [When::Dialing, When::Start, When::Call, When::Lcp, When::Authentication, When::Ccp, When::Ipcp, When::Up];

/// The cause of its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Client,
    Server,
    /// The server ends the call alone.
    ServerCall,
    Both,
    /// TCP is gone.
    Cut,
    /// The client's TCP socket was closed; the server reads that behind all that came.
    Fin,
}

const HOWS: [How; 6] = [How::Client, How::Server, How::ServerCall, How::Both, How::Cut, How::Fin];

/// The loss from then on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lost {
    Nothing,
    /// All GRE packets: LCP's Terminate-Request, too.
    Gre,
    /// Call-Clear-Request and Call-Disconnect-Notify.
    CallEnd,
    /// Stop-Control-Connection-Request and its reply.
    Stop,
    /// Everything.
    All,
}

const LOSSES: [Lost; 5] = [Lost::Nothing, Lost::Gre, Lost::CallEnd, Lost::Stop, Lost::All];

fn client_link(world: &World) -> Option<&Link> {
    world.client.session.link()
}

fn is_at(world: &World, when: When) -> bool {
    let state = world.client.session.connection().state();
    let phase = client_link(world).map(Link::phase);
    let has_encryption = client_link(world).is_some_and(|link| link.compression().is_some());
    match when {
        When::Dialing => true,
        When::Start => world.server.session().connection().state() == State::Established,
        When::Call => state == State::Established,
        When::Lcp => phase == Some(Phase::Establish),
        When::Authentication => world.server.events.iter().any(|event| {
            matches!(event, Event::Call { event: CallEvent::Ppp(ppp_session::Event::Authenticate(_)), .. })
        }),
        When::Ccp => phase == Some(Phase::Network) && !has_encryption,
        When::Ipcp => has_encryption && world.client.session.ip().is_none(),
        When::Up => world.is_up(),
    }
}

fn world(seed: u64) -> World {
    let mut random = Random::new(seed);
    let client = Client::new(&client::Config::new("alice", "wonderland"), random.entropy());
    let config = server::Config::new(Ipv4Addr::new(10, 0, 0, 1));
    let mut host = Host::new(&config, random.entropy(), seed % 2 == 0);
    host.answer_delay = Duration::from_millis(20);
    World::new(random.number(), Profile::CLEAN, client, host)
}

fn lose(world: &mut World, lost: Lost) {
    let is_type = |message: &[u8], types: [u8; 2]| types.contains(&message[9]);
    match lost {
        Lost::Nothing => {}
        Lost::Gre => world.lose_datagram = Some(Box::new(|_, _, _| true)),
        Lost::CallEnd => world.lose_message = Some(Box::new(move |_, _, message| is_type(message, [12, 13]))),
        Lost::Stop => world.lose_message = Some(Box::new(move |_, _, message| is_type(message, [3, 4]))),
        Lost::All => {
            world.lose_datagram = Some(Box::new(|_, _, _| true));
            world.lose_message = Some(Box::new(|_, _, _| true));
        }
    }
}

fn end(world: &mut World, how: How) {
    let now = world.now;
    let call = world.server.call();
    match how {
        How::Client => world.client.session.close(now),
        How::Server => world.server.with(|session| session.close(now)),
        How::ServerCall => {
            if let Some(call) = call {
                world.server.with(|session| session.call_mut(call).unwrap().close(now));
            } else {
                world.server.with(|session| session.close(now));
            }
        }
        How::Both => {
            world.client.session.close(now);
            world.server.with(|session| session.close(now));
        }
        How::Cut => world.cut_stream(),
        How::Fin => {
            world.client.session.handle_disconnect(now);
            world.pipes[0].close(now);
        }
    }
    world.settle();
}

/// Returns what the side that did not begin may say.
fn is_told(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::Ppp(ppp_session::Reason::Link(link::Reason::PeerClosed { error: None, .. }))
            | Reason::Call(CallCloseReason::PeerCleared | CallCloseReason::Disconnected { .. })
            | Reason::Control(CloseReason::PeerStopped { .. } | CloseReason::Disconnected)
    )
}

/// Returns what it may say when it hears nothing any more.
fn is_silence(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::Ppp(
            ppp_session::Reason::Link(
                link::Reason::NoAnswer
                    | link::Reason::PeerSilent
                    | link::Reason::Authentication(_)
                    | link::Reason::EncryptionRequired { .. }
                    | link::Reason::EncryptionUnanswered
                    | link::Reason::NoIp(_)
                    | link::Reason::IpClosed { .. }
                    | link::Reason::NoNetwork
            ) | ppp_session::Reason::SetupTimeout
        ) | Reason::Control(CloseReason::EchoTimeout | CloseReason::StartTimeout | CloseReason::CallTimeout { .. })
            | Reason::GreBlocked
            | Reason::GreOneWay
    )
}

fn check(world: &World, how: How, lost: Lost) {
    let client = world.client.closed.unwrap();
    let server = world.server.call_ends.first().copied();
    let hears_nothing = lost == Lost::All;
    let told = |reason: Reason| is_told(reason) || (lost != Lost::Nothing && is_silence(reason));
    let of_other = |reason: Reason| if hears_nothing { is_silence(reason) || is_told(reason) } else { told(reason) };
    match how {
        How::Client => {
            assert_eq!(client, Reason::Closed);
            assert!(server.is_none_or(of_other), "{server:?}");
        }
        How::Server | How::ServerCall => {
            assert!(server.is_none_or(|reason| reason == Reason::Closed), "{server:?}");
            assert!(of_other(client), "{client:?}");
        }
        How::Both => {
            assert_eq!(client, Reason::Closed);
            assert!(server.is_none_or(|reason| reason == Reason::Closed || is_told(reason)), "{server:?}");
        }
        How::Cut | How::Fin => {
            let is_cut = |reason| matches!(reason, Reason::Control(CloseReason::Disconnected | CloseReason::Cut));
            assert!(is_cut(client), "{client:?}");
            assert!(server.is_none_or(is_cut), "{server:?}");
        }
    }
}

#[test]
fn every_end_in_every_phase() {
    let (mut seed, mut longest) = (0, Duration::ZERO);
    let mut failed = Vec::new();
    for when in WHENS {
        for how in HOWS {
            for lost in LOSSES {
                for _ in 0..2 {
                    seed += 1;
                    let result = std::panic::catch_unwind(|| {
                        let mut world = world(seed);
                        assert!(world.run_until(Duration::from_secs(10), |world| is_at(world, when)), "never there");
                        lose(&mut world, lost);
                        end(&mut world, how);
                        let begun = world.now;
                        // A side that has to find out alone needs the time of the echoes: a minute,
                        // and 20 seconds.
                        let time = if lost == Lost::All { 200 } else { 60 };
                        assert!(
                            world.run_until(Duration::from_secs(time), World::is_over),
                            "client {:?}, server {:?}",
                            world.client.closed,
                            world.server.closed
                        );
                        let taken = world.now.saturating_sub(begun);
                        check(&world, how, lost);
                        assert!(
                            [0, 1].iter().all(|side| world.sent(*side).packets < 200),
                            "{:?}",
                            [world.sent(0), world.sent(1)]
                        );
                        world.check_end();
                        taken
                    });
                    if let Ok(taken) = result {
                        longest = longest.max(taken);
                    } else {
                        println!("{when:?}, {how:?}, lost: {lost:?}, seed {seed}");
                        failed.push((when, how, lost));
                    }
                }
            }
        }
    }
    println!("{seed} ends, the longest takes {longest:?}");
    assert!(failed.is_empty(), "{failed:?}");
}
