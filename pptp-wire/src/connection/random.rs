//! Unpredictable numbers from the entropy that the caller gave.

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng as _, SeedableRng as _};

/// A generator of `ChaCha20`. Each draw replaces the key, so numbers drawn earlier cannot be computed from it.
pub(super) struct Random {
    key: [u8; 32],
}

impl Random {
    pub(super) const fn new(entropy: [u8; 32]) -> Self {
        Self { key: entropy }
    }

    /// Draws `N` bytes.
    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut generator = ChaCha20Rng::from_seed(self.key);
        generator.fill_bytes(&mut self.key);
        let mut bytes = [0; N];
        generator.fill_bytes(&mut bytes);
        bytes
    }
}

#[cfg(feature = "zeroize")]
impl Drop for Random {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.key);
    }
}
