//! Descriptors to wait for: epoll, so that those with nothing to say cost nothing.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll;
use rustix::io::Errno;

/// How many descriptors are heard of at once.
const MAX_EVENTS: usize = 256;

/// The events to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interest {
    /// The end alone.
    Nothing,
    /// Something to read.
    Read,
    /// Room to write.
    Write,
    /// Both.
    ReadWrite,
}

impl Interest {
    fn flags(self) -> epoll::EventFlags {
        match self {
            Self::Nothing => epoll::EventFlags::empty(),
            Self::Read => epoll::EventFlags::IN,
            Self::Write => epoll::EventFlags::OUT,
            Self::ReadWrite => epoll::EventFlags::IN | epoll::EventFlags::OUT,
        }
    }
}

thread_local! {
    // They have pointers in them, so they stay in their thread, while a set goes from one to another.
    static EVENTS: RefCell<Vec<epoll::Event>> = RefCell::new(Vec::with_capacity(MAX_EVENTS));
}

/// A set of descriptors, each with a number that the caller picks. One that is closed leaves it.
pub struct Poller {
    epoll: OwnedFd,
    /// The numbers of those with something, of the last time.
    ready: Vec<u64>,
}

impl Poller {
    /// Makes an empty one.
    ///
    /// # Errors
    ///
    /// The system has no more descriptors.
    pub fn new() -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        Ok(Self { epoll, ready: Vec::new() })
    }

    /// Returns another handle of the same set: one thread can wait while others add descriptors.
    ///
    /// # Errors
    ///
    /// The system has no more descriptors.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { epoll: self.epoll.try_clone()?, ready: Vec::new() })
    }

    /// Adds a descriptor.
    ///
    /// # Errors
    ///
    /// It is there already, or the system has no more memory.
    pub fn add(&self, fd: impl AsFd, number: u64, interest: Interest) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, fd, epoll::EventData::new_u64(number), interest.flags())?)
    }

    /// Changes what is waited for.
    ///
    /// # Errors
    ///
    /// The descriptor is not there.
    pub fn modify(&self, fd: impl AsFd, number: u64, interest: Interest) -> io::Result<()> {
        Ok(epoll::modify(&self.epoll, fd, epoll::EventData::new_u64(number), interest.flags())?)
    }

    /// Waits until something comes, for `timeout` at most, and returns the numbers of the descriptors with something.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<impl Iterator<Item = u64>> {
        // Rounded up: a moment before the deadline there is nothing to do yet.
        let timeout = timeout.map(|timeout| timeout.saturating_add(Duration::from_micros(100)));
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        let Self { epoll, ready } = self;
        ready.clear();
        EVENTS.with_borrow_mut(|events| {
            events.clear();
            match epoll::wait(&*epoll, spare_capacity(events), timeout.as_ref()) {
                // A signal is read from its pipe.
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
            ready.extend(events.iter().map(|event| event.data.u64()));
            Ok(())
        })?;
        Ok(ready.iter().copied())
    }
}

impl std::fmt::Debug for Poller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poller").field("epoll", &self.epoll).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn ready_sources_are_named() {
        let mut poller = Poller::new().unwrap();
        let (one, mut other) = UnixStream::pair().unwrap();
        poller.add(&one, 7, Interest::Read).unwrap();
        let ready = |poller: &mut Poller| poller.wait(Some(Duration::ZERO)).unwrap().collect::<Vec<_>>();
        assert!(ready(&mut poller).is_empty());
        other.write_all(b"x").unwrap();
        assert_eq!(ready(&mut poller), [7]);
        poller.modify(&one, 7, Interest::Nothing).unwrap();
        assert!(ready(&mut poller).is_empty());
        poller.modify(&one, 8, Interest::Write).unwrap();
        assert_eq!(ready(&mut poller), [8]);
        drop(one);
        assert!(ready(&mut poller).is_empty());
        // A descriptor that another handle adds is waited for here.
        let (one, mut other) = UnixStream::pair().unwrap();
        poller.try_clone().unwrap().add(&one, 9, Interest::Read).unwrap();
        other.write_all(b"x").unwrap();
        assert_eq!(ready(&mut poller), [9]);
    }
}
