//! Many calls on one control connection, and limits that no peer exceeds.

use pptp::ppp_session;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use pptp::gre::{self, CallIds, InlineSlots, SequenceNumber, Tunnel};
use pptp::ppp::auth::{Answer, Method, Methods, Secret};
use pptp::ppp::ccp::Encryption;
use pptp::ppp::link::{self, Link};
use pptp::ppp::{Protocol, ipcp, lcp};
use pptp::server::{self, AcceptError, ConnectionId, Limits, Server, SessionMut, Shard};
use pptp::session::{CallEvent, Config, Event, HEADROOM, MAX_RECEIVE, Reason};
use pptp::wire::connection::{self, CallCloseReason, CallId, Connection, Event as Control, Identity};
use pptp::wire::message::OutgoingCallRequest;

use testing::pptp::{index_of, ip_packet};

type Pipe = Tunnel<InlineSlots<4, 1500>>;

/// A client made by hand: it can have more calls than one.
struct Client {
    connection: Connection<16>,
    calls: BTreeMap<CallId, (Link, Pipe)>,
    closed: Vec<(CallId, CallCloseReason)>,
    is_closed: bool,
    peer: IpAddr,
    id: ConnectionId,
}

impl Client {
    fn new(now: Duration, server: &mut Server, last: u8) -> Result<Self, AcceptError> {
        let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
        let entropy = [last.wrapping_mul(16).wrapping_add(u8::try_from(server.len()).unwrap()); 32];
        let id = server.accept(now, peer, entropy)?;
        let mut connection = Connection::originator(connection::Config::new(Identity::PPTP_LINUX), entropy);
        connection.open(now).unwrap();
        Ok(Self { connection, calls: BTreeMap::new(), closed: Vec::new(), is_closed: false, peer, id })
    }

    fn events(&mut self, now: Duration) {
        while let Some(event) = self.connection.poll_event() {
            match event {
                Control::CallConnected { call, peer_call_id, .. } => {
                    let lcp = lcp::Config::default().with_own_authentication(Methods::new(&[Method::Pap]));
                    let config = link::Config::default().with_lcp(lcp).with_ipcp(ipcp::Config::default());
                    let mut link = Link::new(&config, [call.get().to_be_bytes()[1]; 32]);
                    link.open(now);
                    link.up(now);
                    let ids = CallIds { local: call.get(), peer: peer_call_id };
                    // Its sequence numbers begin again after 16 packets.
                    let first = SequenceNumber::new(u32::MAX - 15);
                    let config = gre::Config::new(ids).with_first_sequence_number(first);
                    self.calls.insert(call, (link, Tunnel::inline(config)));
                }
                Control::CallClosed { call, reason } => {
                    self.calls.remove(&call);
                    self.closed.push((call, reason));
                }
                Control::Closed { .. } => self.is_closed = true,
                _ => {}
            }
        }
        for (link, _) in self.calls.values_mut() {
            while let Some(event) = link.poll_event() {
                if let link::Event::Prove(demand) = event {
                    link.prove(now, demand.ticket(), b"alice", &Secret::Password(b"wonderland")).unwrap();
                }
            }
        }
    }
}

/// The view of the server's user.
#[derive(Default)]
struct Log {
    ends: Vec<(ConnectionId, CallId, Reason)>,
    /// The index, and the call that it came by.
    received: Vec<(u32, CallId)>,
}

fn serve(now: Duration, session: &mut SessionMut<'_, 4>, log: &mut Log) -> [Vec<Vec<u8>>; 2] {
    let mut output = [Vec::new(), Vec::new()];
    let mut buf = [0; MAX_RECEIVE];
    while let Some(event) = session.poll_event() {
        let Event::Call { call, event } = event else { continue };
        match event {
            CallEvent::Ppp(ppp_session::Event::Authenticate(question)) => {
                // An address for each call.
                let [_, last] = call.get().to_be_bytes();
                session.call_mut(call).unwrap().assign_address(Ipv4Addr::new(10, 0, 1, last));
                session
                    .call_mut(call)
                    .unwrap()
                    .answer(now, question.ticket(), &Answer::Password(b"wonderland"))
                    .unwrap();
            }
            CallEvent::Closed(reason) => log.ends.push((session.id(), call, reason)),
            _ => {}
        }
    }
    while let Some(bytes) = session.poll_control(now, &mut buf).unwrap() {
        output[0].push(bytes.to_vec());
    }
    while let Some(packet) = session.poll_tunnel(now, &mut buf).unwrap() {
        output[1].push(packet.to_vec());
    }
    output
}

