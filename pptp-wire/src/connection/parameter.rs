//! The user's answers and parameters of calls.

use super::CallId;
use crate::code::{CauseCode, DisconnectResult, Framing, GeneralError, IncomingCallResult, OutgoingCallResult};
use crate::message::WanErrorNotify;

/// RFC 2637 sections 2.8, 2.10 and 2.11: the parameters that this side states when a call is to be
/// connected.
///
/// ```
/// use pptp_wire::connection::Answer;
///
/// let answer = Answer::new().with_window(16).with_connect_speed(64_000);
/// assert_ne!(answer, Answer::new());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    pub(super) window: u16,
    pub(super) delay: u16,
    pub(super) connect_speed: Option<u32>,
    pub(super) physical_channel_id: u32,
    pub(super) framing: Framing,
    pub(super) call_id: Option<CallId>,
}

impl Answer {
    /// Creates an answer with window 64, no delay, the highest speed that was asked for, and any
    /// framing.
    #[must_use]
    pub const fn new() -> Self {
        Self { window: 64, delay: 0, connect_speed: None, physical_channel_id: 0, framing: Framing::ANY, call_id: None }
    }

    /// Sets how many packets we will buffer (Packet Recv. Window Size). Default: 64, as Windows. pptp-linux has 3, of
    /// which a peer that keeps to it makes a slow tunnel.
    #[must_use]
    pub const fn with_window(self, window: u16) -> Self {
        Self { window, ..self }
    }

    /// Sets how long packets to us may be on their way, in tenths of a second (section 4.4). Default: 0.
    #[must_use]
    pub const fn with_delay(self, delay: u16) -> Self {
        Self { delay, ..self }
    }

    /// Sets the speed of the line, in bits per second, which only a PAC states. Default: what the
    /// PNS asked for at most; 100 000 000 if nobody asked, as of incoming calls.
    #[must_use]
    pub const fn with_connect_speed(self, connect_speed: u32) -> Self {
        Self { connect_speed: Some(connect_speed), ..self }
    }

    /// Sets a number for the logs of the PAC of an outgoing call. Default: 0.
    #[must_use]
    pub const fn with_physical_channel_id(self, physical_channel_id: u32) -> Self {
        Self { physical_channel_id, ..self }
    }

    /// Sets the framing, which only the PAC of an incoming call states. Default: any.
    #[must_use]
    pub const fn with_framing(self, framing: Framing) -> Self {
        Self { framing, ..self }
    }

    /// Sets our id of the call (RFC 2637 section 4.1) instead of the one that it was
    /// [requested](super::Event::CallRequested) with. It should not be foreseeable. GRE packets of one
    /// address have only this id, so a server of many connections keeps their ids apart. Default:
    /// the id that this connection has drawn.
    #[must_use]
    pub const fn with_call_id(self, call: CallId) -> Self {
        Self { call_id: Some(call), ..self }
    }
}

impl Default for Answer {
    fn default() -> Self {
        Self::new()
    }
}

/// RFC 2637 sections 2.8 and 2.10: why this side does not take a call.
///
/// ```
/// use pptp_wire::code::{CauseCode, GeneralError};
/// use pptp_wire::connection::Refusal;
///
/// let busy = Refusal::BUSY.with_cause(CauseCode::USER_BUSY);
/// let full = Refusal::general_error(GeneralError::NO_RESOURCE);
/// assert_ne!(busy, full);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Never [`OutgoingCallResult::CONNECTED`].
    pub(super) result: OutgoingCallResult,
    pub(super) error: GeneralError,
    pub(super) cause: CauseCode,
}

impl Refusal {
    /// The call is prohibited.
    pub const DO_NOT_ACCEPT: Self = Self::of(OutgoingCallResult::DO_NOT_ACCEPT);
    /// There was no carrier.
    pub const NO_CARRIER: Self = Self::of(OutgoingCallResult::NO_CARRIER);
    /// The line was busy.
    pub const BUSY: Self = Self::of(OutgoingCallResult::BUSY);
    /// There was no dial tone.
    pub const NO_DIAL_TONE: Self = Self::of(OutgoingCallResult::NO_DIAL_TONE);
    /// It took too long.
    pub const TIME_OUT: Self = Self::of(OutgoingCallResult::TIME_OUT);

