//! `l2tp_session_pair`: a client and a server of L2TP over a bad line. `l2tp_session_hostile`: the same with somebody
//! who sends whatever the input says, with the right ids or not.

use core::time::Duration;

use l2tp_session::ppp_session::ppp::ccp::Encryption;
use l2tp_session::session::{Config, Reordering};
use l2tp_session::wire::Address;
use l2tp_session::wire::code::DataSequencing;
use l2tp_session::wire::data::{DataChannel, Wire};
use l2tp_session::wire::header::{ControlHeader, CookieSize, Recipient};
use l2tp_session::wire::tunnel::Versions;
use l2tp_session::wire::{Version, data};
use testing::l2tp::{Client, Host, Outside, client_config, ip_packet, number_of, server_config};
use testing::{CLIENT, Datagram, Endpoint as _, Flight, Output, SERVER};

use crate::session::Input;

/// Steps of an input.
const WORK: u32 = 200;

/// The most packets that one step may bring about: an answer, repetitions, negotiation.
const BURST: usize = 64;

struct World {
    now: Duration,
    client: Client,
    host: Host,
    flight: Flight,
    /// Encryption is required, so that nothing forged may be delivered.
    required: bool,
    /// Numbers are looked at, so that no packet may come twice.
    sequenced: bool,
    /// The number of the next packet of each side.
    next: [u32; 2],
}

/// Two sides that are left to themselves agree, carry packets once each, and end.
///
/// # Panics
///
/// When that does not hold.
pub fn pair(bytes: &[u8]) {
    let mut input = Input::new(bytes, WORK);
    let Some(wishes) = input.byte() else { return };
    let mut world = World::new(wishes);
    while let Some(step) = input.step() {
        let place = input.byte().unwrap_or(0).into();
        world.act(step, place);
        world.settle();
    }
    world.check();
    world.end();
}

/// Whatever is sent to both sides, they end when they are closed, and deliver nothing forged where encryption is
/// required.
///
/// # Panics
///
/// When that does not hold.
pub fn hostile(bytes: &[u8]) {
    let mut input = Input::new(bytes, WORK);
    let (Some(wishes), Some(rounds)) = (input.byte(), input.byte()) else { return };
    let mut world = World::new(wishes);
    // So far nobody is between them.
    for _ in 0..rounds % 16 {
        world.deliver_all();
        world.pass(Duration::from_millis(60));
    }
    while let Some(step) = input.step() {
        let to = usize::from(step >> 4 & 1);
        match step & 15 {
            0..=7 => {
                let content = input.bytes();
                let packet = world.forge(step & 7, to, content);
                world.receive(to, if step & 0x20 == 0 { None } else { Some(7) }, &packet);
            }
            other => {
                let place = input.byte().unwrap_or(0).into();
                world.act(other, place);
            }
        }
        world.settle();
    }
    world.check();
    world.end();
}

impl World {
    fn new(wishes: u8) -> Self {
        let bit = |number: u8| wishes >> number & 1 != 0;
        let versions = if bit(0) { Versions::V3 } else { Versions::V2 };
        let encryption = if bit(1) { Encryption::Refused } else { Encryption::Required };
        let sequencing = if bit(2) { DataSequencing::ALL } else { DataSequencing::NONE };
        let cookie = if bit(3) { CookieSize::Eight } else { CookieSize::Zero };
        let reordering = if bit(4) { Reordering::Wait(Duration::from_millis(50)) } else { Reordering::Off };
        let config = Config::strict("lab")
            .with_ppp(|ppp| ppp.with_encryption(encryption))
            .with_tunnel(|tunnel| tunnel.with_versions(versions))
            .with_terms(|terms| terms.with_sequencing(sequencing).with_cookie(cookie))
            .with_reordering(reordering);
        let outside = if bit(0) && bit(5) { Outside::Ip } else { Outside::Udp };
        let mut world = Self {
            now: Duration::ZERO,
            client: Client::new(&client_config(&config), outside, 1),
            host: Host::new(&server_config(&config), outside, 1),
            flight: Flight::default(),
            required: encryption == Encryption::Required,
            sequenced: bit(2),
            next: [0; 2],
        };
        world.settle();
        world
    }

