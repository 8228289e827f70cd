//! The packets of LCP, by code.

use core::fmt;

use super::{ConfigurationOption, MicrosoftTermination};
use crate::packet::put_header;
use crate::wire::{Put, Wire};
use crate::{Code, DecodeError, EncodeError, Field, Options, Packet as RawPacket, Protocol, Text};

/// RFC 1661 section 5: an LCP packet whose data was understood.
///
/// ```
/// use ppp_fsm::Text;
/// use ppp_fsm::lcp::{Identification, Message, Packet};
///
/// // What a Windows 2000 client sends when the link is up.
/// let packet = Packet::decode(b"\x0c\x03\x00\x12\x00\x15\x70\x6aMSRASV5.00")?;
/// let hello = Identification { magic_number: 0x0015_706a, message: Text(b"MSRASV5.00") };
/// assert_eq!(packet, Packet { identifier: 3, message: Message::Identification(hello) });
/// assert_eq!(packet.to_string(), r#"IDENT id 3 len 18 magic 0x0015706a "MSRASV5.00""#);
/// # Ok::<(), ppp_fsm::DecodeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "a packet has no other parts")]
pub struct Packet<'a> {
    /// Matches requests and replies.
    pub identifier: u8,
    /// Code and data.
    pub message: Message<'a>,
}

