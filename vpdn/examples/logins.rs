//! Logins in a second: MS-CHAPv2 and MPPE, from the control connection to IP packets that may flow.
//!
//! `logins COUNT AT-A-TIME OWN SERVER` calls a server of PPTP from one address, and prints calls in a second, then the
//! slowest call in milliseconds, then how many took longer than a second. `logins COUNT` prints how many a server of the
//! library does in a second in memory, by the median of its time for each. The time of the clients is not counted.
#![cfg_attr(
    target_os = "linux",
    expect(
        clippy::arithmetic_side_effects,
        clippy::disallowed_methods,
        clippy::indexing_slicing,
        clippy::integer_division,
        clippy::print_stdout,
        clippy::std_instead_of_alloc,
        clippy::std_instead_of_core,
        clippy::unwrap_used,
        reason = "a measurement that goes wrong stops"
    )
)]

#[cfg(target_os = "linux")]
use linux::main;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::VecDeque;
    use std::net::{IpAddr, Ipv4Addr, TcpStream};
    use std::time::{Duration, Instant};

    use pptp::client::{Config, Session};
    use pptp::ppp::auth::Answer;
    use pptp::ppp_session::Event as Ppp;
    use pptp::server::{self, ConnectionId, Limits, Server};
    use pptp::session::{self, CallEvent, Event, MAX_RECEIVE, MAX_TRANSMIT};
    use pptp::wire::TCP_PORT;
    use pptp::wire::connection::{CallIdStyle, Quirks};
    use vpdn::host::{Gre, Interest, Poller, Stream};

    /// The user's name and password, which the server has to know.
    const USER: (&str, &str) = ("alice", "wonderland");
    /// The number of the GRE socket for the poller. The others are the places of the callers.
    const GRE: u64 = u64::MAX;
    /// How often deadlines are looked at.
    const TICK: Duration = Duration::from_millis(5);
    const PATIENCE: Duration = Duration::from_secs(120);
    /// A call that takes longer is a straggler.
    const SLOW: Duration = Duration::from_secs(1);

    pub(crate) fn main() {
        let arguments: Vec<_> = std::env::args().skip(1).collect();
        match &arguments[..] {
            [count] => println!("{:.0}", in_memory(count.parse().unwrap())),
            [count, at_a_time, own, server] => {
                let (own, server) = (own.parse().unwrap(), server.parse().unwrap());
                let mut crowd = Crowd::new(own, server);
                crowd.call(count.parse().unwrap(), at_a_time.parse().unwrap());
            }
            _ => println!("logins COUNT [AT-A-TIME OWN SERVER]"),
        }
    }

    /// Makes a client whose number of the call is its place, from 1 on.
    fn client(place: usize) -> Session {
        let number = u16::try_from(place + 1).unwrap();
        let quirks = Quirks::new().with_call_id_style(CallIdStyle::Sequential { first: number });
        let config = session::Config::strict().with_control(|control| control.with_quirks(quirks));
        let mut entropy = [7; 32];
        entropy[..2].copy_from_slice(&number.to_be_bytes());
        Session::new(&Config::new(USER.0, USER.1).with_session(config), entropy)
    }

    fn is_up(session: &Session) -> bool {
        session.first_call().is_some_and(|call| call.ppp().ip().is_some_and(|ip| ip.own_address.is_some()))
    }

    /// A client, and how far it has come.
    struct Caller {
        session: Session,
        stream: Stream,
        interest: Interest,
        begun: Duration,
        /// How long it took until packets may flow.
        up: Option<Duration>,
    }

    /// All clients of one address, with one socket for GRE.
    struct Crowd {
        start: Instant,
        server: Ipv4Addr,
        callers: Vec<Caller>,
        poller: Poller,
        gre: Gre,
        /// Callers that may have something to send.
        ready: VecDeque<usize>,
        next_tick: Duration,
    }

    impl Crowd {
        fn new(own: Ipv4Addr, server: Ipv4Addr) -> Self {
            let (gre, poller) = (Gre::open().unwrap(), Poller::new().unwrap());
            gre.bind(own).unwrap();
            gre.connect(server).unwrap();
            poller.add(&gre, GRE, Interest::Read).unwrap();
            let (callers, ready) = (Vec::new(), VecDeque::new());
            Self { start: Instant::now(), server, callers, poller, gre, ready, next_tick: Duration::ZERO }
        }

        fn now(&self) -> Duration {
            self.start.elapsed()
        }

        /// Brings all calls up, so many at a time, and prints how long it took.
        fn call(&mut self, count: usize, at_a_time: usize) {
            let begin = self.now();
            loop {
                let waiting = self.callers.iter().filter(|caller| caller.up.is_none()).count();
                if waiting == 0 && self.callers.len() == count {
                    break;
                }
                (waiting..at_a_time.min(waiting + count - self.callers.len())).for_each(|_| self.dial());
                assert!(self.now() < begin + PATIENCE, "{waiting} of {} calls are not up", self.callers.len());
                self.turn();
            }
            let took = self.now().saturating_sub(begin);
            let times = || self.callers.iter().filter_map(|caller| caller.up);
            let slowest = times().max().unwrap_or_default().as_millis();
            let stragglers = times().filter(|time| *time > SLOW).count();
            println!("{:.0} {slowest} {stragglers}", rate(count, took));
        }

        fn dial(&mut self) {
            let (place, begun) = (self.callers.len(), self.now());
            let mut session = client(place);
            let stream = Stream::new(TcpStream::connect((self.server, TCP_PORT)).unwrap()).unwrap();
            let interest = stream.interest();
            self.poller.add(&stream, place.try_into().unwrap(), interest).unwrap();
            session.open(begun);
            self.callers.push(Caller { session, stream, interest, begun, up: None });
            self.ready.push_back(place);
        }

        /// Settles all callers that are ready, and waits a moment for more.
        fn turn(&mut self) {
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

        /// Sends what a session has to send.
        fn settle(&mut self, place: usize) {
            let (now, mut buf) = (self.now(), [0; MAX_TRANSMIT]);
            let Caller { session, stream, interest, begun, up } = &mut self.callers[place];
            while let Some(event) = session.poll_event() {
                assert!(!matches!(event, Event::Closed(_)), "call {place}: {event:?}");
            }
            if up.is_none() && is_up(session) {
                *up = Some(now.saturating_sub(*begun));
            }
            while let Some(packet) = session.poll_tunnel(now, &mut buf).unwrap() {
                self.gre.send(packet);
            }
            while let (true, Some(bytes)) = (stream.has_room(), session.poll_control(now, &mut buf).unwrap()) {
                stream.send(bytes);
            }
            if *interest != stream.interest() {
                *interest = stream.interest();
                self.poller.modify(&*stream, place.try_into().unwrap(), *interest).unwrap();
            }
        }

        fn read(&mut self, place: usize) {
            let now = self.now();
            let Caller { session, stream, .. } = &mut self.callers[place];
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
                let _ = caller.session.handle_gre(now, packet, &mut scratch);
            }
        }
    }

    fn rate(count: usize, took: Duration) -> f64 {
        f64::from(u32::try_from(count).unwrap()) / took.as_secs_f64()
    }

    /// The server of the library, and how long it has worked for the login of now.
    struct Timed {
        server: Server,
        spent: Duration,
    }

    impl Timed {
        fn run<T>(&mut self, work: impl FnOnce(&mut Server) -> T) -> T {
            let begin = Instant::now();
            let result = work(&mut self.server);
            self.spent += begin.elapsed();
            result
        }
    }

    /// Returns how many logins a server does in a second, all of one address, which stay.
    fn in_memory(count: usize) -> f64 {
        let limits = Limits::default().with_connections(count).with_connections_per_address(count).with_calls(count);
        let config = server::Config::new(Ipv4Addr::new(10, 0, 0, 1));
        let mut timed = Timed { server: Server::new(config, limits), spent: Duration::ZERO };
        // The median: other programs on the machine may hold some up.
        let mut spent: Vec<_> = (0..count).map(|place| log_in(&mut timed, place)).collect();
        spent.sort_unstable();
        spent.get(count / 2).map_or(0.0, |time| rate(1, *time))
    }

    /// Returns how long the server worked for it.
    fn log_in(timed: &mut Timed, place: usize) -> Duration {
        const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        let (mut client, mut now, mut buf) = (client(place), Duration::from_millis(10), [0; MAX_TRANSMIT]);
        let (mut scratch, mut entropy) = ([0; MAX_RECEIVE], [9; 32]);
        entropy[..8].copy_from_slice(&u64::try_from(place).unwrap().to_be_bytes());
        timed.spent = Duration::ZERO;
        let id = timed.run(|server| server.accept(now, PEER, entropy)).unwrap();
        client.open(now);
        while !is_up(&client) {
            assert!(now < PATIENCE, "call {place} is not up");
            now += Duration::from_millis(1);
            while client.poll_event().is_some() {}
            while let Some(bytes) = client.poll_control(now, &mut buf).unwrap() {
                timed.run(|server| server.handle_stream(now, id, bytes));
            }
            while let Some(packet) = client.poll_tunnel(now, &mut buf).unwrap() {
                let packet = &mut packet.to_vec()[..];
                // A frame of before the server knows its call.
                let _ = timed.run(|server| server.handle_gre(now, PEER, packet, &mut scratch).map(|_| ()));
            }
            let [control, tunnel] = timed.run(|server| settle(now, server, id));
            for bytes in control {
                client.handle_stream(now, &bytes);
            }
            for mut packet in tunnel {
                let _ = client.handle_gre(now, &mut packet, &mut scratch);
            }
            client.handle_timeout(now);
        }
        timed.spent
    }

    /// Answers what the server asks, and returns what it sends: by TCP, and by GRE.
    fn settle(now: Duration, server: &mut Server, id: ConnectionId) -> [Vec<Vec<u8>>; 2] {
        let (mut sent, mut buf) = ([Vec::new(), Vec::new()], [0; MAX_TRANSMIT]);
        server.handle_timeout(now);
        while let Some(mut session) = server.poll_ready() {
            while let Some(event) = session.poll_event() {
                let Event::Call { call, event: CallEvent::Ppp(Ppp::Authenticate(question)) } = event else { continue };
                let mut call = session.call_mut(call).unwrap();
                call.assign_address(Ipv4Addr::from_bits(0x0a01_0000 | u32::try_from(id.get()).unwrap()));
                call.answer(now, question.ticket(), &Answer::Password(USER.1.as_bytes())).unwrap();
            }
            while let Some(bytes) = session.poll_control(now, &mut buf).unwrap() {
                sent[0].push(bytes.to_vec());
            }
            while let Some(packet) = session.poll_tunnel(now, &mut buf).unwrap() {
                sent[1].push(packet.to_vec());
            }
        }
        sent
    }
}
