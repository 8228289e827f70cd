//! RFC 2637 section 2: the control messages, one struct each with all their fields.
//!
//! The fields are public and in the order of the wire. `new` fills in what a caller rarely cares about; the rest can be
//! set with struct update syntax:
//!
//! ```
//! use pptp_wire::message::OutgoingCallRequest;
//!
//! let request = OutgoingCallRequest {
//!     packet_receive_window_size: 16,
//!     ..OutgoingCallRequest::new(0x0b74, 3)
//! };
//! assert_eq!(request.reserved0, 0);
//! assert_eq!(
//!     request.to_string(),
//!     "Outgoing-Call-Request: call id 2932, call serial number 3, minimum BPS 300, \
//!      maximum BPS 100000000, bearer type analog+digital, framing type async+sync, \
//!      packet receive window size 16, packet processing delay 0"
//! );
//! ```

use core::fmt;

use crate::code::{ControlMessageType, ControlMessageType as Type, MessageType};
use crate::length::MAX_MESSAGE_LEN;
use crate::wire::{Reader, Value, Writer};
use crate::{BufferTooSmall, DecodeError, Field, Header};

/// The fields behind the control message type of a message of RFC 2637.
trait Known: fmt::Display {
    fn control_message_type(&self) -> ControlMessageType;

    /// Returns the length of the whole message.
    fn len(&self) -> usize;

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError>
    where
        Self: Sized;

    fn write(&self, writer: &mut Writer<'_>);
}

/// Says in which order the fields of a message are on the wire, and what the RFC calls them.
macro_rules! layout {
    ($message:ident = $control_message_type:ident: $($member:ident = $field:ident),+ $(,)?) => {
        // The table of lengths by type stands below the messages, so that errors and headers can use it.
        const _: () = assert!(
            matches!(
                crate::code::ControlMessageType::$control_message_type.message_len(),
                Some(length) if length == $message::LEN && length <= crate::length::MAX_MESSAGE_LEN
            ),
            "a message is as long as its type says"
        );

        impl crate::message::Known for $message {
            fn control_message_type(&self) -> crate::code::ControlMessageType {
                crate::code::ControlMessageType::$control_message_type
            }

            fn len(&self) -> usize {
                Self::LEN
            }

            fn read(reader: &mut crate::wire::Reader<'_>) -> Result<Self, crate::DecodeError> {
                Ok(Self { $($member: crate::wire::Value::read(reader, crate::Field::$field)?,)+ })
            }

            fn write(&self, writer: &mut crate::wire::Writer<'_>) {
                $(crate::wire::Value::write(&self.$member, writer);)+
            }
        }

        /// One line for a trace: the name of the message, and all fields that say something.
        impl core::fmt::Display for $message {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let name = crate::code::ControlMessageType::$control_message_type.name();
                f.write_str(name.unwrap_or_default())?;
                let mut separator = ": ";
                $(crate::message::show(crate::Field::$field, &self.$member, &mut separator, f)?;)+
                Ok(())
            }
        }

        impl From<$message> for crate::Message {
            fn from(message: $message) -> Self {
                Self::$message(message)
            }
        }
    };
}

mod clear;
mod echo;
mod incoming;
mod outgoing;
mod report;
mod start;
mod stop;
mod unknown;

pub use clear::{CallClearRequest, CallDisconnectNotify};
pub use echo::{EchoReply, EchoRequest};
pub use incoming::{IncomingCallConnected, IncomingCallReply, IncomingCallRequest};
pub use outgoing::{OutgoingCallReply, OutgoingCallRequest};
pub use report::{SetLinkInfo, WanErrorNotify};
pub use start::{StartControlConnectionReply, StartControlConnectionRequest};
pub use stop::{StopControlConnectionReply, StopControlConnectionRequest};
pub use unknown::UnknownMessage;

