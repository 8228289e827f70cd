//! RFC 2865 section 5: attributes.

/// The type of an attribute. Unknown ones are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a number of one byte, and nothing else")]
pub struct AttributeKind(pub u8);

macro_rules! kinds {
    ($($(#[$meta:meta])* $name:ident = $number:literal;)*) => {
        impl AttributeKind {
            $($(#[$meta])* pub const $name: Self = Self($number);)*
        }
    };
}

kinds! {
    /// User-Name.
    USER_NAME = 1;
    /// User-Password.
    USER_PASSWORD = 2;
    /// CHAP-Password.
    CHAP_PASSWORD = 3;
    /// NAS-IP-Address.
    NAS_IP_ADDRESS = 4;
    /// NAS-Port.
    NAS_PORT = 5;
    /// Service-Type.
    SERVICE_TYPE = 6;
    /// Framed-Protocol.
    FRAMED_PROTOCOL = 7;
    /// Framed-IP-Address.
    FRAMED_IP_ADDRESS = 8;
    /// Framed-IP-Netmask.
    FRAMED_IP_NETMASK = 9;
    /// Framed-MTU.
    FRAMED_MTU = 12;
    /// Reply-Message.
    REPLY_MESSAGE = 18;
    /// Framed-Route.
    FRAMED_ROUTE = 22;
    /// State: bytes of the server that go back with the next question.
    STATE = 24;
    /// Class.
    CLASS = 25;
    /// Vendor-Specific.
    VENDOR_SPECIFIC = 26;
    /// Session-Timeout.
    SESSION_TIMEOUT = 27;
    /// Idle-Timeout.
    IDLE_TIMEOUT = 28;
    /// Called-Station-Id.
    CALLED_STATION_ID = 30;
    /// Calling-Station-Id.
    CALLING_STATION_ID = 31;
    /// NAS-Identifier.
    NAS_IDENTIFIER = 32;
    /// RFC 2866: Acct-Status-Type.
    ACCT_STATUS_TYPE = 40;
    /// RFC 2866: Acct-Delay-Time.
    ACCT_DELAY_TIME = 41;
    /// RFC 2866: Acct-Input-Octets.
    ACCT_INPUT_OCTETS = 42;
    /// RFC 2866: Acct-Output-Octets.
    ACCT_OUTPUT_OCTETS = 43;
    /// RFC 2866: Acct-Session-Id.
    ACCT_SESSION_ID = 44;
    /// RFC 2866: Acct-Authentic.
    ACCT_AUTHENTIC = 45;
    /// RFC 2866: Acct-Session-Time.
    ACCT_SESSION_TIME = 46;
    /// RFC 2866: Acct-Input-Packets.
    ACCT_INPUT_PACKETS = 47;
    /// RFC 2866: Acct-Output-Packets.
    ACCT_OUTPUT_PACKETS = 48;
    /// RFC 2866: Acct-Terminate-Cause.
    ACCT_TERMINATE_CAUSE = 49;
    /// RFC 2869: Acct-Input-Gigawords.
    ACCT_INPUT_GIGAWORDS = 52;
    /// RFC 2869: Acct-Output-Gigawords.
    ACCT_OUTPUT_GIGAWORDS = 53;
    /// CHAP-Challenge.
    CHAP_CHALLENGE = 60;
    /// NAS-Port-Type.
    NAS_PORT_TYPE = 61;
    /// RFC 2868: Tunnel-Type.
    TUNNEL_TYPE = 64;
    /// RFC 2868: Tunnel-Medium-Type.
    TUNNEL_MEDIUM_TYPE = 65;
    /// RFC 2868: Tunnel-Client-Endpoint.
    TUNNEL_CLIENT_ENDPOINT = 66;
    /// RFC 3579: EAP-Message, a piece of a packet of EAP.
    EAP_MESSAGE = 79;
    /// RFC 3579: Message-Authenticator.
    MESSAGE_AUTHENTICATOR = 80;
    /// RFC 2869: Acct-Interim-Interval.
    ACCT_INTERIM_INTERVAL = 85;
}

/// Attributes one by one: the type and the value. It ends at a length that cannot be.
#[derive(Debug, Clone)]
pub struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Attributes<'a> {
    /// Reads the attributes of a packet.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Returns the bytes behind the last attribute that could be read.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (AttributeKind, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[kind, length], _) = self.rest.split_first_chunk()?;
        let (attribute, rest) = self.rest.split_at_checked(length.into())?;
        // The length counts both bytes before the value; one that is shorter is none.
        let (_, value) = attribute.split_at_checked(2)?;
        self.rest = rest;
        Some((AttributeKind(kind), value))
    }
}
