//! The reasons for which sessions end.

use core::fmt;

use crate::DecodeError;
use crate::code::{DisconnectCode, ErrorCode, MessageType, Q931Cause, SessionResult};

/// RFC 2661 section 5.6: why a session ended; the first cause, whatever followed.
///
/// ```
/// use l2tp_wire::session::CloseReason;
///
/// assert_eq!(
///     CloseReason::NoPseudowire.to_string(),
///     "the kind of pseudowire is not supported"
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The user ended or refused it.
    Local,
    /// The peer sent Call-Disconnect-Notify; its words are in
    /// [`Session::peer_message`](super::Session::peer_message).
    PeerCleared {
        /// The result. Peers say "carrier lost" for nearly everything.
        result: SessionResult,
        /// The error, if the result is "general error".
        error: ErrorCode,
        /// For telephone calls, what Q.931 says.
        q931: Option<Q931Cause>,
        /// RFC 3145: what PPP says.
        ppp: Option<DisconnectCode>,
    },
    /// It was not up in time.
    SetupTimeout,
    /// The tunnel is over, or about to be.
    TunnelClosed,
    /// RFC 3931 section 5.4.4: the kind of pseudowire is not supported.
    NoPseudowire,
    /// RFC 3931 section 5.4.4: sequence numbers are wanted, and no sublayer that carries them.
    NoSublayer,
    /// RFC 3931 section 5.4.4: both ends asked for the same session, and the peer's request won.
    TieLost,
    /// A message cannot be understood.
    Message(DecodeError),
    /// A message came that has no meaning in the state.
    Unexpected(MessageType),
}

impl CloseReason {
    /// Returns the result for the peer.
    pub(crate) const fn to_result(self) -> (SessionResult, ErrorCode) {
        match self {
            Self::Local | Self::PeerCleared { .. } | Self::TunnelClosed => {
                (SessionResult::ADMINISTRATIVE, ErrorCode::NONE)
            }
            Self::SetupTimeout => (SessionResult::TIME_OUT, ErrorCode::NONE),
            Self::NoPseudowire => (SessionResult::PSEUDOWIRE_NOT_SUPPORTED, ErrorCode::NONE),
            Self::NoSublayer => (SessionResult::NO_SUBLAYER, ErrorCode::NONE),
            Self::TieLost => (SessionResult::TIE_LOST, ErrorCode::NONE),
            Self::Message(error) => (SessionResult::GENERAL_ERROR, error.error_code()),
            // Version 2 has no result of its own for it.
            Self::Unexpected(_) => (SessionResult::GENERAL_ERROR, ErrorCode::OUT_OF_RANGE),
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "the session was ended by this side",
            Self::PeerCleared { result, error, q931, ppp } => {
                write!(f, "the peer has ended the session: {result}")?;
                if *error != ErrorCode::NONE {
                    write!(f, ", {error}")?;
                }
                if let Some(cause) = q931 {
                    write!(f, ", cause {cause}")?;
                }
                return ppp.map_or(Ok(()), |code| write!(f, ", PPP: {code}"));
            }
            Self::SetupTimeout => "the session was not set up in time",
            Self::TunnelClosed => "the tunnel is closed",
            Self::NoPseudowire => "the kind of pseudowire is not supported",
            Self::NoSublayer => "sequence numbers are wanted without the sublayer that carries them",
            Self::TieLost => "both sides asked for the session, and the peer's request won",
            Self::Message(error) => return write!(f, "a message of the peer cannot be understood: {error}"),
            Self::Unexpected(message) => return write!(f, "the peer sent {message} at the wrong time"),
        })
    }
}
