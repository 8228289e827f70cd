//! Errors of packets, messages and AVPs, with their place.

use core::fmt;

use crate::code::{AttributeType, ErrorCode, MessageType, VendorId};

/// RFC 2661 sections 3.1 and 4.1, RFC 3931 sections 3.2 and 4.1: a part of a header or of an AVP.
///
/// ```
/// use l2tp_wire::Field;
///
/// assert_eq!(Field::TunnelId.to_string(), "tunnel id");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The first two bytes: T, L, S, O, P and the version.
    Flags,
    /// Length, two bytes.
    Length,
    /// Tunnel ID of version 2, two bytes.
    TunnelId,
    /// Session ID: two bytes in version 2, four in version 3.
    SessionId,
    /// Control Connection ID of version 3, four bytes.
    ControlConnectionId,
    /// Ns, two bytes.
    Ns,
    /// Nr, two bytes.
    Nr,
    /// Offset Size, two bytes.
    OffsetSize,
    /// The padding that Offset Size announces.
    OffsetPad,
    /// The two reserved bytes of a version 3 data header over UDP.
    Reserved,
    /// The cookie of version 3: four or eight bytes.
    Cookie,
    /// The default L2-Specific Sublayer of version 3, four bytes.
    Sublayer,
    /// The six bytes with which every AVP begins.
    AvpHeader,
    /// The bytes behind the six of an AVP header.
    AvpValue,
}

impl Field {
    /// Returns the name that the RFC uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flags => "flags",
            Self::Length => "length",
            Self::TunnelId => "tunnel id",
            Self::SessionId => "session id",
            Self::ControlConnectionId => "control connection id",
            Self::Ns => "Ns",
            Self::Nr => "Nr",
            Self::OffsetSize => "offset size",
            Self::OffsetPad => "offset pad",
            Self::Reserved => "reserved",
            Self::Cookie => "cookie",
            Self::Sublayer => "L2-specific sublayer",
            Self::AvpHeader => "AVP header",
            Self::AvpValue => "AVP value",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why the value of a hidden AVP cannot be read: RFC 2661 section 4.3, RFC 3931 section 5.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// It has not been deciphered: there is no secret, or [`reveal`](crate::hide::reveal) was not called.
    #[error("it is hidden and not deciphered")]
    NotDeciphered,
    /// No Random Vector AVP precedes it.
    #[error("it is hidden and no Random Vector AVP precedes it")]
    NoRandomVector,
    /// A hidden value begins with two bytes of length; this one is shorter.
    #[error("it is hidden and shorter than two bytes")]
    Short,
    /// The deciphered length is larger than the rest. The secrets differ, or the sender is lying.
    #[error("its deciphered length {length} is larger than the {available} bytes that follow: wrong secret?")]
    Length {
        /// The length found.
        length: u16,
        /// How many bytes follow it.
        available: usize,
    },
    /// So many AVPs of the message are hidden that the rest was not deciphered.
    #[error("it is one of too many hidden AVPs")]
    TooMany,
    /// The RFCs forbid to hide it, and nothing could be done with it before it is read.
    #[error("it must not be hidden")]
    NotAllowed,
}