/// RFC 2637 section 2: a message of the control connection.
///
/// ```
/// use pptp_wire::Message;
/// use pptp_wire::message::EchoRequest;
///
/// let bytes = b"\x00\x10\x00\x01\x1a\x2b\x3c\x4d\x00\x05\x00\x00\x00\x00\x00\x01and more";
/// let (message, rest) = Message::decode(bytes)?;
/// assert_eq!(message, Message::EchoRequest(EchoRequest::new(1)));
/// assert_eq!(rest, b"and more");
///
/// let mut buf = [0; Message::MAX_LEN];
/// assert_eq!(message.encode(&mut buf)?, &bytes[..16]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Decoding and encoding lose nothing: whatever bytes decode, encode gives them again, with
/// reserved fields, unknown numbers, and what is behind the end of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum Message {
    /// Section 2.1.
    StartControlConnectionRequest(StartControlConnectionRequest),
    /// Section 2.2.
    StartControlConnectionReply(StartControlConnectionReply),
    /// Section 2.3.
    StopControlConnectionRequest(StopControlConnectionRequest),
    /// Section 2.4.
    StopControlConnectionReply(StopControlConnectionReply),
    /// Section 2.5.
    EchoRequest(EchoRequest),
    /// Section 2.6.
    EchoReply(EchoReply),
    /// Section 2.7.
    OutgoingCallRequest(OutgoingCallRequest),
    /// Section 2.8.
    OutgoingCallReply(OutgoingCallReply),
    /// Section 2.9.
    IncomingCallRequest(IncomingCallRequest),
    /// Section 2.10.
    IncomingCallReply(IncomingCallReply),
    /// Section 2.11.
    IncomingCallConnected(IncomingCallConnected),
    /// Section 2.12.
    CallClearRequest(CallClearRequest),
    /// Section 2.13.
    CallDisconnectNotify(CallDisconnectNotify),
    /// Section 2.14.
    WanErrorNotify(WanErrorNotify),
    /// Section 2.15.
    SetLinkInfo(SetLinkInfo),
    /// A management message, or another message that RFC 2637 does not define.
    Unknown(UnknownMessage),
}

impl Message {
    /// The longest message, Incoming-Call-Request. No length field may say more, whatever the type.
    pub const MAX_LEN: usize = MAX_MESSAGE_LEN;

