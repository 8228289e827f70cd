//! Packets from somebody who is not the peer: nothing changes, everything is counted, and the peers go on.

use std::time::Duration;

use l2tp_wire::avp::ResultCode;
use l2tp_wire::code::{ControlConnectionResult, MessageType, SessionResult};
use l2tp_wire::header::{ControlHeader, CookieSize, Recipient};
use l2tp_wire::message::{EncodeOptions, v2, v3};
use l2tp_wire::session::Terms;
use l2tp_wire::tunnel::{Authentication, CloseReason, Config, Event, Handled, State, Tunnel};
use l2tp_wire::{Address, Message, Secret, TunnelIds, Version};
use testing::{Endpoint, Profile, Random, World};

use crate::end::{End, Variant};

fn bytes(header: ControlHeader, message: &Message<'_>) -> Vec<u8> {
    let mut buf = [0; 1500];
    message.encode(&header, &EncodeOptions::new(), &mut buf).unwrap().to_vec()
}

fn established(variant: &Variant) -> World<End> {
    let mut world = variant.world(3, Profile::CLEAN);
    world.client.tunnel.open(Duration::ZERO).unwrap();
    world.client.call(Duration::ZERO, variant.direction, variant.terms());
    world.settle();
    let up = |world: &World<End>| world.client.is_connected() && world.server.is_connected();
    assert!(world.run_until(Duration::from_secs(5), up));
    world.run(Duration::from_secs(1));
    world
}

/// Returns all state that a forged packet must not change.
fn snapshot(end: &End) -> String {
    let tunnel = &end.tunnel;
    let sessions: Vec<_> = tunnel.sessions().map(|session| (session.id(), session.state(), session.since())).collect();
    let status = tunnel.channel_status();
    format!("{:?} {:?} {sessions:?} {status:?} {:?}", tunnel.state(), tunnel.address(), tunnel.poll_timeout())
}

/// Gives the client a packet, and asserts that nothing changes.
fn forge(world: &mut World<End>, source: Address, packet: &[u8]) {
    let now = world.now;
    let (before, counted) = (snapshot(&world.client), counted(&world.client));
    let result = world.client.tunnel.handle_packet(now, source, &mut packet.to_vec());
    assert!(matches!(result, Err(_) | Ok(Handled::OtherRequest)), "{result:?}");
    assert_eq!(snapshot(&world.client), before);
    assert!(counted + 1 == self::counted(&world.client) || result.is_ok(), "{result:?} is counted once");
    assert_eq!(world.client.tunnel.poll_event(), None);
    let mut buf = [0; 1500];
    assert!(world.client.tunnel.poll_transmit(now, &mut buf).unwrap().is_none(), "and gets no answer");
}

fn counted(end: &End) -> u64 {
    let counters = end.tunnel.counters();
    counters.foreign + counters.malformed + counters.wrong_digests + counters.channel.implausible
}

/// Asserts that session and tunnel still work.
fn assert_alive(world: &mut World<End>) {
    let before = world.ends().map(|end| end.received.len());
    for end in world.ends_mut() {
        end.frames.push(vec![1, 2, 3]);
    }
    world.settle();
    world.run(Duration::from_secs(130));
    for (end, before) in world.ends().into_iter().zip(before) {
        assert_eq!((end.received.len(), end.tunnel.state()), (before + 1, State::Established));
    }
}

/// Returns the messages that end or disturb something, for these ids and numbers.
fn harmful(version: Version, tunnel: u32, session: u32, peer_session: u32, ns: u16, nr: u16) -> Vec<Vec<u8>> {
    let stop = ResultCode::new(ControlConnectionResult::CLEAR);
    let clear = ResultCode::new(SessionResult::ADMINISTRATIVE);
    let low = |id: u32| u16::try_from(id & 0xffff).unwrap();
    match version {
        Version::V2 => {
            let header =
                |session_id| ControlHeader { recipient: Recipient::V2 { tunnel_id: low(tunnel), session_id }, ns, nr };
            vec![
                bytes(
                    header(0),
                    &v2::StopControlConnectionNotification { result: stop, assigned_tunnel_id: Some(1) }.into(),
                ),
                bytes(header(0), &v2::Hello::new().into()),
                bytes(
                    header(low(session)),
                    &v2::CallDisconnectNotify {
                        result: clear,
                        assigned_session_id: Some(low(peer_session)),
                        ..v2::CallDisconnectNotify::new()
                    }
                    .into(),
                ),
                bytes(header(0), &v2::IncomingCallRequest::new(77).into()),
                header(0).to_bytes(12).to_vec(),
            ]
        }
        Version::V3 => {
            let header = ControlHeader { recipient: Recipient::V3 { control_connection_id: tunnel }, ns, nr };
            vec![
                bytes(
                    header,
                    &v3::StopControlConnectionNotification { result: stop, assigned_control_connection_id: Some(1) }
                        .into(),
                ),
                bytes(header, &v3::Hello::new().into()),
                bytes(
                    header,
                    &v3::CallDisconnectNotify {
                        result: clear,
                        remote_session_id: session,
                        local_session_id: Some(peer_session),
                        ..v3::CallDisconnectNotify::new()
                    }
                    .into(),
                ),
                bytes(header, &v3::ExplicitAcknowledgement::new().into()),
                header.to_bytes(12).to_vec(),
            ]
        }
    }
}

