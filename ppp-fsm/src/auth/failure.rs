//! What comes of an authentication.

use super::Method;
use crate::DecodeError;

/// Where an authentication is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Status {
    /// Nobody asked for one.
    #[default]
    Idle,
    /// Waits for the other side.
    Waiting,
    /// Waits for its user.
    Asking,
    /// The proof was good.
    Accepted,
    /// It was not, or there was none.
    Failed(Failure),
}

/// Why an authentication failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The other side does not answer.
    #[error("authentication by {method}: no answer")]
    NoAnswer {
        /// The method agreed.
        method: Method,
    },
    /// The authenticator did not take the proof of this side.
    #[error("the peer refused our authentication by {method}{}", Number(*.code))]
    Refused {
        /// The method agreed.
        method: Method,
        /// The number in the message of MS-CHAP: 691, 647, 648 …
        code: Option<u32>,
    },
    /// This side did not take the proof of the peer.
    #[error("we refused the peer's authentication by {method}{}", Number(*.code))]
    RefusedPeer {
        /// The method agreed.
        method: Method,
        /// The number in the message of MS-CHAP.
        code: Option<u32>,
    },
    /// RFC 2759 section 5: the authenticator did not prove that it knows the password: it may be anybody.
    #[error("the peer has not proved that it knows the password")]
    NoMutualProof,
}

struct Number(Option<u32>);

impl core::fmt::Display for Number {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.map_or(Ok(()), |number| write!(f, ", error {number}"))
    }
}

/// Why a packet was refused. The machine is as it was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It cannot be read.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// It fits nothing that was asked: another identifier, another length of challenge, a packet of the other role.
    #[error("the packet fits nothing that was asked")]
    Unmatched,
    /// Another method was agreed, or none.
    #[error("this method was not agreed")]
    NotAgreed,
    /// It is longer than [`MAX_PACKET_LEN`](super::MAX_PACKET_LEN).
    #[error("a packet of {length} octets is too long")]
    TooLong {
        /// Its length.
        length: usize,
    },
}
