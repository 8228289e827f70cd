//! `live_server`: two clients of a server, and somebody with a connection and with packets from everywhere.

use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;
use std::collections::BTreeSet;

use pptp::server::{ConnectionId, Limits, Server};
use pptp::session::{Config, MAX_RECEIVE, MAX_TRANSMIT};
use pptp::wire::connection::CallId;
use testing::pptp::{
    Client, Guest, OneCall as _, Peer, Tunnelled, answer, client_config, encode_gre, index_of, ip_packet, server_config,
};
use testing::{Datagram, Endpoint, Output};

use super::{Control, JUMPS, cost, is_fatal, keeps_number};
use crate::session::Input;

/// The first client, the second with the attacker behind one address, and somebody else's.
const ADDRESSES: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 8)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9)),
];

/// Asserts that packets of both clients arrive among a third party's, up to the `cost` of forged
/// packets that are taken.
///
/// # Panics
///
/// When that does not hold.
pub fn run(data: &[u8]) {
    let input = Input::new(data, WORK);
    let (quiet, forged) = (World::new(false).run(input), World::new(true).run(input));
    for (client, (quiet, arrived)) in quiet.arrived.iter().zip(&forged.arrived).enumerate() {
        let lost: Vec<_> = quiet.difference(arrived).collect();
        assert!(lost.len() <= forged.taken, "client {client}, where {} may be: {lost:?}", forged.taken);
    }
}

/// Rounds of packets of an input.
const WORK: u32 = 40;

struct World {
    now: Duration,
    server: Server<2>,
    clients: [(Client, ConnectionId); 2],
    attacker: ConnectionId,
    is_forged: bool,
    index: u32,
    /// Direction and index of genuine packets, by client.
    arrived: [BTreeSet<(usize, u32)>; 2],
    taken: usize,
}

impl World {
    fn new(is_forged: bool) -> Self {
        let mut server = Server::new(server_config(&Config::strict()), Limits::default());
        let clients = [0, 1].map(|place| {
            let seed = if place == 0 { 10 } else { 20 };
            let id = server.accept(Duration::ZERO, ADDRESSES[place], [seed; 32]).expect("there is room");
            (Client::new(&client_config(&Config::strict()), [seed + 1; 32]), id)
        });
        let attacker = server.accept(Duration::ZERO, ADDRESSES[1], [30; 32]).expect("there is room");
        let (arrived, now) = (Default::default(), Duration::ZERO);
        let mut world = Self { now, server, clients, attacker, is_forged, index: 0, arrived, taken: 0 };
        // A client may hold an answer for a moment.
        world.pass(Duration::from_secs(1));
        world.send();
        assert!(world.arrived.iter().all(|arrived| arrived.len() == 2), "both are up: {:?}", world.arrived);
        world
    }

    fn run(mut self, mut input: Input<'_>) -> Self {
        while let Some(step) = input.step() {
            let argument = usize::from(step >> 3);
            match step & 7 {
                0 | 1 => {
                    let more = u32::from(step >> 3).min(input.left());
                    input.spend(more);
                    for _ in 0..=more {
                        self.send();
                    }
                }
                2 => self.pass(Duration::from_secs(u64::try_from(argument).unwrap_or(0))),
                3 => self.attack_stream(input.bytes()),
                4 => {
                    // The beginning of an honest client.
                    let mut client = Client::new(&client_config(&Config::strict()), [40; 32]);
                    let mut output = Output { room: 1, ..Output::default() };
                    client.poll(self.now, &mut output);
                    self.attack_stream(&output.stream.concat());
                }
                5 => {
                    let jump = JUMPS[argument & 7];
                    let Some(frame) = Control::read(&mut input).map(|control| control.frame()) else { continue };
                    self.attack_tunnel(argument >> 3 & 1, argument & 16 == 0, jump, &frame);
                }
                6 => self.attack_tunnel(argument >> 3 & 1, argument & 16 == 0, JUMPS[argument & 7], input.bytes()),
                _ => {
                    let mut packet = input.bytes().to_vec();
                    let peer = ADDRESSES[argument % 3];
                    if self.is_forged {
                        self.taken += usize::from(keeps_number(&self.server.handle_gre(
                            self.now,
                            peer,
                            &mut packet,
                            &mut [0; MAX_RECEIVE],
                        )));
                    }
                }
            }
            self.exchange();
        }
        self.pass(Duration::from_secs(40));
        for _ in 0..3 {
            self.send();
        }
        self
    }

    fn attack_stream(&mut self, bytes: &[u8]) {
        if self.is_forged {
            self.server.handle_stream(self.now, self.attacker, bytes);
        }
    }

