//! The errors of bytes, with their places.

use crate::Protocol;

/// A part of a frame, packet or option, named as in its RFC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// RFC 1662: the control byte behind the address.
    Control,
    /// RFC 1661: the protocol, one or two bytes.
    Protocol,
    /// Code, identifier and length: the first four bytes of a packet.
    Header,
    /// The length of a packet, two bytes.
    Length,
    /// The bytes behind the header, which the length of a packet counts.
    Data,
    /// Type and length of an option.
    OptionHeader,
    /// The length of an option, one byte.
    OptionLength,
    /// The bytes behind type and length, which the length of an option counts.
    OptionData,
    /// RFC 1661: the magic number of an LCP packet, four bytes.
    MagicNumber,
    /// RFC 1570: the seconds of Time-Remaining, four bytes.
    SecondsRemaining,
    /// RFC 1661: the protocol that a Protocol-Reject is about, two bytes.
    RejectedProtocol,
    /// RFC 1334: the length of the peer id, one byte.
    PeerIdLength,
    /// RFC 1334: the peer id.
    PeerId,
    /// RFC 1334: the length of the password, one byte.
    PasswordLength,
    /// RFC 1334: the password.
    Password,
    /// RFC 1334: the message of a reply.
    Message,
    /// RFC 1994: the length of the value, one byte.
    ValueSize,
    /// RFC 1994: the value of a challenge or response.
    Value,
    /// RFC 3748: the type of a request or response, one byte.
    Type,
}

impl core::fmt::Display for Field {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Control => "control field",
            Self::Protocol => "protocol",
            Self::Header => "packet header",
            Self::Length => "packet length",
            Self::Data => "packet data",
            Self::OptionHeader => "option header",
            Self::OptionLength => "option length",
            Self::OptionData => "option data",
            Self::MagicNumber => "magic number",
            Self::SecondsRemaining => "seconds remaining",
            Self::RejectedProtocol => "rejected protocol",
            Self::PeerIdLength => "peer id length",
            Self::PeerId => "peer id",
            Self::PasswordLength => "password length",
            Self::Password => "password",
            Self::Message => "message",
            Self::ValueSize => "value size",
            Self::Value => "value",
            Self::Type => "EAP type",
        })
    }
}

/// The length that an option has by its RFC, type and length bytes included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "lengths are fixed or have a minimum")]
pub enum ExpectedLength {
    /// This length and no other.
    Exactly(usize),
    /// This length or more.
    AtLeast(usize),
}

impl core::fmt::Display for ExpectedLength {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Exactly(length) => write!(f, "{length}"),
            Self::AtLeast(length) => write!(f, "at least {length}"),
        }
    }
}

/// Why bytes are not the frame, packet or option that was asked for.
///
/// Offsets count bytes from the start of what was given to `decode`.
///
/// ```
/// use ppp_fsm::{DecodeError, Field, Packet};
///
/// let cut = Packet::decode(&[1, 7, 0, 10, 5, 6]).unwrap_err();
/// assert_eq!(
///     cut,
///     DecodeError::Truncated { field: Field::Data, offset: 4, needed: 6, available: 2 }
/// );
/// assert_eq!(cut.to_string(), "PPP packet data cut short at offset 4: needs 6 bytes, has 2");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end within a field.
    #[error("PPP {field} cut short at offset {offset}: needs {needed} bytes, has {available}")]
    Truncated {
        /// The field that is not whole.
        field: Field,
        /// Where it starts.
        offset: usize,
        /// Its length; of a protocol of one or two bytes the least that is missing.
        needed: usize,
        /// How many bytes there are of it.
        available: usize,
    },
    /// A length field says less than the bytes that it always counts.
    #[error("PPP {field} at offset {offset} is {found}, less than {minimum}")]
    LengthTooSmall {
        /// The length field.
        field: Field,
        /// Where it is.
        offset: usize,
        /// The length that was found.
        found: usize,
        /// The least length that it may have.
        minimum: usize,
    },
    /// An option of a known type has a length that its RFC does not allow.
    ///
    /// Where the option is says [`Options::offset`](crate::Options::offset).
    #[error("PPP option {option_type} with length {found}, not {expected}")]
    OptionLength {
        /// The type of the option.
        option_type: u8,
        /// Its length, type and length bytes included.
        found: usize,
        /// The length that is right.
        expected: ExpectedLength,
    },
    /// The address ff is not followed by the control field 03.
    #[error("PPP address without control: {found:#04x} at offset {offset}, not 0x03")]
    Control {
        /// Where the control field would be.
        offset: usize,
        /// The byte there.
        found: u8,
    },
    /// The protocol is even (RFC 1661 section 2), or ff in one byte, which would be an address (RFC
    /// 1662 section 3.2).
    ///
    /// RFC 1661 wants it treated as a protocol that nobody knows: what is rejected starts at `offset`.
    #[error("PPP protocol {:#06x} at offset {offset} is not allowed", found.0)]
    InvalidProtocol {
        /// Where the protocol is.
        offset: usize,
        /// The protocol found.
        found: Protocol,
    },
}

/// The caller's buffer cannot hold what is to be written; nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("buffer too small: needs {needed} bytes, has {available}")]
#[non_exhaustive]
pub struct BufferTooSmall {
    /// Bytes that are needed.
    pub needed: usize,
    /// Bytes that were lent.
    pub available: usize,
}

/// Why something cannot be written.
///
/// ```
/// use ppp_fsm::{EncodeError, Field, RawOption};
///
/// let option = RawOption { option_type: 200, data: &[0; 254] };
/// let long = option.encode(&mut [0; 512]).unwrap_err();
/// assert_eq!(
///     long,
///     EncodeError::TooLong { field: Field::OptionData, length: 254, maximum: 253 }
/// );
/// assert!(matches!(
///     RawOption { option_type: 5, data: &[0; 4] }.encode(&mut [0; 5]),
///     Err(EncodeError::BufferTooSmall(_))
/// ));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The buffer is too small.
    #[error(transparent)]
    BufferTooSmall(#[from] BufferTooSmall),
    /// A part is longer than its length field can say.
    #[error("PPP {field} of {length} bytes: at most {maximum} fit")]
    TooLong {
        /// The part.
        field: Field,
        /// Its length.
        length: usize,
        /// The most that fits.
        maximum: usize,
    },
    /// RFC 1661 section 2 does not allow the protocol, see [`Protocol::is_valid`].
    #[error("PPP protocol {:#06x} is not allowed", found.0)]
    InvalidProtocol {
        /// The protocol.
        found: Protocol,
    },
}

impl EncodeError {
    /// Returns an error when a part is longer than `maximum`.
    pub(crate) fn check_len(field: Field, part: &[u8], maximum: usize) -> Result<(), Self> {
        let length = part.len();
        if length > maximum { Err(Self::TooLong { field, length, maximum }) } else { Ok(()) }
    }
}
