//! Stateless mode: keys of packets that are late, and of packets that are far ahead.

use super::ahead::Walk;
use super::state::{Decryptor, Kind, Plan};
use crate::count::CoherencyCount;
use crate::error::DecryptError;
use crate::header::{Flags, Header};
use crate::protocol::Proof;
use crate::secret::Secret;

/// The least budget, but for the late keys. It is more than the keys between two marks.
const LEAST_BUDGET: u64 = 64;

impl<const LATE: usize> Decryptor<LATE> {
    pub(super) fn plan_stateless(&mut self, header: Header, data: &[u8], judged: bool) -> Result<Plan, DecryptError> {
        let count = header.count;
        if !header.flags.contains(Flags::FLUSHED) {
            // RFC 3078 section 3.1: "this bit MUST be set on every encrypted packet".
            return Err(DecryptError::NotFlushed);
        }
        let distance = count.since(self.count());
        if distance == 0 {
            return self.plan_expected(count, data, judged);
        }
        let back = u64::from(CoherencyCount::SPACE.wrapping_sub(distance));
        let is_near = usize::try_from(back).is_ok_and(|back| back <= LATE);
        // No packet is before the first one: such a count can only be ahead.
        if let Some(position) = self.position.checked_sub(back).filter(|_| is_near) {
            let mut refusal = DecryptError::Repeated { count };
            if let Some(key) = self.late.waiting(position) {
                let head = self.chain.key(&key);
                if !judged || self.is_plausible(&head, data, Proof::Unexpected) {
                    return Ok(Plan { head, position, kind: Kind::Late });
                }
                // The key stays for the genuine packet of this count.
                refusal = DecryptError::Implausible { count };
            }
            // While catching up with a long loss, a count that seems to be late may be far ahead.
            if !self.is_catching_up {
                return Err(refusal);
            }
        }
        self.plan_ahead(self.position.saturating_add(distance.into()), count, data, judged)
    }

    fn plan_expected(&mut self, count: CoherencyCount, data: &[u8], judged: bool) -> Result<Plan, DecryptError> {
        let (head, next) = self.chain.open(&self.key.0);
        if judged && !self.is_plausible(&head, data, Proof::Expected) {
            // Nothing has moved: key and count wait for the genuine packet.
            return Err(DecryptError::Implausible { count });
        }
        self.candidate.0 = next;
        Ok(Plan { head, position: self.position, kind: Kind::Expected })
    }

    /// Returns a packet that is ahead: its key is found by no more key changes than the budget.
    /// When that does not reach, what is known ahead has grown by the budget.
    fn plan_ahead(
        &mut self,
        target: u64,
        count: CoherencyCount,
        data: &[u8],
        judged: bool,
    ) -> Result<Plan, DecryptError> {
        // A packet that is taken may cost all the late keys before it, from the mark before them on.
        let least = Self::late_keys().saturating_add(LEAST_BUDGET);
        let budget = u64::from(self.config.key_change_budget()).max(least);
        let Self { ahead, chain, late, .. } = self;
        let current = (self.position, &self.key.0);
        let Walk { from, end } = ahead.walk(chain, current, target, budget, |at, key| late.pass(at, key));
        if end.index < target {
            // The keys that were computed stay known, so the next packet starts from there. A
            // genuine peer is caught up with after a few packets, whatever was forged.
            self.is_catching_up = true;
            let ahead = u16::try_from(target.saturating_sub(end.index)).unwrap_or(u16::MAX);
            return Err(DecryptError::CatchingUp { count, ahead });
        }
        let (head, next) = self.chain.open(&end.key.0);
        if judged && !self.is_plausible(&head, data, Proof::Unexpected) {
            return Err(DecryptError::Implausible { count });
        }
        self.candidate.0 = next;
        Ok(Plan { head, position: target, kind: Kind::Ahead { passed_from: from } })
    }

    const fn late_keys() -> u64 {
        #[expect(clippy::as_conversions, reason = "`u64::try_from` is not const; at most 2048")]
        let late = LATE as u64;
        late
    }

    /// Takes the packet of `position`, which is ahead, and keeps the late keys before it. Those
    /// from `passed_from` on were passed by the walk to it.
    pub(super) fn commit_ahead(&mut self, position: u64, passed_from: u64) {
        let missed = position.saturating_sub(self.position);
        self.statistics.rx_missed_packets = self.statistics.rx_missed_packets.wrapping_add(missed);
        // Only as many late keys as there is room for.
        let first = self.position.max(position.saturating_sub(Self::late_keys()));
        if first < passed_from {
            let Self { ahead, chain, late, .. } = self;
            let start = ahead.walk(chain, (self.position, &self.key.0), first, u64::MAX, |_, _| {}).end;
            let mut key = start.key;
            for at in first..passed_from.min(position) {
                late.pass(at, &key.0);
                key = Secret(chain.next(&key.0));
            }
        }
        for passed in first..position {
            self.late.keep(passed);
        }
        self.commit_expected(position);
    }

    pub(super) fn commit_expected(&mut self, position: u64) {
        self.late.forget(position);
        self.position = position.saturating_add(1);
        self.key.0 = self.candidate.0;
        self.ahead.retire(self.position);
        self.is_catching_up = false;
    }
}
