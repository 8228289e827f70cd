//! `session_hostile`: a client and a server with one connection, which get any input and any
//! command.

use core::net::Ipv4Addr;
use core::time::Duration;

use pptp::ppp::auth::{Answer, Secret};
use pptp::server::Limits;
use pptp::session::{ExternalKeys, HEADROOM};
use testing::pptp::{Client, Host, PASSWORD, Tunnelled, encode_gre, encode_packet, protocol_of};
use testing::{CLIENT, Datagram, Endpoint, Output, SERVER};

use crate::session::{Input, Wishes, ip};

/// The right answer to whatever a client presents.
const RIGHT: Answer<'static> = Answer::Password(PASSWORD.as_bytes());

/// Protocols that a frame may have.
const PROTOCOLS: [u16; 10] = [0xc021, 0xc223, 0xc023, 0xc227, 0x80fd, 0x8021, 0x8057, 0x0021, 0x0057, 0x00fd];

struct World {
    now: Duration,
    client: Client,
    server: Host<2>,
    required: [bool; 2],
    /// The sequence number that the client, and the server, is given next.
    numbers: [u32; 2],
}

/// Steps of an input.
const WORK: u32 = 200;

/// The output of both ends: messages for TCP, and frames.
type Said = [Vec<(usize, Vec<u8>)>; 2];

/// Asserts that nothing panics, output is bounded, required encryption holds and events have an
/// order.
///
/// # Panics
///
/// When that does not hold.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data, WORK);
    let (Some(one), Some(other), Some(rounds)) = (input.byte(), input.byte(), input.byte()) else { return };
    let mut world = World::new(one, other);
    world.set_up(rounds);
    while let Some(step) = input.step() {
        world.operate(step, &mut input);
        if step & 0x80 == 0 {
            let _ = world.poll(true);
        }
    }
}

impl World {
    fn new(one: u8, other: u8) -> Self {
        let wishes = Wishes::new(one, other);
        let mut server = Host::of_many(&wishes.server, [2; 32], Limits::default().with_calls(2));
        server.answers = false;
        let client = Client::new(&wishes.client, [1; 32]);
        Self { now: Duration::ZERO, client, server, required: wishes.required, numbers: [0; 2] }
    }

    fn side(&mut self, side: usize) -> &mut dyn Tunnelled {
        if side == CLIENT { &mut self.client } else { &mut self.server }
    }

    /// Sets both ends up for some rounds with nobody between them.
    fn set_up(&mut self, rounds: u8) {
        for _ in 0..rounds % 24 {
            self.pump();
            self.answer(&RIGHT);
        }
    }

    /// Returns the call's number at the client, and at the server.
    fn call_id(&self, to: usize) -> u16 {
        let id = if to == CLIENT {
            self.client.session.connection().calls().next().map(pptp::wire::connection::Call::id)
        } else {
            self.server.session().calls().next().map(|call| call.id())
        };
        id.map_or(1, pptp::wire::connection::CallId::get)
    }

    fn operate(&mut self, step: u8, input: &mut Input<'_>) {
        let to = usize::from(step >> 4 & 1);
        match step & 15 {
            0 => {
                let bytes = input.bytes();
                let now = self.now;
                let taken = self.side(to).handle_stream(now, bytes);
                assert!(taken <= bytes.len());
            }
            // A frame of any bytes, and one with a protocol, and one with a header that is right.
            1 => {
                let frame = input.bytes();
                self.frame(to, frame);
            }
            2 | 3 => {
                let protocol = PROTOCOLS[usize::from(input.byte().unwrap_or(0)) % PROTOCOLS.len()];
                let bytes = input.bytes();
                self.frame(to, &[&[0xff, 3][..], &protocol.to_be_bytes(), bytes].concat());
            }
            4..=6 => {
                let protocol = PROTOCOLS[usize::from(input.byte().unwrap_or(0)) % PROTOCOLS.len()];
                let (code, identifier) = (input.byte().unwrap_or(1), input.byte().unwrap_or(0));
                let bytes = input.bytes();
                let packet = encode_packet(code, identifier, bytes);
                self.frame(to, &[&[0xff, 3][..], &protocol.to_be_bytes(), &packet].concat());
            }
            7 => {
                // Any bytes, to the right call.
                let mut packet = input.bytes().to_vec();
                if let Some(place) = packet.get_mut(6..8) {
                    place.copy_from_slice(&self.call_id(to).to_be_bytes());
                }
                self.receive(to, packet);
            }
            8 => self.pass(Duration::from_millis(u64::from(input.byte().unwrap_or(0)) * 100)),
            9 => match step >> 5 & 3 {
                0 => self.answer(&RIGHT),
                1 => self.answer(&Answer::Accept(input.bytes())),
                2 => self.answer(&Answer::Reject(input.bytes())),
                _ => self.accept(input.bytes()),
            },
            10 => {
                let bytes = input.bytes();
                let text = String::from_utf8_lossy(bytes);
                if let Some(mut call) = self.client.session.first_call_mut() {
                    let _ = call.change_password(self.now, &text);
                }
                if let Some(demand) = self.client.demand.take() {
                    if let Some(mut call) = self.client.session.first_call_mut() {
                        let _ = call.prove(self.now, demand.ticket(), &text, &Secret::Password(bytes));
                    }
                }
            }
            11 => self.pump(),
            // The same without anybody who looks at events.
            12 => self.pump_with(false),
            13 => {
                let now = self.now;
                if step & 0x60 == 0 {
                    self.client.session.close(now);
                }
                let call = self.server.session().calls().next().map(|call| call.id());
                self.server.with(|session| match (step >> 5 & 3, call) {
                    (1, _) => session.close(now),
                    (2, Some(call)) => session.call_mut(call).unwrap().close(now),
                    (3, Some(call)) => session.call_mut(call).unwrap().rechallenge(now),
                    _ => {}
                });
            }
            14 => {
                let now = self.now;
                if step & 0x60 == 0x60 {
                    self.client.handle_stream_end(now);
                    self.server.handle_stream_end(now);
                } else {
                    if let Some(mut call) = self.client.session.first_call_mut() {
                        call.ping(now);
                    }
                }
            }
            _ => self.send(to),
        }
    }

