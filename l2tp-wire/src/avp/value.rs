//! The values of the IETF's AVPs.

use super::composite::{
    CallErrors, ChallengeResponse, CircuitErrors, Detail, Digest, ExtendedVendor, LinkAccm, PppDisconnectCause,
    Pseudowires, Q931CauseCode, ResultCode, SequencingRequired, TieBreaker,
};
use super::cursor::{Avp, Visibility};
use super::wire::{CIRCUIT_ERRORS_LEN, Parts, Wire, at_least, wrong_length};
use crate::code::{
    AttributeType, Bearer, CircuitStatus, ControlConnectionResult, DataSequencing, ErrorCode, Framing, MessageType,
    ProtocolVersion, ProxyAuthenticationType, PseudowireType, SessionResult, SublayerType,
};
use crate::cookie::Cookie;
use crate::{DecodeError, Text};

impl<'a> Avp<'a> {
    /// Reads the value as the RFC defines it for this attribute.
    ///
    /// `message_type` matters for Result Code alone, whose numbers mean different things in StopCCN and CDN. AVPs
    /// that no RFC defines are [`Value::Unknown`]: other vendors, other numbers, reserved bits.
    ///
    /// # Errors
    ///
    /// Returns [`DecodeError::Hidden`] when the value cannot be read, [`DecodeError::ValueLength`] when it has a
    /// length that the attribute cannot have, [`DecodeError::Value`] when a digest type does not exist.
    #[inline]
    pub fn decode(&self, message_type: MessageType) -> Result<Value<'a>, DecodeError> {
        Value::decode(self, message_type)
    }
}