/// RFC 1661 sections 5.1 to 5.9, RFC 1570 section 1: what an LCP packet says.
///
/// ```
/// use ppp_fsm::lcp::{Message, MicrosoftTermination, Packet};
///
/// let packet =
///     Packet::decode(b"\x05\x04\x00\x10\x16\xf0\x1e\x10\x00\x3c\xcd\x74\x00\x00\x02\xb3")?;
/// match packet.message {
///     Message::TerminateRequest(data) => {
///         assert_eq!(MicrosoftTermination::decode(data).map(|m| m.error), Some(691))
///     }
///     other => panic!("{other:?}"),
/// }
/// assert!(packet.message.options().is_none());
/// # Ok::<(), ppp_fsm::DecodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum Message<'a> {
    /// Code 1: the sender wants these options, see [`options`](Self::options).
    ConfigureRequest(&'a [u8]),
    /// Code 2: all of these options are taken.
    ConfigureAck(&'a [u8]),
    /// Code 3: these options would be taken.
    ConfigureNak(&'a [u8]),
    /// Code 4: these options are not taken.
    ConfigureReject(&'a [u8]),
    /// Code 5: the sender closes, with data of any kind: a text, or [`MicrosoftTermination`].
    TerminateRequest(&'a [u8]),
    /// Code 6: the answer to it, with data of any kind.
    TerminateAck(&'a [u8]),
    /// Code 7: the packet, or its beginning, whose code is not known.
    CodeReject(&'a [u8]),
    /// Code 8: the protocol is not known.
    ProtocolReject(ProtocolReject<'a>),
    /// Code 9: asks for an Echo-Reply.
    EchoRequest(Echo<'a>),
    /// Code 10: the answer to it.
    EchoReply(Echo<'a>),
    /// Code 11: to be thrown away.
    DiscardRequest(Echo<'a>),
    /// Code 12: who the sender is.
    Identification(Identification<'a>),
    /// Code 13: when the session will end.
    TimeRemaining(TimeRemaining<'a>),
    /// A code that LCP does not have.
    Other {
        /// The code.
        code: Code,
        /// The bytes behind the length.
        data: &'a [u8],
    },
}

/// RFC 1661 section 5.7: the frame whose protocol is not known.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct ProtocolReject<'a> {
    /// The protocol.
    pub protocol: Protocol,
    /// The information of that frame, or its beginning, or nothing: peers cut it as they like.
    pub information: &'a [u8],
}

/// RFC 1661 sections 5.8 and 5.9: what an Echo-Request, an Echo-Reply and a Discard-Request carry.
///
/// ```
/// use ppp_fsm::lcp::{Echo, Message, Packet};
///
/// let ping = Packet {
///     identifier: 1,
///     message: Message::EchoRequest(Echo { magic_number: 7, data: b"ab" }),
/// };
/// assert_eq!(ping.encode(&mut [0; 16])?, *b"\x09\x01\x00\x0a\x00\x00\x00\x07ab");
/// # Ok::<(), ppp_fsm::EncodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Echo<'a> {
    /// The sender's magic number, 0 before one was agreed.
    pub magic_number: u32,
    /// Anything. A reply repeats the data of the request.
    pub data: &'a [u8],
}

/// RFC 1570 section 1.1: who the sender is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Identification<'a> {
    /// The sender's magic number, 0 before one was agreed.
    pub magic_number: u32,
    /// For people.
    pub message: Text<'a>,
}

/// RFC 1570 section 1.2: when the session will end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct TimeRemaining<'a> {
    /// The sender's magic number, 0 before one was agreed.
    pub magic_number: u32,
    /// Seconds to the end of the session; `u32::MAX` is forever.
    pub seconds: u32,
    /// For people.
    pub message: Text<'a>,
}

impl<'a> Packet<'a> {
    /// Reads an LCP packet. Bytes behind its length are padding, and not looked at.
    ///
    /// # Errors
    ///
    /// Those of [`Packet::decode`](crate::Packet::decode) and [`Message::decode`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let RawPacket { code, identifier, data, .. } = RawPacket::decode(bytes)?;
        Ok(Self { identifier, message: Message::decode(code, data)? })
    }

    encode_methods!("packet");
}

impl<'a> Message<'a> {
    /// Reads the data of an LCP packet with this code.
    ///
    /// Options are not looked at, see [`options`](Self::options).
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] when a field of fixed length is not whole; offsets count from the packet's code.
    pub fn decode(code: Code, data: &'a [u8]) -> Result<Self, DecodeError> {
        Ok(match code {
            Code::CONFIGURE_REQUEST => Self::ConfigureRequest(data),
            Code::CONFIGURE_ACK => Self::ConfigureAck(data),
            Code::CONFIGURE_NAK => Self::ConfigureNak(data),
            Code::CONFIGURE_REJECT => Self::ConfigureReject(data),
            Code::TERMINATE_REQUEST => Self::TerminateRequest(data),
            Code::TERMINATE_ACK => Self::TerminateAck(data),
            Code::CODE_REJECT => Self::CodeReject(data),
            Code::PROTOCOL_REJECT => {
                // The rejected packet may be missing: accel-ppp sends the protocol alone.
                let (protocol, information) = field(data, Field::RejectedProtocol, DATA)?;
                let protocol = Protocol(u16::from_be_bytes(protocol));
                Self::ProtocolReject(ProtocolReject { protocol, information })
            }
            Code::ECHO_REQUEST => Self::EchoRequest(Echo::decode(data)?),
            Code::ECHO_REPLY => Self::EchoReply(Echo::decode(data)?),
            Code::DISCARD_REQUEST => Self::DiscardRequest(Echo::decode(data)?),
            Code::IDENTIFICATION => {
                let Echo { magic_number, data } = Echo::decode(data)?;
                Self::Identification(Identification { magic_number, message: Text(data) })
            }
            Code::TIME_REMAINING => {
                let Echo { magic_number, data } = Echo::decode(data)?;
                let (seconds, message) = field(data, Field::SecondsRemaining, SECONDS)?;
                let (seconds, message) = (u32::from_be_bytes(seconds), Text(message));
                Self::TimeRemaining(TimeRemaining { magic_number, seconds, message })
            }
            code => Self::Other { code, data },
        })
    }

    /// Returns the code of the packet.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::ConfigureRequest(_) => Code::CONFIGURE_REQUEST,
            Self::ConfigureAck(_) => Code::CONFIGURE_ACK,
            Self::ConfigureNak(_) => Code::CONFIGURE_NAK,
            Self::ConfigureReject(_) => Code::CONFIGURE_REJECT,
            Self::TerminateRequest(_) => Code::TERMINATE_REQUEST,
            Self::TerminateAck(_) => Code::TERMINATE_ACK,
            Self::CodeReject(_) => Code::CODE_REJECT,
            Self::ProtocolReject(_) => Code::PROTOCOL_REJECT,
            Self::EchoRequest(_) => Code::ECHO_REQUEST,
            Self::EchoReply(_) => Code::ECHO_REPLY,
            Self::DiscardRequest(_) => Code::DISCARD_REQUEST,
            Self::Identification(_) => Code::IDENTIFICATION,
            Self::TimeRemaining(_) => Code::TIME_REMAINING,
            Self::Other { code, .. } => *code,
        }
    }

    /// Returns the options of a Configure packet, with offsets from the packet's code.
    #[must_use]
    pub fn options(&self) -> Option<Options<'a>> {
        match self {
            Self::ConfigureRequest(data)
            | Self::ConfigureAck(data)
            | Self::ConfigureNak(data)
            | Self::ConfigureReject(data) => Some(Options::with_offset(data, DATA)),
            Self::TerminateRequest(_)
            | Self::TerminateAck(_)
            | Self::CodeReject(_)
            | Self::ProtocolReject(_)
            | Self::EchoRequest(_)
            | Self::EchoReply(_)
            | Self::DiscardRequest(_)
            | Self::Identification(_)
            | Self::TimeRemaining(_)
            | Self::Other { .. } => None,
        }
    }

    /// Returns what the data is made of: magic number or protocol, seconds, the rest.
    fn pieces<R>(&self, take: impl FnOnce([&[u8]; 3]) -> R) -> R {
        match self {
            Self::ConfigureRequest(data)
            | Self::ConfigureAck(data)
            | Self::ConfigureNak(data)
            | Self::ConfigureReject(data)
            | Self::TerminateRequest(data)
            | Self::TerminateAck(data)
            | Self::CodeReject(data)
            | Self::Other { data, .. } => take([&[], &[], data]),
            Self::ProtocolReject(ProtocolReject { protocol, information }) => {
                take([&protocol.0.to_be_bytes(), &[], information])
            }
            Self::EchoRequest(Echo { magic_number, data })
            | Self::EchoReply(Echo { magic_number, data })
            | Self::DiscardRequest(Echo { magic_number, data })
            | Self::Identification(Identification { magic_number, message: Text(data) }) => {
                take([&magic_number.to_be_bytes(), &[], data])
            }
            Self::TimeRemaining(TimeRemaining { magic_number, seconds, message }) => {
                take([&magic_number.to_be_bytes(), &seconds.to_be_bytes(), message.0])
            }
        }
    }
}

impl<'a> Echo<'a> {
    fn decode(data: &'a [u8]) -> Result<Self, DecodeError> {
        let (magic_number, data) = field(data, Field::MagicNumber, DATA)?;
        Ok(Self { magic_number: u32::from_be_bytes(magic_number), data })
    }
}

/// Where the data of a packet starts.
const DATA: usize = RawPacket::HEADER_LEN;
/// Where the seconds of Time-Remaining start: behind header (4) and magic number (4).
const SECONDS: usize = 8;

fn field<const N: usize>(data: &[u8], field: Field, offset: usize) -> Result<([u8; N], &[u8]), DecodeError> {
    let truncated = DecodeError::Truncated { field, offset, needed: N, available: data.len() };
    data.split_first_chunk().map(|(first, rest)| (*first, rest)).ok_or(truncated)
}

impl Wire for Packet<'_> {
    fn wire_len(&self) -> usize {
        self.message.pieces(|pieces| pieces.iter().fold(DATA, |sum, piece| sum.saturating_add(piece.len())))
    }

    fn check(&self) -> Result<(), EncodeError> {
        let length = self.wire_len().saturating_sub(DATA);
        let maximum = RawPacket::MAX_DATA_LEN;
        if length > maximum { Err(EncodeError::TooLong { field: Field::Data, length, maximum }) } else { Ok(()) }
    }

    fn write(&self, out: &mut impl Put) {
        put_header(out, self.message.code().0, self.identifier, self.wire_len());
        self.message.pieces(|pieces| pieces.iter().for_each(|piece| out.put(piece)));
    }
}

/// The line of a trace: the packet, then the message.
impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.message.code();
        match code.short_name() {
            Some(name) => f.write_str(name)?,
            None => write!(f, "{code}")?,
        }
        write!(f, " id {} len {}", self.identifier, self.wire_len())?;
        if self.wire_len() == DATA { Ok(()) } else { write!(f, " {}", self.message) }
    }
}

