//! What LCP sends besides its negotiation.

use crate::Protocol;
use crate::buffer::Short;

/// Packets that are due, the latest of each kind.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// What repeats bytes of the peer.
    pub(super) repeat: Option<Repeat>,
    /// RFC 1570 section 1.1: whether this side has to say who it is.
    pub(super) identification: bool,
    /// RFC 1570 section 1.2: seconds.
    pub(super) time_remaining: Option<u32>,
}

/// An answer that has bytes of what it answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Repeat {
    pub(super) answer: Answer,
    pub(super) bytes: Short<{ Self::MAX_LEN }>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// RFC 1661 section 5.8: an Echo-Reply, with the identifier of the request.
    Echo { identifier: u8 },
    /// RFC 1661 section 5.7: a Protocol-Reject.
    ProtocolReject(Protocol),
}

impl Repeat {
    /// The most bytes that are repeated: those of a packet of the default MRU, without header (4) and magic number (4).
    pub(super) const MAX_LEN: usize = 1492;
}

impl Outbox {
    pub(super) fn echo(&mut self, identifier: u8, data: &[u8]) {
        // The peer waits for it, and may give up the link: it goes before a Protocol-Reject.
        self.repeat = Some(Repeat { answer: Answer::Echo { identifier }, bytes: Short::new(data) });
    }

    /// Not while an earlier answer waits, so that nobody makes this side busy.
    pub(super) fn reject(&mut self, protocol: Protocol, information: &[u8]) {
        if self.repeat.is_none() {
            self.repeat = Some(Repeat { answer: Answer::ProtocolReject(protocol), bytes: Short::new(information) });
        }
    }
}
