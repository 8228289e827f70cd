//! Setting tunnels up and ending them: what each rule of the RFCs, and each known peer, asks for.

use std::time::Duration;

use l2tp_wire::avp::CallErrors;
use l2tp_wire::code::{
    Accm, CircuitStatus, ControlConnectionResult, DataSequencing, DisconnectCode, ErrorCode, PseudowireType,
    SessionResult,
};
use l2tp_wire::header::CookieSize;
use l2tp_wire::session::{self, CallRequest, Disconnect, Terms};
use l2tp_wire::tunnel::{
    Authentication, CloseReason, CommandError, Config, DigestHash, Event, Handled, State, Tunnel, Versions,
};
use l2tp_wire::{Address, Secret, TunnelIds, Version};
use testing::{Profile, World};

use crate::end::{End, SESSIONS, Variant};

fn address(text: &str) -> Address {
    Address::udp(text.parse().unwrap())
}

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes()).unwrap()
}

/// Creates two ends with these configurations, of which the first asks.
fn world(client: Config, server: Config) -> World<End> {
    let [client_address, server_address] = Variant::PLAIN.addresses();
    let client = Tunnel::originator(client, TunnelIds::new([1; 32]), server_address, [2; 32]);
    let server = Tunnel::receiver(server, TunnelIds::new([3; 32]), [4; 32]);
    let terms = Some(Terms::new());
    let mut world =
        World::new(1, Profile::CLEAN, End::new(client, server_address, terms), End::new(server, client_address, terms));
    world.client.tunnel.open(Duration::ZERO).unwrap();
    world.settle();
    world
}

/// Returns why the two ends ended, after a while.
fn reasons(mut world: World<End>) -> [Option<CloseReason>; 2] {
    world.run(Duration::from_secs(5));
    [world.client.tunnel.close_reason(), world.server.tunnel.close_reason()]
}

const fn stopped(result: ControlConnectionResult) -> CloseReason {
    CloseReason::PeerStopped { result, error: ErrorCode::NONE }
}

fn established() -> World<End> {
    established_with(Config::new("client"), Config::new("server"))
}

fn established_with(client: Config, server: Config) -> World<End> {
    let mut world = world(client, server);
    world.client.call(Duration::ZERO, session::Direction::Incoming, Terms::new());
    world.settle();
    assert!(
        world.run_until(Duration::from_secs(5), |world| world.client.is_connected() && world.server.is_connected())
    );
    world
}

#[test]
fn section_5_1_1_challenges_are_answered_and_wrong_passwords_have_their_own_reason() {
    let plain = || Config::new("a");
    let asks = |password| plain().with_authentication(Authentication::Challenge).with_password(secret(password));
    let refused = Some(stopped(ControlConnectionResult::NOT_AUTHORIZED));
    for (client, server) in [(asks("one"), asks("one")), (asks("one"), plain().with_password(secret("one")))] {
        let mut world = world(client, server);
        world.run(Duration::from_secs(1));
        assert!(world.ends().iter().all(|end| end.tunnel.state() == State::Established));
    }
    assert_eq!(reasons(world(asks("one"), asks("two"))), [Some(CloseReason::WrongPassword), refused]);
    let knows = plain().with_password(secret("two"));
    assert_eq!(reasons(world(knows.clone(), asks("one"))), [refused, Some(CloseReason::WrongPassword)]);
    assert_eq!(reasons(world(plain(), asks("one"))), [Some(CloseReason::NoPassword), refused]);
    assert_eq!(reasons(world(asks("one"), plain())), [refused, Some(CloseReason::NoPassword)]);
    // While the password is changed, the old one does too.
    let changing = asks("new").with_old_password(secret("two"));
    assert_eq!(reasons(world(knows, changing)), [None, None]);
}

