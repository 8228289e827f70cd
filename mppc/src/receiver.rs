//! Packets in.

use crate::{CoherencyCount, Decompressor, Flags, Header, ReceiveError};

/// RFC 2118 section 3: reads the MPPC packets of one direction: header, coherency count, resets.
///
/// ```
/// use mppc::{CoherencyCount, ReceiveError, Receiver};
///
/// let mut receiver = Receiver::new();
/// assert_eq!(receiver.decapsulate(&[0xe0, 0x00, b'a', b'b'], 1500)?, b"ab");
/// // Packet 1 is lost. Packet 2 cannot be read: time for a CCP Reset-Request.
/// let lost = receiver.decapsulate(&[0x20, 0x02, b'c'], 1500).unwrap_err();
/// let (expected, found) = (CoherencyCount::new(1), CoherencyCount::new(2));
/// assert_eq!(lost, ReceiveError::OutOfSequence { expected, found });
/// assert!(receiver.needs_reset());
/// // Until the peer has heard of it.
/// assert_eq!(receiver.decapsulate(&[0xe0, 0x03, b'c'], 1500)?, b"c");
/// assert!(!receiver.needs_reset());
/// # Ok::<(), ReceiveError>(())
/// ```
#[derive(Debug)]
pub struct Receiver {
    decompressor: Decompressor,
    expected: CoherencyCount,
}

impl Receiver {
    /// Creates a receiver at the start of a link: count 0, an empty history.
    #[must_use]
    pub const fn new() -> Self {
        Self { decompressor: Decompressor::new(), expected: CoherencyCount::new(0) }
    }

    /// Returns whether packets were lost that the peer's history has: send a CCP Reset-Request, and
    /// again when no flushed packet comes. Packets are refused until one does.
    #[must_use]
    pub const fn needs_reset(&self) -> bool {
        !self.decompressor.is_synchronized()
    }

    /// Returns the last `length` bytes that were decompressed: see [`Decompressor::latest`].
    #[must_use]
    pub fn latest(&self, length: usize) -> Option<&[u8]> {
        self.decompressor.latest(length)
    }

    /// Reads what followed the protocol field [`PROTOCOL`](crate::PROTOCOL), and gives the packet
    /// within, which starts with its PPP protocol field, of one or two bytes, and has at most
    /// `limit`.
    ///
    /// A packet marked [`Flags::FLUSHED`] is taken whatever its count. One that is not has to be the next.
    ///
    /// # Errors
    ///
    /// [`ReceiveError`]. After all but [`Truncated`](ReceiveError::Truncated) and [`Encrypted`](ReceiveError::Encrypted)
    /// a reset is needed.
    pub fn decapsulate<'a>(&'a mut self, packet: &'a [u8], limit: usize) -> Result<&'a [u8], ReceiveError> {
        let (Header { flags, count }, payload) = Header::decode(packet)?;
        // RFC 3078 shares the header; a decryptor goes first.
        if flags.contains(Flags::ENCRYPTED) {
            return Err(ReceiveError::Encrypted);
        }
        let expected = self.expected;
        // RFC 2118 section 4.3: the history is out of step until the sender has flushed its own.
        if count != expected && !flags.contains(Flags::FLUSHED) && !self.needs_reset() {
            self.decompressor.desynchronize();
            return Err(ReceiveError::OutOfSequence { expected, found: count });
        }
        // A flushed packet sets the count, whatever it is.
        self.expected = count.next();
        Ok(self.decompressor.decompress(flags, payload, limit)?)
    }
}

impl Default for Receiver {
    fn default() -> Self {
        Self::new()
    }
}
