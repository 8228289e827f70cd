//! Users that a FreeRADIUS knows, and their accounts.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use l2tp_session::client::{Config, Session};
use l2tp_session::ppp_session::Client;
use l2tp_session::session::{self, MAX_TRANSMIT};
use l2tp_session::wire::{Address, TunnelIds};
use pptp_interop::freeradius::FreeRadius;
use pptp_interop::namespace::{clock, devices_and_routes, in_network, until};
use rustix::process::Signal;

use crate::{ANY, CLIENTS, PATIENCE, SECRET, SERVER, end, has, start_server};

const RADIUS_SECRET: &str = "a-secret-of-more-than-sixteen-bytes";
const ASKED: &str = "--radius 127.0.0.1:1812 --accounting 127.0.0.1:1813";
/// Each user has an address of its own; the time of alice is short.
const CONFIGURATION: &str = r#"
client test {
    ipaddr = 127.0.0.1
    secret = "SECRET"
    require_message_authenticator = yes
}
modules {
    mschap {
        require_encryption = yes
        require_strong = yes
    }
    eap {
        default_eap_type = md5
        md5 {
        }
    }
    always ok {
        rcode = ok
    }
}
server test {
    listen {
        type = auth
        ipaddr = 127.0.0.1
        port = 1812
    }
    listen {
        type = acct
        ipaddr = 127.0.0.1
        port = 1813
    }
    authorize {
        update reply {
            Message-Authenticator := 0x00
            Class := 0x616263
        }
        if (&User-Name == "alice") {
            update control {
                Cleartext-Password := "wonderland"
            }
            update reply {
                Framed-IP-Address := 10.99.0.73
                Session-Timeout := 5
            }
        }
        if (&User-Name == "bob") {
            update control {
                Cleartext-Password := "builder"
            }
            update reply {
                Framed-IP-Address := 10.99.0.72
                Framed-Route := "10.123.0.0/16 10.99.0.72 1"
                Framed-MTU := 1300
                MS-Primary-DNS-Server := 10.99.0.54
            }
        }
        if (&User-Name == "dave") {
            update control {
                Cleartext-Password := "open-the-door"
            }
            update reply {
                Framed-IP-Address := 10.99.0.74
                Idle-Timeout := 2
            }
        }
        if (&User-Name == "carol") {
            update control {
                Cleartext-Password := "looking-glass"
            }
            update reply {
                Framed-IP-Address := 10.99.0.71
            }
        }
        mschap
        eap
    }
    authenticate {
        eap
        Auth-Type MS-CHAP {
            mschap
        }
    }
    accounting {
        ok
    }
}
"#;

fn start_radius(case: &str) -> Option<FreeRadius> {
    let Some(freeradius) = FreeRadius::find() else {
        pptp_interop::say!("SKIPPED: {case}: no program `freeradius` (of Debian's package `freeradius`)");
        return None;
    };
    let text = CONFIGURATION.replace("SECRET", RADIUS_SECRET);
    let radius = in_network(Some(SERVER), || FreeRadius::start(&[], &freeradius, &text, |_, _| ()));
    Some(radius.expect("nobody else is in this network"))
}

/// Without the users of the file, who would come in when no server answers.
fn without_users() -> &'static str {
    ANY.split("[[user]]").next().unwrap()
}

/// Returns the last report of a session's end by its user.
fn stop(radius: &FreeRadius, user: &str) -> String {
    let mut found = None;
    let is_there = until(PATIENCE, || {
        let log = radius.log();
        let reports = log.split("Received Accounting-Request").filter(|report| {
            report.contains("Acct-Status-Type = Stop") && report.contains(&format!("User-Name = \"{user}\""))
        });
        found = reports.last().map(str::to_owned);
        found.is_some()
    });
    assert!(is_there, "no end of {user} in {}", radius.log());
    found.unwrap()
}

/// Returns the value of an attribute in a report.
fn value(report: &str, attribute: &str) -> String {
    // Each line has the number of its request in front.
    let found = report.lines().find_map(|line| line.split_once(&format!(" {attribute} = ")));
    found.unwrap_or_else(|| panic!("no {attribute} in {report}")).1.trim().to_owned()
}

