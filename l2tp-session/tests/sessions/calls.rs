//! Several calls in a tunnel, many tunnels, limits, path MTU, sessions without a tunnel.

use std::net::Ipv4Addr;
use std::time::Duration;

use l2tp_session::client;
use l2tp_session::manual::{Payload, Session as ManualSession};
use l2tp_session::ppp_session::{Client as PppClient, Server as PppServer};
use l2tp_session::server::{Group, Limits, Server};
use l2tp_session::session::{Config, HEADROOM, MAX_TRANSMIT, Reordering, SendError, Session};
use l2tp_session::wire::data::{self, Sequencing, SessionWire, TypeOfService, Wire};
use l2tp_session::wire::header::Cookie;
use l2tp_session::wire::session::CallRequest;
use l2tp_session::wire::{Address, TunnelIds};
use testing::l2tp::{
    Host, Manual, NAME, Outside, PASSWORD, SERVER_ADDRESS, User, client_config, connect, ip_packet, number_of, pair,
    server_config,
};
use testing::{CLIENT, Output, Profile, SERVER, World};

use crate::{SETUP, plain, strict};

/// Lets a client and a server talk at once, until both have nothing more to say.
fn talk<const N: usize>(now: Duration, client: &mut Session<N>, user: &mut User, from: Address, host: &mut Host) {
    for _ in 0..200 {
        let mut output = Output::default();
        user.settle(now, client, &mut output);
        let mut is_any = !output.datagrams.is_empty();
        for bytes in output.datagrams {
            let _ = host.receive(now, from, &bytes);
        }
        host.settle(now, |destination, bytes| {
            // Others may be repeated something; they are not there any more.
            if destination != from {
                return;
            }
            is_any = true;
            let source = Outside::Udp.address(SERVER);
            if let Ok(received) = client.handle_datagram(now, source, &mut bytes.clone(), &mut [0; 2048]) {
                user.take(received);
            }
        });
        if !is_any {
            return;
        }
    }
}

/// Lets time pass, so that delayed acknowledgments and PPP's patience run out.
fn pass<const N: usize>(now: &mut Duration, client: &mut Session<N>, user: &mut User, from: Address, host: &mut Host) {
    for _ in 0..30 {
        talk(*now, client, user, from, host);
        *now += Duration::from_millis(100);
        client.handle_timeout(*now);
        host.server.handle_timeout(*now);
    }
}

/// Two sessions in one tunnel made xl2tpd crash.
#[test]
fn four_calls_in_one_tunnel_are_kept_apart_and_end_one_by_one() {
    let config = strict();
    let from = Outside::Udp.address(CLIENT);
    let setup = client_config(&config);
    let mut client: Session<4> = Session::dial(&setup, Outside::Udp.address(SERVER), TunnelIds::new([1; 32]), [2; 32]);
    let mut user = User::default();
    let mut host = Host::new(&server_config(&config), Outside::Udp, 1);
    let mut now = Duration::ZERO;
    client.open(now).unwrap();
    for _ in 0..3 {
        client.place_call(now, CallRequest::new()).unwrap();
    }
    assert!(client.place_call(now, CallRequest::new()).is_err(), "there is no room for a fifth");
    pass(&mut now, &mut client, &mut user, from, &mut host);
    assert_eq!(user.connected.len(), 4, "{:?}", user.events);
    for (number, id) in (0..).zip(user.connected.clone()) {
        let mut buf = [&[0; HEADROOM][..], &ip_packet(number, 84)].concat();
        let packet = client.call_mut(id).unwrap().send_ip(now, &mut buf).unwrap().payload.to_vec();
        host.receive(now, from, &packet).unwrap();
    }
    let numbers: Vec<_> = host.packets().iter().map(|packet| number_of(packet)).collect();
    assert_eq!(numbers, [0, 1, 2, 3]);
    for left in (0..4).rev() {
        let id = user.connected[0];
        client.call_mut(id).unwrap().close(now);
        pass(&mut now, &mut client, &mut user, from, &mut host);
        assert_eq!(user.connected.len(), left);
    }
    assert!(user.reason.is_some(), "the tunnel is there for its calls");
}

