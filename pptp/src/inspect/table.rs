//! All sessions, found by call id or link, and bounded in number.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use ppp_fsm::{Code, Frame, Protocol};
use pptp_wire::TCP_PORT;

use super::session::{CLIENT, SERVER, Session};
use super::{Cause, Roles, SessionId};

/// Sessions that are known at a time. For another one, one that has ended is forgotten, or else the oldest of which one
/// end only was seen, or else the oldest.
pub(super) const MAX_SESSIONS: usize = 1024;

/// Pairs of hosts with a control connection that are remembered.
const MAX_HOSTS: usize = 2048;

/// Receiver, sender, and the call id in the packet, which is the receiver's.
type Call = (IpAddr, IpAddr, u16);

#[derive(Default)]
pub(super) struct Sessions {
    all: BTreeMap<SessionId, Session>,
    calls: BTreeMap<Call, SessionId>,
    /// Calls that were placed with the id of one that goes on, as far as it was seen. They are followed from their first
    /// packet that negotiates.
    placed: BTreeMap<Call, SessionId>,
    links: BTreeMap<u64, SessionId>,
    /// Those that have ended, the first first.
    ended: VecDeque<SessionId>,
    /// Client and server of control connections, and what has shown which is which.
    hosts: BTreeMap<(IpAddr, IpAddr), Roles>,
    last: u64,
    forgotten: u64,
}

impl Sessions {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Session> {
        self.all.values()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = SessionId> {
        self.all.keys().copied()
    }

    pub(super) const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    pub(super) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.all.get_mut(&id)
    }

    fn create(&mut self) -> SessionId {
        while self.all.len() >= MAX_SESSIONS {
            let oldest = self.ended.pop_front().or_else(|| self.oldest());
            let Some(session) = oldest.and_then(|id| self.all.remove(&id)) else { continue };
            self.forgotten = self.forgotten.saturating_add(1);
            for (receiver, sender) in [(CLIENT, SERVER), (SERVER, CLIENT)] {
                let (receiver, sender) = (session.side(receiver), session.side(sender));
                if let (Some(to), Some(from), Some(call_id)) = (receiver.address, sender.address, receiver.call_id) {
                    self.unlink(&(to, from, call_id), session.id());
                }
            }
            self.placed.retain(|_, id| *id != session.id());
            self.links.retain(|_, id| *id != session.id());
        }
        self.last = self.last.saturating_add(1);
        let id = SessionId(self.last);
        self.all.insert(id, Session::new(id));
        id
    }

    /// Returns the session to forget when none has ended: live ones are still to be read. One of which packets of one end
    /// only were seen may be anybody's, since each forged packet may be of another call.
    fn oldest(&self) -> Option<SessionId> {
        let is_doubtful = |session: &&Session| session.connection.is_none() && !session.has_both_ends();
        self.all.values().find(is_doubtful).map(Session::id).or_else(|| self.all.keys().next().copied())
    }

    fn unlink(&mut self, call: &Call, id: SessionId) {
        if self.calls.get(call) == Some(&id) {
            self.calls.remove(call);
        }
    }

    /// Returns client and server of two hosts, where their control connection has shown it.
    fn known_roles(&self, a: IpAddr, b: IpAddr) -> Option<(IpAddr, Roles)> {
        let [one, other] = [(a, b), (b, a)].map(|pair| self.hosts.get(&pair).copied());
        match (one, other) {
            (Some(roles), other) if other.is_none_or(|other| other < roles) => Some((a, roles)),
            (one, Some(roles)) if one.is_none_or(|one| one < roles) => Some((b, roles)),
            // Each is the server of the other: of whose call a packet is cannot be said.
            _ => None,
        }
    }

    /// Learns which of two hosts is the client. Returns the sessions whose ends change places.
    pub(super) fn learn_roles(&mut self, client: IpAddr, server: IpAddr, roles: Roles) -> Vec<SessionId> {
        // The same knowledge, or worse, changes nothing.
        if client == server || self.hosts.get(&(client, server)).is_some_and(|known| *known >= roles) {
            return Vec::new();
        }
        if self.hosts.len() >= MAX_HOSTS {
            self.hosts.pop_first();
        }
        self.hosts.insert((client, server), roles);
        let Some((client, roles)) = self.known_roles(client, server) else { return Vec::new() };
        let ends = [Some(client), Some(server)];
        let between = |session: &&mut Session| {
            let [a, b] = session.sides.each_ref().map(|side| side.address);
            // A call that was seen to be placed has a connection of its own.
            session.connection.is_none() && ([a, b] == ends || [b, a] == ends)
        };
        let sessions = self.all.values_mut().filter(between);
        sessions
            .filter_map(|session| {
                let index = if session.side(CLIENT).address == Some(client) { CLIENT } else { SERVER };
                session.learn_client(index, roles).then_some(session.id())
            })
            .collect()
    }

