//! Packets out.

use crate::level::{self, Level};
use crate::{BufferTooSmall, CoherencyCount, Compressed, Compressor, Header};

/// How long a sender's history lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum History {
    /// Through all packets, until the peer lost one and says so.
    #[default]
    Continuous,
    /// For one packet: every packet is [`FLUSHED`](crate::Flags::FLUSHED) and can be read without any other. Costs ratio,
    /// saves the resets of a link that loses packets. A flush costs nothing here, whatever the level.
    PerPacket,
}

/// RFC 2118 section 3: makes the MPPC packets of one direction: header, coherency count, resets.
///
/// ```
/// use mppc::{History, Receiver, Sender, level};
///
/// let mut sender = Sender::new(level::Fast, History::Continuous);
/// let mut receiver = Receiver::new();
/// let mut buf = [0; 64];
/// // An inner packet starts with its PPP protocol field.
/// let inner = b"\x00\x21the first packet says FLUSHED";
/// let packet = sender.encapsulate(inner, &mut buf)?;
/// assert_eq!(packet[..2], [0xe0, 0x00]);
/// assert_eq!(receiver.decapsulate(packet, 1500)?, inner);
///
/// // The peer lost a packet and sent a CCP Reset-Request: again.
/// sender.handle_reset_request();
/// let packet = sender.encapsulate(inner, &mut buf)?;
/// assert_eq!(packet[..2], [0xe0, 0x01]);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct Sender<L: Level = level::Default> {
    compressor: Compressor<L>,
    history: History,
    count: CoherencyCount,
}

impl<L: Level> Sender<L> {
    /// Creates a sender at the start of a link: count 0, an empty history,
    /// [`Expansion::Flush`](crate::Expansion::Flush).
    #[must_use]
    pub const fn new(level: L, history: History) -> Self {
        Self::with_compressor(Compressor::new(level), history)
    }

    /// Sets the same with a compressor that is set up otherwise.
    #[must_use]
    pub const fn with_compressor(compressor: Compressor<L>, history: History) -> Self {
        Self { compressor, history, count: CoherencyCount::new(0) }
    }

    /// Compresses `inner`, which starts with its PPP protocol field, and gives header and payload,
    /// written to `buf`: what follows the protocol field [`PROTOCOL`](crate::PROTOCOL). At most two
    /// bytes more than `inner`.
    ///
    /// Send the inner protocol field as two bytes even where one would do: some old receivers take
    /// no other. Only packets of which [`is_compressible`](crate::is_compressible) is true go
    /// through here, in the order of sending.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`] when `buf` has less than two bytes more than `inner`; nothing has changed
    /// then.
    pub fn encapsulate<'b>(&mut self, inner: &[u8], buf: &'b mut [u8]) -> Result<&'b [u8], BufferTooSmall> {
        let too_small = BufferTooSmall { needed: inner.len().saturating_add(Header::LEN), available: buf.len() };
        let buf = buf.get_mut(..too_small.needed).ok_or(too_small)?;
        let (header, body) = buf.split_first_chunk_mut::<{ Header::LEN }>().ok_or(too_small)?;
        // Each packet then stands alone, as stateless MPPE needs it (RFC 3078 section 3.1).
        if self.history == History::PerPacket {
            self.compressor.flush();
        }
        let Compressed { flags, payload } = self.compressor.compress(inner, body)?;
        let length = payload.len().saturating_add(Header::LEN);
        *header = Header { flags, count: self.count }.to_bytes();
        self.count = self.count.next();
        debug_assert!(length <= buf.len(), "the payload was written there");
        Ok(buf.get(..length).unwrap_or_default())
    }

    /// Handles a CCP Reset-Request of the peer (RFC 2118 section 3, RFC 1962 section 5.3). The next
    /// packet is flushed; MPPC has no Reset-Ack.
    pub fn handle_reset_request(&mut self) {
        self.compressor.flush();
    }

    /// Returns the count of the next packet.
    #[must_use]
    pub const fn count(&self) -> CoherencyCount {
        self.count
    }
}

impl<L: Level> core::fmt::Debug for Sender<L> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Sender")
            .field("compressor", &self.compressor)
            .field("history", &self.history)
            .field("count", &self.count)
            .finish()
    }
}
