//! The stack in the tunnel: it answers pings, and pings the server.

use core::net::Ipv4Addr;
use core::time::Duration;

use pptp::session::HEADROOM;
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet, SocketStorage};
use smoltcp::phy::{self, ChecksumCapabilities, Device, DeviceCapabilities, Medium};
use smoltcp::socket::icmp;
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, Icmpv4Packet, Icmpv4Repr, IpCidr};

use crate::at;

/// The identifier of this board's pings.
const IDENTIFIER: u16 = 0x1723;
/// How many pings are sent.
const PINGS: u16 = 5;
/// The data of a ping.
const DATA: [u8; 56] = [0x17; 56];
const INTERVAL: Duration = Duration::from_millis(200);
/// The longest packet in the tunnel.
const LONGEST: usize = 1500;

/// A packet, with room in front of it for the headers of the tunnel.
pub struct Packet {
    bytes: [u8; HEADROOM + LONGEST],
    length: usize,
}

impl Packet {
    const EMPTY: Self = Self { bytes: [0; HEADROOM + LONGEST], length: 0 };

    /// Returns the packet behind the room for headers, to be sent.
    pub fn take(&mut self) -> Option<&mut [u8]> {
        let length = core::mem::take(&mut self.length);
        if length == 0 { None } else { self.bytes.get_mut(..HEADROOM + length) }
    }

    fn room(&mut self, length: usize) -> &mut [u8] {
        self.length = length;
        self.bytes.get_mut(HEADROOM..HEADROOM + length).unwrap_or_default()
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(HEADROOM..HEADROOM + self.length).unwrap_or_default()
    }
}

/// The tunnel as a device of smoltcp: room for one packet in each direction.
pub struct Tunnel {
    received: Packet,
    pub to_send: Packet,
    mtu: usize,
}

impl Tunnel {
    pub const fn new() -> Self {
        Self { received: Packet::EMPTY, to_send: Packet::EMPTY, mtu: LONGEST }
    }

    /// Takes a packet that came out of the tunnel. One that was not taken yet is lost.
    pub fn receive(&mut self, packet: &[u8]) {
        if packet.len() <= LONGEST {
            self.received.room(packet.len()).copy_from_slice(packet);
        }
    }
}

impl Device for Tunnel {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = ToSend<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Received<'_>, ToSend<'_>)> {
        let is_ready = self.received.length > 0 && self.to_send.length == 0;
        is_ready.then_some((Received(&mut self.received), ToSend(&mut self.to_send)))
    }

    fn transmit(&mut self, _: Instant) -> Option<ToSend<'_>> {
        (self.to_send.length == 0).then_some(ToSend(&mut self.to_send))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = self.mtu;
        capabilities
    }
}

pub struct Received<'t>(&'t mut Packet);

impl phy::RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, work: F) -> R {
        let result = work(self.0.bytes());
        self.0.length = 0;
        result
    }
}

pub struct ToSend<'t>(&'t mut Packet);

impl phy::TxToken for ToSend<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, work: F) -> R {
        work(self.0.room(length))
    }
}

/// The memory of the stack's socket.
pub struct Room {
    sockets: [SocketStorage<'static>; 1],
    received: ([icmp::PacketMetadata; 2], [u8; 256]),
    to_send: ([icmp::PacketMetadata; 2], [u8; 256]),
}

impl Room {
    pub const fn new() -> Self {
        Self {
            sockets: [SocketStorage::EMPTY],
            received: ([icmp::PacketMetadata::EMPTY; 2], [0; 256]),
            to_send: ([icmp::PacketMetadata::EMPTY; 2], [0; 256]),
        }
    }
}

/// The stack, once the tunnel is up.
pub struct Stack {
    interface: Interface,
    sockets: SocketSet<'static>,
    handle: SocketHandle,
    peer: Ipv4Addr,
    sent: u16,
    pub answered: u16,
    next: Duration,
}

impl Stack {
    pub fn new(
        now: Duration,
        room: &'static mut Room,
        tunnel: &mut Tunnel,
        own: Ipv4Addr,
        peer: Ipv4Addr,
        mtu: u16,
    ) -> Self {
        tunnel.mtu = mtu.into();
        let mut interface = Interface::new(Config::new(HardwareAddress::Ip), tunnel, at(now));
        interface.update_ip_addrs(|addresses| {
            // There is room for one.
            let _ = addresses.push(IpCidr::new(own.into(), 24));
        });
        let mut sockets = SocketSet::new(&mut room.sockets[..]);
        let received = icmp::PacketBuffer::new(&mut room.received.0[..], &mut room.received.1[..]);
        let to_send = icmp::PacketBuffer::new(&mut room.to_send.0[..], &mut room.to_send.1[..]);
        let mut socket = icmp::Socket::new(received, to_send);
        // It is new, and the identifier is not zero.
        let _ = socket.bind(icmp::Endpoint::Ident(IDENTIFIER));
        let handle = sockets.add(socket);
        Self { interface, sockets, handle, peer, sent: 0, answered: 0, next: now }
    }

    /// Lets the stack work. Returns whether the last ping has just been answered.
    pub fn poll(&mut self, now: Duration, tunnel: &mut Tunnel) -> bool {
        let socket = self.sockets.get_mut::<icmp::Socket<'_>>(self.handle);
        if now >= self.next && self.sent < PINGS {
            self.sent += 1;
            self.next = now + INTERVAL;
            let request = Icmpv4Repr::EchoRequest { ident: IDENTIFIER, seq_no: self.sent, data: &DATA };
            if let Ok(payload) = socket.send(request.buffer_len(), self.peer.into()) {
                request.emit(&mut Icmpv4Packet::new_unchecked(payload), &ChecksumCapabilities::default());
            }
        }
        let mut is_done = false;
        while let Ok((payload, _)) = socket.recv() {
            let Ok(packet) = Icmpv4Packet::new_checked(payload) else { continue };
            let reply = Icmpv4Repr::parse(&packet, &ChecksumCapabilities::default());
            if matches!(reply, Ok(Icmpv4Repr::EchoReply { data, .. }) if data == DATA) {
                self.answered += 1;
                is_done = self.answered == PINGS;
            }
        }
        self.interface.poll(at(now), tunnel, &mut self.sockets);
        is_done
    }
}