#[test]
fn calls_and_tunnels_beyond_the_limits_are_refused_and_those_below_go_on() {
    let config = plain();
    let limits = Limits::default().with_tunnels(3).with_tunnels_per_address(2).with_calls(2);
    let mut host = Host::with_limits(&server_config(&config), Outside::Udp, 1, limits);
    let mut now = Duration::ZERO;
    let mut clients = Vec::new();
    for (host_number, port) in [(1, 1701), (1, 1702), (1, 1703), (2, 1701), (3, 1701)] {
        let from = Address::udp(([198, 51, 100, host_number], port).into());
        let seed = u8::try_from(clients.len()).unwrap();
        let mut client: Session<1> = Session::dial(
            &client_config(&config),
            Outside::Udp.address(SERVER),
            TunnelIds::new([seed; 32]),
            [seed + 100; 32],
        );
        let mut user = User::default();
        client.open(now).unwrap();
        pass(&mut now, &mut client, &mut user, from, &mut host);
        clients.push((client, user, from));
    }
    let up: Vec<_> = clients.iter().map(|(_, user, _)| user.connected.len()).collect();
    // The third tunnel of the first host has no place, the fourth client no call, the fifth no tunnel.
    assert_eq!(up, [1, 1, 0, 0, 0]);
    assert_eq!(host.server.len(), 3);
}

/// Memory and time of a server of ten thousand, with a client each that is forgotten once it is up.
#[test]
fn ten_thousand_sessions_on_one_server_are_told_apart() {
    const COUNT: u32 = 10_000;
    // Nobody may be missed who does not answer any more.
    let config =
        plain().with_tunnel(|tunnel| tunnel.with_hello_interval(None)).with_ppp(|ppp| ppp.with_keepalive(None));
    let setup: l2tp_session::session::Setup = (&client_config(&config)).into();
    let limits = Limits::default().with_tunnels(20_000).with_half_open(20_000, 64);
    let mut host = Host::with_limits(&server_config(&config), Outside::Udp, 1, limits);
    let mut now = Duration::ZERO;
    let mut last = None;
    for number in 0..COUNT {
        let [a, b, c, d] = number.to_be_bytes();
        let from = Address::udp(([10, b, c, d], 1701).into());
        let mut entropy = [a ^ 0x55; 32];
        entropy[..4].copy_from_slice(&number.to_be_bytes());
        let mut client: Session<1> =
            Session::dial(setup.clone(), Outside::Udp.address(SERVER), TunnelIds::new(entropy), entropy);
        let mut user = User::default();
        client.open(now).unwrap();
        for _ in 0..12 {
            talk(now, &mut client, &mut user, from, &mut host);
            if !user.connected.is_empty() {
                break;
            }
            now += Duration::from_millis(60);
            client.handle_timeout(now);
            host.server.handle_timeout(now);
        }
        assert_eq!(user.connected.len(), 1, "client {number}: {:?}", user.events);
        last = Some((client, user, from));
        // The records of their users are no part of the server.
        host.users.clear();
    }
    assert_eq!(host.server.len(), 10_000);
    // The last one still gets its packets, among all others.
    let (mut client, mut user, from) = last.unwrap();
    let mut buf = [&[0; HEADROOM][..], &ip_packet(77, 84)].concat();
    let packet = client.first_call_mut().unwrap().send_ip(now, &mut buf).unwrap().payload.to_vec();
    host.receive(now, from, &packet).unwrap();
    assert_eq!(host.packets().iter().map(|packet| number_of(packet)).collect::<Vec<_>>(), [77]);
    client.close(now);
    pass(&mut now, &mut client, &mut user, from, &mut host);
    assert!(user.reason.is_some());
}

