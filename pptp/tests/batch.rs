//! Batches give what the same packets give one by one.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may fail")]

use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

use pptp::server::{ConnectionId, Limits};
use pptp::session::{Batch, Compression, Config, HEADROOM, MAX_RECEIVE, MAX_TRANSMIT, Received};
use pptp::wire::connection::CallId;
use pptp::{client, server};
use testing::pptp::OneCall as _;
use testing::pptp::{Guest, call_of, client_config, exchange, server_config};

const NOW: Duration = Duration::from_secs(1);

/// Clients of one server, all connected.
struct World {
    clients: Vec<client::Session>,
    server: server::Server,
    ids: Vec<(ConnectionId, CallId)>,
}

fn peer(index: usize) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, u8::try_from(index).unwrap()))
}

/// Returns the same bytes each time.
fn connected(count: usize, config: &Config) -> World {
    let server = server_config(config);
    let mut server: server::Server = server::Server::new(server, Limits::default());
    let mut clients = Vec::new();
    let mut ids = Vec::new();
    for index in 0..count {
        let seed = u8::try_from(index).unwrap();
        let mut client = client::Session::new(&client_config(config), [seed; 32]);
        let id = server.accept(NOW, peer(index), [seed + 100; 32]).unwrap();
        client.open(NOW);
        let mut guest = Guest { server: &mut server, id, peer: peer(index) };
        exchange(NOW, &mut client, &mut guest, |_, _| ());
        ids.push((id, call_of(&mut guest)));
        clients.push(client);
    }
    World { clients, server, ids }
}

/// Returns an IPv4 packet with room in front of it.
fn packet(number: u8, length: usize) -> Vec<u8> {
    let mut buf = vec![number; HEADROOM + length];
    let total = u16::try_from(length).unwrap().to_be_bytes();
    buf[HEADROOM..HEADROOM + 4].copy_from_slice(&[0x45, 0, total[0], total[1]]);
    buf
}

fn packets(count: u8) -> Vec<Vec<u8>> {
    (0..count).map(|number| packet(number, 20 + usize::from(number) * 7 % 1300)).collect()
}

fn configs() -> Vec<Config> {
    let clear = Config::interop().with_ppp(|ppp| ppp.with_encryption(pptp::ppp::ccp::Encryption::Refused));
    let stateful = Config::strict().with_ppp(|ppp| ppp.with_modes(pptp::ppp::ccp::Modes::PreferStateful));
    let mut configs = vec![Config::strict(), stateful, clear];
    if cfg!(feature = "mppc") {
        configs.push(Config::strict().with_ppp(|ppp| ppp.with_compression(Compression::Fast)));
    }
    configs
}

#[test]
fn packets_of_one_session_go_out_as_one_by_one() {
    for config in configs() {
        let (mut one, mut other) = (connected(1, &config), connected(1, &config));
        let mut bufs = packets(21);
        // Some that are refused between the others.
        bufs[3] = packet(3, 5000);
        bufs[9][HEADROOM] = 0x00;
        bufs[12] = vec![0; 3];
        let expected: Vec<_> =
            bufs.clone().iter_mut().map(|buf| one.clients[0].send_ip(NOW, buf).map(<[u8]>::to_vec)).collect();
        let mut sent = vec![None; bufs.len()];
        let mut lent: Vec<&mut [u8]> = bufs.iter_mut().map(Vec::as_mut_slice).collect();
        other.clients[0].first_call_mut().unwrap().send_ip_batch(NOW, &mut Batch::new(), &mut lent, |index, result| {
            assert!(sent[index].replace(result.map(<[u8]>::to_vec)).is_none());
        });
        let sent: Vec<_> = sent.into_iter().map(Option::unwrap).collect();
        assert_eq!(sent, expected);
        assert_eq!(sent.iter().filter(|result| result.is_err()).count(), 3);
        assert_eq!(one.clients[0].statistics(), other.clients[0].statistics());
    }
}

