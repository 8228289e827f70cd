//! `session_pair`: a client and a server, and a line between them that does what the input says.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use pptp::session::{Event, HEADROOM, MAX_RECEIVE, MAX_TRANSMIT, Received};
use pptp::wire::connection::CallId;
use pptp::{client, server};

use crate::session::{Input, Order, RIGHT, Wishes, ip, protocol};

/// GRE packets on the way: when there are more, the oldest is lost.
const FLYING: usize = 64;

struct World {
    now: Duration,
    client: client::Session,
    server: server::Session<2>,
    required: [bool; 2],
    /// GRE packets on the way to the client, and to the server.
    flying: [VecDeque<Vec<u8>>; 2],
    /// IP packets that were sent to each, and those that arrived.
    sent: [BTreeSet<Vec<u8>>; 2],
    arrived: [BTreeSet<Vec<u8>>; 2],
    number: u32,
    client_order: Order,
    server_orders: BTreeMap<CallId, Order>,
    server_closed: bool,
    /// Packets were damaged: then anything may come out, since nothing in MPPE tells.
    damaged: bool,
    /// Packets came twice.
    repeated: bool,
}

/// What arrives was sent, and comes once; nothing is in the clear that has to be encrypted; deadlines pass; both come to an
/// end when they are told to.
///
/// # Panics
///
/// When that does not hold.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let (Some(one), Some(other)) = (input.octet(), input.octet()) else { return };
    let mut world = World::new(one, other);
    world.client.open(world.now);
    world.server.open(world.now);
    // The greatest part of a setup is not what is looked for.
    if other & 0x40 == 0 {
        world.exchange();
    }
    while let Some(step) = input.octet() {
        world.operate(step, &mut input);
        world.poll();
    }
    world.end();
}

impl World {
    fn new(one: u8, other: u8) -> Self {
        let wishes = Wishes::new(one, other);
        Self {
            now: Duration::ZERO,
            client: client::Session::new(&wishes.client, [1; 32]),
            server: server::Session::new(&wishes.server, [2; 32]),
            required: wishes.required,
            flying: Default::default(),
            sent: Default::default(),
            arrived: Default::default(),
            number: 0,
            client_order: Order::default(),
            server_orders: BTreeMap::new(),
            server_closed: false,
            damaged: false,
            repeated: false,
        }
    }

    fn operate(&mut self, step: u8, input: &mut Input<'_>) {
        let to = usize::from(step >> 4 & 1);
        let length = self.flying[to].len();
        let place = usize::from(step >> 5) % length.max(1);
        match step & 15 {
            0 | 1 => {
                if let Some(packet) = self.flying[to].pop_front() {
                    self.receive(to, packet);
                }
            }
            2 => {
                if let Some(packet) = self.flying[to].remove(place) {
                    self.receive(to, packet);
                }
            }
            3 => drop(self.flying[to].remove(place)),
            4 => {
                if let Some(packet) = self.flying[to].get(place).cloned() {
                    self.repeated = true;
                    self.fly(to, packet);
                }
            }
            5 => {
                let (at, bits) = (input.octet().unwrap_or(0), input.octet().unwrap_or(1));
                if let Some(packet) = self.flying[to].get_mut(place) {
                    let at = usize::from(at) % packet.len();
                    packet[at] ^= bits;
                    self.damaged = true;
                }
            }
            6 => self.pass(Duration::from_millis(u64::from(step >> 5) * 130 + 1)),
            7 => self.pass(Duration::from_millis(u64::from(input.octet().unwrap_or(0)) * 100)),
            8..=10 => {
                let length = usize::from(input.octet().unwrap_or(0)) * 6;
                self.send(to, length);
            }
            11 => self.exchange(),
            12 => {
                if step & 0x60 == 0 {
                    self.client.close(self.now);
                } else if step & 0x60 == 0x20 {
                    self.server.close(self.now);
                }
            }
            13 => {
                let call = self.server.calls().next();
                if let Some(call) = call {
                    if step & 0x80 == 0 {
                        self.server.rechallenge(self.now, call);
                    } else {
                        self.server.send_time_remaining(self.now, call, 60);
                    }
                }
            }
            14 => self.client.ping(self.now),
            // LCP or CCP begins anew, as a peer may do: a request that nobody made.
            _ => {
                let protocol: [u8; 2] = if step & 0x80 == 0 { [0xc0, 0x21] } else { [0x80, 0xfd] };
                let packet = self.flying[to].back().and_then(|packet| {
                    let packet = pptp::gre::Packet::decode(packet).ok()?;
                    Some((packet.header.call_id, packet.header.sequence_number?))
                });
                if let Some((call, number)) = packet {
                    self.damaged = true;
                    let frame = [&[0xff, 3][..], &protocol, &[1, step, 0, 4]].concat();
                    let mut forged = vec![0x30, 1, 0x88, 0x0b, 0, frame.len() as u8];
                    forged.extend(call.to_be_bytes());
                    forged.extend(number.wrapping_add(1).to_be_bytes());
                    forged.extend(frame);
                    self.fly(to, forged);
                }
            }
        }
    }

    fn fly(&mut self, to: usize, packet: Vec<u8>) {
        if self.flying[to].len() == FLYING {
            self.flying[to].pop_front();
        }
        self.flying[to].push_back(packet);
    }

    fn arrive(&mut self, to: usize, packet: &[u8]) {
        if self.damaged {
            return;
        }
        assert!(self.sent[to].contains(packet), "what was not sent arrives");
        let is_new = self.arrived[to].insert(packet.to_vec());
        // In the clear, numbers that begin anew cannot be told from copies that are seconds old.
        let may_repeat = self.repeated && !self.required.contains(&true);
        assert!(is_new || may_repeat, "a packet arrives twice");
    }

