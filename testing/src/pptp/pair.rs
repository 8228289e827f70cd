//! A client and a server, and an attacker between them who sees, changes, drops and adds what they send.

use std::time::Duration;

use pptp::gre::SequenceNumber;
use pptp::session::{self, CallEvent, Reason, ReceiveError, SendError, Statistics};
use pptp::wire::connection::{Call, CallId};
use pptp::{client, server};

use super::{Client, Host, Tunnelled, client_config, decode_gre, encode_gre, numbered_ip, protocol_of, server_config};
use crate::{CLIENT, Endpoint, Output, SERVER};

/// The side that gets a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// To the client.
    Client,
    /// To the server.
    Server,
}

impl To {
    /// Both sides.
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    /// Returns the index of this side.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Client => CLIENT,
            Self::Server => SERVER,
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// The attacker's changes of a PPP frame: the frames that arrive instead of it, and where.
pub type Between = Box<dyn FnMut(To, &[u8]) -> Vec<(To, Vec<u8>)>>;

/// Returns an attacker who does nothing.
#[must_use]
pub fn honest() -> Between {
    Box::new(|to, frame| vec![(to, frame.to_vec())])
}

/// Two sides without a network: what one sends, the other has at once, unless the attacker does something about it.
pub struct Pair {
    /// The time since the beginning.
    pub now: Duration,
    /// The client.
    pub client: Client,
    /// The server.
    pub server: Host,
    /// The attacker.
    pub between: Between,
    /// GRE packets as they were sent, to the client and to the server.
    pub recorded: [Vec<Vec<u8>>; 2],
    /// The call's number at the client, and at the server.
    ids: [u16; 2],
    /// For each sequence number that the receiver saw, the one that its sender had chosen.
    chosen: [Vec<u32>; 2],
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:?}", self.client.session, self.server.session())
    }
}

impl Pair {
    /// Creates a pair that has said nothing yet.
    #[must_use]
    pub fn new(client: &client::Config, server: &server::Config) -> Self {
        Self {
            now: Duration::ZERO,
            client: Client::new(client, [1; 32]),
            server: Host::new(server, [2; 32], false),
            between: honest(),
            recorded: Default::default(),
            ids: [0; 2],
            chosen: Default::default(),
        }
    }

    /// Creates two sides that are strict, connected.
    #[must_use]
    pub fn strict() -> Self {
        Self::connected(&session::Config::strict())
    }

    /// Creates two sides with the same wishes, connected.
    #[must_use]
    pub fn connected(config: &session::Config) -> Self {
        let mut pair = Self::new(&client_config(config), &server_config(config));
        pair.run();
        pair.assert_connected();
        pair
    }

    /// Asserts that IP flows, as both sides say.
    pub fn assert_connected(&self) {
        assert!(
            self.client.session.first_call().is_some_and(|call| call.ppp().ip().is_some()),
            "{:?} {:?}",
            self.client.events,
            self.server.events
        );
        assert!(self.server.session().call(self.call()).unwrap().ppp().ip().is_some());
    }

    /// Returns the call.
    #[must_use]
    pub fn call(&self) -> CallId {
        self.server.session().calls().next().map(|call| call.id()).unwrap()
    }

    /// Returns the statistics of one side.
    #[must_use]
    pub fn statistics(&self, of: To) -> Statistics {
        match of {
            To::Client => self.client.session.first_call().unwrap().statistics(),
            To::Server => self.server.session().call(self.call()).unwrap().statistics(),
        }
    }

    /// Returns the call's number at one side.
    #[must_use]
    pub const fn id(&self, of: To) -> u16 {
        self.ids[of.index()]
    }

    /// Returns the sequence number that this side expects next.
    #[must_use]
    pub fn next_number(&self, to: To) -> u32 {
        let statistics = match to {
            To::Client => self.client.session.first_call().map(|call| call.statistics()),
            To::Server => {
                let session = self.server.session();
                session.first_call().map(|call| call.statistics())
            }
        };
        statistics.and_then(|statistics| statistics.tunnel.sr).map_or(0, SequenceNumber::get)
    }

    /// Sets whether users look at events.
    pub fn set_polls(&mut self, polls: bool) {
        self.client.polls = polls;
        self.server.polls = polls;
    }

    fn side(&mut self, side: To) -> &mut dyn Tunnelled {
        match side {
            To::Client => &mut self.client,
            To::Server => &mut self.server,
        }
    }

    /// Notes the numbers of the call, which are known as soon as there is one.
    fn note_ids(&mut self) {
        if let Some(call) = self.server.session().calls().next().map(|call| call.id()) {
            let peer = self.server.session().connection().call(call).and_then(Call::peer_call_id);
            self.ids = [peer.unwrap_or(self.ids[0]), call.get()];
        }
    }

    /// Lets both talk until neither has anything more to say. Returns how many packets and messages that took.
    pub fn run(&mut self) -> usize {
        let mut count = 0;
        loop {
            let now = self.now;
            let mut is_any = false;
            let outputs = To::BOTH.map(|from| {
                let mut output = Output { room: usize::MAX, ..Output::default() };
                is_any |= self.side(from).poll(now, &mut output);
                output
            });
            self.note_ids();
            for ((to, limit), output) in [(To::Server, 32), (To::Client, 64)].into_iter().zip(outputs) {
                assert!(output.datagrams.len() < limit, "one step makes too many packets");
                count += output.stream.len() + output.datagrams.len();
                for bytes in output.stream {
                    assert_eq!(self.side(to).handle_stream(now, &bytes), bytes.len());
                }
                for packet in output.datagrams {
                    self.relay(to, &packet);
                }
            }
            if !is_any {
                return count;
            }
            assert!(count < 20_000, "they do not come to rest");
        }
    }