#[test]
fn packets_of_one_session_come_in_as_one_by_one() {
    for config in configs() {
        let (mut one, mut other) = (connected(1, &config), connected(1, &config));
        let mut sent: Vec<Vec<u8>> =
            packets(30).iter_mut().map(|buf| one.clients[0].send_ip(NOW, buf).unwrap().to_vec()).collect();
        // A negotiation within, repeated, reordered, damaged and foreign packets.
        one.clients[0].first_call_mut().unwrap().ping(NOW);
        let mut buf = [0; MAX_TRANSMIT];
        let echo = one.clients[0].poll_tunnel(NOW, &mut buf).unwrap().unwrap().to_vec();
        sent.push(sent[4].clone());
        sent.swap(10, 11);
        sent.swap(20, 27);
        sent[13][20] ^= 0x55;
        sent[14][7] ^= 1;
        sent.push(echo);
        sent.push(vec![0x30; 5]);
        let id = one.ids[0];
        let mut expected = Vec::new();
        for packet in &mut sent.clone() {
            let received =
                one.server.session_mut(id.0).unwrap().handle_gre(NOW, packet, &mut [0; MAX_RECEIVE]).map(describe);
            expected.push(received);
        }
        let expected_later = drain(&mut one, id.0);
        let mut received = vec![None; sent.len()];
        let mut lent: Vec<&mut [u8]> = sent.iter_mut().map(Vec::as_mut_slice).collect();
        let mut session = other.server.session_mut(id.0).unwrap();
        session.handle_gre_batch(NOW, &mut Batch::new(), &mut lent, |index, result| {
            assert!(received[index].replace(result.map(describe)).is_none());
        });
        drop(session);
        let received: Vec<_> = received.into_iter().map(Option::unwrap).collect();
        assert_eq!(received, expected);
        assert_eq!(drain(&mut other, id.0), expected_later);
        assert!(received.iter().filter(|received| matches!(received, Ok((_, Some(_))))).count() > 8);
        let statistics = |world: &World| world.server.session(id.0).unwrap().call(id.1).map(|call| call.statistics());
        assert_eq!(statistics(&one), statistics(&other));
    }
}

fn describe((call, received): (CallId, Received<'_>)) -> (CallId, Option<Vec<u8>>) {
    (call, received.ip().map(<[u8]>::to_vec))
}

/// Returns what waited, after the time for which it waits.
fn drain(world: &mut World, id: ConnectionId) -> Vec<Vec<u8>> {
    let later = NOW + Duration::from_secs(1);
    let mut session = world.server.session_mut(id).unwrap();
    session.handle_timeout(later);
    let mut buf = [0; MAX_RECEIVE];
    let mut packets = Vec::new();
    while let Some((_, packet)) = session.poll_receive(later, &mut buf).unwrap() {
        packets.push(packet.to_vec());
    }
    packets
}

#[test]
fn packets_of_many_sessions_are_as_one_by_one() {
    for config in configs() {
        let (mut one, mut other) = (connected(6, &config), connected(6, &config));
        // From one, two, or all six clients in a row.
        let order = [0, 1, 2, 3, 4, 5, 0, 0, 1, 0, 2, 3, 4, 1, 1, 5, 4, 3, 2, 1, 0];
        let mut sent: Vec<(IpAddr, Vec<u8>)> = Vec::new();
        for (client, buf) in order.into_iter().zip(&mut packets(21)) {
            sent.push((peer(client), one.clients[client].send_ip(NOW, buf).unwrap().to_vec()));
        }
        sent.push((peer(3), vec![1, 2, 3]));
        sent[7].1[7] ^= 1;
        let mut expected = Vec::new();
        let mut scratch = [0; MAX_RECEIVE];
        for (peer, packet) in &mut sent.clone() {
            let received = one.server.handle_gre(NOW, *peer, packet, &mut scratch);
            expected.push(received.map(|(id, call, received)| (id, describe((call, received)))));
        }
        let mut received = vec![None; sent.len()];
        let mut lent: Vec<(IpAddr, &mut [u8])> =
            sent.iter_mut().map(|(peer, packet)| (*peer, packet.as_mut_slice())).collect();
        other.server.handle_gre_batch(NOW, &mut Batch::new(), &mut lent, |index, result| {
            let result = result.map(|(id, call, received)| (id, describe((call, received))));
            assert!(received[index].replace(result).is_none());
        });
        let received: Vec<_> = received.into_iter().map(Option::unwrap).collect();
        assert_eq!(received, expected);
        assert_eq!(received.iter().filter(|received| received.is_ok()).count(), 20);

        // And back.
        let (mut bufs, ids) = (packets(21), one.ids.clone());
        assert_eq!(ids, other.ids);
        bufs[5] = packet(5, 5000);
        let mut expected = Vec::new();
        for (client, buf) in order.into_iter().zip(&mut bufs.clone()) {
            let (id, call) = ids[client];
            expected.push(
                one.server.session_mut(id).unwrap().call_mut(call).unwrap().send_ip(NOW, buf).map(<[u8]>::to_vec),
            );
        }
        let mut sent = vec![None; bufs.len()];
        let mut lent: Vec<_> = order
            .into_iter()
            .zip(&mut bufs)
            .map(|(client, buf)| (ids[client].0, ids[client].1, buf.as_mut_slice()))
            .collect();
        other.server.send_ip_batch(NOW, &mut Batch::new(), &mut lent, |index, result| {
            assert!(sent[index].replace(result.map(<[u8]>::to_vec)).is_none());
        });
        let sent: Vec<_> = sent.into_iter().map(Option::unwrap).collect();
        assert_eq!(sent, expected);
        assert_eq!(sent.iter().filter(|result| result.is_err()).count(), 1);
    }
}
