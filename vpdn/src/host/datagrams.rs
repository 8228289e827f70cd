//! A UDP socket that is read and written without waiting, many packets with one system call.

use std::io;
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::socket::SockaddrStorage;
use rustix::net::sockopt;

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
    /// Opens a socket at this address.
    ///
    /// # Errors
    ///
    /// The address is not ours, or another program has the port.
    pub fn bind(address: SocketAddr) -> Result<Self, Failure> {
        let failed = |error| Failure::of_system(&format!("UDP at {address}"), &error);
        let socket = UdpSocket::bind(address).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        enlarge(&socket);
        Ok(Self { socket, packets: Burst::new() })
    }

    /// Returns its own address.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Reads the packets that have come, [`BURST`](super::BURST) at most. Each is given with its sender.
    pub fn receive(&mut self) -> impl Iterator<Item = (SocketAddr, &mut [u8])> {
        let received = self.packets.receive(&self.socket);
        received.filter_map(|(source, packet)| Some((source.and_then(address)?, packet)))
    }

    /// Keeps a packet until the next [`flush`](Self::flush), or until there is no more room.
    pub fn push(&mut self, destination: SocketAddr, packet: &[u8]) {
        self.packets.push(&self.socket, Some(destination.into()), packet);
    }

    /// Sends what waits. It may be lost here, as anywhere on the path.
    pub fn flush(&mut self) {
        self.packets.flush(&self.socket);
    }
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