    /// Sends a packet for the call of a client, from its address or another.
    fn attack_tunnel(&mut self, client: usize, is_near: bool, jump: u32, payload: &[u8]) {
        let id = self.clients[client].1;
        let number = self.clients[client].0.session.statistics().map_or(0, |statistics| statistics.tunnel.ss.get());
        let (Some(call), true) = (self.call(id), self.is_forged && !is_fatal(payload)) else { return };
        let peer = if is_near { ADDRESSES[client] } else { ADDRESSES[2] };
        let mut packet = encode_gre(call.get(), Some(number.wrapping_add(jump)), None, payload);
        let mut scratch = [0; MAX_RECEIVE];
        let result = self.server.handle_gre(self.now, peer, &mut packet, &mut scratch);
        assert!(is_near || result.is_err(), "a packet from another address is taken");
        self.taken += cost(keeps_number(&result), jump, payload);
    }

    fn call(&self, id: ConnectionId) -> Option<CallId> {
        self.server.session(id)?.calls().next().map(|call| call.id())
    }

    /// Sends a packet each way on both calls.
    fn send(&mut self) {
        self.pass(Duration::from_millis(20));
        let index = self.index;
        self.index += 1;
        for (place, peer) in ADDRESSES.into_iter().take(2).enumerate() {
            let buf = |direction| [&[0; pptp::session::HEADROOM][..], &ip_packet(direction, index, 60, false)].concat();
            let now = self.now;
            let id = self.clients[place].1;
            if let Ok(packet) = self.clients[place].0.send_ip(now, &mut buf(0)) {
                self.receive(place, packet);
            }
            let Some(call) = self.call(id) else { continue };
            let mut guest = Guest { server: &mut self.server, id, peer };
            let sent = guest.with(|session| session.call_mut(call)?.send_ip(now, &mut buf(1)).ok().map(<[u8]>::to_vec));
            if let Some(bytes) = sent {
                self.clients[place].0.handle_datagram(now, Datagram { to: 0, bytes, mark: None });
            }
        }
        self.exchange();
    }

    /// Delivers a client's packet to the server.
    fn receive(&mut self, place: usize, mut packet: Vec<u8>) {
        let mut guest = Guest { server: &mut self.server, id: self.clients[place].1, peer: ADDRESSES[place] };
        let found = guest.handle_gre(self.now, &mut packet, |received| received.ok().flatten().map(<[u8]>::to_vec));
        self.arrived[place].extend(found.map(|packet| (0, index_of(0, &packet))));
    }

    /// Carries packets until no end has more to send.
    fn exchange(&mut self) {
        let now = self.now;
        for _ in 0..1000 {
            let mut is_any = false;
            for place in 0..2 {
                let (client, id) = &mut self.clients[place];
                let mut output = Output { room: usize::MAX, ..Output::default() };
                is_any |= client.poll(now, &mut output);
                let received = std::mem::take(&mut client.log.got.packets);
                self.arrived[place].extend(received.iter().map(|packet| (1, index_of(1, packet))));
                for bytes in output.stream {
                    self.server.handle_stream(now, *id, &bytes);
                }
                for packet in output.datagrams {
                    self.receive(place, packet);
                }
            }
            is_any |= self.serve();
            if !is_any {
                return;
            }
        }
        panic!("they do not come to rest");
    }

    fn serve(&mut self) -> bool {
        let now = self.now;
        let mut is_any = false;
        let mut buf = [0; MAX_RECEIVE];
        while let Some(mut session) = self.server.poll_ready() {
            is_any |= answer(now, &mut session);
            let place = self.clients.iter().position(|(_, id)| *id == session.id());
            while let Some((_, packet)) = session.poll_receive(now, &mut buf).expect("there is room") {
                if let Some(place) = place {
                    self.arrived[place].insert((0, index_of(0, packet)));
                }
            }
            while let Some(bytes) = session.poll_control(now, &mut buf[..MAX_TRANSMIT]).expect("there is room") {
                if let Some(place) = place {
                    self.clients[place].0.handle_stream(now, bytes);
                }
                is_any = true;
            }
            while let Some(packet) = session.poll_tunnel(now, &mut buf[..MAX_TRANSMIT]).expect("there is room") {
                if let Some(place) = place {
                    let bytes = packet.to_vec();
                    self.clients[place].0.handle_datagram(now, Datagram { to: 0, bytes, mark: None });
                }
                is_any = true;
            }
        }
        is_any
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let client = self.clients.iter().filter_map(|(client, _)| client.poll_timeout()).min();
            let next = client.into_iter().chain(self.server.poll_timeout()).min();
            self.now = next.unwrap_or(end).clamp(self.now, end);
            let now = self.now;
            self.clients.iter_mut().for_each(|(client, _)| client.handle_timeout(now));
            self.server.handle_timeout(now);
            self.exchange();
            if now == end {
                return;
            }
        }
    }
}
