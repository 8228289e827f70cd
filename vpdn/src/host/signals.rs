//! Signals as something to wait for: each writes a byte into a pipe.

use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::low_level::pipe;

use super::failure::{Failure, status};

/// The reading end of a pipe for some signals.
#[derive(Debug)]
pub struct Signals(UnixStream);

impl Signals {
    /// Hears Ctrl-C and SIGTERM: the end is wanted.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn of_the_end() -> Result<Self, Failure> {
        Self::of(&[SIGINT, SIGTERM])
    }

    /// Hears SIGUSR1: a report is wanted.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn of_reports() -> Result<Self, Failure> {
        Self::of(&[SIGUSR1])
    }

    /// Hears SIGHUP: the configuration is to be read again.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn of_reloads() -> Result<Self, Failure> {
        Self::of(&[SIGHUP])
    }

    fn of(signals: &[i32]) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::of_system("a pipe for signals", &error);
        let (reader, writer) = UnixStream::pair().map_err(failed)?;
        reader.set_nonblocking(true).map_err(failed)?;
        for signal in signals {
            let writer = writer.try_clone().map_err(failed)?;
            pipe::register(*signal, writer).map_err(failed)?;
        }
        Ok(Self(reader))
    }

    /// Returns whether one has come since the last time. `seen` counts them.
    ///
    /// # Errors
    ///
    /// It is the second one: the user does not wait until everybody has hung up.
    pub fn take_end(&self, seen: &mut usize) -> Result<bool, Failure> {
        let count = self.take();
        *seen += count;
        if count > 0 && *seen > 1 {
            return Err(Failure { status: status::INTERRUPTED, text: "quit without hanging up".to_owned() });
        }
        Ok(count > 0)
    }

    /// Returns how many have come since the last time.
    #[must_use]
    pub fn take(&self) -> usize {
        (&self.0).read(&mut [0; 16]).unwrap_or(0)
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
