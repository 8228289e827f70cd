//! Text in a field of fixed length.

use core::fmt;

use crate::wire::{Reader, Value, Writer};
use crate::{DecodeError, Field, TextError};

/// RFC 2637 section 2: text in a field of `N` bytes, filled up with bytes of zero.
///
/// All bytes are kept as they came, also those behind the first NUL, where some peers leave
/// rubbish; equality looks at all of them. The text itself is what is in front of the NUL, or
/// everything. It may be in any encoding, and it is always printed escaped.
///
/// ```
/// use pptp_wire::Text;
///
/// let host = Text::<64>::new("vpn.example.org")?;
/// assert_eq!(host.as_bytes(), b"vpn.example.org");
/// assert_eq!(host.raw()[15..], [0; 49]);
///
/// let sent = Text::from_raw(*b"two\nlines\x1b[2J\0\0 rubbish\0");
/// assert_eq!(sent.as_bytes(), b"two\nlines\x1b[2J");
/// assert_eq!(sent.to_string(), r"two\nlines\x1b[2J");
/// assert_eq!(format!("{sent:?}"), r#"Text("two\nlines\x1b[2J\x00\x00 rubbish")"#);
///
/// assert!(Text::<4>::new("12345").is_err());
/// # Ok::<(), pptp_wire::TextError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Text<const N: usize>([u8; N]);

impl<const N: usize> Text<N> {
    /// No text: `N` bytes of zero.
    pub const EMPTY: Self = Self([0; N]);

    /// Creates the text, filled up with bytes of zero.
    ///
    /// # Errors
    ///
    /// [`TextError`] when it is longer than `N` bytes or has a NUL in it.
    pub fn new(text: impl AsRef<[u8]>) -> Result<Self, TextError> {
        let text = text.as_ref();
        // RFC 2637 pads with zeros, so a zero would cut the text at the reader.
        if let Some(offset) = text.iter().position(|byte| *byte == 0) {
            return Err(TextError::Nul { offset });
        }
        let mut raw = [0; N];
        let Some(room) = raw.get_mut(..text.len()) else {
            return Err(TextError::TooLong { length: text.len(), capacity: N });
        };
        room.copy_from_slice(text);
        Ok(Self(raw))
    }

    /// Creates the field with exactly these bytes.
    #[must_use]
    pub const fn from_raw(raw: [u8; N]) -> Self {
        Self(raw)
    }

    /// Returns all bytes of the field.
    #[must_use]
    pub const fn raw(&self) -> &[u8; N] {
        &self.0
    }

    /// Returns the text: the bytes in front of the first NUL, or all.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        let end = self.0.iter().position(|byte| *byte == 0);
        end.and_then(|end| self.0.get(..end)).unwrap_or(&self.0)
    }

    /// Returns the length of the text, for a length field. No field is near 65535 bytes.
    pub(crate) fn wire_len(&self) -> u16 {
        u16::try_from(self.as_bytes().len()).unwrap_or(u16::MAX)
    }

    /// Returns whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<const N: usize> TryFrom<&str> for Text<N> {
    type Error = TextError;

    fn try_from(text: &str) -> Result<Self, TextError> {
        Self::new(text)
    }
}

impl<const N: usize> TryFrom<&[u8]> for Text<N> {
    type Error = TextError;

    fn try_from(text: &[u8]) -> Result<Self, TextError> {
        Self::new(text)
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().escape_ascii().fmt(f)
    }
}

/// Shows all bytes but the zeros at the end.
impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = &self.0[..];
        while let Some((0, rest)) = bytes.split_last() {
            bytes = rest;
        }
        write!(f, "Text(\"{}\")", bytes.escape_ascii())
    }
}

impl<const N: usize> Value for Text<N> {
    fn read(reader: &mut Reader<'_>, field: Field) -> Result<Self, DecodeError> {
        reader.array(field).map(Self)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&self.0);
    }

    fn is_zero(&self) -> bool {
        self.0 == [0; N]
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn takes_as_many_bytes_as_the_field_has() {
        assert_eq!(Text::<4>::new(""), Ok(Text::EMPTY));
        assert_eq!(Text::<4>::new("abcd").unwrap().raw(), b"abcd");
        assert_eq!(Text::<4>::new("abcd").unwrap().as_bytes(), b"abcd");
        assert_eq!(Text::<4>::try_from("abc").unwrap().raw(), b"abc\0");
        assert_eq!(Text::<4>::try_from(&b"\xff"[..]).unwrap().raw(), b"\xff\0\0\0");
        assert_eq!(Text::<4>::new("abcde"), Err(TextError::TooLong { length: 5, capacity: 4 }));
        assert_eq!(Text::<4>::new(b"a\0b"), Err(TextError::Nul { offset: 1 }));
        assert_eq!(Text::<0>::new("").unwrap().as_bytes(), b"");
    }

    #[test]
    fn keeps_what_is_behind_the_first_nul() {
        let text = Text::from_raw(*b"\0\x7f\xb2k");
        assert!(text.is_empty());
        assert!(!text.is_zero());
        assert_ne!(text, Text::EMPTY);
        assert_eq!(text.to_string(), "");
        assert_eq!(format!("{text:?}"), r#"Text("\x00\x7f\xb2k")"#);
        assert_eq!(format!("{:?}", Text::<8>::EMPTY), r#"Text("")"#);
    }

    #[test]
    fn is_printed_escaped() {
        let text = Text::<8>::new("\"\r\n\u{e9}\t").unwrap();
        assert_eq!(text.to_string(), r#"\"\r\n\xc3\xa9\t"#);
    }
}
