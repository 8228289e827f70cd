//! The states of sessions.

use core::fmt;
use core::time::Duration;

use super::reason::CloseReason;
use crate::avp::CallErrors;
use crate::code::{Accm, CircuitStatus};

/// RFC 2661 sections 7.4 and 7.5: the state of a session, with the RFC's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the RFC has no other")]
pub enum State {
    /// The request goes out when the tunnel is up.
    WaitTunnel,
    /// The request was sent.
    WaitReply,
    /// The peer has asked, and the user of this end has to answer. The RFC counts it as idle.
    WaitAnswer,
    /// The LNS waits for the message that completes the session.
    WaitConnect,
    /// The LAC places the call.
    WaitCallAnswer,
    /// Data may flow.
    Established,
    /// It is over.
    Closed,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WaitTunnel => "wait-tunnel",
            Self::WaitReply => "wait-reply",
            Self::WaitAnswer => "wait-answer",
            Self::WaitConnect => "wait-connect",
            Self::WaitCallAnswer => "wait-cs-answer",
            Self::Established => "established",
            Self::Closed => "closed",
        })
    }
}

/// The state with what belongs to it: until when it may last, why it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    WaitTunnel { until: Duration },
    WaitReply { until: Duration },
    WaitAnswer { until: Duration },
    WaitConnect { until: Duration },
    WaitCallAnswer { until: Duration },
    Established,
    Closed(CloseReason),
}

impl Phase {
    pub(super) const fn state(self) -> State {
        match self {
            Self::WaitTunnel { .. } => State::WaitTunnel,
            Self::WaitReply { .. } => State::WaitReply,
            Self::WaitAnswer { .. } => State::WaitAnswer,
            Self::WaitConnect { .. } => State::WaitConnect,
            Self::WaitCallAnswer { .. } => State::WaitCallAnswer,
            Self::Established => State::Established,
            Self::Closed(_) => State::Closed,
        }
    }

    pub(super) const fn put_off(self, until: Duration) -> Self {
        match self {
            Self::WaitTunnel { .. } => Self::WaitTunnel { until },
            Self::WaitReply { .. } => Self::WaitReply { until },
            Self::WaitAnswer { .. } => Self::WaitAnswer { until },
            Self::WaitConnect { .. } => Self::WaitConnect { until },
            Self::WaitCallAnswer { .. } => Self::WaitCallAnswer { until },
            Self::Established | Self::Closed(_) => self,
        }
    }

    pub(super) const fn deadline(self) -> Option<Duration> {
        match self {
            Self::WaitTunnel { until }
            | Self::WaitReply { until }
            | Self::WaitAnswer { until }
            | Self::WaitConnect { until }
            | Self::WaitCallAnswer { until } => Some(until),
            Self::Established | Self::Closed(_) => None,
        }
    }
}

/// The events that wait to be polled. They come out in the order of the fields; reports of the peer
/// that were not polled are replaced by the next one of their kind.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Notice {
    pub(crate) requested: bool,
    pub(crate) connected: bool,
    pub(crate) link_info: Option<LinkInfo>,
    pub(crate) errors: Option<CallErrors>,
    pub(crate) closed: bool,
}

/// A report of the peer about the line or circuit of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkInfo {
    /// Version 2: which characters the LAC escapes in what it sends on the line, and which it may
    /// drop of what comes.
    pub accm: Option<(Accm, Accm)>,
    /// Version 3: whether the circuit is up.
    pub circuit: Option<CircuitStatus>,
}
