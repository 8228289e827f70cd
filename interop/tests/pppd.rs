//! The PPP link against the program that Linux has had for thirty years: Debian's `pppd`, with the PPP of a real kernel,
//! in both roles, over asynchronous lines.
//!
//! All calls are made in one guest (see [`pptp_interop::uml`]), a few at a time. Each is on a
//! serial line of its own, whose other end is a terminal of the test's.
#![cfg(target_os = "linux")]

use std::collections::VecDeque;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use etherparse::PacketBuilder;
use ppp_fsm::auth::{Failure, Method, Methods};
use ppp_fsm::ccp::MicrosoftCompression;
use ppp_fsm::ipv6cp::InterfaceIdentifier;
use ppp_fsm::link::{Config, Event, Keepalive, Reason};
use ppp_fsm::{Protocol, Words, ccp, ipcp, ipv6cp, lcp, negotiate};
use pptp_interop::ppp::Endpoint;
use pptp_interop::programs::Line;
use pptp_interop::say;
use pptp_interop::uml::{self, Guest, Network, Terminal};

const LINES: &str = include_str!("../uml/lines");

/// For any one thing to happen.
const PATIENCE: Duration = Duration::from_secs(60);
/// For all calls together: an idle machine takes a tenth of it.
const LONGEST: Duration = Duration::from_secs(600);
/// How many calls are made at a time. The guest has one processor.
const AT_A_TIME: usize = 8;

/// The tap device: this end, where the calls over TCP arrive, and the guest's.
const HOST: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const GUEST: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

/// The name servers that the server gives the client.
const NAME_SERVERS: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 0, 53, 1), Ipv4Addr::new(10, 0, 53, 2)];

const METHODS: [Method; 6] =
    [Method::Pap, Method::ChapMd5, Method::MsChapV1, Method::MsChapV2, Method::Eap, Method::EapMsChapV2];

const NAME: &str = "alice";
const PASSWORD: &str = "wonderland";
const WRONG: &str = "looking-glass";

/// The role of pppd.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Server,
    Client,
}
use Role::{Client, Server};