    fn act(&mut self, step: u8, place: usize) {
        let to = usize::from(step >> 4 & 1);
        match step & 15 {
            0..=5 => {
                if let Some(packet) = self.flight.take(to, place) {
                    self.receive(to, None, &packet);
                }
            }
            6 => drop(self.flight.take(to, place)),
            7 => drop(self.flight.repeat(to, place)),
            8 | 9 => self.pass(Duration::from_millis(u64::try_from(place).unwrap_or(0) * 40)),
            10 | 11 => self.send(to, 24 + place * 4),
            12 => self.deliver_all(),
            13 if place % 8 == 0 => self.client.session.close(self.now),
            14 if place % 8 == 0 => {
                let id = self.host.server.tunnels().next();
                if let Some(mut session) = id.and_then(|id| self.host.server.session_mut(id)) {
                    session.close(self.now);
                }
            }
            15 => self.client.session.handle_path_mtu(u16::try_from(place * 8).unwrap_or(0)),
            _ => {}
        }
    }

    /// Sends a numbered IP packet, if it can be sent now.
    fn send(&mut self, from: usize, length: usize) {
        let packet = ip_packet(self.next[from], length);
        let sent = if from == CLIENT { self.client.send(self.now, &packet) } else { self.host.send(self.now, &packet) };
        if let Ok(sent) = sent {
            self.next[from] += 1;
            self.flight.put(1 - from, sent);
        }
    }

    /// Hands a packet to a side: of its peer, or of a stranger.
    fn receive(&mut self, to: usize, stranger: Option<u8>, packet: &[u8]) {
        match (to, stranger) {
            (CLIENT, None) => {
                self.client.handle_datagram(self.now, Datagram { to, bytes: packet.to_vec(), mark: None });
            }
            (CLIENT, Some(last)) => {
                let source = Address::udp(([203, 0, 113, last], 1701).into());
                let mut packet = packet.to_vec();
                let result = self.client.session.handle_datagram(self.now, source, &mut packet, &mut []);
                assert!(result.is_err(), "a stranger's packet was taken");
            }
            (_, stranger) => {
                let source = stranger
                    .map_or(self.host.outside.address(CLIENT), |last| Address::udp(([203, 0, 113, last], 1701).into()));
                let _ = self.host.receive(self.now, source, packet);
            }
        }
    }