macro_rules! values {
    ($($(#[$attribute:meta])* $variant:ident($type:ty) = $constant:ident;)+) => {
        /// RFC 2661 section 4.4, RFC 3931 section 5.4, RFC 3145: the value of an AVP, by its attribute.
        ///
        /// ```
        /// use l2tp_wire::avp::Value;
        /// use l2tp_wire::code::AttributeType;
        ///
        /// let value = Value::AssignedTunnelId(0x1c2a);
        /// assert_eq!(value.attribute_type(), AttributeType::ASSIGNED_TUNNEL_ID);
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Value<'a> {
            $($(#[$attribute])* $variant($type),)+
            /// Result Code (1) of StopCCN.
            ControlConnectionResult(ResultCode<'a, ControlConnectionResult>),
            /// Result Code (1) of CDN.
            SessionResult(ResultCode<'a, SessionResult>),
            /// Call Errors (34), also Circuit Errors of version 3 with the length that RFC 3931 gives.
            CallErrors(CallErrors),
            /// Circuit Errors (34) as the figure of RFC 3931 has them.
            CircuitErrors(CircuitErrors),
            /// An AVP that no RFC defines: another vendor's, another number, or one with reserved bits.
            Unknown(Avp<'a>),
        }

        impl<'a> Value<'a> {
            #[inline]
            fn decode(avp: &Avp<'a>, message_type: MessageType) -> Result<Self, DecodeError> {
                let (attribute_type, offset) = (avp.attribute_type, avp.offset);
                // xl2tpd once took a vendor's AVP for the IETF's of the same number.
                if !avp.is_ietf() {
                    return Ok(Self::Unknown(*avp));
                }
                if let Visibility::Unreadable(reason) = avp.visibility {
                    return Err(DecodeError::Hidden { attribute_type, offset, reason });
                }
                match attribute_type {
                    $(AttributeType::$constant => Wire::read(avp).map(Self::$variant),)+
                    AttributeType::RESULT_CODE => Self::decode_result(avp, message_type),
                    // The length alone says which of the two it is.
                    AttributeType::CALL_ERRORS if avp.value.len() == CIRCUIT_ERRORS_LEN => {
                        Wire::read(avp).map(Self::CircuitErrors)
                    }
                    AttributeType::CALL_ERRORS => Wire::read(avp).map(Self::CallErrors),
                    _ => Ok(Self::Unknown(*avp)),
                }
            }

            /// Returns the attribute.
            #[must_use]
            pub const fn attribute_type(&self) -> AttributeType {
                match self {
                    $(Self::$variant(_) => AttributeType::$constant,)+
                    Self::ControlConnectionResult(_) | Self::SessionResult(_) => AttributeType::RESULT_CODE,
                    Self::CallErrors(_) | Self::CircuitErrors(_) => AttributeType::CALL_ERRORS,
                    Self::Unknown(avp) => avp.attribute_type,
                }
            }

            /// Returns the value in its form on the wire.
            pub(crate) fn parts(&self) -> Parts<'a> {
                match *self {
                    $(Self::$variant(value) => value.parts(),)+
                    Self::ControlConnectionResult(result) => result_parts(result.result.get(), result.detail),
                    Self::SessionResult(result) => result_parts(result.result.get(), result.detail),
                    Self::CallErrors(value) => value.parts(),
                    Self::CircuitErrors(value) => value.parts(),
                    Self::Unknown(avp) => avp.value.parts(),
                }
            }
        }
    };
}

/// Puts a result code together.
fn result_parts(result: u16, detail: Option<Detail<'_>>) -> Parts<'_> {
    let Some(detail) = detail else { return Parts::new(result.to_be_bytes(), &[]) };
    Parts::joined(&[&result.to_be_bytes(), &detail.error.get().to_be_bytes()], detail.message.as_bytes())
}

impl<'a> Value<'a> {
    fn decode_result(avp: &Avp<'a>, message_type: MessageType) -> Result<Self, DecodeError> {
        let (result, behind) = at_least(avp)?;
        let detail = match behind.split_first_chunk() {
            // RouterOS sends no error code, as RFC 2661 section 4.4.2 allows; npppd and old xl2tpd
            // refuse that.
            Some((error, message)) => {
                Some(Detail { error: ErrorCode::new(u16::from_be_bytes(*error)), message: Text::new(message) })
            }
            // Result codes of three bytes are nobody's.
            None if behind.is_empty() => None,
            None => return Err(wrong_length(avp, 4)),
        };
        let number = u16::from_be_bytes(*result);
        // Numbers mean different things in the two messages (RFC 2661 section 4.4.2).
        Ok(if message_type == MessageType::STOP_CONTROL_CONNECTION_NOTIFICATION {
            let result = ControlConnectionResult::new(number);
            Self::ControlConnectionResult(ResultCode { result, detail })
        } else {
            Self::SessionResult(ResultCode { result: SessionResult::new(number), detail })
        })
    }
}

values! {
    /// Message Type (0).
    MessageType(MessageType) = MESSAGE_TYPE;
    /// Protocol Version (2).
    ProtocolVersion(ProtocolVersion) = PROTOCOL_VERSION;
    /// Framing Capabilities (3).
    FramingCapabilities(Framing) = FRAMING_CAPABILITIES;
    /// Bearer Capabilities (4).
    BearerCapabilities(Bearer) = BEARER_CAPABILITIES;
    /// Tie Breaker or Session Tie Breaker (5).
    TieBreaker(TieBreaker) = TIE_BREAKER;
    /// Firmware Revision (6).
    FirmwareRevision(u16) = FIRMWARE_REVISION;
    /// Host Name (7).
    HostName(Text<'a>) = HOST_NAME;
    /// Vendor Name (8).
    VendorName(Text<'a>) = VENDOR_NAME;
    /// Assigned Tunnel ID (9).
    AssignedTunnelId(u16) = ASSIGNED_TUNNEL_ID;
    /// Receive Window Size (10), in messages.
    ReceiveWindowSize(u16) = RECEIVE_WINDOW_SIZE;
    /// Challenge (11).
    Challenge(&'a [u8]) = CHALLENGE;
    /// Q.931 Cause Code (12).
    Q931CauseCode(Q931CauseCode<'a>) = Q931_CAUSE_CODE;
    /// Challenge Response (13).
    ChallengeResponse(ChallengeResponse) = CHALLENGE_RESPONSE;
    /// Assigned Session ID (14).
    AssignedSessionId(u16) = ASSIGNED_SESSION_ID;
    /// Call Serial Number, Serial Number (15).
    CallSerialNumber(u32) = CALL_SERIAL_NUMBER;
    /// Minimum BPS (16), in bits per second.
    MinimumBps(u32) = MINIMUM_BPS;
    /// Maximum BPS (17), in bits per second.
    MaximumBps(u32) = MAXIMUM_BPS;
    /// Bearer Type (18).
    BearerType(Bearer) = BEARER_TYPE;
    /// Framing Type (19).
    FramingType(Framing) = FRAMING_TYPE;
    /// Called Number (21).
    CalledNumber(Text<'a>) = CALLED_NUMBER;
    /// Calling Number (22).
    CallingNumber(Text<'a>) = CALLING_NUMBER;
    /// Sub-Address (23).
    SubAddress(Text<'a>) = SUB_ADDRESS;
    /// (Tx) Connect Speed (24), in bits per second.
    TxConnectSpeedBps(u32) = TX_CONNECT_SPEED_BPS;
    /// Physical Channel ID (25).
    PhysicalChannelId(u32) = PHYSICAL_CHANNEL_ID;
    /// Initial Received LCP CONFREQ (26): the options alone.
    InitialReceivedLcpConfreq(&'a [u8]) = INITIAL_RECEIVED_LCP_CONFREQ;
    /// Last Sent LCP CONFREQ (27): the options alone.
    LastSentLcpConfreq(&'a [u8]) = LAST_SENT_LCP_CONFREQ;
    /// Last Received LCP CONFREQ (28): the options alone.
    LastReceivedLcpConfreq(&'a [u8]) = LAST_RECEIVED_LCP_CONFREQ;
    /// Proxy Authen Type (29).
    ProxyAuthenType(ProxyAuthenticationType) = PROXY_AUTHEN_TYPE;
    /// Proxy Authen Name (30).
    ProxyAuthenName(Text<'a>) = PROXY_AUTHEN_NAME;
    /// Proxy Authen Challenge (31).
    ProxyAuthenChallenge(&'a [u8]) = PROXY_AUTHEN_CHALLENGE;
    /// Proxy Authen ID (32): the identifier in the lower byte, 0 in the upper one.
    ProxyAuthenId(u16) = PROXY_AUTHEN_ID;
    /// Proxy Authen Response (33); for PAP it is the password.
    ProxyAuthenResponse(&'a [u8]) = PROXY_AUTHEN_RESPONSE;
    /// ACCM (35).
    Accm(LinkAccm) = ACCM;
    /// Random Vector (36).
    RandomVector(&'a [u8]) = RANDOM_VECTOR;
    /// Private Group ID (37).
    PrivateGroupId(&'a [u8]) = PRIVATE_GROUP_ID;
    /// Rx Connect Speed (38), in bits per second.
    RxConnectSpeedBps(u32) = RX_CONNECT_SPEED_BPS;
    /// Sequencing Required (39).
    SequencingRequired(SequencingRequired) = SEQUENCING_REQUIRED;
    /// PPP Disconnect Cause Code (46).
    PppDisconnectCause(PppDisconnectCause<'a>) = PPP_DISCONNECT_CAUSE_CODE;
    /// Extended Vendor ID (58).
    ExtendedVendor(ExtendedVendor<'a>) = EXTENDED_VENDOR_ID;
    /// Message Digest (59).
    MessageDigest(Digest) = MESSAGE_DIGEST;
    /// Router ID (60).
    RouterId(u32) = ROUTER_ID;
    /// Assigned Control Connection ID (61).
    AssignedControlConnectionId(u32) = ASSIGNED_CONTROL_CONNECTION_ID;
    /// Pseudowire Capabilities List (62).
    PseudowireCapabilities(Pseudowires<'a>) = PSEUDOWIRE_CAPABILITIES_LIST;
    /// Local Session ID (63).
    LocalSessionId(u32) = LOCAL_SESSION_ID;
    /// Remote Session ID (64); 0 before the receiver's choice is known.
    RemoteSessionId(u32) = REMOTE_SESSION_ID;
    /// Assigned Cookie (65).
    AssignedCookie(Cookie) = ASSIGNED_COOKIE;
    /// Remote End ID (66).
    RemoteEndId(Text<'a>) = REMOTE_END_ID;
    /// Pseudowire Type (68).
    PseudowireType(PseudowireType) = PSEUDOWIRE_TYPE;
    /// L2-Specific Sublayer (69).
    L2SpecificSublayer(SublayerType) = L2_SPECIFIC_SUBLAYER;
    /// Data Sequencing (70).
    DataSequencing(DataSequencing) = DATA_SEQUENCING;
    /// Circuit Status (71).
    CircuitStatus(CircuitStatus) = CIRCUIT_STATUS;
    /// Preferred Language (72).
    PreferredLanguage(Text<'a>) = PREFERRED_LANGUAGE;
    /// Control Message Authentication Nonce (73).
    Nonce(&'a [u8]) = CONTROL_MESSAGE_AUTHENTICATION_NONCE;
    /// Tx Connect Speed (74), in bits per second.
    TxConnectSpeed(u64) = TX_CONNECT_SPEED;
    /// Rx Connect Speed (75), in bits per second.
    RxConnectSpeed(u64) = RX_CONNECT_SPEED;
}
