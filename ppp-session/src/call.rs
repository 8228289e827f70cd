//! The life of a call of a carrier.

/// The life of a call, which a carrier sets up and ends by messages of its own.
///
/// Two parties can end a call: PPP within it, and the carrier. PPP's end is passed on to the
/// carrier's control protocol, which has the last word. The first reason stays. `R` is the carrier's
/// type of reasons.
///
/// ```
/// use ppp_session::call::Life;
///
/// let mut life = Life::Up;
/// // PPP is over: the peer has to be asked to end the call.
/// life.finish("wrong password");
/// assert_eq!(life.wants_clearing(), Some("wrong password"));
/// life.asked_for_clearing();
/// // The peer has ended it, and its reason is only the answer.
/// assert_eq!(life.clear("cleared"), "wrong password");
/// // The end is reported once.
/// assert_eq!(life.poll_end(), Some("wrong password"));
/// assert_eq!(life.poll_end(), None);
/// assert!(life.is_over());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "these are all the steps from the beginning to the end")]
pub enum Life<R> {
    /// The control protocol says that it is up.
    Up,
    /// PPP is ending, for a reason of the carrier's.
    Ending(R),
    /// It is over here: the control protocol has to end it.
    Finished(R),
    /// The control protocol was asked to end it.
    Clearing(R),
    /// The control protocol has ended it; its last event waits.
    Cleared(R),
    /// The last event was polled.
    Over(R),
}

impl<R: Copy> Life<R> {
    /// Begins the end of PPP for a reason of the carrier's, if the call is up.
    pub const fn end(&mut self, reason: R) {
        if let Self::Up = self {
            *self = Self::Ending(reason);
        }
    }

    /// Takes note that the call is over here. It has no effect on one that was over before.
    pub const fn finish(&mut self, reason: R) {
        match *self {
            Self::Up => *self = Self::Finished(reason),
            Self::Ending(first) => *self = Self::Finished(first),
            Self::Finished(_) | Self::Clearing(_) | Self::Cleared(_) | Self::Over(_) => {}
        }
    }

    /// Returns why the control protocol has to be asked to end the call, if it has to.
    #[must_use]
    pub const fn wants_clearing(&self) -> Option<R> {
        if let Self::Finished(reason) = self { Some(*reason) } else { None }
    }

    /// Takes note that the control protocol was asked to end the call.
    pub const fn asked_for_clearing(&mut self) {
        if let Self::Finished(reason) = *self {
            *self = Self::Clearing(reason);
        }
    }

    /// Takes note that the control protocol has ended the call. Returns why the call is over: for
    /// this reason, unless there was one before.
    pub const fn clear(&mut self, reason: R) -> R {
        let first = match *self {
            Self::Up => reason,
            Self::Over(first) => return first,
            Self::Ending(first) | Self::Finished(first) | Self::Clearing(first) | Self::Cleared(first) => first,
        };
        *self = Self::Cleared(first);
        first
    }

    /// Returns why the call is over, once: when the control protocol has ended it.
    pub const fn poll_end(&mut self) -> Option<R> {
        let Self::Cleared(reason) = *self else { return None };
        *self = Self::Over(reason);
        Some(reason)
    }

    /// Returns whether nothing has begun to end.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        matches!(self, Self::Up)
    }

    /// Returns whether the control protocol has ended the call.
    #[must_use]
    pub const fn is_cleared(&self) -> bool {
        matches!(self, Self::Cleared(_) | Self::Over(_))
    }

    /// Returns whether the last event was polled.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Over(_))
    }

    /// Returns why the control protocol has ended the call, if it has.
    #[must_use]
    pub const fn reason(&self) -> Option<R> {
        match self {
            Self::Cleared(reason) | Self::Over(reason) => Some(*reason),
            Self::Up | Self::Ending(_) | Self::Finished(_) | Self::Clearing(_) => None,
        }
    }
}
