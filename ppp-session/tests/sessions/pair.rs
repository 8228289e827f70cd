//! Two ends, and what lies between them.

use std::net::Ipv4Addr;
use std::time::Duration;

use ppp_session::ppp::auth::{Answer, Ticket};
use ppp_session::{Client, Config, Event, HEADROOM, MAX_TRANSMIT, Reason, ReceiveError, SendError, Server, Session};

pub(crate) const CLIENT: usize = 0;
pub(crate) const SERVER: usize = 1;

/// An action on one end. The same steps make the same session.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Open(Duration),
    Frame(Duration, Vec<u8>),
    Timeout(Duration),
    /// The answer to a question, and what is done behind it before anything is polled.
    Answer(Duration, Ticket, fn(&mut Session)),
    Send(Duration),
    Ping(Duration),
    Close(Duration),
    Down(Duration),
}

/// Does a step, and takes the frames that are to be sent.
pub(crate) fn apply(session: &mut Session, step: &Step) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    let now = match step {
        Step::Open(now) => {
            session.open(*now);
            *now
        }
        Step::Frame(now, frame) => {
            let _ = session.handle_frame(*now, &mut frame.clone(), &mut [0; 2048]);
            *now
        }
        Step::Timeout(now) => {
            session.handle_timeout(*now);
            *now
        }
        Step::Answer(now, ticket, and_then) => {
            session.assign_address(Ipv4Addr::new(10, 0, 0, 2));
            let _ = session.answer(*now, *ticket, &Answer::Password(b"wonderland"));
            and_then(session);
            *now
        }
        Step::Send(now) => {
            let _ = seal(session, *now, &ip(80, 1)).map(|frame| frames.push(frame));
            *now
        }
        Step::Ping(now) => {
            session.ping(*now);
            *now
        }
        Step::Close(now) => {
            session.close(*now);
            *now
        }
        Step::Down(now) => {
            session.down(*now);
            *now
        }
    };
    let mut buf = [0; MAX_TRANSMIT];
    while let Some(frame) = session.poll_transmit(now, &mut buf).unwrap() {
        frames.push(frame.to_vec());
    }
    frames
}

/// Returns an IPv4 packet with its length in it, and text that compresses.
pub(crate) fn ip(length: usize, mark: u8) -> Vec<u8> {
    let mut packet = vec![mark; length];
    let total = u16::try_from(length).unwrap().to_be_bytes();
    packet[..4].copy_from_slice(&[0x45, 0, total[0], total[1]]);
    packet
}

pub(crate) fn seal(session: &mut Session, now: Duration, packet: &[u8]) -> Result<Vec<u8>, SendError> {
    let mut buf = [&[0; HEADROOM][..], packet].concat();
    let frame = session.send_ip(now, &mut buf, HEADROOM)?;
    Ok(buf[frame].to_vec())
}

pub(crate) fn client_of(config: &Config) -> Session {
    Session::client(config, &Client::new("alice", "wonderland"), [1; 32])
}

pub(crate) fn server_of(config: &Config) -> Session {
    Session::server(config, &Server::new(Ipv4Addr::new(10, 0, 0, 1)), [2; 32])
}

/// The fate of a frame on its way to an end: the frames that arrive instead, and where.
pub(crate) type Between = Box<dyn FnMut(usize, &[u8]) -> Vec<(usize, Vec<u8>)>>;

/// Two ends. A frame that one end sends, the other has at once.
pub(crate) struct Pair {
    pub(crate) now: Duration,
    pub(crate) ends: Vec<Session>,
    pub(crate) events: [Vec<Event>; 2],
    /// The actions on each end.
    pub(crate) done: [Vec<Step>; 2],
    pub(crate) between: Between,
    pub(crate) delivered: [Vec<Vec<u8>>; 2],
    /// The packets that were sealed for each end.
    pub(crate) sealed: [Vec<Vec<u8>>; 2],
    /// Addresses that a client may have when it wants them.
    pub(crate) pool: Vec<Ipv4Addr>,
    /// The last act of each answer.
    pub(crate) and_then: fn(&mut Session),
}

impl Pair {
    pub(crate) fn new(client: Session, server: Session) -> Self {
        let mut pair = Self::not_begun(client, server);
        pair.open();
        pair
    }

    /// Creates two ends that have sent nothing.
    pub(crate) fn not_begun(client: Session, server: Session) -> Self {
        Self {
            now: Duration::ZERO,
            ends: vec![client, server],
            events: Default::default(),
            done: Default::default(),
            between: Box::new(|to, frame| vec![(to, frame.to_vec())]),
            delivered: Default::default(),
            sealed: Default::default(),
            pool: Vec::new(),
            and_then: |_| (),
        }
    }

