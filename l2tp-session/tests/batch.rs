//! Batches give what the same packets give one by one.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    clippy::unwrap_used,
    reason = "a test that goes wrong stops"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use l2tp_session::ppp_session::ppp::ccp::{Encryption, Modes};
use l2tp_session::ppp_session::{Compression, Session as Ppp, Statistics};
use l2tp_session::server::{Config as ServerConfig, Group, TunnelId};
use l2tp_session::session::{
    Batch, Config, HEADROOM, MAX_RECEIVE, ReceiveError, Received, Reordering, SendError, Session, SessionId, Transmit,
};
use l2tp_session::wire::code::DataSequencing;
use l2tp_session::wire::data::Counters;
use l2tp_session::wire::header::CookieSize;
use l2tp_session::wire::session::CallRequest;
use l2tp_session::wire::tunnel::Versions;
use l2tp_session::wire::{Address, TunnelIds};
use l2tp_session::{client, server};
use testing::l2tp::{Host, Outside, SERVER_ADDRESS, User, client_config, ip_packet};
use testing::{Output, Random, SERVER, run_seeds};

/// The most calls of a tunnel.
const CALLS: usize = 3;

/// A client, its user, and its address.
struct Peer {
    session: Session<CALLS>,
    user: User,
    address: Address,
}

impl Peer {
    fn server(&self) -> Address {
        if self.address.is_ip() { Outside::Ip.address(SERVER) } else { Outside::Udp.address(SERVER) }
    }

    /// Returns the packets that wait to go out.
    fn output(&mut self, now: Duration) -> Vec<Vec<u8>> {
        let mut output = Output::default();
        self.user.settle(now, &mut self.session, &mut output);
        output.datagrams
    }
}

/// Clients of one server.
struct World {
    peers: Vec<Peer>,
    host: Host,
    now: Duration,
}

/// The result of one packet.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Got {
    Ip(SessionId, Vec<u8>),
    Frame(SessionId, Vec<u8>),
    Held,
    Consumed,
}

type Outcome = Result<(TunnelId, Got), ReceiveError>;

/// The server's side of everything: what came in, what happened, what goes out, what is counted.
#[derive(Debug, PartialEq)]
struct Record {
    users: BTreeMap<TunnelId, String>,
    /// In order for each tunnel, since no order between tunnels is promised.
    sent: BTreeMap<Address, Vec<Vec<u8>>>,
    counted: Vec<(SessionId, Counters, Option<Statistics>)>,
    deadlines: Vec<Option<Duration>>,
}

/// Returns settings that follow from the numbers.
fn config(random: &mut Random, name: &str) -> (Config, Outside, bool) {
    let outside = random.of(&[Outside::Udp, Outside::Udp, Outside::Ip]);
    let is_v3 = outside == Outside::Ip || random.one_in(3);
    let is_ethernet = is_v3 && random.one_in(5);
    let mut config = match random.below(5) {
        0 => Config::strict(name).with_ppp(|ppp| ppp.with_encryption(Encryption::Refused)),
        1 => Config::strict(name).with_ppp(|ppp| ppp.with_modes(Modes::PreferStateful)),
        _ => Config::strict(name),
    };
    if random.one_in(5) {
        config = config.with_ppp(|ppp| ppp.with_compression(Compression::Fast));
    }
    if random.one_in(3) {
        config = config.with_terms(|terms| terms.with_sequencing(DataSequencing::ALL));
        if random.one_in(2) {
            config = config.with_reordering(Reordering::Wait(Duration::from_millis(50)));
        }
    }
    if is_v3 {
        if let Some(cookie) = random.of(&[None, Some(CookieSize::Four), Some(CookieSize::Eight)]) {
            config = config.with_terms(|terms| terms.with_cookie(cookie));
        }
        config = config.with_tunnel(|tunnel| tunnel.with_versions(Versions::V3));
    }
    if random.one_in(4) {
        config = config.with_path_mtu(true);
    }
    (config, outside, is_ethernet)
}

