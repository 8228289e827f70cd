//! Why a command was refused.

use core::time::Duration;

use super::{CallId, CallState, State};

/// Why a command was refused. The connection is as before.
///
/// ```
/// use core::time::Duration;
/// use pptp_wire::connection::{CommandError, Config, Connection, Identity, State};
/// use pptp_wire::message::OutgoingCallRequest;
///
/// let mut client: Connection =
///     Connection::originator(Config::new(Identity::WINDOWS), [7; 32]);
/// let early = client.place_call(Duration::ZERO, OutgoingCallRequest::new(0, 0)).unwrap_err();
/// assert_eq!(early, CommandError::State { state: State::Idle });
/// assert_eq!(early.to_string(), "not possible while the control connection is idle");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The control connection is in another state than the command needs.
    #[error("not possible while the control connection is {state}")]
    State {
        /// The state.
        state: State,
    },
    /// There is no such call, or it is over.
    #[error("there is no call {call}")]
    NoSuchCall {
        /// The call.
        call: CallId,
    },
    /// The call is in another state than the command needs.
    #[error("not possible while call {call} is {state}")]
    CallState {
        /// The call.
        call: CallId,
        /// Its state.
        state: CallState,
    },
    /// For this call, that is the peer's part: only a PNS sends Set-Link-Info, only a PAC WAN-Error-Notify.
    #[error("of call {call}, that is the peer's part")]
    Role {
        /// The call.
        call: CallId,
    },
    /// The id that the call was to have is another call's of this connection, or 0.
    #[error("call id {call} is in use")]
    CallIdInUse {
        /// The id.
        call: CallId,
    },
    /// All places for calls are taken.
    #[error("no room for one more call")]
    NoRoom,
    /// Too much waits to be polled. Call `poll_event` and `poll_transmit` first.
    #[error("events or messages wait to be polled")]
    Busy,
    /// Section 2.14 allows a WAN-Error-Notify every 60 seconds.
    #[error("too early: not before {not_before:?}")]
    TooSoon {
        /// When it is allowed.
        not_before: Duration,
    },
}
