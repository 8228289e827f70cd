//! Writing text and fields into a buffer of the caller.

use crate::BufferTooSmall;

/// Returns the first `N` bytes that come, with zeros behind them if there are fewer.
pub(crate) fn array<const N: usize>(bytes: impl IntoIterator<Item = u8>) -> [u8; N] {
    let mut array = [0; N];
    for (to, from) in array.iter_mut().zip(bytes) {
        *to = from;
    }
    array
}

const DIGITS: [u8; 16] = *b"0123456789ABCDEF";

/// Returns two upper-case hexadecimal digits for each byte.
pub(crate) fn hex(bytes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)])
}

fn digit(nibble: u8) -> u8 {
    DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0')
}

/// Returns the bytes of `2 * N` hexadecimal digits of either case, or nothing.
pub(crate) fn unhex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let mut pairs = digits.chunks_exact(2);
    for byte in &mut bytes {
        let Some([high, low]) = pairs.next() else { return None };
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    // Every digit has to be used: a longer text is another number.
    (pairs.next().is_none() && pairs.remainder().is_empty()).then_some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Writes to the start of `buf` what `put` puts, or nothing if there is no room for all of it.
pub(crate) fn write(buf: &mut [u8], put: impl Fn(&mut Writer<'_>)) -> Result<&[u8], BufferTooSmall> {
    let needed = length(&put);
    let available = buf.len();
    let bytes = buf.get_mut(..needed).ok_or(BufferTooSmall { needed, available })?;
    put(&mut Writer { buf: bytes, len: 0 });
    Ok(bytes)
}

/// Returns how many bytes `put` puts.
pub(crate) fn length(put: impl Fn(&mut Writer<'_>)) -> usize {
    let mut counter = Writer { buf: &mut [], len: 0 };
    put(&mut counter);
    counter.len
}

/// Takes pieces one behind the other. Bytes beyond the end of the buffer are counted.
pub(crate) struct Writer<'b> {
    buf: &'b mut [u8],
    len: usize,
}

impl Writer<'_> {
    pub(crate) fn put(&mut self, bytes: impl IntoIterator<Item = u8>) {
        // Bytes beyond the buffer are only counted, so that the error can say how many are needed.
        for byte in bytes {
            if let Some(to) = self.buf.get_mut(self.len) {
                *to = byte;
            }
            self.len = self.len.saturating_add(1);
        }
    }

    pub(crate) fn put_slice(&mut self, bytes: &[u8]) {
        self.put(bytes.iter().copied());
    }

    /// Writes decimal digits.
    pub(crate) fn put_decimal(&mut self, mut value: u32) {
        let mut digits = [b'0'; 10];
        let mut first = digits.len();
        for (place, digit) in digits.iter_mut().enumerate().rev() {
            let Ok(rest) = u8::try_from(value % 10) else { break };
            *digit = rest.saturating_add(b'0');
            first = place;
            value = value.wrapping_div(10);
            if value == 0 {
                break;
            }
        }
        self.put(digits.into_iter().skip(first));
    }
}
