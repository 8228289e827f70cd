//! One direction of a stream, such as TCP.

use std::collections::VecDeque;
use std::time::Duration;

use crate::{Profile, Random};

/// Where the receiver is with the end of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Ahead,
    Arrived,
    Taken,
}

/// A socket that takes only so much, segments on their way, and what has arrived.
#[derive(Debug)]
pub struct Pipe {
    random: Random,
    profile: Profile,
    /// Bytes that did not fit into the socket.
    unsent: Vec<u8>,
    /// Segments on their way; `None` is the end of the stream.
    segments: VecDeque<(Duration, Option<Vec<u8>>)>,
    in_flight: usize,
    /// Bytes that have arrived, and that the receiver has not taken yet.
    pub waiting: Vec<u8>,
    end: End,
    is_closed: bool,
    was_full: bool,
}

impl Pipe {
    /// Creates a pipe, which takes segments, socket and delay from the profile.
    #[must_use]
    pub fn new(profile: Profile, seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            profile,
            unsent: Vec::new(),
            segments: VecDeque::new(),
            in_flight: 0,
            waiting: Vec::new(),
            end: End::Ahead,
            is_closed: false,
            was_full: false,
        }
    }

    /// Returns how many messages the sender may write: none while an earlier one is not in the socket.
    pub fn room(&mut self) -> usize {
        let free = self.profile.socket.saturating_sub(self.in_flight);
        if self.is_closed {
            usize::MAX
        } else if self.unsent.is_empty() && free > 0 {
            1
        } else {
            self.was_full = true;
            0
        }
    }

    /// Returns whether the socket refused a message since this was last asked.
    pub fn take_was_full(&mut self) -> bool {
        std::mem::take(&mut self.was_full)
    }

    /// Writes bytes; after the end they are lost.
    pub fn write(&mut self, bytes: &[u8]) {
        if !self.is_closed {
            self.unsent.extend_from_slice(bytes);
        }
    }

    /// Moves bytes into the socket, and on their way. Returns whether there were any.
    pub fn pump(&mut self, now: Duration) -> bool {
        let mut is_any = false;
        while !self.unsent.is_empty() && self.in_flight < self.profile.socket {
            let free = self.profile.socket - self.in_flight;
            let length = usize::try_from(1 + self.random.below(self.profile.segment)).unwrap();
            let segment: Vec<u8> = self.unsent.drain(..length.min(free).min(self.unsent.len())).collect();
            self.in_flight += segment.len();
            self.depart(now, Some(segment));
            is_any = true;
        }
        is_any
    }

    fn depart(&mut self, now: Duration, segment: Option<Vec<u8>>) {
        let earliest = self.segments.back().map_or(Duration::ZERO, |(at, _)| *at);
        // Segments come at times of their own, so that messages arrive in pieces.
        let spread = self.profile.jitter + self.profile.delay / 5;
        let at = now + self.profile.delay + self.random.micros(spread);
        self.segments.push_back((at.max(earliest), segment));
    }

    /// Closes the sender's side, once all it wrote is on its way. Returns whether it did so now.
    pub fn close(&mut self, now: Duration) -> bool {
        if self.is_closed || !self.unsent.is_empty() {
            return false;
        }
        self.is_closed = true;
        self.depart(now, None);
        true
    }

    /// Cuts the stream: what is on its way is lost, and the receiver learns of the end now.
    pub fn cut(&mut self, now: Duration) {
        self.segments.clear();
        self.unsent.clear();
        self.in_flight = 0;
        self.is_closed = true;
        self.segments.push_back((now, None));
    }

    /// Loses everything from now on, and nobody learns of it.
    pub fn go_dead(&mut self) {
        self.segments.clear();
        self.unsent.clear();
        self.in_flight = 0;
        self.is_closed = true;
    }

    /// Moves what has arrived to `waiting`. Returns whether there was anything.
    pub fn arrive(&mut self, now: Duration) -> bool {
        let mut is_any = false;
        while self.next_arrival().is_some_and(|at| at <= now) {
            let Some((_, segment)) = self.segments.pop_front() else { break };
            match segment {
                Some(bytes) => {
                    self.in_flight -= bytes.len();
                    self.waiting.extend(bytes);
                }
                None if self.end == End::Ahead => self.end = End::Arrived,
                None => {}
            }
            is_any = true;
        }
        is_any
    }

    /// Returns true once, when the receiver has taken everything and the end has arrived.
    pub fn takes_end(&mut self) -> bool {
        let takes = self.end == End::Arrived && self.waiting.is_empty();
        if takes {
            self.end = End::Taken;
        }
        takes
    }

    /// Returns when the next segment arrives.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Duration> {
        self.segments.front().map(|(at, _)| *at)
    }
}
