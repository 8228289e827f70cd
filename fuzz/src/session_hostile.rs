//! `session_hostile`: a client and a server with one connection, that are given and told anything.

use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;
use std::collections::BTreeMap;

use pptp::ppp::auth::{Answer, Question, Secret};
use pptp::server::{ConnectionId, Limits, Server};
use pptp::session::{Event, ExternalKeys, HEADROOM, MAX_RECEIVE, MAX_TRANSMIT, Received};
use pptp::wire::connection::CallId;
use pptp::{client, server};

use crate::session::{Input, Order, RIGHT, Wishes, ip, protocol};

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// Protocols that a frame may have.
const PROTOCOLS: [u16; 10] = [0xc021, 0xc223, 0xc023, 0xc227, 0x80fd, 0x8021, 0x8057, 0x0021, 0x0057, 0x00fd];

struct World {
    now: Duration,
    client: client::Session,
    server: Server<2>,
    id: ConnectionId,
    required: [bool; 2],
    /// The sequence number that the client, and the server, is given next.
    numbers: [u32; 2],
    client_order: Order,
    server_orders: BTreeMap<CallId, Order>,
    server_closed: bool,
    question: Option<(CallId, Question)>,
    demand: Option<pptp::ppp::auth::Demand>,
}

/// Nothing panics, output is bounded by input, required encryption holds, events have an order.
///
/// # Panics
///
/// When that does not hold.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let (Some(one), Some(other), Some(rounds)) = (input.octet(), input.octet(), input.octet()) else { return };
    let mut world = World::new(one, other);
    world.set_up(rounds);
    while let Some(step) = input.octet() {
        world.operate(step, &mut input);
        if step & 0x80 == 0 {
            let _ = world.poll(true);
        }
    }
}

impl World {
    fn new(one: u8, other: u8) -> Self {
        let wishes = Wishes::new(one, other);
        let mut server = Server::new(wishes.server, Limits::default().with_calls(2));
        let now = Duration::ZERO;
        let id = server.accept(now, PEER, [2; 32]).expect("there is room");
        let mut client = client::Session::new(&wishes.client, [1; 32]);
        client.open(now);
        Self {
            now,
            client,
            server,
            id,
            required: wishes.required,
            numbers: [0; 2],
            client_order: Order::default(),
            server_orders: BTreeMap::new(),
            server_closed: false,
            question: None,
            demand: None,
        }
    }

    /// So far the two come without anybody between them.
    fn set_up(&mut self, rounds: u8) {
        for _ in 0..rounds % 24 {
            self.pump();
            self.answer(&RIGHT);
        }
    }

    fn call(&self) -> Option<CallId> {
        self.server.session(self.id)?.calls().next()
    }

    /// The call's number at the client, and at the server.
    fn call_id(&self, to: usize) -> u16 {
        let id = if to == 0 {
            self.client.connection().calls().next().map(|call| call.id().get())
        } else {
            self.call().map(CallId::get)
        };
        id.unwrap_or(1)
    }