/// One call to be made.
struct Case {
    what: String,
    method: Method,
    role: Role,
    /// Of pppd.
    options: String,
    password: &'static str,
    change: fn(Config) -> Config,
    /// The characters that pppd has to escape; all, without an option, when it is missing.
    control_characters: Option<u32>,
    /// On a pseudo-terminal of the guest's, and from there over TCP. Else on a serial line.
    over_tcp: bool,
    act: Box<dyn Fn(&mut Call<'_>) -> String + Send + Sync>,
}

impl Case {
    fn new(
        what: &str,
        method: Method,
        role: Role,
        act: impl Fn(&mut Call<'_>) -> String + Send + Sync + 'static,
    ) -> Self {
        let (what, options) = (what.to_owned(), String::new());
        let (password, change, act) = (PASSWORD, (|config| config) as fn(Config) -> Config, Box::new(act));
        Self { what, method, role, options, password, change, control_characters: None, over_tcp: false, act }
    }

    fn with_options(mut self, options: &str) -> Self {
        self.options += options;
        self
    }

    fn with_password(self, password: &'static str) -> Self {
        Self { password, ..self }
    }

    fn with_change(self, change: fn(Config) -> Config) -> Self {
        Self { change, ..self }
    }

    fn with_control_characters(self, map: u32) -> Self {
        Self { control_characters: Some(map), ..self }
    }

    fn over_tcp(self) -> Self {
        Self { over_tcp: true, ..self }
    }

    /// Makes the call. Runs the case, and returns its line of the table.
    fn run(&self, guest: &Guest, network: &Network, number: usize, terminal: Terminal) -> String {
        let (own, theirs) = addresses(number);
        let methods = Methods::new(&[self.method]);
        let (lcp, ipcp) = match self.role {
            // We are the client.
            Server => (
                lcp::Config::default().with_own_authentication(methods),
                ipcp::Config::default().with_name_servers_wanted(true),
            ),
            Client => (
                lcp::Config::default().with_peer_authentication(methods),
                ipcp::Config::new(own).with_peer_address(theirs).with_name_servers(NAME_SERVERS.map(Some)),
            ),
        };
        let lcp = match self.control_characters {
            Some(map) => lcp.with_control_characters(map),
            None => lcp,
        };
        // A side that is asked to terminate waits for so long, for another request. pppd has the
        // same.
        let timers = negotiate::Config::default().with_restart_timeout(Duration::from_secs(1));
        let config = Config::default().with_lcp(lcp).with_link_timers(timers);
        let config = config.with_ipcp(ipcp).with_ipv6cp(ipv6cp::Config::default());
        let config = (self.change)(config);
        let require = match self.method {
            Method::Pap => "require-pap",
            Method::ChapMd5 => "require-chap",
            Method::MsChapV1 => "require-mschap",
            // It asks for MD5-Challenge first, and goes on with what the Nak names.
            Method::Eap | Method::EapMsChapV2 => "require-eap",
            _ => "require-mschap-v2",
        };
        let role = match self.role {
            Server => {
                let [first, second] = NAME_SERVERS;
                format!("auth {require} {theirs}:{own} ms-dns {first} ms-dns {second}")
            }
            Client => format!("noauth user {NAME} usepeerdns"),
        };
        let name = format!("call-{number}");
        let start =
            |place: &str| guest.send(&format!("start {name} {place} {role} +ipv6 lcp-restart 1 {}\n", self.options));
        let line = if self.over_tcp {
            let listener = network.enter(|| TcpListener::bind((HOST, 0)).unwrap());
            start(&format!("pty 'busybox nc {HOST} {}'", listener.local_addr().unwrap().port()));
            accept(&listener)
        } else {
            start(&format!("/dev/ttyS{} 115200", number + 1));
            Line::of_terminal(terminal)
        };
        let endpoint = Endpoint::new(&config, line, NAME, self.password);
        let mut call = Call { guest, name, number, role: self.role, method: self.method, endpoint };
        (self.act)(&mut call)
    }
}

fn accept(listener: &TcpListener) -> Line {
    listener.set_nonblocking(true).unwrap();
    let deadline = clock() + PATIENCE;
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nodelay(true).unwrap();
                return Line::new(stream);
            }
            Err(error) => assert!(clock() < deadline, "pppd's other end does not call: {error}"),
        }
        pause(Duration::from_millis(5));
    }
}

/// Returns the addresses of a call: ours, and pppd's.
fn addresses(number: usize) -> (Ipv4Addr, Ipv4Addr) {
    let number = u8::try_from(number).unwrap();
    (Ipv4Addr::new(10, 1, number, 2), Ipv4Addr::new(10, 1, number, 1))
}

/// A call that is being made.
struct Call<'g> {
    guest: &'g Guest,
    name: String,
    number: usize,
    role: Role,
    method: Method,
    endpoint: Endpoint,
}

