//! The reasons for which sessions do not come up.

use std::time::Duration;

use l2tp_session::client;
use l2tp_session::server::{Config as ServerConfig, Group};
use l2tp_session::session::{Config, Reason};
use l2tp_session::wire::Secret;
use l2tp_session::wire::code::{ControlConnectionResult, DisconnectCode, SessionResult};
use l2tp_session::wire::session::CloseReason as CallReason;
use l2tp_session::wire::tunnel::{Authentication, CloseReason, DigestHash, Versions};
use testing::Profile;
use testing::l2tp::{Outside, Pair, SERVER_ADDRESS, client_config, connect, pair, server_config};

use crate::{SETUP, plain, strict};

fn secret(text: &[u8]) -> Secret {
    Secret::new(text).unwrap()
}

/// Runs until the client knows why it is over. Returns its reason, and when that was.
fn reason(world: &mut Pair) -> (Reason, Duration) {
    assert!(world.run_until(Duration::from_secs(120), |world| world.client.user.reason.is_some()), "{world:?}");
    (world.client.user.reason.unwrap(), world.now)
}

fn with_secret(config: Config, text: &[u8]) -> Config {
    config.with_tunnel(|tunnel| tunnel.with_authentication(Authentication::Challenge).with_password(secret(text)))
}

fn dial(client: &client::Config, server: &ServerConfig) -> Pair {
    pair(1, Profile::CLEAN, Outside::Udp, client, server)
}

#[test]
fn a_wrong_tunnel_password_has_its_reason_within_a_second() {
    let (client, server) = (with_secret(plain(), b"one"), with_secret(plain(), b"another"));
    let mut world = dial(&client_config(&client), &server_config(&server));
    let (reason, at) = reason(&mut world);
    assert_eq!(reason, Reason::Tunnel(CloseReason::WrongPassword));
    assert!(at < Duration::from_secs(1), "{at:?}");
}

#[test]
fn a_missing_tunnel_password_is_not_mistaken_for_a_wrong_one() {
    let mut world = dial(&client_config(&plain()), &server_config(&with_secret(plain(), b"secret")));
    assert_eq!(reason(&mut world).0, Reason::Tunnel(CloseReason::NoPassword));
    // And from the other side.
    let mut world = dial(&client_config(&with_secret(plain(), b"secret")), &server_config(&plain()));
    let (reason, _) = reason(&mut world);
    let refused = CloseReason::PeerStopped {
        result: ControlConnectionResult::NOT_AUTHORIZED,
        error: l2tp_session::wire::code::ErrorCode::NONE,
    };
    assert_eq!(reason, Reason::Tunnel(refused));
}

#[test]
fn a_digest_of_another_password_is_silence_and_a_password_is_changed_with_both_known_for_a_while() {
    let config = |text: &[u8]| {
        plain().with_tunnel(|tunnel| {
            tunnel
                .with_versions(Versions::V3)
                .with_authentication(Authentication::Digest(DigestHash::Sha1))
                .with_password(secret(text))
        })
    };
    let mut world = dial(&client_config(&config(b"one")), &server_config(&config(b"another")));
    assert_eq!(reason(&mut world).0, Reason::Tunnel(CloseReason::NoAnswer));
    // Both know both while it is changed, and each signs with one of them.
    let old = config(b"old").with_tunnel(|tunnel| tunnel.with_old_password(secret(b"new")));
    let new = config(b"new").with_tunnel(|tunnel| tunnel.with_old_password(secret(b"old")));
    for (client, server) in [(old.clone(), new.clone()), (new.clone(), old), (new.clone(), new)] {
        let mut world = dial(&client_config(&client), &server_config(&server));
        assert!(connect(&mut world, SETUP), "{:?}", world.client.user);
    }
}

#[test]
fn a_host_name_that_no_group_is_for_is_refused_and_each_name_gets_its_group() {
    let group = |config| Group::new(config, SERVER_ADDRESS);
    let closed = ServerConfig::new(group(plain()).with_terminate_from("branch"));
    let mut world = dial(&client_config(&plain()), &closed);
    assert!(matches!(
        reason(&mut world).0,
        Reason::Tunnel(CloseReason::PeerStopped { result: ControlConnectionResult::NOT_AUTHORIZED, .. })
    ));
    // The group of the name has a password, the other one has none.
    let open =
        ServerConfig::new(group(plain())).with_group(group(with_secret(plain(), b"secret")).with_terminate_from("lab"));
    let mut world = dial(&client_config(&with_secret(plain(), b"secret")), &open);
    assert!(connect(&mut world, SETUP), "{:?}", world.client.user);
    let mut world = dial(&client_config(&with_secret(plain(), b"guess")), &open);
    assert_eq!(reason(&mut world).0, Reason::Tunnel(CloseReason::WrongPassword));
}

/// RFC 3145: the result of the call says no more than "carrier lost"; PPP's cause is beside it.
#[test]
fn a_wrong_password_of_ppp_is_error_691_and_the_cause_in_the_message_that_ends_the_call() {
    let mut world = dial(&client_config(&strict()), &server_config(&strict()));
    world.server.password = "looking-glass".to_owned();
    let (reason, at) = reason(&mut world);
    assert_eq!(reason.windows_error(), Some(691), "{reason}");
    assert!(at < Duration::from_secs(5), "{at:?}");
    world.run(Duration::from_secs(5));
    let of_server = world.server.user().ended[0].1;
    assert_eq!(of_server.windows_error(), Some(691), "{of_server}");
}

#[test]
fn a_circuit_that_the_server_does_not_have_is_refused() {
    let v3 = plain().with_tunnel(|tunnel| tunnel.with_versions(Versions::V3));
    let server = ServerConfig::new(Group::new(v3.clone(), SERVER_ADDRESS).with_remote_end_id("15"));
    let mut world = dial(&client_config(&v3).with_remote_end_id("16"), &server);
    let (reason, _) = reason(&mut world);
    assert!(
        matches!(reason, Reason::Call(CallReason::PeerCleared { result: SessionResult::NO_FACILITIES_PERMANENT, .. })),
        "{reason}"
    );
    let mut world = dial(&client_config(&v3).with_remote_end_id("15"), &server);
    assert!(connect(&mut world, SETUP));
}

#[test]
fn nobody_who_answers_is_another_reason_than_a_peer_without_ppp() {
    let mut world = dial(&client_config(&plain()), &server_config(&plain()));
    world.path.cut();
    let (reason_of_silence, _) = reason(&mut world);
    assert_eq!(reason_of_silence, Reason::Tunnel(CloseReason::NoAnswer));
    assert_eq!(reason_of_silence.windows_error(), Some(809));
    // Control messages come through, data does not.
    let mut world = dial(&client_config(&plain()), &server_config(&plain()));
    world.lose_datagram = Some(Box::new(|_, _, packet| packet[0] & 0x80 == 0));
    let (reason, _) = reason(&mut world);
    assert_eq!(reason, Reason::NoData);
}

#[test]
fn a_peer_that_requires_encryption_is_left_with_the_cause() {
    let mut world = dial(&client_config(&plain()), &server_config(&strict()));
    let (reason, _) = reason(&mut world);
    assert_eq!(reason.windows_error(), Some(742), "{reason}");
    assert_eq!(DisconnectCode::ENCRYPTION_REFUSED.get(), 4);
}
