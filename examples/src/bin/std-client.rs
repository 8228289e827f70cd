//! A client over sockets of std, which waits for TCP, GRE and its deadline at once.
//!
//! Std cannot wait for two sockets. So one thread reads TCP, one writes it, and one reads GRE; the
//! main thread owns the session and waits for any of them, or for the deadline.
//!
//! ```text
//! cargo run -p pptp-examples --bin std-server -- 127.0.0.1:1723
//! cargo run -p pptp-examples --bin std-client -- 127.0.0.1:1723 alice wonderland
//! ```

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::spawn;
use std::time::{Duration, Instant};

use pptp::client::{Config, Session};
use pptp::ppp_session::Event as Ppp;
use pptp::session::{CallEvent, Event, HEADROOM, MAX_RECEIVE, Reason, Received};
use pptp::wire::connection::Connection;
use pptp_examples::{Error, ping, unpredictable};

/// The news of the threads.
enum Input {
    Stream(Vec<u8>),
    StreamEnded,
    Written,
    Packet(Vec<u8>),
}

/// Reads TCP once for each permit, so that a session that is busy holds up the peer.
fn read_stream(mut tcp: TcpStream, permits: &Receiver<()>, inputs: &SyncSender<Input>) {
    let mut buf = [0; Connection::<1>::READ_LEN];
    while permits.recv().is_ok() {
        let input = match tcp.read(&mut buf) {
            Ok(length @ 1..) => Input::Stream(buf[..length].to_vec()),
            Ok(0) | Err(_) => Input::StreamEnded,
        };
        let _ = inputs.send(input);
    }
}

/// Writes TCP: `write_all` may take its time here. That it is over, reading says.
fn write_stream(mut tcp: TcpStream, outputs: &Receiver<Vec<u8>>, inputs: &SyncSender<Input>) {
    while let Ok(bytes) = outputs.recv() {
        let _ = tcp.write_all(&bytes);
        let _ = inputs.send(Input::Written);
    }
}

/// Reads GRE. A raw socket gives the IPv4 header too: skip it.
fn read_packets(gre: &UdpSocket, inputs: &SyncSender<Input>) {
    let mut buf = [0; 65536];
    // An error is a router's answer to an earlier packet.
    while inputs.send(Input::Packet(gre.recv(&mut buf).map_or_else(|_| Vec::new(), |n| buf[..n].to_vec()))).is_ok() {}
}

fn main() -> Result<(), Error> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [server, name, password] = &arguments[..] else { return Err("ADDRESS NAME PASSWORD".into()) };
    let tcp = TcpStream::connect(server)?;
    let gre = UdpSocket::bind(tcp.local_addr()?)?;
    gre.connect(server)?;

    let (inputs, input) = sync_channel(64);
    let ((permit, permits), (output, outputs)): ((Sender<()>, _), (Sender<Vec<u8>>, _)) = (channel(), channel());
    tcp.set_write_timeout(Some(Duration::from_secs(10)))?;
    let (reader, writer, packets) = (tcp.try_clone()?, tcp, gre.try_clone()?);
    let (to_read, to_write) = (inputs.clone(), inputs.clone());
    spawn(move || read_stream(reader, &permits, &to_read));
    spawn(move || write_stream(writer, &outputs, &to_write));
    spawn(move || read_packets(&packets, &inputs));

    let start = Instant::now();
    let mut session = Session::new(&Config::new(name, password), unpredictable()?);
    session.open(start.elapsed());
    let (mut is_reading, mut is_writing, mut buf) = (false, false, [0; MAX_RECEIVE]);
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
                    gre.send(call.send_ip(now, &mut packet)?)?;
                }
            }
        }
        while let Some(packet) = session.poll_tunnel(now, &mut buf)? {
            let _ = gre.send(packet); // a packet that is lost here is like one that is lost on the way
        }
        if !is_writing {
            if let Some(bytes) = session.poll_control(now, &mut buf)? {
                output.send(bytes.to_vec())?;
                is_writing = true;
            }
        }
        if let (Some(reason), false) = (session.reason(), is_writing) {
            println!("{reason}");
            return if reason == Reason::Closed { Ok(()) } else { Err(reason.advice().into()) };
        }

        // Wait. The session says whether TCP should be read, and when to come back.
        if !is_reading && session.wants_read() {
            permit.send(())?;
            is_reading = true;
        }
        let deadline = session.poll_timeout().unwrap_or(Duration::MAX);
        let input = input.recv_timeout(deadline.saturating_sub(start.elapsed()));
        let now = start.elapsed();
        match input {
            Ok(Input::Packet(mut packet)) => {
                // A packet that is refused is counted in `Call::statistics`.
                if let Ok((_, Received::Ip(ip))) = session.handle_gre(now, &mut packet, &mut buf) {
                    println!("{} bytes came through the tunnel", ip.len());
                    session.close(now);
                }
            }
            Ok(Input::Stream(bytes)) => {
                // All of it is taken, since the session wanted it and it is not more than `READ_LEN`.
                let _ = session.handle_stream(now, &bytes);
                is_reading = false;
            }
            Ok(Input::StreamEnded) => session.handle_disconnect(now),
            Ok(Input::Written) => is_writing = false,
            Err(_) => {}
        }
        session.handle_timeout(now);
    }
}
