//! The outcome of an authentication.

use super::Method;
use crate::words::{Quoted, Words};
use crate::{DecodeError, eap};

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
    /// This side was asked for a proof, and its user had none.
    #[error("authentication by {method}: no proof was given here")]
    Declined {
        /// The method agreed.
        method: Method,
    },
    /// The authenticator did not take the proof of this side.
    #[error("the peer refused our authentication by {method}{}{}", Number(*.code), Quoted(*.words))]
    Refused {
        /// The method agreed.
        method: Method,
        /// The number in the message of MS-CHAP: 691, 647, 648 …
        code: Option<u32>,
        /// The words of the authenticator: the text of a Nak of PAP, of a Failure of CHAP (in
        /// MS-CHAP, the one behind `M=`), or of the last Notification of EAP.
        words: Words,
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
    /// RFC 3748 section 5.3.1: there is no type of EAP that both sides can do.
    #[error("no common type of EAP: we offer {own}, the peer {peer}")]
    NoCommonEapType {
        /// The types that this side can do.
        own: eap::Types,
        /// The types that the peer named: those that it wants, or that it asked for.
        peer: eap::Types,
    },
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
    /// The peer was accepted under another name, and has to stay who it is.
    #[error("the peer was accepted under another name")]
    OtherName,
    /// Another method was agreed, or none.
    #[error("this method was not agreed")]
    NotAgreed,
    /// It is longer than [`MAX_PACKET_LEN`](super::MAX_PACKET_LEN).
    #[error("a packet of {length} bytes is too long")]
    TooLong {
        /// Its length.
        length: usize,
    },
}
