//! Why a session, or one of its calls, is over.

#![expect(clippy::wildcard_enum_match_arm, reason = "reasons that are not named are all the same here")]

use core::fmt;

use ppp_session::ppp::{auth, link};
use pptp_wire::code::{DisconnectResult, GeneralError};
use pptp_wire::connection::{CallCloseReason, CloseReason, Disconnect, Fault};

/// Why a session, or one of its calls, is over: the first thing that ended it.
///
/// ```
/// use pptp::ppp::auth::{Failure, Method};
/// use pptp::ppp::{Words, link};
/// use pptp::ppp_session;
/// use pptp::session::Reason;
///
/// let words = Words::new(b"Access denied");
/// let failure = Failure::Refused { method: Method::MsChapV2, code: Some(691), words };
/// let reason = Reason::Ppp(ppp_session::Reason::Link(link::Reason::Authentication(failure)));
/// let text =
///     "the peer refused our authentication by MS-CHAP-V2, error 691: \"Access denied\"";
/// assert_eq!(reason.to_string(), text);
/// assert_eq!(reason.windows_error(), Some(691));
/// assert_eq!(reason.advice(), "the user name or the password is wrong");
/// ```
///
/// # All reasons
///
/// Those of PPP are [`ppp_session::Reason`]'s and [`link::Reason`]'s as well.
#[doc = include_str!("reasons.md")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// This side closed.
    Closed,
    /// PPP ended, or was never up.
    Ppp(ppp_session::Reason),
    /// The call is up, and not one GRE packet came: something on the path stops IP protocol 47.
    GreBlocked,
    /// GRE packets of the peer come, and it has acknowledged and answered none of ours: something
    /// on the path stops IP protocol 47 on the way to it.
    GreOneWay,
    /// Acknowledgments did not come in time, and [`FlowAlarmPolicy`](super::FlowAlarmPolicy) says
    /// that this is the end.
    FlowAlarm,
    /// The call was refused or ended on the control connection.
    Call(CallCloseReason),
    /// The control connection ended.
    Control(CloseReason),
}

impl From<ppp_session::Reason> for Reason {
    fn from(reason: ppp_session::Reason) -> Self {
        if reason == ppp_session::Reason::Closed { Self::Closed } else { Self::Ppp(reason) }
    }
}

impl Reason {
    /// Returns the reason that the end of a control connection is.
    pub(crate) const fn of_connection(reason: CloseReason) -> Self {
        if matches!(reason, CloseReason::Local | CloseReason::StopTimeout) {
            Self::Closed
        } else {
            Self::Control(reason)
        }
    }

    /// Returns the error number of Windows' Remote Access Service that fits, which is what its
    /// users report.
    #[must_use]
    pub fn windows_error(&self) -> Option<u32> {
        match self {
            Self::Closed
            | Self::Call(CallCloseReason::Local)
            | Self::Control(CloseReason::Local | CloseReason::StopTimeout) => None,
            Self::Ppp(reason) => reason.windows_error(),
            // The number that Windows shows when GRE does not come through.
            Self::GreBlocked | Self::GreOneWay => Some(806),
            Self::FlowAlarm => Some(721),
            Self::Call(CallCloseReason::OutgoingRefused { .. } | CallCloseReason::NotAnswered) => Some(629),
            Self::Call(_) => Some(619),
            Self::Control(reason) => Some(match reason {
                CloseReason::StartTimeout | CloseReason::Stream(_) | CloseReason::Refused { .. } => 800,
                CloseReason::EchoTimeout | CloseReason::CallTimeout { .. } => 721,
                _ => 629,
            }),
        }
    }

