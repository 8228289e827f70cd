//! A UDP socket that is read and written without waiting.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::net::sockopt;

use super::BURST;
use super::failure::Failure;

/// Room for what comes while the program is busy with something else, in bytes.
const RECEIVE_BUFFER: usize = 4 << 20;
/// Room for any packet of a tunnel.
pub(super) const PACKET: usize = 2048;

/// A UDP socket.
#[derive(Debug)]
pub struct Datagrams {
    socket: UdpSocket,
    packet: Box<[u8; PACKET]>,
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
        Ok(Self { socket, packet: Box::new([0; PACKET]) })
    }

    /// Returns its own address.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Reads the packets that have come, [`BURST`] at most, and hands each to `take` with its sender.
    pub fn receive(&mut self, mut take: impl FnMut(SocketAddr, &mut [u8])) {
        for _ in 0..BURST {
            match self.socket.recv_from(&mut self.packet[..]) {
                Ok((length, source)) => {
                    if let Some(packet) = self.packet.get_mut(..length) {
                        take(source, packet);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // A router's word about an earlier packet comes once, as an error: then it is tried again.
                Err(_) => {}
            }
        }
    }

    /// Sends a packet. It may be lost here, as anywhere on the path.
    pub fn send_to(&self, destination: SocketAddr, packet: &[u8]) {
        let _ = self.socket.send_to(packet, destination);
    }
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
