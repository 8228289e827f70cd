//! Stateless mode: keys of packets that are late, and of packets that are far ahead.

use super::{Decryptor, Kind, Plan};
use crate::error::DecryptError;
use crate::header::{CoherencyCount, Flags, Header};
use crate::key::KEY_LEN;
use crate::protocol::Proof;
use crate::secret::{Secret, wipe};

/// The keys of the packets that were passed over, each until it is used or `LATE` packets old.
pub(super) struct LateKeys<const LATE: usize> {
    keys: [[u8; KEY_LEN]; LATE],
    waiting: [bool; LATE],
    /// Keys that the last walk came past, for the case that it is taken.
    passed: [[u8; KEY_LEN]; LATE],
    /// The first position of that walk.
    passed_from: u64,
}

/// How far the keys of later packets have been computed.
pub(super) struct Ahead {
    /// The furthest position whose key is known. It may have been overtaken.
    position: u64,
    key: Secret<KEY_LEN>,
    /// Keys of the positions between the expected packet and `position` that are multiples of [`SPACING`].
    marks: [[u8; KEY_LEN]; MARKS],
    /// A packet was too far ahead since the last one that was taken.
    behind: bool,
}

/// Positions from one mark to the next, a power of two.
const SPACING: u64 = 64;
/// As many marks as cover all counts.
const MARKS: usize = 64;

impl<const LATE: usize> LateKeys<LATE> {
    pub(super) const fn new() -> Self {
        Self { keys: [[0; KEY_LEN]; LATE], waiting: [false; LATE], passed: [[0; KEY_LEN]; LATE], passed_from: 0 }
    }

    fn slot(position: u64) -> Option<usize> {
        let late = u64::try_from(LATE).ok()?;
        usize::try_from(position.checked_rem(late)?).ok()
    }

    fn waiting(&self, position: u64) -> Option<[u8; KEY_LEN]> {
        let slot = Self::slot(position)?;
        if *self.waiting.get(slot)? { self.keys.get(slot).copied() } else { None }
    }

    /// The packet of `position` has come, or cannot come any more.
    pub(super) fn forget(&mut self, position: u64) {
        if let Some(waiting) = Self::slot(position).and_then(|slot| self.waiting.get_mut(slot)) {
            *waiting = false;
        }
    }

    fn pass(&mut self, position: u64, key: &[u8; KEY_LEN]) {
        if let Some(passed) = Self::slot(position).and_then(|slot| self.passed.get_mut(slot)) {
            *passed = *key;
        }
    }

    /// Keeps the passed key of `position`, if there is one.
    fn keep(&mut self, position: u64) {
        let known = position >= self.passed_from;
        let Some(slot) = Self::slot(position) else { return };
        if let (Some(waiting), Some(key), Some(passed)) =
            (self.waiting.get_mut(slot), self.keys.get_mut(slot), self.passed.get(slot))
        {
            *waiting = known;
            *key = *passed;
        }
    }
}

impl<const LATE: usize> Drop for LateKeys<LATE> {
    fn drop(&mut self) {
        self.keys.iter_mut().chain(&mut self.passed).for_each(wipe);
    }
}

impl Ahead {
    pub(super) const fn new() -> Self {
        Self { position: 0, key: Secret([0; KEY_LEN]), marks: [[0; KEY_LEN]; MARKS], behind: false }
    }

    fn mark(position: u64) -> Option<usize> {
        let mark = position.checked_div(SPACING)?.checked_rem(u64::try_from(MARKS).ok()?)?;
        usize::try_from(mark).ok()
    }

    /// The key of the last mark at or before `position`.
    fn before(&self, position: u64) -> Option<(u64, [u8; KEY_LEN])> {
        let at = position.wrapping_sub(position.checked_rem(SPACING)?);
        self.marks.get(Self::mark(at)?).map(|key| (at, *key))
    }

