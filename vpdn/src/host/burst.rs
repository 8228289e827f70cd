//! Many packets of a socket with one system call.

use std::cell::RefCell;
use std::io::{IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd};

use nix::cmsg_space;
use nix::errno::Errno;
use nix::libc::{in_addr, in_pktinfo, in6_addr, in6_pktinfo};
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, MultiHeaders, RecvMsg, SockaddrStorage, recvmmsg, sendmmsg,
    setsockopt, sockopt,
};

use super::BURST;

/// Room for any packet of a tunnel, with its IP header.
const PACKET: usize = 2048;

/// Headers of a system call for many packets.
type Headers = RefCell<MultiHeaders<SockaddrStorage>>;

/// Makes headers with room for a control message about an address of ours: the longer one of both versions.
fn with_address() -> Headers {
    RefCell::new(MultiHeaders::preallocate(BURST, Some(cmsg_space!(in6_pktinfo))))
}

// They have pointers in them, so they stay in their thread, while sockets go from one to another. Sending leaves addresses
// in its headers that are gone afterwards, and receiving would write there: each has headers of its own.
thread_local! {
    static RECEIVED: Headers = RefCell::new(MultiHeaders::preallocate(BURST, None));
    static RECEIVED_AT: Headers = with_address();
    static SENT: Headers = RefCell::new(MultiHeaders::preallocate(BURST, None));
    static SENT_FROM: Headers = with_address();
}

/// The packets that come and go by a socket, and their addresses. A packet goes out with the next
/// [`flush`](Self::flush), or when there is no more room.
pub(super) struct Burst {
    /// Whether the system says which address of ours a packet came to.
    is_at_all_addresses: bool,
    received: Vec<[u8; PACKET]>,
    unsent: Vec<[u8; PACKET]>,
    /// The length and the receiver of each packet that waits.
    waiting: Vec<(usize, Option<SockaddrStorage>)>,
    /// The address of ours that they leave from. `None`: that of the route, or of the socket.
    own: Option<IpAddr>,
}

/// A packet that has come.
pub(super) struct Arrived<'p> {
    pub(super) source: Option<SockaddrStorage>,
    /// The address of ours that it came to, where the socket is at all of them: see [`Burst::at_all_addresses`].
    pub(super) own: Option<IpAddr>,
    pub(super) packet: &'p mut [u8],
}

/// The length of a packet that has come, its sender, and the address of ours that it came to.
type Found = (usize, Option<SockaddrStorage>, Option<IpAddr>);

impl Burst {
    pub(super) fn new() -> Self {
        let (received, unsent) = (vec![[0; PACKET]; BURST], vec![[0; PACKET]; BURST]);
        let waiting = Vec::with_capacity(BURST);
        Self { is_at_all_addresses: false, received, unsent, waiting, own: None }
    }

