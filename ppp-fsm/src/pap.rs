//! The packets of PAP: RFC 1334 section 2.

use core::fmt;

use subtle::ConstantTimeEq;

use crate::packet::put_header;
use crate::wire::{Put, Wire};
use crate::{DecodeError, EncodeError, Field, Packet as RawPacket, Text};

number! {
    /// RFC 1334 section 2.2: the code of a PAP packet.
    ///
    /// ```
    /// use ppp_fsm::pap::Code;
    ///
    /// assert_eq!(Code::AUTHENTICATE_REQUEST.to_string(), "AUTH-REQ");
    /// ```
    pub struct Code(u8), "code", "{}";

    /// Name and password.
    AUTHENTICATE_REQUEST = 1 => "AUTH-REQ";
    /// They were right.
    AUTHENTICATE_ACK = 2 => "AUTH-ACK";
    /// They were wrong.
    AUTHENTICATE_NAK = 3 => "AUTH-NAK";
}

/// RFC 1334 section 2.2: a PAP packet.
///
/// It has no `==`, because of the password in it.
///
/// ```
/// use ppp_fsm::pap::{Message, Packet, Password, Request};
///
/// let request = Request {
///     peer_id: "alice".into(),
///     password: Password::new(b"wonderland"),
///     trailing: &[],
/// };
/// let packet = Packet { identifier: 1, message: Message::AuthenticateRequest(request) };
/// let mut buf = [0; 64];
/// let bytes = packet.encode(&mut buf)?;
/// assert_eq!(bytes, b"\x01\x01\x00\x15\x05alice\x0awonderland");
/// assert_eq!(packet.to_string(), r#"AUTH-REQ id 1 len 21 from "alice""#);
///
/// let Message::AuthenticateRequest(request) = Packet::decode(bytes)?.message else {
///     unreachable!()
/// };
/// assert!(
///     request.password.matches(b"wonderland") && !request.password.matches(b"looking-glass")
/// );
/// assert!(!format!("{request:?}").contains("wonderland"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "a packet has no other parts")]
pub struct Packet<'a> {
    /// Matches requests and replies.
    pub identifier: u8,
    /// Code and data.
    pub message: Message<'a>,
}

/// RFC 1334 sections 2.2.1 and 2.2.2: what a PAP packet says.
#[derive(Clone, Copy)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum Message<'a> {
    /// Code 1: name and password.
    AuthenticateRequest(Request<'a>),
    /// Code 2: they were right.
    AuthenticateAck(Reply<'a>),
    /// Code 3: they were wrong.
    AuthenticateNak(Reply<'a>),
    /// Another code.
    Other {
        /// The code.
        code: Code,
        /// The bytes behind the length.
        data: &'a [u8],
    },
}

/// RFC 1334 section 2.2.1: name and password.
#[derive(Clone, Copy)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Request<'a> {
    /// The name of the user, at most 255 bytes.
    pub peer_id: Text<'a>,
    /// The password, at most 255 bytes, in the clear.
    pub password: Password<'a>,
    /// Bytes behind the password that the packet's length counts, of no meaning.
    pub trailing: &'a [u8],
}

/// RFC 1334 section 2.2.2: the answer of the authenticator.
///
/// ```
/// use ppp_fsm::Text;
/// use ppp_fsm::pap::{Message, Packet, Reply};
///
/// // An Ack without even the byte that has the length of the message.
/// let Message::AuthenticateAck(reply) = Packet::decode(&[2, 1, 0, 4])?.message else {
///     unreachable!()
/// };
/// assert_eq!(reply, Reply::Bare);
/// assert_eq!(reply.text(), Text(b""));
/// assert_eq!(Reply::new("Login ok").text(), Text(b"Login ok"));
/// # Ok::<(), ppp_fsm::DecodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_enums, reason = "a reply has a message or not")]
pub enum Reply<'a> {
    /// Not even the length of a message, as some peers send it.
    Bare,
    /// As in the RFC.
    Message {
        /// For people, at most 255 bytes.
        message: Text<'a>,
        /// Bytes behind the message that the packet's length counts, of no meaning.
        trailing: &'a [u8],
    },
}

