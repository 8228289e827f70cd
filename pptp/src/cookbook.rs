//! Short answers to common tasks.
//!
//! This module contains documentation only; its examples run as tests. The parts that only carry
//! packets in memory are hidden; [`guide`](crate::guide) has the loop with sockets.
//!
//! # Log in with an NT hash
//!
//! MS-CHAP computes with the NT hash of the password, so neither side needs the password itself. A
//! client that has only the hash takes no other method.
//!
//! ```
//! # use core::net::Ipv4Addr;
//! # use core::time::Duration;
//! # use pptp::ppp_session::Event as Ppp;
//! # use pptp::session::{CallEvent, Event, MAX_TRANSMIT};
//! # use pptp::{client, ppp_session, server};
//! # type Error = Box<dyn std::error::Error>;
//! # /// Carries everything both ways, as sockets do.
//! # fn carry(now: Duration, client: &mut client::Session, server: &mut server::Session) -> Result<(), Error> {
//! #     let mut buf = [0; MAX_TRANSMIT];
//! #     while let Some(packet) = client.poll_tunnel(now, &mut buf)? {
//! #         let _ = server.handle_gre(now, &mut packet.to_vec(), &mut []);
//! #     }
//! #     while let Some(packet) = server.poll_tunnel(now, &mut buf)? {
//! #         let _ = client.handle_gre(now, &mut packet.to_vec(), &mut []);
//! #     }
//! #     while let Some(bytes) = client.poll_control(now, &mut buf)? {
//! #         let _ = server.handle_stream(now, bytes);
//! #     }
//! #     while let Some(bytes) = server.poll_control(now, &mut buf)? {
//! #         let _ = client.handle_stream(now, bytes);
//! #     }
//! #     Ok(())
//! # }
//! # let now = Duration::ZERO;
//! # let config = server::Config::new(Ipv4Addr::new(10, 0, 0, 1))
//! #     .with_server(|server| server.with_client_address(Ipv4Addr::new(10, 0, 0, 2)));
//! # let mut server: server::Session = server::Session::new(&config, [2; 32]);
//! use pptp::mschap::{Account, NtHash};
//! use pptp::ppp::auth::Answer;
//!
//! let stored = NtHash::from_password("wonderland"); // or `from_bytes`, out of a database
//! let user = ppp_session::Client::with_nt_hash("alice", stored.clone());
//! let mut client = client::Session::new(&client::Config::from(user), [1; 32]);
//! # client.open(now);
//! # server.open(now);
//! while client.first_call().and_then(|call| call.ppp().ip()).is_none() {
//! #     carry(now, &mut client, &mut server)?;
//!     while let Some(event) = server.poll_event() {
//!         let Event::Call { call, event: CallEvent::Ppp(Ppp::Authenticate(question)) } = event
//!         else {
//!             continue;
//!         };
//!         // Of an unknown name: `Account::unknown()`, which costs the client as much time.
//!         let account = Account::new(&stored);
//!         let mut call = server.call_mut(call).ok_or("no call")?;
//!         call.answer(now, question.ticket(), &Answer::Account(&account))?;
//!     }
//! }
//! # Ok::<(), Error>(())
//! ```
//!
//! # Ask a RADIUS server
//!
//! The server of the session is the client of RADIUS. It sends on what the peer presented, as the
//! attributes of RFC 2548. The Access-Accept brings the text for the peer and the keys for MPPE. The
//! answer may take its time: the session waits, and holds the peer up.
//!
//! ```
//! # use core::net::Ipv4Addr;
//! # use core::time::Duration;
//! # use pptp::ppp_session::Event as Ppp;
//! # use pptp::session::{CallEvent, Event, MAX_TRANSMIT};
//! # use pptp::{client, ppp_session, server};
//! # type Error = Box<dyn std::error::Error>;
//! # /// Carries everything both ways, as sockets do.
//! # fn carry(now: Duration, client: &mut client::Session, server: &mut server::Session) -> Result<(), Error> {
//! #     let mut buf = [0; MAX_TRANSMIT];
//! #     while let Some(packet) = client.poll_tunnel(now, &mut buf)? {
//! #         let _ = server.handle_gre(now, &mut packet.to_vec(), &mut []);
//! #     }
//! #     while let Some(packet) = server.poll_tunnel(now, &mut buf)? {
//! #         let _ = client.handle_gre(now, &mut packet.to_vec(), &mut []);
//! #     }
//! #     while let Some(bytes) = client.poll_control(now, &mut buf)? {
//! #         let _ = server.handle_stream(now, bytes);
//! #     }
//! #     while let Some(bytes) = server.poll_control(now, &mut buf)? {
//! #         let _ = client.handle_stream(now, bytes);
//! #     }
//! #     Ok(())
//! # }
//! # let now = Duration::ZERO;
//! # let config = server::Config::new(Ipv4Addr::new(10, 0, 0, 1))
//! #     .with_server(|server| server.with_client_address(Ipv4Addr::new(10, 0, 0, 2)));
//! # let mut server: server::Session = server::Session::new(&config, [2; 32]);
//! use pptp::mschap::radius::{self, AccessAccept, Attribute, Hiding};
//! use pptp::mschap::v2;
//! use pptp::ppp::auth::Presented;
//! use pptp::session::ExternalKeys;
//! # use pptp::mschap::{Account, NtHash};
//! # /// A RADIUS server: the values of its attributes of type 26.
//! # fn ask(request: &[Vec<u8>], hiding: &Hiding<'_>) -> Result<Vec<Vec<u8>>, Error> {
//! #     let (mut challenge, mut response) = (None, None);
//! #     for value in request {
//! #         for attribute in radius::attributes(value)? {
//! #             match attribute? {
//! #                 Attribute::Challenge(value) => challenge = Some(v2::decode_challenge(value)?),
//! #                 Attribute::Chap2Response(value) => response = Some(value),
//! #                 _ => {}
//! #             }
//! #         }
//! #     }
//! #     let (challenge, response) = (challenge.ok_or("")?, response.ok_or("")?);
//! #     let stored = NtHash::from_password("wonderland");
//! #     let mut authenticator = v2::Authenticator::new(challenge, 0);
//! #     let value = response.response.encode();
//! #     let verdict = authenticator.handle_response(&value, b"alice", &Account::new(&stored), [3; 16])?;
//! #     let v2::Verdict::Accepted(accepted) = verdict else { return Err("refused".into()) };
//! #     let keys = radius::StartKeys::from_master_key(&accepted.master_key());
//! #     let success = radius::Chap2Success { ident: response.ident, proof: accepted.proof };
//! #     let mut buf = [0; Attribute::MAX_LEN];
//! #     let success = Attribute::Chap2Success(success).encode(&mut buf)?[2..].to_vec();
//! #     let keys = keys.encode(hiding, [[0x80, 1], [0x80, 2]], &mut buf)?;
//! #     Ok(vec![success, keys[2..42].to_vec(), keys[44..].to_vec()])
//! # }
//! # let mut client = client::Session::new(&client::Config::new("alice", "wonderland"), [1; 32]);
//! # client.open(now);
//! # server.open(now);
//! # while client.first_call().and_then(|call| call.ppp().ip()).is_none() {
//! #     carry(now, &mut client, &mut server)?;
//! #     while let Some(event) = server.poll_event() {
//! #         let Event::Call { call, event: CallEvent::Ppp(Ppp::Authenticate(question)) } = event else {
//! #             continue;
//! #         };
//! // 1. The attributes of the Access-Request, from what the peer presented.
//! let presented = server.call(call).and_then(|call| call.ppp().presented());
//! let Some(Presented::MsChap { version: 2, identifier, challenge, response, .. }) = presented
//! else {
//!     return Err("another method".into());
//! };
//! let response =
//!     radius::Chap2Response { ident: identifier, response: v2::Response::decode(response)? };
//! let mut request = Vec::new();
//! let mut buf = [0; Attribute::MAX_LEN];
//! for attribute in [Attribute::Challenge(challenge), Attribute::Chap2Response(response)] {
//!     request.push(attribute.encode(&mut buf)?[2..].to_vec());
//! }
//! // 2. Send it, and wait for the Access-Accept, whose keys are hidden with the secret.
//! let request_authenticator = [9; 16];
//! let hiding = Hiding::new(b"shared secret", &request_authenticator);
//! let reply = ask(&request, &hiding)?;
//! // 3. The answer. After an Access-Reject it is `Answer::Reject` with the text of MS-CHAP-Error.
//! let accept = AccessAccept::decode(reply.iter().map(Vec::as_slice), &hiding)?;
//! let keys = ExternalKeys::from_radius(&accept)?;
//! let message = accept.success.as_ref().ok_or("no MS-CHAP2-Success")?.message();
//! let mut call = server.call_mut(call).ok_or("no call")?;
//! call.accept(now, question.ticket(), &message, Some(keys))?;
//! #     }
//! # }
//! # assert_eq!(client.first_call().ok_or("no call")?.ppp().sending().to_string(), "MPPE 128 bit, stateless");
//! # Ok::<(), Error>(())
//! ```
//!
//! `vpdn::radius` of the crate `vpdn` is a RADIUS client without IO, with several servers and accounts.
//!
//! # Change an expired password
//!
//! The server says that the right password has expired (Windows' error 648). The client answers with a
//! new one, and the server stores its hash.
//!
//! ```
//! # use core::net::Ipv4Addr;
//! # use core::time::Duration;
//! # use pptp::ppp_session::Event as Ppp;
//! # use pptp::session::{CallEvent, Event, MAX_TRANSMIT};
//! # use pptp::{client, ppp_session, server};
//! # type Error = Box<dyn std::error::Error>;
//! # /// Carries everything both ways, as sockets do.
//! # fn carry(now: Duration, client: &mut client::Session, server: &mut server::Session) -> Result<(), Error> {
//! #     let mut buf = [0; MAX_TRANSMIT];
//! #     while let Some(packet) = client.poll_tunnel(now, &mut buf)? {
//! #         let _ = server.handle_gre(now, &mut packet.to_vec(), &mut []);
//! #     }
//! #     while let Some(packet) = server.poll_tunnel(now, &mut buf)? {
//! #         let _ = client.handle_gre(now, &mut packet.to_vec(), &mut []);
//! #     }
//! #     while let Some(bytes) = client.poll_control(now, &mut buf)? {
//! #         let _ = server.handle_stream(now, bytes);
//! #     }
//! #     while let Some(bytes) = server.poll_control(now, &mut buf)? {
//! #         let _ = client.handle_stream(now, bytes);
//! #     }
//! #     Ok(())
//! # }
//! # let now = Duration::ZERO;
//! # let config = server::Config::new(Ipv4Addr::new(10, 0, 0, 1))
//! #     .with_server(|server| server.with_client_address(Ipv4Addr::new(10, 0, 0, 2)));
//! # let mut server: server::Session = server::Session::new(&config, [2; 32]);
//! use pptp::mschap::{Account, FailureCode, NtHash};
//! use pptp::ppp::auth::{Answer, Outcome};
//!
//! let mut stored = NtHash::from_password("wonderland");
//! let mut client = client::Session::new(&client::Config::new("alice", "wonderland"), [1; 32]);
//! # client.open(now);
//! # server.open(now);
//! while client.first_call().and_then(|call| call.ppp().ip()).is_none() {
//! #     carry(now, &mut client, &mut server)?;
//!     while let Some(event) = client.poll_event() {
//!         let Event::Call { call, event: CallEvent::Ppp(Ppp::PasswordExpired) } = event else {
//!             continue;
//!         };
//!         // Ask the user. Without an answer the session ends.
//!         client.call_mut(call).ok_or("no call")?.change_password(now, "looking-glass")?;
//!     }
//!     while let Some(event) = server.poll_event() {
//!         let Event::Call { call, event: CallEvent::Ppp(Ppp::Authenticate(question)) } = event
//!         else {
//!             continue;
//!         };
//!         let account = Account::new(&stored).with_restriction(FailureCode::PASSWORD_EXPIRED);
//!         let mut call = server.call_mut(call).ok_or("no call")?;
//!         let outcome = call.answer(now, question.ticket(), &Answer::Account(&account))?;
//!         if let Outcome::PasswordChanged(new) = outcome {
//!             // A hash that cannot be stored: `call.reject_change(now)`.
//!             stored = new.nt_hash();
//!         }
//!     }
//! }
//! assert!(stored.ct_eq(&NtHash::from_password("looking-glass")));
//! # Ok::<(), Error>(())
//! ```
//!
//! # Reconnect
//!
//! A session is for one TCP connection. To dial again, make another one, with new entropy. Some reasons
//! come again at once, and a refused password may lock the account: do not repeat those.
//!
//! ```
//! use core::time::Duration;
//! use pptp::session::Reason;
//!
//! /// Returns how long to wait before the next try; `None` when it would end in the same way.
//! fn pause(reason: &Reason, tries: u32) -> Option<Duration> {
//!     match (reason, reason.windows_error()) {
//!         (Reason::Closed, _) => None,
//!         // The account or the password; no encryption or method in common.
//!         (_, Some(646..=649 | 691 | 734 | 741 | 742 | 919)) => None,
//!         _ => Some(Duration::from_secs(1 << tries.min(6))),
//!     }
//! }
//!
//! assert_eq!(pause(&Reason::Closed, 0), None);
//! # use pptp::{client, session::Event};
//! # let mut session = client::Session::new(&client::Config::new("alice", "wonderland"), [7; 32]);
//! # session.open(Duration::ZERO);
//! # session.handle_timeout(Duration::from_secs(60));
//! # let Some(Event::Closed(no_answer)) = session.poll_event() else { panic!("not closed") };
//! assert_eq!(pause(&no_answer, 0), Some(Duration::from_secs(1)));
//! assert_eq!(pause(&no_answer, 9), Some(Duration::from_secs(64)));
//! ```
//!
//! # Several calls
//!
//! A client's session dials one call; several sessions dial several, each with its own TCP connection. A
//! server's session takes up to `CALLS` calls of one connection, and
//! [`Server`](crate::server::Server) keeps many connections. Calls are addressed by their id.
//!
//! ```
//! use core::net::Ipv4Addr;
//! use core::time::Duration;
//! use pptp::{client, server};
//!
//! // Up to 16 calls on one control connection; one more is refused as busy.
//! let config = server::Config::new(Ipv4Addr::new(10, 0, 0, 1));
//! let mut gateway: server::Session<16> = server::Session::new(&config, [1; 32]);
//! // At most two for this peer.
//! gateway.set_call_allowance(2);
//!
//! // Two servers, dialed at once: wait for the earliest deadline of all.
//! let names = ["alice", "bob"];
//! let mut clients = names.map(|name| {
//!     let entropy = [name.len() as u8; 32]; // 32 unpredictable bytes for each
//!     client::Session::new(&client::Config::new(name, "wonderland"), entropy)
//! });
//! clients.iter_mut().for_each(|client| client.open(Duration::ZERO));
//! let deadline = clients.iter().filter_map(|client| client.poll_timeout()).min();
//! assert_eq!(deadline, Some(Duration::from_secs(10)));
//! ```
//!
//! # Trace a session
//!
//! An [`Inspector`](crate::inspect::Inspector) that gets the same bytes shows every layer of a session,
//! and decrypts it with the password. `vpdn::show::Trace` writes its records as lines; the call to it is
//! all that a program needs.
//!
//! ```
//! # use core::net::Ipv4Addr;
//! # use core::time::Duration;
//! # use pptp::ppp_session::Event as Ppp;
//! # use pptp::session::{CallEvent, Event, MAX_TRANSMIT};
//! # use pptp::{client, ppp_session, server};
//! # type Error = Box<dyn std::error::Error>;
//! # /// Carries everything both ways, as sockets do.
//! # fn carry(now: Duration, client: &mut client::Session, server: &mut server::Session) -> Result<(), Error> {
//! #     let mut buf = [0; MAX_TRANSMIT];
//! #     while let Some(packet) = client.poll_tunnel(now, &mut buf)? {
//! #         let _ = server.handle_gre(now, &mut packet.to_vec(), &mut []);
//! #     }
//! #     while let Some(packet) = server.poll_tunnel(now, &mut buf)? {
//! #         let _ = client.handle_gre(now, &mut packet.to_vec(), &mut []);
//! #     }
//! #     while let Some(bytes) = client.poll_control(now, &mut buf)? {
//! #         let _ = server.handle_stream(now, bytes);
//! #     }
//! #     while let Some(bytes) = server.poll_control(now, &mut buf)? {
//! #         let _ = client.handle_stream(now, bytes);
//! #     }
//! #     Ok(())
//! # }
//! # let now = Duration::ZERO;
//! # let config = server::Config::new(Ipv4Addr::new(10, 0, 0, 1))
//! #     .with_server(|server| server.with_client_address(Ipv4Addr::new(10, 0, 0, 2)));
//! # let mut server: server::Session = server::Session::new(&config, [2; 32]);
//! use core::net::{IpAddr, SocketAddr};
//! use pptp::inspect::{ControlInput, Inspector, Secrets};
//! use vpdn::capture::{Item, Place};
//! use vpdn::show::Trace;
//!
//! let mut inspector = Inspector::new(Secrets::new().with_password(Some("alice"), "wonderland"));
//! let mut trace = Trace::new(Vec::new());
//! let (ours, theirs) = (IpAddr::from([192, 0, 2, 7]), IpAddr::from([192, 0, 2, 1]));
//! # let mut client = client::Session::new(&client::Config::new("alice", "wonderland"), [1; 32]);
//! # client.open(now);
//! # let mut buf = [0; MAX_TRANSMIT];
//!
//! // Next to each `poll_control`, and in the same way next to `handle_stream`, `poll_tunnel`
//! // (`handle_gre` of the inspector) and `handle_gre`:
//! let bytes = client.poll_control(now, &mut buf)?.ok_or("nothing to send")?;
//! let place = Place { number: 1, time: (0, 0), path: None, carrier: None };
//! let (from, to) = (SocketAddr::new(ours, 49_152), SocketAddr::new(theirs, 1723));
//! inspector.handle_control(place.number, from, to, ControlInput::Bytes(bytes), &mut |record| {
//!     let _ = trace.item(&place, Item::Record(&record));
//! });
//! # let _ = &mut server;
//! # Ok::<(), Error>(())
//! ```
//!
//! To trace a whole network, feed it a capture: the program `vpdn-inspect`, or `live-inspector` in the
//! folder `examples` of the repository.
//!
//! # Use smoltcp in place of a TUN device
//!
//! A smoltcp `Device` is a queue of IP packets each way: [`Received::Ip`](crate::session::Received::Ip)
//! goes into the receive queue, and packets of the transmit queue to
//! [`send_ip`](crate::session::CallMut::send_ip). Set the MTU of the device to
//! [`mtu`](crate::session::Call::mtu), and its address to that of
//! [`IpUp`](crate::ppp_session::Event::IpUp). The program `smoltcp-ping` in the folder `examples` of the
//! repository has a stack at each end of a tunnel: one pings, the other answers.
//!
//! # Without an allocator
//!
//! Sessions need `alloc`; their parts do not. With `default-features = false` a client is a
//! [`Connection`](crate::wire::connection::Connection), a [`Tunnel`](crate::gre::Tunnel), a
//! [`Link`](crate::ppp::link::Link), an [`Encryptor`](crate::mppe::Encryptor) and a
//! [`Decryptor`](crate::mppe::Decryptor), all of fixed size. This is the whole of it:
//!
//! ```
//! use core::time::Duration;
//! use pptp::gre::{CallIds, InlineSlots, Received, Tunnel};
//! use pptp::mppe::{Decryptor, Direction, Encryptor, MasterKey, Mode, Side, Strength};
//! use pptp::ppp::auth::{Demand, Keys, Method, Methods, Secret};
//! use pptp::ppp::link::{self, Link};
//! use pptp::ppp::{Frame, Protocol, ccp, ipcp, lcp};
//! use pptp::wire::connection::{self, Connection, Identity};
//! use pptp::wire::message::OutgoingCallRequest;
//! use pptp::{gre, mppe};
//!
//! /// A client of fixed size: one call, MS-CHAP version 2, MPPE with 128 bits, stateless.
//! struct Client {
//!     control: Connection<1>,
//!     link: Link,
//!     tunnel: Option<Tunnel<InlineSlots<4, 1500>>>,
//!     ciphers: Option<(Encryptor, Decryptor)>,
//! }
//!
//! impl Client {
//!     fn new(entropy: [[u8; 32]; 2]) -> Self {
//!         let methods = Methods::new(&[Method::MsChapV2]);
//!         // With CCP's defaults encryption is required, with 128 bits, stateless.
//!         let config = link::Config::default()
//!             .with_lcp(lcp::Config::default().with_own_authentication(methods))
//!             .with_ccp(ccp::Config::default())
//!             .with_ipcp(ipcp::Config::default());
//!         Self {
//!             control: Connection::originator(
//!                 connection::Config::new(Identity::PPTP_LINUX),
//!                 entropy[0],
//!             ),
//!             link: Link::new(&config, entropy[1]),
//!             tunnel: None,
//!             ciphers: None,
//!         }
//!     }
//!
//!     /// To be called after each input: what happened in one layer goes to the others.
//!     fn pump(&mut self, now: Duration) -> Result<(), &'static str> {
//!         while let Some(event) = self.control.poll_event() {
//!             match event {
//!                 connection::Event::Established => {
//!                     let request = OutgoingCallRequest::new(0, 0);
//!                     self.control.place_call(now, request).map_err(|_| "no call")?;
//!                 }
//!                 connection::Event::CallConnected { call, peer_call_id, .. } => {
//!                     let ids = CallIds { local: call.get(), peer: peer_call_id };
//!                     self.tunnel = Some(Tunnel::inline(gre::Config::new(ids)));
//!                     self.link.open(now);
//!                     self.link.up(now);
//!                 }
//!                 connection::Event::CallClosed { .. } | connection::Event::Closed { .. } => {
//!                     self.link.down(now);
//!                 }
//!                 _ => {}
//!             }
//!         }
//!         while let Some(event) = self.link.poll_event() {
//!             match event {
//!                 link::Event::Prove(Demand::Proof { ticket, is_retry: false, .. }) => {
//!                     let secret = Secret::Password(b"wonderland");
//!                     self.link.prove(now, ticket, b"alice", &secret).map_err(|_| "no proof")?;
//!                 }
//!                 link::Event::Prove(_) => self.link.close(now),
//!                 link::Event::CompressionUp(_) => {
//!                     // Keys that encrypted once must not start again (RFC 3078).
//!                     if self.ciphers.is_some() {
//!                         return Err("encryption began again");
//!                     }
//!                     let Some(Keys::MsChapV2 { hash, nt_response }) = self.link.keys() else {
//!                         return Err("no keys");
//!                     };
//!                     let master =
//!                         MasterKey::from_ms_chap_v2(hash.as_bytes(), nt_response.as_bytes());
//!                     let start = |direction| {
//!                         master.start_key(Strength::Bits128, Side::Client, direction)
//!                     };
//!                     let config = mppe::Config::new(Mode::Stateless);
//!                     self.ciphers = Some((
//!                         Encryptor::new(&start(Direction::Send), &config),
//!                         Decryptor::new(&start(Direction::Receive), &config),
//!                     ));
//!                 }
//!                 link::Event::Closed(_) => return Err("closed"),
//!                 _ => {}
//!             }
//!         }
//!         Ok(())
//!     }
//!
//!     /// Takes a GRE packet, and returns the IP packet in it, decrypted where it lies.
//!     fn handle_gre<'p>(&mut self, now: Duration, packet: &'p mut [u8]) -> Option<&'p [u8]> {
//!         let received = self.tunnel.as_mut()?.decapsulate_in_place(now, packet).ok()?;
//!         let Received::Frame(frame) = received else { return None };
//!         let header = frame.len() - Frame::decode(frame).ok()?.information.len();
//!         if Frame::decode(frame).ok()?.protocol != Protocol::COMPRESSED {
//!             // Negotiation. The link refuses IP in the clear.
//!             let _ = self.link.handle_frame(now, frame);
//!             return None;
//!         }
//!         let (_, decryptor) = self.ciphers.as_mut()?;
//!         let decrypted = decryptor.decrypt(&mut frame[header..]).ok()?;
//!         (decrypted.protocol() == Protocol::IP.0).then(|| decrypted.payload())
//!     }
//!
//!     /// Writes the next GRE packet of the negotiation, or an acknowledgment.
//!     fn poll_tunnel<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Option<&'b [u8]> {
//!         let tunnel = self.tunnel.as_mut()?;
//!         let mut frame = [0; Link::MAX_TRANSMIT];
//!         match self.link.poll_transmit(now, &mut frame).ok()? {
//!             Some(frame) => tunnel.encapsulate(now, frame, buf).ok(),
//!             None => tunnel.poll_transmit(now, buf).ok()?,
//!         }
//!     }
//!
//!     /// Encrypts an IP packet into a GRE packet.
//!     fn send_ip<'b>(&mut self, now: Duration, ip: &[u8], buf: &'b mut [u8]) -> Option<&'b [u8]> {
//!         if !self.link.may_send(Protocol::IP) {
//!             return None;
//!         }
//!         let mut packet = [0; 1504];
//!         let packet = self.ciphers.as_mut()?.0.encrypt(Protocol::IP.0, ip, &mut packet).ok()?;
//!         let mut frame = [0; 1508];
//!         let frame = self.link.frame(Protocol::COMPRESSED, packet).encode(&mut frame).ok()?;
//!         self.tunnel.as_mut()?.encapsulate(now, frame, buf).ok()
//!     }
//!
//!     fn poll_timeout(&self) -> Option<Duration> {
//!         let tunnel = self.tunnel.as_ref().and_then(Tunnel::poll_timeout);
//!         [self.control.poll_timeout(), self.link.poll_timeout(), tunnel]
//!             .into_iter()
//!             .flatten()
//!             .min()
//!     }
//!
//!     fn handle_timeout(&mut self, now: Duration) {
//!         self.control.handle_timeout(now);
//!         self.link.handle_timeout(now);
//!         self.tunnel.iter_mut().for_each(|tunnel| tunnel.handle_timeout(now));
//!     }
//! }
//!
//! let now = Duration::ZERO;
//! let mut client = Client::new([[1; 32], [2; 32]]); // unpredictable bytes
//! client.control.open(now)?;
//! assert!(client.poll_timeout().is_some());
//! client.handle_timeout(now);
//! // The server of the other examples is the peer.
//! # use pptp::ppp::auth::Answer;
//! # use pptp::ppp_session::Event as Ppp;
//! # use pptp::session::{self, CallEvent, Event};
//! # let config = pptp::server::Config::new([10, 0, 0, 1].into())
//! #     .with_server(|server| server.with_client_address([10, 0, 0, 2].into()));
//! # let mut server: pptp::server::Session = pptp::server::Session::new(&config, [3; 32]);
//! # server.open(now);
//! # let mut buf = [0; 2048];
//! # while client.link.ip().is_none() || server.first_call().and_then(|call| call.ppp().ip()).is_none() {
//! #     while let Some(bytes) = client.control.poll_transmit(now, &mut buf)? {
//! #         let _ = server.handle_stream(now, bytes);
//! #     }
//! #     while let Some(bytes) = server.poll_control(now, &mut buf)? {
//! #         let _ = client.control.handle_stream(now, bytes);
//! #         client.pump(now)?;
//! #     }
//! #     while let Some(packet) = client.poll_tunnel(now, &mut buf) {
//! #         let _ = server.handle_gre(now, &mut packet.to_vec(), &mut []);
//! #     }
//! #     while let Some(packet) = server.poll_tunnel(now, &mut buf)? {
//! #         assert_eq!(client.handle_gre(now, &mut packet.to_vec()), None);
//! #         client.pump(now)?;
//! #     }
//! #     while let Some(event) = server.poll_event() {
//! #         if let Event::Call { call, event: CallEvent::Ppp(Ppp::Authenticate(question)) } = event {
//! #             let answer = Answer::Password(b"wonderland");
//! #             server.call_mut(call).ok_or("no call")?.answer(now, question.ticket(), &answer)?;
//! #         }
//! #     }
//! # }
//! let ip = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 1, 0x66, 0xe3, 10, 0, 0, 2, 10, 0, 0, 1];
//! let mut buf = [0; 2048];
//! let packet = client.send_ip(now, &ip, &mut buf).ok_or("not sent")?;
//! # let mut packet = packet.to_vec();
//! # let (_, received) = server.handle_gre(now, &mut packet, &mut [])?;
//! # assert_eq!(received, session::Received::Ip(&ip));
//! # let mut buf = [0; session::HEADROOM + 20];
//! # buf[session::HEADROOM..].copy_from_slice(&ip);
//! # let mut packet = server.first_call_mut().ok_or("no call")?.send_ip(now, &mut buf)?.to_vec();
//! # assert_eq!(client.handle_gre(now, &mut packet), Some(&ip[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
