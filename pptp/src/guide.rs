//! How to embed a client or a server: the loop, and what has to be known for it.
//!
//! This module contains documentation only; its examples run as tests.
//!
//! # Parts that you bring
//!
//! | | client | server |
//! |---|---|---|
//! | TCP | a connection to port [1723](crate::wire::TCP_PORT) | a listener on it, and its connections |
//! | GRE | a raw socket of IP protocol [47](crate::gre::IP_PROTOCOL), connected to the server | one for all clients |
//! | IP | a TUN device, or a network stack of your own | the same |
//! | time | the [`Duration`](core::time::Duration) since any moment: `start.elapsed()` | the same |
//! | entropy | 32 unpredictable bytes for each session, from the operating system | the same |
//!
//! Opening a raw socket requires privileges (on Linux `CAP_NET_RAW`, for the TUN device
//! `CAP_NET_ADMIN`). Each received packet starts with the IPv4 header: skip 4 bytes for each unit
//! of its length field. The socket also receives other programs' GRE packets;
//! [`UnknownCall`](crate::session::ReceiveError::UnknownCall) for those is expected.
//!
//! # The loop
//!
//! A session takes what comes, and is polled for what goes out. One order is the best, for every
//! program:
//!
//! 1. Take what came: GRE before TCP, and TCP only while
//!    [`wants_read`](crate::session::Session::wants_read) says yes.
//! 2. Poll until empty: [`poll_receive`](crate::session::Session::poll_receive),
//!    [`poll_event`](crate::session::Session::poll_event),
//!    [`poll_tunnel`](crate::session::Session::poll_tunnel),
//!    [`poll_control`](crate::session::Session::poll_control).
//! 3. Wait until a socket has something, or until
//!    [`poll_timeout`](crate::session::Session::poll_timeout).
//!
//! GRE goes before TCP in both directions: how a call ends in the tunnel says more than how it ends on
//! the control connection. Any other order loses nothing, and only delays.
//!
//! This is a client over sockets of std. Std cannot wait for two sockets, so one thread reads TCP, one
//! writes it, and one reads GRE; the main thread waits for them and for the deadline. A UDP socket
//! stands in for the raw one, so that everybody may run it. On tokio the same is one task with a
//! `select!`: the folder `examples` of the repository has clients and servers of both kinds.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
//! use std::sync::mpsc::{channel, sync_channel};
//! use std::thread::spawn;
//! use std::time::{Duration, Instant};
//!
//! use pptp::session::{CallEvent, Event, HEADROOM, MAX_RECEIVE, Reason, Received};
//! use pptp::{client, ppp_session};
//!
//! type Error = Box<dyn std::error::Error + Send + Sync>;
//!
//! /// The news of the threads.
//! enum Input {
//!     Stream(Vec<u8>),
//!     StreamEnded,
//!     Written,
//!     Packet(Vec<u8>),
//! }
//!
//! /// Runs a session to its end. `deliver` gets the IP packets, and returns those to send.
//! fn client(
//!     mut session: client::Session,
//!     tcp: TcpStream,
//!     gre: UdpSocket,
//!     mut deliver: impl FnMut(&mut client::Session, Option<&[u8]>) -> Option<Vec<u8>>,
//! ) -> Result<Reason, Error> {
//!     let (to_main, inputs) = sync_channel(64);
//!     let ((permit, permits), (output, outputs)) = (channel::<()>(), channel::<Vec<u8>>());
//!     let (mut reader, to_read) = (tcp.try_clone()?, to_main.clone());
//!     spawn(move || {
//!         // One read for each permit: a session that is busy holds up the peer.
//!         let mut buf = [0; client::Session::READ_LEN];
//!         while permits.recv().is_ok() {
//!             let _ = to_read.send(match reader.read(&mut buf) {
//!                 Ok(length @ 1..) => Input::Stream(buf[..length].to_vec()),
//!                 Ok(0) | Err(_) => Input::StreamEnded,
//!             });
//!         }
//!     });
//!     let (mut writer, to_write) = (tcp, to_main.clone());
//!     writer.set_write_timeout(Some(Duration::from_secs(10)))?;
//!     spawn(move || {
//!         // A write may take its time here. That TCP is over, reading says.
//!         while let Ok(bytes) = outputs.recv() {
//!             let _ = writer.write_all(&bytes);
//!             let _ = to_write.send(Input::Written);
//!         }
//!     });
//!     let packets = gre.try_clone()?;
//!     spawn(move || {
//!         // An error is a router's answer to an earlier packet.
//!         let mut buf = [0; 65536];
//!         loop {
//!             let length = packets.recv(&mut buf).unwrap_or_default();
//!             if to_main.send(Input::Packet(buf[..length].to_vec())).is_err() {
//!                 break;
//!             }
//!         }
//!     });
//!
//!     let start = Instant::now();
//!     session.open(start.elapsed());
//!     let (mut is_reading, mut is_writing, mut buf) = (false, false, [0; MAX_RECEIVE]);
//!     let mut received = Vec::new();
//!     loop {
//!         // Everything that the session has to give.
//!         let now = start.elapsed();
//!         while let Some((_, ip)) = session.poll_receive(now, &mut buf)? {
//!             received.push(ip.to_vec()); // it waited for an earlier packet
//!         }
//!         while let Some(event) = session.poll_event() {
//!             match event {
//!                 Event::Call { call, event: CallEvent::Ppp(ppp_session::Event::IpUp(ip)) } => {
//!                     let mtu = session.call(call).map(|call| call.mtu());
//!                     println!("address {:?}, MTU {mtu:?}", ip.own_address);
//!                 }
//!                 // The server would hear another password. A program that can ask its user
//!                 // answers with `prove` instead.
//!                 Event::Call {
//!                     call,
//!                     event: CallEvent::Ppp(ppp_session::Event::Prove(demand)),
//!                 } => {
//!                     if let Some(mut call) = session.call_mut(call) {
//!                         call.decline(now, demand.ticket())?;
//!                     }
//!                 }
//!                 Event::Call { event: CallEvent::NoData { .. }, .. } => {
//!                     println!("no GRE packet has come yet: does a firewall stop it?");
//!                 }
//!                 _ => {}
//!             }
//!         }
//!         // Packets of the user. From a TUN device, read behind the headroom: nothing is copied.
//!         let mut answers: Vec<_> =
//!             received.drain(..).filter_map(|ip| deliver(&mut session, Some(&ip))).collect();
//!         answers.extend(deliver(&mut session, None));
//!         for ip in answers {
//!             let mut packet = [&[0; HEADROOM][..], &ip].concat();
//!             let Some(mut call) = session.first_call_mut() else { continue };
//!             if let Ok(packet) = call.send_ip(now, &mut packet) {
//!                 let _ = gre.send(packet);
//!             }
//!         }
//!         while let Some(packet) = session.poll_tunnel(now, &mut buf)? {
//!             let _ = gre.send(packet); // lost here is lost on the way
//!         }
//!         if !is_writing {
//!             if let Some(bytes) = session.poll_control(now, &mut buf)? {
//!                 output.send(bytes.to_vec())?;
//!                 is_writing = true;
//!             }
//!         }
//!         if let (Some(reason), false) = (session.reason(), is_writing) {
//!             return Ok(reason);
//!         }
//!
//!         // Wait.
//!         if !is_reading && session.wants_read() {
//!             permit.send(())?;
//!             is_reading = true;
//!         }
//!         let deadline = session.poll_timeout().unwrap_or(Duration::MAX);
//!         let input = inputs.recv_timeout(deadline.saturating_sub(start.elapsed()));
//!
//!         let now = start.elapsed();
//!         match input {
//!             Ok(Input::Packet(mut packet)) => {
//!                 // Decrypted where it lies. A refused packet is counted: `Call::statistics`.
//!                 let taken = session.handle_gre(now, &mut packet, &mut buf);
//!                 if let Ok((_, Received::Ip(ip))) = taken {
//!                     received.push(ip.to_vec());
//!                 }
//!             }
//!             Ok(Input::Stream(bytes)) => {
//!                 // All is taken: the session wanted it, and it is not more than `READ_LEN`.
//!                 let _ = session.handle_stream(now, &bytes);
//!                 is_reading = false;
//!             }
//!             Ok(Input::StreamEnded) => session.handle_disconnect(now),
//!             Ok(Input::Written) => is_writing = false,
//!             Err(_) => {} // the deadline
//!         }
//!         session.handle_timeout(now);
//!     }
//! }
//! #
//! # // The other end, in a thread: `server` in the next example has it in full.
//! # let listener = TcpListener::bind(("127.0.0.1", 0))?;
//! # let address = listener.local_addr()?;
//! # let (one, other) = (UdpSocket::bind(("127.0.0.1", 0))?, UdpSocket::bind(("127.0.0.1", 0))?);
//! # one.connect(other.local_addr()?)?;
//! # other.connect(one.local_addr()?)?;
//! # other.set_nonblocking(true)?;
//! # let server = std::thread::spawn(move || -> Result<(), Error> {
//! #     use std::io::ErrorKind;
//! #     use pptp::ppp::auth::Answer;
//! #     use pptp::server;
//! #     let config = server::Config::new(Ipv4Addr::new(10, 0, 0, 1))
//! #         .with_server(|server| server.with_client_address(Ipv4Addr::new(10, 0, 0, 2)));
//! #     let mut session: server::Session = server::Session::new(&config, [2; 32]);
//! #     let (mut tcp, _) = listener.accept()?;
//! #     tcp.set_nonblocking(true)?;
//! #     let start = Instant::now();
//! #     let (mut buf, mut packet, mut unread) = ([0; MAX_RECEIVE], [0; 65536], Vec::new());
//! #     session.open(start.elapsed());
//! #     loop {
//! #         let now = start.elapsed();
//! #         session.handle_timeout(now);
//! #         let mut bytes = [0; 4096];
//! #         match tcp.read(&mut bytes) {
//! #             Ok(length) if length > 0 => unread.extend(&bytes[..length]),
//! #             Err(error) if error.kind() == ErrorKind::WouldBlock => {}
//! #             _ => session.handle_disconnect(now),
//! #         }
//! #         let taken = session.handle_stream(now, &unread);
//! #         unread.drain(..taken);
//! #         while let Ok(length) = other.recv(&mut packet) {
//! #             let echo = match session.handle_gre(now, &mut packet[..length], &mut []) {
//! #                 Ok((call, Received::Ip(ip))) => Some((call, ip.to_vec())),
//! #                 _ => None,
//! #             };
//! #             if let Some((call, ip)) = echo {
//! #                 let mut buf = vec![0; HEADROOM];
//! #                 buf.extend(ip);
//! #                 other.send(session.call_mut(call).ok_or("no call")?.send_ip(now, &mut buf)?)?;
//! #             }
//! #         }
//! #         while session.poll_receive(now, &mut buf)?.is_some() {}
//! #         while let Some(event) = session.poll_event() {
//! #             match event {
//! #                 Event::Call { call, event: CallEvent::Ppp(ppp_session::Event::Authenticate(question)) } => {
//! #                     let mut call = session.call_mut(call).ok_or("no call")?;
//! #                     let _ = call.answer(now, question.ticket(), &Answer::Password(b"wonderland"));
//! #                 }
//! #                 Event::Closed(_) => return Ok(()),
//! #                 _ => {}
//! #             }
//! #         }
//! #         while let Some(bytes) = session.poll_control(now, &mut buf)? { tcp.write_all(bytes)?; }
//! #         while let Some(packet) = session.poll_tunnel(now, &mut buf)? { other.send(packet)?; }
//! #         std::thread::sleep(Duration::from_millis(1));
//! #     }
//! # });
//!
//! let tcp = TcpStream::connect(address)?; // ("vpn.example.org", 1723)
//! let entropy = [1; 32]; // from the operating system
//! let session = client::Session::new(&client::Config::new("alice", "wonderland"), entropy);
//! let ping = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 1, 0x66, 0xe3, 10, 0, 0, 2, 10, 0, 0, 1];
//! let mut is_sent = false;
//! let reason = client(session, tcp, one, |session, received| {
//!     if let Some(ip) = received {
//!         assert_eq!(ip, ping);
//!         println!("{}", pptp::report::ClientStatus::of_session(session, Duration::ZERO));
//!         session.close(Duration::ZERO); // a time that goes back is taken for the latest
//!     }
//!     let is_up = session.first_call().is_some_and(|call| call.ppp().ip().is_some());
//!     let is_first = is_up && !std::mem::replace(&mut is_sent, is_up);
//!     is_first.then(|| ping.to_vec())
//! })?;
//! assert_eq!(reason, Reason::Closed);
//! # server.join().map_err(|_| "the server panicked")??;
//! # Ok::<(), Error>(())
//! ```
//!
//! # A server
//!
//! [`server::Server`](crate::server::Server) keeps all connections: it has limits, knows whose GRE packet is whose, and gives
//! the connections that have something to send or to report. Its loop, without the sockets; here a
//! client in memory is the other end, and one packet gets lost on the way:
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::net::{IpAddr, Ipv4Addr};
//! use std::time::Duration;
//!
//! use pptp::mschap::Account;
//! use pptp::ppp::auth::{Answer, Question};
//! use pptp::server::{Config, ConnectionId, Limits, Server, SessionMut};
//! use pptp::session::{CallEvent, Event, HEADROOM, MAX_RECEIVE, Reason};
//! use pptp::wire::connection::CallId;
//! use pptp::{client, ppp_session};
//!
//! type Error = Box<dyn std::error::Error>;
//!
//! /// What has to be written to a socket.
//! enum Output {
//!     Tcp(ConnectionId, Vec<u8>),
//!     Gre(IpAddr, Vec<u8>),
//!     Ip(Vec<u8>),
//!     Close(ConnectionId),
//! }
//!
//! struct Gateway {
//!     server: Server,
//!     pool: Vec<Ipv4Addr>,
//!     given: BTreeMap<(ConnectionId, CallId), Ipv4Addr>,
//! }
//!
//! impl Gateway {
//!     /// To be called after each input, and when the deadline has come.
//!     fn poll(&mut self, now: Duration) -> Result<Vec<Output>, Error> {
//!         let mut outputs = Vec::new();
//!         let mut buf = [0; MAX_RECEIVE];
//!         let Self { server, pool, given } = self;
//!         while let Some(mut session) = server.poll_ready() {
//!             let (id, peer) = (session.id(), session.peer());
//!             // Packets that had to wait for an earlier one, or have waited long enough.
//!             while let Some((_, ip)) = session.poll_receive(now, &mut buf)? {
//!                 outputs.push(Output::Ip(ip.to_vec()));
//!             }
//!             while let Some(event) = session.poll_event() {
//!                 let Event::Call { call, event } = event else { continue };
//!                 match event {
//!                     CallEvent::Ppp(ppp_session::Event::Authenticate(question)) => {
//!                         let Some(mut handle) = session.call_mut(call) else { continue };
//!                         if let Some(address) =
//!                             given.get(&(id, call)).copied().or_else(|| pool.pop())
//!                         {
//!                             given.insert((id, call), address);
//!                             handle.assign_address(address);
//!                             answer(now, &mut session, call, question);
//!                         } else {
//!                             handle.close(now);
//!                         }
//!                     }
//!                     // A client that insists on an address gets it, if it is free.
//!                     CallEvent::Ppp(ppp_session::Event::AddressWanted(wish)) => {
//!                         let Some(place) = pool.iter().position(|free| *free == wish) else {
//!                             continue;
//!                         };
//!                         pool.swap_remove(place);
//!                         pool.extend(given.insert((id, call), wish));
//!                         session
//!                             .call_mut(call)
//!                             .into_iter()
//!                             .for_each(|mut call| call.assign_address(wish));
//!                     }
//!                     CallEvent::Ppp(ppp_session::Event::IpUp(ip)) => {
//!                         println!("{call}: {:?}", ip.peer_address)
//!                     }
//!                     CallEvent::Closed(reason) => {
//!                         println!("{call}: {reason}: {}", reason.advice());
//!                         pool.extend(given.remove(&(id, call)));
//!                     }
//!                     _ => {}
//!                 }
//!             }
//!             while let Some(packet) = session.poll_tunnel(now, &mut buf)? {
//!                 outputs.push(Output::Gre(peer, packet.to_vec()));
//!             }
//!             while let Some(bytes) = session.poll_control(now, &mut buf)? {
//!                 outputs.push(Output::Tcp(id, bytes.to_vec()));
//!             }
//!             if session.is_closed() {
//!                 session.remove();
//!                 outputs.push(Output::Close(id));
//!             }
//!         }
//!         Ok(outputs)
//!     }
//! }
//!
//! /// Now, or later: a database or a RADIUS server may be asked before.
//! fn answer(now: Duration, session: &mut SessionMut<'_, 4>, call: CallId, question: Question) {
//!     let presented = session.call(call).and_then(|call| call.ppp().presented());
//!     let name = presented.and_then(|presented| presented.name());
//!     let (is_known, nobody) = (name.is_some_and(|name| name.0 == b"alice"), Account::unknown());
//!     let answer =
//!         if is_known { Answer::Password(b"wonderland") } else { Answer::Account(&nobody) };
//!     // A peer that has gone on in the meantime, or sent nonsense, is no error of the server's.
//!     if let Some(mut call) = session.call_mut(call) {
//!         let _ = call.answer(now, question.ticket(), &answer);
//!     }
//! }
//!
//! /// A client calls, and sends three packets of which the second one is lost. Returns how many
//! /// arrive, and why the call ended.
//! fn call(
//!     gateway: &mut Gateway,
//!     name: &str,
//!     password: &str,
//! ) -> Result<(usize, Option<Reason>), Error> {
//!     let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
//!     let mut now = Duration::ZERO;
//!     let mut client = client::Session::new(&client::Config::new(name, password), [2; 32]);
//!     client.open(now);
//!     // A TCP connection is accepted. Its bytes go to `handle_stream`, GRE packets to
//!     // `handle_gre`.
//!     let id = gateway.server.accept(now, peer, [1; 32])?;
//!     let (mut arrived, mut sent, mut reason, mut stream) = (0, 0, None, Vec::new());
//!     let mut buf = [0; MAX_RECEIVE];
//!     for _ in 0..100 {
//!         // While `wants_read` says no, bytes stay where they are: here with the client.
//!         while gateway.server.wants_read(id) {
//!             let Some(bytes) = client.poll_control(now, &mut buf)? else { break };
//!             gateway.server.handle_stream(now, id, bytes);
//!         }
//!         let mut packets = Vec::new();
//!         while let Some(packet) = client.poll_tunnel(now, &mut buf)? {
//!             packets.push(packet.to_vec());
//!         }
//!         let is_up = client.first_call().is_some_and(|call| call.ppp().ip().is_some());
//!         let call = client.first_call_mut().filter(|_| sent < 3);
//!         if let Some(mut call) = call.filter(|_| is_up) {
//!             let ip = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 1, 0x66, 0xe3, 10, 0, 0, 2, 10, 0, 0, 1];
//!             let mut room = [&[0; HEADROOM][..], &ip].concat();
//!             let packet = call.send_ip(now, &mut room)?;
//!             if sent != 1 {
//!                 packets.push(packet.to_vec());
//!             }
//!             sent += 1;
//!         }
//!         for mut packet in packets {
//!             if let Ok((_, _, received)) =
//!                 gateway.server.handle_gre(now, peer, &mut packet, &mut [])
//!             {
//!                 arrived += usize::from(received.ip().is_some());
//!             }
//!         }
//!         for output in gateway.poll(now)? {
//!             match output {
//!                 Output::Tcp(_, bytes) => stream.extend(bytes),
//!                 Output::Gre(_, mut packet) => {
//!                     drop(client.handle_gre(now, &mut packet, &mut []).is_ok())
//!                 }
//!                 Output::Ip(_) => arrived += 1,
//!                 Output::Close(_) => client.handle_disconnect(now),
//!             }
//!         }
//!         // What the client does not take yet is given again.
//!         let taken = client.handle_stream(now, &stream);
//!         stream.drain(..taken);
//!         while let Some(event) = client.poll_event() {
//!             if let Event::Closed(why) = event {
//!                 reason = Some(why);
//!             }
//!         }
//!         // A program would sleep until something comes, or until the earliest deadline.
//!         now += Duration::from_millis(50);
//!         client.handle_timeout(now);
//!         gateway.server.handle_timeout(now);
//!         if arrived == 2 {
//!             client.close(now);
//!         }
//!     }
//!     Ok((arrived, reason))
//! }
//!
//! let server = Server::new(Config::new(Ipv4Addr::new(10, 0, 0, 1)), Limits::default());
//! let mut gateway =
//!     Gateway { server, pool: vec![Ipv4Addr::new(10, 0, 0, 2)], given: BTreeMap::new() };
//! assert_eq!(call(&mut gateway, "alice", "wonderland")?, (2, Some(Reason::Closed)));
//! for (name, password) in [("alice", ""), ("mallory", ""), ("mallory", "wonderland")] {
//!     let (arrived, reason) = call(&mut gateway, name, password)?;
//!     assert_eq!((arrived, reason.and_then(|reason| reason.windows_error())), (0, Some(691)));
//! }
//! // All that was given is there again.
//! assert_eq!((gateway.pool.len(), gateway.server.len()), (1, 0));
//! # Ok::<(), Error>(())
//! ```
//!
//! # Users who may come in
//!
//! [`Event::Authenticate`](ppp_session::Event::Authenticate) asks; `presented` has the bytes; the answer may come at any time
//! before the client loses its patience.
//!
//! | you have | answer |
//! |---|---|
//! | the password | [`Answer::Password`](crate::ppp::auth::Answer::Password), for every method |
//! | the NT hash, or an account that is expired or locked | [`Answer::Account`](crate::ppp::auth::Answer::Account), for MS-CHAP |
//! | a RADIUS server | send it what was presented; then [`accept`](crate::session::CallMut::accept) with the keys of its answer ([`ExternalKeys`](crate::session::ExternalKeys)), or [`Answer::Reject`](crate::ppp::auth::Answer::Reject) |
//! | nobody of that name | [`Answer::Account`](crate::ppp::auth::Answer::Account) with [`Account::unknown`](crate::mschap::Account::unknown): takes as long as a wrong password |
//!
//! An expired password (error 648) asks again with the new one; the outcome of that answer has the
//! hash to store.
//!
//! # Encryption
//!
//! The default is the [strict](crate::session::Config::strict) preset: MS-CHAP version 2, MPPE with
//! 128 bits, stateless, or no session. Everything weaker has to be asked for by name. Where
//! encryption is required, nothing else is ever sent, and what comes in the clear is dropped and
//! counted, also when the peer ends the encryption, or negotiates again.
//!
//! # When it does not work
//!
//! [`Reason`](crate::session::Reason) says what happened with the wishes of both sides; `advice` what to do; `windows_error`
//! the number that Windows' users report. The usual ones:
//!
//! | | number | look at |
//! |---|---|---|
//! | TCP port 1723 is not reached | 800 | your own `connect` |
//! | [`GreOneWay`](crate::session::Reason::GreOneWay) | 806 | firewalls, for packets to the server |
//! | [`GreBlocked`](crate::session::Reason::GreBlocked) | 806, 619 | firewalls and NATs on the path: IP protocol 47 |
//! | wrong name or password | 691 | `DOMAIN\name`; characters beyond ASCII, which pppd and Windows hash differently |
//! | no encryption in common, or no keys | 742, 741 | the strengths; PAP and CHAP leave no keys, a RADIUS server has to send them |
//! | no method in common | 734, 919 | the methods of both sides |
//! | no address | 720 | the server's pool |
//!
//! For everything else feed the same bytes to an [`Inspector`](crate::inspect::Inspector), with
//! the password, and read its trace, as the examples `tunnel` and `client` do.
//!
//! # Sizes
//!
//! [`mtu`](crate::session::Call::mtu) is what the interface's MTU has to be: the less of what the peer takes and what fits into
//! the path. Longer packets are refused with [`TooLong`](ppp_session::SendError::TooLong), which a
//! router answers with "packet too big". [`Session`](crate::session::Session) says how much memory
//! each takes; no data packet allocates.
