//! Message types.

number! {
    /// RFC 2637 section 1.4: the PPTP message type.
    ///
    /// ```
    /// use pptp_wire::code::MessageType;
    ///
    /// assert_eq!(MessageType::CONTROL.get(), 1);
    /// assert_eq!(MessageType::new(2).to_string(), "Management Message (2)");
    /// ```
    #[doc(alias = "PPTP Message Type")]
    pub struct MessageType(u16);
    /// One of the fifteen control messages, or of a control message type to come.
    CONTROL = 1, "Control Message";
    /// Reserved: there are no management messages.
    MANAGEMENT = 2, "Management Message";
}

number! {
    /// RFC 2637 section 1.4: which control message.
    ///
    /// ```
    /// use pptp_wire::code::ControlMessageType;
    ///
    /// assert_eq!(ControlMessageType::ECHO_REPLY.to_string(), "Echo-Reply (6)");
    /// assert_eq!(ControlMessageType::ECHO_REPLY.message_len(), Some(20));
    /// assert_eq!(ControlMessageType::new(16).message_len(), None);
    /// ```
    pub struct ControlMessageType(u16);
    /// Section 2.1.
    #[doc(alias = "SCCRQ")]
    START_CONTROL_CONNECTION_REQUEST = 1, "Start-Control-Connection-Request";
    /// Section 2.2.
    #[doc(alias = "SCCRP")]
    START_CONTROL_CONNECTION_REPLY = 2, "Start-Control-Connection-Reply";
    /// Section 2.3.
    #[doc(alias = "StopCCRQ")]
    STOP_CONTROL_CONNECTION_REQUEST = 3, "Stop-Control-Connection-Request";
    /// Section 2.4.
    #[doc(alias = "StopCCRP")]
    STOP_CONTROL_CONNECTION_REPLY = 4, "Stop-Control-Connection-Reply";
    /// Section 2.5.
    ECHO_REQUEST = 5, "Echo-Request";
    /// Section 2.6.
    ECHO_REPLY = 6, "Echo-Reply";
    /// Section 2.7.
    #[doc(alias = "OCRQ")]
    OUTGOING_CALL_REQUEST = 7, "Outgoing-Call-Request";
    /// Section 2.8.
    #[doc(alias = "OCRP")]
    OUTGOING_CALL_REPLY = 8, "Outgoing-Call-Reply";
    /// Section 2.9.
    #[doc(alias = "ICRQ")]
    INCOMING_CALL_REQUEST = 9, "Incoming-Call-Request";
    /// Section 2.10.
    #[doc(alias = "ICRP")]
    INCOMING_CALL_REPLY = 10, "Incoming-Call-Reply";
    /// Section 2.11.
    #[doc(alias = "ICCN")]
    INCOMING_CALL_CONNECTED = 11, "Incoming-Call-Connected";
    /// Section 2.12.
    #[doc(alias = "CCRQ")]
    CALL_CLEAR_REQUEST = 12, "Call-Clear-Request";
    /// Section 2.13.
    #[doc(alias = "CDN")]
    CALL_DISCONNECT_NOTIFY = 13, "Call-Disconnect-Notify";
    /// Section 2.14.
    #[doc(alias = "WEN")]
    WAN_ERROR_NOTIFY = 14, "WAN-Error-Notify";
    /// Section 2.15.
    #[doc(alias = "SLI")]
    SET_LINK_INFO = 15, "Set-Link-Info";
}

impl ControlMessageType {
    /// Returns the length of every message of this type, in bytes; `None` when the type is not one
    /// of RFC 2637.
    #[must_use]
    pub const fn message_len(self) -> Option<usize> {
        // The parts of each message stand above this table, and are checked against it where it is
        // laid out.
        Some(match self {
            Self::START_CONTROL_CONNECTION_REQUEST | Self::START_CONTROL_CONNECTION_REPLY => 156,
            Self::STOP_CONTROL_CONNECTION_REQUEST
            | Self::STOP_CONTROL_CONNECTION_REPLY
            | Self::ECHO_REQUEST
            | Self::CALL_CLEAR_REQUEST => 16,
            Self::ECHO_REPLY => 20,
            Self::OUTGOING_CALL_REQUEST => 168,
            Self::OUTGOING_CALL_REPLY => 32,
            Self::INCOMING_CALL_REQUEST => 220,
            Self::INCOMING_CALL_REPLY | Self::SET_LINK_INFO => 24,
            Self::INCOMING_CALL_CONNECTED => 28,
            Self::CALL_DISCONNECT_NOTIFY => 148,
            Self::WAN_ERROR_NOTIFY => 40,
            _ => return None,
        })
    }
}
