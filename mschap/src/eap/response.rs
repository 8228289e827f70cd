//! The packets of the peer.

use super::Operation;
use super::packet::{Length, Parts, body, operation, put, value};
use crate::error::exactly;
use crate::write::write;
use crate::{BufferTooSmall, DecodeError, Text, Value, v2};

/// The type-data of a peer's packet.
///
/// `Debug` leaves out what the peer proves itself with.
///
/// ```
/// use mschap::eap::Response;
///
/// // The acknowledgment of a Success is its OpCode alone.
/// assert!(matches!(Response::decode(&[3])?, Response::SuccessReceived));
/// let mut buf = [0; 8];
/// assert_eq!(Response::FailureReceived.encode(&mut buf)?, [4]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Response<'a> {
    /// RFC 2759 section 4: the peer's proof.
    Response {
        /// MS-CHAPv2-ID: that of the Challenge, or the one after it when a Failure came between.
        identifier: u8,
        /// The Value, which [`v2::Response`] reads.
        value: &'a [u8; v2::Response::LEN],
        /// Who answers.
        name: Text<'a>,
    },
    /// The peer has found the authenticator's proof good. Without it nobody is let in.
    SuccessReceived,
    /// The peer has taken notice of a refusal, and tries nothing more.
    FailureReceived,
    /// RFC 2759 section 7: the peer's new password.
    ChangePassword {
        /// MS-CHAPv2-ID: the one after that of the Failure.
        identifier: u8,
        /// The part that [`v2::ChangePassword`] reads.
        packet: &'a [u8; v2::ChangePassword::LEN],
    },
    /// Another operation.
    Other {
        /// Which.
        operation: Operation,
        /// The bytes behind the OpCode.
        data: &'a [u8],
    },
}

impl<'a> Response<'a> {
    /// Reads the type-data of an EAP response, which is all that EAP's length leaves for it.
    ///
    /// Bytes behind the OpCode of an acknowledgment are ignored.
    ///
    /// # Errors
    ///
    /// [`DecodeError`]: a field is cut short, MS-Length is not the length, or a value has another length than its own.
    pub fn decode(data: &'a [u8]) -> Result<Self, DecodeError> {
        let (operation, rest) = operation(data)?;
        Ok(match operation {
            Operation::RESPONSE => {
                let (identifier, body) = body(data, Length::Checked)?;
                let (value, name) = value(Value::V2Response, body)?;
                Self::Response { identifier, value, name: Text::new(name) }
            }
            Operation::SUCCESS => Self::SuccessReceived,
            Operation::FAILURE => Self::FailureReceived,
            Operation::CHANGE_PASSWORD => {
                let (identifier, body) = body(data, Length::Checked)?;
                Self::ChangePassword { identifier, packet: exactly(Value::ChangePassword, body)? }
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
            Self::Response { identifier, value, name } => {
                let parts = Parts::Named { value: *value, name: name.as_bytes() };
                put(writer, Operation::RESPONSE, *identifier, &parts);
            }
            Self::SuccessReceived | Self::FailureReceived => writer.put([self.operation().0]),
            Self::ChangePassword { identifier, packet } => {
                put(writer, Operation::CHANGE_PASSWORD, *identifier, &Parts::Plain(*packet));
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
            Self::Response { .. } => Operation::RESPONSE,
            Self::SuccessReceived => Operation::SUCCESS,
            Self::FailureReceived => Operation::FAILURE,
            Self::ChangePassword { .. } => Operation::CHANGE_PASSWORD,
            Self::Other { operation, .. } => *operation,
        }
    }

    /// Returns who the peer says it is. `None` of a packet that does not say.
    #[must_use]
    pub const fn name(&self) -> Option<Text<'a>> {
        match self {
            Self::Response { name, .. } => Some(*name),
            Self::SuccessReceived | Self::FailureReceived | Self::ChangePassword { .. } | Self::Other { .. } => None,
        }
    }
}

impl core::fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Response { identifier, name, .. } => write!(f, "Response(id {identifier}, from {name:?})"),
            Self::SuccessReceived => f.write_str("SuccessReceived"),
            Self::FailureReceived => f.write_str("FailureReceived"),
            Self::ChangePassword { identifier, .. } => write!(f, "ChangePassword(id {identifier})"),
            Self::Other { operation, data } => write!(f, "Other({operation}, {} bytes)", data.len()),
        }
    }
}