/// RFC 1334 section 2.2.1: a password, as borrowed from a packet or for one.
///
/// `Debug` does not show it, there is no `==`, and [`matches`](Self::matches) takes as long for a wrong one as for the
/// right one.
///
/// ```
/// use ppp_fsm::pap::Password;
///
/// let password = Password::new(b"secret");
/// assert_eq!(format!("{password:?}"), "Password(redacted)");
/// assert_eq!(password.as_bytes(), b"secret");
/// ```
#[derive(Clone, Copy)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Password<'a>(&'a [u8]);

impl<'a> Password<'a> {
    /// Creates a password for a request.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Returns the password itself.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// Returns whether it is the password `expected`. Only the length shows in the time that it
    /// takes.
    #[must_use]
    pub fn matches(&self, expected: &[u8]) -> bool {
        self.0.ct_eq(expected).into()
    }
}

impl<'a> Packet<'a> {
    /// Reads a PAP packet. Bytes behind its length are padding, and not looked at.
    ///
    /// # Errors
    ///
    /// A header cut short, a length below 4 or beyond the bytes, a name, password or message that
    /// is not whole.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let RawPacket { code, identifier, data, .. } = RawPacket::decode(bytes)?;
        let message = match Code(code.0) {
            Code::AUTHENTICATE_REQUEST => Message::AuthenticateRequest(Request::decode(data)?),
            Code::AUTHENTICATE_ACK => Message::AuthenticateAck(Reply::decode(data)?),
            Code::AUTHENTICATE_NAK => Message::AuthenticateNak(Reply::decode(data)?),
            code => Message::Other { code, data },
        };
        Ok(Self { identifier, message })
    }

    encode_methods!("packet");
}

/// A part that has a length byte in front.
type Counted<'a> = (Field, &'a [u8]);

impl<'a> Message<'a> {
    /// Returns the code of the packet.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::AuthenticateRequest(_) => Code::AUTHENTICATE_REQUEST,
            Self::AuthenticateAck(_) => Code::AUTHENTICATE_ACK,
            Self::AuthenticateNak(_) => Code::AUTHENTICATE_NAK,
            Self::Other { code, .. } => *code,
        }
    }

    /// Returns the parts that have a length byte in front, each with its name, and what is behind
    /// them.
    fn parts(&self) -> ([Option<Counted<'a>>; 2], &'a [u8]) {
        match *self {
            Self::AuthenticateRequest(Request { peer_id, password, trailing }) => {
                ([Some((Field::PeerId, peer_id.0)), Some((Field::Password, password.0))], trailing)
            }
            Self::AuthenticateAck(Reply::Message { message, trailing })
            | Self::AuthenticateNak(Reply::Message { message, trailing }) => {
                ([Some((Field::Message, message.0)), None], trailing)
            }
            Self::AuthenticateAck(Reply::Bare) | Self::AuthenticateNak(Reply::Bare) => ([None, None], &[]),
            Self::Other { data, .. } => ([None, None], data),
        }
    }
}

impl<'a> Request<'a> {
    fn decode(data: &'a [u8]) -> Result<Self, DecodeError> {
        let offset = RawPacket::HEADER_LEN;
        let (peer_id, rest) = counted(data, offset, Field::PeerIdLength, Field::PeerId)?;
        let offset = offset.saturating_add(1).saturating_add(peer_id.len());
        let (password, trailing) = counted(rest, offset, Field::PasswordLength, Field::Password)?;
        Ok(Self { peer_id: Text(peer_id), password: Password(password), trailing })
    }
}

impl<'a> Reply<'a> {
    /// Creates a reply with this message.
    #[must_use]
    pub fn new(message: impl Into<Text<'a>>) -> Self {
        Self::Message { message: message.into(), trailing: &[] }
    }