/// Hands everything over until nobody has anything to say.
fn exchange(now: Duration, server: &mut Server, clients: &mut [Client], log: &mut Log) {
    let mut buf = [0; MAX_RECEIVE];
    for _ in 0..1000 {
        let mut is_any = false;
        for client in &mut *clients {
            client.events(now);
            while let Some(bytes) = client.connection.poll_transmit(now, &mut buf).unwrap() {
                assert_eq!(server.handle_stream(now, client.id, bytes), bytes.len());
                is_any = true;
            }
            for (link, tunnel) in client.calls.values_mut() {
                while let Some(length) = link.poll_transmit(now, &mut buf[16..]).unwrap().map(<[u8]>::len) {
                    let packet = tunnel.encapsulate_in_place(now, &mut buf[..16 + length]).unwrap();
                    let _ = server.handle_gre(now, client.peer, &mut packet.to_vec(), &mut []);
                    is_any = true;
                }
            }
        }
        loop {
            let Some(mut session) = server.poll_ready() else { break };
            let id = session.id();
            let [control, packets] = serve(now, &mut session, log);
            drop(session);
            let Some(client) = clients.iter_mut().find(|client| client.id == id) else { continue };
            is_any |= !control.is_empty() || !packets.is_empty();
            for bytes in control {
                assert_eq!(client.connection.handle_stream(now, &bytes), bytes.len());
                client.events(now);
            }
            for packet in packets {
                client.receive(now, &packet);
            }
        }
        if !is_any {
            return;
        }
    }
    panic!("it never comes to rest");
}

impl Client {
    /// Returns the IP packet, and the call that it came by.
    fn receive(&mut self, now: Duration, packet: &[u8]) -> Option<(CallId, Vec<u8>)> {
        let id = u16::from_be_bytes([packet[6], packet[7]]);
        let (call, (link, tunnel)) = self.calls.iter_mut().find(|(call, _)| call.get() == id)?;
        let Ok(gre::Received::Frame(frame)) = tunnel.decapsulate(now, packet) else { return None };
        match link.handle_frame(now, frame) {
            Ok(link::Received::Network { packet, .. }) => Some((*call, packet.to_vec())),
            _ => None,
        }
    }

    /// Sends a packet by a call.
    fn send(&mut self, now: Duration, call: CallId, index: u32, server: &mut Server, log: &mut Log) {
        let (link, tunnel) = self.calls.get_mut(&call).unwrap();
        let packet = ip_packet(0, index, 100, false);
        let mut buf = [0; 200];
        let length = link.frame(Protocol::IP, &packet).encode(&mut buf[16..]).unwrap().len();
        let mut packet = tunnel.encapsulate_in_place(now, &mut buf[..16 + length]).unwrap().to_vec();
        let (id, call, received) = server.handle_gre(now, self.peer, &mut packet, &mut []).unwrap();
        assert_eq!(id, self.id);
        log.received.push((index_of(0, received.ip().unwrap()), call));
    }

    /// Returns the server's id of a call.
    fn peers(&self, call: CallId) -> CallId {
        CallId::new(self.connection.call(call).unwrap().peer_call_id().unwrap())
    }
}

fn server(limits: Limits) -> Server {
    let session = Config::strict().with_ppp(|ppp| {
        ppp.with_authentication(Methods::new(&[Method::Pap])).with_encryption(Encryption::Refused).with_keepalive(None)
    });
    Server::new(server::Config::new(Ipv4Addr::new(10, 0, 0, 1)).with_session(session.clone()), limits)
}

