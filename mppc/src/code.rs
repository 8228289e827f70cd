//! RFC 2118 section 4: the codes of literals and copies, and a writer of bits.

use crate::number::{narrow, wide};

/// The shortest copy.
pub(crate) const MIN_LENGTH: usize = 3;
/// The longest copy we send: one deployed decoder lacks the two classes above.
pub(crate) const MAX_LENGTH: usize = 2047;

/// Returns code and width of an offset of 1 to 8191 (section 4.2.1).
#[inline(always)]
pub(crate) const fn offset_code(offset: u32) -> (u32, u32) {
    // Without a branch: which class comes next is anybody's guess.
    let (code, width) = if offset >= 64 { (0xe00 - 64, 12) } else { (0x3c0, 10) };
    let (code, width) = if offset >= 320 { (0xc000 - 320, 16) } else { (code, width) };
    (offset.wrapping_add(code), width)
}

/// Returns code and width of a length of 3 to 8191 (section 4.2.2).
#[inline(always)]
pub(crate) const fn length_code(length: u32) -> (u32, u32) {
    // k - 1 ones, a zero, and the k bits below the highest. The length 3 has k = 1, but no bit below.
    let k = 31_u32.wrapping_sub((length | 1).leading_zeros());
    let ones = 1_u32.wrapping_shl(k.wrapping_sub(1)).wrapping_sub(1);
    let low = length ^ 1_u32.wrapping_shl(k);
    if length == 3 { (0, 1) } else { (ones.wrapping_shl(k.wrapping_add(1)) | low, k.wrapping_mul(2)) }
}

/// Codes and widths of the lengths that most copies have.
const SHORT_LENGTHS: [(u16, u8); 64] = {
    let mut table = [(0, 0); 64];
    let mut length = 3;
    while length < 64 {
        let (code, width) = length_code(length);
        let [low, _, _, _] = width.to_le_bytes();
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
        {
            table[wide(length)] = (crate::number::low16(code), low);
        }
        length = length.wrapping_add(1);
    }
    table
};

/// Puts codes into the caller's bytes, the first bit at the upper end, and notices when they do not
/// fit.
pub(crate) struct Writer<'a> {
    bytes: &'a mut [u8],
    at: usize,
    word: u64,
    ready: u32,
    full: bool,
}

impl<'a> Writer<'a> {
    pub(crate) const fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, at: 0, word: 0, ready: 0, full: false }
    }

    /// Appends the lower `width` bits of a code that has no others; 1 to 56 bits.
    #[inline(always)]
    pub(crate) fn put(&mut self, code: u64, width: u32) {
        let ready = self.ready.wrapping_add(width);
        let word = self.word | code.wrapping_shl(64_u32.wrapping_sub(ready));
        match self.bytes.get_mut(self.at..).and_then(|bytes| bytes.first_chunk_mut()) {
            Some(place) => *place = word.to_be_bytes(),
            // Eight bytes do not fit at the end of the buffer, so the last ones are put one by one.
            None => self.full |= put_last(self.bytes, self.at, word, wide(ready >> 3)),
        }
        self.at = self.at.wrapping_add(wide(ready >> 3));
        self.word = word.wrapping_shl(ready & 0x38);
        self.ready = ready & 7;
    }

    /// Appends a copy.
    #[inline(always)]
    pub(crate) fn put_copy(&mut self, offset: usize, length: usize) {
        let (offset, offset_width) = offset_code(narrow(offset));
        let (length, length_width) = match SHORT_LENGTHS.get(length) {
            Some((code, width)) => (u32::from(*code), u32::from(*width)),
            None => length_code(narrow(length)),
        };
        let code = u64::from(offset).wrapping_shl(length_width) | u64::from(length);
        self.put(code, offset_width.wrapping_add(length_width));
    }

    /// Returns whether codes were lost.
    #[inline(always)]
    pub(crate) const fn is_full(&self) -> bool {
        self.full
    }

    /// Ends the last byte with zeros, and gives the length, or nothing when not all codes did fit.
    pub(crate) fn finish(mut self) -> Option<usize> {
        if self.ready != 0 {
            self.put(0, 8_u32.wrapping_sub(self.ready));
        }
        if self.full { None } else { Some(self.at) }
    }
}

/// Puts whole bytes one by one where eight bytes no longer fit. True when they do not fit either.
///
/// It takes values rather than the writer, which can stay in registers then.
#[cold]
#[inline(never)]
fn put_last(bytes: &mut [u8], at: usize, word: u64, count: usize) -> bool {
    // Behind the end when earlier bytes did not fit.
    // The packet has become longer than its input, and is sent as it was.
    let Some(places) = bytes.get_mut(at..) else { return count > 0 };
    let full = places.len() < count;
    for (place, byte) in places.iter_mut().zip(word.to_be_bytes()).take(count) {
        *place = byte;
    }
    full
}
