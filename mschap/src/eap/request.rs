//! The packets of the authenticator.

use super::Operation;
use super::packet::{Length, Parts, body, operation, put, value};
use crate::v2::CHALLENGE_LEN;
use crate::write::write;
use crate::{BufferTooSmall, DecodeError, Text, Value};

/// The type-data of an authenticator's packet.
///
/// ```
/// use mschap::eap::Request;
///
/// let data = *b"\x01\x5a\x00\x19\x10................pppd";
/// let request = Request::decode(&data)?;
/// assert_eq!(
///     request,
///     Request::Challenge {
///         identifier: 0x5a,
///         challenge: *b"................",
///         name: "pppd".into()
///     }
/// );
/// let mut buf = [0; 32];
/// assert_eq!(request.encode(&mut buf)?, data);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Request<'a> {
    /// RFC 2759 section 3: the peer has to prove itself.
    Challenge {
        /// MS-CHAPv2-ID: the Response has the same.
        identifier: u8,
        /// 16 unpredictable bytes.
        challenge: [u8; CHALLENGE_LEN],
        /// Who asks.
        name: Text<'a>,
    },
    /// RFC 2759 section 5: the peer was right; its Message is read by [`Success`](crate::Success).
    Success {
        /// MS-CHAPv2-ID: that of the packet that was answered, for most authenticators.
        identifier: u8,
        /// `S=…`, with the authenticator's proof.
        message: &'a [u8],
    },
    /// RFC 2759 section 6: the peer was wrong; its Message is read by [`Failure`](crate::Failure).
    Failure {
        /// MS-CHAPv2-ID: that of the packet that was answered, for most authenticators.
        identifier: u8,
        /// `E=…`, with the reason and the next challenge.
        message: &'a [u8],
    },
    /// Another operation.
    Other {
        /// Which.
        operation: Operation,
        /// The bytes behind the OpCode.
        data: &'a [u8],
    },
}

impl<'a> Request<'a> {
    /// Reads the type-data of an EAP request, which is all that EAP's length leaves for it.
    ///
    /// # Errors
    ///
    /// [`DecodeError`]: a field is cut short, MS-Length is not the length, or Value-Size is not 16.
    pub fn decode(data: &'a [u8]) -> Result<Self, DecodeError> {
        Self::decode_with(data, Length::Checked)
    }

    /// Reads the type-data of an EAP request, and ignores MS-Length: hostap's peer knows servers that have it wrong.
    ///
    /// Nothing is lost by that, since EAP's length bounds all fields.
    ///
    /// # Errors
    ///
    /// [`DecodeError`]: a field is cut short, or Value-Size is not 16.
    pub fn decode_any_length(data: &'a [u8]) -> Result<Self, DecodeError> {
        Self::decode_with(data, Length::Ignored)
    }

    fn decode_with(data: &'a [u8], length: Length) -> Result<Self, DecodeError> {
        let (operation, rest) = operation(data)?;
        Ok(match operation {
            Operation::CHALLENGE => {
                let (identifier, body) = body(data, length)?;
                let (challenge, name) = value(Value::V2Challenge, body)?;
                Self::Challenge { identifier, challenge: *challenge, name: Text::new(name) }
            }
            Operation::SUCCESS => {
                let (identifier, message) = body(data, length)?;
                Self::Success { identifier, message }
            }
            Operation::FAILURE => {
                let (identifier, message) = body(data, length)?;
                Self::Failure { identifier, message }
            }
            operation => Self::Other { operation, data: rest },
        })
    }

    /// Writes the type-data to the start of `buf`, and returns the bytes written.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`].
    pub fn encode<'b>(&self, buf: &'b mut [u8]) -> Result<&'b [u8], BufferTooSmall> {
        write(buf, |writer| match self {
            Self::Challenge { identifier, challenge, name } => {
                let parts = Parts::Named { value: challenge, name: name.as_bytes() };
                put(writer, Operation::CHALLENGE, *identifier, &parts);
            }
            Self::Success { identifier, message } => {
                put(writer, Operation::SUCCESS, *identifier, &Parts::Plain(message));
            }
            Self::Failure { identifier, message } => {
                put(writer, Operation::FAILURE, *identifier, &Parts::Plain(message));
            }
            Self::Other { operation, data } => {
                writer.put([operation.0]);
                writer.put_slice(data);
            }
        })
    }

    /// Returns what it is.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Challenge { .. } => Operation::CHALLENGE,
            Self::Success { .. } => Operation::SUCCESS,
            Self::Failure { .. } => Operation::FAILURE,
            Self::Other { operation, .. } => *operation,
        }
    }
}
