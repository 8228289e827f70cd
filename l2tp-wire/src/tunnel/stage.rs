//! The states of a tunnel.

use core::fmt;
use core::time::Duration;

use super::reason::CloseReason;
use crate::avp::TieBreaker;

/// RFC 2661 section 7.2: the state of a tunnel, with the RFC's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the RFC has no other")]
pub enum State {
    /// Nothing was asked for, by either end.
    Idle,
    /// The request was sent.
    WaitControlReply,
    /// The reply was sent.
    WaitControlConnected,
    /// Sessions are possible.
    Established,
    /// A StopCCN was sent, and the peer has not acknowledged it.
    Stopping,
    /// The tunnel is over, and the peer may not know that this end knows: repetitions are
    /// acknowledged.
    Lingering,
    /// Nothing is sent or received any more.
    Closed,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "idle",
            Self::WaitControlReply => "wait-ctl-reply",
            Self::WaitControlConnected => "wait-ctl-conn",
            Self::Established => "established",
            Self::Stopping => "stopping",
            Self::Lingering => "lingering",
            Self::Closed => "closed",
        })
    }
}

/// A challenge of this end that the peer has to answer: RFC 2661 section 4.4.3.
pub(super) type Challenge = [u8; 16];

/// The state with what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Idle,
    WaitReply {
        until: Duration,
        challenge: Option<Challenge>,
        tie_breaker: Option<TieBreaker>,
    },
    WaitConnected {
        until: Duration,
        challenge: Option<Challenge>,
    },
    Established,
    /// Until the peer acknowledges it, or is given up; or that time, for a peer that must not be
    /// sent more.
    Stopping {
        until: Duration,
        reason: CloseReason,
    },
    Lingering {
        until: Duration,
        reason: CloseReason,
    },
    Closed {
        reason: CloseReason,
    },
}

impl Stage {
    pub(super) const fn state(&self) -> State {
        match self {
            Self::Idle => State::Idle,
            Self::WaitReply { .. } => State::WaitControlReply,
            Self::WaitConnected { .. } => State::WaitControlConnected,
            Self::Established => State::Established,
            Self::Stopping { .. } => State::Stopping,
            Self::Lingering { .. } => State::Lingering,
            Self::Closed { .. } => State::Closed,
        }
    }

    /// Returns whether sessions are possible. Each data packet asks for it, so that the contents are not compared.
    pub(super) const fn is_established(&self) -> bool {
        matches!(self, Self::Established)
    }

    pub(super) const fn deadline(&self) -> Option<Duration> {
        match self {
            Self::WaitReply { until, .. }
            | Self::WaitConnected { until, .. }
            | Self::Stopping { until, .. }
            | Self::Lingering { until, .. } => Some(*until),
            Self::Idle | Self::Established | Self::Closed { .. } => None,
        }
    }

    pub(super) const fn reason(&self) -> Option<CloseReason> {
        match self {
            Self::Stopping { reason, .. } | Self::Lingering { reason, .. } | Self::Closed { reason } => Some(*reason),
            Self::Idle | Self::WaitReply { .. } | Self::WaitConnected { .. } | Self::Established => None,
        }
    }
}
