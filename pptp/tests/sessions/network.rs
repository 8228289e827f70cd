//! The traffic: IPv6 beside IPv4, name servers, and packets that are too long for one of the two.

use pptp::ppp_session;
use std::net::Ipv4Addr;
use std::time::Duration;

use pptp::ppp::ccp::Encryption;
use pptp::session::{Config, HEADROOM, IpVersions, SendError};
use pptp::{client, server};

use testing::pptp::OneCall as _;
use testing::pptp::{Client, Host, World, ip_packet};
use testing::{CLIENT, Profile, SERVER};

fn world(client: &client::Config, server: &server::Config, profile: Profile) -> World {
    let host = Host::new(server, [4; 32], true);
    World::new(5, profile, Client::new(client, [3; 32]), host)
}

fn configs(client: Config, server: Config) -> (client::Config, server::Config) {
    let client = client::Config::new("alice", "wonderland").with_session(client);
    (client, server::Config::new(Ipv4Addr::new(10, 0, 0, 1)).with_session(server))
}

fn is_up(world: &World, ipv4: bool, ipv6: bool) -> bool {
    let Some(link) =
        world.server.call().and_then(|call| world.server.session().call(call).map(|call| call.ppp().link()))
    else {
        return false;
    };
    let client = &world.client.session;
    let found = [(client.ip().is_some(), client.ipv6().is_some()), (link.ip().is_some(), link.ipv6().is_some())];
    found == [(ipv4, ipv6); 2]
}

#[test]
fn ipv6_flows_beside_ipv4() {
    for versions in [IpVersions::Both, IpVersions::V6, IpVersions::V4] {
        let (ipv4, ipv6) = (versions.has_v4(), versions.has_v6());
        for encryption in [Encryption::Required, Encryption::Refused] {
            for profile in [Profile::CLEAN, Profile::REORDER, Profile::DUPLICATE] {
                let config =
                    Config::strict().with_ppp(|ppp| ppp.with_ip_versions(versions).with_encryption(encryption));
                let (client, server) = configs(config.clone(), config);
                let mut world = world(&client, &server, profile);
                assert!(world.run_until(Duration::from_secs(20), |world| is_up(world, ipv4, ipv6)));
                if let Some(agreed) = world.client.session.ipv6() {
                    assert!(agreed.own.is_some() && agreed.peer.is_some() && agreed.own != agreed.peer);
                }
                for index in 0..20 {
                    let is_ipv6 = index % 2 == 1;
                    for side in [CLIENT, SERVER] {
                        let sent = world.send(side, index, 48, is_ipv6);
                        let is_open = if is_ipv6 { ipv6 } else { ipv4 };
                        assert_eq!(sent.is_ok(), is_open, "{sent:?}");
                        assert!(
                            is_open || matches!(sent, Err(SendError::Ppp(ppp_session::SendError::NotConnected { .. })))
                        );
                    }
                }
                world.run(Duration::from_secs(1));
                let expected: Vec<u32> = (0..20).filter(|index| if index % 2 == 1 { ipv6 } else { ipv4 }).collect();
                for side in [CLIENT, SERVER] {
                    let delivered = world.delivered(side);
                    assert!(delivered.is_sorted());
                    if profile.jitter.is_zero() {
                        assert_eq!(delivered, expected);
                    }
                    assert_eq!(world.sent(side).clear == 0, encryption == Encryption::Required);
                }
            }
        }
    }
}

/// One side has IPv6, and the other has not: IPv4 flows nevertheless.
#[test]
fn ipv6_of_one_side_is_no_harm() {
    let both = Config::strict().with_ppp(|ppp| ppp.with_ip_versions(IpVersions::Both));
    for (client, server) in [(both.clone(), Config::strict()), (Config::strict(), both)] {
        let (client, server) = configs(client, server);
        let mut world = world(&client, &server, Profile::CLEAN);
        assert!(world.run_until(Duration::from_secs(20), |world| is_up(world, true, false)));
        world.run(Duration::from_secs(100));
        assert!(is_up(&world, true, false), "{:?}", world.client.closed);
        assert!(world.send(CLIENT, 0, 48, false).is_ok());
        assert!(matches!(
            world.send(CLIENT, 0, 48, true),
            Err(SendError::Ppp(ppp_session::SendError::NotConnected { .. }))
        ));
    }
}

