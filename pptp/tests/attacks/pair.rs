//! A client and a server, and somebody between them who sees, changes, drops and adds what they send.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::time::Duration;

use pptp::ppp::Frame;
use pptp::ppp::auth::{Answer, Question};
use pptp::session::{Event, HEADROOM, MAX_RECEIVE, MAX_TRANSMIT, Reason, ReceiveError, Received, Statistics};
use pptp::wire::connection::CallId;
use pptp::{client, server, session};

pub(crate) const PASSWORD: &str = "wonderland";

/// Who gets a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    Client,
    Server,
}

impl To {
    pub(crate) const BOTH: [Self; 2] = [Self::Client, Self::Server];

    fn index(self) -> usize {
        usize::from(self == Self::Server)
    }
}

/// What the one between makes of a PPP frame: the frames that arrive instead of it, and where.
pub(crate) type Between = Box<dyn FnMut(To, &[u8]) -> Vec<(To, Vec<u8>)>>;

pub(crate) struct Pair {
    pub(crate) now: Duration,
    pub(crate) client: client::Session,
    pub(crate) server: server::Session,
    pub(crate) between: Between,
    pub(crate) client_events: Vec<Event>,
    pub(crate) server_events: Vec<Event>,
    /// The control connection is at its end, as far as the server goes.
    pub(crate) server_closed: bool,
    /// IP packets that came out, at the client and at the server.
    pub(crate) delivered: [Vec<Vec<u8>>; 2],
    /// GRE packets as they were sent, to the client and to the server.
    pub(crate) recorded: [Vec<Vec<u8>>; 2],
    /// Whether the client's proof is answered at once.
    pub(crate) answers: bool,
    pub(crate) question: Option<Question>,
    /// Whether anybody looks at the events.
    pub(crate) polls: bool,
    /// The call's number at the client, and at the server.
    ids: [u16; 2],
    /// For each sequence number that the receiver saw, the one that its sender had chosen.
    chosen: [Vec<u32>; 2],
}

pub(crate) fn client_config() -> client::Config {
    client::Config::new("alice", PASSWORD)
}

pub(crate) fn server_config() -> server::Config {
    server::Config::new(Ipv4Addr::new(10, 0, 0, 1)).with_client_address(Ipv4Addr::new(10, 0, 0, 2))
}

/// An IPv4 packet of this length, with a number that tells it from others.
pub(crate) fn ip(length: usize, number: u8) -> Vec<u8> {
    let mut packet = vec![number; length.max(20)];
    packet[..4].copy_from_slice(&[0x45, 0, (length >> 8) as u8, length as u8]);
    packet
}

/// A GRE packet: call id, sequence number, acknowledgment, payload.
pub(crate) fn gre(call: u16, sequence: Option<u32>, acknowledgment: Option<u32>, payload: &[u8]) -> Vec<u8> {
    let bits = 0x20 | if sequence.is_some() { 0x10 } else { 0 };
    let mut packet = vec![bits, if acknowledgment.is_some() { 0x81 } else { 0x01 }, 0x88, 0x0b];
    packet.extend((payload.len() as u16).to_be_bytes());
    packet.extend(call.to_be_bytes());
    packet.extend(sequence.into_iter().chain(acknowledgment).flat_map(u32::to_be_bytes));
    packet.extend(payload);
    packet
}

/// Sequence number, acknowledgment number and payload.
pub(crate) fn parse(packet: &[u8]) -> (Option<u32>, Option<u32>, &[u8]) {
    let (has_sequence, has_acknowledgment) = (packet[0] & 0x10 != 0, packet[1] & 0x80 != 0);
    let number = |at: usize| u32::from_be_bytes(packet[at..at + 4].try_into().unwrap());
    let mut at = 8;
    let sequence = has_sequence.then(|| number(at));
    at += if has_sequence { 4 } else { 0 };
    let acknowledgment = has_acknowledgment.then(|| number(at));
    at += if has_acknowledgment { 4 } else { 0 };
    (sequence, acknowledgment, &packet[at..])
}

/// A PPP frame of this protocol, with address and control.
pub(crate) fn frame(protocol: u16, information: &[u8]) -> Vec<u8> {
    [&[0xff, 3][..], &protocol.to_be_bytes(), information].concat()
}

/// The protocol of a frame, and its information.
pub(crate) fn read(octets: &[u8]) -> (u16, Vec<u8>) {
    let frame = Frame::decode(octets).unwrap();
    (frame.protocol.0, frame.information.to_vec())
}

/// Code, identifier and data of a packet of LCP and its like.
pub(crate) fn packet(code: u8, identifier: u8, data: &[u8]) -> Vec<u8> {
    [&[code, identifier][..], &(data.len() as u16 + 4).to_be_bytes(), data].concat()
}

