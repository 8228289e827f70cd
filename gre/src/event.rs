//! The events of a tunnel.

/// An event of a [`Tunnel`](crate::Tunnel).
///
/// Events that are polled late are merged by one rule: each kind is reported once, in the order of
/// [`NumbersRestarted`](Self::NumbersRestarted), the alarm, [`Writable`](Self::Writable). Of the changes of the alarm the
/// last two remain, so the last one is the alarm as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// A packet may be sent again, after [`SendError::WouldBlock`](crate::SendError::WouldBlock).
    Writable,
    /// The flow control alarm goes off: two acknowledgments in a row did not come in time. Packets or acknowledgments are
    /// lost, or the peer does not acknowledge. At the first one that is late there is time to ask the peer for data, which
    /// Linux needs to acknowledge anything: [`time_outs`](crate::Tunnel::time_outs) counts it.
    FlowControlAlarmRaised,
    /// A whole window was acknowledged since the alarm.
    FlowControlAlarmCleared,
    /// The peer's sequence numbers started again, or follow ones that were believed and should not
    /// have been.
    NumbersRestarted,
}

/// Events that were not polled yet. Each kind has its place, so a push cannot fail.
#[derive(Debug, Clone, Default)]
pub(crate) struct Events {
    restarted: Option<Restarted>,
    alarm: Alarm,
    writable: Option<Writable>,
}

#[derive(Debug, Clone, Copy)]
struct Restarted;

#[derive(Debug, Clone, Copy)]
struct Writable;

/// The changes of the alarm that were not polled yet, at most two.
#[derive(Debug, Clone, Copy, Default)]
enum Alarm {
    #[default]
    Unchanged,
    Raised,
    Cleared,
    RaisedAndCleared,
    ClearedAndRaised,
}

impl Events {
    /// Notes that the peer's numbers started again.
    pub(crate) const fn restarted(&mut self) {
        self.restarted = Some(Restarted);
    }

    /// Notes that a packet may be sent again.
    pub(crate) const fn writable(&mut self) {
        self.writable = Some(Writable);
    }

    /// Notes that the alarm changed to `is_raised`.
    pub(crate) const fn alarm(&mut self, is_raised: bool) {
        // An alarm that came and went and came again is reported as two changes. The caller sees
        // the last state and that it had changed, however late it polls.
        self.alarm = match (self.alarm, is_raised) {
            (Alarm::Unchanged | Alarm::Raised, true) => Alarm::Raised,
            (Alarm::Unchanged | Alarm::Cleared, false) => Alarm::Cleared,
            (Alarm::Cleared | Alarm::RaisedAndCleared | Alarm::ClearedAndRaised, true) => Alarm::ClearedAndRaised,
            (Alarm::Raised | Alarm::RaisedAndCleared | Alarm::ClearedAndRaised, false) => Alarm::RaisedAndCleared,
        };
    }

    pub(crate) const fn is_any(&self) -> bool {
        self.restarted.is_some() || self.writable.is_some() || !matches!(self.alarm, Alarm::Unchanged)
    }

    /// Takes the next event.
    pub(crate) const fn take(&mut self) -> Option<Event> {
        if self.restarted.take().is_some() {
            return Some(Event::NumbersRestarted);
        }
        let (event, rest) = match self.alarm {
            // Behind the alarm, which says how the window came to open again.
            Alarm::Unchanged if self.writable.take().is_some() => return Some(Event::Writable),
            Alarm::Unchanged => return None,
            Alarm::Raised => (Event::FlowControlAlarmRaised, Alarm::Unchanged),
            Alarm::Cleared => (Event::FlowControlAlarmCleared, Alarm::Unchanged),
            Alarm::RaisedAndCleared => (Event::FlowControlAlarmRaised, Alarm::Cleared),
            Alarm::ClearedAndRaised => (Event::FlowControlAlarmCleared, Alarm::Raised),
        };
        self.alarm = rest;
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alarm_as_it_is_comes_last() {
        for changes in
            [&[true, false, true][..], &[false, true, false], &[true, false], &[false, true], &[true], &[false]]
        {
            let mut events = Events::default();
            for change in changes {
                events.alarm(*change);
            }
            let event = |raised| if raised { Event::FlowControlAlarmRaised } else { Event::FlowControlAlarmCleared };
            for change in changes.iter().skip(changes.len().saturating_sub(2)) {
                assert_eq!(events.take(), Some(event(*change)), "{changes:?}");
            }
            assert_eq!((events.take(), events.is_any()), (None, false));
        }
    }

    #[test]
    fn each_kind_alone_is_something() {
        for note in [Events::restarted, Events::writable, |events: &mut Events| events.alarm(true)] {
            let mut events = Events::default();
            assert!(!events.is_any());
            note(&mut events);
            assert!(events.is_any() && events.take().is_some() && !events.is_any());
        }
    }

    #[test]
    fn each_kind_is_reported_once_in_order() {
        let mut events = Events::default();
        for _ in 0..3 {
            events.writable();
            events.alarm(true);
            events.restarted();
        }
        let found = core::array::from_fn(|_| {
            assert!(events.is_any());
            events.take()
        });
        let expected = [Event::NumbersRestarted, Event::FlowControlAlarmRaised, Event::Writable].map(Some);
        assert_eq!(found, expected);
        assert_eq!((events.take(), events.is_any()), (None, false));
    }
}
