//! Events and messages that wait to be polled.

#[cfg(feature = "alloc")]
use alloc::boxed::Box;

use super::Event;
use super::queue::Queue;
use crate::Message;

/// Both queues. An input gives at most one event and one message beyond the reserve.
#[derive(Debug)]
struct Queues<const CALLS: usize> {
    /// Reserved: for each call, that no data came, and its end; for the connection, its end.
    events: Queue<Event, 16, 2, CALLS>,
    /// Reserved: for each call, a late refusal; for the connection, the Stop-Control-Connection-Request.
    messages: Queue<Message, 8, 1, CALLS>,
}

impl<const CALLS: usize> Queues<CALLS> {
    const fn new() -> Self {
        Self { events: Queue::new(), messages: Queue::new() }
    }
}

/// The queues in place, or on the heap while something waits: most of the time, nothing does.
#[derive(Debug)]
pub(super) struct Output<const CALLS: usize> {
    #[cfg(not(feature = "alloc"))]
    queues: Queues<CALLS>,
    #[cfg(feature = "alloc")]
    queues: Option<Box<Queues<CALLS>>>,
}

#[cfg(feature = "alloc")]
impl<const CALLS: usize> Output<CALLS> {
    pub(super) const fn new() -> Self {
        Self { queues: None }
    }

    /// Returns the queues, if they are there.
    fn waiting(&self) -> impl Iterator<Item = &Queues<CALLS>> {
        self.queues.as_deref().into_iter()
    }

    fn waiting_mut(&mut self) -> impl Iterator<Item = &mut Queues<CALLS>> {
        self.queues.as_deref_mut().into_iter()
    }

    fn room(&mut self) -> &mut Queues<CALLS> {
        self.queues.get_or_insert_with(|| Box::new(Queues::new()))
    }

    /// Gives the memory back when nothing waits.
    fn settle(&mut self) {
        if self.waiting().all(|queues| queues.events.is_empty() && queues.messages.is_empty()) {
            self.queues = None;
        }
    }
}

#[cfg(not(feature = "alloc"))]
impl<const CALLS: usize> Output<CALLS> {
    pub(super) const fn new() -> Self {
        Self { queues: Queues::new() }
    }

    fn waiting(&self) -> impl Iterator<Item = &Queues<CALLS>> {
        core::iter::once(&self.queues)
    }

    fn waiting_mut(&mut self) -> impl Iterator<Item = &mut Queues<CALLS>> {
        core::iter::once(&mut self.queues)
    }

    const fn room(&mut self) -> &mut Queues<CALLS> {
        &mut self.queues
    }

    #[expect(clippy::unused_self, reason = "on the heap there is memory to give back")]
    const fn settle(&mut self) {}
}

impl<const CALLS: usize> Output<CALLS> {
    /// Returns whether an input or a command can be taken.
    pub(super) fn has_room(&self) -> bool {
        self.waiting().all(|queues| queues.events.has_room() && queues.messages.has_room())
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.room().events.push(event);
    }

    pub(super) fn send(&mut self, message: impl Into<Message>) {
        self.room().messages.push(message.into());
    }

    pub(super) fn next_event(&mut self) -> Option<Event> {
        let event = self.waiting_mut().next()?.events.pop();
        self.settle();
        event
    }

    pub(super) fn front_message(&self) -> Option<&Message> {
        self.waiting().next()?.messages.front()
    }

    pub(super) fn drop_front_message(&mut self) {
        for queues in self.waiting_mut() {
            queues.messages.pop();
        }
        self.settle();
    }

    pub(super) fn drop_messages(&mut self) {
        for queues in self.waiting_mut() {
            queues.messages.clear();
        }
        self.settle();
    }
}
