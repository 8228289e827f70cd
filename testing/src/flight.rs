//! A path that is driven by hand, as a fuzzer's input says.

use std::collections::VecDeque;

/// Datagrams on their way to each side. When there are too many, the oldest is lost.
#[derive(Debug, Default)]
pub struct Flight {
    flying: [VecDeque<Vec<u8>>; 2],
}

impl Flight {
    /// How many may be on their way to one side.
    pub const LIMIT: usize = 64;

    /// Puts a datagram on its way.
    pub fn put(&mut self, to: usize, bytes: Vec<u8>) {
        if self.flying[to].len() == Self::LIMIT {
            self.flying[to].pop_front();
        }
        self.flying[to].push_back(bytes);
    }

    /// Takes the datagram at this place, modulo their number: to deliver it, or to lose it.
    pub fn take(&mut self, to: usize, place: usize) -> Option<Vec<u8>> {
        let place = place.checked_rem(self.flying[to].len())?;
        self.flying[to].remove(place)
    }

    /// Takes the oldest datagram to any side.
    pub fn take_any(&mut self) -> Option<(usize, Vec<u8>)> {
        (0..2).find_map(|to| Some((to, self.take(to, 0)?)))
    }

    /// Sends the datagram at this place again. Returns whether there was one.
    pub fn repeat(&mut self, to: usize, place: usize) -> bool {
        let Some(copy) = self.look(to, place).map(<[u8]>::to_vec) else { return false };
        self.put(to, copy);
        true
    }

    /// Changes bits of one byte of the datagram at this place. Returns whether there was one.
    pub fn damage(&mut self, to: usize, place: usize, at: usize, bits: u8) -> bool {
        let Some(place) = place.checked_rem(self.flying[to].len()) else { return false };
        let datagram = &mut self.flying[to][place];
        let Some(at) = at.checked_rem(datagram.len()) else { return false };
        datagram[at] ^= bits;
        true
    }

    /// Looks at the datagram at this place.
    #[must_use]
    pub fn look(&self, to: usize, place: usize) -> Option<&[u8]> {
        let place = place.checked_rem(self.flying[to].len())?;
        self.flying[to].get(place).map(Vec::as_slice)
    }

    /// Looks at the newest datagram.
    #[must_use]
    pub fn newest(&self, to: usize) -> Option<&[u8]> {
        self.flying[to].back().map(Vec::as_slice)
    }
}
