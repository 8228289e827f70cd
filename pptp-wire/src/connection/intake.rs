//! Bytes of the TCP connection that were taken, and wait to be read.

use crate::{Message, Reassembler, StreamError};

/// How many bytes wait at most.
pub(super) const CAPACITY: usize = 256;

/// The stream of messages, and the bytes behind them that the connection could not handle yet.
#[derive(Debug)]
pub(super) struct Intake {
    stream: Reassembler,
    kept: [u8; CAPACITY],
    /// How many bytes at the start of `kept` wait.
    waiting: usize,
    tcp: Tcp,
}

/// Whether more can come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tcp {
    Open,
    /// It has ended, behind the bytes that wait.
    Ended,
}

impl Intake {
    pub(super) const fn new() -> Self {
        Self { stream: Reassembler::new(), kept: [0; CAPACITY], waiting: 0, tcp: Tcp::Open }
    }

    /// Returns whether no byte waits.
    pub(super) const fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Returns whether the stream ends between two messages.
    pub(super) fn is_at_boundary(&self) -> bool {
        self.stream.pending().is_empty()
    }

    /// Notes that nothing comes behind the bytes that wait.
    pub(super) const fn end(&mut self) {
        self.tcp = Tcp::Ended;
    }

    pub(super) fn has_ended(&self) -> bool {
        self.tcp == Tcp::Ended
    }

    /// Reads a message out of the bytes that wait, then out of `input`.
    pub(super) fn next_message(&mut self, input: &mut &[u8]) -> Result<Option<Message>, StreamError> {
        debug_assert!(self.waiting <= CAPACITY, "no more was kept");
        let mut waiting = self.kept.get(..self.waiting).unwrap_or_default();
        let message = self.stream.next_message(&mut waiting);
        let read = self.waiting.saturating_sub(waiting.len());
        self.drop_front(read);
        match message {
            Ok(None) => self.stream.next_message(input),
            done => done,
        }
    }

    /// Forgets the first `read` of the bytes that wait.
    fn drop_front(&mut self, read: usize) {
        for at in read..self.waiting {
            // Not `copy_within`, whose checks the optimiser does not remove.
            if let Some(byte) = self.kept.get(at).copied() {
                if let Some(place) = self.kept.get_mut(at.wrapping_sub(read)) {
                    *place = byte;
                }
            }
        }
        self.waiting = self.waiting.saturating_sub(read);
    }

    /// Takes bytes off the front of `input`, as many as there is room for.
    pub(super) fn keep(&mut self, input: &mut &[u8]) {
        let room = self.kept.get_mut(self.waiting..).unwrap_or_default();
        let (taken, rest) = input.split_at_checked(room.len()).unwrap_or((input, &[]));
        // Not `copy_from_slice`: its check of the lengths is a panic that the optimiser does not
        // remove.
        for (to, from) in room.iter_mut().zip(taken) {
            *to = *from;
        }
        self.waiting = self.waiting.saturating_add(taken.len());
        *input = rest;
    }
}
