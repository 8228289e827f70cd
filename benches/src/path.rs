//! The whole path of a data packet: IP in, GRE out, and at the other end IP again; beside its cipher alone.

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::time::Duration;

use mppe::{Config, Decryptor, Encryptor, Mode, StartKey, Strength};
use pptp::ppp::auth::Answer;
use pptp::session::{self, Event, HEADROOM, MAX_RECEIVE};
use pptp::wire::connection::CallId;
use pptp::{client, server};

use crate::ratio::Group;

/// Packets of one call of the work.
const PACKETS: u32 = 64;
/// The time between two of them.
const PACE: Duration = Duration::from_micros(10);

/// Everything but the cipher takes at most a twentieth of it.
const GOAL: f64 = 1.0 / 1.05;

/// All groups; a unit is a packet, there and decrypted.
#[must_use]
pub fn groups() -> Vec<Group> {
    [64, 512, 1400].map(group).into()
}

fn group(length: usize) -> Group {
    Group::new(format!("whole path, {length} octets"), PACKETS)
        .with("cipher: encrypt and decrypt", cipher(length))
        .with("path: send_ip and handle_gre", path(length))
        .goal("path: send_ip and handle_gre", "cipher: encrypt and decrypt", GOAL)
}

/// An IPv4 packet, with the length that its header says.
fn ip(length: usize) -> Vec<u8> {
    let mut packet = vec![0x5a; length];
    let total = u16::try_from(length).expect("a short packet").to_be_bytes();
    packet[..4].copy_from_slice(&[0x45, 0, total[0], total[1]]);
    packet
}

fn cipher(length: usize) -> impl FnMut() {
    let start = StartKey::from_octets(Strength::Bits128, [7; 16]);
    let config = Config::new(Mode::Stateless);
    let (mut encryptor, mut decryptor) = (Encryptor::new(&start, &config), Decryptor::new(&start, &config));
    let mut buf = vec![0, 0, 0x00, 0x21];
    buf.extend(ip(length));
    move || {
        for _ in 0..PACKETS {
            let end = buf.len();
            black_box(encryptor.encrypt_in_place(black_box(&mut buf), 2..end).is_ok());
            assert!(decryptor.decrypt(black_box(&mut buf)).is_ok());
        }
    }
}

fn path(length: usize) -> impl FnMut() {
    let mut ends = Ends::new();
    let mut buf = vec![0; HEADROOM];
    buf.extend(ip(length));
    let mut waiting = vec![0; MAX_RECEIVE];
    move || {
        for _ in 0..PACKETS {
            ends.now += PACE;
            let now = ends.now;
            let packet = ends.client.send_ip(now, black_box(&mut buf)).expect("it is connected").len();
            // The packet lies at the end of the buffer, and what comes out of it is where it was.
            let start = buf.len() - packet;
            let (_, received) = ends.server.handle_gre(now, black_box(&mut buf[start..])).expect("a good packet");
            assert_eq!(received.ip().map(<[u8]>::len), Some(length));
            // As a program does after each packet.
            assert!(ends.server.poll_receive(now, &mut waiting).expect("room").is_none());
        }
        ends.settle();
    }
}

/// A client and a server whose call is up.
struct Ends {
    now: Duration,
    client: client::Session,
    server: server::Session,
    call: Option<CallId>,
}

impl Ends {
    fn new() -> Self {
        let config = session::Config::strict();
        let client = client::Config::new("alice", "wonderland").with_session(config);
        let server = server::Config::new(Ipv4Addr::new(10, 0, 0, 1))
            .with_session(config)
            .with_client_address(Ipv4Addr::new(10, 0, 0, 2));
        let (client, server) = (client::Session::new(&client, [1; 32]), server::Session::new(&server, [2; 32]));
        let mut ends = Self { now: Duration::ZERO, client, server, call: None };
        ends.client.open(ends.now);
        ends.server.open(ends.now);
        while ends.client.ip().is_none() {
            ends.settle();
        }
        ends.settle();
        ends
    }

    /// Carries everything that is no data.
    fn settle(&mut self) {
        let now = self.now;
        let mut buf = vec![0; session::MAX_TRANSMIT];
        self.client.handle_timeout(now);
        self.server.handle_timeout(now);
        while let Some(octets) = self.client.poll_control(now, &mut buf).expect("room") {
            self.server.handle_stream(now, octets);
        }
        while let Some(octets) = self.server.poll_control(now, &mut buf).expect("room") {
            self.client.handle_stream(now, octets);
        }
        while let Some(packet) = self.client.poll_tunnel(now, &mut buf).expect("room") {
            let mut packet = packet.to_vec();
            assert!(self.server.handle_gre(now, &mut packet).is_ok());
        }
        while let Some(packet) = self.server.poll_tunnel(now, &mut buf).expect("room") {
            let mut packet = packet.to_vec();
            assert!(self.client.handle_gre(now, &mut packet).is_ok());
        }
        while self.client.poll_event().is_some() {}
        while let Some(event) = self.server.poll_event() {
            if let server::Event::Call { call, event: Event::Authenticate(question) } = event {
                self.call = Some(call);
                let answer = Answer::Password(b"wonderland");
                self.server.answer(now, call, question.ticket(), &answer).expect("it was asked");
            }
        }
    }
}
