//! The peer's messages about sessions: RFC 2661 sections 7.4 and 7.5.

use super::counters::count;
use super::machine::{Tunnel, deadline};
use super::start::{Tie, tie};
use crate::avp::{Avps, CallErrors, Detail, Q931CauseCode, ResultCode, TieBreaker, Value};
use crate::code::{
    Accm, AttributeType, CircuitStatus, DisconnectCode, ErrorCode, MessageType, Q931Cause, SessionResult,
};
use crate::header::{ControlHeader, Recipient};
use crate::message::{v2, v3};
use crate::session::{
    Action, CloseReason, Confirmed, Direction, Disconnect, LinkInfo, Phase, Requested, SessionId, State,
};
use crate::{DecodeError, Name, Version};

impl<const SESSIONS: usize> Tunnel<SESSIONS> {
    /// Returns the session with our id, or if the peer had none (0), the one that it calls by
    /// `peers`.
    fn find_session(&self, ours: u32, peers: u32) -> Option<SessionId> {
        // xl2tpd and accel-ppp send CDN to session 0 when the session had no id of the other end.
        if ours == 0 {
            return self.sessions.by_peer_id(peers);
        }
        self.sessions.get(SessionId::new(ours)).map(|session| session.id)
    }

    /// Handles an ICRQ or OCRQ.
    pub(super) fn handle_call_request(&mut self, requested: Requested) {
        let peers = requested.peer.session_id;
        let message_type = match requested.direction {
            Direction::Incoming => MessageType::INCOMING_CALL_REQUEST,
            Direction::Outgoing => MessageType::OUTGOING_CALL_REQUEST,
        };
        if !self.stage.is_established() {
            // The tunnel is not up: RFC 2661 section 4.4.2 has an error for it.
            let disconnect = Disconnect::new(SessionResult::GENERAL_ERROR).with_error(ErrorCode::NO_CONTROL_CONNECTION);
            return self.refuse_call_request(peers, disconnect);
        }
        // No repetition, since those do not come here: the peer uses an id twice (sections 7.4 and 7.5).
        if let Some(known) = self.sessions.by_peer_id(peers) {
            return self.end_call(known, CloseReason::Unexpected(message_type));
        }
        if self.version == Version::V3 {
            if !self.config.has_pseudowire(requested.request.pseudowire) {
                return self.refuse_call_request(peers, Disconnect::new(SessionResult::PSEUDOWIRE_NOT_SUPPORTED));
            }
            // A sublayer that only one end writes costs four bytes of each frame, silently.
            if lacks_sublayer(&requested.peer.terms) {
                return self.refuse_call_request(peers, Disconnect::new(SessionResult::NO_SUBLAYER));
            }
            if !self.settle_session_tie(&requested) {
                return self.refuse_call_request(peers, Disconnect::new(SessionResult::TIE_LOST));
            }
        }
        // Places that wait for a poll do not come here either: then the request is not acknowledged.
        if !self.sessions.has_room() {
            return self.refuse_call_request(peers, Disconnect::NO_FACILITIES);
        }
        let until = deadline(self.clock, self.config.setup_timeout);
        let id = self.new_session_id(self.clock);
        let mut session = requested.to_session(id, until);
        session.since = self.clock;
        let inserted = self.sessions.insert(session);
        debug_assert!(inserted, "there is room");
    }

    fn refuse_call_request(&mut self, peers: u32, disconnect: Disconnect) {
        let sent = self.send_disconnect(0, peers, disconnect);
        debug_assert!(sent, "a message is taken only if there is room for its answer");
    }

    /// Settles a tie when both ends ask for the same session at once (RFC 3931 section 5.4.4).
    /// Returns whether the peer's request stands.
    fn settle_session_tie(&mut self, requested: &Requested) -> bool {
        let wanted = &requested.request;
        let crossing = self.sessions.live().find(|session| {
            session.state() == State::WaitReply
                && !wanted.remote_end_id.is_empty()
                && session.request.remote_end_id == wanted.remote_end_id
                && session.request.pseudowire == wanted.pseudowire
        });
        let Some((ours, breaker)) = crossing.map(|session| (session.id, session.tie_breaker)) else {
            return true;
        };
        let (lost, refused) = match tie(Some(TieBreaker::from_bytes(breaker)), requested.tie_breaker) {
            Tie::Won => (false, true),
            Tie::Lost | Tie::None => (true, false),
            // Both are torn down, and may be asked for again.
            Tie::Equal => (true, true),
        };
        if lost {
            // The peer tears it down too, by the same rule: our CDN says so in case it does not.
            self.end_call(ours, CloseReason::TieLost);
        }
        !refused
    }

    /// Handles an ICRP, ICCN, OCRP or OCCN.
    pub(super) fn handle_confirmed(&mut self, message_type: MessageType, ours: u32, message: &impl Confirmed) {
        // The id of a session that has ended: the peer's message crossed our CDN.
        let Some(mut session) = self.find_session(ours, 0).and_then(|id| self.sessions.get(id)).cloned() else {
            return count(&mut self.counters.unknown_sessions);
        };
        let now = self.clock;
        let action = session.judge(message_type);
        match action {
            Action::Complete | Action::Await | Action::Establish => message.add_to(&mut session.peer),
            Action::Ignore => return count(&mut self.counters.ignored),
            Action::CleanUp => {
                session.enter(now, Phase::Closed(CloseReason::Unexpected(message_type)));
                return self.replace(session);
            }
            Action::Disconnect => return self.end_call(session.id, CloseReason::Unexpected(message_type)),
        }
        // Known only now, from the peer's answer.
        if self.version == Version::V3 && lacks_sublayer(&session.peer.terms) {
            self.replace(session.clone());
            return self.end_call(session.id, CloseReason::NoSublayer);
        }
        match action {
            Action::Complete => {
                let sent = self.send_call_connected(&session);
                debug_assert!(sent, "a message is taken only if there is room for its answer");
                session.enter(now, Phase::Established);
            }
            Action::Await => {
                let until = deadline(now, self.config.setup_timeout);
                session.enter(now, Phase::WaitConnect { until });
            }
            Action::Establish => session.enter(now, Phase::Established),
            Action::Disconnect | Action::CleanUp | Action::Ignore => {}
        }
        self.replace(session);
    }

