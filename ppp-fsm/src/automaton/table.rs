//! The table of RFC 1661 section 4.1, event by event.

use super::cell::Action::{
    InitializeRestartCount as irc, SendCodeReject as scj, SendConfigureAck as sca, SendConfigureNak as scn,
    SendConfigureRequest as scr, SendEchoReply as ser, SendTerminateAck as sta, SendTerminateRequest as str_,
    ThisLayerDown as tld, ThisLayerFinished as tlf, ThisLayerStarted as tls, ThisLayerUp as tlu,
    ZeroRestartCount as zrc,
};
use super::cell::State::{
    AckReceived, AckSent, Closed, Closing, Initial, Opened, RequestSent, Starting, Stopped, Stopping,
};
use super::cell::{Action, Actions, Event, Note, State, Transition};

/// Goes to a state and does these, first to last.
#[expect(clippy::unnecessary_wraps, reason = "the cells of the table are options")]
const fn go<const N: usize>(state: State, actions: [Action; N]) -> Option<Transition> {
    let actions = match actions.as_slice() {
        [] => [None, None, None],
        [first] => [Some(*first), None, None],
        [first, second] => [Some(*first), Some(*second), None],
        [first, second, third, ..] => [Some(*first), Some(*second), Some(*third)],
    };
    Some(Transition { actions: Actions(actions), state, note: None })
}

const fn noted(transition: Option<Transition>, note: Note) -> Option<Transition> {
    match transition {
        Some(transition) => Some(Transition { note: Some(note), ..transition }),
        None => None,
    }
}

pub(super) const fn transition(state: State, event: Event) -> Option<Transition> {
    match event {
        Event::Up => up(state),
        Event::Down => down(state),
        Event::Open => open(state),
        Event::Close => close(state),
        Event::Timeout => timeout(state),
        Event::TimeoutLast => timeout_last(state),
        Event::ReceiveConfigureRequestGood => configure_request_good(state),
        Event::ReceiveConfigureRequestBad => configure_request_bad(state),
        Event::ReceiveConfigureAck => configure_ack(state),
        Event::ReceiveConfigureNak => configure_nak(state),
        Event::ReceiveTerminateRequest => terminate_request(state),
        Event::ReceiveTerminateAck => terminate_ack(state),
        Event::ReceiveUnknownCode => unless_down(state, &[scj]),
        Event::ReceiveRejectHarmless => reject_harmless(state),
        Event::ReceiveRejectFatal => reject_fatal(state),
        Event::ReceiveEcho => match state {
            Opened => go(Opened, [ser]),
            Initial | Starting | Closed | Stopped | Closing | Stopping | RequestSent | AckReceived | AckSent => {
                unless_down(state, &[])
            }
        },
    }
}

/// Stays in the state, unless the lower layer is down and no packet can come.
const fn unless_down(state: State, actions: &[Action]) -> Option<Transition> {
    match (state, actions) {
        (Initial | Starting, _) => None,
        (_, [action]) => go(state, [*action]),
        _ => go(state, []),
    }
}

/// Returns the rows of a passive opening, which are not in the RFC: Stopped is where the peer is
/// waited for.
pub(super) const fn passive_transition(state: State, event: Event) -> Option<Transition> {
    match (state, event) {
        (Starting, Event::Up) | (Closed, Event::Open) => go(Stopped, []),
        // The peer has not begun within the time that it was given.
        (Stopped, Event::Timeout) => go(RequestSent, [irc, scr]),
        _ => transition(state, event),
    }
}

const fn up(state: State) -> Option<Transition> {
    match state {
        Initial => go(Closed, []),
        Starting => go(RequestSent, [irc, scr]),
        Closed | Stopped | Closing | Stopping | RequestSent | AckReceived | AckSent | Opened => None,
    }
}

const fn down(state: State) -> Option<Transition> {
    match state {
        Initial | Starting => None,
        Closed | Closing => go(Initial, []),
        Stopped => go(Starting, [tls]),
        Stopping | RequestSent | AckReceived | AckSent => go(Starting, []),
        Opened => go(Starting, [tld]),
    }
}