    fn receive(&mut self, to: usize, mut packet: Vec<u8>) {
        let received = if to == 0 {
            self.client.handle_gre(self.now, &mut packet)
        } else {
            self.server.handle_gre(self.now, &mut packet).map(|(_, received)| received)
        };
        let found = match received {
            Ok(Received::Ip(packet)) => Some(packet.to_vec()),
            Ok(_) => None,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                None
            }
        };
        if let Some(packet) = found {
            self.arrive(to, &packet);
        }
    }

    fn send(&mut self, to: usize, length: usize) {
        self.number += 1;
        let packet = ip(self.number, length);
        let mut buf = [&[0; HEADROOM][..], &packet].concat();
        let (from, sent) = if to == 1 {
            (0, self.client.send_ip(self.now, &mut buf).map(<[u8]>::to_vec))
        } else {
            let call = self.server.calls().next();
            let Some(call) = call else { return };
            (1, self.server.send_ip(self.now, call, &mut buf).map(<[u8]>::to_vec))
        };
        if let Ok(sealed) = sent {
            assert!(!self.required[from] || protocol(&sealed) == Some(0xfd), "sent in the clear");
            self.sent[to].insert(packet);
            self.fly(to, sealed);
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.client.handle_timeout(self.now);
        self.server.handle_timeout(self.now);
        assert!(self.client.poll_timeout().is_none_or(|at| at > self.now), "the client's deadline stays");
        assert!(self.server.poll_timeout().is_none_or(|at| at > self.now), "the server's deadline stays");
    }

    /// Takes what both have to send and to tell. Whether there was anything.
    fn poll(&mut self) -> bool {
        let mut buf = [0; MAX_TRANSMIT];
        let mut count = 0;
        let mut waiting = [0; MAX_RECEIVE];
        while let Some(packet) = self.client.poll_receive(self.now, &mut waiting).expect("the buffer is large enough") {
            let packet = packet.to_vec();
            self.arrive(0, &packet);
        }
        while let Some((_, packet)) = self.server.poll_receive(self.now, &mut waiting).expect("it is large enough") {
            let packet = packet.to_vec();
            self.arrive(1, &packet);
        }
        while let Some(event) = self.client.poll_event() {
            count += 1;
            self.client_order.see(&event);
        }
        while let Some(event) = self.server.poll_event() {
            count += 1;
            assert!(!self.server_closed, "{event:?} after the end");
            match event {
                server::Event::Call { call, event } => {
                    self.server_orders.entry(call).or_default().see(&event);
                    if let Event::Authenticate(question) = event {
                        let _ = self.server.answer(self.now, call, question.ticket(), &RIGHT);
                    }
                }
                server::Event::Closed(_) => self.server_closed = true,
                _ => {}
            }
        }
        // TCP loses nothing.
        while let Some(octets) = self.client.poll_control(self.now, &mut buf).expect("the buffer is large enough") {
            count += 1;
            assert_eq!(self.server.handle_stream(self.now, octets), octets.len());
        }
        while let Some(octets) = self.server.poll_control(self.now, &mut buf).expect("the buffer is large enough") {
            count += 1;
            assert_eq!(self.client.handle_stream(self.now, octets), octets.len());
        }
        loop {
            let packet = self.client.poll_tunnel(self.now, &mut buf).expect("the buffer is large enough");
            let Some(packet) = packet.map(<[u8]>::to_vec) else { break };
            assert!(protocol(&packet).is_none_or(|protocol| protocol >= 0x8000));
            count += 1;
            self.fly(1, packet);
        }
        loop {
            let packet = self.server.poll_tunnel(self.now, &mut buf).expect("the buffer is large enough");
            let Some(packet) = packet.map(<[u8]>::to_vec) else { break };
            assert!(protocol(&packet).is_none_or(|protocol| protocol >= 0x8000));
            count += 1;
            self.fly(0, packet);
        }
        assert!(count < 200, "one step makes {count} packets and events");
        count > 0
    }

    /// A line without faults, until both are at rest.
    fn exchange(&mut self) {
        for _ in 0..2000 {
            let is_any = self.poll();
            let packet = (0..2).find_map(|to| Some((to, self.flying[to].pop_front()?)));
            match packet {
                Some((to, packet)) => self.receive(to, packet),
                None if !is_any => return,
                None => {}
            }
        }
        panic!("they do not come to rest");
    }

    /// Both are told to end, and do.
    fn end(&mut self) {
        self.client.close(self.now);
        self.server.close(self.now);
        for _ in 0..1000 {
            self.exchange();
            let next = [self.client.poll_timeout(), self.server.poll_timeout()].into_iter().flatten().min();
            let Some(at) = next else { break };
            self.pass(at.saturating_sub(self.now));
        }
        self.exchange();
        assert_eq!((self.client.poll_timeout(), self.server.poll_timeout()), (None, None));
        assert!(self.client_order.is_closed && self.server_closed, "no end");
        assert!(self.server_orders.values().all(|order| order.is_closed), "a call has no end");
        assert!(self.client.reason().is_some() && self.server.calls().next().is_none());
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::World;

    /// A line without faults carries packets, so that the promises about them are about something.
    #[test]
    fn a_good_line_carries_packets() {
        for one in [0, 0x80, 1, 4 | 16] {
            let mut world = World::new(one, 1);
            world.client.open(world.now);
            world.server.open(world.now);
            world.exchange();
            for to in [0, 1] {
                world.send(to, 100);
            }
            world.exchange();
            world.pass(Duration::from_secs(1));
            assert_eq!(world.arrived.iter().map(std::collections::BTreeSet::len).sum::<usize>(), 2, "{one}");
            world.end();
        }
    }
}