    /// Makes a packet of bytes: bare, or behind a header with the ids that are right for this side.
    fn forge(&self, kind: u8, to: usize, content: &[u8]) -> Vec<u8> {
        let over_ip = self.client.outside == Outside::Ip;
        let host = self.host.server.tunnels().next().and_then(|id| self.host.server.session(id));
        let (tunnel, data) = match (to, host) {
            (CLIENT, _) => {
                let data = host.and_then(|session| session.first_call()).map(|call| *call.data_config());
                (Some((self.client.session.tunnel().ids(), self.client.session.tunnel().channel_status())), data)
            }
            (_, Some(session)) => {
                let data = self.client.session.first_call().map(|call| *call.data_config());
                (Some((session.tunnel().ids(), session.tunnel().channel_status())), data)
            }
            (_, None) => (None, None),
        };
        match (kind, tunnel, data) {
            (1 | 2, Some((ids, status)), _) => {
                let recipient = match self.client.session.tunnel().version() {
                    Version::V2 => Recipient::V2 { tunnel_id: ids.v2, session_id: 0 },
                    Version::V3 => Recipient::V3 { control_connection_id: ids.v3 },
                };
                let ahead = u16::from(kind - 1);
                let header = ControlHeader { recipient, ns: status.next_nr.wrapping_add(ahead), nr: status.next_ns };
                let mut message = vec![0; ControlHeader::LEN];
                message.extend_from_slice(content);
                header.overwrite(&mut message).expect("there is room");
                if over_ip { [&[0; 4][..], &message].concat() } else { message }
            }
            (3..=6, _, Some(data)) => forge_data(data, kind, content),
            _ => content.to_vec(),
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        for _ in 0..BURST {
            let due = [self.client.poll_timeout(), self.host.poll_timeout()];
            if !due.into_iter().flatten().any(|at| at <= self.now) {
                return;
            }
            self.client.handle_timeout(self.now);
            self.host.handle_timeout(self.now);
            self.settle();
        }
        panic!("deadlines do not go away");
    }

    /// Lets both sides say what they have to say.
    fn settle(&mut self) {
        for _ in 0..4 {
            let mut outputs = [Output::default(), Output::default()];
            let is_any = self.client.poll(self.now, &mut outputs[CLIENT]);
            let client = self.host.outside.address(CLIENT);
            let is_any = self.host.settle(self.now, |to, bytes| {
                // A packet to a stranger is lost.
                if to == client {
                    outputs[SERVER].datagrams.push(bytes);
                }
            }) | is_any;
            for (from, output) in (0..).zip(outputs) {
                assert!(output.datagrams.len() <= BURST, "{} packets at once", output.datagrams.len());
                output.datagrams.into_iter().for_each(|bytes| self.flight.put(1 - from, bytes));
            }
            if !is_any {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    fn deliver_all(&mut self) {
        for _ in 0..2 * Flight::LIMIT {
            let Some((to, packet)) = self.flight.take_any() else { return };
            self.receive(to, None, &packet);
            self.settle();
        }
    }

    /// Asserts that received packets were sent, in order and once where the settings say so.
    fn check(&self) {
        let of_server: Vec<_> = self.host.users.values().map(|user| &user.packets).collect();
        for (from, packets) in [(SERVER, vec![&self.client.user.packets]), (CLIENT, of_server)] {
            for packets in packets {
                if !self.required {
                    continue;
                }
                let numbers: Vec<_> = packets.iter().map(|packet| number_of(packet)).collect();
                assert!(numbers.iter().all(|number| *number < self.next[from]), "{numbers:?} was not sent");
                let in_order = numbers.windows(2).all(|two| two[0] < two[1]);
                assert!(!self.sequenced || in_order, "{numbers:?}");
            }
        }
    }

    /// Both are closed, and come to an end, whatever happened.
    fn end(&mut self) {
        self.client.session.close(self.now);
        let tunnels: Vec<_> = self.host.server.tunnels().collect();
        for id in tunnels {
            if let Some(mut session) = self.host.server.session_mut(id) {
                session.close(self.now);
            }
        }
        self.settle();
        for _ in 0..400 {
            self.deliver_all();
            let next = [self.client.poll_timeout(), self.host.poll_timeout()].into_iter().flatten().min();
            let Some(next) = next else { break };
            let time = next.max(self.now).abs_diff(self.now);
            self.pass(time);
        }
        assert!(self.client.user.is_drained, "{:?}", self.client.user.events);
        assert!(self.host.server.is_empty(), "{} tunnels are left", self.host.server.len());
    }
}

/// Makes a data packet with the right ids, cookie and a number some way ahead.
fn forge_data(config: data::Config, kind: u8, content: &[u8]) -> Vec<u8> {
    let frame = match kind {
        // A frame of any bytes, and one with a protocol of its own.
        3 | 4 => content.to_vec(),
        5 => [&[0xff, 3, 0, 0x21][..], content].concat(),
        _ => [&[0xff, 3, 0xc0, 0x21][..], content].concat(),
    };
    let config = match (kind, config.wire()) {
        (4, Wire::V3 { local, mut peer }) => {
            peer.session_id = peer.session_id.wrapping_add(1);
            data::Config::new(config.peer(), Wire::V3 { local, peer })
        }
        _ => config,
    };
    let mut channel: DataChannel = DataChannel::new(config);
    let mut buf = vec![0; frame.len() + data::HEADROOM];
    let mut packet = Vec::new();
    for _ in 0..1 + content.len() % 8 * 40 {
        packet = channel.encapsulate(&frame, None, &mut buf).map_or_else(|_| Vec::new(), |sent| sent.payload.to_vec());
    }
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_of_a_pair_come_to_carry_packets_whatever_they_wish() {
        for wishes in 0..64 {
            let mut world = World::new(wishes);
            for _ in 0..40 {
                world.deliver_all();
                world.pass(Duration::from_millis(60));
            }
            world.send(CLIENT, 84);
            world.send(SERVER, 84);
            world.deliver_all();
            assert_eq!((world.client.user.packets.len(), world.host.packets().len()), (1, 1), "{wishes}");
            world.check();
            world.end();
        }
    }
}
