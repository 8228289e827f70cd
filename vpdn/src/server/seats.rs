//! Places with a limit for all, and one for each address: those of connections and of questions.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use pptp::ppp_session::table::Full;

use super::fair::lock;

/// Places of all shards together.
pub(super) struct Seats {
    limit: usize,
    limit_of_address: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_address: BTreeMap<IpAddr, usize>,
}

/// A place that is taken, until this is dropped.
pub(super) struct Seat {
    seats: Arc<Seats>,
    peer: IpAddr,
}

impl Seats {
    /// Makes so many places, and so many for each address.
    pub(super) fn new(limit: usize, limit_of_address: usize) -> Arc<Self> {
        Arc::new(Self { limit, limit_of_address, taken: Mutex::default() })
    }

    /// Takes a place for an address.
    ///
    /// # Errors
    ///
    /// [`Full`]: all are taken, or all of this address.
    pub(super) fn take(self: &Arc<Self>, peer: IpAddr) -> Result<Seat, Full> {
        let peer = peer.to_canonical();
        let mut taken = lock(&self.taken);
        if taken.all >= self.limit {
            return Err(Full::All { limit: self.limit });
        }
        if taken.by_address.get(&peer).is_some_and(|count| *count >= self.limit_of_address) {
            return Err(Full::OfAddress { limit: self.limit_of_address });
        }
        taken.all += 1;
        *taken.by_address.entry(peer).or_default() += 1;
        Ok(Seat { seats: Arc::clone(self), peer })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = lock(&self.seats.taken);
        taken.all -= 1;
        if let Some(count) = taken.by_address.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                taken.by_address.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_for_all_and_for_each_address() {
        let seats = Seats::new(3, 2);
        let [one, other, third] = [1, 2, 3].map(|last| IpAddr::from([192, 0, 2, last]));
        let first = seats.take(one).unwrap();
        let _second = seats.take(one).unwrap();
        assert_eq!(seats.take(one).err(), Some(Full::OfAddress { limit: 2 }));
        let _third = seats.take(other).unwrap();
        assert_eq!(seats.take(third).err(), Some(Full::All { limit: 3 }));
        drop(first);
        // The same address in the form of IPv6.
        let mapped = IpAddr::V6(std::net::Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped());
        let _again = seats.take(mapped).unwrap();
        assert_eq!(seats.take(third).err(), Some(Full::All { limit: 3 }));
        assert_eq!(lock(&seats.taken).by_address.len(), 2);
    }
}
