//! Messages that RFC 2637 does not define.

use core::fmt;

use crate::code::{ControlMessageType, MessageType};
use crate::length::MAX_MESSAGE_LEN;
use crate::wire::Reader;
use crate::{DecodeError, Field, Header, Message, UnknownMessageError};

/// RFC 2637 section 1.4: a message that is not defined: a management message, a control message of a type beyond
/// Set-Link-Info, or a message of another message type. It is kept whole.
///
/// ```
/// use pptp_wire::Message;
/// use pptp_wire::code::ControlMessageType;
/// use pptp_wire::message::UnknownMessage;
///
/// let bytes = b"\x00\x0e\x00\x01\x1a\x2b\x3c\x4d\x00\x10\x00\x00\xab\xcd";
/// let (message, _) = Message::decode(bytes)?;
/// assert_eq!(
///     message.to_string(),
///     "unknown control message: control message type 16, body 0000abcd"
/// );
///
/// let same = UnknownMessage::control(ControlMessageType::new(16), b"\x00\x00\xab\xcd")?;
/// assert_eq!(message, Message::Unknown(same));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnknownMessage {
    message_type: MessageType,
    /// Is there exactly if the message type is that of control messages, and is not one that is known.
    control_message_type: Option<ControlMessageType>,
    /// The body, then zeros.
    buffer: [u8; Self::MAX_BODY_LEN],
    body_len: usize,
}

impl UnknownMessage {
    /// The longest body: [`Message::MAX_LEN`] without the header (8).
    pub const MAX_BODY_LEN: usize = MAX_MESSAGE_LEN - Header::LEN;

    /// Creates a control message of an unknown type. `body` is what is behind the type: reserved0,
    /// then at most 208 bytes.
    ///
    /// # Errors
    ///
    /// [`UnknownMessageError`] when the type is known or the body is not 2 to 210 bytes long.
    pub fn control(control_message_type: ControlMessageType, body: &[u8]) -> Result<Self, UnknownMessageError> {
        if control_message_type.message_len().is_some() {
            return Err(UnknownMessageError::KnownControlMessageType { control_message_type });
        }
        Self::new(MessageType::CONTROL, Some(control_message_type), body)
    }

    /// Creates a management message, or one of a message type that means nothing. `body` is what is
    /// behind the magic cookie.
    ///
    /// # Errors
    ///
    /// [`UnknownMessageError`] when the type is that of control messages or the body is longer than
    /// 212 bytes.
    pub fn other(message_type: MessageType, body: &[u8]) -> Result<Self, UnknownMessageError> {
        if message_type == MessageType::CONTROL {
            return Err(UnknownMessageError::NoControlMessageType { message_type });
        }
        Self::new(message_type, None, body)
    }

    fn new(
        message_type: MessageType,
        control_message_type: Option<ControlMessageType>,
        body: &[u8],
    ) -> Result<Self, UnknownMessageError> {
        let mut message =
            Self { message_type, control_message_type, buffer: [0; Self::MAX_BODY_LEN], body_len: body.len() };
        let length = message.len();
        let minimum = if control_message_type.is_some() { Header::MIN_CONTROL_LEN } else { Header::LEN };
        match message.buffer.get_mut(..body.len()) {
            // A type with a name has its own length, and this one must be long enough for its
            // header.
            Some(room) if (minimum..=MAX_MESSAGE_LEN).contains(&length) => room.copy_from_slice(body),
            Some(_) | None => return Err(UnknownMessageError::Length { length, minimum }),
        }
        Ok(message)
    }

    /// Reads what is behind a header that was checked.
    pub(super) fn read(header: Header, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let body = reader.take(usize::from(header.length).saturating_sub(reader.offset()), Field::Body)?;
        let mut buffer = [0; Self::MAX_BODY_LEN];
        for (to, from) in buffer.iter_mut().zip(body) {
            *to = *from;
        }
        let Header { message_type, control_message_type, .. } = header;
        Ok(Self { message_type, control_message_type, buffer, body_len: body.len() })
    }

    /// Returns the PPTP message type.
    #[must_use]
    pub const fn message_type(&self) -> MessageType {
        self.message_type
    }

    /// Returns the control message type, of a control message.
    #[must_use]
    pub const fn control_message_type(&self) -> Option<ControlMessageType> {
        self.control_message_type
    }

    /// Returns what is behind the control message type, of a control message: reserved0 and the
    /// rest; otherwise, what is behind the magic cookie.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        debug_assert!(self.body_len <= self.buffer.len(), "the body was copied there");
        self.buffer.get(..self.body_len).unwrap_or_default()
    }

    /// Returns the length of the message on the wire, in bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a message is never empty")]
    pub fn len(&self) -> usize {
        let type_len = if self.control_message_type.is_some() { 2 } else { 0 };
        self.body_len.saturating_add(Header::LEN).saturating_add(type_len)
    }

    pub(super) const fn name(&self) -> &'static str {
        match (self.control_message_type, self.message_type) {
            (Some(_), _) => "unknown control message",
            (None, MessageType::MANAGEMENT) => "management message",
            (None, _) => "unknown message",
        }
    }
}

impl From<UnknownMessage> for Message {
    fn from(message: UnknownMessage) -> Self {
        Self::Unknown(message)
    }
}

/// One line for a trace, with the body in hexadecimal.
impl fmt::Display for UnknownMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.control_message_type {
            Some(control_message_type) => {
                write!(f, "{}: {} {}", self.name(), Field::ControlMessageType, control_message_type.get())?;
            }
            None => write!(f, "{}: {} {}", self.name(), Field::MessageType, self.message_type.get())?,
        }
        if self.body_len != 0 {
            write!(f, ", {} ", Field::Body)?;
        }
        self.body().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for UnknownMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnknownMessage({self})")
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for UnknownMessage {
    fn arbitrary(source: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let message_type = if source.arbitrary()? { MessageType::CONTROL } else { source.arbitrary()? };
        let message = if message_type == MessageType::CONTROL {
            let control_message_type = source.arbitrary()?;
            let body_len = source.int_in_range(2..=210)?;
            Self::control(control_message_type, source.bytes(body_len)?)
        } else {
            let body_len = source.int_in_range(0..=Self::MAX_BODY_LEN)?;
            Self::other(message_type, source.bytes(body_len)?)
        };
        // A control message type that is known is refused here.
        message.map_err(|_| arbitrary::Error::IncorrectFormat)
    }
}
