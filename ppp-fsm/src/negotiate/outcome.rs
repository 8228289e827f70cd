//! The outcome of a negotiation.

use core::fmt;

use crate::DecodeError;
use crate::events::Kinded;

/// An event of a [`Negotiation`](super::Negotiation).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "RFC 1661 has these four signals to other layers")]
pub enum Event<F> {
    /// This-Layer-Started: the lower layer is wanted.
    Started,
    /// This-Layer-Up: both sides agreed.
    Up,
    /// This-Layer-Down: what was agreed does not hold any more.
    Down,
    /// This-Layer-Finished: the lower layer is not needed any more, and why.
    Finished(Reason<F>),
}

/// Why a negotiation came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason<F> {
    /// This side closed.
    Closed,
    /// The peer sent a Terminate-Request.
    PeerClosed,
    /// The peer does not answer: Max-Configure was reached.
    NoAnswer,
    /// The peer does not know a code that there has to be, or the whole protocol.
    Rejected,
    /// The peer goes on refusing, or goes on asking for what it cannot have.
    NotConverging,
    /// The protocol has no hope left.
    Failed(F),
}

/// A sentence without a full stop.
impl<F: fmt::Display> fmt::Display for Reason<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed by us",
            Self::PeerClosed => "closed by the peer",
            Self::NoAnswer => "the peer does not answer",
            Self::Rejected => "the peer does not know it",
            Self::NotConverging => "the peer goes on refusing, or asking for what it cannot have",
            Self::Failed(failure) => return failure.fmt(f),
        })
    }
}

/// Why a packet was refused. The machine is as it was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It cannot be read.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// It answers no request that is open: another identifier, other options, or answered already.
    #[error("the packet answers nothing that was asked")]
    Unmatched,
    /// It is longer than what is answered: 512 bytes of options, 2048 of anything else.
    #[error("a packet with {length} bytes of data is too long")]
    TooLong {
        /// Bytes of data.
        length: usize,
    },
    /// The last answer was not taken by `poll_transmit` yet. A refusal does not count: the next
    /// request takes its place.
    #[error("the last answer was not sent yet")]
    Busy,
    /// The lower layer is down.
    #[error("the lower layer is down")]
    Down,
}

impl<F> Event<F> {
    /// The kind of [`Event::Up`].
    const UP: usize = 1;
}

impl<F> Kinded for Event<F> {
    fn kind(&self) -> usize {
        match self {
            Self::Started => 0,
            Self::Up => Self::UP,
            Self::Down => 2,
            Self::Finished(_) => 3,
        }
    }

    fn undoes(&self) -> Option<usize> {
        matches!(self, Self::Down).then_some(Self::UP)
    }
}
