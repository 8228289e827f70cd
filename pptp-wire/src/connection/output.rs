//! Events and messages that wait to be polled.

use super::Event;
use super::queue::Queue;
use crate::Message;

/// Both queues. An input gives at most one event and one message beyond the reserve.
#[derive(Debug)]
pub(super) struct Output<const CALLS: usize> {
    /// Reserved: for each call, that no data came, and its end; for the connection, its end.
    events: Queue<Event, 16, 2, CALLS>,
    /// Reserved: for each call, a late refusal; for the connection, the Stop-Control-Connection-Request.
    messages: Queue<Message, 8, 1, CALLS>,
}

impl<const CALLS: usize> Output<CALLS> {
    pub(super) const fn new() -> Self {
        Self { events: Queue::new(), messages: Queue::new() }
    }

    /// Returns whether an input or a command can be taken.
    pub(super) fn has_room(&self) -> bool {
        self.events.has_room() && self.messages.has_room()
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.events.push(event);
    }

    pub(super) fn send(&mut self, message: impl Into<Message>) {
        self.messages.push(message.into());
    }

    pub(super) fn next_event(&mut self) -> Option<Event> {
        self.events.pop()
    }

    pub(super) fn front_message(&self) -> Option<&Message> {
        self.messages.front()
    }

    pub(super) fn drop_front_message(&mut self) {
        self.messages.pop();
    }

    pub(super) fn drop_messages(&mut self) {
        self.messages.clear();
    }
}