    /// Reads one message from the start of `bytes`, and gives it and the bytes behind it.
    ///
    /// Accepted unchanged are reserved fields that are not zero, and texts that fill their field or
    /// have rubbish behind the NUL. So are empty capabilities, call id 0, and result codes and
    /// reasons of 0 or unknown.
    ///
    /// A message of another message type than 1, or of a control message type beyond RFC 2637, is
    /// [`Unknown`](Self::Unknown). It must have 8 (or, for a control message, 12) to 220 bytes.
    ///
    /// # Errors
    ///
    /// Those of [`Header::decode`], and [`DecodeError::Truncated`] when the bytes end within a
    /// field.
    pub fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), DecodeError> {
        let mut reader = Reader::new(bytes);
        let header = Header::read(&mut reader)?;
        let message = match header.control_message_type {
            Some(Type::START_CONTROL_CONNECTION_REQUEST) => StartControlConnectionRequest::read(&mut reader)?.into(),
            Some(Type::START_CONTROL_CONNECTION_REPLY) => StartControlConnectionReply::read(&mut reader)?.into(),
            Some(Type::STOP_CONTROL_CONNECTION_REQUEST) => StopControlConnectionRequest::read(&mut reader)?.into(),
            Some(Type::STOP_CONTROL_CONNECTION_REPLY) => StopControlConnectionReply::read(&mut reader)?.into(),
            Some(Type::ECHO_REQUEST) => EchoRequest::read(&mut reader)?.into(),
            Some(Type::ECHO_REPLY) => EchoReply::read(&mut reader)?.into(),
            Some(Type::OUTGOING_CALL_REQUEST) => OutgoingCallRequest::read(&mut reader)?.into(),
            Some(Type::OUTGOING_CALL_REPLY) => OutgoingCallReply::read(&mut reader)?.into(),
            Some(Type::INCOMING_CALL_REQUEST) => IncomingCallRequest::read(&mut reader)?.into(),
            Some(Type::INCOMING_CALL_REPLY) => IncomingCallReply::read(&mut reader)?.into(),
            Some(Type::INCOMING_CALL_CONNECTED) => IncomingCallConnected::read(&mut reader)?.into(),
            Some(Type::CALL_CLEAR_REQUEST) => CallClearRequest::read(&mut reader)?.into(),
            Some(Type::CALL_DISCONNECT_NOTIFY) => CallDisconnectNotify::read(&mut reader)?.into(),
            Some(Type::WAN_ERROR_NOTIFY) => WanErrorNotify::read(&mut reader)?.into(),
            Some(Type::SET_LINK_INFO) => SetLinkInfo::read(&mut reader)?.into(),
            // A type that has no name here survives as it came, for a relay or a log.
            Some(_) | None => UnknownMessage::read(header, &mut reader)?.into(),
        };
        Ok((message, reader.rest()))
    }

    /// Writes the message to the start of `buf`, and gives the bytes written.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`] when `buf` is shorter than [`len`](Self::len); [`MAX_LEN`](Self::MAX_LEN) is always enough.
    pub fn encode<'b>(&self, buf: &'b mut [u8]) -> Result<&'b [u8], BufferTooSmall> {
        let (needed, available) = (self.len(), buf.len());
        let bytes = buf.get_mut(..needed).ok_or(BufferTooSmall { needed, available })?;
        let mut writer = Writer::new(bytes);
        Header::write(needed, self.message_type(), self.control_message_type(), &mut writer);
        match self.known() {
            Ok(message) => message.write(&mut writer),
            Err(message) => writer.put(message.body()),
        }
        Ok(bytes)
    }

    /// Appends the message to `buf`.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`] when `buf` has less room than [`len`](Self::len); nothing is written then.
    #[cfg(feature = "bytes")]
    #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
    pub fn encode_to(&self, mut buf: impl bytes::BufMut) -> Result<(), BufferTooSmall> {
        let (needed, available) = (self.len(), buf.remaining_mut());
        if available < needed {
            return Err(BufferTooSmall { needed, available });
        }
        // Not straight into `buf`: a `BufMut` may consist of pieces that are smaller than the
        // message.
        buf.put_slice(self.encode(&mut [0; Self::MAX_LEN])?);
        Ok(())
    }

    /// Returns the message as a vector.
    #[cfg(feature = "alloc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
    #[must_use]
    pub fn to_vec(&self) -> alloc::vec::Vec<u8> {
        // No message is longer than the buffer, so there is no error to give.
        self.encode(&mut [0; Self::MAX_LEN]).unwrap_or_default().to_vec()
    }

    /// Returns the length of the message on the wire, in bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a message is never empty")]
    pub fn len(&self) -> usize {
        match self.known() {
            Ok(message) => message.len(),
            Err(message) => message.len(),
        }
    }

    /// Returns the PPTP message type.
    #[must_use]
    pub fn message_type(&self) -> MessageType {
        self.known().map_or_else(UnknownMessage::message_type, |_| MessageType::CONTROL)
    }

    /// Returns the control message type; `None` unless the message type is
    /// [`MessageType::CONTROL`].
    #[must_use]
    pub fn control_message_type(&self) -> Option<ControlMessageType> {
        match self.known() {
            Ok(message) => Some(message.control_message_type()),
            Err(message) => message.control_message_type(),
        }
    }

    /// Returns what the RFC calls the message, for example `Echo-Request`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.known() {
            Ok(message) => message.control_message_type().name().unwrap_or_default(),
            Err(message) => message.name(),
        }
    }

    fn known(&self) -> Result<&dyn Known, &UnknownMessage> {
        match self {
            Self::StartControlConnectionRequest(message) => Ok(message),
            Self::StartControlConnectionReply(message) => Ok(message),
            Self::StopControlConnectionRequest(message) => Ok(message),
            Self::StopControlConnectionReply(message) => Ok(message),
            Self::EchoRequest(message) => Ok(message),
            Self::EchoReply(message) => Ok(message),
            Self::OutgoingCallRequest(message) => Ok(message),
            Self::OutgoingCallReply(message) => Ok(message),
            Self::IncomingCallRequest(message) => Ok(message),
            Self::IncomingCallReply(message) => Ok(message),
            Self::IncomingCallConnected(message) => Ok(message),
            Self::CallClearRequest(message) => Ok(message),
            Self::CallDisconnectNotify(message) => Ok(message),
            Self::WanErrorNotify(message) => Ok(message),
            Self::SetLinkInfo(message) => Ok(message),
            Self::Unknown(message) => Err(message),
        }
    }
}

/// One line for a trace: the name of the message, and all fields that say something. Text is escaped.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.known() {
            Ok(message) => message.fmt(f),
            Err(message) => message.fmt(f),
        }
    }
}

/// Adds a field to a trace, unless it says nothing.
fn show(field: Field, value: &impl Value, separator: &mut &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if value.is_zero() && field.is_silent_when_zero() {
        return Ok(());
    }
    write!(f, "{separator}{field} ")?;
    *separator = ", ";
    value.show(f)
}
