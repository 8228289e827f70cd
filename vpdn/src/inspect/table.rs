//! All tunnels and sessions, found by the ids in packets, and bounded in number.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use l2tp_wire::code::{MessageType, PseudowireType};
use l2tp_wire::header::{Carrier, Cookie, Recipient, SessionLayout, Sublayer};
use l2tp_wire::{UDP_PORT, Version};
use pptp::inspect::Direction;

use super::end::End;
use super::facts::Facts;
use super::place::{Path, Place, SessionNumber, TunnelNumber, direction_of, recipient_id};
use super::record::Event;
use super::session::{self, Session};
use super::tunnel::{self, Start, Tunnel};

/// Tunnels that are known at a time.
const MAX_TUNNELS: usize = 1024;

/// Sessions that are known at a time.
const MAX_SESSIONS: usize = 4096;

/// Version, receiver, sender, and the id that the receiver chose.
type TunnelKey = (Version, IpAddr, IpAddr, u32);

/// The same of a session. Ids of version 2 count within the tunnel of the receiver; in version 3 that is 0.
type SessionKey = (Version, IpAddr, IpAddr, u32, u32);

#[derive(Debug, Default)]
pub(super) struct Table {
    tunnels: BTreeMap<TunnelNumber, Tunnel>,
    sessions: BTreeMap<SessionNumber, Session>,
    tunnel_ids: BTreeMap<TunnelKey, TunnelNumber>,
    session_ids: BTreeMap<SessionKey, SessionNumber>,
    last_tunnel: u64,
    last_session: u64,
    forgotten: u64,
}

const fn other(side: usize) -> usize {
    if side == 0 { 1 } else { 0 }
}

impl Table {
    pub(super) fn tunnels(&self) -> impl Iterator<Item = &Tunnel> {
        self.tunnels.values()
    }