/// Why bytes are not a packet, a control message or an AVP of L2TP.
///
/// Offsets count bytes from the flags of the message: behind the UDP header, or behind the session id of zero where
/// version 3 runs directly over IP.
///
/// ```
/// use l2tp_wire::{DecodeError, Field, Packet};
///
/// let cut = Packet::decode_udp(b"\xc8\x02\x00\x0c\x00").unwrap_err();
/// assert_eq!(cut.to_string(), "L2TP tunnel id cut short at offset 4: needs 2 bytes, has 1");
/// assert_eq!(cut.offset(), 4);
///
/// let other = Packet::decode_udp(b"GET / HTTP/1.1\r\n").unwrap_err();
/// assert_eq!(other, DecodeError::Version { found: 5 });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end within a field.
    #[error("L2TP {field} cut short at offset {offset}: needs {needed} bytes, has {available}")]
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
    /// The version is neither 2 nor 3. Version 1 is L2F (RFC 2341).
    #[error("L2TP version {found}, not 2 or 3")]
    Version {
        /// The version found.
        found: u8,
    },
    /// A control message without L or S bit, or with the O bit: RFC 2661 section 3.1.
    #[error("L2TP control message with flags {found:#06x}: L and S must be 1, O must be 0")]
    ControlFlags {
        /// The first two bytes.
        found: u16,
    },
    /// A packet of the wrong kind: data where control is needed, or the other way round.
    #[error("L2TP flags {found:#06x} are those of another kind of packet")]
    Kind {
        /// The first two bytes.
        found: u16,
    },
    /// The Length field is smaller than the header, or larger than the packet.
    #[error("L2TP length {found}, not {minimum} to {available}")]
    Length {
        /// The length found.
        found: u16,
        /// The bytes of the header.
        minimum: usize,
        /// The bytes of the packet.
        available: usize,
    },
    /// The length of an AVP is below 6, or larger than the rest of the message.
    #[error("L2TP AVP at offset {offset} has length {found}, not 6 to {available}")]
    AvpLength {
        /// Where the AVP starts.
        offset: usize,
        /// The length found.
        found: u16,
        /// How many bytes are left from its start on.
        available: usize,
    },
    /// A value that its attribute cannot have because of its length.
    #[error("L2TP {attribute_type} at offset {offset} has a value of {found} bytes, not {expected}")]
    ValueLength {
        /// The attribute.
        attribute_type: AttributeType,
        /// Where the AVP starts.
        offset: usize,
        /// The length that it has; the shortest, where several are possible.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// A value out of range: an assigned id of 0, a digest type that does not exist.
    #[error("L2TP {attribute_type} at offset {offset} has value {found}")]
    Value {
        /// The attribute.
        attribute_type: AttributeType,
        /// Where the AVP starts.
        offset: usize,
        /// The number found.
        found: u32,
    },
    /// A hidden value cannot be read.
    #[error("L2TP {attribute_type} at offset {offset}: {reason}")]
    Hidden {
        /// The attribute.
        attribute_type: AttributeType,
        /// Where the AVP starts.
        offset: usize,
        /// Why not.
        reason: Unreadable,
    },
    /// RFC 2661 section 4.4.1: the first AVP is not Message Type.
    #[error("the first L2TP AVP is {attribute_type}, not Message Type")]
    FirstAvp {
        /// The attribute of the first AVP.
        attribute_type: AttributeType,
    },
    /// RFC 2661 section 4.1: an AVP that is not known and must be understood.
    #[error("unknown mandatory L2TP AVP at offset {offset}: vendor {}, attribute {}", vendor_id.get(), attribute_type.get())]
    UnknownMandatory {
        /// The owner of the attribute; 0 is the IETF.
        vendor_id: VendorId,
        /// Its number.
        attribute_type: AttributeType,
        /// Where the AVP starts.
        offset: usize,
    },
    /// A message that the RFC of its version does not define. RFC 2661 section 4.4.1: without the M bit it may be
    /// ignored, with it the tunnel must end.
    #[error("unknown L2TP message: vendor {}, type {}", vendor_id.get(), message_type.get())]
    UnknownMessage {
        /// The owner of the message; 0 is the IETF.
        vendor_id: VendorId,
        /// Its number.
        message_type: MessageType,
        /// The M bit of Message Type.
        is_mandatory: bool,
    },
    /// An AVP without which the message cannot be understood is missing.
    #[error("L2TP {message_type} without {attribute_type}")]
    Missing {
        /// The message.
        message_type: MessageType,
        /// The missing attribute.
        attribute_type: AttributeType,
    },
}

