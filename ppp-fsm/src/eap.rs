//! The packets of EAP: RFC 3748 sections 4 and 5.

mod types;

use core::fmt;

use crate::chap::Value;
use crate::packet::put_header;
use crate::wire::{Put, Wire};
use crate::{DecodeError, EncodeError, Field, Packet as RawPacket};

pub use types::Types;

number! {
    /// RFC 3748 section 4: the code of an EAP packet.
    ///
    /// ```
    /// use ppp_fsm::eap::Code;
    ///
    /// assert_eq!(Code::REQUEST.to_string(), "REQUEST");
    /// ```
    pub struct Code(u8), "code", "{}";

    /// The authenticator's question.
    REQUEST = 1 => "REQUEST";
    /// The answer to it.
    RESPONSE = 2 => "RESPONSE";
    /// The end, with access.
    SUCCESS = 3 => "SUCCESS";
    /// The end, without access.
    FAILURE = 4 => "FAILURE";
}

number! {
    /// RFC 3748 section 5: the type of a request or response.
    ///
    /// ```
    /// use ppp_fsm::eap::Type;
    ///
    /// assert_eq!(Type::MD5_CHALLENGE.to_string(), "MD5-Challenge");
    /// assert_eq!(Type(99).to_string(), "type 99");
    /// ```
    pub struct Type(u8), "type", "{}";

    /// Who are you?
    IDENTITY = 1 => "Identity";
    /// A text to be shown.
    NOTIFICATION = 2 => "Notification";
    /// A response only: the type of the request is not wanted; the data has the types that are.
    NAK = 3 => "Nak";
    /// CHAP with MD5, see [`Method::md5_challenge`].
    MD5_CHALLENGE = 4 => "MD5-Challenge";
    /// One-Time Password.
    #[doc(alias = "OTP")]
    ONE_TIME_PASSWORD = 5 => "One-Time-Password";
    /// Generic Token Card: a response has the password in the clear.
    #[doc(alias = "GTC")]
    GENERIC_TOKEN_CARD = 6 => "Generic-Token-Card";
    /// RFC 5216: TLS.
    TLS = 13 => "TLS";
    /// RFC 5281: Tunneled TLS.
    TTLS = 21 => "TTLS";
    /// Protected EAP.
    PEAP = 25 => "PEAP";
    /// Microsoft's EAP authentication, which is MS-CHAP version 2: what Windows uses.
    MS_CHAP_V2 = 26 => "MS-CHAP-V2";
    /// Another assignment for MS-CHAP version 2, hardly used.
    EAP_MS_CHAP_V2 = 29 => "EAP-MS-CHAP-V2";
    /// RFC 3748 section 5.7: the data has a vendor and a type of its own.
    EXPANDED = 254 => "Expanded";
    /// RFC 3748 section 5.8: for experiments.
    EXPERIMENTAL = 255 => "Experimental";
}

/// RFC 3748 section 4: an EAP packet.
///
/// ```
/// use ppp_fsm::eap::{Message, Method, Packet, Type};
///
/// // A router answers that it is R2.
/// let packet = Packet::decode(&[2, 0x5b, 0, 7, 1, b'R', b'2'])?;
/// let identity = Method { method_type: Type::IDENTITY, data: b"R2" };
/// assert_eq!(packet, Packet { identifier: 0x5b, message: Message::Response(identity) });
/// assert_eq!(packet.to_string(), "RESPONSE Identity id 91 len 7");
/// # Ok::<(), ppp_fsm::DecodeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "a packet has no other parts")]
pub struct Packet<'a> {
    /// Matches responses and requests.
    pub identifier: u8,
    /// Code and data.
    pub message: Message<'a>,
}

