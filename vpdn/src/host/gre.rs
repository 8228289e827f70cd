//! A raw socket of IP protocol 47, many packets with one system call.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg};
use rustix::net::{AddressFamily, Protocol, SocketFlags, SocketType, bind, connect, socket_with, sockopt};

use super::BURST;
use super::failure::Failure;

/// IANA's number of GRE.
const IP_PROTOCOL: u32 = 47;
/// Room for what comes while the program is busy with something else, in bytes.
const RECEIVE_BUFFER: usize = 4 << 20;
/// Room for any packet with its header.
const PACKET: usize = 2048;
/// RFC 791 section 3.1: the shortest header of an IP packet, and where in it the sender's address is.
const MIN_IP_HEADER: usize = 20;
const SOURCE: usize = 12;

/// A raw socket. A packet goes out with the next [`flush`](Gre::flush), or when there is no more
/// room.
pub struct Gre {
    socket: OwnedFd,
    /// Two: sending leaves addresses in its headers that are gone afterwards, and receiving would write there.
    headers: Box<MultiHeaders<SockaddrIn>>,
    unsent_headers: Box<MultiHeaders<SockaddrIn>>,
    received: Vec<[u8; PACKET]>,
    unsent: Vec<[u8; PACKET]>,
    /// The length and the receiver of each packet that waits.
    waiting: Vec<(usize, Option<SockaddrIn>)>,
}

impl Gre {
    /// Opens a socket that gets the GRE of everybody.
    ///
    /// # Errors
    ///
    /// It needs the capability CAP_NET_RAW.
    pub fn open() -> Result<Self, Failure> {
        let protocol = std::num::NonZero::new(IP_PROTOCOL).map(Protocol::from_raw);
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::INET, SocketType::RAW, flags, protocol)
            .map_err(|error| Failure::of_system("a raw socket for GRE", &error.into()))?;
        // Above the system's limit only with CAP_NET_ADMIN; without it, what the limit allows.
        if sockopt::set_socket_recv_buffer_size_force(&socket, RECEIVE_BUFFER).is_err() {
            let _ = sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER);
        }
        let [headers, unsent_headers] = [(); 2].map(|()| Box::new(MultiHeaders::preallocate(BURST, None)));
        let (received, unsent) = (vec![[0; PACKET]; BURST], vec![[0; PACKET]; BURST]);
        Ok(Self { socket, headers, unsent_headers, received, unsent, waiting: Vec::with_capacity(BURST) })
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

    /// Reads the packets that have come, [`BURST`] at most. Each is given without its IP header, with its sender.
    pub fn receive(&mut self) -> impl Iterator<Item = (Ipv4Addr, &mut [u8])> {
        let lengths = self.receive_lengths().unwrap_or([0; BURST]);
        self.received.iter_mut().zip(lengths).filter_map(|(packet, length)| payload(packet.get_mut(..length)?))
    }

    /// Returns how long each packet is. A router's answer to an earlier packet is an error, and
    /// comes once: then it is tried again.
    fn receive_lengths(&mut self) -> Option<[usize; BURST]> {
        let Self { socket, headers, received, .. } = self;
        for _ in 0..2 {
            let mut slices = received.iter_mut().map(|packet| [IoSliceMut::new(packet)]);
            let mut slices: [_; BURST] = std::array::from_fn(|_| slices.next().unwrap_or([IoSliceMut::new(&mut [])]));
            let flags = MsgFlags::MSG_DONTWAIT;
            match recvmmsg(socket.as_raw_fd(), headers, slices.iter_mut(), flags, None) {
                Ok(results) => {
                    let mut lengths = [0; BURST];
                    lengths.iter_mut().zip(results).for_each(|(length, result)| *length = result.bytes);
                    return Some(lengths);
                }
                Err(nix::errno::Errno::EAGAIN) => return None,
                Err(_) => {}
            }
        }
        None
    }

    /// Sends a packet to the connected peer. It may be lost here, as anywhere on the path.
    pub fn send(&mut self, packet: &[u8]) {
        self.push(None, packet);
    }

    /// Sends a packet to this peer. It may be lost here, as anywhere on the path.
    pub fn send_to(&mut self, peer: Ipv4Addr, packet: &[u8]) {
        self.push(Some(SockaddrIn::from(SocketAddrV4::new(peer, 0))), packet);
    }

    fn push(&mut self, peer: Option<SockaddrIn>, packet: &[u8]) {
        if self.waiting.len() >= BURST {
            self.flush();
        }
        let place = self.unsent.get_mut(self.waiting.len()).and_then(|place| place.get_mut(..packet.len()));
        // A packet that is longer than any packet of a session goes nowhere.
        if let Some(place) = place {
            place.copy_from_slice(packet);
            self.waiting.push((packet.len(), peer));
        }
    }

    /// Sends what waits.
    pub fn flush(&mut self) {
        let Self { socket, unsent_headers: headers, unsent, waiting, .. } = self;
        let mut rest = 0;
        while rest < waiting.len() {
            let all = waiting.iter().zip(&*unsent).skip(rest);
            let (slices, peers): (Vec<_>, Vec<_>) = all
                .map(|((length, peer), packet)| ([IoSlice::new(packet.get(..*length).unwrap_or_default())], *peer))
                .unzip();
            let control: [nix::sys::socket::ControlMessage<'_>; 0] = [];
            let flags = MsgFlags::MSG_DONTWAIT;
            let sent = match sendmmsg(socket.as_raw_fd(), headers, &slices, &peers, control, flags) {
                Ok(results) => results.count(),
                // No room in the system: what is left is lost, as on a full line.
                Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::ENOBUFS) => break,
                Err(_) => 0,
            };
            // The first one failed: the others have another way.
            rest = rest.saturating_add(sent.max(1));
        }
        waiting.clear();
    }
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
            .field("waiting", &self.waiting.len())
            .finish_non_exhaustive()
    }
}
