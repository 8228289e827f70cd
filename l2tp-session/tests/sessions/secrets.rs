//! Passwords of tunnels that change while tunnels run, hidden values over every carrier, and versions that meet.

use std::time::Duration;

use l2tp_session::client::Session;
use l2tp_session::server::{Config as ServerConfig, Group};
use l2tp_session::session::Config;
use l2tp_session::wire::tunnel::{Authentication, DigestHash, Versions};
use l2tp_session::wire::{Secret, TunnelIds, Version};
use testing::l2tp::{Client, Outside, Pair, SERVER_ADDRESS, User, client_config, connect, pair, server_config};
use testing::{Profile, SERVER};

use crate::{SETUP, plain};

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes()).unwrap()
}

/// Returns settings with digests, and these passwords.
fn digests(hidden: bool, password: &str, old: Option<&str>) -> Config {
    plain().with_tunnel(|tunnel| {
        let tunnel = tunnel
            .with_versions(Versions::V3)
            .with_authentication(Authentication::Digest(DigestHash::Sha1))
            .with_hidden(hidden)
            .with_password(secret(password));
        old.into_iter().fold(tunnel, |tunnel, old| tunnel.with_old_password(secret(old)))
    })
}

fn meet(outside: Outside, client: &Config, server: &Config) -> (Pair, bool) {
    let mut world = pair(1, Profile::CLEAN, outside, &client_config(client), &server_config(server));
    let is_up = connect(&mut world, SETUP);
    (world, is_up)
}

#[test]
fn hidden_values_are_read_over_every_carrier() {
    for outside in Outside::EACH {
        let config = digests(true, "one", None);
        let (world, is_up) = meet(outside, &config, &config);
        assert!(is_up, "{outside:?}: {:?}", world.client.user);
    }
}

/// RFC 3931 section 5.4.1: while the password changes, a peer that has either of the two is let in. It gets digests, and
/// hidden values, that it can read.
#[test]
fn either_of_two_passwords_does_while_they_change() {
    for outside in [Outside::Udp, Outside::Ip] {
        for hidden in [false, true] {
            let server = digests(hidden, "new", Some("old"));
            for (password, expected) in [("new", true), ("old", true), ("other", false)] {
                let (world, is_up) = meet(outside, &digests(hidden, password, None), &server);
                assert_eq!(is_up, expected, "{outside:?} {hidden} {password}: {:?}", world.client.user);
                if !expected {
                    assert!(world.server.server.is_empty(), "nothing is kept for a message with a wrong digest");
                }
            }
        }
    }
}

/// An operator replaces the password of a server that runs.
#[test]
fn new_tunnels_need_the_new_password_and_the_old_tunnel_lives_on() {
    let outside = Outside::Ip;
    let first = digests(true, "first", None);
    let (mut world, is_up) = meet(outside, &first, &first);
    assert!(is_up);
    let old_tunnel = world.server.tunnel();
    world.server.server.set_config(server_config(&digests(true, "second", None)));
    // Longer than it takes to miss a Hello that was not answered.
    world.run(Duration::from_secs(300));
    assert!(world.client.is_connected() && world.client.user.reason.is_none());
    // A new client in the place of the first one, which the server does not miss so soon.
    for (seed, password, expected) in [(7, "second", 2), (8, "first", 2)] {
        let settings = client_config(&digests(true, password, None));
        let mut session = Session::dial(&settings, outside.address(SERVER), TunnelIds::new([seed; 32]), [seed; 32]);
        session.open(world.now).unwrap();
        world.client = Client { session, user: User::default(), outside, refused: Vec::new() };
        world.settle();
        world.run(Duration::from_secs(20));
        assert_eq!(world.client.is_connected(), password == "second", "{password}: {:?}", world.client.user);
        assert_eq!(world.server.server.len(), expected, "{password}");
    }
    assert!(world.server.server.session(old_tunnel).is_some());
}

/// RFC 3931 section 4.7: a server of both versions speaks the one that the client asks for.
#[test]
fn a_client_of_either_version_meets_a_server_of_both() {
    let of = |versions| plain().with_tunnel(|tunnel| tunnel.with_versions(versions));
    for (client, server, expected) in [
        (Versions::V2, Versions::Both, Version::V2),
        (Versions::V3, Versions::Both, Version::V3),
        (Versions::Both, Versions::V2, Version::V2),
        (Versions::Both, Versions::V3, Version::V3),
        (Versions::Both, Versions::Both, Version::V3),
    ] {
        for outside in [Outside::Udp, Outside::UdpV6] {
            let (world, is_up) = meet(outside, &of(client), &of(server));
            assert!(is_up, "{client:?} {server:?} {outside:?}: {:?}", world.client.user);
            assert_eq!(world.client.session.tunnel().version(), expected, "{client:?} {server:?}");
        }
    }
}

/// Groups of one version each: a challenge in version 2, digests in version 3, at one server (RFC 3931 section 4.7).
#[test]
fn each_version_has_a_group_of_its_own_at_one_server() {
    let challenge = plain().with_tunnel(|tunnel| {
        tunnel.with_authentication(Authentication::Challenge).with_password(secret("of version 2"))
    });
    let digest = digests(true, "of version 3", None);
    let both = plain().with_tunnel(|tunnel| tunnel.with_versions(Versions::Both).with_password(secret("of version 2")));
    let group = |config: &Config| Group::new(config.clone(), SERVER_ADDRESS);
    // The order of the groups has no effect.
    for server in [
        ServerConfig::new(group(&challenge)).with_group(group(&digest)),
        ServerConfig::new(group(&digest)).with_group(group(&challenge)),
    ] {
        for (client, outside, expected) in [
            (&challenge, Outside::Udp, Some(Version::V2)),
            (&digest, Outside::Udp, Some(Version::V3)),
            (&digest, Outside::Ip, Some(Version::V3)),
            // The group of version 3 is the one for it, and takes no message without a digest.
            (&both, Outside::Udp, None),
        ] {
            let mut world = pair(1, Profile::CLEAN, outside, &client_config(client), &server);
            let is_up = connect(&mut world, SETUP);
            assert_eq!(is_up.then(|| world.client.session.tunnel().version()), expected, "{:?}", world.client.user);
        }
    }
    // Without secrets, a client of both versions gets the later one. A name goes before a version.
    let of = |versions| plain().with_tunnel(|tunnel| tunnel.with_versions(versions));
    let (v2, v3) = (group(&of(Versions::V2)), group(&of(Versions::V3)));
    for (server, expected) in [
        (ServerConfig::new(v2.clone()).with_group(v3.clone()), Version::V3),
        (ServerConfig::new(v3.clone()).with_group(v2.clone()), Version::V3),
        (ServerConfig::new(v2.with_terminate_from("lab")).with_group(v3), Version::V2),
    ] {
        let settings = client_config(&of(Versions::Both));
        let mut world = pair(1, Profile::CLEAN, Outside::Udp, &settings, &server);
        assert!(connect(&mut world, SETUP), "{:?}", world.client.user);
        assert_eq!(world.client.session.tunnel().version(), expected);
    }
}