impl Call<'_> {
    /// Goes on until something is so.
    #[track_caller]
    fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut Endpoint) -> bool) {
        let deadline = clock() + PATIENCE;
        while !is_so(&mut self.endpoint) {
            let Endpoint { events, refused, .. } = &self.endpoint;
            if clock() > deadline {
                let end = format!("end of {}'s log", self.name);
                self.guest.send(&format!("cat /run/{}.log; echo \"{end}\"\n", self.name));
                let _ = self.guest.wait_for(&end, PATIENCE);
                panic!("{}: no {what}: events {events:#?}, refused {refused:?}", self.name);
            }
            self.endpoint.step(Duration::from_millis(20));
        }
    }

    /// Waits until pppd has ended, and returns its exit status and its log.
    #[track_caller]
    fn ended(&mut self) -> (u8, Log) {
        let beginning = format!("{} ended ", self.name);
        let console = self.guest.console().clone();
        let mut line = None;
        self.until("end of pppd", |_| {
            line = console.find(&beginning);
            line.is_some()
        });
        let text = std::fs::read_to_string(self.guest.folder().join(format!("{}.log", self.name))).unwrap();
        let status = line.unwrap()[beginning.len()..].parse().unwrap();
        assert_eq!(self.endpoint.line.as_ref().map_or(0, |line| line.damaged), 0, "damaged frames");
        (status, Log { name: self.name.clone(), text })
    }

    fn signal(&self, signal: &str) {
        self.guest.send(&format!("signal {} {signal}\n", self.name));
    }

    /// Waits until IP and IPv6 may flow, with what was asked for.
    fn network(&mut self) {
        let console = self.guest.console().clone();
        let lines = ["ip-up", "ipv6-up"].map(|script| format!("{} {script}", self.name));
        // On a busy machine pppd repeats a request that was answered, and for a moment it is down again.
        self.until("IP and IPv6", |endpoint| {
            let is_up = endpoint.link.ip().is_some() && endpoint.link.ipv6().is_some();
            is_up && lines.iter().all(|line| console.find(line).is_some())
        });
        let (own, theirs) = addresses(self.number);
        let ip = self.endpoint.link.ip().unwrap();
        assert_eq!((ip.own_address, ip.peer_address), (Some(own), Some(theirs)));
        if self.role == Server {
            assert_eq!(ip.name_servers, NAME_SERVERS.map(Some));
        } else {
            assert_eq!(self.endpoint.peer_name.as_deref(), Some(NAME));
            assert!(self.endpoint.events.contains(&Event::PeerAuthenticated));
        }
    }

    /// Returns an Echo-Request of ICMP, and the kernel's reply, with so many bytes of data. The
    /// time it took.
    fn ping(&mut self, bytes: usize) -> Duration {
        let (own, theirs) = addresses(self.number);
        let data: Vec<u8> = (0..bytes).map(|number| number as u8).collect();
        let mut packet = Vec::new();
        let builder = PacketBuilder::ipv4(own.octets(), theirs.octets(), 64).icmpv4_echo_request(7, bytes as u16);
        builder.write(&mut packet, &data).unwrap();
        // RFC 792: the reply has the addresses the other way round, type 0, and the same identifier, number and data.
        self.exchange(Protocol::IP, &packet, &move |reply| {
            reply.len() == 28 + bytes
                && reply[12..20] == [theirs.octets(), own.octets()].concat()
                && (reply[9], reply[20], reply[21]) == (1, 0, 0)
                && reply[24..28] == [0, 7, (bytes >> 8) as u8, bytes as u8]
                && reply[28..] == data
        })
    }

    /// Returns the same in IPv6.
    fn ping_ipv6(&mut self, bytes: usize) -> Duration {
        let agreed = self.endpoint.link.ipv6().unwrap();
        let [own, theirs] = [agreed.own, agreed.peer].map(|identifier| identifier.unwrap().link_local().octets());
        let data: Vec<u8> = (0..bytes).map(|number| number as u8).collect();
        let mut packet = Vec::new();
        PacketBuilder::ipv6(own, theirs, 64).icmpv6_echo_request(7, 1).write(&mut packet, &data).unwrap();
        // RFC 4443 section 4.2.
        self.exchange(Protocol::IPV6, &packet, &move |reply| {
            reply.len() == 48 + bytes
                && reply[8..40] == [theirs, own].concat()
                && reply[40..42] == [129, 0]
                && reply[44..48] == [0, 7, 0, 1]
                && reply[48..] == data
        })
    }

    fn exchange(&mut self, protocol: Protocol, packet: &[u8], is_reply: &dyn Fn(&[u8]) -> bool) -> Duration {
        let begin = clock();
        self.endpoint.send(protocol, packet);
        self.until("reply", |endpoint| {
            // The kernel has more to say, such as what its IPv6 neighbours are asked.
            let packets = std::mem::take(&mut endpoint.packets);
            packets.iter().any(|(found, packet)| *found == protocol && is_reply(packet))
        });
        begin.elapsed()
    }

    /// Waits until the link has ended. Why.
    fn closed(&mut self) -> Reason {
        self.until("end of the link", |endpoint| endpoint.reason().is_some());
        self.endpoint.reason().unwrap()
    }
}

