//! The TCP connection, without ever waiting for it.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::event::PollFlags;

/// Octets that are read at once.
const READ: usize = 4096;

/// A TCP connection, and what it has not taken yet.
pub struct Control {
    tcp: TcpStream,
    unsent: Vec<u8>,
    /// What was read, and of it what the session has not taken.
    buf: Box<[u8; READ]>,
    unread: std::ops::Range<usize>,
    has_ended: bool,
}

impl Control {
    /// Takes over a connection.
    ///
    /// # Errors
    ///
    /// It cannot be made non-blocking.
    pub fn new(tcp: TcpStream) -> std::io::Result<Self> {
        tcp.set_nonblocking(true)?;
        tcp.set_nodelay(true)?;
        Ok(Self { tcp, unsent: Vec::new(), buf: Box::new([0; READ]), unread: 0..0, has_ended: false })
    }

    /// Whether all was sent: then there is room for more.
    pub fn has_room(&self) -> bool {
        self.unsent.is_empty()
    }

    /// What to wait for.
    pub fn interest(&self) -> PollFlags {
        let mut flags = PollFlags::empty();
        if !self.has_ended && self.unread.is_empty() {
            flags |= PollFlags::IN;
        }
        if !self.has_room() {
            flags |= PollFlags::OUT;
        }
        flags
    }

    /// Sends octets, and keeps what does not go now.
    pub fn send(&mut self, octets: &[u8]) {
        self.unsent.extend_from_slice(octets);
        self.flush();
    }

    /// Sends what was kept.
    pub fn flush(&mut self) {
        while !self.unsent.is_empty() {
            match self.tcp.write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // Reading will tell that it is over.
                Err(_) => self.unsent.clear(),
            }
        }
    }

    /// Reads once. Whether the connection has ended.
    pub fn read(&mut self) -> bool {
        if self.has_ended || !self.unread.is_empty() {
            return false;
        }
        match self.tcp.read(&mut *self.buf) {
            Ok(length @ 1..) => {
                self.unread = 0..length;
                false
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => false,
            Ok(0) | Err(_) => {
                self.has_ended = true;
                true
            }
        }
    }

    /// Gives what was read to `take`, which says how much it has taken. Whether it took anything.
    pub fn give(&mut self, take: impl FnOnce(&[u8]) -> usize) -> bool {
        let octets = self.buf.get(self.unread.clone()).unwrap_or_default();
        if octets.is_empty() {
            return false;
        }
        let taken = take(octets).min(octets.len());
        self.unread.start += taken;
        taken > 0
    }

    /// Sends what there is room for, and closes.
    pub fn finish(mut self) {
        self.flush();
        // The peer may be gone.
        let _ = self.tcp.shutdown(Shutdown::Write);
    }
}

impl AsFd for Control {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.tcp.as_fd()
    }
}
