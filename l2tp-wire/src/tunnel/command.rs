//! The commands of the user.

use core::time::Duration;

use super::error::CommandError;
use super::machine::{Tunnel, deadline};
use super::reason::CloseReason;
use super::stage::Stage;
use crate::Version;
use crate::avp::CallErrors;
use crate::code::{Accm, CircuitStatus};
use crate::header::{Cookie, CookieSize};
use crate::session::{self, CallRequest, Direction, Disconnect, Phase, Session, SessionId, Side, State, Terms};

impl<const SESSIONS: usize> Tunnel<SESSIONS> {
    /// Asks the LNS for a session (ICRQ), as a LAC (RFC 2661 section 7.4.1). A VPN client does
    /// this.
    ///
    /// The request goes out when the tunnel is up.
    /// [`CallConnected`](super::event::Event::CallConnected) or
    /// [`CallClosed`](super::event::Event::CallClosed) follows.
    ///
    /// # Errors
    ///
    /// Returns [`CommandError::State`] when the tunnel is over, [`CommandError::NoRoom`] when all
    /// sessions are taken, [`CommandError::NoPseudowire`] when the peer does not have the kind,
    /// [`CommandError::Busy`] when too much waits.
    pub fn announce_call(
        &mut self,
        now: Duration,
        request: CallRequest,
        terms: Terms,
    ) -> Result<SessionId, CommandError> {
        self.request_call(now, Direction::Incoming, Side::Lac, request, terms)
    }

    /// Asks the LAC to place a call (OCRQ), as an LNS (RFC 2661 section 7.5.2).
    ///
    /// # Errors
    ///
    /// As [`announce_call`](Self::announce_call).
    pub fn place_call(&mut self, now: Duration, request: CallRequest, terms: Terms) -> Result<SessionId, CommandError> {
        self.request_call(now, Direction::Outgoing, Side::Lns, request, terms)
    }

    fn request_call(
        &mut self,
        now: Duration,
        direction: Direction,
        side: Side,
        request: CallRequest,
        terms: Terms,
    ) -> Result<SessionId, CommandError> {
        self.enter(now, |tunnel, now| {
            if tunnel.stage.reason().is_some() {
                return Err(CommandError::State);
            }
            let lacks = |peer: &super::peer::Peer| !peer.has_pseudowire(request.pseudowire);
            if tunnel.stage.is_established() && tunnel.version == Version::V3 && tunnel.peer.as_ref().is_some_and(lacks)
            {
                return Err(CommandError::NoPseudowire);
            }
            // A place is kept from here on, so the answer of the peer always finds one.
            if !tunnel.sessions.has_room() {
                return Err(CommandError::NoRoom { limit: SESSIONS });
            }
            let id = tunnel.new_session_id(now);
            let until = deadline(now, tunnel.config.setup_timeout);
            let mut session = Session::new(id, direction, side, Phase::WaitTunnel { until }, request);
            session.since = now;
            session.tie_breaker = tunnel.random.bytes();
            tunnel.set_terms(&mut session, terms);
            if tunnel.stage.is_established() {
                if !tunnel.send_call_request(&session) {
                    return Err(CommandError::Busy);
                }
                session.enter(now, Phase::WaitReply { until });
            }
            // If the tunnel is not up, the session waits for it here.
            let inserted = tunnel.sessions.insert(session);
            debug_assert!(inserted, "there is room");
            Ok(id)
        })
    }

    fn set_terms(&mut self, session: &mut Session, terms: Terms) {
        session.ours = terms;
        session.cookie = match terms.cookie_size {
            _ if self.version == Version::V2 && self.stage.is_established() => Cookie::Zero,
            CookieSize::Zero => Cookie::Zero,
            CookieSize::Four => Cookie::Four(self.random.bytes()),
            CookieSize::Eight => Cookie::Eight(self.random.bytes()),
        };
    }

    /// Draws an id that no session has, and none had in the last 60 s.
    pub(super) fn new_session_id(&mut self, now: Duration) -> SessionId {
        loop {
            let id = match self.config.versions() {
                super::config::Versions::V3 => self.random.non_zero_u32(),
                // The id of a session that waits for its tunnel has to fit both.
                super::config::Versions::V2 | super::config::Versions::Both => self.random.non_zero_u16().into(),
            };
            if !self.sessions.is_taken(now, id) {
                return SessionId::new(id);
            }
        }
    }

