//! Calls that reach the PAC from outside.

use crate::code::{Bearer, Framing, GeneralError, IncomingCallResult};
use crate::{Header, Text};

/// RFC 2637 section 2.9: somebody calls the PAC. The longest message there is.
///
/// ```
/// use pptp_wire::Text;
/// use pptp_wire::code::Bearer;
/// use pptp_wire::message::IncomingCallRequest;
///
/// let request = IncomingCallRequest::new(9, 1, Bearer::DIGITAL)
///     .with_dialed_number(Text::new("110")?)
///     .with_dialing_number(Text::new("0301234")?);
/// assert_eq!(
///     request.to_string(),
///     "Incoming-Call-Request: call id 9, call serial number 1, bearer type digital, \
///      physical channel id 0, dialed number length 3, dialing number length 7, \
///      dialed number \"110\", dialing number \"0301234\""
/// );
/// # Ok::<(), pptp_wire::TextError>(())
/// ```
#[doc(alias = "ICRQ")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct IncomingCallRequest {
    /// Zero, says the RFC.
    pub reserved0: u16,
    /// The id that the PAC chose for the call: the key of GRE packets to the PAC. 0 is in real use.
    pub call_id: u16,
    /// A number for the logs of both sides.
    pub call_serial_number: u16,
    /// On which channel the call is.
    pub bearer_type: Bearer,
    /// A number for the logs of the PAC.
    pub physical_channel_id: u32,
    /// How many bytes of the dialed number are valid. Nothing checks it against the text.
    pub dialed_number_length: u16,
    /// How many bytes of the dialing number are valid. Nothing checks it against the text.
    pub dialing_number_length: u16,
    /// The number that was called.
    pub dialed_number: Text<64>,
    /// The number of the caller.
    pub dialing_number: Text<64>,
    /// More that was dialed.
    pub subaddress: Text<64>,
}

impl IncomingCallRequest {
    /// 220 bytes: header (8), control message type (2), reserved0 (2), call id (2), call serial
    /// number (2), bearer type (4), physical channel id (4). Then: dialed number length (2),
    /// dialing number length (2), dialed number (64), dialing number (64), subaddress (64).
    pub const LEN: usize = Header::LEN + 2 + 2 + 2 + 2 + 4 + 4 + 2 + 2 + 64 + 64 + 64;

    /// Creates the message without physical channel and numbers.
    #[must_use]
    pub const fn new(call_id: u16, call_serial_number: u16, bearer_type: Bearer) -> Self {
        Self {
            reserved0: 0,
            call_id,
            call_serial_number,
            bearer_type,
            physical_channel_id: 0,
            dialed_number_length: 0,
            dialing_number_length: 0,
            dialed_number: Text::EMPTY,
            dialing_number: Text::EMPTY,
            subaddress: Text::EMPTY,
        }
    }

    /// Sets the dialed number and its length.
    #[must_use]
    pub fn with_dialed_number(self, dialed_number: Text<64>) -> Self {
        Self { dialed_number_length: dialed_number.wire_len(), dialed_number, ..self }
    }

    /// Sets the dialing number and its length.
    #[must_use]
    pub fn with_dialing_number(self, dialing_number: Text<64>) -> Self {
        Self { dialing_number_length: dialing_number.wire_len(), dialing_number, ..self }
    }
}

layout!(IncomingCallRequest = INCOMING_CALL_REQUEST:
    reserved0 = Reserved0,
    call_id = CallId,
    call_serial_number = CallSerialNumber,
    bearer_type = BearerType,
    physical_channel_id = PhysicalChannelId,
    dialed_number_length = DialedNumberLength,
    dialing_number_length = DialingNumberLength,
    dialed_number = DialedNumber,
    dialing_number = DialingNumber,
    subaddress = Subaddress,
);

/// RFC 2637 section 2.10: the answer to [`IncomingCallRequest`], by the PNS.
///
/// ```
/// use pptp_wire::message::IncomingCallReply;
///
/// assert_eq!(
///     IncomingCallReply::new(4, 9).to_string(),
///     "Incoming-Call-Reply: call id 4, peer's call id 9, result code Connect (1), \
///      packet receive window size 64, packet transmit delay 0"
/// );
/// ```
#[doc(alias = "ICRP")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct IncomingCallReply {
    /// Zero, says the RFC.
    pub reserved0: u16,
    /// The id that the PNS chose for the call: the key of GRE packets to the PNS. 0 is in real use.
    pub call_id: u16,
    /// The call id of the request.
    pub peer_call_id: u16,
    /// Whether the PAC is to answer the call.
    pub result_code: IncomingCallResult,
    /// The cause, when the result code is "general error"; otherwise zero.
    pub error_code: GeneralError,
    /// How many packets the PNS will buffer. (The RFC says PAC; but the PNS is the sender.)
    pub packet_receive_window_size: u16,
    /// How long a packet to the PNS may be on its way to its destination, in tenths of a second.
    pub packet_transmit_delay: u16,
    /// Zero, says the RFC.
    pub reserved1: u16,
}

