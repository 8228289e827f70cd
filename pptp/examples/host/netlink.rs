//! Addresses and routes of an interface, by rtnetlink: what `ip address` and `ip route` do.

use std::io;
use std::net::IpAddr;
use std::os::fd::OwnedFd;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::route::{
    RouteAttribute, RouteHeader, RouteMessage, RouteMetric, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send, socket_with};

/// A socket to the kernel.
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
        self.ask(message, NLM_F_CREATE | NLM_F_REPLACE)
    }

    /// Takes it away.
    ///
    /// # Errors
    ///
    /// It has none such.
    pub fn remove_address(&self, index: u32, own: IpAddr, peer: Option<IpAddr>, prefix: u8) -> io::Result<()> {
        self.ask(RouteNetlinkMessage::DelAddress(address(index, own, peer, prefix)), 0)
    }

    /// Sends all packets to a network into the interface, and none that is longer than `mtu`.
    ///
    /// # Errors
    ///
    /// There is such a route already, or no right to make one.
    pub fn add_route(&self, index: u32, (to, prefix): (IpAddr, u8), mtu: Option<u16>) -> io::Result<()> {
        let mut route = route(index, to, prefix);
        if let Some(mtu) = mtu {
            route.attributes.push(RouteAttribute::Metrics(vec![RouteMetric::Mtu(mtu.into())]));
        }
        self.ask(RouteNetlinkMessage::NewRoute(route), NLM_F_CREATE | NLM_F_REPLACE)
    }

    /// Takes a route away.
    ///
    /// # Errors
    ///
    /// There is none such.
    pub fn remove_route(&self, index: u32, (to, prefix): (IpAddr, u8)) -> io::Result<()> {
        self.ask(RouteNetlinkMessage::DelRoute(route(index, to, prefix)), 0)
    }

    /// Sends a request, and waits for its answer: the kernel has it at once.
    fn ask(&self, message: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
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
            _ => Ok(()),
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

fn route(index: u32, to: IpAddr, prefix: u8) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = family(to);
    message.header.destination_prefix_length = prefix;
    message.header.table = RouteHeader::RT_TABLE_MAIN;
    message.header.protocol = RouteProtocol::Static;
    message.header.scope = if to.is_ipv4() { RouteScope::Link } else { RouteScope::Universe };
    message.header.kind = RouteType::Unicast;
    message.attributes = vec![RouteAttribute::Destination(to.into()), RouteAttribute::Oif(index)];
    message
}
