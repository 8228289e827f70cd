//! Where a link is, and what it keeps there.

use super::{Phase, Reason};

/// RFC 1661 section 3.2: the phase, with what belongs to it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stage {
    Dead,
    Establish {
        /// Why the link is about to end.
        end: Option<Reason>,
    },
    Authenticate,
    Network(Network),
    Terminate {
        /// Why, when LCP does not know.
        end: Option<Reason>,
    },
}

/// How far the network protocols are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    /// IPCP and IPV6CP wait for encryption.
    Held,
    /// They have begun. Whether the peer has answered one of them as if it was closed, since it waits for encryption.
    Started { is_refused: bool },
}

impl Stage {
    pub(super) const fn phase(self) -> Phase {
        match self {
            Self::Dead => Phase::Dead,
            Self::Establish { .. } => Phase::Establish,
            Self::Authenticate => Phase::Authenticate,
            Self::Network(_) => Phase::Network,
            Self::Terminate { .. } => Phase::Terminate,
        }
    }

    /// Returns why the link is about to end, when this side said so.
    pub(super) const fn end(self) -> Option<Reason> {
        match self {
            Self::Establish { end } | Self::Terminate { end } => end,
            Self::Dead | Self::Authenticate | Self::Network(_) => None,
        }
    }
}
