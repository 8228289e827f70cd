//! Bit stream in, packet out.

use crate::number::{low32, wide};
use crate::window::{FRONT, Window};
use crate::{DecompressError, Flags, HISTORY_LEN};

/// RFC 2118 section 4: the receiver's half, the history of one direction.
///
/// State: 16.1 KiB. A packet is decoded in the history and lent from there, so that nothing is copied or allocated. After
/// an error the history is worth nothing, and every packet is refused until one is marked [`Flags::FLUSHED`]. An observer who
/// cannot tell whether a packet is genuine tries it on a clone, so that the history stays.
///
/// ```
/// use mppc::{DecompressError, Decompressor, Flags};
///
/// // The example of RFC 2118 section 4: literals, then the copies <16,15>, <40,4> and <19,3>.
/// let payload = b"for whom the bell tolls,\xf4\x37\x20\xfa\x23\xd3\x32\x97\0";
/// let mut decompressor = Decompressor::new();
/// let plain = decompressor.decompress(Flags::FLUSHED | Flags::COMPRESSED, payload, 1500)?;
/// assert_eq!(plain, b"for whom the bell tolls, the bell tolls for thee.");
/// # Ok::<(), DecompressError>(())
/// ```
#[derive(Clone)]
pub struct Decompressor {
    window: Window,
    /// Where the next packet goes: 8192 to 16384.
    cursor: usize,
    /// The lowest position that holds what the ring holds: 0, or 8192 while the round before is all zero and is not
    /// zeroed yet. A flush is then a matter of two numbers.
    floor: usize,
    synchronized: bool,
}

impl Decompressor {
    /// Creates an empty history.
    #[must_use]
    pub const fn new() -> Self {
        Self { window: Window::new(), cursor: FRONT, floor: FRONT, synchronized: true }
    }

    /// Returns whether packets are taken that are not marked [`Flags::FLUSHED`].
    #[must_use]
    pub const fn is_synchronized(&self) -> bool {
        self.synchronized
    }

    /// Says that a packet was lost: every packet is refused until one is marked [`Flags::FLUSHED`].
    pub const fn desynchronize(&mut self) {
        self.synchronized = false;
    }

    /// Returns the last `length` bytes that were decompressed: a packet again that was given
    /// before, as long as nothing else was decompressed. `None`: there are not so many.
    ///
    /// For a cipher's receiver that judges a packet first and gives it out later.
    ///
    /// ```
    /// use mppc::{Decompressor, Flags};
    ///
    /// let mut decompressor = Decompressor::new();
    /// let length =
    ///     decompressor.decompress(Flags::FLUSHED | Flags::COMPRESSED, b"abc", 1500)?.len();
    /// assert_eq!(decompressor.latest(length), Some(&b"abc"[..]));
    /// assert_eq!(decompressor.latest(4), None);
    /// # Ok::<(), mppc::DecompressError>(())
    /// ```
    #[must_use]
    pub fn latest(&self, length: usize) -> Option<&[u8]> {
        let start = self.cursor.checked_sub(length).filter(|start| *start >= FRONT)?;
        Some(self.window.slice(start, self.cursor))
    }

    /// Decodes one payload to at most `limit` bytes.
    ///
    /// Obeys A first, then B, then C. Without C the payload itself is the packet, and stays out of the history.
    ///
    /// # Errors
    ///
    /// [`DecompressError`]; nothing of the packet is given then, and the history is lost.
    #[inline]
    pub fn decompress<'a>(
        &'a mut self,
        flags: Flags,
        payload: &'a [u8],
        limit: usize,
    ) -> Result<&'a [u8], DecompressError> {
        // A counts without C too: some senders put it on the plain packet alone, others on the
        // next.
        if flags.contains(Flags::FLUSHED) {
            self.cursor = FRONT;
            self.floor = FRONT;
            self.synchronized = true;
        }
        if !self.synchronized {
            return Err(DecompressError::NotSynchronized);
        }
        if flags.contains(Flags::AT_FRONT) {
            self.move_to_front();
        }
        // A plain packet does not enter the history, so nothing moves.
        if !flags.contains(Flags::COMPRESSED) {
            // The peer's history stays right, but the caller has lost a packet.
            if payload.len() > limit {
                self.synchronized = false;
                return Err(DecompressError::TooLong { limit });
            }
            return Ok(payload);
        }
        let start = self.cursor;
        let room = FRONT.wrapping_add(HISTORY_LEN).wrapping_sub(start);
        let end = start.wrapping_add(room.min(limit));
        // True again only when the whole packet is good.
        self.synchronized = false;
        let mut output = Output { window: &mut self.window, at: start, end, floor: self.floor };
        let decoded = decode(payload, &mut output);
        let (at, floor) = (output.at, output.floor);
        if let Err(fault) = decoded {
            let position = at.wrapping_sub(start);
            return Err(match fault {
                Fault::Offset(offset) => DecompressError::Offset { offset: crate::number::low16(offset), position },
                Fault::Length => DecompressError::Length { position },
                Fault::Truncated => DecompressError::Truncated { position },
                Fault::TooLong => DecompressError::TooLong { limit: room.min(limit) },
            });
        }
        self.synchronized = true;
        self.floor = floor;
        self.cursor = at;
        Ok(self.window.slice(start, at))
    }

    fn move_to_front(&mut self) {
        if self.cursor == FRONT {
            return;
        }
        self.window.turn(self.cursor);
        if self.floor != 0 {
            self.window.clear_before(self.cursor.wrapping_sub(FRONT));
            self.floor = 0;
        }
        self.cursor = FRONT;
    }
}

