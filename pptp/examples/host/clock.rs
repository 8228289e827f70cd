//! The time, as the sessions want it.

use std::time::{Duration, Instant};

use rustix::event::{PollFd, Timespec, poll};
use rustix::io::Errno;

/// Counts from its start.
#[derive(Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "the crates have no clock, so a program has to have one")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub fn now(&self) -> Duration {
        self.0.elapsed()
    }

    /// Waits until something comes, or until the deadline.
    ///
    /// # Errors
    ///
    /// The system is out of memory.
    pub fn wait(&self, fds: &mut [PollFd<'_>], deadline: Option<Duration>) -> Result<(), Errno> {
        // Rounded up: a moment before the deadline there is nothing to do yet.
        let timeout = deadline.map(|deadline| deadline.saturating_sub(self.now()) + Duration::from_micros(100));
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        match poll(fds, timeout.as_ref()) {
            // A signal: it is read from its pipe.
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
