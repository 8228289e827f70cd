//! Keys of the chain behind the one in use: each is computed once, for any reason.

use crate::algorithm::KEY_LEN;
use crate::chain::Chain;
use crate::secret::Secret;
use crate::table::Table;

/// A key, and its place in the chain: how many key changes lead to it from the initial session key.
pub(super) struct Link {
    pub(super) index: u64,
    pub(super) key: Secret<KEY_LEN>,
}

/// The result of a walk along the chain.
pub(super) struct Walk {
    /// Where it started.
    pub(super) from: u64,
    /// Where it ended: at the target, or where its budget was spent.
    pub(super) end: Link,
}

/// The keys that are known behind the one in use.
///
/// The key in use changes under it: [`retire`](Self::retire) must be called with each new index.
pub(super) struct Ahead {
    /// The index of the furthest key that is known; `None` when nothing behind the key in use is.
    furthest: Option<u64>,
    /// That key, or zeros. It is not within the option: there, `None` may have bytes of a stack, which no drop wipes.
    key: Secret<KEY_LEN>,
    /// Keys between the one in use and the furthest, at indices that are multiples of `spacing`. Other entries mean
    /// nothing.
    marks: Table<MARKS>,
    spacing: u64,
}

/// With the greatest spacing they cover more than all 4096 counts.
const MARKS: usize = 96;

impl Ahead {
    /// How far apart marks are at most: a walk to a known key takes fewer steps than this.
    pub(super) const MAX_SPACING: u64 = 48;

    /// Marks at multiples of `spacing`, from 1 to [`MAX_SPACING`](Self::MAX_SPACING). Nothing is known.
    pub(super) const fn new(spacing: u64) -> Self {
        Self { furthest: None, key: Secret([0; KEY_LEN]), marks: Table::new(), spacing }
    }

    fn slot(&self, index: u64) -> Option<usize> {
        let slot = index.checked_div(self.spacing)?.checked_rem(u64::try_from(MARKS).ok()?)?;
        usize::try_from(slot).ok()
    }

    /// Returns the last known key behind `current`, and not behind `target`.
    fn nearest(&self, current: u64, target: u64) -> Option<Link> {
        let furthest = self.furthest?;
        debug_assert!(furthest > current, "a key that is not ahead was not retired");
        // The furthest is the nearest that is known.
        if furthest <= target {
            return Some(Link { index: furthest, key: self.key.clone() });
        }
        // Marks lie at multiples of the spacing; the target's own multiple is the last one before
        // it.
        let index = target.wrapping_sub(target.checked_rem(self.spacing)?);
        let key = Secret(*self.marks.get(self.slot(index)?)?);
        (index > current).then_some(Link { index, key })
    }

    /// Takes note that the key at `index` is `key`.
    fn note(&mut self, index: u64, key: &[u8; KEY_LEN]) {
        // Only the frontier writes marks. A walk behind it finds the same keys again.
        if self.furthest.is_some_and(|furthest| index <= furthest) {
            return;
        }
        self.furthest = Some(index);
        self.key.0 = *key;
        if index.checked_rem(self.spacing) == Some(0) {
            if let Some(slot) = self.slot(index) {
                self.marks.put(slot, key);
            }
        }
    }

    /// Walks from the key in use, `current`, or from the last known one before `target`, towards `target`: `steps` key
    /// changes at most. `pass` sees each key on the way, the first included, the last not.
    pub(super) fn walk(
        &mut self,
        chain: &mut Chain,
        current: (u64, &[u8; KEY_LEN]),
        target: u64,
        steps: u64,
        mut pass: impl FnMut(u64, &[u8; KEY_LEN]),
    ) -> Walk {
        let (index, key) = current;
        let mut link = self.nearest(index, target).unwrap_or_else(|| Link { index, key: Secret(*key) });
        let from = link.index;
        // The caller's budget ends the walk: a forged count may be 4095 ahead, and each step is a
        // SHA-1 and an RC4 key schedule.
        let end = target.min(from.saturating_add(steps));
        while link.index < end {
            pass(link.index, &link.key.0);
            link.key.0 = chain.next(&link.key.0);
            link.index = link.index.wrapping_add(1);
            self.note(link.index, &link.key.0);
        }
        Walk { from, end: link }
    }

    /// Retires the keys up to `index`, which is in use now.
    pub(super) fn retire(&mut self, index: u64) {
        if self.furthest.is_some_and(|furthest| furthest <= index) {
            self.furthest = None;
            self.key = Secret([0; KEY_LEN]);
        }
    }
}
