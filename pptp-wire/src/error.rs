//! The errors of messages, with their places.

use crate::Field;
use crate::code::{ControlMessageType, MessageType};
use crate::length::{LENGTH_OFFSET, MAGIC_COOKIE_OFFSET, MAX_MESSAGE_LEN};

/// Why bytes are not a control connection message of RFC 2637.
///
/// Offsets count bytes from the start of the message.
///
/// ```
/// use pptp_wire::{DecodeError, Field, Message};
///
/// let cut =
///     Message::decode(b"\x00\x10\x00\x01\x1a\x2b\x3c\x4d\x00\x05\x00\x00\x00").unwrap_err();
/// assert_eq!(
///     cut,
///     DecodeError::Truncated {
///         field: Field::Identifier,
///         offset: 12,
///         needed: 4,
///         available: 1
///     }
/// );
/// assert_eq!(cut.to_string(), "PPTP identifier cut short at offset 12: needs 4 bytes, has 1");
///
/// let web = Message::decode(b"GET / HTTP/1.1\r\n").unwrap_err();
/// assert_eq!(web.to_string(), "PPTP length 18245, not 8 to 220");
/// assert_eq!((web.field(), web.offset()), (Field::Length, 0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end within a field. Of a stream, more may come.
    #[error("PPTP {field} cut short at offset {offset}: needs {needed} bytes, has {available}")]
    Truncated {
        /// The field that is not whole.
        field: Field,
        /// Where it starts.
        offset: usize,
        /// Its length.
        needed: usize,
        /// How many bytes there are of it.
        available: usize,
    },
    /// No message can be as long as the length field says.
    #[error("PPTP length {found}, not {minimum} to {}", MAX_MESSAGE_LEN)]
    Length {
        /// The length found.
        found: u16,
        /// The shortest possible: 12 for a control message, 8 for others.
        minimum: usize,
    },
    /// The magic cookie is another number: this is not PPTP, or the stream is out of step.
    #[error("PPTP magic cookie {found:#010x}, not 0x1a2b3c4d")]
    MagicCookie {
        /// The four bytes found.
        found: u32,
    },
    /// Messages of this control message type have another length than the length field says.
    #[error("PPTP length {found} of {control_message_type}, not {expected}")]
    LengthOfType {
        /// The type.
        control_message_type: ControlMessageType,
        /// The length of all messages of this type.
        expected: usize,
        /// The length found.
        found: u16,
    },
}

impl DecodeError {
    /// Returns the field that is wrong.
    #[must_use]
    pub const fn field(&self) -> Field {
        match self {
            Self::Truncated { field, .. } => *field,
            Self::Length { .. } | Self::LengthOfType { .. } => Field::Length,
            Self::MagicCookie { .. } => Field::MagicCookie,
        }
    }

    /// Returns where that field starts.
    #[must_use]
    pub const fn offset(&self) -> usize {
        match self {
            Self::Truncated { offset, .. } => *offset,
            Self::Length { .. } | Self::LengthOfType { .. } => LENGTH_OFFSET,
            Self::MagicCookie { .. } => MAGIC_COOKIE_OFFSET,
        }
    }
}

/// The end of a stream of messages: RFC 2637 section 1.4 wants the TCP connection closed.
///
/// ```
/// use pptp_wire::{DecodeError, Reassembler};
///
/// let mut stream = Reassembler::new();
/// let good = b"\x00\x10\x00\x01\x1a\x2b\x3c\x4d\x00\x05\x00\x00\x00\x00\x00\x01";
/// assert!(stream.next_message(&mut &good[..])?.is_some());
/// let error = stream.next_message(&mut &b"\x00\x10\x00\x01\x1a\x2b\x3c\x4e"[..]).unwrap_err();
/// assert_eq!(error.error, DecodeError::MagicCookie { found: 0x1a2b_3c4e });
/// assert_eq!(
///     error.to_string(),
///     "byte 20 of the stream: PPTP magic cookie 0x1a2b3c4e, not 0x1a2b3c4d"
/// );
/// # Ok::<(), pptp_wire::StreamError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset} of the stream: {error}")]
#[non_exhaustive]
pub struct StreamError {
    /// Where in the stream the wrong field starts; the first byte of the stream is 0.
    pub offset: u64,
    /// The error; its own offset counts from the start of the message.
    pub error: DecodeError,
}

/// The caller's buffer cannot hold the message; nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("buffer too small: needs {needed} bytes, has {available}")]
#[non_exhaustive]
pub struct BufferTooSmall {
    /// Bytes that are needed.
    pub needed: usize,
    /// Bytes that were lent.
    pub available: usize,
}

/// Why bytes cannot be a [`Text`](crate::Text).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// The field is shorter.
    #[error("text of {length} bytes: at most {capacity} fit")]
    TooLong {
        /// The bytes of the text.
        length: usize,
        /// The bytes of the field.
        capacity: usize,
    },
    /// A NUL ends the text, so what is behind it would be lost.
    #[error("text with a NUL at offset {offset}")]
    Nul {
        /// Where the first NUL is.
        offset: usize,
    },
}

/// Why there cannot be such an [`UnknownMessage`](crate::message::UnknownMessage).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnknownMessageError {
    /// The message would be shorter or longer than any can be.
    #[error("PPTP message of {length} bytes, not {minimum} to {}", MAX_MESSAGE_LEN)]
    Length {
        /// The bytes of the message, with header.
        length: usize,
        /// The shortest possible: 12 for a control message, 8 for others.
        minimum: usize,
    },
    /// The control message type is one of RFC 2637.
    #[error("{control_message_type} is a known control message type")]
    KnownControlMessageType {
        /// The type.
        control_message_type: ControlMessageType,
    },
    /// A control message needs a control message type.
    #[error("{message_type} without a control message type")]
    NoControlMessageType {
        /// The type.
        message_type: MessageType,
    },
}