/// The text behind the header in a trace.
impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConfigureRequest(data)
            | Self::ConfigureAck(data)
            | Self::ConfigureNak(data)
            | Self::ConfigureReject(data) => write_options(f, Options::with_offset(data, DATA)),
            Self::TerminateRequest(data) | Self::TerminateAck(data) => match MicrosoftTermination::decode(data) {
                Some(reason) => write!(f, "{reason}"),
                None => write!(f, "{:?}", Text(data)),
            },
            Self::CodeReject(packet) => match packet.first() {
                Some(code) => write!(f, "rejected {}, {} bytes", Code(*code), packet.len()),
                None => f.write_str("rejected nothing"),
            },
            Self::ProtocolReject(reject) => write!(f, "{reject}"),
            Self::EchoRequest(echo) | Self::EchoReply(echo) | Self::DiscardRequest(echo) => write!(f, "{echo}"),
            Self::Identification(Identification { magic_number, message }) => {
                write!(f, "magic {magic_number:#010x} {message:?}")
            }
            Self::TimeRemaining(TimeRemaining { magic_number, seconds: u32::MAX, message }) => {
                write!(f, "magic {magic_number:#010x} for ever {message:?}")
            }
            Self::TimeRemaining(TimeRemaining { magic_number, seconds, message }) => {
                write!(f, "magic {magic_number:#010x} {seconds} s {message:?}")
            }
            Self::Other { data, .. } => write!(f, "{} bytes", data.len()),
        }
    }
}

fn write_options(f: &mut fmt::Formatter<'_>, options: Options<'_>) -> fmt::Result {
    let mut separator = "";
    for option in options {
        match option.and_then(ConfigurationOption::decode) {
            Ok(option) => write!(f, "{separator}{option}")?,
            Err(error) => write!(f, "{separator}({error})")?,
        }
        separator = ", ";
    }
    Ok(())
}

impl fmt::Display for ProtocolReject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rejected {}, {} bytes", self.protocol, self.information.len())
    }
}

/// The length of the information, not its bytes, which may be somebody's password.
impl fmt::Debug for ProtocolReject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtocolReject")
            .field("protocol", &self.protocol)
            .field("information", &format_args!("{} bytes", self.information.len()))
            .finish()
    }
}

impl fmt::Display for Echo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "magic {:#010x}", self.magic_number)?;
        if self.data.is_empty() { Ok(()) } else { write!(f, ", {} bytes", self.data.len()) }
    }
}

impl fmt::Debug for Echo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Echo({self})")
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({self})", self.code())
    }
}
