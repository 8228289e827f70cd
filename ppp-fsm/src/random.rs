//! Unpredictable bytes from the entropy that the caller gave.

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng as _, SeedableRng as _};

/// A generator that turns 32 bytes of entropy into as many as are needed, with ChaCha20.
///
/// It makes the entropy of several machines from that of one, for example of each call of a server. Each draw replaces
/// the key, so bytes drawn earlier cannot be computed from what is kept. The key is wiped on drop (feature `zeroize`).
///
/// The entropy must be unpredictable, and must not be used for anything else. From it come
/// challenges (RFC 1994 section 2.3), the padding of changed passwords, magic numbers and interface
/// identifiers. The last two need only be different on both sides.
///
/// ```
/// use ppp_fsm::Random;
///
/// let mut random = Random::new([7; 32]); // unpredictable bytes
/// assert_ne!(random.entropy(), random.entropy());
/// ```
pub struct Random {
    key: [u8; 32],
}

impl Random {
    /// Returns a generator that starts from 32 unpredictable bytes.
    #[must_use]
    pub const fn new(entropy: [u8; 32]) -> Self {
        Self { key: entropy }
    }

    /// Fills the bytes, and replaces the key.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        let mut generator = ChaCha20Rng::from_seed(self.key);
        // The first bytes are the next key: what was drawn before cannot be drawn again.
        generator.fill_bytes(&mut self.key);
        generator.fill_bytes(bytes);
    }

    /// Draws N bytes.
    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// Draws 32 bytes: entropy for a part of the whole.
    pub fn entropy(&mut self) -> [u8; 32] {
        self.bytes()
    }

    /// Draws a number that is not 0.
    pub(crate) fn magic_number(&mut self) -> u32 {
        u32::from_be_bytes(self.bytes()).max(1)
    }
}

#[cfg(feature = "zeroize")]
impl Drop for Random {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.key);
    }
}

/// Prints no part of the key.
impl core::fmt::Debug for Random {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Random").finish_non_exhaustive()
    }
}
