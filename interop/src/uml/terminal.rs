//! A serial line of a guest.

use std::fs::{File, OpenOptions};
use std::os::fd::OwnedFd;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// A pseudo-terminal in raw mode: one end is the test's, the other the guest's serial line.
///
/// When the test's end is closed, the guest sees its line hung up.
pub struct Terminal {
    own: File,
    /// While nobody had the other end open, the terminal would be at its end.
    other: File,
    path: String,
}

impl Terminal {
    /// Creates a new one.
    ///
    /// # Panics
    ///
    /// When the system has none.
    #[must_use]
    pub fn new() -> Self {
        let own = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&own).unwrap();
        unlockpt(&own).unwrap();
        let path = ptsname(&own, Vec::new()).unwrap().into_string().unwrap();
        let other = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let mut attributes = tcgetattr(&other).unwrap();
        attributes.make_raw();
        tcsetattr(&other, OptionalActions::Now, &attributes).unwrap();
        Self { own: File::from(own), other, path }
    }

    /// Returns the file of the other end.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the test's end, and the guest's, which is to be kept open beside it.
    #[must_use]
    pub fn into_ends(self) -> (OwnedFd, OwnedFd) {
        (self.own.into(), self.other.into())
    }

    pub(super) fn own(&self) -> &File {
        &self.own
    }
}

impl Default for Terminal {
    fn default() -> Self {
        Self::new()
    }
}
