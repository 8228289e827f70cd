//! The sockets of tunnels of L2TP: UDP, and IP protocol 115.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use l2tp_session::session::Transmit;
use l2tp_session::wire::Address;
use l2tp_session::wire::data::OuterHeader;
use rustix::net::{AddressFamily, bind, sockopt};

use super::burst::{Arrived, Burst};
use super::datagrams::{Datagrams, address};
use super::failure::Failure;
use super::gre::{payload, raw_socket};
use super::poller::{Interest, Poller};

/// IANA's number of L2TP version 3 (RFC 3931 section 4.1.1).
const IP_PROTOCOL: u32 = 115;

/// The sockets that packets of L2TP come and go by.
#[derive(Debug)]
pub struct Carrier {
    udp: Option<End<Datagrams>>,
    ip: Option<End<IpPackets>>,
}

/// A socket, and the options that it has now.
#[derive(Debug)]
struct End<S> {
    socket: S,
    is_v6: bool,
    outer: OuterHeader,
}

/// A raw socket of IP protocol 115.
struct IpPackets {
    socket: OwnedFd,
    is_v6: bool,
    packets: Burst,
}

impl Carrier {
    /// Opens a UDP socket at this address.
    ///
    /// # Errors
    ///
    /// The address is not ours, or another program has the port.
    pub fn udp(address: SocketAddr) -> Result<Self, Failure> {
        Ok(Self { udp: Some(End::new(Datagrams::bind(address)?, address.is_ipv6())), ip: None })
    }

    /// Opens a raw socket that gets the packets of all peers to this address of ours.
    ///
    /// # Errors
    ///
    /// It needs the capability CAP_NET_RAW.
    pub fn ip(address: IpAddr) -> Result<Self, Failure> {
        Ok(Self { udp: None, ip: Some(End::new(IpPackets::open(address)?, address.is_ipv6())) })
    }

    /// Adds the sockets of another carrier to those that this one lacks.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { udp: self.udp.or(other.udp), ip: self.ip.or(other.ip) }
    }

    /// Has packets waited for.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn wait_by(&self, poller: &Poller, number: u64) -> io::Result<()> {
        if let Some(udp) = &self.udp {
            poller.add(&udp.socket, number, Interest::Read)?;
        }
        match &self.ip {
            Some(ip) => poller.add(&ip.socket, number, Interest::Read),
            None => Ok(()),
        }
    }

    /// Reads the packets that have come, [`BURST`](super::BURST) at most of each socket, and hands each to `take` with its
    /// sender.
    pub fn receive(&mut self, mut take: impl FnMut(Address, &mut [u8])) {
        self.receive_all(|packets, _| packets.iter_mut().for_each(|(source, packet)| take(*source, packet)));
    }

    /// Reads the packets that have come, [`BURST`](super::BURST) at most of each socket, and hands those of a socket to
    /// `take` all at once, each with its sender. By the same index it gets the addresses of ours that they came to, where
    /// the socket is at all of them.
    pub fn receive_all(&mut self, mut take: impl FnMut(&mut [(Address, &mut [u8])], &[Option<IpAddr>])) {
        if let Some(udp) = &mut self.udp {
            let received = udp.socket.receive();
            let (mut packets, own): (Vec<_>, Vec<_>) =
                received.map(|(source, own, packet)| ((Address::udp(source), packet), own)).unzip();
            take(&mut packets, &own);
        }
        if let Some(ip) = &mut self.ip {
            let received = ip.socket.receive();
            let (mut packets, own): (Vec<_>, Vec<_>) =
                received.map(|(source, own, packet)| ((Address::ip(source), packet), own)).unzip();
            take(&mut packets, &own);
        }
    }

    /// Keeps a packet until the next [`flush`](Self::flush), or until there is no more room. It leaves from `own`; without
    /// it, from the address that the socket or the route has.
    pub fn push(&mut self, own: Option<IpAddr>, packet: &Transmit<'_>) {
        let host = packet.destination.host();
        match (packet.destination.port(), &mut self.udp, &mut self.ip) {
            (Some(port), Some(udp), _) => {
                // The options hold for all packets that leave from now on.
                if udp.outer != packet.outer {
                    udp.socket.flush();
                }
                udp.set_outer(packet.outer);
                udp.socket.push(own, (host, port).into(), packet.payload);
            }
            (None, _, Some(ip)) => {
                if ip.outer != packet.outer {
                    ip.socket.flush();
                }
                ip.set_outer(packet.outer);
                ip.socket.push(own, host, packet.payload);
            }
            // A session answers by the socket that it has heard its peer by.
            _ => {}
        }
    }

    /// Sends what waits. It may be lost here, as anywhere on the path.
    pub fn flush(&mut self) {
        if let Some(udp) = &mut self.udp {
            udp.socket.flush();
        }
        if let Some(ip) = &mut self.ip {
            ip.socket.flush();
        }
    }
}

