//! Messages that end the control connection.

use crate::Header;
use crate::code::{GeneralError, StopReason, StopResult};

/// RFC 2637 section 2.3: the sender wants the control connection closed, and with it all its calls.
///
/// ```
/// use pptp_wire::code::StopReason;
/// use pptp_wire::message::StopControlConnectionRequest;
///
/// let request = StopControlConnectionRequest::new(StopReason::STOP_LOCAL_SHUTDOWN);
/// assert_eq!(
///     request.to_string(),
///     "Stop-Control-Connection-Request: reason Stop-Local-Shutdown (3)"
/// );
/// ```
#[doc(alias = "StopCCRQ")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct StopControlConnectionRequest {
    /// Zero, says the RFC.
    pub reserved0: u16,
    /// Why.
    pub reason: StopReason,
    /// Zero, says the RFC.
    pub reserved1: u8,
    /// Zero, says the RFC.
    pub reserved2: u16,
}

impl StopControlConnectionRequest {
    /// 16 bytes: header (8), control message type (2), reserved0 (2), reason (1), reserved1 (1),
    /// reserved2 (2).
    pub const LEN: usize = Header::LEN + 2 + 2 + 1 + 1 + 2;

    /// Creates the request with this reason.
    #[must_use]
    pub const fn new(reason: StopReason) -> Self {
        Self { reserved0: 0, reason, reserved1: 0, reserved2: 0 }
    }
}

layout!(StopControlConnectionRequest = STOP_CONTROL_CONNECTION_REQUEST:
    reserved0 = Reserved0,
    reason = Reason,
    reserved1 = Reserved1,
    reserved2 = Reserved2,
);

/// RFC 2637 section 2.4: the answer to [`StopControlConnectionRequest`].
///
/// ```
/// use pptp_wire::code::StopResult;
/// use pptp_wire::message::StopControlConnectionReply;
///
/// let reply = StopControlConnectionReply::new(StopResult::OK);
/// assert_eq!(reply.to_string(), "Stop-Control-Connection-Reply: result code OK (1)");
/// ```
#[doc(alias = "StopCCRP")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct StopControlConnectionReply {
    /// Zero, says the RFC.
    pub reserved0: u16,
    /// Whether the control connection is closed.
    pub result_code: StopResult,
    /// The cause, when the result code is "general error"; otherwise zero.
    pub error_code: GeneralError,
    /// Zero, says the RFC.
    pub reserved1: u16,
}

impl StopControlConnectionReply {
    /// 16 bytes: header (8), control message type (2), reserved0 (2), result code (1), error code
    /// (1), reserved1 (2).
    pub const LEN: usize = Header::LEN + 2 + 2 + 1 + 1 + 2;

    /// Creates the reply with this result and no error code.
    #[must_use]
    pub const fn new(result_code: StopResult) -> Self {
        Self { reserved0: 0, result_code, error_code: GeneralError::NONE, reserved1: 0 }
    }
}

layout!(StopControlConnectionReply = STOP_CONTROL_CONNECTION_REPLY:
    reserved0 = Reserved0,
    result_code = ResultCode,
    error_code = ErrorCode,
    reserved1 = Reserved1,
);
