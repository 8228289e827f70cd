//! Many clients of PPTP behind one address, each with a TCP connection, all with one socket for GRE.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use pptp::client::{Config, Session};
use pptp::session::{self, CallEvent, Event, HEADROOM, MAX_RECEIVE, MAX_TRANSMIT, Reason};
use pptp::wire::TCP_PORT;
use pptp::wire::connection::{CallIdStyle, Quirks};
use vpdn::host::{Gre, Interest, Poller, Stream};

use crate::namespace::clock;

/// The name and the password of every client, which the server has to know.
pub const USER: (&str, &str) = ("alice", "wonderland");
/// How long all of them may take for one thing.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// The number of the GRE socket for the poller. The others are the places of the callers.
const GRE: u64 = u64::MAX;
/// How often deadlines are looked at.
const TICK: Duration = Duration::from_millis(5);

/// One client, and how far it has come.
#[derive(Debug)]
pub struct Caller {
    session: Session,
    /// It is gone when the session has closed.
    stream: Option<Stream>,
    interest: Interest,
    begun: Duration,
    /// How long it took until packets flowed.
    pub up: Option<Duration>,
    /// The latest IP packet that came.
    pub latest: Option<Vec<u8>>,
    /// Why it is over.
    pub closed: Option<Reason>,
    /// The events until packets flowed, and their times.
    pub story: Vec<(Duration, CallEvent)>,
}

impl Caller {
    /// Returns the address that the client has in its tunnel, when packets flow.
    #[must_use]
    pub fn own_address(&self) -> Option<Ipv4Addr> {
        own_address(&self.session)
    }
}

/// All clients of one address. Their call numbers are their places, from 1 on.
#[derive(Debug)]
pub struct Crowd {
    start: Instant,
    server: Ipv4Addr,
    callers: Vec<Caller>,
    poller: Poller,
    gre: Gre,
    /// Callers that may have something to send or to tell.
    ready: VecDeque<usize>,
    next_tick: Duration,
}

/// Makes the client at a place.
///
/// # Panics
///
/// There are no such many call numbers.
#[must_use]
pub fn client(place: usize) -> Session {
    let number = u16::try_from(place + 1).unwrap();
    let quirks = Quirks::new().with_call_id_style(CallIdStyle::Sequential { first: number });
    let config = session::Config::strict().with_control(|control| control.with_quirks(quirks));
    let mut entropy = [7; 32];
    entropy[..2].copy_from_slice(&number.to_be_bytes());
    Session::new(&Config::new(USER.0, USER.1).with_session(config), entropy)
}

/// Returns the address that a client has in its tunnel, when packets flow.
#[must_use]
pub fn own_address(session: &Session) -> Option<Ipv4Addr> {
    session.first_call()?.ppp().ip()?.own_address
}

impl Crowd {
    /// Makes nobody yet.
    ///
    /// # Panics
    ///
    /// There is no right to open a raw socket, or no route to the server.
    #[must_use]
    pub fn new(own: Ipv4Addr, server: Ipv4Addr) -> Self {
        let (gre, poller) = (Gre::open().unwrap(), Poller::new().unwrap());
        gre.bind(own).unwrap();
        gre.connect(server).unwrap();
        poller.add(&gre, GRE, Interest::Read).unwrap();
        let (callers, ready) = (Vec::new(), VecDeque::new());
        Self { start: clock(), server, callers, poller, gre, ready, next_tick: Duration::ZERO }
    }