/// One between who does nothing.
pub(crate) fn honest() -> Between {
    Box::new(|to, frame| vec![(to, frame.to_vec())])
}

impl Pair {
    pub(crate) fn new(client: &client::Config, server: &server::Config) -> Self {
        let mut pair = Self {
            now: Duration::ZERO,
            client: client::Session::new(client, [1; 32]),
            server: server::Session::new(server, [2; 32]),
            between: honest(),
            client_events: Vec::new(),
            server_events: Vec::new(),
            server_closed: false,
            delivered: Default::default(),
            recorded: Default::default(),
            answers: true,
            question: None,
            polls: true,
            ids: [0; 2],
            chosen: Default::default(),
        };
        pair.client.open(pair.now);
        pair.server.open(pair.now);
        pair
    }

    /// Two strict sides, connected.
    pub(crate) fn strict() -> Self {
        Self::connected(&session::Config::strict())
    }

    /// Both sides with the same wishes, connected.
    pub(crate) fn connected(config: &session::Config) -> Self {
        let client = client_config().with_session(config.clone());
        let mut pair = Self::new(&client, &server_config().with_session(config.clone()));
        pair.run();
        pair.assert_connected();
        pair
    }

    pub(crate) fn assert_connected(&mut self) {
        assert!(self.client.ip().is_some(), "{:?} {:?}", self.client_events, self.server_events);
        assert!(self.server.link(self.call()).unwrap().ip().is_some());
    }

    pub(crate) fn call(&self) -> CallId {
        self.server.calls().next().expect("there is a call")
    }

    pub(crate) fn statistics(&self, of: To) -> Statistics {
        match of {
            To::Client => self.client.statistics().unwrap(),
            To::Server => self.server.statistics(self.call()).unwrap(),
        }
    }

    pub(crate) fn id(&self, of: To) -> u16 {
        self.ids[of.index()]
    }

    /// The sequence number that this side expects next.
    pub(crate) fn next_number(&self, to: To) -> u32 {
        self.chosen[to.index()].len() as u32
    }

    fn events(&mut self) {
        if !self.polls {
            return;
        }
        while let Some(event) = self.client.poll_event() {
            self.client_events.push(event);
        }
        while let Some(event) = self.server.poll_event() {
            match event {
                server::Event::Call { call, event } => {
                    self.server_events.push(event);
                    if let Event::Authenticate(question) = event {
                        self.question = Some(question);
                        if self.answers {
                            let answer = Answer::Password(PASSWORD.as_bytes());
                            let _ = self.server.answer(self.now, call, question.ticket(), &answer);
                        }
                    }
                }
                server::Event::Closed(_) => self.server_closed = true,
                _ => {}
            }
        }
        if let Some(call) = self.server.calls().next() {
            let peer = self.server.connection().call(call).and_then(pptp::wire::connection::Call::peer_call_id);
            self.ids = [peer.unwrap_or(self.ids[0]), call.get()];
        }
    }

    /// Lets both talk until neither has anything more to say. How many packets and messages that took.
    pub(crate) fn run(&mut self) -> usize {
        let mut buf = [0; MAX_TRANSMIT];
        let mut count = 0;
        loop {
            let before = count;
            self.events();
            while let Some(octets) = self.client.poll_control(self.now, &mut buf).unwrap() {
                count += 1;
                assert_eq!(self.server.handle_stream(self.now, octets), octets.len());
                self.events();
            }
            while let Some(octets) = self.server.poll_control(self.now, &mut buf).unwrap() {
                count += 1;
                assert_eq!(self.client.handle_stream(self.now, octets), octets.len());
                self.events();
            }
            let mut packets = VecDeque::new();
            while let Some(packet) = self.client.poll_tunnel(self.now, &mut buf).unwrap() {
                packets.push_back((To::Server, packet.to_vec()));
                assert!(packets.len() < 32, "one step makes too many packets");
            }
            while let Some(packet) = self.server.poll_tunnel(self.now, &mut buf).unwrap() {
                packets.push_back((To::Client, packet.to_vec()));
                assert!(packets.len() < 64, "one step makes too many packets");
            }
            for (to, packet) in packets {
                count += 1;
                self.relay(to, &packet);
            }
            if count == before {
                return count;
            }
            assert!(count < 20_000, "they do not come to rest");
        }
    }

    /// Lets time pass, with all deadlines in it. How many packets and messages that took.
    pub(crate) fn elapse(&mut self, time: Duration) -> usize {
        let end = self.now + time;
        let mut count = self.run();
        for step in 0.. {
            assert!(step < 100_000, "too many deadlines");
            let next = [self.client.poll_timeout(), self.server.poll_timeout()].into_iter().flatten().min();
            self.now = next.unwrap_or(end).clamp(self.now, end);
            self.client.handle_timeout(self.now);
            self.server.handle_timeout(self.now);
            assert!(self.client.poll_timeout().is_none_or(|at| at > self.now), "the client's deadline stays");
            assert!(self.server.poll_timeout().is_none_or(|at| at > self.now), "the server's deadline stays");
            self.receive_waiting();
            count += self.run();
            if self.now == end {
                break;
            }
        }
        count
    }