/// Returns what an attacker who sees everything would know of the client: tunnel, session, the
/// peer's session, Ns, Nr.
fn known(world: &World<End>) -> (Version, u32, u32, u32, u16, u16) {
    let tunnel = &world.client.tunnel;
    let version = tunnel.version();
    let id = if version == Version::V2 { tunnel.ids().v2.into() } else { tunnel.ids().v3 };
    let session = tunnel.sessions().next().unwrap();
    let status = tunnel.channel_status();
    (version, id, session.id().get(), session.peer_terms().session_id, status.next_nr, status.next_ns)
}

#[test]
fn forged_stops_disconnects_hellos_and_requests_with_other_numbers_ids_or_sources_change_nothing() {
    for variant in [Variant::PLAIN, Variant::V3] {
        let mut world = established(&variant);
        let (version, id, session, peer_session, ns, nr) = known(&world);
        let source = world.client.source;
        let elsewhere = Address::udp("198.51.100.7:1701".parse().unwrap());
        let other_port = Address::udp("192.0.2.2:5000".parse().unwrap());
        for jump in [65, 1000, 0x7fff, 0x8000, 0xff00] {
            for packet in harmful(version, id, session, peer_session, ns.wrapping_add(jump), nr) {
                forge(&mut world, source, &packet);
            }
        }
        for jump in [1, 65, 1000, 0x7fff] {
            for packet in harmful(version, id, session, peer_session, ns, nr.wrapping_add(jump)) {
                forge(&mut world, source, &packet);
            }
        }
        for packet in harmful(version, id, session, peer_session, ns, nr) {
            for source in [elsewhere, other_port, Address::ip(source.host())] {
                forge(&mut world, source, &packet);
            }
        }
        for wrong in [id ^ 1, 0, 0xffff] {
            for packet in harmful(version, wrong, session, peer_session, ns, nr) {
                forge(&mut world, source, &packet);
            }
        }
        // The same ids and numbers, in the other version.
        let other = if version == Version::V2 { Version::V3 } else { Version::V2 };
        for packet in harmful(other, id, session, peer_session, ns, nr) {
            forge(&mut world, source, &packet);
        }
        assert_alive(&mut world);
    }
}

#[test]
fn rfc_3931_section_4_3_with_a_digest_nothing_unsigned_has_any_effect_even_from_one_who_sees_all() {
    let mut world = established(&Variant { cookie: CookieSize::Eight, ..Variant::DIGEST });
    let (version, id, session, peer_session, ns, nr) = known(&world);
    let source = world.client.source;
    for packet in harmful(version, id, session, peer_session, ns, nr) {
        forge(&mut world, source, &packet);
    }
    // Nor has a genuine one that was changed, or that was for the other end.
    let now = world.now;
    world.server.tunnel.handle_data_seen(now);
    let theirs = world.server.tunnel.sessions().next().unwrap().id();
    world.server.tunnel.clear_call(now, theirs, l2tp_wire::session::Disconnect::ADMINISTRATIVE).unwrap();
    let mut buf = [0; 1500];
    let genuine = world.server.tunnel.poll_transmit(now, &mut buf).unwrap().unwrap().payload.to_vec();
    for place in 0..genuine.len() {
        for bit in [0, 7] {
            let mut changed = genuine.clone();
            changed[place] ^= 1 << bit;
            forge(&mut world, source, &changed);
        }
    }
    let before = snapshot(&world.server);
    assert!(world.server.tunnel.handle_packet(now, world.server.source, &mut genuine.clone()).is_err());
    assert_eq!(snapshot(&world.server), before);
    assert_eq!(world.client.tunnel.handle_packet(now, source, &mut genuine.clone()), Ok(Handled::Taken));
    assert_eq!(world.client.tunnel.sessions().count(), 0);
    assert!(world.client.tunnel.counters().wrong_digests > 100);
}

