//! Which message a control message is.

number! {
    /// RFC 2661 section 3.2, RFC 3931 section 3.1: the type of a control message.
    ///
    /// ```
    /// use l2tp_wire::code::MessageType;
    ///
    /// assert_eq!(MessageType::HELLO.to_string(), "Hello (6)");
    /// assert_eq!(MessageType::new(1), MessageType::START_CONTROL_CONNECTION_REQUEST);
    /// ```
    pub struct MessageType(u16);
    /// Asks for a control connection.
    #[doc(alias = "SCCRQ")]
    START_CONTROL_CONNECTION_REQUEST = 1, "Start-Control-Connection-Request";
    /// Grants it.
    #[doc(alias = "SCCRP")]
    START_CONTROL_CONNECTION_REPLY = 2, "Start-Control-Connection-Reply";
    /// Completes it.
    #[doc(alias = "SCCCN")]
    START_CONTROL_CONNECTION_CONNECTED = 3, "Start-Control-Connection-Connected";
    /// Ends it.
    #[doc(alias = "StopCCN")]
    STOP_CONTROL_CONNECTION_NOTIFICATION = 4, "Stop-Control-Connection-Notification";
    /// Finds out whether the peer is alive.
    HELLO = 6, "Hello";
    /// Asks the LAC to place a call.
    #[doc(alias = "OCRQ")]
    OUTGOING_CALL_REQUEST = 7, "Outgoing-Call-Request";
    /// Says that the LAC is placing it.
    #[doc(alias = "OCRP")]
    OUTGOING_CALL_REPLY = 8, "Outgoing-Call-Reply";
    /// Says that it is up.
    #[doc(alias = "OCCN")]
    OUTGOING_CALL_CONNECTED = 9, "Outgoing-Call-Connected";
    /// Announces a call that has reached the LAC.
    #[doc(alias = "ICRQ")]
    INCOMING_CALL_REQUEST = 10, "Incoming-Call-Request";
    /// Accepts it.
    #[doc(alias = "ICRP")]
    INCOMING_CALL_REPLY = 11, "Incoming-Call-Reply";
    /// Says that it is up.
    #[doc(alias = "ICCN")]
    INCOMING_CALL_CONNECTED = 12, "Incoming-Call-Connected";
    /// Ends a session.
    #[doc(alias = "CDN")]
    CALL_DISCONNECT_NOTIFY = 14, "Call-Disconnect-Notify";
    /// Reports errors of the line.
    #[doc(alias = "WEN")]
    WAN_ERROR_NOTIFY = 15, "WAN-Error-Notify";
    /// Sets options of PPP, or reports the status of a circuit.
    #[doc(alias = "SLI")]
    SET_LINK_INFO = 16, "Set-Link-Info";
    /// Acknowledges, and nothing else: version 3 only, where a ZLB could not carry a digest.
    #[doc(alias = "ACK")]
    EXPLICIT_ACKNOWLEDGEMENT = 20, "Explicit-Acknowledgement";
}

impl MessageType {
    /// Returns whether the message is about one session rather than the control connection.
    #[must_use]
    pub const fn is_of_session(self) -> bool {
        matches!(self.0, 7..=12 | 14..=16)
    }
}
