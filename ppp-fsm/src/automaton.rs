//! The automaton of every control protocol: RFC 1661 section 4, as a table and nothing else.
//!
//! It knows no packets and no clock. [`Negotiation`](crate::negotiate::Negotiation) is the machine on top of it.
//!
//! ```
//! use ppp_fsm::automaton::{Action, Event, Note, State};
//!
//! // A request that can be taken comes before our own was answered.
//! let transition = State::RequestSent.on(Event::ReceiveConfigureRequestGood).unwrap();
//! assert_eq!(transition.state, State::AckSent);
//! assert_eq!(transition.actions.iter().collect::<Vec<_>>(), [Action::SendConfigureAck]);
//! assert_eq!(transition.note, None);
//!
//! // The timer cannot expire where it does not run.
//! assert_eq!(State::Opened.on(Event::TimeoutLast), None);
//! ```

mod cell;
mod table;

pub use cell::{Action, Actions, Event, Note, State, Transition};

impl State {
    /// Returns what an event leads to (RFC 1661 section 4.1). `None` for an event that cannot
    /// happen in this state.
    #[must_use]
    pub const fn on(self, event: Event) -> Option<Transition> {
        table::transition(self, event)
    }

    /// Returns what an event leads to on a side that lets the peer begin.
    ///
    /// RFC 1661 has no such side, but routers wait for LCP of the other. Three cells differ from [`on`](Self::on):
    ///
    /// | state | event | becomes | actions |
    /// |---|---|---|---|
    /// | Starting | Up | Stopped | none |
    /// | Closed | Open | Stopped | none |
    /// | Stopped | TO+ | Req-Sent | irc, scr |
    ///
    /// The last one is for a peer that has not begun within the time that it was given.
    ///
    /// ```
    /// use ppp_fsm::automaton::{Event, State};
    ///
    /// assert_eq!(State::Starting.on_passive(Event::Up).unwrap().state, State::Stopped);
    /// assert_eq!(State::Stopped.on_passive(Event::Timeout).unwrap().state, State::RequestSent);
    /// // What is not in the table above is as in the RFC.
    /// assert_eq!(State::Opened.on_passive(Event::Down), State::Opened.on(Event::Down));
    /// ```
    #[must_use]
    pub const fn on_passive(self, event: Event) -> Option<Transition> {
        table::passive_transition(self, event)
    }
}