    /// Sends the requests that waited for the tunnel, as far as there is room.
    pub(super) fn request_waiting_calls(&mut self) {
        let now = self.clock;
        while let Some(id) = self.sessions.first_in(State::WaitTunnel) {
            let Some(mut session) = self.sessions.get(id).cloned() else {
                return;
            };
            // It could not be known when the call was asked for.
            let lacks = self.peer.as_ref().is_some_and(|peer| !peer.has_pseudowire(session.request.pseudowire));
            if self.version == Version::V3 && lacks {
                session.enter(now, Phase::Closed(session::CloseReason::NoPseudowire));
                self.replace(session);
                continue;
            }
            if self.version == Version::V2 {
                // It was not known yet that the peer has no cookies.
                session.cookie = Cookie::Zero;
            }
            if !self.send_call_request(&session) {
                return;
            }
            let until = deadline(now, self.config.setup_timeout);
            session.enter(now, Phase::WaitReply { until });
            self.replace(session);
        }
    }

    /// Accepts a session that the peer asks for (ICRP or OCRP) (RFC 2661 sections 7.4.2 and 7.5.1).
    ///
    /// An outgoing call has to be completed by [`connect_call`](Self::connect_call).
    ///
    /// # Errors
    ///
    /// Returns [`CommandError::State`] unless the session waits for an answer,
    /// [`CommandError::Busy`] when too much waits, and [`CommandError::NoSuchSession`].
    pub fn accept_call(&mut self, now: Duration, session: SessionId, terms: Terms) -> Result<(), CommandError> {
        self.enter(now, |tunnel, now| {
            let mut changed = tunnel.in_state(session, State::WaitAnswer)?;
            tunnel.set_terms(&mut changed, terms);
            if !tunnel.send_call_reply(&changed) {
                return Err(CommandError::Busy);
            }
            let until = deadline(now, tunnel.config.setup_timeout);
            let phase = match changed.direction {
                Direction::Incoming => Phase::WaitConnect { until },
                Direction::Outgoing => Phase::WaitCallAnswer { until },
            };
            changed.enter(now, phase);
            tunnel.replace(changed);
            Ok(())
        })
    }

    /// Completes an outgoing call (OCCN) when the line is up, as a LAC (RFC 2661 section 7.5.1).
    ///
    /// # Errors
    ///
    /// Returns [`CommandError::State`] unless the call was accepted and is not up,
    /// [`CommandError::Busy`] when too much waits, and [`CommandError::NoSuchSession`].
    pub fn connect_call(&mut self, now: Duration, session: SessionId) -> Result<(), CommandError> {
        self.enter(now, |tunnel, now| {
            let mut changed = tunnel.in_state(session, State::WaitCallAnswer)?;
            if !tunnel.send_call_connected(&changed) {
                return Err(CommandError::Busy);
            }
            changed.enter(now, Phase::Established);
            tunnel.replace(changed);
            Ok(())
        })
    }

    /// Ends a session, or refuses one that the peer asks for (CDN) (RFC 2661 section 5.6).
    /// [`CallClosed`](super::event::Event::CallClosed) follows.
    ///
    /// # Errors
    ///
    /// Returns [`CommandError::State`] when it is over, [`CommandError::Busy`] when too much waits,
    /// and [`CommandError::NoSuchSession`].
    pub fn clear_call(
        &mut self,
        now: Duration,
        session: SessionId,
        disconnect: Disconnect,
    ) -> Result<(), CommandError> {
        self.enter(now, |tunnel, _| {
            let state = tunnel.sessions.get(session).ok_or(CommandError::NoSuchSession)?.state();
            if state == State::Closed {
                return Err(CommandError::State);
            }
            // Refused or ended, the message is the same (RFC 2661 section 6.12).
            let ended = tunnel.disconnect(session, disconnect, session::CloseReason::Local);
            if ended { Ok(()) } else { Err(CommandError::Busy) }
        })
    }

