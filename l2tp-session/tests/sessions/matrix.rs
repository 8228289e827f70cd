//! Every combination of version, carrier, authentication and what is carried, at least once.

use std::time::Duration;

use l2tp_session::client;
use l2tp_session::ppp_session::Compression;
use l2tp_session::server::Group;
use l2tp_session::session::{Config, Reordering};
use l2tp_session::wire::Secret;
use l2tp_session::wire::code::DataSequencing;
use l2tp_session::wire::header::CookieSize;
use l2tp_session::wire::tunnel::{Authentication, DigestHash, Versions};
use testing::l2tp::{Outside, Pair, SERVER_ADDRESS, client_config, connect, ip_packet, number_of, pair, server_config};
use testing::{CLIENT, Profile, SERVER};

use crate::{SETUP, plain, strict};

/// Sends packets both ways, and checks that each end got them in order.
fn exchange(world: &mut Pair, label: &str) {
    let now = world.now;
    for number in 0..20 {
        for (side, length) in [(CLIENT, 84), (SERVER, 84), (CLIENT, 1400), (SERVER, 1400)] {
            let packet = ip_packet(number, length);
            let sent = if side == CLIENT { world.client.send(now, &packet) } else { world.server.send(now, &packet) };
            world.send_datagram(side, &sent.unwrap(), None);
        }
    }
    world.run(Duration::from_secs(2));
    let expected: Vec<_> = (0..20).flat_map(|number| [number; 2]).collect();
    let client: Vec<_> = world.client.user.packets.iter().map(|packet| number_of(packet)).collect();
    let server: Vec<_> = world.server.packets().iter().map(|packet| number_of(packet)).collect();
    assert_eq!((client, server), (expected.clone(), expected), "{label}");
}

/// Runs a whole life: dials, exchanges packets, hangs up. Nothing is left at the end.
fn whole_life(label: &str, outside: Outside, client: &client::Config, server: &Config) {
    let server = Group::new(server.clone(), SERVER_ADDRESS).with_ethernet();
    let mut world = pair(1, Profile::CLEAN, outside, client, &server.into());
    assert!(connect(&mut world, SETUP), "{label}: {:?} {:?}", world.client.user, world.server.users);
    exchange(&mut world, label);
    let now = world.now;
    world.client.session.close(now);
    assert!(world.run_to_rest(Duration::from_secs(200)), "{label}");
    assert!(world.client.user.is_drained && world.server.user().is_drained, "{label}");
    assert!(world.server.server.is_empty(), "{label}");
    assert_eq!(world.client.user.reason.unwrap().to_string(), "closed by us", "{label}");
}

#[test]
fn version_2_carries_ppp_plain_encrypted_and_compressed() {
    for outside in [Outside::Udp, Outside::UdpV6] {
        for (name, config) in [
            ("plain", plain()),
            ("MPPE", strict()),
            ("MPPC", plain().with_ppp(|ppp| ppp.with_compression(Compression::Fast))),
            ("MPPE and MPPC", strict().with_ppp(|ppp| ppp.with_compression(Compression::Fast))),
        ] {
            whole_life(&format!("{name} {outside:?}"), outside, &client_config(&config), &config);
        }
    }
}

#[test]
fn version_3_carries_ppp_over_udp_and_ip_with_every_cookie_sublayer_and_sequencing() {
    for outside in Outside::EACH {
        for cookie in [CookieSize::Zero, CookieSize::Four, CookieSize::Eight] {
            for (has_sublayer, sequencing) in
                [(false, DataSequencing::NONE), (true, DataSequencing::NONE), (true, DataSequencing::ALL)]
            {
                let config = strict().with_tunnel(|tunnel| tunnel.with_versions(Versions::V3)).with_terms(|terms| {
                    terms.with_cookie(cookie).with_sublayer(has_sublayer).with_sequencing(sequencing)
                });
                let label = format!("{outside:?} {cookie:?} {has_sublayer} {sequencing}");
                whole_life(&label, outside, &client_config(&config), &config);
            }
        }
    }
}

#[test]
fn version_3_carries_ethernet_frames() {
    for outside in Outside::EACH {
        for cookie in [CookieSize::Zero, CookieSize::Four, CookieSize::Eight] {
            let config = strict()
                .with_tunnel(|tunnel| tunnel.with_versions(Versions::V3))
                .with_terms(|terms| terms.with_cookie(cookie));
            let client = client::Config::ethernet(config.clone()).with_remote_end_id("15");
            whole_life(&format!("{outside:?} {cookie:?}"), outside, &client, &config);
        }
    }
}

#[test]
fn every_authentication_of_the_tunnel_lets_in_who_knows_the_password() {
    let secret = || Secret::new(b"s3cr3t-tunnel").unwrap();
    for (versions, authentication, hidden) in [
        (Versions::V2, Authentication::Challenge, false),
        (Versions::V2, Authentication::Challenge, true),
        (Versions::V3, Authentication::Digest(DigestHash::Md5), false),
        (Versions::V3, Authentication::Digest(DigestHash::Sha1), true),
        (Versions::Both, Authentication::None, false),
    ] {
        let config = plain().with_tunnel(|tunnel| {
            tunnel
                .with_versions(versions)
                .with_authentication(authentication)
                .with_password(secret())
                .with_hidden(hidden)
                .with_tie_breaker(true)
        });
        let label = format!("{versions:?} {authentication:?} {hidden}");
        whole_life(&label, Outside::Udp, &client_config(&config), &config);
    }
}

#[test]
fn sequence_numbers_with_and_without_reordering_deliver_everything_on_a_clean_path() {
    for versions in [Versions::V2, Versions::V3] {
        for reordering in [Reordering::Off, Reordering::Wait(Duration::from_millis(100))] {
            let config = strict()
                .with_tunnel(|tunnel| tunnel.with_versions(versions))
                .with_terms(|terms| terms.with_sequencing(DataSequencing::ALL))
                .with_reordering(reordering);
            whole_life(&format!("{versions:?} {reordering:?}"), Outside::Udp, &client_config(&config), &config);
        }
    }
}

/// RFC 2661 section 7.5: the LNS asks for the call, and the client is the line.
#[test]
fn an_lns_places_a_call_to_a_client_that_waits_for_it() {
    for versions in [Versions::V2, Versions::V3] {
        let config = strict().with_tunnel(|tunnel| tunnel.with_versions(versions));
        let client = client_config(&config).with_outgoing_call_awaited();
        let mut world = pair(1, Profile::CLEAN, Outside::Udp, &client, &server_config(&config));
        world.run(Duration::from_secs(1));
        assert!(!world.client.is_connected() && world.client.user.reason.is_none());
        let id = world.server.tunnel();
        let now = world.now;
        let request = l2tp_session::wire::session::CallRequest::new().with_called_number("5551234");
        world.server.server.session_mut(id).unwrap().place_call(now, request).unwrap();
        world.settle();
        assert!(connect(&mut world, SETUP), "{versions:?}: {:?}", world.client.user);
        exchange(&mut world, "outgoing");
    }
}

/// A call without PPP would be one without authentication.
#[test]
fn a_group_takes_no_ethernet_unless_it_says_so() {
    let config = plain().with_tunnel(|tunnel| tunnel.with_versions(Versions::V3));
    let client = client::Config::ethernet(config.clone());
    let mut world = pair(1, Profile::CLEAN, Outside::Udp, &client, &server_config(&config));
    world.run(Duration::from_secs(20));
    assert!(!world.client.is_connected() && !world.server.is_connected());
    let reason = world.client.user.reason.unwrap().to_string();
    assert!(reason.contains("no facilities"), "{reason}");
}
