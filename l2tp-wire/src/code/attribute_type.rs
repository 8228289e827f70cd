//! Which attribute an AVP has.

use crate::Version;

number! {
    /// RFC 2661 section 4.4, RFC 3931 section 5.4, RFC 3145: the attribute type of an AVP of the IETF.
    ///
    /// ```
    /// use l2tp_wire::Version;
    /// use l2tp_wire::code::AttributeType;
    ///
    /// assert_eq!(AttributeType::HOST_NAME.to_string(), "Host Name (7)");
    /// assert!(AttributeType::HOST_NAME.is_mandatory(Version::V2));
    /// assert!(!AttributeType::HOST_NAME.may_be_hidden(Version::V2));
    /// ```
    pub struct AttributeType(u16);
    /// The first AVP of every message.
    MESSAGE_TYPE = 0, "Message Type";
    /// Why a control connection or session ends.
    RESULT_CODE = 1, "Result Code";
    /// Version and revision of the protocol: 1.0 in version 2.
    PROTOCOL_VERSION = 2, "Protocol Version";
    /// Kinds of framing that the sender takes.
    FRAMING_CAPABILITIES = 3, "Framing Capabilities";
    /// Kinds of lines over which the sender can call.
    BEARER_CAPABILITIES = 4, "Bearer Capabilities";
    /// Which of two crossing requests wins; in ICRQ and OCRQ of version 3, Session Tie Breaker.
    TIE_BREAKER = 5, "Tie Breaker";
    /// The sender's firmware.
    FIRMWARE_REVISION = 6, "Firmware Revision";
    /// The sender's name.
    HOST_NAME = 7, "Host Name";
    /// The sender's maker.
    VENDOR_NAME = 8, "Vendor Name";
    /// The tunnel id that the sender chose (version 2).
    ASSIGNED_TUNNEL_ID = 9, "Assigned Tunnel ID";
    /// How many control messages may be unacknowledged.
    RECEIVE_WINDOW_SIZE = 10, "Receive Window Size";
    /// The peer is to prove that it knows the secret (version 2).
    CHALLENGE = 11, "Challenge";
    /// The Q.931 cause of the end of a call.
    Q931_CAUSE_CODE = 12, "Q.931 Cause Code";
    /// The proof (version 2).
    CHALLENGE_RESPONSE = 13, "Challenge Response";
    /// The session id that the sender chose (version 2).
    ASSIGNED_SESSION_ID = 14, "Assigned Session ID";
    /// A number for logs; Serial Number in version 3.
    CALL_SERIAL_NUMBER = 15, "Call Serial Number";
    /// The lowest acceptable speed.
    MINIMUM_BPS = 16, "Minimum BPS";
    /// The highest acceptable speed.
    MAXIMUM_BPS = 17, "Maximum BPS";
    /// The kind of line of a call.
    BEARER_TYPE = 18, "Bearer Type";
    /// The framing of a call.
    FRAMING_TYPE = 19, "Framing Type";
    /// The number that was called or is to be called.
    CALLED_NUMBER = 21, "Called Number";
    /// The number of the caller.
    CALLING_NUMBER = 22, "Calling Number";
    /// More that was dialed or is to be dialed.
    SUB_ADDRESS = 23, "Sub-Address";
    /// The speed of a call, in bits per second (version 2).
    TX_CONNECT_SPEED_BPS = 24, "(Tx) Connect Speed";
    /// A number for logs.
    PHYSICAL_CHANNEL_ID = 25, "Physical Channel ID";
    /// Options of the first LCP Configure-Request that the LAC received.
    INITIAL_RECEIVED_LCP_CONFREQ = 26, "Initial Received LCP CONFREQ";
    /// Options of the last one that it sent.
    LAST_SENT_LCP_CONFREQ = 27, "Last Sent LCP CONFREQ";
    /// Options of the last one that it received.
    LAST_RECEIVED_LCP_CONFREQ = 28, "Last Received LCP CONFREQ";
    /// How the LAC authenticated the caller.
    PROXY_AUTHEN_TYPE = 29, "Proxy Authen Type";
    /// The caller's name.
    PROXY_AUTHEN_NAME = 30, "Proxy Authen Name";
    /// The LAC's challenge.
    PROXY_AUTHEN_CHALLENGE = 31, "Proxy Authen Challenge";
    /// The identifier of that exchange.
    PROXY_AUTHEN_ID = 32, "Proxy Authen ID";
    /// The caller's response.
    PROXY_AUTHEN_RESPONSE = 33, "Proxy Authen Response";
    /// Counters of a line; Circuit Errors in version 3.
    CALL_ERRORS = 34, "Call Errors";
    /// Which characters an asynchronous line escapes.
    ACCM = 35, "ACCM";
    /// Random bytes with which the hidden AVPs behind it are mixed.
    RANDOM_VECTOR = 36, "Random Vector";
    /// To which group of customers a call belongs.
    PRIVATE_GROUP_ID = 37, "Private Group ID";
    /// The speed of the other direction, in bits per second (version 2).
    RX_CONNECT_SPEED_BPS = 38, "Rx Connect Speed";
    /// Data packets must have sequence numbers (version 2).
    SEQUENCING_REQUIRED = 39, "Sequencing Required";
    /// Why PPP ended: RFC 3145.
    PPP_DISCONNECT_CAUSE_CODE = 46, "PPP Disconnect Cause Code";
    /// An AVP of a vendor whose number has 32 bits.
    EXTENDED_VENDOR_ID = 58, "Extended Vendor ID";
    /// A hash that authenticates a message of version 3.
    MESSAGE_DIGEST = 59, "Message Digest";
    /// The sender as a number.
    ROUTER_ID = 60, "Router ID";
    /// The control connection id that the sender chose (version 3).
    ASSIGNED_CONTROL_CONNECTION_ID = 61, "Assigned Control Connection ID";
    /// Kinds of pseudowires that the sender has.
    PSEUDOWIRE_CAPABILITIES_LIST = 62, "Pseudowire Capabilities List";
    /// The session id that the sender chose (version 3).
    LOCAL_SESSION_ID = 63, "Local Session ID";
    /// The session id that the receiver chose, or 0 (version 3).
    REMOTE_SESSION_ID = 64, "Remote Session ID";
    /// Bytes that the peer has to put into each data packet (version 3).
    ASSIGNED_COOKIE = 65, "Assigned Cookie";
    /// Which circuit a session is for.
    REMOTE_END_ID = 66, "Remote End ID";
    /// The kind of payload in data packets.
    PSEUDOWIRE_TYPE = 68, "Pseudowire Type";
    /// The header that the peer has to put in front of each payload.
    L2_SPECIFIC_SUBLAYER = 69, "L2-Specific Sublayer";
    /// Which data packets are to have sequence numbers (version 3).
    DATA_SEQUENCING = 70, "Data Sequencing";
    /// Whether the circuit is up.
    CIRCUIT_STATUS = 71, "Circuit Status";
    /// The language of texts.
    PREFERRED_LANGUAGE = 72, "Preferred Language";
    /// Random bytes with which digests are mixed.
    CONTROL_MESSAGE_AUTHENTICATION_NONCE = 73, "Control Message Authentication Nonce";
    /// The speed in 64 bits (version 3).
    TX_CONNECT_SPEED = 74, "Tx Connect Speed";
    /// The speed of the other direction in 64 bits (version 3).
    RX_CONNECT_SPEED = 75, "Rx Connect Speed";
}

