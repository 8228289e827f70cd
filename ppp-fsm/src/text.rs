//! Text that a peer wrote, and bytes as hexadecimal digits.

use core::fmt;

/// Bytes that are meant as text: a name, a message. They are what the peer sent, and are printed
/// escaped.
///
/// ```
/// use ppp_fsm::Text;
///
/// let text = Text(b"bye\r\n\x1b[2J");
/// assert_eq!(text.to_string(), r"bye\r\n\x1b[2J");
/// assert_eq!(format!("{text:?}"), r#""bye\r\n\x1b[2J""#);
/// assert_eq!(Text::from("bye"), Text(b"bye"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "text has no other parts")]
pub struct Text<'a>(pub &'a [u8]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl<'a> From<&'a [u8]> for Text<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(text.as_bytes())
    }
}

impl AsRef<[u8]> for Text<'_> {
    fn as_ref(&self) -> &[u8] {
        self.0
    }
}

/// Prints bytes as `0x` and their digits.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Prints a name, and data as digits if there is some.
pub(crate) fn write_with_data(f: &mut fmt::Formatter<'_>, name: &impl fmt::Display, data: &[u8]) -> fmt::Result {
    write!(f, "{name}")?;
    if data.is_empty() { Ok(()) } else { write!(f, " {}", Hex(data)) }
}
