//! The loop of the client, between the stack outside the tunnel and the one inside.

use core::fmt::Write as _;
use core::net::Ipv4Addr;
use core::time::Duration;

use pptp::client::{Config, Session};
use pptp::ppp_session::Event as Ppp;
use pptp::session::{CallEvent, Event, MAX_TRANSMIT};
use pptp::wire::TCP_PORT;
use smoltcp::iface::{self, Interface, SocketHandle, SocketSet, SocketStorage};
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::socket::{raw, tcp};
use smoltcp::wire::{HardwareAddress, IpCidr, IpProtocol, IpVersion, Ipv4Packet, Ipv4Repr};

use crate::board::{Uart, now};
use crate::inner::{self, Stack, Tunnel};
use crate::line::{Line, MTU};
use crate::order::Order;
use crate::{at, halt};

/// Generic Routing Encapsulation.
const GRE: IpProtocol = IpProtocol::Unknown(47);
/// The length of an IP header without options.
const IP_HEADER: usize = 20;
/// The longest control message, in bytes (RFC 2637 section 2.7).
const LONGEST_MESSAGE: usize = 168;
/// How long the last bytes may take to leave.
const FAREWELL: Duration = Duration::from_secs(2);
/// The local port of TCP.
const PORT: u16 = 49_152;

/// The memory of the sockets, and of the tunnel's stack.
pub struct Room {
    sockets: [SocketStorage<'static>; 2],
    tcp: [[u8; 1024]; 2],
    packets: [([raw::PacketMetadata; 4], [u8; 4 * MTU]); 2],
    inner: inner::Room,
}

impl Room {
    pub const fn new() -> Self {
        Self {
            sockets: [SocketStorage::EMPTY; 2],
            tcp: [[0; 1024]; 2],
            packets: [const { ([raw::PacketMetadata::EMPTY; 4], [0; 4 * MTU]) }; 2],
            inner: inner::Room::new(),
        }
    }
}

/// A client of PPTP, and the stacks on both sides of it.
pub struct Client {
    session: Session,
    is_open: bool,
    server: Ipv4Addr,
    own: Ipv4Addr,
    line: &'static mut Line,
    interface: Interface,
    sockets: SocketSet<'static>,
    control: SocketHandle,
    packets: SocketHandle,
    tunnel: Tunnel,
    /// The memory of the stack in the tunnel, until there is one.
    room: Option<&'static mut inner::Room>,
    stack: Option<Stack>,
}

impl Client {
    /// Makes a client that connects to the server.
    pub fn new(order: &Order, line: &'static mut Line, room: &'static mut Room) -> Self {
        let mut config = iface::Config::new(HardwareAddress::Ip);
        config.random_seed = order.seed;
        let mut interface = Interface::new(config, line, at(now()));
        interface.update_ip_addrs(|addresses| {
            // There is room for one.
            let _ = addresses.push(IpCidr::new(order.own.into(), 24));
        });
        let Room { sockets, tcp: [received, to_send], packets: [packets, packets_to_send], inner } = room;
        let mut sockets = SocketSet::new(&mut sockets[..]);
        let mut control =
            tcp::Socket::new(tcp::SocketBuffer::new(&mut received[..]), tcp::SocketBuffer::new(&mut to_send[..]));
        // Address and port are not zero, and the socket is new.
        let _ = control.connect(interface.context(), (order.server, TCP_PORT), PORT);
        let control = sockets.add(control);
        let received = raw::PacketBuffer::new(&mut packets.0[..], &mut packets.1[..]);
        let to_send = raw::PacketBuffer::new(&mut packets_to_send.0[..], &mut packets_to_send.1[..]);
        let packets = sockets.add(raw::Socket::new(IpVersion::Ipv4, GRE, received, to_send));
        let config = Config::new(order.name.get(), order.password.get());
        Self {
            session: Session::new(&config, order.entropy),
            is_open: false,
            server: order.server,
            own: order.own,
            line,
            interface,
            sockets,
            control,
            packets,
            tunnel: Tunnel::new(),
            room: Some(inner),
            stack: None,
        }
    }

    /// Runs until the session is over, and says what happens.
    pub fn run(mut self, console: &mut Uart) -> ! {
        while !self.session.is_closed() {
            let now = now();
            self.interface.poll(at(now), self.line, &mut self.sockets);
            self.receive_stream(now);
            self.receive_packets(now, console);
            self.exchange_inside(now, console);
            if self.session.poll_timeout().is_some_and(|deadline| deadline <= now) {
                self.session.handle_timeout(now);
            }
            while let Some(event) = self.session.poll_event() {
                self.hear(now, event, console);
            }
            self.send(now);
        }
        // The last messages leave, and the connection ends.
        self.sockets.get_mut::<tcp::Socket<'_>>(self.control).close();
        let end = now() + FAREWELL;
        while now() < end {
            self.interface.poll(at(now()), self.line, &mut self.sockets);
        }
        halt()
    }