// Bytes above the floor were never written since the flush; decoders read zeros there.
impl Default for Decompressor {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Decompressor")
            .field("cursor", &self.cursor.wrapping_sub(FRONT))
            .field("synchronized", &self.synchronized)
            .finish_non_exhaustive()
    }
}

enum Fault {
    Offset(u32),
    Length,
    Truncated,
    TooLong,
}

/// Where a packet is being put together.
struct Output<'w> {
    window: &'w mut Window,
    at: usize,
    end: usize,
    floor: usize,
}

/// A supply of bits, the first at the upper end of a word.
trait Bits {
    /// Makes at least 56 bits ready; false when there are no more, or when another supply has to go on.
    fn refill(&mut self) -> bool;
    /// Returns what is ready.
    fn word(&self) -> u64;
    /// Returns whether this many are really there: a cut token has fewer.
    fn has(&self, bits: u32) -> bool;
    /// Returns how many literals of the word's first `run` are really there.
    fn literals(&self, run: u32) -> u32;
    fn skip(&mut self, bits: u32);
}

/// While eight bytes can be read at once.
struct Body<'a> {
    bytes: &'a [u8],
    at: usize,
    word: u64,
    ready: u32,
}

impl Bits for Body<'_> {
    #[inline(always)]
    fn refill(&mut self) -> bool {
        let Some(bytes) = self.bytes.get(self.at..).and_then(|bytes| bytes.first_chunk()) else {
            return false;
        };
        self.word |= u64::from_be_bytes(*bytes).wrapping_shr(self.ready);
        self.at = self.at.wrapping_add(wide(63_u32.wrapping_sub(self.ready) >> 3));
        self.ready |= 0x38;
        true
    }

    #[inline(always)]
    fn word(&self) -> u64 {
        self.word
    }

    #[inline(always)]
    fn has(&self, _bits: u32) -> bool {
        true
    }

    #[inline(always)]
    fn literals(&self, run: u32) -> u32 {
        run
    }

    #[inline(always)]
    fn skip(&mut self, bits: u32) {
        self.word = self.word.wrapping_shl(bits);
        self.ready = self.ready.wrapping_sub(bits);
    }
}

/// The last bytes: everything left is in the word, zeros behind it.
struct Tail {
    word: u128,
    left: u32,
}

impl Bits for Tail {
    #[inline(always)]
    fn refill(&mut self) -> bool {
        self.left >= 8
    }

    #[inline(always)]
    fn word(&self) -> u64 {
        u64::try_from(self.word >> 64).unwrap_or(0)
    }

    #[inline(always)]
    fn has(&self, bits: u32) -> bool {
        bits <= self.left
    }

    #[inline(always)]
    fn literals(&self, run: u32) -> u32 {
        run.min(self.left >> 3)
    }

    #[inline(always)]
    fn skip(&mut self, bits: u32) {
        self.word = self.word.wrapping_shl(bits);
        self.left = self.left.wrapping_sub(bits);
    }
}

fn decode(payload: &[u8], output: &mut Output<'_>) -> Result<(), Fault> {
    let mut body = Body { bytes: payload, at: 0, word: 0, ready: 0 };
    run(&mut body, output)?;
    // Fewer than eight bytes are unread, and up to 63 bits are ready.
    let mut last = [0; 8];
    debug_assert!(body.at <= payload.len(), "only what there is was read");
    let rest = payload.get(body.at..).unwrap_or_default();
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let ready = body.ready & 63;
    let known = if ready == 0 { 0 } else { body.word & u64::MAX.wrapping_shl(64_u32.wrapping_sub(ready)) };
    let word = (u128::from(known) << 64) | (u128::from(u64::from_be_bytes(last)) << 64 >> ready);
    let left = ready.wrapping_add(crate::number::narrow(rest.len()).wrapping_mul(8));
    run(&mut Tail { word, left }, output)
}

