//! A TUN or TAP device: a network interface whose packets this program reads and writes.
//!
//! The kernel takes it away with all its addresses and routes when the program ends, however it ends.

use std::io;
use std::net::IpAddr;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};

use tun_rs::{DeviceBuilder, GROTable, Layer, SyncDevice, VIRTIO_NET_HDR_LEN};

use super::BURST;
use super::failure::Failure;
use super::netlink::{Netlink, Via};
use crate::config::Network;

/// Room for any IP packet of a tunnel.
pub const MAX_PACKET: usize = 2048;
/// The packets that the kernel gives at once, when it leaves cutting to us.
const MAX_SEGMENTS: usize = 128;

/// A TUN device. Packets of one TCP connection go in and out as one, where the kernel can do that.
pub struct Device {
    tun: SyncDevice,
    netlink: Netlink,
    index: u32,
    name: String,
    segments: Box<[u8]>,
    /// Packets for the kernel, each behind room for its header.
    unsent: Vec<Vec<u8>>,
    waiting: usize,
    table: GROTable,
}

/// Packets that came out of a device, each behind headroom, until they are taken.
#[derive(Debug)]
pub struct Packets {
    buffers: Vec<Vec<u8>>,
    lengths: Vec<usize>,
    /// Those that are not taken.
    left: Range<usize>,
    headroom: usize,
}

impl Packets {
    /// Makes room for the packets of one read, each with `headroom` bytes in front.
    #[must_use]
    pub fn new(headroom: usize) -> Self {
        let buffers = vec![vec![0; headroom.saturating_add(MAX_PACKET)]; MAX_SEGMENTS];
        Self { buffers, lengths: vec![0; MAX_SEGMENTS], left: 0..0, headroom }
    }

    /// Returns whether all were taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left.start >= self.left.end
    }

    /// Returns the packets that are left, each with its headroom.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut [u8]> {
        let Self { buffers, lengths, left, headroom } = self;
        let all = buffers.iter_mut().zip(&*lengths).skip(left.start).take(left.len());
        // The kernel gave no length that is not in the buffer.
        all.map(|(buffer, length)| buffer.get_mut(..headroom.saturating_add(*length)).unwrap_or_default())
    }

    /// Takes the first `count` of those that are left.
    pub fn take(&mut self, count: usize) {
        self.left.start = self.left.start.saturating_add(count).min(self.left.end);
    }
}

impl Device {
    /// Makes one, without addresses. Without IPv6 the kernel does not begin to speak it.
    ///
    /// # Errors
    ///
    /// It needs the capability CAP_NET_ADMIN, and a free name.
    pub fn create(name: Option<&str>, with_ipv6: bool) -> Result<Self, Failure> {
        let build = |offload| {
            let builder = DeviceBuilder::new().layer(Layer::L3).enable(false).offload(offload);
            match name {
                Some(name) => builder.name(name),
                None => builder,
            }
            .build_sync()
        };
        // Some kernels have no offload for such devices.
        let tun = build(true).or_else(|_| build(false));
        let device = Self::of(tun.map_err(|error| Failure::of_system("a TUN device", &error))?)?;
        // Else the kernel asks for routers, and gives itself another link-local address than was agreed on. Where
        // there is no /proc, it does; that costs a few packets.
        let setting = if with_ipv6 { "addr_gen_mode" } else { "disable_ipv6" };
        let _ = std::fs::write(format!("/proc/sys/net/ipv6/conf/{}/{setting}", device.name), "1");
        Ok(device)
    }

    /// Makes one whose packets are Ethernet frames (TAP).
    ///
    /// # Errors
    ///
    /// It needs the capability CAP_NET_ADMIN, and a free name.
    pub fn create_ethernet(name: Option<&str>) -> Result<Self, Failure> {
        let builder = DeviceBuilder::new().layer(Layer::L2).enable(false).offload(false);
        let builder = name.into_iter().fold(builder, DeviceBuilder::name);
        Self::of(builder.build_sync().map_err(|error| Failure::of_system("a TAP device", &error))?)
    }

