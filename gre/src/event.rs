//! What a tunnel tells its user.

/// What happened. Each is told once; one that happens again before it was polled is told once too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// A packet may be sent again, after [`SendError::WouldBlock`](crate::SendError::WouldBlock).
    Writable,
    /// The flow control alarm goes off: an acknowledgment did not come in time. Packets or acknowledgments are
    /// lost, or the peer does not acknowledge.
    FlowControlAlarmRaised,
    /// A whole window was acknowledged since the alarm.
    FlowControlAlarmCleared,
    /// The peer's sequence numbers started anew, or follow ones that were believed and should not have been.
    NumbersRestarted,
}

/// Events that were not polled yet: one bit each.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one event")]
pub(crate) struct Events {
    pub(crate) writable: bool,
    raised: bool,
    cleared: bool,
    pub(crate) restarted: bool,
}

impl Events {
    /// The alarm changed to this.
    pub(crate) const fn alarm(&mut self, is_raised: bool) {
        if is_raised {
            self.raised = true;
        } else {
            self.cleared = true;
        }
    }

    pub(crate) const fn is_any(&self) -> bool {
        self.writable || self.raised || self.cleared || self.restarted
    }

    /// The next event; `is_raised` is the alarm as it is, which is told last.
    pub(crate) const fn take(&mut self, is_raised: bool) -> Option<Event> {
        if self.restarted {
            self.restarted = false;
            return Some(Event::NumbersRestarted);
        }
        let raise_first = self.raised && (!is_raised || !self.cleared);
        if raise_first {
            self.raised = false;
            return Some(Event::FlowControlAlarmRaised);
        }
        if self.cleared {
            self.cleared = false;
            return Some(Event::FlowControlAlarmCleared);
        }
        if self.writable {
            self.writable = false;
            return Some(Event::Writable);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alarm_as_it_is_comes_last() {
        for (is_raised, changes) in [(true, [true, false, true]), (false, [false, true, false])] {
            let mut events = Events::default();
            for change in changes {
                events.alarm(change);
            }
            let expected = [Event::FlowControlAlarmCleared, Event::FlowControlAlarmRaised];
            let (first, last) = (events.take(is_raised).unwrap(), events.take(is_raised).unwrap());
            assert_eq!(if is_raised { [first, last] } else { [last, first] }, expected);
            assert_eq!(events.take(is_raised), None);
        }
    }
}