impl IncomingCallReply {
    /// 24 bytes: header (8), control message type (2), reserved0 (2), call id (2), peer call id
    /// (2), result code (1), error code (1). Then: packet receive window size (2), packet transmit
    /// delay (2), reserved1 (2).
    pub const LEN: usize = Header::LEN + 2 + 2 + 2 + 2 + 1 + 1 + 2 + 2 + 2;

    /// Creates the reply that answers the call, with window 64 and no delay.
    #[must_use]
    pub const fn new(call_id: u16, peer_call_id: u16) -> Self {
        Self {
            call_id,
            packet_receive_window_size: 64,
            ..Self::refused(peer_call_id, IncomingCallResult::CONNECT, GeneralError::NONE)
        }
    }

    /// Creates the reply that does not answer the call, without call id and window.
    #[must_use]
    pub const fn refused(peer_call_id: u16, result_code: IncomingCallResult, error_code: GeneralError) -> Self {
        Self {
            reserved0: 0,
            call_id: 0,
            peer_call_id,
            result_code,
            error_code,
            packet_receive_window_size: 0,
            packet_transmit_delay: 0,
            reserved1: 0,
        }
    }
}

layout!(IncomingCallReply = INCOMING_CALL_REPLY:
    reserved0 = Reserved0,
    call_id = CallId,
    peer_call_id = PeerCallId,
    result_code = ResultCode,
    error_code = ErrorCode,
    packet_receive_window_size = PacketReceiveWindowSize,
    packet_transmit_delay = PacketTransmitDelay,
    reserved1 = Reserved1,
);

/// RFC 2637 section 2.11: the PAC has answered the call after [`IncomingCallReply`].
///
/// ```
/// use pptp_wire::code::Framing;
/// use pptp_wire::message::IncomingCallConnected;
///
/// assert_eq!(
///     IncomingCallConnected::new(4, 64_000, Framing::SYNCHRONOUS).to_string(),
///     "Incoming-Call-Connected: peer's call id 4, connect speed 64000, \
///      packet receive window size 64, packet transmit delay 0, framing type sync"
/// );
/// ```
#[doc(alias = "ICCN")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct IncomingCallConnected {
    /// Zero, says the RFC.
    pub reserved0: u16,
    /// The call id of the reply.
    pub peer_call_id: u16,
    /// Zero, says the RFC.
    pub reserved1: u16,
    /// The speed of the line, in bits per second.
    pub connect_speed: u32,
    /// How many packets the PAC will buffer.
    pub packet_receive_window_size: u16,
    /// How long a packet to the PAC may be on its way to its destination, in tenths of a second.
    pub packet_transmit_delay: u16,
    /// The framing of the call.
    pub framing_type: Framing,
}

impl IncomingCallConnected {
    /// 28 bytes: header (8), control message type (2), reserved0 (2), peer call id (2), reserved1
    /// (2). Then: connect speed (4), packet receive window size (2), packet transmit delay (2),
    /// framing type (4).
    pub const LEN: usize = Header::LEN + 2 + 2 + 2 + 2 + 4 + 2 + 2 + 4;

    /// Creates the message with this speed in bits per second, window 64 and no delay.
    #[must_use]
    pub const fn new(peer_call_id: u16, connect_speed: u32, framing_type: Framing) -> Self {
        Self {
            reserved0: 0,
            peer_call_id,
            reserved1: 0,
            connect_speed,
            // The window that Windows offers. No peer of the recordings keeps to one.
            packet_receive_window_size: 64,
            packet_transmit_delay: 0,
            framing_type,
        }
    }
}

layout!(IncomingCallConnected = INCOMING_CALL_CONNECTED:
    reserved0 = Reserved0,
    peer_call_id = PeerCallId,
    reserved1 = Reserved1,
    connect_speed = ConnectSpeed,
    packet_receive_window_size = PacketReceiveWindowSize,
    packet_transmit_delay = PacketTransmitDelay,
    framing_type = FramingType,
);
