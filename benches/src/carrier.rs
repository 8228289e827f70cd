//! A client and a server of many, connected in memory, in each carrier: data goes from one to the other.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use l2tp_session::session::Config as L2tpConfig;
use l2tp_session::wire::Address;
use l2tp_session::wire::code::DataSequencing;
use l2tp_session::wire::header::CookieSize;
use l2tp_session::wire::tunnel::Versions;
use l2tp_session::{client as l2tp_client, server as l2tp_server};
use pptp::ppp::ccp::Encryption;
use pptp::server::{Limits, Server};
use pptp::{client, session};
use testing::l2tp::Outside;
use testing::pptp::{Guest, exchange};
use testing::{CLIENT, Profile};

/// The time between two packets.
const PACE: Duration = Duration::from_micros(10);
/// The time until a call is up, at the most.
const PATIENCE: Duration = Duration::from_secs(10);

/// Returns an IPv4 packet behind `headroom` bytes, with the length that its header says.
pub(crate) fn ip_behind(headroom: usize, length: usize) -> Vec<u8> {
    let mut buf = vec![0x5a; headroom + length];
    let total = u16::try_from(length).expect("a short packet").to_be_bytes();
    buf[headroom..][..4].copy_from_slice(&[0x45, 0, total[0], total[1]]);
    buf
}

/// A carrier whose client sends data to its server.
pub trait Carrier {
    /// Sends a packet, and has the server take it.
    fn carry(&mut self);
    /// Polls both, as their programs do after some packets.
    fn settle(&mut self);
}

/// A client and a server of PPTP.
#[derive(Debug)]
pub struct Pptp {
    now: Duration,
    client: client::Session,
    server: Server,
    peer: IpAddr,
    buf: Vec<u8>,
    scratch: Vec<u8>,
}

impl Pptp {
    /// Connects both, and sends IP packets of this length.
    #[must_use]
    pub fn new(config: &session::Config, length: usize) -> Self {
        let now = Duration::ZERO;
        let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
        let mut client = client::Session::new(&testing::pptp::client_config(config), [1; 32]);
        let mut server: Server = Server::new(testing::pptp::server_config(config), Limits::default());
        let id = server.accept(now, peer, [2; 32]).expect("an empty server");
        client.open(now);
        exchange(now, &mut client, &mut Guest { server: &mut server, id, peer }, |_, _| ());
        let buf = ip_behind(session::HEADROOM, length);
        Self { now, client, server, peer, buf, scratch: vec![0; session::MAX_RECEIVE] }
    }

    /// Connects both without a cipher.
    #[must_use]
    pub fn in_the_clear(length: usize) -> Self {
        let config = session::Config::strict().with_ppp(|ppp| ppp.with_encryption(Encryption::Refused));
        Self::new(&config, length)
    }
}

impl Carrier for Pptp {
    fn carry(&mut self) {
        self.now += PACE;
        let mut call = self.client.first_call_mut().expect("a call");
        let packet = call.send_ip(self.now, black_box(&mut self.buf)).expect("it is connected").len();
        // The packet lies at the end of the buffer, and what comes out of it is where it was.
        let start = self.buf.len() - packet;
        let packet = black_box(&mut self.buf[start..]);
        let (_, _, received) =
            self.server.handle_gre(self.now, self.peer, packet, &mut self.scratch).expect("a good packet");
        assert_eq!(received.ip().map(<[u8]>::len), Some(self.buf.len() - session::HEADROOM));
    }

    fn settle(&mut self) {
        let now = self.now;
        self.server.handle_timeout(now);
        self.client.handle_timeout(now);
        let scratch = &mut self.scratch;
        let mut answer = [0; 64];
        while let Some(mut session) = self.server.poll_ready() {
            assert!(session.poll_receive(now, scratch).expect("room").is_none());
            assert!(session.poll_event().is_none());
            while session.poll_control(now, scratch).expect("room").is_some() {}
            while let Some(packet) = session.poll_tunnel(now, scratch).expect("room") {
                let answer = &mut answer[..packet.len()];
                answer.copy_from_slice(packet);
                assert!(self.client.handle_gre(now, answer, &mut []).is_ok());
            }
        }
        while self.client.poll_control(now, scratch).expect("room").is_some() {}
        while self.client.poll_tunnel(now, scratch).expect("room").is_some() {}
        assert!(self.client.poll_receive(now, scratch).expect("room").is_none());
        assert!(self.client.poll_event().is_none());
    }
}

