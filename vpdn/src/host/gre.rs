//! A raw socket of IP protocol 47, many packets with one system call.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::num::NonZero;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use pptp::server::Shard;
use rustix::net::{AddressFamily, Protocol, SocketFlags, SocketType, bind, connect, socket_with};
use socket2::{SockFilter, SockRef};

use super::burst::Burst;
use super::datagrams::enlarge;
use super::failure::Failure;

/// IANA's number of GRE.
const IP_PROTOCOL: u32 = 47;
/// RFC 791 section 3.1: the shortest header of an IP packet, and where in it the sender's address is.
const MIN_IP_HEADER: usize = 20;
const SOURCE: usize = 12;

/// A raw socket. A packet goes out with the next [`flush`](Gre::flush), or when there is no more
/// room.
pub struct Gre {
    socket: OwnedFd,
    packets: Burst,
}

impl Gre {
    /// Opens a socket that gets the GRE of everybody.
    ///
    /// # Errors
    ///
    /// It needs the capability CAP_NET_RAW.
    pub fn open() -> Result<Self, Failure> {
        let socket = raw_socket(AddressFamily::INET, IP_PROTOCOL);
        let socket = socket.map_err(|error| Failure::of_system("a raw socket for GRE", &error))?;
        Ok(Self { socket, packets: Burst::new() })
    }

    /// Takes packets with call ids of this shard alone from now on. The kernel drops the others, those
    /// that are too short for an id, too.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn filter(&self, shard: Shard) -> io::Result<()> {
        // The system gives each raw socket the packet with its IP header, so the filter sees that too.
        SockRef::from(&self.socket).attach_filter(&[
            // The length of the IP header (RFC 791 section 3.1), from its first byte.
            SockFilter::new(0xb1, 0, 0, 0),
            // RFC 2637 section 4.1: the call id, behind flags, protocol and length. A packet without one ends here.
            SockFilter::new(0x48, 0, 0, 6),
            // Divided by the count, it leaves the index, or the packet is dropped.
            SockFilter::new(0x94, 0, 0, shard.count().into()),
            SockFilter::new(0x15, 0, 1, shard.index().into()),
            SockFilter::new(0x06, 0, 0, u32::MAX),
            SockFilter::new(0x06, 0, 0, 0),
        ])
    }

    /// Takes packets of this peer alone from now on, and sends to it.
    ///
    /// # Errors
    ///
    /// There is no route to it.
    pub fn connect(&self, peer: Ipv4Addr) -> io::Result<()> {
        Ok(connect(&self.socket, &SocketAddrV4::new(peer, 0))?)
    }

    /// Takes packets to this address of ours alone from now on.
    ///
    /// # Errors
    ///
    /// It is not ours.
    pub fn bind(&self, address: Ipv4Addr) -> io::Result<()> {
        Ok(bind(&self.socket, &SocketAddrV4::new(address, 0))?)
    }

    /// Reads the packets that have come, [`BURST`](super::BURST) at most. Each is given without its IP header, with its
    /// sender.
    pub fn receive(&mut self) -> impl Iterator<Item = (Ipv4Addr, &mut [u8])> {
        self.packets.receive(&self.socket).filter_map(|arrived| payload(arrived.packet))
    }

    /// Sends a packet to the connected peer. It may be lost here, as anywhere on the path.
    pub fn send(&mut self, packet: &[u8]) {
        self.packets.push(&self.socket, None, None, packet);
    }

    /// Sends a packet to this peer. It may be lost here, as anywhere on the path.
    pub fn send_to(&mut self, peer: Ipv4Addr, packet: &[u8]) {
        self.packets.push(&self.socket, None, Some(SocketAddrV4::new(peer, 0).into()), packet);
    }

    /// Sends what waits.
    pub fn flush(&mut self) {
        self.packets.flush(&self.socket);
    }
}

/// Opens a raw socket of an IP protocol, which is read and written without waiting.
pub(super) fn raw_socket(family: AddressFamily, protocol: u32) -> io::Result<OwnedFd> {
    let protocol = NonZero::new(protocol).map(Protocol::from_raw);
    let socket = socket_with(family, SocketType::RAW, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, protocol)?;
    enlarge(&socket);
    Ok(socket)
}

/// Takes the IP header away.
pub(super) fn payload(packet: &mut [u8]) -> Option<(Ipv4Addr, &mut [u8])> {
    let header = usize::from(packet.first()? & 0x0f).saturating_mul(4);
    let source: [u8; 4] = *packet.get(SOURCE..)?.first_chunk()?;
    let payload = packet.get_mut(header.max(MIN_IP_HEADER)..)?;
    Some((source.into(), payload))
}

impl AsFd for Gre {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl std::fmt::Debug for Gre {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gre")
            .field("socket", &self.socket)
            .field("waiting", &self.packets.waiting())
            .finish_non_exhaustive()
    }
}