/// The output of pppd.
struct Log {
    name: String,
    text: String,
}

impl Log {
    #[track_caller]
    fn expect(&self, line: &str) {
        let Self { name, text } = self;
        assert!(text.lines().any(|found| found.contains(line)), "{name}: no {line:?} in pppd's log:\n{text}");
    }

    /// Returns what is behind these words, in the first line that begins with them.
    #[track_caller]
    fn after(&self, beginning: &str) -> &str {
        let Self { name, text } = self;
        let line = text.lines().find_map(|line| line.strip_prefix(beginning));
        line.unwrap_or_else(|| panic!("{name}: no {beginning:?} in pppd's log:\n{text}"))
    }
}

#[expect(clippy::disallowed_methods, reason = "real programs have the real time")]
fn clock() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "real programs take real time")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

fn link_local(identifier: Option<InterfaceIdentifier>) -> Ipv6Addr {
    identifier.unwrap().link_local()
}

/// Returns the whole way: addresses, name servers and identifiers on both sides, and packets of
/// both sizes and protocols. Then the end, from one side.
fn whole_session(call: &mut Call<'_>, we_end: bool) -> String {
    call.network();
    let times = [call.ping(56), call.ping(1400), call.ping_ipv6(56)];
    let ipv6 = call.endpoint.link.ipv6().unwrap();
    if we_end {
        call.endpoint.close();
    } else {
        call.signal("TERM");
    }
    let reason = call.closed();
    let (status, log) = call.ended();
    if we_end {
        assert_eq!(reason, Reason::Closed);
        log.expect("LCP terminated by peer");
        log.expect("rcvd [LCP TermReq");
    } else {
        assert_eq!(reason, user_request());
        log.expect("Terminating on signal 15");
        log.expect("rcvd [LCP TermAck");
        assert_eq!(status, 5, "asked to end");
    }
    let (own, theirs) = addresses(call.number);
    assert_eq!(log.after("local  IP address "), theirs.to_string());
    assert_eq!(log.after("remote IP address "), own.to_string());
    // pppd writes all four digits of each group.
    assert_eq!(log.after("local  LL address ").parse(), Ok(link_local(ipv6.peer)));
    assert_eq!(log.after("remote LL address ").parse(), Ok(link_local(ipv6.own)));
    if call.role == Client {
        assert_eq!(log.after("primary   DNS address "), NAME_SERVERS[0].to_string());
        assert_eq!(log.after("secondary DNS address "), NAME_SERVERS[1].to_string());
    }
    format!("{reason}; pppd: {status}; pings {}", in_milliseconds(&times))
}

fn in_milliseconds(times: &[Duration]) -> String {
    let times: Vec<_> = times.iter().map(|time| format!("{:.1}", time.as_secs_f64() * 1e3)).collect();
    times.join(", ") + " ms"
}

/// Returns the end by a Terminate-Request of pppd with this text.
fn pppd_says(text: &[u8]) -> Reason {
    Reason::PeerClosed { error: None, words: Words::new(text) }
}

/// Returns the reason that pppd gives when it gets a signal, and nothing is encrypted.
fn user_request() -> Reason {
    pppd_says(b"User request")
}

/// Runs a call with a wrong password on one side.
fn wrong_password(call: &mut Call<'_>) -> String {
    let method = call.method;
    let code = method.has_keys().then_some(691);
    let reason = call.closed();
    let (status, log) = call.ended();
    let failure = match call.role {
        Server => {
            // pppd's own words: its log has them as well.
            let Reason::Authentication(Failure::Refused { words, .. }) = reason else {
                panic!("{reason}:\n{}", log.text)
            };
            // Version 1 of MS-CHAP has no text, nor has EAP's own Failure; pppd logs no text of EAP.
            if method != Method::EapMsChapV2 {
                log.expect(&words.to_string());
                assert_eq!(words.is_empty(), matches!(method, Method::MsChapV1 | Method::Eap), "{words:?}");
            }
            Failure::Refused { method, code, words }
        }
        Client => Failure::RefusedPeer { method, code },
    };
    assert_eq!(reason, Reason::Authentication(failure), "{}", log.text);
    assert_eq!(reason.windows_error(), Some(691));
    assert!(!call.endpoint.events.iter().any(|event| matches!(event, Event::IpUp(_) | Event::PeerAuthenticated)));
    match call.role {
        Server => {
            log.expect(match method {
                Method::Pap => "peer authentication failed for alice",
                Method::Eap => "EAP",
                Method::EapMsChapV2 => "EAP: MSCHAPv2 failure for peer alice",
                _ => "Peer alice failed",
            });
            assert_eq!(status, 11, "the peer has failed:\n{}", log.text);
        }
        Client => assert_eq!(status, 19, "authentication failed:\n{}", log.text),
    }
    format!("{reason}; Windows {}; pppd: {status}", reason.windows_error().unwrap())
}

