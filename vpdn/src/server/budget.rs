//! Calls that all shards together may still take.

use std::sync::{Mutex, MutexGuard};

use super::fair::lock;

/// How many calls a shard may take in one turn, while there are many left. That is all that a turn can bring: four of
/// each connection that the poller names at once.
const PORTION: usize = 1024;

/// How many more calls there may be.
pub(super) struct Budget(Mutex<usize>);

/// The part of it that one shard has for one turn.
pub(super) enum Lease<'b> {
    /// Nothing: no connection has anything to read. Packets need no lock then.
    Nothing(&'b Budget),
    /// A portion of many.
    Portion(&'b Budget),
    /// All that is left. The other shards wait for their turns, so that none refuses a call for which there is room.
    Rest(MutexGuard<'b, usize>),
}

impl Budget {
    /// Allows so many calls.
    pub(super) const fn new(calls: usize) -> Self {
        Self(Mutex::new(calls))
    }

    /// Lends a part to a shard, or nothing to one that will not take calls.
    pub(super) fn lend(&self, is_wanted: bool) -> Lease<'_> {
        if !is_wanted {
            return Lease::Nothing(self);
        }
        let mut free = lock(&self.0);
        match free.checked_sub(PORTION) {
            Some(rest) => {
                *free = rest;
                Lease::Portion(self)
            }
            None => Lease::Rest(free),
        }
    }
}

impl Lease<'_> {
    /// Returns how many more calls the shard may take.
    pub(super) fn spare(&self) -> usize {
        match self {
            Self::Nothing(_) => 0,
            Self::Portion(_) => PORTION,
            Self::Rest(free) => **free,
        }
    }

    /// Gives back what was not used: the shard had `before` calls, and has `after` now.
    pub(super) fn settle(self, before: usize, after: usize) {
        let (mut free, spare) = match self {
            Self::Nothing(_) if before == after => return,
            Self::Nothing(budget) => (lock(&budget.0), 0),
            Self::Portion(budget) => (lock(&budget.0), PORTION),
            Self::Rest(free) => (free, 0),
        };
        // A shard takes no more than it was lent.
        *free = (*free + spare + before).saturating_sub(after);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn shards_together_take_as_many_calls_as_there_may_be() {
        const LIMIT: usize = PORTION + 3;
        let (budget, all) = (Budget::new(LIMIT), AtomicUsize::new(0));
        let work = || {
            let mut own = 0;
            // Each asks for more than there is: no call is refused while there is room.
            for _ in 0..LIMIT {
                let lease = budget.lend(true);
                let taken = lease.spare().min(1);
                own += taken;
                lease.settle(own - taken, own);
            }
            all.fetch_add(own, Ordering::Relaxed);
        };
        std::thread::scope(|scope| (0..3).for_each(|_| drop(scope.spawn(work))));
        assert_eq!((all.into_inner(), budget.lend(true).spare()), (LIMIT, 0));
        // Calls that end make room, in a turn without a lease, too.
        budget.lend(true).settle(10, 4);
        let lease = budget.lend(false);
        assert_eq!(lease.spare(), 0);
        lease.settle(4, 3);
        assert_eq!(budget.lend(true).spare(), 7);
    }
}