#[test]
fn addresses_and_name_servers_are_handed_out() {
    let address = |last| Some(Ipv4Addr::new(192, 0, 2, last));
    let (client, server) = configs(Config::strict(), Config::strict());
    let server = server.with_server(|server| {
        server.with_name_servers([address(1), address(2)]).with_netbios_name_servers([address(3), None])
    });
    let mut asks = world(&client, &server, Profile::CLEAN);
    assert!(asks.run_until(Duration::from_secs(20), |world| is_up(world, true, false)));
    let agreed = asks.client.session.ip().unwrap();
    assert_eq!(agreed.own_address, Some(Ipv4Addr::new(10, 0, 0, 2)));
    assert_eq!(agreed.peer_address, Some(Ipv4Addr::new(10, 0, 0, 1)));
    assert_eq!(agreed.name_servers, [address(1), address(2)]);
    assert_eq!(agreed.netbios_name_servers, [address(3), None]);
    // A client that wants another address gets the one that it is assigned.
    let client =
        client.with_client(|client| client.with_address(Ipv4Addr::new(10, 0, 0, 99)).with_name_servers_wanted(false));
    let mut other = world(&client, &server, Profile::CLEAN);
    assert!(other.run_until(Duration::from_secs(20), |world| is_up(world, true, false)));
    let agreed = other.client.session.ip().unwrap();
    assert_eq!(agreed.own_address, Some(Ipv4Addr::new(10, 0, 0, 2)));
    assert_eq!((agreed.name_servers, agreed.netbios_name_servers), ([None; 2], [None; 2]));
}

/// Somebody who knows call id and sequence number sends an IP packet in the clear.
#[test]
fn cleartext_is_dropped_and_counted() {
    let (client, server) = configs(Config::strict(), Config::strict());
    let mut world = world(&client, &server, Profile::CLEAN);
    assert!(world.run_until(Duration::from_secs(20), |world| is_up(world, true, false)));
    let call = world.server.call().unwrap();
    let [high, low] = call.get().to_be_bytes();
    let mut packet = vec![0x30, 0x01, 0x88, 0x0b, 0, 30, high, low, 0, 0, 0, 40, 0x00, 0x21];
    packet.extend_from_slice(&ip_packet(CLIENT, 0, 28, false));
    assert_eq!(world.inject(SERVER, &packet), Ok(()));
    // It waits for those before it, and is looked at then.
    world.run(Duration::from_secs(1));
    assert!(world.delivered(CLIENT).is_empty());
    assert_eq!(world.server.session().call(call).map(|call| call.statistics()).unwrap().ppp.cleartext_dropped, 1);
    packet[11] += 1;
    // The refused packet left its number to a genuine one, so this one waits as well.
    let _ = world.inject(SERVER, &packet);
    world.run(Duration::from_secs(1));
    assert!(world.delivered(CLIENT).is_empty());
    assert_eq!(world.server.session().call(call).map(|call| call.statistics()).unwrap().ppp.cleartext_dropped, 2);
    assert!(is_up(&world, true, false));
}

#[test]
fn packets_that_are_too_long_are_not_sent() {
    let small = Config::strict().with_ppp(|ppp| ppp.with_mru(576));
    let cases = [
        // The longest packet that each side wants to get, and so that the other one sends: four
        // bytes less, with encryption.
        (Config::strict(), Config::strict(), [1456, 1456]),
        (small.clone(), Config::strict(), [1456, 572]),
        (Config::strict(), small.clone(), [572, 1456]),
        (small.clone().with_ppp(|ppp| ppp.with_mtu(1000)), small.clone().with_ppp(|ppp| ppp.with_mru(128)), [124, 572]),
        (
            Config::strict().with_ppp(|ppp| ppp.with_mtu(1000)),
            Config::strict().with_ppp(|ppp| ppp.with_mtu(500)),
            [1000, 500],
        ),
        (
            Config::strict().with_ppp(|ppp| ppp.with_encryption(Encryption::Refused).with_mru(576)),
            Config::strict().with_ppp(|ppp| ppp.with_encryption(Encryption::Refused)),
            [1460, 576],
        ),
    ];
    for (client, server, expected) in cases {
        let (client, server) = configs(client, server);
        let mut world = world(&client, &server, Profile::CLEAN);
        assert!(matches!(world.send(CLIENT, 0, 28, false), Err(SendError::NoCall)));
        assert!(world.run_until(Duration::from_secs(20), |world| is_up(world, true, false)));
        let call = world.server.call().unwrap();
        assert_eq!(
            [world.client.session.first_call().unwrap().mtu(), world.server.session().call(call).unwrap().mtu()],
            expected
        );
        for side in [CLIENT, SERVER] {
            let mtu = expected[side];
            assert_eq!(world.send(side, 0, usize::from(mtu), false), Ok(()));
            let length = usize::from(mtu) + 1;
            assert_eq!(
                world.send(side, 1, length, false),
                Err(SendError::Ppp(ppp_session::SendError::TooLong { length, mtu }))
            );
            assert_eq!(world.send(side, 2, 100, false), Ok(()));
            world.run(Duration::from_secs(1));
            assert_eq!(world.delivered(side), [0, 2]);
            let now = world.now;
            let mut buf = [0x20; HEADROOM + 40];
            assert_eq!(world.side_mut(side).send_ip(now, &mut buf), Err(SendError::Ppp(ppp_session::SendError::NotIp)));
            let Err(SendError::Ppp(ppp_session::SendError::BufferTooSmall(error))) =
                world.side_mut(side).send_ip(now, &mut buf[..HEADROOM])
            else {
                panic!("no packet at all")
            };
            assert_eq!((error.needed, error.available), (HEADROOM + 1, HEADROOM));
        }
    }
}
