//! A PPP link on a real line, for tests against a real PPP daemon.
//!
//! The crate does no IO; an [`Endpoint`] does it: bytes, time, passwords, and encryption once it
//! was agreed on.

use std::time::{Duration, Instant};

use mppe::{Decryptor, Direction, Encryptor, MasterKey, Mode, MsChapV1, ShortKeySource, Side, StartKey, Strength};
use ppp_fsm::auth::{Answer, Keys, Secret};
use ppp_fsm::ccp::MicrosoftCompression;
use ppp_fsm::hdlc::Config as Framing;
use ppp_fsm::link::{Config, Event, Link, Phase, Reason, Received};
use ppp_fsm::{Code, Frame, Protocol, ccp};

use crate::programs::{Line, entropy};

/// Packets go in and come out; 1500 bytes of them, with all headers.
const MAX_PACKET: usize = 1600;

/// One end of a link.
pub struct Endpoint {
    /// The machine.
    pub link: Link,
    /// The line. Without it, the line is down.
    pub line: Option<Line>,
    /// Whether nothing is sent any more, as if this end were dead.
    pub is_dumb: bool,
    /// The events of the machine.
    pub events: Vec<Event>,
    /// Input that the machine did not take.
    pub refused: Vec<String>,
    /// Packets of data that have come, and were not taken.
    pub packets: Vec<(Protocol, Vec<u8>)>,
    /// Packets that were encrypted, and that were decrypted.
    pub encrypted: (usize, usize),
    /// Echo-Requests of the peer's that were answered.
    pub echoes_answered: usize,
    /// The name that the peer claimed.
    pub peer_name: Option<String>,
    begin: Instant,
    name: String,
    password: String,
    ciphers: Option<(Encryptor, Decryptor)>,
}

impl Endpoint {
    /// Creates a link that begins with the first byte that comes. The password is its own, or what
    /// it knows of the peer's.
    #[must_use]
    pub fn new(config: &Config, line: Line, name: &str, password: &str) -> Self {
        let mut link = Link::new(config, entropy());
        link.open(Duration::ZERO);
        Self {
            link,
            line: Some(line),
            is_dumb: false,
            events: Vec::new(),
            refused: Vec::new(),
            packets: Vec::new(),
            encrypted: (0, 0),
            echoes_answered: 0,
            peer_name: None,
            begin: begin(),
            name: name.to_owned(),
            password: password.to_owned(),
            ciphers: None,
        }
    }

