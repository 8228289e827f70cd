//! The errors of packets.

use crate::CoherencyCount;

/// Why a packet was refused.
///
/// `position` counts the bytes of the packet that were decoded before the bad token.
///
/// ```
/// use mppc::{DecompressError, Decompressor, Flags};
///
/// let mut decompressor = Decompressor::new();
/// // A copy that ends within its length.
/// let refused =
///     decompressor.decompress(Flags::COMPRESSED, &[b'a', 0xf0, 0x7f], 1500).unwrap_err();
/// assert_eq!(refused, DecompressError::Truncated { position: 1 });
/// assert_eq!(refused.to_string(), "MPPC token cut short after 1 bytes of the packet");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecompressError {
    /// A packet was refused or lost before, and this one is not marked [`FLUSHED`](crate::Flags::FLUSHED).
    #[error("MPPC history lost: waiting for a packet marked FLUSHED")]
    NotSynchronized,
    /// A copy's offset is 0 or above 8191.
    #[error("MPPC copy with offset {offset} after {position} bytes of the packet")]
    Offset {
        /// The offset found.
        offset: u16,
        /// Bytes decoded before the token.
        position: usize,
    },
    /// A copy's length starts with twelve or more ones.
    #[error("MPPC copy with an endless length after {position} bytes of the packet")]
    Length {
        /// Bytes decoded before the token.
        position: usize,
    },
    /// The payload ends within a token.
    #[error("MPPC token cut short after {position} bytes of the packet")]
    Truncated {
        /// Bytes decoded before the token.
        position: usize,
    },
    /// The packet is longer than the caller's limit, or runs over the end of the history.
    #[error("MPPC packet of more than {limit} bytes")]
    TooLong {
        /// The caller's limit, or what was left of the history when that is less.
        limit: usize,
    },
}

/// Why an MPPC packet was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// The packet ends within its header.
    #[error("MPPC header cut short: needs {needed} bytes, has {available}")]
    Truncated {
        /// Bytes of the header.
        needed: usize,
        /// How many bytes there are.
        available: usize,
    },
    /// Bit D is set: the packet is for a cipher that shares this header.
    #[error("MPPC packet is encrypted")]
    Encrypted,
    /// Packets are missing in front of this one, and it is not marked [`FLUSHED`](crate::Flags::FLUSHED).
    #[error("MPPC packet {found}, not {expected}")]
    OutOfSequence {
        /// The count that would have been next.
        expected: CoherencyCount,
        /// The count of the packet.
        found: CoherencyCount,
    },
    /// The payload was refused.
    #[error(transparent)]
    Decompress(#[from] DecompressError),
}

/// The caller's buffer cannot hold the payload; nothing was written and nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("buffer too small: needs {needed} bytes, has {available}")]
#[non_exhaustive]
pub struct BufferTooSmall {
    /// Bytes that are always enough.
    pub needed: usize,
    /// Bytes that were lent.
    pub available: usize,
}
