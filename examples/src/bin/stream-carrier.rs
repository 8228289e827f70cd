//! PPP over a byte stream, in the framing of SSTP: MS-CHAP version 2, addresses, MPPE with 128 bits.
//!
//! A client and a server in two threads, over TCP. A real SSTP server has TLS below it and HTTP in
//! front of it; to PPP it makes no difference. `ppp-session` does all of PPP, so the carrier is the
//! type [`Carrier`].

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use ppp_session::ppp::auth::Answer;
use ppp_session::{Client, Config, Event, HEADROOM, MAX_TRANSMIT, Reason, Received, Server, Session};
use pptp_examples::{Error, ping, unpredictable};

/// MS-SSTP section 2.2.1: version 1.0, a byte of flags (0: data), and the length, header included.
const HEADER: usize = 4;

/// Frames over a stream.
struct Carrier {
    tcp: TcpStream,
    /// The start of a frame that is not whole yet.
    unread: Vec<u8>,
}

impl Carrier {
    fn send(&mut self, frame: &[u8]) -> Result<(), Error> {
        let [high, low] = u16::try_from(HEADER + frame.len())?.to_be_bytes();
        Ok(self.tcp.write_all(&[&[0x10, 0, high, low], frame].concat())?)
    }

    /// Waits for a frame, until the deadline at most.
    fn receive(&mut self, patience: Duration) -> Result<Option<Vec<u8>>, Error> {
        loop {
            if let Some((&[_, _, high, low], rest)) = self.unread.split_first_chunk::<HEADER>() {
                let length = usize::from(u16::from_be_bytes([high, low])).saturating_sub(HEADER);
                if let Some(frame) = rest.get(..length).map(<[u8]>::to_vec) {
                    self.unread.drain(..HEADER + length);
                    return Ok(Some(frame));
                }
            }
            // Zero would be no time-out at all.
            self.tcp.set_read_timeout(Some(patience.max(Duration::from_millis(1))))?;
            let mut buf = [0; 4096];
            match self.tcp.read(&mut buf) {
                Ok(0) => return Err("the carrier is gone".into()),
                Ok(length) => self.unread.extend_from_slice(&buf[..length]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Runs one end until it is closed. The client pings the server, which sends every packet back.
fn run(mut session: Session, tcp: TcpStream, is_client: bool) -> Result<Reason, Error> {
    let (start, mut carrier) = (Instant::now(), Carrier { tcp, unread: Vec::new() });
    session.open(start.elapsed());
    loop {
        let now = start.elapsed();
        let mut outgoing = None;
        let mut end = None;
        while let Some(event) = session.poll_event() {
            match event {
                Event::Authenticate(question) => {
                    session.assign_address(Ipv4Addr::new(10, 0, 0, 2));
                    let _ = session.answer(now, question.ticket(), &Answer::Password(b"wonderland"));
                }
                Event::IpUp(agreed) if is_client => {
                    println!("{}, {:?}", session.sending(), agreed.own_address);
                    outgoing = agreed.own_address.zip(agreed.peer_address).map(|(own, peer)| ping(own, peer));
                }
                Event::Closed(reason) => end = Some(reason),
                _ => {}
            }
        }
        let mut buf = [0; MAX_TRANSMIT];
        while let Some(frame) = session.poll_transmit(now, &mut buf)? {
            // The other end may have closed the carrier behind its goodbye.
            if carrier.send(frame).is_err() {
                session.down(now);
            }
        }
        if let Some(reason) = end {
            return Ok(reason);
        }
        let patience = session.poll_timeout().map_or(Duration::from_secs(1), |at| at.saturating_sub(now));
        if outgoing.is_none() {
            match carrier.receive(patience) {
                Ok(Some(mut frame)) => {
                    // A frame that is refused is counted: `Session::statistics`.
                    if let Ok(Received::Ip(ip)) = session.handle_frame(now, &mut frame, &mut []) {
                        println!("{} bytes, decrypted", ip.len());
                        if is_client { session.close(now) } else { outgoing = Some(ip.to_vec()) }
                    }
                }
                Ok(None) => {}
                Err(_) => session.down(now),
            }
        }
        if let Some(ip) = outgoing {
            // Room for the headers in front: the packet is encrypted where it lies.
            let mut buf = [&[0; HEADROOM][..], &ip].concat();
            let frame = session.send_ip(now, &mut buf, HEADROOM)?;
            carrier.send(&buf[frame])?;
        }
        session.handle_timeout(start.elapsed());
    }
}

fn main() -> Result<(), Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let config = Config::strict();
    let server = Session::server(&config, &Server::new(Ipv4Addr::new(10, 0, 0, 1)), unpredictable()?);
    let password = std::env::args().nth(1).unwrap_or_else(|| "wonderland".to_owned());
    let client = Session::client(&config, &Client::new("alice", &password), unpredictable()?);
    let server = std::thread::spawn(move || run(server, listener.accept()?.0, false));
    let reason = run(client, TcpStream::connect(address)?, true)?;
    println!("client: {reason}");
    println!("server: {}", server.join().map_err(|_| "the server panicked")??);
    if reason == Reason::Closed { Ok(()) } else { Err(reason.advice().into()) }
}
