//! A raw socket of IP protocol 47.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use pptp::gre::IP_PROTOCOL;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, bind, connect, recv, send, sendto,
    socket_with, sockopt,
};

use super::failure::Failure;

/// Room for what comes while the program is busy with something else, in octets.
const RECEIVE_BUFFER: usize = 4 << 20;

/// RFC 791 section 3.1: the shortest header of an IP packet, and where in it the sender's address is.
const MIN_IP_HEADER: usize = 20;
const SOURCE: std::ops::Range<usize> = 12..16;

/// A raw socket: it gives whole IP packets, and takes what goes into one.
pub struct Gre(OwnedFd);

impl Gre {
    /// A socket that gets the GRE of everybody.
    ///
    /// # Errors
    ///
    /// It needs the capability CAP_NET_RAW.
    pub fn open() -> Result<Self, Failure> {
        let protocol = std::num::NonZero::new(u32::from(IP_PROTOCOL)).map(Protocol::from_raw);
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::INET, SocketType::RAW, flags, protocol)
            .map_err(|error| Failure::of_system("a raw socket for GRE", error.into()))?;
        // Above the system's limit only with CAP_NET_ADMIN; without it, what the limit allows.
        if sockopt::set_socket_recv_buffer_size_force(&socket, RECEIVE_BUFFER).is_err() {
            let _ = sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER);
        }
        Ok(Self(socket))
    }

    /// From now on, packets of this peer alone.
    ///
    /// # Errors
    ///
    /// There is no route to it.
    pub fn connect(&self, peer: Ipv4Addr) -> Result<(), Errno> {
        connect(&self.0, &SocketAddrV4::new(peer, 0))
    }

    /// From now on, packets to this address of ours alone.
    ///
    /// # Errors
    ///
    /// It is not ours.
    pub fn bind(&self, address: Ipv4Addr) -> Result<(), Errno> {
        bind(&self.0, &SocketAddrV4::new(address, 0))
    }

    /// The next packet without its IP header, and who sent it.
    pub fn receive<'b>(&self, buf: &'b mut [u8]) -> Option<(Ipv4Addr, &'b mut [u8])> {
        let mut receive = || recv(&self.0, &mut *buf, RecvFlags::DONTWAIT);
        let (length, _) = match receive() {
            Ok(received) => received,
            Err(Errno::AGAIN) => return None,
            // What routers said to an earlier packet. It is told once; the next call gives a packet, or nothing.
            Err(_) => receive().ok()?,
        };
        let packet = buf.get_mut(..length)?;
        let header = usize::from(packet.first()? & 0x0f) * 4;
        let source: [u8; 4] = packet.get(SOURCE)?.try_into().ok()?;
        let payload = packet.get_mut(header.max(MIN_IP_HEADER)..)?;
        Some((source.into(), payload))
    }

    /// Sends a packet to the connected peer. It may be lost here, as anywhere on the path.
    pub fn send(&self, packet: &[u8]) {
        let _ = send(&self.0, packet, SendFlags::DONTWAIT);
    }

    /// Sends a packet to this peer. It may be lost here, as anywhere on the path.
    pub fn send_to(&self, peer: Ipv4Addr, packet: &[u8]) {
        let _ = sendto(&self.0, packet, SendFlags::DONTWAIT, &SocketAddrV4::new(peer, 0));
    }
}

impl AsFd for Gre {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
