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
/// let bytes = header.encode(0, &mut buf)?;
/// assert_eq!(bytes, [0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 7, 0, 0, 0, 41]);
/// assert_eq!(Header::decode(bytes)?, (header, 0, &[][..]));
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
    /// The longest header: eight fixed bytes, sequence number, acknowledgment number.
    pub const MAX_LEN: usize = Self::FIXED_LEN + Self::NUMBER_LEN + Self::NUMBER_LEN;

    /// Flags (2), protocol type (2), payload length (2), call id (2).
    const FIXED_LEN: usize = 8;
    const NUMBER_LEN: usize = 4;

    /// Returns the length of this header on the wire: 8, 12 or 16 bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a header is never empty")]
    pub const fn len(&self) -> usize {
        match (self.sequence_number, self.acknowledgment_number) {
            (None, None) => Self::FIXED_LEN,
            (Some(_), None) | (None, Some(_)) => 12,
            (Some(_), Some(_)) => Self::MAX_LEN,
        }
    }

    /// Returns the flags of this header.
    #[must_use]
    pub const fn flags(&self) -> Flags {
        Flags::enhanced(self.sequence_number.is_some(), self.acknowledgment_number.is_some())
    }

    /// Reads a header and gives it, the payload length that it states, and the bytes behind it.
    ///
    /// Whether the payload is whole is not looked at: [`Packet::decode`](crate::Packet::decode) does that.
    ///
    /// # Errors
    ///
    /// Another version, protocol type or flags than RFC 2637 allows, a missing key, a header cut short, or a
    /// payload length without a sequence number.
    #[inline]
    pub fn decode(bytes: &[u8]) -> Result<(Self, u16, &[u8]), DecodeError> {
        let Some((&[f0, f1, p0, p1, l0, l1, c0, c1], rest)) = bytes.split_first_chunk::<{ Self::FIXED_LEN }>() else {
            return Err(Self::refuse_fixed(bytes));
        };
        let flags = Flags::from_bits(u16::from_be_bytes([f0, f1]));
        // Section 4.1: all other bits "Must be set to zero", so a packet with one of them is no
        // packet of PPTP.
        if !flags.is_enhanced() || u16::from_be_bytes([p0, p1]) != PROTOCOL_TYPE {
            return Err(Self::refuse_fixed(bytes));
        }
        let (sequence_number, behind) = if flags.sequence_number_present() {
            let Some((number, behind)) = rest.split_first_chunk() else {
                return Err(Self::refuse_number(Field::SequenceNumber, bytes, rest));
            };
            (Some(u32::from_be_bytes(*number)), behind)
        } else {
            (None, rest)
        };
        let (acknowledgment_number, rest) = if flags.acknowledgment_number_present() {
            let Some((number, rest)) = behind.split_first_chunk() else {
                return Err(Self::refuse_number(Field::AcknowledgmentNumber, bytes, behind));
            };
            (Some(u32::from_be_bytes(*number)), rest)
        } else {
            (None, behind)
        };
        let payload_length = u16::from_be_bytes([l0, l1]);
        // Section 4.1: "Set to one (1) if a payload (data) packet is present". Without a number it
        // has no place in the order.
        if payload_length != 0 && sequence_number.is_none() {
            return Err(DecodeError::PayloadWithoutSequenceNumber { payload_length });
        }
        Ok((
            Self { call_id: u16::from_be_bytes([c0, c1]), sequence_number, acknowledgment_number },
            payload_length,
            rest,
        ))
    }

    /// Returns why the first eight bytes are not those of an enhanced GRE header.
    #[cold]
    fn refuse_fixed(bytes: &[u8]) -> DecodeError {
        // The flags first: a packet of another version may be shorter than our fixed header.
        if let Some(&[high, low]) = bytes.first_chunk() {
            let found = Flags::from_bits(u16::from_be_bytes([high, low]));
            if found.version() != 1 {
                return DecodeError::Version { found: found.version() };
            }
            if found.has_forbidden_bits() {
                return DecodeError::Flags { found };
            }
            if !found.key_present() {
                return DecodeError::NoKey;
            }
        }
        match *bytes {
            [_, _, high, low, _, _, _, _, ..] => DecodeError::ProtocolType { found: u16::from_be_bytes([high, low]) },
            _ => DecodeError::Truncated {
                field: Field::FixedHeader,
                offset: 0,
                needed: Self::FIXED_LEN,
                available: bytes.len(),
            },
        }
    }

    /// Returns the error for a number that is cut short to `rest`.
    #[cold]
    const fn refuse_number(field: Field, bytes: &[u8], rest: &[u8]) -> DecodeError {
        DecodeError::Truncated {
            field,
            offset: bytes.len().saturating_sub(rest.len()),
            needed: Self::NUMBER_LEN,
            available: rest.len(),
        }
    }

    /// Writes the header for a payload of `payload_length` bytes to the start of `buf`, and gives
    /// the bytes written.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`] when `buf` is shorter than [`len`](Self::len).
    #[inline]
    pub fn encode<'b>(&self, payload_length: u16, buf: &'b mut [u8]) -> Result<&'b [u8], BufferTooSmall> {
        let available = buf.len();
        let bytes = buf.get_mut(..self.len()).ok_or(BufferTooSmall { needed: self.len(), available })?;
        let mut fields = bytes.chunks_exact_mut(2);
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
        Ok(bytes)
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
