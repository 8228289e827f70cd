//! A queue of values that wait to be polled, in bounded room.

/// First in, first out. There is room for `FIXED` values, and for `PER_CALL` more for each call.
///
/// Output of a timer or of the end of the connection has room in any case: one place for each
/// connection and `PER_CALL` for each call are reserved for it. Everything else looks at
/// [`has_room`](Self::has_room) first.
#[derive(Debug)]
pub(super) struct Queue<T, const FIXED: usize, const PER_CALL: usize, const CALLS: usize> {
    fixed: [Option<T>; FIXED],
    per_call: [[Option<T>; PER_CALL]; CALLS],
    /// The place of the oldest value. Places are counted through `fixed`, then through `per_call`.
    first: usize,
    len: usize,
}

impl<T: Copy, const FIXED: usize, const PER_CALL: usize, const CALLS: usize> Queue<T, FIXED, PER_CALL, CALLS> {
    pub(super) const fn new() -> Self {
        Self { fixed: [None; FIXED], per_call: [[None; PER_CALL]; CALLS], first: 0, len: 0 }
    }

    /// Returns whether a value can be pushed that has no reserve.
    pub(super) fn has_room(&self) -> bool {
        let reserved = self.per_call.as_flattened().len().saturating_add(1);
        self.len.saturating_add(reserved) < self.capacity()
    }

    /// Appends a value.
    pub(super) fn push(&mut self, value: T) {
        debug_assert!(self.len < self.capacity(), "a value without room or reserve");
        // The room was checked before the input was taken, and the reserve covers what time alone
        // adds.
        if self.len < self.capacity() {
            let place = self.wrap(self.first.saturating_add(self.len));
            if let Some(place) = self.place(place) {
                *place = Some(value);
                self.len = self.len.saturating_add(1);
            }
        }
    }

    #[cfg(feature = "alloc")]
    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn front(&self) -> Option<&T> {
        let place = match self.first.checked_sub(FIXED) {
            None => self.fixed.get(self.first),
            Some(place) => self.per_call.as_flattened().get(place),
        };
        place.and_then(Option::as_ref)
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        let value = self.place(self.first)?.take()?;
        self.first = self.wrap(self.first.saturating_add(1));
        self.len = self.len.saturating_sub(1);
        Some(value)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new();
    }

    fn capacity(&self) -> usize {
        FIXED.saturating_add(self.per_call.as_flattened().len())
    }

    fn wrap(&self, place: usize) -> usize {
        place.checked_sub(self.capacity()).unwrap_or(place)
    }

    fn place(&mut self, place: usize) -> Option<&mut Option<T>> {
        match place.checked_sub(FIXED) {
            None => self.fixed.get_mut(place),
            Some(place) => self.per_call.as_flattened_mut().get_mut(place),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order_through_all_places() {
        let mut queue = Queue::<u32, 3, 2, 2>::new();
        let (mut pushed, mut popped) = (0_u32, 0);
        // Seven places, so that the first one moves through all of them.
        for round in 0..50 {
            for _ in 0..=round % 7 {
                if queue.len < 7 {
                    queue.push(pushed);
                    pushed = pushed.wrapping_add(1);
                }
            }
            for _ in 0..=round % 5 {
                assert_eq!(queue.front().copied(), (popped < pushed).then_some(popped));
                if queue.pop() == Some(popped) {
                    popped = popped.wrapping_add(1);
                }
            }
        }
        assert!(popped > 100);
    }

    #[test]
    fn keeps_a_reserve() {
        let mut queue = Queue::<u8, 3, 2, 2>::new();
        queue.push(1);
        assert!(queue.has_room());
        queue.push(2);
        // Three and four places, of which five are reserved.
        assert!(!queue.has_room());
        queue.clear();
        assert!(queue.has_room());
        assert_eq!(queue.pop(), None);
        // Without calls, too.
        assert!(Queue::<u8, 3, 2, 0>::new().has_room());
    }
}
