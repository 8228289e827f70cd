//! Which call has which address: where packets to clients go, and whose packets from clients are taken.
//!
//! A packet that comes out of a call is taken only when its sender is the client of that call. That
//! is the IPv4 address that the call was given, an address of a network behind it, or the IPv6
//! link-local address of the interface identifier that was agreed on. All else is dropped and
//! counted, so that no client can speak for another one. A packet to a client is one to exactly
//! these addresses. Packets to groups and to all are nobody's.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::addresses::Addresses;
use super::key::Key;
use crate::config::{Network, Pool};

/// The addresses of the calls of a shard.
pub(super) struct Calls {
    /// Those of all shards.
    addresses: Arc<Addresses>,
    given: BTreeMap<Key, Given>,
    /// The IPv6 addresses that calls have agreed on.
    agreed: BTreeMap<Key, Ipv6Addr>,
    by_address: BTreeMap<IpAddr, Key>,
    /// Networks behind clients, the longest prefix first, and of equal ones the latest.
    networks: Vec<(Network, Key)>,
}

/// The IPv4 address of a call.
#[derive(Clone, Copy)]
struct Given {
    address: Ipv4Addr,
    source: Source,
}

/// Where an address comes from.
#[derive(Clone, Copy)]
enum Source {
    /// The user has it alone.
    User,
    Pool,
}

impl Calls {
    /// Knows no call yet.
    pub(super) fn new(addresses: Arc<Addresses>) -> Self {
        let (given, agreed, by_address, networks) = Default::default();
        Self { addresses, given, agreed, by_address, networks }
    }

    /// Keeps an address of the server from all clients.
    pub(super) fn reserve(&self, own: Ipv4Addr) {
        self.addresses.reserve(own);
    }

    /// Gives a call an address: `wanted`, or a free one of the pool. `None` when it is taken, or all are.
    pub(super) fn assign(&mut self, call: Key, wanted: Option<Ipv4Addr>, pool: Option<Pool>) -> Option<Ipv4Addr> {
        if let Some(address) = self.address(call) {
            return Some(address);
        }
        let (address, source) = match wanted {
            Some(address) => (Some(address).filter(|address| self.addresses.take(*address))?, Source::User),
            None => (self.addresses.take_of(pool?)?, Source::Pool),
        };
        self.given.insert(call, Given { address, source });
        self.by_address.insert(address.into(), call);
        Some(address)
    }

    /// Gives a call another address, if that is in the pool and free. A user with an address of its own keeps that: RFC
    /// 2865 section 5.8 lets a client choose only where it has none. Returns whether it has the other one.
    pub(super) fn exchange(&mut self, call: Key, wish: Ipv4Addr, pool: Option<Pool>) -> bool {
        let is_of_pool = pool.is_some_and(|Pool { first, last }| (first..=last).contains(&wish));
        let Some(Given { address, source: Source::Pool }) = self.given.get_mut(&call) else { return false };
        if !is_of_pool || !self.addresses.take(wish) {
            return false;
        }
        self.addresses.free(*address);
        self.by_address.remove(&IpAddr::V4(*address));
        *address = wish;
        self.by_address.insert(wish.into(), call);
        true
    }

    /// Returns the address that a call was given.
    pub(super) fn address(&self, call: Key) -> Option<Ipv4Addr> {
        self.given.get(&call).map(|given| given.address)
    }

    /// Adds the IPv6 address that a call has agreed on, in place of an earlier one. It gets packets there unless another
    /// call has the same.
    pub(super) fn add(&mut self, call: Key, address: Ipv6Addr) {
        self.remove_ipv6(call);
        self.agreed.insert(call, address);
        self.by_address.entry(address.into()).or_insert(call);
    }

    /// Removes the IPv6 address that a call had agreed on.
    pub(super) fn remove_ipv6(&mut self, call: Key) {
        if let Some(address) = self.agreed.remove(&call) {
            self.release(call, address.into());
        }
    }

    /// Takes an address from a call, unless it is another one's.
    fn release(&mut self, call: Key, address: IpAddr) {
        if self.by_address.get(&address) == Some(&call) {
            self.by_address.remove(&address);
        }
    }

    /// Adds a network behind a call.
    pub(super) fn add_network(&mut self, call: Key, network: Network) {
        let place = self.networks.partition_point(|(other, _)| other.prefix > network.prefix);
        self.networks.insert(place, (network, call));
    }

    /// Returns the networks that a call is the way to: its address, and those behind it.
    pub(super) fn reaches(&self, call: Key) -> impl Iterator<Item = Network> {
        let address = self.address(call).map(|address| Network::host(address.into()));
        let behind = self.networks.iter().filter(move |(_, found)| *found == call);
        address.into_iter().chain(behind.map(|(network, _)| *network))
    }

    /// Removes the networks behind a call.
    pub(super) fn remove_networks(&mut self, call: Key) {
        self.networks.retain(|(_, found)| *found != call);
    }