const NOW: Duration = Duration::from_secs(5);

#[test]
fn calls_of_one_connection_are_apart() {
    let (mut server, mut log) = (server(Limits::default()), Log::default());
    let mut clients = [Client::new(NOW, &mut server, 7).unwrap()];
    exchange(NOW, &mut server, &mut clients, &mut log);
    let mut calls = Vec::new();
    for _ in 0..5 {
        calls.push(clients[0].connection.place_call(NOW, OutgoingCallRequest::new(0, 0)).unwrap());
        exchange(NOW, &mut server, &mut clients, &mut log);
    }
    // There is room for four; the fifth is busy, and the others do not care.
    let id = clients[0].id;
    let [(refused, CallCloseReason::OutgoingRefused { .. })] = clients[0].closed[..] else {
        panic!("{:?}", clients[0].closed)
    };
    assert_eq!(refused, calls[4]);
    assert_eq!(server.session(id).unwrap().calls().count(), 4);
    calls.truncate(4);
    let mut addresses = Vec::new();
    for call in &calls {
        addresses.push(clients[0].calls[call].0.ip().unwrap().own_address.unwrap());
    }
    addresses.sort_unstable();
    addresses.dedup();
    assert!(addresses.len() > 1, "{addresses:?}");

    // Both ways, in turn.
    for index in 0..120 {
        let call = calls[usize::try_from(index % 4).unwrap()];
        let peers = clients[0].peers(call);
        clients[0].send(NOW, call, index, &mut server, &mut log);
        assert_eq!(log.received.last(), Some(&(index, peers)));
        let mut buf = vec![0; HEADROOM];
        buf.extend_from_slice(&ip_packet(1, index, 100, false));
        let packet = server.session_mut(id).unwrap().call_mut(peers).unwrap().send_ip(NOW, &mut buf).unwrap().to_vec();
        let (by, packet) = clients[0].receive(NOW, &packet).unwrap();
        assert_eq!((by, index_of(1, &packet)), (call, index));
    }

    // One ends, and the others go on.
    let first = clients[0].peers(calls[0]);
    server.session_mut(id).unwrap().call_mut(first).unwrap().close(NOW);
    exchange(NOW, &mut server, &mut clients, &mut log);
    assert_eq!(log.ends, [(id, first, Reason::Closed)]);
    assert!(matches!(clients[0].closed[1], (call, CallCloseReason::Disconnected { .. }) if call == calls[0]));
    for (index, call) in (100..).zip(&calls[1..]) {
        clients[0].send(NOW, *call, index, &mut server, &mut log);
    }
    assert!(server.session_mut(id).unwrap().call_mut(first).is_none());
    // Its place is free again.
    let again = clients[0].connection.place_call(NOW, OutgoingCallRequest::new(0, 0)).unwrap();
    exchange(NOW, &mut server, &mut clients, &mut log);
    clients[0].send(NOW, again, 200, &mut server, &mut log);

    // All end with the connection.
    server.session_mut(id).unwrap().close(NOW);
    exchange(NOW, &mut server, &mut clients, &mut log);
    assert_eq!(log.ends.len(), 5);
    assert!(clients[0].is_closed && server.session(id).unwrap().is_closed());
    server.remove(id);
    assert!(server.is_empty() && server.poll_timeout().is_none());
}