    pub(super) fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values()
    }

    pub(super) const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    pub(super) fn tunnel_mut(&mut self, number: TunnelNumber) -> Option<&mut Tunnel> {
        self.tunnels.get_mut(&number)
    }

    /// Finds the tunnel of a control message, and the side that sent it. A ZLB has no facts.
    pub(super) fn tunnel_of(
        &mut self,
        path: Path,
        recipient: Recipient,
        facts: Option<&Facts<'_>>,
    ) -> Option<(TunnelNumber, usize)> {
        let id = recipient_id(recipient);
        let version = recipient.version();
        let (source, destination) = path;
        let (number, sender) = match (id, facts) {
            (0, Some(facts)) if facts.is_request() => (self.requested(path, version, facts), 0),
            // RFC 2661 section 4.4.3: that is why StopCCN has the sender's own id, and xl2tpd needs it.
            (0, Some(facts)) => {
                let own = assigned(version, facts)?;
                let number = *self.tunnel_ids.get(&(version, source.ip(), destination.ip(), own))?;
                let tunnel = self.tunnels.get(&number)?;
                (number, tunnel.side_with(source.ip(), own))
            }
            (0, None) => return None,
            (id, _) => self.addressed(path, version, id),
        };
        if let Some(own) = facts.filter(|facts| says_id(facts)).and_then(|facts| assigned(version, facts)) {
            let side = self.tunnels.get_mut(&number).map(|tunnel| tunnel.sides_mut(sender).0);
            // The first id counts, so that a side that says many is found by one.
            if side.is_some_and(|side| *side.id.get_or_insert(own) == own) {
                self.tunnel_ids.insert((version, source.ip(), destination.ip(), own), number);
            }
        }
        Some((number, sender))
    }

    /// Finds the tunnel that is asked for: a known one when the request is repeated.
    fn requested(&mut self, path: Path, version: Version, facts: &Facts<'_>) -> TunnelNumber {
        let (source, destination) = path;
        let own = assigned(version, facts);
        let is_it = |tunnel: &&Tunnel| {
            let [initiator, _] = &tunnel.sides;
            tunnel.end.is_none() && initiator.address == source && initiator.id == own
        };
        if let Some(tunnel) = self.tunnels.values().rev().find(is_it) {
            return tunnel.number;
        }
        let number = self.create_tunnel(version, [source, destination], Start::Seen);
        // RFC 3931 section 4.7.1: a request of version 2 may offer version 3 too.
        if let (Version::V2, Some(id)) = (version, facts.assigned_connection_id) {
            self.tunnel_ids.insert((Version::V3, source.ip(), destination.ip(), id), number);
        }
        number
    }

    /// Finds the tunnel for which the receiver chose this id, and the side that sends.
    fn addressed(&mut self, (source, destination): Path, version: Version, id: u32) -> (TunnelNumber, usize) {
        let key = (version, destination.ip(), source.ip(), id);
        if let Some((number, tunnel)) =
            self.tunnel_ids.get(&key).and_then(|number| Some((*number, self.tunnels.get_mut(number)?)))
        {
            if tunnel.version != version {
                // The responder has chosen the other version of the two that were offered.
                tunnel.version = version;
                tunnel.sides_mut(0).0.id = Some(id);
            }
            let sender = other(tunnel.side_with(destination.ip(), id));
            // RFC 2661 section 8.1: the answer may come from another port.
            tunnel.sides_mut(sender).0.address = source;
            return (number, sender);
        }
        let half_known = self.tunnels.values_mut().rev().find_map(|tunnel| {
            let side = [0, 1].into_iter().find(|side| {
                let (receiver, sender) = tunnel.sides_mut(*side);
                let addresses = (receiver.address.ip(), sender.address.ip());
                receiver.id.is_none() && addresses == (destination.ip(), source.ip())
            })?;
            (tunnel.version == version).then_some((tunnel.number, side))
        });
        let (number, receiver) = half_known.unwrap_or_else(|| {
            // The end that listens at the port was asked for the tunnel. If both do, the first speaker is as good a guess.
            let is_asked = destination.port() == UDP_PORT && source.port() != UDP_PORT;
            let addresses = if is_asked { [source, destination] } else { [destination, source] };
            (self.create_tunnel(version, addresses, Start::NotSeen), usize::from(is_asked))
        });
        self.tunnel_ids.insert(key, number);
        if let Some(tunnel) = self.tunnels.get_mut(&number) {
            tunnel.sides_mut(receiver).0.id = Some(id);
        }
        (number, other(receiver))
    }

    fn create_tunnel(&mut self, version: Version, addresses: [SocketAddr; 2], start: Start) -> TunnelNumber {
        while self.tunnels.len() >= MAX_TUNNELS {
            let Some((oldest, _)) = self.tunnels.pop_first() else { break };
            self.tunnel_ids.retain(|_, number| *number != oldest);
            self.forgotten += 1;
        }
        self.last_tunnel += 1;
        let number = TunnelNumber(self.last_tunnel);
        let carrier = if addresses.iter().any(|address| address.port() != 0) { Carrier::Udp } else { Carrier::Ip };
        let sides = addresses.map(tunnel::Side::new);
        self.tunnels.insert(number, Tunnel { number, version, carrier, sides, start, end: None });
        number
    }

    /// Takes note of the number of a control message. Returns whether it was seen before.
    pub(super) fn note_number(&mut self, number: TunnelNumber, sender: usize, ns: u16) -> bool {
        let Some(tunnel) = self.tunnels.get_mut(&number) else { return false };
        let (side, _) = tunnel.sides_mut(sender);
        side.messages += 1;
        let repeated = side.numbers.note(ns);
        side.repeated += u64::from(repeated);
        repeated
    }

    /// Finds the session that a control message is about, and the side that sent it.
    pub(super) fn session_of(
        &mut self,
        (tunnel, sender): (TunnelNumber, usize),
        (source, destination): Path,
        recipient: Recipient,
        facts: &Facts<'_>,
    ) -> Option<Place> {
        facts.message_type.filter(|message_type| message_type.is_of_session())?;
        let version = recipient.version();
        let (receiver_id, [receiver_tunnel, sender_tunnel]) = match recipient {
            Recipient::V2 { tunnel_id, session_id } => {
                let own = self.tunnels.get_mut(&tunnel)?.sides_mut(sender).0.id;
                (Some(session_id.into()), [Some(u32::from(tunnel_id)), own])
            }
            Recipient::V3 { .. } => (facts.receiver_session, [None, None]),
        };
        let receiver_id = receiver_id.filter(|id| *id != 0);
        let key = |to: SocketAddr, from: SocketAddr, scope: Option<u32>, id: Option<u32>| {
            Some((version, to.ip(), from.ip(), scope.unwrap_or(0), id?))
        };
        let keys = [
            key(destination, source, receiver_tunnel, receiver_id),
            key(source, destination, sender_tunnel, facts.sender_session),
        ];
        let known = keys.iter().flatten().find_map(|key| self.session_ids.get(key)).copied();
        // An id is used again after its session has ended.
        let is_over = known.and_then(|number| self.sessions.get(&number)).is_some_and(|session| session.end.is_some());
        let number = match known.filter(|_| !(facts.is_call() && is_over)) {
            Some(number) => number,
            None if facts.is_call() || keys.iter().all(Option::is_some) => {
                let sides = self.tunnels.get(&tunnel)?.sides.each_ref().map(|side| side.address.ip());
                self.create_session(version, Some(tunnel), sides, client_of(sender, facts.message_type))
            }
            None => return None,
        };
        let [receiver_key, sender_key] = keys;
        let session = self.sessions.get_mut(&number)?;
        let (side, peer) = session.sides_mut(sender);
        let scoped = [(side, sender_tunnel, sender_key), (peer, receiver_tunnel, receiver_key)];
        for (side, scope, key) in scoped {
            side.tunnel_id = side.tunnel_id.or(scope);
            if let (None, Some(key)) = (side.id, key) {
                side.id = Some(key.4);
                self.session_ids.insert(key, number);
            }
        }
        Some(Place { session: number, sender })
    }

    /// Finds the session of data of version 2, or makes a new one.
    pub(super) fn session_of_v2(&mut self, path: Path, tunnel_id: u16, session_id: u16) -> Place {
        self.session_of_data(path, Version::V2, Some(tunnel_id.into()), session_id.into())
    }

    /// Finds the session of data of version 3, or makes a new one.
    pub(super) fn session_of_v3(&mut self, path: Path, session_id: u32) -> Place {
        self.session_of_data(path, Version::V3, None, session_id)
    }

    fn session_of_data(&mut self, (source, destination): Path, version: Version, scope: Option<u32>, id: u32) -> Place {
        let (from, to) = (source.ip(), destination.ip());
        let key = (version, to, from, scope.unwrap_or(0), id);
        if let Some(session) = self.session_ids.get(&key).and_then(|number| self.sessions.get(number)) {
            let [first, _] = &session.sides;
            let is_first = first.address == to && first.id == Some(id) && (scope.is_none() || first.tunnel_id == scope);
            return Place { session: session.number, sender: usize::from(is_first) };
        }
        // The other direction of a session of which only one is known. With several, it may be the wrong one.
        let half_known = self.sessions.values_mut().rev().filter(|session| session.version == version);
        let known = half_known.into_iter().find_map(|session| {
            let side = [0, 1].into_iter().find(|side| {
                let (receiver, sender) = session.sides_mut(*side);
                let fits = receiver.tunnel_id.is_none() || receiver.tunnel_id == scope;
                (receiver.address, sender.address) == (to, from) && receiver.id.is_none() && fits
            })?;
            Some((session.number, side))
        });
        let (number, receiver) = known.unwrap_or_else(|| {
            let tunnel = scope.and_then(|id| self.tunnel_ids.get(&(version, to, from, id)).copied());
            let receiver =
                tunnel.and_then(|number| self.tunnels.get(&number)).map_or(0, |tunnel| tunnel.side_with(to, key.3));
            let sides = if receiver == 0 { [to, from] } else { [from, to] };
            (self.create_session(version, tunnel, sides, 0), receiver)
        });
        self.session_ids.insert(key, number);
        if let Some(session) = self.sessions.get_mut(&number) {
            let (side, _) = session.sides_mut(receiver);
            side.id = Some(id);
            side.tunnel_id = scope;
        }
        Place { session: number, sender: other(receiver) }
    }

    fn create_session(
        &mut self,
        version: Version,
        tunnel: Option<TunnelNumber>,
        addresses: [IpAddr; 2],
        client: usize,
    ) -> SessionNumber {
        // Bounded: the oldest session is forgotten.
        while self.sessions.len() >= MAX_SESSIONS {
            let Some((oldest, _)) = self.sessions.pop_first() else { break };
            self.session_ids.retain(|_, number| *number != oldest);
            self.forgotten += 1;
        }
        self.last_session += 1;
        let number = SessionNumber(self.last_session);
        let ids = tunnel
            .and_then(|number| self.tunnels.get(&number))
            .map_or([None; 2], |tunnel| tunnel.sides.each_ref().map(|side| side.id.filter(|_| version == Version::V2)));
        let [one, another] = addresses;
        let [one_id, another_id] = ids;
        let sides = [session::Side::new(one, one_id), session::Side::new(another, another_id)];
        self.sessions.insert(number, Session::new(number, version, tunnel, sides, client));
        number
    }

    /// Takes the facts of a message about its session.
    pub(super) fn follow_session(&mut self, place: Place, facts: &Facts<'_>) {
        if let Some(session) = self.sessions.get_mut(&place.session) {
            session.follow(place.sender, facts);
        }
    }

    /// Takes note of StopCCN and CDN.
    pub(super) fn follow_end(
        &mut self,
        (tunnel, sender): (TunnelNumber, usize),
        session: Option<Place>,
        facts: &Facts<'_>,
        tell: &mut impl FnMut(Event<'_>),
    ) {
        let reason = facts.result.as_deref().unwrap_or("no result");
        let end = End::new(direction_of(sender, 0), reason);
        let place = match facts.message_type {
            Some(MessageType::STOP_CONTROL_CONNECTION_NOTIFICATION) => {
                self.tunnels.get_mut(&tunnel).map(|tunnel| &mut tunnel.end)
            }
            Some(MessageType::CALL_DISCONNECT_NOTIFY) => {
                session.and_then(|place| self.sessions.get_mut(&place.session)).map(|session| &mut session.end)
            }
            _ => None,
        };
        // The first one counts.
        if let Some(place @ None) = place {
            tell(Event::Ends(place.insert(end)));
        }
    }

    /// Counts a data packet, and returns its session and which way it goes.
    pub(super) fn count(&mut self, place: Place, length: usize) -> (SessionNumber, Direction) {
        let Some(session) = self.sessions.get_mut(&place.session) else {
            return (place.session, direction_of(place.sender, 0));
        };
        let (side, _) = session.sides_mut(place.sender);
        side.packets += 1;
        side.bytes = side.bytes.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        (place.session, session.direction(place.sender))
    }

    /// Reads the bytes behind the session id of version 3, where it is known how they look.
    pub(super) fn read_v3<'a>(
        &mut self,
        place: Place,
        carrier: Carrier,
        rest: &'a [u8],
        given: Option<SessionLayout>,
    ) -> Option<(Cookie, Option<Sublayer>, &'a [u8], PseudowireType)> {
        self.sessions.get_mut(&place.session)?.read(place.sender, carrier, rest, given)
    }
}

