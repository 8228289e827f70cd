//! Why something is over, and whose fault it is.

use core::fmt;

use super::CallId;
use crate::StreamError;
use crate::code::{
    CauseCode, DisconnectResult, GeneralError, IncomingCallResult, OutgoingCallResult, ProtocolVersion, StartResult,
    StopReason,
};

/// The side that can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Nobody has to: somebody wanted it.
    Nobody,
    /// This side, or its user.
    Local,
    /// The peer.
    Peer,
    /// The network between the two, or the peer: what should have come did not.
    Network,
}

/// RFC 2637 section 3.1: why a control connection is over.
///
/// ```
/// use pptp_wire::code::StopReason;
/// use pptp_wire::connection::{CloseReason, Fault};
///
/// let reason = CloseReason::PeerStopped { reason: StopReason::STOP_LOCAL_SHUTDOWN };
/// assert_eq!(reason.to_string(), "the peer closes the connection: Stop-Local-Shutdown (3)");
/// assert_eq!(reason.fault(), Fault::Nobody);
/// assert_eq!(CloseReason::EchoTimeout.fault(), Fault::Network);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CloseReason {
    /// We closed it, and the peer agreed or closed the TCP connection.
    #[error("closed by this side")]
    Local,
    /// We closed it, and the peer did not answer in time.
    #[error("closed by this side; the peer has not confirmed it")]
    StopTimeout,
    /// The peer sent a Stop-Control-Connection-Request.
    #[error("the peer closes the connection: {reason}")]
    PeerStopped {
        /// Why.
        reason: StopReason,
    },
    /// The TCP connection has ended without a word. pptpd ends all its connections so.
    #[error("the TCP connection has ended")]
    Disconnected,
    /// The TCP connection has ended within a message.
    #[error("the TCP connection has ended within a message")]
    Cut,
    /// The peer did not accept us.
    #[error("the peer does not accept the connection: {result}{}", Detail(*error))]
    Refused {
        /// Why.
        result: StartResult,
        /// The cause, if the result is "general error".
        error: GeneralError,
    },
    /// We did not accept the peer.
    #[error("the peer was not accepted: {result}")]
    NotAccepted {
        /// Why.
        result: StartResult,
    },
    /// The peer has another version of the protocol.
    #[error("the peer's PPTP version is {version}, not 1.0")]
    Version {
        /// That version.
        version: ProtocolVersion,
    },
    /// Section 3.1.4: no Start-Control-Connection message came in time.
    #[error("the peer has not started the connection in time: is it a PPTP peer?")]
    StartTimeout,
    /// Section 3.1.4: the peer is silent.
    #[error("the peer does not answer any more")]
    EchoTimeout,
    /// Section 3.2.1: the peer did not go on with a call in time.
    #[error("the peer has not gone on with call {call} in time")]
    CallTimeout {
        /// Which call.
        call: CallId,
    },
    /// The input is not PPTP.
    #[error(transparent)]
    Stream(StreamError),
    /// Section 3.1.3: both sides opened a connection, and this is the one that is given up.
    #[error("the peer's own connection is used instead of this one")]
    CollisionLost,
    /// Section 3.1.3: both sides opened a connection, and this is the peer's, which is not used.
    #[error("our own connection is used instead of the peer's")]
    CollisionWon,
}

impl CloseReason {
    /// Returns whose fault it is.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Local | Self::PeerStopped { .. } | Self::CollisionLost | Self::CollisionWon => Fault::Nobody,
            Self::NotAccepted { .. } => Fault::Local,
            Self::Refused { .. } | Self::Version { .. } | Self::CallTimeout { .. } | Self::Stream(_) => Fault::Peer,
            Self::StopTimeout | Self::Disconnected | Self::Cut | Self::StartTimeout | Self::EchoTimeout => {
                Fault::Network
            }
        }
    }
}

/// RFC 2637 section 3.2: why a call is over.
///
/// ```
/// use pptp_wire::code::{CauseCode, DisconnectResult, GeneralError};
/// use pptp_wire::connection::{CallCloseReason, Fault};
///
/// let reason = CallCloseReason::Disconnected {
///     result: DisconnectResult::LOST_CARRIER,
///     error: GeneralError::NONE,
///     cause: CauseCode::new(16),
/// };
/// assert_eq!(
///     reason.to_string(),
///     "the peer has ended the call: Lost Carrier (1), cause Normal call clearing (16)"
/// );
/// assert_eq!(reason.fault(), Fault::Peer);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallCloseReason {
    /// We ended or refused it.
    Local,
    /// Nobody on this side answered the peer's request in time.
    NotAnswered,
    /// As a PNS: the peer did not place the call.
    OutgoingRefused {
        /// Why.
        result: OutgoingCallResult,
        /// The cause, if the result is "general error".
        error: GeneralError,
        /// For telephone calls, a cause of Q.931.
        cause: CauseCode,
    },
    /// As a PAC: the peer did not want the call answered.
    IncomingRefused {
        /// Why.
        result: IncomingCallResult,
        /// The cause, if the result is "general error".
        error: GeneralError,
    },
    /// As a PNS: the peer sent a Call-Disconnect-Notify. Its statistics are in
    /// [`Call::statistics`](super::Call::statistics).
    Disconnected {
        /// Why.
        result: DisconnectResult,
        /// The cause, if the result is "general error".
        error: GeneralError,
        /// For telephone calls, a cause of Q.931.
        cause: CauseCode,
    },
    /// As a PAC: the peer sent a Call-Clear-Request.
    PeerCleared,
    /// The control connection is over, or about to be.
    ConnectionClosed {
        /// The side whose fault that is.
        fault: Fault,
    },
}

impl CallCloseReason {
    /// Returns whose fault it is.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Local | Self::PeerCleared => Fault::Nobody,
            // An orderly hang-up, by the peer or by its administrator.
            Self::Disconnected { result, .. } => match *result {
                DisconnectResult::REQUEST | DisconnectResult::ADMIN_SHUTDOWN => Fault::Nobody,
                _ => Fault::Peer,
            },
            // The user of this side was asked, and did not answer.
            Self::NotAnswered => Fault::Local,
            Self::OutgoingRefused { .. } | Self::IncomingRefused { .. } => Fault::Peer,
            Self::ConnectionClosed { fault } => *fault,
        }
    }
}

impl fmt::Display for CallCloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("the call was ended by this side"),
            Self::NotAnswered => f.write_str("this side has not answered the call in time"),
            Self::OutgoingRefused { result, error, cause } => {
                write!(f, "the peer does not place the call: {result}")?;
                write_details(*error, *cause, f)
            }
            Self::IncomingRefused { result, error } => {
                write!(f, "the peer does not want the call: {result}")?;
                write_details(*error, CauseCode::new(0), f)
            }
            Self::Disconnected { result, error, cause } => {
                write!(f, "the peer has ended the call: {result}")?;
                write_details(*error, *cause, f)
            }
            Self::PeerCleared => f.write_str("the peer wanted the call ended"),
            Self::ConnectionClosed { .. } => f.write_str("the control connection is closed"),
        }
    }
}

/// A general error behind a result, unless it is absent.
struct Detail(GeneralError);

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == GeneralError::NONE { Ok(()) } else { write!(f, ", error {}", self.0) }
    }
}

fn write_details(error: GeneralError, cause: CauseCode, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}", Detail(error))?;
    if cause.get() != 0 {
        write!(f, ", cause {cause}")?;
    }
    Ok(())
}