impl<S: AsFd> End<S> {
    fn new(socket: S, is_v6: bool) -> Self {
        Self { socket, is_v6, outer: OuterHeader::default() }
    }

    /// Sets the options for the outer header of the next packet, where they change. A system that does not take one sends
    /// as it likes.
    fn set_outer(&mut self, wanted: OuterHeader) {
        let had = std::mem::replace(&mut self.outer, wanted);
        if had.ttl != wanted.ttl {
            let _ = if self.is_v6 {
                sockopt::set_ipv6_unicast_hops(&self.socket, wanted.ttl)
            } else {
                // All ones stand for the system's own.
                sockopt::set_ip_ttl(&self.socket, wanted.ttl.map_or(u32::MAX, u32::from))
            };
        }
        if had.type_of_service != wanted.type_of_service {
            let value = wanted.type_of_service.unwrap_or(0);
            let _ = if self.is_v6 {
                sockopt::set_ipv6_tclass(&self.socket, value.into())
            } else {
                sockopt::set_ip_tos(&self.socket, value)
            };
        }
        // RFC 8200 section 5: routers do not fragment packets of IPv6 anyway.
        if had.dont_fragment != wanted.dont_fragment && !self.is_v6 {
            let discovery = if wanted.dont_fragment {
                sockopt::Ipv4PathMtuDiscovery::PROBE
            } else {
                sockopt::Ipv4PathMtuDiscovery::WANT
            };
            let _ = sockopt::set_ip_mtu_discover(&self.socket, discovery);
        }
    }
}

impl IpPackets {
    fn open(address: IpAddr) -> Result<Self, Failure> {
        let failed = |error| Failure::of_system("a raw socket of IP protocol 115", &error);
        let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
        let socket = raw_socket(family, IP_PROTOCOL).map_err(failed)?;
        bind(&socket, &SocketAddr::new(address, 0)).map_err(|error| failed(error.into()))?;
        let (is_v6, packets) = (address.is_ipv6(), Burst::new());
        let packets =
            if address.is_unspecified() { packets.at_all_addresses(&socket, is_v6).map_err(failed)? } else { packets };
        Ok(Self { socket, is_v6, packets })
    }

    fn receive(&mut self) -> impl Iterator<Item = (IpAddr, Option<IpAddr>, &mut [u8])> {
        let is_v6 = self.is_v6;
        self.packets.receive(&self.socket).filter_map(move |Arrived { source, own, packet }| {
            // The system gives the header of IPv4, and none of IPv6 (RFC 3542 section 3).
            if is_v6 {
                Some((address(source?)?.ip(), own, packet))
            } else {
                payload(packet).map(|(source, payload)| (source.into(), own, payload))
            }
        })
    }

    fn push(&mut self, own: Option<IpAddr>, destination: IpAddr, packet: &[u8]) {
        self.packets.push(&self.socket, own, Some(SocketAddr::new(destination, 0).into()), packet);
    }

    fn flush(&mut self) {
        self.packets.flush(&self.socket);
    }
}

impl std::fmt::Debug for IpPackets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IpPackets").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl AsFd for IpPackets {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Returns the address that stands for all of ours, of the version that a peer has.
#[must_use]
pub const fn any_address(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}