#[test]
fn limits_of_a_server_hold() {
    let limits = Limits::default().with_connections(6).with_connections_per_address(2).with_calls(5);
    let (mut server, mut log) = (server(limits), Log::default());
    let mut clients = Vec::new();
    for last in [1, 1, 2, 2, 3, 3] {
        clients.push(Client::new(NOW, &mut server, last).unwrap());
        let full = clients.len() == 6;
        // Neither a third one of an address, also as an IPv6 socket shows it, nor a seventh.
        if let (IpAddr::V4(peer), false) = (clients.last().unwrap().peer, full) {
            if clients.len() % 2 == 0 {
                let mapped = IpAddr::V6(peer.to_ipv6_mapped());
                let error = server.accept(NOW, mapped, [9; 32]).unwrap_err();
                assert_eq!(error.to_string(), "all 2 connections of this address are taken");
            }
        }
    }
    let other = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 99));
    assert_eq!(server.accept(NOW, other, [9; 32]).unwrap_err().to_string(), "all 6 connections are taken");
    exchange(NOW, &mut server, &mut clients, &mut log);
    for client in &mut clients {
        client.connection.place_call(NOW, OutgoingCallRequest::new(0, 0)).unwrap();
    }
    exchange(NOW, &mut server, &mut clients, &mut log);
    let calls =
        |server: &Server| -> usize { server.connections().map(|id| server.session(id).unwrap().calls().count()).sum() };
    assert_eq!(calls(&server), 5);
    assert_eq!(clients.iter().filter(|client| !client.closed.is_empty()).count(), 1);
    // All calls in one segment do not exceed it either.
    server.remove(clients[0].id);
    server.remove(clients[1].id);
    clients.drain(..2);
    assert_eq!(calls(&server), 3);
    let mut buf = [0; 2048];
    let mut bytes = Vec::new();
    for _ in 0..6 {
        // Both are kept for the next call as well.
        let _ = clients[0].connection.place_call(NOW, OutgoingCallRequest::new(0, 0));
        while let Some(message) = clients[0].connection.poll_transmit(NOW, &mut buf).unwrap() {
            bytes.extend_from_slice(message);
        }
    }
    assert_eq!(bytes.len() % 168, 0);
    let mut rest = &bytes[..];
    for _ in 0..10 {
        let taken = server.handle_stream(NOW, clients[0].id, rest);
        rest = &rest[taken..];
        exchange(NOW, &mut server, &mut clients, &mut log);
    }
    assert_eq!((rest.len(), calls(&server)), (0, 5));

    // An address that was removed has room again, and its old routes are gone.
    let mut again = Client::new(NOW, &mut server, 1).unwrap();
    assert!(
        server
            .handle_gre(NOW, again.peer, &mut [0x30, 0x81, 0x88, 0x0b, 0, 0, 0, 1, 0, 0, 0, 0], &mut [0; MAX_RECEIVE])
            .is_err()
    );
    assert_eq!(server.len(), 5);
    again.connection.handle_disconnect(NOW);
    server.handle_disconnect(NOW, again.id);
    clients.push(again);
    exchange(NOW, &mut server, &mut clients, &mut log);
    for client in &clients {
        server.handle_disconnect(NOW, client.id);
    }
    exchange(NOW, &mut server, &mut [], &mut log);
    for client in &clients {
        assert!(server.session(client.id).unwrap().is_closed());
        server.remove(client.id);
    }
    assert!(server.is_empty() && server.poll_timeout().is_none() && server.poll_ready().is_none());
    assert!(log.ends.iter().all(|(_, _, reason)| matches!(reason, Reason::Control(_))));
}

/// RFC 2637 section 4.1: GRE packets of one address have nothing but the call's number. Two connections that would draw the
/// same one get different ones, and both carry packets.
#[test]
fn section_4_1_connections_of_one_address_that_draw_the_same_get_different_numbers() {
    let (mut server, mut log) = (server(Limits::default()), Log::default());
    let mut clients = Vec::new();
    for peer in [7, 7, 7, 8] {
        let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, peer));
        let id = server.accept(NOW, peer, [1; 32]).unwrap();
        let mut connection = Connection::originator(connection::Config::new(Identity::PPTP_LINUX), [2; 32]);
        connection.open(NOW).unwrap();
        let (calls, closed) = (BTreeMap::new(), Vec::new());
        clients.push(Client { connection, calls, closed, is_closed: false, peer, id });
    }
    exchange(NOW, &mut server, &mut clients, &mut log);
    for client in &mut clients {
        client.connection.place_call(NOW, OutgoingCallRequest::new(0, 0)).unwrap();
    }
    exchange(NOW, &mut server, &mut clients, &mut log);
    let is_up = |client: &Client| client.calls.values().any(|(link, _)| link.ip().is_some());
    assert!(clients.iter().all(is_up));
    let calls: Vec<_> = clients.iter().map(|client| *client.calls.keys().next().unwrap()).collect();
    let mut numbers: Vec<_> = clients.iter().zip(&calls).map(|(client, call)| client.peers(*call)).collect();
    // Another address may have the same.
    assert_eq!(numbers.first(), numbers.last());
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 3);
    for (index, (client, call)) in (1..).zip(clients.iter_mut().zip(&calls)) {
        client.send(NOW, *call, index, &mut server, &mut log);
        assert_eq!(log.received.last(), Some(&(index, client.peers(*call))));
    }
}

