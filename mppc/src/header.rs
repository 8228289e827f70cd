//! The two bytes in front of every MPPC packet.

use crate::{BufferTooSmall, CoherencyCount, Flags, ReceiveError};

/// RFC 2118 section 3.1: the header of an MPPC packet, behind the PPP protocol field 0x00fd.
///
/// ```
/// use mppc::{CoherencyCount, Flags, Header};
///
/// let (header, payload) = Header::decode(&[0xe0, 0x07, 0x00, 0x21])?;
/// assert_eq!(header.flags, Flags::FLUSHED | Flags::AT_FRONT | Flags::COMPRESSED);
/// assert_eq!(header.count, CoherencyCount::new(7));
/// assert_eq!(payload, [0x00, 0x21]);
/// assert_eq!(header.to_bytes(), [0xe0, 0x07]);
/// # Ok::<(), mppc::ReceiveError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Header {
    /// Bits A to D.
    pub flags: Flags,
    /// The number of the packet.
    pub count: CoherencyCount,
}

impl Header {
    /// Flags and count (2).
    pub const LEN: usize = 2;

    /// Reads the header, and gives it and the bytes behind it.
    ///
    /// # Errors
    ///
    /// [`ReceiveError::Truncated`] when there are less than two bytes.
    pub fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), ReceiveError> {
        let Some((&[high, low], payload)) = bytes.split_first_chunk() else {
            return Err(ReceiveError::Truncated { needed: Self::LEN, available: bytes.len() });
        };
        let count = CoherencyCount::new(u16::from_be_bytes([high, low]));
        Ok((Self { flags: Flags::from_bits(high), count }, payload))
    }

    /// Returns the two bytes of this header.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; Self::LEN] {
        let [high, low] = self.count.get().to_be_bytes();
        [self.flags.bits() | high, low]
    }

    /// Writes the header to the start of `buf`, and gives the bytes written.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`] when `buf` is shorter than two bytes.
    pub fn encode(self, buf: &mut [u8]) -> Result<&[u8], BufferTooSmall> {
        let available = buf.len();
        let Some((bytes, _)) = buf.split_first_chunk_mut() else {
            return Err(BufferTooSmall { needed: Self::LEN, available });
        };
        *bytes = self.to_bytes();
        Ok(bytes)
    }
}