    /// Lets time pass, with all deadlines in it. Returns how many packets and messages that took.
    pub fn elapse(&mut self, time: Duration) -> usize {
        let end = self.now + time;
        let mut count = self.run();
        for step in 0.. {
            assert!(step < 100_000, "too many deadlines");
            let next = [self.client.poll_timeout(), self.server.poll_timeout()].into_iter().flatten().min();
            self.now = next.unwrap_or(end).clamp(self.now, end);
            let now = self.now;
            for side in To::BOTH {
                self.side(side).handle_timeout(now);
                assert!(self.side(side).poll_timeout().is_none_or(|at| at > now), "the deadline stays");
            }
            count += self.run();
            if self.now == end {
                break;
            }
        }
        count
    }

    /// Lets time pass for both; what they have to say then stays with them.
    pub fn elapse_alone(&mut self, time: Duration) {
        self.now += time;
        let now = self.now;
        for side in To::BOTH {
            self.side(side).handle_timeout(now);
        }
    }

    /// Lets a packet that was sent go by the attacker, who renumbers everything so that nobody notices what was added.
    pub fn relay(&mut self, to: To, packet: &[u8]) {
        self.recorded[to.index()].push(packet.to_vec());
        let (sequence, acknowledgment, payload) = decode_gre(packet);
        if let Some(number) = acknowledgment {
            let number = usize::try_from(number).unwrap();
            if let Some(chosen) = self.chosen[to.other().index()].get(number) {
                let packet = encode_gre(self.id(to), None, Some(*chosen), &[]);
                let _ = self.raw(to, &packet);
            }
        }
        if let Some(sequence) = sequence {
            for (to, frame) in (self.between)(to, payload) {
                let _ = self.numbered(to, sequence, &frame);
            }
        }
    }

    /// Lets a frame of the attacker's arrive, with the number that is expected.
    pub fn inject(&mut self, to: To, frame: &[u8]) -> Result<(), ReceiveError> {
        let latest = self.chosen[to.index()].last().copied().unwrap_or_default();
        self.numbered(to, latest, frame)
    }

    fn numbered(&mut self, to: To, chosen: u32, frame: &[u8]) -> Result<(), ReceiveError> {
        let number = self.next_number(to);
        // A refused packet has left its number to the next one.
        self.chosen[to.index()].truncate(usize::try_from(number).unwrap());
        self.chosen[to.index()].push(chosen);
        self.raw(to, &encode_gre(self.id(to), Some(number), None, frame))
    }

    /// Lets a GRE packet arrive as it is.
    pub fn raw(&mut self, to: To, packet: &[u8]) -> Result<(), ReceiveError> {
        let now = self.now;
        let result = self.side(to).handle_gre(now, &mut packet.to_vec());
        if let Ok(Some(packet)) = &result {
            self.side(to).log_mut().got.packets.push(packet.clone());
        }
        self.client.poll_received(now);
        self.server.poll_received(now);
        self.note_ids();
        result.map(|_| ())
    }

    /// Makes a GRE packet of an IP packet.
    pub fn seal(&mut self, to: To, packet: &[u8]) -> Result<Vec<u8>, SendError> {
        let now = self.now;
        let mut buf = [&[0; session::HEADROOM][..], packet].concat();
        self.side(to.other()).send_ip(now, &mut buf)
    }

    /// Sends an IP packet.
    pub fn send(&mut self, to: To, packet: &[u8]) {
        let sealed = self.seal(to, packet).unwrap();
        self.relay(to, &sealed);
    }

    /// Asserts that genuine packets in both directions still come through, and no others.
    pub fn assert_alive(&mut self) {
        self.run();
        self.take_delivered();
        for number in 0..3 {
            for to in To::BOTH {
                self.send(to, &numbered_ip(100, number));
            }
        }
        let expected: Vec<_> = (0..3).map(|number| numbered_ip(100, number)).collect();
        assert_eq!(self.take_delivered(), [expected.clone(), expected]);
    }

    /// Takes the IP packets that came out at the client and at the server.
    pub fn take_delivered(&mut self) -> [Vec<Vec<u8>>; 2] {
        To::BOTH.map(|side| std::mem::take(&mut self.side(side).log_mut().got.packets))
    }

    /// Returns whether no IP packet has come out anywhere.
    #[must_use]
    pub fn nothing_delivered(&self) -> bool {
        [&self.client.log, &self.server.log].iter().all(|log| log.got.packets.is_empty())
    }

    /// Returns all events of both sides' calls.
    pub fn events(&self) -> impl Iterator<Item = &CallEvent> {
        self.client.events.iter().chain(self.server.call_events())
    }

    /// Returns why each side ended, if it has.
    #[must_use]
    pub fn reasons(&self) -> [Option<Reason>; 2] {
        [self.client.events.last(), self.server.call_events().last()].map(|event| match event {
            Some(CallEvent::Closed(reason)) => Some(*reason),
            _ => None,
        })
    }

    /// Asserts that no frame that was sent holds an IP packet in the clear.
    pub fn assert_nothing_in_the_clear(&self) {
        for packet in self.recorded.iter().flatten() {
            let protocol = protocol_of(packet);
            assert!(protocol.is_none_or(|protocol| protocol >= 0x8000 || protocol == 0x00fd), "{protocol:x?} was sent");
        }
    }
}
