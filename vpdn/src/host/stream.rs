//! A TCP connection, without ever waiting for it.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};

use super::poller::Interest;

/// Bytes that are read at once.
const READ: usize = 4096;

/// A TCP connection, and what it has not taken yet.
#[derive(Debug)]
pub struct Stream {
    tcp: TcpStream,
    unsent: Vec<u8>,
    /// The bytes that were read, and how many of them the session has not taken.
    buf: Box<[u8; READ]>,
    unread: Range<usize>,
    has_ended: bool,
}

impl Stream {
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

    /// Returns whether all was sent: then there is room for more.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.unsent.is_empty()
    }

    /// Returns what to wait for.
    #[must_use]
    pub fn interest(&self) -> Interest {
        match (!self.has_ended && self.unread.is_empty(), !self.has_room()) {
            (true, true) => Interest::ReadWrite,
            (true, false) => Interest::Read,
            (false, true) => Interest::Write,
            (false, false) => Interest::Nothing,
        }
    }

    /// Sends bytes, and keeps what does not go now.
    pub fn send(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
        self.flush();
    }

    /// Sends what was kept.
    pub fn flush(&mut self) {
        while !self.unsent.is_empty() {
            match self.tcp.write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // Reading says that it is over.
                Err(_) => self.unsent.clear(),
            }
        }
    }

    /// Reads once, and returns whether the connection has ended.
    pub fn read(&mut self) -> bool {
        // TCP holds the peer up while bytes wait here.
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

    /// Gives what was read to `take`, which says how much it has taken. Returns whether it took anything.
    pub fn give(&mut self, take: impl FnOnce(&[u8]) -> usize) -> bool {
        let bytes = self.buf.get(self.unread.clone()).unwrap_or_default();
        if bytes.is_empty() {
            return false;
        }
        let taken = take(bytes).min(bytes.len());
        self.unread.start = self.unread.start.saturating_add(taken);
        taken > 0
    }

    /// Sends as much as there is room for, and closes.
    pub fn finish(mut self) {
        self.flush();
        // The peer may be gone.
        let _ = self.tcp.shutdown(Shutdown::Write);
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.tcp.as_fd()
    }
}