#[test]
fn rfc_3931_section_4_3_digests_with_either_hash_and_two_passwords() {
    let digest = |hash, password: Option<&str>| {
        let config = Config::new("a").with_authentication(Authentication::Digest(hash));
        password.map_or(config.clone(), |password| config.with_password(secret(password)))
    };
    let (md5, sha1) = (DigestHash::Md5, DigestHash::Sha1);
    for (client, server) in [
        (digest(md5, Some("one")), digest(sha1, Some("one"))),
        (digest(sha1, None), digest(sha1, None)),
        (digest(md5, Some("new")).with_old_password(secret("old")), digest(sha1, Some("new"))),
    ] {
        let mut world = world(client, server);
        world.run(Duration::from_secs(1));
        assert!(world.ends().iter().all(|end| end.tunnel.state() == State::Established));
        assert_eq!(world.client.tunnel.version(), Version::V3);
    }
    // Wrong ones get no answer at all.
    let v3 = Config::new("a").with_versions(Versions::V3);
    for (client, server) in [
        (digest(md5, Some("one")), digest(md5, Some("two"))),
        (digest(md5, Some("one")), digest(md5, None)),
        (v3, digest(md5, Some("one"))),
    ] {
        let mut world = world(client, server);
        world.run(Duration::from_secs(40));
        assert_eq!(world.client.tunnel.close_reason(), Some(CloseReason::NoAnswer));
        assert_eq!(world.server.tunnel.state(), State::Idle);
        assert!(world.server.tunnel.counters().wrong_digests >= 5);
    }
}

#[test]
fn the_seeds_terminate_from_accepts_one_host_name() {
    let refused = Some(stopped(ControlConnectionResult::NOT_AUTHORIZED));
    let accepts = |name: &str| Config::new("server").with_terminate_from(name);
    assert_eq!(reasons(world(Config::new("branch"), accepts("branch"))), [None, None]);
    let mut world = world(Config::new("branch2"), accepts("branch"));
    world.run(Duration::from_secs(1));
    assert_eq!(world.client.tunnel.peer_message().to_string(), "host name is not accepted here");
    assert_eq!(reasons(world), [refused, Some(CloseReason::HostName)]);
}

#[test]
fn rfc_3931_section_4_7_3_version_3_falls_back_to_version_2() {
    let speaks = |versions| Config::new("a").with_versions(versions);
    for (client, server, version) in [
        (Versions::Both, Versions::V2, Version::V2),
        (Versions::Both, Versions::V3, Version::V3),
        (Versions::Both, Versions::Both, Version::V3),
        (Versions::V2, Versions::Both, Version::V2),
        (Versions::V3, Versions::Both, Version::V3),
    ] {
        let mut world = world(speaks(client), speaks(server));
        world.run(Duration::from_secs(1));
        for end in world.ends() {
            assert_eq!((end.tunnel.state(), end.tunnel.version()), (State::Established, version));
        }
    }
    // Version 2 gets the answer that it is not spoken; an unknown version is dropped (RFC 2661
    // section 3.1).
    let [client, server] = reasons(world(speaks(Versions::V2), speaks(Versions::V3)));
    let error = ErrorCode::new(0x0100);
    let result = ControlConnectionResult::VERSION_NOT_SUPPORTED;
    assert_eq!(client, Some(CloseReason::PeerStopped { result, error }));
    assert_eq!(server, Some(CloseReason::Version));
    let mut world = world(speaks(Versions::V3), speaks(Versions::V2));
    world.run(Duration::from_secs(40));
    assert_eq!(world.client.tunnel.close_reason(), Some(CloseReason::NoAnswer));
    assert_eq!(world.server.tunnel.state(), State::Idle);
}

#[test]
fn rfc_3931_section_4_7_1_version_2_needs_udp() {
    let peer = Address::ip("192.0.2.2".parse().unwrap());
    for (versions, result) in [
        (Versions::V2, Err(CommandError::NeedsUdp)),
        (Versions::Both, Err(CommandError::NeedsUdp)),
        (Versions::V3, Ok(())),
    ] {
        let config = Config::new("a").with_versions(versions);
        let mut tunnel: Tunnel<1> = Tunnel::originator(config, TunnelIds::new([1; 32]), peer, [1; 32]);
        assert_eq!(tunnel.open(Duration::ZERO), result);
    }
}

/// Creates two ends that both ask, and that hand requests for another tunnel to nobody.
fn crossing(first: bool, second: bool) -> World<End> {
    let [one, two] = Variant::PLAIN.addresses();
    let tunnel = |name, breaks, id: u8, peer| {
        let config = Config::new(name).with_tie_breaker(breaks);
        Tunnel::originator(config, TunnelIds::new([id; 32]), peer, [id + 1; 32])
    };
    let (mut client, mut server) = (tunnel("one", first, 1, two), tunnel("two", second, 3, one));
    client.open(Duration::ZERO).unwrap();
    server.open(Duration::ZERO).unwrap();
    client.announce_call(Duration::ZERO, CallRequest::new(), Terms::new()).unwrap();
    let terms = Some(Terms::new());
    World::new(1, Profile::CLEAN, End::new(client, two, terms), End::new(server, one, terms))
}

