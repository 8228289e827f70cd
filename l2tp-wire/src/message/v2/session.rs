//! Messages about a session.

use crate::Text;
use crate::avp::{CallErrors, LinkAccm, PppDisconnectCause, Q931CauseCode, ResultCode, SequencingRequired};
use crate::code::{Bearer, Framing, ProxyAuthenticationType, SessionResult};
use crate::message::layout::message;

message! {
    /// RFC 2661 section 6.9: the LNS asks the LAC to place a call.
    #[doc(alias = "OCRQ")]
    pub struct OutgoingCallRequest<'a> = V2 OUTGOING_CALL_REQUEST;
    assumed {
        /// A number for the logs of both ends; 0 if it is missing.
        call_serial_number: u32 = CallSerialNumber or 0;
        /// The lowest acceptable speed in bits per second; 0 if it is missing.
        minimum_bps: u32 = MinimumBps or 0;
        /// The highest acceptable speed in bits per second; the largest number if it is missing.
        maximum_bps: u32 = MaximumBps or u32::MAX;
        /// The kind of line; any if it is missing.
        bearer_type: Bearer = BearerType or Bearer::ANY;
        /// The framing; any if it is missing.
        framing_type: Framing = FramingType or Framing::ANY;
        /// The number to call; empty if it is missing.
        called_number: Text<'a> = CalledNumber or Text::new(&[]);
    }
    required {}
    assigned {
        /// The session id that the sender chose.
        assigned_session_id: u16 = AssignedSessionId ASSIGNED_SESSION_ID;
    }
    optional {
        /// More to dial.
        sub_address: Text<'a> = SubAddress;
    }
}

message! {
    /// RFC 2661 section 6.10: the LAC places the call.
    #[doc(alias = "OCRP")]
    pub struct OutgoingCallReply = V2 OUTGOING_CALL_REPLY;
    assumed {}
    required {}
    assigned {
        /// The session id that the sender chose.
        assigned_session_id: u16 = AssignedSessionId ASSIGNED_SESSION_ID;
    }
    optional {
        /// A number for the logs of the LAC.
        physical_channel_id: u32 = PhysicalChannelId;
    }
}

message! {
    /// RFC 2661 section 6.11: the call is up.
    #[doc(alias = "OCCN")]
    pub struct OutgoingCallConnected = V2 OUTGOING_CALL_CONNECTED;
    assumed {
        /// The speed of the line in bits per second; 0 if it is missing. Servers want a plausible
        /// one.
        tx_connect_speed_bps: u32 = TxConnectSpeedBps or 0;
        /// The framing of the call; none if it is missing.
        framing_type: Framing = FramingType or Framing::NONE;
    }
    required {}
    assigned {}
    optional {
        /// The speed of the other direction, where it differs.
        rx_connect_speed_bps: u32 = RxConnectSpeedBps;
        /// Data packets must have sequence numbers.
        sequencing_required: SequencingRequired = SequencingRequired;
    }
}

message! {
    /// RFC 2661 section 6.6: a call has reached the LAC. In a voluntary tunnel, the client wants a session.
    #[doc(alias = "ICRQ")]
    pub struct IncomingCallRequest<'a> = V2 INCOMING_CALL_REQUEST;
    assumed {
        /// A number for the logs of both ends; 0 if it is missing.
        call_serial_number: u32 = CallSerialNumber or 0;
    }
    required {}
    assigned {
        /// The session id that the sender chose.
        assigned_session_id: u16 = AssignedSessionId ASSIGNED_SESSION_ID;
    }
    optional {
        /// The kind of line.
        bearer_type: Bearer = BearerType;
        /// A number for the logs of the LAC.
        physical_channel_id: u32 = PhysicalChannelId;
        /// The number of the caller.
        calling_number: Text<'a> = CallingNumber;
        /// The number that was called.
        called_number: Text<'a> = CalledNumber;
        /// More that was dialed.
        sub_address: Text<'a> = SubAddress;
    }
}

