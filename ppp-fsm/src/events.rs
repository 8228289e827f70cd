//! The one mechanism for events: a slot for each kind, so that no event is lost and none is refused.

/// An event that knows its kind.
pub(crate) trait Kinded {
    /// Returns the number of its kind, below the number of kinds of the [`Events`] that hold it.
    fn kind(&self) -> usize;

    /// Returns the kind that it undoes: a Down undoes an Up. An Up that was not reported is left
    /// out then.
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
    /// In the order in which they happened, without gaps: a data packet looks at the first alone.
    waiting: [Option<E>; KINDS],
}

impl<E: Kinded + Copy, const KINDS: usize> Default for Events<E, KINDS> {
    fn default() -> Self {
        Self { waiting: [None; KINDS] }
    }
}

impl<E: Kinded + Copy, const KINDS: usize> Events<E, KINDS> {
    pub(crate) fn push(&mut self, event: E) {
        if let Some(undone) = event.undoes() {
            if self.remove(undone) && !self.is_waiting(event.kind()) {
                // The user never heard of the Up.
                return;
            }
        }
        self.remove(event.kind());
        match self.waiting.iter_mut().find(|slot| slot.is_none()) {
            Some(slot) => *slot = Some(event),
            None => debug_assert!(false, "every kind has its slot"),
        }
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<E> {
        let first = *self.waiting.first()?;
        if first.is_some() { self.pop_first() } else { None }
    }

    fn pop_first(&mut self) -> Option<E> {
        let mut waiting = self.waiting.into_iter().flatten();
        let first = waiting.next();
        self.waiting = core::array::from_fn(|_| waiting.next());
        first
    }

    fn is_waiting(&self, kind: usize) -> bool {
        self.waiting.iter().flatten().any(|event| event.kind() == kind)
    }

    /// Returns whether there was one of this kind.
    fn remove(&mut self, kind: usize) -> bool {
        let is_waiting = self.is_waiting(kind);
        if is_waiting {
            let mut kept = self.waiting.into_iter().flatten().filter(|event| event.kind() != kind);
            self.waiting = core::array::from_fn(|_| kept.next());
        }
        is_waiting
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.first().is_none_or(Option::is_none)
    }
}

/// Events that take memory only while some of them wait.
#[cfg(feature = "alloc")]
#[derive(Debug)]
pub(crate) struct Queue<E, const KINDS: usize>(Option<alloc::boxed::Box<Events<E, KINDS>>>);

#[cfg(not(feature = "alloc"))]
pub(crate) type Queue<E, const KINDS: usize> = Events<E, KINDS>;

#[cfg(feature = "alloc")]
impl<E, const KINDS: usize> Default for Queue<E, KINDS> {
    fn default() -> Self {
        Self(None)
    }
}

#[cfg(feature = "alloc")]
impl<E: Kinded + Copy, const KINDS: usize> Queue<E, KINDS> {
    pub(crate) fn push(&mut self, event: E) {
        self.0.get_or_insert_with(alloc::boxed::Box::default).push(event);
        self.settle();
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<E> {
        let event = self.0.as_mut()?.pop();
        self.settle();
        event
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Gives the memory back when nothing waits: an event may undo the one that waited.
    fn settle(&mut self) {
        if self.0.as_ref().is_some_and(|events| events.is_empty()) {
            self.0 = None;
        }
    }
}
