//! The places for sessions.

use core::time::Duration;

use super::event::Event;
use crate::random::Resting;
use crate::session::{CloseReason, Phase, Session, SessionId, State};

/// The sessions of a tunnel; a place is free again when the end of its session was polled.
#[derive(Debug)]
pub(super) struct Sessions<const N: usize> {
    places: [Option<Session>; N],
    resting: Resting<16>,
}

impl<const N: usize> Sessions<N> {
    pub(super) const fn new() -> Self {
        Self { places: [const { None }; N], resting: Resting::new() }
    }

    pub(super) fn get(&self, id: SessionId) -> Option<&Session> {
        self.all().find(|session| session.id == id)
    }

    pub(super) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.places.iter_mut().flatten().find(|session| session.id == id)
    }

    /// Returns also those that are over and not reported yet.
    fn all(&self) -> impl Iterator<Item = &Session> {
        self.places.iter().flatten()
    }

    pub(super) fn live(&self) -> impl Iterator<Item = &Session> {
        self.all().filter(|session| session.state() != State::Closed)
    }

    /// Returns the session that the peer calls by this id.
    pub(super) fn by_peer_id(&self, peer_id: u32) -> Option<SessionId> {
        self.live().find(|session| peer_id != 0 && session.peer.session_id == peer_id).map(|session| session.id)
    }

    pub(super) fn is_taken(&self, now: Duration, id: u32) -> bool {
        self.all().any(|session| session.id.get() == id) || self.resting.rests(now, id)
    }

    pub(super) fn has_room(&self) -> bool {
        self.places.iter().any(Option::is_none)
    }

    /// Returns whether there will be room as soon as an event is polled.
    pub(super) fn waits_for_poll(&self) -> bool {
        !self.has_room() && self.all().any(|session| session.state() == State::Closed)
    }

    /// Adds a session. `false`: there is no place.
    pub(super) fn insert(&mut self, session: Session) -> bool {
        let Some(place) = self.places.iter_mut().find(|place| place.is_none()) else {
            return false;
        };
        *place = Some(session);
        true
    }

    /// Returns the next session in this state.
    pub(super) fn first_in(&self, state: State) -> Option<SessionId> {
        self.all().find(|session| session.state() == state).map(|session| session.id)
    }

    /// Returns the next session whose time is over.
    pub(super) fn first_due(&self, now: Duration) -> Option<SessionId> {
        self.all().find(|session| session.deadline().is_some_and(|at| at <= now)).map(|session| session.id)
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        self.all().filter_map(Session::deadline).min()
    }

    pub(super) fn end_all(&mut self, now: Duration) {
        for session in self.places.iter_mut().flatten().filter(|session| session.state() != State::Closed) {
            session.enter(now, Phase::Closed(CloseReason::TunnelClosed));
        }
    }

    pub(super) fn poll_event(&mut self, now: Duration) -> Option<Event> {
        for place in &mut self.places {
            let Some(session) = place else {
                continue;
            };
            let id = session.id;
            if core::mem::take(&mut session.notice.requested) {
                return Some(Event::CallRequested { session: id });
            }
            if core::mem::take(&mut session.notice.connected) {
                return Some(Event::CallConnected { session: id });
            }
            if let Some(info) = session.notice.link_info.take() {
                return Some(Event::LinkInfo { session: id, info });
            }
            if let Some(errors) = session.notice.errors.take() {
                return Some(Event::WanErrors { session: id, errors });
            }
            if core::mem::take(&mut session.notice.closed) {
                let reason = session.close_reason().unwrap_or(CloseReason::Local);
                *place = None;
                self.resting.rest(now, id.get());
                return Some(Event::CallClosed { session: id, reason });
            }
        }
        None
    }
}
