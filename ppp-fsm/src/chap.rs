//! The packets of CHAP: RFC 1994 section 4, and of MS-CHAP, which have the same shape (RFC 2433, RFC 2759).

use core::fmt;

use crate::packet::put_header;
use crate::text::Hex;
use crate::wire::{Put, Wire};
use crate::{DecodeError, EncodeError, Field, Packet as RawPacket, Text};

number! {
    /// RFC 1994 section 4, RFC 2433, RFC 2759 section 7: the code of a CHAP packet.
    ///
    /// ```
    /// use ppp_fsm::chap::Code;
    ///
    /// assert_eq!(Code::CHALLENGE.to_string(), "CHALLENGE");
    /// ```
    pub struct Code(u8), "code", "{}";

    /// The authenticator's question.
    CHALLENGE = 1 => "CHALLENGE";
    /// The answer to it.
    RESPONSE = 2 => "RESPONSE";
    /// The answer was right.
    SUCCESS = 3 => "SUCCESS";
    /// The answer was wrong.
    FAILURE = 4 => "FAILURE";
    /// MS-CHAP: a new password, first form.
    CHANGE_PASSWORD_1 = 5 => "CHANGEPW1";
    /// MS-CHAP: a new password, second form.
    CHANGE_PASSWORD_2 = 6 => "CHANGEPW2";
    /// MS-CHAP version 2: a new password.
    CHANGE_PASSWORD_3 = 7 => "CHANGEPW3";
}

number! {
    /// RFC 1994 section 3: how a response is computed, as LCP's authentication option says.
    ///
    /// ```
    /// use ppp_fsm::chap::Algorithm;
    ///
    /// assert_eq!(Algorithm(0x81), Algorithm::MS_CHAP_V2);
    /// assert_eq!(Algorithm(6).to_string(), "CHAP algorithm 6");
    /// ```
    pub struct Algorithm(u8), "CHAP algorithm", "{}";

    /// RFC 1994: MD5.
    MD5 = 5 => "CHAP-MD5";
    /// RFC 2433: Microsoft's, version 1.
    MS_CHAP = 0x80 => "MS-CHAP";
    /// RFC 2759: Microsoft's, version 2.
    MS_CHAP_V2 = 0x81 => "MS-CHAP-V2";
}

/// RFC 1994 section 4: a CHAP packet.
///
/// ```
/// use ppp_fsm::Text;
/// use ppp_fsm::chap::{Message, Packet, Value};
///
/// let challenge = Value { value: &[1, 2, 3, 4], name: Text(b"server") };
/// let packet = Packet { identifier: 20, message: Message::Challenge(challenge) };
/// let mut buf = [0; 32];
/// let bytes = packet.encode(&mut buf)?;
/// assert_eq!(bytes, b"\x01\x14\x00\x0f\x04\x01\x02\x03\x04server");
/// assert_eq!(Packet::decode(bytes)?, packet);
/// assert_eq!(packet.to_string(), r#"CHALLENGE id 20 len 15 from "server""#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "a packet has no other parts")]
pub struct Packet<'a> {
    /// Matches challenges, responses and replies.
    pub identifier: u8,
    /// Code and data.
    pub message: Message<'a>,
}

/// RFC 1994 sections 4.1 and 4.2: what a CHAP packet says.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum Message<'a> {
    /// Code 1: the authenticator's question, and its name, which MS-CHAP authenticators leave empty.
    Challenge(Value<'a>),
    /// Code 2: the answer, and the name of the user.
    Response(Value<'a>),
    /// Code 3: the answer was right. MS-CHAP version 2 has its proof in the text.
    Success(Text<'a>),
    /// Code 4: the answer was wrong. MS-CHAP has its error number in the text.
    Failure(Text<'a>),
    /// Another code, such as MS-CHAP's change of a password.
    Other {
        /// The code.
        code: Code,
        /// The bytes behind the length.
        data: &'a [u8],
    },
}

/// RFC 1994 section 4.1: a value and a name, of a Challenge, of a Response, or of EAP's MD5-Challenge.
///
/// ```
/// use ppp_fsm::Text;
/// use ppp_fsm::chap::Value;
///
/// let value = Value { value: &[0xab, 0xcd], name: Text(b"r2\n") };
/// assert_eq!(format!("{value:?}"), r#"Value { value: 0xabcd, name: "r2\n" }"#);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Value<'a> {
    /// The challenge, or what was computed from it.
    pub value: &'a [u8],
    /// The sender's name. Empty with many peers.
    pub name: Text<'a>,
}

impl<'a> Packet<'a> {
    /// Reads a CHAP packet. Bytes behind its length are padding, and not looked at.
    ///
    /// # Errors
    ///
    /// A header cut short, a length below 4 or beyond the bytes, a value that is not whole.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let RawPacket { code, identifier, data, .. } = RawPacket::decode(bytes)?;
        let message = match Code(code.0) {
            Code::CHALLENGE => Message::Challenge(Value::decode(data, RawPacket::HEADER_LEN)?),
            Code::RESPONSE => Message::Response(Value::decode(data, RawPacket::HEADER_LEN)?),
            Code::SUCCESS => Message::Success(Text(data)),
            Code::FAILURE => Message::Failure(Text(data)),
            code => Message::Other { code, data },
        };
        Ok(Self { identifier, message })
    }

    encode_methods!("packet");
}

impl Message<'_> {
    /// Returns the code of the packet.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Challenge(_) => Code::CHALLENGE,
            Self::Response(_) => Code::RESPONSE,
            Self::Success(_) => Code::SUCCESS,
            Self::Failure(_) => Code::FAILURE,
            Self::Other { code, .. } => *code,
        }
    }
}

