//! What the AVPs of the IETF mean.

use super::composite::{
    CallErrors, ChallengeResponse, CircuitErrors, Detail, Digest, ExtendedVendor, LinkAccm, PppDisconnectCause,
    Pseudowires, Q931CauseCode, ResultCode, SequencingRequired, TieBreaker,
};
use super::cursor::{Avp, Visibility};
use crate::code::{
    Accm, AttributeType, Bearer, CircuitStatus, ControlConnectionResult, DataSequencing, DigestType, DisconnectCode,
    DisconnectDirection, ErrorCode, Framing, MessageType, ProtocolVersion, ProxyAuthenticationType, PseudowireType,
    Q931Cause, SessionResult, SublayerType,
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

/// Reads a value of exactly `N` bytes.
#[inline]
fn exactly<const N: usize>(avp: &Avp<'_>) -> Result<[u8; N], DecodeError> {
    avp.value.try_into().map_err(|_| wrong_length(avp, N))
}

/// Reads a value of at least `N` bytes.
#[inline]
fn at_least<'a, const N: usize>(avp: &Avp<'a>) -> Result<(&'a [u8; N], &'a [u8]), DecodeError> {
    avp.value.split_first_chunk().ok_or_else(|| wrong_length(avp, N))
}

#[cold]
const fn wrong_length(avp: &Avp<'_>, expected: usize) -> DecodeError {
    DecodeError::ValueLength {
        attribute_type: avp.attribute_type,
        offset: avp.offset,
        expected,
        found: avp.value.len(),
    }
}

/// A value in its form on the wire, as the writer needs it: up to 26 bytes, then more that are borrowed.
pub(crate) struct Parts<'a> {
    head: [u8; 26],
    head_len: usize,
    /// The bytes behind the head.
    pub(crate) tail: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Returns the fixed part.
    pub(crate) fn head(&self) -> &[u8] {
        // No head is longer than the array.
        self.head.get(..self.head_len).unwrap_or(&self.head)
    }

    fn new<const N: usize>(head: [u8; N], tail: &'a [u8]) -> Self {
        const { assert!(N <= 26) };
        let mut parts = Self { head: [0; 26], head_len: N, tail };
        for (to, from) in parts.head.iter_mut().zip(head) {
            *to = from;
        }
        parts
    }

    /// Puts a head together from pieces, which fit.
    fn joined(pieces: &[&[u8]], tail: &'a [u8]) -> Self {
        let mut parts = Self { head: [0; 26], head_len: 0, tail };
        for (to, from) in parts.head.iter_mut().zip(pieces.iter().copied().flatten()) {
            *to = *from;
            parts.head_len = parts.head_len.wrapping_add(1);
        }
        parts
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
            Some((error, message)) => {
                Some(Detail { error: ErrorCode::new(u16::from_be_bytes(*error)), message: Text::new(message) })
            }
            // Result codes of three bytes are nobody's.
            None if behind.is_empty() => None,
            None => return Err(wrong_length(avp, 4)),
        };
        let number = u16::from_be_bytes(*result);
        Ok(if message_type == MessageType::STOP_CONTROL_CONNECTION_NOTIFICATION {
            let result = ControlConnectionResult::new(number);
            Self::ControlConnectionResult(ResultCode { result, detail })
        } else {
            Self::SessionResult(ResultCode { result: SessionResult::new(number), detail })
        })
    }
}

/// Two reserved bytes and four counters.
const CIRCUIT_ERRORS_LEN: usize = 18;

/// A type that a value can have, and its form on the wire.
trait Wire<'a>: Sized {
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError>;

    fn parts(self) -> Parts<'a>;
}

impl<'a> Wire<'a> for &'a [u8] {
    #[inline]
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        Ok(avp.value)
    }

    fn parts(self) -> Parts<'a> {
        Parts::new([], self)
    }
}

impl<'a> Wire<'a> for Text<'a> {
    #[inline]
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        Ok(Text::new(avp.value))
    }

    fn parts(self) -> Parts<'a> {
        Parts::new([], self.as_bytes())
    }
}

/// Types that are made of an array of bytes.
macro_rules! fixed {
    ($($type:ty, $from:expr, $to:expr;)+) => {$(
        impl<'a> Wire<'a> for $type {
            #[inline]
            fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
                exactly(avp).map($from)
            }

            fn parts(self) -> Parts<'a> {
                Parts::new($to(self), &[])
            }
        }
    )+};
}

/// Types that are made of an integer.
macro_rules! numbers {
    ($($type:ty, $integer:ty;)+) => {
        fixed! {$(
            $type,
            |bytes| <$type>::from(<$integer>::from_be_bytes(bytes)),
            |value| <$integer>::from(value).to_be_bytes();
        )+}
    };
}

numbers! {
    u16, u16;
    u32, u32;
    u64, u64;
    MessageType, u16;
    ProtocolVersion, u16;
    Framing, u32;
    Bearer, u32;
    ProxyAuthenticationType, u16;
    PseudowireType, u16;
    SublayerType, u16;
    DataSequencing, u16;
    CircuitStatus, u16;
}

fixed! {
    TieBreaker, Self::from_bytes, Self::to_bytes;
    ChallengeResponse, Self::from_bytes, |value: Self| *value.as_bytes();
    SequencingRequired, |[]: [u8; 0]| Self, |Self| [];
    LinkAccm,
    |[_, _, s, e, n, d, r, c, v, x]: [u8; 10]| Self {
        send: Accm::new(u32::from_be_bytes([s, e, n, d])),
        receive: Accm::new(u32::from_be_bytes([r, c, v, x])),
    },
    |value: Self| {
        let maps = u64::from(value.send.get()) << 32 | u64::from(value.receive.get());
        let [first, second, third, fourth, rest @ ..] = maps.to_be_bytes();
        let [fifth, sixth, seventh, last] = rest;
        [0, 0, first, second, third, fourth, fifth, sixth, seventh, last]
    };
}