    /// Sends a frame that the tunnel takes for the next.
    fn frame(&mut self, to: usize, frame: &[u8]) {
        let packet = encode_gre(self.call_id(to), Some(self.numbers[to]), None, frame);
        self.numbers[to] = self.numbers[to].wrapping_add(1);
        self.receive(to, packet);
    }

    /// Returns how many packets were decrypted, where encryption is on.
    fn decrypted(&self, to: usize) -> Option<u64> {
        let statistics = if to == CLIENT {
            self.client.session.first_call().map(|call| call.statistics())
        } else {
            let session = self.server.session();
            session.first_call().map(|call| call.statistics())
        };
        Some(statistics?.ppp.mppe?.received.packets_decrypted)
    }

    fn receive(&mut self, to: usize, bytes: Vec<u8>) {
        let before = self.decrypted(to);
        let now = self.now;
        self.side(to).handle_datagram(now, Datagram { to, bytes, mark: None });
        let packets = std::mem::take(&mut self.side(to).log_mut().got.packets);
        assert!(packets.iter().all(|packet| packet.len() <= 2048));
        if !packets.is_empty() && self.required[to] {
            assert!(before.is_some() && self.decrypted(to) > before, "an IP packet in the clear was taken");
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        let now = self.now;
        for side in [CLIENT, SERVER] {
            self.side(side).handle_timeout(now);
            assert!(self.side(side).poll_timeout().is_none_or(|at| at > now), "a deadline of {side} stays");
        }
    }

    fn answer(&mut self, answer: &Answer<'_>) {
        let Some((call, question)) = self.server.question.take() else { return };
        let now = self.now;
        self.server.with(|session| {
            if let Some(mut call) = session.call_mut(call) {
                call.assign_address(Ipv4Addr::new(10, 0, 0, 9));
                let _ = call.answer(now, question.ticket(), answer);
            }
        });
    }

    fn accept(&mut self, bytes: &[u8]) {
        let Some((call, question)) = self.server.question.take() else { return };
        let keys = (bytes.len() > 2).then(|| ExternalKeys::new(bytes, bytes));
        let now = self.now;
        let _ = self.server.with(|session| Some(session.call_mut(call)?.accept(now, question.ticket(), bytes, keys)));
    }

    fn send(&mut self, to: usize) {
        let mut buf = [&[0; HEADROOM][..], &ip(7, 60)].concat();
        let now = self.now;
        let Ok(sealed) = self.side(1 - to).send_ip(now, &mut buf) else { return };
        assert!(!self.required[1 - to] || protocol_of(&sealed) == Some(0xfd), "sent in the clear");
        let payload = pptp::gre::Packet::decode(&sealed).expect("what is sent can be read").payload.to_vec();
        self.frame(to, &payload);
    }

    /// Carries the output of both ends, each frame with the number that is expected.
    fn pump(&mut self) {
        self.pump_with(true);
    }

    fn pump_with(&mut self, events: bool) {
        let [messages, frames] = self.poll(events);
        let now = self.now;
        for (to, bytes) in messages {
            let _ = self.side(to).handle_stream(now, &bytes);
        }
        for (to, frame) in frames {
            self.frame(to, &frame);
        }
    }

    fn poll(&mut self, events: bool) -> Said {
        let now = self.now;
        self.client.polls = events;
        self.server.polls = events;
        let mut said = Said::default();
        for from in [CLIENT, SERVER] {
            let mut output = Output { room: usize::MAX, ..Output::default() };
            self.side(from).poll(now, &mut output);
            assert!(output.stream.len() < 150 && output.datagrams.len() < 50, "{output:?}");
            said[0].extend(output.stream.into_iter().map(|bytes| (1 - from, bytes)));
            for packet in output.datagrams {
                assert!(protocol_of(&packet).is_none_or(|protocol| protocol >= 0x8000), "data among the negotiation");
                let packet = pptp::gre::Packet::decode(&packet).expect("what is sent can be read");
                if packet.header.sequence_number.is_some() {
                    said[1].push((1 - from, packet.payload.to_vec()));
                }
            }
            self.side(from).log_mut().got.packets.clear();
        }
        said
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
            assert!(
                world.client.session.first_call().and_then(|call| call.ppp().ip()).is_some()
                    && world.decrypted(1) == Some(0)
            );
            world.send(1);
            assert_eq!(world.decrypted(1), Some(1));
        }
    }
}
