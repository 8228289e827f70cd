//! The sockets of tunnels of L2TP: UDP, and IP protocol 115.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use l2tp_session::session::Transmit;
use l2tp_session::wire::Address;
use l2tp_session::wire::data::OuterHeader;
use rustix::net::{AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, sockopt};
use rustix::net::{bind, recvfrom, sendto, socket_with};

use super::BURST;
use super::datagrams::{Datagrams, PACKET, enlarge};
use super::failure::Failure;
use super::gre::payload;
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
#[derive(Debug)]
struct IpPackets {
    socket: OwnedFd,
    is_v6: bool,
    packet: Box<[u8; PACKET]>,
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

    /// Reads the packets that have come, [`BURST`] at most of each socket, and hands each to `take` with its sender.
    pub fn receive(&mut self, mut take: impl FnMut(Address, &mut [u8])) {
        if let Some(udp) = &mut self.udp {
            udp.socket.receive(|source, packet| take(Address::udp(source), packet));
        }
        if let Some(ip) = &mut self.ip {
            ip.socket.receive(|source, packet| take(Address::ip(source), packet));
        }
    }

    /// Sends a packet. It may be lost here, as anywhere on the path.
    pub fn send(&mut self, packet: &Transmit<'_>) {
        let host = packet.destination.host();
        match (packet.destination.port(), &mut self.udp, &mut self.ip) {
            (Some(port), Some(udp), _) => {
                udp.set_outer(packet.outer);
                udp.socket.send_to((host, port).into(), packet.payload);
            }
            (None, _, Some(ip)) => {
                ip.set_outer(packet.outer);
                ip.socket.send_to(host, packet.payload);
            }
            // A session answers by the socket that it has heard its peer by.
            _ => {}
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
        let failed = |error: rustix::io::Errno| Failure::of_system("a raw socket of IP protocol 115", &error.into());
        let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
        let protocol = std::num::NonZero::new(IP_PROTOCOL).map(Protocol::from_raw);
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(family, SocketType::RAW, flags, protocol).map_err(failed)?;
        bind(&socket, &SocketAddr::new(address, 0)).map_err(failed)?;
        enlarge(&socket);
        Ok(Self { socket, is_v6: address.is_ipv6(), packet: Box::new([0; PACKET]) })
    }

    fn receive(&mut self, mut take: impl FnMut(IpAddr, &mut [u8])) {
        for _ in 0..BURST {
            match recvfrom(&self.socket, &mut self.packet[..], RecvFlags::DONTWAIT) {
                Ok((length, _, source)) => {
                    let Some(packet) = self.packet.get_mut(..length) else { continue };
                    // The system gives the header of IPv4, and none of IPv6 (RFC 3542 section 3).
                    if self.is_v6 {
                        if let Some(source) = source.and_then(|source| SocketAddrV6::try_from(source).ok()) {
                            take((*source.ip()).into(), packet);
                        }
                    } else if let Some((source, payload)) = payload(packet) {
                        take(source.into(), payload);
                    }
                }
                Err(rustix::io::Errno::AGAIN) => return,
                // A router's word about an earlier packet comes once, as an error: then it is tried again.
                Err(_) => {}
            }
        }
    }

    fn send_to(&self, destination: IpAddr, packet: &[u8]) {
        let _ = sendto(&self.socket, packet, SendFlags::DONTWAIT, &SocketAddr::new(destination, 0));
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