/// The data header of L2TP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "these are measured")]
pub enum Header {
    /// RFC 2661 section 3.1, with tunnel and session alone.
    V2,
    /// The same with Ns and Nr.
    V2Numbered,
    /// RFC 3931 section 4.1.1, over IP, with a cookie of eight bytes.
    V3Cookie,
}

/// A client and a server of L2TP.
#[derive(Debug)]
pub struct L2tp {
    now: Duration,
    client: l2tp_client::Session,
    server: l2tp_server::Server,
    peer: Address,
    buf: Vec<u8>,
    scratch: Vec<u8>,
}

impl L2tp {
    /// Connects both without a cipher, and sends IP packets of this length.
    #[must_use]
    pub fn in_the_clear(header: Header, length: usize) -> Self {
        let clear = L2tpConfig::strict("lab").with_ppp(|ppp| ppp.with_encryption(Encryption::Refused));
        let (config, outside) = match header {
            Header::V2 => (clear, Outside::Udp),
            Header::V2Numbered => (clear.with_terms(|terms| terms.with_sequencing(DataSequencing::ALL)), Outside::Udp),
            Header::V3Cookie => (
                clear
                    .with_tunnel(|tunnel| tunnel.with_versions(Versions::V3))
                    .with_terms(|terms| terms.with_cookie(CookieSize::Eight)),
                Outside::Ip,
            ),
        };
        let (client, server) = (testing::l2tp::client_config(&config), testing::l2tp::server_config(&config));
        let mut world = testing::l2tp::pair(1, Profile::DIRECT, outside, &client, &server);
        assert!(testing::l2tp::connect(&mut world, PATIENCE), "{header:?}");
        world.run(Duration::from_secs(1));
        Self {
            now: world.now,
            client: world.client.session,
            server: world.server.server,
            peer: outside.address(CLIENT),
            buf: ip_behind(l2tp_session::session::HEADROOM, length),
            scratch: vec![0; l2tp_session::session::MAX_RECEIVE],
        }
    }
}

impl Carrier for L2tp {
    fn carry(&mut self) {
        self.now += PACE;
        let mut call = self.client.first_call_mut().expect("a call");
        let packet = call.send_ip(self.now, black_box(&mut self.buf)).expect("it is connected").payload.len();
        let start = self.buf.len() - packet;
        let packet = black_box(&mut self.buf[start..]);
        let (_, received) =
            self.server.handle_datagram(self.now, self.peer, packet, &mut self.scratch).expect("a good packet");
        assert_eq!(received.ip().map(<[u8]>::len), Some(self.buf.len() - l2tp_session::session::HEADROOM));
    }

    fn settle(&mut self) {
        let now = self.now;
        self.server.handle_timeout(now);
        self.client.handle_timeout(now);
        let scratch = &mut self.scratch;
        while let Some(mut session) = self.server.poll_ready() {
            assert!(session.poll_receive(now, scratch).expect("room").is_none());
            assert!(session.poll_event().is_none());
            while session.poll_transmit(now, scratch).expect("room").is_some() {}
        }
        while self.client.poll_transmit(now, scratch).expect("room").is_some() {}
        assert!(self.client.poll_receive(now, scratch).expect("room").is_none());
        assert!(self.client.poll_event().is_none());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_carrier_carries() {
        let each: [Box<dyn Carrier>; 5] = [
            Box::new(Pptp::new(&session::Config::strict(), 64)),
            Box::new(Pptp::in_the_clear(1400)),
            Box::new(L2tp::in_the_clear(Header::V2, 64)),
            Box::new(L2tp::in_the_clear(Header::V2Numbered, 1400)),
            Box::new(L2tp::in_the_clear(Header::V3Cookie, 64)),
        ];
        for mut carrier in each {
            // Each packet is asserted to arrive; so many need acknowledgments.
            for _ in 0..100 {
                for _ in 0..16 {
                    carrier.carry();
                }
                carrier.settle();
            }
        }
    }
}