/// `ip pmtu`, `ip tos reflect`, `ip ttl`, `ip dfbit set`.
#[test]
fn the_path_mtu_and_the_hints_for_the_outer_header_are_those_of_the_settings() {
    let config = plain().with_path_mtu(true).with_ttl(64).with_type_of_service(TypeOfService::Reflect);
    let mut world = pair(1, Profile::CLEAN, Outside::Udp, &client_config(&config), &server_config(&config));
    assert!(connect(&mut world, SETUP));
    let now = world.now;
    let session = &mut world.client.session;
    // A LAC leaves room for numbers, since the LNS may want them at any time (RFC 2661 section 5.4).
    assert_eq!(session.first_call().unwrap().mtu(), 1500 - 20 - 8 - 10 - 4);
    session.handle_path_mtu(1000);
    assert_eq!(session.first_call().unwrap().mtu(), 1000 - 20 - 8 - 10 - 4);
    let mut packet = ip_packet(1, 958);
    packet[1] = 0xb8;
    let mut buf = [&[0; HEADROOM][..], &packet].concat();
    let mut call = session.first_call_mut().unwrap();
    let sent = call.send_ip(now, &mut buf).unwrap();
    assert_eq!((sent.outer.ttl, sent.outer.type_of_service, sent.outer.dont_fragment), (Some(64), Some(0xb8), true));
    assert!(sent.payload.len() + 28 <= 1000);
    let mut buf = [&[0; HEADROOM][..], &ip_packet(1, 959)].concat();
    assert!(matches!(call.send_ip(now, &mut buf), Err(SendError::Data(data::SendError::ExceedsMtu { .. }))));
    assert_eq!(session.first_call().unwrap().counters().exceeded_mtu, 1);
    // Less than every path has to carry is not believed.
    session.handle_path_mtu(68);
    assert_eq!(session.first_call().unwrap().mtu(), 576 - 20 - 8 - 10 - 4);
}

/// Cisco's `protocol none`: version 3 without a tunnel, with every cookie and carrier.
#[test]
fn sessions_without_a_tunnel_carry_ppp_and_ethernet() {
    let cookies = [Cookie::Zero, Cookie::Four([1, 2, 3, 4]), Cookie::Eight([1, 2, 3, 4, 5, 6, 7, 8])];
    for outside in Outside::EACH {
        for cookie in cookies {
            for has_sublayer in [false, true] {
                for is_ppp in [false, true] {
                    manual(outside, cookie, has_sublayer, is_ppp);
                }
            }
        }
    }
}

fn manual(outside: Outside, cookie: Cookie, has_sublayer: bool, is_ppp: bool) {
    let wire = |session_id| SessionWire { session_id, cookie, has_sublayer };
    let sequencing = if has_sublayer { Sequencing::Both } else { Sequencing::Off };
    let end = |side: usize, local, peer, payload| {
        let there = outside.address(1 - side);
        let data = data::Config::new(there, Wire::V3 { local, peer }).with_sequencing(sequencing);
        let config = Config::strict("unused").with_reordering(Reordering::Wait(Duration::from_millis(20)));
        let entropy = [u8::try_from(side).unwrap() + 1; 32];
        Manual::new(ManualSession::new(Duration::ZERO, data, &config, payload, entropy), there)
    };
    let (one, other) = if is_ppp {
        (Payload::Client(PppClient::new(NAME, PASSWORD)), Payload::Server(PppServer::new(SERVER_ADDRESS)))
    } else {
        (Payload::Ethernet, Payload::Ethernet)
    };
    let client = end(CLIENT, wire(111), wire(222), one);
    let server = end(SERVER, wire(222), wire(111), other);
    let mut world = World::new(1, Profile::CLEAN, client, server);
    let label = format!("{outside:?} {cookie:?} {has_sublayer} {is_ppp}");
    assert!(world.run_until(SETUP, |world| world.client.is_connected && world.server.is_connected), "{label}");
    for number in 0..10 {
        let now = world.now;
        for side in [CLIENT, SERVER] {
            let sent = world.end_mut(side).send(now, &ip_packet(number, 600)).unwrap();
            world.send_datagram(side, &sent, None);
        }
        world.run(Duration::from_millis(20));
    }
    for side in [CLIENT, SERVER] {
        let numbers: Vec<_> = world.end(side).packets.iter().map(|packet| number_of(packet)).collect();
        assert_eq!(numbers, (0..10).collect::<Vec<_>>(), "{label}");
    }
    let now = world.now;
    world.client.session.close(now);
    world.run(Duration::from_secs(10));
    assert!(world.client.reason.is_some(), "{label}");
    assert_eq!(world.server.reason.is_some(), is_ppp, "{label}: only PPP says that it is over");
}

