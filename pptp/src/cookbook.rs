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
//! With `default-features = false` a session is one value of fixed size, and nothing of it is on a heap:
//!
//! ```toml
//! pptp = { version = "0.1", default-features = false, features = ["zeroize"] }
//! ```
//!
//! All else stays as it is in the [guide](crate::guide). [`client::Session`](crate::client::Session) takes
//! 28.6 kB then, and `docs/MEMORY.md` of the repository has the other sizes. These are left out:
//! compression, [`server::Server`](crate::server::Server) with its table of many connections, batches,
//! and the inspector. A packet that comes before an earlier one does not wait, as in Linux, so that
//! the earlier one is lost.
//!
//! ```
//! use pptp::client::{Config, Session};
//!
//! /// The memory that firmware sets aside, known at compile time.
//! const SIZE: usize = size_of::<Option<Session>>();
//! const _: () = assert!(SIZE < 32 * 1024);
//!
//! // A `static` with a lock, in firmware.
//! let mut place: Option<Session> = None;
//! // 32 unpredictable bytes of the board's own generator.
//! let entropy = [7; 32];
//! let session = place.insert(Session::new(&Config::new("alice", "wonderland"), entropy));
//! session.open(core::time::Duration::ZERO);
//! ```
