//! Packet in, bit stream out.

use crate::code::Writer;
use crate::level::{self, Level};
use crate::number::narrow;
use crate::parse::Packet;
use crate::window::{FRONT, Window};
use crate::{BufferTooSmall, Flags, HISTORY_LEN};

/// The fate of the history when a packet does not become shorter and is sent unchanged.
///
/// ```
/// use mppc::{Compressor, Expansion, Flags, level};
///
/// let mut compressor = Compressor::new(level::Fast).with_expansion(Expansion::Keep);
/// let (text, noise) =
///     (b"to be or not to be", [0xf3, 0x9a, 0xc1, 0xe8, 0x87, 0xb5, 0xd2, 0xae]);
/// let mut buf = [0; 32];
/// compressor.compress(text, &mut buf)?;
/// // Nine bits for each byte would be more than it has.
/// assert_eq!(compressor.compress(&noise, &mut buf)?.payload, noise);
/// let again = compressor.compress(text, &mut buf)?;
/// assert_eq!((again.flags, again.payload.len()), (Flags::COMPRESSED, 4));
/// # Ok::<(), mppc::BufferTooSmall>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Expansion {
    /// RFC 2118 section 3: the history is emptied, and the next packet says so with [`Flags::FLUSHED`].
    #[default]
    Flush,
    /// The packet is left out of the history, which goes on as if it had never been. All known
    /// decoders read that, and where one packet in eight is incompressible it saves a tenth to a
    /// quarter of the bytes. Under a stateful cipher it also saves the restart that `FLUSHED` means
    /// there.
    Keep,
}

/// A payload and what to send with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a packet has no other parts")]
pub struct Compressed<'a> {
    /// A, B and C.
    pub flags: Flags,
    /// The bit stream with [`Flags::COMPRESSED`], the packet itself without. Never longer than the packet.
    pub payload: &'a [u8],
}

/// RFC 2118 section 4: the sender's half, the history of one direction.
///
/// Every known decoder reads every level's packets. Copies end before the last byte of the ring,
/// and no source runs over it or over bytes that nobody wrote since the flush. A comes with B, and
/// the padding is zero.
///
/// ```
/// use mppc::{Compressor, Decompressor, Flags, level};
///
/// let mut compressor = Compressor::new(level::Default);
/// let mut decompressor = Decompressor::new();
/// let packet = b"for whom the bell tolls, the bell tolls for thee.";
/// let mut buf = [0; 64];
///
/// let first = compressor.compress(packet, &mut buf)?;
/// assert_eq!(first.flags, Flags::FLUSHED | Flags::AT_FRONT | Flags::COMPRESSED);
/// assert_eq!(first.payload.len(), 33);
/// assert_eq!(decompressor.decompress(first.flags, first.payload, 1500)?, packet);
///
/// // Later packets profit from earlier ones.
/// let second = compressor.compress(packet, &mut buf)?;
/// assert_eq!(second.flags, Flags::COMPRESSED);
/// assert_eq!(second.payload.len(), 3);
/// assert_eq!(decompressor.decompress(second.flags, second.payload, 1500)?, packet);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # With a cipher
///
/// RFC 3078's encryption shares the header. Its bits A, D and the count belong to the cipher; of
/// [`Compressed::flags`] it sends B and C as they are. A must not get lost: when it is set, the
/// cipher has to send A too. When the cipher sends A for a reason of its own, call
/// [`flush`](Self::flush) before the packet is compressed.
///
/// In its stateful mode A restarts the key stream with the same key, so that each incompressible packet under
/// [`Expansion::Flush`] gives two-time pads away: use [`Expansion::Keep`] there.
pub struct Compressor<L: Level = level::Default> {
    level: L,
    expansion: Expansion,
    look_back: bool,
    /// The next packet says `FLUSHED`, and with it `AT_FRONT`: one deployed decoder wants both.
    flushed: bool,
    /// The next compressed packet says `AT_FRONT`.
    at_front: bool,
    /// Where the next packet goes: 8192 to 16383.
    cursor: usize,
    /// How much of the ring was written since the flush, from its front.
    written: usize,
    /// The number of the position at the front.
    front_number: u32,
    window: Window,
    tables: L::Tables,
}

