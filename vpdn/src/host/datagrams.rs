//! A UDP socket that is read and written without waiting, many packets with one system call.

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::socket::SockaddrStorage;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with, sockopt};

use super::burst::Burst;
use super::failure::Failure;

/// Room for what comes while the program is busy with something else, in bytes.
const RECEIVE_BUFFER: usize = 4 << 20;

/// A UDP socket.
pub struct Datagrams {
    socket: UdpSocket,
    packets: Burst,
}

impl Datagrams {
    /// Opens a socket at this address. One of IPv6 gets no packets of IPv4.
    ///
    /// # Errors
    ///
    /// The address is not ours, or another program has the port.
    pub fn bind(address: SocketAddr) -> Result<Self, Failure> {
        let failed = |error| Failure::of_system(&format!("UDP at {address}"), &error);
        let socket = udp_socket(address).map_err(failed)?;
        enlarge(&socket);
        let packets = Burst::new();
        let packets = if address.ip().is_unspecified() {
            packets.at_all_addresses(&socket, address.is_ipv6()).map_err(failed)?
        } else {
            packets
        };
        Ok(Self { socket, packets })
    }

    /// Returns its own address.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Reads the packets that have come, [`BURST`](super::BURST) at most. Each is given with its sender, and with the
    /// address of ours that it came to where the socket is at all of them.
    pub fn receive(&mut self) -> impl Iterator<Item = (SocketAddr, Option<IpAddr>, &mut [u8])> {
        let received = self.packets.receive(&self.socket);
        received.filter_map(|arrived| Some((arrived.source.and_then(address)?, arrived.own, arrived.packet)))
    }

    /// Keeps a packet until the next [`flush`](Self::flush), or until there is no more room. It leaves from `own`; without
    /// it, from the address that the socket or the route has.
    pub fn push(&mut self, own: Option<IpAddr>, destination: SocketAddr, packet: &[u8]) {
        self.packets.push(&self.socket, own, Some(destination.into()), packet);
    }

    /// Sends what waits. It may be lost here, as anywhere on the path.
    pub fn flush(&mut self) {
        self.packets.flush(&self.socket);
    }
}

/// Opens a UDP socket that is read and written without waiting.
fn udp_socket(address: SocketAddr) -> io::Result<UdpSocket> {
    let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
    let socket = socket_with(family, SocketType::DGRAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    if address.is_ipv6() {
        // As raw sockets: there an address of IPv6 never stands for those of IPv4.
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    bind(&socket, &address)?;
    Ok(UdpSocket::from(socket))
}

/// Returns an address of the Internet.
pub(super) fn address(address: SockaddrStorage) -> Option<SocketAddr> {
    let v4 = address.as_sockaddr_in().map(|address| SocketAddr::V4(SocketAddrV4::from(*address)));
    v4.or_else(|| address.as_sockaddr_in6().map(|address| SocketAddr::V6(SocketAddrV6::from(*address))))
}

/// Gives a socket room for what comes while the program is busy.
pub(super) fn enlarge(socket: impl AsFd) {
    // Above the system's limit only with CAP_NET_ADMIN; without it, as much as the limit allows.
    if sockopt::set_socket_recv_buffer_size_force(&socket, RECEIVE_BUFFER).is_err() {
        let _ = sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER);
    }
}

impl AsFd for Datagrams {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl std::fmt::Debug for Datagrams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Datagrams").field("socket", &self.socket).finish_non_exhaustive()
    }
}