/// Returns both sides ask for echoes, and get them.
fn echoes(call: &mut Call<'_>) -> String {
    call.network();
    call.until("echoes", |endpoint| endpoint.link.echo_statistics().received >= 4 && endpoint.echoes_answered >= 4);
    let statistics = *call.endpoint.link.echo_statistics();
    let answered = call.endpoint.echoes_answered;
    call.signal("TERM");
    let reason = call.closed();
    let (_, log) = call.ended();
    assert_eq!((statistics.lost, reason), (0, user_request()));
    // pppd shows the first of many, and would have gone after two that were not answered.
    log.expect("sent [LCP EchoReq");
    log.expect("rcvd [LCP EchoRep");
    let trip = in_milliseconds(&[statistics.shortest_round_trip.unwrap()]);
    format!("{} answered by pppd ({trip} at best), {answered} by us", statistics.received)
}

/// Stops pppd without a goodbye.
fn pppd_stops(call: &mut Call<'_>) -> String {
    call.network();
    call.signal("STOP");
    let reason = call.closed();
    assert_eq!((reason, reason.windows_error()), (Reason::PeerSilent, Some(721)));
    let statistics = *call.endpoint.link.echo_statistics();
    call.signal("CONT");
    let (status, log) = call.ended();
    log.expect("LCP terminated by peer");
    format!("{reason}; Windows 721; {} of {} echoes lost; pppd: {status}", statistics.lost, statistics.sent)
}

/// Stops our side without a goodbye.
fn we_stop(call: &mut Call<'_>) -> String {
    call.network();
    call.endpoint.is_dumb = true;
    let (status, log) = call.ended();
    log.expect("No response to 2 echo-requests");
    log.expect("Serial link appears to be disconnected");
    format!("pppd: {status}, no response to 2 echo-requests")
}

/// Closes the line under both.
fn line_is_lost(call: &mut Call<'_>) -> String {
    call.network();
    call.endpoint.hang_up();
    let reason = call.closed();
    let (status, log) = call.ended();
    assert_eq!((reason, reason.windows_error()), (Reason::LowerLayerDown, Some(619)));
    log.expect("Modem hangup");
    assert_eq!(status, 16, "hung up");
    format!("{reason}; Windows 619; pppd: {status}, Modem hangup")
}

/// Kills pppd, and the device that it was on goes with it.
fn pppd_is_killed(call: &mut Call<'_>) -> String {
    call.network();
    call.signal("KILL");
    let reason = call.closed();
    assert_eq!(reason, Reason::LowerLayerDown);
    let (status, _) = call.ended();
    format!("{reason}; pppd: {status}")
}

/// Returns each direction escapes the control characters that its receiver has named, and no others
/// (RFC 1662 section 7.1).
fn control_characters(call: &mut Call<'_>, pppd: u32, own: u32) -> String {
    call.network();
    let time = call.ping(1400);
    let lcp = call.endpoint.link.lcp();
    assert_eq!((lcp.sending().control_characters, lcp.receiving().control_characters), (pppd, own));
    // All bytes were in the packet, so all control characters that nobody named have gone without an escape.
    assert_eq!(call.endpoint.line.as_ref().unwrap().bare, (!pppd, !own));
    call.endpoint.close();
    let reason = call.closed();
    let _ = call.ended();
    format!("escaped: {pppd:08x} to pppd, {own:08x} from it; ping {}; {reason}", in_milliseconds(&[time]))
}

