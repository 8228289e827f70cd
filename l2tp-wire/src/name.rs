//! Short text that a machine keeps.

use core::fmt;

use crate::Text;

/// Text of at most `N` bytes, inline: what a machine keeps of a name or number that the peer may
/// send longer.
///
/// Printed, it is escaped as [`Text`] is, and ends in `…` if it was cut.
///
/// ```
/// use l2tp_wire::Name;
///
/// let name: Name<8> = Name::from("a long host name");
/// assert_eq!((name.to_string(), name.is_cut()), ("a long h…".to_owned(), true));
/// ```
#[derive(Clone, Copy)]
pub struct Name<const N: usize> {
    bytes: [u8; N],
    /// The length before it was cut; more than `N` if it was.
    length: u16,
}

impl<const N: usize> Name<N> {
    /// No text.
    pub const EMPTY: Self = Self { bytes: [0; N], length: 0 };

    /// Keeps the first `N` bytes.
    #[must_use]
    pub fn new(text: &[u8]) -> Self {
        let mut bytes = [0; N];
        for (to, from) in bytes.iter_mut().zip(text) {
            *to = *from;
        }
        Self { bytes, length: u16::try_from(text.len()).unwrap_or(u16::MAX) }
    }

    /// Returns what was kept.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length.into()).unwrap_or(&self.bytes)
    }

    /// Returns what was kept, as it is written into a message.
    #[must_use]
    pub fn text(&self) -> Text<'_> {
        Text::new(self.as_bytes())
    }

    /// Returns whether there is no text.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Returns whether the text was longer than what was kept.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        usize::from(self.length) > N
    }
}

impl<const N: usize> Default for Name<N> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<const N: usize> From<&str> for Name<N> {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes())
    }
}

/// Two names are equal if nothing was cut and all bytes are the same.
impl<const N: usize> PartialEq for Name<N> {
    fn eq(&self, other: &Self) -> bool {
        !self.is_cut() && !other.is_cut() && self.as_bytes() == other.as_bytes()
    }
}

impl<const N: usize> fmt::Display for Name<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = if self.is_cut() { "…" } else { "" };
        write!(f, "{}{rest}", self.text())
    }
}

impl<const N: usize> fmt::Debug for Name<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name(\"{self}\")")
    }
}
