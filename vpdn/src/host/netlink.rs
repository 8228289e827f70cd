//! Addresses and routes of an interface, by rtnetlink: what `ip address` and `ip route` do.

use std::io;
use std::net::IpAddr;
use std::os::fd::OwnedFd;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteMetric, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send, socket_with};

use crate::config::Network;

/// Which way packets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Via {
    /// The router, if there is one.
    pub gateway: Option<IpAddr>,
    /// The number of the interface.
    pub device: u32,
}

impl Via {
    /// Goes to an interface itself.
    #[must_use]
    pub const fn device(index: u32) -> Self {
        Self { gateway: None, device: index }
    }

    /// Goes to a router behind an interface.
    #[must_use]
    pub const fn router(gateway: IpAddr, device: u32) -> Self {
        Self { gateway: Some(gateway), device }
    }
}

/// A socket to the kernel.
#[derive(Debug)]
pub struct Netlink(OwnedFd);

impl Netlink {
    /// Opens one, in the network of the calling thread.
    ///
    /// # Errors
    ///
    /// The kernel has none.
    pub fn open() -> io::Result<Self> {
        // Protocol 0 of netlink is rtnetlink.
        let family = rustix::net::AddressFamily::NETLINK;
        let socket = socket_with(family, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
        connect(&socket, &SocketAddrNetlink::new(0, 0))?;
        Ok(Self(socket))
    }

    /// Gives an interface an address; with a peer, it is that of the other end of a line.
    ///
    /// # Errors
    ///
    /// It needs the capability CAP_NET_ADMIN.
    pub fn add_address(&self, index: u32, own: IpAddr, peer: Option<IpAddr>, prefix: u8) -> io::Result<()> {
        let message = RouteNetlinkMessage::NewAddress(address(index, own, peer, prefix));
        self.ask(message, NLM_F_CREATE | NLM_F_REPLACE)?;
        Ok(())
    }

    /// Takes it away.
    ///
    /// # Errors
    ///
    /// It has none such.
    pub fn remove_address(&self, index: u32, own: IpAddr, peer: Option<IpAddr>, prefix: u8) -> io::Result<()> {
        self.ask(RouteNetlinkMessage::DelAddress(address(index, own, peer, prefix)), 0)?;
        Ok(())
    }

    /// Adds a route, or changes the one to the same network; no packet on it is longer than `mtu`.
    ///
    /// # Errors
    ///
    /// It needs the capability CAP_NET_ADMIN.
    pub fn add_route(&self, to: Network, via: &Via, mtu: Option<u16>) -> io::Result<()> {
        let mut route = route(to, via);
        if let Some(mtu) = mtu {
            route.attributes.push(RouteAttribute::Metrics(vec![RouteMetric::Mtu(mtu.into())]));
        }
        self.ask(RouteNetlinkMessage::NewRoute(route), NLM_F_CREATE | NLM_F_REPLACE)?;
        Ok(())
    }

    /// Adds a route unless there is one to the same network. Returns whether it was added.
    ///
    /// # Errors
    ///
    /// It needs the capability CAP_NET_ADMIN.
    pub fn add_new_route(&self, to: Network, via: &Via) -> io::Result<bool> {
        match self.ask(RouteNetlinkMessage::NewRoute(route(to, via)), NLM_F_CREATE | NLM_F_EXCL) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Takes a route away.
    ///
    /// # Errors
    ///
    /// No such route exists.
    pub fn remove_route(&self, to: Network, via: &Via) -> io::Result<()> {
        self.ask(RouteNetlinkMessage::DelRoute(route(to, via)), 0)?;
        Ok(())
    }

    /// Returns which way packets to an address go.
    ///
    /// # Errors
    ///
    /// There is no route.
    pub fn way_to(&self, address: IpAddr) -> io::Result<Via> {
        let mut question = RouteMessage::default();
        question.header.address_family = family(address);
        question.header.destination_prefix_length = Network::host(address).prefix;
        question.attributes = vec![RouteAttribute::Destination(address.into())];
        let answer = self.ask(RouteNetlinkMessage::GetRoute(question), 0)?;
        let Some(RouteNetlinkMessage::NewRoute(route)) = answer else {
            return Err(io::Error::other("the kernel names no route"));
        };
        let mut via = Via { gateway: None, device: 0 };
        for attribute in route.attributes {
            match attribute {
                RouteAttribute::Gateway(RouteAddress::Inet(gateway)) => via.gateway = Some(gateway.into()),
                RouteAttribute::Gateway(RouteAddress::Inet6(gateway)) => via.gateway = Some(gateway.into()),
                RouteAttribute::Oif(device) => via.device = device,
                _ => {}
            }
        }
        Ok(via)
    }

    /// Sends a request, and waits for its answer: the kernel has it at once.
    fn ask(&self, message: RouteNetlinkMessage, flags: u16) -> io::Result<Option<RouteNetlinkMessage>> {
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | NLM_F_ACK | flags;
        let mut request = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(message));
        request.finalize();
        let mut buf = vec![0; request.buffer_len().max(4096)];
        request.serialize(&mut buf);
        send(&self.0, buf.get(..request.buffer_len()).unwrap_or_default(), SendFlags::empty())?;
        let (length, _) = recv(&self.0, &mut *buf, RecvFlags::empty())?;
        let answer = NetlinkMessage::<RouteNetlinkMessage>::deserialize(buf.get(..length).unwrap_or_default())
            .map_err(io::Error::other)?;
        match answer.payload {
            NetlinkPayload::Error(error) if error.code.is_some() => Err(error.to_io()),
            NetlinkPayload::InnerMessage(answer) => {
                // It is followed by the acknowledgment, which says no more.
                recv(&self.0, &mut *buf, RecvFlags::empty())?;
                Ok(Some(answer))
            }
            _ => Ok(None),
        }
    }
}

fn family(address: IpAddr) -> AddressFamily {
    match address {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    }
}

fn address(index: u32, own: IpAddr, peer: Option<IpAddr>, prefix: u8) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = family(own);
    message.header.prefix_len = prefix;
    message.header.index = index;
    message.attributes = vec![AddressAttribute::Local(own), AddressAttribute::Address(peer.unwrap_or(own))];
    message
}

fn route(to: Network, via: &Via) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = family(to.address);
    message.header.destination_prefix_length = to.prefix;
    message.header.table = RouteHeader::RT_TABLE_MAIN;
    message.header.protocol = RouteProtocol::Static;
    // A route without a gateway is for neighbours on the link, as `ip route` sets it.
    let is_link = to.address.is_ipv4() && via.gateway.is_none();
    message.header.scope = if is_link { RouteScope::Link } else { RouteScope::Universe };
    message.header.kind = RouteType::Unicast;
    message.attributes = vec![RouteAttribute::Destination(to.address.into()), RouteAttribute::Oif(via.device)];
    if let Some(gateway) = via.gateway {
        message.attributes.push(RouteAttribute::Gateway(gateway.into()));
    }
    message
}
