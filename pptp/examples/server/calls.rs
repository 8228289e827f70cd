//! Which call has which address: where packets to clients go, and whose packets from clients are taken.
//!
//! A packet that comes out of a call is taken only when its sender is the client of that call: the IPv4 address that the
//! call was given, or the IPv6 link-local address of the interface identifier that was agreed on. All else is dropped and
//! counted, so that no client can speak for another one. A packet to a client is one to exactly these addresses. Packets to
//! groups and to all are nobody's.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pptp::server::ConnectionId;
use pptp::wire::connection::CallId;

/// A call of a connection.
pub type Key = (ConnectionId, CallId);

/// The addresses of all calls.
pub struct Calls {
    pool: (Ipv4Addr, Ipv4Addr),
    /// The server's own, which no client gets.
    own: Ipv4Addr,
    /// What was given last: a client that comes again gets another one, so that late packets are not for it.
    last: Ipv4Addr,
    given: BTreeMap<Key, Ipv4Addr>,
    by_address: BTreeMap<IpAddr, Key>,
}

impl Calls {
    /// Nobody has called yet.
    pub fn new(pool: (Ipv4Addr, Ipv4Addr), own: Ipv4Addr) -> Self {
        Self { pool, own, last: pool.1, given: BTreeMap::new(), by_address: BTreeMap::new() }
    }

    /// The address of a call: that which it has, or a free one. `None` when all are taken.
    pub fn assign(&mut self, call: Key) -> Option<Ipv4Addr> {
        if let Some(address) = self.given.get(&call) {
            return Some(*address);
        }
        let (first, last) = self.pool;
        let next = |address: Ipv4Addr| {
            if address >= last { first } else { Ipv4Addr::from_bits(address.to_bits().saturating_add(1)) }
        };
        let mut address = next(self.last);
        // All of the pool are tried, once.
        while address == self.own || self.by_address.contains_key(&IpAddr::V4(address)) {
            if address == self.last {
                return None;
            }
            address = next(address);
        }
        self.last = address;
        self.given.insert(call, address);
        self.by_address.insert(address.into(), call);
        Some(address)
    }

    /// Gives a call another address, if that is in the pool and free. Whether it was.
    pub fn exchange(&mut self, call: Key, wish: Ipv4Addr) -> bool {
        let (first, last) = self.pool;
        let is_taken = wish == self.own || self.by_address.contains_key(&IpAddr::V4(wish));
        let Some(address) = self.given.get_mut(&call).filter(|_| (first..=last).contains(&wish) && !is_taken) else {
            return false;
        };
        self.by_address.remove(&IpAddr::V4(*address));
        *address = wish;
        self.by_address.insert(wish.into(), call);
        true
    }

    /// The address that a call was given.
    pub fn address(&self, call: Key) -> Option<Ipv4Addr> {
        self.given.get(&call).copied()
    }

    /// A call has agreed on an IPv6 address. It gets packets there unless another one has the same.
    pub fn add(&mut self, call: Key, address: Ipv6Addr) {
        self.by_address.entry(address.into()).or_insert(call);
    }

    /// A call is over.
    pub fn remove(&mut self, call: Key) {
        self.given.remove(&call);
        self.by_address.retain(|_, found| *found != call);
    }

    /// Which call a packet goes to.
    pub fn route(&self, packet: &[u8]) -> Option<Key> {
        self.by_address.get(&destination(packet)?).copied()
    }

    /// Whether the client of a call may send this packet.
    pub fn may_send(&self, call: Key, packet: &[u8]) -> bool {
        source(packet).is_some_and(|source| self.by_address.get(&source) == Some(&call))
    }
}

/// RFC 791 section 3.1, RFC 8200 section 3: who sent a packet.
fn source(packet: &[u8]) -> Option<IpAddr> {
    match packet.first()? >> 4 {
        4 => address::<4>(packet, 12).map(IpAddr::from),
        6 => address::<16>(packet, 8).map(IpAddr::from),
        _ => None,
    }
}

/// And who is to get it.
fn destination(packet: &[u8]) -> Option<IpAddr> {
    match packet.first()? >> 4 {
        4 => address::<4>(packet, 16).map(IpAddr::from),
        6 => address::<16>(packet, 24).map(IpAddr::from),
        _ => None,
    }
}

fn address<const N: usize>(packet: &[u8], at: usize) -> Option<[u8; N]> {
    packet.get(at..)?.first_chunk().copied()
}
