//! Messages of any length that wait, in a fixed number of bytes.

use core::cell::Cell;

/// A first-in first-out queue of byte strings in `N` bytes. Each costs its length and two bytes.
#[derive(Clone)]
pub(super) struct ByteQueue<const N: usize> {
    /// The bytes that are taken.
    used: usize,
    /// The number of messages.
    count: u16,
    bytes: [u8; N],
}

/// The bytes of length in front of a message.
const PREFIX: usize = 2;

impl<const N: usize> ByteQueue<N> {
    pub(super) const fn new() -> Self {
        Self { used: 0, count: 0, bytes: [0; N] }
    }

    pub(super) const fn len(&self) -> u16 {
        self.count
    }

    /// Returns the longest message that [`push_with`](Self::push_with) can take now.
    pub(super) const fn room(&self) -> usize {
        N.saturating_sub(self.used).saturating_sub(PREFIX)
    }

    /// Adds what `write` puts into the free bytes; it returns the length, or `None` if there is too
    /// little room.
    ///
    /// Returns whether the message was added.
    pub(super) fn push_with(&mut self, write: impl FnOnce(&mut [u8]) -> Option<usize>) -> bool {
        let Some(([first, second], free)) =
            self.bytes.get_mut(self.used..).and_then(|free| free.split_first_chunk_mut())
        else {
            return false;
        };
        let Some(length) = write(free).filter(|length| *length <= free.len()) else {
            return false;
        };
        let Ok(prefix) = u16::try_from(length) else {
            return false;
        };
        [*first, *second] = prefix.to_be_bytes();
        self.used = self.used.saturating_add(PREFIX).saturating_add(length);
        self.count = self.count.saturating_add(1);
        true
    }

    /// Returns the message with this number, the oldest being 0.
    pub(super) fn get(&self, index: u16) -> Option<&[u8]> {
        self.iter().nth(index.into())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.bytes.get(..self.used).unwrap_or_default();
        core::iter::from_fn(move || {
            let (prefix, behind) = rest.split_first_chunk::<PREFIX>()?;
            let (message, behind) = behind.split_at_checked(u16::from_be_bytes(*prefix).into())?;
            rest = behind;
            Some(message)
        })
    }

    /// Removes the message with this number, and wipes what it held.
    pub(super) fn remove(&mut self, index: u16) {
        let before: usize = self.iter().take(index.into()).map(|message| message.len().saturating_add(PREFIX)).sum();
        let Some(message) = self.get(index) else {
            return;
        };
        let behind = before.saturating_add(PREFIX).saturating_add(message.len());
        let rest = self.used.saturating_sub(behind);
        // `copy_within` panics out of bounds, and the compiler cannot see that these are within.
        let cells = Cell::from_mut(self.bytes.as_mut_slice()).as_slice_of_cells();
        if let (Some(to), Some(from)) = (cells.get(before..), cells.get(behind..self.used)) {
            to.iter().zip(from).for_each(|(to, from)| to.set(from.get()));
        }
        let used = before.saturating_add(rest);
        // A secret that was hidden, or a challenge's answer, does not outlive its message.
        self.bytes.get_mut(used..self.used).unwrap_or_default().fill(0);
        self.used = used;
        self.count = self.count.saturating_sub(1);
    }
}

impl<const N: usize> core::fmt::Debug for ByteQueue<N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ByteQueue").field("messages", &self.count).field("bytes", &self.used).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push<const N: usize>(queue: &mut ByteQueue<N>, message: &[u8]) -> bool {
        queue.push_with(|free| {
            free.get_mut(..message.len())?.copy_from_slice(message);
            Some(message.len())
        })
    }

    #[test]
    fn messages_come_out_as_they_went_in_until_the_bytes_are_full() {
        let mut queue = ByteQueue::<16>::new();
        assert!(push(&mut queue, b"abc") && push(&mut queue, b"") && push(&mut queue, b"defg"));
        assert_eq!((queue.len(), queue.room()), (3, 1));
        assert!(!push(&mut queue, b"hi"));
        assert!(push(&mut queue, b"h"));
        assert!(!push(&mut queue, b""));
        assert_eq!(queue.get(2), Some(&b"defg"[..]));
        queue.remove(1);
        queue.remove(0);
        assert_eq!(queue.iter().collect::<alloc::vec::Vec<_>>(), [&b"defg"[..], b"h"]);
        queue.remove(7);
        assert_eq!((queue.len(), queue.room()), (2, 5));
        assert!(queue.bytes.iter().skip(queue.used).all(|byte| *byte == 0));
    }
}