    /// Returns a call that is being placed: the call id of the end that asks for it is known.
    pub(super) fn place_call(&mut self, placer: SocketAddr, other: SocketAddr, call_id: u16) -> SessionId {
        let id = self.create();
        self.link((placer.ip(), other.ip(), call_id), id);
        let known = self.known_roles(placer.ip(), other.ip());
        if let Some(session) = self.all.get_mut(&id) {
            session.connection = Some((placer, other));
            let side = session.side_mut(CLIENT);
            side.address = Some(placer.ip());
            side.call_id = Some(call_id);
            session.side_mut(SERVER).address = Some(other.ip());
            session.learn_client(CLIENT, Roles::CallRequest);
            // A server listens at port 1723, so the port says more than the request.
            let by_port = match (placer.port() == TCP_PORT, other.port() == TCP_PORT) {
                (true, false) => Some((SERVER, Roles::Port)),
                (false, true) => Some((CLIENT, Roles::Port)),
                _ => known.map(|(client, roles)| (if client == placer.ip() { CLIENT } else { SERVER }, roles)),
            };
            if let Some((client, roles)) = by_port {
                session.learn_client(client, roles);
            }
        }
        id
    }

    /// Takes the call id with which the other end answers. Gives the session in which the first end
    /// has `peer_call_id`: a new one when the request was not captured and the call is `connected`.
    pub(super) fn accept_call(
        &mut self,
        accepter: SocketAddr,
        placer: SocketAddr,
        (peer_call_id, call_id): (u16, u16),
        connected: bool,
    ) -> Option<SessionId> {
        let id = match self.of_call_id((placer, accepter), peer_call_id) {
            Some(id) => id,
            // The request was not captured, but the reply has both ids.
            None if connected => self.place_call(placer, accepter, peer_call_id),
            None => return None,
        };
        let session = self.all.get_mut(&id)?;
        let client = session.side(CLIENT);
        let is_client = client.address == Some(placer.ip()) && client.call_id == Some(peer_call_id);
        let side = session.side_mut(if is_client { SERVER } else { CLIENT });
        // A packet of the tunnel that came before the reply may have shown another one, and may be anybody's.
        let guessed = side.call_id.replace(call_id).filter(|guessed| *guessed != call_id);
        if let Some(guessed) = guessed {
            self.unlink(&(accepter.ip(), placer.ip(), guessed), id);
        }
        self.link((accepter.ip(), placer.ip(), call_id), id);
        Some(id)
    }

    /// Has packets with this call id lead to a session. RFC 2637 section 2.7: an id is unique to a pair of hosts, so a
    /// call that goes on is not replaced before the other one negotiates.
    fn link(&mut self, call: Call, id: SessionId) {
        let known = self.calls.get(&call).filter(|known| **known != id).and_then(|known| self.all.get(known));
        if known.is_some_and(|session| session.end().is_none() && session.has_both_ends()) {
            self.placed.insert(call, id);
        } else {
            self.calls.insert(call, id);
        }
    }

    /// Returns the session and the index of the sender of a GRE packet; a new session when it is
    /// missing.
    pub(super) fn of_gre(&mut self, from: IpAddr, to: IpAddr, call_id: u16, payload: &[u8]) -> (SessionId, usize) {
        if self.placed.contains_key(&(to, from, call_id)) {
            self.begin_placed((to, from, call_id), payload);
        }
        let id = match self.calls.get(&(to, from, call_id)) {
            Some(id) => *id,
            None => self.of_unknown_call(from, to, call_id),
        };
        let sender = self.all.get(&id).map_or(SERVER, |session| {
            let client = session.side(CLIENT);
            if client.address == Some(to) && client.call_id == Some(call_id) { SERVER } else { CLIENT }
        });
        (id, sender)
    }

    /// Has packets lead to the call that was placed with the same id, if the call before it is over, or seems so: its
    /// link was open, and one begins.
    fn begin_placed(&mut self, call: Call, payload: &[u8]) {
        let is_over = |session: &Session| session.end().is_some() || session.is_open() && asks_for_a_link(payload);
        if self.calls.get(&call).and_then(|id| self.all.get(id)).is_none_or(is_over) {
            if let Some(id) = self.placed.remove(&call) {
                self.calls.insert(call, id);
            }
        }
    }