pub fn accounts() {
    let Some(radius) = start_radius("accounts of L2TP") else { return };
    let asked = format!("{ASKED} --radius-secret {RADIUS_SECRET} --set radius.interim-interval=60");
    let server = start_server(without_users(), &asked);
    let [pptp, v2, v3] = &CLIENTS;
    let mut programs = [pptp.dial(), v2.dial()];
    for (program, address) in programs.iter().zip(["10.99.0.71", "10.99.0.72"]) {
        has(&program.output(), &[&format!("local-address: {address}")]);
    }
    programs[1].wait_for("dns: 10.99.0.54", PATIENCE);
    has(&server.output(), &["10.99.0.72, MTU 1300"]);
    let routes = in_network(Some(SERVER), devices_and_routes);
    assert!(routes.iter().any(|route| route == "route tun0 00007B0A 0000FFFF"), "{routes:?}");
    [pptp, v2].iter().for_each(|client| client.ping());
    assert!(until(PATIENCE, || radius.log().matches("Acct-Status-Type = Start").count() == 2), "{}", radius.log());
    // Session-Timeout.
    let begin = clock();
    let mut short = v3.dial();
    assert_eq!(short.wait(PATIENCE).code(), Some(8), "{}", short.output());
    assert!(begin.elapsed() >= Duration::from_secs(5), "{:?}", begin.elapsed());
    let report = stop(&radius, "alice");
    has(&report, &["Acct-Terminate-Cause = Session-Timeout", "Framed-IP-Address = 10.99.0.73"]);
    // Idle-Timeout: nothing goes through the call but PPP's own beginning.
    let secret = format!("{SECRET} --ip-protocol l2tp --digest sha");
    let mut idle = v3.start_with(&format!("--user dave --password open-the-door {secret}"));
    assert_eq!(idle.wait(PATIENCE).code(), Some(8), "{}", idle.output());
    has(&stop(&radius, "dave"), &["Acct-Terminate-Cause = Idle-Timeout", "Framed-IP-Address = 10.99.0.74"]);
    // Acct-Interim-Interval is a minute at least (RFC 2869 section 5.16).
    let is_reported = until(2 * PATIENCE, || radius.log().matches("Acct-Status-Type = Interim-Update").count() >= 2);
    assert!(is_reported, "{}", radius.log());
    for (client, program, user) in [(pptp, 0, "carol"), (v2, 1, "bob")] {
        let before = server.output().matches("counters").count();
        programs[program].signal(Signal::INT);
        assert_eq!(programs[program].wait(PATIENCE).code(), Some(0));
        assert!(until(PATIENCE, || server.output().matches("counters").count() > before));
        let report = stop(&radius, user);
        let output = server.output();
        let counters = &output[output.rfind("counters").unwrap()..];
        // The report is what the server says of the call.
        has(
            counters,
            &[&format!(
                "{} packets sent, {} received, {} bytes sent, {} received",
                value(&report, "Acct-Output-Packets"),
                value(&report, "Acct-Input-Packets"),
                value(&report, "Acct-Output-Octets"),
                value(&report, "Acct-Input-Octets"),
            )],
        );
        let tunnel = if client.protocol == "pptp" { "PPTP" } else { "L2TP" };
        has(
            &report,
            &[
                "Acct-Terminate-Cause = User-Request",
                "Class = 0x616263",
                "NAS-Port-Type = Virtual",
                &format!("Tunnel-Type:0 = {tunnel}"),
                "Tunnel-Medium-Type:0 = IPv4",
                &format!("Tunnel-Client-Endpoint:0 = \"{}\"", client.address()),
                &format!("Calling-Station-Id = \"{}\"", client.address()),
            ],
        );
    }
    // The question had the tunnel in it, too.
    let log = radius.log();
    let questions =
        log.split("Received Access-Request").skip(1).filter(|question| question.contains("Tunnel-Type:0 = L2TP"));
    assert!(questions.count() >= 2, "{log}");
    let mut wrong = v2.start_with(&format!("--user bob --password wrong {SECRET}"));
    assert_eq!(wrong.wait(PATIENCE).code(), Some(6), "{}", wrong.output());
    end(server, Signal::TERM);
}