/// Runs a call in which both sides encrypt all packets.
fn encrypted(call: &mut Call<'_>, strength: MicrosoftCompression, we_end: bool) -> String {
    call.network();
    let agreed = call.endpoint.link.compression().unwrap();
    let expected = strength.union(MicrosoftCompression::STATELESS);
    assert_eq!((agreed.send, agreed.receive), (expected, expected));
    let times = [call.ping(56), call.ping(1400), call.ping_ipv6(56)];
    for _ in 0..20 {
        let _ = call.ping(400);
    }
    let (sent, received) = call.endpoint.encrypted;
    assert!(sent == 23 && received >= 23, "{sent} sent, {received} received");
    // A request that was repeated at once, when the peer began, may have a second answer.
    let refused = call.endpoint.refused.iter().filter(|text| *text != "the packet answers nothing that was asked");
    assert_eq!(refused.count(), 0, "{:?}", call.endpoint.refused);
    if we_end {
        call.endpoint.close();
    } else {
        call.signal("TERM");
    }
    let reason = call.closed();
    let (status, log) = call.ended();
    // pppd closes CCP first, and gives its end as the reason.
    assert_eq!(reason, if we_end { Reason::Closed } else { pppd_says(b"MPPE disabled") });
    let bits = if strength == MicrosoftCompression::MPPE_128 { 128 } else { 40 };
    log.expect(&format!("MPPE {bits}-bit stateless compression enabled"));
    let times = in_milliseconds(&times);
    format!("{}: {sent} sent, {received} received; pings {times}; {reason}; pppd: {status}", agreed.send)
}

/// Runs a call without an encryption that both can do, which we require.
fn no_common_encryption(call: &mut Call<'_>) -> String {
    let reason = call.closed();
    let (status, log) = call.ended();
    assert!(matches!(reason, Reason::EncryptionRequired { .. }), "{reason}:\n{}", log.text);
    assert_eq!(reason.windows_error(), Some(742));
    format!("{reason}; Windows 742; pppd: {status}")
}

fn slow_echoes(config: Config) -> Config {
    config.with_keepalive(Keepalive::new(Duration::from_secs(1)).with_adaptive(false))
}

fn fast_echoes(config: Config) -> Config {
    config.with_keepalive(Keepalive::new(Duration::from_millis(300)).with_adaptive(false))
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for method in METHODS {
        for role in [Server, Client] {
            for we_end in [true, false] {
                let what = if we_end { "whole session, we end" } else { "whole session, pppd ends" };
                cases.push(Case::new(what, method, role, move |call| whole_session(call, we_end)));
            }
            // The client has the wrong one.
            let case = Case::new("wrong password", method, role, wrong_password);
            cases.push(match role {
                Server => case.with_password(WRONG),
                Client => case.with_options(&format!("password {WRONG}")),
            });
        }
    }
    let (v1, v2) = (Method::MsChapV1, Method::MsChapV2);
    for role in [Server, Client] {
        for we_end in [true, false] {
            let what = if we_end { "pty and TCP, we end" } else { "pty and TCP, pppd ends" };
            cases.push(Case::new(what, v2, role, move |call| whole_session(call, we_end)).over_tcp());
        }
        let echo = "lcp-echo-interval 1 lcp-echo-failure 2";
        cases.push(Case::new("echoes both ways", v2, role, echoes).with_options(echo).with_change(slow_echoes));
        cases.push(Case::new("pppd falls silent", v2, role, pppd_stops).with_change(fast_echoes));
        cases.push(Case::new("we fall silent", v2, role, we_stop).with_options(echo));
        cases.push(Case::new("the line is lost", v2, role, line_is_lost).over_tcp());
        cases.push(Case::new("pppd is killed", v2, role, pppd_is_killed).over_tcp());
    }
    cases.extend(cases_of_control_characters());
    for (method, strength, options) in [
        (v2, MicrosoftCompression::MPPE_128, "require-mppe-128"),
        (v2, MicrosoftCompression::MPPE_40, "require-mppe-40"),
        (v1, MicrosoftCompression::MPPE_128, "require-mppe-128"),
        (Method::EapMsChapV2, MicrosoftCompression::MPPE_128, "require-mppe-128"),
    ] {
        for (role, we_end) in [(Server, true), (Client, false)] {
            let what = if we_end { "MPPE, we end" } else { "MPPE, pppd ends" };
            let case = Case::new(what, method, role, move |call| encrypted(call, strength, we_end));
            let change: fn(Config) -> Config = if strength == MicrosoftCompression::MPPE_128 {
                |config| config.with_ccp(ccp::Config::default())
            } else {
                |config| config.with_ccp(ccp::Config::default().with_strengths(MicrosoftCompression::MPPE_40))
            };
            cases.push(case.with_options(options).with_change(change));
        }
    }
    for (role, options) in
        [(Server, "noccp"), (Client, "noccp"), (Server, "require-mppe-40"), (Client, "require-mppe-40")]
    {
        let case = Case::new("no common encryption", v2, role, no_common_encryption).with_options(options);
        cases.push(case.with_change(|config| config.with_ccp(ccp::Config::default())));
    }
    // A guest has 64 serial lines, which the first calls take.
    cases.sort_by_key(|case| case.over_tcp);
    cases
}