/// Reads the counters behind two reserved bytes.
fn counters<const N: usize>(avp: &Avp<'_>, expected: usize) -> Result<[u32; N], DecodeError> {
    if avp.value.len() != expected {
        return Err(wrong_length(avp, expected));
    }
    let mut counters = [0; N];
    let words = avp.value.get(2..).unwrap_or_default().chunks_exact(4);
    for (counter, word) in counters.iter_mut().zip(words) {
        *counter = word.try_into().map_or(0, u32::from_be_bytes);
    }
    Ok(counters)
}

/// Puts counters behind two reserved bytes.
fn counter_parts<'a, const N: usize>(counters: [u32; N]) -> Parts<'a> {
    let counters = counters.map(u32::to_be_bytes);
    Parts::joined(&[&[0, 0], counters.as_flattened()], &[])
}

impl<'a> Wire<'a> for CallErrors {
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        let [crc_errors, framing_errors, hardware_overruns, buffer_overruns, timeout_errors, alignment_errors] =
            counters(avp, 26)?;
        Ok(Self { crc_errors, framing_errors, hardware_overruns, buffer_overruns, timeout_errors, alignment_errors })
    }

    fn parts(self) -> Parts<'a> {
        counter_parts([
            self.crc_errors,
            self.framing_errors,
            self.hardware_overruns,
            self.buffer_overruns,
            self.timeout_errors,
            self.alignment_errors,
        ])
    }
}

impl<'a> Wire<'a> for CircuitErrors {
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        let [hardware_overruns, buffer_overruns, timeout_errors, alignment_errors] = counters(avp, CIRCUIT_ERRORS_LEN)?;
        Ok(Self { hardware_overruns, buffer_overruns, timeout_errors, alignment_errors })
    }

    fn parts(self) -> Parts<'a> {
        counter_parts([self.hardware_overruns, self.buffer_overruns, self.timeout_errors, self.alignment_errors])
    }
}

impl<'a> Wire<'a> for Q931CauseCode<'a> {
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        let (&[high, low, message], advisory) = at_least(avp)?;
        let cause = Q931Cause::new(u16::from_be_bytes([high, low]));
        Ok(Self { cause, message, advisory: Text::new(advisory) })
    }

    fn parts(self) -> Parts<'a> {
        let [high, low] = self.cause.get().to_be_bytes();
        Parts::new([high, low, self.message], self.advisory.as_bytes())
    }
}

impl<'a> Wire<'a> for PppDisconnectCause<'a> {
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        let (&[code, code_low, protocol, protocol_low, direction], message) = at_least(avp)?;
        Ok(Self {
            code: DisconnectCode::new(u16::from_be_bytes([code, code_low])),
            control_protocol: u16::from_be_bytes([protocol, protocol_low]),
            direction: DisconnectDirection::new(direction),
            message: Text::new(message),
        })
    }

    fn parts(self) -> Parts<'a> {
        let ([a, b], [c, d]) = (self.code.get().to_be_bytes(), self.control_protocol.to_be_bytes());
        Parts::new([a, b, c, d, self.direction.get()], self.message.as_bytes())
    }
}

impl<'a> Wire<'a> for ExtendedVendor<'a> {
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        let (&[a, b, c, d, high, low], value) = at_least(avp)?;
        let attribute_type = AttributeType::new(u16::from_be_bytes([high, low]));
        Ok(Self { vendor_id: u32::from_be_bytes([a, b, c, d]), attribute_type, value })
    }

    fn parts(self) -> Parts<'a> {
        let ([a, b, c, d], [high, low]) = (self.vendor_id.to_be_bytes(), self.attribute_type.get().to_be_bytes());
        Parts::new([a, b, c, d, high, low], self.value)
    }
}

impl<'a> Wire<'a> for Pseudowires<'a> {
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        // An odd byte is half a number.
        Pseudowires::new(avp.value).ok_or_else(|| wrong_length(avp, avp.value.len().wrapping_add(1)))
    }

    fn parts(self) -> Parts<'a> {
        Parts::new([], self.as_bytes())
    }
}

impl<'a> Wire<'a> for Cookie {
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        Cookie::new(avp.value).ok_or_else(|| wrong_length(avp, 4))
    }

    fn parts(self) -> Parts<'a> {
        Parts::joined(&[self.as_bytes()], &[])
    }
}

impl<'a> Wire<'a> for Digest {
    /// The length says which hash it is, since the RFC contradicts itself about the numbers.
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        let (&[digest_type], digest) = at_least(avp)?;
        if digest_type > 2 {
            let (attribute_type, offset) = (avp.attribute_type, avp.offset);
            return Err(DecodeError::Value { attribute_type, offset, found: digest_type.into() });
        }
        let md5 = digest.try_into().map(Self::HmacMd5);
        md5.or_else(|_| digest.try_into().map(Self::HmacSha1)).map_err(|_| wrong_length(avp, 17))
    }

    fn parts(self) -> Parts<'a> {
        let digest_type = match self {
            Self::HmacMd5(_) => DigestType::HMAC_MD5,
            Self::HmacSha1(_) => DigestType::HMAC_SHA1,
        };
        Parts::joined(&[&[digest_type.get()], self.as_bytes()], &[])
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
