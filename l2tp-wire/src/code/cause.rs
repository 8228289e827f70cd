//! Causes of the end of a call.

explained_number! {
    /// RFC 2661 section 4.4.4: the Q.931 cause of a call's end.
    ///
    /// ```
    /// use l2tp_wire::code::Q931Cause;
    ///
    /// assert_eq!(Q931Cause::new(16).to_string(), "Normal call clearing (16)");
    /// ```
    pub struct Q931Cause(u16);
    UNALLOCATED_NUMBER = 1, "Unallocated number", "The number is not assigned.";
    NO_ROUTE_TO_TRANSIT_NETWORK = 2, "No route to transit network", "The transit network is unknown.";
    NO_ROUTE_TO_DESTINATION = 3, "No route to destination", "The network cannot reach the destination.";
    CHANNEL_UNACCEPTABLE = 6, "Channel unacceptable", "The channel cannot be used by the sender.";
    NORMAL_CALL_CLEARING = 16, "Normal call clearing", "One of the two hung up.";
    USER_BUSY = 17, "User busy", "The called party is busy.";
    NO_USER_RESPONDING = 18, "No user responding", "The called party's equipment does not respond.";
    NO_ANSWER_FROM_USER = 19, "No answer from user", "It rings, and nobody answers.";
    CALL_REJECTED = 21, "Call rejected", "The called party refuses.";
    NUMBER_CHANGED = 22, "Number changed", "The called party has another number now.";
    DESTINATION_OUT_OF_ORDER = 27, "Destination out of order", "The called party's line is out of order.";
    INVALID_NUMBER_FORMAT = 28, "Invalid number format", "The number is malformed or not complete.";
    FACILITY_REJECTED = 29, "Facility rejected", "A supplementary service was refused.";
    RESPONSE_TO_STATUS_ENQUIRY = 30, "Response to status enquiry", "Answer to a question for the status.";
    NORMAL_UNSPECIFIED = 31, "Normal, unspecified", "Normal, but no other cause fits.";
    NO_CIRCUIT_AVAILABLE = 34, "No circuit available", "No circuit is free.";
    NETWORK_OUT_OF_ORDER = 38, "Network out of order", "The network is out of order, probably for long.";
    TEMPORARY_FAILURE = 41, "Temporary failure", "The network is out of order, probably not for long.";
    SWITCHING_EQUIPMENT_CONGESTION = 42, "Switching equipment congestion", "The switching equipment is overloaded.";
    ACCESS_INFORMATION_DISCARDED = 43, "Access information discarded", "The network could not deliver access information.";
    REQUESTED_CIRCUIT_NOT_AVAILABLE = 44, "Requested circuit not available", "The circuit that was asked for is not free.";
    RESOURCE_UNAVAILABLE = 47, "Resource unavailable, unspecified", "Some resource is missing.";
    FACILITY_NOT_SUBSCRIBED = 50, "Requested facility not subscribed", "The user has not subscribed to the facility.";
    BEARER_NOT_AUTHORIZED = 57, "Bearer capability not authorized", "The user may not use the bearer capability.";
    BEARER_NOT_AVAILABLE = 58, "Bearer capability not presently available", "The bearer capability is not available now.";
    SERVICE_NOT_AVAILABLE = 63, "Service or option not available", "Some service or option is not available.";
    BEARER_NOT_IMPLEMENTED = 65, "Bearer capability not implemented", "The equipment does not have the bearer capability.";
    FACILITY_NOT_IMPLEMENTED = 69, "Requested facility not implemented", "The equipment does not have the facility.";
    SERVICE_NOT_IMPLEMENTED = 79, "Service or option not implemented", "Some service or option is not implemented.";
    INVALID_CALL_REFERENCE = 81, "Invalid call reference value", "The call reference is not in use.";
    INCOMPATIBLE_DESTINATION = 88, "Incompatible destination", "The called equipment is of another kind.";
    MANDATORY_INFORMATION_MISSING = 96, "Mandatory information element missing", "An information element is missing.";
    UNKNOWN_MESSAGE_TYPE = 97, "Message type non-existent", "A message is of an unknown type.";
    INVALID_INFORMATION = 100, "Invalid information element contents", "An information element has an invalid content.";
    MESSAGE_NOT_COMPATIBLE_WITH_STATE = 101, "Message not compatible with call state", "A message does not fit the state of the call.";
    RECOVERY_ON_TIMER_EXPIRY = 102, "Recovery on timer expiry", "A timer has run out.";
    PROTOCOL_ERROR = 111, "Protocol error, unspecified", "Some error in the protocol.";
    INTERWORKING = 127, "Interworking, unspecified", "Another network, which gives no causes, ended the call.";
}

