//! Many clients behind one address call `vpdn-server`, as a process, on real sockets. Each comes up
//! and carries a packet of its own, all end, and none is much slower than the others.
#![cfg(target_os = "linux")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use pptp::client::{Config, Session};
use pptp::session::{self, CallEvent, Event, HEADROOM, MAX_RECEIVE, MAX_TRANSMIT, Reason};
use pptp::wire::connection::{CallIdStyle, Quirks};
use pptp_interop::examples::{self, Program};
use pptp_interop::namespace::{clock, isolated, run};
use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use vpdn::control::{self, Request};
use vpdn::host::{Gre, Interest, Poller, Stream};

/// The environment variable with the folder of the programs.
const FOLDER: &str = "PPTP_EXAMPLES";
const SERVER: &str = "server";
const CLIENTS: Ipv4Addr = Ipv4Addr::new(172, 16, 9, 1);
const NEAR: Ipv4Addr = Ipv4Addr::new(172, 16, 9, 2);
/// The server in the tunnels.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
const USERS: &str = "/run/users";
const SOCKET: &str = "/run/vpdn.sock";
/// The first address of the pool, which has one for each call.
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 99, 1, 1);
const CALLS: usize = 1000;
/// Descriptors: one for each call, and some.
const DESCRIPTORS: u64 = 4096;
const PATIENCE: Duration = Duration::from_secs(120);
const LIMIT: Duration = Duration::from_secs(600);
/// The number of the GRE socket for the poller. The others are the places of the callers.
const GRE: u64 = u64::MAX;
/// How often deadlines are looked at.
const TICK: Duration = Duration::from_millis(5);
/// The longest time that a call may take on an idle machine.
const SLOWEST: Duration = Duration::from_secs(1);
/// How much longer than the one in the middle a call may take on any machine. A packet that is missed costs 3 s.
const STRAGGLING: u32 = 20;

#[test]
fn a_thousand_clients_of_one_address() {
    let prepare = || vec![(FOLDER, examples::build())];
    isolated("a_thousand_clients_of_one_address", &["prlimit"], LIMIT, prepare, inside);
}

fn inside() {
    make_networks();
    let limit = Rlimit { current: Some(DESCRIPTORS), maximum: Some(DESCRIPTORS) };
    setrlimit(Resource::Nofile, limit).unwrap();
    std::fs::write(USERS, "alice wonderland\n").unwrap();
    let mut table = String::new();
    for (at_a_time, cores) in [(50, 2), (CALLS, 4)] {
        let mut server = start_server(cores);
        let mut crowd = Crowd::new(at_a_time);
        crowd.call();
        crowd.ping();
        crowd.has_all_addresses();
        has_even_shares(cores);
        crowd.hang_up();
        server.signal(Signal::TERM);
        assert_eq!(server.wait(PATIENCE).code(), Some(0), "{}", server.output());
        crowd.report(&server.output(), &mut table);
    }
    pptp_interop::say!("{table}");
}

fn make_networks() {
    std::fs::create_dir("/run/netns").unwrap();
    run(&format!("ip netns add {SERVER}"));
    run("ip link add v0 type veth peer name v0p");
    run(&format!("ip link set v0p netns {SERVER}"));
    run(&format!("ip -n {SERVER} addr add {NEAR}/24 dev v0p"));
    run(&format!("ip -n {SERVER} link set v0p up"));
    run(&format!("ip -n {SERVER} link set lo up"));
    run(&format!("ip addr add {CLIENTS}/24 dev v0"));
    run("ip link set v0 up");
    run("ip link set lo up");
}

fn start_server(cores: usize) -> Program {
    let program = PathBuf::from(std::env::var_os(FOLDER).unwrap()).join("vpdn-server");
    let arguments = format!(
        "--nofile={DESCRIPTORS} {} --address {GATEWAY} --pool {FIRST}-10.99.4.232 --users {USERS} \
         --cores {cores} --control-socket {SOCKET} --set limits.connections-per-address={CALLS}",
        program.display()
    );
    let mut server = Program::start(Some(SERVER), "/usr/bin/prlimit".as_ref(), &arguments);
    server.wait_for("listening", PATIENCE);
    server
}