/// Returns clients and a server that are connected. The same seed gives the same bytes.
fn connected(seed: u64) -> World {
    let mut random = Random::new(seed);
    let count = 1 + random.index(7);
    let mut groups = ServerConfig::new(Group::new(Config::strict("lns"), SERVER_ADDRESS));
    let mut peers = Vec::new();
    for index in 0..count {
        let name = format!("peer{index}");
        let (config, outside, is_ethernet) = config(&mut random, &name);
        groups =
            groups.with_group(Group::new(config.clone(), SERVER_ADDRESS).with_terminate_from(&name).with_ethernet());
        let host = std::net::Ipv4Addr::new(198, 51, 100, u8::try_from(index).unwrap());
        let address = if outside == Outside::Ip { Address::ip(host.into()) } else { Address::udp((host, 1701).into()) };
        let setup = if is_ethernet { client::Config::ethernet(config) } else { client_config(&config) };
        let server = outside.address(SERVER);
        let mut session = Session::dial(&setup, server, TunnelIds::new(random.entropy()), random.entropy());
        session.open(Duration::ZERO).unwrap();
        for _ in 0..if is_ethernet { 0 } else { random.index(CALLS) } {
            session.place_call(Duration::ZERO, CallRequest::new()).unwrap();
        }
        peers.push(Peer { session, user: User::default(), address });
    }
    let mut world = World { peers, host: Host::new(&groups, Outside::Udp, seed), now: Duration::ZERO };
    for _ in 0..40 {
        world.talk();
        world.now += Duration::from_millis(100);
        world.peers.iter_mut().for_each(|peer| peer.session.handle_timeout(world.now));
        world.host.server.handle_timeout(world.now);
    }
    world
}

impl World {
    /// Carries packets both ways until nobody has any.
    fn talk(&mut self) {
        for _ in 0..100 {
            let mut is_any = false;
            for peer in &mut self.peers {
                for bytes in peer.output(self.now) {
                    is_any = true;
                    let _ = self.host.receive(self.now, peer.address, &bytes);
                }
            }
            let (peers, now) = (&mut self.peers, self.now);
            is_any |= self.host.settle(now, |destination, mut bytes| {
                let Some(peer) = peers.iter_mut().find(|peer| peer.address == destination) else { return };
                let source = peer.server();
                if let Ok(received) = peer.session.handle_datagram(now, source, &mut bytes, &mut [0; MAX_RECEIVE]) {
                    peer.user.take(received);
                }
            });
            if !is_any {
                break;
            }
        }
    }

    /// Returns packets of the clients, with the losses and additions of a bad path.
    fn arrivals(&mut self, random: &mut Random) -> Vec<(Address, Vec<u8>)> {
        let mut sent = Vec::new();
        for number in 0..30 + u32::try_from(random.below(50)).unwrap() {
            let index = random.index(self.peers.len());
            let peer = &mut self.peers[index];
            let now = self.now;
            let before = sent.len();
            if !peer.user.connected.is_empty() {
                let id = random.of(&peer.user.connected);
                let mut call = peer.session.call_mut(id).unwrap();
                match random.below(300) {
                    0 => call.close(now),
                    1..20 => call.ping(now),
                    _ => {
                        let mut buf = [&[0; HEADROOM][..], &ip_packet(number, random.index(1300))].concat();
                        let packet = match call.send_ip(now, &mut buf) {
                            Ok(packet) => packet.payload.to_vec(),
                            Err(_) => {
                                call.send_frame(now, &mut buf).map(|packet| packet.payload.to_vec()).unwrap_or_default()
                            }
                        };
                        sent.push((peer.address, packet));
                    }
                }
            }
            if random.one_in(1000) {
                peer.session.close(now);
            }
            let control = peer.output(now);
            sent.extend(control.into_iter().map(|bytes| (peer.address, bytes)));
            if sent.len() > before {
                spoil(&mut sent, random);
            }
        }
        sent
    }

