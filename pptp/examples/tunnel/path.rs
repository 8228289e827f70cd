//! What lies between the two ends: TCP that loses nothing, and a path for GRE packets that does.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::world::End;

/// How bad the path is.
#[derive(Clone, Copy)]
pub struct Profile {
    /// How many of 100 GRE packets are lost.
    pub loss: u8,
    /// How long a packet is on its way at least; at most half as long again.
    pub delay: Duration,
}

/// What is on its way.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub enum Load {
    Tcp(Vec<u8>),
    Gre(Vec<u8>),
}

/// The path in both directions.
pub struct Path {
    profile: Profile,
    random: fastrand::Rng,
    /// By the time of arrival, then in the order of sending.
    underway: BinaryHeap<Reverse<(Duration, u64, End, Load)>>,
    sent: u64,
    /// GRE packets and their octets, and how many of them were lost.
    pub packets: u64,
    pub octets: u64,
    pub lost: u64,
}

impl Path {
    pub fn new(profile: Profile, seed: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed);
        Self { profile, random, underway: BinaryHeap::new(), sent: 0, packets: 0, octets: 0, lost: 0 }
    }

    /// Octets of a TCP connection: none is lost, and none overtakes another.
    pub fn send_tcp(&mut self, now: Duration, to: End, octets: &[u8]) {
        self.push(now + self.profile.delay, to, Load::Tcp(octets.to_vec()));
    }

    /// A GRE packet.
    pub fn send_gre(&mut self, now: Duration, to: End, packet: &[u8]) {
        self.packets += 1;
        self.octets += u64::try_from(packet.len()).unwrap_or(0);
        if self.random.u8(0..100) < self.profile.loss {
            self.lost += 1;
            return;
        }
        let jitter = self.profile.delay.mul_f64(self.random.f64() / 2.0);
        self.push(now + self.profile.delay + jitter, to, Load::Gre(packet.to_vec()));
    }

    fn push(&mut self, arrival: Duration, to: End, load: Load) {
        self.sent += 1;
        self.underway.push(Reverse((arrival, self.sent, to, load)));
    }

    /// When the next thing arrives.
    pub fn next_arrival(&self) -> Option<Duration> {
        self.underway.peek().map(|Reverse((arrival, ..))| *arrival)
    }

    /// What has arrived.
    pub fn receive(&mut self, now: Duration) -> Option<(End, Load)> {
        if self.next_arrival()? > now {
            return None;
        }
        self.underway.pop().map(|Reverse((_, _, to, load))| (to, load))
    }
}
