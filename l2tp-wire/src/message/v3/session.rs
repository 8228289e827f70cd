//! Messages about a session.

use crate::Text;
use crate::avp::{CallErrors, CircuitErrors, PppDisconnectCause, ResultCode, TieBreaker};
use crate::code::{CircuitStatus, DataSequencing, PseudowireType, SessionResult, SublayerType};
use crate::cookie::Cookie;
use crate::message::layout::message;

message! {
    /// RFC 3931 section 6.6: asks for a session, for a circuit that is there.
    #[doc(alias = "ICRQ")]
    pub struct IncomingCallRequest<'a> = V3 INCOMING_CALL_REQUEST;
    assumed {
        /// The session id that the receiver chose; 0 while it is not known, or if it is missing.
        remote_session_id: u32 = RemoteSessionId or 0;
        /// A number for the logs of both ends; 0 if it is missing.
        serial_number: u32 = CallSerialNumber or 0;
        /// Whether the circuit is up; active if it is missing.
        circuit_status: CircuitStatus = CircuitStatus or CircuitStatus::ACTIVE;
    }
    required {
        /// The kind of payload in data packets.
        pseudowire_type: PseudowireType = PseudowireType PSEUDOWIRE_TYPE;
    }
    assigned {
        /// The session id that the sender chose.
        local_session_id: u32 = LocalSessionId LOCAL_SESSION_ID;
    }
    optional {
        /// Which circuit the session is for: the VCID, as text. The RFC requires it.
        remote_end_id: Text<'a> = RemoteEndId;
        /// Bytes that the receiver has to put into each data packet; none if it is missing.
        assigned_cookie: Cookie = AssignedCookie;
        /// Which of two crossing requests for one circuit wins.
        tie_breaker: TieBreaker = TieBreaker;
        /// The header that the receiver has to put in front of each payload; nothing if it is
        /// missing.
        l2_specific_sublayer: SublayerType = L2SpecificSublayer;
        /// Which data packets the receiver is to number; none if it is missing.
        data_sequencing: DataSequencing = DataSequencing;
        /// The speed of the line in bits per second.
        tx_connect_speed: u64 = TxConnectSpeed;
        /// The speed of the other direction, where it differs.
        rx_connect_speed: u64 = RxConnectSpeed;
        /// A number for logs.
        physical_channel_id: u32 = PhysicalChannelId;
    }
}

message! {
    /// RFC 3931 section 6.7: grants it.
    #[doc(alias = "ICRP")]
    pub struct IncomingCallReply = V3 INCOMING_CALL_REPLY;
    assumed {
        /// Whether the circuit is up; active if it is missing.
        circuit_status: CircuitStatus = CircuitStatus or CircuitStatus::ACTIVE;
    }
    required {}
    assigned {
        /// The session id that the sender chose.
        local_session_id: u32 = LocalSessionId LOCAL_SESSION_ID;
        /// The session id that the receiver chose.
        remote_session_id: u32 = RemoteSessionId REMOTE_SESSION_ID;
    }
    optional {
        /// Bytes that the receiver has to put into each data packet; none if it is missing.
        assigned_cookie: Cookie = AssignedCookie;
        /// The header that the receiver has to put in front of each payload; nothing if it is
        /// missing.
        l2_specific_sublayer: SublayerType = L2SpecificSublayer;
        /// Which data packets the receiver is to number; none if it is missing.
        data_sequencing: DataSequencing = DataSequencing;
        /// The speed of the line in bits per second.
        tx_connect_speed: u64 = TxConnectSpeed;
        /// The speed of the other direction, where it differs.
        rx_connect_speed: u64 = RxConnectSpeed;
        /// A number for logs.
        physical_channel_id: u32 = PhysicalChannelId;
    }
}

message! {
    /// RFC 3931 section 6.8: completes it.
    #[doc(alias = "ICCN")]
    pub struct IncomingCallConnected = V3 INCOMING_CALL_CONNECTED;
    assumed {}
    required {}
    assigned {
        /// The session id that the sender chose.
        local_session_id: u32 = LocalSessionId LOCAL_SESSION_ID;
        /// The session id that the receiver chose.
        remote_session_id: u32 = RemoteSessionId REMOTE_SESSION_ID;
    }
    optional {
        /// The header that the receiver has to put in front of each payload; nothing if it is
        /// missing.
        l2_specific_sublayer: SublayerType = L2SpecificSublayer;
        /// Which data packets the receiver is to number; none if it is missing.
        data_sequencing: DataSequencing = DataSequencing;
        /// The speed of the line in bits per second.
        tx_connect_speed: u64 = TxConnectSpeed;
        /// The speed of the other direction, where it differs.
        rx_connect_speed: u64 = RxConnectSpeed;
        /// Whether the circuit is up, if that has changed.
        circuit_status: CircuitStatus = CircuitStatus;
    }
}

