//! The numbers of descriptors for the poller, and which of them have something.

/// The sockets of single places.
pub(super) const LISTENER: u64 = 0;
pub(super) const DATAGRAMS: u64 = 1;
pub(super) const DEVICE: u64 = 2;
pub(super) const SIGNALS: u64 = 3;
pub(super) const CONTROL: u64 = 4;
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
    pub(super) fn new(numbers: impl Iterator<Item = u64>) -> Self {
        Self { numbers: numbers.collect() }
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