/// Byte 8191 of the ring is never written: some decoders refuse a copy that ends there, and others
/// misread a copy whose source runs over it.
const USABLE: usize = HISTORY_LEN - 1;

/// Tables start with zeros, which has to be a number further back than the history.
const FIRST_NUMBER: u32 = 16384;
/// With a round and two steps of [`Compressor::advance`] above it that a number has room for.
const LAST_NUMBER: u32 = u32::MAX - 65536;

impl<L: Level> Compressor<L> {
    /// Creates an empty history; the first packet is marked [`Flags::FLUSHED`].
    #[must_use]
    pub const fn new(level: L) -> Self {
        Self {
            level,
            expansion: Expansion::Flush,
            look_back: true,
            flushed: true,
            at_front: false,
            cursor: FRONT,
            written: 0,
            front_number: FIRST_NUMBER,
            window: Window::new(),
            tables: L::EMPTY,
        }
    }

    /// Sets what to do about packets that do not become shorter; [`Expansion::Flush`] if not
    /// called.
    #[must_use]
    pub const fn with_expansion(mut self, expansion: Expansion) -> Self {
        self.expansion = expansion;
        self
    }

    /// Sets whether copies may reach over the front into bytes that were there before the last move
    /// to the front; true if not called. Without, payloads of one long history are a quarter
    /// longer. All known decoders read such copies, but for one emulator's.
    #[must_use]
    pub const fn with_look_back(mut self, look_back: bool) -> Self {
        self.look_back = look_back;
        self
    }

    /// Empties the history: the next packet is marked [`Flags::FLUSHED`], and what comes is the same as from a new
    /// compressor. A few numbers are set, no memory is cleared, so this may be called before every packet.
    pub fn flush(&mut self) {
        self.flushed = true;
        self.at_front = false;
        self.cursor = FRONT;
        self.written = 0;
        self.advance(2 * HISTORY_LEN);
    }

    /// Compresses one packet into the start of `buf`.
    ///
    /// The payload is never longer than the packet. A packet that would be is sent unchanged,
    /// without [`Flags::COMPRESSED`]. So is a packet of more than 8191 bytes, and one that looks
    /// random and has no copies in its first bytes. [`Expansion`] says what that means to the
    /// history.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`] when `buf` is shorter than the packet; nothing has changed then.
    pub fn compress<'b>(&mut self, packet: &[u8], buf: &'b mut [u8]) -> Result<Compressed<'b>, BufferTooSmall> {
        let available = buf.len();
        let buf = buf.get_mut(..packet.len()).ok_or(BufferTooSmall { needed: packet.len(), available })?;
        let mut flags = Flags::empty();
        if self.flushed {
            flags |= Flags::FLUSHED | Flags::AT_FRONT;
            self.flushed = false;
            // B once more on the next compressed packet, if this one is not: one decoder overlooks A without C.
            self.at_front = true;
        }
        // RFC 2118 section 3 has packets of at most 8192 bytes; one that cannot fit is sent
        // plain.
        let length = if packet.len() <= USABLE { self.tokens(packet, buf) } else { None };
        if let Some(length) = length {
            flags |= Flags::COMPRESSED;
            if self.at_front {
                flags |= Flags::AT_FRONT;
                self.at_front = false;
            }
            // Only now: a packet that is sent plain does not enter the history.
            self.cursor = self.cursor.wrapping_add(packet.len());
            self.written = self.written.max(self.cursor.wrapping_sub(FRONT));
            debug_assert!(length <= buf.len(), "the tokens were written there");
            return Ok(Compressed { flags, payload: buf.get(..length).unwrap_or_default() });
        }
        buf.copy_from_slice(packet);
        // RFC 2118 section 3: a packet that would expand is sent plain, and the sender flushes its
        // history. `Keep` is no rule of the RFC, but all seven decoders that were tried read it.
        if self.expansion == Expansion::Flush {
            self.flush();
        }
        Ok(Compressed { flags, payload: buf })
    }

    /// Compresses as [`compress`](Self::compress) does, with the payload in a vector of its own.
    #[cfg(feature = "alloc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
    pub fn compress_to_vec(&mut self, packet: &[u8]) -> (Flags, alloc::vec::Vec<u8>) {
        let mut buf = alloc::vec![0; packet.len()];
        match self.compress(packet, &mut buf) {
            Ok(Compressed { flags, payload }) => {
                let length = payload.len();
                buf.truncate(length);
                (flags, buf)
            }
            // Not reached: the buffer is as long as the packet.
            Err(BufferTooSmall { .. }) => (Flags::empty(), buf),
        }
    }

    /// Puts the packet into the window and its tokens into `buf`, and gives their length when they fit.
    fn tokens(&mut self, packet: &[u8], buf: &mut [u8]) -> Option<usize> {
        // A packet lies in one piece: where it does not fit, it goes to the front, which bit B
        // says.
        if self.cursor.wrapping_sub(FRONT).wrapping_add(packet.len()) > USABLE {
            self.window.turn(self.cursor);
            self.cursor = FRONT;
            self.at_front = true;
            self.advance(HISTORY_LEN);
        }
        self.window.place(self.cursor, packet);
        let packet = Packet::new(
            &self.window,
            self.cursor,
            self.cursor.wrapping_add(packet.len()),
            self.front_number.wrapping_sub(narrow(FRONT)),
            // RFC 2118 section 3.1 forbids references to bytes that were not written since the flush.
            // FreeRDP and FreeBSD make them at times.
            if self.look_back { self.written } else { 0 },
        );
        L::parse(&mut self.tables, &packet, Writer::new(buf))
    }

    fn advance(&mut self, by: usize) {
        self.front_number = self.front_number.wrapping_add(narrow(by));
        if self.front_number > LAST_NUMBER {
            self.tables = L::EMPTY;
            self.front_number = FIRST_NUMBER;
        }
    }
}

