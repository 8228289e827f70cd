//! What comes of a negotiation.

use core::fmt;

use crate::DecodeError;

/// What happened in a [`Negotiation`](super::Negotiation).
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
    /// It is longer than what is answered: 512 octets of options, 2048 of anything else.
    #[error("a packet with {length} octets of data is too long")]
    TooLong {
        /// Octets of data.
        length: usize,
    },
    /// The last answer was not taken by `poll_transmit` yet.
    #[error("the last answer was not sent yet")]
    Busy,
    /// The lower layer is down.
    #[error("the lower layer is down")]
    Down,
}

/// What has to be told: the signals of RFC 1661 section 4.4 to other layers, the latest of each.
#[derive(Debug)]
pub(super) struct Signals<F> {
    pub(super) started: bool,
    /// Was up and went down since it was told.
    pub(super) bounced: bool,
    told_up: bool,
    pub(super) finished: Option<Reason<F>>,
}

impl<F> Default for Signals<F> {
    fn default() -> Self {
        Self { started: false, bounced: false, told_up: false, finished: None }
    }
}

impl<F> Signals<F> {
    pub(super) fn poll(&mut self, is_up: bool) -> Option<Event<F>> {
        let bounced = core::mem::take(&mut self.bounced);
        if self.told_up && (bounced || !is_up) {
            self.told_up = false;
            return Some(Event::Down);
        }
        if let Some(reason) = self.finished.take() {
            return Some(Event::Finished(reason));
        }
        if core::mem::take(&mut self.started) {
            return Some(Event::Started);
        }
        if is_up && !self.told_up {
            self.told_up = true;
            return Some(Event::Up);
        }
        None
    }
}