const fn open(state: State) -> Option<Transition> {
    match state {
        Initial => go(Starting, [tls]),
        Closed => go(RequestSent, [irc, scr]),
        Stopped | Opened => noted(go(state, []), Note::Restart),
        Closing | Stopping => noted(go(Stopping, []), Note::Restart),
        Starting | RequestSent | AckReceived | AckSent => go(state, []),
    }
}

const fn close(state: State) -> Option<Transition> {
    match state {
        Initial | Closed | Closing => go(state, []),
        Starting => go(Initial, [tlf]),
        Stopped => go(Closed, []),
        Stopping => go(Closing, []),
        RequestSent | AckReceived | AckSent => go(Closing, [irc, str_]),
        Opened => go(Closing, [tld, irc, str_]),
    }
}

const fn timeout(state: State) -> Option<Transition> {
    match state {
        Closing | Stopping => go(state, [str_]),
        RequestSent | AckReceived => go(RequestSent, [scr]),
        AckSent => go(AckSent, [scr]),
        Initial | Starting | Closed | Stopped | Opened => None,
    }
}

const fn timeout_last(state: State) -> Option<Transition> {
    match state {
        Closing => go(Closed, [tlf]),
        Stopping => go(Stopped, [tlf]),
        RequestSent | AckReceived | AckSent => noted(go(Stopped, [tlf]), Note::Passive),
        Initial | Starting | Closed | Stopped | Opened => None,
    }
}

const fn configure_request_good(state: State) -> Option<Transition> {
    match state {
        Initial | Starting => None,
        Closed => go(Closed, [sta]),
        Stopped => go(AckSent, [irc, scr, sca]),
        Closing | Stopping => go(state, []),
        RequestSent | AckSent => go(AckSent, [sca]),
        AckReceived => go(Opened, [sca, tlu]),
        Opened => go(AckSent, [tld, scr, sca]),
    }
}

const fn configure_request_bad(state: State) -> Option<Transition> {
    match state {
        Initial | Starting => None,
        Closed => go(Closed, [sta]),
        Stopped => go(RequestSent, [irc, scr, scn]),
        Closing | Stopping => go(state, []),
        RequestSent | AckSent => go(RequestSent, [scn]),
        AckReceived => go(AckReceived, [scn]),
        Opened => go(RequestSent, [tld, scr, scn]),
    }
}

const fn configure_ack(state: State) -> Option<Transition> {
    match state {
        Initial | Starting => None,
        Closed | Stopped => go(state, [sta]),
        Closing | Stopping => go(state, []),
        RequestSent => go(AckReceived, [irc]),
        AckReceived => noted(go(RequestSent, [scr]), Note::Crossed),
        AckSent => go(Opened, [irc, tlu]),
        Opened => noted(go(RequestSent, [tld, scr]), Note::Crossed),
    }
}

const fn configure_nak(state: State) -> Option<Transition> {
    match state {
        RequestSent => go(RequestSent, [irc, scr]),
        AckSent => go(AckSent, [irc, scr]),
        Initial | Starting | Closed | Stopped | Closing | Stopping | AckReceived | Opened => configure_ack(state),
    }
}

const fn terminate_request(state: State) -> Option<Transition> {
    match state {
        Initial | Starting => None,
        Closed | Stopped | Closing | Stopping => go(state, [sta]),
        RequestSent | AckReceived | AckSent => go(RequestSent, [sta]),
        Opened => go(Stopping, [tld, zrc, sta]),
    }
}

const fn terminate_ack(state: State) -> Option<Transition> {
    match state {
        Initial | Starting => None,
        Closing => go(Closed, [tlf]),
        Stopping => go(Stopped, [tlf]),
        AckReceived => go(RequestSent, []),
        Closed | Stopped | RequestSent | AckSent => go(state, []),
        Opened => go(RequestSent, [tld, scr]),
    }
}

const fn reject_harmless(state: State) -> Option<Transition> {
    match state {
        AckReceived => go(RequestSent, []),
        Initial | Starting | Closed | Stopped | Closing | Stopping | RequestSent | AckSent | Opened => {
            unless_down(state, &[])
        }
    }
}

const fn reject_fatal(state: State) -> Option<Transition> {
    match state {
        Initial | Starting => None,
        Closed | Closing => go(Closed, [tlf]),
        Stopped | Stopping | RequestSent | AckReceived | AckSent => go(Stopped, [tlf]),
        Opened => go(Stopping, [tld, irc, str_]),
    }
}