impl Tunnel {
    /// Returns the side at this address that chose this id.
    fn side_with(&self, address: IpAddr, id: u32) -> usize {
        let [initiator, _] = &self.sides;
        usize::from(!(initiator.address.ip() == address && initiator.id == Some(id)))
    }
}

/// Returns the id that the sender chose.
fn assigned(version: Version, facts: &Facts<'_>) -> Option<u32> {
    match version {
        Version::V2 => facts.assigned_tunnel_id.map(u32::from),
        Version::V3 => facts.assigned_connection_id,
    }
    .filter(|id| *id != 0)
}

/// Returns whether a message has its sender's id for good.
fn says_id(facts: &Facts<'_>) -> bool {
    let starts = [MessageType::START_CONTROL_CONNECTION_REQUEST, MessageType::START_CONTROL_CONNECTION_REPLY];
    facts.message_type.is_some_and(|message_type| starts.contains(&message_type))
}

/// Returns the side of the LAC (RFC 2661 section 2.1). It announces incoming calls, and is asked for outgoing ones.
const fn client_of(sender: usize, message_type: Option<MessageType>) -> usize {
    match message_type {
        Some(MessageType::INCOMING_CALL_REPLY | MessageType::OUTGOING_CALL_REQUEST) => other(sender),
        _ => sender,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_that_says_many_ids_takes_no_more_room() {
        let mut table = Table::default();
        let path: Path = (([192, 0, 2, 1], 1701).into(), ([192, 0, 2, 2], 1701).into());
        let back = (path.1, path.0);
        let says = |message_type, id| Facts {
            message_type: Some(message_type),
            assigned_tunnel_id: Some(id),
            ..Facts::default()
        };
        let request = says(MessageType::START_CONTROL_CONNECTION_REQUEST, 7);
        let to = |tunnel_id| Recipient::V2 { tunnel_id, session_id: 0 };
        let asked = table.tunnel_of(path, to(0), Some(&request)).unwrap();
        for id in 1..2000 {
            let reply = says(MessageType::START_CONTROL_CONNECTION_REPLY, id);
            assert_eq!(table.tunnel_of(back, to(7), Some(&reply)), Some((asked.0, 1)));
        }
        assert_eq!(table.tunnel_ids.len(), 2);
        // The genuine id is the first one.
        assert_eq!(table.tunnel_of(path, to(1), Some(&Facts::default())), Some(asked));
    }
}
