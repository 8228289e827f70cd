//! A decoder written from the text of RFC 2118, one bit and one byte at a time, to compare with.
//!
//! It also notes what a decoder accepts but a sender must not do, because some decoder in use gets it wrong.

/// Why a payload is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A packet was refused before, and none was flushed since.
    NotSynchronized,
    /// An offset that is none.
    Offset(usize),
    /// A length that is none.
    Length,
    /// It ends within a token.
    Truncated,
    /// It is longer than there is room.
    TooLong,
}

/// Compares a decoder's answer with the model's.
///
/// # Errors
///
/// How they differ.
pub fn same(decoded: &Result<&[u8], mppc::DecompressError>, expected: &Result<Vec<u8>, Fault>) -> Result<(), String> {
    use mppc::DecompressError;
    let same = match (decoded, expected) {
        (Ok(decoded), Ok(expected)) => decoded == expected,
        (Err(DecompressError::Offset { offset, .. }), Err(Fault::Offset(expected))) => {
            usize::from(*offset) == *expected
        }
        (Err(error), Err(expected)) => {
            *expected
                == match error {
                    DecompressError::NotSynchronized => Fault::NotSynchronized,
                    DecompressError::Length { .. } => Fault::Length,
                    DecompressError::Truncated { .. } => Fault::Truncated,
                    DecompressError::TooLong { .. } => Fault::TooLong,
                    _ => return Err(format!("{error}, not {expected:?}")),
                }
        }
        _ => false,
    };
    if same { Ok(()) } else { Err(format!("{decoded:?}, not {expected:?}")) }
}

/// The receiver's ring.
#[derive(Debug)]
pub struct Reference {
    ring: Vec<u8>,
    /// Bytes that were written since the flush.
    written: Vec<bool>,
    cursor: usize,
    lost: bool,
    /// The rules of senders that the last packet broke.
    pub broken_rules: Vec<&'static str>,
    /// Copies of the last packet that reached over the front.
    pub over_the_front: usize,
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn left(&self) -> usize {
        self.bytes.len() * 8 - self.at
    }

    fn bit(&mut self) -> Result<usize, Fault> {
        let byte = self.bytes.get(self.at / 8).ok_or(Fault::Truncated)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Ok(usize::from(bit))
    }

    fn number(&mut self, width: usize) -> Result<usize, Fault> {
        (0..width).try_fold(0, |number, _| Ok(number * 2 + self.bit()?))
    }
}

impl Default for Reference {
    fn default() -> Self {
        Self {
            ring: vec![0; 8192],
            written: vec![false; 8192],
            cursor: 0,
            lost: false,
            broken_rules: Vec::new(),
            over_the_front: 0,
        }
    }
}

impl Reference {
    /// Makes a receiver that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes one payload: bits A, B, C are 0x80, 0x40, 0x20 of `flags`.
    ///
    /// # Errors
    ///
    /// [`Fault`]: it is refused.
    pub fn decode(&mut self, flags: u8, payload: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
        self.broken_rules.clear();
        self.over_the_front = 0;
        if flags & 0x80 != 0 {
            self.ring.fill(0);
            self.written.fill(false);
            self.cursor = 0;
            self.lost = false;
            if flags & 0x40 == 0 {
                self.broken_rules.push("A without B");
            }
        }
        if self.lost {
            return Err(Fault::NotSynchronized);
        }
        if flags & 0x40 != 0 {
            self.cursor = 0;
        }
        let packet = if flags & 0x20 != 0 {
            self.tokens(payload, limit)
        } else if payload.len() <= limit {
            Ok(payload.to_vec())
        } else {
            Err(Fault::TooLong)
        };
        self.lost = packet.is_err();
        packet
    }

    fn tokens(&mut self, payload: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
        let mut packet = Vec::new();
        let mut bits = Bits { bytes: payload, at: 0 };
        while bits.left() >= 8 {
            let high = bits.bit()?;
            if high == 1 && bits.bit()? == 1 {
                self.copy(&mut bits, limit, &mut packet)?;
            } else {
                let literal = high * 0x80 + bits.number(7)?;
                self.put(literal, limit, &mut packet)?;
            }
        }
        while let Ok(bit) = bits.bit() {
            if bit == 1 {
                self.broken_rules.push("padding is not zero");
                break;
            }
        }
        if self.cursor > 8191 {
            self.broken_rules.push("byte 8191 is written");
        }
        Ok(packet)
    }

    fn put(&mut self, byte: usize, limit: usize, packet: &mut Vec<u8>) -> Result<(), Fault> {
        if packet.len() == limit || self.cursor == 8192 {
            return Err(Fault::TooLong);
        }
        let byte = u8::try_from(byte).unwrap();
        self.ring[self.cursor] = byte;
        self.written[self.cursor] = true;
        self.cursor += 1;
        packet.push(byte);
        Ok(())
    }

    fn copy(&mut self, bits: &mut Bits<'_>, limit: usize, packet: &mut Vec<u8>) -> Result<(), Fault> {
        let (width, first) = match bits.bit()? {
            0 => (13, 320),
            _ if bits.bit()? == 0 => (8, 64),
            _ => (6, 0),
        };
        let offset = first + bits.number(width)?;
        let mut ones = 0;
        while bits.bit()? == 1 {
            ones += 1;
            if ones == 12 {
                return Err(Fault::Length);
            }
        }
        let length = if ones == 0 { 3 } else { (1 << (ones + 1)) + bits.number(ones + 1)? };
        if offset == 0 || offset > 8191 {
            return Err(Fault::Offset(offset));
        }
        if length > limit - packet.len() || length > 8192 - self.cursor {
            return Err(Fault::TooLong);
        }
        let source = (self.cursor + 8192 - offset) % 8192;
        if offset > self.cursor {
            self.over_the_front += 1;
            if source + length > 8191 {
                self.broken_rules.push("a source runs over the end of the ring");
            }
        }
        if length > 2047 {
            self.broken_rules.push("a copy of 2048 bytes or more");
        }
        for index in 0..length {
            let from = (source + index) % 8192;
            if !self.written[from] {
                self.broken_rules.push("a source that nobody wrote");
            }
            let byte = usize::from(self.ring[from]);
            self.put(byte, limit, packet)?;
        }
        Ok(())
    }
}