impl<'a> Value<'a> {
    /// The longest value that its size can say.
    pub const MAX_LEN: usize = 0xff;

    /// Reads value size, value and name, which start at `offset`.
    pub(crate) fn decode(data: &'a [u8], offset: usize) -> Result<Self, DecodeError> {
        let Some((&size, rest)) = data.split_first() else {
            return Err(DecodeError::Truncated { field: Field::ValueSize, offset, needed: 1, available: 0 });
        };
        // The size is the peer's word: pppd and lwIP once copied by such a number (CVE-2020-8597).
        let needed = usize::from(size);
        let Some((value, name)) = rest.split_at_checked(needed) else {
            let (offset, available) = (offset.saturating_add(1), rest.len());
            return Err(DecodeError::Truncated { field: Field::Value, offset, needed, available });
        };
        Ok(Self { value, name: Text(name) })
    }
}

impl Wire for Packet<'_> {
    fn wire_len(&self) -> usize {
        let data = match self.message {
            Message::Challenge(Value { value, name }) | Message::Response(Value { value, name }) => {
                value.len().saturating_add(1).saturating_add(name.0.len())
            }
            Message::Success(Text(data)) | Message::Failure(Text(data)) | Message::Other { data, .. } => data.len(),
        };
        RawPacket::HEADER_LEN.saturating_add(data)
    }

    fn check(&self) -> Result<(), EncodeError> {
        if let Message::Challenge(Value { value, .. }) | Message::Response(Value { value, .. }) = self.message {
            EncodeError::check_len(Field::Value, value, Value::MAX_LEN)?;
        }
        // The length field of the packet has 16 bits, so larger data cannot be said.
        let length = self.wire_len().saturating_sub(RawPacket::HEADER_LEN);
        let maximum = RawPacket::MAX_DATA_LEN;
        if length > maximum { Err(EncodeError::TooLong { field: Field::Data, length, maximum }) } else { Ok(()) }
    }

    fn write(&self, out: &mut impl Put) {
        put_header(out, self.message.code().0, self.identifier, self.wire_len());
        match self.message {
            Message::Challenge(Value { value, name }) | Message::Response(Value { value, name }) => {
                out.put(&[u8::try_from(value.len()).unwrap_or(u8::MAX)]);
                out.put(value);
                out.put(name.0);
            }
            Message::Success(Text(data)) | Message::Failure(Text(data)) | Message::Other { data, .. } => out.put(data),
        }
    }
}

/// The line of a trace. Values are left out.
impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} id {} len {}", self.message.code(), self.identifier, self.wire_len())?;
        match self.message {
            Message::Challenge(Value { name, .. }) | Message::Response(Value { name, .. }) => {
                write!(f, " from {name:?}")
            }
            Message::Success(Text(b"")) | Message::Failure(Text(b"")) | Message::Other { .. } => Ok(()),
            Message::Success(text) | Message::Failure(text) => write!(f, " msg is {text:?}"),
        }
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Challenge(value) => f.debug_tuple("Challenge").field(value).finish(),
            Self::Response(value) => f.debug_tuple("Response").field(value).finish(),
            Self::Success(text) => f.debug_tuple("Success").field(text).finish(),
            Self::Failure(text) => f.debug_tuple("Failure").field(text).finish(),
            Self::Other { code, data } => write!(f, "Other({code}, {} bytes)", data.len()),
        }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Value").field("value", &Hex(self.value)).field("name", &self.name).finish()
    }
}
