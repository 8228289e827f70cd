//! Many sessions of PPTP.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use pptp::client;
use pptp::ppp::ccp::Encryption;
use pptp::server::{ConnectionId, Limits, Server};
use pptp::session::{Config, HEADROOM, MAX_RECEIVE};
use testing::pptp::{Guest, client_config, exchange, server_config};

use super::{Data, PACKETS, index_from};
use crate::carrier::ip_behind;

/// When everybody is connected, and when each session sends a keepalive.
const QUIET: Duration = Duration::from_secs(20);
const LATER: Duration = Duration::from_secs(55);

pub(super) struct Crowd {
    now: Duration,
    server: Server,
    /// One with each kind of data, which send packets.
    senders: [(client::Session, IpAddr); 2],
    packets: Vec<(IpAddr, Vec<u8>)>,
    ends: Vec<ConnectionId>,
}

fn config(data: Data) -> Config {
    let encryption = if data == Data::Clear { Encryption::Refused } else { Encryption::Preferred };
    Config::strict().with_ppp(|ppp| ppp.with_encryption(encryption))
}

/// Connects a client of this number.
fn connect(server: &mut Server, number: u32, data: Data) -> (client::Session, IpAddr) {
    let peer = IpAddr::V4(Ipv4Addr::from(0xc612_0000 + number));
    let mut entropy = [0; 32];
    entropy[..4].copy_from_slice(&number.to_be_bytes());
    let id = server.accept(Duration::ZERO, peer, entropy).expect("room");
    // Two ends of one link have different entropy, or it looks like a loop.
    entropy[31] = 1;
    let mut client = client::Session::new(&client_config(&config(data)), entropy);
    client.open(Duration::ZERO);
    exchange(Duration::ZERO, &mut client, &mut Guest { server, id, peer }, |_, _| ());
    (client, peer)
}

impl super::Crowd for Crowd {
    const NAME: &'static str = "PPTP";

    fn new(sessions: usize) -> Self {
        let limits = Limits::default().with_connections(sessions + 2).with_calls(sessions + 2);
        let mut server = Server::new(server_config(&config(Data::Encrypted)), limits);
        let last = u32::try_from(sessions).expect("32 bits");
        let mut senders = Vec::new();
        for number in 0..last {
            // The senders are in the middle of the addresses.
            let kind = [Data::Clear, Data::Encrypted].get(index_from(last / 2 - 1, number));
            let client = connect(&mut server, number, kind.copied().unwrap_or(Data::Clear));
            if kind.is_some() {
                senders.push(client);
            }
        }
        let senders = senders.try_into().expect("two");
        let mut crowd = Self { now: QUIET, server, senders, packets: Vec::new(), ends: Vec::new() };
        crowd.poll();
        crowd
    }

    fn make_packets(&mut self, data: Data) {
        self.packets.clear();
        let (client, peer) = &mut self.senders[usize::from(data == Data::Encrypted)];
        for _ in 0..PACKETS {
            let mut buf = ip_behind(HEADROOM, 64);
            let mut call = client.first_call_mut().expect("a call");
            self.packets.push((*peer, call.send_ip(self.now, &mut buf).expect("it is connected").to_vec()));
        }
    }

    fn take_packets(&mut self) {
        let mut scratch = [0; MAX_RECEIVE];
        for (peer, packet) in &mut self.packets {
            let (_, _, received) =
                self.server.handle_gre(self.now, *peer, packet, &mut scratch).expect("a good packet");
            assert!(received.ip().is_some());
        }
        self.poll();
    }

    fn pass_time(&mut self) -> usize {
        let to = if self.now == QUIET { QUIET + Duration::from_secs(1) } else { LATER };
        self.now = to;
        self.server.handle_timeout(to);
        self.poll()
    }

    fn make_ends(&mut self, count: usize) {
        self.ends = self.server.connections().take(count).collect();
    }

    fn take_ends(&mut self) -> usize {
        for id in &self.ends {
            self.server.handle_disconnect(self.now, *id);
        }
        self.poll()
    }
}

impl Crowd {
    /// Polls all sessions that are ready, as a program does. Returns how many there were.
    fn poll(&mut self) -> usize {
        let (now, mut buf, mut count) = (self.now, [0; MAX_RECEIVE], 0);
        while let Some(mut session) = self.server.poll_ready() {
            count += 1;
            while session.poll_event().is_some() {}
            while session.poll_control(now, &mut buf).expect("room").is_some() {}
            while session.poll_tunnel(now, &mut buf).expect("room").is_some() {}
            while session.poll_receive(now, &mut buf).expect("room").is_some() {}
            if session.is_closed() {
                session.remove();
            }
        }
        count
    }
}
