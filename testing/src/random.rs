//! The generator of every simulation.

use std::time::Duration;

/// Numbers that follow from a seed.
#[derive(Debug, Clone)]
pub struct Random(fastrand::Rng);

impl Random {
    /// Creates the generator of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// Returns any number.
    pub fn number(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// Returns a number below `limit`, or zero if that is zero.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0.u64(..limit.max(1))
    }

    /// Returns a place in something of this length.
    pub fn index(&mut self, length: usize) -> usize {
        self.0.usize(..length.max(1))
    }

    /// Returns one of the choices.
    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }

    /// Returns true in `chance` of a thousand cases.
    pub fn per_mille(&mut self, chance: u64) -> bool {
        chance != 0 && self.below(1000) < chance
    }

    /// Returns true in one of `count` cases.
    pub fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// Returns a time shorter than `limit`, in whole microseconds.
    pub fn micros(&mut self, limit: Duration) -> Duration {
        Duration::from_micros(self.below(limit.as_micros().try_into().unwrap()))
    }

    /// Returns bytes for a constructor that wants entropy.
    pub fn entropy(&mut self) -> [u8; 32] {
        std::array::from_fn(|_| self.0.u8(..))
    }

    /// Returns so many bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.byte()).collect()
    }

    /// Returns some bytes, fewer than `limit`.
    pub fn some_bytes(&mut self, limit: usize) -> Vec<u8> {
        let length = self.index(limit);
        self.bytes(length)
    }

    /// Returns any byte.
    pub fn byte(&mut self) -> u8 {
        self.0.u8(..)
    }
}