pub fn eap() {
    let Some(_radius) = start_radius("EAP over L2TP") else { return };
    let eap = "--auth eap --mppe none";
    let server = start_server(without_users(), &format!("{ASKED} --radius-secret {RADIUS_SECRET} --radius-eap {eap}"));
    for client in &CLIENTS {
        let mut program = client.start(eap);
        program.wait_for("local-address: 10.99.0.7", PATIENCE);
        client.ping();
        end(program, Signal::INT);
        let arguments = client.arguments.replace("--password ", "--password not-");
        let secret = if client.protocol == "pptp" { "" } else { SECRET };
        let mut wrong = client.start_with(&format!("{arguments} {secret} {eap}"));
        assert_eq!(wrong.wait(PATIENCE).code(), Some(6), "{}", wrong.output());
    }
    end(server, Signal::TERM);
}

/// A server without secrets of tunnels.
const ONE_GROUP: &str = r#"
[vpdn-group.1]
accept-dialin = { protocol = "l2tp", virtual-template = "1" }
[virtual-template.1]
ip-address = "10.99.0.1"
"#;

/// RFC 1661 section 4.1: a Configure-Request of IPCP, once it is open, has IPCP alone begin again. The limits that RADIUS
/// has set with the authentication still hold.
pub fn ipcp_again() {
    let Some(radius) = start_radius("Framed-MTU when IPCP begins again") else { return };
    let server = start_server(ONE_GROUP, &format!("{ASKED} --radius-secret {RADIUS_SECRET}"));
    let mut client = LibraryClient::dial();
    let set = |count| server.output().matches("10.99.0.72, MTU 1300").count() == count;
    client.drive_until(|| set(1));
    client.repeat_ipcp();
    client.drive_until(|| set(2));
    assert!(!server.output().contains("MTU 14"), "{}", server.output());
    // Its log may be late.
    until(PATIENCE, || radius.log().contains("Acct-Status-Type = Start"));
    assert_eq!(radius.log().matches("Acct-Status-Type = Start").count(), 1, "{}", radius.log());
    end(server, Signal::TERM);
}

/// A client of the library, which bob uses.
struct LibraryClient {
    session: Session,
    socket: UdpSocket,
    begin: std::time::Instant,
    /// Its last Configure-Request of IPCP, with another identifier.
    request: Vec<u8>,
}

impl LibraryClient {
    fn dial() -> Self {
        let [_, client, _] = &CLIENTS;
        let server: SocketAddr = format!("172.16.{}.2:1701", client.subnet()).parse().unwrap();
        let socket = in_network(Some(client.network), || UdpSocket::bind("0.0.0.0:0").unwrap());
        socket.connect(server).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let config = Config::new(Client::new("bob", "builder"), session::Config::strict("lac"));
        let mut session = Session::dial(&config, Address::udp(server), TunnelIds::new([1; 32]), [2; 32]);
        let begin = clock();
        session.open(Duration::ZERO).unwrap();
        Self { session, socket, begin, request: Vec::new() }
    }

    /// Exchanges packets until it is so.
    #[track_caller]
    fn drive_until(&mut self, is_so: impl Fn() -> bool) {
        let (mut buf, mut packet, mut scratch) = ([0; MAX_TRANSMIT], [0; 2048], [0; 2048]);
        let deadline = clock() + PATIENCE;
        while !is_so() {
            assert!(clock() < deadline, "{:?}", self.session.reason());
            while self.session.poll_event().is_some() {}
            while let Some(sent) = self.session.poll_transmit(self.begin.elapsed(), &mut buf).unwrap() {
                self.socket.send(sent.payload).unwrap();
                // RFC 1332: the protocol, and code 1. The entropy leaves nothing else that looks so.
                if let Some(at) = sent.payload.windows(3).position(|bytes| bytes == [0x80, 0x21, 1]) {
                    self.request = sent.payload.to_vec();
                    // With the same identifier it would be a copy.
                    self.request[at + 3] ^= 0x80;
                }
            }
            if let Ok(length) = self.socket.recv(&mut packet) {
                let (now, server) = (self.begin.elapsed(), Address::udp(self.socket.peer_addr().unwrap()));
                // Nothing but PPP comes.
                let _ = self.session.handle_datagram(now, server, &mut packet[..length], &mut scratch);
            }
            self.session.handle_timeout(self.begin.elapsed());
        }
    }

    /// Sends its request once more.
    fn repeat_ipcp(&self) {
        assert!(!self.request.is_empty(), "no Configure-Request was seen");
        self.socket.send(&self.request).unwrap();
    }
}
