//! The state of a peer for MS-CHAP.

use mschap::{eap, v1, v2};

use super::super::Keys;

/// The state for MS-CHAP.
#[derive(Debug, Default)]
pub(super) struct Microsoft {
    /// The answer that is on its way.
    pub(super) attempt: Option<Attempt>,
    /// The method of EAP, with its own answer.
    pub(super) eap: eap::Peer,
    pub(super) keys: Option<Keys>,
}

impl Microsoft {
    /// Clears each value where it lies, so that it is wiped there.
    pub(super) fn clear(&mut self) {
        self.attempt = None;
        self.eap = eap::Peer::new();
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
