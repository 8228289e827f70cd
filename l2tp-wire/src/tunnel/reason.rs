//! The reasons for which tunnels end.

use core::fmt;

use crate::DecodeError;
use crate::code::{ControlConnectionResult, ErrorCode, MessageType};

/// RFC 2661 section 5.7: why a tunnel ended; the first cause, whatever followed.
///
/// ```
/// use l2tp_wire::tunnel::CloseReason;
///
/// assert_eq!(
///     CloseReason::WrongPassword.to_string(),
///     "the peer's proof is wrong: the passwords of the two ends differ",
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The user closed it.
    Local,
    /// The peer sent Stop-Control-Connection-Notification; its words are in
    /// [`Tunnel::peer_message`](super::machine::Tunnel::peer_message).
    PeerStopped {
        /// The result.
        result: ControlConnectionResult,
        /// The error, if the result is "general error".
        error: ErrorCode,
    },
    /// The peer never answered.
    NoAnswer,
    /// The peer answered before, and acknowledges nothing any more.
    Silent,
    /// The tunnel was not up in time, although the peer answered.
    SetupTimeout,
    /// The peer's host name is not the one that is accepted.
    HostName,
    /// The peer asks for a proof, and there is no password.
    NoPassword,
    /// The peer did not answer the challenge.
    NoProof,
    /// The peer's answer to the challenge is wrong.
    WrongPassword,
    /// The peer proved that it knows the empty password, as Windows does: it has none configured.
    EmptyPassword,
    /// The peer sent our own challenge back: somebody plays both ends against each other.
    ReflectedChallenge,
    /// The peer speaks no version that this end speaks.
    Version,
    /// Both ends asked for a tunnel, and both lost: the tie breakers are equal.
    Tie,
    /// A message cannot be understood.
    Message(DecodeError),
    /// A message came that has no meaning in the state.
    Unexpected(MessageType),
}

impl CloseReason {
    /// Returns the result, error code and words for the peer.
    pub(super) fn to_result(self) -> (ControlConnectionResult, ErrorCode, &'static str) {
        match self {
            Self::Local | Self::PeerStopped { .. } | Self::NoAnswer | Self::Silent => {
                (ControlConnectionResult::CLEAR, ErrorCode::NONE, "")
            }
            Self::SetupTimeout | Self::Unexpected(_) | Self::Tie => {
                (ControlConnectionResult::STATE_MACHINE_ERROR, ErrorCode::NONE, "")
            }
            Self::HostName => {
                (ControlConnectionResult::NOT_AUTHORIZED, ErrorCode::NONE, "host name is not accepted here")
            }
            Self::NoPassword => (ControlConnectionResult::NOT_AUTHORIZED, ErrorCode::NONE, "no password here"),
            Self::NoProof => (ControlConnectionResult::NOT_AUTHORIZED, ErrorCode::NONE, "challenge was not answered"),
            // No difference between the two: a guesser need not know.
            Self::WrongPassword | Self::EmptyPassword => {
                (ControlConnectionResult::NOT_AUTHORIZED, ErrorCode::NONE, "wrong challenge response")
            }
            Self::ReflectedChallenge => (ControlConnectionResult::NOT_AUTHORIZED, ErrorCode::NONE, ""),
            Self::Version => (ControlConnectionResult::VERSION_NOT_SUPPORTED, ErrorCode::new(0x0100), ""),
            Self::Message(error) => (ControlConnectionResult::GENERAL_ERROR, error.error_code(), ""),
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "the tunnel was closed by this side",
            Self::PeerStopped { result, error } => {
                write!(f, "the peer has ended the tunnel: {result}")?;
                return if *error == ErrorCode::NONE { Ok(()) } else { write!(f, ", {error}") };
            }
            Self::NoAnswer => "the peer does not answer: is it an L2TP peer, and does a firewall stop UDP port 1701?",
            Self::Silent => "the peer does not answer any more",
            Self::SetupTimeout => "the tunnel was not set up in time",
            Self::HostName => "the peer's host name is not accepted",
            Self::NoPassword => "the peer wants a proof of the password, and none is configured",
            Self::NoProof => "the peer has not answered the challenge: it may have no password",
            Self::WrongPassword => "the peer's proof is wrong: the passwords of the two ends differ",
            Self::EmptyPassword => "the peer's password is empty: configure one there",
            Self::ReflectedChallenge => "the peer sent this side's own challenge back",
            Self::Version => "the peer speaks no version that this side speaks",
            Self::Tie => "both sides asked for a tunnel with the same tie breaker",
            Self::Message(error) => return write!(f, "a message of the peer cannot be understood: {error}"),
            Self::Unexpected(message) => return write!(f, "the peer sent {message} at the wrong time"),
        })
    }
}
