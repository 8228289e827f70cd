//! The faults of a path and of a stream.

use std::time::Duration;

/// The properties of a path. Chances are of a thousand.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// A name for messages of tests.
    pub name: &'static str,
    /// How many datagrams are lost.
    pub loss: u64,
    /// How many datagrams arrive twice.
    pub duplication: u64,
    /// How many datagrams have one bit changed.
    pub corruption: u64,
    /// How long each is on its way at least.
    pub delay: Duration,
    /// How much longer each datagram may take. Without it none overtakes another.
    pub jitter: Duration,
    /// Bytes a second; `None` is no limit.
    pub rate: Option<u64>,
    /// How many bytes a stream's socket takes before it blocks.
    pub socket: usize,
    /// How many bytes a segment of a stream has at most.
    pub segment: u64,
}

impl Profile {
    /// Everything arrives at once.
    pub const DIRECT: Self = Self { name: "direct", delay: Duration::ZERO, socket: 1 << 20, ..Self::CLEAN };
    /// Everything arrives, in order.
    pub const CLEAN: Self = Self {
        name: "clean",
        loss: 0,
        duplication: 0,
        corruption: 0,
        delay: Duration::from_millis(5),
        jitter: Duration::ZERO,
        rate: None,
        socket: 4096,
        segment: 1460,
    };
    /// One of twenty is lost.
    pub const LOSS: Self = Self { name: "loss 5 %", loss: 50, ..Self::CLEAN };
    /// Of two that follow each other closely, the second often overtakes.
    pub const REORDER: Self = Self { name: "reorder", jitter: Duration::from_millis(12), socket: 300, ..Self::CLEAN };
    /// Three of ten arrive twice.
    pub const DUPLICATE: Self =
        Self { name: "duplicate", duplication: 300, jitter: Duration::from_millis(3), segment: 40, ..Self::CLEAN };
    /// Loss, duplication and reordering at once.
    pub const ALL: Self = Self {
        name: "all",
        loss: 50,
        duplication: 100,
        jitter: Duration::from_millis(12),
        socket: 200,
        segment: 7,
        ..Self::CLEAN
    };
    /// A quarter is lost, far away.
    pub const HEAVY: Self = Self {
        name: "heavy",
        loss: 250,
        duplication: 200,
        delay: Duration::from_millis(200),
        jitter: Duration::from_millis(60),
        socket: 100,
        segment: 100,
        ..Self::CLEAN
    };
    /// Those that sessions are tried with.
    pub const EACH: [Self; 6] = [Self::CLEAN, Self::LOSS, Self::REORDER, Self::DUPLICATE, Self::ALL, Self::HEAVY];

    /// Returns whether every datagram arrives.
    #[must_use]
    pub const fn is_lossless(&self) -> bool {
        self.loss == 0
    }

    /// Returns the same path without its faults.
    #[must_use]
    pub const fn healed(self) -> Self {
        Self { loss: 0, duplication: 0, corruption: 0, jitter: Duration::ZERO, ..self }
    }
}