    /// Returns the time, as the machine takes it.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.begin.elapsed()
    }

    /// Returns why the link ended, if it did.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.events.iter().rev().find_map(|event| match event {
            Event::Closed(reason) => Some(*reason),
            _ => None,
        })
    }

    /// Wants the link no more.
    pub fn close(&mut self) {
        self.link.close(self.now());
        self.work();
    }

    /// Sends a packet of data, encrypted if that was agreed on.
    ///
    /// # Panics
    ///
    /// When the machine says that it must not be sent.
    #[track_caller]
    pub fn send(&mut self, protocol: Protocol, packet: &[u8]) {
        assert!(self.link.may_send(protocol), "{protocol} may not be sent");
        let mut buf = [0; MAX_PACKET];
        let frame = match &mut self.ciphers {
            Some((encryptor, _)) => {
                self.encrypted.0 += 1;
                let packet = encryptor.encrypt(protocol.0, packet, &mut buf).unwrap();
                self.link.frame(Protocol::COMPRESSED, packet)
            }
            None => self.link.frame(protocol, packet),
        };
        let frame = frame.encode(&mut [0; MAX_PACKET]).unwrap().to_vec();
        self.put(&frame);
    }

    /// Does what is to be done, waits for bytes or until `longest`, and takes them.
    pub fn step(&mut self, longest: Duration) {
        self.work();
        let deadline = self.link.poll_timeout().map_or(longest, |deadline| deadline.saturating_sub(self.now()));
        if let Some(line) = &mut self.line {
            line.exchange(deadline.min(longest));
            if line.has_come() && self.link.phase() == Phase::Dead && self.events.is_empty() {
                self.link.up(self.begin.elapsed());
            }
        }
        while let Some(frame) = self.next_frame() {
            self.take(frame);
            self.work();
        }
        self.link.handle_timeout(self.now());
        if self.line.as_ref().is_some_and(|line| line.ended) {
            self.hang_up();
        }
        self.work();
    }

    /// Closes the line without a word.
    pub fn hang_up(&mut self) {
        self.line = None;
        self.link.down(self.now());
        self.work();
    }

    /// Returns the next frame; the map of this direction holds as soon as LCP is open (RFC 1662 section 7.1).
    fn next_frame(&mut self) -> Option<Vec<u8>> {
        let map = match self.link.phase() {
            Phase::Authenticate | Phase::Network => self.link.lcp().receiving().control_characters,
            Phase::Dead | Phase::Establish | Phase::Terminate => u32::MAX,
        };
        self.line.as_mut()?.next_frame(Framing::default().with_control_characters(map))
    }

    fn take(&mut self, mut bytes: Vec<u8>) {
        let now = self.now();
        let mut compressed = None;
        match self.link.handle_frame(now, &bytes) {
            Ok(Received::Network { protocol, packet }) => self.packets.push((protocol, packet.to_vec())),
            Ok(Received::Compressed(packet)) => compressed = Some(bytes.len() - packet.len()),
            Ok(_) => {}
            Err(refused) => self.refused.push(refused.to_string()),
        }
        let Some(header) = compressed else { return };
        let (_, decryptor) = self.ciphers.as_mut().expect("keys");
        match decryptor.decrypt(&mut bytes[header..]) {
            Ok(decrypted) => match self.link.handle_decrypted(now, Protocol(decrypted.protocol()), decrypted.payload())
            {
                Ok(Received::Network { protocol, packet }) => {
                    self.encrypted.1 += 1;
                    self.packets.push((protocol, packet.to_vec()));
                }
                other => self.refused.push(format!("{other:?}")),
            },
            Err(error) => self.refused.push(error.to_string()),
        }
    }

    /// Takes events and sends frames, until there are no more.
    fn work(&mut self) {
        let now = self.now();
        let mut buf = [0; Link::MAX_TRANSMIT];
        loop {
            while let Some(event) = self.link.poll_event() {
                self.events.push(event);
                self.act(now, event);
            }
            let Some(frame) = self.link.poll_transmit(now, &mut buf).unwrap() else { break };
            let frame = frame.to_vec();
            self.put(&frame);
        }
        while let Some(event) = self.link.poll_event() {
            self.events.push(event);
        }
    }

    fn act(&mut self, now: Duration, event: Event) {
        match event {
            Event::Authenticate(question) => {
                let presented = self.link.presented().unwrap();
                self.peer_name = presented.name().map(|name| name.to_string());
                self.link.answer(now, question.ticket(), &Answer::Password(self.password.as_bytes())).unwrap();
            }
            Event::Prove(demand) => {
                let secret = Secret::Password(self.password.as_bytes());
                self.link.prove(now, demand.ticket(), self.name.as_bytes(), &secret).unwrap();
            }
            Event::CompressionUp(agreed) => {
                let is_server = self.link.lcp().receiving().authentication.is_some();
                self.ciphers = agreed.is_encrypted().then(|| ciphers(self.link.keys().unwrap(), &agreed, is_server));
            }
            _ => {}
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        let Some(line) = self.line.as_mut().filter(|_| !self.is_dumb) else { return };
        // RFC 1662 section 7.1: LCP's codes 1 to 7 go out as if nothing was agreed on.
        let frame = Frame::decode(bytes).unwrap();
        if frame.protocol == Protocol::LCP && frame.information.first() == Some(&Code::ECHO_REPLY.0) {
            self.echoes_answered += 1;
        }
        let is_basic = frame.protocol == Protocol::LCP && matches!(frame.information.first(), Some(1..=7));
        let map = if is_basic { u32::MAX } else { self.link.lcp().sending().control_characters };
        line.send_as(bytes, Framing::default().with_control_characters(map));
    }
}

/// Returns the keys that an authentication has left (RFC 3079).
fn ciphers(keys: &Keys, agreed: &ccp::Agreed, is_server: bool) -> (Encryptor, Decryptor) {
    let side = if is_server { Side::Server } else { Side::Client };
    let key = |bits: MicrosoftCompression, direction: Direction| -> StartKey {
        let strengths = [
            (MicrosoftCompression::MPPE_128, Strength::Bits128),
            (MicrosoftCompression::MPPE_56, Strength::Bits56),
            (MicrosoftCompression::MPPE_40, Strength::Bits40),
        ];
        let (_, strength) = strengths.into_iter().find(|(strength, _)| bits.contains(*strength)).unwrap();
        match keys {
            Keys::MsChapV2 { hash, nt_response } => {
                MasterKey::from_ms_chap_v2(hash.as_bytes(), nt_response.as_bytes()).start_key(strength, side, direction)
            }
            Keys::MsChapV1 { hash, challenge, .. } => MsChapV1::new(*challenge)
                .with_nt_password_hash_hash(*hash.as_bytes())
                .start_key(strength, ShortKeySource::LmHash)
                .unwrap(),
            other => panic!("no keys for MPPE: {other:?}"),
        }
    };
    let config = |bits: MicrosoftCompression| {
        let is_stateless = bits.contains(MicrosoftCompression::STATELESS);
        mppe::Config::new(if is_stateless { Mode::Stateless } else { Mode::Stateful })
    };
    (
        Encryptor::new(&key(agreed.send, Direction::Send), &config(agreed.send)),
        Decryptor::new(&key(agreed.receive, Direction::Receive), &config(agreed.receive)),
    )
}

#[expect(clippy::disallowed_methods, reason = "real lines have the real time")]
fn begin() -> Instant {
    Instant::now()
}