#[test]
fn section_4_4_3_of_two_crossing_requests_one_is_left() {
    for (first, second) in [(true, true), (true, false), (false, true)] {
        let mut world = crossing(first, second);
        world.run(Duration::from_secs(5));
        for end in world.ends() {
            assert_eq!(end.tunnel.state(), State::Established, "{first} {second}");
            assert!(end.is_connected());
        }
    }
    // Neither cares: each is for another tunnel, which nobody makes here.
    let mut world = crossing(false, false);
    world.run(Duration::from_secs(1));
    assert!(world.ends().iter().all(|end| end.tunnel.state() == State::WaitControlReply));
}

#[test]
fn section_8_1_the_first_answer_may_come_from_another_port_which_is_then_pinned() {
    let now = Duration::ZERO;
    let (asked, answers) = (address("192.0.2.2:1701"), address("192.0.2.2:40123"));
    let client_address = address("192.0.2.1:1701");
    let mut client: Tunnel<1> = Tunnel::originator(Config::new("a"), TunnelIds::new([1; 32]), asked, [1; 32]);
    let mut server: Tunnel<1> = Tunnel::receiver(Config::new("b"), TunnelIds::new([2; 32]), [2; 32]);
    let mut buf = [0; 1500];
    client.open(now).unwrap();
    let request = client.poll_transmit(now, &mut buf).unwrap().unwrap();
    assert_eq!(request.destination, asked);
    let mut request = request.payload.to_vec();
    assert_eq!(server.handle_packet(now, client_address, &mut request), Ok(Handled::Taken));
    let reply = server.poll_transmit(now, &mut buf).unwrap().unwrap().payload.to_vec();
    assert!(client.handle_packet(now, address("192.0.2.3:1701"), &mut reply.clone()).is_err());
    assert_eq!(client.handle_packet(now, answers, &mut reply.clone()), Ok(Handled::Taken));
    let connected = client.poll_transmit(now, &mut buf).unwrap().unwrap();
    assert_eq!((connected.destination, client.address()), (answers, Some(answers)));
    assert!(client.handle_packet(now, asked, &mut reply.clone()).is_err());
}

#[test]
fn section_5_7_the_end_lingers_for_one_cycle_and_acknowledges_repetitions() {
    let mut world = established();
    let now = world.now;
    // The acknowledgments of the server get lost at first.
    world.lose_datagram = Some(Box::new(move |at, from, _| from == 1 && at < now + Duration::from_secs(10)));
    world.client.tunnel.close(now);
    world.settle();
    world.run(Duration::from_secs(16));
    assert_eq!((world.client.tunnel.state(), world.server.tunnel.state()), (State::Lingering, State::Lingering));
    assert_eq!(world.server.tunnel.close_reason(), Some(stopped(ControlConnectionResult::CLEAR)));
    assert_eq!(world.client.tunnel.close_reason(), Some(CloseReason::Local));
    assert!(world.server.tunnel.counters().channel.duplicates >= 4);
    world.run(Duration::from_secs(60));
    assert!(world.ends().iter().all(|end| end.events.last() == Some(&Event::Closed)));
    // Sessions have an event each, before the tunnel's own.
    let closed = |event: &Event| matches!(event, Event::CallClosed { reason: session::CloseReason::TunnelClosed, .. });
    assert_eq!((world.client.count(closed), world.server.count(closed)), (1, 1));
}

#[test]
fn section_5_8_a_silent_peer_is_found_out_by_a_hello_and_has_a_reason() {
    let mut world = established();
    world.run(Duration::from_secs(1));
    world.path.cut();
    let began = world.now;
    let over = |world: &World<End>| world.client.tunnel.state() == State::Closed;
    assert!(world.run_until(Duration::from_secs(300), over));
    assert_eq!(world.client.tunnel.close_reason(), Some(CloseReason::Silent));
    let took = world.now.checked_sub(began).unwrap();
    assert!(took > Duration::from_secs(59 + 31) && took < Duration::from_secs(60 + 32), "{took:?}");
    assert_eq!(world.client.tunnel.counters().hellos_sent, 1);
}

