//! The packets that LCP sends besides its negotiation.

use crate::Protocol;
use crate::buffer::Buffer;

/// Packets that are due, the latest of each kind.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// The packet that repeats bytes of the peer, if there is one.
    repeat: Option<Repeat>,
    /// The bytes, while they wait.
    repeated: Buffer<{ Self::MAX_REPEATED }>,
    /// RFC 1570 section 1.1: whether this side has to say who it is.
    pub(super) identification: bool,
    /// RFC 1570 section 1.2: seconds.
    pub(super) time_remaining: Option<u32>,
}

/// An answer that has bytes of what it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// RFC 1661 section 5.8: an Echo-Reply, with the identifier of the request.
    Echo { identifier: u8 },
    /// RFC 1661 section 5.7: a Protocol-Reject.
    ProtocolReject(Protocol),
}

impl Outbox {
    /// The most bytes that are repeated: those of a packet of the default MRU, without header (4) and magic number (4).
    const MAX_REPEATED: usize = 1492;

    pub(super) fn echo(&mut self, identifier: u8, data: &[u8]) {
        // The peer waits for it, and may give up the link: it goes before a Protocol-Reject.
        self.repeat = Some(Repeat::Echo { identifier });
        self.repeated.set(data);
    }

    /// Sends a Protocol-Reject, unless an earlier answer waits, so that a flood keeps this side
    /// idle.
    pub(super) fn reject(&mut self, protocol: Protocol, information: &[u8]) {
        if self.repeat.is_none() {
            self.repeat = Some(Repeat::ProtocolReject(protocol));
            self.repeated.set(information);
        }
    }

    /// Returns what repeats bytes of the peer, and the bytes.
    pub(super) fn repeat(&self) -> Option<(Repeat, &[u8])> {
        self.repeat.map(|repeat| (repeat, self.repeated.as_bytes()))
    }

    pub(super) fn repeated(&mut self) {
        self.repeat = None;
        self.repeated.clear();
    }
}
