//! Numbers that cannot be guessed, from the entropy that the caller gave.

use core::time::Duration;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};

/// The random numbers of one object. It takes about 350 bytes.
pub(crate) struct Random(ChaCha20Rng);

impl Random {
    pub(crate) fn new(entropy: [u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(entropy))
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    pub(crate) fn non_zero_u16(&mut self) -> u16 {
        loop {
            let number = u16::from_ne_bytes(self.bytes());
            // Id 0 stands for "not assigned yet" (RFC 2661 section 4.4.3).
            if number != 0 {
                return number;
            }
        }
    }

    pub(crate) fn non_zero_u32(&mut self) -> u32 {
        loop {
            let number = self.0.next_u32();
            if number != 0 {
                return number;
            }
        }
    }
}

/// Shows nothing: who knows the state knows all ids to come.
impl core::fmt::Debug for Random {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Random")
    }
}

/// Ids that ended a short while ago, and are not given again yet: packets of the past may still be
/// under way.
#[derive(Debug, Clone)]
pub(crate) struct Resting<const N: usize> {
    ids: [(u32, Duration); N],
    next: usize,
}

impl<const N: usize> Resting<N> {
    /// The time that an id rests.
    pub(crate) const TIME: Duration = Duration::from_secs(60);

    pub(crate) const fn new() -> Self {
        Self { ids: [(0, Duration::ZERO); N], next: 0 }
    }

    /// Rests an id that has ended. If more than `N` end within [`TIME`](Self::TIME), the oldest is
    /// forgotten.
    pub(crate) fn rest(&mut self, now: Duration, id: u32) {
        if let Some(place) = self.ids.get_mut(self.next) {
            *place = (id, now.saturating_add(Self::TIME));
        }
        self.next = self.next.wrapping_add(1).checked_rem(N).unwrap_or(0);
    }

    pub(crate) fn rests(&self, now: Duration, id: u32) -> bool {
        self.ids.iter().any(|(resting, until)| *resting == id && now < *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_from_the_whole_entropy() {
        let first = |entropy| Random::new(entropy).bytes::<16>();
        let mut seen = alloc::collections::BTreeSet::from([first([0; 32])]);
        for byte in 0..32 {
            let mut entropy = [0; 32];
            entropy[byte] = 1;
            seen.insert(first(entropy));
        }
        assert_eq!(seen.len(), 33);
    }

    #[test]
    fn an_id_rests_for_sixty_seconds() {
        let mut resting = Resting::<2>::new();
        resting.rest(Duration::from_secs(1), 7);
        assert!(resting.rests(Duration::from_millis(60_999), 7));
        assert!(!resting.rests(Duration::from_secs(61), 7));
        assert!(!resting.rests(Duration::from_secs(1), 8));
    }
}
