//! The request of this side that is on the way.

/// RFC 1661 section 5.1: what the peer was asked, and whether it still has to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    /// Nothing waits for an answer. The next request gets another identifier.
    None,
    /// A Configure-Request. Copies of it have the same identifier, so that a late answer fits.
    Configure { identifier: u8, is_due: bool },
    /// A Terminate-Request. Each has an identifier of its own.
    Terminate { identifier: u8, is_due: bool },
}

impl Request {
    /// Settles the request, which was sent.
    pub(super) const fn settle(&mut self) {
        match self {
            Self::Configure { is_due, .. } | Self::Terminate { is_due, .. } => *is_due = false,
            Self::None => {}
        }
    }

    /// Returns whether an answer with this identifier is one to the Configure-Request.
    pub(super) const fn is_answered_by(self, answer: u8) -> bool {
        matches!(self, Self::Configure { identifier, .. } if identifier == answer)
    }
}
