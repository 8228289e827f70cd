//! RFC 2661 section 5.8: which message is next, which came early, which came before.

use core::time::Duration;

use super::queue::ByteQueue;

/// The acknowledgment that is due to the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acknowledgment {
    /// It knows.
    None,
    /// It goes out in a message of its own, unless another one goes out before.
    Later(Duration),
    /// It goes out with the next packet.
    Now,
}

/// The receiving half.
#[derive(Debug, Clone)]
pub(super) struct Receiver<const EARLY: usize> {
    /// Ns of the next message: our Nr.
    expected: u16,
    pub(super) acknowledgment: Acknowledgment,
    /// Messages that came before those in front of them: Ns in two bytes, then the message.
    early: ByteQueue<EARLY>,
}

/// The place of a number, seen from the one that is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Expected,
    Ahead,
    Behind,
    /// No genuine peer sends it.
    Outside,
}

impl<const EARLY: usize> Receiver<EARLY> {
    pub(super) const fn new() -> Self {
        Self { expected: 0, acknowledgment: Acknowledgment::None, early: ByteQueue::new() }
    }

    pub(super) const fn expected(&self) -> u16 {
        self.expected
    }

    pub(super) const fn held(&self) -> u16 {
        self.early.len()
    }

    pub(super) const fn place(&self, ns: u16, reach: u16) -> Place {
        // Serial arithmetic over 16 bits: xl2tpd's comparisons break after 65 536 messages.
        let ahead = ns.wrapping_sub(self.expected);
        let behind = self.expected.wrapping_sub(ns);
        if ahead == 0 {
            Place::Expected
        } else if ahead <= reach {
            Place::Ahead
        } else if behind <= reach {
            Place::Behind
        } else {
            Place::Outside
        }
    }

    /// Takes the expected message, which is acknowledged within `delay`.
    pub(super) fn pass(&mut self, now: Duration, delay: Duration) {
        self.expected = self.expected.wrapping_add(1);
        let due = now.saturating_add(delay);
        self.acknowledgment = match self.acknowledgment {
            // The earliest deadline stays: a peer that sends on must not wait longer for its first
            // message.
            Acknowledgment::None => Acknowledgment::Later(due),
            Acknowledgment::Later(earlier) => Acknowledgment::Later(earlier.min(due)),
            Acknowledgment::Now => Acknowledgment::Now,
        };
    }

    /// Keeps a message that came early. Returns whether it is kept, or was already.
    pub(super) fn hold(&mut self, ns: u16, message: &[u8]) -> bool {
        // A repetition of an early message is known by its number, and takes no more room.
        self.find(ns).is_some()
            || self.early.push_with(|free| {
                let (number, rest) = free.split_first_chunk_mut()?;
                rest.get_mut(..message.len())?.copy_from_slice(message);
                *number = ns.to_be_bytes();
                message.len().checked_add(number.len())
            })
    }

    /// Moves the expected message to `buffer`, if it waits here.
    pub(super) fn take_expected<'b>(&mut self, buffer: &'b mut [u8; EARLY]) -> Option<&'b [u8]> {
        let index = self.find(self.expected)?;
        let (_, message) = self.early.get(index)?.split_first_chunk::<2>()?;
        let room = buffer.get_mut(..message.len())?;
        room.copy_from_slice(message);
        self.early.remove(index);
        Some(room)
    }

    fn find(&self, ns: u16) -> Option<u16> {
        let mut index = 0_u16;
        for message in self.early.iter() {
            if message.first_chunk() == Some(&ns.to_be_bytes()) {
                return Some(index);
            }
            index = index.saturating_add(1);
        }
        None
    }
}