    /// Begins at both ends.
    pub(crate) fn open(&mut self) {
        self.steps([CLIENT, SERVER].map(|end| (end, Step::Open(Duration::ZERO))).into());
    }

    pub(crate) fn connected(config: &Config) -> Self {
        let pair = Self::new(client_of(config), server_of(config));
        assert!(pair.ends.iter().all(|end| end.ip().is_some()), "{:?}", pair.events);
        pair
    }

    /// Does a step at one end, and all that comes of it at both.
    pub(crate) fn step(&mut self, end: usize, step: Step) {
        self.steps(vec![(end, step)]);
    }

    fn steps(&mut self, mut waiting: Vec<(usize, Step)>) {
        let mut count = 0;
        while let Some((end, step)) = (!waiting.is_empty()).then(|| waiting.remove(0)) {
            count += 1;
            assert!(count < 1000, "they do not come to rest");
            if let Step::Frame(now, frame) = &step {
                self.done[end].push(step.clone());
                let mut frame = frame.clone();
                if let Ok(received) = self.ends[end].handle_frame(*now, &mut frame, &mut [0; 2048]) {
                    self.delivered[end].extend(received.ip().map(<[u8]>::to_vec));
                }
                let frames = apply(&mut self.ends[end], &Step::Timeout(*now));
                self.done[end].push(Step::Timeout(*now));
                self.carry(end, frames, &mut waiting);
            } else {
                self.done[end].push(step.clone());
                let frames = apply(&mut self.ends[end], &step);
                self.carry(end, frames, &mut waiting);
            }
            while let Some(event) = self.ends[end].poll_event() {
                self.events[end].push(event);
                match event {
                    Event::Authenticate(question) => {
                        waiting.push((end, Step::Answer(self.now, question.ticket(), self.and_then)));
                    }
                    Event::AddressWanted(wish) if self.pool.contains(&wish) => self.ends[end].assign_address(wish),
                    _ => {}
                }
            }
        }
    }

    fn carry(&mut self, from: usize, frames: Vec<Vec<u8>>, waiting: &mut Vec<(usize, Step)>) {
        for frame in frames {
            let now = self.now;
            if let (0x00fd, information) = read(&frame) {
                self.sealed[1 - from].push(information);
            }
            waiting
                .extend((self.between)(1 - from, &frame).into_iter().map(|(to, frame)| (to, Step::Frame(now, frame))));
        }
    }

    /// Lets a frame arrive.
    pub(crate) fn inject(&mut self, to: usize, frame: &[u8]) {
        self.step(to, Step::Frame(self.now, frame.to_vec()));
    }

    pub(crate) fn send(&mut self, from: usize) {
        self.step(from, Step::Send(self.now));
    }

    /// Lets time pass, with all deadlines in it.
    pub(crate) fn elapse(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.ends.iter().filter_map(Session::poll_timeout).min().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            for side in [CLIENT, SERVER] {
                self.step(side, Step::Timeout(self.now));
            }
        }
        self.now = end;
    }

    pub(crate) fn reasons(&self) -> [Option<Reason>; 2] {
        [self.ends[CLIENT].reason(), self.ends[SERVER].reason()]
    }

    /// Asserts that a packet comes through each way.
    pub(crate) fn assert_alive(&mut self) {
        for (from, to) in [(CLIENT, SERVER), (SERVER, CLIENT)] {
            self.delivered[to].clear();
            self.send(from);
            assert_eq!(self.delivered[to], [ip(80, 1)], "{:?}", self.reasons());
        }
    }

    pub(crate) fn refusal(&mut self, to: usize, frame: &[u8]) -> Option<ReceiveError> {
        let now = self.now;
        self.ends[to].handle_frame(now, &mut frame.to_vec(), &mut [0; 2048]).err()
    }
}

/// Returns the protocol of a frame, and what is behind it.
pub(crate) fn read(frame: &[u8]) -> (u16, Vec<u8>) {
    let frame = ppp_session::ppp::Frame::decode(frame).unwrap();
    (frame.protocol.0, frame.information.to_vec())
}

/// Returns a frame with a long header.
pub(crate) fn frame(protocol: u16, information: &[u8]) -> Vec<u8> {
    [&[0xff, 3][..], &protocol.to_be_bytes(), information].concat()
}