fn cases_of_control_characters() -> Vec<Case> {
    let mut cases = Vec::new();
    for role in [Server, Client] {
        let case = |pppd: u32, own: u32| {
            let act = move |call: &mut Call<'_>| control_characters(call, pppd, own);
            let options = if pppd == u32::MAX { "default-asyncmap".into() } else { format!("asyncmap {pppd:x}") };
            Case::new("control characters", Method::ChapMd5, role, act).with_options(&options)
        };
        cases.push(case(u32::MAX, u32::MAX));
        cases.push(case(0, 0).with_control_characters(0));
        // XON and XOFF, as serial lines with software flow control have it.
        cases.push(case(0x000a_0000, 0xffff_0000).with_control_characters(0xffff_0000));
    }
    cases
}

#[test]
fn real_pppd() {
    if !uml::has_programs("pppd", &["pppd"]) || !uml::is_available("pppd") {
        return;
    }
    let begin = clock();
    let cases = cases();
    let network = Network::new();
    network.add_tap("tap0", HOST);
    let terminals: Vec<_> = cases.iter().map(|_| Terminal::new()).collect();
    let config = uml::Config::new(LINES).with_card(&network, "tap0", GUEST).with_longest_life(LONGEST);
    let lines = cases.iter().zip(&terminals).filter(|(case, _)| !case.over_tcp).map(|(_, terminal)| terminal);
    let guest = Guest::boot(lines.fold(config, uml::Config::with_line));
    let _ = guest.wait_for("READY", PATIENCE);
    let booted = begin.elapsed();

    let waiting: Mutex<VecDeque<_>> = Mutex::new(cases.iter().zip(terminals).enumerate().collect());
    let rows = Mutex::new(Vec::new());
    let work = || loop {
        let Some((number, (case, terminal))) = waiting.lock().unwrap().pop_front() else { return };
        let begin = clock();
        let told = case.run(&guest, &network, number, terminal);
        rows.lock().unwrap().push((number, begin.elapsed(), told));
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(work);
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort();
    let mut table = format!("{:<26}{:<12}{:<8}{:>8}\n", "pppd", "method", "it is", "ms");
    for (number, time, told) in rows {
        let Case { what, method, role, .. } = &cases[number];
        let role = if *role == Server { "server" } else { "client" };
        table += &format!("{what:<26}{:<12}{role:<8}{:>8}  {told}\n", method.to_string(), time.as_millis());
    }
    let (boot, all) = (booted.as_millis(), begin.elapsed().as_millis());
    say!("{table}{} calls; boot {boot} ms, all {all} ms", cases.len());
}
