//! How the end of a call is told: the reason that says most, and the counters to the last.

#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::wildcard_enum_match_arm, reason = "what else there is does not matter here")]

use core::net::Ipv4Addr;
use core::time::Duration;

use pptp::ppp::auth::Answer;
use pptp::ppp::link;
use pptp::session::{Event, MAX_TRANSMIT, Reason, Status};
use pptp::{client, server};

/// A client and its server, which carry what the other sends.
struct Pair {
    client: client::Session,
    server: server::Session,
    /// What the client was told.
    told: Vec<Event>,
    /// What the server was told of its call.
    heard: Vec<Event>,
}

const NOW: Duration = Duration::ZERO;

impl Pair {
    fn new(password: &str) -> Self {
        let mut client = client::Session::new(&client::Config::new("alice", password), [1; 32]);
        let mut server = server::Session::new(&server::Config::new(Ipv4Addr::new(10, 0, 0, 1)), [2; 32]);
        client.open(NOW);
        server.open(NOW);
        Self { client, server, told: Vec::new(), heard: Vec::new() }
    }

    /// Until nobody has anything to say. The tunnel is the faster way.
    fn settle(&mut self) {
        let Self { client, server, told, heard } = self;
        let mut buf = [0; MAX_TRANSMIT];
        loop {
            let mut is_quiet = true;
            while let Some(packet) = client.poll_tunnel(NOW, &mut buf).unwrap() {
                is_quiet = false;
                // At the end a packet may come too late.
                let _ = server.handle_gre(NOW, &mut packet.to_vec());
            }
            while let Some(packet) = server.poll_tunnel(NOW, &mut buf).unwrap() {
                is_quiet = false;
                let _ = client.handle_gre(NOW, &mut packet.to_vec());
            }
            while let Some(octets) = client.poll_control(NOW, &mut buf).unwrap() {
                is_quiet = false;
                assert_eq!(server.handle_stream(NOW, octets), octets.len());
            }
            while let Some(octets) = server.poll_control(NOW, &mut buf).unwrap() {
                is_quiet = false;
                assert_eq!(client.handle_stream(NOW, octets), octets.len());
            }
            while let Some(event) = client.poll_event() {
                is_quiet = false;
                told.push(event);
            }
            while let Some(event) = server.poll_event() {
                is_quiet = false;
                let server::Event::Call { call, event } = event else { continue };
                heard.push(event);
                match event {
                    Event::Authenticate(question) => {
                        server.assign_address(call, Ipv4Addr::new(10, 0, 0, 2));
                        server.answer(NOW, call, question.ticket(), &Answer::Password(b"wonderland")).unwrap();
                    }
                    // It is over, and can be looked at once more.
                    Event::Closed(_) => {
                        assert_eq!(server.status(call), Some(Status::Terminated));
                        let statistics = server.statistics(call).unwrap();
                        assert!(statistics.tunnel.packets_received > 3, "{statistics:?}");
                        let report = server.session_report(NOW, call).unwrap().to_string();
                        assert!(report.starts_with(&format!("Call id {call} is up")), "{report}");
                        let status = server.call_status(NOW, call).unwrap();
                        assert_eq!(status.to_string(), "  status: Terminated");
                        let _ = server.poll_event();
                        assert!(server.statistics(call).is_none());
                    }
                    _ => {}
                }
            }
            if is_quiet {
                break;
            }
        }
    }

    fn ends(&self) -> [Option<Reason>; 2] {
        [&self.told, &self.heard].map(|events| match events.last() {
            Some(Event::Closed(reason)) => Some(*reason),
            _ => None,
        })
    }
}

/// The client terminates LCP, which takes the server a restart time-out to see the end of; the call is cleared before.
#[test]
fn a_hang_up_is_one_although_the_call_is_cleared_before_the_link_is_down() {
    let mut pair = Pair::new("wonderland");
    pair.settle();
    assert!(pair.client.ip().is_some());
    let call = pair.server.calls().next().unwrap();
    let status = pair.server.call_status(NOW, call).unwrap();
    assert_eq!(status, pair.client.status(NOW));
    assert_eq!(status.to_string(), "  uptime: 0s\n  encoding: MPPE 128 bit, stateless\n  status: Connected");

    pair.client.close(NOW);
    pair.settle();
    let hang_up = Reason::Link(link::Reason::PeerClosed { error: None });
    assert_eq!(pair.ends(), [Some(Reason::Closed), Some(hang_up)]);
}

#[test]
fn a_wrong_password_is_told_although_the_server_ends_the_call() {
    let mut pair = Pair::new("looking-glass");
    pair.settle();
    let [client, server] = pair.ends().map(|reason| reason.unwrap());
    assert_eq!(client.to_string(), "the peer refused our authentication by MS-CHAP-V2, error 691");
    assert_eq!(server.to_string(), "we refused the peer's authentication by MS-CHAP-V2, error 691");
}
