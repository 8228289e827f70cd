//! The one mechanism for events: a slot for each kind, so that no event is lost and none is refused.

/// An event that knows its kind.
pub(crate) trait Kinded {
    /// The place of its kind, below the number of kinds of the [`Events`] that hold it.
    fn kind(&self) -> usize;

    /// The kind that it undoes: a Down undoes an Up. An Up that was not reported is left out then.
    fn undoes(&self) -> Option<usize> {
        None
    }
}

/// Events that were not polled yet, at most one of each kind.
///
/// The rule of coalescing, which is all that is left out:
///
/// * Of several events of one kind the latest is kept, in the order of the latest.
/// * A Down removes an Up that was not polled. Without a Down before that Up, the two leave nothing.
///
/// So there is always room for one more, and `push` cannot fail.
#[derive(Debug)]
pub(crate) struct Events<E, const KINDS: usize> {
    /// Each with its place in the order.
    slots: [Option<(u64, E)>; KINDS],
    pushed: u64,
}

impl<E: Kinded + Copy, const KINDS: usize> Default for Events<E, KINDS> {
    fn default() -> Self {
        Self { slots: [None; KINDS], pushed: 0 }
    }
}

impl<E: Kinded + Copy, const KINDS: usize> Events<E, KINDS> {
    pub(crate) fn push(&mut self, event: E) {
        let is_told = |slot: Option<&Option<(u64, E)>>| slot.is_some_and(Option::is_some);
        if let Some(undone) = event.undoes() {
            let was_waiting = self.slots.get_mut(undone).and_then(Option::take).is_some();
            if was_waiting && !is_told(self.slots.get(event.kind())) {
                // The user never heard of the Up.
                return;
            }
        }
        self.pushed = self.pushed.wrapping_add(1);
        match self.slots.get_mut(event.kind()) {
            Some(slot) => *slot = Some((self.pushed, event)),
            None => debug_assert!(false, "every kind has its slot"),
        }
    }

    pub(crate) fn pop(&mut self) -> Option<E> {
        let first = self.slots.iter_mut().filter(|slot| slot.is_some());
        let first = first.min_by_key(|slot| slot.map(|(order, _)| order))?;
        first.take().map(|(_, event)| event)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.iter().all(Option::is_none)
    }
}