    /// Takes note that the key of `position` is `key`.
    fn note(&mut self, position: u64, key: &[u8; KEY_LEN]) {
        if position <= self.position {
            return;
        }
        self.position = position;
        self.key.0 = *key;
        if position & SPACING.wrapping_sub(1) == 0 {
            if let Some(mark) = Self::mark(position).and_then(|mark| self.marks.get_mut(mark)) {
                *mark = *key;
            }
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.marks.iter_mut().for_each(wipe);
    }
}

impl<const LATE: usize> Decryptor<LATE> {
    pub(super) fn plan_stateless(&mut self, header: Header, data: &[u8], judged: bool) -> Result<Plan, DecryptError> {
        let count = header.count;
        if !header.flags.contains(Flags::FLUSHED) {
            return Err(DecryptError::NotFlushed);
        }
        let distance = count.since(self.count());
        if distance == 0 {
            return self.plan_forward(self.position, None, count, data, judged);
        }
        let back = u64::from(CoherencyCount::SPACE.wrapping_sub(distance));
        if usize::try_from(back).is_ok_and(|back| back <= LATE) {
            let mut refusal = DecryptError::Repeated { count };
            let position = self.position.checked_sub(back);
            if let Some((position, key)) = position.and_then(|at| Some((at, self.late.waiting(at)?))) {
                let head = self.chain.key(&key);
                if !judged || self.is_plausible(&head, data, Proof::Unexpected) {
                    return Ok(Plan { head, position, kind: Kind::Late });
                }
                refusal = DecryptError::Implausible { count };
            }
            // While catching up with a long loss, a count that seems to be late may be far ahead.
            if !self.ahead.behind {
                return Err(refusal);
            }
        }
        let position = self.position.saturating_add(distance.into());
        let key = self.walk(position, count)?;
        self.plan_forward(position, Some(key), count, data, judged)
    }

    fn plan_forward(
        &mut self,
        position: u64,
        key: Option<[u8; KEY_LEN]>,
        count: CoherencyCount,
        data: &[u8],
        judged: bool,
    ) -> Result<Plan, DecryptError> {
        let proof = if key.is_none() { Proof::Expected } else { Proof::Unexpected };
        let (head, next) = self.chain.open(&key.unwrap_or(self.key.0));
        if judged && !self.is_plausible(&head, data, proof) {
            return Err(DecryptError::Implausible { count });
        }
        self.candidate.0 = next;
        Ok(Plan { head, position, kind: Kind::Forward })
    }

    /// The key of `target`, which is ahead, by no more key changes than the budget. When that does not reach, what is
    /// known ahead has grown by the budget.
    fn walk(&mut self, target: u64, count: CoherencyCount) -> Result<[u8; KEY_LEN], DecryptError> {
        let late = u64::try_from(LATE).unwrap_or(0);
        // From a mark past all late keys that will be wanted, to the target.
        let budget = u64::from(self.config.key_change_budget()).max(late.saturating_add(SPACING));
        if self.ahead.position < self.position {
            self.ahead.position = self.position;
            self.ahead.key.0 = self.key.0;
        }
        // The best start has all the late keys on its way.
        let wanted = target.saturating_sub(late).clamp(self.position, self.ahead.position);
        let (mut position, mut key) =
            self.ahead.before(wanted).filter(|(at, _)| *at > self.position).unwrap_or((self.position, self.key.0));
        if target.saturating_sub(position) > budget {
            (position, key) = (self.ahead.position, self.ahead.key.0);
        }
        let end = target.min(position.saturating_add(budget));
        self.late.passed_from = position;
        while position < end {
            self.late.pass(position, &key);
            key = self.chain.next(&key);
            position = position.saturating_add(1);
            self.ahead.note(position, &key);
        }
        if end < target {
            self.ahead.behind = true;
            let ahead = u16::try_from(target.saturating_sub(end)).unwrap_or(u16::MAX);
            return Err(DecryptError::CatchingUp { count, ahead });
        }
        Ok(key)
    }

    pub(super) fn commit_forward(&mut self, position: u64) {
        let late = u64::try_from(LATE).unwrap_or(0);
        let missed = position.saturating_sub(self.position);
        self.statistics.rx_missed_packets = self.statistics.rx_missed_packets.wrapping_add(missed);
        for passed in self.position.max(position.saturating_sub(late))..position {
            self.late.keep(passed);
        }
        self.late.forget(position);
        self.position = position.saturating_add(1);
        self.key.0 = self.candidate.0;
        self.ahead.behind = false;
    }
}