    /// Returns what the server's users have seen and counted, and what goes out.
    fn drain(&mut self) -> Record {
        let mut sent: BTreeMap<_, Vec<_>> = BTreeMap::new();
        self.host.settle(self.now, |destination, bytes| sent.entry(destination).or_default().push(bytes));
        let users = self.host.users.iter().map(|(id, user)| (*id, format!("{user:?}"))).collect();
        let (mut counted, mut deadlines) = (Vec::new(), Vec::new());
        for session in self.host.server.tunnels().map(|id| self.host.server.session(id).unwrap()) {
            deadlines.push(session.poll_timeout());
            counted.extend(session.calls().map(|call| (call.id(), call.counters(), call.ppp().map(Ppp::statistics))));
        }
        Record { users, sent, counted, deadlines }
    }
}

/// Asserts that two servers have done the same, part by part, since all together is too long to read.
fn same(one: &Record, other: &Record) {
    for (id, user) in &one.users {
        let alike = user.bytes().zip(other.users[id].bytes()).take_while(|(one, other)| one == other).count();
        let start = alike.saturating_sub(60);
        let part =
            |user: &str| String::from_utf8_lossy(&user.as_bytes()[start..]).chars().take(300).collect::<String>();
        assert!(*user == other.users[id], "tunnel {id}:\n{}\n{}", part(user), part(&other.users[id]));
    }
    assert_eq!(one.sent, other.sent);
    assert_eq!(one.counted, other.counted);
    assert_eq!(one, other);
}

/// Loses, doubles, exchanges or changes the last packet, or adds a stranger's.
fn spoil(sent: &mut Vec<(Address, Vec<u8>)>, random: &mut Random) {
    let last = sent.len() - 1;
    match random.below(60) {
        0..6 => drop(sent.pop()),
        6..10 => sent.push(sent[last].clone()),
        10..16 if last > 1 => sent.swap(last, last - 1),
        16..19 if !sent[last].1.is_empty() => {
            let place = random.index(sent[last].1.len());
            sent[last].1[place] ^= 1 << random.below(8);
        }
        19 => {
            let length = random.index(sent[last].1.len());
            sent[last].1.truncate(length);
        }
        20 => sent[last].0 = Address::udp(([203, 0, 113, 9], 1701).into()),
        21 => {
            let garbage = random.some_bytes(40);
            sent.push((sent[last].0, garbage));
        }
        _ => {}
    }
}

fn describe(received: Received<'_>) -> Got {
    match received {
        Received::Ip { call, packet } => Got::Ip(call, packet.to_vec()),
        Received::Frame { call, frame } => Got::Frame(call, frame.to_vec()),
        Received::Held => Got::Held,
        Received::Consumed => Got::Consumed,
        other => panic!("{other:?} is new"),
    }
}

fn one_by_one(now: Duration, server: &mut server::Server, packets: &mut [(Address, Vec<u8>)]) -> Vec<Outcome> {
    let mut scratch = [0; MAX_RECEIVE];
    let take = packets.iter_mut().map(|(source, packet)| {
        let (id, received) = server.handle_datagram(now, *source, packet, &mut scratch)?;
        Ok((id, describe(received)))
    });
    take.collect()
}

fn at_once(
    now: Duration,
    server: &mut server::Server,
    batch: &mut Batch,
    packets: &mut [(Address, Vec<u8>)],
) -> Vec<Outcome> {
    let mut outcomes = vec![None; packets.len()];
    let mut lent: Vec<(Address, &mut [u8])> =
        packets.iter_mut().map(|(source, packet)| (*source, packet.as_mut_slice())).collect();
    server.handle_datagrams(now, batch, &mut lent, |index, received| {
        let outcome = received.map(|(id, received)| (id, describe(received)));
        assert!(outcomes[index].replace(outcome).is_none(), "each packet has one result");
    });
    outcomes.into_iter().map(Option::unwrap).collect()
}

