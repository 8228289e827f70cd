//! How a tunnel or a session ended.

use std::fmt;

use pptp::inspect::Direction;

/// How many bytes of a reason are kept.
const MAX_REASON: usize = 200;

/// RFC 2661 section 4.4.2: how a tunnel or a session ended, as the end said that sent StopCCN or CDN.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct End {
    /// The way of the message: from the end that asked for the tunnel, or to it.
    pub direction: Direction,
    /// Result, error and text, at most 200 bytes of them.
    pub reason: String,
}

impl End {
    pub(super) fn new(direction: Direction, reason: &str) -> Self {
        let cut = (0..=MAX_REASON.min(reason.len())).rev().find(|at| reason.is_char_boundary(*at));
        Self { direction, reason: reason.get(..cut.unwrap_or(0)).unwrap_or_default().to_owned() }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.direction {
            Direction::ToServer => "initiator",
            Direction::ToClient => "responder",
        };
        write!(f, "by the {by}: {}", self.reason)
    }
}
