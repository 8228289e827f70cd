//! A client on tokio: one task, which waits for TCP, GRE and its deadline at once.
//!
//! ```text
//! cargo run -p pptp-examples --bin tokio-server -- 127.0.0.1:1723
//! cargo run -p pptp-examples --bin tokio-client -- 127.0.0.1:1723 alice wonderland
//! ```

use std::time::Duration;

use pptp::client::{Config, Session};
use pptp::ppp_session::Event as Ppp;
use pptp::session::{CallEvent, Event, HEADROOM, MAX_RECEIVE, Reason, Received};
use pptp::wire::connection::Connection;
use pptp_examples::{Error, ping, unpredictable};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, sleep_until};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [server, name, password] = &arguments[..] else { return Err("ADDRESS NAME PASSWORD".into()) };
    let mut tcp = TcpStream::connect(server).await?;
    let gre = UdpSocket::bind(tcp.local_addr()?).await?;
    gre.connect(server).await?;
    let (mut input, mut output) = tcp.split();

    let start = Instant::now();
    let mut session = Session::new(&Config::new(name, password), unpredictable()?);
    session.open(start.elapsed());
    let (mut bytes, mut packet, mut buf) = ([0; Connection::<1>::READ_LEN], [0; 65536], [0; MAX_RECEIVE]);
    // Bytes that TCP has not taken yet.
    let mut unsent = Vec::new();
    loop {
        // Everything that the session has to give, GRE before TCP.
        let now = start.elapsed();
        while let Some((_, ip)) = session.poll_receive(now, &mut buf)? {
            println!("{} bytes came through the tunnel", ip.len());
        }
        while let Some(event) = session.poll_event() {
            if let Event::Call { call, event: CallEvent::Ppp(Ppp::IpUp(agreed)) } = event {
                let (Some(own), Some(peer)) = (agreed.own_address, agreed.peer_address) else { continue };
                println!("address {own}, server {peer}");
                // Room for the headers in front: the packet is encrypted where it lies.
                let mut packet = [&[0; HEADROOM][..], &ping(own, peer)].concat();
                if let Some(mut call) = session.call_mut(call) {
                    gre.send(call.send_ip(now, &mut packet)?).await?;
                }
            }
        }
        while let Some(packet) = session.poll_tunnel(now, &mut buf)? {
            let _ = gre.try_send(packet); // a packet that is lost here is like one that is lost on the way
        }
        if unsent.is_empty() {
            unsent.extend_from_slice(session.poll_control(now, &mut buf)?.unwrap_or_default());
        }
        if let (Some(reason), true) = (session.reason(), unsent.is_empty()) {
            println!("{reason}");
            return if reason == Reason::Closed { Ok(()) } else { Err(reason.advice().into()) };
        }

        // Wait. The session says whether TCP should be read, and when to come back.
        let deadline = session.poll_timeout().unwrap_or(Duration::from_secs(3600));
        tokio::select! {
            received = gre.recv(&mut packet) => {
                // An error is a router's answer to an earlier packet.
                let length = received.unwrap_or_default();
                let received = session.handle_gre(start.elapsed(), &mut packet[..length], &mut buf);
                if let Ok((_, Received::Ip(ip))) = received {
                    println!("{} bytes came through the tunnel", ip.len());
                    session.close(start.elapsed());
                }
            }
            read = input.read(&mut bytes), if session.wants_read() => match read {
                // All of it is taken, since the session wanted it and it is not more than `READ_LEN`.
                Ok(length @ 1..) => drop(session.handle_stream(start.elapsed(), &bytes[..length])),
                Ok(0) | Err(_) => session.handle_disconnect(start.elapsed()),
            },
            // A part of it may be written. That the connection is over, reading says.
            written = output.write(&unsent), if !unsent.is_empty() => match written {
                Ok(length) => drop(unsent.drain(..length)),
                Err(_) => unsent.clear(),
            },
            () = sleep_until(start + deadline) => {}
        }
        session.handle_timeout(start.elapsed());
    }
}