/// RFC 2661 section 8.1: the answer may come from another port, which is the peer's from then on.
#[test]
fn an_answer_from_another_port_is_followed_and_pinned() {
    let config = plain();
    let mut client: client::Session =
        Session::dial(&client_config(&config), Outside::Udp.address(SERVER), TunnelIds::new([1; 32]), [2; 32]);
    let mut server: Server = Server::new(server_config(&config), Limits::default(), [3; 32]);
    let (now, from) = (Duration::ZERO, Outside::Udp.address(CLIENT));
    let moved = Address::udp(([192, 0, 2, 2], 40_000).into());
    client.open(now).unwrap();
    let mut buf = [0; MAX_TRANSMIT];
    let mut request = client.poll_transmit(now, &mut buf).unwrap().unwrap().payload.to_vec();
    let (id, _) = server.handle_datagram(now, from, &mut request, &mut []).unwrap();
    let reply = server.session_mut(id).unwrap().poll_transmit(now, &mut buf).unwrap().unwrap().payload.to_vec();
    // Another host is not the one that was asked.
    let stranger = Address::udp(([192, 0, 2, 9], 1701).into());
    assert!(client.handle_datagram(now, stranger, &mut reply.clone(), &mut []).is_err());
    client.handle_datagram(now, moved, &mut reply.clone(), &mut []).unwrap();
    let connected = client.poll_transmit(now, &mut buf).unwrap().unwrap();
    assert_eq!(connected.destination, moved);
    assert_eq!(client.tunnel().address(), Some(moved));
    assert!(client.handle_datagram(now, Outside::Udp.address(SERVER), &mut reply.clone(), &mut []).is_err());
}

/// Passes all packets between a client and a server whose events are not polled.
fn exchange<const N: usize, const M: usize>(now: Duration, client: &mut Session<N>, server: &mut Session<M>) {
    let (from, to) = (Outside::Udp.address(CLIENT), Outside::Udp.address(SERVER));
    let mut buf = [0; MAX_TRANSMIT];
    loop {
        let mut is_any = false;
        while let Some(packet) = client.poll_transmit(now, &mut buf).unwrap() {
            let _ = server.handle_datagram(now, from, &mut packet.payload.to_vec(), &mut []);
            is_any = true;
        }
        while let Some(packet) = server.poll_transmit(now, &mut buf).unwrap() {
            let _ = client.handle_datagram(now, to, &mut packet.payload.to_vec(), &mut []);
            is_any = true;
        }
        if !is_any {
            return;
        }
    }
}

#[test]
fn calls_whose_ends_were_not_polled_keep_their_places_and_no_peer_piles_them_up() {
    let config = plain();
    let mut client: Session<4> =
        Session::dial(&client_config(&config), Outside::Udp.address(SERVER), TunnelIds::new([1; 32]), [2; 32]);
    let group = Group::new(config, Ipv4Addr::new(10, 0, 0, 1));
    let mut server: Session<2> = Session::listen(&group, TunnelIds::new([3; 32]), [4; 32]);
    let mut now = Duration::ZERO;
    client.open(now).unwrap();
    client.place_call(now, CallRequest::new()).unwrap();
    exchange(now, &mut client, &mut server);
    while client.poll_event().is_some() {}
    assert_eq!((client.calls().count(), server.calls().count()), (2, 2));
    // One of them ends, and others are tried in its place, again and again.
    client.first_call_mut().unwrap().close(now);
    for _ in 0..5 {
        exchange(now, &mut client, &mut server);
        while client.poll_event().is_some() {}
        now += Duration::from_secs(1);
        client.handle_timeout(now);
        server.handle_timeout(now);
        let _ = client.place_call(now, CallRequest::new());
    }
    assert_eq!((client.calls().count(), server.calls().count()), (1, 2), "one is over, and waits to be polled");
    // Once its end was polled, another call finds the place.
    while server.poll_event().is_some() {}
    client.place_call(now, CallRequest::new()).unwrap();
    exchange(now, &mut client, &mut server);
    assert_eq!((client.calls().count(), server.calls().count()), (2, 2));
}
