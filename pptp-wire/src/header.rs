//! The header of every message.

use crate::code::{ControlMessageType, MessageType};
use crate::length::MAX_MESSAGE_LEN;
use crate::wire::{Reader, Value, Writer};
use crate::{DecodeError, Field, MAGIC_COOKIE};

/// RFC 2637 section 1.4: what the first bytes of a message say of it.
///
/// ```
/// use pptp_wire::Header;
/// use pptp_wire::code::{ControlMessageType, MessageType};
///
/// // The rest of the message need not be there.
/// let header = Header::decode(b"\x00\x9c\x00\x01\x1a\x2b\x3c\x4d\x00\x01")?;
/// assert_eq!(header.length, 156);
/// assert_eq!(header.message_type, MessageType::CONTROL);
/// assert_eq!(
///     header.control_message_type,
///     Some(ControlMessageType::START_CONTROL_CONNECTION_REQUEST)
/// );
/// # Ok::<(), pptp_wire::DecodeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Header {
    /// Bytes of the whole message, header included.
    pub length: u16,
    /// The kind of message.
    pub message_type: MessageType,
    /// Which control message; `None` unless the message type is [`MessageType::CONTROL`].
    pub control_message_type: Option<ControlMessageType>,
}

impl Header {
    /// The fixed header: length (2), message type (2), magic cookie (4). The shortest message is no more than that.
    pub const LEN: usize = 2 + 2 + 4;

    /// Fixed header (8), control message type (2), reserved0 (2): the shortest control message.
    pub const MIN_CONTROL_LEN: usize = Self::LEN + 2 + 2;

    /// Reads the first 8 bytes of a message, or 10 when it is a control message.
    ///
    /// Each field is checked before the next one is looked at.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Length`] when the length is not 8 to 220, or 12 to 220 for a control message;
    /// [`DecodeError::MagicCookie`] when the cookie is wrong. [`DecodeError::LengthOfType`] when
    /// messages of this type have another length; [`DecodeError::Truncated`] when the bytes end
    /// before that.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::read(&mut Reader::new(bytes))
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        // The length is judged before anything else is waited for: a stream would otherwise wait
        // for a message that can never be whole.
        let length = u16::read(reader, Field::Length)?;
        check_length(length, Self::LEN)?;
        let message_type = MessageType::read(reader, Field::MessageType)?;
        // A management message has no type field (RFC 2637 section 1.4), so it may be shorter.
        if message_type == MessageType::CONTROL {
            check_length(length, Self::MIN_CONTROL_LEN)?;
        }
        let found = u32::read(reader, Field::MagicCookie)?;
        // The cookie "should not be used as a means for resynchronizing" (RFC 2637 section 1.4).
        // pptp-linux skips bytes until it finds one; we close.
        if found != MAGIC_COOKIE {
            return Err(DecodeError::MagicCookie { found });
        }
        if message_type != MessageType::CONTROL {
            return Ok(Self { length, message_type, control_message_type: None });
        }
        let control_message_type = ControlMessageType::read(reader, Field::ControlMessageType)?;
        match control_message_type.message_len() {
            // Each type has one length (RFC 2637 sections 2.1 to 2.15). Lengths below the fixed
            // part were faults in accel-ppp and in FreeBSD, so this is checked before the body is
            // read.
            Some(expected) if expected != usize::from(length) => {
                Err(DecodeError::LengthOfType { control_message_type, expected, found: length })
            }
            _ => Ok(Self { length, message_type, control_message_type: Some(control_message_type) }),
        }
    }

    /// Writes the header of a message of `length` bytes, at most [`MAX_MESSAGE_LEN`].
    pub(crate) fn write(
        length: usize,
        message_type: MessageType,
        control_message_type: Option<ControlMessageType>,
        writer: &mut Writer<'_>,
    ) {
        let [.., high, low] = length.to_be_bytes();
        writer.put(&[high, low]);
        message_type.write(writer);
        MAGIC_COOKIE.write(writer);
        if let Some(control_message_type) = control_message_type {
            control_message_type.write(writer);
        }
    }
}

fn check_length(found: u16, minimum: usize) -> Result<(), DecodeError> {
    if (minimum..=MAX_MESSAGE_LEN).contains(&found.into()) {
        Ok(())
    } else {
        Err(DecodeError::Length { found, minimum })
    }
}
