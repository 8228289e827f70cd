//! A control connection and a tunnel on real sockets, for tests against real PPTP programs.
//!
//! The crates do no IO; a [`Session`] does it for one call: TCP, a raw socket for GRE, and time. A [`Line`] is the other
//! end of what such a program takes for its PPP daemon.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use crate::uml::Terminal;
use ppp_fsm::hdlc::{Config as Framing, Decoder, Encoder};
use pptp_gre::{CallIds, IP_PROTOCOL, Received, Slot, Tunnel};
use pptp_wire::Reassembler;
use pptp_wire::connection::{Answer, CallId, Config, Connection, Event, Identity};
use pptp_wire::message::OutgoingCallRequest;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType};

/// The longest frame on a line or in a tunnel, with some room.
const MAX_FRAME: usize = 1600;

/// Reading gives something: bytes, the end, or an error.
const READABLE: PollFlags = PollFlags::IN.union(PollFlags::HUP).union(PollFlags::ERR);

/// A bidirectional stream of frames in asynchronous framing.
pub struct Line {
    stream: File,
    /// Of a terminal, which is at its end as soon as nobody has it open.
    _other_end: Option<OwnedFd>,
    decoder: Decoder<'static>,
    unsent: Vec<u8>,
    unread: Vec<u8>,
    /// Frames that were damaged.
    pub damaged: usize,
    /// Control characters that were sent and received without an escape, bit 0 for 00 to bit 31 for 1f.
    pub bare: (u32, u32),
    /// Whether the program has closed its end.
    pub ended: bool,
}

impl Line {
    /// Takes one end of a stream, or of a terminal.
    ///
    /// # Panics
    ///
    /// When it cannot be made non-blocking.
    #[must_use]
    pub fn new(stream: impl Into<OwnedFd>) -> Self {
        let stream = File::from(stream.into());
        rustix::io::ioctl_fionbio(&stream, true).unwrap();
        // The decoder borrows its buffer. A test has a few dozen lines.
        let decoder = Decoder::new(vec![0; MAX_FRAME].leak(), Framing::default());
        let (unsent, unread) = (Vec::new(), Vec::new());
        Self { stream, _other_end: None, decoder, unsent, unread, damaged: 0, bare: (0, 0), ended: false }
    }

    /// Takes a serial line of a guest.
    #[must_use]
    pub fn of_terminal(terminal: Terminal) -> Self {
        let (own, other) = terminal.into_ends();
        Self { _other_end: Some(other), ..Self::new(own) }
    }

    /// Sends a frame when there is room, with all control characters escaped.
    pub fn send(&mut self, frame: &[u8]) {
        self.send_as(frame, Framing::default());
    }

    /// Sends the same in the framing that was agreed.
    pub fn send_as(&mut self, frame: &[u8], framing: Framing) {
        self.unsent.extend(Encoder::new(frame, framing));
    }

    /// Returns the next of the frames that have come, in the framing that was agreed so far.
    pub fn next_frame(&mut self, framing: Framing) -> Option<Vec<u8>> {
        self.decoder.set_config(framing);
        let mut input = &self.unread[..];
        let mut next = None;
        while next.is_none() {
            match self.decoder.decode(&mut input) {
                None => break,
                Some(Ok(frame)) => next = Some(frame.to_vec()),
                Some(Err(_)) => self.damaged += 1,
            }
        }
        let taken = self.unread.len() - input.len();
        self.unread.drain(..taken);
        next
    }

