//! One session, as its tunnel keeps it.

use core::time::Duration;

use super::id::{Direction, SessionId, Side};
use super::parameter::{CallRequest, MAX_LABEL, Terms};
use super::reason::CloseReason;
use super::state::{Notice, Phase, State};
use crate::data::{Config as DataConfig, Sequencing, SessionWire, TunnelSession, Wire};
use crate::header::Cookie;
use crate::{Address, Name, Version};

/// The peer's wishes for a session, as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerTerms {
    /// The session id that it chose; 0 until it is known.
    pub session_id: u32,
    /// The cookie that it wants in what is sent to it.
    pub cookie: Cookie,
    /// Everything else that it wants.
    pub terms: Terms,
}

/// RFC 2661 section 5.2: one session, as [`Tunnel::session`](crate::tunnel::Tunnel::session) shows
/// it.
///
/// It takes at most 400 bytes.
#[derive(Debug, Clone)]
pub struct Session {
    pub(crate) id: SessionId,
    pub(crate) direction: Direction,
    pub(crate) side: Side,
    pub(crate) phase: Phase,
    pub(crate) since: Duration,
    pub(crate) request: CallRequest,
    /// The wishes of this end.
    pub(crate) ours: Terms,
    pub(crate) cookie: Cookie,
    /// RFC 3931 section 5.4.4: of this end's request.
    pub(crate) tie_breaker: [u8; 8],
    pub(crate) peer: PeerTerms,
    pub(crate) peer_message: Name<MAX_LABEL>,
    pub(crate) notice: Notice,
}

impl Session {
    pub(crate) fn new(id: SessionId, direction: Direction, side: Side, phase: Phase, request: CallRequest) -> Self {
        Self {
            id,
            direction,
            side,
            phase,
            since: Duration::ZERO,
            request,
            ours: Terms::new(),
            cookie: Cookie::Zero,
            tie_breaker: [0; 8],
            peer: PeerTerms { session_id: 0, cookie: Cookie::Zero, terms: Terms::new() },
            peer_message: Name::EMPTY,
            notice: Notice::default(),
        }
    }

    /// Moves to another phase: the only way.
    pub(crate) fn enter(&mut self, now: Duration, phase: Phase) {
        match phase {
            Phase::Established => self.notice.connected = true,
            Phase::Closed(_) => self.notice.closed = true,
            Phase::WaitTunnel { .. }
            | Phase::WaitReply { .. }
            | Phase::WaitAnswer { .. }
            | Phase::WaitConnect { .. }
            | Phase::WaitCallAnswer { .. } => {}
        }
        self.phase = phase;
        self.since = now;
    }

    /// Gives the phase until then; nothing else changes.
    pub(crate) fn put_off(&mut self, until: Duration) {
        self.phase = self.phase.put_off(until);
    }

    /// Returns the id that this end chose.
    #[must_use]
    pub const fn id(&self) -> SessionId {
        self.id
    }

    /// Returns the state, with the RFC's name.
    #[must_use]
    pub const fn state(&self) -> State {
        self.phase.state()
    }

    /// Returns since when it is in that state.
    #[must_use]
    pub const fn since(&self) -> Duration {
        self.since
    }

    /// Returns which side this end is.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }

    /// Returns which of the two kinds of calls it is.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// Returns the request, ours or the peer's.
    #[must_use]
    pub const fn request(&self) -> &CallRequest {
        &self.request
    }

    /// Returns what this end wants of it.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.ours
    }

    /// Returns what the peer wants of it.
    #[must_use]
    pub const fn peer_terms(&self) -> &PeerTerms {
        &self.peer
    }

    /// Returns the cookie that data packets of the peer have to carry.
    #[must_use]
    pub const fn cookie(&self) -> Cookie {
        self.cookie
    }

    /// Returns the peer's words when it ended the session, cut after 32 bytes.
    #[must_use]
    pub const fn peer_message(&self) -> &Name<MAX_LABEL> {
        &self.peer_message
    }

    /// Returns why it is over, if it is.
    #[must_use]
    pub const fn close_reason(&self) -> Option<CloseReason> {
        if let Phase::Closed(reason) = self.phase { Some(reason) } else { None }
    }

    /// Returns the directions in which data packets have numbers.
    fn sequencing(&self, version: Version) -> Sequencing {
        let (ours, peers) = (self.ours.wants_numbers(), self.peer.terms.wants_numbers());
        match version {
            // RFC 2661 section 5.4: what the LAC requires holds for both, the LNS decides otherwise.
            Version::V2 if ours || peers => Sequencing::Both,
            Version::V2 => Sequencing::Receive,
            // RFC 3931 section 5.4.4: each end says what it wants to receive. Numbers that were not asked for are
            // ignored.
            Version::V3 => Sequencing::new(peers, ours),
        }
    }

    pub(crate) fn data(&self, version: Version, tunnel: (u32, u32), peer: Address) -> DataConfig {
        let low = |number: u32| SessionId::new(number).low();
        let (local_tunnel, peer_tunnel) = tunnel;
        let wire = match version {
            Version::V2 => Wire::V2 {
                local: TunnelSession { tunnel_id: low(local_tunnel), session_id: self.id.low() },
                peer: TunnelSession { tunnel_id: low(peer_tunnel), session_id: low(self.peer.session_id) },
            },
            Version::V3 => Wire::V3 {
                local: SessionWire {
                    session_id: self.id.get(),
                    cookie: self.cookie,
                    has_sublayer: self.ours.has_sublayer,
                },
                peer: SessionWire {
                    session_id: self.peer.session_id,
                    cookie: self.peer.cookie,
                    has_sublayer: self.peer.terms.has_sublayer,
                },
            },
        };
        let sequencing = self.sequencing(version);
        // As a LAC that does not require numbers, the peer decides.
        // RFC 2661 section 5.4: the LAC follows what the LNS does, as Linux does it.
        let follows = version == Version::V2 && self.side == Side::Lac && !sequencing.transmits();
        DataConfig::new(peer, wire).with_sequencing(sequencing).with_sequencing_of_peer(follows)
    }

    pub(crate) const fn deadline(&self) -> Option<Duration> {
        self.phase.deadline()
    }
}
