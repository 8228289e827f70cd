//! The kinds of tunnels, and the calls in them.

use std::fmt;

use l2tp_session::server::TunnelId;
use l2tp_session::session::SessionId;
use l2tp_session::wire::Version;
use pptp::server::ConnectionId;
use pptp::wire::connection::CallId;

use crate::config::{Protocol, Service};
use crate::radius::TunnelType;

/// The kind of a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// RFC 2637.
    Pptp,
    /// RFC 2661.
    L2tp,
    /// RFC 3931.
    L2tpV3,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Pptp, Self::L2tp, Self::L2tpV3];

    /// Returns the kind of a tunnel of L2TP.
    pub(super) const fn of(version: Version) -> Self {
        match version {
            Version::V2 => Self::L2tp,
            Version::V3 => Self::L2tpV3,
        }
    }

    /// Returns its word in the configuration.
    pub(super) const fn protocol(self) -> Protocol {
        match self {
            Self::Pptp => Protocol::Pptp,
            Self::L2tp => Protocol::L2tp,
            Self::L2tpV3 => Protocol::L2tpv3,
        }
    }

    /// Returns the service that its users have.
    pub(super) const fn service(self) -> Service {
        match self {
            Self::Pptp => Service::Pptp,
            Self::L2tp | Self::L2tpV3 => Service::L2tp,
        }
    }

    /// Returns its number for RADIUS servers.
    pub(super) const fn tunnel_type(self) -> TunnelType {
        match self {
            Self::Pptp => TunnelType::PPTP,
            // RFC 2868 section 3.1 has one number for all versions.
            Self::L2tp | Self::L2tpV3 => TunnelType::L2TP,
        }
    }

    /// Returns its name in JSON and in metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pptp => "pptp",
            Self::L2tp => "l2tp",
            Self::L2tpV3 => "l2tpv3",
        }
    }
}

/// A call of any tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// A call of a control connection.
    Pptp(ConnectionId, CallId),
    /// A session of a tunnel.
    L2tp(TunnelId, SessionId),
}

impl Key {
    /// Returns its number among the calls of its tunnel: NAS-Port.
    pub(super) fn port(self) -> u32 {
        match self {
            Self::Pptp(_, call) => call.get().into(),
            Self::L2tp(_, call) => call.get(),
        }
    }

    /// Returns a text that no other call has at the same time: the middle of Acct-Session-Id.
    pub(super) fn label(self) -> String {
        match self {
            Self::Pptp(id, call) => format!("{id}-{call}"),
            Self::L2tp(id, call) => format!("l2tp-{id}-{call}"),
        }
    }
}

/// The beginning of the lines about it.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pptp(id, call) => write!(f, "connection {id} call {call}"),
            Self::L2tp(id, call) => write!(f, "tunnel {id} session {call}"),
        }
    }
}