    /// Returns the message, empty if it is missing.
    #[must_use]
    pub const fn text(&self) -> Text<'a> {
        match self {
            Self::Bare => Text(&[]),
            Self::Message { message, .. } => *message,
        }
    }

    fn decode(data: &'a [u8]) -> Result<Self, DecodeError> {
        if data.is_empty() {
            return Ok(Self::Bare);
        }
        let (message, trailing) = counted(data, RawPacket::HEADER_LEN, Field::Message, Field::Message)?;
        Ok(Self::Message { message: Text(message), trailing })
    }
}

/// Returns a length byte at `offset`, as many bytes as it says, and the rest.
fn counted(bytes: &[u8], offset: usize, length: Field, field: Field) -> Result<(&[u8], &[u8]), DecodeError> {
    let truncated = |field, offset, needed, available| DecodeError::Truncated { field, offset, needed, available };
    let (&count, rest) = bytes.split_first().ok_or(truncated(length, offset, 1, 0))?;
    rest.split_at_checked(count.into()).ok_or(truncated(field, offset.saturating_add(1), count.into(), rest.len()))
}

/// The most that one length byte can count.
const MAX_COUNTED: usize = 0xff;

impl Wire for Packet<'_> {
    fn wire_len(&self) -> usize {
        let (parts, trailing) = self.message.parts();
        parts.iter().flatten().fold(RawPacket::HEADER_LEN.saturating_add(trailing.len()), |sum, (_, part)| {
            sum.saturating_add(1).saturating_add(part.len())
        })
    }

    fn check(&self) -> Result<(), EncodeError> {
        let (parts, _) = self.message.parts();
        for (field, part) in parts.into_iter().flatten() {
            EncodeError::check_len(field, part, MAX_COUNTED)?;
        }
        let length = self.wire_len().saturating_sub(RawPacket::HEADER_LEN);
        let maximum = RawPacket::MAX_DATA_LEN;
        if length > maximum { Err(EncodeError::TooLong { field: Field::Data, length, maximum }) } else { Ok(()) }
    }

    fn write(&self, out: &mut impl Put) {
        put_header(out, self.message.code().0, self.identifier, self.wire_len());
        let (parts, trailing) = self.message.parts();
        for (_, part) in parts.into_iter().flatten() {
            out.put(&[u8::try_from(part.len()).unwrap_or(u8::MAX)]);
            out.put(part);
        }
        out.put(trailing);
    }
}

/// The line of a trace, without the password.
impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} id {} len {}", self.message.code(), self.identifier, self.wire_len())?;
        match self.message {
            Message::AuthenticateRequest(Request { peer_id, .. }) => write!(f, " from {peer_id:?}"),
            Message::AuthenticateAck(reply) | Message::AuthenticateNak(reply) => match reply.text() {
                Text(b"") => Ok(()),
                text => write!(f, " msg is {text:?}"),
            },
            Message::Other { .. } => Ok(()),
        }
    }
}

impl fmt::Debug for Password<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(redacted)")
    }
}

/// Trailing bytes are shown by their number: a peer that counts wrong has a piece of the password
/// there.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("peer_id", &self.peer_id)
            .field("password", &self.password)
            .field("trailing", &format_args!("{} bytes", self.trailing.len()))
            .finish()
    }
}

impl fmt::Debug for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bare => f.write_str("Bare"),
            Self::Message { message, trailing } => {
                write!(f, "Message {{ message: {message:?}, trailing: {} bytes }}", trailing.len())
            }
        }
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AuthenticateRequest(request) => f.debug_tuple("AuthenticateRequest").field(request).finish(),
            Self::AuthenticateAck(reply) => f.debug_tuple("AuthenticateAck").field(reply).finish(),
            Self::AuthenticateNak(reply) => f.debug_tuple("AuthenticateNak").field(reply).finish(),
            Self::Other { code, data } => write!(f, "Other({code}, {} bytes)", data.len()),
        }
    }
}
