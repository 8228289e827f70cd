//! Many packets of a socket with one system call.

use std::cell::RefCell;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg};

use super::BURST;

/// Room for any packet of a tunnel, with its IP header.
const PACKET: usize = 2048;

type Headers = RefCell<MultiHeaders<SockaddrStorage>>;

thread_local! {
    // They have pointers in them, so they stay in their thread, while sockets go from one to another. There are two:
    // sending leaves addresses in its headers that are gone afterwards, and receiving would write there.
    static RECEIVED: Headers = RefCell::new(MultiHeaders::preallocate(BURST, None));
    static SENT: Headers = RefCell::new(MultiHeaders::preallocate(BURST, None));
}

/// The packets that come and go by a socket, and their addresses. A packet goes out with the next
/// [`flush`](Self::flush), or when there is no more room.
pub(super) struct Burst {
    received: Vec<[u8; PACKET]>,
    unsent: Vec<[u8; PACKET]>,
    /// The length and the receiver of each packet that waits.
    waiting: Vec<(usize, Option<SockaddrStorage>)>,
}

impl Burst {
    pub(super) fn new() -> Self {
        let (received, unsent) = (vec![[0; PACKET]; BURST], vec![[0; PACKET]; BURST]);
        Self { received, unsent, waiting: Vec::with_capacity(BURST) }
    }

    /// Reads the packets that have come, [`BURST`] at most. Each is given with its sender.
    pub(super) fn receive(&mut self, socket: impl AsFd) -> impl Iterator<Item = (Option<SockaddrStorage>, &mut [u8])> {
        let found = self.receive_lengths(socket).unwrap_or([(0, None); BURST]);
        let packets = self.received.iter_mut().zip(found).filter(|(_, (length, _))| *length > 0);
        packets.filter_map(|(packet, (length, source))| Some((source, packet.get_mut(..length)?)))
    }

    /// Returns how long each packet is, and its sender. A router's answer to an earlier packet is an error, and
    /// comes once: then it is tried again.
    fn receive_lengths(&mut self, socket: impl AsFd) -> Option<[(usize, Option<SockaddrStorage>); BURST]> {
        let socket = socket.as_fd().as_raw_fd();
        for _ in 0..2 {
            let received = RECEIVED.with_borrow_mut(|headers| {
                let mut slices = self.received.iter_mut().map(|packet| [IoSliceMut::new(packet)]);
                let mut slices: [_; BURST] =
                    std::array::from_fn(|_| slices.next().unwrap_or([IoSliceMut::new(&mut [])]));
                let results = recvmmsg(socket, headers, slices.iter_mut(), MsgFlags::MSG_DONTWAIT, None)?;
                let mut found = [(0, None); BURST];
                found.iter_mut().zip(results).for_each(|(found, result)| *found = (result.bytes, result.address));
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

    /// Keeps a packet for the next [`flush`](Self::flush), and sends all before when there is no room.
    pub(super) fn push(&mut self, socket: impl AsFd, peer: Option<SockaddrStorage>, packet: &[u8]) {
        if self.waiting.len() >= BURST {
            self.flush(socket);
        }
        let place = self.unsent.get_mut(self.waiting.len()).and_then(|place| place.get_mut(..packet.len()));
        // A packet that is longer than any packet of a session goes nowhere.
        if let Some(place) = place {
            place.copy_from_slice(packet);
            self.waiting.push((packet.len(), peer));
        }
    }

    /// Sends what waits. It may be lost here, as anywhere on the path.
    pub(super) fn flush(&mut self, socket: impl AsFd) {
        let Self { unsent, waiting, .. } = self;
        let socket = socket.as_fd().as_raw_fd();
        let mut rest = 0;
        while rest < waiting.len() {
            let all = waiting.iter().zip(&*unsent).skip(rest);
            let (slices, peers): (Vec<_>, Vec<_>) = all
                .map(|((length, peer), packet)| ([IoSlice::new(packet.get(..*length).unwrap_or_default())], *peer))
                .unzip();
            let control: [ControlMessage<'_>; 0] = [];
            let sent = SENT.with_borrow_mut(|headers| {
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
