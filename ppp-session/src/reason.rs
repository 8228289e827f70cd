//! Why a session is over.

use core::fmt;

use ppp_fsm::auth::Method;
use ppp_fsm::link;

/// Why a session is over: the first thing that ended it.
///
/// ```
/// use ppp_session::Reason;
/// use ppp_session::ppp::auth::{Failure, Method};
/// use ppp_session::ppp::{Words, link};
///
/// let words = Words::new(b"Access denied");
/// let failure = Failure::Refused { method: Method::MsChapV2, code: Some(691), words };
/// let reason = Reason::Link(link::Reason::Authentication(failure));
/// let text =
///     "the peer refused our authentication by MS-CHAP-V2, error 691: \"Access denied\"";
/// assert_eq!(reason.to_string(), text);
/// assert_eq!(reason.windows_error(), Some(691));
/// assert_eq!(reason.advice(), "the user name or the password is wrong");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// This side closed.
    Closed,
    /// PPP ended, or was never up.
    Link(link::Reason),
    /// IP did not flow in time, though the peer did answer.
    SetupTimeout,
    /// The peer has said without a pause that it cannot decrypt what it gets. It did so for 15 s,
    /// or of nearly every packet of about a second when it never encrypted one itself.
    NotDecrypted,
    /// The name or the secret of this side cannot be sent by the method that was agreed on: one of them is too long, or
    /// there is a hash only.
    CannotProve {
        /// The method.
        method: Option<Method>,
    },
}

impl Reason {
    /// Returns whether PPP has no reason of its own: the carrier has said that it is
    /// [down](crate::Session::down), and knows why.
    #[must_use]
    pub const fn is_of_carrier(&self) -> bool {
        matches!(self, Self::Link(link::Reason::LowerLayerDown))
    }

    /// Returns the error number of Windows' Remote Access Service that fits, which is what its
    /// users report. 0 is none.
    #[must_use]
    pub fn windows_error(&self) -> Option<u32> {
        match self {
            Self::Closed | Self::CannotProve { .. } => None,
            Self::Link(reason) => reason.windows_error(),
            Self::SetupTimeout => Some(718),
            Self::NotDecrypted => Some(742),
        }
    }

    /// Returns what a person can do about it, in a sentence without a full stop.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::NotDecrypted => {
                "call again: pppd on Linux comes to this when packets of its negotiation are lost and cross each other"
            }
            Self::CannotProve { .. } => "use a shorter name or password, or allow another method",
            Self::SetupTimeout => "look at the trace for what the two sides did not agree on",
            Self::Closed => "nothing has to be done",
            Self::Link(reason) => reason.advice(),
        }
    }
}

/// A sentence without a full stop, with the wishes of both sides where they differ.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed by us"),
            Self::Link(reason) => reason.fmt(f),
            Self::CannotProve { method: Some(method) } => {
                write!(f, "our name or password cannot be sent by {method}: one is too long, or there is a hash only")
            }
            Self::CannotProve { method: None } => f.write_str("our name or password cannot be sent"),
            Self::SetupTimeout => f.write_str("the two sides did not come to an agreement in time"),
            Self::NotDecrypted => f.write_str("the peer cannot decrypt what we send, and says so"),
        }
    }
}