message! {
    /// RFC 2661 section 6.7: the LNS takes the call.
    #[doc(alias = "ICRP")]
    pub struct IncomingCallReply = V2 INCOMING_CALL_REPLY;
    assumed {}
    required {}
    assigned {
        /// The session id that the sender chose.
        assigned_session_id: u16 = AssignedSessionId ASSIGNED_SESSION_ID;
    }
    optional {}
}

message! {
    /// RFC 2661 section 6.8: the call is up.
    ///
    /// The fields from the first LCP request to the proxy response hold the agreement between the caller and a LAC that
    /// has begun PPP itself. Windows sends `proxy_authen_type` with "none" in voluntary tunnels.
    #[doc(alias = "ICCN")]
    pub struct IncomingCallConnected<'a> = V2 INCOMING_CALL_CONNECTED;
    assumed {
        /// The speed of the line in bits per second; 0 if it is missing. Servers want a plausible
        /// one.
        tx_connect_speed_bps: u32 = TxConnectSpeedBps or 0;
        /// The framing of the call; none if it is missing.
        framing_type: Framing = FramingType or Framing::NONE;
    }
    required {}
    assigned {}
    optional {
        /// Options of the first LCP Configure-Request from the caller.
        initial_received_lcp_confreq: &'a [u8] = InitialReceivedLcpConfreq;
        /// Options of the last one to the caller.
        last_sent_lcp_confreq: &'a [u8] = LastSentLcpConfreq;
        /// Options of the last one from the caller.
        last_received_lcp_confreq: &'a [u8] = LastReceivedLcpConfreq;
        /// How the caller was authenticated.
        proxy_authen_type: ProxyAuthenticationType = ProxyAuthenType;
        /// The caller's name.
        proxy_authen_name: Text<'a> = ProxyAuthenName;
        /// The challenge to the caller.
        proxy_authen_challenge: &'a [u8] = ProxyAuthenChallenge;
        /// The identifier of that exchange, in the lower byte.
        proxy_authen_id: u16 = ProxyAuthenId;
        /// The caller's response; for PAP it is the password, which should be hidden.
        proxy_authen_response: &'a [u8] = ProxyAuthenResponse;
        /// To which group of customers the call belongs.
        private_group_id: &'a [u8] = PrivateGroupId;
        /// The speed of the other direction, where it differs.
        rx_connect_speed_bps: u32 = RxConnectSpeedBps;
        /// Data packets must have sequence numbers.
        sequencing_required: SequencingRequired = SequencingRequired;
    }
}

message! {
    /// RFC 2661 section 6.12: ends a session.
    ///
    /// A peer that has no id of the other end yet sends it to session 0; the assigned id then says which session it is.
    #[doc(alias = "CDN")]
    pub struct CallDisconnectNotify<'a> = V2 CALL_DISCONNECT_NOTIFY;
    assumed {
        /// Why; 0, which is reserved, if the peer gives no reason. Many peers send 1 for any end.
        result: ResultCode<'a, SessionResult> = SessionResult or ResultCode::new(SessionResult::new(0));
    }
    required {}
    assigned {}
    optional {
        /// The session id that the sender chose. The RFC requires it; some peers send none, or 0.
        assigned_session_id: u16 = AssignedSessionId;
        /// The cause in the numbers of Q.931.
        q931_cause_code: Q931CauseCode<'a> = Q931CauseCode;
        /// The cause in the numbers of PPP (RFC 3145).
        ppp_disconnect_cause: PppDisconnectCause<'a> = PppDisconnectCause;
    }
}

message! {
    /// RFC 2661 section 6.13: the LAC reports errors of the line.
    #[doc(alias = "WEN")]
    pub struct WanErrorNotify = V2 WAN_ERROR_NOTIFY;
    assumed {}
    required {
        /// The counters.
        call_errors: CallErrors = CallErrors CALL_ERRORS;
    }
    assigned {}
    optional {}
}

message! {
    /// RFC 2661 section 6.14: the LNS sets options of PPP. Kl2tpd and Meraki send it right behind ICCN.
    #[doc(alias = "SLI")]
    pub struct SetLinkInfo = V2 SET_LINK_INFO;
    assumed {}
    required {
        /// The maps.
        accm: LinkAccm = Accm ACCM;
    }
    assigned {}
    optional {}
}