#[test]
fn nobody_answers_is_told_apart_from_a_peer_that_fell_silent() {
    let mut world = world(Config::new("a"), Config::new("b"));
    world.path.cut();
    world.run(Duration::from_secs(40));
    assert_eq!(world.client.tunnel.close_reason(), Some(CloseReason::NoAnswer));
    assert_eq!(world.client.events, [Event::Stopped { reason: CloseReason::NoAnswer }, Event::Closed]);
}

#[test]
fn xl2tpd_32_a_tunnel_with_live_data_is_kept_if_so_configured() {
    for keeps in [false, true] {
        let config = || Config::new("a").with_data_as_life(keeps).with_hello_interval(Some(Duration::from_secs(20)));
        let mut world = established_with(config(), config());
        // Control messages of the server are lost from now on; data is not.
        world.lose_datagram = Some(Box::new(|_, from, bytes| from == 1 && bytes[0] & 0x80 != 0));
        // Something that has to be acknowledged.
        let now = world.now;
        let session = world.client.tunnel.sessions().next().unwrap().id();
        world.client.tunnel.report_wan_errors(now, session, CallErrors::default()).unwrap();
        world.settle();
        for _ in 0..200 {
            world.server.frames.push(vec![1]);
            world.settle();
            world.run(Duration::from_secs(1));
        }
        let expected = if keeps { None } else { Some(CloseReason::Silent) };
        assert_eq!(world.client.tunnel.close_reason(), expected);
    }
}

#[test]
fn section_5_5_data_puts_the_hello_off() {
    let mut world = established();
    for _ in 0..20 {
        for end in world.ends_mut() {
            end.frames.push(vec![1]);
        }
        world.settle();
        world.run(Duration::from_secs(20));
    }
    assert!(world.ends().iter().all(|end| end.tunnel.counters().hellos_sent == 0));
    world.run(Duration::from_secs(100));
    let sent: u64 = world.ends().iter().map(|end| end.tunnel.counters().hellos_sent).sum();
    assert!(sent > 0);
}

#[test]
fn sections_6_12_to_6_14_results_causes_reports_and_maps_arrive() {
    let mut world = established();
    let now = world.now;
    let (ours, theirs) =
        (world.client.tunnel.sessions().next().unwrap().id(), world.server.tunnel.sessions().next().unwrap().id());
    let errors = CallErrors { crc_errors: 7, ..CallErrors::default() };
    world.client.tunnel.report_wan_errors(now, ours, errors).unwrap();
    world.server.tunnel.set_link_info(now, theirs, Accm::new(5), Accm::NONE).unwrap();
    assert_eq!(world.client.tunnel.set_link_info(now, ours, Accm::NONE, Accm::NONE), Err(CommandError::State));
    assert_eq!(world.server.tunnel.report_wan_errors(now, theirs, errors), Err(CommandError::State));
    world.settle();
    world.run(Duration::from_secs(1));
    assert!(world.server.events.contains(&Event::WanErrors { session: theirs, errors }));
    assert!(world.client.events.iter().any(|event| matches!(
        event,
        Event::LinkInfo { session, info } if *session == ours && info.accm == Some((Accm::new(5), Accm::NONE))
    )));
    let now = world.now;
    let cause = Disconnect::new(SessionResult::GENERAL_ERROR)
        .with_error(ErrorCode::VENDOR_SPECIFIC)
        .with_ppp(DisconnectCode::new(3));
    world.server.tunnel.clear_call(now, theirs, cause).unwrap();
    world.settle();
    world.run(Duration::from_secs(1));
    let reason = session::CloseReason::PeerCleared {
        result: SessionResult::GENERAL_ERROR,
        error: ErrorCode::VENDOR_SPECIFIC,
        q931: None,
        ppp: Some(DisconnectCode::new(3)),
    };
    assert_eq!(world.client.events.last(), Some(&Event::CallClosed { session: ours, reason }));
    assert_eq!(
        world.server.events.last(),
        Some(&Event::CallClosed { session: theirs, reason: session::CloseReason::Local })
    );
}

fn v3(name: &str) -> Config {
    Config::new(name).with_versions(Versions::V3)
}

