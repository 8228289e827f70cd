//! Calls that the PNS asks for: what all VPN clients do.

use crate::code::{Bearer, CauseCode, Framing, GeneralError, OutgoingCallResult};
use crate::{Header, Text};

/// RFC 2637 section 2.7: the PNS wants a call.
///
/// ```
/// use pptp_wire::Text;
/// use pptp_wire::message::OutgoingCallRequest;
///
/// let request = OutgoingCallRequest::new(1, 0).with_phone_number(Text::new("5551234")?);
/// assert_eq!(request.phone_number_length, 7);
/// assert!(request.to_string().ends_with(", phone number length 7, phone number \"5551234\""));
/// # Ok::<(), pptp_wire::TextError>(())
/// ```
#[doc(alias = "OCRQ")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct OutgoingCallRequest {
    /// Zero, says the RFC.
    pub reserved0: u16,
    /// The id that the PNS chose for the call: the key of GRE packets to the PNS. 0 is in real use.
    pub call_id: u16,
    /// A number for the logs of both sides.
    pub call_serial_number: u16,
    /// The slowest line that will do, in bits per second.
    pub minimum_bps: u32,
    /// The fastest line that will do, in bits per second.
    pub maximum_bps: u32,
    /// On which channels the call may be.
    pub bearer_type: Bearer,
    /// With which framing the call may be.
    pub framing_type: Framing,
    /// How many packets the PNS will buffer.
    pub packet_receive_window_size: u16,
    /// How long a packet to the PNS may be on its way to its destination, in tenths of a second.
    pub packet_processing_delay: u16,
    /// How many bytes of the phone number are valid. Nothing checks it against the text.
    pub phone_number_length: u16,
    /// Zero, says the RFC.
    pub reserved1: u16,
    /// The number to dial. VPN clients leave it empty.
    pub phone_number: Text<64>,
    /// More to dial.
    pub subaddress: Text<64>,
}

impl OutgoingCallRequest {
    /// 168 bytes: header (8), control message type (2), reserved0 (2), call id (2), call serial
    /// number (2), minimum bps (4), maximum bps (4), bearer type (4), framing type (4). Then:
    /// packet receive window size (2), packet processing delay (2), phone number length (2),
    /// reserved1 (2), phone number (64), subaddress (64).
    pub const LEN: usize = Header::LEN + 2 + 2 + 2 + 2 + 4 + 4 + 4 + 4 + 2 + 2 + 2 + 2 + 64 + 64;

    /// Creates the request that Windows sends: 300 to 100 000 000 bits per second, any bearer, any
    /// framing, window 64, no delay, no phone number.
    #[must_use]
    pub const fn new(call_id: u16, call_serial_number: u16) -> Self {
        Self {
            reserved0: 0,
            call_id,
            call_serial_number,
            minimum_bps: 300,
            maximum_bps: 100_000_000,
            bearer_type: Bearer::ANY,
            framing_type: Framing::ANY,
            // The window that Windows offers. No peer of the recordings keeps to one.
            packet_receive_window_size: 64,
            packet_processing_delay: 0,
            phone_number_length: 0,
            reserved1: 0,
            phone_number: Text::EMPTY,
            subaddress: Text::EMPTY,
        }
    }

    /// Sets the phone number and its length.
    #[must_use]
    pub fn with_phone_number(self, phone_number: Text<64>) -> Self {
        Self { phone_number_length: phone_number.wire_len(), phone_number, ..self }
    }
}

layout!(OutgoingCallRequest = OUTGOING_CALL_REQUEST:
    reserved0 = Reserved0,
    call_id = CallId,
    call_serial_number = CallSerialNumber,
    minimum_bps = MinimumBps,
    maximum_bps = MaximumBps,
    bearer_type = BearerType,
    framing_type = FramingType,
    packet_receive_window_size = PacketReceiveWindowSize,
    packet_processing_delay = PacketProcessingDelay,
    phone_number_length = PhoneNumberLength,
    reserved1 = Reserved1,
    phone_number = PhoneNumber,
    subaddress = Subaddress,
);

/// RFC 2637 section 2.8: the answer to [`OutgoingCallRequest`].
///
/// ```
/// use pptp_wire::code::{GeneralError, OutgoingCallResult};
/// use pptp_wire::message::OutgoingCallReply;
///
/// let refusal =
///     OutgoingCallReply::refused(1, OutgoingCallResult::GENERAL_ERROR, GeneralError::NO_RESOURCE);
/// assert_eq!(
///     refusal.to_string(),
///     "Outgoing-Call-Reply: call id 0, peer's call id 1, result code General Error (2), \
///      error code No-Resource (4), connect speed 0, packet receive window size 0, \
///      packet processing delay 0, physical channel id 0"
/// );
/// ```
#[doc(alias = "OCRP")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct OutgoingCallReply {
    /// Zero, says the RFC.
    pub reserved0: u16,
    /// The id that the PAC chose for the call: the key of GRE packets to the PAC. 0 is in real use.
    pub call_id: u16,
    /// The call id of the request.
    pub peer_call_id: u16,
    /// The outcome of the call.
    pub result_code: OutgoingCallResult,
    /// The cause, when the result code is "general error"; otherwise zero.
    pub error_code: GeneralError,
    /// More about a failure.
    pub cause_code: CauseCode,
    /// The speed of the line, in bits per second.
    pub connect_speed: u32,
    /// How many packets the PAC will buffer.
    pub packet_receive_window_size: u16,
    /// How long a packet to the PAC may be on its way to its destination, in tenths of a second.
    pub packet_processing_delay: u16,
    /// A number for the logs of the PAC.
    pub physical_channel_id: u32,
}

impl OutgoingCallReply {
    /// 32 bytes: header (8), control message type (2), reserved0 (2), call id (2), peer call id
    /// (2), result code (1), error code (1). Then: cause code (2), connect speed (4), packet
    /// receive window size (2), packet processing delay (2), physical channel id (4).
    pub const LEN: usize = Header::LEN + 2 + 2 + 2 + 2 + 1 + 1 + 2 + 4 + 2 + 2 + 4;

    /// Creates the reply of a connected call at this speed in bits per second, with window 64 and
    /// no delay.
    #[must_use]
    pub const fn new(call_id: u16, peer_call_id: u16, connect_speed: u32) -> Self {
        Self {
            call_id,
            connect_speed,
            // The window that Windows offers. No peer of the recordings keeps to one.
            packet_receive_window_size: 64,
            ..Self::refused(peer_call_id, OutgoingCallResult::CONNECTED, GeneralError::NONE)
        }
    }

    /// Creates the reply of a refused call, without call id, speed and window.
    #[must_use]
    pub const fn refused(peer_call_id: u16, result_code: OutgoingCallResult, error_code: GeneralError) -> Self {
        Self {
            reserved0: 0,
            call_id: 0,
            peer_call_id,
            result_code,
            error_code,
            cause_code: CauseCode::new(0),
            connect_speed: 0,
            packet_receive_window_size: 0,
            packet_processing_delay: 0,
            physical_channel_id: 0,
        }
    }
}

layout!(OutgoingCallReply = OUTGOING_CALL_REPLY:
    reserved0 = Reserved0,
    call_id = CallId,
    peer_call_id = PeerCallId,
    result_code = ResultCode,
    error_code = ErrorCode,
    cause_code = CauseCode,
    connect_speed = ConnectSpeed,
    packet_receive_window_size = PacketReceiveWindowSize,
    packet_processing_delay = PacketProcessingDelay,
    physical_channel_id = PhysicalChannelId,
);
