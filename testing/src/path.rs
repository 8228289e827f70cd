//! The path of datagrams between two sides.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::{Profile, Random};

/// A datagram that is on its way, or has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datagram {
    /// The side that gets it.
    pub to: usize,
    /// The bytes in it.
    pub bytes: Vec<u8>,
    /// The number that its sender gave it; the receiver under test does not look at it.
    pub mark: Option<u32>,
}

/// The traffic of one side.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// Datagrams that were sent.
    pub datagrams: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Datagrams of which no copy arrives.
    pub lost: u64,
}

/// A path in both directions. Its behaviour follows from its profiles and its seed.
#[derive(Debug)]
pub struct Path {
    /// By sender.
    pub profiles: [Profile; 2],
    /// By sender.
    pub traffic: [Traffic; 2],
    random: Random,
    /// By the time of arrival, then in the order of sending.
    flying: BTreeMap<(Duration, u64), Datagram>,
    count: u64,
    /// When the last datagram of each sender arrives: without jitter none overtakes.
    last: [Duration; 2],
    /// When the line of each sender is free again, with a rate.
    free: [Duration; 2],
}

impl Path {
    /// Creates a path that is the same in both directions.
    #[must_use]
    pub fn new(profile: Profile, seed: u64) -> Self {
        Self {
            profiles: [profile; 2],
            traffic: [Traffic::default(); 2],
            random: Random::new(seed),
            flying: BTreeMap::new(),
            count: 0,
            last: [Duration::ZERO; 2],
            free: [Duration::ZERO; 2],
        }
    }

    /// Sends a datagram on its way.
    pub fn send(&mut self, now: Duration, from: usize, bytes: &[u8], mark: Option<u32>) {
        let profile = self.profiles[from];
        let length = u64::try_from(bytes.len()).unwrap();
        self.traffic[from].datagrams += 1;
        self.traffic[from].bytes += length;
        let departure = self.departure(now, from, length);
        let copies = 1 + u64::from(self.random.per_mille(profile.duplication));
        let mut arrivals = 0;
        for _ in 0..copies {
            if self.random.per_mille(profile.loss) {
                continue;
            }
            arrivals += 1;
            let mut at = departure + profile.delay + self.random.micros(profile.jitter);
            if profile.jitter.is_zero() {
                at = at.max(self.last[from]);
                self.last[from] = at;
            }
            let mut bytes = bytes.to_vec();
            if self.random.per_mille(profile.corruption) && !bytes.is_empty() {
                let place = self.random.index(bytes.len());
                bytes[place] ^= 1 << self.random.below(8);
            }
            self.count += 1;
            self.flying.insert((at, self.count), Datagram { to: 1 - from, bytes, mark });
        }
        self.traffic[from].lost += u64::from(arrivals == 0);
    }

    /// Returns when the last byte has left the sender.
    fn departure(&mut self, now: Duration, from: usize, length: u64) -> Duration {
        let Some(rate) = self.profiles[from].rate else { return now };
        let nanos = length.saturating_mul(1_000_000_000).checked_div(rate).unwrap_or(0);
        self.free[from] = self.free[from].max(now) + Duration::from_nanos(nanos);
        self.free[from]
    }

    /// Returns when the next datagram arrives.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Duration> {
        self.flying.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes a datagram that has arrived.
    pub fn receive(&mut self, now: Duration) -> Option<Datagram> {
        self.next_arrival().filter(|at| *at <= now)?;
        self.flying.pop_first().map(|(_, datagram)| datagram)
    }

    /// Returns what both sides have sent.
    #[must_use]
    pub fn total(&self) -> Traffic {
        let [one, other] = self.traffic;
        Traffic {
            datagrams: one.datagrams + other.datagrams,
            bytes: one.bytes + other.bytes,
            lost: one.lost + other.lost,
        }
    }

    /// Ends all faults; the delay stays.
    pub fn heal(&mut self) {
        self.profiles = self.profiles.map(Profile::healed);
    }

    /// Cuts the path: everything on its way, and everything sent later, is lost.
    pub fn cut(&mut self) {
        self.flying.clear();
        self.profiles = self.profiles.map(|profile| Profile { loss: 1000, ..profile });
    }
}