    /// Returns the frames that have come since the last time, with all control characters escaped.
    pub fn take_frames(&mut self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.next_frame(Framing::default())).collect()
    }

    /// Returns whether anything has come that was not taken.
    #[must_use]
    pub fn has_come(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Sends and reads what is possible now, or as soon as something is, until `longest`.
    ///
    /// # Panics
    ///
    /// When the system cannot wait.
    pub fn exchange(&mut self, longest: Duration) {
        let writable = if self.unsent.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
        let mut fds = [PollFd::from_borrowed_fd(self.stream.as_fd(), PollFlags::IN | writable)];
        poll(&mut fds, Some(&Timespec::try_from(longest).unwrap())).unwrap();
        let happened = fds[0].revents();
        if happened.intersects(PollFlags::OUT) {
            self.flush();
        }
        if happened.intersects(READABLE) {
            self.read();
        }
    }

    fn flush(&mut self) {
        match self.stream.write(&self.unsent) {
            Ok(written) => {
                self.bare.0 |= control_characters(&self.unsent[..written]);
                self.unsent.drain(..written);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => self.ended = true,
        }
    }

    fn read(&mut self) {
        let mut buf = [0; 16384];
        match self.stream.read(&mut buf) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Ok(0) | Err(_) => self.ended = true,
            Ok(length) => {
                self.bare.1 |= control_characters(&buf[..length]);
                self.unread.extend(&buf[..length]);
            }
        }
    }
}

/// Returns which control characters there are.
fn control_characters(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|byte| **byte < 32).fold(0, |map, byte| map | 1 << byte)
}

/// Returns a raw socket for the GRE of one peer, in the network namespace of the calling thread.
///
/// # Panics
///
/// When there is no right to have one.
#[must_use]
pub fn gre_socket(peer: Ipv4Addr) -> OwnedFd {
    let protocol = Protocol::from_raw(u32::from(IP_PROTOCOL).try_into().unwrap());
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::RAW, flags, Some(protocol)).unwrap();
    rustix::net::connect(&socket, &SocketAddrV4::new(peer, 0)).unwrap();
    // No frame may be lost for want of room: by force, since the system's limit is low.
    rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, 4 << 20).unwrap();
    socket
}

/// One control connection with one call.
pub struct Session {
    begin: Instant,
    is_client: bool,
    connection: Connection<1>,
    tcp: TcpStream,
    gre: OwnedFd,
    tunnel: Option<Tunnel<Vec<Slot<Vec<u8>>>>>,
    call: Option<CallId>,
    to_program: Reassembler,
    from_program: Reassembler,
    frames: Vec<Vec<u8>>,
    /// The names of the messages that were sent.
    pub sent: Vec<String>,
    /// The names of the messages that came.
    pub received: Vec<String>,
    /// The events of the machine.
    pub events: Vec<Event>,
    /// Whether nothing can come any more.
    tcp_ended: bool,
}

impl Session {
    /// Creates the side that takes the call.
    #[must_use]
    pub fn server(tcp: TcpStream, gre: OwnedFd) -> Self {
        let config = config(Identity::PPTPD).with_outgoing_call_requests(true);
        Self::new(Connection::receiver(config, entropy()), tcp, gre)
    }

    /// Creates the side that asks for the call.
    #[must_use]
    pub fn client(tcp: TcpStream, gre: OwnedFd) -> Self {
        let session = Self::new(Connection::originator(config(Identity::PPTP_LINUX), entropy()), tcp, gre);
        Self { is_client: true, ..session }
    }

    fn new(mut connection: Connection<1>, tcp: TcpStream, gre: OwnedFd) -> Self {
        connection.open(Duration::ZERO).unwrap();
        Self {
            begin: begin(),
            is_client: false,
            connection,
            tcp,
            gre,
            tunnel: None,
            call: None,
            to_program: Reassembler::new(),
            from_program: Reassembler::new(),
            frames: Vec::new(),
            sent: Vec::new(),
            received: Vec::new(),
            events: Vec::new(),
            tcp_ended: false,
        }
    }

    fn now(&self) -> Duration {
        self.begin.elapsed()
    }

    /// Returns the machine, and the time for its commands.
    pub fn connection(&mut self) -> (&mut Connection<1>, Duration) {
        let now = self.now();
        (&mut self.connection, now)
    }

    /// Returns the call, once it is connected.
    #[must_use]
    pub fn call(&self) -> Option<CallId> {
        self.call
    }