    pub(super) fn handle_disconnect_v2(&mut self, ours: u32, notify: &v2::CallDisconnectNotify<'_>) {
        let peers = notify.assigned_session_id.unwrap_or(0).into();
        let q931 = notify.q931_cause_code.map(|Q931CauseCode { cause, .. }| cause);
        let ppp = notify.ppp_disconnect_cause.map(|cause| cause.code);
        self.handle_disconnect(ours, peers, notify.result, q931, ppp);
    }

    pub(super) fn handle_disconnect_v3(&mut self, notify: &v3::CallDisconnectNotify<'_>) {
        let peers = notify.local_session_id.unwrap_or(0);
        let ppp = notify.ppp_disconnect_cause.map(|cause| cause.code);
        self.handle_disconnect(notify.remote_session_id, peers, notify.result, None, ppp);
    }

    fn handle_disconnect(
        &mut self,
        ours: u32,
        peers: u32,
        result: ResultCode<'_, SessionResult>,
        q931: Option<Q931Cause>,
        ppp: Option<DisconnectCode>,
    ) {
        let live = self.find_session(ours, peers).and_then(|id| self.sessions.get_mut(id));
        let Some(session) = live.filter(|session| session.state() != State::Closed) else {
            // It has ended here too, a moment ago: the two messages have crossed.
            return count(&mut self.counters.unknown_sessions);
        };
        let Detail { error, message } =
            result.detail.unwrap_or(Detail { error: ErrorCode::NONE, message: crate::Text::default() });
        // Text of the peer is kept for the caller to show, escaped.
        session.peer_message = Name::new(message.as_bytes());
        let reason = CloseReason::PeerCleared { result: result.result, error, q931, ppp };
        session.enter(self.clock, Phase::Closed(reason));
    }

    /// Handles a WEN.
    pub(super) fn handle_errors(&mut self, ours: u32, peers: u32, errors: CallErrors) {
        if let Some(session) = self.reporting_session(ours, peers) {
            session.notice.errors = Some(errors);
        }
    }

    /// Handles an SLI. Meraki sends it right behind ICCN.
    pub(super) fn handle_link_info(
        &mut self,
        ours: u32,
        peers: u32,
        accm: Option<(Accm, Accm)>,
        circuit: Option<CircuitStatus>,
    ) {
        if let Some(session) = self.reporting_session(ours, peers) {
            // RFC 3931 section 6.14: only what changes is in the message.
            session.peer.terms.circuit = circuit.unwrap_or(session.peer.terms.circuit);
            session.notice.link_info = Some(LinkInfo { accm, circuit });
        }
    }

    /// Returns the session that a report is about, if its ids belong to one that is up.
    fn reporting_session(&mut self, ours: u32, peers: u32) -> Option<&mut crate::session::Session> {
        let Some(id) = self.find_session(ours, peers) else {
            count(&mut self.counters.unknown_sessions);
            return None;
        };
        let session = self.sessions.get_mut(id)?;
        if session.state() == State::Established {
            return Some(session);
        }
        count(&mut self.counters.ignored);
        None
    }

    /// Ends the session of a message that cannot be understood, if it can be found.
    pub(super) fn refuse_session_message(&mut self, header: &ControlHeader, avps: &Avps<'_>, error: DecodeError) {
        let number = |attribute| {
            let avp = avps.clone().find(attribute)?;
            let value = avp.decode(MessageType::CALL_DISCONNECT_NOTIFY).ok()?;
            if let Value::AssignedSessionId(id) = value {
                return Some(u32::from(id));
            }
            if let Value::LocalSessionId(id) | Value::RemoteSessionId(id) = value { Some(id) } else { None }
        };
        let (ours, peers) = match header.recipient {
            Recipient::V2 { session_id, .. } => {
                (session_id.into(), number(AttributeType::ASSIGNED_SESSION_ID).unwrap_or(0))
            }
            Recipient::V3 { .. } => (
                number(AttributeType::REMOTE_SESSION_ID).unwrap_or(0),
                number(AttributeType::LOCAL_SESSION_ID).unwrap_or(0),
            ),
        };
        // RFC 2661 section 4.1: a bad message about a session ends the session, never the tunnel.
        // kl2tpd gave its whole transport up for one.
        match self.find_session(ours, peers) {
            Some(session) => self.end_call(session, CloseReason::Message(error)),
            // A request that was never a session here.
            None if ours == 0 && peers != 0 => {
                let (result, error) = CloseReason::Message(error).to_result();
                self.refuse_call_request(peers, Disconnect::new(result).with_error(error));
            }
            None => count(&mut self.counters.unknown_sessions),
        }
    }
}

/// Returns whether numbers are wanted without the sublayer that carries them (RFC 3931 section
/// 5.4.4).
const fn lacks_sublayer(terms: &crate::session::Terms) -> bool {
    terms.wants_numbers() && !terms.has_sublayer
}
