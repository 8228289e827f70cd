//! A client and a server's session without a network between them: what one sends, the other one has at once.

use std::net::Ipv4Addr;
use std::time::Duration;

use pptp::client;
use pptp::ppp::auth::Answer;
use pptp::server::{self, Session};
use pptp::session::{Event, HEADROOM, MAX_RECEIVE, Received};
use pptp::wire::connection::CallId;

/// Whatever has the server's session.
pub(crate) trait Peer {
    fn with<R>(&mut self, command: impl FnOnce(&mut Session) -> R) -> R;
    fn handle_stream(&mut self, now: Duration, octets: &[u8]) -> usize;
    fn handle_gre<R>(&mut self, now: Duration, packet: &mut [u8], take: impl FnOnce(Option<&[u8]>) -> R) -> R;
}

impl Peer for Session {
    fn with<R>(&mut self, command: impl FnOnce(&mut Session) -> R) -> R {
        command(self)
    }

    fn handle_stream(&mut self, now: Duration, octets: &[u8]) -> usize {
        Self::handle_stream(self, now, octets)
    }

    fn handle_gre<R>(&mut self, now: Duration, packet: &mut [u8], take: impl FnOnce(Option<&[u8]>) -> R) -> R {
        take(Self::handle_gre(self, now, packet).ok().as_ref().and_then(|(_, received)| received.ip()))
    }
}

/// Hands over what both have to send until neither has anything.
pub(crate) fn exchange(now: Duration, client: &mut client::Session, server: &mut impl Peer) {
    let mut buf = [0; MAX_RECEIVE];
    let mut is_any = true;
    while core::mem::take(&mut is_any) {
        while let Some(octets) = client.poll_control(now, &mut buf).unwrap() {
            assert_eq!(server.handle_stream(now, octets), octets.len());
            is_any = true;
        }
        while let Some(length) = server.with(|session| session.poll_control(now, &mut buf).unwrap().map(<[u8]>::len)) {
            assert_eq!(client.handle_stream(now, &buf[..length]), length);
            is_any = true;
        }
        while let Some(packet) = client.poll_tunnel(now, &mut buf).unwrap() {
            let mut packet = packet.to_vec();
            server.handle_gre(now, &mut packet, |_| ());
            is_any = true;
        }
        while let Some(mut packet) =
            server.with(|session| session.poll_tunnel(now, &mut buf).unwrap().map(<[u8]>::to_vec))
        {
            let _ = client.handle_gre(now, &mut packet);
            is_any = true;
        }
        while let Some(event) = client.poll_event() {
            assert!(!matches!(event, Event::Closed(_)), "{event:?}");
            is_any = true;
        }
        server.with(|session| {
            while let Some(event) = session.poll_event() {
                is_any = true;
                if let server::Event::Call { call, event: Event::Authenticate(question) } = event {
                    session.assign_address(call, Ipv4Addr::new(10, 0, 0, 2));
                    session.answer(now, call, question.ticket(), &Answer::Password(b"wonderland")).unwrap();
                }
            }
        });
    }
}

/// The call, once IP flows.
pub(crate) fn call_of(server: &mut impl Peer) -> CallId {
    server.with(|session| {
        let call = session.calls().next().unwrap();
        assert!(session.link(call).unwrap().ip().is_some());
        call
    })
}

/// An IP packet behind its headroom.
pub(crate) fn lay(buf: &mut [u8], mark: u8) {
    lay_with(buf, |place| mark.wrapping_add(u8::try_from(place % 7).unwrap()));
}

/// An IP packet of any contents behind its headroom.
pub(crate) fn lay_with(buf: &mut [u8], mut octet_at: impl FnMut(usize) -> u8) {
    let packet = &mut buf[HEADROOM..];
    let total = u16::try_from(packet.len()).unwrap().to_be_bytes();
    for (place, octet) in packet.iter_mut().enumerate() {
        *octet = octet_at(place);
    }
    packet[..4].copy_from_slice(&[0x45, 0, total[0], total[1]]);
}

/// Sends a packet from the client to the server.
pub(crate) fn to_server(now: Duration, client: &mut client::Session, server: &mut impl Peer, buf: &mut [u8]) -> bool {
    let Ok(packet) = client.send_ip(now, buf) else { return false };
    let length = packet.len();
    let mut copy = [0; 2048];
    copy[..length].copy_from_slice(packet);
    server.handle_gre(now, &mut copy[..length], |packet| packet.is_some())
}

/// Sends a packet from the server to the client.
pub(crate) fn to_client(
    now: Duration,
    client: &mut client::Session,
    server: &mut impl Peer,
    call: CallId,
    buf: &mut [u8],
) -> bool {
    let mut copy = [0; 2048];
    let length = server.with(|session| {
        let packet = session.send_ip(now, call, buf).unwrap();
        copy[..packet.len()].copy_from_slice(packet);
        packet.len()
    });
    matches!(client.handle_gre(now, &mut copy[..length]), Ok(Received::Ip(_)))
}