#[test]
fn cve_class_unauthenticated_requests_with_unsigned_sccrq_change_nothing() {
    let config = Config::new("a")
        .with_authentication(Authentication::Digest(l2tp_wire::tunnel::DigestHash::Md5))
        .with_password(Secret::new(b"secret").unwrap());
    let mut server: Tunnel<1> = Tunnel::receiver(config, TunnelIds::new([1; 32]), [2; 32]);
    let header = ControlHeader { recipient: Recipient::V3 { control_connection_id: 0 }, ns: 0, nr: 0 };
    let unsigned = bytes(header, &v3::StartControlConnectionRequest::new("a".into(), 1, 7).into());
    let header = ControlHeader { recipient: Recipient::V2 { tunnel_id: 0, session_id: 0 }, ns: 0, nr: 0 };
    let version_2 = bytes(header, &v2::StartControlConnectionRequest::new("a".into(), 7).into());
    for packet in [unsigned, version_2] {
        let source = Variant::PLAIN.addresses()[0];
        assert!(server.handle_packet(Duration::ZERO, source, &mut packet.clone()).is_err());
        assert_eq!((server.state(), server.address()), (State::Idle, None));
        assert!(server.poll_transmit(Duration::ZERO, &mut [0; 1500]).unwrap().is_none());
    }
}

#[test]
fn cve_class_amplification_a_request_costs_three_replies_until_its_sender_shows_that_it_receives() {
    // As long as a reply can be: hidden values, a challenge and its answer, the longest names.
    let config = Config::new(&"n".repeat(100))
        .with_vendor_name(&"v".repeat(100))
        .with_hidden(true)
        .with_authentication(Authentication::Challenge)
        .with_password(Secret::new(b"opensesame").unwrap());
    let mut server: Tunnel<1> = Tunnel::receiver(config, TunnelIds::new([1; 32]), [2; 32]);
    let victim = Address::udp("198.51.100.7:1701".parse().unwrap());
    let header = ControlHeader { recipient: Recipient::V2 { tunnel_id: 0, session_id: 0 }, ns: 0, nr: 0 };
    let request = v2::StartControlConnectionRequest {
        challenge: Some(&[7; 16]),
        ..v2::StartControlConnectionRequest::new("a".into(), 7)
    };
    let request = bytes(header, &request.into());
    let mut buf = [0; 1500];
    let mut sent = |server: &mut Tunnel<1>| {
        let mut lengths = Vec::new();
        for second in 0..200 {
            let now = Duration::from_secs(second);
            server.handle_timeout(now);
            while let Some(packet) = server.poll_transmit(now, &mut buf).unwrap() {
                lengths.push(packet.payload.len());
            }
        }
        lengths
    };
    assert_eq!(server.handle_packet(Duration::ZERO, victim, &mut request.clone()), Ok(Handled::Taken));
    let lengths = sent(&mut server);
    println!("a request of {} bytes costs {lengths:?}", request.len());
    assert_eq!(lengths.len(), 3);
    assert!(lengths.iter().all(|length| *length <= 600));
    // Many requests cost no more than three each, and make no more tunnels: it is the same one again.
    let config = Config::new("server").with_password(Secret::new(b"opensesame").unwrap());
    let mut server: Tunnel<1> = Tunnel::receiver(config, TunnelIds::new([1; 32]), [2; 32]);
    let (mut requests, mut replies) = (0, 0);
    for second in 0..30 {
        let now = Duration::from_secs(second);
        assert_eq!(server.handle_packet(now, victim, &mut request.clone()), Ok(Handled::Taken));
        server.handle_timeout(now);
        requests += 1;
        while server.poll_transmit(now, &mut [0; 1500]).unwrap().is_some() {
            replies += 1;
        }
    }
    assert!(replies <= 2 * requests, "{replies} to {requests}");
    assert!(!server.is_proven());
}

#[test]
fn a_request_of_another_tunnel_is_left_to_the_caller_also_from_the_same_source() {
    let mut world = established(&Variant::PLAIN);
    let header = ControlHeader { recipient: Recipient::V2 { tunnel_id: 0, session_id: 0 }, ns: 0, nr: 0 };
    let request = bytes(header, &v2::StartControlConnectionRequest::new("restarted".into(), 0xbeef).into());
    let (now, source, before) = (world.now, world.server.source, snapshot(&world.server));
    let result = world.server.tunnel.handle_packet(now, source, &mut request.clone());
    assert_eq!(result, Ok(Handled::OtherRequest));
    assert_eq!(snapshot(&world.server), before);
    assert_alive(&mut world);
}