impl AttributeType {
    /// Returns whether the RFC wants the M bit on this attribute: it must be understood.
    ///
    /// The number decides, not the bit on the wire: xl2tpd and Huawei set M on Vendor Name and Firmware Revision, and
    /// nothing is gained by refusing them. `false` for numbers that are not known, where the bit does decide.
    #[must_use]
    pub const fn is_mandatory(self, version: Version) -> bool {
        match self.0 {
            // RFC 3931 sections 5.4.4 and 5.4.5 have M = 0 for these two, RFC 2661 has M = 1.
            15 | 34 => matches!(version, Version::V2),
            0..=4 | 7 | 9..=14 | 16..=19 | 21..=24 | 35 | 36 | 39 => true,
            // RFC 3931 section 4.7.3: in a version 2 SCCRQ, all that is of version 3 can be ignored.
            // The Tie Breaker has M = 0 in RFC 2661 section 4.4.3, and M = 1 in RFC 3931 section 5.4.3.
            5 | 59..=66 | 68..=71 | 73 => matches!(version, Version::V3),
            _ => false,
        }
    }

    /// Returns whether the RFC allows to hide this attribute.
    #[must_use]
    pub const fn may_be_hidden(self, version: Version) -> bool {
        match self.0 {
            // RFC 2661 section 4.4 and RFC 3931 section 5.4 name these one by one.
            0 | 1 | 5 | 7 | 10 | 36 => false,
            2 | 12 | 39 => matches!(version, Version::V3),
            59 | 60 | 73 => matches!(version, Version::V2),
            _ => true,
        }
    }

    /// Returns whether nothing could be done with this attribute were it hidden: it is read before others can be.
    pub(crate) const fn is_never_hidden(self) -> bool {
        matches!(self, Self::MESSAGE_TYPE | Self::RANDOM_VECTOR | Self::MESSAGE_DIGEST)
    }
}
