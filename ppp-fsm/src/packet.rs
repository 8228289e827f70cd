//! The packet of LCP and of the Network Control Protocols: code, identifier, length, data.

use core::fmt;

use crate::wire::{Put, Wire};
use crate::{DecodeError, EncodeError, Field, Options};

number! {
    /// RFC 1661 section 5, RFC 1570 section 1, RFC 1962 section 3: the code of a packet of LCP or of a Network
    /// Control Protocol.
    ///
    /// ```
    /// use ppp_fsm::Code;
    ///
    /// assert_eq!(Code::CONFIGURE_REQUEST.to_string(), "Configure-Request");
    /// assert_eq!(Code::CONFIGURE_REQUEST.short_name(), Some("CONFREQ"));
    /// assert_eq!(Code(77).to_string(), "code 77");
    /// ```
    pub struct Code(u8), "code", "{}";

    /// The options that the sender wants.
    CONFIGURE_REQUEST = 1 => "Configure-Request";
    /// All options of the request are taken.
    CONFIGURE_ACK = 2 => "Configure-Ack";
    /// Some options need other values.
    CONFIGURE_NAK = 3 => "Configure-Nak";
    /// Some options are not known or not negotiable.
    CONFIGURE_REJECT = 4 => "Configure-Reject";
    /// The sender closes.
    TERMINATE_REQUEST = 5 => "Terminate-Request";
    /// The answer to it.
    TERMINATE_ACK = 6 => "Terminate-Ack";
    /// A packet with a code that the sender does not know.
    CODE_REJECT = 7 => "Code-Reject";
    /// LCP: a frame with a protocol that the sender does not know.
    PROTOCOL_REJECT = 8 => "Protocol-Reject";
    /// LCP: asks for an Echo-Reply.
    ECHO_REQUEST = 9 => "Echo-Request";
    /// LCP: the answer to it.
    ECHO_REPLY = 10 => "Echo-Reply";
    /// LCP: to be thrown away.
    DISCARD_REQUEST = 11 => "Discard-Request";
    /// LCP: who the sender is.
    IDENTIFICATION = 12 => "Identification";
    /// LCP: when the session will end.
    TIME_REMAINING = 13 => "Time-Remaining";
    /// CCP: the sender lost its place in the compressed or encrypted data.
    RESET_REQUEST = 14 => "Reset-Request";
    /// CCP: the answer to it.
    RESET_ACK = 15 => "Reset-Ack";
}

impl Code {
    /// Returns the name that traces of routers use: `CONFREQ`.
    #[must_use]
    pub const fn short_name(self) -> Option<&'static str> {
        Some(match self {
            Self::CONFIGURE_REQUEST => "CONFREQ",
            Self::CONFIGURE_ACK => "CONFACK",
            Self::CONFIGURE_NAK => "CONFNAK",
            Self::CONFIGURE_REJECT => "CONFREJ",
            Self::TERMINATE_REQUEST => "TERMREQ",
            Self::TERMINATE_ACK => "TERMACK",
            Self::CODE_REJECT => "CODEREJ",
            Self::PROTOCOL_REJECT => "PROTREJ",
            Self::ECHO_REQUEST => "ECHOREQ",
            Self::ECHO_REPLY => "ECHOREP",
            Self::DISCARD_REQUEST => "DISCREQ",
            Self::IDENTIFICATION => "IDENT",
            Self::TIME_REMAINING => "TIMEREMAIN",
            Self::RESET_REQUEST => "RESETREQ",
            Self::RESET_ACK => "RESETACK",
            _ => return None,
        })
    }

    /// Returns whether the data of the packet is a list of options.
    #[must_use]
    pub const fn has_options(self) -> bool {
        matches!(self, Self::CONFIGURE_REQUEST | Self::CONFIGURE_ACK | Self::CONFIGURE_NAK | Self::CONFIGURE_REJECT)
    }
}