#[test]
fn cve_class_reflection_our_own_challenge_back_is_not_answered() {
    let config =
        Config::new("a").with_authentication(Authentication::Challenge).with_password(Secret::new(b"secret").unwrap());
    let peer = Variant::PLAIN.addresses()[1];
    let mut client: Tunnel<1> = Tunnel::originator(config, TunnelIds::new([1; 32]), peer, [2; 32]);
    client.open(Duration::ZERO).unwrap();
    let mut buf = [0; 1500];
    let request = client.poll_transmit(Duration::ZERO, &mut buf).unwrap().unwrap().payload.to_vec();
    let control = l2tp_wire::header::Control::decode(&request).unwrap();
    let challenge = control.avps().find(l2tp_wire::code::AttributeType::CHALLENGE).unwrap().value;
    let header = ControlHeader { recipient: Recipient::V2 { tunnel_id: client.ids().v2, session_id: 0 }, ns: 0, nr: 1 };
    let reply = v2::StartControlConnectionReply {
        challenge: Some(challenge),
        ..v2::StartControlConnectionReply::new("b".into(), 9)
    };
    let _ = client.handle_packet(Duration::ZERO, peer, &mut bytes(header, &reply.into())).unwrap();
    assert_eq!(client.close_reason(), Some(CloseReason::ReflectedChallenge));
    let stop = client.poll_transmit(Duration::ZERO, &mut buf).unwrap().unwrap().payload.to_vec();
    let stop = l2tp_wire::header::Control::decode(&stop).unwrap();
    assert_eq!(stop.avps().message_type().unwrap().0, MessageType::STOP_CONTROL_CONNECTION_NOTIFICATION);
    assert!(stop.avps().find(l2tp_wire::code::AttributeType::CHALLENGE_RESPONSE).is_none());
}

#[test]
fn cve_class_the_empty_password_of_windows_has_a_reason_of_its_own() {
    let config = Config::new("lns")
        .with_authentication(Authentication::Challenge)
        .with_password(Secret::new(b"secret").unwrap());
    let mut server: Tunnel<1> = Tunnel::receiver(config, TunnelIds::new([1; 32]), [2; 32]);
    let source = Variant::PLAIN.addresses()[0];
    let header = ControlHeader { recipient: Recipient::V2 { tunnel_id: 0, session_id: 0 }, ns: 0, nr: 0 };
    let request = bytes(header, &v2::StartControlConnectionRequest::new("windows".into(), 7).into());
    let _ = server.handle_packet(Duration::ZERO, source, &mut request.clone()).unwrap();
    let mut buf = [0; 1500];
    let reply = server.poll_transmit(Duration::ZERO, &mut buf).unwrap().unwrap().payload.to_vec();
    let control = l2tp_wire::header::Control::decode(&reply).unwrap();
    let challenge = control.avps().find(l2tp_wire::code::AttributeType::CHALLENGE).unwrap().value;
    let response = l2tp_wire::authenticate::challenge_response(
        MessageType::START_CONTROL_CONNECTION_CONNECTED,
        &Secret::empty(),
        challenge,
    );
    let header = ControlHeader { recipient: Recipient::V2 { tunnel_id: server.ids().v2, session_id: 0 }, ns: 1, nr: 1 };
    let connected = v2::StartControlConnectionConnected { challenge_response: Some(response) };
    let _ = server.handle_packet(Duration::ZERO, source, &mut bytes(header, &connected.into())).unwrap();
    assert_eq!(server.close_reason(), Some(CloseReason::EmptyPassword));
}

#[test]
fn cve_class_guessing_ids_and_numbers_blindly_finds_nothing() {
    // All 65536 tunnel ids with numbers that would fit, from the right address: one is right, and that is known.
    let mut world = established(&Variant::PLAIN);
    let (_, id, session, peer_session, ns, nr) = known(&world);
    let source = world.client.source;
    let mut random = Random::new(1);
    for _ in 0..20_000 {
        let guess = u32::try_from(random.below(0x1_0000)).unwrap();
        let (ns, nr) = (ns.wrapping_add(u16::try_from(random.below(0x1_0000)).unwrap()), nr);
        if guess != id {
            forge(&mut world, source, &harmful(Version::V2, guess, session, peer_session, ns, nr)[0]);
        }
    }
    assert_alive(&mut world);
}

/// Arbitrary changes of genuine packets, from the genuine address: whatever it does to the tunnel, nothing panics, and
/// no packet makes more than a few others.
#[test]
fn damaged_packets_are_refused_or_taken_and_never_do_more() {
    for seed in 0..200 {
        let variant = [Variant::PLAIN, Variant::V3, Variant::DIGEST][usize::try_from(seed % 3).unwrap()];
        let mut world = variant.world(seed, Profile { corruption: 300, ..Profile::CLEAN });
        world.client.tunnel.open(Duration::ZERO).unwrap();
        world.client.call(Duration::ZERO, variant.direction, Terms::new());
        world.settle();
        world.run(Duration::from_secs(100));
        for end in world.ends() {
            let ends = end.count(|event| matches!(event, Event::Stopped { .. }));
            assert_eq!(ends, usize::from(end.tunnel.close_reason().is_some()));
        }
        let _ = world.client.poll_timeout();
    }
}
