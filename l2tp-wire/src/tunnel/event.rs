//! The events of a tunnel.

use super::reason::CloseReason;
use crate::avp::CallErrors;
use crate::session::{self, LinkInfo, SessionId};

/// RFC 2661 section 7: what has happened on a [`Tunnel`](super::machine::Tunnel).
///
/// Events are kept where what they are about is kept, so that none can be lost, however late they
/// are polled. Those of one session, and those of the tunnel itself, come in the order in which
/// things happened; across sessions the order is that of the sessions' places. Of several reports
/// of one session that were not polled ([`LinkInfo`](Self::LinkInfo),
/// [`WanErrors`](Self::WanErrors)), the latest of each kind is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The tunnel is up, and sessions are possible. [`Tunnel::peer`](super::machine::Tunnel::peer)
    /// says who the peer is.
    Established,
    /// The peer asks for a session: answer with
    /// [`accept_call`](super::machine::Tunnel::accept_call) or
    /// [`refuse_call`](super::machine::Tunnel::clear_call).
    /// [`Session::request`](session::Session::request) says what it wants.
    CallRequested {
        /// The session.
        session: SessionId,
    },
    /// The session is up: [`Tunnel::data_config`](super::machine::Tunnel::data_config) says how its
    /// data packets look.
    CallConnected {
        /// The session.
        session: SessionId,
    },
    /// Set-Link-Info came. Without a telephone line or circuit, it may be ignored.
    LinkInfo {
        /// The session.
        session: SessionId,
        /// The report.
        info: LinkInfo,
    },
    /// WAN-Error-Notify came.
    WanErrors {
        /// The session.
        session: SessionId,
        /// The counters since the session is up.
        errors: CallErrors,
    },
    /// The session is over. The last event of each.
    CallClosed {
        /// The session.
        session: SessionId,
        /// The result.
        reason: session::CloseReason,
    },
    /// The tunnel is over, and all its sessions with it. It still sends and acknowledges for a
    /// while: keep driving it.
    Stopped {
        /// The result.
        reason: CloseReason,
    },
    /// Nothing is sent or received any more: drop the tunnel. The last event.
    Closed,
}