    fn operate(&mut self, step: u8, input: &mut Input<'_>) {
        let to = usize::from(step >> 4 & 1);
        match step & 15 {
            0 => {
                let octets = input.octets();
                let taken = self.stream(to, octets);
                assert!(taken <= octets.len());
            }
            // A frame of any octets, and one with a protocol, and one with a header that is right.
            1 => {
                let frame = input.octets();
                self.frame(to, frame);
            }
            2 | 3 => {
                let protocol = PROTOCOLS[usize::from(input.octet().unwrap_or(0)) % PROTOCOLS.len()];
                let octets = input.octets();
                self.frame(to, &[&[0xff, 3][..], &protocol.to_be_bytes(), octets].concat());
            }
            4..=6 => {
                let protocol = PROTOCOLS[usize::from(input.octet().unwrap_or(0)) % PROTOCOLS.len()];
                let (code, identifier) = (input.octet().unwrap_or(1), input.octet().unwrap_or(0));
                let octets = input.octets();
                let length = (octets.len() as u16 + 4).to_be_bytes();
                let header = [&[0xff, 3][..], &protocol.to_be_bytes(), &[code, identifier], &length].concat();
                self.frame(to, &[&header[..], octets].concat());
            }
            7 => {
                // Any octets, to the right call.
                let mut packet = input.octets().to_vec();
                if let Some(place) = packet.get_mut(6..8) {
                    place.copy_from_slice(&self.call_id(to).to_be_bytes());
                }
                self.receive(to, packet);
            }
            8 => self.pass(Duration::from_millis(u64::from(input.octet().unwrap_or(0)) * 100)),
            9 => match step >> 5 & 3 {
                0 => self.answer(&RIGHT),
                1 => self.answer(&Answer::Accept(input.octets())),
                2 => self.answer(&Answer::Reject(input.octets())),
                _ => self.accept(input.octets()),
            },
            10 => {
                let octets = input.octets();
                let text = String::from_utf8_lossy(octets);
                let _ = self.client.change_password(self.now, &text);
                if let Some(demand) = self.demand.take() {
                    let _ = self.client.prove(self.now, demand.ticket(), &text, &Secret::Password(octets));
                }
            }
            11 => self.pump(),
            // The same without anybody who looks at events.
            12 => self.pump_with(false),
            13 => {
                let call = self.call();
                let Some(mut session) = self.server.session_mut(self.id) else { return };
                match (step >> 5 & 3, call) {
                    (0, _) => self.client.close(self.now),
                    (1, _) => session.close(self.now),
                    (2, Some(call)) => session.close_call(self.now, call),
                    (_, Some(call)) => session.rechallenge(self.now, call),
                    (_, None) => {}
                }
            }
            14 => {
                if step & 0x60 == 0x60 {
                    self.client.handle_disconnect(self.now);
                    self.server.handle_disconnect(self.now, self.id);
                } else {
                    self.client.ping(self.now);
                }
            }
            _ => self.send(to),
        }
    }

    fn stream(&mut self, to: usize, octets: &[u8]) -> usize {
        if to == 0 {
            self.client.handle_stream(self.now, octets)
        } else {
            self.server.handle_stream(self.now, self.id, octets)
        }
    }

    /// A frame that the tunnel takes for the next.
    fn frame(&mut self, to: usize, frame: &[u8]) {
        let mut packet = vec![0x30, 1, 0x88, 0x0b];
        packet.extend((frame.len() as u16).to_be_bytes());
        packet.extend(self.call_id(to).to_be_bytes());
        packet.extend(self.numbers[to].to_be_bytes());
        packet.extend(frame);
        self.numbers[to] = self.numbers[to].wrapping_add(1);
        self.receive(to, packet);
    }

    /// How many packets were decrypted, where encryption is on.
    fn decrypted(&self, to: usize) -> Option<u64> {
        let statistics = if to == 0 {
            self.client.statistics()
        } else {
            self.call().and_then(|call| self.server.session(self.id)?.statistics(call))
        };
        Some(statistics?.mppe?.received.packets_decrypted)
    }

    fn receive(&mut self, to: usize, mut packet: Vec<u8>) {
        let before = self.decrypted(to);
        let received = if to == 0 {
            self.client.handle_gre(self.now, &mut packet)
        } else {
            self.server.handle_gre(self.now, PEER, &mut packet).map(|(_, _, received)| received)
        };
        let is_ip = match received {
            Ok(Received::Ip(packet)) => {
                assert!(packet.len() <= 2048);
                true
            }
            Ok(_) => false,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                false
            }
        };
        if is_ip && self.required[to] {
            assert!(before.is_some() && self.decrypted(to) > before, "an IP packet in the clear was taken");
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.client.handle_timeout(self.now);
        self.server.handle_timeout(self.now);
        assert!(self.client.poll_timeout().is_none_or(|at| at > self.now), "the client's deadline stays");
        assert!(self.server.poll_timeout().is_none_or(|at| at > self.now), "the server's deadline stays");
    }

    fn answer(&mut self, answer: &Answer<'_>) {
        let Some((call, question)) = self.question.take() else { return };
        if let Some(mut session) = self.server.session_mut(self.id) {
            session.assign_address(call, Ipv4Addr::new(10, 0, 0, 9));
            let _ = session.answer(self.now, call, question.ticket(), answer);
        }
    }

    fn accept(&mut self, octets: &[u8]) {
        let Some((call, question)) = self.question.take() else { return };
        let keys = (octets.len() > 2).then(|| ExternalKeys::new(octets, octets));
        if let Some(mut session) = self.server.session_mut(self.id) {
            let _ = session.accept(self.now, call, question.ticket(), octets, keys);
        }
    }

