//! PPP for SSTP, PPPoE, L2TP and serial lines: what a carrier has to do.
//!
//! This module contains documentation only; its examples run as tests.
//!
//! A [`Session`](crate::Session) takes and gives whole PPP frames. A carrier moves them: it lays its
//! header in front, sends, receives, and takes the header off. It also says when it is up
//! ([`open`](crate::Session::open)) and when it is gone ([`down`](crate::Session::down)).
//!
//! ```text
//!    IP packet                                                        IP packet
//!        |                                                                ^
//!     send_ip        poll_transmit              handle_frame              |
//!        |                |                          ^                    |
//!        +----> frame <---+                          |        Received::Ip(packet)
//!                 |                                  |
//!       header of the carrier  ---- network ----> header taken off
//! ```
//!
//! | carrier | header | longest frame | notes |
//! |---|---|---|---|
//! | SSTP (MS-SSTP section 2.2.1) | 4 bytes: version, flags, length | 4091 | frames keep address and control; TLS below |
//! | PPPoE (RFC 2516 section 4) | 6 bytes behind Ethernet | 1492 | frames go without address and control |
//! | L2TP (RFC 2661 section 3.1) | 6 to 14 bytes in UDP | the path's MTU | frames keep address and control |
//! | PPTP (RFC 2637 section 4.1) | 8 to 16 bytes in IP | the path's MTU | the crate `pptp` does it |
//! | a line (RFC 1662 section 4) | flags, escapes, check sequence | 1500 | `ppp_fsm::hdlc` does it |
//!
//! Set the room of the carrier with [`with_carrier_mru`](crate::Config::with_carrier_mru): the MTU, the
//! MRU and the lengths of encrypted packets follow from it. A carrier that loses or reorders frames needs
//! [stateless](crate::Config::with_modes) encryption, which is the default, and should put frames in
//! order first, as `pptp-gre` does.
//!
//! # SSTP
//!
//! A TLS stream carries frames one after the other. Bytes come in pieces of any size, so a frame may
//! have to wait for its end. This is the whole carrier:
//!
//! ```
//! # use core::net::Ipv4Addr;
//! # use core::time::Duration;
//! # use ppp_session::ppp::auth::Answer;
//! # use ppp_session::{Client, Config, Event, HEADROOM, MAX_TRANSMIT, Received, Server, Session};
//! # type Error = Box<dyn std::error::Error>;
//! # /// Negotiates until IP flows; `cross` is the carrier from one end to the other.
//! # fn connect(config: &Config, cross: &mut dyn FnMut(&[u8]) -> Vec<Vec<u8>>) -> Result<[Session; 2], Error> {
//! #     let now = Duration::ZERO;
//! #     let server = Server::new(Ipv4Addr::new(10, 0, 0, 1));
//! #     let mut ends = [
//! #         Session::client(config, &Client::new("alice", "wonderland"), [2; 32]),
//! #         Session::server(config, &server, [1; 32]),
//! #     ];
//! #     ends.iter_mut().for_each(|end| end.open(now));
//! #     let mut buf = [0; MAX_TRANSMIT];
//! #     while ends.iter().any(|end| end.ip().is_none()) {
//! #         for (from, to) in [(0, 1), (1, 0)] {
//! #             while let Some(frame) = ends[from].poll_transmit(now, &mut buf)? {
//! #                 for mut frame in cross(frame) {
//! #                     let _ = ends[to].handle_frame(now, &mut frame, &mut []);
//! #                 }
//! #             }
//! #         }
//! #         while let Some(event) = ends[1].poll_event() {
//! #             if let Event::Authenticate(question) = event {
//! #                 ends[1].assign_address(Ipv4Addr::new(10, 0, 0, 2));
//! #                 ends[1].answer(now, question.ticket(), &Answer::Password(b"wonderland"))?;
//! #             }
//! #         }
//! #     }
//! #     Ok(ends)
//! # }
//! # /// Sends a ping from the first to the second end.
//! # fn ping([from, to]: &mut [Session; 2], cross: &mut dyn FnMut(&[u8]) -> Vec<Vec<u8>>) -> Result<(), Error> {
//! #     let ip = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 1, 0x66, 0xe3, 10, 0, 0, 2, 10, 0, 0, 1];
//! #     let mut buf = [0; HEADROOM + 20];
//! #     buf[HEADROOM..].copy_from_slice(&ip);
//! #     let frame = from.send_ip(Duration::ZERO, &mut buf, HEADROOM)?;
//! #     for mut frame in cross(&buf[frame]) {
//! #         assert_eq!(to.handle_frame(Duration::ZERO, &mut frame, &mut [])?, Received::Ip(&ip));
//! #     }
//! #     Ok(())
//! # }
//! /// MS-SSTP section 2.2.1: version 1.0, flags (0: data), and the length of all of it.
//! const HEADER: usize = 4;
//!
//! fn to_stream(frame: &[u8], stream: &mut Vec<u8>) -> Result<(), Error> {
//!     let [high, low] = u16::try_from(HEADER + frame.len())?.to_be_bytes();
//!     stream.extend([0x10, 0, high, low]);
//!     stream.extend(frame);
//!     Ok(())
//! }
//!
//! /// Takes the next whole frame out of what came so far.
//! fn from_stream(stream: &mut Vec<u8>) -> Option<Vec<u8>> {
//!     let (&[_, _, high, low], rest) = stream.split_first_chunk::<HEADER>()?;
//!     // The upper four bits of the length are reserved.
//!     let length = usize::from(u16::from_be_bytes([high & 0x0f, low])).checked_sub(HEADER)?;
//!     let frame = rest.get(..length)?.to_vec();
//!     stream.drain(..HEADER + length);
//!     Some(frame)
//! }
//!
//! let mut cross = |frame: &[u8]| {
//!     let (mut stream, mut arrived, mut frames) = (Vec::new(), Vec::new(), Vec::new());
//!     to_stream(frame, &mut stream).expect("short");
//!     for piece in stream.chunks(7) {
//!         arrived.extend(piece);
//!         frames.extend(from_stream(&mut arrived));
//!     }
//!     frames
//! };
//! let mut ends = connect(&Config::strict().with_carrier_mru(4087), &mut cross)?;
//! ping(&mut ends, &mut cross)?;
//! # Ok::<(), Error>(())
//! ```
//!
//! SSTP also proves that the TLS connection and the PPP session have the same ends (MS-SSTP section
//! 3.2.5.2). Its Crypto Binding needs the keys of MS-CHAP version 2, which
//! [`link`](crate::Session::link) has.
//!
//! # PPPoE
//!
//! PPPoE leaves out address and control, and its length excludes its own header. The session takes frames
//! with and without them:
//!
//! ```
//! # use core::net::Ipv4Addr;
//! # use core::time::Duration;
//! # use ppp_session::ppp::auth::Answer;
//! # use ppp_session::{Client, Config, Event, HEADROOM, MAX_TRANSMIT, Received, Server, Session};
//! # type Error = Box<dyn std::error::Error>;
//! # /// Negotiates until IP flows; `cross` is the carrier from one end to the other.
//! # fn connect(config: &Config, cross: &mut dyn FnMut(&[u8]) -> Vec<Vec<u8>>) -> Result<[Session; 2], Error> {
//! #     let now = Duration::ZERO;
//! #     let server = Server::new(Ipv4Addr::new(10, 0, 0, 1));
//! #     let mut ends = [
//! #         Session::client(config, &Client::new("alice", "wonderland"), [2; 32]),
//! #         Session::server(config, &server, [1; 32]),
//! #     ];
//! #     ends.iter_mut().for_each(|end| end.open(now));
//! #     let mut buf = [0; MAX_TRANSMIT];
//! #     while ends.iter().any(|end| end.ip().is_none()) {
//! #         for (from, to) in [(0, 1), (1, 0)] {
//! #             while let Some(frame) = ends[from].poll_transmit(now, &mut buf)? {
//! #                 for mut frame in cross(frame) {
//! #                     let _ = ends[to].handle_frame(now, &mut frame, &mut []);
//! #                 }
//! #             }
//! #         }
//! #         while let Some(event) = ends[1].poll_event() {
//! #             if let Event::Authenticate(question) = event {
//! #                 ends[1].assign_address(Ipv4Addr::new(10, 0, 0, 2));
//! #                 ends[1].answer(now, question.ticket(), &Answer::Password(b"wonderland"))?;
//! #             }
//! #         }
//! #     }
//! #     Ok(ends)
//! # }
//! # /// Sends a ping from the first to the second end.
//! # fn ping([from, to]: &mut [Session; 2], cross: &mut dyn FnMut(&[u8]) -> Vec<Vec<u8>>) -> Result<(), Error> {
//! #     let ip = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 1, 0x66, 0xe3, 10, 0, 0, 2, 10, 0, 0, 1];
//! #     let mut buf = [0; HEADROOM + 20];
//! #     buf[HEADROOM..].copy_from_slice(&ip);
//! #     let frame = from.send_ip(Duration::ZERO, &mut buf, HEADROOM)?;
//! #     for mut frame in cross(&buf[frame]) {
//! #         assert_eq!(to.handle_frame(Duration::ZERO, &mut frame, &mut [])?, Received::Ip(&ip));
//! #     }
//! #     Ok(())
//! # }
//! /// RFC 2516 section 4: version and type, code 0 (session data), session id, length.
//! fn to_ethernet(session_id: u16, frame: &[u8]) -> Result<Vec<u8>, Error> {
//!     let frame = frame.strip_prefix(&[0xff, 0x03]).unwrap_or(frame);
//!     let ([s0, s1], [l0, l1]) =
//!         (session_id.to_be_bytes(), u16::try_from(frame.len())?.to_be_bytes());
//!     Ok([&[0x11, 0, s0, s1, l0, l1], frame].concat())
//! }
//!
//! /// Returns the frame in a payload of Ethernet type 0x8864, if it is of this session.
//! fn from_ethernet(session_id: u16, payload: &[u8]) -> Option<Vec<u8>> {
//!     let (&[0x11, 0, s0, s1, l0, l1], rest) = payload.split_first_chunk::<6>()? else {
//!         return None;
//!     };
//!     // Ethernet pads short frames: the length says where this one ends.
//!     let frame = rest.get(..usize::from(u16::from_be_bytes([l0, l1])))?;
//!     (u16::from_be_bytes([s0, s1]) == session_id).then(|| frame.to_vec())
//! }
//!
//! let mut cross = |frame: &[u8]| {
//!     let mut payload = to_ethernet(7, frame).expect("short");
//!     payload.resize(payload.len().max(46), 0);
//!     assert_eq!(from_ethernet(8, &payload), None);
//!     from_ethernet(7, &payload).into_iter().collect()
//! };
//! let mut ends = connect(&Config::strict().with_carrier_mru(1492), &mut cross)?;
//! ping(&mut ends, &mut cross)?;
//! # Ok::<(), Error>(())
//! ```
//!
//! # A serial line
//!
//! `ppp_fsm::hdlc` puts frames between flags, escapes bytes, and checks each frame. The decoder takes
//! bytes in pieces of any size. A frame that was damaged is dropped, and PPP's timers repeat it:
//!
//! ```
//! # use core::net::Ipv4Addr;
//! # use core::time::Duration;
//! # use ppp_session::ppp::auth::Answer;
//! # use ppp_session::{Client, Config, Event, HEADROOM, MAX_TRANSMIT, Received, Server, Session};
//! # type Error = Box<dyn std::error::Error>;
//! # /// Negotiates until IP flows; `cross` is the carrier from one end to the other.
//! # fn connect(config: &Config, cross: &mut dyn FnMut(&[u8]) -> Vec<Vec<u8>>) -> Result<[Session; 2], Error> {
//! #     let now = Duration::ZERO;
//! #     let server = Server::new(Ipv4Addr::new(10, 0, 0, 1));
//! #     let mut ends = [
//! #         Session::client(config, &Client::new("alice", "wonderland"), [2; 32]),
//! #         Session::server(config, &server, [1; 32]),
//! #     ];
//! #     ends.iter_mut().for_each(|end| end.open(now));
//! #     let mut buf = [0; MAX_TRANSMIT];
//! #     while ends.iter().any(|end| end.ip().is_none()) {
//! #         for (from, to) in [(0, 1), (1, 0)] {
//! #             while let Some(frame) = ends[from].poll_transmit(now, &mut buf)? {
//! #                 for mut frame in cross(frame) {
//! #                     let _ = ends[to].handle_frame(now, &mut frame, &mut []);
//! #                 }
//! #             }
//! #         }
//! #         while let Some(event) = ends[1].poll_event() {
//! #             if let Event::Authenticate(question) = event {
//! #                 ends[1].assign_address(Ipv4Addr::new(10, 0, 0, 2));
//! #                 ends[1].answer(now, question.ticket(), &Answer::Password(b"wonderland"))?;
//! #             }
//! #         }
//! #     }
//! #     Ok(ends)
//! # }
//! # /// Sends a ping from the first to the second end.
//! # fn ping([from, to]: &mut [Session; 2], cross: &mut dyn FnMut(&[u8]) -> Vec<Vec<u8>>) -> Result<(), Error> {
//! #     let ip = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 1, 0x66, 0xe3, 10, 0, 0, 2, 10, 0, 0, 1];
//! #     let mut buf = [0; HEADROOM + 20];
//! #     buf[HEADROOM..].copy_from_slice(&ip);
//! #     let frame = from.send_ip(Duration::ZERO, &mut buf, HEADROOM)?;
//! #     for mut frame in cross(&buf[frame]) {
//! #         assert_eq!(to.handle_frame(Duration::ZERO, &mut frame, &mut [])?, Received::Ip(&ip));
//! #     }
//! #     Ok(())
//! # }
//! use ppp_session::ppp::hdlc::{self, Decoder, Encoder};
//!
//! // Every control character is escaped, which every peer understands.
//! let framing = hdlc::Config::default();
//! let mut cross = |frame: &[u8]| {
//!     let line: Vec<u8> = Encoder::new(frame, framing).collect();
//!     let mut buf = [0; 1508];
//!     let mut decoder = Decoder::new(&mut buf, framing);
//!     let mut frames = Vec::new();
//!     for mut piece in line.chunks(16) {
//!         while let Some(result) = decoder.decode(&mut piece) {
//!             frames.extend(result.map(<[u8]>::to_vec));
//!         }
//!     }
//!     frames
//! };
//! let mut ends = connect(&Config::strict(), &mut cross)?;
//! ping(&mut ends, &mut cross)?;
//! # Ok::<(), Error>(())
//! ```