impl<L: Level> core::fmt::Debug for Compressor<L> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Compressor")
            .field("level", &self.level)
            .field("expansion", &self.expansion)
            .field("cursor", &self.cursor.wrapping_sub(FRONT))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;
    use crate::{Decompressor, level};

    fn across_the_last_number<L: Level>(level: L) {
        let mut compressor = Box::new(Compressor::new(level));
        let mut decompressor = Box::new(Decompressor::new());
        compressor.front_number = LAST_NUMBER - 20000;
        let mut lowest = compressor.front_number;
        for number in 0..60_u8 {
            let packet: Vec<u8> = (0..200).flat_map(|word| [number, b'w', word % 7, b'x']).collect();
            let mut buf = vec![0; packet.len()];
            if number % 16 == 15 {
                compressor.flush();
            }
            let sent = compressor.compress(&packet, &mut buf).unwrap();
            assert!(sent.payload.len().saturating_mul(4) < packet.len());
            assert_eq!(decompressor.decompress(sent.flags, sent.payload, 1500), Ok(&packet[..]));
            lowest = lowest.min(compressor.front_number);
        }
        assert!(lowest < 100_000, "the numbers did not start again");
    }

    #[test]
    fn numbers_of_positions_start_again() {
        across_the_last_number(level::Fast);
        across_the_last_number(level::Default);
        across_the_last_number(level::Max);
    }

    #[test]
    fn states_are_as_small_as_the_documentation_says() {
        assert!(size_of::<Decompressor>() <= 16 * 1024 + 128);
        assert!(size_of::<Compressor<level::Fast>>() <= 32 * 1024 + 128);
        assert!(size_of::<Compressor<level::Default>>() <= 80 * 1024 + 128);
        assert!(size_of::<Compressor<level::Max>>() <= 80 * 1024 + 128);
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn vectors_hold_the_same() {
        let mut one = Compressor::new(level::Fast);
        let mut other = Compressor::new(level::Fast);
        for packet in [&b"to be or not to be or not to be"[..], b"", b"\xff\xfe\xfd", b"to be or not"] {
            let mut buf = [0; 64];
            let sent = one.compress(packet, &mut buf).unwrap();
            assert_eq!(other.compress_to_vec(packet), (sent.flags, sent.payload.to_vec()));
        }
    }

    #[cfg(feature = "arbitrary")]
    #[test]
    fn arbitrary_headers_round_trip() {
        use arbitrary::{Arbitrary, Unstructured};

        use crate::Header;

        let mut seed = Unstructured::new(&[0x5a; 64]);
        let header = Header::arbitrary(&mut seed).unwrap();
        let mut buf = [0; Header::LEN];
        assert_eq!(Header::decode(header.encode(&mut buf).unwrap()), Ok((header, &[][..])));
    }
}