#[test]
fn rfc_3931_section_5_4_4_circuit_status_remote_end_id_and_cookies_are_signalled() {
    let mut world = world(v3("one"), v3("two"));
    let request = CallRequest::new().with_remote_end_id("1234").with_pseudowire(PseudowireType::ETHERNET);
    let terms = Terms::new().with_cookie(CookieSize::Eight).with_sequencing(DataSequencing::ALL);
    let ours = world.client.tunnel.announce_call(Duration::ZERO, request, terms).unwrap();
    world.settle();
    world.run(Duration::from_secs(1));
    let theirs = world.server.tunnel.sessions().next().unwrap();
    assert_eq!(theirs.request().remote_end_id.to_string(), "1234");
    assert_eq!(theirs.request().pseudowire, PseudowireType::ETHERNET);
    // Each direction has what its receiver wants: the server wanted nothing.
    let (config, peers) = (world.client.tunnel.data_config(ours).unwrap(), theirs.id());
    assert_eq!(config.header_len(), 8);
    assert_eq!(world.server.tunnel.data_config(peers).unwrap().header_len(), 8 + 8 + 4);
    let now = world.now;
    world.client.tunnel.set_circuit_status(now, ours, CircuitStatus::NONE).unwrap();
    world.settle();
    world.run(Duration::from_secs(1));
    assert!(world.server.events.iter().any(|event| matches!(
        event,
        Event::LinkInfo { info, .. } if info.circuit == Some(CircuitStatus::NONE)
    )));
    let status = world.server.tunnel.session(peers).unwrap().peer_terms().terms.circuit;
    assert_eq!(status, CircuitStatus::NONE);
}

#[test]
fn rfc_3931_section_5_4_4_missing_pseudowires_and_sublayers_are_refused() {
    let reason_of = |request: CallRequest, terms: Terms, server: Config| {
        let mut world = world(v3("one").with_pseudowires(PseudowireType::PPP, Some(PseudowireType::HDLC)), server);
        let ours = world.client.tunnel.announce_call(Duration::ZERO, request, terms).unwrap();
        world.settle();
        world.run(Duration::from_secs(1));
        world.client.events.iter().find_map(|event| match event {
            Event::CallClosed { session, reason } if *session == ours => Some(*reason),
            _ => None,
        })
    };
    let only_ppp = || v3("two").with_pseudowires(PseudowireType::PPP, None);
    let ethernet = CallRequest::new().with_pseudowire(PseudowireType::ETHERNET);
    assert_eq!(reason_of(ethernet, Terms::new(), only_ppp()), Some(session::CloseReason::NoPseudowire));
    let cleared =
        |result| Some(session::CloseReason::PeerCleared { result, error: ErrorCode::NONE, q931: None, ppp: None });
    let hdlc = CallRequest::new().with_pseudowire(PseudowireType::HDLC);
    assert_eq!(reason_of(hdlc, Terms::new(), only_ppp()), cleared(SessionResult::PSEUDOWIRE_NOT_SUPPORTED));
    let numbers = Terms::new().with_sequencing(DataSequencing::ALL).with_sublayer(false);
    assert_eq!(reason_of(CallRequest::new(), numbers, only_ppp()), cleared(SessionResult::NO_SUBLAYER));
    assert_eq!(reason_of(CallRequest::new(), Terms::new(), only_ppp()), None);
}

#[test]
fn rfc_3931_section_5_4_4_of_two_crossing_sessions_to_one_circuit_one_is_left() {
    let mut world = world(v3("one"), v3("two"));
    world.run(Duration::from_secs(1));
    let now = world.now;
    for end in world.ends_mut() {
        let request = CallRequest::new().with_remote_end_id("circuit 7");
        end.tunnel.announce_call(now, request, Terms::new()).unwrap();
    }
    world.settle();
    world.run(Duration::from_secs(5));
    let live: Vec<_> = world.ends().iter().map(|end| end.tunnel.sessions().count()).collect();
    assert_eq!(live, [1, 1]);
    assert!(world.ends().iter().all(|end| end.is_connected()));
    let lost = |event: &Event| match event {
        Event::CallClosed { reason: session::CloseReason::TieLost, .. } => true,
        Event::CallClosed { reason: session::CloseReason::PeerCleared { result, .. }, .. } => {
            *result == SessionResult::TIE_LOST
        }
        _ => false,
    };
    assert_eq!(world.client.count(lost) + world.server.count(lost), 1);
}