    /// Has the system say which address of ours each packet came to. That is for sockets at all of them, whose answers are
    /// to leave from there.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(super) fn at_all_addresses(mut self, socket: &impl AsFd, is_v6: bool) -> std::io::Result<Self> {
        if is_v6 {
            setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &true)?;
        } else {
            setsockopt(socket, sockopt::Ipv4PacketInfo, &true)?;
        }
        self.is_at_all_addresses = true;
        Ok(self)
    }

    /// Reads the packets that have come, [`BURST`] at most.
    pub(super) fn receive(&mut self, socket: impl AsFd) -> impl Iterator<Item = Arrived<'_>> {
        let found = self.receive_lengths(socket).unwrap_or([(0, None, None); BURST]);
        let packets = self.received.iter_mut().zip(found).filter(|(_, (length, ..))| *length > 0);
        packets.filter_map(|(packet, (length, source, own))| {
            Some(Arrived { source, own, packet: packet.get_mut(..length)? })
        })
    }

    /// Returns how long each packet is, and its addresses. A router's answer to an earlier packet is an error, and
    /// comes once: then it is tried again.
    fn receive_lengths(&mut self, socket: impl AsFd) -> Option<[Found; BURST]> {
        let headers = if self.is_at_all_addresses { &RECEIVED_AT } else { &RECEIVED };
        let socket = socket.as_fd().as_raw_fd();
        for _ in 0..2 {
            let received = headers.with_borrow_mut(|headers| {
                let mut slices = self.received.iter_mut().map(|packet| [IoSliceMut::new(packet)]);
                let mut slices: [_; BURST] =
                    std::array::from_fn(|_| slices.next().unwrap_or([IoSliceMut::new(&mut [])]));
                let results = recvmmsg(socket, headers, slices.iter_mut(), MsgFlags::MSG_DONTWAIT, None)?;
                let mut found = [(0, None, None); BURST];
                found.iter_mut().zip(results).for_each(|(found, result)| {
                    *found = (result.bytes, result.address, own_address(&result));
                });
                Ok(found)
            });
            match received {
                Ok(found) => return Some(found),
                Err(Errno::EAGAIN) => return None,
                Err(_) => {}
            }
        }
        None
    }

    /// Keeps a packet for the next [`flush`](Self::flush), and sends all before when there is no room. It leaves from `own`,
    /// where that is given.
    pub(super) fn push(
        &mut self,
        socket: impl AsFd,
        own: Option<IpAddr>,
        peer: Option<SockaddrStorage>,
        packet: &[u8],
    ) {
        // One system call takes one address of ours for all of its packets.
        if self.waiting.len() >= BURST || self.own != own {
            self.flush(socket);
        }
        self.own = own;
        let place = self.unsent.get_mut(self.waiting.len()).and_then(|place| place.get_mut(..packet.len()));
        // A packet that is longer than any packet of a session goes nowhere.
        if let Some(place) = place {
            place.copy_from_slice(packet);
            self.waiting.push((packet.len(), peer));
        }
    }

    /// Sends what waits. It may be lost here, as anywhere on the path.
    pub(super) fn flush(&mut self, socket: impl AsFd) {
        let Self { unsent, waiting, own, .. } = self;
        let headers = if own.is_some() { &SENT_FROM } else { &SENT };
        let info = own.map(PacketInfo::from);
        let socket = socket.as_fd().as_raw_fd();
        let mut rest = 0;
        while rest < waiting.len() {
            let all = waiting.iter().zip(&*unsent).skip(rest);
            let (slices, peers): (Vec<_>, Vec<_>) = all
                .map(|((length, peer), packet)| ([IoSlice::new(packet.get(..*length).unwrap_or_default())], *peer))
                .unzip();
            let control: Vec<_> = info.iter().map(PacketInfo::message).collect();
            let sent = headers.with_borrow_mut(|headers| {
                sendmmsg(socket, headers, &slices, &peers, control, MsgFlags::MSG_DONTWAIT).map(Iterator::count)
            });
            let sent = match sent {
                Ok(count) => count,
                // No room in the system: what is left is lost, as on a full line.
                Err(Errno::EAGAIN | Errno::ENOBUFS) => break,
                Err(_) => 0,
            };
            // The first one failed: the others have another way.
            rest = rest.saturating_add(sent.max(1));
        }
        waiting.clear();
    }

    /// Returns how many packets wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

/// The address of ours that packets leave from, as the system has it.
enum PacketInfo {
    V4(in_pktinfo),
    V6(in6_pktinfo),
}

impl From<IpAddr> for PacketInfo {
    fn from(own: IpAddr) -> Self {
        match own {
            IpAddr::V4(own) => {
                let address = |bytes| in_addr { s_addr: u32::from_ne_bytes(bytes) };
                // The route says by which interface.
                Self::V4(in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: address(own.octets()), ipi_addr: address([0; 4]) })
            }
            IpAddr::V6(own) => Self::V6(in6_pktinfo { ipi6_addr: in6_addr { s6_addr: own.octets() }, ipi6_ifindex: 0 }),
        }
    }
}

impl PacketInfo {
    fn message(&self) -> ControlMessage<'_> {
        match self {
            Self::V4(info) => ControlMessage::Ipv4PacketInfo(info),
            Self::V6(info) => ControlMessage::Ipv6PacketInfo(info),
        }
    }
}

/// Returns the address of ours that a packet came to, where the system says so.
fn own_address(packet: &RecvMsg<'_, '_, SockaddrStorage>) -> Option<IpAddr> {
    packet.cmsgs().ok()?.find_map(|message| match message {
        // For a packet to all or to a group, it is an address that an answer may have.
        ControlMessageOwned::Ipv4PacketInfo(info) => {
            Some(Ipv4Addr::from(info.ipi_spec_dst.s_addr.to_ne_bytes()).into())
        }
        ControlMessageOwned::Ipv6PacketInfo(info) => {
            Some(Ipv6Addr::from(info.ipi6_addr.s6_addr)).filter(|own| !own.is_multicast()).map(IpAddr::V6)
        }
        _ => None,
    })
}
