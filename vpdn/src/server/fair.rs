//! A lock that threads get by turns.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A value for one thread at a time.
///
/// A thread of a busy shard lets its lock go for the moment of one system call, and takes it again. With a
/// [`Mutex`] alone it would nearly always be faster than a thread that has to wake up first. Here the one
/// that waits has `next`, and the busy one has to wait for that.
pub(super) struct Fair<T> {
    next: Mutex<()>,
    value: Mutex<T>,
}

impl<T> Fair<T> {
    pub(super) const fn new(value: T) -> Self {
        Self { next: Mutex::new(()), value: Mutex::new(value) }
    }

    /// Waits until no other thread has it.
    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        let next = lock(&self.next);
        let value = lock(&self.value);
        drop(next);
        value
    }
}

/// Locks, also after a thread has panicked: the main thread sees that, and ends the program.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    /// With a plain mutex, the busy thread has hundreds of turns before the other one has its first.
    #[test]
    fn a_busy_thread_lets_others_have_their_turns() {
        let (fair, is_over, turns) = (Fair::new(()), AtomicBool::new(false), AtomicU32::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let _guard = fair.lock();
                    turns.fetch_add(1, Ordering::Relaxed);
                    std::thread::park_timeout(Duration::from_millis(1));
                }
            });
            while turns.load(Ordering::Relaxed) == 0 {
                std::thread::yield_now();
            }
            let before = turns.load(Ordering::Relaxed);
            for _ in 0..20 {
                drop(fair.lock());
            }
            let between = turns.load(Ordering::Relaxed) - before;
            is_over.store(true, Ordering::Relaxed);
            assert!(between <= 60, "{between} turns of the other thread for 20 of ours");
        });
    }
}
