//! Writing text and fields into a buffer of the caller.

use crate::BufferTooSmall;

/// The first `N` octets that come, with zeros behind them if there are fewer.
pub(crate) fn array<const N: usize>(octets: impl IntoIterator<Item = u8>) -> [u8; N] {
    let mut array = [0; N];
    for (to, from) in array.iter_mut().zip(octets) {
        *to = from;
    }
    array
}

const DIGITS: [u8; 16] = *b"0123456789ABCDEF";

/// Two upper-case hexadecimal digits for each octet.
pub(crate) fn hex(octets: &[u8]) -> impl Iterator<Item = u8> + '_ {
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 0x0f)])
}

fn digit(nibble: u8) -> u8 {
    DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0')
}

/// The octets of `2 * N` hexadecimal digits of either case, or nothing.
pub(crate) fn unhex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut octets = [0; N];
    let mut pairs = digits.chunks_exact(2);
    for octet in &mut octets {
        let Some([high, low]) = pairs.next() else { return None };
        *octet = nibble(*high)? << 4 | nibble(*low)?;
    }
    (pairs.next().is_none() && pairs.remainder().is_empty()).then_some(octets)
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Writes pieces one behind the other, and counts what they would need.
pub(crate) struct Writer<'b> {
    buf: &'b mut [u8],
    len: usize,
}

impl<'b> Writer<'b> {
    pub(crate) fn new(buf: &'b mut [u8]) -> Self {
        Self { buf, len: 0 }
    }

    /// How many octets were put.
    #[cfg(feature = "radius")]
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn put(&mut self, octets: impl IntoIterator<Item = u8>) {
        for octet in octets {
            if let Some(to) = self.buf.get_mut(self.len) {
                *to = octet;
            }
            self.len = self.len.saturating_add(1);
        }
    }

    pub(crate) fn put_slice(&mut self, octets: &[u8]) {
        self.put(octets.iter().copied());
    }

    /// Decimal digits.
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

    pub(crate) fn finish(self) -> Result<&'b [u8], BufferTooSmall> {
        let available = self.buf.len();
        let buf: &'b [u8] = self.buf;
        buf.get(..self.len).ok_or(BufferTooSmall { needed: self.len, available })
    }
}