/// RFC 3748 sections 4.1 and 4.2: what an EAP packet says.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum Message<'a> {
    /// Code 1: the authenticator's question.
    Request(Method<'a>),
    /// Code 2: the answer to it.
    Response(Method<'a>),
    /// Code 3: the end, with access. The RFC has no data here; any data has no meaning.
    Success(&'a [u8]),
    /// Code 4: the end, without access. The RFC has no data here; any data has no meaning.
    Failure(&'a [u8]),
    /// Another code: RFC 3748 wants the packet to be thrown away.
    Other {
        /// The code.
        code: Code,
        /// The bytes behind the length.
        data: &'a [u8],
    },
}

/// RFC 3748 section 4.1: the type of a request or response, and its data.
///
/// `Debug` gives the length of the data, not its bytes, which may be a password.
///
/// ```
/// use ppp_fsm::eap::{Method, Type};
///
/// let refused = Method { method_type: Type::NAK, data: &[26, 13] };
/// assert!(refused.desired_types().eq([Type::MS_CHAP_V2, Type::TLS]));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Method<'a> {
    /// The type.
    pub method_type: Type,
    /// The type-data.
    pub data: &'a [u8],
}

impl<'a> Method<'a> {
    /// Decodes value and name of MD5-Challenge, which are those of CHAP (RFC 3748 section 5.4).
    ///
    /// `None` for another type.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] when the value is not whole; offsets count from the packet's code.
    ///
    /// ```
    /// use ppp_fsm::eap::{Method, Type};
    ///
    /// let challenge = Method { method_type: Type::MD5_CHALLENGE, data: b"\x02\xab\xcdR1" };
    /// let value = challenge.md5_challenge()?.unwrap();
    /// assert_eq!((value.value, value.name.0), (&[0xab, 0xcd][..], &b"R1"[..]));
    /// # Ok::<(), ppp_fsm::DecodeError>(())
    /// ```
    pub fn md5_challenge(&self) -> Result<Option<Value<'a>>, DecodeError> {
        match self.method_type {
            Type::MD5_CHALLENGE => Value::decode(self.data, DATA).map(Some),
            _ => Ok(None),
        }
    }

    /// Returns the types that a Nak would take; [`Type(0)`](Type) is none (RFC 3748 section 5.3.1).
    /// Empty for another type.
    pub fn desired_types(&self) -> impl Iterator<Item = Type> + 'a {
        let types = if self.method_type == Type::NAK { self.data } else { &[] };
        types.iter().map(|&number| Type(number))
    }

    fn decode(data: &'a [u8]) -> Result<Self, DecodeError> {
        let truncated =
            DecodeError::Truncated { field: Field::Type, offset: RawPacket::HEADER_LEN, needed: 1, available: 0 };
        let (&method_type, data) = data.split_first().ok_or(truncated)?;
        Ok(Self { method_type: Type(method_type), data })
    }
}

/// Where the type-data starts: behind header (4) and type (1).
const DATA: usize = 5;

impl<'a> Packet<'a> {
    /// Reads an EAP packet. Bytes behind its length are padding, and not looked at.
    ///
    /// # Errors
    ///
    /// A header cut short, a length below 4 or beyond the bytes, a request or response without a
    /// type.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let RawPacket { code, identifier, data, .. } = RawPacket::decode(bytes)?;
        let message = match Code(code.0) {
            Code::REQUEST => Message::Request(Method::decode(data)?),
            Code::RESPONSE => Message::Response(Method::decode(data)?),
            Code::SUCCESS => Message::Success(data),
            Code::FAILURE => Message::Failure(data),
            code => Message::Other { code, data },
        };
        Ok(Self { identifier, message })
    }

    encode_methods!("packet");
}

impl<'a> Message<'a> {
    /// Returns the code of the packet.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Request(_) => Code::REQUEST,
            Self::Response(_) => Code::RESPONSE,
            Self::Success(_) => Code::SUCCESS,
            Self::Failure(_) => Code::FAILURE,
            Self::Other { code, .. } => *code,
        }
    }

    /// Returns the type, when there is one, and the data.
    const fn parts(&self) -> (Option<Type>, &'a [u8]) {
        match *self {
            Self::Request(Method { method_type, data }) | Self::Response(Method { method_type, data }) => {
                (Some(method_type), data)
            }
            Self::Success(data) | Self::Failure(data) | Self::Other { data, .. } => (None, data),
        }
    }
}

impl Wire for Packet<'_> {
    fn wire_len(&self) -> usize {
        let (method_type, data) = self.message.parts();
        let header = if method_type.is_some() { DATA } else { RawPacket::HEADER_LEN };
        header.saturating_add(data.len())
    }

    fn check(&self) -> Result<(), EncodeError> {
        let length = self.wire_len().saturating_sub(RawPacket::HEADER_LEN);
        let maximum = RawPacket::MAX_DATA_LEN;
        if length > maximum { Err(EncodeError::TooLong { field: Field::Data, length, maximum }) } else { Ok(()) }
    }

    fn write(&self, out: &mut impl Put) {
        put_header(out, self.message.code().0, self.identifier, self.wire_len());
        let (method_type, data) = self.message.parts();
        // RFC 3748 section 4: Success and Failure have no type.
        if let Some(Type(number)) = method_type {
            out.put(&[number]);
        }
        out.put(data);
    }
}

/// The line of a trace. Type-data is left out.
impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message.code())?;
        if let (Some(method_type), _) = self.message.parts() {
            write!(f, " {method_type}")?;
        }
        write!(f, " id {} len {}", self.identifier, self.wire_len())
    }
}

impl fmt::Debug for Method<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Method")
            .field("method_type", &self.method_type)
            .field("data", &format_args!("{} bytes", self.data.len()))
            .finish()
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(method) => f.debug_tuple("Request").field(method).finish(),
            Self::Response(method) => f.debug_tuple("Response").field(method).finish(),
            Self::Success(data) => write!(f, "Success({} bytes)", data.len()),
            Self::Failure(data) => write!(f, "Failure({} bytes)", data.len()),
            Self::Other { code, data } => write!(f, "Other({code}, {} bytes)", data.len()),
        }
    }
}
