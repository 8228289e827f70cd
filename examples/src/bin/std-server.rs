//! A server over sockets of std, which waits for all its sockets and the earliest deadline at once.
//!
//! It lets in everybody whose password is `wonderland`, and sends every IP packet back to its
//! sender. Each connection has a thread that reads it and one that writes it, so that a client that
//! never reads holds up no other.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::spawn;
use std::time::{Duration, Instant};

use pptp::ppp::auth::Answer;
use pptp::ppp_session::Event as Ppp;
use pptp::server::{Config, ConnectionId, Limits, Server};
use pptp::session::{CallEvent, Event, HEADROOM, MAX_RECEIVE, Received};
use pptp::wire::connection::Connection;
use pptp_examples::{Error, unpredictable};

/// The news of the threads.
enum Input {
    Accepted(TcpStream, SocketAddr),
    Stream(ConnectionId, Vec<u8>),
    StreamEnded(ConnectionId),
    Written(ConnectionId),
    Packet(SocketAddr, Vec<u8>),
}

/// One connection: its peer, and its threads.
struct Peer {
    address: SocketAddr,
    permit: Sender<()>,
    output: Sender<Vec<u8>>,
    is_reading: bool,
    is_writing: bool,
}

impl Peer {
    fn new(tcp: TcpStream, address: SocketAddr, id: ConnectionId, inputs: &SyncSender<Input>) -> Result<Self, Error> {
        let ((permit, permits), (output, outputs)) = (channel(), channel());
        let (reader, to_read) = (tcp.try_clone()?, inputs.clone());
        let (writer, to_write) = (tcp, inputs.clone());
        // A client that never reads is cut off.
        writer.set_write_timeout(Some(Duration::from_secs(10)))?;
        spawn(move || read_stream(reader, id, &permits, &to_read));
        spawn(move || write_stream(writer, id, &outputs, &to_write));
        Ok(Self { address, permit, output, is_reading: false, is_writing: false })
    }
}

fn read_stream(mut tcp: TcpStream, id: ConnectionId, permits: &Receiver<()>, inputs: &SyncSender<Input>) {
    let mut buf = [0; Connection::<4>::READ_LEN];
    while permits.recv().is_ok() {
        let input = match tcp.read(&mut buf) {
            Ok(length @ 1..) => Input::Stream(id, buf[..length].to_vec()),
            Ok(0) | Err(_) => Input::StreamEnded(id),
        };
        let _ = inputs.send(input);
    }
}

fn write_stream(mut tcp: TcpStream, id: ConnectionId, outputs: &Receiver<Vec<u8>>, inputs: &SyncSender<Input>) {
    while let Ok(bytes) = outputs.recv() {
        let is_written = tcp.write_all(&bytes).is_ok();
        let _ = inputs.send(Input::Written(id));
        if !is_written {
            break;
        }
    }
    // The thread that reads wakes up, and says that it is over.
    let _ = tcp.shutdown(Shutdown::Both);
}

fn accept(listener: &TcpListener, inputs: &SyncSender<Input>) {
    for tcp in listener.incoming().flatten() {
        if let Ok(address) = tcp.peer_addr() {
            let _ = inputs.send(Input::Accepted(tcp, address));
        }
    }
}

fn read_packets(gre: &UdpSocket, inputs: &SyncSender<Input>) {
    let mut buf = [0; 65536];
    loop {
        // An error is a router's answer to an earlier packet.
        if let Ok((length, from)) = gre.recv_from(&mut buf) {
            let _ = inputs.send(Input::Packet(from, buf[..length].to_vec()));
        }
    }
}

fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1).ok_or("ADDRESS")?;
    let listener = TcpListener::bind(address)?;
    let gre = UdpSocket::bind(listener.local_addr()?)?;
    println!("listening on {}", listener.local_addr()?);
    let (inputs, input) = sync_channel(64);
    let (packets, to_accept, to_packets) = (gre.try_clone()?, inputs.clone(), inputs.clone());
    spawn(move || accept(&listener, &to_accept));
    spawn(move || read_packets(&packets, &to_packets));

    let start = Instant::now();
    let mut server: Server = Server::new(Config::new(Ipv4Addr::new(10, 0, 0, 1)), Limits::default());
    let mut peers: BTreeMap<ConnectionId, Peer> = BTreeMap::new();
    let (mut buf, mut next_address) = ([0; MAX_RECEIVE], 2);
    loop {
        poll(&mut server, &mut peers, &gre, start.elapsed(), &mut next_address)?;
        let deadline = server.poll_timeout().unwrap_or(Duration::MAX);
        let input = input.recv_timeout(deadline.saturating_sub(start.elapsed()));
        let now = start.elapsed();
        match input {
            Ok(Input::Accepted(tcp, address)) => {
                // One too many is dropped, and so closed.
                let Ok(id) = server.accept(now, address.ip(), unpredictable()?) else { continue };
                peers.insert(id, Peer::new(tcp, address, id, &inputs)?);
            }
            Ok(Input::Packet(from, mut packet)) => {
                let received = server.handle_gre(now, from.ip(), &mut packet, &mut buf);
                let Ok((id, call, Received::Ip(ip))) = received else { continue };
                let mut echo = [&[0; HEADROOM], ip].concat();
                let Some(mut session) = server.session_mut(id) else { continue };
                let Some(mut call) = session.call_mut(call) else { continue };
                if let Ok(packet) = call.send_ip(now, &mut echo) {
                    let _ = gre.send_to(packet, from);
                }
            }
            Ok(Input::Stream(id, bytes)) => {
                let _ = server.handle_stream(now, id, &bytes);
                peers.entry(id).and_modify(|peer| peer.is_reading = false);
            }
            Ok(Input::StreamEnded(id)) => server.handle_disconnect(now, id),
            Ok(Input::Written(id)) => {
                peers.entry(id).and_modify(|peer| peer.is_writing = false);
                // It may have more to write: ready again.
                drop(server.session_mut(id));
            }
            Err(_) => {}
        }
        server.handle_timeout(now);
    }
}

/// Polls the sessions that have something to give, GRE before TCP.
fn poll(
    server: &mut Server,
    peers: &mut BTreeMap<ConnectionId, Peer>,
    gre: &UdpSocket,
    now: Duration,
    next_address: &mut u8,
) -> Result<(), Error> {
    let mut buf = [0; MAX_RECEIVE];
    loop {
        let Some(mut session) = server.poll_ready() else { return Ok(()) };
        let id = session.id();
        let Some(peer) = peers.get_mut(&id) else { continue };
        while session.poll_receive(now, &mut buf)?.is_some() {}
        while let Some(event) = session.poll_event() {
            println!("{}: {event:?}", peer.address);
            let Event::Call { call, event: CallEvent::Ppp(Ppp::Authenticate(question)) } = event else { continue };
            let Some(mut call) = session.call_mut(call) else { continue };
            // A real server takes addresses back when calls end.
            call.assign_address(Ipv4Addr::new(10, 0, 0, *next_address));
            *next_address = next_address.checked_add(1).unwrap_or(2);
            // A client that has gone on in the meantime is no error of the server's.
            let _ = call.answer(now, question.ticket(), &Answer::Password(b"wonderland"));
        }
        while let Some(packet) = session.poll_tunnel(now, &mut buf)? {
            let _ = gre.send_to(packet, peer.address);
        }
        if !peer.is_writing {
            if let Some(bytes) = session.poll_control(now, &mut buf)? {
                let _ = peer.output.send(bytes.to_vec());
                peer.is_writing = true;
            }
        }
        if !peer.is_reading && session.wants_read() {
            let _ = peer.permit.send(());
            peer.is_reading = true;
        }
        if session.is_closed() {
            while let Some(bytes) = session.poll_control(now, &mut buf)? {
                let _ = peer.output.send(bytes.to_vec());
            }
            session.remove();
            peers.remove(&id); // its threads write the rest, close, and end
        }
    }
}