    const fn of(result: OutgoingCallResult) -> Self {
        Self { result, error: GeneralError::NONE, cause: CauseCode::new(0) }
    }

    /// Creates an answer with a general error (RFC 2637 section 2.16).
    #[must_use]
    pub const fn general_error(error: GeneralError) -> Self {
        Self { error, ..Self::of(OutgoingCallResult::GENERAL_ERROR) }
    }

    /// Sets the cause, for telephone calls one of Q.931. Default: 0. The answer to an incoming call has no room for it.
    #[must_use]
    pub const fn with_cause(self, cause: CauseCode) -> Self {
        Self { cause, ..self }
    }

    /// Returns the same for an incoming call, which knows fewer reasons.
    pub(super) const fn incoming_result(self) -> IncomingCallResult {
        match self.result {
            OutgoingCallResult::GENERAL_ERROR => IncomingCallResult::GENERAL_ERROR,
            _ => IncomingCallResult::DO_NOT_ACCEPT,
        }
    }
}

/// RFC 2637 section 2.13: why this side ends a call of which it is the PAC. A PNS cannot say why.
///
/// ```
/// use pptp_wire::code::{CauseCode, DisconnectResult};
/// use pptp_wire::connection::Disconnect;
///
/// let hung_up = Disconnect::new(DisconnectResult::LOST_CARRIER)
///     .with_cause(CauseCode::NORMAL_CALL_CLEARING);
/// assert_ne!(hung_up, Disconnect::ADMIN_SHUTDOWN);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disconnect {
    pub(super) result: DisconnectResult,
    pub(super) error: GeneralError,
    pub(super) cause: CauseCode,
}

impl Disconnect {
    /// The administrator, or the user of this side, wanted it.
    pub const ADMIN_SHUTDOWN: Self = Self::new(DisconnectResult::ADMIN_SHUTDOWN);
    /// The carrier was lost.
    pub const LOST_CARRIER: Self = Self::new(DisconnectResult::LOST_CARRIER);

    /// Creates the disconnect with this result.
    #[must_use]
    pub const fn new(result: DisconnectResult) -> Self {
        Self { result, error: GeneralError::NONE, cause: CauseCode::new(0) }
    }

    /// Creates an answer with a general error (RFC 2637 section 2.16).
    #[must_use]
    pub const fn general_error(error: GeneralError) -> Self {
        Self { error, ..Self::new(DisconnectResult::GENERAL_ERROR) }
    }

    /// Sets the cause, for telephone calls one of Q.931. Default: 0.
    #[must_use]
    pub const fn with_cause(self, cause: CauseCode) -> Self {
        Self { cause, ..self }
    }
}

/// RFC 2637 section 2.14: errors on the line of a call, counted since it was connected.
///
/// ```
/// use pptp_wire::connection::WanErrors;
///
/// let errors = WanErrors { crc_errors: 3, ..WanErrors::default() };
/// assert_eq!(errors.timeout_errors, 0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other counters")]
pub struct WanErrors {
    /// PPP frames with a wrong check sequence.
    pub crc_errors: u32,
    /// PPP frames with wrong framing.
    pub framing_errors: u32,
    /// Receive buffers that ran over.
    pub hardware_overruns: u32,
    /// Buffers that ran over.
    pub buffer_overruns: u32,
    /// Time-outs.
    pub timeout_errors: u32,
    /// Alignment errors.
    pub alignment_errors: u32,
}

impl WanErrors {
    pub(super) const fn to_message(self, peer_call_id: u16) -> WanErrorNotify {
        WanErrorNotify {
            reserved0: 0,
            peer_call_id,
            reserved1: 0,
            crc_errors: self.crc_errors,
            framing_errors: self.framing_errors,
            hardware_overruns: self.hardware_overruns,
            buffer_overruns: self.buffer_overruns,
            timeout_errors: self.timeout_errors,
            alignment_errors: self.alignment_errors,
        }
    }
}

impl From<WanErrorNotify> for WanErrors {
    fn from(notify: WanErrorNotify) -> Self {
        Self {
            crc_errors: notify.crc_errors,
            framing_errors: notify.framing_errors,
            hardware_overruns: notify.hardware_overruns,
            buffer_overruns: notify.buffer_overruns,
            timeout_errors: notify.timeout_errors,
            alignment_errors: notify.alignment_errors,
        }
    }
}