/// Packets for calls of the server, some of them for none, or too long, or not IP.
fn departures(world: &World, random: &mut Random) -> Vec<(TunnelId, SessionId, Vec<u8>)> {
    let calls: Vec<_> =
        world.host.users.iter().flat_map(|(id, user)| user.connected.iter().map(|call| (*id, *call))).collect();
    if calls.is_empty() {
        return Vec::new();
    }
    let packets = (0..20 + random.below(30)).map(|number| {
        let (id, call) = random.of(&calls);
        let call = if random.one_in(25) { SessionId::new(1) } else { call };
        let length = if random.one_in(20) { 4000 } else { random.index(1400) };
        let mut buf = [&[0; HEADROOM][..], &ip_packet(number.try_into().unwrap(), length)].concat();
        match random.below(40) {
            0 => buf[HEADROOM] = 0,
            1 => buf.truncate(HEADROOM - 1),
            _ => {}
        }
        (id, call, buf)
    });
    packets.collect()
}

type Sent = Result<(Address, Vec<u8>, String), SendError>;

fn note(sent: Result<Transmit<'_>, SendError>) -> Sent {
    sent.map(|packet| (packet.destination, packet.payload.to_vec(), format!("{:?}", packet.outer)))
}

fn send_one_by_one(world: &mut World, packets: &mut [(TunnelId, SessionId, Vec<u8>)]) -> Vec<Sent> {
    let now = world.now;
    let send = packets.iter_mut().map(|(id, call, buf)| {
        let mut session = world.host.server.session_mut(*id).unwrap();
        let mut call = session.call_mut(*call).ok_or(SendError::NoCall)?;
        note(call.send_ip(now, buf))
    });
    send.collect()
}

fn send_at_once(world: &mut World, batch: &mut Batch, packets: &mut [(TunnelId, SessionId, Vec<u8>)]) -> Vec<Sent> {
    let mut sent = vec![None; packets.len()];
    let mut lent: Vec<_> = packets.iter_mut().map(|(id, call, buf)| (*id, *call, buf.as_mut_slice())).collect();
    world.host.server.send_ip_batch(world.now, batch, &mut lent, |index, result| {
        assert!(sent[index].replace(note(result)).is_none(), "each packet has one result");
    });
    sent.into_iter().map(Option::unwrap).collect()
}

/// RFC 2661 section 5.7: a message ends a call at once, and the packets before it were genuine.
#[test]
fn section_5_7_data_in_front_of_the_end_of_its_tunnel_is_received() {
    let group = Group::new(Config::strict("lns"), SERVER_ADDRESS);
    let mut host = Host::new(&group.into(), Outside::Udp, 1);
    let address = Address::udp(([198, 51, 100, 1], 1701).into());
    let setup = client_config(&Config::strict("peer"));
    let server = Outside::Udp.address(SERVER);
    let mut session = Session::dial(&setup, server, TunnelIds::new([1; 32]), [1; 32]);
    session.open(Duration::ZERO).unwrap();
    host.answers = true;
    let peers = vec![Peer { session, user: User::default(), address }];
    let mut world = World { peers, host, now: Duration::ZERO };
    for _ in 0..40 {
        world.talk();
        world.now += Duration::from_millis(100);
        world.peers[0].session.handle_timeout(world.now);
        world.host.server.handle_timeout(world.now);
    }
    let (now, peer) = (world.now, &mut world.peers[0]);
    let mut buf = [&[0; HEADROOM][..], &ip_packet(7, 84)].concat();
    let data = peer.session.first_call_mut().unwrap().send_ip(now, &mut buf).unwrap().payload.to_vec();
    // The frames in which PPP ends are lost, and the messages of the tunnel arrive.
    peer.session.close(now);
    let mut arrivals = vec![(address, data)];
    while arrivals.len() == 1 {
        let is_control = |bytes: &Vec<u8>| bytes[0] & 0x80 != 0;
        arrivals.extend(peer.output(now).into_iter().filter(is_control).map(|bytes| (address, bytes)));
        let deadline = peer.session.poll_timeout().unwrap();
        peer.session.handle_timeout(deadline);
        arrivals.extend(peer.output(deadline).into_iter().filter(is_control).map(|bytes| (address, bytes)));
    }
    let outcomes = at_once(now, &mut world.host.server, &mut Batch::new(), &mut arrivals);
    assert!(matches!(&outcomes[0], Ok((_, Got::Ip(_, packet))) if packet[20..24] == [0, 0, 0, 7]), "{outcomes:?}");
    assert!(matches!(outcomes[1], Ok((_, Got::Consumed))), "{outcomes:?}");
    let id = world.host.tunnel();
    assert!(world.host.server.session(id).unwrap().calls().next().is_some());
    world.drain();
    assert!(!world.host.user().ended.is_empty());
}

