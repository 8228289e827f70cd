//! A server over plain sockets: what a program has to bring. See the example `client`.
//!
//! It lets everybody in whose password is `wonderland`, and sends every IP packet back to its
//! sender. `vpdn-server` of the crate `vpdn` has raw sockets and a TUN device instead, and users,
//! RADIUS, limits, accounts.

#![expect(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a program, not a library")]
#![expect(clippy::print_stdout, reason = "a program, not a library")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use pptp::ppp::auth::Answer;
use pptp::ppp_session;
use pptp::server::{Config, ConnectionId, Limits, Server, Session};
use pptp::session::{CallEvent, Event, HEADROOM, MAX_RECEIVE, MAX_TRANSMIT, Received};
use pptp::wire::TCP_PORT;

#[expect(clippy::disallowed_methods, reason = "the crates have no clock, so a program has to have one")]
fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, TCP_PORT))?;
    listener.set_nonblocking(true)?;
    let gre = UdpSocket::bind((Ipv4Addr::LOCALHOST, TCP_PORT))?;
    // A real program waits for all its sockets at once.
    gre.set_read_timeout(Some(Duration::from_millis(5)))?;
    // Each call gets another address: here there is one, for one client at a time.
    let config = Config::new(Ipv4Addr::new(10, 0, 0, 1))
        .with_server(|server| server.with_client_address(Ipv4Addr::new(10, 0, 0, 2)));
    let mut server: Server = Server::new(config, Limits::default());
    let mut connections: BTreeMap<ConnectionId, TcpStream> = BTreeMap::new();
    // Of a raw socket, the address of the peer is enough; behind UDP each client has a port.
    let mut ports: BTreeMap<IpAddr, SocketAddr> = BTreeMap::new();
    let (start, mut packet, mut scratch) = (Instant::now(), [0; 2048], [0; MAX_RECEIVE]);
    println!("listening");
    loop {
        let now = start.elapsed();
        server.handle_timeout(now);
        if let Ok((tcp, peer)) = listener.accept() {
            tcp.set_nonblocking(true)?;
            let id = server.accept(now, peer.ip(), unpredictable()?)?;
            connections.insert(id, tcp);
        }
        if let Ok((length, peer)) = gre.recv_from(&mut packet) {
            ports.insert(peer.ip(), peer);
            let packet = packet.get_mut(..length).unwrap_or_default();
            let received = server.handle_gre(now, peer.ip(), packet, &mut scratch);
            let echo = match received {
                Ok((id, call, Received::Ip(ip))) => Some((id, call, [&[0; HEADROOM], ip].concat())),
                _ => None,
            };
            if let Some((id, call, mut buf)) = echo {
                let Some(mut session) = server.session_mut(id) else { continue };
                let Some(mut call) = session.call_mut(call) else { continue };
                gre.send_to(call.send_ip(now, &mut buf)?, peer)?;
            }
        }
        for (id, tcp) in &mut connections {
            // A client that sends and does not read is not read from: its bytes stay in the socket.
            let mut bytes = [0; Session::<4>::READ_LEN];
            while server.wants_read(*id) {
                match tcp.read(&mut bytes) {
                    Ok(length @ 1..) => {
                        server.handle_stream(now, *id, bytes.get(..length).unwrap_or_default());
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Ok(0) | Err(_) => server.handle_disconnect(now, *id),
                }
            }
        }
        // Those that have something to send or to say.
        while let Some(mut session) = server.poll_ready() {
            let (id, peer) = (session.id(), session.peer());
            while session.poll_receive(now, &mut scratch)?.is_some() {}
            while let Some(event) = session.poll_event() {
                println!("{peer}: {event:?}");
                if let Event::Call { call, event: CallEvent::Ppp(ppp_session::Event::Authenticate(question)) } = event {
                    if let Some(mut call) = session.call_mut(call) {
                        call.answer(now, question.ticket(), &Answer::Password(b"wonderland"))?;
                    }
                }
            }
            let mut buf = [0; MAX_TRANSMIT];
            // The client has to send first: before that, its port is not known, and what is polled would be lost.
            if let Some(to) = ports.get(&peer) {
                while let Some(packet) = session.poll_tunnel(now, &mut buf)? {
                    gre.send_to(packet, to)?;
                }
            }
            while let Some(bytes) = session.poll_control(now, &mut buf)? {
                if let Some(tcp) = connections.get_mut(&id) {
                    // A real program keeps what TCP does not take, and polls no more meanwhile.
                    let _ = tcp.write_all(bytes);
                }
            }
            if session.is_closed() {
                session.remove();
                connections.remove(&id);
            }
        }
    }
}

/// Returns 32 bytes from the system. A program has a crate for that, `getrandom`.
fn unpredictable() -> Result<[u8; 32], Box<dyn Error>> {
    let mut bytes = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}
