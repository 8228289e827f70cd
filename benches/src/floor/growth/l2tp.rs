//! Many sessions of L2TP, version 2: a tunnel each.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use l2tp_session::client;
use l2tp_session::ppp_session::Event as PppEvent;
use l2tp_session::ppp_session::ppp::auth::Answer;
use l2tp_session::server::{Limits, Server};
use l2tp_session::session::{CallEvent, Config, Event, HEADROOM, MAX_RECEIVE, Session, SessionId};
use l2tp_session::wire::{Address, TunnelIds};
use pptp::ppp::ccp::Encryption;
use testing::l2tp::{ADDRESS, Outside, PASSWORD, client_config, server_config};

use super::{Data, EVENTS, PACKETS, index_from};
use crate::carrier::ip_behind;

/// When everybody is connected, and when each session sends a keepalive.
const QUIET: Duration = Duration::from_secs(20);
const LATER: Duration = Duration::from_secs(55);

pub(super) struct Crowd {
    now: Duration,
    server: Server,
    /// One with each kind of data, which send packets.
    senders: [(client::Session, Address); 2],
    /// Some that are closed.
    others: Vec<(client::Session, Address)>,
    packets: Vec<(Address, Vec<u8>)>,
    ends: Vec<(Address, Vec<u8>)>,
}

fn config(data: Data) -> Config {
    let encryption = if data == Data::Clear { Encryption::Refused } else { Encryption::Preferred };
    Config::strict("lab").with_ppp(|ppp| ppp.with_encryption(encryption))
}

/// Connects a client of this number.
fn connect(server: &mut Server, number: u32, data: Data) -> (client::Session, Address) {
    let peer = Address::udp(SocketAddr::new(IpAddr::V4(Ipv4Addr::from(0xc612_0000 + number)), 1701));
    let mut entropy = [0; 32];
    entropy[..4].copy_from_slice(&number.to_be_bytes());
    let ids = TunnelIds::new(entropy);
    entropy[31] = 1;
    let there = Outside::Udp.address(testing::SERVER);
    let mut client = client::Session::dial(&client_config(&config(data)), there, ids, entropy);
    let mut now = Duration::ZERO;
    client.open(now).expect("it is new");
    let (mut buf, mut is_up) = ([0; MAX_RECEIVE], false);
    loop {
        assert!(now < QUIET, "client {number} is not connected");
        let mut is_any = false;
        while let Some(packet) = client.poll_transmit(now, &mut buf).expect("room") {
            is_any = true;
            let mut packet = packet.payload.to_vec();
            server.handle_datagram(now, peer, &mut packet, &mut [0; MAX_RECEIVE]).expect("a good packet");
        }
        loop {
            let Some(mut session) = server.poll_ready() else { break };
            let mut packets = Vec::new();
            answer(now, &mut *session);
            while let Some(packet) = session.poll_transmit(now, &mut buf).expect("room") {
                packets.push(packet.payload.to_vec());
            }
            for mut packet in packets {
                is_any = true;
                client.handle_datagram(now, there, &mut packet, &mut [0; MAX_RECEIVE]).expect("a good packet");
            }
        }
        while let Some(event) = client.poll_event() {
            is_up |= matches!(event, Event::Call { event: CallEvent::Ppp(PppEvent::IpUp(_)), .. });
            is_any = true;
        }
        if is_any {
            continue;
        }
        if is_up {
            return (client, peer);
        }
        now = client.poll_timeout().expect("a deadline").min(server.poll_timeout().expect("a deadline")).max(now);
        client.handle_timeout(now);
        server.handle_timeout(now);
    }
}

/// Takes the events of a server's session, whose user knows the password.
fn answer<const N: usize>(now: Duration, session: &mut Session<N>) {
    while let Some(event) = session.poll_event() {
        if let Event::Call { call, event: CallEvent::Ppp(PppEvent::Authenticate(question)) } = event {
            let call: SessionId = call;
            let mut call = session.call_mut(call).expect("a call");
            call.assign_address(ADDRESS);
            call.answer(now, question.ticket(), &Answer::Password(PASSWORD.as_bytes())).expect("it was asked");
        }
    }
}

impl super::Crowd for Crowd {
    const NAME: &'static str = "L2TP";

    fn new(sessions: usize) -> Self {
        let limits = Limits::default().with_tunnels(sessions + 2).with_calls(sessions + 2);
        let mut server = Server::new(server_config(&config(Data::Encrypted)), limits, [9; 32]);
        let last = u32::try_from(sessions).expect("32 bits");
        let mut others = Vec::new();
        let mut senders = Vec::new();
        for number in 0..last {
            // The senders are in the middle of the addresses.
            let kind = [Data::Clear, Data::Encrypted].get(index_from(last / 2 - 1, number));
            let client = connect(&mut server, number, kind.copied().unwrap_or(Data::Clear));
            if kind.is_some() {
                senders.push(client);
            } else if others.len() < EVENTS {
                others.push(client);
            }
        }
        let senders = senders.try_into().expect("two");
        let mut crowd = Self { now: QUIET, server, senders, others, packets: Vec::new(), ends: Vec::new() };
        crowd.poll();
        crowd
    }

    fn make_packets(&mut self, data: Data) {
        self.packets.clear();
        let (client, peer) = &mut self.senders[usize::from(data == Data::Encrypted)];
        for _ in 0..PACKETS {
            let mut buf = ip_behind(HEADROOM, 64);
            let mut call = client.first_call_mut().expect("a call");
            self.packets.push((*peer, call.send_ip(self.now, &mut buf).expect("it is connected").payload.to_vec()));
        }
    }

    fn take_packets(&mut self) {
        let mut scratch = [0; MAX_RECEIVE];
        for (peer, packet) in &mut self.packets {
            let (_, received) =
                self.server.handle_datagram(self.now, *peer, packet, &mut scratch).expect("a good packet");
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
        let now = self.now;
        let clients = self.others.iter_mut().chain(&mut self.senders);
        for (client, peer) in clients.take(count) {
            client.close(now);
            let mut buf = [0; MAX_RECEIVE];
            while let Some(packet) = client.poll_transmit(now, &mut buf).expect("room") {
                self.ends.push((*peer, packet.payload.to_vec()));
            }
        }
    }

    fn take_ends(&mut self) -> usize {
        for (peer, packet) in &mut self.ends {
            let _ = self.server.handle_datagram(self.now, *peer, packet, &mut [0; MAX_RECEIVE]);
        }
        self.poll()
    }
}

impl Crowd {
    /// Polls all sessions that are ready, as a program does. Returns how many there were.
    fn poll(&mut self) -> usize {
        let (now, mut buf, mut count) = (self.now, [0; MAX_RECEIVE], 0);
        loop {
            let Some(mut session) = self.server.poll_ready() else { break };
            count += 1;
            while session.poll_event().is_some() {}
            while session.poll_transmit(now, &mut buf).expect("room").is_some() {}
            while session.poll_receive(now, &mut buf).expect("room").is_some() {}
            let (id, is_drained) = (session.id(), session.is_drained());
            drop(session);
            if is_drained {
                self.server.remove(now, id);
            }
        }
        count
    }
}