    /// Takes what TCP has.
    fn receive_stream(&mut self, now: Duration) {
        let Self { session, sockets, control, is_open, .. } = self;
        let socket = sockets.get_mut::<tcp::Socket<'_>>(*control);
        if !*is_open && socket.may_send() {
            *is_open = true;
            session.open(now);
        }
        while session.wants_read() && socket.can_recv() {
            if socket.recv(|bytes| (session.handle_stream(now, bytes), ())).is_err() {
                break;
            }
        }
        if !socket.may_recv() && !matches!(socket.state(), tcp::State::SynSent | tcp::State::SynReceived) {
            session.handle_disconnect(now);
        }
    }

    /// Takes GRE packets, and gives the stack inside what was in them.
    fn receive_packets(&mut self, now: Duration, console: &mut Uart) {
        let mut buf = [0; MTU];
        while let Ok(length) = self.sockets.get_mut::<raw::Socket<'_>>(self.packets).recv_slice(&mut buf) {
            let Ok(packet) = Ipv4Packet::new_checked(&mut buf[..length]) else { continue };
            if packet.src_addr() != self.server {
                continue;
            }
            let start = usize::from(packet.header_len());
            let Some(payload) = buf.get_mut(start..length) else { continue };
            // A packet that cannot be decrypted is counted by the session. None waits for an earlier one here, so there
            // is no `poll_receive`.
            let Ok((_, received)) = self.session.handle_gre(now, payload, &mut []) else { continue };
            if let Some(packet) = received.ip() {
                self.tunnel.receive(packet);
                self.exchange_inside(now, console);
            }
        }
    }

    /// Lets the stack inside work, and sends what it has to send.
    fn exchange_inside(&mut self, now: Duration, console: &mut Uart) {
        let Some(stack) = &mut self.stack else { return };
        if stack.poll(now, &mut self.tunnel) {
            let _ = writeln!(console, "pings answered: {}", stack.answered);
        }
        let Some(buf) = self.tunnel.to_send.take() else { return };
        let Some(mut call) = self.session.first_call_mut() else { return };
        // A packet that cannot be sent now is lost, as any packet may be.
        if let Ok(packet) = call.send_ip(now, buf) {
            send_packet(self.sockets.get_mut(self.packets), self.own, self.server, packet);
        }
    }

    /// Says what has happened, and begins to use the tunnel when it is up.
    fn hear(&mut self, now: Duration, event: Event, console: &mut Uart) {
        match event {
            Event::Call { event: CallEvent::Ppp(Ppp::IpUp(agreed)), .. } => {
                let Some((own, peer)) = agreed.own_address.zip(agreed.peer_address) else { return };
                let Some(ppp) = self.session.first_call().map(|call| call.ppp()) else { return };
                let _ = writeln!(console, "up: {own} to {peer}, {}", ppp.sending());
                if let Some(room) = self.room.take() {
                    self.stack = Some(Stack::new(now, room, &mut self.tunnel, own, peer, ppp.mtu()));
                }
            }
            // There is no other password.
            Event::Call { call, event: CallEvent::Ppp(Ppp::Prove(demand)) } => {
                if let Some(mut call) = self.session.call_mut(call) {
                    let _ = call.decline(now, demand.ticket());
                }
            }
            Event::Closed(reason) => {
                let _ = writeln!(console, "closed: {reason}");
                if let Some(error) = reason.windows_error() {
                    let _ = writeln!(console, "error: {error}");
                }
            }
            _ => {}
        }
    }

    /// Sends what the session has to send.
    fn send(&mut self, now: Duration) {
        let mut buf = [0; MAX_TRANSMIT];
        let socket = self.sockets.get_mut::<raw::Socket<'_>>(self.packets);
        // Room first: what was polled is not given again.
        while socket.can_send() {
            let Ok(Some(packet)) = self.session.poll_tunnel(now, &mut buf) else { break };
            send_packet(socket, self.own, self.server, packet);
        }
        let socket = self.sockets.get_mut::<tcp::Socket<'_>>(self.control);
        while socket.may_send() && socket.send_capacity() - socket.send_queue() >= LONGEST_MESSAGE {
            let Ok(Some(bytes)) = self.session.poll_control(now, &mut buf) else { break };
            // There is room for all of it.
            let _ = socket.send_slice(bytes);
        }
    }
}

/// Sends a GRE packet. One without room is lost, as any packet may be.
fn send_packet(socket: &mut raw::Socket<'_>, from: Ipv4Addr, to: Ipv4Addr, packet: &[u8]) {
    let header = Ipv4Repr { src_addr: from, dst_addr: to, next_header: GRE, payload_len: packet.len(), hop_limit: 64 };
    let Ok(buf) = socket.send(IP_HEADER + packet.len()) else { return };
    let mut whole = Ipv4Packet::new_unchecked(buf);
    header.emit(&mut whole, &ChecksumCapabilities::default());
    whole.payload_mut().copy_from_slice(packet);
}