/// Expects that each core has as many calls as the others.
fn has_even_shares(cores: usize) {
    let words = ["show", "vpdn", "session", "all"].map(str::to_owned).into();
    let mut answer = Vec::new();
    control::ask(SOCKET.as_ref(), &Request::new(words, true), &mut answer).unwrap();
    let calls: Vec<serde_json::Value> = serde_json::from_slice(&answer).unwrap();
    let mut shares = BTreeMap::<_, usize>::new();
    for call in &calls {
        *shares.entry(call["interface"].as_str().unwrap()).or_default() += 1;
    }
    assert_eq!(shares.into_values().collect::<Vec<_>>(), vec![CALLS / cores; cores]);
}

/// One client, and how far it has come.
struct Caller {
    session: Session,
    /// It is gone when the session has closed.
    stream: Option<Stream>,
    interest: Interest,
    begun: Duration,
    /// How long it took until packets flowed.
    up: Option<Duration>,
    has_reply: bool,
    closed: Option<Reason>,
    /// The events until then, and their times.
    story: Vec<(Duration, CallEvent)>,
}

/// All clients of one address, with one socket for GRE. Their call numbers are their places, from 1 on.
struct Crowd {
    start: Instant,
    at_a_time: usize,
    callers: Vec<Caller>,
    poller: Poller,
    gre: Gre,
    /// Callers that may have something to send or to tell.
    ready: VecDeque<usize>,
    next_tick: Duration,
    /// How long all of them took to come up, and to end.
    took: [Duration; 2],
}

