//! The words behind `clear` and `debug`: tunnels that are meant.

use std::net::IpAddr;

use super::debug::Wanted;
use super::key::Kind;

/// Tunnels that are to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Selection<'w> {
    /// All.
    All,
    /// Those of a protocol, or of any, with this number of ours, as `show vpdn` has it.
    Number(Option<Family>, u64),
    /// Those of a protocol whose peer has this name or address.
    Peer(Family, &'w str),
}

/// A protocol of any version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Pptp,
    L2tp,
}

impl Family {
    const fn includes(self, kind: Kind) -> bool {
        match self {
            Self::Pptp => matches!(kind, Kind::Pptp),
            Self::L2tp => matches!(kind, Kind::L2tp | Kind::L2tpV3),
        }
    }
}

impl<'w> Selection<'w> {
    /// Reads the words behind `clear`. `None`: there is no such command.
    pub(super) fn parse(words: &[&'w str]) -> Option<Self> {
        let family = |word: &str| match word {
            "pptp" => Some(Family::Pptp),
            "l2tp" => Some(Family::L2tp),
            _ => None,
        };
        match words {
            ["vpdn", "all"] => Some(Self::All),
            ["vpdn", "tunnel", "id", number] => Some(Self::Number(None, number.parse().ok()?)),
            ["vpdn", "tunnel", word, "id", number] => Some(Self::Number(Some(family(word)?), number.parse().ok()?)),
            ["vpdn", "tunnel", word, peer] => Some(Self::Peer(family(word)?, peer)),
            _ => None,
        }
    }

    /// Returns whether a tunnel is meant.
    pub(super) fn includes(&self, kind: Kind, number: u64, peer: Option<IpAddr>, name: &str) -> bool {
        match *self {
            Self::All => true,
            Self::Number(family, wanted) => family.is_none_or(|family| family.includes(kind)) && number == wanted,
            Self::Peer(family, wanted) => {
                let is_address = peer.is_some_and(|peer| wanted.parse() == Ok(peer));
                family.includes(kind) && (name == wanted || is_address)
            }
        }
    }
}

/// Reads the words behind `debug ppp negotiation`: nothing, an address, or `id` and the number of a tunnel.
///
/// # Errors
///
/// A sentence for the client.
pub(super) fn traced(words: &[&str]) -> Result<Wanted, String> {
    match words {
        [] => Ok(Wanted::All),
        ["id", number] => number.parse().map(Wanted::Tunnel).map_err(|error| format!("{number}: {error}\n")),
        [peer] => peer.parse().map(Wanted::Peer).map_err(|error| format!("{peer}: {error}\n")),
        _ => Err(format!("{}: an address, or `id` and a number\n", words.join(" "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tunnel_is_cleared_by_name_address_or_number_of_its_own_protocol() {
        let peer = Some(IpAddr::from([192, 0, 2, 7]));
        // Each of these tunnels has the same number, name and address.
        let tunnels = Kind::ALL.map(|kind| (kind, 5, peer, "lac"));
        for (words, expected) in [
            ("vpdn all", vec![Kind::Pptp, Kind::L2tp, Kind::L2tpV3]),
            ("vpdn tunnel id 5", vec![Kind::Pptp, Kind::L2tp, Kind::L2tpV3]),
            ("vpdn tunnel id 6", vec![]),
            ("vpdn tunnel pptp lac", vec![Kind::Pptp]),
            ("vpdn tunnel pptp 192.0.2.7", vec![Kind::Pptp]),
            ("vpdn tunnel pptp id 5", vec![Kind::Pptp]),
            ("vpdn tunnel l2tp lac", vec![Kind::L2tp, Kind::L2tpV3]),
            ("vpdn tunnel l2tp 192.0.2.7", vec![Kind::L2tp, Kind::L2tpV3]),
            ("vpdn tunnel l2tp 192.0.2.8", vec![]),
            ("vpdn tunnel l2tp id 5", vec![Kind::L2tp, Kind::L2tpV3]),
        ] {
            let split: Vec<_> = words.split(' ').collect();
            let selection = Selection::parse(&split).unwrap();
            let found: Vec<_> = tunnels
                .iter()
                .filter(|(kind, number, peer, name)| selection.includes(*kind, *number, *peer, name))
                .map(|(kind, ..)| *kind)
                .collect();
            assert_eq!(found, expected, "{words}");
        }
        for words in ["vpdn", "vpdn tunnel", "vpdn tunnel l2f lac", "vpdn tunnel id x", "vpdn tunnel pptp id x"] {
            let split: Vec<_> = words.split(' ').collect();
            assert_eq!(Selection::parse(&split), None, "{words}");
        }
    }

    #[test]
    fn a_trace_is_of_all_of_a_peer_or_of_a_tunnel() {
        assert_eq!(traced(&[]), Ok(Wanted::All));
        assert_eq!(traced(&["192.0.2.7"]), Ok(Wanted::Peer([192, 0, 2, 7].into())));
        assert_eq!(traced(&["id", "7"]), Ok(Wanted::Tunnel(7)));
        for wrong in [&["office"][..], &["id", "office"], &["id"], &["a", "b", "c"]] {
            assert!(traced(wrong).is_err(), "{wrong:?}");
        }
    }
}
