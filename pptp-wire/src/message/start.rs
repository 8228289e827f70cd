//! Messages that begin the control connection.

use crate::code::{Bearer, Framing, GeneralError, ProtocolVersion, StartResult};
use crate::{Header, Text};

/// RFC 2637 section 2.1: the first message, from the side that opened the TCP connection.
///
/// ```
/// use pptp_wire::Text;
/// use pptp_wire::message::StartControlConnectionRequest;
///
/// let request = StartControlConnectionRequest::new(Text::new("laptop")?, Text::EMPTY);
/// assert_eq!(
///     request.to_string(),
///     "Start-Control-Connection-Request: protocol version 1.0, framing capabilities async+sync, \
///      bearer capabilities analog+digital, maximum channels 0, firmware revision 0, \
///      host name \"laptop\", vendor name \"\""
/// );
/// # Ok::<(), pptp_wire::TextError>(())
/// ```
#[doc(alias = "SCCRQ")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct StartControlConnectionRequest {
    /// Zero, says the RFC.
    pub reserved0: u16,
    /// The version that the sender wishes to use.
    pub protocol_version: ProtocolVersion,
    /// Zero, says the RFC.
    pub reserved1: u16,
    /// The capabilities of the sender.
    pub framing_capabilities: Framing,
    /// The capabilities of the sender.
    pub bearer_capabilities: Bearer,
    /// How many sessions the sender can have, if it is a PAC. A PNS sends 0, which the PAC ignores; real ones also send
    /// 65535.
    pub maximum_channels: u16,
    /// A number that says something to the sender's vendor.
    pub firmware_revision: u16,
    /// The DNS name of the sender. Windows leaves it empty, many others say `local`.
    pub host_name: Text<64>,
    /// The sender's product.
    pub vendor_name: Text<64>,
}

impl StartControlConnectionRequest {
    /// 156 bytes: header (8), control message type (2), reserved0 (2), protocol version (2),
    /// reserved1 (2), framing capabilities (4), bearer capabilities (4). Then: maximum channels
    /// (2), firmware revision (2), host name (64), vendor name (64).
    pub const LEN: usize = Header::LEN + 2 + 2 + 2 + 2 + 4 + 4 + 2 + 2 + 64 + 64;

    /// Creates the request with version 1.0, all capabilities, no channels (as a PNS) and firmware
    /// revision 0.
    #[must_use]
    pub const fn new(host_name: Text<64>, vendor_name: Text<64>) -> Self {
        Self {
            reserved0: 0,
            protocol_version: ProtocolVersion::V1_0,
            reserved1: 0,
            framing_capabilities: Framing::ANY,
            bearer_capabilities: Bearer::ANY,
            maximum_channels: 0,
            firmware_revision: 0,
            host_name,
            vendor_name,
        }
    }
}

layout!(StartControlConnectionRequest = START_CONTROL_CONNECTION_REQUEST:
    reserved0 = Reserved0,
    protocol_version = ProtocolVersion,
    reserved1 = Reserved1,
    framing_capabilities = FramingCapabilities,
    bearer_capabilities = BearerCapabilities,
    maximum_channels = MaximumChannels,
    firmware_revision = FirmwareRevision,
    host_name = HostName,
    vendor_name = VendorName,
);

/// RFC 2637 section 2.2: the answer to [`StartControlConnectionRequest`].
///
/// ```
/// use pptp_wire::Text;
/// use pptp_wire::code::StartResult;
/// use pptp_wire::message::StartControlConnectionReply;
///
/// let reply =
///     StartControlConnectionReply::new(StartResult::NOT_AUTHORIZED, Text::EMPTY, Text::EMPTY);
/// assert!(reply.to_string().starts_with(
///     "Start-Control-Connection-Reply: protocol version 1.0, \
///      result code Requester not authorized (4), framing"
/// ));
/// ```
#[doc(alias = "SCCRP")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct StartControlConnectionReply {
    /// Zero, says the RFC.
    pub reserved0: u16,
    /// The version that the sender wishes to use.
    pub protocol_version: ProtocolVersion,
    /// Whether there is a control connection now.
    pub result_code: StartResult,
    /// The cause, when the result code is "general error"; otherwise zero.
    pub error_code: GeneralError,
    /// The capabilities of the sender.
    pub framing_capabilities: Framing,
    /// The capabilities of the sender.
    pub bearer_capabilities: Bearer,
    /// How many sessions the sender can have, if it is a PAC. A PNS sends 0, which the PAC ignores; real ones also send
    /// 65535.
    pub maximum_channels: u16,
    /// A number that says something to the sender's vendor.
    pub firmware_revision: u16,
    /// The DNS name of the sender. Windows leaves it empty, many others say `local`.
    pub host_name: Text<64>,
    /// The sender's product.
    pub vendor_name: Text<64>,
}

impl StartControlConnectionReply {
    /// 156 bytes: header (8), control message type (2), reserved0 (2), protocol version (2), result
    /// code (1), error code (1), framing capabilities (4), bearer capabilities (4). Then: maximum
    /// channels (2), firmware revision (2), host name (64), vendor name (64).
    pub const LEN: usize = Header::LEN + 2 + 2 + 2 + 1 + 1 + 4 + 4 + 2 + 2 + 64 + 64;

    /// Creates the reply with version 1.0, no error code, all capabilities, no channels (as a PNS)
    /// and firmware revision 0.
    #[must_use]
    pub const fn new(result_code: StartResult, host_name: Text<64>, vendor_name: Text<64>) -> Self {
        Self {
            reserved0: 0,
            protocol_version: ProtocolVersion::V1_0,
            result_code,
            error_code: GeneralError::NONE,
            framing_capabilities: Framing::ANY,
            bearer_capabilities: Bearer::ANY,
            maximum_channels: 0,
            firmware_revision: 0,
            host_name,
            vendor_name,
        }
    }
}

layout!(StartControlConnectionReply = START_CONTROL_CONNECTION_REPLY:
    reserved0 = Reserved0,
    protocol_version = ProtocolVersion,
    result_code = ResultCode,
    error_code = ErrorCode,
    framing_capabilities = FramingCapabilities,
    bearer_capabilities = BearerCapabilities,
    maximum_channels = MaximumChannels,
    firmware_revision = FirmwareRevision,
    host_name = HostName,
    vendor_name = VendorName,
);