impl Crowd {
    fn new(at_a_time: usize) -> Self {
        let (gre, poller) = (Gre::open().unwrap(), Poller::new().unwrap());
        gre.bind(CLIENTS).unwrap();
        gre.connect(NEAR).unwrap();
        poller.add(&gre, GRE, Interest::Read).unwrap();
        Self {
            start: clock(),
            at_a_time,
            callers: Vec::new(),
            poller,
            gre,
            ready: VecDeque::new(),
            next_tick: Duration::ZERO,
            took: [Duration::ZERO; 2],
        }
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Brings all calls up, so many at a time.
    fn call(&mut self) {
        let begin = self.now();
        loop {
            let waiting = self.callers.iter().filter(|caller| caller.up.is_none()).count();
            if waiting == 0 && self.callers.len() == CALLS {
                break;
            }
            for _ in waiting..self.at_a_time.min(waiting + CALLS - self.callers.len()) {
                self.dial();
            }
            self.turn(begin);
        }
        self.took[0] = self.now() - begin;
    }

    fn dial(&mut self) {
        let place = self.callers.len();
        let number = u16::try_from(place + 1).unwrap();
        let quirks = Quirks::new().with_call_id_style(CallIdStyle::Sequential { first: number });
        let config = session::Config::strict().with_control(|control| control.with_quirks(quirks));
        let mut entropy = [7; 32];
        entropy[..2].copy_from_slice(&number.to_be_bytes());
        let mut session = Session::new(&Config::new("alice", "wonderland").with_session(config), entropy);
        let begun = self.now();
        let stream = Stream::new(TcpStream::connect((NEAR, pptp::wire::TCP_PORT)).unwrap()).unwrap();
        let interest = stream.interest();
        self.poller.add(&stream, place.try_into().unwrap(), interest).unwrap();
        session.open(self.now());
        let stream = Some(stream);
        self.callers.push(Caller {
            session,
            stream,
            interest,
            begun,
            up: None,
            has_reply: false,
            closed: None,
            story: Vec::new(),
        });
        self.ready.push_back(place);
    }

    /// Sends an echo request through each tunnel to the server, and waits for the replies.
    fn ping(&mut self) {
        let begin = self.now();
        for place in 0..CALLS {
            let now = self.now();
            let own = own_address(&self.callers[place].session).unwrap();
            let mut buf = [&[0; HEADROOM][..], &echo_request(own)].concat();
            let mut call = self.callers[place].session.first_call_mut().unwrap();
            let packet = call.send_ip(now, &mut buf).unwrap().to_vec();
            self.gre.send(&packet);
            self.ready.push_back(place);
            // The replies come meanwhile: no queue of the system has room for all.
            self.turn(begin);
        }
        while !self.callers.iter().all(|caller| caller.has_reply) {
            self.turn(begin);
        }
    }

    /// Expects that each has an address of the pool, which is full now, and that none has another's.
    fn has_all_addresses(&self) {
        let addresses: BTreeSet<_> = self.callers.iter().filter_map(|caller| own_address(&caller.session)).collect();
        let pool = (FIRST.to_bits()..).map(Ipv4Addr::from_bits);
        assert!(addresses.into_iter().eq(pool.take(CALLS)));
    }

    /// Hangs all up at once.
    fn hang_up(&mut self) {
        let begin = self.now();
        for place in 0..CALLS {
            let now = self.now();
            self.callers[place].session.close(now);
            self.ready.push_back(place);
        }
        while !self.callers.iter().all(|caller| caller.closed.is_some()) {
            self.turn(begin);
        }
        self.took[1] = self.now() - begin;
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

    fn progress(&self) -> String {
        let count = |is_so: fn(&Caller) -> bool| self.callers.iter().filter(|caller| is_so(caller)).count();
        let [up, replies, closed] = [
            count(|caller| caller.up.is_some()),
            count(|caller| caller.has_reply),
            count(|caller| caller.closed.is_some()),
        ];
        format!("of {} calls {up} came up, {replies} had a reply, {closed} are over", self.callers.len())
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
            let own = own_address(&caller.session);
            caller.has_reply |= received.ip().is_some_and(|reply| own.is_some_and(|own| is_echo_reply(reply, own)));
        }
    }

    /// Adds a row to the table, and asserts what has to be so.
    fn report(&self, server: &str, table: &mut String) {
        let mut times: Vec<_> = self.callers.iter().filter_map(|caller| caller.up).collect();
        times.sort_unstable();
        let (median, slowest) = (times[CALLS / 2], times[CALLS - 1]);
        let rate = CALLS as f64 / self.took[0].as_secs_f64();
        let numbers = [median, times[CALLS * 99 / 100], slowest, self.took[1]].map(|time| time.as_millis());
        writeln!(
            table,
            "{CALLS} calls of one address, {} at a time: {rate:.0} calls/s, up after {} ms (median), {} ms (99 %), {} ms \
             (slowest); all ended in {} ms",
            self.at_a_time, numbers[0], numbers[1], numbers[2], numbers[3]
        )
        .unwrap();
        pptp_interop::say!("{table}");
        assert_eq!(times.len(), CALLS);
        assert!(self.callers.iter().all(|caller| caller.closed == Some(Reason::Closed)), "{}", self.progress());
        let ends = server.lines().filter(|line| line.contains(" call ") && line.contains(": over: "));
        assert_eq!(ends.clone().count(), CALLS);
        assert!(ends.clone().all(|line| line.ends_with(": over: closed by the peer")), "{server}");
        // Of all at once, the last one waits for all others.
        if self.at_a_time < CALLS {
            let straggler = self.callers.iter().max_by_key(|caller| caller.up).unwrap();
            assert!(
                slowest < SLOWEST.max(median * STRAGGLING),
                "{slowest:?}, median {median:?}: {:#?}",
                straggler.story
            );
        }
    }
}

/// Returns the address that the client has in its tunnel, when packets flow.
fn own_address(session: &Session) -> Option<Ipv4Addr> {
    session.first_call()?.ppp().ip()?.own_address
}

/// Makes an ICMP echo request without data to the server (RFC 792).
fn echo_request(from: Ipv4Addr) -> [u8; 28] {
    let mut packet = [0; 28];
    packet[..10].copy_from_slice(&[0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1]);
    packet[12..16].copy_from_slice(&from.to_bits().to_be_bytes());
    packet[16..20].copy_from_slice(&GATEWAY.to_bits().to_be_bytes());
    packet[20] = 8;
    for (range, at) in [(0..20, 10), (20..28, 22)] {
        let words = packet[range].chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]));
        let sum: u32 = words.sum();
        let sum = (sum & 0xffff) + (sum >> 16);
        packet[at..at + 2].copy_from_slice(&(!u16::try_from(sum).unwrap()).to_be_bytes());
    }
    packet
}

fn is_echo_reply(packet: &[u8], to: Ipv4Addr) -> bool {
    packet.get(16..20) == Some(&to.to_bits().to_be_bytes()) && packet.get(20) == Some(&0)
}

#[test]
fn the_echo_request_has_the_checksums_of_rfc_1071() {
    let packet = echo_request(Ipv4Addr::new(10, 99, 1, 1));
    for range in [0..20, 20..28] {
        let words = packet[range].chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]));
        let sum: u32 = words.sum();
        assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff);
    }
    assert!(!is_echo_reply(&packet, GATEWAY));
}
