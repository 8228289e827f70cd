//! Why a session, or one of its calls, is over.

#![expect(clippy::wildcard_enum_match_arm, reason = "reasons that are not named are all the same here")]

use core::fmt;

use l2tp_wire::code::{DisconnectCode, SessionResult};
use l2tp_wire::session::{CloseReason as CallReason, Disconnect};
use l2tp_wire::tunnel::CloseReason;
use ppp_session::ppp::{auth, link};

/// Why a session, or one of its calls, is over: the first thing that ended it.
///
/// ```
/// use l2tp_session::session::Reason;
/// use l2tp_session::wire::tunnel::CloseReason;
///
/// let reason = Reason::Tunnel(CloseReason::WrongPassword);
/// assert!(reason.to_string().starts_with("the peer's proof is wrong"));
/// assert_eq!(reason.advice(), "give both ends the same tunnel password");
/// assert_eq!(Reason::Tunnel(CloseReason::NoAnswer).windows_error(), Some(809));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// This side closed.
    Closed,
    /// PPP ended, or was never up.
    Ppp(ppp_session::Reason),
    /// Tunnel and call are up, and not one data packet came: the peer's kernel and its daemon, or a
    /// NAT on the path, do not agree.
    NoData,
    /// Another call has the same session id, and owns its packets.
    IdTaken,
    /// The call was refused or ended in the tunnel.
    Call(CallReason),
    /// The tunnel ended, or was never up.
    Tunnel(CloseReason),
}

impl From<ppp_session::Reason> for Reason {
    fn from(reason: ppp_session::Reason) -> Self {
        if reason == ppp_session::Reason::Closed { Self::Closed } else { Self::Ppp(reason) }
    }
}

impl Reason {
    /// Returns the reason that the end of a call in the tunnel is.
    pub(super) const fn of_call(reason: CallReason) -> Self {
        match reason {
            CallReason::Local => Self::Closed,
            reason => Self::Call(reason),
        }
    }

    /// Returns the reason that the end of a tunnel is.
    pub(super) const fn of_tunnel(reason: CloseReason) -> Self {
        match reason {
            CloseReason::Local => Self::Closed,
            reason => Self::Tunnel(reason),
        }
    }

    /// Returns the error number of Windows' Remote Access Service that fits, which is what its
    /// users report.
    #[must_use]
    pub fn windows_error(&self) -> Option<u32> {
        match self {
            Self::Closed | Self::IdTaken => None,
            Self::Ppp(reason) => reason.windows_error(),
            Self::NoData | Self::Tunnel(CloseReason::Silent) => Some(721),
            // Windows shows 809 when an L2TP server does not answer.
            Self::Tunnel(CloseReason::NoAnswer) => Some(809),
            Self::Call(CallReason::PeerCleared { .. }) | Self::Tunnel(CloseReason::PeerStopped { .. }) => Some(628),
            Self::Call(_) | Self::Tunnel(_) => Some(629),
        }
    }

    /// Returns what a person can do about it, in a sentence without a full stop.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Closed => "nothing has to be done",
            Self::Ppp(reason) => reason.advice(),
            Self::NoData => "look whether the peer's system has its L2TP modules, and whether a NAT forgets the port",
            Self::IdTaken => "call again",
            Self::Call(reason) => advice_on_call(*reason),
            Self::Tunnel(reason) => advice_on_tunnel(*reason),
        }
    }

    /// Returns the result for the peer when a call ends for this reason (RFC 2661 section 4.4.2,
    /// RFC 3145).
    pub(super) fn disconnect(&self) -> Disconnect {
        let lost = |code| Disconnect::LOST_CARRIER.with_ppp(code);
        match self {
            Self::Closed => Disconnect::ADMINISTRATIVE,
            Self::IdTaken => Disconnect::NO_FACILITIES,
            Self::NoData => lost(DisconnectCode::NO_LCP),
            Self::Ppp(reason) => lost(disconnect_code(reason)),
            // The tunnel knows already.
            Self::Call(_) | Self::Tunnel(_) => Disconnect::new(SessionResult::LOST_CARRIER),
        }
    }
}

