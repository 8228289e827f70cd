//! A client over plain sockets: what a program has to bring.
//!
//! ```text
//! cargo run -p pptp --example server                            # in one terminal
//! cargo run -p pptp --example client -- alice wonderland        # in another one
//! ```
//!
//! A UDP socket on port 1723 stands in for the raw socket of IP protocol 47, and a ping for a TUN device, so that it runs
//! without privileges. `vpdn-client` of the crate `vpdn` has the real ones, and configuration, routes, reconnection.

#![expect(clippy::std_instead_of_core, reason = "a program, not a library")]
#![expect(clippy::print_stdout, reason = "a program, not a library")]
#![expect(clippy::wildcard_enum_match_arm, reason = "it hears what it knows, and passes over the rest")]

use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use pptp::client::{Config, Session};
use pptp::ppp_session;
use pptp::session::{CallEvent, Event, HEADROOM, MAX_RECEIVE, MAX_TRANSMIT, Reason, Received};
use pptp::wire::TCP_PORT;

#[expect(clippy::disallowed_methods, reason = "the crates have no clock, so a program has to have one")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (name, password) = (arguments.next().ok_or("a name")?, arguments.next().ok_or("a password")?);
    let mut tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, TCP_PORT))?;
    tcp.set_read_timeout(Some(Duration::from_millis(5)))?;
    let gre = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    gre.connect((Ipv4Addr::LOCALHOST, TCP_PORT))?;
    gre.set_nonblocking(true)?;

    let mut session = Session::new(&Config::new(&name, &password), unpredictable()?);
    let start = Instant::now();
    let (mut packet, mut scratch) = ([0; 2048], [0; MAX_RECEIVE]);
    session.open(start.elapsed());
    let reason = loop {
        let now = start.elapsed();
        session.handle_timeout(now);

        // GRE first: how a call ends in the tunnel says more than how it ends on the control connection.
        while let Ok(length) = gre.recv(&mut packet) {
            let packet = packet.get_mut(..length).unwrap_or_default();
            if let Ok((_, Received::Ip(ip))) = session.handle_gre(now, packet, &mut scratch) {
                show(ip);
                session.close(now);
            }
            while let Some((_, ip)) = session.poll_receive(now, &mut scratch)? {
                show(ip);
            }
        }

        // TCP, while the session wants it. The rest stays in the socket, and holds the peer up.
        let mut bytes = [0; Session::READ_LEN];
        while session.wants_read() {
            match tcp.read(&mut bytes) {
                Ok(length @ 1..) => {
                    session.handle_stream(now, bytes.get(..length).unwrap_or_default());
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
                Ok(0) | Err(_) => session.handle_disconnect(now),
            }
        }

        let mut end = None;
        while let Some(event) = session.poll_event() {
            match event {
                Event::Call { call, event: CallEvent::Ppp(ppp_session::Event::IpUp(agreed)) } => {
                    println!("address {:?}, server {:?}", agreed.own_address, agreed.peer_address);
                    let (Some(own), Some(peer)) = (agreed.own_address, agreed.peer_address) else { continue };
                    // Headroom in front of the packet: it is encrypted where it lies.
                    let mut buf = vec![0; HEADROOM];
                    buf.extend(ping(own, peer));
                    if let Some(mut call) = session.call_mut(call) {
                        gre.send(call.send_ip(now, &mut buf)?)?;
                    }
                }
                Event::Closed(reason) => end = Some(reason),
                _ => {}
            }
        }

        let mut buf = [0; MAX_TRANSMIT];
        while let Some(packet) = session.poll_tunnel(now, &mut buf)? {
            gre.send(packet)?;
        }
        while let Some(bytes) = session.poll_control(now, &mut buf)? {
            tcp.write_all(bytes)?;
        }
        if let Some(reason) = end {
            break reason;
        }
        // A real program waits here for its sockets, until `session.poll_timeout()` at most.
    };
    match reason {
        Reason::Closed => Ok(()),
        reason => Err(format!("{reason}: {}", reason.advice()).into()),
    }
}

fn show(ip: &[u8]) {
    println!("{} bytes came through the tunnel", ip.len());
}

/// Returns an ICMP echo request without data, with an IPv4 header.
fn ping(own: Ipv4Addr, peer: Ipv4Addr) -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0];
    packet.extend([own.octets(), peer.octets()].concat());
    packet.extend([8, 0, 0xf7, 0xff, 0, 0, 0, 0]);
    packet
}

/// Returns 32 bytes from the system. A program has a crate for that, `getrandom`.
fn unpredictable() -> Result<[u8; 32], Box<dyn Error>> {
    let mut bytes = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}
