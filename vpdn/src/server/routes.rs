//! Routes of the system to networks behind clients, in all shards.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

use super::fair::lock;
use super::key::Key;
use crate::config::Network;
use crate::host::Device;

/// The calls that are ways to networks. Of several to one network the latest is the way: a client that dials again, while
/// its old call is not over yet, may come to another shard.
#[derive(Default)]
pub(super) struct Routes(Mutex<Ways>);

#[derive(Default)]
struct Ways(BTreeMap<Network, Vec<Way>>);

/// A call, and how packets get to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    call: Key,
    /// The number of the device.
    device: u32,
    mtu: u16,
}

/// The meaning of the end of a way for the route.
#[derive(Debug, PartialEq, Eq)]
enum Left {
    /// It is another call's.
    Unchanged,
    /// It is this call's from now on.
    Before(Way),
    /// It is nobody's.
    Nothing,
}

impl Routes {
    /// Makes a call of a device the way to a network, with packets of `mtu` bytes at most.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(super) fn add(&self, device: &Device, call: Key, to: Network, mtu: u16) -> io::Result<()> {
        // The system is asked while no other shard can.
        let mut ways = lock(&self.0);
        ways.add(to, Way { call, device: device.index(), mtu });
        device.add_route(to, Some(mtu))
    }

    /// Ends what [`add`](Self::add) has begun. Another call is the way, if there is one.
    pub(super) fn remove(&self, device: &Device, call: Key, from: Network) {
        let mut ways = lock(&self.0);
        // It may not be there any more: other programs change routes, too.
        let _ = match ways.remove(from, call) {
            Left::Unchanged => Ok(()),
            Left::Before(Way { device: index, mtu, .. }) => device.add_route_into(index, from, Some(mtu)),
            Left::Nothing => device.remove_route(from),
        };
    }
}

impl Ways {
    fn add(&mut self, to: Network, way: Way) {
        let ways = self.0.entry(to).or_default();
        ways.retain(|other| other.call != way.call);
        ways.push(way);
    }

    fn remove(&mut self, from: Network, call: Key) -> Left {
        let Some(ways) = self.0.get_mut(&from) else { return Left::Unchanged };
        let Some(place) = ways.iter().position(|way| way.call == call) else { return Left::Unchanged };
        ways.remove(place);
        match ways.last() {
            Some(before) if place == ways.len() => Left::Before(*before),
            Some(_) => Left::Unchanged,
            None => {
                self.0.remove(&from);
                Left::Nothing
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use pptp::server::ConnectionId;
    use pptp::wire::connection::CallId;

    use super::*;

    /// A client that has dialled again, while its old call is not over yet: whichever ends first, the other stays.
    #[test]
    fn the_latest_of_two_calls_is_the_way_to_a_network() {
        let network = Network { address: IpAddr::from([192, 168, 7, 0]), prefix: 24 };
        let way = |number: u16| Way {
            call: Key::Pptp(ConnectionId::new(number.into()), CallId::new(number)),
            device: number.into(),
            mtu: 1400,
        };
        let (first, second) = (way(1), way(2));
        for (gone, left) in [(first, Left::Unchanged), (second, Left::Before(first))] {
            let mut ways = Ways::default();
            for way in [first, second] {
                ways.add(network, way);
            }
            assert_eq!(ways.remove(network, gone.call), left);
            assert_eq!(ways.remove(network, gone.call), Left::Unchanged);
            let other = if gone == first { second } else { first };
            assert_eq!(ways.remove(network, other.call), Left::Nothing);
            assert!(ways.0.is_empty());
        }
        // A link that is configured again is the latest.
        let mut ways = Ways::default();
        for way in [first, second, first] {
            ways.add(network, way);
        }
        assert_eq!(ways.remove(network, first.call), Left::Before(second));
    }
}