    fn of(tun: SyncDevice) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::of_system("a network interface", &error);
        tun.set_nonblocking(true).map_err(failed)?;
        let name = tun.name().map_err(failed)?;
        let index = tun.if_index().map_err(failed)?;
        let netlink = Netlink::open().map_err(|error| Failure::of_system("a netlink socket", &error))?;
        let unsent = (0..BURST).map(|_| Vec::with_capacity(u16::MAX.into())).collect();
        let segments = vec![0; VIRTIO_NET_HDR_LEN.saturating_add(u16::MAX.into())].into_boxed_slice();
        Ok(Self { tun, netlink, index, name, segments, unsent, waiting: 0, table: GROTable::default() })
    }

    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number that the system has for it.
    #[must_use]
    pub const fn index(&self) -> u32 {
        self.index
    }

    /// Switches it on.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn set_up(&self, mtu: u16) -> io::Result<()> {
        self.tun.set_mtu(mtu)?;
        self.tun.enabled(true)
    }

    /// Gives it an address; with a peer, it is that of the other end of a line.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn add_address(&self, own: IpAddr, peer: Option<IpAddr>, prefix: u8) -> io::Result<()> {
        self.netlink.add_address(self.index, own, peer, prefix)
    }

    /// Takes it away.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn remove_address(&self, own: IpAddr, peer: Option<IpAddr>, prefix: u8) -> io::Result<()> {
        self.netlink.remove_address(self.index, own, peer, prefix)
    }

    /// Sends all packets to a network into it, and none that is longer than `mtu`.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn add_route(&self, to: Network, mtu: Option<u16>) -> io::Result<()> {
        self.netlink.add_route(to, &Via::device(self.index), mtu)
    }

    /// Sends all packets to a network into another device, which has this [number](Self::index), and none that is longer
    /// than `mtu`.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn add_route_into(&self, index: u32, to: Network, mtu: Option<u16>) -> io::Result<()> {
        self.netlink.add_route(to, &Via::device(index), mtu)
    }

    /// Sends all packets to a network into it, unless there is another route to that network.
    ///
    /// # Errors
    ///
    /// There is one, or the system's.
    pub fn add_new_route(&self, to: Network) -> io::Result<()> {
        let is_new = self.netlink.add_new_route(to, &Via::device(self.index))?;
        if is_new { Ok(()) } else { Err(io::Error::other("there is another route to this network")) }
    }

    /// Takes a route away.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn remove_route(&self, to: Network) -> io::Result<()> {
        self.netlink.remove_route(to, &Via::device(self.index))
    }

    /// Reads what somebody has sent into it, and forgets what was left of the last read. Returns whether there was
    /// anything: [`Packets::iter_mut`] has it.
    pub fn receive(&mut self, packets: &mut Packets) -> bool {
        let Packets { buffers, lengths, left, headroom } = packets;
        let received = self.tun.recv_multiple(&mut self.segments, buffers, lengths, *headroom);
        let count = received.unwrap_or(0);
        *left = 0..count;
        count > 0
    }

    /// Gives the kernel a packet with the next [`flush`](Device::flush). It may drop it, as it may any packet.
    pub fn send(&mut self, packet: &[u8]) {
        if self.waiting >= self.unsent.len() {
            self.flush();
        }
        let Some(buffer) = self.unsent.get_mut(self.waiting) else { return };
        buffer.clear();
        buffer.resize(VIRTIO_NET_HDR_LEN, 0);
        buffer.extend_from_slice(packet);
        self.waiting = self.waiting.saturating_add(1);
    }

    /// Gives the kernel what waits.
    pub fn flush(&mut self) {
        if let Some(unsent) = self.unsent.get_mut(..self.waiting).filter(|unsent| !unsent.is_empty()) {
            let _ = self.tun.send_multiple(&mut self.table, unsent, VIRTIO_NET_HDR_LEN);
            self.waiting = 0;
        }
    }
}

impl AsFd for Device {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.tun.as_fd()
    }
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Device").field("name", &self.name).field("index", &self.index).finish_non_exhaustive()
    }
}
