//! A client and a server over real sockets, line by line.
//!
//! Both loops are whole, and run as a test. A program of one's own puts a TUN device in the place
//! of the comments that mention one. With IP protocol 115 instead of UDP, the socket is a raw one,
//! and addresses are made by [`Address::ip`](l2tp_wire::Address::ip).
//!
//! # The rules of a loop
//!
//! 1. Take the time from a monotonic clock, once for each turn.
//! 2. Handle events until there are none.
//! 3. Send until nothing is left to send.
//! 4. Wait for a packet, or until [`poll_timeout`](crate::session::Session::poll_timeout).
//! 5. Hand in the packet, then call `handle_timeout`: too often is harmless.
//!
//! # Both loops
//!
//! ```
//! use std::io::{ErrorKind, Read};
//! use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
//! use std::time::{Duration, Instant};
//!
//! use l2tp_session::ppp_session::ppp::auth::Answer;
//! use l2tp_session::ppp_session::{Client, Event as PppEvent};
//! use l2tp_session::server::{Group, Limits, Server};
//! use l2tp_session::session::{
//!     CallEvent, Config, Event, HEADROOM, MAX_RECEIVE, MAX_TRANSMIT,
//! };
//! use l2tp_session::wire::{Address, TunnelIds};
//! use l2tp_session::{client, session};
//!
//! type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
//!
//! /// Unpredictable bytes; on systems without this file, the crate `getrandom` has them.
//! fn entropy() -> Result<[u8; 32]> {
//!     let mut bytes = [0; 32];
//!     std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
//!     Ok(bytes)
//! }
//!
//! /// Waits for a datagram, until a deadline. Returns its length and sender.
//! fn receive(
//!     socket: &UdpSocket,
//!     buf: &mut [u8],
//!     now: Duration,
//!     deadline: Option<Duration>,
//! ) -> Result<Option<(usize, SocketAddr)>> {
//!     let wait = deadline.map_or(Duration::from_secs(1), |at| at.saturating_sub(now));
//!     // A time-out of zero would be none.
//!     let wait = wait.clamp(Duration::from_millis(1), Duration::from_secs(1));
//!     socket.set_read_timeout(Some(wait))?;
//!     match socket.recv_from(buf) {
//!         Ok(received) => Ok(Some(received)),
//!         // A refused port shows up here as well: the session's own timers deal with it.
//!         Err(error) if error.kind() != ErrorKind::InvalidInput => Ok(None),
//!         Err(error) => Err(error.into()),
//!     }
//! }
//!
//! /// Sends a packet to an address, which is one of UDP here.
//! fn send(socket: &UdpSocket, packet: &session::Transmit<'_>) -> Result<()> {
//!     let port = packet.destination.port().ok_or("not UDP")?;
//!     socket.send_to(packet.payload, (packet.destination.host(), port))?;
//!     Ok(())
//! }
//!
//! /// An IP packet: here, the answer to itself.
//! const PACKET: [u8; 20] =
//!     [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 1, 0x66, 0xe3, 10, 0, 0, 2, 10, 0, 0, 1];
//!
//! fn run_client(server: SocketAddr) -> Result<session::Reason> {
//!     let socket = UdpSocket::bind("127.0.0.1:0")?;
//!     let account = Client::new("alice", "wonderland");
//!     let config = client::Config::new(account, Config::strict("laptop"));
//!     let (ids, peer) = (TunnelIds::new(entropy()?), Address::udp(server));
//!     let mut session = client::Session::dial(&config, peer, ids, entropy()?);
//!     let start = Instant::now();
//!     session.open(start.elapsed())?;
//!     let (mut buf, mut packet, mut scratch) =
//!         ([0; MAX_TRANSMIT], [0; 2048], [0; MAX_RECEIVE]);
//!     let mut reason = None;
//!     loop {
//!         let now = start.elapsed();
//!         while let Some(event) = session.poll_event() {
//!             match event {
//!                 Event::Call { call, event: CallEvent::Ppp(PppEvent::IpUp(agreed)) } => {
//!                     // A TUN device gets this address, and the MTU of the call.
//!                     println!("we are {:?}", agreed.own_address);
//!                     let mut ip = [&[0; HEADROOM][..], &PACKET].concat();
//!                     let mut call = session.call_mut(call).ok_or("no call")?;
//!                     send(&socket, &call.send_ip(now, &mut ip)?)?;
//!                 }
//!                 Event::Closed(why) => reason = Some(why),
//!                 _ => {}
//!             }
//!         }
//!         while let Some(packet) = session.poll_transmit(now, &mut buf)? {
//!             send(&socket, &packet)?;
//!         }
//!         if let Some(reason) = reason.filter(|_| session.is_acknowledged()) {
//!             return Ok(reason);
//!         }
//!         let deadline = session.poll_timeout();
//!         if let Some((length, source)) = receive(&socket, &mut packet, now, deadline)? {
//!             let (now, source) = (start.elapsed(), Address::udp(source));
//!             // An error says why a packet was refused; anybody can send one.
//!             let datagram = &mut packet[..length];
//!             let received = session.handle_datagram(now, source, datagram, &mut scratch);
//!             if received.is_ok_and(|received| received.ip() == Some(&PACKET)) {
//!                 // A TUN device gets the packet. Here it was the last one.
//!                 session.close(now);
//!             }
//!         }
//!         session.handle_timeout(start.elapsed());
//!     }
//! }
//!
//! fn run_server(socket: &UdpSocket) -> Result<()> {
//!     let group = Group::new(Config::strict("lns"), Ipv4Addr::new(10, 0, 0, 1));
//!     let mut server: Server = Server::new(group, Limits::default(), entropy()?);
//!     let start = Instant::now();
//!     let (mut buf, mut packet, mut scratch) =
//!         ([0; MAX_TRANSMIT], [0; 2048], [0; MAX_RECEIVE]);
//!     let mut end = None;
//!     loop {
//!         let now = start.elapsed();
//!         loop {
//!             let Some(mut tunnel) = server.poll_ready() else { break };
//!             let id = tunnel.id();
//!             while let Some(event) = tunnel.poll_event() {
//!                 match event {
//!                     Event::Call { call, event: CallEvent::Ppp(event) } => {
//!                         let PppEvent::Authenticate(which) = event else { continue };
//!                         let mut call = tunnel.call_mut(call).ok_or("no call")?;
//!                         call.assign_address(Ipv4Addr::new(10, 0, 0, 2));
//!                         call.answer(now, which.ticket(), &Answer::Password(b"wonderland"))?;
//!                     }
//!                     // Here one client is all; it may repeat its last message for a moment.
//!                     Event::Closed(_) => end = Some(now + Duration::from_millis(200)),
//!                     _ => {}
//!                 }
//!             }
//!             while let Some(packet) = tunnel.poll_transmit(now, &mut buf)? {
//!                 send(socket, &packet)?;
//!             }
//!             let is_drained = tunnel.is_drained();
//!             drop(tunnel);
//!             if is_drained {
//!                 server.remove(now, id);
//!             }
//!         }
//!         if end.is_some_and(|end| end <= now) {
//!             return Ok(());
//!         }
//!         let deadline = server.poll_timeout();
//!         if let Some((length, source)) = receive(socket, &mut packet, now, deadline)? {
//!             let (now, source) = (start.elapsed(), Address::udp(source));
//!             let datagram = &mut packet[..length];
//!             let received = server.handle_datagram(now, source, datagram, &mut scratch);
//!             if let Ok((id, session::Received::Ip { call, packet })) = received {
//!                 // A TUN device gets the packet. Here it goes back.
//!                 let mut ip = [&[0; HEADROOM][..], packet].concat();
//!                 let mut tunnel = server.session_mut(id).ok_or("no tunnel")?;
//!                 let mut call = tunnel.call_mut(call).ok_or("no call")?;
//!                 send(socket, &call.send_ip(now, &mut ip)?)?;
//!             }
//!         }
//!         server.handle_timeout(start.elapsed());
//!     }
//! }
//!
//! let socket = UdpSocket::bind("127.0.0.1:0")?;
//! let address = socket.local_addr()?;
//! let server =
//!     std::thread::spawn(move || run_server(&socket).map_err(|error| error.to_string()));
//! assert_eq!(run_client(address)?, session::Reason::Closed);
//! server.join().unwrap()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Ethernet instead of PPP
//!
//! A session of version 3 can carry Ethernet frames (RFC 4719), which come from a TAP device and go to
//! one. Nothing is negotiated in it, and nobody proves who it is, so the tunnel has a password. A
//! server takes such calls only where its group says so. Without a tunnel it is
//! [`manual::Session`](crate::manual::Session), with the same `send_frame` and `frame`.
//!
//! ```
//! use std::net::Ipv4Addr;
//! use std::time::Duration;
//!
//! use l2tp_session::client;
//! use l2tp_session::server::{Group, Limits, Server};
//! use l2tp_session::session::{CallEvent, Config, Event, HEADROOM, MAX_TRANSMIT};
//! use l2tp_session::wire::tunnel::{Authentication, DigestHash, Versions};
//! use l2tp_session::wire::{Address, Secret, TunnelIds};
//!
//! let secret = Secret::new(b"a long tunnel password")?;
//! let config = Config::strict("branch").with_tunnel(|tunnel| {
//!     let digest = Authentication::Digest(DigestHash::Sha1);
//!     tunnel.with_versions(Versions::V3).with_authentication(digest).with_password(secret)
//! });
//! let here = Address::udp("192.0.2.1:1701".parse()?);
//! let there = Address::udp("192.0.2.2:1701".parse()?);
//! let dialed = client::Config::ethernet(config.clone()).with_remote_end_id("15");
//! // The address is for calls of PPP.
//! let group = Group::new(config, Ipv4Addr::UNSPECIFIED).with_ethernet();
//! // All entropy: 32 unpredictable bytes each.
//! let mut client = client::Session::dial(&dialed, there, TunnelIds::new([1; 32]), [2; 32]);
//! let mut server: Server = Server::new(group, Limits::default(), [3; 32]);
//!
//! let now = Duration::ZERO;
//! client.open(now)?;
//! let (mut buf, mut is_up) = ([0; MAX_TRANSMIT], false);
//! while !is_up {
//!     while let Some(packet) = client.poll_transmit(now, &mut buf)? {
//!         server.handle_datagram(now, here, &mut packet.payload.to_vec(), &mut [])?;
//!     }
//!     while let Some(mut tunnel) = server.poll_ready() {
//!         while let Some(packet) = tunnel.poll_transmit(now, &mut buf)? {
//!             client.handle_datagram(now, there, &mut packet.payload.to_vec(), &mut [])?;
//!         }
//!     }
//!     while let Some(event) = client.poll_event() {
//!         is_up |= matches!(event, Event::Call { event: CallEvent::Connected, .. });
//!     }
//! }
//! while let Some(packet) = client.poll_transmit(now, &mut buf)? {
//!     server.handle_datagram(now, here, &mut packet.payload.to_vec(), &mut [])?;
//! }
//!
//! // A frame from a TAP device, with room in front of it.
//! let mut frame = [0; HEADROOM + 60];
//! frame[HEADROOM..][..6].fill(0xff);
//! let mut call = client.first_call_mut().ok_or("no call")?;
//! let mut packet = call.send_frame(now, &mut frame)?.payload.to_vec();
//! let (_, received) = server.handle_datagram(now, here, &mut packet, &mut [])?;
//! // It goes to the other one.
//! assert_eq!(received.frame().map(<[u8]>::len), Some(60));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
