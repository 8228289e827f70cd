//! What a path does to TCP segments and GRE packets.

use std::collections::VecDeque;
use std::time::Duration;

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    pub(crate) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap())).unwrap()
    }

    pub(crate) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }

    /// True in so many of a thousand cases.
    pub(crate) fn per_mille(&mut self, chance: u64) -> bool {
        chance != 0 && self.below(1000) < chance
    }

    pub(crate) fn micros(&mut self, limit: Duration) -> Duration {
        Duration::from_micros(self.below(limit.as_micros().try_into().unwrap()))
    }

    pub(crate) fn entropy(&mut self) -> [u8; 32] {
        let mut entropy = [0; 32];
        for part in entropy.chunks_exact_mut(8) {
            part.copy_from_slice(&self.next().to_be_bytes());
        }
        entropy
    }
}

/// What a path is like. Chances are of a thousand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    pub(crate) loss: u64,
    pub(crate) duplication: u64,
    pub(crate) delay: Duration,
    /// GRE packets take up to this much longer, each of its own.
    pub(crate) jitter: Duration,
    /// How many octets a TCP socket takes before it blocks.
    pub(crate) socket: usize,
    /// How many octets a TCP segment has at most.
    pub(crate) segment: u64,
}

impl Profile {
    pub(crate) const CLEAN: Self = Self {
        name: "clean",
        loss: 0,
        duplication: 0,
        delay: Duration::from_millis(5),
        jitter: Duration::ZERO,
        socket: 4096,
        segment: 1460,
    };
    pub(crate) const LOSS: Self = Self { name: "loss 5 %", loss: 50, ..Self::CLEAN };
    /// Two packets of each other's time: every second one overtakes.
    pub(crate) const REORDER: Self =
        Self { name: "reorder", jitter: Duration::from_millis(12), socket: 300, ..Self::CLEAN };
    pub(crate) const DUPLICATE: Self =
        Self { name: "duplicate", duplication: 300, jitter: Duration::from_millis(3), segment: 40, ..Self::CLEAN };
    pub(crate) const ALL: Self = Self {
        name: "all",
        loss: 50,
        duplication: 100,
        jitter: Duration::from_millis(12),
        socket: 200,
        segment: 7,
        ..Self::CLEAN
    };
    pub(crate) const HEAVY: Self = Self {
        name: "heavy",
        loss: 250,
        duplication: 200,
        delay: Duration::from_millis(200),
        jitter: Duration::from_millis(60),
        socket: 100,
        segment: 100,
    };
    pub(crate) const EACH: [Self; 6] =
        [Self::CLEAN, Self::LOSS, Self::REORDER, Self::DUPLICATE, Self::ALL, Self::HEAVY];

    /// Whether every GRE packet arrives.
    pub(crate) const fn is_lossless(&self) -> bool {
        self.loss == 0
    }
}

/// One direction of a TCP connection: a socket that takes only so much, segments on their way, and what has arrived.
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that has happened")]
pub(crate) struct Pipe {
    random: Random,
    socket: usize,
    /// What did not fit into the socket.
    unsent: Vec<u8>,
    segments: VecDeque<(Duration, Option<Vec<u8>>)>,
    in_flight: usize,
    /// Arrived, and not taken yet.
    pub(crate) waiting: Vec<u8>,
    /// The end has arrived, behind all that is waiting.
    has_ended: bool,
    end_was_taken: bool,
    is_closed: bool,
    /// It could not take all, and can now take more.
    pub(crate) was_full: bool,
}

impl Pipe {
    pub(crate) fn new(socket: usize, seed: u64) -> Self {
        Self {
            random: Random(seed),
            socket,
            unsent: Vec::new(),
            segments: VecDeque::new(),
            in_flight: 0,
            waiting: Vec::new(),
            has_ended: false,
            end_was_taken: false,
            is_closed: false,
            was_full: false,
        }
    }

    /// How many messages may be polled: none while an earlier one is not in the socket.
    pub(crate) fn room(&mut self) -> usize {
        let free = self.socket.saturating_sub(self.in_flight);
        if self.is_closed {
            usize::MAX
        } else if self.unsent.is_empty() && free > 0 {
            1
        } else {
            self.was_full = true;
            0
        }
    }

    pub(crate) fn write(&mut self, octets: &[u8]) {
        if !self.is_closed {
            self.unsent.extend_from_slice(octets);
        }
    }

    /// Moves octets into the socket, and on their way. Whether there were any.
    pub(crate) fn pump(&mut self, now: Duration, profile: &Profile) -> bool {
        let mut is_any = false;
        while !self.unsent.is_empty() && self.in_flight < self.socket {
            let free = self.socket - self.in_flight;
            let length = usize::try_from(1 + self.random.below(profile.segment)).unwrap();
            let segment: Vec<u8> = self.unsent.drain(..length.min(free).min(self.unsent.len())).collect();
            self.in_flight += segment.len();
            self.depart(now, profile, Some(segment));
            is_any = true;
        }
        is_any
    }

    fn depart(&mut self, now: Duration, profile: &Profile, segment: Option<Vec<u8>>) {
        let earliest = self.segments.back().map_or(Duration::ZERO, |(at, _)| *at);
        let at = now + profile.delay + self.random.micros(profile.jitter + Duration::from_millis(1));
        self.segments.push_back((at.max(earliest), segment));
    }

    /// The sender closes, once all it wrote is on its way. Whether it did so now.
    pub(crate) fn close(&mut self, now: Duration, profile: &Profile) -> bool {
        if self.is_closed || !self.unsent.is_empty() {
            return false;
        }
        self.is_closed = true;
        self.depart(now, profile, None);
        true
    }

    /// The connection is gone.
    pub(crate) fn cut(&mut self, now: Duration) {
        self.segments.clear();
        self.unsent.clear();
        (self.in_flight, self.is_closed) = (0, true);
        self.segments.push_back((now, None));
    }

    /// Whether anything arrived.
    pub(crate) fn arrive(&mut self, now: Duration) -> bool {
        let mut is_any = false;
        while self.segments.front().is_some_and(|(at, _)| *at <= now) {
            match self.segments.pop_front().unwrap().1 {
                Some(octets) => {
                    self.in_flight -= octets.len();
                    self.waiting.extend(octets);
                }
                None => self.has_ended = true,
            }
            is_any = true;
        }
        is_any
    }

    /// Whether the receiver learns now that the connection has ended.
    pub(crate) fn takes_end(&mut self) -> bool {
        self.has_ended && self.waiting.is_empty() && !std::mem::replace(&mut self.end_was_taken, true)
    }

    pub(crate) fn next(&self) -> Option<Duration> {
        self.segments.front().map(|(at, _)| *at)
    }
}