explained_number! {
    /// RFC 3145 section 3: why PPP ended, in CDN.
    ///
    /// ```
    /// use l2tp_wire::code::DisconnectCode;
    ///
    /// assert_eq!(DisconnectCode::AUTHENTICATION_FAILED.get(), 16);
    /// ```
    pub struct DisconnectCode(u16);
    NO_INFORMATION = 0, "no information", "Nothing is known about it.";
    ADMINISTRATIVE = 1, "administrative", "An administrator ended it.";
    RENEGOTIATION_DISABLED = 2, "LCP renegotiation disabled",
        "The LNS does not renegotiate LCP, and the LAC sent no proxy LCP information.";
    NORMAL = 3, "normal", "An LCP Terminate-Request was sent.";
    ENCRYPTION_REFUSED = 4, "encryption refused", "One end requires encryption, and the other one refused it.";
    LCP_TIMEOUT = 5, "LCP time-out", "LCP did not get answers in time.";
    NO_LCP = 6, "no LCP", "No LCP packet was received that could be understood.";
    LOOPED_BACK = 7, "looped back", "The magic numbers say that the link is looped back.";
    ECHO_TIMEOUT = 8, "echo time-out", "LCP Echo-Requests were not answered in time.";
    UNEXPECTED_ENDPOINT_DISCRIMINATOR = 9, "unexpected endpoint discriminator",
        "The endpoint discriminator does not fit the multilink bundle.";
    UNEXPECTED_MRRU = 10, "unexpected MRRU", "The MRRU does not fit the multilink bundle.";
    UNEXPECTED_SHORT_SEQUENCE_NUMBER = 11, "unexpected short sequence number",
        "The short sequence number option does not fit the multilink bundle.";
    CALLBACK_REFUSED = 12, "callback refused", "One end requires a callback, and the other one refused it.";
    AUTHENTICATION_TIMEOUT = 13, "authentication time-out", "The authentication did not get answers in time.";
    UNEXPECTED_NAME = 14, "unexpected name", "The authenticated name does not fit the multilink bundle.";
    AUTHENTICATION_PROTOCOL_UNACCEPTABLE = 15, "authentication protocol unacceptable",
        "The two have no authentication protocol in common.";
    AUTHENTICATION_FAILED = 16, "authentication failed", "The name, password or secret is wrong.";
    NCP_TIMEOUT = 17, "NCP time-out", "A network control protocol did not get answers in time.";
    NO_NCP = 18, "no NCP", "No network control protocol opened.";
    NO_ACCEPTABLE_ADDRESS = 19, "no acceptable address", "The two could not agree on addresses.";
    NO_ADDRESS_PERMITTED = 20, "no address permitted", "The user may not use any address.";
}

number! {
    /// RFC 3145 section 2: to which end a [`DisconnectCode`] applies, seen from the sender.
    ///
    /// ```
    /// use l2tp_wire::code::DisconnectDirection;
    ///
    /// assert_eq!(DisconnectDirection::AT_PEER.to_string(), "at peer (1)");
    /// ```
    pub struct DisconnectDirection(u8);
    /// To both or none.
    GLOBAL = 0, "global error";
    /// To the peer.
    AT_PEER = 1, "at peer";
    /// To the sender.
    AT_LOCAL = 2, "at local";
}
