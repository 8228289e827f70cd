//! The errors of a packet, with their places.

use crate::{Flags, SequenceNumber};

/// A part of the enhanced GRE packet, named as in RFC 2637 section 4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The flags, the protocol type and the key: the first eight bytes.
    FixedHeader,
    /// The sequence number, four bytes.
    SequenceNumber,
    /// The acknowledgment number, four bytes.
    AcknowledgmentNumber,
    /// The payload, as long as the upper half of the key says.
    Payload,
}

impl core::fmt::Display for Field {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::FixedHeader => "fixed header",
            Self::SequenceNumber => "sequence number",
            Self::AcknowledgmentNumber => "acknowledgment number",
            Self::Payload => "payload",
        })
    }
}

/// Why bytes are not an enhanced GRE packet of RFC 2637.
///
/// Offsets count bytes from the start of the GRE header.
///
/// ```
/// use pptp_gre::{DecodeError, Field, Packet};
///
/// let cut =
///     Packet::decode(&[0x30, 0x01, 0x88, 0x0b, 0x00, 0x04, 0x00, 0x07, 0x00]).unwrap_err();
/// assert_eq!(
///     cut,
///     DecodeError::Truncated {
///         field: Field::SequenceNumber,
///         offset: 8,
///         needed: 4,
///         available: 1
///     }
/// );
/// assert_eq!(
///     cut.to_string(),
///     "GRE sequence number cut short at offset 8: needs 4 bytes, has 1"
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end within a field.
    #[error("GRE {field} cut short at offset {offset}: needs {needed} bytes, has {available}")]
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
    /// The version is not 1: other tunnels use version 0.
    #[error("GRE version {found}, not 1")]
    Version {
        /// The three bits found.
        found: u8,
    },
    /// A bit that RFC 2637 wants zero is set: C, R, s, recursion control or flags.
    #[error("GRE flags {found}: bits are set that RFC 2637 wants zero")]
    Flags {
        /// The first two bytes.
        found: Flags,
    },
    /// The protocol type is not [`PROTOCOL_TYPE`](crate::PROTOCOL_TYPE).
    #[error("GRE protocol type {found:#06x}, not 0x880b")]
    ProtocolType {
        /// The two bytes found.
        found: u16,
    },
    /// The K bit is clear, so there is no payload length and no call id.
    #[error("GRE packet without a key")]
    NoKey,
    /// There is a payload but the S bit is clear.
    #[error("GRE packet with {payload_length} bytes of payload but no sequence number")]
    PayloadWithoutSequenceNumber {
        /// The length in the key.
        payload_length: u16,
    },
}

/// The caller's buffer cannot hold the packet; nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("buffer too small: needs {needed} bytes, has {available}")]
#[non_exhaustive]
pub struct BufferTooSmall {
    /// Bytes that are needed.
    pub needed: usize,
    /// Bytes that were lent.
    pub available: usize,
}

/// Why a packet cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The buffer is too small.
    #[error(transparent)]
    BufferTooSmall(#[from] BufferTooSmall),
    /// The payload is longer than its 16-bit length can say.
    #[error("GRE payload of {length} bytes: at most 65535 fit")]
    PayloadTooLong {
        /// Its length.
        length: usize,
    },
    /// A payload needs a sequence number (RFC 2637 section 4.1, bit S).
    #[error("GRE payload without a sequence number")]
    PayloadWithoutSequenceNumber,
}

/// Why a tunnel does not send a payload. No sequence number is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The peer's window is full: [`Event::Writable`](crate::Event::Writable) follows.
    #[error("the peer's receive window is full")]
    WouldBlock,
    /// The buffer is too small.
    #[error(transparent)]
    BufferTooSmall(#[from] BufferTooSmall),
    /// The payload is longer than its 16-bit length can say.
    #[error("GRE payload of {length} bytes: at most 65535 fit")]
    PayloadTooLong {
        /// Its length.
        length: usize,
    },
    /// A packet without payload has no sequence number (RFC 2637 section 4.1, bit S).
    #[error("GRE packet with a sequence number but no payload")]
    PayloadEmpty,
}

/// Why a tunnel gives no payload out of a packet. The tunnel goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// It is no packet of enhanced GRE.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It is of another call.
    #[error("GRE packet of call {found}, not {expected}")]
    CallId {
        /// In the packet.
        found: u16,
        /// The tunnel's.
        expected: u16,
    },
    /// It arrived before.
    #[error("GRE packet {number} came again")]
    Duplicate {
        /// Its number.
        number: SequenceNumber,
    },
    /// Later ones were delivered already (RFC 2637 section 4.3).
    #[error("GRE packet {number} came late: {expected} is next")]
    Late {
        /// Its number.
        number: SequenceNumber,
        /// The number that is to be delivered next.
        expected: SequenceNumber,
    },
    /// It is so far ahead that the packet behind it has to confirm it: see [`Reorder::FAR`](crate::Reorder::FAR).
    #[error("GRE packet {number} is far ahead: {expected} is next")]
    FarAhead {
        /// Its number.
        number: SequenceNumber,
        /// The number that is to be delivered next.
        expected: SequenceNumber,
    },
    /// No slot is free. Take what [`poll_receive`](crate::Tunnel::poll_receive) gives; the same packet may come again
    /// then.
    #[error("packets wait to be taken")]
    Busy,
    /// It would have to wait for an earlier one, but is longer than its slot.
    #[error("GRE payload of {length} bytes is too long to wait")]
    FrameTooLong {
        /// Its length.
        length: usize,
    },
    /// It acknowledges a packet that was not sent, and nothing else.
    #[error("GRE packet {number} was not sent, but is acknowledged: {next} is next")]
    ImpossibleAcknowledgment {
        /// The number acknowledged.
        number: SequenceNumber,
        /// The number of the next packet to be sent.
        next: SequenceNumber,
    },
    /// It has neither a sequence number nor an acknowledgment number.
    #[error("GRE packet without payload and acknowledgment")]
    Empty,
}
