//! The header in front of every payload.

use crate::{BufferTooSmall, DecodeError, Field, Flags, PROTOCOL_TYPE};

/// RFC 2637 section 4.1: the enhanced GRE header, without the payload length, which follows from the payload.
///
/// ```
/// use pptp_gre::Header;
///
/// let header = Header { call_id: 7, sequence_number: None, acknowledgment_number: Some(41) };
/// assert_eq!(header.len(), 12);
/// let mut buf = [0; Header::MAX_LEN];
/// let octets = header.encode(0, &mut buf)?;
/// assert_eq!(octets, [0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 7, 0, 0, 0, 41]);
/// assert_eq!(Header::decode(octets)?, (header, 0, &[][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Header {
    /// The lower half of the key: the call id that the *receiver* of the packet chose. 0 is in real use.
    pub call_id: u16,
    /// The number of this payload. Peers start at 0 or at 1. A packet without one has no payload.
    pub sequence_number: Option<u32>,
    /// The highest number of the other direction that the sender of this packet has delivered.
    pub acknowledgment_number: Option<u32>,
}

impl Header {
    /// The longest header: eight fixed octets, sequence number, acknowledgment number.
    pub const MAX_LEN: usize = Self::FIXED_LEN + Self::NUMBER_LEN + Self::NUMBER_LEN;

    /// Flags (2), protocol type (2), payload length (2), call id (2).
    const FIXED_LEN: usize = 8;
    const NUMBER_LEN: usize = 4;

    /// The length of this header on the wire: 8, 12 or 16 octets.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a header is never empty")]
    pub const fn len(&self) -> usize {
        match (self.sequence_number, self.acknowledgment_number) {
            (None, None) => Self::FIXED_LEN,
            (Some(_), None) | (None, Some(_)) => 12,
            (Some(_), Some(_)) => Self::MAX_LEN,
        }
    }

    /// The flags of this header.
    #[must_use]
    pub const fn flags(&self) -> Flags {
        Flags::enhanced(self.sequence_number.is_some(), self.acknowledgment_number.is_some())
    }

    /// Reads a header and gives it, the payload length that it states, and the octets behind it.
    ///
    /// Whether the payload is whole is not looked at: [`Packet::decode`](crate::Packet::decode) does that.
    ///
    /// # Errors
    ///
    /// Another version, protocol type or flags than RFC 2637 allows, a missing key, a header cut short, or a
    /// payload length without a sequence number.
    pub fn decode(octets: &[u8]) -> Result<(Self, u16, &[u8]), DecodeError> {
        let truncated = |field, offset, needed, available| DecodeError::Truncated { field, offset, needed, available };
        // The flags first: a packet of another version may be shorter than our fixed header.
        if let Some(&[high, low]) = octets.first_chunk() {
            let flags = Flags::from_bits(u16::from_be_bytes([high, low]));
            if flags.version() != 1 {
                return Err(DecodeError::Version { found: flags.version() });
            }
            if flags.has_forbidden_bits() {
                return Err(DecodeError::Flags { found: flags });
            }
            if !flags.key_present() {
                return Err(DecodeError::NoKey);
            }
        }
        let Some((&[f0, f1, p0, p1, l0, l1, c0, c1], mut rest)) = octets.split_first_chunk::<{ Self::FIXED_LEN }>()
        else {
            return Err(truncated(Field::FixedHeader, 0, Self::FIXED_LEN, octets.len()));
        };
        let protocol_type = u16::from_be_bytes([p0, p1]);
        if protocol_type != PROTOCOL_TYPE {
            return Err(DecodeError::ProtocolType { found: protocol_type });
        }
        let flags = Flags::from_bits(u16::from_be_bytes([f0, f1]));
        let mut offset = Self::FIXED_LEN;
        let mut number = |present: bool, field| {
            if !present {
                return Ok(None);
            }
            let Some((number, behind)) = rest.split_first_chunk() else {
                return Err(truncated(field, offset, Self::NUMBER_LEN, rest.len()));
            };
            rest = behind;
            offset = offset.saturating_add(Self::NUMBER_LEN);
            Ok(Some(u32::from_be_bytes(*number)))
        };
        let header = Self {
            call_id: u16::from_be_bytes([c0, c1]),
            sequence_number: number(flags.sequence_number_present(), Field::SequenceNumber)?,
            acknowledgment_number: number(flags.acknowledgment_number_present(), Field::AcknowledgmentNumber)?,
        };
        let payload_length = u16::from_be_bytes([l0, l1]);
        if payload_length != 0 && header.sequence_number.is_none() {
            return Err(DecodeError::PayloadWithoutSequenceNumber { payload_length });
        }
        Ok((header, payload_length, rest))
    }

    /// Writes the header for a payload of `payload_length` octets to the start of `buf`, and gives the octets written.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`] when `buf` is shorter than [`len`](Self::len).
    pub fn encode<'b>(&self, payload_length: u16, buf: &'b mut [u8]) -> Result<&'b [u8], BufferTooSmall> {
        let available = buf.len();
        let octets = buf.get_mut(..self.len()).ok_or(BufferTooSmall { needed: self.len(), available })?;
        let mut fields = octets.chunks_exact_mut(2);
        let mut put = |value: u16| {
            if let Some(field) = fields.next() {
                field.copy_from_slice(&value.to_be_bytes());
            }
        };
        put(self.flags().bits());
        put(PROTOCOL_TYPE);
        put(payload_length);
        put(self.call_id);
        for number in [self.sequence_number, self.acknowledgment_number].into_iter().flatten() {
            let [a, b, c, d] = number.to_be_bytes();
            put(u16::from_be_bytes([a, b]));
            put(u16::from_be_bytes([c, d]));
        }
        Ok(octets)
    }

    /// Appends the header to `buf`.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`] when `buf` has less room than [`len`](Self::len); nothing is written then.
    #[cfg(feature = "bytes")]
    #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
    pub fn encode_to(&self, payload_length: u16, mut buf: impl bytes::BufMut) -> Result<(), BufferTooSmall> {
        let (needed, available) = (self.len(), buf.remaining_mut());
        if available < needed {
            return Err(BufferTooSmall { needed, available });
        }
        let mut header = [0; Self::MAX_LEN];
        buf.put_slice(self.encode(payload_length, &mut header)?);
        Ok(())
    }
}
