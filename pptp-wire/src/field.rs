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
    /// Length: octets of the whole message. Two octets, the first.
    Length = "length",
    /// PPTP Message Type. Two octets.
    MessageType = "message type",
    /// Magic Cookie. Four octets.
    MagicCookie = "magic cookie",
    /// Control Message Type. Two octets.
    ControlMessageType = "control message type",
    /// The bytes behind the type of a message that is not known.
    Body = "body",
    /// Reserved0. Two octets.
    Reserved0 = "reserved0",
    /// Reserved1. One or two octets.
    Reserved1 = "reserved1",
    /// Reserved2. Two octets.
    Reserved2 = "reserved2",
    /// Protocol Version. Two octets.
    ProtocolVersion = "protocol version",
    /// Framing Capabilities. Four octets.
    FramingCapabilities = "framing capabilities",
    /// Bearer Capabilities. Four octets.
    BearerCapabilities = "bearer capabilities",
    /// Maximum Channels. Two octets.
    MaximumChannels = "maximum channels",
    /// Firmware Revision. Two octets.
    FirmwareRevision = "firmware revision",
    /// Host Name. 64 octets.
    HostName = "host name",
    /// Vendor Name, also called Vendor String. 64 octets.
    VendorName = "vendor name",
    /// Reason. One octet.
    Reason = "reason",
    /// Result Code. One octet.
    ResultCode = "result code",
    /// Error Code. One octet.
    ErrorCode = "error code",
    /// Cause Code. Two octets.
    CauseCode = "cause code",
    /// Identifier. Four octets.
    Identifier = "identifier",
    /// Call ID. Two octets.
    CallId = "call id",
    /// Peer's Call ID. Two octets.
    PeerCallId = "peer's call id",
    /// Call Serial Number. Two octets.
    CallSerialNumber = "call serial number",
    /// Minimum BPS. Four octets.
    MinimumBps = "minimum BPS",
    /// Maximum BPS. Four octets.
    MaximumBps = "maximum BPS",
    /// Bearer Type, also called Call Bearer Type. Four octets.
    BearerType = "bearer type",
    /// Framing Type. Four octets.
    FramingType = "framing type",
    /// Packet Recv. Window Size. Two octets.
    PacketReceiveWindowSize = "packet receive window size",
    /// Packet Processing Delay. Two octets.
    PacketProcessingDelay = "packet processing delay",
    /// Packet Transmit Delay. Two octets.
    PacketTransmitDelay = "packet transmit delay",
    /// Connect Speed. Four octets.
    ConnectSpeed = "connect speed",
    /// Physical Channel ID. Four octets.
    PhysicalChannelId = "physical channel id",
    /// Phone Number Length. Two octets.
    PhoneNumberLength = "phone number length",
    /// Phone Number. 64 octets.
    PhoneNumber = "phone number",
    /// Dialed Number Length. Two octets.
    DialedNumberLength = "dialed number length",
    /// Dialing Number Length. Two octets.
    DialingNumberLength = "dialing number length",
    /// Dialed Number. 64 octets.
    DialedNumber = "dialed number",
    /// Dialing Number. 64 octets.
    DialingNumber = "dialing number",
    /// Subaddress. 64 octets.
    Subaddress = "subaddress",
    /// Call Statistics. 128 octets.
    CallStatistics = "call statistics",
    /// CRC Errors. Four octets.
    CrcErrors = "CRC errors",
    /// Framing Errors. Four octets.
    FramingErrors = "framing errors",
    /// Hardware Overruns. Four octets.
    HardwareOverruns = "hardware overruns",
    /// Buffer Overruns. Four octets.
    BufferOverruns = "buffer overruns",
    /// Time-out Errors. Four octets.
    TimeoutErrors = "time-out errors",
    /// Alignment Errors. Four octets.
    AlignmentErrors = "alignment errors",
    /// Send ACCM. Four octets.
    SendAccm = "send ACCM",
    /// Receive ACCM. Four octets.
    ReceiveAccm = "receive ACCM",
}

impl Field {
    /// Returns whether a zero in this field says nothing, so that a trace leaves it out.
    pub(crate) const fn is_silent_when_zero(self) -> bool {
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
