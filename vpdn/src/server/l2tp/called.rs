//! The addresses of ours that peers have called.

use std::collections::BTreeMap;
use std::net::IpAddr;

use l2tp_session::server::TunnelId;

/// How many tunnels that are gone may be remembered, beside as many as there are.
const GONE: usize = 64;

/// The address of ours that the peer of each tunnel has called, where the sockets are at all of them. Answers leave from
/// there: a peer does not take those of another address.
#[derive(Default)]
pub(super) struct Called {
    by_tunnel: BTreeMap<TunnelId, IpAddr>,
}

impl Called {
    /// Keeps the address that the first message of a tunnel came to. Later ones change nothing: they may be forged.
    pub(super) fn keep(&mut self, id: TunnelId, own: IpAddr) {
        self.by_tunnel.entry(id).or_insert(own);
    }

    /// Returns the address that answers leave from. `None`: the socket has one.
    pub(super) fn get(&self, id: TunnelId) -> Option<IpAddr> {
        self.by_tunnel.get(&id).copied()
    }

    /// Forgets a tunnel.
    pub(super) fn remove(&mut self, id: TunnelId) {
        self.by_tunnel.remove(&id);
    }

    /// Forgets the tunnels that are gone, when there may be more of them than there are tunnels. Tunnels that were never
    /// answered make way for others without a word.
    pub(super) fn prune(&mut self, tunnels: usize, is_there: impl Fn(TunnelId) -> bool) {
        if self.by_tunnel.len() > tunnels.saturating_mul(2).saturating_add(GONE) {
            self.by_tunnel.retain(|id, _| is_there(*id));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn the_first_address_stays() {
        let [first, second] = [1, 2].map(|last| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)));
        let mut called = Called::default();
        called.keep(TunnelId::new(7), first);
        called.keep(TunnelId::new(7), second);
        assert_eq!(called.get(TunnelId::new(7)), Some(first));
        called.remove(TunnelId::new(7));
        assert_eq!(called.get(TunnelId::new(7)), None);
    }

    #[test]
    fn a_flood_of_requests_leaves_a_bounded_number() {
        let mut called = Called::default();
        // Two tunnels at a time; the others have made way.
        for number in 0..10_000 {
            called.keep(TunnelId::new(number), Ipv4Addr::LOCALHOST.into());
            called.prune(2, |id| id >= TunnelId::new(number.saturating_sub(1)));
            assert!(called.by_tunnel.len() <= 2 * 2 + GONE);
            assert!(called.get(TunnelId::new(number)).is_some());
        }
    }
}