impl DecodeError {
    /// Returns where the wrong part starts. A missing AVP has no place, and gives 0.
    #[must_use]
    pub const fn offset(&self) -> usize {
        match self {
            Self::Truncated { offset, .. }
            | Self::AvpLength { offset, .. }
            | Self::ValueLength { offset, .. }
            | Self::Value { offset, .. }
            | Self::Hidden { offset, .. }
            | Self::UnknownMandatory { offset, .. } => *offset,
            Self::Length { .. } => 2,
            // Behind the header.
            Self::FirstAvp { .. } | Self::UnknownMessage { .. } => 12,
            Self::Version { .. } | Self::ControlFlags { .. } | Self::Kind { .. } | Self::Missing { .. } => 0,
        }
    }

    /// Returns the attribute that is wrong or missing.
    #[must_use]
    pub const fn attribute_type(&self) -> Option<AttributeType> {
        match self {
            Self::ValueLength { attribute_type, .. }
            | Self::Value { attribute_type, .. }
            | Self::Hidden { attribute_type, .. }
            | Self::FirstAvp { attribute_type }
            | Self::UnknownMandatory { attribute_type, .. }
            | Self::Missing { attribute_type, .. } => Some(*attribute_type),
            Self::Truncated { .. }
            | Self::Version { .. }
            | Self::ControlFlags { .. }
            | Self::Kind { .. }
            | Self::Length { .. }
            | Self::AvpLength { .. }
            | Self::UnknownMessage { .. } => None,
        }
    }

    /// Returns the error code for the peer: RFC 2661 section 4.4.2, together with result 2.
    ///
    /// ```
    /// use l2tp_wire::DecodeError;
    /// use l2tp_wire::code::{AttributeType, ErrorCode, VendorId};
    ///
    /// let error = DecodeError::UnknownMandatory {
    ///     vendor_id: VendorId::IETF,
    ///     attribute_type: AttributeType::new(999),
    ///     offset: 20,
    /// };
    /// assert_eq!(error.error_code(), ErrorCode::UNKNOWN_MANDATORY_AVP);
    /// ```
    #[must_use]
    pub const fn error_code(&self) -> ErrorCode {
        match self {
            Self::UnknownMandatory { .. } => ErrorCode::UNKNOWN_MANDATORY_AVP,
            Self::Truncated { .. } | Self::Length { .. } | Self::AvpLength { .. } | Self::ValueLength { .. } => {
                ErrorCode::WRONG_LENGTH
            }
            Self::Hidden { reason: Unreadable::Short | Unreadable::Length { .. }, .. } => ErrorCode::WRONG_LENGTH,
            Self::Hidden { .. } => ErrorCode::VENDOR_SPECIFIC,
            Self::Version { .. }
            | Self::ControlFlags { .. }
            | Self::Kind { .. }
            | Self::Value { .. }
            | Self::FirstAvp { .. }
            | Self::UnknownMessage { .. }
            | Self::Missing { .. } => ErrorCode::OUT_OF_RANGE,
        }
    }
}

/// Why a packet or message cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The caller's buffer is shorter. Its content means nothing then.
    #[error("buffer too small: needs at least {needed} bytes, has {available}")]
    BufferTooSmall {
        /// How many bytes are needed so far; more may be needed behind them.
        needed: usize,
        /// How many bytes were lent.
        available: usize,
    },
    /// The length of an AVP has ten bits: at most 1017 bytes of value, of which hiding and its padding take some.
    #[error("{attribute_type} has a value of {length} bytes, more than 1017")]
    ValueTooLong {
        /// The attribute.
        attribute_type: AttributeType,
        /// The bytes of its value on the wire.
        length: usize,
    },
    /// The Length field has sixteen bits.
    #[error("L2TP packet of {length} bytes, more than 65535")]
    TooLong {
        /// The bytes of the packet.
        length: usize,
    },
    /// The message belongs to the other version.
    #[error("{message_type} of another version than the header")]
    Version {
        /// The message.
        message_type: MessageType,
    },
}