/// RFC 2637 section 4.1: servers that share an address give numbers of their own, to calls that follow each other too.
#[test]
fn section_4_1_shards_of_a_server_give_no_number_of_another() {
    for index in 0..3 {
        let shard = Shard::new(index, 3).unwrap();
        let (mut server, mut log) = (server(Limits::default()).with_shard(shard), Log::default());
        // The same address, and another one.
        let mut clients = [7, 7, 8].map(|peer| Client::new(NOW, &mut server, peer).unwrap());
        assert!(clients.iter().all(|client| client.id.get() % 3 == u64::from(index + 1) % 3));
        exchange(NOW, &mut server, &mut clients, &mut log);
        for round in 0..30 {
            let place =
                |client: &mut Client| client.connection.place_call(NOW, OutgoingCallRequest::new(0, 0)).unwrap();
            let calls = clients.each_mut().map(place);
            exchange(NOW, &mut server, &mut clients, &mut log);
            assert_eq!(server.calls(), clients.len());
            for (client, call) in clients.iter_mut().zip(calls) {
                let number = client.peers(call);
                assert!(shard.includes(number.get()), "{number} of {shard:?}");
                client.send(NOW, call, round, &mut server, &mut log);
                assert_eq!(log.received.last(), Some(&(round, number)));
                server.session_mut(client.id).unwrap().call_mut(number).unwrap().close(NOW);
            }
            exchange(NOW, &mut server, &mut clients, &mut log);
            assert_eq!(server.calls(), 0);
        }
    }
}

/// Numbers come back, however many calls a connection has one after the other.
#[test]
fn section_4_1_calls_that_follow_each_other_get_numbers_that_are_new() {
    let (mut server, mut log) = (server(Limits::default()), Log::default());
    let mut clients = [Client::new(NOW, &mut server, 7).unwrap()];
    exchange(NOW, &mut server, &mut clients, &mut log);
    let mut numbers = Vec::new();
    for _ in 0..200 {
        let call = clients[0].connection.place_call(NOW, OutgoingCallRequest::new(0, 0)).unwrap();
        exchange(NOW, &mut server, &mut clients, &mut log);
        let number = clients[0].peers(call);
        numbers.push(number);
        server.session_mut(clients[0].id).unwrap().call_mut(number).unwrap().close(NOW);
        exchange(NOW, &mut server, &mut clients, &mut log);
        assert!(clients[0].calls.is_empty());
    }
    numbers.sort_unstable();
    numbers.dedup();
    // Two hundred draws of 65,535 meet once in four times.
    assert!(numbers.len() >= 195, "{}", numbers.len());
}

/// Connections without a call are closed in time.
#[test]
fn an_idle_connection_ends() {
    let (mut server, mut log) = (server(Limits::default()), Log::default());
    let mut clients = [Client::new(NOW, &mut server, 7).unwrap()];
    exchange(NOW, &mut server, &mut clients, &mut log);
    let mut now = NOW;
    while let Some(deadline) = server.poll_timeout() {
        now = deadline;
        server.handle_timeout(now);
        exchange(now, &mut server, &mut clients, &mut log);
        assert!(now < NOW + Duration::from_secs(70));
    }
    assert!(clients[0].is_closed && server.session(clients[0].id).unwrap().is_closed());
    assert!(now >= NOW + Duration::from_secs(60), "{now:?}");
}