    /// Returns what a person can do about it, in a sentence without a full stop.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::GreBlocked => {
                "let IP protocol 47 (GRE) through the firewalls on the path, and switch on PPTP pass-through in the NAT \
                 (Windows shows error 619 or 806)"
            }
            Self::GreOneWay => {
                "let IP protocol 47 (GRE) out of the firewall on this side, and into that of the peer: the other direction works"
            }
            Self::FlowAlarm => "the path loses too much: look at its quality, or at the peer's load",
            Self::Closed => "nothing has to be done",
            Self::Ppp(reason) => reason.advice(),
            Self::Call(reason) => advice_on_call(*reason),
            Self::Control(reason) => advice_on_connection(reason),
        }
    }

    /// Returns the side that can do something about it.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Closed | Self::Ppp(ppp_session::Reason::Closed) => Fault::Nobody,
            Self::GreBlocked | Self::GreOneWay | Self::FlowAlarm => Fault::Network,
            Self::Call(reason) => reason.fault(),
            Self::Control(reason) => reason.fault(),
            Self::Ppp(ppp_session::Reason::Link(reason)) => match reason {
                link::Reason::Closed | link::Reason::PeerClosed { error: None | Some(0), .. } => Fault::Nobody,
                link::Reason::LowerLayerDown | link::Reason::NoAnswer | link::Reason::PeerSilent => Fault::Network,
                link::Reason::Authentication(auth::Failure::Refused { .. }) | link::Reason::NoKeys { .. } => {
                    Fault::Local
                }
                _ => Fault::Peer,
            },
            Self::Ppp(_) => Fault::Peer,
        }
    }

    /// Returns what a PAC says when it ends a call for this reason (RFC 2637 section 2.13).
    pub(super) fn disconnect(&self) -> Disconnect {
        use ppp_session::Reason::Link;
        match self {
            // RFC 2637 section 2.13: result 3, "administratively".
            Self::Closed | Self::Ppp(ppp_session::Reason::Closed | Link(link::Reason::Closed)) => {
                Disconnect::ADMIN_SHUTDOWN
            }
            Self::Ppp(Link(link::Reason::PeerClosed { .. })) => Disconnect::new(DisconnectResult::REQUEST),
            Self::GreBlocked
            | Self::GreOneWay
            | Self::FlowAlarm
            | Self::Ppp(Link(link::Reason::NoAnswer | link::Reason::PeerSilent | link::Reason::LowerLayerDown)) => {
                Disconnect::LOST_CARRIER
            }
            _ => Disconnect::general_error(GeneralError::PAC_ERROR),
        }
    }
}

const fn advice_on_call(reason: CallCloseReason) -> &'static str {
    match reason {
        CallCloseReason::Local => "nothing has to be done",
        CallCloseReason::NotAnswered => "have this side answer calls, or answer them sooner",
        _ => "the peer's log has the reason",
    }
}

fn advice_on_connection(reason: &CloseReason) -> &'static str {
    match reason {
        CloseReason::Local | CloseReason::StopTimeout => "nothing has to be done",
        CloseReason::StartTimeout | CloseReason::Stream(_) => {
            "see whether it is a PPTP server that listens on TCP port 1723"
        }
        CloseReason::Refused { .. } => "look at the server's log, and see whether it may have more connections",
        CloseReason::NotAccepted { .. } => "let this side have more connections, or call from another address",
        CloseReason::Version { .. } => "have the peer speak version 1.0 of PPTP, which is the only one",
        CloseReason::EchoTimeout | CloseReason::CallTimeout { .. } => {
            "call again, and look at the peer and the path if it stays so"
        }
        CloseReason::CollisionLost | CloseReason::CollisionWon => "go on with the other connection of the two",
        _ => "the peer's log has the reason",
    }
}

/// A sentence without a full stop, with the wishes of both sides where they differ.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed by us"),
            Self::Ppp(reason) => reason.fmt(f),
            Self::GreBlocked => f.write_str("the control connection is up, but no GRE packet comes through"),
            Self::GreOneWay => f.write_str("GRE packets come from the peer, but none of ours reaches it"),
            Self::FlowAlarm => f.write_str("acknowledgments do not come in time"),
            Self::Call(reason) => reason.fmt(f),
            Self::Control(reason) => reason.fmt(f),
        }
    }
}
