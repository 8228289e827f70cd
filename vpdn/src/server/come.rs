//! The numbers of descriptors for the poller, and which of them have something.

use std::time::Duration;

use crate::host::{Clock, Failure, Poller};

/// The sockets of single places.
pub(super) const LISTENER: u64 = 0;
pub(super) const DATAGRAMS: u64 = 1;
pub(super) const DEVICE: u64 = 2;
pub(super) const SIGNALS: u64 = 3;
pub(super) const CONTROL: u64 = 4;
/// Another thread has changed something.
pub(super) const WAKE: u64 = 5;
/// Ranges: what there can be many of has an id in the low half.
pub(super) const RADIUS: u64 = 1 << 32;
pub(super) const CONNECTIONS: u64 = 2 << 32;
pub(super) const CONTROLS: u64 = 3 << 32;
/// With the bits of an address of ours in the low half.
pub(super) const GRES: u64 = 4 << 32;

/// The descriptors that have something.
pub(super) struct Come {
    numbers: Vec<u64>,
}

impl Come {
    /// Has none.
    pub(super) const fn nothing() -> Self {
        Self { numbers: Vec::new() }
    }

    /// Waits until something has come, until this deadline at most.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(super) fn wait(poller: &mut Poller, clock: Clock, deadline: Option<Duration>) -> Result<Self, Failure> {
        let timeout = deadline.map(|deadline| deadline.saturating_sub(clock.now()));
        let come = poller.wait(timeout).map_err(|error| Failure::of_system("epoll", &error))?;
        Ok(Self { numbers: come.collect() })
    }

    pub(super) fn has(&self, number: u64) -> bool {
        self.numbers.contains(&number)
    }

    /// Returns the ids of a range of numbers.
    pub(super) fn of(&self, first: u64) -> impl Iterator<Item = u64> {
        let range = first..first + (1 << 32);
        self.numbers.iter().filter(move |number| range.contains(number)).map(move |number| number - first)
    }
}
