//! A TUN device: a network interface whose packets this program reads and writes.
//!
//! The kernel takes it away with all its addresses and routes when the program ends, however it ends.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};

use tun_rs::{DeviceBuilder, Layer, SyncDevice};

use super::failure::Failure;
use super::netlink::Netlink;

/// A TUN device.
pub struct Device {
    tun: SyncDevice,
    netlink: Netlink,
    index: u32,
    name: String,
}

impl Device {
    /// Makes one, without addresses. Without IPv6 the kernel does not begin to speak it.
    ///
    /// # Errors
    ///
    /// It needs the capability CAP_NET_ADMIN, and a free name.
    pub fn create(name: Option<&str>, with_ipv6: bool) -> Result<Self, Failure> {
        let failed = |error| Failure::of_system("a TUN device", error);
        let mut builder = DeviceBuilder::new().layer(Layer::L3).enable(false);
        if let Some(name) = name {
            builder = builder.name(name);
        }
        let tun = builder.build_sync().map_err(failed)?;
        tun.set_nonblocking(true).map_err(failed)?;
        let name = tun.name().map_err(failed)?;
        let index = tun.if_index().map_err(failed)?;
        let netlink = Netlink::open().map_err(|error| Failure::of_system("a netlink socket", error))?;
        // Else the kernel asks for routers, and gives itself another link-local address than was agreed on. Where
        // there is no /proc, it does; that costs a few packets.
        let setting = if with_ipv6 { "addr_gen_mode" } else { "disable_ipv6" };
        let _ = std::fs::write(format!("/proc/sys/net/ipv6/conf/{name}/{setting}"), "1");
        Ok(Self { tun, netlink, index, name })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
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
    pub fn add_route(&self, to: (IpAddr, u8), mtu: Option<u16>) -> io::Result<()> {
        self.netlink.add_route(self.index, to, mtu)
    }

    /// Takes a route away.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn remove_route(&self, to: (IpAddr, u8)) -> io::Result<()> {
        self.netlink.remove_route(self.index, to)
    }

    /// The next packet that somebody sends into it: its length.
    pub fn receive(&self, buf: &mut [u8]) -> Option<usize> {
        self.tun.recv(buf).ok().filter(|length| *length > 0)
    }

    /// A packet comes out of it. The kernel may drop it, as it may any packet.
    pub fn send(&self, packet: &[u8]) {
        let _ = self.tun.send(packet);
    }
}

impl AsFd for Device {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.tun.as_fd()
    }
}
