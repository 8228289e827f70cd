//! Frame check sequences.

use crc::{CRC_16_IBM_SDLC, CRC_32_ISO_HDLC, Crc};

static CRC_16: Crc<u16> = Crc::<u16>::new(&CRC_16_IBM_SDLC);
static CRC_32: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// RFC 1662 appendix C: a frame check sequence, sent behind the frame with the least significant
/// byte first.
///
/// ```
/// use ppp_fsm::hdlc::Fcs;
///
/// assert_eq!(Fcs::Bits16.of(b"\xc2\x23\x03\x01\x00\x04").as_bytes(), [0xc2, 0xbc]);
/// assert_eq!(
///     Fcs::Bits32.of(b"\xc2\x23\x03\x01\x00\x04").as_bytes(),
///     [0x08, 0x4a, 0x99, 0x7f]
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum Fcs {
    /// RFC 1662 appendix C.2: 16 bits, which every link starts with.
    #[default]
    #[doc(alias = "FCS-16")]
    Bits16,
    /// RFC 1662 appendix C.3: 32 bits, once agreed by FCS-Alternatives.
    #[doc(alias = "FCS-32")]
    Bits32,
}

impl Fcs {
    /// The length of the longest check sequence.
    pub const MAX_LEN: usize = 4;

    /// Returns the length on the wire before escapes: 2 or 4 bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub const fn len(self) -> usize {
        match self {
            Self::Bits16 => 2,
            Self::Bits32 => 4,
        }
    }

    /// Returns the check sequence of a frame: address or protocol to the last byte of information
    /// or padding.
    #[must_use]
    pub fn of(self, frame: &[u8]) -> CheckSequence {
        let mut bytes = [0; Self::MAX_LEN];
        match self {
            Self::Bits16 => {
                // RFC 1662 section 3.1: least significant byte first, against the order of all
                // else.
                let [low, high] = CRC_16.checksum(frame).to_le_bytes();
                bytes = [low, high, 0, 0];
            }
            Self::Bits32 => bytes.copy_from_slice(&CRC_32.checksum(frame).to_le_bytes()),
        }
        CheckSequence { bytes, length: self.len() }
    }

    /// Returns the frame in front of its check sequence. `None` when it is shorter than that.
    pub(super) fn split(self, bytes: &[u8]) -> Option<(&[u8], bool)> {
        let (frame, found) = bytes.split_at_checked(bytes.len().checked_sub(self.len())?)?;
        Some((frame, self.of(frame).as_bytes() == found))
    }
}

/// RFC 1662 appendix C: the bytes of a check sequence, in the order of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckSequence {
    bytes: [u8; Fcs::MAX_LEN],
    length: usize,
}

impl CheckSequence {
    /// Returns the 2 or 4 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Returns the byte at `index`, in the order of the wire.
    pub(super) fn byte(&self, index: usize) -> Option<u8> {
        self.as_bytes().get(index).copied()
    }
}
