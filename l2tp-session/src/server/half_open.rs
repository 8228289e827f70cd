//! Tunnels whose peer has not shown that it receives: anybody can write a source address.

use alloc::collections::{BTreeMap, BTreeSet};
use core::net::IpAddr;

use ppp_session::table::Id;

/// The half-open tunnels, the oldest first.
#[derive(Debug, Default)]
pub(super) struct HalfOpen {
    all: BTreeMap<Id, IpAddr>,
    of_address: BTreeMap<IpAddr, BTreeSet<Id>>,
}

impl HalfOpen {
    pub(super) const fn new() -> Self {
        Self { all: BTreeMap::new(), of_address: BTreeMap::new() }
    }

    pub(super) fn insert(&mut self, id: Id, address: IpAddr) {
        self.all.insert(id, address);
        self.of_address.entry(address).or_default().insert(id);
    }

    /// Removes a tunnel whose peer has shown that it receives, or that is gone.
    pub(super) fn remove(&mut self, id: Id) {
        let Some(address) = self.all.remove(&id) else { return };
        if let Some(own) = self.of_address.get_mut(&address) {
            own.remove(&id);
            if own.is_empty() {
                self.of_address.remove(&address);
            }
        }
    }

    /// Returns the tunnel that has to be forgotten before one of this address is added. It is the
    /// oldest of that address if it has too many, or the oldest of all.
    pub(super) fn surplus(&self, address: IpAddr, all: usize, of_address: usize) -> Option<Id> {
        let own = self.of_address.get(&address).map_or(0, BTreeSet::len);
        if own >= of_address {
            return self.oldest_of(address);
        }
        if self.all.len() >= all { self.oldest() } else { None }
    }

    pub(super) fn oldest(&self) -> Option<Id> {
        self.all.first_key_value().map(|(id, _)| *id)
    }

    pub(super) fn oldest_of(&self, address: IpAddr) -> Option<Id> {
        self.of_address.get(&address)?.first().copied()
    }
}