/// Returns the number for the end of PPP (RFC 3145 section 3).
fn disconnect_code(reason: &ppp_session::Reason) -> DisconnectCode {
    use ppp_session::Reason as Ppp;
    match reason {
        // RFC 3145 section 2: the number is for the peer's logs; L2TP's own result says nothing of
        // PPP.
        Ppp::Closed | Ppp::Link(link::Reason::Closed | link::Reason::PeerClosed { .. }) => DisconnectCode::NORMAL,
        Ppp::SetupTimeout => DisconnectCode::NCP_TIMEOUT,
        Ppp::Link(link::Reason::NoAnswer | link::Reason::NotConverging) => DisconnectCode::LCP_TIMEOUT,
        Ppp::Link(link::Reason::PeerSilent) => DisconnectCode::ECHO_TIMEOUT,
        Ppp::Link(link::Reason::LcpRejected) => DisconnectCode::NO_LCP,
        Ppp::Link(link::Reason::Lcp(_)) => DisconnectCode::AUTHENTICATION_PROTOCOL_UNACCEPTABLE,
        Ppp::Link(link::Reason::Authentication(auth::Failure::NoAnswer { .. })) => {
            DisconnectCode::AUTHENTICATION_TIMEOUT
        }
        Ppp::CannotProve { .. } | Ppp::Link(link::Reason::Authentication(_)) => DisconnectCode::AUTHENTICATION_FAILED,
        Ppp::NotDecrypted
        | Ppp::Link(
            link::Reason::EncryptionRequired { .. }
            | link::Reason::EncryptionUnanswered
            | link::Reason::NoKeys { .. }
            | link::Reason::EncryptionLost,
        ) => DisconnectCode::ENCRYPTION_REFUSED,
        Ppp::Link(link::Reason::NoIp(_) | link::Reason::IpClosed { .. } | link::Reason::NoNetwork) => {
            DisconnectCode::NO_NCP
        }
        _ => DisconnectCode::NO_INFORMATION,
    }
}

const fn advice_on_call(reason: CallReason) -> &'static str {
    match reason {
        CallReason::Local => "nothing has to be done",
        CallReason::NoPseudowire => "have both ends carry the same: PPP, or Ethernet",
        CallReason::NoSublayer => "ask for the sublayer where sequence numbers are wanted",
        CallReason::SetupTimeout => "look whether the peer's daemon can start PPP",
        _ => "the peer's log has the reason",
    }
}

const fn advice_on_tunnel(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Local => "nothing has to be done",
        CloseReason::NoAnswer => {
            "see whether it is an L2TP peer that listens on UDP port 1701, and whether it wants IPsec outside"
        }
        CloseReason::Silent => "look at the peer and the path, and at IPsec's own timers; then dial again",
        CloseReason::SetupTimeout => "dial again, and look at the path if it stays so",
        CloseReason::HostName => "give the peer the host name that is accepted here, or accept its",
        CloseReason::NoPassword => "configure the tunnel password of the peer here",
        CloseReason::NoProof | CloseReason::EmptyPassword => "configure the tunnel password at the peer",
        CloseReason::WrongPassword => "give both ends the same tunnel password",
        CloseReason::ReflectedChallenge => "somebody plays both ends against each other: have the path protected",
        CloseReason::Version => "have both ends speak the same version of L2TP",
        _ => "the peer's log has the reason",
    }
}

/// A sentence without a full stop, with what the peer says where it says something.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed by us"),
            Self::Ppp(reason) => reason.fmt(f),
            Self::NoData => f.write_str("tunnel and call are up, but no data packet comes through"),
            Self::IdTaken => f.write_str("another call has the same session id"),
            Self::Call(reason) => reason.fmt(f),
            Self::Tunnel(reason) => reason.fmt(f),
        }
    }
}
