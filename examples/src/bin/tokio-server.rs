//! A server on tokio: each connection has a task with its session, which waits for everything at once.
//!
//! It lets in everybody whose password is `wonderland`, and sends IP packets back to their sender. Each
//! client has a UDP port here. Behind one address, `Server` finds whose packet it is: see `std-server`.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use pptp::ppp::auth::Answer;
use pptp::ppp_session::Event as Ppp;
use pptp::server::{Config, Session};
use pptp::session::{CallEvent, Event, HEADROOM, MAX_RECEIVE, Received};
use pptp::wire::connection::Connection;
use pptp_examples::{Error, unpredictable};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::{Instant, sleep_until};

async fn serve(
    mut session: Session,
    (mut tcp, peer): (TcpStream, SocketAddr),
    gre: Arc<UdpSocket>,
    mut packets: Receiver<Vec<u8>>,
) -> Result<(), Error> {
    let (mut input, mut output) = tcp.split();
    let (mut bytes, mut buf, mut unsent) = ([0; Connection::<4>::READ_LEN], [0; MAX_RECEIVE], Vec::new());
    let start = Instant::now();
    session.open(Duration::ZERO);
    loop {
        // Everything that the session has to give, GRE before TCP.
        let now = start.elapsed();
        while session.poll_receive(now, &mut buf)?.is_some() {}
        while let Some(event) = session.poll_event() {
            println!("{peer}: {event:?}");
            let Event::Call { call, event: CallEvent::Ppp(Ppp::Authenticate(question)) } = event else { continue };
            let Some(mut call) = session.call_mut(call) else { continue };
            let _ = call.answer(now, question.ticket(), &Answer::Password(b"wonderland"));
        }
        while let Some(packet) = session.poll_tunnel(now, &mut buf)? {
            let _ = gre.try_send_to(packet, peer); // a packet that is lost here is like one that is lost on the way
        }
        if unsent.is_empty() {
            unsent.extend_from_slice(session.poll_control(now, &mut buf)?.unwrap_or_default());
        }
        if session.is_closed() && unsent.is_empty() {
            return Ok(());
        }

        // Wait. A client that never reads is noticed by its echoes, and cut off.
        let deadline = session.poll_timeout().unwrap_or(now + Duration::from_secs(10));
        tokio::select! {
            Some(mut packet) = packets.recv() => {
                let now = start.elapsed();
                if let Ok((call, Received::Ip(ip))) = session.handle_gre(now, &mut packet, &mut buf) {
                    let mut echo = [&[0; HEADROOM], ip].concat();
                    let Some(mut call) = session.call_mut(call) else { continue };
                    let _ = call.send_ip(now, &mut echo).map(|packet| gre.try_send_to(packet, peer));
                }
            }
            read = input.read(&mut bytes), if session.wants_read() => match read {
                Ok(length @ 1..) => drop(session.handle_stream(start.elapsed(), &bytes[..length])),
                Ok(0) | Err(_) => session.handle_disconnect(start.elapsed()),
            },
            written = output.write(&unsent), if !unsent.is_empty() => match written {
                Ok(length) => drop(unsent.drain(..length)),
                Err(_) => unsent.clear(),
            },
            () = sleep_until(start + deadline) => if session.is_closed() { return Ok(()) },
        }
        session.handle_timeout(start.elapsed());
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let listener = TcpListener::bind(std::env::args().nth(1).ok_or("ADDRESS")?).await?;
    let gre = Arc::new(UdpSocket::bind(listener.local_addr()?).await?);
    println!("listening on {}", listener.local_addr()?);
    let (mut packet, mut peers, mut next_address) = ([0; 65536], BTreeMap::new(), 2_u8);
    loop {
        tokio::select! {
            Ok((tcp, peer)) = listener.accept() => {
                // A real server has a pool, and limits.
                let address = Ipv4Addr::new(10, 0, 0, next_address);
                next_address = next_address.checked_add(1).unwrap_or(2);
                let config = Config::new(Ipv4Addr::new(10, 0, 0, 1)).with_server(|server| server.with_client_address(address));
                let (to_session, packets) = channel(64);
                peers.insert(peer, to_session);
                tokio::spawn(serve(Session::new(&config, unpredictable()?), (tcp, peer), gre.clone(), packets));
            }
            Ok((length, from)) = gre.recv_from(&mut packet) => {
                let _ = peers.get(&from).map(|peer| peer.try_send(packet[..length].to_vec())); // full: lost
            }
        }
        peers.retain(|_, peer| !peer.is_closed());
    }
}
