//! Why a link ended.

use core::fmt;

use crate::auth::{self, Method};
use crate::ccp::{self, MicrosoftCompression};
use crate::lcp;

/// Why a link ended: what to do next time, and the number that Windows would show for it.
///
/// ```
/// use ppp_fsm::auth::Method;
/// use ppp_fsm::link::Reason;
///
/// let reason = Reason::NoKeys { method: Some(Method::Pap) };
/// assert_eq!(reason.to_string(), "encryption required, but no keys: authenticated by PAP");
/// assert_eq!(reason.windows_error(), Some(742));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// This side closed.
    Closed,
    /// The peer closed, and may have said why.
    PeerClosed {
        /// [Microsoft's error number](lcp::MicrosoftTermination).
        error: Option<u32>,
    },
    /// What carries the frames is gone.
    LowerLayerDown,
    /// The peer does not answer LCP.
    NoAnswer,
    /// The peer does not answer Echo-Requests any more.
    PeerSilent,
    /// LCP does not come to an end: each side goes on refusing the other.
    NotConverging,
    /// The peer does not know LCP, or a part of it that has to be.
    LcpRejected,
    /// LCP has no hope: a loop, or no common authentication.
    Lcp(lcp::Failure),
    /// One side has not proved itself.
    Authentication(auth::Failure),
    /// Encryption is required here, and there is none that both sides can do.
    EncryptionRequired {
        /// What this side allows, in the mode that it prefers.
        allowed: MicrosoftCompression,
        /// What the peer named last.
        offered: Option<MicrosoftCompression>,
    },
    /// Encryption is required here, and the authentication left no keys.
    NoKeys {
        /// How it was authenticated.
        method: Option<Method>,
    },
    /// Encryption is required here, was there, and the peer ended it.
    EncryptionLost,
    /// No network protocol is left.
    NoNetwork,
}

impl Reason {
    /// The error number of Windows' Remote Access Service that fits, which is what its users report.
    #[must_use]
    pub const fn windows_error(&self) -> Option<u32> {
        Some(match self {
            Self::Closed => return None,
            Self::PeerClosed { error } => return *error,
            Self::LowerLayerDown => 619,
            Self::NoAnswer | Self::PeerSilent => 721,
            Self::NotConverging | Self::LcpRejected | Self::Lcp(_) => 734,
            Self::Authentication(failure) => match failure {
                auth::Failure::NoAnswer { .. } => 718,
                auth::Failure::NoMutualProof => 778,
                auth::Failure::NoCommonEapType { .. } => 919,
                auth::Failure::Refused { code: Some(code), .. }
                | auth::Failure::RefusedPeer { code: Some(code), .. } => *code,
                auth::Failure::Refused { code: None, .. }
                | auth::Failure::RefusedPeer { code: None, .. }
                | auth::Failure::Declined { .. } => 691,
            },
            Self::EncryptionRequired { .. } | Self::NoKeys { .. } | Self::EncryptionLost => 742,
            Self::NoNetwork => 720,
        })
    }
}

/// A sentence for people, with the wishes of both sides.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed by us"),
            Self::PeerClosed { error: None | Some(0) } => f.write_str("closed by the peer"),
            Self::PeerClosed { error: Some(error) } => write!(f, "closed by the peer, error {error}"),
            Self::LowerLayerDown => f.write_str("the line is down"),
            Self::NoAnswer => f.write_str("the peer does not answer LCP"),
            Self::PeerSilent => f.write_str("the peer does not answer echoes any more"),
            Self::NotConverging => f.write_str("the peer goes on refusing, or asking for what it cannot have"),
            Self::LcpRejected => f.write_str("the peer does not know a part of LCP that has to be"),
            Self::Lcp(failure) => write!(f, "{failure}"),
            Self::Authentication(failure) => write!(f, "{failure}"),
            Self::EncryptionRequired { allowed, offered } => {
                write!(f, "{}", ccp::Failure::EncryptionRequired { allowed: *allowed, offered: *offered })
            }
            Self::NoKeys { method: Some(method) } => {
                write!(f, "encryption required, but no keys: authenticated by {method}")
            }
            Self::NoKeys { method: None } => f.write_str("encryption required, but no keys: not authenticated"),
            Self::EncryptionLost => f.write_str("encryption required, and the peer ended it"),
            Self::NoNetwork => f.write_str("no network protocol is left"),
        }
    }
}