    /// A packet that was sent goes by the one between, who renumbers everything so that nobody notices what was added.
    pub(crate) fn relay(&mut self, to: To, packet: &[u8]) {
        self.recorded[to.index()].push(packet.to_vec());
        let (sequence, acknowledgment, payload) = parse(packet);
        if let Some(number) = acknowledgment {
            let from = if to == To::Client { To::Server } else { To::Client };
            if let Some(chosen) = self.chosen[from.index()].get(number as usize) {
                let packet = gre(self.id(to), None, Some(*chosen), &[]);
                let _ = self.raw(to, &packet);
            }
        }
        if let Some(sequence) = sequence {
            for (to, frame) in (self.between)(to, payload) {
                let _ = self.numbered(to, sequence, &frame);
            }
        }
    }

    /// A frame of the attacker's arrives with the number that is expected.
    pub(crate) fn inject(&mut self, to: To, frame: &[u8]) -> Result<(), ReceiveError> {
        let latest = self.chosen[to.index()].last().copied().unwrap_or_default();
        self.numbered(to, latest, frame)
    }

    fn numbered(&mut self, to: To, chosen: u32, frame: &[u8]) -> Result<(), ReceiveError> {
        let number = self.next_number(to);
        self.chosen[to.index()].push(chosen);
        self.raw(to, &gre(self.id(to), Some(number), None, frame))
    }

    /// A GRE packet arrives as it is.
    pub(crate) fn raw(&mut self, to: To, packet: &[u8]) -> Result<(), ReceiveError> {
        let mut packet = packet.to_vec();
        let received = match to {
            To::Client => self.client.handle_gre(self.now, &mut packet),
            To::Server => self.server.handle_gre(self.now, &mut packet).map(|(_, received)| received),
        };
        let result = match received {
            Ok(Received::Ip(packet)) => {
                self.delivered[to.index()].push(packet.to_vec());
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        self.receive_waiting();
        self.events();
        result
    }

    fn receive_waiting(&mut self) {
        let mut buf = [0; MAX_RECEIVE];
        while let Some(packet) = self.client.poll_receive(self.now, &mut buf).unwrap() {
            self.delivered[0].push(packet.to_vec());
        }
        while let Some((_, packet)) = self.server.poll_receive(self.now, &mut buf).unwrap() {
            self.delivered[1].push(packet.to_vec());
        }
    }

    /// Sends an IP packet, and gives the GRE packet.
    pub(crate) fn seal(&mut self, to: To, packet: &[u8]) -> Result<Vec<u8>, session::SendError> {
        let call = self.server.calls().next();
        let mut buf = [&[0; HEADROOM][..], packet].concat();
        let sealed = match to {
            To::Server => self.client.send_ip(self.now, &mut buf)?.to_vec(),
            To::Client => self.server.send_ip(self.now, call.ok_or(session::SendError::NoCall)?, &mut buf)?.to_vec(),
        };
        Ok(sealed)
    }

    pub(crate) fn send(&mut self, to: To, packet: &[u8]) {
        let sealed = self.seal(to, packet).unwrap();
        self.relay(to, &sealed);
    }

    /// Genuine packets in both directions still come through, and no others do.
    pub(crate) fn assert_alive(&mut self) {
        self.run();
        self.delivered = Default::default();
        for number in 0..3 {
            for to in To::BOTH {
                self.send(to, &ip(100, number));
            }
        }
        let expected: Vec<_> = (0..3).map(|number| ip(100, number)).collect();
        assert_eq!(self.delivered, [expected.clone(), expected]);
        self.delivered = Default::default();
    }

    pub(crate) fn nothing_delivered(&self) -> bool {
        self.delivered.iter().all(Vec::is_empty)
    }

    /// Why each side ended, if it has.
    pub(crate) fn reasons(&self) -> [Option<Reason>; 2] {
        [&self.client_events, &self.server_events].map(|events| match events.last() {
            Some(Event::Closed(reason)) => Some(*reason),
            _ => None,
        })
    }

    /// No frame that was sent holds an IP packet in the clear.
    pub(crate) fn assert_nothing_in_the_clear(&self) {
        for packet in self.recorded.iter().flatten() {
            let (sequence, _, payload) = parse(packet);
            if sequence.is_some() {
                let (protocol, _) = read(payload);
                assert!(protocol >= 0x8000 || protocol == 0x00fd, "{protocol:04x} was sent");
            }
        }
    }
}
