//! Result and error codes.

explained_number! {
    /// RFC 2661 section 4.4.2, RFC 3931 section 5.4.2: why a control connection ends (StopCCN).
    ///
    /// ```
    /// use l2tp_wire::code::ControlConnectionResult;
    ///
    /// let result = ControlConnectionResult::NOT_AUTHORIZED;
    /// assert_eq!(result.sentence(), "The requester is not authorized: check host names and secrets.");
    /// ```
    pub struct ControlConnectionResult(u16);
    CLEAR = 1, "cleared", "The control connection was closed on request.";
    GENERAL_ERROR = 2, "general error", "Something was wrong with a message; the error code says what.";
    ALREADY_EXISTS = 3, "already exists", "There is a control connection between the two already.";
    NOT_AUTHORIZED = 4, "not authorized", "The requester is not authorized: check host names and secrets.";
    VERSION_NOT_SUPPORTED = 5, "version not supported",
        "The protocol version is not supported; the error code is the highest one that is.";
    SHUTTING_DOWN = 6, "shutting down", "The peer is being shut down.";
    STATE_MACHINE_ERROR = 7, "state machine error", "A message did not fit the state, or an answer took too long.";
}

explained_number! {
    /// RFC 2661 section 4.4.2, RFC 3931 section 5.4.2: why a session ends (CDN).
    ///
    /// RFC 2661 defines 1 to 11, RFC 3931 1 to 5 and 13 to 16.
    ///
    /// ```
    /// use l2tp_wire::code::SessionResult;
    ///
    /// assert_eq!(SessionResult::LOST_CARRIER.to_string(), "carrier lost (1)");
    /// ```
    pub struct SessionResult(u16);
    LOST_CARRIER = 1, "carrier lost", "The line or circuit was disconnected; many peers send this for any end.";
    GENERAL_ERROR = 2, "general error", "Something was wrong with a message; the error code says what.";
    ADMINISTRATIVE = 3, "administrative", "An administrator ended the session.";
    NO_FACILITIES_TEMPORARY = 4, "no facilities for now", "The peer has no room for the session now; try again later.";
    NO_FACILITIES_PERMANENT = 5, "no facilities", "The peer cannot have such a session; trying again is no use.";
    INVALID_DESTINATION = 6, "invalid destination", "The called number or destination is invalid.";
    NO_CARRIER = 7, "no carrier", "No carrier was detected on the line.";
    BUSY = 8, "busy", "The called number is busy.";
    NO_DIAL_TONE = 9, "no dial tone", "The line had no dial tone.";
    TIME_OUT = 10, "time-out", "The call was not established in the time that the LAC allows.";
    NO_FRAMING = 11, "no framing", "The call was connected, but no framing was detected.";
    TIE_LOST = 13, "tie lost", "Both ends asked for a session to the same circuit, and this one lost.";
    PSEUDOWIRE_NOT_SUPPORTED = 14, "pseudowire type not supported", "The peer does not have this kind of pseudowire.";
    NO_SUBLAYER = 15, "no sublayer", "Sequence numbers were required without an L2-Specific Sublayer that carries them.";
    STATE_MACHINE_ERROR = 16, "state machine error", "A message did not fit the state, or an answer took too long.";
}

explained_number! {
    /// RFC 2661 section 4.4.2, RFC 3931 section 5.4.2: the general error code, with result 2.
    ///
    /// ```
    /// use l2tp_wire::code::ErrorCode;
    ///
    /// assert_eq!(ErrorCode::new(4), ErrorCode::INSUFFICIENT_RESOURCES);
    /// assert_eq!(ErrorCode::new(100).sentence(), "No RFC says what this number means.");
    /// ```
    pub struct ErrorCode(u16);
    NONE = 0, "no general error", "There is no general error.";
    NO_CONTROL_CONNECTION = 1, "no control connection", "There is no control connection between the two yet.";
    WRONG_LENGTH = 2, "wrong length", "A length is wrong.";
    OUT_OF_RANGE = 3, "out of range", "A value is out of range, or a reserved field is not zero.";
    INSUFFICIENT_RESOURCES = 4, "insufficient resources", "The peer lacks resources now; try again later.";
    INVALID_SESSION_ID = 5, "invalid session id", "The session id means nothing here.";
    VENDOR_SPECIFIC = 6, "vendor-specific error", "Something that only the vendor can explain; see the error message.";
    TRY_ANOTHER = 7, "try another", "Another server may take the call.";
    UNKNOWN_MANDATORY_AVP = 8, "unknown mandatory AVP",
        "An AVP that must be understood is not known; the error message has its number.";
    TRY_ANOTHER_DIRECTED = 9, "try another, directed", "Another server may take the call; the error message lists them.";
}
