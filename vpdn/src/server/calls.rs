//! Which call has which address: where packets to clients go, and whose packets from clients are taken.
//!
//! A packet that comes out of a call is taken only when its sender is the client of that call. That
//! is the IPv4 address that the call was given, an address of a network behind it, or the IPv6
//! link-local address of the interface identifier that was agreed on. All else is dropped and
//! counted, so that no client can speak for another one. A packet to a client is one to exactly
//! these addresses. Packets to groups and to all are nobody's.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::key::Key;
use crate::config::{Network, Pool};

/// The addresses of all calls.
#[derive(Default)]
pub(super) struct Calls {
    /// The server's own, which no client gets: those for all, and those of single users.
    own: BTreeSet<Ipv4Addr>,
    /// The last address that was given of each pool, by its first and last one. A client that comes again gets another
    /// one, so that late packets are not for it.
    last: BTreeMap<(Ipv4Addr, Ipv4Addr), Ipv4Addr>,
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
    /// Keeps an address of the server from all clients. Returns whether it is a new one.
    pub(super) fn reserve(&mut self, own: Ipv4Addr) -> bool {
        self.own.insert(own)
    }

    /// Gives a call an address: `wanted`, or a free one of the pool. `None` when it is taken, or all are.
    pub(super) fn assign(&mut self, call: Key, wanted: Option<Ipv4Addr>, pool: Option<Pool>) -> Option<Ipv4Addr> {
        if let Some(address) = self.address(call) {
            return Some(address);
        }
        let (address, source) = match wanted {
            Some(address) => (Some(address).filter(|address| self.is_free(*address))?, Source::User),
            None => (self.next_free(pool?)?, Source::Pool),
        };
        self.given.insert(call, Given { address, source });
        self.by_address.insert(address.into(), call);
        Some(address)
    }

    /// Gives a call another address, if that is in the pool and free. A user with an address of its own keeps that: RFC
    /// 2865 section 5.8 lets a client choose only where it has none. Returns whether it has the other one.
    pub(super) fn exchange(&mut self, call: Key, wish: Ipv4Addr, pool: Option<Pool>) -> bool {
        let is_of_pool = pool.is_some_and(|Pool { first, last }| (first..=last).contains(&wish));
        if !is_of_pool || !self.is_free(wish) {
            return false;
        }
        let Some(Given { address, source: Source::Pool }) = self.given.get_mut(&call) else { return false };
        self.by_address.remove(&IpAddr::V4(*address));
        *address = wish;
        self.by_address.insert(wish.into(), call);
        true
    }

    fn is_free(&self, address: Ipv4Addr) -> bool {
        !self.own.contains(&address) && !self.by_address.contains_key(&IpAddr::V4(address))
    }

    /// Returns the first free address of a pool behind the one that was given last. All are tried, once.
    fn next_free(&mut self, Pool { first, last }: Pool) -> Option<Ipv4Addr> {
        let before = self.last.get(&(first, last));
        let after = before.map_or(first.to_bits(), |address| address.to_bits().saturating_add(1));
        let all = (after..=last.to_bits()).chain(first.to_bits()..=last.to_bits());
        let found = all.map(Ipv4Addr::from_bits).find(|address| self.is_free(*address))?;
        self.last.insert((first, last), found);
        Some(found)
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

    /// Returns whether another call is the way to a network too: one that has dialled again while the old call was not
    /// over.
    pub(super) fn is_shared(&self, call: Key, network: Network) -> bool {
        self.networks.iter().any(|(other, found)| *found != call && *other == network)
    }

    /// Removes the networks behind a call.
    pub(super) fn remove_networks(&mut self, call: Key) {
        self.networks.retain(|(_, found)| *found != call);
    }

    /// Removes a call that is over.
    pub(super) fn remove(&mut self, call: Key) {
        if let Some(Given { address, .. }) = self.given.remove(&call) {
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
        let mut calls = Calls::default();
        for call in [key(1), key(2)] {
            calls.assign(call, None, Some(POOL)).unwrap();
            calls.add_network(call, network);
        }
        let inside = IpAddr::V4(Ipv4Addr::new(192, 168, 7, 9));
        assert_eq!(calls.find(inside), Some(key(2)));
        assert!(calls.is_shared(key(1), network));
        calls.remove(key(1));
        assert!(!calls.is_shared(key(2), network));
        assert_eq!(calls.find(inside), Some(key(2)));
    }

    /// RFC 2865 section 5.8.
    #[test]
    fn a_user_with_an_address_of_its_own_takes_no_other() {
        let mut calls = Calls::default();
        let own = Ipv4Addr::new(10, 0, 0, 11);
        assert_eq!(calls.assign(key(1), Some(own), Some(POOL)), Some(own));
        assert!(!calls.exchange(key(1), POOL.last, Some(POOL)));
        assert_eq!(calls.assign(key(2), None, Some(POOL)), Some(POOL.first));
        assert!(calls.exchange(key(2), POOL.last, Some(POOL)));
        assert_eq!((calls.address(key(1)), calls.address(key(2))), (Some(own), Some(POOL.last)));
    }

    /// RFC 5072 section 4.1: a client that configures IPv6 again has another identifier in place of the first.
    #[test]
    fn a_call_has_one_ipv6_address_at_a_time() {
        let mut calls = Calls::default();
        let [first, second] = [1, 2].map(|last| Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last));
        calls.add(key(1), first);
        calls.add(key(1), second);
        assert_eq!((calls.find(first.into()), calls.find(second.into())), (None, Some(key(1))));
        calls.remove_ipv6(key(1));
        assert_eq!(calls.find(second.into()), None);
    }
}
