//! Authentication: changes of password, further tries, answers that come late, keys from somewhere
//! else.

use pptp::ppp_session;
use pptp::report::ClientStatus;
use std::net::Ipv4Addr;
use std::time::Duration;

use pptp::mppe::{Direction, MasterKey, Side, Strength};
use pptp::mschap::v2::{AuthenticatorResponse, Challenges, ChangePassword, Response};
use pptp::mschap::{ChallengeResponse, FailureCode, NtHash};
use pptp::ppp::auth::{Failure, Method, Methods, Presented};
use pptp::ppp::{Words, chap, link};
use pptp::session::{CallEvent, Config, Event, ExternalKeys, Reason};
use pptp::{client, server};

use testing::pptp::OneCall as _;
use testing::pptp::{Client, Decision, Host, World};
use testing::{CLIENT, Profile, SERVER};

fn world(
    config: Config,
    password: &str,
    profile: Profile,
    decide: impl FnMut(&Presented<'_>) -> Decision + 'static,
) -> World {
    let client = client::Config::new("alice", password).with_session(config.clone());
    let server = server::Config::new(Ipv4Addr::new(10, 0, 0, 1)).with_session(config);
    World::new(3, profile, Client::new(&client, [3; 32]), Host::new(&server, [4; 32], true).with_decision(decide))
}

fn of(method: Method) -> Config {
    Config::strict().with_ppp(|ppp| ppp.with_authentication(Methods::new(&[method])))
}

/// Asserts that encrypted packets flow both ways, and that both ends finish.
fn check_up(mut world: World) {
    assert!(
        world.run_until(Duration::from_secs(60), World::is_up),
        "{:?} {:?}",
        world.client.events,
        world.server.events
    );
    for side in [CLIENT, SERVER] {
        world.send(side, 0, 400, false).unwrap();
        world.run(Duration::from_secs(1));
        assert_eq!((&world.delivered(side)[..], world.sent(side).clear), (&[0][..], 0));
    }
    let now = world.now;
    world.client.session.close(now);
    world.settle();
    assert!(world.run_until(Duration::from_secs(30), World::is_over));
    world.check_end();
}

/// Returns the reasons of both sides.
fn ends(mut world: World) -> (Reason, Reason) {
    assert!(world.run_until(Duration::from_secs(120), World::is_over), "{:?}", world.client.events);
    world.check_end();
    assert_eq!((world.sent(0).clear, world.sent(1).clear), (0, 0));
    (world.client.closed.unwrap(), world.server.call_ends[0])
}

fn expired(presented: &Presented<'_>) -> Decision {
    match presented {
        Presented::ChangePassword { name, .. } => {
            assert_eq!(name.0, b"alice");
            Decision::Password("wonderland")
        }
        _ => Decision::Restricted("wonderland", FailureCode::PASSWORD_EXPIRED),
    }
}

#[test]
fn an_expired_password_is_changed() {
    for method in [Method::MsChapV2, Method::MsChapV1] {
        for profile in [Profile::CLEAN, Profile::ALL, Profile::HEAVY] {
            for delay in [0, 7000] {
                let mut world = world(of(method), "wonderland", profile, expired);
                world.client.new_password = Some("looking-glass");
                world.server.answer_delay = Duration::from_millis(delay);
                assert!(
                    world.run_until(Duration::from_secs(90), |world| world.client.session.ip().is_some()),
                    "{method} {profile:?} {delay} {:?}",
                    world.client.closed
                );
                assert_eq!(world.server.changed, 1);
                assert!(world.client.events.contains(&CallEvent::Ppp(ppp_session::Event::PasswordExpired)));
                world.path.heal();
                check_up(world);
            }
        }
    }
}

#[test]
fn a_new_password_is_not_good_enough() {
    for method in [Method::MsChapV2, Method::MsChapV1] {
        let mut world = world(of(method), "wonderland", Profile::CLEAN, |presented| match presented {
            Presented::ChangePassword { .. } => Decision::RejectChange("wonderland"),
            other => expired(other),
        });
        world.client.new_password = Some("1234");
        let (client, server) = ends(world);
        let code = Some(709);
        assert_eq!(
            client,
            Reason::Ppp(ppp_session::Reason::Link(link::Reason::Authentication(Failure::Refused {
                method,
                code,
                words: Words::NONE
            })))
        );
        assert_eq!(
            server,
            Reason::Ppp(ppp_session::Reason::Link(link::Reason::Authentication(Failure::RefusedPeer { method, code })))
        );
        assert_eq!((client.windows_error(), server.windows_error()), (code, code));
        assert!(!client.advice().is_empty());
    }
}

/// Nobody says what the new password is: both sides lose patience, and the refusal is why.
#[test]
fn an_expired_password_is_not_changed() {
    for method in [Method::MsChapV2, Method::MsChapV1] {
        let (client, server) = ends(world(of(method), "wonderland", Profile::CLEAN, expired));
        assert_eq!(
            client,
            Reason::Ppp(ppp_session::Reason::Link(link::Reason::Authentication(Failure::Refused {
                method,
                code: Some(648),
                words: Words::NONE
            })))
        );
        let refused = Failure::RefusedPeer { method, code: Some(648) };
        assert_eq!(server, Reason::Ppp(ppp_session::Reason::Link(link::Reason::Authentication(refused))));
    }
}

#[test]
fn a_wrong_password_is_tried_again() {
    let right = |_: &Presented<'_>| Decision::Password("wonderland");
    for method in [Method::MsChapV2, Method::MsChapV1] {
        for profile in [Profile::CLEAN, Profile::ALL] {
            let config = of(method).with_ppp(|ppp| ppp.with_authentication_retries(2));
            let mut good = world(config.clone(), "mock turtle", profile, right);
            good.client.retries = vec![("alice", "wonderland"), ("alice", "jabberwock")];
            assert!(good.run_until(Duration::from_secs(60), |world| world.client.session.ip().is_some()));
            let tries = |world: &World| {
                world
                    .client
                    .events
                    .iter()
                    .filter(|event| matches!(event, CallEvent::Ppp(ppp_session::Event::Prove(_))))
                    .count()
            };
            assert_eq!(tries(&good), 2);
            good.path.heal();
            check_up(good);

            let mut bad = world(config.clone(), "mock turtle", profile, right);
            bad.client.retries = vec![("alice", "dodo"), ("alice", "gryphon"), ("alice", "jabberwock")];
            let (client, server) = ends(bad);
            assert_eq!((client.windows_error(), server.windows_error()), (Some(691), Some(691)));
        }
    }
}

#[test]
fn a_wrong_password_ends_with_691() {
    for method in [Method::MsChapV2, Method::MsChapV1, Method::ChapMd5, Method::Pap] {
        let config = Config::interop().with_ppp(|ppp| ppp.with_authentication(Methods::new(&[method])));
        let (client, server) =
            ends(world(config.clone(), "mock turtle", Profile::CLEAN, |_| Decision::Password("wonderland")));
        assert_eq!((client.windows_error(), server.windows_error()), (Some(691), Some(691)), "{method}");
        // The same where somebody else says no.
        let (client, server) =
            ends(world(config.clone(), "mock turtle", Profile::CLEAN, |_| Decision::Reject(b"E=691 R=0")));
        assert_eq!((client.windows_error(), server.windows_error()), (Some(691), Some(691)), "{method}");
    }
}

/// The client repeats itself while it waits, and the user is asked once.
#[test]
fn an_answer_comes_late() {
    for method in [Method::MsChapV2, Method::MsChapV1, Method::ChapMd5, Method::Pap] {
        for profile in [Profile::CLEAN, Profile::LOSS] {
            let config = Config::interop().with_ppp(|ppp| ppp.with_authentication(Methods::new(&[method])));
            let mut world = world(config.clone(), "wonderland", profile, |_| Decision::Password("wonderland"));
            world.server.answer_delay = Duration::from_secs(14);
            assert!(world.run_until(Duration::from_secs(40), |world| world.client.session.ip().is_some()), "{method}");
            let is_question = |event: &&Event| {
                matches!(event, Event::Call { event: CallEvent::Ppp(ppp_session::Event::Authenticate(_)), .. })
            };
            assert_eq!(world.server.events.iter().filter(is_question).count(), 1, "{method}");
        }
    }
}

/// Returns what a RADIUS server says of a good proof: the proof of its own, and maybe the keys.
fn accept(hash: &NtHash, name: &[u8], challenges: &Challenges, proof: &ChallengeResponse, has_keys: bool) -> Decision {
    let own = AuthenticatorResponse::new(&hash.hash(), proof, &challenges.hash(name));
    let master = MasterKey::from_ms_chap_v2(hash.hash().as_bytes(), proof.as_bytes());
    let key = |direction| master.start_key(Strength::Bits128, Side::Server, direction);
    let keys = ExternalKeys::new(key(Direction::Send).expose_bytes(), key(Direction::Receive).expose_bytes());
    Decision::Accept(own.to_text().to_vec(), has_keys.then_some(keys))
}

/// Answers as a RADIUS server would to MS-CHAP version 2.
fn radius(presented: &Presented<'_>, has_keys: bool) -> Decision {
    let Presented::MsChap { version: 2, name, challenge, response, .. } = presented else { panic!("{presented:?}") };
    let response = Response::decode(response).unwrap();
    let challenges = response.challenges(&(*challenge).try_into().unwrap());
    accept(&NtHash::from_password("wonderland"), name.0, &challenges, &response.nt_response, has_keys)
}

/// Returns one that wants a new password, and has the change answer a challenge of its own.
fn radius_with_change(presented: &Presented<'_>) -> Decision {
    const EXPIRED: &[u8] = b"E=648 R=0 C=000102030405060708090A0B0C0D0E0F V=3 M=Password Expired";
    let Presented::ChangePassword { code, name, challenge, packet, .. } = presented else {
        return Decision::Reject(EXPIRED);
    };
    assert_eq!((*code, name.0), (chap::Code::CHANGE_PASSWORD_3, &b"alice"[..]));
    let challenge: [u8; 16] = (*challenge).try_into().unwrap();
    assert_eq!(challenge.map(usize::from), core::array::from_fn(|index| index));
    let change = ChangePassword::decode(packet).unwrap();
    let Ok(opened) = change.open(&NtHash::from_password("wonderland"), &challenge, name.0) else {
        return Decision::Reject(b"E=709 R=0 M=Password change failed");
    };
    assert!(opened.nt_hash().ct_eq(&NtHash::from_password("looking-glass")));
    accept(&opened.nt_hash(), name.0, &change.challenges(&challenge), &change.nt_response, true)
}

#[test]
fn keys_come_from_a_radius_server() {
    for delay in [0, 5000] {
        let mut world = world(of(Method::MsChapV2), "wonderland", Profile::CLEAN, |presented| radius(presented, true));
        world.server.answer_delay = Duration::from_millis(delay);
        check_up(world);
    }
}

#[test]
fn a_radius_server_gives_no_keys() {
    let (client, server) =
        ends(world(of(Method::MsChapV2), "wonderland", Profile::CLEAN, |presented| radius(presented, false)));
    assert_eq!(server, Reason::Ppp(ppp_session::Reason::Link(link::Reason::NoKeys { method: Some(Method::MsChapV2) })));
    assert_eq!((client.windows_error(), server.windows_error()), (Some(742), Some(742)));
    // Without a need for keys it is good enough.
    let config = of(Method::MsChapV2).with_ppp(|ppp| ppp.with_encryption(pptp::ppp::ccp::Encryption::Preferred));
    let mut world = world(config.clone(), "wonderland", Profile::CLEAN, |presented| radius(presented, false));
    assert!(world.run_until(Duration::from_secs(30), |world| world.client.session.ip().is_some()));
    assert_eq!(ClientStatus::of_session(&world.client.session, world.now).send.to_string(), "none");
}

/// Another one than the server that the client knows cannot prove that it knows the password.
#[test]
fn a_server_without_the_password_is_found_out() {
    let decide = |_: &Presented<'_>| Decision::Accept(b"S=0123456789ABCDEF0123456789ABCDEF01234567".to_vec(), None);
    let config = of(Method::MsChapV2).with_ppp(|ppp| ppp.with_encryption(pptp::ppp::ccp::Encryption::Preferred));
    let (client, server) = ends(world(config.clone(), "wonderland", Profile::CLEAN, decide));
    assert_eq!(client, Reason::Ppp(ppp_session::Reason::Link(link::Reason::Authentication(Failure::NoMutualProof))));
    assert_eq!((client.windows_error(), server.windows_error()), (Some(778), Some(778)));
}

#[test]
fn required_encryption_needs_a_method_with_keys() {
    for method in [Method::ChapMd5, Method::Pap] {
        let (client, server) =
            ends(world(of(method), "wonderland", Profile::CLEAN, |_| Decision::Password("wonderland")));
        assert_eq!(server, Reason::Ppp(ppp_session::Reason::Link(link::Reason::NoKeys { method: Some(method) })));
        // It learnt that its proof was good, so it knows too.
        assert_eq!(client, Reason::Ppp(ppp_session::Reason::Link(link::Reason::NoKeys { method: Some(method) })));
    }
}

#[test]
fn a_radius_server_wants_a_new_password() {
    for profile in [Profile::CLEAN, Profile::ALL, Profile::HEAVY] {
        for delay in [0, 7000] {
            let mut world = world(of(Method::MsChapV2), "wonderland", profile, radius_with_change);
            world.client.new_password = Some("looking-glass");
            world.server.answer_delay = Duration::from_millis(delay);
            assert!(
                world.run_until(Duration::from_secs(90), |world| world.client.session.ip().is_some()),
                "{profile:?}"
            );
            assert!(world.client.events.contains(&CallEvent::Ppp(ppp_session::Event::PasswordExpired)));
            world.path.heal();
            check_up(world);
        }
    }
}

#[test]
fn a_radius_server_does_not_take_the_new_password() {
    let method = Method::MsChapV2;
    // A client that does not know the old password, and a change that cannot be answered: it would
    // need a challenge.
    let nobody = |_: &Presented<'_>| Decision::Reject(b"E=648 R=0 V=3");
    for (world, code) in [
        (world(of(method), "jabberwock", Profile::CLEAN, radius_with_change), 709),
        (world(of(method), "wonderland", Profile::CLEAN, nobody), 648),
        // It goes on to say so.
        (
            world(of(method), "wonderland", Profile::CLEAN, |_| {
                Decision::Reject(b"E=648 R=0 C=000102030405060708090A0B0C0D0E0F V=3")
            }),
            648,
        ),
    ] {
        let mut world = world;
        world.client.new_password = Some("looking-glass");
        let (client, server) = ends(world);
        let code = Some(code);
        assert_eq!(
            server,
            Reason::Ppp(ppp_session::Reason::Link(link::Reason::Authentication(Failure::RefusedPeer { method, code })))
        );
        assert_eq!(client.windows_error(), code, "{client:?}");
    }
}
