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
        clippy::integer_division,
        clippy::print_stdout,
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
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::{Duration, Instant};

    use pptp::ppp::auth::Answer;
    use pptp::ppp_session::Event as Ppp;
    use pptp::server::{self, ConnectionId, Limits, Server};
    use pptp::session::{CallEvent, Event, MAX_RECEIVE, MAX_TRANSMIT};
    use pptp_interop::crowd::{Crowd, PATIENCE, USER, client, own_address};

    /// A call that takes longer is a straggler.
    const SLOW: Duration = Duration::from_secs(1);

    pub(crate) fn main() {
        let arguments: Vec<_> = std::env::args().skip(1).collect();
        match &arguments[..] {
            [count] => println!("{:.0}", in_memory(count.parse().unwrap())),
            [count, at_a_time, own, server] => {
                let (own, server) = (own.parse().unwrap(), server.parse().unwrap());
                let (mut crowd, count) = (Crowd::new(own, server), count.parse().unwrap());
                let took = crowd.call(count, at_a_time.parse().unwrap());
                let times = || crowd.callers().iter().filter_map(|caller| caller.up);
                let slowest = times().max().unwrap_or_default().as_millis();
                let stragglers = times().filter(|time| *time > SLOW).count();
                println!("{:.0} {slowest} {stragglers}", rate(count, took));
            }
            _ => println!("logins COUNT [AT-A-TIME OWN SERVER]"),
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
        while own_address(&client).is_none() {
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
