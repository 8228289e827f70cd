//! All sessions, found by call id or link, and bounded in number.

use alloc::collections::{BTreeMap, VecDeque};
use core::net::{IpAddr, SocketAddr};

use super::session::{CLIENT, SERVER, Session};
use super::{Cause, SessionId};

/// Sessions that are known at a time. For another one, one that has ended is forgotten, or else the oldest.
pub(super) const MAX_SESSIONS: usize = 1024;

/// Receiver, sender, and the call id in the packet, which is the receiver's.
type Call = (IpAddr, IpAddr, u16);

#[derive(Default)]
pub(super) struct Sessions {
    all: BTreeMap<SessionId, Session>,
    calls: BTreeMap<Call, SessionId>,
    links: BTreeMap<u64, SessionId>,
    /// Those that have ended, the first first.
    ended: VecDeque<SessionId>,
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
            let oldest = self.ended.pop_front().or_else(|| self.all.keys().next().copied());
            let Some(session) = oldest.and_then(|id| self.all.remove(&id)) else { continue };
            self.forgotten = self.forgotten.saturating_add(1);
            for (receiver, sender) in [(CLIENT, SERVER), (SERVER, CLIENT)] {
                let (receiver, sender) = (session.side(receiver), session.side(sender));
                if let (Some(to), Some(from), Some(call_id)) = (receiver.address, sender.address, receiver.call_id) {
                    self.unlink(&(to, from, call_id), session.id());
                }
            }
            self.links.retain(|_, id| *id != session.id());
        }
        self.last = self.last.saturating_add(1);
        let id = SessionId(self.last);
        self.all.insert(id, Session::new(id));
        id
    }

    fn unlink(&mut self, call: &Call, id: SessionId) {
        if self.calls.get(call) == Some(&id) {
            self.calls.remove(call);
        }
    }

    /// A call that is being placed: the client's call id is known.
    pub(super) fn place_call(&mut self, client: SocketAddr, server: SocketAddr, call_id: u16) -> SessionId {
        let id = self.create();
        self.calls.insert((client.ip(), server.ip(), call_id), id);
        if let Some(session) = self.all.get_mut(&id) {
            session.certain = true;
            session.connection = Some((client, server));
            session.side_mut(CLIENT).address = Some(client.ip());
            session.side_mut(CLIENT).call_id = Some(call_id);
            session.side_mut(SERVER).address = Some(server.ip());
        }
        id
    }

    /// The server has told its call id. Gives the session whose client has `peer_call_id`.
    pub(super) fn accept_call(
        &mut self,
        server: SocketAddr,
        client: SocketAddr,
        peer_call_id: u16,
        call_id: u16,
    ) -> Option<SessionId> {
        let id = *self.calls.get(&(client.ip(), server.ip(), peer_call_id))?;
        let session = self.all.get_mut(&id)?;
        if session.side(SERVER).call_id.is_none() {
            session.side_mut(SERVER).call_id = Some(call_id);
            self.calls.insert((server.ip(), client.ip(), call_id), id);
        }
        Some(id)
    }

    /// The session and the index of the sender of a GRE packet; a new session when there is none.
    pub(super) fn of_gre(&mut self, from: IpAddr, to: IpAddr, call_id: u16) -> (SessionId, usize) {
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

    /// A packet whose call was not seen to be placed belongs to the session between the two of which only the other
    /// direction is known, if there is one.
    fn of_unknown_call(&mut self, from: IpAddr, to: IpAddr, call_id: u16) -> SessionId {
        let half_known = |session: &&mut Session| {
            [(CLIENT, SERVER), (SERVER, CLIENT)].into_iter().any(|(sender, receiver)| {
                let (sender, receiver) = (session.side(sender), session.side(receiver));
                (sender.address, receiver.address) == (Some(from), Some(to)) && receiver.call_id.is_none()
            })
        };
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
            if let Some(session) = self.all.get_mut(&id) {
                // Servers speak first as a rule.
                session.side_mut(SERVER).address = Some(from);
                session.side_mut(CLIENT).address = Some(to);
                session.side_mut(CLIENT).call_id = Some(call_id);
            }
            id
        });
        self.calls.insert((to, from, call_id), id);
        id
    }

    /// The session of a link that is not GRE.
    pub(super) fn of_link(&mut self, link: u64) -> SessionId {
        if let Some(id) = self.links.get(&link) {
            return *id;
        }
        let id = self.create();
        self.links.insert(link, id);
        id
    }

    /// The session in which this end chose this call id.
    pub(super) fn of_call_id(&self, from: IpAddr, to: IpAddr, call_id: u16) -> Option<SessionId> {
        self.calls.get(&(from, to, call_id)).copied()
    }

    /// The sessions of a control connection that have not ended.
    pub(super) fn of_connection(&self, a: SocketAddr, b: SocketAddr) -> alloc::vec::Vec<SessionId> {
        let of_it =
            |session: &&Session| session.end().is_none() && [Some((a, b)), Some((b, a))].contains(&session.connection);
        self.all.values().filter(of_it).map(Session::id).collect()
    }

    /// The index of the end with this address.
    pub(super) fn sender(&self, id: SessionId, connection_end: SocketAddr) -> Option<usize> {
        let (client, server) = self.all.get(&id)?.connection?;
        if connection_end == client {
            Some(CLIENT)
        } else if connection_end == server {
            Some(SERVER)
        } else {
            None
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
