//! A descriptor by which one thread wakes another.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};

/// Something to wait for, until a thread says that there is something to do.
#[derive(Debug)]
pub struct Waker(OwnedFd);

impl Waker {
    /// Makes one.
    ///
    /// # Errors
    ///
    /// The system has no more descriptors.
    pub fn new() -> io::Result<Self> {
        Ok(Self(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    /// Makes the descriptor readable. Many times before the other thread looks are one time.
    pub fn wake(&self) {
        // It fails when the counter is full: then the other thread is woken already.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Makes the descriptor unreadable again, before the work is looked at.
    pub fn reset(&self) {
        let _ = rustix::io::read(&self.0, &mut [0; 8]);
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Interest, Poller};
    use super::*;

    #[test]
    fn a_thread_is_woken_once_for_many_times() {
        let (waker, mut poller) = (Waker::new().unwrap(), Poller::new().unwrap());
        poller.add(&waker, 1, Interest::Read).unwrap();
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| (0..5).for_each(|_| waker.wake()));
            assert_eq!(poller.wait(Some(Duration::from_secs(10))).unwrap().collect::<Vec<_>>(), [1]);
            thread.join().unwrap();
        });
        waker.reset();
        assert_eq!(poller.wait(Some(Duration::ZERO)).unwrap().count(), 0);
        waker.wake();
        assert_eq!(poller.wait(Some(Duration::ZERO)).unwrap().count(), 1);
    }
}
