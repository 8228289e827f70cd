//! The ids of a tunnel.

use crate::random::Random;

/// The ids by which a peer is to call a tunnel: RFC 2661 section 4.4.3, RFC 3931 section 5.4.3.
///
/// A tunnel has one of each until it is known which version the peer speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TunnelIds {
    /// Of version 2.
    pub v2: u16,
    /// Of version 3.
    pub v3: u32,
}

impl TunnelIds {
    /// Draws ids for the only tunnel on a socket. `entropy` must be random and not be used twice.
    #[must_use]
    pub fn new(entropy: [u8; 32]) -> Self {
        let mut random = Random::new(entropy);
        Self { v2: random.non_zero_u16(), v3: random.non_zero_u32() }
    }
}
