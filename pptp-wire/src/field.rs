//! The names of the parts of messages.

use core::fmt;

macro_rules! fields {
    ($($(#[$attribute:meta])* $field:ident = $name:literal,)+) => {
        /// RFC 2637 section 2: a part of a control message, named as there.
        ///
        /// ```
        /// use pptp_wire::Field;
        ///
        /// assert_eq!(Field::PeerCallId.to_string(), "peer's call id");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Field {
            $($(#[$attribute])* $field,)+
        }

        impl fmt::Display for Field {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$field => $name,)+
                })
            }
        }
    };
}

fields! {
    /// Length: bytes of the whole message. Two bytes, the first.
    Length = "length",
    /// PPTP Message Type. Two bytes.
    MessageType = "message type",
    /// Magic Cookie. Four bytes.
    MagicCookie = "magic cookie",
    /// Control Message Type. Two bytes.
    ControlMessageType = "control message type",
    /// The bytes behind the type of a message that is not known.
    Body = "body",
    /// Reserved0. Two bytes.
    Reserved0 = "reserved0",
    /// Reserved1. One or two bytes.
    Reserved1 = "reserved1",
    /// Reserved2. Two bytes.
    Reserved2 = "reserved2",
    /// Protocol Version. Two bytes.
    ProtocolVersion = "protocol version",
    /// Framing Capabilities. Four bytes.
    FramingCapabilities = "framing capabilities",
    /// Bearer Capabilities. Four bytes.
    BearerCapabilities = "bearer capabilities",
    /// Maximum Channels. Two bytes.
    MaximumChannels = "maximum channels",
    /// Firmware Revision. Two bytes.
    FirmwareRevision = "firmware revision",
    /// Host Name. 64 bytes.
    HostName = "host name",
    /// Vendor Name, also called Vendor String. 64 bytes.
    VendorName = "vendor name",
    /// Reason. One byte.
    Reason = "reason",
    /// Result Code. One byte.
    ResultCode = "result code",
    /// Error Code. One byte.
    ErrorCode = "error code",
    /// Cause Code. Two bytes.
    CauseCode = "cause code",
    /// Identifier. Four bytes.
    Identifier = "identifier",
    /// Call ID. Two bytes.
    CallId = "call id",
    /// Peer's Call ID. Two bytes.
    PeerCallId = "peer's call id",
    /// Call Serial Number. Two bytes.
    CallSerialNumber = "call serial number",
    /// Minimum BPS. Four bytes.
    MinimumBps = "minimum BPS",
    /// Maximum BPS. Four bytes.
    MaximumBps = "maximum BPS",
    /// Bearer Type, also called Call Bearer Type. Four bytes.
    BearerType = "bearer type",
    /// Framing Type. Four bytes.
    FramingType = "framing type",
    /// Packet Recv. Window Size. Two bytes.
    PacketReceiveWindowSize = "packet receive window size",
    /// Packet Processing Delay. Two bytes.
    PacketProcessingDelay = "packet processing delay",
    /// Packet Transmit Delay. Two bytes.
    PacketTransmitDelay = "packet transmit delay",
    /// Connect Speed. Four bytes.
    ConnectSpeed = "connect speed",
    /// Physical Channel ID. Four bytes.
    PhysicalChannelId = "physical channel id",
    /// Phone Number Length. Two bytes.
    PhoneNumberLength = "phone number length",
    /// Phone Number. 64 bytes.
    PhoneNumber = "phone number",
    /// Dialed Number Length. Two bytes.
    DialedNumberLength = "dialed number length",
    /// Dialing Number Length. Two bytes.
    DialingNumberLength = "dialing number length",
    /// Dialed Number. 64 bytes.
    DialedNumber = "dialed number",
    /// Dialing Number. 64 bytes.
    DialingNumber = "dialing number",
    /// Subaddress. 64 bytes.
    Subaddress = "subaddress",
    /// Call Statistics. 128 bytes.
    CallStatistics = "call statistics",
    /// CRC Errors. Four bytes.
    CrcErrors = "CRC errors",
    /// Framing Errors. Four bytes.
    FramingErrors = "framing errors",
    /// Hardware Overruns. Four bytes.
    HardwareOverruns = "hardware overruns",
    /// Buffer Overruns. Four bytes.
    BufferOverruns = "buffer overruns",
    /// Time-out Errors. Four bytes.
    TimeoutErrors = "time-out errors",
    /// Alignment Errors. Four bytes.
    AlignmentErrors = "alignment errors",
    /// Send ACCM. Four bytes.
    SendAccm = "send ACCM",
    /// Receive ACCM. Four bytes.
    ReceiveAccm = "receive ACCM",
}

impl Field {
    /// Returns whether a zero in this field says nothing, so that a trace leaves it out.
    pub(crate) const fn is_silent_when_zero(self) -> bool {
        // Zero is what every peer sends here; a value is worth a look.
        matches!(
            self,
            Self::Reserved0
                | Self::Reserved1
                | Self::Reserved2
                | Self::ErrorCode
                | Self::CauseCode
                | Self::PhoneNumberLength
                | Self::PhoneNumber
                | Self::DialedNumberLength
                | Self::DialedNumber
                | Self::DialingNumberLength
                | Self::DialingNumber
                | Self::Subaddress
                | Self::CallStatistics
        )
    }
}
