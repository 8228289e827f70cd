//! The state of a peer for MS-CHAP.

use mschap::{v1, v2};

use super::super::Keys;

/// The state for MS-CHAP.
#[derive(Debug, Default)]
pub(super) struct Microsoft {
    /// The answer that is on its way.
    pub(super) attempt: Option<Attempt>,
    pub(super) keys: Option<Keys>,
}

impl Microsoft {
    /// Clears each value where it lies, so that it is wiped there.
    pub(super) fn clear(&mut self) {
        self.attempt = None;
        self.keys = None;
    }
}

/// The state between a Response and its answer.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) proof: Proof,
    pub(super) keys: Keys,
}

#[derive(Debug)]
pub(super) enum Proof {
    V1(v1::Peer),
    V2(v2::Peer),
}