    /// Returns the clients, by place.
    #[must_use]
    pub fn callers(&self) -> &[Caller] {
        &self.callers
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Brings all calls up, so many at a time. Returns how long it took.
    pub fn call(&mut self, count: usize, at_a_time: usize) -> Duration {
        let begin = self.now();
        loop {
            let waiting = self.callers.iter().filter(|caller| caller.up.is_none()).count();
            if waiting == 0 && self.callers.len() == count {
                break;
            }
            for _ in waiting..at_a_time.min(waiting + count - self.callers.len()) {
                self.dial();
            }
            self.turn(begin);
        }
        self.now() - begin
    }

    fn dial(&mut self) {
        let (place, begun) = (self.callers.len(), self.now());
        let mut session = client(place);
        let stream = Stream::new(TcpStream::connect((self.server, TCP_PORT)).unwrap()).unwrap();
        let interest = stream.interest();
        self.poller.add(&stream, place.try_into().unwrap(), interest).unwrap();
        session.open(self.now());
        let stream = Some(stream);
        let (up, latest, closed, story) = (None, None, None, Vec::new());
        self.callers.push(Caller { session, stream, interest, begun, up, latest, closed, story });
        self.ready.push_back(place);
    }

    /// Sends an IP packet that each client makes of its address, and waits until each has what it waits for.
    ///
    /// # Panics
    ///
    /// It takes too long.
    pub fn exchange(&mut self, make: impl Fn(Ipv4Addr) -> Vec<u8>, has_come: impl Fn(&Caller) -> bool) {
        let begin = self.now();
        for place in 0..self.callers.len() {
            let now = self.now();
            let own = self.callers[place].own_address().unwrap();
            let mut buf = [&[0; HEADROOM][..], &make(own)].concat();
            let mut call = self.callers[place].session.first_call_mut().unwrap();
            let packet = call.send_ip(now, &mut buf).unwrap().to_vec();
            self.gre.send(&packet);
            self.ready.push_back(place);
            // The replies come meanwhile: no queue of the system has room for all.
            self.turn(begin);
        }
        while !self.callers.iter().all(&has_come) {
            self.turn(begin);
        }
    }

    /// Hangs all up at once. Returns how long it took.
    pub fn hang_up(&mut self) -> Duration {
        let begin = self.now();
        for place in 0..self.callers.len() {
            let now = self.now();
            self.callers[place].session.close(now);
            self.ready.push_back(place);
        }
        while !self.callers.iter().all(|caller| caller.closed.is_some()) {
            self.turn(begin);
        }
        self.now() - begin
    }

    /// Settles all callers that are ready, and waits a moment for more.
    fn turn(&mut self, begin: Duration) {
        assert!(self.now() - begin < PATIENCE, "{}", self.progress());
        while let Some(place) = self.ready.pop_front() {
            self.settle(place);
        }
        self.gre.flush();
        let come: Vec<_> = self.poller.wait(Some(TICK)).unwrap().collect();
        for number in come {
            if number == GRE { self.receive() } else { self.read(number.try_into().unwrap()) }
        }
        let now = self.now();
        if now >= self.next_tick {
            self.next_tick = now + TICK;
            for (place, caller) in self.callers.iter_mut().enumerate() {
                if caller.session.poll_timeout().is_some_and(|deadline| deadline <= now) {
                    caller.session.handle_timeout(now);
                    self.ready.push_back(place);
                }
            }
        }
    }

    /// Returns how far they have come, in words.
    #[must_use]
    pub fn progress(&self) -> String {
        let count = |is_so: fn(&Caller) -> bool| self.callers.iter().filter(|caller| is_so(caller)).count();
        let [up, heard, closed] = [
            count(|caller| caller.up.is_some()),
            count(|caller| caller.latest.is_some()),
            count(|caller| caller.closed.is_some()),
        ];
        format!("of {} calls {up} came up, {heard} had a packet, {closed} are over", self.callers.len())
    }

    /// Sends what a session has to send, and hears its events.
    fn settle(&mut self, place: usize) {
        let now = self.now();
        let Caller { session, stream, interest, begun, up, closed, story, .. } = &mut self.callers[place];
        let mut buf = [0; MAX_TRANSMIT];
        while let Some(event) = session.poll_event() {
            match event {
                Event::Closed(reason) => *closed = Some(reason),
                Event::Call { event: CallEvent::Closed(reason), .. } => {
                    assert!(up.is_some(), "call {place} did not come up: {reason}");
                }
                Event::Call { event, .. } if up.is_none() => story.push((now - *begun, event)),
                _ => {}
            }
        }
        if up.is_none() && own_address(session).is_some() {
            *up = Some(now - *begun);
        }
        while let Some(packet) = session.poll_tunnel(now, &mut buf).unwrap() {
            self.gre.send(packet);
        }
        let Some(tcp) = stream else { return };
        while let (true, Some(bytes)) = (tcp.has_room(), session.poll_control(now, &mut buf).unwrap()) {
            tcp.send(bytes);
        }
        if closed.is_some() {
            assert!(up.is_some(), "call {place} did not come up: {closed:?}");
            stream.take().into_iter().for_each(Stream::finish);
        } else if *interest != tcp.interest() {
            *interest = tcp.interest();
            self.poller.modify(&*tcp, place.try_into().unwrap(), *interest).unwrap();
        }
    }

    fn read(&mut self, place: usize) {
        let now = self.now();
        let Caller { session, stream: Some(stream), .. } = &mut self.callers[place] else { return };
        stream.flush();
        if stream.read() {
            session.handle_disconnect(now);
        }
        stream.give(|bytes| session.handle_stream(now, bytes));
        self.ready.push_back(place);
    }

    fn receive(&mut self) {
        let (now, mut scratch) = (self.start.elapsed(), [0; MAX_RECEIVE]);
        for (_, packet) in self.gre.receive() {
            let Some(&[high, low]) = packet.get(6..8) else { continue };
            let place = usize::from(u16::from_be_bytes([high, low])).wrapping_sub(1);
            let Some(caller) = self.callers.get_mut(place) else { continue };
            self.ready.push_back(place);
            // A copy of the server's first frame may be refused.
            let Ok((_, received)) = caller.session.handle_gre(now, packet, &mut scratch) else { continue };
            if let Some(packet) = received.ip() {
                caller.latest = Some(packet.to_vec());
            }
        }
    }
}