    /// Returns a packet whose call was not seen to be placed belongs to the session between the two
    /// of which only the other direction is known, if there is one.
    fn of_unknown_call(&mut self, from: IpAddr, to: IpAddr, call_id: u16) -> SessionId {
        let half_known = |session: &&mut Session| {
            [(CLIENT, SERVER), (SERVER, CLIENT)].into_iter().any(|(sender, receiver)| {
                let (sender, receiver) = (session.side(sender), session.side(receiver));
                (sender.address, receiver.address) == (Some(from), Some(to)) && receiver.call_id.is_none()
            })
        };
        // GRE carries only the receiver's id: a session that lacks it, between the same hosts, is
        // taken for this call.
        let known = self.all.values_mut().rev().find(half_known).map(|session| {
            let receiver = if session.side(CLIENT).address == Some(to) && session.side(CLIENT).call_id.is_none() {
                CLIENT
            } else {
                SERVER
            };
            session.side_mut(receiver).call_id = Some(call_id);
            session.id()
        });
        let id = known.unwrap_or_else(|| {
            let id = self.create();
            let known = self.known_roles(from, to);
            if let Some(session) = self.all.get_mut(&id) {
                // A guess: servers speak first as a rule.
                session.side_mut(SERVER).address = Some(from);
                session.side_mut(CLIENT).address = Some(to);
                session.side_mut(CLIENT).call_id = Some(call_id);
                if let Some((client, roles)) = known {
                    session.learn_client(if client == to { CLIENT } else { SERVER }, roles);
                }
            }
            id
        });
        self.calls.insert((to, from, call_id), id);
        id
    }

    /// Returns the session of a link that is not GRE, if anything but datagrams in the clear was
    /// seen of it.
    pub(super) fn known_link(&self, link: u64) -> Option<SessionId> {
        self.links.get(&link).copied()
    }

    /// Returns the session of a link that is not GRE.
    pub(super) fn of_link(&mut self, link: u64) -> SessionId {
        if let Some(id) = self.links.get(&link) {
            return *id;
        }
        let id = self.create();
        self.links.insert(link, id);
        id
    }

    /// Returns the session in which the first end of a control connection chose this call id: one of this connection, or
    /// one whose connection was not seen.
    pub(super) fn of_call_id(&self, (from, to): (SocketAddr, SocketAddr), call_id: u16) -> Option<SessionId> {
        let call = (from.ip(), to.ip(), call_id);
        let is_of_it = |id: &&SessionId| {
            let connection = self.all.get(id).and_then(|session| session.connection);
            connection.is_none_or(|ends| ends == (from, to) || ends == (to, from))
        };
        let placed = self.placed.get(&call).filter(is_of_it);
        placed.or_else(|| self.calls.get(&call).filter(is_of_it)).copied()
    }

    /// Returns the sessions of a control connection that have not ended.
    pub(super) fn of_connection(&self, a: SocketAddr, b: SocketAddr) -> Vec<SessionId> {
        let of_it =
            |session: &&Session| session.end().is_none() && [Some((a, b)), Some((b, a))].contains(&session.connection);
        self.all.values().filter(of_it).map(Session::id).collect()
    }

    /// Returns the index of the end with this address.
    pub(super) fn sender(&self, id: SessionId, connection_end: SocketAddr) -> Option<usize> {
        let session = self.all.get(&id)?;
        // Two calls of one pair of hosts differ by their TCP ports.
        let is_end = match session.connection {
            Some((client, server)) => [client == connection_end, server == connection_end],
            None => [CLIENT, SERVER].map(|index| session.side(index).address == Some(connection_end.ip())),
        };
        match is_end {
            [true, _] => Some(CLIENT),
            [false, true] => Some(SERVER),
            [false, false] => None,
        }
    }

    pub(super) fn finish(&mut self, id: SessionId, sender: Option<usize>, cause: Cause) -> Option<&Session> {
        let session = self.all.get_mut(&id)?;
        session.finish(sender, cause)?;
        Some(session)
    }

    /// Takes note of sessions that have ended, to be forgotten first.
    pub(super) fn note_end(&mut self, id: SessionId) {
        if !self.ended.contains(&id) {
            self.ended.push_back(id);
        }
    }
}

/// Returns whether a frame begins the negotiation of a link: RFC 1661 section 5.1.
fn asks_for_a_link(frame: &[u8]) -> bool {
    let frame = Frame::decode(frame).ok().filter(|frame| frame.protocol == Protocol::LCP);
    frame.is_some_and(|frame| frame.information.first() == Some(&Code::CONFIGURE_REQUEST.0))
}