    /// Ends a session with a message to the peer. `false`: there is no room for it, and nothing
    /// changed.
    pub(super) fn disconnect(&mut self, id: SessionId, disconnect: Disconnect, reason: session::CloseReason) -> bool {
        let Some(session) = self.sessions.get(id) else {
            return true;
        };
        // The peer has not heard of a session whose request waits for the tunnel.
        let known = session.state() != State::WaitTunnel;
        let peers = session.peer.session_id;
        if known && !self.send_disconnect(id.get(), peers, disconnect) {
            return false;
        }
        let now = self.clock;
        if let Some(session) = self.sessions.get_mut(id) {
            session.enter(now, Phase::Closed(reason));
        }
        true
    }

    /// Says which characters the LAC has to escape (SLI), as an LNS of version 2 (RFC 2661 section
    /// 6.14).
    ///
    /// # Errors
    ///
    /// Returns [`CommandError::State`] unless the session is up, of version 2, and this end its
    /// LNS; [`CommandError::Busy`] when too much waits, and [`CommandError::NoSuchSession`].
    pub fn set_link_info(
        &mut self,
        now: Duration,
        session: SessionId,
        send: Accm,
        receive: Accm,
    ) -> Result<(), CommandError> {
        self.enter(now, |tunnel, _| {
            let session = tunnel.in_state(session, State::Established)?;
            // RFC 2661 section 6.14: the SLI is the LNS's, for the LAC's line.
            if tunnel.version != Version::V2 || session.side != Side::Lns {
                return Err(CommandError::State);
            }
            if tunnel.send_accm(&session, send, receive) { Ok(()) } else { Err(CommandError::Busy) }
        })
    }

    /// Says whether the circuit of this end is up (SLI), in version 3 (RFC 3931 section 6.14).
    ///
    /// # Errors
    ///
    /// Returns [`CommandError::State`] unless the session is up and of version 3,
    /// [`CommandError::Busy`] when too much waits, and [`CommandError::NoSuchSession`].
    pub fn set_circuit_status(
        &mut self,
        now: Duration,
        session: SessionId,
        status: CircuitStatus,
    ) -> Result<(), CommandError> {
        self.enter(now, |tunnel, _| {
            let mut changed = tunnel.in_state(session, State::Established)?;
            if tunnel.version != Version::V3 {
                return Err(CommandError::State);
            }
            if !tunnel.send_circuit_status(&changed, status) {
                return Err(CommandError::Busy);
            }
            changed.ours.circuit = status;
            tunnel.replace(changed);
            Ok(())
        })
    }

    /// Reports errors of the line (WEN), as a LAC (RFC 2661 section 6.13). Not more than once in 60
    /// s, says the RFC.
    ///
    /// # Errors
    ///
    /// Returns [`CommandError::State`] unless the session is up and this end its LAC,
    /// [`CommandError::Busy`] when too much waits, and [`CommandError::NoSuchSession`].
    pub fn report_wan_errors(
        &mut self,
        now: Duration,
        session: SessionId,
        errors: CallErrors,
    ) -> Result<(), CommandError> {
        self.enter(now, |tunnel, _| {
            let session = tunnel.in_state(session, State::Established)?;
            if session.side != Side::Lac {
                return Err(CommandError::State);
            }
            if tunnel.send_errors(&session, errors) { Ok(()) } else { Err(CommandError::Busy) }
        })
    }

    /// Ends the tunnel and all its sessions (StopCCN) (RFC 2661 section 5.7). Without a tunnel,
    /// nothing is sent.
    ///
    /// [`Stopped`](super::event::Event::Stopped) follows at once,
    /// [`Closed`](super::event::Event::Closed) when the peer has acknowledged it, or was given up.
    /// Again, or after the end, nothing happens.
    pub fn close(&mut self, now: Duration) {
        self.enter(now, |tunnel, _| {
            // Nothing was sent yet, so nothing has to be taken back.
            if tunnel.stage == Stage::Idle {
                tunnel.move_to(Stage::Closed { reason: CloseReason::Local });
            } else {
                tunnel.stop(CloseReason::Local);
            }
        });
    }

    /// Returns a copy of the session, if it is in this state.
    fn in_state(&self, id: SessionId, state: State) -> Result<Session, CommandError> {
        let session = self.sessions.get(id).ok_or(CommandError::NoSuchSession)?;
        if session.state() == state { Ok(session.clone()) } else { Err(CommandError::State) }
    }

    pub(super) fn replace(&mut self, changed: Session) {
        if let Some(session) = self.sessions.get_mut(changed.id) {
            *session = changed;
        }
    }
}