#[test]
fn a_full_tunnel_refuses_calls_and_a_place_is_free_when_its_end_was_polled() {
    let mut world = established();
    world.server.grants = None;
    let now = world.now;
    for _ in 1..SESSIONS {
        world.client.call(now, session::Direction::Incoming, Terms::new());
    }
    let full = world.client.tunnel.announce_call(now, CallRequest::new(), Terms::new());
    assert_eq!(full, Err(CommandError::NoRoom { limit: SESSIONS }));
    world.settle();
    world.run(Duration::from_secs(1));
    // The server has no room for a call of its own either, nor for one more of the peer.
    let now = world.now;
    assert!(world.server.tunnel.place_call(now, CallRequest::new(), Terms::new()).is_err());
    // Nobody answers: the calls end in time, with a reason.
    world.run(Duration::from_secs(70));
    let late = |event: &Event| matches!(event, Event::CallClosed { reason: session::CloseReason::SetupTimeout, .. });
    let over = |event: &Event| matches!(event, Event::CallClosed { .. });
    assert!(world.server.count(late) + world.client.count(late) >= SESSIONS - 1);
    assert_eq!((world.client.count(over), world.server.count(over)), (SESSIONS - 1, SESSIONS - 1));
    assert_eq!((world.client.tunnel.sessions().count(), world.server.tunnel.sessions().count()), (1, 1));
}

#[test]
fn a_queue_that_is_full_says_so_and_loses_nothing() {
    let mut world = established();
    world.path.cut();
    let now = world.now;
    let session = world.client.tunnel.sessions().next().unwrap().id();
    let mut accepted = 0;
    while world.client.tunnel.report_wan_errors(now, session, CallErrors::default()).is_ok() {
        accepted += 1;
        assert!(accepted < 1000);
    }
    assert_eq!(world.client.tunnel.channel_status().unsent, accepted);
    let disconnect = Disconnect::LOST_CARRIER;
    assert_eq!(world.client.tunnel.clear_call(now, session, disconnect), Err(CommandError::Busy));
    // The tunnel itself can always be ended.
    world.client.tunnel.close(now);
    assert_eq!(world.client.tunnel.state(), State::Stopping);
}

#[test]
fn any_command_in_any_state_is_refused_or_done() {
    let now = Duration::ZERO;
    let mut receiver: Tunnel<1> = Tunnel::receiver(Config::new("b"), TunnelIds::new([2; 32]), [2; 32]);
    assert_eq!(receiver.open(now), Err(CommandError::State));
    let nobody = session::SessionId::new(5);
    assert_eq!(receiver.accept_call(now, nobody, Terms::new()), Err(CommandError::NoSuchSession));
    assert_eq!(receiver.clear_call(now, nobody, Disconnect::ADMINISTRATIVE), Err(CommandError::NoSuchSession));
    assert!(receiver.poll_transmit(now, &mut [0; 1500]).unwrap().is_none());
    assert_eq!(receiver.poll_timeout(), None);
    receiver.close(now);
    receiver.close(now);
    assert_eq!(receiver.poll_event(), Some(Event::Stopped { reason: CloseReason::Local }));
    assert_eq!((receiver.poll_event(), receiver.poll_event()), (Some(Event::Closed), None));
    assert_eq!(receiver.announce_call(now, CallRequest::new(), Terms::new()), Err(CommandError::State));
}

#[test]
fn a_short_buffer_loses_nothing_and_time_that_goes_back_does_no_harm() {
    let mut client: Tunnel<1> =
        Tunnel::originator(Config::new("a"), TunnelIds::new([1; 32]), address("192.0.2.2:1701"), [1; 32]);
    client.open(Duration::from_secs(100)).unwrap();
    for length in 0..60 {
        assert!(client.poll_transmit(Duration::ZERO, &mut vec![0; length]).is_err());
    }
    let mut buf = [0; 1500];
    assert!(client.poll_transmit(Duration::ZERO, &mut buf).unwrap().is_some());
    assert_eq!(client.poll_timeout(), Some(Duration::from_secs(101)));
    client.handle_timeout(Duration::from_secs(1));
    assert!(client.poll_transmit(Duration::ZERO, &mut buf).unwrap().is_none());
}

#[test]
fn memory_is_what_the_documentation_says() {
    let one = size_of::<Tunnel<1>>();
    let session = (size_of::<Tunnel<9>>() - one) >> 3;
    println!("a tunnel takes {} bytes and {session} for each session", one - session);
    assert!(session <= 400, "{session}");
    assert!(one - session <= 9216, "{one}");
}