message! {
    /// RFC 3931 section 6.9: asks for a session, for a circuit that the receiver is to set up.
    #[doc(alias = "OCRQ")]
    pub struct OutgoingCallRequest<'a> = V3 OUTGOING_CALL_REQUEST;
    assumed {
        /// The session id that the receiver chose; 0 while it is not known, or if it is missing.
        remote_session_id: u32 = RemoteSessionId or 0;
        /// A number for the logs of both ends; 0 if it is missing.
        serial_number: u32 = CallSerialNumber or 0;
        /// Whether the circuit is up; active if it is missing.
        circuit_status: CircuitStatus = CircuitStatus or CircuitStatus::ACTIVE;
    }
    required {
        /// The kind of payload in data packets.
        pseudowire_type: PseudowireType = PseudowireType PSEUDOWIRE_TYPE;
    }
    assigned {
        /// The session id that the sender chose.
        local_session_id: u32 = LocalSessionId LOCAL_SESSION_ID;
    }
    optional {
        /// Which circuit the session is for: the VCID, as text. The RFC requires it.
        remote_end_id: Text<'a> = RemoteEndId;
        /// Bytes that the receiver has to put into each data packet; none if it is missing.
        assigned_cookie: Cookie = AssignedCookie;
        /// Which of two crossing requests for one circuit wins.
        tie_breaker: TieBreaker = TieBreaker;
        /// The header that the receiver has to put in front of each payload; nothing if it is
        /// missing.
        l2_specific_sublayer: SublayerType = L2SpecificSublayer;
        /// Which data packets the receiver is to number; none if it is missing.
        data_sequencing: DataSequencing = DataSequencing;
        /// The speed of the line in bits per second.
        tx_connect_speed: u64 = TxConnectSpeed;
        /// The speed of the other direction, where it differs.
        rx_connect_speed: u64 = RxConnectSpeed;
    }
}

message! {
    /// RFC 3931 section 6.10: grants it.
    #[doc(alias = "OCRP")]
    pub struct OutgoingCallReply = V3 OUTGOING_CALL_REPLY;
    assumed {
        /// Whether the circuit is up; active if it is missing.
        circuit_status: CircuitStatus = CircuitStatus or CircuitStatus::ACTIVE;
    }
    required {}
    assigned {
        /// The session id that the sender chose.
        local_session_id: u32 = LocalSessionId LOCAL_SESSION_ID;
        /// The session id that the receiver chose.
        remote_session_id: u32 = RemoteSessionId REMOTE_SESSION_ID;
    }
    optional {
        /// Bytes that the receiver has to put into each data packet; none if it is missing.
        assigned_cookie: Cookie = AssignedCookie;
        /// The header that the receiver has to put in front of each payload; nothing if it is
        /// missing.
        l2_specific_sublayer: SublayerType = L2SpecificSublayer;
        /// Which data packets the receiver is to number; none if it is missing.
        data_sequencing: DataSequencing = DataSequencing;
        /// The speed of the line in bits per second.
        tx_connect_speed: u64 = TxConnectSpeed;
        /// The speed of the other direction, where it differs.
        rx_connect_speed: u64 = RxConnectSpeed;
        /// A number for logs.
        physical_channel_id: u32 = PhysicalChannelId;
    }
}

message! {
    /// RFC 3931 section 6.11: completes it.
    #[doc(alias = "OCCN")]
    pub struct OutgoingCallConnected = V3 OUTGOING_CALL_CONNECTED;
    assumed {}
    required {}
    assigned {
        /// The session id that the sender chose.
        local_session_id: u32 = LocalSessionId LOCAL_SESSION_ID;
        /// The session id that the receiver chose.
        remote_session_id: u32 = RemoteSessionId REMOTE_SESSION_ID;
    }
    optional {
        /// The header that the receiver has to put in front of each payload; nothing if it is
        /// missing.
        l2_specific_sublayer: SublayerType = L2SpecificSublayer;
        /// Which data packets the receiver is to number; none if it is missing.
        data_sequencing: DataSequencing = DataSequencing;
        /// The speed of the line in bits per second.
        tx_connect_speed: u64 = TxConnectSpeed;
        /// The speed of the other direction, where it differs.
        rx_connect_speed: u64 = RxConnectSpeed;
        /// Whether the circuit is up, if that has changed.
        circuit_status: CircuitStatus = CircuitStatus;
    }
}

message! {
    /// RFC 3931 section 6.12: ends a session.
    #[doc(alias = "CDN")]
    pub struct CallDisconnectNotify<'a> = V3 CALL_DISCONNECT_NOTIFY;
    assumed {
        /// Why; 0, which is reserved, if the peer gives no reason.
        result: ResultCode<'a, SessionResult> = SessionResult or ResultCode::new(SessionResult::new(0));
        /// The session id that the receiver chose; 0 while it is not known, or if it is missing.
        remote_session_id: u32 = RemoteSessionId or 0;
    }
    required {}
    assigned {}
    optional {
        /// The session id that the sender chose.
        local_session_id: u32 = LocalSessionId;
        /// The cause in the numbers of PPP (RFC 3145).
        ppp_disconnect_cause: PppDisconnectCause<'a> = PppDisconnectCause;
    }
}

message! {
    /// RFC 3931 section 6.13: reports errors of the circuit.
    #[doc(alias = "WEN")]
    pub struct WanErrorNotify = V3 WAN_ERROR_NOTIFY;
    assumed {
        /// The session id that the receiver chose; 0 while it is not known, or if it is missing.
        remote_session_id: u32 = RemoteSessionId or 0;
    }
    required {}
    assigned {
        /// The session id that the sender chose.
        local_session_id: u32 = LocalSessionId LOCAL_SESSION_ID;
    }
    optional {
        /// The counters, with the length that the RFC gives.
        call_errors: CallErrors = CallErrors;
        /// The counters, as the figure of the RFC has them.
        circuit_errors: CircuitErrors = CircuitErrors;
    }
}

message! {
    /// RFC 3931 section 6.14: reports the status of the circuit.
    #[doc(alias = "SLI")]
    pub struct SetLinkInfo = V3 SET_LINK_INFO;
    assumed {
        /// The session id that the receiver chose; 0 while it is not known, or if it is missing.
        remote_session_id: u32 = RemoteSessionId or 0;
    }
    required {}
    assigned {
        /// The session id that the sender chose.
        local_session_id: u32 = LocalSessionId LOCAL_SESSION_ID;
    }
    optional {
        /// Whether the circuit is up, if that has changed.
        circuit_status: CircuitStatus = CircuitStatus;
    }
}