const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Takes tokens until the supply stops.
#[inline(always)]
fn run(bits: &mut impl Bits, output: &mut Output<'_>) -> Result<(), Fault> {
    let (window, end) = (&mut *output.window, output.end);
    let mut at = output.at;
    let result = loop {
        if !bits.refill() {
            break Ok(());
        }
        // Up to seven literals below 0x80 are their own code.
        let word = bits.word();
        let run = bits.literals(((word & HIGH_BITS) | 0x80).leading_zeros() >> 3);
        window.write(at, word.to_be_bytes());
        at = at.wrapping_add(wide(run));
        bits.skip(run.wrapping_mul(8));
        if at > end {
            break Err(Fault::TooLong);
        }
        if !bits.refill() {
            break Ok(());
        }
        let word = bits.word();
        // A cut token: redemption and IronRDP decode on as if zeros followed.
        if word >> 62 == 2 {
            if !bits.has(9) {
                break Err(Fault::Truncated);
            }
            if at >= end {
                break Err(Fault::TooLong);
            }
            let [_, literal, ..] = (word << 1 >> 8 | 1 << 55).to_be_bytes();
            window.write(at, [literal]);
            at = at.wrapping_add(1);
            bits.skip(9);
            continue;
        }
        if word >> 62 < 2 {
            continue;
        }
        // 1111 and 6 bits, 1110 and 8 bits, 110x and 13 bits: two tables of four bytes each.
        let class = low32(word >> 60) & 3;
        let width = 0x0a0c_1010_u32.wrapping_shr(class.wrapping_mul(8)) & 0xff;
        let less = [0xc000 - 320, 0xc000 - 320, 0xe00 - 64, 0x3c0];
        let field = low32(word.wrapping_shr(64_u32.wrapping_sub(width)));
        let offset = field.wrapping_sub(match less.get(wide(class)) {
            Some(less) => *less,
            None => 0,
        });
        let rest = word.wrapping_shl(width);
        let ones = (!rest | 1).leading_zeros();
        let (length, length_width) = if ones == 0 {
            (3, 1)
        } else {
            let k = ones.wrapping_add(1);
            let low = low32(rest.wrapping_shl(k).wrapping_shr(64_u32.wrapping_sub(k)));
            (1_u32.wrapping_shl(k) | low, k.wrapping_mul(2))
        };
        // The length 8192 and above: twelve ones or more have no meaning.
        if ones >= 12 {
            break Err(Fault::Length);
        }
        let token = width.wrapping_add(length_width);
        if !bits.has(token) {
            break Err(Fault::Truncated);
        }
        bits.skip(token);
        // Offset 0 would copy the byte under the cursor, and those above 8191 lie outside the ring.
        // No decoder but ours refuses all of them.
        if offset.wrapping_sub(1) >= 8191 {
            break Err(Fault::Offset(offset));
        }
        let (offset, length) = (wide(offset), wide(length));
        // FreeBSD, Linux and FreeRDP refuse this as well; redemption wrote behind its buffer.
        if length > end.wrapping_sub(at) {
            break Err(Fault::TooLong);
        }
        // Bytes that nobody wrote since the flush read as zeros, as in all other decoders.
        if at.wrapping_sub(offset) < output.floor {
            window.clear_before(0);
            output.floor = 0;
        }
        copy(window, at, offset, length);
        at = at.wrapping_add(length);
    };
    output.at = at;
    result
}

#[inline(always)]
fn copy(window: &mut Window, at: usize, offset: usize, length: usize) {
    let from = at.wrapping_sub(offset);
    if offset < 16 {
        return copy_near(window, at, offset, length);
    }
    let mut done = 0_usize;
    loop {
        let bytes: [u8; 16] = window.read(from.wrapping_add(done));
        window.write(at.wrapping_add(done), bytes);
        done = done.wrapping_add(16);
        if done >= length {
            return;
        }
    }
}

/// Copies what may overlap itself within 16 bytes: the pattern of `offset` bytes is repeated until
/// it is wide enough.
#[inline(never)]
fn copy_near(window: &mut Window, at: usize, offset: usize, length: usize) {
    let mut done = 0_usize;
    let mut step = offset;
    while done < length {
        let bytes: [u8; 16] = window.read(at.wrapping_sub(offset));
        window.write(at.wrapping_add(done), bytes);
        done = done.wrapping_add(step);
        if step <= 8 {
            step = step.wrapping_mul(2);
        }
    }
}
