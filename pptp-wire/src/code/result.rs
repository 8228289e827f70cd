//! Result codes.

number! {
    /// RFC 2637 section 2.2: the result code of Start-Control-Connection-Reply.
    ///
    /// Some modems answer 0 and mean success; pptp-linux takes it so.
    ///
    /// ```
    /// use pptp_wire::code::StartResult;
    ///
    /// assert_eq!(StartResult::NOT_AUTHORIZED.get(), 4);
    /// assert_eq!(StartResult::new(0).name(), None);
    /// ```
    pub struct StartResult(u8);
    /// The control connection is established.
    SUCCESSFUL = 1, "Successful channel establishment";
    /// It is not, for the reason in the error code.
    GENERAL_ERROR = 2, "General error";
    /// There is a control connection already.
    ALREADY_EXISTS = 3, "Command channel already exists";
    /// The requester may not have one.
    NOT_AUTHORIZED = 4, "Requester not authorized";
    /// The requester's protocol version is not supported.
    VERSION_NOT_SUPPORTED = 5, "Protocol version not supported";
}

number! {
    /// RFC 2637 section 2.4: the result code of Stop-Control-Connection-Reply.
    ///
    /// ```
    /// use pptp_wire::code::StopResult;
    ///
    /// assert_eq!(StopResult::OK.to_string(), "OK (1)");
    /// ```
    pub struct StopResult(u8);
    /// The control connection is closed.
    OK = 1, "OK";
    /// It is not, for the reason in the error code.
    GENERAL_ERROR = 2, "General Error";
}

number! {
    /// RFC 2637 section 2.6: the result code of Echo-Reply.
    ///
    /// ```
    /// use pptp_wire::code::EchoResult;
    ///
    /// assert_eq!(EchoResult::from(1), EchoResult::OK);
    /// ```
    pub struct EchoResult(u8);
    /// The reply is valid.
    OK = 1, "OK";
    /// The request was refused for the reason in the error code.
    GENERAL_ERROR = 2, "General Error";
}

number! {
    /// RFC 2637 section 2.8: the result code of Outgoing-Call-Reply.
    ///
    /// ```
    /// use pptp_wire::code::OutgoingCallResult;
    ///
    /// assert_eq!(OutgoingCallResult::NO_DIAL_TONE.name(), Some("No Dial Tone"));
    /// ```
    pub struct OutgoingCallResult(u8);
    /// The call is established.
    CONNECTED = 1, "Connected";
    /// It is not, for the reason in the error code.
    GENERAL_ERROR = 2, "General Error";
    /// There was no carrier.
    NO_CARRIER = 3, "No Carrier";
    /// The line was busy.
    BUSY = 4, "Busy";
    /// There was no dial tone.
    NO_DIAL_TONE = 5, "No Dial Tone";
    /// The call was not established in time.
    TIME_OUT = 6, "Time-out";
    /// The call is prohibited.
    DO_NOT_ACCEPT = 7, "Do Not Accept";
}

number! {
    /// RFC 2637 section 2.10: the result code of Incoming-Call-Reply.
    ///
    /// ```
    /// use pptp_wire::code::IncomingCallResult;
    ///
    /// assert_eq!(u8::from(IncomingCallResult::DO_NOT_ACCEPT), 3);
    /// ```
    pub struct IncomingCallResult(u8);
    /// Answer the call.
    CONNECT = 1, "Connect";
    /// Do not, for the reason in the error code.
    GENERAL_ERROR = 2, "General Error";
    /// Do not: hang up or be busy.
    DO_NOT_ACCEPT = 3, "Do Not Accept";
}

number! {
    /// RFC 2637 section 2.13: the result code of Call-Disconnect-Notify, which says why the call has ended.
    ///
    /// ```
    /// use pptp_wire::code::DisconnectResult;
    ///
    /// assert_eq!(DisconnectResult::REQUEST.to_string(), "Request (4)");
    /// ```
    pub struct DisconnectResult(u8);
    /// The carrier was lost.
    LOST_CARRIER = 1, "Lost Carrier";
    /// For the reason in the error code.
    GENERAL_ERROR = 2, "General Error";
    /// The administrator wanted it.
    ADMIN_SHUTDOWN = 3, "Admin Shutdown";
    /// A Call-Clear-Request asked for it.
    REQUEST = 4, "Request";
}
