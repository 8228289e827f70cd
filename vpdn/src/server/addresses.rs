//! The IPv4 addresses that are in use, in all shards.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Mutex;

use super::fair::lock;
use crate::config::Pool;

/// Addresses of this server and of its clients. They are asked when a call begins or ends, never for a packet.
#[derive(Default)]
pub(super) struct Addresses(Mutex<InUse>);

#[derive(Default)]
struct InUse {
    /// The server's own, which no client gets: those for all, and those of single users.
    own: BTreeSet<Ipv4Addr>,
    clients: BTreeSet<Ipv4Addr>,
    /// The last address that was given of each pool, by its first and last one. A client that comes again gets another
    /// one, so that late packets are not for it.
    last: BTreeMap<(Ipv4Addr, Ipv4Addr), Ipv4Addr>,
}

impl Addresses {
    /// Keeps an address of the server from all clients.
    pub(super) fn reserve(&self, own: Ipv4Addr) {
        lock(&self.0).own.insert(own);
    }

    /// Takes an address for a client. Returns whether it was free.
    pub(super) fn take(&self, address: Ipv4Addr) -> bool {
        let mut used = lock(&self.0);
        let is_free = used.is_free(address);
        if is_free {
            used.clients.insert(address);
        }
        is_free
    }

    /// Takes the first free address of a pool behind the one that was given last. All are tried, once.
    pub(super) fn take_of(&self, Pool { first, last }: Pool) -> Option<Ipv4Addr> {
        let mut used = lock(&self.0);
        let before = used.last.get(&(first, last));
        let after = before.map_or(first.to_bits(), |address| address.to_bits().saturating_add(1));
        let all = (after..=last.to_bits()).chain(first.to_bits()..=last.to_bits());
        let found = all.map(Ipv4Addr::from_bits).find(|address| used.is_free(*address))?;
        used.last.insert((first, last), found);
        used.clients.insert(found);
        Some(found)
    }

    /// Frees an address of a client.
    pub(super) fn free(&self, address: Ipv4Addr) {
        lock(&self.0).clients.remove(&address);
    }
}

impl InUse {
    fn is_free(&self, address: Ipv4Addr) -> bool {
        !self.own.contains(&address) && !self.clients.contains(&address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOL: Pool = Pool { first: Ipv4Addr::new(10, 0, 0, 1), last: Ipv4Addr::new(10, 0, 0, 200) };

    /// Shards that take all addresses of a pool at once.
    #[test]
    fn a_pool_gives_no_address_twice() {
        let addresses = Addresses::default();
        addresses.reserve(POOL.first);
        let take = || std::iter::from_fn(|| addresses.take_of(POOL)).collect::<Vec<_>>();
        let taken: Vec<_> = std::thread::scope(|scope| {
            let threads = [(); 4].map(|()| scope.spawn(take));
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!((taken.len(), taken.iter().collect::<BTreeSet<_>>().len()), (199, 199));
        assert!(!taken.contains(&POOL.first));
        // An address of a user is one of them.
        assert!(!addresses.take(POOL.last) && !addresses.take(POOL.first));
        addresses.free(POOL.last);
        assert!(addresses.take(POOL.last));
        assert_eq!(addresses.take_of(POOL), None);
    }
}
