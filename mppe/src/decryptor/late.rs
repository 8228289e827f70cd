//! Stateless mode: keys of packets that may still come late.

use crate::algorithm::KEY_LEN;
use crate::table::Table;

/// The keys of the packets that were passed over, each until it is used or `LATE` packets old.
pub(super) struct LateKeys<const LATE: usize> {
    keys: Table<LATE>,
    waiting: [bool; LATE],
    /// Keys that a walk came past, for the case that the packet is taken.
    passed: Table<LATE>,
}

impl<const LATE: usize> LateKeys<LATE> {
    pub(super) const fn new() -> Self {
        Self { keys: Table::new(), waiting: [false; LATE], passed: Table::new() }
    }

    fn slot(position: u64) -> Option<usize> {
        let late = u64::try_from(LATE).ok()?;
        usize::try_from(position.checked_rem(late)?).ok()
    }

    pub(super) fn waiting(&self, position: u64) -> Option<[u8; KEY_LEN]> {
        let slot = Self::slot(position)?;
        if *self.waiting.get(slot)? { self.keys.get(slot).copied() } else { None }
    }

    /// Forgets the packet of `position`, which has come or cannot come any more.
    pub(super) fn forget(&mut self, position: u64) {
        let Some(slot) = Self::slot(position) else { return };
        if let Some(waiting @ true) = self.waiting.get_mut(slot) {
            *waiting = false;
            self.keys.wipe(slot);
        }
    }

    pub(super) fn pass(&mut self, position: u64, key: &[u8; KEY_LEN]) {
        if let Some(slot) = Self::slot(position) {
            self.passed.put(slot, key);
        }
    }

    /// Keeps the passed key of `position`.
    pub(super) fn keep(&mut self, position: u64) {
        let Some(slot) = Self::slot(position) else { return };
        if let (Some(waiting), Some(passed)) = (self.waiting.get_mut(slot), self.passed.get(slot)) {
            *waiting = true;
            self.keys.put(slot, passed);
        }
    }
}
