//! Reasons, errors and causes.

number! {
    /// RFC 2637 section 2.3: the reason in Stop-Control-Connection-Request.
    ///
    /// accel-ppp sends 0, which is not defined.
    ///
    /// ```
    /// use pptp_wire::code::StopReason;
    ///
    /// assert_eq!(StopReason::NONE.get(), 1);
    /// assert_eq!(StopReason::new(0).to_string(), "unknown (0)");
    /// ```
    pub struct StopReason(u8);
    /// No special reason.
    NONE = 1, "None";
    /// The peer's version of the protocol is not supported.
    #[doc(alias = "Stop-Protocol")]
    STOP_PROTOCOL = 2, "Stop-Protocol";
    /// The sender is being shut down.
    #[doc(alias = "Stop-Local-Shutdown")]
    STOP_LOCAL_SHUTDOWN = 3, "Stop-Local-Shutdown";
}

number! {
    /// RFC 2637 section 2.16: the general error code, which says more when a result code is "general error".
    ///
    /// ```
    /// use pptp_wire::code::GeneralError;
    ///
    /// assert_eq!(GeneralError::NO_RESOURCE.to_string(), "No-Resource (4)");
    /// ```
    #[doc(alias = "Error Code")]
    pub struct GeneralError(u8);
    /// No error.
    NONE = 0, "None";
    /// There is no control connection yet.
    NOT_CONNECTED = 1, "Not-Connected";
    /// The length or the magic cookie is wrong.
    BAD_FORMAT = 2, "Bad-Format";
    /// A field is out of range, or a reserved one not zero.
    BAD_VALUE = 3, "Bad-Value";
    /// There are not enough resources now.
    NO_RESOURCE = 4, "No-Resource";
    /// The call id makes no sense here.
    BAD_CALL_ID = 5, "Bad-Call ID";
    /// Something went wrong in the PAC that only its vendor knows.
    PAC_ERROR = 6, "PAC-Error";
}

number! {
    /// RFC 2637 sections 2.8 and 2.13: the cause code; for ISDN calls, a cause of Q.931.
    ///
    /// Peers whose calls are not telephone calls send 0, which Q.931 does not define.
    ///
    /// ```
    /// use pptp_wire::code::CauseCode;
    ///
    /// assert_eq!(CauseCode::new(16).to_string(), "Normal call clearing (16)");
    /// ```
    #[doc(alias = "Q.931")]
    pub struct CauseCode(u16);
    /// The number is not assigned.
    UNALLOCATED_NUMBER = 1, "Unallocated number";
    /// The transit network is unknown.
    NO_ROUTE_TO_TRANSIT_NETWORK = 2, "No route to transit network";
    /// The network cannot reach the destination.
    NO_ROUTE_TO_DESTINATION = 3, "No route to destination";
    /// The channel cannot be used by the sender.
    CHANNEL_UNACCEPTABLE = 6, "Channel unacceptable";
    /// One of the two hung up.
    NORMAL_CALL_CLEARING = 16, "Normal call clearing";
    /// The called party is busy.
    USER_BUSY = 17, "User busy";
    /// The called party's equipment does not respond.
    NO_USER_RESPONDING = 18, "No user responding";
    /// It rings, and nobody answers.
    NO_ANSWER_FROM_USER = 19, "No answer from user";
    /// The called party refuses.
    CALL_REJECTED = 21, "Call rejected";
    /// The called party has another number now.
    NUMBER_CHANGED = 22, "Number changed";
    /// The called party's line is out of order.
    DESTINATION_OUT_OF_ORDER = 27, "Destination out of order";
    /// The number is malformed or not complete.
    INVALID_NUMBER_FORMAT = 28, "Invalid number format";
    /// A supplementary service was refused.
    FACILITY_REJECTED = 29, "Facility rejected";
    /// Answer to a question for the status.
    RESPONSE_TO_STATUS_ENQUIRY = 30, "Response to status enquiry";
    /// Normal, but no other cause fits.
    NORMAL_UNSPECIFIED = 31, "Normal, unspecified";
    /// No circuit is free.
    NO_CIRCUIT_AVAILABLE = 34, "No circuit available";
    /// The network is out of order, probably for long.
    NETWORK_OUT_OF_ORDER = 38, "Network out of order";
    /// The network is out of order, probably not for long.
    TEMPORARY_FAILURE = 41, "Temporary failure";
    /// The switching equipment is overloaded.
    SWITCHING_EQUIPMENT_CONGESTION = 42, "Switching equipment congestion";
    /// The network could not deliver access information.
    ACCESS_INFORMATION_DISCARDED = 43, "Access information discarded";
    /// The circuit that was asked for is not free.
    REQUESTED_CIRCUIT_NOT_AVAILABLE = 44, "Requested circuit not available";
    /// Some resource is missing.
    RESOURCE_UNAVAILABLE = 47, "Resource unavailable, unspecified";
    /// The user has not subscribed to the facility.
    FACILITY_NOT_SUBSCRIBED = 50, "Requested facility not subscribed";
    /// The user may not use the bearer capability.
    BEARER_NOT_AUTHORIZED = 57, "Bearer capability not authorized";
    /// The bearer capability is not available now.
    BEARER_NOT_AVAILABLE = 58, "Bearer capability not presently available";
    /// Some service or option is not available.
    SERVICE_NOT_AVAILABLE = 63, "Service or option not available";
    /// The equipment does not have the bearer capability.
    BEARER_NOT_IMPLEMENTED = 65, "Bearer capability not implemented";
    /// The equipment does not have the facility.
    FACILITY_NOT_IMPLEMENTED = 69, "Requested facility not implemented";
    /// Some service or option is not implemented.
    SERVICE_NOT_IMPLEMENTED = 79, "Service or option not implemented";
    /// The call reference is not in use.
    INVALID_CALL_REFERENCE = 81, "Invalid call reference value";
    /// The called equipment is of another kind.
    INCOMPATIBLE_DESTINATION = 88, "Incompatible destination";
    /// An information element is missing.
    MANDATORY_INFORMATION_MISSING = 96, "Mandatory information element missing";
    /// A message is of an unknown type.
    UNKNOWN_MESSAGE_TYPE = 97, "Message type non-existent";
    /// An information element has an invalid content.
    INVALID_INFORMATION = 100, "Invalid information element contents";
    /// A message does not fit the state of the call.
    MESSAGE_NOT_COMPATIBLE_WITH_STATE = 101, "Message not compatible with call state";
    /// A timer has run out.
    RECOVERY_ON_TIMER_EXPIRY = 102, "Recovery on timer expiry";
    /// Some error in the protocol.
    PROTOCOL_ERROR = 111, "Protocol error, unspecified";
    /// Another network, which reports no causes, ended the call.
    INTERWORKING = 127, "Interworking, unspecified";
}
