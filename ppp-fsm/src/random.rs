//! Octets from the entropy that the caller gave.

use sha1::{Digest, Sha1};

/// A stream of octets: SHA-1 over the entropy and a counter. Who does not know the entropy cannot predict any of them
/// from the others.
///
/// It makes the entropy of many machines from that of one: of each call of a server, for example.
///
/// ```
/// use ppp_fsm::Random;
///
/// let mut random = Random::new([7; 32]); // unpredictable octets
/// assert_ne!(random.entropy(), random.entropy());
/// ```
#[derive(Clone)]
pub struct Random {
    entropy: [u8; 32],
    counter: u64,
}

impl Random {
    /// A stream from 32 unpredictable octets that are used for nothing else.
    #[must_use]
    pub const fn new(entropy: [u8; 32]) -> Self {
        Self { entropy, counter: 0 }
    }

    /// N octets, at most 20.
    pub(crate) fn octets<const N: usize>(&mut self) -> [u8; N] {
        self.counter = self.counter.wrapping_add(1);
        let digest = Sha1::new().chain_update(self.entropy).chain_update(self.counter.to_be_bytes()).finalize();
        let mut octets = [0; N];
        octets.iter_mut().zip(digest).for_each(|(to, octet)| *to = octet);
        octets
    }

    /// Fills any length.
    #[cfg(feature = "mschap")]
    pub(crate) fn fill(&mut self, octets: &mut [u8]) {
        for chunk in octets.chunks_mut(20) {
            chunk.iter_mut().zip(self.octets::<20>()).for_each(|(to, octet)| *to = octet);
        }
    }

    /// The next 32 octets: entropy for a part of the whole.
    pub fn entropy(&mut self) -> [u8; 32] {
        let (mut entropy, halves) = ([0; 32], [self.octets::<16>(), self.octets()]);
        entropy.iter_mut().zip(halves.as_flattened()).for_each(|(to, octet)| *to = *octet);
        entropy
    }

    /// A number that is not 0.
    pub(crate) fn magic_number(&mut self) -> u32 {
        u32::from_be_bytes(self.octets()).max(1)
    }
}

/// Not the entropy.
impl core::fmt::Debug for Random {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Random").finish_non_exhaustive()
    }
}