    /// Returns the tunnel of the call.
    #[must_use]
    pub fn statistics(&self) -> Option<pptp_gre::Statistics> {
        self.tunnel.as_ref().map(Tunnel::statistics)
    }

    /// Returns whether the control connection is over, and TCP too.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_closed() && self.tcp_ended
    }

    fn is_closed(&self) -> bool {
        matches!(self.events.last(), Some(Event::Closed { .. }))
    }

    /// Ends TCP without a word.
    pub fn hang_up(&mut self) {
        // It fails when the peer was first.
        let _ = self.tcp.shutdown(Shutdown::Both);
        self.tcp_ended = true;
        self.connection.handle_disconnect(self.now());
    }

    /// Sends a frame through the tunnel.
    ///
    /// # Panics
    ///
    /// When there is no call, or the network refuses the packet.
    pub fn send(&mut self, frame: &[u8]) {
        let (now, mut buf) = (self.now(), [0; MAX_FRAME]);
        let tunnel = self.tunnel.as_mut().expect("a call");
        let packet = tunnel.encapsulate(now, frame, &mut buf).unwrap();
        rustix::net::send(&self.gre, packet, SendFlags::empty()).unwrap();
    }

    /// Returns the frames that have come since the last time, in order.
    pub fn take_frames(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.frames)
    }

    /// Does what is to be done, waits for bytes on any side or until `longest`, and takes them.
    ///
    /// # Panics
    ///
    /// When a socket fails in a way that no peer can cause.
    pub fn step(&mut self, line: Option<&mut Line>, longest: Duration) {
        self.flush();
        let timeout = self.wait(longest);
        let mut fds = vec![PollFd::new(&self.gre, PollFlags::IN)];
        let mut line = line;
        let mut line_fd = None;
        if let Some(line) = line.as_ref().filter(|line| !line.ended) {
            let writable = if line.unsent.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
            line_fd = Some(fds.len());
            fds.push(PollFd::from_borrowed_fd(line.stream.as_fd(), PollFlags::IN | writable));
        }
        let tcp_fd = (!self.tcp_ended).then_some(fds.len());
        if tcp_fd.is_some() {
            fds.push(PollFd::new(&self.tcp, PollFlags::IN));
        }
        poll(&mut fds, Some(&Timespec::try_from(timeout).unwrap())).unwrap();
        let happened: Vec<_> = fds.iter().map(PollFd::revents).collect();
        let at = |fd: Option<usize>| fd.map_or(PollFlags::empty(), |fd| happened[fd]);
        drop(fds);
        if let Some(line) = line.as_mut() {
            if at(line_fd).intersects(PollFlags::OUT) {
                line.flush();
            }
            if at(line_fd).intersects(READABLE) {
                line.read();
            }
        }
        if at(tcp_fd).intersects(READABLE) {
            self.read_tcp();
        }
        if at(Some(0)).intersects(READABLE) {
            self.read_gre();
        }
        let now = self.now();
        self.connection.handle_timeout(now);
        if let Some(tunnel) = self.tunnel.as_mut() {
            tunnel.handle_timeout(now);
            while let Some(frame) = tunnel.poll_receive(now) {
                self.frames.push(frame.to_vec());
            }
        }
        self.flush();
    }

    /// Returns the time until the next deadline of either machine.
    fn wait(&self, longest: Duration) -> Duration {
        let tunnel = self.tunnel.as_ref().and_then(Tunnel::poll_timeout);
        let deadline = [tunnel, self.connection.poll_timeout()].into_iter().flatten().min();
        deadline.map_or(longest, |deadline| deadline.saturating_sub(self.now()).min(longest))
    }

    fn flush(&mut self) {
        let now = self.now();
        // An event may lead to a message, a message to room for an event.
        self.take_events(now);
        self.transmit(now);
        self.take_events(now);
        if let Some(tunnel) = self.tunnel.as_mut() {
            let mut buf = [0; pptp_gre::MAX_TRANSMIT];
            if let Some(packet) = tunnel.poll_transmit(now, &mut buf).unwrap() {
                // An acknowledgment may be lost.
                let _ = rustix::net::send(&self.gre, packet, SendFlags::empty());
            }
        }
    }

    fn transmit(&mut self, now: Duration) {
        let mut buf = [0; Connection::<1>::MAX_TRANSMIT];
        while let Some(bytes) = self.connection.poll_transmit(now, &mut buf).unwrap() {
            note(&mut self.to_program, bytes, &mut self.sent);
            // A program that is gone does not read any more.
            let _ = self.tcp.write_all(bytes);
        }
    }

    fn take_events(&mut self, now: Duration) {
        while let Some(event) = self.connection.poll_event() {
            self.events.push(event);
            match event {
                Event::Established if self.is_client => {
                    self.connection.place_call(now, OutgoingCallRequest::new(0, 1)).unwrap();
                }
                Event::CallRequested { call } => {
                    self.connection.accept_call(now, call, Answer::new().with_window(64)).unwrap();
                }
                Event::CallConnected { call, peer_call_id, parameters } => {
                    let ids = CallIds { local: call.get(), peer: peer_call_id };
                    let config = pptp_gre::Config::new(ids).with_peer_receive_window(parameters.peer_window);
                    let slots = (0..64).map(|_| Slot::new(Vec::with_capacity(MAX_FRAME))).collect();
                    self.tunnel = Some(Tunnel::new(config, slots));
                    self.call = Some(call);
                }
                Event::Closed { .. } => {
                    self.transmit(now);
                    // The rest of the program's output is read to the end.
                    let _ = self.tcp.shutdown(Shutdown::Write);
                }
                _ => {}
            }
        }
    }

    fn read_tcp(&mut self) {
        let (now, mut buf) = (self.now(), [0; 4096]);
        let length = self.tcp.read(&mut buf).unwrap_or(0);
        if length == 0 {
            self.tcp_ended = true;
            return self.connection.handle_disconnect(now);
        }
        note(&mut self.from_program, &buf[..length], &mut self.received);
        // A full machine takes less, and has room again after its events are taken.
        let mut taken = 0;
        while taken < length && !self.is_closed() {
            taken += self.connection.handle_stream(now, &buf[taken..length]);
            self.flush();
        }
    }

    fn read_gre(&mut self) {
        let mut buf = [0; 2048];
        while let Ok((_, length)) = rustix::net::recv(&self.gre, &mut buf[..], RecvFlags::DONTWAIT) {
            let now = self.now();
            // RFC 791: the header's length in words is in the lower half of the first byte.
            let header = usize::from(buf[0] & 0x0f) * 4;
            let (Some(tunnel), Some(packet)) = (self.tunnel.as_mut(), buf.get(header..length)) else { continue };
            if let Ok(Received::Frame(frame)) = tunnel.decapsulate(now, packet) {
                self.frames.push(frame.to_vec());
            }
            while let Some(frame) = tunnel.poll_receive(now) {
                self.frames.push(frame.to_vec());
            }
            if let Some(call) = self.call {
                self.connection.handle_data_seen(now, call);
            }
        }
    }
}

/// Returns a configuration with time-outs that suit a test.
fn config(identity: Identity) -> Config {
    let few = Duration::from_secs(4);
    Config::new(identity)
        .with_start_timeout(few)
        .with_stop_timeout(few)
        .with_reply_timeout(few)
        .with_disconnect_timeout(few)
}

#[expect(clippy::disallowed_methods, reason = "real sockets have the real time")]
fn begin() -> Instant {
    Instant::now()
}

/// Returns unpredictable bytes.
pub(crate) fn entropy() -> [u8; 32] {
    let mut bytes = [0; 32];
    std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).unwrap();
    bytes
}

/// Adds the names of messages to a list.
fn note(stream: &mut Reassembler, mut bytes: &[u8], names: &mut Vec<String>) {
    while let Ok(Some(message)) = stream.next_message(&mut bytes) {
        names.push(message.name().to_owned());
    }
}
