//! Messages that end a call.

use crate::code::{CauseCode, DisconnectResult, GeneralError};
use crate::{Header, Text};

/// RFC 2637 section 2.12: the PNS wants a call ended.
///
/// ```
/// use pptp_wire::message::CallClearRequest;
///
/// assert_eq!(CallClearRequest::new(4).to_string(), "Call-Clear-Request: call id 4");
/// ```
#[doc(alias = "CCRQ")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct CallClearRequest {
    /// Zero, says the RFC.
    pub reserved0: u16,
    /// The id that the PNS, the sender, chose for the call.
    pub call_id: u16,
    /// Zero, says the RFC.
    pub reserved1: u16,
}

impl CallClearRequest {
    /// 16 bytes: header (8), control message type (2), reserved0 (2), call id (2), reserved1 (2).
    pub const LEN: usize = Header::LEN + 2 + 2 + 2 + 2;

    /// Creates the message with this call id.
    #[must_use]
    pub const fn new(call_id: u16) -> Self {
        Self { reserved0: 0, call_id, reserved1: 0 }
    }
}

layout!(CallClearRequest = CALL_CLEAR_REQUEST:
    reserved0 = Reserved0,
    call_id = CallId,
    reserved1 = Reserved1,
);

/// RFC 2637 section 2.13: the PAC says that a call has ended.
///
/// ```
/// use pptp_wire::code::DisconnectResult;
/// use pptp_wire::message::CallDisconnectNotify;
///
/// let notify = CallDisconnectNotify::new(9, DisconnectResult::REQUEST);
/// assert_eq!(
///     notify.to_string(),
///     "Call-Disconnect-Notify: call id 9, result code Request (4)"
/// );
/// ```
#[doc(alias = "CDN")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct CallDisconnectNotify {
    /// Zero, says the RFC.
    pub reserved0: u16,
    /// The id that the PAC, the sender, chose for the call. accel-ppp sends the id that the PNS chose.
    pub call_id: u16,
    /// Why.
    pub result_code: DisconnectResult,
    /// The cause, when the result code is "general error"; otherwise zero.
    pub error_code: GeneralError,
    /// More about it.
    pub cause_code: CauseCode,
    /// Zero, says the RFC.
    pub reserved1: u16,
    /// Something for the logs, in the form that the PAC's vendor likes.
    pub call_statistics: Text<128>,
}

impl CallDisconnectNotify {
    /// 148 bytes: header (8), control message type (2), reserved0 (2), call id (2), result code
    /// (1), error code (1), cause code (2), reserved1 (2), call statistics (128).
    pub const LEN: usize = Header::LEN + 2 + 2 + 2 + 1 + 1 + 2 + 2 + 128;

    /// Creates the message with this result, no error code, no cause and no statistics.
    #[must_use]
    pub const fn new(call_id: u16, result_code: DisconnectResult) -> Self {
        Self {
            reserved0: 0,
            call_id,
            result_code,
            error_code: GeneralError::NONE,
            cause_code: CauseCode::new(0),
            reserved1: 0,
            call_statistics: Text::EMPTY,
        }
    }
}

layout!(CallDisconnectNotify = CALL_DISCONNECT_NOTIFY:
    reserved0 = Reserved0,
    call_id = CallId,
    result_code = ResultCode,
    error_code = ErrorCode,
    cause_code = CauseCode,
    reserved1 = Reserved1,
    call_statistics = CallStatistics,
);