    /// Removes a call that is over.
    pub(super) fn remove(&mut self, call: Key) {
        if let Some(Given { address, .. }) = self.given.remove(&call) {
            self.addresses.free(address);
            self.release(call, address.into());
        }
        self.remove_ipv6(call);
        self.remove_networks(call);
    }

    /// Returns which call an address is behind.
    fn find(&self, address: IpAddr) -> Option<Key> {
        let exact = self.by_address.get(&address).copied();
        exact.or_else(|| self.networks.iter().find(|(network, _)| network.contains(address)).map(|(_, call)| *call))
    }

    /// Returns which call a packet goes to.
    pub(super) fn route(&self, packet: &[u8]) -> Option<Key> {
        self.find(destination(packet)?)
    }

    /// Returns whether the client of a call may send this packet.
    pub(super) fn may_send(&self, call: Key, packet: &[u8]) -> bool {
        source(packet).is_some_and(|source| self.find(source) == Some(call))
    }
}

/// Returns who sent a packet (RFC 791 section 3.1, RFC 8200 section 3).
fn source(packet: &[u8]) -> Option<IpAddr> {
    match packet.first()? >> 4 {
        4 => address::<4>(packet, 12).map(IpAddr::from),
        6 => address::<16>(packet, 8).map(IpAddr::from),
        _ => None,
    }
}

/// Returns who is to get a packet.
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

#[cfg(test)]
mod tests {
    use pptp::server::ConnectionId;
    use pptp::wire::connection::CallId;

    use super::*;

    const POOL: Pool = Pool { first: Ipv4Addr::new(10, 0, 0, 10), last: Ipv4Addr::new(10, 0, 0, 12) };

    fn key(number: u16) -> Key {
        Key::Pptp(ConnectionId::new(u64::from(number)), CallId::new(number))
    }

    /// A client that has dialled again, while its old call is not over yet.
    #[test]
    fn the_latest_of_two_calls_is_the_way_to_a_network() {
        let network = Network { address: IpAddr::V4(Ipv4Addr::new(192, 168, 7, 0)), prefix: 24 };
        let mut calls = Calls::new(Arc::default());
        for call in [key(1), key(2)] {
            calls.assign(call, None, Some(POOL)).unwrap();
            calls.add_network(call, network);
        }
        let inside = IpAddr::V4(Ipv4Addr::new(192, 168, 7, 9));
        assert_eq!(calls.find(inside), Some(key(2)));
        calls.remove(key(1));
        assert_eq!(calls.find(inside), Some(key(2)));
    }

    /// RFC 2865 section 5.8.
    #[test]
    fn a_user_with_an_address_of_its_own_takes_no_other() {
        let mut calls = Calls::new(Arc::default());
        let own = Ipv4Addr::new(10, 0, 0, 11);
        assert_eq!(calls.assign(key(1), Some(own), Some(POOL)), Some(own));
        assert!(!calls.exchange(key(1), POOL.last, Some(POOL)));
        assert_eq!(calls.assign(key(2), None, Some(POOL)), Some(POOL.first));
        assert!(calls.exchange(key(2), POOL.last, Some(POOL)));
        assert_eq!((calls.address(key(1)), calls.address(key(2))), (Some(own), Some(POOL.last)));
    }

    /// Two shards, with one pool: what one gives, the other does not, nor lets a client take it.
    #[test]
    fn an_address_of_one_shard_is_none_of_another() {
        let addresses = Arc::default();
        let [mut one, mut other] = [(); 2].map(|()| Calls::new(Arc::clone(&addresses)));
        // Keys of two shards may be the same.
        assert_eq!(one.assign(key(1), None, Some(POOL)), Some(POOL.first));
        assert_eq!(other.assign(key(1), Some(POOL.first), Some(POOL)), None);
        assert_eq!(other.assign(key(1), None, Some(POOL)), Some(Ipv4Addr::new(10, 0, 0, 11)));
        assert!(!other.exchange(key(1), POOL.first, Some(POOL)));
        assert!(other.exchange(key(1), POOL.last, Some(POOL)));
        assert!(one.exchange(key(1), Ipv4Addr::new(10, 0, 0, 11), Some(POOL)));
        // Each is the way to its own client alone.
        assert_eq!((one.find(POOL.last.into()), other.find(POOL.last.into())), (None, Some(key(1))));
        other.remove(key(1));
        assert_eq!(one.assign(key(2), Some(POOL.last), Some(POOL)), Some(POOL.last));
    }

    /// RFC 5072 section 4.1: a client that configures IPv6 again has another identifier in place of the first.
    #[test]
    fn a_call_has_one_ipv6_address_at_a_time() {
        let mut calls = Calls::new(Arc::default());
        let [first, second] = [1, 2].map(|last| Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last));
        calls.add(key(1), first);
        calls.add(key(1), second);
        assert_eq!((calls.find(first.into()), calls.find(second.into())), (None, Some(key(1))));
        calls.remove_ipv6(key(1));
        assert_eq!(calls.find(second.into()), None);
    }
}