/// How many packets gave something, and how many were refused.
#[derive(Debug, Default)]
struct Tally {
    ip: usize,
    frames: usize,
    held: usize,
    refused: usize,
    sent: usize,
    not_sent: usize,
}

/// Runs the same packets through two servers that are alike, and compares all that they do.
fn compare(seed: u64) -> Tally {
    let (mut one, mut other) = (connected(seed), connected(seed));
    same(&one.drain(), &other.drain());
    let mut random = Random::new(seed ^ 0xba7c);
    let (mut batch, mut tally) = (Batch::new(), Tally::default());
    for round in 0..6 {
        let mut arrivals = one.arrivals(&mut random);
        while !arrivals.is_empty() {
            let rest = arrivals.split_off((1 + random.index(24)).min(arrivals.len()));
            let now = one.now;
            let expected = one_by_one(now, &mut one.host.server, &mut arrivals.clone());
            let outcomes = at_once(now, &mut other.host.server, &mut batch, &mut arrivals);
            assert_eq!(outcomes, expected, "round {round}");
            for outcome in outcomes {
                match outcome {
                    Ok((_, Got::Ip(..))) => tally.ip += 1,
                    Ok((_, Got::Frame(..))) => tally.frames += 1,
                    Ok((_, Got::Held)) => tally.held += 1,
                    Ok((_, Got::Consumed)) => {}
                    Err(_) => tally.refused += 1,
                }
            }
            same(&one.drain(), &other.drain());
            arrivals = rest;
        }
        let mut departures = departures(&one, &mut random);
        let expected = send_one_by_one(&mut one, &mut departures.clone());
        let sent = send_at_once(&mut other, &mut batch, &mut departures);
        assert_eq!(sent, expected, "round {round}");
        tally.sent += sent.iter().filter(|sent| sent.is_ok()).count();
        tally.not_sent += sent.iter().filter(|sent| sent.is_err()).count();
        let pause = random.micros(Duration::from_secs(3));
        let narrow = random.one_in(4).then(|| 600 + u16::from(random.byte()));
        for world in [&mut one, &mut other] {
            let first = world.host.server.tunnels().next();
            if let (Some(mtu), Some(id)) = (narrow, first) {
                world.host.server.session_mut(id).unwrap().handle_path_mtu(mtu);
            }
            world.now += pause;
            world.host.server.handle_timeout(world.now);
        }
        for peer in &mut one.peers {
            peer.session.handle_timeout(one.now);
        }
        same(&one.drain(), &other.drain());
    }
    tally
}

#[test]
fn random_packets_of_random_calls_are_as_one_by_one() {
    let mut sum = Tally::default();
    for tally in run_seeds("BATCH", 60, compare) {
        sum.ip += tally.ip;
        sum.frames += tally.frames;
        sum.held += tally.held;
        sum.refused += tally.refused;
        sum.sent += tally.sent;
        sum.not_sent += tally.not_sent;
    }
    println!("{sum:?}");
    assert!(sum.ip > 4000 && sum.frames > 50 && sum.held > 50 && sum.refused > 200, "{sum:?}");
    assert!(sum.sent > 4000 && sum.not_sent > 200, "{sum:?}");
}
