//! Messages that ask whether the peer is alive.

use crate::Header;
use crate::code::{EchoResult, GeneralError};

/// RFC 2637 section 2.5: the peer is to answer with an [`EchoReply`].
///
/// ```
/// use pptp_wire::message::EchoRequest;
///
/// assert_eq!(EchoRequest::new(7).to_string(), "Echo-Request: identifier 7");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct EchoRequest {
    /// Zero, says the RFC.
    pub reserved0: u16,
    /// Comes back in the reply.
    pub identifier: u32,
}

impl EchoRequest {
    /// 16 bytes: header (8), control message type (2), reserved0 (2), identifier (4).
    pub const LEN: usize = Header::LEN + 2 + 2 + 4;

    /// Creates the message with this identifier.
    #[must_use]
    pub const fn new(identifier: u32) -> Self {
        Self { reserved0: 0, identifier }
    }
}

layout!(EchoRequest = ECHO_REQUEST:
    reserved0 = Reserved0,
    identifier = Identifier,
);

/// RFC 2637 section 2.6: the answer to [`EchoRequest`].
///
/// ```
/// use pptp_wire::code::EchoResult;
/// use pptp_wire::message::EchoReply;
///
/// assert_eq!(
///     EchoReply::new(7, EchoResult::OK).to_string(),
///     "Echo-Reply: identifier 7, result code OK (1)"
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct EchoReply {
    /// Zero, says the RFC.
    pub reserved0: u16,
    /// That of the request.
    pub identifier: u32,
    /// Whether the request was taken.
    pub result_code: EchoResult,
    /// The cause, when the result code is "general error"; otherwise zero.
    pub error_code: GeneralError,
    /// Zero, says the RFC.
    pub reserved1: u16,
}

impl EchoReply {
    /// 20 bytes: header (8), control message type (2), reserved0 (2), identifier (4), result code
    /// (1), error code (1), reserved1 (2).
    pub const LEN: usize = Header::LEN + 2 + 2 + 4 + 1 + 1 + 2;

    /// Creates the message with this result and no error code.
    #[must_use]
    pub const fn new(identifier: u32, result_code: EchoResult) -> Self {
        Self { reserved0: 0, identifier, result_code, error_code: GeneralError::NONE, reserved1: 0 }
    }
}

layout!(EchoReply = ECHO_REPLY:
    reserved0 = Reserved0,
    identifier = Identifier,
    result_code = ResultCode,
    error_code = ErrorCode,
    reserved1 = Reserved1,
);