    fn send(&mut self, to: usize) {
        let mut buf = [&[0; HEADROOM][..], &ip(7, 60)].concat();
        let sealed = if to == 1 {
            self.client.send_ip(self.now, &mut buf).map(<[u8]>::to_vec)
        } else {
            let call = self.call();
            let (Some(call), Some(mut session)) = (call, self.server.session_mut(self.id)) else { return };
            session.send_ip(self.now, call, &mut buf).map(<[u8]>::to_vec)
        };
        let Ok(sealed) = sealed else { return };
        assert!(!self.required[1 - to] || protocol(&sealed) == Some(0xfd), "sent in the clear");
        let payload = pptp::gre::Packet::decode(&sealed).expect("what is sent can be read").payload.to_vec();
        self.frame(to, &payload);
    }

    /// What both have to say arrives, a frame with the number that is expected.
    fn pump(&mut self) {
        self.pump_with(true);
    }

    fn pump_with(&mut self, events: bool) {
        let (control, frames) = self.poll(events);
        for (to, octets) in control {
            let _ = self.stream(to, &octets);
        }
        for (to, frame) in frames {
            self.frame(to, &frame);
        }
    }

    /// What both have to say: octets for TCP, frames.
    #[expect(clippy::type_complexity, reason = "two lists")]
    fn poll(&mut self, events: bool) -> (Vec<(usize, Vec<u8>)>, Vec<(usize, Vec<u8>)>) {
        let (mut control, mut tunnel) = (Vec::new(), Vec::new());
        let mut buf = [0; MAX_TRANSMIT];
        let mut waiting = [0; MAX_RECEIVE];
        while let Some(packet) = self.client.poll_receive(self.now, &mut waiting).expect("the buffer is large enough") {
            assert!(packet.len() <= MAX_RECEIVE);
        }
        while let Some(event) = events.then(|| self.client.poll_event()).flatten() {
            self.client_order.see(&event);
            if let Event::Prove(demand) = event {
                self.demand = Some(demand);
            }
        }
        while let Some(octets) = self.client.poll_control(self.now, &mut buf).expect("the buffer is large enough") {
            control.push((1, octets.to_vec()));
        }
        while let Some(packet) = self.client.poll_tunnel(self.now, &mut buf).expect("the buffer is large enough") {
            tunnel.push((1, packet.to_vec()));
        }
        let mut rounds = 0;
        while let Some(mut session) = self.server.poll_ready() {
            rounds += 1;
            assert!(rounds < 3, "a connection is ready without an end");
            while let Some(event) = events.then(|| session.poll_event()).flatten() {
                assert!(!self.server_closed, "{event:?} after the end");
                match event {
                    server::Event::Call { call, event } => {
                        self.server_orders.entry(call).or_default().see(&event);
                        match event {
                            Event::Authenticate(question) => self.question = Some((call, question)),
                            // The number may be used again.
                            Event::Closed(_) => drop(self.server_orders.remove(&call)),
                            _ => {}
                        }
                    }
                    server::Event::Closed(_) => self.server_closed = true,
                    _ => {}
                }
            }
            while session.poll_receive(self.now, &mut waiting).expect("the buffer is large enough").is_some() {}
            while let Some(octets) = session.poll_control(self.now, &mut buf).expect("the buffer is large enough") {
                control.push((0, octets.to_vec()));
            }
            while let Some(packet) = session.poll_tunnel(self.now, &mut buf).expect("the buffer is large enough") {
                tunnel.push((0, packet.to_vec()));
            }
        }
        assert!(control.len() < 300 && tunnel.len() < 100, "{} and {}", control.len(), tunnel.len());
        let mut frames = Vec::new();
        for (to, packet) in tunnel {
            assert!(protocol(&packet).is_none_or(|protocol| protocol >= 0x8000), "data among the negotiation");
            let packet = pptp::gre::Packet::decode(&packet).expect("what is sent can be read");
            if packet.header.sequence_number.is_some() {
                frames.push((to, packet.payload.to_vec()));
            }
        }
        (control, frames)
    }
}

#[cfg(test)]
mod tests {
    use super::World;

    /// The set-up alone brings the two together: what follows meets a session that is up.
    #[test]
    fn the_set_up_connects() {
        for other in [0, 1, 2] {
            let mut world = World::new(0, other);
            world.set_up(23);
            assert!(world.client.ip().is_some() && world.decrypted(1) == Some(0));
            world.send(1);
            assert_eq!(world.decrypted(1), Some(1));
        }
    }
}