/// RFC 1661 section 5: a packet of LCP or of a Network Control Protocol.
///
/// PAP, CHAP and EAP have the same header with codes of their own: see [`pap`](crate::pap), [`chap`](crate::chap),
/// [`eap`](crate::eap).
///
/// ```
/// use ppp_fsm::{Code, Packet, ipcp};
///
/// // A Linux server's IPCP Configure-Request, with two bytes of a link layer's padding.
/// let packet = Packet::decode(&[1, 7, 0, 10, 3, 6, 10, 99, 0, 1, 0, 0])?;
/// assert_eq!(packet.to_string(), "CONFREQ id 7 len 10");
/// assert_eq!((packet.code, packet.padding), (Code::CONFIGURE_REQUEST, &[0, 0][..]));
/// for option in packet.options() {
///     assert_eq!(
///         ipcp::ConfigurationOption::decode(option?)?.to_string(),
///         "Address 10.99.0.1"
///     );
/// }
/// # Ok::<(), ppp_fsm::DecodeError>(())
/// ```
///
/// `Debug` gives the length of the data, not its bytes, which may be a rejected password.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "a packet has no other parts")]
pub struct Packet<'a> {
    /// The code, which says the kind of packet.
    pub code: Code,
    /// Matches requests and replies.
    pub identifier: u8,
    /// The bytes behind the header, which the length counts.
    pub data: &'a [u8],
    /// Bytes behind the length, of no meaning: a link layer's padding.
    pub padding: &'a [u8],
}

impl<'a> Packet<'a> {
    /// The length of the header: code (1), identifier (1), length (2).
    pub const HEADER_LEN: usize = 4;

    /// The most data that the length can count.
    pub const MAX_DATA_LEN: usize = 0xffff_usize.saturating_sub(Self::HEADER_LEN);

    /// Reads the packet in the information of a frame.
    ///
    /// # Errors
    ///
    /// A header cut short, a length below 4, or one beyond the bytes.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let Some((&[code, identifier, high, low], rest)) = bytes.split_first_chunk() else {
            return Err(DecodeError::Truncated {
                field: Field::Header,
                offset: 0,
                needed: Self::HEADER_LEN,
                available: bytes.len(),
            });
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let Some(needed) = length.checked_sub(Self::HEADER_LEN) else {
            return Err(DecodeError::LengthTooSmall {
                field: Field::Length,
                offset: 2,
                found: length,
                minimum: Self::HEADER_LEN,
            });
        };
        // Bytes behind the length are padding (RFC 1661 section 5), and never read as data.
        let Some((data, padding)) = rest.split_at_checked(needed) else {
            return Err(DecodeError::Truncated {
                field: Field::Data,
                offset: Self::HEADER_LEN,
                needed,
                available: rest.len(),
            });
        };
        Ok(Self { code: Code(code), identifier, data, padding })
    }

    /// Returns the options of a packet whose code [has them](Code::has_options), with offsets from
    /// the start of the packet.
    #[must_use]
    pub fn options(&self) -> Options<'a> {
        Options::with_offset(self.data, Self::HEADER_LEN)
    }

    encode_methods!("packet with its padding");
}

impl Wire for Packet<'_> {
    fn wire_len(&self) -> usize {
        Self::HEADER_LEN.saturating_add(self.data.len()).saturating_add(self.padding.len())
    }

    fn check(&self) -> Result<(), EncodeError> {
        EncodeError::check_len(Field::Data, self.data, Self::MAX_DATA_LEN)
    }

    fn write(&self, out: &mut impl Put) {
        put_header(out, self.code.0, self.identifier, Self::HEADER_LEN.saturating_add(self.data.len()));
        out.put(self.data);
        out.put(self.padding);
    }
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = Self::HEADER_LEN.saturating_add(self.data.len());
        match self.code.short_name() {
            Some(name) => write!(f, "{name} id {} len {length}", self.identifier),
            None => write!(f, "{} id {} len {length}", self.code, self.identifier),
        }
    }
}

impl fmt::Debug for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packet")
            .field("code", &self.code)
            .field("identifier", &self.identifier)
            .field("data", &format_args!("{} bytes", self.data.len()))
            .field("padding", &format_args!("{} bytes", self.padding.len()))
            .finish()
    }
}

/// Writes the header of a packet whose `length` was checked.
pub(crate) fn put_header(out: &mut impl Put, code: u8, identifier: u8, length: usize) {
    let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    out.put(&[code, identifier, high, low]);
}
